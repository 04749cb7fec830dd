"""Whether each step really moves: a pure decision over what is due, in work, and done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

STUCK_AFTER = timedelta(minutes=5)  # of work that is due without any of it being done
# Of rows that one thread holds without ending any. Beyond every lease but that of upkeep, whose
# retention may take as long as it takes.
HUNG_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Motion:
    """One step: how long ago it ended a row last, and how long its oldest unmoved thread works.

    `overdue`: for how long something has been due that nobody has taken, zero if nothing is.
    """

    overdue: timedelta = timedelta()
    since_done: timedelta = timedelta()
    hung: timedelta = timedelta()


def standstills(steps: Mapping[str, Motion]) -> list[str]:
    """What does not move, in words for a person; nothing if all of it does.

    A backlog moves as long as rows end, and an idle step has nothing to do. A failure moves too: it
    is told elsewhere.
    """
    found = []
    for name, each in steps.items():
        if each.hung >= HUNG_AFTER:
            found.append(f"{name}: nothing has come of a thread for {_minutes(each.hung)}")
        elif min(each.overdue, each.since_done) >= STUCK_AFTER:
            found.append(f"{name}: due for {_minutes(each.overdue)}, and none of it was done")
    return found


def _minutes(span: timedelta) -> str:
    return f"{span.total_seconds() / 60:.0f} minutes"
