"""Killable worker processes for code that reads foreign bytes; the only module that imports pebble.

`parse_feed` and `extract` import the real functions where they run, so that the main process
never loads feedparser and trafilatura: the fork server does, once, and the workers share it.
"""

import multiprocessing
import os
import resource
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from datetime import timedelta
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from monitor.core.errors import Permanent, Temporary
from monitor.core.model import Page, ParsedFeed

MEMORY_LIMIT = 1_000_000_000  # bytes of address space, of which the libraries take 250 MB
TASK_LIMIT = 500  # tasks, then a fresh worker, whose first tasks copy what it shares: 0.3 s
READING_LIMIT = timedelta(seconds=10)  # the worst page within our caps takes 2 s
_PRELOADED = ["monitor.adapters.workers", "monitor.adapters.warmed"]

Result = TypeVar("Result")


def parse_feed(body: bytes, *, url: str, **how: Any) -> ParsedFeed:
    """Parse a feed: `feeds.parse_feed`, imported where it runs, with its arguments."""
    from monitor.adapters import feeds  # noqa: PLC0415 - see the module's docstring

    return feeds.parse_feed(body, url=url, **how)


def extract(body: bytes, *, url: str, **how: Any) -> Page:
    """Read a page: `pages.extract`, imported where it runs, with its arguments."""
    from monitor.adapters import pages  # noqa: PLC0415 - see the module's docstring

    return pages.extract(body, url=url, **how)


class Workers:
    """A pool of worker processes; they start with the first task. Safe to use from any thread."""

    def __init__(self, count: int, *, memory_limit: int = MEMORY_LIMIT) -> None:
        self._count = count
        self._memory_limit = memory_limit  # bytes
        self._lock = threading.Lock()
        self._pool: ProcessPool | None = None
        self._closed = False

    def run(
        self,
        function: Callable[..., Result],
        *args: Any,
        timeout: timedelta = READING_LIMIT,
        **kwargs: Any,
    ) -> Result:
        """Run a module's function in a worker and wait for its result; `timeout` counts from start.

        Its own exceptions come back as they are. Raises Permanent when it hung, crashed or
        needed too much memory, Temporary when it could not be run to its end.
        """
        pool = self._started()
        try:
            result: Result = pool.schedule(
                function, args=args, kwargs=kwargs, timeout=timeout.total_seconds()
            ).result()
        except TimeoutError as error:
            raise Permanent(f"took longer than {timeout.total_seconds():g} s to read") from error
        except ProcessExpired as error:
            raise Permanent("crashed the process that read it") from error
        except MemoryError as error:
            limit = self._memory_limit // 1_000_000
            raise Permanent(f"needed more than {limit} MB of memory to read") from error
        except CancelledError as error:
            raise Temporary("reading was stopped before it ended") from error
        except BrokenProcessPool as error:
            self._discard(pool)
            raise Temporary("the reading processes had to be started anew") from error
        return result

    def close(self) -> None:
        """Stop the workers, whatever they are doing."""
        with self._lock:
            pool, self._pool, self._closed = self._pool, None, True
        if pool is not None:
            _stop(pool)

    def _started(self) -> ProcessPool:
        with self._lock:
            if self._closed:
                raise Temporary("reading has been stopped")
            if self._pool is not None and not self._pool.active:
                _stop(self._pool)  # a worker died while idle, and pebble gave the pool up
                self._pool = None
            if self._pool is None:
                context = multiprocessing.get_context("forkserver")
                context.set_forkserver_preload(_PRELOADED)
                self._pool = ProcessPool(
                    max_workers=self._count,
                    max_tasks=TASK_LIMIT,
                    initializer=_confine,
                    initargs=(self._memory_limit,),
                    context=context,
                )
            return self._pool

    def _discard(self, broken: ProcessPool) -> None:
        with self._lock:
            if self._pool is broken:
                self._pool = None
        _stop(broken)


def _stop(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def _confine(memory_limit: int) -> None:
    """Run in each worker before its first task: no secrets, little memory, no core files."""
    os.environ.clear()
    resource.setrlimit(resource.RLIMIT_AS, (memory_limit, memory_limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
