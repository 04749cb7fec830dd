"""When a channel wants its messages: `digest`, `quiet_hours`, `on_call` and `rate` of a channel."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from monitor.config import values
from monitor.config.fields import Fields, flag, read_items, read_text
from monitor.config.problems import Problems, shown, unknown
from monitor.config.source import Broken, Items, Node, Scalar
from monitor.core.hours import (
    EVERY_DAY,
    MOST_LISTED,
    USUAL_DIGEST,
    Digests,
    Hours,
    OnCall,
    Otherwise,
    Peace,
    Rate,
    RuleHours,
    Slots,
    Then,
)
from monitor.core.timing import in_words

KEYS = ("digest", "quiet_hours", "on_call", "rate")
DIGEST_KEYS = ("every", "at", "days", "timezone", "max_items", "empty")
HOURS_KEYS = ("from", "to", "days", "timezone")
ON_CALL_KEYS = (*HOURS_KEYS, "otherwise")
RULE_KEYS = (*HOURS_KEYS, "then")
RATE_KEYS = ("messages", "every")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_ITEMS = 200  # of one digest: few services take more
MOST_MESSAGES = 10_000  # of a rate
LONGEST_EVERY = timedelta(days=7)  # of a digest or a rate: longer is a slip
MOST_SLOTS = 24  # digests a day

_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_otherwise = values.choice("value of otherwise", Otherwise)
_then = values.choice("value of then", Then)


def read(fields: Fields, problems: Problems, *, zone: tzinfo, has_fallback: bool) -> Peace:
    """What a channel says of it; `zone` counts where a part of it names none."""
    quiet = fields.node("quiet_hours")
    return Peace(
        digests=_digests(fields.node("digest"), problems, zone),
        quiet=() if quiet is None else _all_hours(quiet, problems, zone),
        on_call=_on_call(fields.node("on_call"), problems, zone, has_fallback=has_fallback),
        rate=_rate(fields.node("rate"), problems),
    )


def of_rule(node: Node | None, problems: Problems, *, zone: tzinfo) -> tuple[RuleHours, ...]:
    """The quiet hours of a rule: one mapping, or a list of them."""
    found: list[RuleHours] = []
    for each in () if node is None else _each(node):
        fields = Fields(each, problems, what="the quiet_hours of a rule", allowed=RULE_KEYS)
        then = fields.optional("then", _then, Then.HOLD)
        if (hours := _hours(fields, problems, zone)) is not None:
            found.append(RuleHours(hours, then))
    return tuple(found)


def _each(node: Node) -> Sequence[Node]:
    """What stands in a list, or the one thing that stands alone."""
    return node.nodes if isinstance(node, Items) and node.nodes else (node,)


def clock_time(written: str) -> time:
    """`07:30`: a time of the day; `24:00` is midnight."""
    found = _TIME.fullmatch(written)
    hour, minute = (int(found[1]), int(found[2])) if found else (99, 0)
    if (hour, minute) == (24, 0):
        return time(0)
    if hour > 23 or minute > 59:  # noqa: PLR2004 - of a clock
        near = re.fullmatch(r"([0-9]{1,2})[.h]?([0-9]{2})?", written)
        hint = ""
        if near and int(near[1]) < 24 and int(near[2] or 0) < 60:  # noqa: PLR2004
            hint = f'; did you mean "{int(near[1]):02}:{near[2] or "00"}"?'
        raise ValueError(
            f"found {shown(written)}{hint or '.'} Write a time of the day as hour:minute, as in "
            '"07:30" or "18:00"'
        )
    return time(hour, minute)


def timezone(written: str) -> tzinfo:
    """The zone of this name, as in `Europe/Madrid`."""
    if written == "UTC":
        return UTC
    try:
        return ZoneInfo(written)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        names = sorted(each for each in available_timezones() if "/" in each)
        by_city = {name.rpartition("/")[2].lower(): name for name in names}
        near = by_city.get(written.replace(" ", "_").lower())
        if near:
            raise ValueError(f'unknown timezone {shown(written)}; did you mean "{near}"?') from None
        said = unknown("timezone", written, ["UTC", *names]).partition(" Allowed:")[0]
        raise ValueError(f"{said} Write UTC, or region and city, as in Europe/Madrid") from None


def _days(node: Node | None, problems: Problems) -> frozenset[int]:
    """Days of the week: a list of names and spans, as in `[mon-fri, sun]`, or one of them."""
    if node is None or isinstance(node, Broken):
        return EVERY_DAY
    items = (node,) if isinstance(node, Scalar) else read_items(node, problems, what="days")
    read = [read_text(item, _span_of_days, problems) for item in items]
    return frozenset(day for days in read if days for day in days) or EVERY_DAY


def _span_of_days(written: str) -> frozenset[int]:
    first, dash, last = (part.strip() for part in written.lower().partition("-"))
    ends = [first, last] if dash else [first]
    for end in ends:
        if end not in DAYS:
            raise ValueError(
                f"found {shown(written)}{_meant(end)} Write days as mon, tue, wed, thu, fri, sat "
                "or sun, or as a span: mon-fri"
            )
    opens, closes = DAYS.index(ends[0]), DAYS.index(ends[-1])
    return frozenset((opens + ahead) % 7 for ahead in range((closes - opens) % 7 + 1))


def _meant(word: str) -> str:
    near = next((day for day in DAYS if word[:3] == day), "")
    return f'; did you mean "{near}"?' if near else "."


def _digests(node: Node | None, problems: Problems, zone: tzinfo) -> Digests:
    if node is None:
        return Digests()
    fields = Fields(node, problems, what="digest", allowed=DIGEST_KEYS)
    if "at" in fields and (every := fields.node("every")) is not None:
        problems.add(every.place, "at says when it is sent, so every has no meaning; drop one")
    if "at" not in fields:
        for key in ("days", "timezone"):
            if (lonely := fields.node(key)) is not None:
                problems.add(lonely.place, f'{key} belongs to times of the day: add at: ["07:30"]')
    return Digests(
        every=fields.optional("every", every_so_long, USUAL_DIGEST),
        slots=_slots(fields, problems, zone),
        max_items=fields.optional(
            "max_items", values.number(least=1, most=MOST_ITEMS), MOST_LISTED
        ),
        empty=flag(fields, "empty"),
    )


def _slots(fields: Fields, problems: Problems, zone: tzinfo) -> Slots | None:
    node = fields.node("at")
    if node is None or isinstance(node, Broken):
        return None
    items = (node,) if isinstance(node, Scalar) else read_items(node, problems, what="times")
    read = [read_text(item, clock_time, problems) for item in items[:MOST_SLOTS]]
    times = tuple(sorted({each for each in read if each is not None}))
    days = _days(fields.node("days"), problems)
    zone = fields.optional("timezone", timezone, zone)
    return Slots(times, zone, days) if times else None


def every_so_long(written: str) -> timedelta:
    """A duration up to a week."""
    return _up_to(LONGEST_EVERY)(written)


def _up_to(longest: timedelta) -> Callable[[str], timedelta]:
    def read(written: str) -> timedelta:
        span = values.duration(written)
        if span > longest:
            raise ValueError(f"found {shown(written)}; allowed: up to {in_words(longest)}")
        return span

    return read


def _all_hours(node: Node, problems: Problems, zone: tzinfo) -> tuple[Hours, ...]:
    """One mapping of hours, or a list of them."""
    found = [
        _hours(Fields(each, problems, what="quiet_hours", allowed=HOURS_KEYS), problems, zone)
        for each in _each(node)
    ]
    return tuple(each for each in found if each is not None)


def _hours(fields: Fields, problems: Problems, zone: tzinfo) -> Hours | None:
    begins, ends = fields.required("from", clock_time), fields.required("to", clock_time)
    days = _days(fields.node("days"), problems)
    zone = fields.optional("timezone", timezone, zone)
    if begins is None or ends is None:
        return None
    if begins == ends:
        node = fields.node("to")
        problems.add(
            fields.place if node is None else node.place,
            "from and to are the same: the span would be a whole day or nothing; for a whole day "
            'write from: "00:00", to: "23:59"',
        )
        return None
    return Hours(begins, ends, zone, days)


def _on_call(
    node: Node | None, problems: Problems, zone: tzinfo, *, has_fallback: bool
) -> OnCall | None:
    if node is None:
        return None
    otherwise = Otherwise.HOLD
    found: list[Hours] = []
    for each in _each(node):
        fields = Fields(each, problems, what="on_call", allowed=ON_CALL_KEYS)
        hours = _hours(fields, problems, zone)
        found += [hours] if hours else []
        otherwise = fields.optional("otherwise", _otherwise, otherwise)
        said = fields.node("otherwise")
        if said is not None and otherwise is Otherwise.FALLBACK and not has_fallback:
            problems.add(
                said.place,
                "otherwise: fallback needs a fallback of the channel, as in fallback: "
                "{channel: other-desk}",
            )
    return OnCall(tuple(found), otherwise) if found else None


def _rate(node: Node | None, problems: Problems) -> Rate | None:
    if node is None:
        return None
    fields = Fields(node, problems, what="a rate", allowed=RATE_KEYS)
    messages = fields.required("messages", values.number(least=1, most=MOST_MESSAGES))
    every = fields.required("every", every_so_long)
    return None if messages is None or every is None else Rate(messages, every)
