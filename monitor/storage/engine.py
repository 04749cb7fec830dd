"""Engines for SQLite and PostgreSQL, and the one writer."""

import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError, StatementError
from sqlalchemy.pool import ConnectionPoolEntry

from monitor.core.errors import Temporary

T = TypeVar("T")

BUSY_TIMEOUT = 30.0  # seconds SQLite waits for another process's write
READERS = 24  # connections to SQLite that are kept open, as many as threads that read at once
GROUP_LIMIT = 200  # writes committed together at most, so that a commit stays short

CONFLICTS = frozenset({"40001", "40P01"})  # SQLSTATEs: serialization failure, deadlock
CONFLICT_TRIES = 3

COMMITS = "monitor_commits"  # the PostgreSQL channel on which commits are announced

Job = tuple[Callable[[Connection], Any], Future[Any], bool]  # what, its answer, announce it


Broken = SQLAlchemyError  # whatever use of a database raises that is away, damaged or not ours


class Unwritable(Temporary):
    """The database cannot take what a step wants to keep: the disk is full, or it is away."""


class Database:
    """Reads on their own connections; writes one after another, grouped into commits.

    `write` runs its function inside a transaction that no other writer of this process shares
    time with, and returns once it is committed: several queued writes share one commit, each in
    a savepoint of its own, so that one failure does not undo the others.
    """

    def __init__(self, url: str, *, on_commit: Callable[[], None] = lambda: None) -> None:
        self.url = make_url(url)
        self._on_commit = on_commit
        self.reader = _engine(self.url.render_as_string(hide_password=False), writes=False)
        self.writer = _engine(self.url.render_as_string(hide_password=False), writes=True)
        self._queue: queue.SimpleQueue[Job | None]
        self._queue = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    @property
    def dialect(self) -> str:
        return self.url.get_backend_name()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self.reader.connect() as connection:
            yield connection

    def write(self, work: Callable[[Connection], T], *, announce: bool = True) -> T:
        """Run `work` in a committed transaction; Temporary if the database cannot take it.

        `announce` calls `on_commit`: something may be due now.
        """
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="writer", daemon=True)
                self._thread.start()
        future: Future[T] = Future()
        self._queue.put((work, future, announce))
        return future.result()

    def close(self) -> None:
        """Finish what is queued, then close every connection."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
        self.reader.dispose()
        self.writer.dispose()

    def _serve(self) -> None:
        while (first := self._queue.get()) is not None:
            group = [first]
            closing = False
            while len(group) < GROUP_LIMIT and not self._queue.empty():
                following = self._queue.get()
                if following is None:
                    closing = True
                    break
                group.append(following)
            self._commit(group)
            if closing:
                return

    def _commit(self, group: list[Job], *, tries: int = CONFLICT_TRIES) -> None:
        try:
            answers = self._transact(group)
        except SQLAlchemyError as error:
            if tries > 1 and _conflicts(error):
                for job in group:  # each by itself, holding no locks but its own
                    self._commit([job], tries=tries - 1)
                return
            failure = _unwritable(error)
            for _, future, _ in group:
                future.set_exception(failure)
            return
        for (_, future, _), (answer, problem) in zip(group, answers, strict=True):
            if problem is None:
                future.set_result(answer)
            else:
                future.set_exception(problem)
        if _announced(group):
            self._on_commit()

    def _transact(self, group: list[Job]) -> list[tuple[Any, Exception | None]]:
        """Commit a group; what each of its works returned or raised."""
        alone = len(group) == 1  # then the transaction is its own, and it needs no savepoint
        answers: list[tuple[Any, Exception | None]] = []
        with self.writer.begin() as connection:
            for work, _, _ in group:
                try:
                    if not alone:  # SQLAlchemy's own savepoints are compiled anew each time
                        connection.exec_driver_sql("SAVEPOINT work")
                    answers.append((work(connection), None))
                    if not alone:
                        connection.exec_driver_sql("RELEASE SAVEPOINT work")
                except Exception as error:
                    if _takes_all_down(error):
                        raise
                    answers.append((None, error))
                    if alone:
                        connection.rollback()
                        return answers
                    connection.exec_driver_sql("ROLLBACK TO SAVEPOINT work")
            if self.dialect == "postgresql" and _announced(group):
                connection.exec_driver_sql(f"NOTIFY {COMMITS}")
        return answers


def _announced(group: list[Job]) -> bool:
    return any(announce for _, _, announce in group)


def _conflicts(error: SQLAlchemyError) -> bool:
    """Whether PostgreSQL ended the transaction because another one wanted the same rows."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in CONFLICTS


def _takes_all_down(error: Exception) -> bool:
    """True if the whole transaction is lost, not only this work's savepoint.

    A full disk makes SQLite undo everything; a lost connection leaves nothing to commit. What
    other works of the group were told must not be "done" then.
    """
    if not isinstance(error, SQLAlchemyError):
        return False
    if not isinstance(error, DBAPIError):  # a value that no column takes never reached the database
        return not isinstance(error, StatementError)
    return isinstance(error, OperationalError) or error.connection_invalidated


def _unwritable(error: SQLAlchemyError) -> Unwritable:
    first: BaseException = error
    earlier = error.__context__
    while earlier is not None:  # "no such savepoint" only follows from what went wrong first
        first = earlier if isinstance(earlier, DBAPIError) else first
        earlier = earlier.__context__
    words = first.orig if isinstance(first, DBAPIError) else first
    failure = Unwritable(f"the database could not be written: {words}")
    failure.__cause__ = error
    return failure


def _engine(url: str, *, writes: bool) -> Engine:
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, pool_size=8, max_overflow=16)
    # A connection beyond the pool's size is opened and closed for each question.
    engine = create_engine(
        url, connect_args={"timeout": BUSY_TIMEOUT}, pool_size=1 if writes else READERS
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, see below
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        if not writes:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred transaction that reads before it writes gets BUSY at once.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def lock_triage(connection: Connection) -> None:
    """Make this transaction the only triage of the database until it ends."""
    if connection.dialect.name == "postgresql":  # SQLite's writers are alone anyway
        connection.execute(text("SELECT pg_advisory_xact_lock(7041776)"))


def lock_configuration(connection: Connection) -> None:
    """Make this transaction the only one that puts a configuration in force until it ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(7041778)"))
