"""Listens to what people answer: a thread for each bot, beside the rest of the program."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from monitor.core.errors import Temporary
from monitor.hearing import Line, hear, lines
from monitor.runners.recurring import every
from monitor.watch import Watch

WAIT = 25  # seconds that the service holds a question back until somebody says something
LOOK_EVERY = 2.0  # seconds; an edit may add or take away bots
IDLE = 1.0  # seconds, while it is another's turn or too early
CALM_AFTER_FAILURE = 5.0  # seconds, when the database fails

log = structlog.get_logger()


class Listening:
    """One thread a bot, begun and ended as the configuration says."""

    def __init__(self, watch: Callable[[], Watch]) -> None:
        self._watch = watch
        self._ends: dict[Line, threading.Event] = {}

    def look(self) -> None:
        """Begin with bots that are new, and end with those that are gone."""
        wanted = lines(self._watch().channels.values())
        for line in [each for each in self._ends if each not in wanted]:
            self._ends.pop(line).set()
        for line in wanted:
            if line not in self._ends:
                ended = self._ends[line] = threading.Event()
                # A daemon: a poll waits for up to half a minute, and nothing is lost with it.
                threading.Thread(
                    target=self._listen, args=(line, ended), name="answers", daemon=True
                ).start()

    def stop(self) -> None:
        """Ask nothing more. What a poll under way brings is left with its service."""
        for ended in self._ends.values():
            ended.set()
        self._ends.clear()

    def _listen(self, line: Line, ended: threading.Event) -> None:
        while not ended.is_set():
            try:
                asked = hear(self._watch(), line, wait=WAIT)
            except Temporary as error:  # the database could not take it: it comes again
                log.warning("answers.unread", bot=line.name, failure=str(error))
                ended.wait(CALM_AFTER_FAILURE)
            else:
                ended.wait(0 if asked else IDLE)


@contextmanager
def listening(watch: Callable[[], Watch]) -> Iterator[None]:
    """Meanwhile read what people answer."""
    found = Listening(watch)
    with every(LOOK_EVERY, found.look):
        yield
    found.stop()
