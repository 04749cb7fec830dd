"""Polls feeds through a day in steps: `python stepping.py DIR BEGINS ENDS CONTROL`.

The monitor of DIR, with its polling steps only, and a clock that jumps to the next moment at which
a feed is due (twenty seconds at least) once nobody works; the server at the port CONTROL is told
each time. Network deadlines stay real.
"""

import random
import socket
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, update

from monitor import app, log
from monitor.pipeline import PIPELINE
from monitor.runners.clock import ReplayClock
from monitor.runners.embedded import Embedded, Width
from monitor.storage.schema import entry, feed

CLEARED_EVERY = timedelta(hours=1)


class ToldClock(ReplayClock):
    """A stepping clock that says what time it is before anybody acts on it."""

    STEP = timedelta(seconds=20)

    def __init__(self, *, begins: datetime, ends: datetime, control: int) -> None:
        super().__init__(begins=begins, ends=ends)
        self._told = begins
        self._line = socket.create_connection(("127.0.0.1", control)).makefile("rw")

    def wait_until(self, moment: datetime | None, *, wake: threading.Event, idle: bool) -> None:
        super().wait_until(moment, wake=wake, idle=idle)
        if (now := self.now()) != self._told:
            self._told = now
            self._line.write(f"at {(now - self._begins).total_seconds()}\n")
            self._line.flush()
            self._line.readline()


def clear(tx: Connection) -> None:
    """Nobody reads here: entries that wait only keep the sweep looking at them."""
    tx.execute(update(entry).where(entry.c.due_at.is_not(None)).values(due_at=None))


def main(directory: str, begins: str, ends: str, control: str) -> None:
    """Poll until the day is over."""
    configuration = app.configure(Path(directory))
    log.configure(level="info", style="json", secrets=configuration.secrets)
    started = datetime.fromisoformat(begins)
    clock = ToldClock(begins=started, ends=datetime.fromisoformat(ends), control=int(control))
    dice, cleared = random.Random(1), started
    with app.build(configuration, clock=clock, out=sys.stdout, chance=dice.random) as monitor:

        def beat() -> None:
            nonlocal cleared
            if clock.over:
                runner.stop()
            elif clock.now() - cleared >= CLEARED_EVERY:
                cleared = clock.now()
                monitor.database.write(clear, announce=False)

        runner = Embedded(
            lambda: monitor.watch,
            clock=clock,
            wake=threading.Event(),
            widths={"poll": Width(app.POLL_THREADS, 256), "retry": Width(app.RETRY_THREADS, 64)},
            steps=tuple(step for step in PIPELINE if step.table is feed),
            beat=beat,
        )
        runner.run()


if __name__ == "__main__":  # the workers' fork server imports this file again
    main(*sys.argv[1:])
