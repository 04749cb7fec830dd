"""A real feed's history, poll by poll, through a daemon that is killed ten times on the way."""

import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zlib import crc32

import pytest
import sites
from sites import Answer, Item, Receiver

ROOT = Path(__file__).resolve().parents[2]
HISTORY = ROOT.parent / "shared/data/feeds/poll_history_ap_reuters_2026-01-02_05.tar.xz"
LAUNCH = Path(__file__).with_name("launch.py")
SPEED = 10  # a lease of two minutes lasts twelve seconds, the welcome digest waits for two
KILLS = 10
PAGE_HOSTS = 4  # the daemon asks each host for one page at a time


@dataclass
class Feed:
    """Shows one snapshot after the other: the next one once the daemon names the last as known.

    What it names in If-None-Match it has committed, so a kill between answer and commit costs no
    snapshot: the real feed would not have moved on in those milliseconds either.
    """

    snapshots: list[bytes]
    moved: threading.Condition = field(default_factory=threading.Condition)
    known: int = 0  # snapshots the daemon has committed

    def answer(self, path: str, headers: Mapping[str, str]) -> Answer:
        with self.moved:
            self.known = int(headers.get("if-none-match", '"0"').strip('"'))
            self.moved.notify_all()
        if self.known == len(self.snapshots):
            return Answer(status=304)
        tag = {"ETag": f'"{self.known + 1}"', "Content-Type": sites.RSS}
        return Answer(self.snapshots[self.known], headers=tag)

    def wait(self, known: int, *, seconds: float) -> None:
        with self.moved:
            assert self.moved.wait_for(lambda: self.known >= known, timeout=seconds), (
                f"{self.known} of {len(self.snapshots)} polls after {seconds:g} s"
            )


def pages(path: str, headers: Mapping[str, str]) -> Answer:
    """Every third page is there, with words of its own; the others are gone."""
    if crc32(path.encode()) % 3:
        return Answer(status=404)
    words = " ".join(f"{path[1:9]}{number}" for number in range(90))
    body = sites.page(f"Item {path[1:9]}", [f"Nothing of note happened. {words}."])
    return Answer(body, headers={"Content-Type": sites.HTML})


@dataclass
class Desk:
    """A configuration, and one process after the other that watches with it."""

    directory: Path
    begins: datetime
    started: float = field(default_factory=time.time)
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.directory / "log.jsonl"

    @property
    def database(self) -> Path:
        return self.directory.parent / "var" / "monitor.db"

    def start(self) -> None:
        clock = [self.begins.isoformat(), str(self.started), str(SPEED)]
        with self.log.open("ab") as file:
            self.process = subprocess.Popen(
                [sys.executable, LAUNCH, self.directory, *clock],
                stdout=subprocess.DEVNULL,
                stderr=file,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
            )

    def kill(self) -> None:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()[-2_000:]
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=30) == 0

    def ask(self, query: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()

    def number(self, query: str) -> object:
        return self.ask(query)[0][0]

    def events(self, name: str) -> list[dict[str, object]]:
        lines = self.log.read_text().splitlines()  # a kill may cut a line short
        found = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
        return [event for event in found if event["event"] == name]

    def wait_until_nothing_is_due(self, *, seconds: float) -> None:
        tables = ("entry", "article", "delivery")
        due = " + ".join(f"(SELECT count(*) FROM {t} WHERE due_at IS NOT NULL)" for t in tables)
        end, pause = time.monotonic() + seconds, threading.Event()
        while self.number(f"SELECT {due}"):
            assert time.monotonic() < end, "work left over"
            pause.wait(0.1)


@contextmanager
def watching(
    directory: Path, feed: str, places: list[str], channel: str, *, begins: datetime
) -> Iterator[Desk]:
    """A desk with the starter rules, one feed and one webhook."""
    directory.mkdir()
    shutil.copytree(ROOT / "config" / "rules", directory / "rules")
    shutil.copytree(ROOT / "config" / "knowledge", directory / "knowledge")
    (directory / "monitor.yaml").write_text(
        "poll: {interval: 1 second, first_sight: 90 days}\n"
        f"fetch: {{allow: {json.dumps(places)}, workers: 2}}\n"
    )
    (directory / "channels.yaml").write_text(f'desk: {{url: "{channel}", default: true}}\n')
    (directory / "outlets").mkdir()
    (directory / "outlets" / "wire.yaml").write_text(
        "outlets:\n  - {id: wire, name: The Wire, country: US, language: en, tier: wire, "
        f'feeds: [{{url: "{feed}"}}]}}\n'
    )
    desk = Desk(directory, begins)
    try:
        yield desk
    finally:
        if desk.process is not None and desk.process.poll() is None:
            desk.kill()


def go_through(desk: Desk, feed: Feed, *, chance: random.Random, seconds: float) -> None:
    """Let the daemon see the whole history, killed at moments that `chance` picks."""
    end = time.monotonic() + seconds
    polls = sorted(chance.sample(range(len(feed.snapshots)), KILLS))
    for poll in polls:
        desk.start()
        feed.wait(poll, seconds=end - time.monotonic())
        threading.Event().wait(chance.uniform(0, 0.3))  # anywhere in what a poll sets off
        desk.kill()
    desk.start()
    feed.wait(len(feed.snapshots), seconds=end - time.monotonic())
    desk.wait_until_nothing_is_due(seconds=30)
    desk.end()


def check(desk: Desk, receiver: Receiver, *, items: int) -> None:
    """Each item was stored and triaged once, each alert told once."""
    assert desk.number("SELECT count(*) FROM entry") == items
    assert desk.number("SELECT count(DISTINCT url) FROM entry") == items
    assert desk.number("SELECT count(*) FROM article WHERE triaged_at IS NOT NULL") == items
    assert desk.number("SELECT count(DISTINCT article_id) FROM entry") == items
    assert desk.number("SELECT count(*) FROM entry WHERE failure IS NOT NULL") == 0

    revised = Counter(row[0] for row in desk.ask("SELECT article_id FROM revision"))
    triaged = Counter(event["article"] for event in desk.events("article.triaged"))
    assert {a: n for a, n in triaged.items() if n > 1 + revised[a]} == {}

    # Every alert stands in exactly one message, and every message arrived.
    alerts = desk.ask("SELECT id FROM alert")
    carried = Counter(row[0] for row in desk.ask("SELECT alert_id FROM delivery_alert"))
    assert carried == {row[0]: 1 for row in alerts}
    sent = dict(desk.ask("SELECT key, uncertain FROM delivery WHERE state = 'sent'"))
    assert len(sent) == desk.number("SELECT count(*) FROM delivery") > 0
    arrived = Counter(post.key for post in receiver.posts)
    assert set(arrived) == set(sent)
    assert {key: n for key, n in arrived.items() if n > 1 + sent[key]} == {}
    # A match that nobody was told of says why.
    silent = desk.ask("SELECT decision FROM match WHERE alert_id IS NULL")
    assert {str(row[0]).partition(":")[0] for row in silent} <= {"already told"}


@contextmanager
def situation(
    tmp_path: Path, snapshots: Callable[[list[str]], list[bytes]], *, begins: datetime
) -> Iterator[tuple[Desk, Feed, Receiver]]:
    """Servers and desk for a history; `snapshots` makes its documents for the page servers."""
    with ExitStack() as stack:
        hosts = [stack.enter_context(sites.site(pages)) for _ in range(PAGE_HOSTS)]
        feed = Feed(snapshots([host.url for host in hosts]))
        shown = stack.enter_context(sites.site(feed.answer))
        receiver = stack.enter_context(sites.receiver())
        desk = stack.enter_context(
            watching(
                tmp_path / "desk",
                f"{shown.url}/feed",
                [each.place for each in (shown, *hosts)],
                receiver.channel,
                begins=begins,
            )
        )
        yield desk, feed, receiver


def test_a_real_history_is_handled_exactly_once_though_killed_ten_times(tmp_path: Path) -> None:
    if not HISTORY.is_file():
        pytest.skip(f"needs {HISTORY.name} in ../shared/data/feeds")
    begins = datetime(2026, 1, 2, 22, 20, tzinfo=UTC)
    with situation(tmp_path, rewritten_history, begins=begins) as (desk, feed, receiver):
        go_through(desk, feed, chance=random.Random(20260103), seconds=240)
        check(desk, receiver, items=774)
        assert desk.number("SELECT count(*) FROM alert") > 10


def rewritten_history(hosts: list[str]) -> list[bytes]:
    """The snapshots in order, each link led to a page server and otherwise as they were."""

    def local(found: re.Match[bytes]) -> bytes:
        path = crc32(found[1])
        return f"<link>{hosts[path % len(hosts)]}/{path:08x}</link>".encode()

    documents: dict[str, bytes] = {}
    with tarfile.open(HISTORY) as archive:
        for member in archive:
            if (file := archive.extractfile(member)) is not None:
                documents[member.name] = re.sub(rb"<link>(https?://[^<]+)</link>", local, file.read())
    return [documents[name] for name in sorted(documents)]


def test_an_invented_history_is_handled_exactly_once_though_killed_ten_times(
    tmp_path: Path,
) -> None:
    begins = datetime(2026, 1, 5, 12, tzinfo=UTC)
    with situation(tmp_path, invented_history, begins=begins) as (desk, feed, receiver):
        go_through(desk, feed, chance=random.Random(7), seconds=100)
        check(desk, receiver, items=40)
        assert desk.number("SELECT count(*) FROM alert") > 2


TOPICS = (
    "Maduro says Venezuela is ready for talks with the United States in {}",
    "US strikes a dock in Venezuela near {}, Trump says",
    "Baker of {} wins the regional bread prize",
    "United States sanctions Venezuelan tanker owner in {}",
    "Rain delays the cycling tour through {}",
)
TOWNS = ("Ambrosia", "Belltown", "Corvina", "Dunmere", "Eastholm", "Farley", "Gorse", "Hightor")


def invented_history(hosts: list[str]) -> list[bytes]:
    """Ten polls; each shows four new items and at most 24, the oldest first."""
    begins = datetime(2026, 1, 5, 9, tzinfo=UTC)
    items = [
        Item(
            title=TOPICS[number % 5].format(TOWNS[number // 5]),
            link=f"{hosts[number % len(hosts)]}/{number:08x}",
            summary=f"Report number {number} of the day, from {TOWNS[number // 5]}.",
            published=begins + timedelta(minutes=5 * number),
        )
        for number in range(40)
    ]
    return [sites.rss(items[max(0, 4 * poll - 20) : 4 * poll + 4]) for poll in range(10)]
