"""What counts as standing still, and what people are told of starts, stops and canaries."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.core import canaries, lives
from monitor.core.canaries import Journey
from monitor.core.lives import Ending, Former
from monitor.core.matcher import Matcher
from monitor.core.model import Document, Strength
from monitor.core.pulse import Motion, standstills

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def test_an_idle_step_stands_not_still() -> None:
    assert standstills({"poll": Motion(since_done=timedelta(days=3))}) == []


def test_a_backlog_moves_as_long_as_something_is_done() -> None:
    backlog = Motion(overdue=timedelta(hours=2), since_done=timedelta(seconds=3))
    assert standstills({"triage": backlog}) == []


def test_what_is_due_and_not_done_for_five_minutes_stands_still() -> None:
    stuck = Motion(overdue=minutes(6), since_done=minutes(9))
    assert standstills({"deliver": stuck, "poll": Motion()}) == [
        "deliver: due for 6 minutes, and none of it was done"
    ]


def test_a_thread_of_which_nothing_comes_stands_still_whatever_the_others_do() -> None:
    hung = Motion(hung=minutes(11))
    assert standstills({"read": hung}) == ["read: nothing has come of a thread for 11 minutes"]


def test_the_canary_s_own_rule_matches_its_text_in_the_headline_and_lead() -> None:
    made = canaries.invent(7, at=NOON)
    assert b"<guid>7</guid>" in made.document
    text = "A yellow canary reached the newsroom this hour, number 7 of those that set out."
    document = Document(title="Canary 7 reached the newsroom", summary=text)
    (match,) = Matcher([canaries.RULE]).match(document)
    assert match.strength is Strength.STRONG


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        ({}, "the worker processes"),
        ({"listed_at": NOON}, "the step read"),
        ({"listed_at": NOON, "read_at": NOON}, "the step triage"),
        (
            {"listed_at": NOON, "read_at": NOON, "judged_at": NOON},
            "as far as the outbox, and bird has not taken it",
        ),
    ],
)
def test_a_missed_canary_says_how_far_it_came(passed: dict[str, datetime], said: str) -> None:
    channels = (("nest", NOON), ("bird", None))
    journey = Journey(1, NOON, NOON + minutes(5), sent_at=channels, **passed)
    title, body = canaries.missed(journey)
    assert title == "A canary has not arrived"
    assert said in body
    assert not journey.arrived


@pytest.mark.parametrize(
    ("former", "said"),
    [
        (None, "It has never run here before."),
        (Former(NOON, Ending.CLEAN), "Before: it stopped in order at 12:00 UTC."),
        (
            Former(NOON - timedelta(days=1), Ending.KILLED),
            "killed, crashed, or out of memory; its last sign of life was at 1 Mar 12:00 UTC.",
        ),
        (Former(NOON, Ending.POWER), "Before: it ended with the machine: power loss"),
    ],
)
def test_a_start_says_how_the_watch_ended_before(former: Former | None, said: str) -> None:
    words = lives.started(NOON + minutes(5), version="1.0", watching="3 rules", former=former)
    assert words.startswith("Version 1.0, 3 rules.\n")
    assert said in words
