"""What a poll may have missed: no feed says what came and went between two looks at it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil, log

# A news day has its busy and its quiet half: a quarter of a day follows both, and no single
# burst governs for longer.
HALF_LIFE = timedelta(hours=6)
FORGOTTEN = timedelta(days=30)  # longer spans count as this
LATELY = timedelta(days=1)  # what a feed's first document says of its flow

DATES_STEP = timedelta(minutes=1)  # dates of feeds are seldom finer
UNDATED_WINDOWS = 10  # taken to have rolled by unseen where there are no dates
MOST_WINDOWS = 100  # … where there are, however short the time they span

ASKED_IN_FULL_EVERY = timedelta(days=1)
LIE_REMEMBERED = timedelta(days=30)
OWED = 3  # items that should have come before "unchanged" is doubted; e⁻³: a chance of 1 in 20
LEAST_UNCHANGED = 3  # answers of "unchanged" in a row
FIRST_DOUBT = timedelta(minutes=30)  # after the last answer in full
NEXT_DOUBT = timedelta(hours=2)  # after one that has already confirmed the silence

HOUR = timedelta(hours=1)


class Cause(StrEnum):
    """Why something may have been missed; the words reach people."""

    WINDOW = "more came between two polls than the feed shows"
    CUT = "the feed lists more items than are read"
    STOPPED = "the watch was not running"
    NETWORK = "our own network was down"
    FAILING = "the feed could not be fetched"
    RESTING = "its host asked to be left alone"
    FALSE_304 = "the feed said that nothing had changed"


@dataclass(frozen=True, slots=True)
class Blindness:
    """Since when we, not the feed, could not look, and why."""

    since: datetime
    cause: Cause


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of time of which we cannot say that we saw everything; `most` counts items."""

    since: datetime
    until: datetime
    most: int
    cause: Cause

    def __str__(self) -> str:
        items = "1 item" if self.most == 1 else f"{self.most:,} items"
        day = "" if self.since.date() == self.until.date() else "%Y-%m-%d "
        span = f"{self.since:%Y-%m-%d %H:%M} and {self.until:{day}%H:%M} UTC"
        return f"up to {items} may have been missed between {span}: {self.cause}"


def gap(  # noqa: PLR0913 - all that a poll knows
    *,
    last_answer: datetime | None,
    now: datetime,
    listed: int,
    new: int,
    cut: int,
    overlapped: bool | None,
    published: Sequence[datetime | None],
    flow: float,
    cause: Cause,
    confirmed: datetime | None = None,
) -> Gap | None:
    """What a poll at `now` may have missed since the `last_answer`; None: nothing.

    Nothing is missed if the items shown (`listed`, of which `new` were unknown, with the dates
    `published`) reach back into those shown before (`overlapped`; None: none were), or if all of
    them are known. Else it begins with the last answer and ends with the oldest date shown since
    then (from there on the items are before us), or now if there is none. Answers since the feed
    last showed what it has (`confirmed`) said "unchanged"; where that was wrong, it begins there.

    `most` = ⌈max(flow, pace) · hours from begin to end⌉ + cut, at least 1. `flow` is what the
    feed brings in the long run, items an hour; the pace is that of the window shown: its new
    items over the time from the oldest date to now (at least a minute; never more than 100 such
    windows, without dates never more than 10). `cut` are items that it showed
    and we left out.
    """
    if last_answer is None or not listed or overlapped is not False or not (new or cut):
        return None
    if confirmed is not None and _belied(published, since=confirmed, by=last_answer, cause=cause):
        last_answer, cause = min(confirmed, last_answer), Cause.FALSE_304
    now = max(now, last_answer)  # a clock may be set back
    dates = [each for each in published if each is not None and last_answer <= each <= now]
    until = min(dates, default=now)
    missing = until - last_answer
    window = max(now - until, DATES_STEP)
    windows = min(missing / window, MOST_WINDOWS if dates else UNDATED_WINDOWS)
    most = ceil(max(flow * (missing / HOUR), new * windows)) + cut
    return Gap(last_answer, until, max(1, most), cause)


def _belied(
    published: Sequence[datetime | None], *, since: datetime, by: datetime, cause: Cause
) -> bool:
    """Whether most new items are dated from the time of which the feed said "unchanged".

    Single ones may be: a date is when a report was written, not when the feed took it up. Where
    no item has a date, and we did look all the while, nothing speaks for the feed.
    """
    dates = [each for each in published if each is not None and each >= since]
    if cause is Cause.FALSE_304 or (not dates and cause is Cause.WINDOW):
        return since < by
    return 2 * sum(each < by for each in dates) > len(dates)


def flow(before: float, *, new: int, elapsed: timedelta) -> float:
    """New items an hour, lately: the past counts half every six hours. `before`: as it was."""
    hours = elapsed / HOUR
    if hours <= 0:
        return before + new * log(2) / (HALF_LIFE / HOUR)  # the limit of what follows
    kept = _kept(elapsed)
    return before * kept + new / hours * (1 - kept)


def first_flow(published: Sequence[datetime | None], *, now: datetime) -> float:
    """New items an hour by what a feed shows at first sight; 0.0 without dates of the last day.

    The dates of the last day over the time back to the oldest of them, at least an hour.
    """
    ages = [now - each for each in published if each is not None and now - LATELY <= each <= now]
    return len(ages) / (max(*ages, HOUR) / HOUR) if ages else 0.0


def _kept(elapsed: timedelta) -> float:
    kept: float = 0.5 ** (min(elapsed, FORGOTTEN) / HALF_LIFE)
    return kept


def doubtful(
    *,
    now: datetime,
    asked_in_full_at: datetime | None,
    lied_at: datetime | None,
    news_at: datetime | None,
    flow: float,
    unchanged: int,
) -> bool:
    """Whether to ask without validators, because "unchanged" (304) may be wrong.

    Once a day; always for 30 days after a lie; and when at least 3 items should have come since
    the last news, by the `flow` of then (what the present one has forgotten is given back),
    while the feed has said "unchanged" at least 3 times: half an hour after the last answer in
    full, and if that has confirmed the silence, when the silence has doubled, not before two hours.
    """
    if asked_in_full_at is None or now - asked_in_full_at >= ASKED_IN_FULL_EVERY:
        return True
    if lied_at is not None and now - lied_at < LIE_REMEMBERED:
        return True
    if news_at is None or news_at > now or unchanged < LEAST_UNCHANGED:
        return False
    if flow / _kept(now - news_at) * ((now - news_at) / HOUR) < OWED:
        return False
    confirmed = asked_in_full_at - news_at
    pause = FIRST_DOUBT if confirmed <= timedelta() else max(NEXT_DOUBT, confirmed)
    return now - asked_in_full_at >= pause
