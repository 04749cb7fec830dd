"""A newsroom on 127.0.0.1, a clock of our own, and a monitor that watches the one by the other."""

import io
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from presses import Press

from monitor import app
from monitor.config.load import Configuration, load
from monitor.storage.engine import Database

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


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    path: str
    at: datetime
    etag: str | None
    last_modified: str | None


@dataclass
class Newsroom:
    """A real web server whose feeds a test writes. Feed n is /feed/n, item m of it /n/m."""

    feeds: dict[str, list[Item]] = field(default_factory=lambda: {"a": [], "b": []})
    status: int = 200
    statuses: dict[str, int] = field(default_factory=dict)  # of single paths
    headers: dict[str, str] = field(default_factory=dict)  # sent with every answer
    retry_after: str = "0"
    robots: str | None = None  # its robots.txt; None: it has none
    window: int | None = None  # items that a feed shows, the latest; None: all
    documents: dict[str, tuple[str, str]] = field(default_factory=dict)  # path: type and body
    moved: dict[str, str] = field(default_factory=dict)  # path: where it is for good
    validators: bool = False  # feeds have an ETag and a Last-Modified …
    lies: bool = False  # … and whoever sends one back hears that nothing has changed
    requests: list[str] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    received: list[str] = field(default_factory=list)  # what was sent to it
    port: int = 0

    def publish(self, title: str, *, feed: str = "a", **rest: object) -> Item:
        item = Item(title, **({"published": None, "summary": f"{title}."} | rest))  # type: ignore[arg-type]
        item.guid = item.guid or f"{feed}-{len(self.feeds[feed])}"
        item.text = item.text or paragraphs(title)
        self.feeds[feed].append(item)
        return item

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def answer(self, path: str) -> tuple[int, str, str]:
        kind, _, rest = path.removeprefix("/").partition("/")
        if path in self.documents:
            return self.statuses.get(path, 200), *self.documents[path]
        if kind == "feed":
            return self.statuses.get(path, self.status), "application/rss+xml", self._rss(rest)
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
            for number, item in list(enumerate(self.feeds[name]))[-(self.window or 0) :]
        )
        return f'<rss version="2.0"><channel><title>{name}</title>{items}</channel></rss>'


@pytest.fixture
def paragraphs_of() -> Callable[..., str]:
    """The text maker, for tests that write their own pages."""
    return paragraphs


def answer_request(room: Newsroom, request: BaseHTTPRequestHandler, *, at: datetime) -> None:
    """Answer one request as the newsroom is told to."""
    path, given = request.path, request.headers
    known = given["If-None-Match"], given["If-Modified-Since"]
    room.requests.append(path)
    room.asked.append(Asked(path, at, *known))
    if path in room.moved:
        request.send_response(301)
        request.send_header("Location", room.moved[path])
        request.end_headers()
        return
    status, kind, body = room.answer(path)
    etag = f'"{sha256(body.encode()).hexdigest()[:16]}"'
    told = status == 200 and path.startswith("/feed/") and (room.validators or room.lies)
    if told and (known[0] == etag or (room.lies and any(known))):
        status, body = 304, ""
    request.send_response(status)
    request.send_header("Content-Type", kind)
    if told:
        request.send_header("ETag", etag)
        request.send_header("Last-Modified", "Mon, 02 Mar 2026 11:00:00 GMT")
    if status == 429 or (status == 503 and room.retry_after != "0"):
        request.send_header("Retry-After", room.retry_after)
    for name, value in room.headers.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body.encode())


class Door:
    """The way into a newsroom; while it is shut, connections are refused."""

    def __init__(self, room: Newsroom, clock: Clock) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer_request(room, self, at=clock.now())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                room.received.append(body.decode())
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._room, self._handler = room, Handler
        self._server: ThreadingHTTPServer | None = None
        self.open()

    def open(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", self._room.port), self._handler)
        self._server.daemon_threads = True
        self._room.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def shut(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


OpenRoom = Callable[[], tuple[Newsroom, Door]]


@pytest.fixture
def open_newsroom(clock: Clock) -> Iterator[OpenRoom]:
    """Opens a newsroom on a port of its own: another host."""
    doors: list[Door] = []

    def open_one() -> tuple[Newsroom, Door]:
        room = Newsroom()
        doors.append(Door(room, clock))
        return room, doors[-1]

    yield open_one
    for door in doors:
        door.shut()


@pytest.fixture
def newsroom(open_newsroom: OpenRoom) -> Newsroom:
    return open_newsroom()[0]


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

    def open_one(configuration: Configuration | None = None, **changed: str) -> Desk:
        for monitor in opened:
            monitor.close()
        opened.clear()
        named = {name.replace("__", "/") + ".yaml": text for name, text in changed.items()}
        configuration = configuration or load(files | named, base=tmp_path, environment={})
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
    """A database by itself."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def press(open_newsroom):
    """Opens so many newsrooms, each a host of its own."""

    def open_many(count):
        opened = [open_newsroom() for _ in range(count)]
        return Press([room for room, _ in opened], [door for _, door in opened])

    return open_many


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that signs itself, and its key, in one file each."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which makes the certificate, is not installed")
    made = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", made / "key.pem", "-out", made / "certificate.pem"],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    return made
