"""What changed between two versions of an article, and what an outlet says of it."""

from functools import cache
from pathlib import Path

import pytest

from monitor.config import read_directory
from monitor.config.knowledge import Knowing
from monitor.config.lists import Lists
from monitor.config.problems import Problems
from monitor.config.source import scan
from monitor.core.knowledge import Knowledge, Notice
from monitor.core.notices import Notices, notices_of
from monitor.core.revisions import Edit, Version, compare, is_poorer, shown, weight

CONFIG = Path(__file__).resolve().parents[2] / "config"
TEXT = (
    "The court of Strelsau opened its doors on Monday.\n"
    "Guards counted 12 visitors in the first hour, the marshal said.\n"
    "The king was not there. He had left for the hunt at dawn."
)


@cache
def starter() -> Knowledge:
    problems = Problems()
    knowing = Knowing(lists := Lists(problems), problems)
    for name, text in read_directory(CONFIG).items():
        if name.startswith("knowledge/"):
            knowing.add(scan(name, text, problems))
    lists.check()
    knowing.check()
    return knowing.knowledge()


def notices() -> Notices:
    return notices_of(starter())


def changed(old: str, new: str, *, title: str = "Court opens", retitled: str | None = None):
    return compare(Version(title, old), Version(retitled or title, new), notices())


# --- what changed ---------------------------------------------------------------------------------


def test_the_same_text_has_not_changed() -> None:
    assert not changed(TEXT, TEXT).significant


def test_another_number_is_a_change_shown_before_and_after() -> None:
    found = changed(TEXT, TEXT.replace("12", "21"))
    assert found.edits == (
        Edit(
            "Guards counted 12 visitors in the first hour, the marshal said.",
            "Guards counted 21 visitors in the first hour, the marshal said.",
        ),
    )
    assert 0.2 < found.share < 0.5


def test_a_new_headline_is_a_change_though_the_text_stands() -> None:
    found = changed(TEXT, TEXT, retitled="Court stays closed")
    assert found.title == Edit("Court opens", "Court stays closed")
    assert found.significant


@pytest.mark.parametrize(
    "other",
    [
        TEXT.upper(),
        TEXT.replace(",", " ,"),
        "\n".join(reversed(TEXT.split("\n"))),
        TEXT + "\nUpdated: 3 March 2026, 14:02.\n",
        TEXT + "\nÚltima actualización 3 de marzo de 2026 a las 14:02.",
        TEXT + "\nRelated: Ten castles to visit this summer\nShare\n1,204 comments",
        "Photo: a palace in the snow\n" + TEXT,
    ],
    ids=["case", "stops", "order", "stamp", "stamp in Spanish", "links", "caption"],
)
def test_boilerplate_is_no_change(other: str) -> None:
    assert not changed(TEXT, other).significant


def test_sentences_that_came_and_went_are_told_apart_from_rewritten_ones() -> None:
    other = TEXT.replace("The king was not there. ", "") + "\nA duke came in his stead by coach."
    found = changed(TEXT, other)
    assert [(each.before, each.after) for each in found.edits] == [
        ("The king was not there.", None),
        (None, "A duke came in his stead by coach."),
    ]


def test_one_word_that_turns_a_sentence_round_is_a_change() -> None:
    assert changed(TEXT, TEXT.replace("was not there", "was there")).significant


def test_a_text_that_lost_most_of_its_words_is_a_poorer_reading() -> None:
    assert is_poorer(TEXT, TEXT.partition("\n")[0])
    assert not is_poorer(TEXT, TEXT.replace("12", "21"))
    assert not is_poorer(None, TEXT)


def test_a_text_that_we_never_had_says_nothing_of_a_change() -> None:
    late = compare(Version("Court opens"), Version("Court opens", TEXT), notices())
    assert not late.significant


def test_a_long_sentence_is_cut_to_what_differs() -> None:
    opening = "On the morning of the first day of the new year " * 6
    found = shown(Edit(f"{opening}three men were hurt.", f"{opening}four men were hurt."))
    assert found == Edit(
        "… of the first day of the new year three men were hurt.",
        "… of the first day of the new year four men were hurt.",
    )


def test_another_figure_matters_more_than_another_word() -> None:
    figure = Edit("They saw 12 ships.", "They saw 21 ships.")
    word = Edit("They saw big ships.", "They saw small ships.")
    came = Edit(None, "They saw ships.")
    assert sorted([came, word, figure], key=weight) == [figure, word, came]


# --- notices --------------------------------------------------------------------------------------

CORRECTIONS = [
    "Correction: an earlier count of the guards was wrong.",
    "CORRECTED-Strelsau court opens its doors",
    "UPDATE 2-CORRECTED-Strelsau court opens its doors",
    "(Corrects paragraph 3 to say the guards were 21, not 12)",
    "Strelsau court opens its doors (corrected)",
    "Editor's note: This story has been corrected to say that 21 came.",
    "An earlier version of this article misspelled the marshal's name.",
    "Clarification: the king was never expected.",
    "This article was amended on 3 March to correct the marshal's rank.",
    "Corrección: la guardia contó 21 visitantes.",
    "Fe de errores: la guardia contó 21 visitantes, no 12.",
    "FE DE ERRATAS. La guardia contó 21 visitantes.",
    "RECTIFICACIÓN: La corte de Strelsau no abrió el lunes",
    "Una versión anterior de esta nota decía que fueron 12.",
    "Este artículo ha sido corregido para precisar la cifra.",
    "Aclaración: el rey no fue invitado.",
]
RETRACTIONS = [
    "RETRACTION: Strelsau court opens its doors",
    "Retraction of an earlier report: This story has been withdrawn.",
    "This article has been removed because it did not meet our standards.",
    "Esta noticia ha sido retirada por no cumplir nuestras normas.",
    "ANULACIÓN: Queda anulada la noticia sobre la corte.",
    "Hemos retirado este artículo tras comprobar que era falso.",
]
NEWS = [
    "Correction officers strike over pay in Zenda",
    "Markets see a correction after the talks",
    "Correctional facility reports 12 dead",
    "Marshal corrects the king in public",
    "Minister has retracted his statement on the hunt",
    "A study of the hunt was retracted by the journal",
    "King withdrawn from the race, doctors say",
    "El ministro rectifica y abre la corte",
    "El juez pide una aclaración sobre la guardia",
    "The army says it will kill the bill: report",
    "La guardia fue retirada de la plaza",
    "Court opens its doors; this story has been updated.",
]


@pytest.mark.parametrize("text", CORRECTIONS)
def test_a_correction_is_recognised(text: str) -> None:
    assert [each.kind for each in notices().find(text)] == [Notice.CORRECTION]


@pytest.mark.parametrize("text", RETRACTIONS)
def test_a_retraction_is_recognised(text: str) -> None:
    found = notices().find(text)
    assert {each.kind for each in found} == {Notice.RETRACTION}


@pytest.mark.parametrize("text", NEWS)
def test_news_of_corrections_is_none(text: str) -> None:
    assert notices().find(text) == []


def test_a_notice_is_told_in_its_own_words() -> None:
    new = TEXT + "\nCorrection: Guards counted 21 visitors, not 12."
    found = changed(TEXT, new)
    assert found.notice is not None
    assert found.notice.said == "Correction: Guards counted 21 visitors, not 12."


def test_a_notice_under_a_heading_of_its_own_is_told_with_it() -> None:
    found = changed(TEXT, TEXT + "\nFe de errores\nLa guardia contó 21 visitantes.")
    assert found.notice is not None
    assert found.notice.said == "Fe de errores La guardia contó 21 visitantes."


def test_a_notice_that_stood_there_before_is_not_new() -> None:
    noted = TEXT + "\nCorrection: Guards counted 21 visitors, not 12."
    assert changed(noted, noted.replace("dawn", "noon")).notice is None


def test_that_all_is_taken_back_counts_before_what_is_corrected() -> None:
    new = TEXT + "\nCorrection: it was 21.\nThis story has been retracted."
    found = changed(TEXT, new)
    assert found.notice is not None
    assert found.notice.kind is Notice.RETRACTION


def test_an_article_that_opens_with_a_notice_corrects_an_earlier_one() -> None:
    found = notices().opens("CORRECTED: Court closed", "The court is closed.")
    assert found is not None
    assert notices().opens("Court closed", "The court is closed.") is None


def test_without_words_nothing_is_noticed() -> None:
    assert notices_of(Knowledge()).find(CORRECTIONS[0]) == []
