"""What many ask for at once is made once."""

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, TypeVar

V = TypeVar("V")

MOST_KEPT = 256


class Recent:
    """Keeps what was made for `lasts`; who asks meanwhile gets the same, and waits for it."""

    def __init__(self, lasts: timedelta) -> None:
        self._lasts = lasts
        self._kept: dict[Hashable, tuple[datetime, Future[Any]]] = {}
        self._looking = Lock()

    def get(self, key: Hashable, make: Callable[[], V], *, now: datetime) -> V:
        """What `make` returned for this key lately, or returns now. Raises what it raises."""
        with self._looking:
            at, future = self._kept.get(key, (now, None))
            if mine := future is None or not timedelta() <= now - at < self._lasts:
                if len(self._kept) >= MOST_KEPT:
                    self._kept.clear()
                future = Future()
                self._kept[key] = now, future
        if mine:
            self._make(key, make, future)
        made: V = future.result()
        return made

    def _make(self, key: Hashable, make: Callable[[], Any], future: Future[Any]) -> None:
        try:
            future.set_result(make())
        except BaseException as error:
            with self._looking:
                self._kept.pop(key, None)
            future.set_exception(error)  # who waits for it must not wait for ever
            raise
