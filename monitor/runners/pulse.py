"""What the threads of this process did lately, and the heartbeat that depends on it."""

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Table

from monitor.core.pulse import Motion, standstills
from monitor.pipeline import Step

UNHURRIED = frozenset({"upkeep", "reread"})  # nobody waits for these


class Pulse:
    """Counts, for each step, what is in work and when something was done last.

    It goes by the machine's own clock, which nobody sets back.
    """

    def __init__(self) -> None:
        self._noting = threading.Lock()
        self._began = time.monotonic()
        self._done: dict[str, float] = {}
        self._working: dict[str, dict[object, float]] = {}

    def started(self, step: str, part: object) -> None:
        """A thread took up rows."""
        with self._noting:
            self._working.setdefault(step, {})[part] = time.monotonic()

    def moved(self, step: str, part: object) -> None:
        """Some of the rows of a thread were ended."""
        with self._noting:
            self._done[step] = time.monotonic()
            if part in self._working.get(step, {}):
                self._working[step][part] = self._done[step]

    def ended(self, step: str, part: object) -> None:
        """A thread is through with its rows, however."""
        with self._noting:
            self._working.get(step, {}).pop(part, None)

    def motion(self, steps: Sequence[str], *, overdue: timedelta) -> Motion:
        """How the steps of one table move together."""
        now = time.monotonic()
        with self._noting:
            since = now - max(self._done.get(step, self._began) for step in steps)
            hurried = [step for step in steps if step not in UNHURRIED]
            began = [at for step in hurried for at in self._working.get(step, {}).values()]
        hung = now - min(began, default=now)
        return Motion(overdue, timedelta(seconds=since), timedelta(seconds=hung))


def still(
    pulse: Pulse,
    steps: Iterable[Step],
    due: Mapping[Table, datetime | None],
    *,
    now: datetime,
) -> list[str]:
    """What stands still, in words, by what is due in the tables."""
    sharing: dict[Table, list[str]] = {}
    for step in steps:
        sharing.setdefault(step.table, []).append(step.name)
    found = {}
    for table, names in sharing.items():
        moment = None if UNHURRIED.issuperset(names) else due[table]
        overdue = timedelta() if moment is None else max(now - moment, timedelta())
        found[names[0]] = pulse.motion(names, overdue=overdue)
    return standstills(found)
