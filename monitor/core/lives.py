"""What people are told when the watch starts and stops."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

STARTED, STOPPED = "The watch has started", "The watch stops"


class Ending(StrEnum):
    """How the process before this one ended, as far as it can be told."""

    CLEAN = "stopped in order"
    KILLED = "ended without a word: killed, crashed, or out of memory"
    POWER = "ended with the machine: power loss, crash or restart of the machine"


@dataclass(frozen=True, slots=True)
class Former:
    """The process before: when it last showed life, and how it ended."""

    seen_at: datetime
    ending: Ending


def started(now: datetime, *, version: str, watching: str, former: Former | None) -> str:
    """The words of a start; `watching` says what is watched."""
    before = "It has never run here before."
    if former is not None:
        before = f"Before: it {former.ending} at {_at(former.seen_at, now)}."
        if former.ending is not Ending.CLEAN:
            before = f"Before: it {former.ending}; its last sign of life was at "
            before += f"{_at(former.seen_at, now)}."
    return f"Version {version}, {watching}.\n{before}"


def stopped(now: datetime, *, since: datetime) -> str:
    """The words of a stop."""
    return (
        f"It was told to stop, and ran since {_at(since, now)}. Until it is started again nobody "
        "watches: what comes out meanwhile is told late."
    )


def _at(at: datetime, now: datetime) -> str:
    return f"{at:%H:%M} UTC" if at.date() == now.date() else f"{at.day} {at:%b %H:%M} UTC"
