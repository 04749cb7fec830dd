"""Texts that no newsroom writes: the event coder takes bounded time and reads what it can."""

import time
from collections.abc import Iterator

import pytest
from norland import CODER, events, told

from monitor.core.events import EVENTS_LIMIT, SENTENCE_LIMIT, Coder
from monitor.core.knowledge import Knowledge
from monitor.core.model import Document

STRUCK = "strike: norland.government > sudania.government"
MEGABYTES_2 = 2_000_000  # characters
SECONDS = 20.0  # ample on a loaded machine; quadratic time would take hours


@pytest.fixture
def bounded() -> Iterator[None]:
    """The test takes SECONDS of processor time at most."""
    started = time.process_time()
    yield
    assert time.process_time() - started < SECONDS


def test_a_coder_that_knows_nothing_finds_nothing():
    assert Coder(Knowledge()).code(Document("Norland strikes Sudania")) == []


@pytest.mark.parametrize("title", ["", " ", "…", "Norland", "strike", "by", "?", "🙂"])
def test_a_text_of_one_word_tells_nothing_and_breaks_nothing(title):
    assert told(title) == []


def test_capitals_accents_emoji_and_marks_of_direction_change_nothing():
    assert told("NORLAND STRIKES SUDANIA") == [STRUCK]
    assert told("norlandia ataca sudania") == [STRUCK]
    assert told("EL CANCILLER NORLANDES ATACA SUDANIA") == [STRUCK]
    assert told("💥 Norland 💥 strikes Sudania 💥") == [STRUCK]
    assert told("\u200fNor\u00adland\u200e strikes\u202b Sudania\u202c") == [STRUCK]


def test_accents_in_two_code_points_are_read_as_in_one():
    title = "El canciller norlande\u0301s ataca Sudania"
    (event,) = events(title)
    assert title[event.start : event.end] == "canciller norlande\u0301s ataca Sudania"


def test_mixed_languages_are_read_in_one_sentence():
    assert told("Norlandia strikes Sudania según Westmark") == [
        f"{STRUCK} (attributed) by Westmark"
    ]


@pytest.mark.usefixtures("bounded")
def test_of_two_megabytes_of_one_sentence_so_many_events_are_kept_and_no_more():
    sentence = "Norland strikes Sudania as Karim says Olsen seizes a tanker off Westmark. "
    found = events("News", text=sentence * (MEGABYTES_2 // len(sentence)))
    assert len(found) == EVENTS_LIMIT


@pytest.mark.usefixtures("bounded")
@pytest.mark.parametrize(
    "word",
    ["Norland ", "strike ", "by ", "president ", "offers ", "missile ", "Norland strike ", ": "],
)
def test_two_megabytes_of_one_word_take_bounded_time(word):
    assert len(events("News", text=word * (MEGABYTES_2 // len(word)))) <= EVENTS_LIMIT


@pytest.mark.usefixtures("bounded")
def test_one_word_of_two_megabytes_is_no_word():
    assert events("News", text="strike" * (MEGABYTES_2 // 6)) == []


def test_a_sentence_of_ten_thousand_words_is_read_from_its_beginning():
    filler = "and " * 10_000
    assert told(f"Norland strikes Sudania {filler}") == [STRUCK]
    assert told(f"{filler} Norland strikes Sudania") == []
    (event,) = events(f"Norland strikes Sudania {filler}")
    assert len(event.sentence.split()) == SENTENCE_LIMIT


def test_what_was_read_before_changes_nothing():
    before = events("Norland strikes Sudania", "Karim says so.")
    for number in range(300):
        CODER.code(Document(f"Word{number} strikes place{number}"))
    assert events("Norland strikes Sudania", "Karim says so.") == before
