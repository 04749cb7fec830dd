"""What shows from outside that this process lives: its heartbeat, and its start and stop."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import structlog

from monitor import living
from monitor.adapters.fetcher import FetchError, FetchRefused, Request
from monitor.config.settings import Settings
from monitor.core.errors import Temporary
from monitor.runners.recurring import every
from monitor.storage.lives import SEEN_EVERY
from monitor.watch import Watch

LOOK_EVERY = 5.0  # seconds between two looks whether a heartbeat is due
ANSWER_LIMIT = 100_000  # bytes of an answer that nobody reads

log = structlog.get_logger()


@contextmanager
def proven(
    watch: Callable[[], Watch],
    settings: Callable[[], Settings],
    *,
    stuck: Callable[[], list[str]],
    alone: bool,
) -> Iterator[None]:
    """Note and tell the start and the end of what happens inside, and let a heart beat meanwhile.

    An end by an error is no end in order: the next start tells it. `stuck` names what does not
    move; `alone`: no other process is at work on the database.
    """
    life = living.begin(watch(), alone=alone)
    heartbeat = Heartbeat(
        watch=watch,
        address=lambda: settings().heartbeat_url,
        every=lambda: settings().heartbeat_every,
        stopped=stuck,
    )
    with (
        every(SEEN_EVERY.total_seconds(), lambda: living.beat(watch(), life)),
        every(LOOK_EVERY, heartbeat.beat),
    ):
        yield
    living.end(watch(), life)


@dataclass(slots=True)
class Heartbeat:
    """Asks an address every so often, as long as `stopped` names nothing.

    `beat` is called every few seconds; it speaks when it is time.
    """

    watch: Callable[[], Watch]
    address: Callable[[], str | None]
    every: Callable[[], timedelta]
    stopped: Callable[[], list[str]]
    _asked_at: float | None = None
    _failure: str = ""
    _stuck: bool = False

    def beat(self) -> None:
        """Ask the address if it is time, and everything moves."""
        url, now = self.address(), time.monotonic()
        if url is None:
            return
        if self._asked_at is not None and now - self._asked_at < self.every().total_seconds():
            return
        self._asked_at = now
        if self._moves():
            self._ask(url)

    def _moves(self) -> bool:
        try:
            stopped = self.stopped()
        except Temporary as error:  # the database does not even answer
            stopped = [str(error)]
        if stopped:
            log.error("heartbeat.withheld", stuck=stopped)
        elif self._stuck:
            log.info("heartbeat.resumed")
        self._stuck = bool(stopped)
        return not stopped

    def _ask(self, url: str) -> None:
        try:
            response = self.watch().fetch(Request(url, limit=ANSWER_LIMIT))
            failure = "" if response.status < 300 else f"HTTP {response.status}"  # noqa: PLR2004
        except (FetchError, FetchRefused) as error:
            failure = str(error)
        if failure and failure != self._failure:
            log.warning("heartbeat.failed", failure=failure)
        self._failure = failure
