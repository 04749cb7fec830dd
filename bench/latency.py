"""From an entry seen to a message handed over, on loopback: `python bench/latency.py`.

The clock starts when the feed's answer that first lists an item is completely sent, and stops when
the webhook has the message. The page answers at once. Items come one after another, so the machine
is idle but for this. Beside it the same road bare, without database, queue and processes: fetch the
feed, parse it, fetch the page, read it, POST; the ratio says what the safe road costs.
"""

import json
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "e2e"))

import desks
import feedparser
import sites
import trafilatura
from sites import Answer, Item

ITEMS = 30
SHOWN = 40  # items in the feed, old ones included: a usual feed's size
GOAL = 1.0  # seconds, median


@dataclass
class Source:
    """A feed and the pages behind it; notes when each item was first completely sent."""

    host: str = ""
    items: list[Item] = field(default_factory=list)
    sent_at: dict[str, float] = field(default_factory=dict)  # link -> time.monotonic

    def publish(self, number: int) -> Item:
        item = Item(
            title=f"Maduro offers talks to Trump over {words(number, 'topic', 3)}",
            link=f"{self.host}/{number}",
            summary=words(number, "detail", 25),
            published=datetime.now(UTC),
        )
        self.items = [item, *self.items][:SHOWN]
        return item

    def answer(self, path: str, _: Mapping[str, str]) -> Answer:
        if path == "/feed":
            shown = tuple(self.items)
            return Answer(
                sites.rss(list(shown)), headers={"Content-Type": sites.RSS}, sent=self._note(shown)
            )
        name = path.strip("/")
        text = [f"{words(int(name), f'part{part}', 60)}." for part in range(10)]
        return Answer(sites.page(f"Item {name}", text), headers={"Content-Type": sites.HTML})

    def _note(self, shown: tuple[Item, ...]) -> Callable[[], None]:
        def note() -> None:
            now = time.monotonic()
            for item in shown:
                self.sent_at.setdefault(item.link, now)

        return note


def words(number: int, kind: str, count: int) -> str:
    """Words of one item's own, so that each is a story of its own."""
    return " ".join(f"{kind}{number}x{each}" for each in range(count))


def monitored() -> list[float]:
    """Seconds of each item through the real daemon."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        source = Source()
        # Feed and pages on two ports: two hosts, as most outlets have.
        feed = stack.enter_context(sites.site(source.answer))
        pages = stack.enter_context(sites.site(source.answer))
        source.host = pages.url
        for number in range(SHOWN):
            source.items.append(Item(f"Old item {number}", f"{pages.url}/{number + 10_000}"))
        receiver = stack.enter_context(sites.receiver())
        desk = stack.enter_context(
            desks.desk(
                place / "desk",
                feeds=[f"{feed.url}/feed"],
                allow=[feed.place, pages.place],
                channels={"desk": receiver.channel},
                interval="2 seconds",
            )
        )
        process = desk.start()
        desk.wait(lambda: desk.events("feed.polled"))
        found = []
        for number in range(ITEMS + 1):
            item = source.publish(number)
            posts = receiver.wait(lambda posts, n=number: len(posts) > n, seconds=30)
            found.append(posts[number].at - source.sent_at[item.link])
            threading.Event().wait(1.0)  # the host's spacing of pages is no part of this
        desk.end(process)
        return found[1:]  # the first one loads the library that sends


def bare() -> list[float]:
    """Seconds of each item through the same steps and nothing else."""
    with ExitStack() as stack:
        source = Source()
        site = stack.enter_context(sites.site(source.answer))
        source.host = site.url
        receiver = stack.enter_context(sites.receiver())
        found = []
        for number in range(ITEMS + 1):
            item = source.publish(number)
            parsed = feedparser.parse(BytesIO(fetch(f"{site.url}/feed")))
            page = fetch(parsed.entries[0].link)
            text = trafilatura.extract(page.decode())
            message = json.dumps({"title": item.title, "message": text}).encode()
            fetch(receiver.channel.replace("json", "http"), message)
            found.append(receiver.posts[number].at - source.sent_at[item.link])
        return found[1:]


def fetch(url: str, body: bytes | None = None) -> bytes:
    with urllib.request.urlopen(url, body, timeout=10) as answer:
        found: bytes = answer.read()
        return found


def show(name: str, found: list[float]) -> None:
    ordered = sorted(found)
    p95 = ordered[round(0.95 * (len(ordered) - 1))]
    print(
        f"{name:10} median {statistics.median(found):.3f} s   p95 {p95:.3f} s   "
        f"max {ordered[-1]:.3f} s   ({len(found)} items)"
    )


if __name__ == "__main__":
    through, without = monitored(), bare()
    show("monitor", through)
    show("bare", without)
    ratio = statistics.median(through) / statistics.median(without)
    met = "met" if statistics.median(through) < GOAL else "MISSED"
    print(f"ratio      {ratio:.1f}; goal: median under {GOAL:g} s, {met}")
