"""When a channel wants its messages: digests by the clock, quiet hours, hours on call, a cap.

Pure: the moment and the time zone come in, aware moments in UTC go out. A time that the clocks
skip stands for the first moment after the gap; one that they show twice for the first of the two.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

EVERY_DAY = frozenset(range(7))  # 0 is Monday
USUAL_DIGEST = timedelta(minutes=30)
MOST_LISTED = 20  # stories in one digest, unless the channel says otherwise
A_DAY = timedelta(days=1)
A_WEEK = 7  # days
A_SECOND = timedelta(seconds=1)
MOST_TURNS = 60  # spans that are followed, one behind the other: hours that leave no time at all


class Why(StrEnum):
    """Why a message is held back; the words stand in lists and messages."""

    QUIET = "quiet hours"
    OFF_CALL = "off call"
    BURST = "burst"


class Otherwise(StrEnum):
    """What becomes of a message outside of the hours on call."""

    HOLD = "hold"
    FALLBACK = "fallback"


class Then(StrEnum):
    """What a rule wants in hours of its own, whatever its channels' quiet hours are."""

    HOLD = "hold"
    DELIVER = "deliver"


@dataclass(frozen=True, slots=True)
class Hours:
    """A span of the day, past midnight if it ends no later than it begins.

    `days` are those on which it begins.
    """

    begins: time
    ends: time
    zone: tzinfo = UTC
    days: frozenset[int] = EVERY_DAY


@dataclass(frozen=True, slots=True)
class RuleHours:
    """Hours in which what a rule tells waits, or comes although its channel is quiet."""

    hours: Hours
    then: Then = Then.HOLD


@dataclass(frozen=True, slots=True)
class Slots:
    """Times of the day, on some days of the week."""

    at: tuple[time, ...]
    zone: tzinfo = UTC
    days: frozenset[int] = EVERY_DAY


@dataclass(frozen=True, slots=True)
class Digests:
    """When what is collected is sent: at `slots`, else so long after the first of it.

    `empty`: a digest is sent even if there is nothing to tell.
    """

    every: timedelta = USUAL_DIGEST
    slots: Slots | None = None
    max_items: int = MOST_LISTED
    empty: bool = False


@dataclass(frozen=True, slots=True)
class OnCall:
    """When a channel gets messages at once, and what becomes of them at other times."""

    hours: tuple[Hours, ...]
    otherwise: Otherwise = Otherwise.HOLD


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many messages in any span of this length: more become one digest."""

    messages: int
    every: timedelta


@dataclass(frozen=True, slots=True)
class Peace:
    """How a channel wants to be left in peace."""

    digests: Digests = Digests()
    quiet: tuple[Hours, ...] = ()
    on_call: OnCall | None = None
    rate: Rate | None = None

    @property
    def keeps(self) -> bool:
        """Whether anything may be held back at all."""
        return bool(self.clocked or self.rate)

    @property
    def clocked(self) -> bool:
        """Whether there are hours in which what can wait does not come here."""
        return bool(self.quiet or self.on_call)


PEACE = Peace()  # of a channel that says nothing of it


@dataclass(frozen=True, slots=True)
class Hold:
    """Nothing that can wait is sent before."""

    why: Why
    until: datetime


def moment(day: date, at: time, zone: tzinfo) -> datetime:
    """When the clocks of a zone first show a time on a day, or the first time after it."""
    wall = datetime.combine(day, at, zone)
    early = wall.astimezone(UTC)
    if early.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return early
    # Skipped: the clocks jump somewhere between the two readings of it.
    before, after = sorted((wall.replace(fold=1).astimezone(UTC), early))
    offset = before.astimezone(zone).utcoffset()
    while after - before > A_SECOND:
        middle = before + A_SECOND * ((after - before) // (2 * A_SECOND))
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def next_slot(slots: Slots, after: datetime) -> datetime:
    """The first slot later than `after`."""
    today = after.astimezone(slots.zone).date()
    for ahead in range(-1, A_WEEK + 2):
        day = today + timedelta(days=ahead)
        if day.weekday() not in slots.days:
            continue
        coming = [each for at in slots.at if (each := moment(day, at, slots.zone)) > after]
        if coming:
            return min(coming)
    raise ValueError("slots without a day or a time")


def next_digest(digests: Digests, after: datetime) -> datetime:
    """When what is collected from `after` on is sent."""
    if digests.slots is None:
        return after + digests.every
    return next_slot(digests.slots, after)


def hold(peace: Peace, now: datetime) -> Hold | None:
    """Why and until when nothing that can wait is sent, as far as the clock decides; None: now."""
    first, at = None, now
    for _ in range(MOST_TURNS):
        found = _held_at(peace, at)
        if found is None:
            break
        first, at = first or found.why, found.until
    return None if first is None else Hold(first, at)


def awake(peace: Peace, since: datetime, now: datetime, *, enough: timedelta) -> timedelta:
    """How much of the time from `since` on no hours of the channel's own held anything.

    Counted no further than `enough`.
    """
    found, at = timedelta(), since
    while at < now and found < enough:
        held = _held_at(peace, at)
        until = min(_held_next(peace, at, now) if held is None else held.until, now)
        found += until - at if held is None else timedelta()
        at = until
    return found


def _held_next(peace: Peace, at: datetime, latest: datetime) -> datetime:
    """When the next hours begin that hold, at a moment without; `latest` if that is later."""
    on_call = None if peace.on_call is None else _end(peace.on_call.hours, at)
    quiet = [_begin(peace.quiet, at)] if peace.quiet else []
    return min([latest, *quiet, *([] if on_call is None else [on_call])])


def held_by_rules(rules: Sequence[Sequence[RuleHours]], now: datetime) -> datetime | None:
    """Until when a message waits by the hours of its rules; None: one of them does not hold it."""
    untils = [_end([each.hours for each in own if each.then is Then.HOLD], now) for own in rules]
    held = [until for until in untils if until is not None]
    return min(held) if held and len(held) == len(untils) else None


def wanted_by_rules(rules: Sequence[Sequence[RuleHours]], now: datetime) -> bool:
    """Whether a message comes in the quiet hours of its channel, as one of its rules wants it."""
    return any(
        _end([each.hours for each in own if each.then is Then.DELIVER], now) is not None
        for own in rules
    )


def off_call(peace: Peace, now: datetime) -> bool:
    """Whether nobody is on call at this channel, which has hours for that."""
    return peace.on_call is not None and _end(peace.on_call.hours, now) is None


def _held_at(peace: Peace, at: datetime) -> Hold | None:
    if (ends := _end(peace.quiet, at)) is not None:
        return Hold(Why.QUIET, ends)
    if peace.on_call is not None and off_call(peace, at):
        return Hold(Why.OFF_CALL, _begin(peace.on_call.hours, at))
    return None


def _end(hours: Sequence[Hours], now: datetime) -> datetime | None:
    """When the spans that hold `now` are over, the last of them; None if none does."""
    ends = [end for each in hours for begin, end in _spans(each, now) if begin <= now < end]
    return max(ends, default=None)


def _begin(hours: Sequence[Hours], now: datetime) -> datetime:
    """When the next span begins."""
    return min(begin for each in hours for begin, end in _spans(each, now) if now < begin < end)


def _spans(hours: Hours, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Those of the days around `now`, from yesterday to the same day of next week."""
    today = now.astimezone(hours.zone).date()
    for ahead in range(-1, A_WEEK + 2):
        day = today + timedelta(days=ahead)
        if day.weekday() in hours.days:
            last = day if hours.begins < hours.ends else day + A_DAY
            yield moment(day, hours.begins, hours.zone), moment(last, hours.ends, hours.zone)


def room(rate: Rate, sent: Sequence[datetime], now: datetime) -> tuple[int, datetime]:
    """How many messages may still go out now, and from when on one may.

    `sent` are moments of messages that have; those later than `now` are of a clock set back.
    """
    counted = sorted(each for each in sent if now - rate.every < each <= now)
    left = rate.messages - len(counted)
    return left, now if left > 0 else counted[-rate.messages] + rate.every
