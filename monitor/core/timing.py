"""When to do something again. Chance is an argument: a number in [0, 1)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.core.health import Trouble

FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=15)

JITTER = 0.2  # share of a pause by which polls spread, so that feeds do not march in step

# Media Cloud's steering, by the share of the items shown that were known already: the window has
# turned over by more than two thirds (too late soon), or by less than one (too often).
FEW_KNOWN = 1 / 3
MOST_KNOWN = 2 / 3
SOONER, LATER = 0.5, 1.5  # quick towards a burst, slow away from it
ROLLOVER_SHARE = 1 / 3  # of the time in which a window rolls over: two polls may fail unharmed

LONGEST_FEED_PAUSE = timedelta(days=1)  # a failing feed is never given up
GROWTH = 1.25  # who returns goes unseen for a quarter of the time away; 25 requests a day at most
MOST_GROWTHS = 50  # 1.25⁵⁰ seconds are most of a day: past any bound with pauses of ours
MOST_DOUBLINGS = 16
HARD_PAUSE = timedelta(hours=1)  # a page that is gone seldom returns within minutes
WALL_PAUSE = timedelta(minutes=30)  # bot checks remember who comes back at once

# When a watched article is read again, counted from when it began to be watched: corrections come
# soon or never. docs/adr/0018 has the price in requests.
LOOKS = tuple(
    timedelta(minutes=each) for each in (10, 30, 60, 120, 240, 480, 960, 1_680, 2_880, 4_320)
)
LATER_LOOKS = timedelta(days=1)  # between looks at one that is watched longer: its story goes on
WATCHED_FOR = timedelta(hours=72)  # after the last alert of its story
GONE_CONFIRMED = timedelta(minutes=30)  # between two looks that find a page gone

LONGEST_REQUEST_PAUSE = timedelta(days=1)  # what a Retry-After may ask of us
FIRST_REST = timedelta(minutes=2)  # of a host that refuses without saying for how long
LONGEST_REST = timedelta(minutes=20)  # one request in twenty minutes is no burden

_UNITS = ((86_400, "days"), (3_600, "hours"), (60, "minutes"), (1, "seconds"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Between which pauses a feed's polls are steered; `usual` is where they begin."""

    shortest: timedelta
    usual: timedelta
    longest: timedelta


def bounds_of(
    *, shortest: timedelta, usual: timedelta, longest: timedelta, own: timedelta | None
) -> Bounds:
    """The bounds of one feed. Its `own` interval is its longest pause, whatever the settings say.

    A usual or own interval outside the bounds widens them: somebody has chosen it.
    """
    if own is None:
        return Bounds(shortest=min(shortest, usual), usual=usual, longest=max(longest, usual))
    return Bounds(shortest=min(shortest, usual, own), usual=min(usual, own), longest=own)


def steered(
    interval: timedelta,
    *,
    bounds: Bounds,
    listed: int,
    known: int,
    overlapped: bool | None,
    flow: float,
) -> timedelta:
    """The pause after a poll that found `known` of the `listed` items known already.

    Half as long if most were new, half as long again if most were known (an unchanged answer:
    all), the shortest at once if the window no longer overlaps the last one. Never longer than a
    third of the time in which `listed` items roll over at `flow` new items an hour.
    """
    if overlapped is False:
        return bounds.shortest
    share = known / listed if listed else 1.0
    if share < FEW_KNOWN:
        interval *= SOONER
    elif share > MOST_KNOWN:
        interval *= LATER
    interval = min(max(interval, bounds.shortest), bounds.longest)
    if listed and interval * flow > timedelta(hours=listed) * ROLLOVER_SHARE:
        interval = timedelta(hours=listed) * ROLLOVER_SHARE / flow
    return max(interval, bounds.shortest)


def paused(interval: timedelta, *, trouble: Trouble, failures: int) -> timedelta:
    """The pause of a feed that failed `failures` times in a row (this time included), 1 to n.

    The first failure changes nothing, unless it is a wall; from the second on the pause grows to
    a day: a quarter longer each time, from the interval, if the trouble is soft, quadrupled from an
    hour if it is hard, doubled from half an hour before a wall.
    """
    longest = max(LONGEST_FEED_PAUSE, interval)
    again = max(failures - 1, 0)
    pause: timedelta
    if trouble is Trouble.WALL:
        pause = max(WALL_PAUSE, interval) * 2 ** min(again, MOST_DOUBLINGS)
    elif trouble is Trouble.HARD and again:
        pause = max(HARD_PAUSE, interval) * 4 ** (min(again, MOST_DOUBLINGS // 2) - 1)
    else:
        pause = interval * GROWTH ** min(again, MOST_GROWTHS)
    return min(pause, longest)


def next_poll(now: datetime, *, pause: timedelta, chance: float) -> datetime:
    """When a feed is polled again: after its pause, a tenth sooner or later by chance."""
    return now + pause * (1 + JITTER * (chance - 0.5))


def rested(refusals: int, *, after: timedelta | None) -> timedelta:
    """How long a host is left alone that answered 429 or 503, or showed a wall.

    As long as it asks itself (`after`, its Retry-After, at most a day), else 2 min·1.25ⁿ for n
    `refusals` in a row before this one, up to twenty minutes. "Retry-After: 0" asks nothing.
    """
    if after is not None and after > timedelta():
        return min(after, LONGEST_REQUEST_PAUSE)
    grown: timedelta = FIRST_REST * GROWTH ** min(max(refusals, 0), MOST_GROWTHS)
    return min(grown, LONGEST_REST)


def retry_at(
    now: datetime, *, attempts: int, chance: float, after: timedelta | None = None
) -> datetime:
    """When to try again after n `attempts`: min(15 min, 5 s·2ⁿ), up to half less by chance.

    An outside party's own wish (`after`) wins where it is longer.
    """
    doubled: timedelta = FIRST_RETRY * 2 ** min(attempts, MOST_DOUBLINGS)
    pause = min(LONGEST_RETRY, doubled) * (1 - chance / 2)
    return now + max(pause, min(after or timedelta(), LONGEST_REQUEST_PAUSE))


def counted_try(now: datetime, *, tried_at: datetime | None) -> timedelta:
    """How much of the time since the last try counts towards giving up: at most 15 minutes.

    A clock that jumps, or a machine that slept, must not age a queue to death.
    """
    if tried_at is None or tried_at > now:
        return timedelta()
    return min(now - tried_at, LONGEST_RETRY)


def in_words(span: timedelta) -> str:
    """A span as a whole number of the largest unit that fits: `90 minutes`, `1 hour`."""
    seconds = int(span.total_seconds())
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0)
    number = seconds // size
    return f"{number} {unit if number != 1 else unit.removesuffix('s')}"


def next_look(*, since: datetime, until: datetime, now: datetime) -> datetime | None:
    """When an article watched `since` is read again; None if it is not watched any more then."""
    later = (since + each for each in LOOKS if since + each > now)
    moment = next(later, now + LATER_LOOKS)
    return moment if moment <= until else None
