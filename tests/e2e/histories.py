"""Feeds that change from poll to poll, and the pages behind their items."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zlib import crc32

import sites
from desks import Desk
from sites import Answer, Item


@dataclass
class History:
    """A feed that shows one snapshot after the other, up to `open` of them if that is set.

    The next one follows once the daemon names the last as known: what stands in If-None-Match it
    has committed, so a kill between answer and commit costs no snapshot.
    """

    snapshots: list[bytes]
    open: int | None = None
    known: int = 0  # snapshots the daemon has committed
    asked: int = 0
    moved: threading.Condition = field(default_factory=threading.Condition)

    def answer(self, _: str, headers: Mapping[str, str]) -> Answer:
        with self.moved:
            self.known = int(headers.get("if-none-match", '"0"').strip('"'))
            self.asked += 1
            self.moved.notify_all()
            last = len(self.snapshots) if self.open is None else self.open
            if self.known == last:
                return Answer(status=304)
        tag = {"ETag": f'"{self.known + 1}"', "Content-Type": sites.RSS}
        return Answer(self.snapshots[self.known], headers=tag)

    def show(self, count: int) -> None:
        """Open the first `count` snapshots."""
        with self.moved:
            self.open = count

    def wait(self, known: int, desk: Desk, *, seconds: float, anew: bool = False) -> None:
        """Until the desk's daemon knows so many snapshots; `anew`: and has asked once more."""
        end = time.monotonic() + seconds
        with self.moved:
            before = self.asked if anew else -1
            while not (self.known >= known and self.asked > before):
                assert desk.is_alive(), desk.log[-3_000:]
                assert time.monotonic() < end, f"{self.known} of {len(self.snapshots)} polls"
                self.moved.wait(timeout=1)


def page(path: str, headers: Mapping[str, str]) -> Answer:
    """Every third page is there, with words of its own; the others are gone."""
    if crc32(path.encode()) % 3:
        return Answer(status=404)
    words = " ".join(f"{path[1:9]}{number}" for number in range(90))
    body = sites.page(f"Item {path[1:9]}", [f"Nothing of note happened. {words}."])
    return Answer(body, headers={"Content-Type": sites.HTML})


TOPICS = (
    "Maduro says Venezuela is ready for talks with the United States in {}",
    "US strikes a dock in Venezuela near {}, Trump says",
    "Baker of {} wins the regional bread prize",
    "United States sanctions Venezuelan tanker owner in {}",
    "Rain delays the cycling tour through {}",
)
TOWNS = ("Ambrosia", "Belltown", "Corvina", "Dunmere", "Eastholm", "Farley", "Gorse", "Hightor")


def invented(hosts: list[str]) -> list[bytes]:
    """Ten polls; each shows four new items and at most 24, the oldest first.

    What happens in one town happens in the next as well, in the same words: follow-ups.
    """
    begins = datetime(2026, 1, 5, 9, tzinfo=UTC)
    items = [
        Item(
            title=TOPICS[number % 5].format(TOWNS[number // 5]),
            link=f"{hosts[number % len(hosts)]}/{number:08x}",
            summary=" ".join(f"detail{number // 10}{number % 5}{each}" for each in range(25)),
            published=begins + timedelta(minutes=5 * number),
        )
        for number in range(40)
    ]
    return [sites.rss(items[max(0, 4 * poll - 20) : 4 * poll + 4]) for poll in range(10)]
