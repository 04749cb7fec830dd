"""Clocks: the real one, and one that steps through a recorded time."""

import math
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the runner needs of time."""

    def now(self) -> datetime: ...

    def wait_until(self, moment: datetime | None, *, wake: threading.Event, idle: bool) -> None:
        """Return at `moment` (None: no such), or sooner if `wake` is set; `idle`: nobody works."""


class SystemClock:
    """The machine's clock."""

    LONGEST = 1.0  # seconds; the fallback of the wake event, which another process cannot set
    SHORTEST = 0.1  # seconds between two returns: what a few commits make due is taken together

    def __init__(self) -> None:
        self._returned = -math.inf

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait_until(self, moment: datetime | None, *, wake: threading.Event, idle: bool) -> None:
        del idle
        pause = self.LONGEST if moment is None else (moment - self.now()).total_seconds()
        wake.wait(min(max(pause, 0.01), self.LONGEST))
        time.sleep(max(0.0, self._returned + self.SHORTEST - time.monotonic()))
        self._returned = time.monotonic()


class ReplayClock:
    """Jumps to the next moment at which something is due, once nothing is in flight.

    Network deadlines stay real. `ends` is where the replay stops moving; `speed` is how many
    times faster than real time it may go at most, None for as fast as the machine can.
    """

    STEP = timedelta(seconds=1)  # when something is due now but held back, by a host for instance
    PATIENCE = 0.05  # seconds between looks while somebody works

    def __init__(self, *, begins: datetime, ends: datetime, speed: float | None = None) -> None:
        self._now = begins
        self._begins = begins
        self._ends = ends
        self._speed = speed
        self._started: float | None = None
        self._moving = threading.Lock()

    def now(self) -> datetime:
        with self._moving:
            return self._now

    @property
    def over(self) -> bool:
        return self.now() >= self._ends

    def wait_until(self, moment: datetime | None, *, wake: threading.Event, idle: bool) -> None:
        if wake.is_set():
            return
        if not idle:
            wake.wait(self.PATIENCE)
            return
        with self._moving:
            goal = self._ends if moment is None else max(moment, self._now + self.STEP)
            self._now = max(self._now, min(goal, self._ends))
        self._keep_pace()

    def _keep_pace(self) -> None:
        self._started = self._started or time.monotonic()
        if self._speed is not None:
            target = self._started + (self._now - self._begins).total_seconds() / self._speed
            time.sleep(max(0.0, target - time.monotonic()))
