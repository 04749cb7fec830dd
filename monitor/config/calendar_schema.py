"""The JSON Schema of when a channel wants its messages."""

from monitor.config import calendars, shapes
from monitor.config.shapes import Shape, known
from monitor.core.hours import MOST_LISTED, USUAL_DIGEST, Otherwise, Then

_DAY = "(?:mon|tue|wed|thu|fri|sat|sun)"


def _time(description: str) -> Shape:
    return shapes.matching(
        description,
        r"^(?:(?:[01]?[0-9]|2[0-3]):[0-5][0-9]|24:00)$",
        told='A time of the day, as in "07:30".',
    )


def timezone() -> Shape:
    """A time zone by its name."""
    return shapes.matching(
        "The zone of these times; else that of monitor.yaml, else UTC.",
        r"^(?:UTC|[A-Za-z0-9_+/-]+)$",
        told="UTC, or region and city, as in Europe/Madrid.",
    )


def _days() -> Shape:
    day = shapes.matching(
        "A day or a span of days.", rf"^{_DAY}(?: ?- ?{_DAY})?$", told="mon … sun, or mon-fri."
    )
    return shapes.one_or_several("On which days; else on all.", day)


def _hours() -> dict[str, Shape]:
    return {
        "from": _time("When it begins."),
        "to": _time("When it ends; past midnight if that is no later."),
        "days": _days(),
        "timezone": timezone(),
    }


def rule_hours() -> Shape:
    """Of a rule: hours of its own."""
    then = shapes.choice(
        "What becomes of its messages in these hours.", Then, default=Then.HOLD.value
    )
    span = shapes.mapping(
        "A span of the day.",
        known(calendars.RULE_KEYS, _hours() | {"then": then}),
        required=("from", "to"),
    )
    return shapes.one_or_several(
        "When its messages wait, or come although their channel is quiet; critical ones pass.", span
    )


def shapes_of_peace() -> dict[str, Shape]:
    """The keys of a channel."""
    digest = {
        "every": shapes.duration("So long after the first of it.", default=USUAL_DIGEST),
        "at": shapes.one_or_several("At these times of the day.", _time("A time.")),
        "days": _days(),
        "timezone": timezone(),
        "max_items": shapes.whole(
            "Stories listed; the rest is counted.",
            least=1,
            most=calendars.MOST_ITEMS,
            default=MOST_LISTED,
        ),
        "empty": shapes.flag("true: sent even if there is nothing to tell.", default=False),
    }
    quiet = shapes.mapping(
        "A span of the day.", known(calendars.HOURS_KEYS, _hours()), required=("from", "to")
    )
    otherwise = shapes.choice(
        "What becomes of messages at other times.", Otherwise, default=Otherwise.HOLD.value
    )
    shift = shapes.mapping(
        "A shift.",
        known(calendars.ON_CALL_KEYS, _hours() | {"otherwise": otherwise}),
        required=("from", "to"),
    )
    rate = {
        "messages": shapes.whole("How many at most.", least=1, most=calendars.MOST_MESSAGES),
        "every": shapes.duration("In how long; at most 7 days."),
    }
    return {
        "digest": shapes.mapping("What is collected.", known(calendars.DIGEST_KEYS, digest))
        | {"dependencies": {"days": ["at"], "timezone": ["at"]}},
        "quiet_hours": shapes.one_or_several(
            "When messages are held, and told together afterwards; critical ones pass.", quiet
        ),
        "on_call": shapes.one_or_several("Only then messages come at once.", shift),
        "rate": shapes.mapping(
            "At most so many messages in so long: more become one digest; critical ones pass.",
            known(calendars.RATE_KEYS, rate),
            required=("messages", "every"),
        ),
    }
