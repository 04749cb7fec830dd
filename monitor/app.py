"""The only place that constructs things: configuration in, a working monitor out."""

import fcntl
import gc
import os
import random
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

import structlog
from sqlalchemy import Connection

from monitor.adapters import bodies, channels, languages, robots, workers
from monitor.adapters.fetcher import Fetcher
from monitor.config.directory import read_directory
from monitor.config.load import Configuration, load
from monitor.config.secrets import read_secrets_file
from monitor.config.settings import Settings
from monitor.core.alerts import ops_channels
from monitor.core.errors import Permanent, Temporary
from monitor.core.matcher import Matcher
from monitor.core.model import Feed
from monitor.core.reach import Reach
from monitor.core.timing import Bounds, bounds_of
from monitor.pipeline import PIPELINE
from monitor.runners.clock import Clock, SystemClock
from monitor.runners.embedded import Embedded, Width
from monitor.storage import deliveries, migrate, sync
from monitor.storage.engine import COMMITS, Database
from monitor.storage.listen import Listener
from monitor.storage.retention import Cutoffs
from monitor.upkeep import plan, upkeep
from monitor.watch import Watch

LOCK_CHECKED_EVERY = 1.0  # seconds
POLL_THREADS = 8  # each waits for some 25 feeds at once
RETRY_THREADS = 4  # the same for feeds that failed last time
READ_THREADS = 16  # each waits for some ten pages at once, and for their readers
TRIAGE_WIDTH = 2  # matching holds the interpreter; more threads gain nothing
COLLECTED_AFTER = (20_000, 20, 20)  # new objects, and rounds of the younger generation
DELIVER_WIDTH = 8  # channels that may be slow at the same time

log = structlog.get_logger()


def environment(directory: Path) -> dict[str, str]:
    """What `${NAME}` looks into: the process's environment, and `secrets.env` behind it."""
    return {**read_secrets_file(directory).values, **os.environ}


def configure(directory: Path) -> Configuration:
    """Load a configuration directory; raises ConfigurationError with every mistake."""
    return configure_files(read_directory(directory), base=directory)


def configure_files(files: Mapping[str, str], *, base: Path) -> Configuration:
    """Load configuration files already read, as kept in a database for instance."""
    return load(
        files, base=base, environment=environment(base), known_schemes=channels.KnownSchemes()
    )


def open_database(settings: Settings, *, on_commit: Callable[[], None] = lambda: None) -> Database:
    """Connect to the database of a configuration; its directory is made if need be."""
    if settings.database_url.startswith("sqlite"):
        settings.state.mkdir(parents=True, exist_ok=True)
    return Database(settings.database_url, on_commit=on_commit)


def bring_up_to_date(database: Database, *, now: datetime) -> Path | None:
    """Run pending migrations; the backup made before, if the SQLite file held anything."""
    if not migrate.pending(database.reader):
        return None
    backup = None
    if database.dialect == "sqlite" and migrate.holds_rows(database.reader):
        backup = migrate.back_up(Path(str(database.url.database)), now=now)
    migrate.upgrade(database.writer)
    return backup


class Monitor:
    """A configuration at work. Close it, or use it in a `with`."""

    def __init__(
        self,
        configuration: Configuration,
        *,
        clock: Clock,
        out: TextIO,
        chance: Callable[[], float],
    ) -> None:
        self.configuration = configuration
        self.clock = clock
        settings = configuration.settings
        self._closing = ExitStack()
        self._lock: _Lock | None = None
        settings.state.mkdir(parents=True, exist_ok=True)
        if settings.database_url.startswith("sqlite"):
            self._lock = self._closing.enter_context(_Lock(settings.state / "monitor.lock"))
        wake = threading.Event()
        self.database = open_database(settings, on_commit=wake.set)
        self._closing.callback(self.database.close)
        if self.database.dialect == "postgresql":
            listener = Listener(self.database.url, channel=COMMITS, heard=wake.set)
            self._closing.callback(listener.close)
        backup = bring_up_to_date(self.database, now=clock.now())
        if backup is not None:
            log.info("database.backed_up", file=str(backup))
        self.database.write(self._sync)
        self.watch = self._watch(out, chance)
        self._wake = wake
        self._runner: Embedded | None = None
        self._stopped = False

    def run(self, *, beat: Callable[[], None] = lambda: None) -> None:
        """Watch until `stop`."""
        checked = 0.0

        def alive() -> None:
            nonlocal checked
            if self._lock is not None and time.monotonic() - checked >= LOCK_CHECKED_EVERY:
                self._lock.check()
                checked = time.monotonic()
            beat()

        settle()
        self._runner = self._embedded(alive)
        self._runner.run()

    def once(self) -> None:
        """Do what is due until nothing is, then send the open digests: nobody else will soon."""
        self.drain()
        if not self._stopped:
            self.flush()

    def flush(self) -> None:
        """Send the open digests now."""
        self.database.write(lambda tx: deliveries.hurry_digests(tx, now=self.clock.now()))
        self.drain()

    def drain(self) -> None:
        """Do what is due until nothing is."""
        self._runner = self._embedded(lambda: None)
        self._runner.drain()

    def stop(self) -> None:
        """End `run` or `once` when the rows in work are done; from any thread.

        Not from a signal handler: it may have interrupted whoever holds the same lock.
        """
        self._stopped = True
        if self._runner is not None:
            self._runner.stop()

    def close(self) -> None:
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _watch(self, out: TextIO, chance: Callable[[], float]) -> Watch:
        """What the steps need: the outside world by its adapters, the clock and the dice."""
        settings = self.configuration.settings
        fetcher = self._closing.enter_context(
            Fetcher(
                user_agent=settings.fetch_user_agent,
                deadline=settings.fetch_deadline,
                connections=settings.fetch_connections,
                allow=settings.fetch_allow,
            )
        )
        pool = workers.Workers(settings.fetch_workers)
        self._closing.callback(pool.close)
        return Watch(
            database=self.database,
            fetch=fetcher.get,
            fetch_all=fetcher.get_all,
            parse_all=partial(bodies.parse_all, pool),
            extract_all=partial(bodies.extract_all, pool),
            send=lambda channel, message, *, key: channels.send(
                channel,
                message,
                key=key,
                state=settings.state,
                out=out,
                secrets=self.configuration.secrets,
            ),
            room=channels.room,
            identify=lambda text, prior: languages.identify(text, prior=prior),
            may_fetch=lambda rules, url, agent: robots.allows(rules, url=url, user_agent=agent),
            feeds={feed.url: feed for feed in self.configuration.feeds},
            outlets={outlet.id: outlet for outlet in self.configuration.outlets},
            credits={
                outlet.id: outlet.credits for outlet in self.configuration.outlets if outlet.credits
            },
            bounds=self._bounds,
            rules={rule.id: rule for rule in self.configuration.rules},
            matcher=Matcher(self.configuration.rules),
            matching=threading.Lock(),
            channels={channel.name: channel for channel in self.configuration.channels},
            ops=ops_channels(self.configuration.channels),
            reach=Reach(),
            reaching=threading.Lock(),
            now=self.clock.now,
            chance=chance,
            first_sight=settings.first_sight,
            user_agent=settings.fetch_user_agent,
            respect_robots=settings.respect_robots,
            host_spacing=settings.host_spacing,
            story_window=settings.story_window,
        )

    def _bounds(self, feed: Feed) -> Bounds:
        """Between which pauses a feed is polled; search engines refuse who comes too often."""
        settings = self.configuration.settings
        return bounds_of(
            shortest=settings.poll_interval if feed.aggregator else settings.poll_shortest,
            usual=settings.poll_interval,
            longest=settings.poll_longest,
            own=feed.interval,
        )

    def _sync(self, tx: Connection) -> None:
        now, wanted = self.clock.now(), self.configuration
        if self.database.dialect == "sqlite":  # the lock says that whoever held rows is gone
            sync.void_claims(tx, now=now)
        sync.sync(
            tx,
            outlets=wanted.outlets,
            feeds=[(feed, self._bounds(feed)) for feed in wanted.feeds],
            rules=wanted.rules,
            now=now,
        )
        names = [channel.name for channel in wanted.channels]
        deliveries.park_orphans(tx, channels=names, now=now)
        sync.remember(tx, wanted.files, now=now)
        plan(tx, now=now)

    def _embedded(self, beat: Callable[[], None]) -> Embedded:
        settings = self.configuration.settings
        return Embedded(
            self.watch,
            clock=self.clock,
            wake=self._wake,
            widths={
                "poll": Width(POLL_THREADS, 4 * settings.fetch_connections),
                "retry": Width(RETRY_THREADS, settings.fetch_connections // 4 or 1),
                "read": Width(READ_THREADS, settings.fetch_connections),
                "triage": Width(TRIAGE_WIDTH, 10 * TRIAGE_WIDTH),
                "gauge": Width.of(1),
                "deliver": Width.of(DELIVER_WIDTH),
                "upkeep": Width.of(1),
            },
            steps=(*PIPELINE, upkeep(self._cutoffs)),
            beat=beat,
        )

    def _cutoffs(self, now: datetime) -> Cutoffs:
        settings = self.configuration.settings
        return Cutoffs(
            articles=now - settings.retention_articles,
            deliveries=now - settings.retention_deliveries,
            tombstones=now - settings.retention_tombstones,
            ledger=now - settings.retention_ledger,
        )


def build(
    configuration: Configuration,
    *,
    clock: Clock | None = None,
    out: TextIO = sys.stdout,
    chance: Callable[[], float] = random.random,
) -> Monitor:
    """A monitor ready to run: database up to date and in line with the configuration.

    Raises Permanent if another process works on the same SQLite database.
    """
    return Monitor(configuration, clock=clock or SystemClock(), out=out, chance=chance)


def settle() -> None:
    """For a process that runs long: the garbage collector looks at what is new, and less often.

    It took a sixth of the time of a poll that finds nothing new (`bench/polling.py`).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)


class _Lock:
    """Holds a lock file as long as this process works on a SQLite database."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        self._file = self._path.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            raise Permanent(
                f"another monitor works on {self._path.parent} already; stop it first, or use "
                "PostgreSQL to share the work"
            ) from error
        return self

    def check(self) -> None:
        """Raise Temporary if the state directory was taken away: another may have begun anew."""
        mine = os.fstat(self._file.fileno()).st_ino
        if not self._path.exists() or self._path.stat().st_ino != mine:
            raise Temporary(f"{self._path.parent} was taken away while the monitor was running")

    def __exit__(self, *_: object) -> None:
        self._file.close()
