"""Who wrote what another outlet published: bylines, datelines, signatures, and mere mentions."""

from dataclasses import dataclass, replace

import pytest

from monitor.core.credits import NO_SOURCE, Source, counted, credited, shown_credit, source_of
from monitor.core.model import Entry, Outlet, OutletId, Page, Tier
from monitor.core.reading import UNREAD

NAMES = {
    "ap": ["AP", "Associated Press"],
    "efe": ["EFE"],
    "reuters": ["Reuters"],
    "afp": ["AFP", "Agence France-Presse"],
    "europa-press": ["Europa Press"],
}
BODY = "The pilots went back to work.\nThe ships came in, one after the other."


def credit(*, author: str | None = None, text: str | None = None) -> str | None:
    return credited(NAMES, author=author, text=text, outlet="gazette")


@pytest.mark.parametrize(
    ("author", "agency"),
    [
        ("By ANA RUIZ, Associated Press", "ap"),
        ("Ana Ruiz Associated Press", "ap"),
        ("The Associated Press", "ap"),
        ("EFE", "efe"),
        ("Agencia EFE", "efe"),
        ("Redacción/EFE", "efe"),
        ("Redacción - EFE", "efe"),
        ("Con información de AFP", "afp"),
        ("Por: Agencias (AFP)", "afp"),
        ("Ana Ruiz y AFP", "afp"),
        ("Reuters | Lima", "reuters"),
        ("Reuters Staff", "reuters"),
        ("Ana Ruiz and Tom Reed | Reuters", "reuters"),
        ("EUROPA PRESS", "europa-press"),
    ],
)
def test_a_byline_names_the_agency(author, agency):
    assert credit(author=author, text=BODY) == agency


@pytest.mark.parametrize(
    ("opening", "agency"),
    [
        ("BRIDGETOWN (AP) — The pilots went back", "ap"),
        ("BRIDGETOWN, Barbados (AP) — The pilots went back", "ap"),
        ("Washington, 3 ene (EFE).- Los prácticos volvieron", "efe"),
        ("San José, 3 de enero (EFE/AFP).- Los prácticos volvieron", "efe"),
        ("MADRID, 3 Ene. (EUROPA PRESS) - Los prácticos volvieron", "europa-press"),
        ("LONDON, Jan 3 (Reuters) - The pilots went back", "reuters"),
        ("(AFP) - The pilots went back", "afp"),
        ("EFE.- Los prácticos volvieron", "efe"),
        ("Lima, 3 ene. EFE.- Los prácticos volvieron", "efe"),
        ("Pilots are back\nReuters | London\nThey went back", "reuters"),
        ("Por EFE\nLos prácticos volvieron", "efe"),
        ("Lima / AFP\nLos prácticos volvieron", "afp"),
        ("By Ana Ruiz, Associated Press\nThe pilots went back", "ap"),
    ],
)
def test_a_dateline_names_the_agency(opening, agency):
    assert credit(text=f"{opening} to work.\n{BODY}") == agency


@pytest.mark.parametrize(
    ("ending", "agency"),
    [
        ("© 2026 The Associated Press. All rights reserved.", "ap"),
        ("Copyright 2026 The Associated Press. All rights reserved. Do not publish.", "ap"),
        ("(Reporting by Ana Ruiz in London; Editing by Tom Reed; Reuters)", "reuters"),
        ("This story was originally published by Reuters.", "reuters"),
        ("EFE", "efe"),
        ("EFE\nabc/xyz", "efe"),
        ("El puerto abrió. EFE", "efe"),
        ("El puerto abrió, dijo. (AFP)", "afp"),
        ("Fuente: EFE", "efe"),
        ("Con información de Reuters", "reuters"),
    ],
)
def test_a_signature_names_the_agency(ending, agency):
    assert credit(text=f"{BODY}\n{ending}") == agency


@pytest.mark.parametrize(
    "author", ["Ana Ruiz", "Apolonia Efe", "Redacción", "Ana Reuters", "Rap News", "ap", ""]
)
def test_a_person_is_no_agency(author):
    assert credit(author=author, text=BODY) is None


@pytest.mark.parametrize(
    "text",
    [
        "The minister told Reuters on Monday that the port is closed.",
        "El ministro, según dijo a EFE, viaja.",
        "AP reported that the port is closed.",
        "El presidente dijo al diario (AP) que vendría.",
        "Reuters, AP y EFE cierran oficinas",
        "Reuters — the news agency — said so.",
        "La agencia EFE cumple 80 años",
        "El fotógrafo de AP",
        "Foto: EFE",
        "EFE/Ana Ruiz",
        "Photo: © Reuters",
        "A video obtained by Reuters - and verified by others - shows a boat.",
        "A study by the Associated Press - NORC found that.",
        "An ap (short for application) - a new thing.",
    ],
)
def test_a_mention_or_a_picture_is_no_credit_wherever_it_stands(text):
    assert credit(text=f"{text}\n{BODY}\n{BODY}") is None
    assert credit(text=f"{BODY}\n{BODY}\n{text}") is None


@pytest.mark.parametrize(
    "ending",
    [
        '"No vamos", dijo a EFE.',
        "He spoke to Reuters.",
        "El director de la Agencia EFE visitó el puerto y habló con los prácticos.",
        "Las imágenes fueron verificadas por AFP.",
        "According to Reuters, the port opens on Monday.",
    ],
)
def test_a_last_sentence_about_an_agency_is_no_signature(ending):
    assert credit(text=f"{BODY}\n{ending}") is None


def test_an_outlet_never_credits_itself_nor_a_sister_of_its_name():
    assert credited(NAMES, author="EFE", text="EFE.- Uno", outlet="efe") is None
    sisters = NAMES | {"efe-english": ["EFE"]}
    assert credited(sisters, author="EFE", text=None, outlet="efe-english") is None


def test_whom_an_aggregator_names_is_the_author():
    found = credited(NAMES, author=None, text=None, publisher="Reuters", outlet="search")
    assert found == "reuters"


def test_the_byline_counts_before_the_text():
    assert credit(author="EFE", text="LIMA (AP) — The pilots.") == "efe"


# --- who published it ---


def an_outlet(key: str, name: str, tier: Tier, *signed: str) -> Outlet:
    return Outlet(OutletId(key), name, "GB", "en", tier, signed)


OUTLETS = {
    each.id: each
    for each in (
        an_outlet("search", "News Search", Tier.AGGREGATOR),
        an_outlet("gazette", "La Gazetá de Zenda", Tier.NATIONAL),
        an_outlet("ap", "Associated Press", Tier.WIRE, "AP", "AP News"),
        an_outlet("ap-espanol", "Associated Press", Tier.WIRE),
    )
}
HEADLINE = Entry(guid="1", url="https://search.example/1", title="Talks")


def source(
    publisher: str | None,
    *,
    outlet: str = "search",
    page: Page = UNREAD,
    aggregated: bool = True,
) -> Source:
    return source_of(
        replace(HEADLINE, publisher=publisher),
        page,
        outlet=OutletId(outlet),
        outlets=OUTLETS,
        names={each.id: each.credits for each in OUTLETS.values() if each.credits},
        aggregated=aggregated,
    )


@pytest.mark.parametrize(
    ("credit", "agency", "carrier", "shown"),
    [
        ("wire", "The Wire", None, "The Wire"),
        ("gone", None, None, "gone"),
        ("paper", "The Paper", None, None),
        ("wire", "The Wire", "wire", None),
        ("paper", "The Paper", "wire", "The Paper"),
        (None, None, None, None),
    ],
)
def test_an_agency_is_credited_unless_it_shows_the_article_itself(credit, agency, carrier, shown):
    assert shown_credit(credit, agency=agency, carrier=carrier, outlet="paper") == shown


@pytest.mark.parametrize(
    ("publisher", "carrier"),
    [
        ("La Gazetá de Zenda", "gazette"),
        ("la gazeta  de zenda", "gazette"),
        ("AP News", "ap"),
        ("Associated Press", "ap"),
        ("Él Correo", "el correo"),
        (None, None),
    ],
)
def test_an_aggregators_line_counts_for_the_publisher_it_names(publisher, carrier):
    assert source(publisher).carrier == carrier


def test_a_search_for_one_outlets_articles_stays_with_that_outlet():
    assert source("gazette.example", outlet="gazette").carrier is None
    assert source("Associated Press", outlet="ap-espanol").carrier == "ap-espanol"


def test_a_source_that_an_outlets_own_feed_names_takes_nothing_from_it():
    assert source("Él Correo", outlet="gazette", aggregated=False).carrier is None


def test_a_page_behind_an_aggregator_names_its_publisher_where_the_feed_does_not():
    page = Page("https://gazette.example/1", outlet="La Gazeta de Zenda")
    assert source(None, page=page) == Source("La Gazeta de Zenda", "gazette")
    assert source("Él Correo", page=page).publisher == "Él Correo"
    assert source(None, page=page, outlet="gazette", aggregated=False) == NO_SOURCE


# --- how many they are ---


@dataclass
class Told:
    """An article of a story, as it counts."""

    outlet_id: str
    carrier: str | None = None
    credit: str | None = None
    duplicate_of: int | None = None
    relates_to: int | None = None


@pytest.mark.parametrize(
    ("articles", "outlets", "sources"),
    [
        ([Told("gazette"), Told("search", carrier="gazette")], 1, 1),
        ([Told("gazette"), Told("search", carrier="el correo")], 2, 2),
        ([Told("search", carrier="el correo"), Told("other-search", carrier="el correo")], 1, 1),
        ([Told("gazette", credit="ap"), Told("search", carrier="gazette"), Told("x")], 2, 2),
        ([Told("gazette", credit="ap"), Told("ap")], 2, 1),
        ([Told("gazette"), Told("mirror", duplicate_of=1)], 2, 1),
        ([Told("gazette"), Told("mirror", relates_to=1)], 2, 1),
        ([Told("search", carrier="gazette"), Told("gazette", duplicate_of=1)], 1, 1),
    ],
)
def test_agencies_copies_and_aggregators_are_no_sources_of_their_own(articles, outlets, sources):
    assert counted(articles) == (outlets, sources)
