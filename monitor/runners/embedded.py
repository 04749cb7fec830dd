"""One process: a sweep claims what is due, worker threads do it."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby

import structlog
from sqlalchemy import Connection, Table

from monitor import visits
from monitor.core.errors import Temporary
from monitor.pipeline import PIPELINE, Step, perform
from monitor.runners.clock import Clock
from monitor.runners.pulse import Pulse, still
from monitor.runners.recurring import every
from monitor.storage import feeds, work
from monitor.watch import Watch

SWEEP_EVERY = 1  # seconds; commits wake the sweep themselves, this is the fallback
CLAMP_EVERY = 60.0  # seconds
CLAMP_CAP = timedelta(minutes=20)  # above the longest lease and back-off
HELD_BACK = timedelta(seconds=0.2)  # before looking again at work that a busy host holds back
CALM_AFTER_FAILURE = timedelta(seconds=5)  # before the next sweep when the database fails

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Width:
    """How much of a step may go on at once."""

    threads: int
    rows: int

    @classmethod
    def of(cls, threads: int) -> "Width":
        """Return the width of a step that does one row in a thread."""
        return cls(threads, threads)


def _parts(claims: Sequence[work.Claim], together: int) -> Iterator[Sequence[work.Claim]]:
    """Claims in parts of `together`; a host's stay in one, so that it is asked once at a time."""
    if together == 1:
        yield from ([claim] for claim in claims)
        return
    part: list[work.Claim] = []
    for _, same in groupby(sorted(claims, key=_host), key=_host):
        part += same
        if len(part) >= together:
            yield part
            part = []
    if part:
        yield part


def _host(claim: work.Claim) -> str:
    """Whom a row speaks to; one that speaks to nobody stands by itself."""
    return str(claim.row.host) if "host" in claim.table.c else str(claim.key)


class Embedded:
    """Runs the steps of `watch` until told to stop.

    It is asked anew what to watch with whenever rows are claimed: an edit of the configuration puts
    another `Watch` in its place. What is claimed with one ends with it.

    `widths` says how many rows of each step may be in work at once, and in how many threads. `beat`
    is called after each sweep that reached the database: proof of life for a service manager.
    """

    def __init__(
        self,
        watch: Callable[[], Watch],
        *,
        clock: Clock,
        wake: threading.Event,
        widths: Mapping[str, Width],
        steps: tuple[Step, ...] = PIPELINE,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._watch = watch
        self._clock = clock
        self._wake = wake
        self._widths = widths
        self._steps = steps
        self._beat = beat
        self.pulse = Pulse()
        self._busy: Counter[str] = Counter()  # rows
        self._running: Counter[str] = Counter()  # threads
        self._counting = threading.Lock()
        self._stopping = threading.Event()
        threads = sum(width.threads for width in widths.values())
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="step")
        self._clamped_at: float | None = None
        self._swept_at: datetime | None = None  # the last sweep that went well began
        self._due: Mapping[Table, datetime | None] = {}
        self._unrecorded: Temporary | None = None  # the database could not take an outcome

    def stop(self) -> None:
        """Claim nothing more; `run` returns when the rows in work are done."""
        self._stopping.set()
        self._wake.set()

    def run(self) -> None:
        """Sweep until stopped."""
        try:
            with every(SWEEP_EVERY, self._wake.set):
                while not self._stopping.is_set():
                    self._wake.clear()
                    if self._sweep_or_calm() == 0 and not self._stopping.is_set():
                        self._pause()
        finally:
            self._pool.shutdown(wait=True)

    def drain(self) -> None:
        """Sweep until nothing is due any more. Raises Temporary if the database fails."""
        while not self._stopping.is_set():
            self._wake.clear()
            idle = self._idle()  # asked first: who works may still commit what falls due
            if self._sweep() == 0 and idle:
                due = self._soonest()
                soon = max(timedelta(seconds=1), self._watch().host_spacing)  # until a next page
                now = self._clock.now()
                if due is None or due > now + soon:
                    break
                self._pause()
                # A replay's clock that stands at its end, unless a commit cut the wait short.
                if due > now == self._clock.now() and not self._wake.is_set():
                    break
                continue
            self._pause()
        self._pool.shutdown(wait=True)
        if self._unrecorded is not None:
            raise self._unrecorded

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
        self._note_standstill(now)
        taken = self._take(now)
        self._swept_at = now
        return taken

    def _take(self, now: datetime) -> int:
        due = self._due = self._next_due()
        ready = [
            (step, free)
            for step in self._steps
            if (free := self._free(step)) > 0
            and (moment := due[step.table]) is not None
            and moment <= now
        ]
        if not ready:
            return 0
        watch = self._watch()
        taken = watch.database.write(partial(self._claim, watch, ready), announce=False)
        for step, claims in taken:
            for part in _parts(claims, step.together):
                self._start(watch, step, part)
        return sum(len(claims) for _, claims in taken)

    def _note_standstill(self, now: datetime) -> None:
        """The machine slept, or the database took nothing: what was due meanwhile went unseen.

        A replay's clock leaps as well, but only to what is due next: it leaves nothing overdue.
        """
        since = self._swept_at
        if since is None or now - since <= feeds.BLIND_AFTER:
            return
        note = partial(feeds.note_blindness, now=now)
        if unseen := self._watch().database.write(note, announce=False):
            log.warning("watch.stood_still", since=since, feeds=unseen)

    def _free(self, step: Step) -> int:
        """How many rows of a step may be taken now."""
        width = self._widths[step.name]
        with self._counting:
            threads = width.threads - self._running[step.name]
            return min(width.rows - self._busy[step.name], threads * step.together)

    def _claim(
        self, watch: Watch, ready: Sequence[tuple[Step, int]], tx: Connection
    ) -> list[tuple[Step, list[work.Claim]]]:
        return [(step, step.claim(tx, watch, lease=step.lease, limit=free)) for step, free in ready]

    def _start(self, watch: Watch, step: Step, claims: Sequence[work.Claim]) -> None:
        with self._counting:
            self._busy[step.name] += len(claims)
            self._running[step.name] += 1
        left = [len(claims)]
        self.pulse.started(step.name, id(left))

        def settled(rows: int) -> None:
            self.pulse.moved(step.name, id(left))
            self._settled(step, left, rows)

        future = self._pool.submit(perform, watch, step, claims, settled)
        future.add_done_callback(lambda done: self._done(step, left, done))

    def _settled(self, step: Step, left: list[int], rows: int) -> None:
        with self._counting:
            self._busy[step.name] -= rows
            left[0] -= rows

    def _done(self, step: Step, left: list[int], future: Future[None]) -> None:
        self.pulse.ended(step.name, id(left))
        self._settled(step, left, left[0])
        with self._counting:
            self._running[step.name] -= 1
        self._wake.set()
        error = future.exception()
        if isinstance(error, Temporary):
            self._unrecorded = error
        elif error is not None:
            log.critical("step.escaped", step=step.name, failure=repr(error))

    def stuck(self) -> list[str]:
        """What does not move although it is due, in words."""
        return still(self.pulse, self._steps, self._next_due(), now=self._clock.now())

    def _idle(self) -> bool:
        with self._counting:
            return sum(self._running.values()) == 0

    def _pause(self) -> None:
        """Wait for the next due time that the last sweep saw; a commit since then wakes us."""
        now, due = self._clock.now(), self._soonest()
        # What is due now but was not taken is held back by a host or a full step: look again.
        moment = due if due is None or due > now else now + HELD_BACK
        self._clock.wait_until(moment, wake=self._wake, idle=self._idle())

    def _soonest(self) -> datetime | None:
        return min((each for each in self._due.values() if each is not None), default=None)

    def _next_due(self) -> dict[Table, datetime | None]:
        watch = self._watch()
        with watch.database.read() as connection:
            patience = visits.patience(watch)
            return work.next_due(connection, now=self._clock.now(), patience=patience)

    def _clamp(self) -> None:
        real = time.monotonic()  # a replay's clock passes a minute at every turn
        if self._clamped_at is None or real - self._clamped_at >= CLAMP_EVERY:
            self._clamped_at, now = real, self._clock.now()
            self._watch().database.write(
                lambda tx: work.clamp(tx, now=now, cap=CLAMP_CAP), announce=False
            )
