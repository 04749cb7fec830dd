"""What people are told of a correction, a retraction, a deletion; and when it is looked for."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from monitor.core.alerts import Reason
from monitor.core.corrections import Correction, chosen, is_move, render, subject_of
from monitor.core.knowledge import Notice
from monitor.core.model import Severity
from monitor.core.notices import Noticed
from monitor.core.revisions import Change, Edit
from monitor.core.timing import LATER_LOOKS, LOOKS, WATCHED_FOR, next_look

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
EDIT = Edit("They saw 12 ships.", "They saw 21 ships.")


def correction(**changed):
    given = {
        "reason": Reason.CORRECTION,
        "told": "Court opens",
        "headline": "Court opens",
        "outlet": "The Paper",
        "url": "https://paper.example/court",
        "said": "Correction: it was 21.",
        "edits": (EDIT,),
    }
    return Correction(**(given | changed))


def message(rules=("Courts",), severity=Severity.HIGH, **changed):
    return render(correction(**changed), severity=severity, rules=rules)


def test_a_correction_says_who_corrects_what_and_how() -> None:
    told = message()
    assert told.title == "🟠 HIGH · CORRECTION · Court opens"
    assert told.body.split("\n") == [
        "The Paper: corrected by its outlet",
        "It says: »Correction: it was 21.«",
        "https://paper.example/court",
        "",
        "– before: They saw 12 ships.",
        "– now: They saw 21 ships.",
        "",
        "You were told of it for: Courts",
    ]


def test_the_headline_people_know_stands_above_and_the_new_one_below() -> None:
    told = message(headline="Court stays closed")
    assert told.title.endswith("Court opens")
    assert "Headline now: Court stays closed" in told.body


def test_what_was_taken_out_is_shown_as_gone() -> None:
    assert "– now: (taken out)" in message(edits=(Edit("They saw 12 ships.", None),)).body


def test_of_many_edits_some_are_shown_and_the_others_counted() -> None:
    many = tuple(Edit(f"They saw {n} ships.", None) for n in range(7))
    assert "and 4 more changes" in message(edits=many).body


def test_strangers_words_cannot_ping_or_link() -> None:
    told = message(said="Correction: @everyone see https://evil.example now\nat once")
    assert "@everyone" not in told.body
    assert "https://evil" not in told.body
    assert "now at once" in told.body


def test_a_notice_is_not_told_again_as_an_edit() -> None:
    said = "Correction: it was 21."
    change = Change(edits=(Edit(None, said), EDIT), notices=(Noticed(Notice.CORRECTION, said),))
    assert chosen(change) == (EDIT,)


def test_the_same_words_in_one_story_are_one_subject_whatever_their_case() -> None:
    one = subject_of(7, Reason.CORRECTION, "Fe de errores: 21")
    assert one == subject_of(7, Reason.CORRECTION, "FE DE  ERRORES: 21")
    assert one != subject_of(8, Reason.CORRECTION, "Fe de errores: 21")
    assert one != subject_of(7, Reason.CORRECTION, "Fe de errores: 22")
    assert len(one) <= 40


@pytest.mark.parametrize(
    ("gone", "watched", "moved"),
    [(1, 1, False), (2, 2, False), (3, 3, True), (3, 6, False), (4, 6, True)],
)
def test_a_site_has_moved_if_most_of_its_pages_are_gone(gone, watched, moved) -> None:
    assert is_move(gone=gone, watched=watched) is moved


# --- when -----------------------------------------------------------------------------------------


def looked(*, until=WATCHED_FOR):
    moments, now = [], NOON
    while moment := next_look(since=NOON, until=NOON + until, now=now):
        moments.append(moment - NOON)
        now = moment
    return moments


def test_looks_come_at_growing_intervals_for_three_days() -> None:
    assert looked() == list(LOOKS)
    pauses = [later - sooner for sooner, later in pairwise(LOOKS)]
    assert pauses == sorted(pauses)
    assert LOOKS[-1] == WATCHED_FOR == timedelta(hours=72)


def test_a_story_that_goes_on_is_looked_at_once_a_day() -> None:
    assert looked(until=timedelta(days=6))[len(LOOKS) :] == [
        WATCHED_FOR + n * LATER_LOOKS for n in (1, 2, 3)
    ]


def test_a_look_that_was_missed_is_not_made_up() -> None:
    late = NOON + timedelta(hours=5)
    assert next_look(since=NOON, until=NOON + WATCHED_FOR, now=late) == NOON + timedelta(hours=8)
