"""Terms of YAML: what other languages write with signs and capitals is refused, names are not."""

import pytest

from monitor.config.plain import phrase_term, plain_term
from monitor.core.terms import TermError, parse_term


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("-oil", "none: "),
        ("!oil", "none: "),
        ("+oil", "all: "),
        ("oil -gas", "none: "),
        ("=-oil", "none: "),
        ('-"oil deal"', "none: "),
        ("oil AND gas", '"AND" has no meaning'),
        ("oil OR gas", '"OR" has no meaning'),
        ("NOT gas", '"NOT" has no meaning'),
        ("oil NEAR gas", '"NEAR" has no meaning'),
        ("oil ONEAR/3 gas", '"ONEAR/3" has no meaning'),
        ("oil w/5 gas", '"w/5" has no meaning'),
        ("title:oil", "write {in: title, any: "),
        ("oil headline:gas", "write {in: title, any: "),
        ("country:US", "write {country: "),
        ("oil =US", '"=" stands in front of the whole term'),
        ("oil $gas", "a list only if it stands by itself"),
        ("=$gas", "a list only if it stands by itself"),
        ("oil|gas", "a pattern begins with regex:"),
        ("licen(s|c)e", "a pattern begins with regex:"),
        ("GL[0-9]+", "a pattern begins with regex:"),
        (r"oil\b", "a pattern begins with regex:"),
        ("^oil", "a pattern begins with regex:"),
        ("oil{2}", "a pattern begins with regex:"),
        ("oil.+gas", "a pattern begins with regex:"),
        ("C++", 'would find every "c"'),
        ("5%", 'would find every "5"'),
    ],
)
def test_a_sign_of_another_language_is_refused(written: str, told: str) -> None:
    with pytest.raises(TermError) as raised:
        plain_term(written)
    assert told in str(raised.value)


@pytest.mark.parametrize(
    "written",
    [
        "EE. UU.",
        "U.S.",
        "AT&T",
        "US$5",
        "(Pdvsa)",
        "Tren de Aragua (TdA)",
        "off-ramp*",
        "Chevron - Pdvsa",
        "Yahoo! News",
        "¡Ya basta!",
        "oil and gas",
        "=OR",
        "=NOT",
        "18:30",
        "https://example.org",
        "#oil",
        "licen?e",
        "compañía~",
        "é",
        '"oil deal"',
    ],
)
def test_a_name_is_a_term_whatever_signs_it_has(written: str) -> None:
    assert plain_term(written) == parse_term(written)


@pytest.mark.parametrize(
    ("phrase", "bare"),
    [
        ("oil AND gas", "oil and gas"),
        ("=Oil -Gas", "=Oil Gas"),
        ("title:oil|gas~", "title oil gas~"),
    ],
)
def test_a_quoted_phrase_of_a_query_is_known_by_words_that_yaml_can_have(
    phrase: str, bare: str
) -> None:
    assert phrase_term(phrase) == plain_term(bare)
    assert phrase_term(phrase).words == parse_term(phrase).words


def test_a_phrase_of_a_query_stays_as_it_is_written_where_yaml_can_have_it() -> None:
    assert phrase_term("U.S. oil") == parse_term("U.S. oil")
