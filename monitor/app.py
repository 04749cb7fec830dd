"""The only place that constructs things: configuration in, a working monitor out."""

import os
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

import structlog
from sqlalchemy import Connection

from monitor import garbage, hearing
from monitor.adapters import bodies, channels, dressing, languages, robots, services, workers
from monitor.adapters.fetcher import Fetcher
from monitor.config.directory import Edits, read_directory
from monitor.config.load import Configuration, load
from monitor.config.secrets import outweighed, read_secrets_file
from monitor.config.settings import Settings, effective
from monitor.core.alerts import ops_channels
from monitor.core.canaries import Schedule
from monitor.core.gist import Gists
from monitor.core.matcher import Matcher
from monitor.core.model import Feed, RuleId
from monitor.core.particulars import Reader
from monitor.core.reach import Reach
from monitor.core.timing import Bounds, bounds_of
from monitor.log import hide
from monitor.pipeline import PIPELINE
from monitor.recent import Recent
from monitor.reloading import Left, Reload, left_in_force
from monitor.rerouting import reroute
from monitor.runners.clock import Clock, SystemClock
from monitor.runners.embedded import Embedded, Width
from monitor.runners.listening import listening
from monitor.runners.lock import FILE as LOCK_FILE
from monitor.runners.lock import Followed, Lock
from monitor.runners.proof import proven
from monitor.runners.recurring import every
from monitor.storage import deliveries, holding, late, migrate, sync
from monitor.storage.engine import COMMITS, Database, lock_configuration
from monitor.storage.grouping import LiveStories
from monitor.storage.listen import Listener
from monitor.storage.retention import Cutoffs
from monitor.upkeep import plan, upkeep
from monitor.watch import Configured, Watch

LOCK_CHECKED_EVERY = 1.0  # seconds
LOOK_EVERY = 1.0  # seconds between two looks at the files of the configuration
POLL_THREADS = 8  # each waits for some 25 feeds at once
RETRY_THREADS = 4  # the same for feeds that failed last time
READ_THREADS = 16  # each waits for some ten pages at once, and for their readers
REREAD_THREADS = 2  # nobody waits for it
TRIAGE_WIDTH = 2  # matching holds the interpreter; more threads gain nothing
TOLD_FOR = timedelta(seconds=1)  # what one channel is told now, another is told alike
MOST_DELIVERING = 64  # threads; most of them wait for an answer
DELIVER_WIDTH = 8  # channels that may be slow at the same time, at least

log = structlog.get_logger()


def environment(directory: Path) -> dict[str, str]:
    """What `${NAME}` looks into: the process's environment, and `secrets.env` behind it."""
    return {**read_secrets_file(directory).values, **os.environ}


def configure(directory: Path) -> Configuration:
    """Load a configuration directory; raises ConfigurationError with every mistake."""
    return configure_files(read_directory(directory), base=directory)


def configure_files(
    files: Mapping[str, str], *, base: Path, before: Configuration | None = None
) -> Configuration:
    """Load configuration files already read, as kept in a database for instance.

    `before` is a configuration that was loaded from nearly the same.
    """
    return load(
        files,
        base=base,
        environment=environment(base),
        known_schemes=services.KnownSchemes(),
        check_template=dressing.check_template,
        before=None if before is None else before.reading,
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
        log.info("database.backed_up", file=str(backup))
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
        settings = self.settings = configuration.settings
        self._secrets = configuration.secrets
        self._closing = ExitStack()
        self._lock: Lock | None = None
        settings.state.mkdir(parents=True, exist_ok=True)
        if settings.database_url.startswith("sqlite"):
            self._lock = self._closing.enter_context(Lock(settings.state / LOCK_FILE))
        wake = threading.Event()
        self.database = open_database(settings, on_commit=wake.set)
        self._closing.callback(self.database.close)
        if self.database.dialect == "postgresql":
            listener = Listener(self.database.url, channel=COMMITS, heard=wake.set)
            self._closing.callback(listener.close)
        bring_up_to_date(self.database, now=clock.now())
        self._left = self.database.write(self._begin)
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

        garbage.settle()
        runner = self._runner = self._embedded(alive)
        alone = self.database.dialect == "sqlite"
        with (
            proven(
                lambda: self.watch,
                lambda: self.configuration.settings,
                stuck=runner.stuck,
                alone=alone,
            ),
            listening(lambda: self.watch),
        ):
            runner.run()

    def listen(self) -> None:
        """Read what people have answered so far, without waiting for more."""
        for line in hearing.lines(self.watch.channels.values()):
            hearing.hear(self.watch, line, wait=0)

    @contextmanager
    def follow(self, directory: Path) -> Iterator[None]:
        """Meanwhile take up the edits of a configuration directory."""
        reload = self.reload(directory)
        with Followed(directory) as followed:

            def look() -> None:
                followed.take()  # it may have been another's, or in use for a moment
                reload.look()

            with every(LOOK_EVERY, look):
                yield

    def reload(self, directory: Path) -> Reload:
        """What takes up the edits of a configuration directory, whenever it is told to look."""
        left, self._left = self._left, None  # told once; kept no longer than that
        return Reload(
            Edits(directory),
            self.configuration,
            load=lambda files: configure_files(files, base=directory, before=self.configuration),
            watch=lambda: self.watch,
            build=lambda found: replace(self.watch, **self._configured(found)),
            commit=self._sync,
            put=self._put,
            started_with=self.settings,
            outweighed=lambda: outweighed(read_secrets_file(directory).values, os.environ),
            left=left,
        )

    def once(self) -> None:
        """Do what is due until nothing is, then send the open digests: nobody else will soon."""
        self.listen()
        self.drain()
        if not self._stopped:
            self.flush()

    def flush(self) -> None:
        """Send the open digests now."""
        self.database.write(self._hurry)
        self.drain()

    def _hurry(self, tx: Connection) -> None:
        late.drop_empty(tx)
        deliveries.hurry_digests(tx, now=self.clock.now())

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
        settings = self.settings
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
            told=Recent(TOLD_FOR),
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
                secrets=self._secrets,
            ),
            dress=dressing.dress,
            room=channels.room,
            identify=lambda text, prior: languages.identify(text, prior=prior),
            may_fetch=lambda rules, url, agent: robots.allows(rules, url=url, user_agent=agent),
            **self._configured(self.configuration),
            stories=LiveStories(),
            reach=Reach(),
            reaching=threading.Lock(),
            now=self.clock.now,
            chance=chance,
            user_agent=settings.fetch_user_agent,
        )

    def _configured(self, wanted: Configuration) -> Configured:
        """What a watch takes from its configuration, and what an edit replaces."""
        settings = effective(wanted.settings, started_with=self.settings)
        return {
            "feeds": {feed.url: feed for feed in wanted.feeds},
            "outlets": {outlet.id: outlet for outlet in wanted.outlets},
            "credits": {each.id: each.credits for each in wanted.outlets if each.credits},
            "bounds": partial(_bounds, settings),
            "rules": {rule.id: rule for rule in wanted.rules},
            "quiet": {rule.id: rule.quiet for rule in wanted.rules if rule.quiet},
            "knowledge": wanted.knowledge,
            "matcher": Matcher(wanted.rules, wanted.knowledge),
            "particulars": Reader(wanted.knowledge),
            "gists": Gists(wanted.knowledge),
            "matching": threading.Lock(),
            "channels": {channel.name: channel for channel in wanted.channels},
            "ops": ops_channels(wanted.channels),
            "first_sight": settings.first_sight,
            "respect_robots": settings.respect_robots,
            "host_spacing": settings.host_spacing,
            "story_window": settings.story_window,
            "canaries": Schedule(settings.canary_every, settings.canary_within),
        }

    def _put(self, configuration: Configuration, watch: Watch) -> None:
        """Let what is claimed from now on be done with these."""
        self._secrets = tuple({*self._secrets, *configuration.secrets})
        hide(configuration.secrets)
        self.configuration, self.watch = configuration, watch
        self._wake.set()

    def _begin(self, tx: Connection) -> Left | None:
        """Put the configuration in force; what was before it, if it was another."""
        now = self.clock.now()
        if self.database.dialect == "sqlite":  # the lock says that whoever held rows is gone
            sync.void_claims(tx, now=now)
        lock_configuration(tx)
        left = left_in_force(tx, self.configuration)
        self._sync(tx, self.configuration, {})
        plan(tx, now=now)
        return left

    def _sync(
        self, tx: Connection, wanted: Configuration, packed: Mapping[RuleId, bytes]
    ) -> datetime:
        now = self.clock.now()
        settings = effective(wanted.settings, started_with=self.settings)
        sync.sync(
            tx,
            outlets=wanted.outlets,
            feeds=[(feed, _bounds(settings, feed)) for feed in wanted.feeds],
            rules=wanted.rules,
            kept=wanted.kept,
            packed=packed,
            now=now,
        )
        reroute(tx, wanted.channels, now=now)
        holding.replan(tx, wanted.channels, now=now)
        return sync.remember(tx, wanted.files, now=now)

    def _embedded(self, beat: Callable[[], None]) -> Embedded:
        settings = self.settings
        return Embedded(
            lambda: self.watch,
            clock=self.clock,
            wake=self._wake,
            widths={
                "poll": Width(POLL_THREADS, 4 * settings.fetch_connections),
                "retry": Width(RETRY_THREADS, settings.fetch_connections // 4 or 1),
                "read": Width(READ_THREADS, settings.fetch_connections),
                "reread": Width(REREAD_THREADS, 10 * REREAD_THREADS),
                "triage": Width(TRIAGE_WIDTH, 10 * TRIAGE_WIDTH),
                "gauge": Width.of(1),
                "deliver": Width.of(deliver_width(len(self.watch.channels))),
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


def _bounds(settings: Settings, feed: Feed) -> Bounds:
    """Between which pauses a feed is polled; search engines refuse who comes too often."""
    return bounds_of(
        shortest=settings.poll_interval if feed.aggregator else settings.poll_shortest,
        usual=settings.poll_interval,
        longest=settings.poll_longest,
        own=feed.interval,
    )


def deliver_width(channels: int) -> int:
    """How many messages are on their way at once: one a channel, so that none waits for another.

    Some more, because an edit may add channels while the watch runs.
    """
    return min(DELIVER_WIDTH + channels, MOST_DELIVERING)
