"""Who wrote what another outlet published: bylines, datelines, signatures, and mere mentions."""

import pytest

from monitor.core.credits import credited

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
