"""What many ask for at once is made once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from monitor.recent import MOST_KEPT, Recent

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def recent():
    return Recent(SECOND)


@pytest.fixture
def made():
    """What was made, in turn."""
    return []


@pytest.fixture
def make(made):
    def one():
        made.append(len(made))
        return made[-1]

    return one


def test_what_was_made_a_moment_ago_is_given_again(recent, make, made):
    assert recent.get("a", make, now=NOON) == 0
    assert recent.get("a", make, now=NOON + SECOND / 2) == 0
    assert recent.get("b", make, now=NOON) == 1
    assert made == [0, 1]


def test_what_is_older_is_made_anew(recent, make):
    recent.get("a", make, now=NOON)
    assert recent.get("a", make, now=NOON + SECOND) == 1
    assert recent.get("a", make, now=NOON + SECOND) == 1


def test_a_clock_that_is_set_back_gives_nothing_of_the_future(recent, make):
    recent.get("a", make, now=NOON)
    assert recent.get("a", make, now=NOON - SECOND / 2) == 1


def test_who_asks_while_it_is_made_waits_for_it(recent, make, made):
    asked, go_on = threading.Event(), threading.Event()

    def slow():
        asked.set()
        assert go_on.wait(10)
        return make()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(recent.get, "a", slow, now=NOON)
        assert asked.wait(10)
        second = pool.submit(recent.get, "a", make, now=NOON)
        go_on.set()
        assert first.result(10) == second.result(10) == 0
    assert made == [0]


def test_a_failure_is_raised_and_not_kept(recent, make):
    def fail():
        raise OSError("away")

    with pytest.raises(OSError, match="away"):
        recent.get("a", fail, now=NOON)
    assert recent.get("a", make, now=NOON) == 0


def test_only_so_much_is_kept(recent, make, made):
    for number in range(MOST_KEPT + 1):
        recent.get(number, make, now=NOON)
    recent.get(MOST_KEPT, make, now=NOON)
    assert len(made) == MOST_KEPT + 1
    recent.get(0, make, now=NOON)
    assert len(made) == MOST_KEPT + 2
