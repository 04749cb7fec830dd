"""Whether a quiet feed is quieter than its own rhythm allows.

Hours are counted since 1970 in UTC, so that an hour's place in the week is its remainder.
"""

from collections.abc import Mapping
from math import sqrt

DAY = 24  # hours
WEEK = 7 * DAY
LEAST_HISTORY = 2 * WEEK  # each hour of the week seen twice: less is no rhythm
SURE_HISTORY = 3 * WEEK  # from here on one odd week no longer makes the rule

# A steady trickle (Poisson) of x items exceeds x - 3.5·√x ≥ 1 from 15 on. That none of 15 come by
# chance, looked at hourly, is once in thousands of weeks; with means from a few weeks only it was
# measured at once in about 600 (tests/unit/test_rhythm.py holds it under once in 200).
DEVIATIONS = 3.5
LEAST_EXPECTED = 3.0  # items that should have come: fewer prove nothing, however regular the feed

PRIOR_DAYS = 5  # as a steady trickle, before a feed's own days are believed


def overdue(
    counts: Mapping[int, int], *, first_hour: int, now_hour: int, last_news_hour: int
) -> bool:
    """Whether nothing has come for so long that something is wrong.

    `counts` are new items by hour, hours without any left out, known since `first_hour` (which
    holds what a feed shows at first sight and does not count). The history is what lies before
    the silence; under two weeks of it say nothing. From it comes the number of items expected
    since `last_news_hour`, in the hours that are over: the sum of the means of the same hours of
    the week. The feed is overdue if that sum, less 3.5 deviations, is still 1 or more.
    """
    begin, end = first_hour + 1, last_news_hour + 1
    if end - begin < LEAST_HISTORY or now_hour - end < 1:
        return False
    history = {hour: new for hour, new in counts.items() if begin <= hour < end and new > 0}
    expected = _expected(history, begin, end, now_hour, period=WEEK)
    if end - begin < SURE_HISTORY:  # two weeks may share a holiday, or miss a weekend
        expected = min(expected, _expected(history, begin, end, now_hour, period=DAY))
    if expected < LEAST_EXPECTED:
        return False
    deviation = sqrt(expected * _unsteadiness(history, begin, end))
    return expected - DEVIATIONS * deviation >= 1


def _expected(
    history: Mapping[int, int], begin: int, end: int, now_hour: int, *, period: int
) -> float:
    """Items to expect from `end` to `now_hour`, each hour as the same one of other periods."""
    totals: dict[int, int] = {}
    for hour, new in history.items():
        totals[hour % period] = totals.get(hour % period, 0) + new
    return sum(
        total / _times(place, begin, end, period) * _times(place, end, now_hour, period)
        for place, total in totals.items()
    )


def _times(place: int, begin: int, end: int, period: int) -> int:
    """How often an hour of the period comes from `begin` until before `end`."""
    return (end - place - 1) // period - (begin - place - 1) // period


def _unsteadiness(history: Mapping[int, int], begin: int, end: int) -> float:
    """Variance over mean of the days' counts: 1 for a steady trickle, 0 for a clockwork.

    By days, not by hours: what comes in bursts leaves many hours empty together. Each day is
    compared with the mean of its weekday.
    """
    weeks = (end - begin) // WEEK
    days = [0] * (weeks * 7)  # counted from `begin`
    for hour, new in history.items():
        if (hour - begin) // DAY < len(days):
            days[(hour - begin) // DAY] += new
    means = [sum(days[weekday::7]) / weeks for weekday in range(7)]
    squares = [
        (new - means[number % 7]) ** 2 / means[number % 7]
        for number, new in enumerate(days)
        if means[number % 7]
    ]
    spread = sum(squares) * weeks / (weeks - 1)  # the means were taken from the same days
    return (spread + PRIOR_DAYS) / (len(squares) + PRIOR_DAYS)
