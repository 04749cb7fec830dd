"""Terms as an analyst writes them."""

import pytest

from monitor.core.rules import Regex, Word
from monitor.core.terms import (
    REGEX_LIMIT,
    TermError,
    compile_regex,
    covers,
    is_regex,
    parse_regex,
    parse_term,
)


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
        ("=negociar~", "exclude each other"),
        ("negoci*~", "exclude each other"),
        ("neg?ciar~", "exclude each other"),
        ("neg~ciar", "end of a word"),
        ("~500 troops", "end of a word"),
        ("negociar~~", "end of a word"),
        ("negociar~*", "exclude each other"),
        ("~", "3 letters"),
        ("talk ~", "3 letters"),
        ("va~", "3 letters"),
        ("B52s~", "nothing but letters"),
        ("Chevron's~", "nothing but letters"),
        ("wordƻ", "letter that terms cannot use"),
        ("regex:a+", "a condition of its own"),
        ("=regex:a+", "a condition of its own"),
    ],
)
def test_a_bad_term_is_refused_in_words(written, told):
    with pytest.raises(TermError, match=told):
        parse_term(written)


@pytest.mark.parametrize("written", ["negociar~", "Negociár~"])
def test_a_tilde_makes_the_word_before_it_inflected(written):
    assert parse_term(written).words == (Word("negociar", inflected=True),)


def test_a_tilde_is_for_its_own_word_only():
    assert parse_term("anti-drug~ talk*").words == (
        Word("anti"),
        Word("drug", inflected=True),
        Word("talk*"),
    )


@pytest.mark.parametrize("written", ["regex:x", " Regex: x"])
def test_a_regex_is_known_by_its_beginning(written):
    assert is_regex(written)
    assert parse_regex(written) == Regex("x")


def test_a_pattern_ignores_case_unless_it_says_otherwise():
    assert compile_regex(r"b-?52").search("a B-52")
    assert compile_regex("ÉXITO").search("éxito")
    assert not compile_regex("(?-i)us").search("US")


def test_a_backslash_before_a_capital_c_is_no_single_byte():
    assert parse_regex(r"regex:a\\Cx") == Regex(r"a\\Cx")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("regex:", "a pattern is missing"),
        ("regex:" + "x" * (REGEX_LIMIT + 1), "at most 500 characters; found 501"),
        ("regex:a\tb", "U[+]0009"),
        ("regex:x(?=y)", "looks around"),
        ("regex:(?<!x)y", "looks around"),
        (r"regex:(x)\1", "refers back"),
        ("regex:(?P<n>x)(?P=n)", "refers back"),
        ("regex:x++", "no valid RE2 pattern: bad repetition operator"),
        ("regex:[x", "no valid RE2 pattern: missing \\]"),
        ("regex:(x{1000}){1000}", "no valid RE2 pattern: invalid repetition size"),
        ("regex:x?", "nothing at all"),
        ("regex:^|x", "nothing at all"),
        (r"regex:\b", "nothing at all"),
        (r"regex:\Cx", r"single bytes with `\\C`; write `.`"),
        (r"regex:a\\\Cx", "single bytes"),
    ],
)
def test_a_bad_pattern_is_refused_in_words(written, told):
    with pytest.raises(TermError, match=told):
        parse_regex(written)


def test_a_long_pattern_is_cut_in_the_message():
    with pytest.raises(TermError) as raised:
        parse_regex("regex:" + "x" * 400 + "(")
    assert len(str(raised.value)) < 200


def test_a_pattern_that_hangs_others_comes_to_an_end():
    assert not compile_regex("^(a+)+$").search("a" * 10_000 + "!")
    assert not compile_regex("(x+x+)+y").search("x" * 10_000)


@pytest.mark.parametrize(
    ("one", "other"),
    [("oil", "OIL"), ("oil", "=Oil"), ("strike*", "strikes"), ("strike*", "strikes*"),
     ("stri*", "=Strike"), ("drill~", "drill~"), ("=US", "=US"), ("a?c", "a?c")],
)  # fmt: skip
def test_a_word_covers_another_if_it_finds_all_that_the_other_finds(one, other):
    assert covers(parse_term(one).words[0], parse_term(other).words[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [("=Oil", "oil"), ("strikes", "strike*"), ("drill~", "drill"), ("drill*", "drill~"),
     ("oil", "gas"), ("wor?d", "world"), ("=stri*", "=strike"), ("oil", "oil*")],
)  # fmt: skip
def test_a_word_does_not_cover_what_it_may_miss(one, other):
    assert not covers(parse_term(one).words[0], parse_term(other).words[0])
