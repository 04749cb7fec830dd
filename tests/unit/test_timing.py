"""When feeds are polled: steering, failing, resting."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import timing
from monitor.core.health import Trouble
from monitor.core.timing import Bounds

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
BOUNDS = Bounds(shortest=2 * MINUTE, usual=5 * MINUTE, longest=20 * MINUTE)


def steer(interval=6 * MINUTE, **changed):
    poll = {"bounds": BOUNDS, "listed": 30, "known": 15, "overlapped": True, "flow": 0.0}
    return timing.steered(interval, **(poll | changed))


# --- bounds ---


def bounds(own=None, usual=5 * MINUTE):
    return timing.bounds_of(shortest=2 * MINUTE, usual=usual, longest=20 * MINUTE, own=own)


def test_a_feed_without_an_interval_of_its_own_keeps_to_the_settings():
    assert bounds() == BOUNDS


@pytest.mark.parametrize(
    ("own", "shortest", "usual"),
    [(10 * MINUTE, 2, 5), (3 * MINUTE, 2, 3), (1 * MINUTE, 1, 1), (90 * MINUTE, 2, 5)],
)
def test_a_feeds_own_interval_is_its_longest_pause(own, shortest, usual):
    wanted = Bounds(shortest=shortest * MINUTE, usual=usual * MINUTE, longest=own)
    assert bounds(own) == wanted


def test_a_usual_interval_outside_the_bounds_widens_them():
    assert bounds(usual=HOUR).longest == HOUR
    assert bounds(usual=MINUTE).shortest == MINUTE


# --- steering ---


@pytest.mark.parametrize(
    ("known", "minutes"), [(0, 3), (9, 3), (10, 6), (20, 6), (21, 9), (29, 9), (30, 9)]
)
def test_the_share_of_known_items_steers_the_interval(known, minutes):
    assert steer(known=known) == minutes * MINUTE


def test_an_empty_feed_is_asked_later():
    assert steer(listed=0, known=0) == 9 * MINUTE


def test_a_window_that_no_longer_overlaps_goes_straight_to_the_shortest_pause():
    assert steer(overlapped=False, known=29) == 2 * MINUTE


def test_a_fast_feed_is_asked_three_times_in_each_rollover():
    assert steer(known=28, flow=150.0) == 4 * MINUTE  # 30 items in 12 minutes


@given(
    st.timedeltas(timedelta(), DAY), st.integers(0, 100), st.floats(0, 1),
    st.sampled_from([True, False, None]), st.floats(0, 1e6),
)  # fmt: skip
def test_an_interval_stays_within_its_bounds(interval, listed, share, overlapped, flow):
    known = int(listed * share)
    found = steer(interval, listed=listed, known=known, overlapped=overlapped, flow=flow)
    assert BOUNDS.shortest <= found <= BOUNDS.longest


@given(st.integers(1, 100), st.floats(0, 1e6), st.integers(0, 100))
def test_knowing_more_never_makes_a_feed_be_asked_sooner(listed, flow, known):
    steps = [steer(listed=listed, known=each, flow=flow) for each in (min(known, listed), listed)]
    assert steps == sorted(steps)


# --- failing ---


def pauses(trouble, count=40, interval=5 * MINUTE):
    return [timing.paused(interval, trouble=trouble, failures=n) for n in range(1, count)]


@pytest.mark.parametrize(
    ("trouble", "minutes"),
    [
        (Trouble.SOFT, [5, 6.25, 7.8125, 9.765625]),
        (Trouble.HARD, [5, 60, 240, 960]),
        (Trouble.WALL, [30, 60, 120, 240]),
    ],
)
def test_each_kind_of_trouble_has_its_own_pauses(trouble, minutes):
    assert pauses(trouble, 5) == [each * MINUTE for each in minutes]


@pytest.mark.parametrize("trouble", Trouble)
def test_a_failing_feed_is_asked_less_and_less_but_every_day(trouble):
    found = pauses(trouble)
    assert found == sorted(found)
    assert found[-1] == DAY


@pytest.mark.parametrize("trouble", Trouble)
@given(interval=st.timedeltas(MINUTE, 7 * DAY), failures=st.integers(0, 100_000))
def test_a_failing_feed_is_never_asked_more_often_than_a_healthy_one(trouble, interval, failures):
    pause = timing.paused(interval, trouble=trouble, failures=failures)
    assert interval <= pause <= max(DAY, interval)


# --- spreading ---


@given(st.timedeltas(MINUTE, DAY), st.floats(0, 0.999))
def test_polls_spread_by_a_tenth_of_their_pause(pause, chance):
    found = timing.next_poll(NOW, pause=pause, chance=chance) - NOW
    assert abs(found - pause) <= pause * 0.1 + timedelta(microseconds=1)


def test_chance_spreads_them_evenly():
    waits = [timing.next_poll(NOW, pause=HOUR, chance=n / 100) - NOW for n in range(100)]
    steps = [later - sooner for sooner, later in pairwise(waits)]
    assert max(steps) - min(steps) <= timedelta(microseconds=2)
    assert min(waits) < HOUR < max(waits)


# --- resting ---


@pytest.mark.parametrize(
    ("refusals", "minutes"), [(0, 2), (1, 2.5), (2, 3.125), (24, 20), (10**6, 20)]
)
def test_a_host_that_refuses_rests_longer_each_time(refusals, minutes):
    assert timing.rested(refusals, after=None) == minutes * MINUTE
    assert timing.rested(refusals, after=timedelta()) == minutes * MINUTE


def test_a_host_that_says_how_long_is_taken_at_its_word_up_to_a_day():
    assert timing.rested(5, after=timedelta(seconds=30)) == timedelta(seconds=30)
    assert timing.rested(0, after=timedelta(days=400)) == DAY
