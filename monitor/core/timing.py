"""When to do something again. Chance is an argument: a number in [0, 1)."""

from datetime import datetime, timedelta

FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=15)
LONGEST_FEED_INTERVAL = timedelta(days=1)  # a failing feed is never given up
LONGEST_REQUEST_PAUSE = timedelta(days=1)  # what a Retry-After may ask of us
JITTER = 0.2  # share of an interval by which polls spread, so that feeds do not march in step


def retry_at(
    now: datetime, *, attempts: int, chance: float, after: timedelta | None = None
) -> datetime:
    """When to try again after n `attempts`: min(15 min, 5 s·2ⁿ), up to half less by chance.

    An outside party's own wish (`after`) wins where it is longer.
    """
    doubled: timedelta = FIRST_RETRY * 2 ** min(attempts, 16)
    pause = min(LONGEST_RETRY, doubled) * (1 - chance / 2)
    return now + max(pause, min(after or timedelta(), LONGEST_REQUEST_PAUSE))


def next_poll(now: datetime, *, interval: timedelta, failures: int, chance: float) -> datetime:
    """When to poll a feed again: its interval, doubled for each failure in a row, up to a day."""
    doubled: timedelta = interval * 2 ** min(failures, 12)
    grown = min(doubled, max(LONGEST_FEED_INTERVAL, interval))
    return now + grown * (1 + JITTER * (chance - 0.5))


def counted_try(now: datetime, *, tried_at: datetime | None) -> timedelta:
    """How much of the time since the last try counts towards giving up: at most 15 minutes.

    A clock that jumps, or a machine that slept, must not age a queue to death.
    """
    if tried_at is None or tried_at > now:
        return timedelta()
    return min(now - tried_at, LONGEST_RETRY)
