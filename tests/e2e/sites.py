"""Real servers on loopback: feeds, pages, webhook receivers and a mail server."""

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from xml.sax.saxutils import escape as xml_escape

RSS = "application/rss+xml; charset=utf-8"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Answer:
    """What a site says. `drip` writes the body itself; `sent` is called when all is written."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    drip: Callable[[Any], object] | None = None
    sent: Callable[[], object] = lambda: None


Asked = Callable[[str, Mapping[str, str]], Answer]  # path, request headers in lower case


@dataclass
class Site:
    """A server; each has a port of its own, so the daemon takes it for a host of its own."""

    answer: Asked
    port: int = 0
    requests: Counter[str] = field(default_factory=Counter)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def place(self) -> str:
        """As `fetch.allow` names it."""
        return f"127.0.0.1:{self.port}"


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is killed breaks its connections: that is the point here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def say(self, answer: Answer) -> None:
        self.send_response(answer.status)
        if answer.drip is None:
            self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        if answer.drip is not None:
            answer.drip(self.wfile)
        elif answer.status != 304:
            self.wfile.write(answer.body)
        answer.sent()
        self.close_connection = True


@contextmanager
def _served(handler: type[_Handler], *, port: int = 0) -> Iterator[int]:
    server = _Quiet(("127.0.0.1", port), handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def site(answer: Asked) -> Iterator[Site]:
    """A site that answers each GET with what `answer` says."""
    made = Site(answer)

    class Handler(_Handler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            made.requests[self.path] += 1
            self.say(made.answer(self.path, headers))

    with _served(Handler) as port:
        made.port = port
        yield made


@dataclass(frozen=True)
class Post:
    """One message at a webhook, as Apprise's json:// sends it."""

    key: str
    title: str
    text: str
    at: float  # time.monotonic when it was complete


@dataclass
class Receiver:
    """A webhook that keeps what it was sent; `status` is what it answers."""

    port: int = 0
    status: int = 200
    words: str = ""
    posts: list[Post] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    @property
    def channel(self) -> str:
        return f"json://127.0.0.1:{self.port}/"

    def wait(self, enough: Callable[[list[Post]], bool], *, seconds: float) -> list[Post]:
        """The messages, once `enough` holds of them; fails after `seconds`."""
        with self.arrived:
            held = self.arrived.wait_for(lambda: enough(self.posts), timeout=seconds)
            assert held, f"after {seconds:g} s only: {[post.title for post in self.posts]}"
            return list(self.posts)


@contextmanager
def receiver(*, status: int = 200, words: str = "") -> Iterator[Receiver]:
    """A webhook on loopback."""
    made = Receiver(status=status, words=words)

    class Handler(_Handler):
        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with made.arrived:
                if made.status < 300:
                    key = self.headers.get("Idempotency-Key", "")
                    post = Post(key, sent["title"], sent["message"], time.monotonic())
                    made.posts.append(post)
                    made.arrived.notify_all()
            self.say(Answer(made.words.encode(), status=made.status))

    with _served(Handler) as port:
        made.port = port
        yield made


@dataclass
class Mailbox:
    """A mail server that keeps what it was sent."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)

    @property
    def channel(self) -> str:
        ends = "from=monitor@desk.test&to=duty@desk.test"
        return f"mailto://127.0.0.1:{self.port}?smtp=127.0.0.1&{ends}"

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it so
        self,
        server: Any,  # noqa: ARG002
        session: Any,  # noqa: ARG002
        envelope: Any,
    ) -> str:
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        return "250 kept"


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """An SMTP server on loopback."""
    from aiosmtpd.controller import Controller  # noqa: PLC0415 - only the tests with mail need it

    made = Mailbox()
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        made.port = free.getsockname()[1]
    controller = Controller(made, hostname="127.0.0.1", port=made.port)
    controller.start()
    try:
        yield made
    finally:
        controller.stop()


# --- what sites show --------------------------------------------------------------------------


@dataclass(frozen=True)
class Item:
    """One item of a feed. Without a guid its link is its identity."""

    title: str
    link: str
    summary: str = ""
    published: datetime | None = None


def rss(items: list[Item]) -> bytes:
    """A feed of these items."""
    return (
        "<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>Wire</title>"
        + "".join(
            f"<item><title>{xml_escape(item.title)}</title><link>{xml_escape(item.link)}</link>"
            f"<description>{xml_escape(item.summary)}</description>"
            + (f"<pubDate>{format_datetime(item.published)}</pubDate>" if item.published else "")
            + "</item>"
            for item in items
        )
        + "</channel></rss>"
    ).encode()


def page(title: str, paragraphs: list[str], *, before: str = "", after: str = "") -> bytes:
    """An article page as content systems make them; `before` and `after` stand around the text."""
    text = "".join(f"<p>{escape(each)}</p>" for each in paragraphs)
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        f"<title>{escape(title)} - The Wire</title>"
        f"<meta property='og:title' content='{escape(title, quote=True)}'></head><body>"
        "<header><nav><ul><li><a href='/'>Home</a></li><li><a href='/world'>World</a></li>"
        "</ul></nav></header>"
        f"<main><article><h1>{escape(title)}</h1>{before}<div class='entry-content'>{text}</div>"
        f"{after}</article></main>"
        "<footer><p>© The Wire. All rights reserved.</p></footer></body></html>"
    ).encode()
