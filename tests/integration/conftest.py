"""A newsroom on 127.0.0.1, a clock of our own, and a monitor that watches the one by the other."""

import io
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from monitor import app
from monitor.config.load import load
from monitor.storage.engine import Database
from monitor.storage.migrate import upgrade

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

RULES = """
version: 1
lists:
  places: [Ruritania*, Strelsau]
rules:
  - id: talks
    title: Talks with Ruritania
    severity: high
    when: {all: [$places, {any: [talks, dialogue]}]}
  - id: strikes
    title: Strikes on Ruritania
    severity: critical
    when: {all: [$places, {any: [airstrike*, bombed]}]}
"""


@dataclass
class Clock:
    """A clock that moves only when told to."""

    moment: datetime = NOON

    def now(self) -> datetime:
        return self.moment

    def wait_until(self, moment: datetime | None, *, wake: threading.Event, idle: bool) -> None:
        del moment, idle
        wake.wait(0.02)

    def pass_(self, **span: float) -> None:
        self.moment += timedelta(**span)


@dataclass
class Item:
    """One item of the newsroom's feed, and the page behind it."""

    title: str
    published: datetime | None
    summary: str = ""
    guid: str = ""
    text: str = ""
    page_status: int = 200


def paragraphs(opening: str, *, closing: str = "") -> str:
    """A page's worth of text that no rule matches, between an opening and a closing sentence."""
    colours = ("red", "green", "blue", "white", "brown", "grey")
    start = sum(opening.encode())  # so that two articles never have the same text
    filler = [
        f"In the {colour} room of the palace {number} visitors looked at {colour} gardens, and the "
        f"guide told them how the {colour} roses had been brought there {number + 100} years ago."
        for number, colour in enumerate(colours, start)
    ]
    return "\n".join(part for part in (opening, *filler, closing) if part)


@dataclass
class Newsroom:
    """A real web server whose feeds a test writes. Feed n is /feed/n, item m of it /n/m."""

    feeds: dict[str, list[Item]] = field(default_factory=lambda: {"a": [], "b": []})
    status: int = 200
    retry_after: str = "0"
    robots: str | None = None  # its robots.txt; None: it has none
    requests: list[str] = field(default_factory=list)
    port: int = 0

    def publish(self, title: str, *, feed: str = "a", **rest: object) -> Item:
        item = Item(title, **({"published": None, "summary": f"{title}."} | rest))  # type: ignore[arg-type]
        item.guid = item.guid or f"{feed}-{len(self.feeds[feed])}"
        item.text = item.text or paragraphs(title)
        self.feeds[feed].append(item)
        return item

    def answer(self, path: str) -> tuple[int, str, str]:
        kind, _, rest = path.removeprefix("/").partition("/")
        if kind == "feed":
            return self.status, "application/rss+xml", self._rss(rest)
        if kind == "robots.txt":
            return 404 if self.robots is None else 200, "text/plain", self.robots or "no such file"
        item = self.feeds[kind][int(rest)]
        body = "".join(f"<p>{escape(part)}</p>" for part in item.text.split("\n"))
        page = f"<html><body><article><h1>{escape(item.title)}</h1>{body}</article></body></html>"
        return item.page_status, "text/html; charset=utf-8", page

    def _rss(self, name: str) -> str:
        items = "".join(
            f"<item><title>{escape(item.title)}</title><guid>{item.guid}</guid>"
            f"<link>http://127.0.0.1:{self.port}/{name}/{number}</link>"
            f"<description>{escape(item.summary)}</description>"
            + (f"<pubDate>{format_datetime(item.published)}</pubDate>" if item.published else "")
            + "</item>"
            for number, item in enumerate(self.feeds[name])
        )
        return f'<rss version="2.0"><channel><title>{name}</title>{items}</channel></rss>'


@pytest.fixture
def paragraphs_of() -> Callable[..., str]:
    """The text maker, for tests that write their own pages."""
    return paragraphs


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    room = Newsroom()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            room.requests.append(self.path)
            status, kind, body = room.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            if status == 429:
                self.send_header("Retry-After", room.retry_after)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    room.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield room
    server.shutdown()
    server.server_close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@dataclass
class Desk:
    """A configured monitor: `sweep` does all that is due, `sent` is what people got."""

    monitor: app.Monitor
    clock: Clock
    out: io.StringIO

    @property
    def database(self) -> Database:
        return self.monitor.database

    def sweep(self, **later: float) -> str:
        """Let time pass, do what is due, and return what was sent meanwhile."""
        self.clock.pass_(**later)
        start = len(self.out.getvalue())
        self.monitor.drain()
        return self.out.getvalue()[start:]


Open = Callable[..., Desk]


@pytest.fixture
def files(newsroom: Newsroom) -> dict[str, str]:
    """A configuration: two outlets of the newsroom, two rules, the console."""
    address = f"127.0.0.1:{newsroom.port}"
    outlets = "".join(
        f"  - {{id: {name}, name: Paper {name.upper()}, country: GB, language: en, "
        f'tier: national, feeds: [{{url: "http://{address}/feed/{name}"}}]}}\n'
        for name in ("a", "b")
    )
    return {
        "monitor.yaml": "version: 1\nstate: var\n"
        # A steady interval: most tests are not about steering it.
        "poll: {interval: 5 minutes, shortest: 5 minutes, longest: 5 minutes}\n"
        f'fetch: {{allow: ["{address}"]}}\n',
        "channels.yaml": 'console: {url: "console:", default: true}\n',
        "outlets/papers.yaml": f"version: 1\noutlets:\n{outlets}",
        "rules/rules.yaml": RULES,
    }


@pytest.fixture
def open_desk(
    files: dict[str, str], clock: Clock, tmp_path: Path, database_url: str
) -> Iterator[Open]:
    """Opens a monitor on the database; opening another one is a restart."""
    opened: list[app.Monitor] = []

    def open_one(**changed: str) -> Desk:
        for monitor in opened:
            monitor.close()
        opened.clear()
        named = {name.replace("__", "/") + ".yaml": text for name, text in changed.items()}
        configuration = load(files | named, base=tmp_path, environment={})
        settings = configuration.settings.model_copy(
            update={"database_url": database_url, "host_spacing": timedelta()}
        )
        out = io.StringIO()
        monitor = app.build(
            replace(configuration, settings=settings), clock=clock, out=out, chance=lambda: 0.5
        )
        opened.append(monitor)
        return Desk(monitor, clock, out)

    yield open_one
    for monitor in opened:
        monitor.close()


@pytest.fixture
def desk(open_desk: Open) -> Desk:
    return open_desk()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated database by itself."""
    opened = Database(database_url)
    upgrade(opened.writer)
    yield opened
    opened.close()
