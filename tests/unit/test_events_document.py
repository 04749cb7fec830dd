"""Sentences of docs/events.md are read as it says, with the knowledge of the starter."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from documents import ROOT, blocks

from monitor.config import load
from monitor.config.directory import read_directory
from monitor.core.events import Coder
from monitor.core.model import Document

DOCUMENT = ROOT / "docs" / "events.md"
DAY = date(2026, 2, 10)

Told = Callable[[str], list[tuple[str, str | None, str | None, str]]]


def coder(**more: str) -> Told:
    """What a title tells, by the starter's knowledge and more files of it."""
    files = read_directory(ROOT / "config")
    files |= {f"knowledge/{name}.yaml": body for name, body in more.items()}
    known = Coder(load(files, base=Path(), environment={}).knowledge)
    return lambda title: [
        (event.type, event.source, event.target, event.status.value)
        for event in known.code(Document(title), day=DAY)
    ]


@pytest.fixture(scope="module")
def told() -> Told:
    return coder()


US, VENEZUELA = "united_states.government", "venezuela.government"


def test_the_three_sentences_are_read_as_drawn(told: Told) -> None:
    assert told("Trump says US struck a dock in Venezuela") == [
        ("strike", US, "venezuela", "claimed")
    ]
    assert told("Tras el ataque de EE.UU., Delcy Rodríguez ofrece diálogo a Trump") == [
        ("strike", US, VENEZUELA, "past_reference"),
        ("dialogue_offer", VENEZUELA, US, "asserted"),
    ]
    assert told("Venezuela's Machado meets Trump in Washington") == [
        ("talks", "venezuela.opposition", US, "asserted")
    ]


def test_the_dead_after_a_strike_are_news(told: Told) -> None:
    assert told("Venezuela buries its dead after US strike") == [
        ("strike", US, VENEZUELA, "past_reference")
    ]


def test_an_office_is_put_together_with_its_country(told: Told) -> None:
    met = [("talks", VENEZUELA, US, "asserted")]
    assert told("Venezuelan foreign minister meets Trump") == met
    assert told("La canciller de Venezuela se reúne con Trump") == met
    assert told("Venezuela's president meets Trump") == met


@pytest.mark.parametrize(
    "title",
    [
        "US strikes Venezuela",
        "Venezuela was struck by US",
        "Venezuela fue atacada por EE.UU.",
        "Strike by US on Venezuela",
        "Ataque de EE.UU. contra Venezuela",
        "Trump's Venezuela strike",
        "US says that it struck Venezuela",
        "Cuba condemns US strike on Venezuela",
    ],
)
def test_who_did_it_is_read_as_the_table_says(told: Told, title: str) -> None:
    ((kind, source, target, _),) = told(title)
    assert (kind, source) == ("strike", US)
    assert target in ("venezuela", VENEZUELA)


def test_a_second_pair_of_countries_needs_no_python() -> None:
    pack = next(body for body in blocks(DOCUMENT, "yaml") if "nuclear_round" in body)
    told = coder(pack=pack)
    iran = "iran.government"
    assert told("US and Iran hold nuclear round") == [("nuclear_round", US, iran, "asserted")]
    assert told("US storms out of nuclear round with Iran") == [
        ("nuclear_breakdown", US, iran, "asserted")
    ]
    assert told("Farid Ansari y Estados Unidos abren ronda sobre enriquecimiento") == [
        ("nuclear_round", "iran.negotiators", US, "asserted")
    ]
    assert told("US and Iran in round of applause for enrichment talks") == [
        ("talks", US, iran, "asserted")
    ]
