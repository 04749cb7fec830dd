"""Whether a quiet feed is quieter than its own rhythm allows."""

import math
import random
from bisect import bisect_left
from itertools import pairwise

import pytest

from monitor.core import rhythm

WEEK = 168
BEGIN = 490_000 // WEEK * WEEK + 96  # a Monday at midnight: hour 0 of 1970 was a Thursday's
MONDAY, TUESDAY, SATURDAY = 0, 24, 120  # hours into the week


def invented(brings, *, weeks):
    """New items by hour; `brings(hour of the week, week)` says how many."""
    found = ((hour, brings(hour % WEEK, hour // WEEK)) for hour in range(weeks * WEEK))
    return {BEGIN + hour: new for hour, new in found if new}


def office(hour, _week):
    return 1 if hour < SATURDAY and 9 <= hour % 24 < 17 else 0


def column(hour, week):
    return 1 if hour == MONDAY + 9 + week % 3 else 0


def becomes_overdue(counts, *, last=None, days=400):
    """After how many hours of silence since the `last` news; None: not in all these days."""
    last = max(counts) if last is None else last
    before = {hour: new for hour, new in counts.items() if hour <= last}

    def overdue(hours):
        return rhythm.overdue(
            before, first_hour=BEGIN - 1, now_hour=last + hours, last_news_hour=last
        )

    hours = range(days * 24)
    found = bisect_left(hours, True, key=overdue)  # noqa: FBT003 - a place among answers
    return found if found in hours else None


def test_the_week_of_these_tests_begins_on_a_monday():
    assert BEGIN // 24 % 7 == 4  # 1970 began on a Thursday


@pytest.mark.parametrize("weeks", [3, 4, 8, 12])
def test_an_office_feed_may_rest_at_night_and_over_the_weekend(weeks):
    counts = invented(office, weeks=weeks)
    friday = BEGIN + (weeks - 1) * WEEK + SATURDAY - 8  # its last item, at 16
    silence = becomes_overdue(counts, last=friday)
    assert silence > 64  # Monday at 9
    assert silence <= 64 + 24 + 8  # Tuesday afternoon


@pytest.mark.parametrize("weeks", [3, 8])
def test_an_office_feed_that_is_silent_on_a_working_day_is_overdue_the_next(weeks):
    counts = invented(office, weeks=weeks)
    monday = BEGIN + (weeks - 1) * WEEK + MONDAY + 16
    assert 16 + 4 < becomes_overdue(counts, last=monday) <= 24 + 24


def test_a_weekly_column_may_miss_a_month_but_not_a_quarter():
    counts = invented(column, weeks=12)
    assert 4 * WEEK < becomes_overdue(counts) < 13 * WEEK


def test_a_feed_of_bursts_may_rest_as_long_as_bursts_do():
    chance = random.Random(3)
    active = [chance.random() < 0.25 for _ in range(7 * 12)]  # whole days, 48 items or none
    counts = invented(lambda hour, week: 2 if active[week * 7 + hour // 24] else 0, weeks=12)
    assert 14 * 24 < becomes_overdue(counts) < 100 * 24


def test_a_feed_of_one_item_a_month_is_overdue_only_after_many():
    counts = invented(lambda hour, week: 1 if (hour, week % 4) == (50, 1) else 0, weeks=12)
    assert becomes_overdue(counts, days=150) is None
    assert becomes_overdue(counts, days=3000) is not None


def test_a_busy_feed_that_dies_is_overdue_within_hours():
    counts = invented(lambda _hour, week: 10 + week % 2, weeks=8)
    assert becomes_overdue(counts) <= 6


def test_a_feed_that_is_overdue_stays_so_until_news():
    counts = invented(office, weeks=4)
    last = max(counts)
    overdue = [
        rhythm.overdue(counts, first_hour=BEGIN - 1, now_hour=last + n, last_news_hour=last)
        for n in range(0, 60 * 24, 5)
    ]
    assert overdue == sorted(overdue)
    assert overdue[-1]


def test_two_weeks_are_needed_and_the_first_sight_does_not_count():
    counts = invented(office, weeks=2)
    assert becomes_overdue(counts) is None  # Friday at 16 is two days short of them
    assert becomes_overdue(counts | {BEGIN - 1: 500}) is None
    assert becomes_overdue({}, last=BEGIN + 5 * WEEK) is None


def test_in_the_third_week_a_weekend_is_no_surprise():
    counts = invented(office, weeks=3)
    friday = BEGIN + 2 * WEEK + SATURDAY - 8
    assert becomes_overdue(counts, last=friday) > 64


# --- false alarms ---


def poisson(chance, mean):
    """Knuth's way; the means here are small."""
    limit, product, found = math.exp(-mean), chance.random(), 0
    while product > limit:
        found, product = found + 1, product * chance.random()
    return found


def weekly(chance, kind):
    """A rhythm: how much of its week's items falls into each hour."""
    if kind == "office":
        weights = [float(office(hour, 0)) for hour in range(WEEK)]
    elif kind == "steady":
        weights = [1.0] * WEEK
    else:
        weights = [chance.random() ** 3 for _ in range(WEEK)]
    return [each / sum(weights) for each in weights]


def false_alarms(chance, *, items, kind, weeks):
    """How often a feed that never fails is called overdue, looked at hourly.

    Being overdue lasts until the next news, so that one look before them sees it.
    """
    shares = weekly(chance, kind)
    counts = invented(lambda hour, _week: poisson(chance, items * shares[hour]), weeks=weeks)
    hours = sorted(counts)
    return sum(
        rhythm.overdue(counts, first_hour=BEGIN - 1, now_hour=after, last_news_hour=before)
        for before, after in pairwise(hours)
        if after - before > 1
    )


def test_a_feed_that_never_fails_is_hardly_ever_called_overdue():
    chance, alarms, watched = random.Random(11), 0, 0
    for items in (1, 5, 20, 60, 200):
        for kind in ("office", "steady", "wild"):
            for _ in range(3):
                alarms += false_alarms(chance, items=items, kind=kind, weeks=8)
                watched += 6  # the first two weeks only teach
    assert alarms / watched < 1 / 200, f"{alarms} false alarms in {watched} weeks of a feed"
