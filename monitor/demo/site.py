"""The invented outlets as real web servers on 127.0.0.1, showing what stands at a moment."""

import hashlib
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from monitor.core.model import Outlet, OutletId
from monitor.demo.week import Piece, Version, Week

FEED_ITEMS = 30  # newest first; what a newspaper's feed usually lists
FEED_PATH = "/feed.xml"


class Sites:
    """One server for each outlet of a week, each on a port of its own."""

    def __init__(self, week: Week, *, now: Callable[[], datetime]) -> None:
        self._servers: dict[OutletId, ThreadingHTTPServer] = {}
        for outlet in week.outlets:
            pieces = [piece for piece in week.pieces if piece.outlet == outlet.id]
            server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(outlet, pieces, now))
            server.daemon_threads = True
            self._servers[outlet.id] = server

    def address(self, outlet: OutletId) -> tuple[str, int]:
        """Host and port of an outlet."""
        return "127.0.0.1", self._servers[outlet].server_port

    def page_address(self, piece: Piece) -> str:
        """Where an article stands."""
        host, port = self.address(piece.outlet)
        return f"http://{host}:{port}/{piece.id}.html"

    def __enter__(self) -> Self:
        for server in self._servers.values():
            threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for server in self._servers.values():
            server.shutdown()
            server.server_close()


def _handler(
    outlet: Outlet, pieces: Sequence[Piece], now: Callable[[], datetime]
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host, moment = self.headers.get("Host", ""), now()
            if self.path == FEED_PATH:
                body = feed(outlet, pieces, host=host, moment=moment)
                self._answer(body, "application/rss+xml; charset=utf-8")
                return
            found = {f"/{piece.id}.html": piece for piece in pieces}.get(self.path)
            version = found.at(moment) if found else None
            if found is None or version is None:
                self.send_error(404)
                return
            body = page(outlet, found, version, host=host)
            self._answer(body, "text/html; charset=utf-8")

        def _answer(self, text: str, kind: str) -> None:
            body = text.encode()
            tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            unchanged = self.headers.get("If-None-Match") == tag
            self.send_response(304 if unchanged else 200)
            self.send_header("ETag", tag)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", "0" if unchanged else str(len(body)))
            self.end_headers()
            if not unchanged:
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: the demo is about the daemon."""

    return Handler


def feed(outlet: Outlet, pieces: Sequence[Piece], *, host: str, moment: datetime) -> str:
    """The outlet's RSS feed as it stands at a moment."""
    shown = [(piece, version) for piece in pieces if (version := piece.at(moment))]
    shown.sort(key=lambda each: each[0].published, reverse=True)
    items = "".join(_item(piece, version, host) for piece, version in shown[:FEED_ITEMS])
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
        f"<title>{escape(outlet.name)}</title><link>http://{host}/</link>"
        f"<language>{outlet.language}</language>{items}</channel></rss>"
    )


def _item(piece: Piece, version: Version, host: str) -> str:
    summary = f"<description>{escape(piece.summary)}</description>" if piece.summary else ""
    return (
        f"<item><title>{escape(version.title)}</title>"
        f'<guid isPermaLink="false">{piece.id}</guid><link>http://{host}/{piece.id}.html</link>'
        f"<pubDate>{format_datetime(piece.published)}</pubDate>{summary}</item>"
    )


def page(outlet: Outlet, piece: Piece, version: Version, *, host: str) -> str:
    """An article page with what surrounds articles everywhere: menus, teasers, a footer."""
    paragraphs = "".join(
        f"<p>{escape(' '.join(part.split()))}</p>" for part in version.text.strip().split("\n\n")
    )
    address = f"http://{host}/{piece.id}.html"
    name = escape(outlet.name)
    author = f'<p class="byline">{escape(piece.author)}</p>' if piece.author else ""
    section = escape(piece.section or "")
    return (
        f'<!doctype html><html lang="{outlet.language}"><head><meta charset="utf-8">'
        f"<title>{escape(version.title)} | {name}</title>"
        f'<link rel="canonical" href="{address}">'
        f'<meta property="og:title" content="{escape(version.title)}">'
        f'<meta property="og:site_name" content="{name}">'
        f'<meta property="article:section" content="{section}">'
        f'<meta property="article:published_time" content="{piece.published.isoformat()}">'
        f"</head><body><header><nav><a href='/'>{name}</a> <a href='/a'>World</a> "
        f"<a href='/b'>Sport</a> <a href='/c'>Weather</a></nav></header>"
        f"<main><article><h1>{escape(version.title)}</h1>{author}{paragraphs}</article></main>"
        f"<footer><p>© {name}</p><a href='/privacy'>Privacy</a></footer></body></html>"
    )
