"""Terms as an analyst writes them."""

import pytest

from monitor.core.rules import Word
from monitor.core.terms import TermError, parse_term


def patterns(written: str) -> list[str]:
    return [word.pattern for word in parse_term(written).words]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Petróleo", ["petroleo"]),
        ("oil  tanker", ["oil", "tanker"]),
        ("anti-drug", ["anti", "drug"]),
        ("EE. UU.", ["eeuu"]),
        ("Caracas's", ["caracas"]),
        ("bombard*", ["bombard*"]),
        ("wor?d", ["wor?d"]),
        ("talks with Mad*", ["talks", "with", "mad*"]),
        ("Año*", ["ano*"]),
    ],
)
def test_terms_are_read_as_article_text_is(written, expected):
    assert patterns(written) == expected


def test_an_equals_sign_keeps_case_and_accents():
    assert parse_term("=US").words == (Word("US", exact=True),)
    assert parse_term("=Año Nuevo").words == (Word("Año", exact=True), Word("Nuevo", exact=True))


def test_a_term_remembers_how_it_was_written_and_its_list():
    term = parse_term(" two  Words ", list_name="things")
    assert (term.written, term.list_name) == ("two Words", "things")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("=", "empty"),
        ("--", "no letters"),
        ("ab*", "3 letters"),
        ("one ab*", "3 letters"),
        ("a?b*", "3 letters"),
        ("gran*de", "end of a word"),
        ("???", "2 letters"),
        ("* word", "3 letters"),
        ("negociar~", "not supported yet"),
        ("regex:a+", "not supported yet"),
    ],
)
def test_a_bad_term_is_refused_in_words(written, told):
    with pytest.raises(TermError, match=told):
        parse_term(written)
