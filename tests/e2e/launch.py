"""Runs a monitor with a fast clock: `python launch.py DIR BEGINS STARTED SPEED`.

The clock shows BEGINS (RFC 3339) at the machine's time STARTED (seconds since 1970) and runs SPEED
times as fast from there, also in the next process that is given the same numbers: minutes of
leases and back-off pass in seconds. Network deadlines stay real.
"""

import signal
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor import app, log


class FastClock:
    """The machine's clock, moved and sped up."""

    LONGEST = 0.2  # seconds; the fallback of the wake event, which another process cannot set

    def __init__(self, *, begins: datetime, started: float, speed: float) -> None:
        self._begins, self._started, self._speed = begins, started, speed

    def now(self) -> datetime:
        passed = (time.time() - self._started) * self._speed
        return self._begins + timedelta(seconds=passed)

    def wait_until(self, moment: datetime | None, *, wake: threading.Event, idle: bool) -> None:
        del idle
        pause = self.LONGEST
        if moment is not None:
            pause = (moment - self.now()).total_seconds() / self._speed
        wake.wait(min(max(pause, 0.01), self.LONGEST))


def main(directory: str, begins: str, started: str, speed: str) -> None:
    """Watch until SIGTERM."""
    configuration = app.configure(Path(directory))
    log.configure(level="info", style="json", secrets=configuration.secrets)
    clock = FastClock(
        begins=datetime.fromisoformat(begins).astimezone(UTC),
        started=float(started),
        speed=float(speed),
    )
    with app.build(configuration, clock=clock, out=sys.stdout) as monitor:
        signal.signal(signal.SIGTERM, lambda *_: monitor.stop())
        with monitor.follow(Path(directory)):
            monitor.run()


if __name__ == "__main__":  # the workers' fork server imports this file again
    main(*sys.argv[1:])
