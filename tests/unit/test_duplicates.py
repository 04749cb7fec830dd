"""Copies, updates and revisions: what an article has to do with an earlier one."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.core.differences import Difference, differences
from monitor.core.duplicates import CROWD, MEMORY, Duplicates, Relation, weeks_of
from monitor.core.shingles import MOST, containment, features_of, fold, shingles_of, words_of

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TITLE = "Ruritania opens the old fortress of Strelsau to visitors"
LEAD = (
    "The government of Ruritania opened the fortress of Strelsau on Monday after 12 years of work."
)
TEXT = f"""{LEAD}
The minister of culture walked through the halls with the first visitors, who had waited since the \
early morning in the rain outside the eastern gate.
Restoring the towers cost the country 40 million crowns, more than twice what parliament had \
granted when the work began under the last cabinet.
“We have given the town back its heart,” the mayor said, and invited schools from the whole valley \
to come before the end of the summer holidays.
Historians praise the careful work on the chapel, whose painted ceiling had been hidden behind \
boards for longer than anybody in the town can remember."""


def told(text=TEXT, *, title=TITLE, outlet="mirror", later=timedelta(hours=2), first=None):
    """The relation of an article that comes `later` than a first one of the Gazette."""
    seen = Duplicates()
    seen.add(1, **({"title": TITLE, "text": TEXT, "outlet": "gazette", "at": NOON} | (first or {})))
    found = seen.add(2, title=title, text=text, outlet=outlet, at=NOON + later)
    return found.relation if found else Relation.NEW


def test_the_same_text_at_another_outlet_is_a_copy():
    assert told() is Relation.COPY


def test_half_of_an_article_is_a_copy_of_it():
    assert told("\n".join(TEXT.split("\n")[:3])) is Relation.COPY


def test_a_copy_may_have_a_headline_of_its_own():
    assert told(title="Towers, halls and a painted ceiling: a morning in the rain") is Relation.COPY


def test_a_line_of_the_outlets_own_leaves_a_copy_a_copy():
    box = "Sign up for our newsletter and never miss what happens in the valley and beyond it"
    assert told(f"{TEXT}\n{box}") is Relation.COPY


def test_light_edits_leave_a_copy_a_copy():
    edited = (
        TEXT.replace("careful", "patient").replace("walked", "strolled").replace("town", "city")
    )
    assert told(edited) is Relation.COPY


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (TEXT.replace("40 million", "55 million"), Difference.NUMBERS),
        (
            TEXT.replace(
                LEAD, "A fire that broke out in the kitchen closed the palace again on Tuesday."
            ),
            Difference.OPENING,
        ),
        (
            TEXT + "\n“Nobody asked the people who live below the walls,” a neighbour answered.",
            Difference.QUOTES,
        ),
        (
            TEXT
            + "\nBy the evening some 3,200 people had passed the gate, according to the police.",
            Difference.FIGURES,
        ),
    ],
)
def test_what_says_more_is_an_update(changed, why):
    assert told(changed) is Relation.UPDATE
    assert why in differences(fold(changed), fold(TEXT))


def test_a_paragraph_in_front_is_an_update():
    news = "The fortress had to close again by noon, because too many people had come to see it."
    assert told(f"{news}\n{TEXT}") is Relation.UPDATE


def test_a_text_that_is_mostly_its_own_is_an_update():
    short = "\n".join(TEXT.split("\n")[:2])
    assert told(TEXT, first={"text": short}) is Relation.UPDATE


def test_what_is_only_left_out_makes_no_difference():
    assert differences(fold("\n".join(TEXT.split("\n")[2:])), fold(TEXT)) == []


def test_a_year_in_a_line_of_the_outlets_own_is_no_news():
    line = "All rights of this text are with the publisher of the Mirror, Strelsau 2026."
    assert told(f"{TEXT}\n{line}") is Relation.COPY


def test_a_text_on_another_subject_is_new():
    other = TEXT.translate(str.maketrans("aeiou", "eioua"))
    assert told(other, title="Quite another thing in quite another place") is Relation.NEW


def test_common_background_under_another_headline_makes_no_copy():
    news = "Miners went on strike in the south on Wednesday, and the pits of Zenda stood still."
    background = "\n".join((news, *TEXT.split("\n")[3:]))
    own = "\n".join(f"{each} And so on in the pits of the south for days." for each in (news,) * 5)
    assert told(f"{background}\n{own}", title="Miners strike in the south") is Relation.NEW


def test_a_form_that_is_filled_in_anew_is_new():
    form = "\n".join(
        f"In the {place} the thermometer will show {number} degrees at noon, and the wind blows "
        f"from the west at {number + 9} kilometres an hour until the evening."
        for number, place in enumerate(("mountains", "valley", "capital", "harbour"), 3)
    )
    tomorrow = "".join(chr((ord(each) - 47) % 10 + 48) if each.isdigit() else each for each in form)
    first = {"title": "The weather in Ruritania on Monday", "text": form}
    assert told(tomorrow, title="The weather in Ruritania on Tuesday", first=first) is Relation.NEW


def test_the_outlets_own_article_under_another_headline_is_a_revision():
    assert told(title="Strelsau: visitors in the fortress", outlet="gazette") is Relation.REVISION


def test_the_outlets_own_article_with_more_in_it_is_a_revision():
    more = TEXT.replace("40 million", "55 million")
    assert told(more, outlet="gazette") is Relation.REVISION


def test_one_notice_under_unlike_headlines_of_one_outlet_is_no_copy():
    assert told(title="Miners go on strike", outlet="gazette") is Relation.NEW


def test_a_copy_is_found_within_weeks_and_an_update_within_days():
    changed = TEXT.replace("40 million", "55 million")
    assert told(later=timedelta(days=20)) is Relation.COPY
    assert told(later=timedelta(days=22)) is Relation.NEW
    assert told(changed, later=timedelta(days=2)) is Relation.UPDATE
    assert told(changed, later=timedelta(days=4)) is Relation.NEW


# --- headlines alone ----------------------------------------------------------------------------

BARE = {"text": None}


@pytest.mark.parametrize("other", [TITLE, TITLE.upper(), f"{TITLE} - The Gazette"])
def test_one_headline_on_one_day_is_a_copy_where_there_is_no_text(other):
    assert told(None, title=other, first=BARE) is Relation.COPY
    assert told(None, title=other, first=BARE, later=timedelta(days=2)) is Relation.NEW


def test_a_headline_of_few_words_says_too_little():
    assert told(None, title="Live updates", first={"text": None, "title": "Live updates"}) is (
        Relation.NEW
    )


@pytest.mark.parametrize("outlet", ["gazette", "mirror", None])
def test_headlines_that_differ_in_figures_are_never_merged_silently(outlet):
    first = {"text": None, "title": "Flood in Zenda: 12 dead and 30 missing", "outlet": outlet}
    title = "Flood in Zenda: 15 dead and 30 missing"
    assert told(None, title=title, outlet=outlet, first=first) is Relation.UPDATE


def test_texts_alike_under_headlines_that_differ_in_figures_are_an_update():
    first = {"title": "Fortress of Strelsau: 12 years of work"}
    assert told(title="Fortress of Strelsau: 13 years of work", first=first) is Relation.UPDATE


def test_other_figures_in_a_headline_make_an_update_that_need_not_be_of_the_story():
    seen = Duplicates()
    seen.add(1, title="Flood in Zenda: 12 dead", text=None, outlet="gazette", at=NOON)
    found = seen.add(2, title="Flood in Zenda: 15 dead", text=None, outlet="gazette", at=NOON)
    assert found is not None
    assert not found.of_its_story


def test_an_edited_headline_of_one_outlet_is_a_revision():
    title = "“Back its heart”. Ruritania opens the old fortress of Strelsau"
    assert told(None, title=title, outlet="gazette", first=BARE) is Relation.REVISION
    assert told(None, title=title, outlet="mirror", first=BARE) is Relation.NEW


def test_a_column_that_comes_every_day_is_not_the_one_of_yesterday():
    assert told(None, outlet="gazette", first=BARE, later=timedelta(hours=20)) is Relation.NEW


def test_words_that_an_outlet_always_says_make_no_revision():
    seen = Duplicates()
    places = [
        f"{letter}{vowel}vo{end}" for letter in "bcdfglmn" for vowel in "aeiou" for end in "rst"
    ]
    for place in places:
        title = f"How to watch the game of {place} tonight on television"
        found = seen.add(place, title=title, text=None, outlet="gazette", at=NOON)
    assert found is None


# --- looking up --------------------------------------------------------------------------------


def test_a_copy_of_a_copy_is_a_copy_of_the_original():
    seen = Duplicates()
    for key in ("first", "second", "third"):
        found = seen.add(key, title=TITLE, text=TEXT, outlet=key, at=NOON)
    assert found.key == "first"


def test_the_copy_of_an_update_is_a_copy_of_that():
    seen = Duplicates()
    changed = TEXT.replace("40 million", "55 million")
    for key, text in (("first", TEXT), ("update", changed), ("copy", changed)):
        found = seen.add(key, title=TITLE, text=text, outlet=key, at=NOON)
    assert (found.key, found.relation) == ("update", Relation.COPY)


def test_a_thousand_copies_do_not_hide_their_original():
    seen = Duplicates()
    for key in range(3 * CROWD):
        found = seen.add(key, title=TITLE, text=TEXT, outlet=f"outlet {key}", at=NOON)
    assert (found.key, found.relation) == (0, Relation.COPY)


def test_a_sketch_has_a_bounded_number_of_hashes_that_any_database_holds():
    words = [f"word{number}" for number in range(5_000)]
    features = features_of(TITLE, " ".join(words), outlet="gazette")
    assert len(features.sketch) == MOST
    assert all(0 <= number < 2**31 for number in features.hashes)


def test_hashes_are_the_same_in_every_process():
    code = "from monitor.core.shingles import features_of as f;"
    code += f"print(sorted(f({TITLE!r}, {TEXT!r}, outlet='gazette').hashes))"
    seed = os.environ | {"PYTHONHASHSEED": "7"}
    there = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=True, env=seed, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    here = sorted(features_of(TITLE, TEXT, outlet="gazette").hashes)
    assert there.stdout.strip() == str(here)


def test_shingles_of_letters_beyond_ascii_are_those_of_their_words():
    words = words_of(fold("Владимир Путин прибыл в столицу " * 6))
    assert len(shingles_of(words)) == 5
    assert containment(shingles_of(words), shingles_of(words[:12])) == 1.0


def test_containment_is_nought_where_there_is_nothing():
    assert containment(frozenset(), frozenset((1, 2))) == 0.0


def test_the_weeks_that_are_searched_cover_the_memory():
    weeks = weeks_of(NOON)
    assert len(weeks) == MEMORY // timedelta(weeks=1) + 1
