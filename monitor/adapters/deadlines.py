"""Ends connections that take too long, whatever they are doing: one thread watches them all."""

import heapq
import itertools
import socket
import threading
import time
from contextlib import suppress


class Deadline:
    """The moment at which a connection is ended, unless `cancel` comes first."""

    __slots__ = ("connected", "passed_at")

    def __init__(self, connected: socket.socket, passed_at: float) -> None:
        self.connected: socket.socket | None = connected
        self.passed_at = passed_at  # monotonic, seconds

    def cancel(self) -> None:
        self.connected = None

    def hang_up(self) -> None:
        if connected := self.connected:
            with suppress(OSError):  # closed meanwhile
                connected.shutdown(socket.SHUT_RDWR)


class Watchman:
    """A thread that sleeps until the next deadline; a timer each would be a thread each."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int, Deadline]] = []
        self._numbers = itertools.count()
        self._earlier = threading.Condition()
        self._thread: threading.Thread | None = None

    def hang_up_after(self, seconds: float, connected: socket.socket) -> Deadline:
        """End `connected` after `seconds`, from another thread."""
        deadline = Deadline(connected, time.monotonic() + seconds)
        with self._earlier:
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="deadlines", daemon=True)
                self._thread.start()
            heapq.heappush(self._waiting, (deadline.passed_at, next(self._numbers), deadline))
            if self._waiting[0][2] is deadline:
                self._earlier.notify()
        return deadline

    def _watch(self) -> None:
        with self._earlier:
            while True:
                while self._waiting and self._waiting[0][0] <= time.monotonic():
                    heapq.heappop(self._waiting)[2].hang_up()
                left = self._waiting[0][0] - time.monotonic() if self._waiting else None
                self._earlier.wait(left)
