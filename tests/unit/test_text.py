"""Cleaning, folding, tokens, sentences and the lead."""

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.model import Document
from monitor.core.text import (
    _TOKEN,
    LEAD_LIMIT,
    Span,
    Token,
    _ends_sentence,
    clean,
    fold,
    forms,
    lead,
    lead_text,
    tokenise,
)


def folded(text: str) -> list[str]:
    return [token.folded for token in tokenise(text)]


def sentences(text: str) -> list[str]:
    """The first word of each sentence."""
    seen: dict[int, str] = {}
    for token in tokenise(text):
        seen.setdefault(token.sentence, token.exact)
    return list(seen.values())


@pytest.mark.parametrize("written", ["EE UU", "EE.UU.", "EE. UU.", "EEUU", "EE.UU", "E.E.U.U."])
def test_each_spelling_of_the_spanish_abbreviation_is_one_token(written):
    tokens = tokenise(f"Dice {written} que no")
    assert [token.folded for token in tokens] == ["dice", "eeuu", "que", "no"]
    assert tokens[1].exact == "EEUU"


@pytest.mark.parametrize("written", ["U.S.", "US", "U.S", "U. S."])
def test_each_spelling_of_the_english_abbreviation_is_one_token(written):
    tokens = tokenise(f"the {written} navy")
    assert [token.exact for token in tokens] == ["the", "US", "navy"]


def test_the_pronoun_differs_from_the_country_in_its_exact_form_only():
    pronoun, country = tokenise("us US")
    assert pronoun.folded == country.folded
    assert pronoun.exact != country.exact


def test_dollars_are_not_the_country():
    assert [t.exact for t in tokenise("US$100, $5m, U$S 3")] == [
        "US$",
        "100",
        "$",
        "5m",
        "US$",
        "3",
    ]


@pytest.mark.parametrize(
    "written", ["Caracas's", "Caracas’s", "CARACAS'S", "U.S.'s", "EE.UU.’s", "Workers'"]
)
def test_a_possessive_belongs_to_no_token(written):
    (token,) = tokenise(written)
    assert token.folded in {"caracas", "us", "eeuu", "workers"}
    assert "s" not in written[token.end :].strip("'’s")


def test_case_and_accents_are_folded_and_kept_beside():
    (year,) = tokenise("Año")
    assert (year.folded, year.exact) == ("ano", "Año")


def test_a_decomposed_accent_is_the_composed_one():
    (name,) = tokenise("Nicola\u0301s")
    assert (name.folded, name.exact, name.end) == ("nicolas", "Nicolás", 8)


def test_hyphens_hashtags_and_underscores_part_words():
    assert folded("anti-drug #one_two @three") == ["anti", "drug", "one", "two", "three"]


def test_figures_stay_whole():
    assert folded("1,000.50 or 3.5m at 22:00") == ["1,000.50", "or", "3.5m", "at", "22", "00"]


def test_marks_of_direction_and_emoji_are_no_words():
    assert folded("\u200fa\u200bb\u202c 😀 c") == ["ab", "c"]


def test_abbreviations_and_initials_end_no_sentence():
    text = 'Mr. Lee met Dr. J. Roe in the U.S. Embassy. He said: "No." No. 5 fell. ¿Why? «Ya.» Fin.'
    assert sentences(text) == ["Mr", "He", "No", "Why", "Ya", "Fin"]


def test_a_question_inside_a_sentence_does_not_end_it():
    assert sentences('"Why?" he asked. ¡Basta! dijo. ¿Y ahora?') == ["Why", "Basta", "Y"]


def test_a_line_break_ends_paragraph_and_sentence():
    assert [(t.paragraph, t.sentence) for t in tokenise("one\ntwo. Three")] == [
        (0, 0),
        (1, 1),
        (1, 2),
    ]


@given(st.text())
def test_spans_are_in_order_and_point_into_the_text(text):
    end = 0
    for token in tokenise(text):
        assert end <= token.start < token.end <= len(text)
        end = token.end


PARTS = (
    "a", "abc", "Abc", "EE", "ee", "Uu", "UU", "U.", "S.", "U.S.", "eE.", "e\u0301", "é", "İ", "ß",
    " ", " ", " ", "\n", "\t", "\u00a0", "\u2009", "\u2028", ".", "? ", "! ¿", "…", "»", '"',
    "'s", "’s", "-", "_", "1", "1,000", "3.5m", "$", "U$S", "Dr.", "No.", "\u200b", "中",
)  # fmt: skip


@given(st.lists(st.sampled_from(PARTS), max_size=30).map("".join) | st.text())
def test_cutting_piece_by_piece_finds_what_reading_through_the_text_finds(text):
    assert tokenise(text) == list(read_through(text))


def read_through(text: str) -> Iterator[Token]:
    """The specification: the text read once from its start, nothing remembered."""
    sentence = paragraph = previous_end = 0
    previous = ""
    for found in _TOKEN.finditer(text):
        folded, exact, kept = forms(found.group())
        gap = text[previous_end : found.start()]
        if previous:
            paragraph += "\n" in gap
            sentence += "\n" in gap or _ends_sentence(previous, gap, exact)
        previous, previous_end = exact, found.start() + kept
        yield Token(folded, exact, found.start(), previous_end, sentence, paragraph)


@given(st.text())
def test_folding_ignores_case(text):
    assert fold(fold(text)) == fold(text)


@given(st.text(st.characters(), max_size=200))
def test_clean_text_stays_clean_and_can_be_stored(text):
    once = clean(text)
    once.encode()
    assert clean(once) == once


def test_cleaning_removes_what_nobody_sees():
    assert clean("a\x00b\u202ec\u200bd\ud800e\r\nf\u2028g\ttab") == "abcde\nf\ng\ttab"


@pytest.mark.parametrize(
    "unit", ["Word ", "a.", "U.S. ", "EE. UU. ", "“x.”) ", "a\u0301\u0316", "'s", "1,1", "\n", "x"]
)
def test_time_is_linear_in_the_text(unit):
    text = unit * (200_000 // len(unit))
    started = time.perf_counter()
    tokenise(clean(text))
    assert time.perf_counter() - started < 5


def test_the_lead_is_the_summary_where_there_is_one():
    document = Document(title="t", summary="The sum.", text="The body.")
    assert lead(document) == Span("summary", 0, 8)
    assert lead_text(document) == "The sum."


def test_without_a_summary_the_lead_is_three_paragraphs():
    document = Document(title="t", summary="  ", text="\n\none\n\ntwo\n three\nfour")
    assert lead_text(document) == "one\n\ntwo\n three"


def test_a_long_opening_is_cut_between_words():
    text = "palabra " * 200
    cut = lead_text(Document(title="t", text=text))
    assert len(cut) <= LEAD_LIMIT
    assert cut.endswith("palabra")


def test_a_short_body_is_its_own_lead():
    assert lead_text(Document(title="t", text="one two")) == "one two"
    assert lead(Document(title="t")) is None
    assert lead_text(Document(title="t")) == ""


@given(st.text(alphabet="ab \n", max_size=1500))
def test_the_lead_never_exceeds_its_limit(text):
    assert len(lead_text(Document(title="t", text=text))) <= LEAD_LIMIT
