"""One process: a sweep claims what is due, worker threads do it."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Connection, Table

from monitor.core.errors import Temporary
from monitor.pipeline import PIPELINE, Step, perform
from monitor.runners.clock import Clock
from monitor.storage import work
from monitor.watch import Watch

SWEEP_EVERY = 1  # seconds; commits wake the sweep themselves, this is the fallback
CLAMP_EVERY = 60.0  # seconds
CLAMP_CAP = timedelta(minutes=20)  # above the longest lease and back-off
HELD_BACK = timedelta(seconds=0.2)  # before looking again at work that a busy host holds back
CALM_AFTER_FAILURE = timedelta(seconds=5)  # before the next sweep when the database fails

log = structlog.get_logger()


class Embedded:
    """Runs the steps of `watch` until told to stop.

    `widths` says how many rows of each step may be in work at once. `beat` is called after each
    sweep that reached the database: proof of life for a service manager.
    """

    def __init__(
        self,
        watch: Watch,
        *,
        clock: Clock,
        wake: threading.Event,
        widths: Mapping[str, int],
        steps: tuple[Step, ...] = PIPELINE,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._watch = watch
        self._clock = clock
        self._wake = wake
        self._widths = widths
        self._steps = steps
        self._beat = beat
        self._busy: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(sum(widths.values()), thread_name_prefix="step")
        self._clamped_at: float | None = None
        self._due: Mapping[Table, datetime | None] = {}

    def stop(self) -> None:
        """Claim nothing more; `run` returns when the rows in work are done."""
        self._stopping.set()
        self._wake.set()

    def run(self) -> None:
        """Sweep until stopped."""
        scheduler = BackgroundScheduler(timezone="UTC")
        scheduler.add_job(
            self._wake.set,
            "interval",
            seconds=SWEEP_EVERY,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
        scheduler.start()
        try:
            while not self._stopping.is_set():
                self._wake.clear()
                if self._sweep_or_calm() == 0 and not self._stopping.is_set():
                    self._pause()
        finally:
            scheduler.shutdown(wait=False)
            self._pool.shutdown(wait=True)

    def drain(self) -> None:
        """Sweep until nothing is due any more. Raises Temporary if the database fails."""
        while not self._stopping.is_set():
            self._wake.clear()
            idle = self._idle()  # asked first: who works may still commit what falls due
            if self._sweep() == 0 and idle:
                due = self._soonest()
                if due is None or due > self._clock.now() + timedelta(seconds=1):
                    break
            self._pause()
        self._pool.shutdown(wait=True)

    def _sweep_or_calm(self) -> int:
        try:
            taken = self._sweep()
        except Temporary as error:
            log.warning("sweep.failed", failure=str(error))
            self._stopping.wait(CALM_AFTER_FAILURE.total_seconds())
            return 0
        self._beat()
        return taken

    def _sweep(self) -> int:
        """Claim what is due, as far as threads are free; how many rows were taken."""
        self._clamp()
        now = self._clock.now()
        due = self._due = self._next_due()
        ready = [
            (step, free)
            for step in self._steps
            if (free := self._widths[step.name] - self._busy[step.name]) > 0
            and (moment := due[step.table]) is not None
            and moment <= now
        ]
        if not ready:
            return 0
        claims = self._watch.database.write(partial(self._claim, ready), announce=False)
        for step, claim in claims:
            self._start(step, claim)
        return len(claims)

    def _claim(
        self, ready: Sequence[tuple[Step, int]], tx: Connection
    ) -> list[tuple[Step, work.Claim]]:
        return [
            (step, claim)
            for step, free in ready
            for claim in step.claim(tx, self._watch, lease=step.lease, limit=free)
        ]

    def _start(self, step: Step, claim: work.Claim) -> None:
        with self._counting:
            self._busy[step.name] += 1
        future = self._pool.submit(perform, self._watch, step, claim)
        future.add_done_callback(lambda done: self._done(step, done))

    def _done(self, step: Step, future: Future[None]) -> None:
        with self._counting:
            self._busy[step.name] -= 1
        self._wake.set()
        if error := future.exception():
            log.critical("step.escaped", step=step.name, failure=repr(error))

    def _idle(self) -> bool:
        with self._counting:
            return sum(self._busy.values()) == 0

    def _pause(self) -> None:
        """Wait for the next due time that the last sweep saw; a commit since then wakes us."""
        now, due = self._clock.now(), self._soonest()
        # What is due now but was not taken is held back by a host or a full step: look again.
        moment = due if due is None or due > now else now + HELD_BACK
        self._clock.wait_until(moment, wake=self._wake, idle=self._idle())

    def _soonest(self) -> datetime | None:
        return min((each for each in self._due.values() if each is not None), default=None)

    def _next_due(self) -> dict[Table, datetime | None]:
        with self._watch.database.read() as connection:
            return work.next_due(connection)

    def _clamp(self) -> None:
        real = time.monotonic()  # a replay's clock passes a minute at every turn
        if self._clamped_at is None or real - self._clamped_at >= CLAMP_EVERY:
            self._clamped_at, now = real, self._clock.now()
            self._watch.database.write(
                lambda tx: work.clamp(tx, now=now, cap=CLAMP_CAP), announce=False
            )
