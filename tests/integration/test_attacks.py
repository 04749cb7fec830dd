"""The whole watch with one honest feed among hostile hosts: it tells its news, within bounds."""

import gzip
import re
import resource
import socket
import threading
import time
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from email.utils import format_datetime

import pytest

Behaviour = Callable[[socket.socket, int], None]  # the connection, and how often it was asked

SHOWN_NOWHERE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
GROWTH_LIMIT = 300_000  # kB that the daemon's own process may grow by


class Host:
    """A server of its own port that answers every request with one behaviour."""

    def __init__(self, behave: Behaviour) -> None:
        self.behave = behave
        self.asked = 0
        self.ended = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self.ended = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            request = b""
            while b"\r\n\r\n" not in request:
                more = connection.recv(65_536)
                if not more:
                    return
                request += more
            if b"/robots.txt" in request:
                connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                return
            self.asked += 1
            self.behave(connection, self.asked)


def sending(body: bytes, *, kind: str = "application/rss+xml", more: str = "") -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def feed(*items: str, start: str = "") -> bytes:
    text = f"{start}<rss version='2.0'><channel><title>x</title>{''.join(items)}</channel></rss>"
    return text.encode()


def item(title: str, *, guid: str = "", date: str = "", more: str = "") -> str:
    return (
        f"<item><title>{title}</title><guid isPermaLink='false'>{guid or title}</guid>"
        f"<description>{title}.</description><pubDate>{date}</pubDate>{more}</item>"
    )


def always(answer: bytes) -> Behaviour:
    return lambda connection, _: connection.sendall(answer)


def gigabyte() -> bytes:
    packer = zlib.compressobj(wbits=31)
    start = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    return start + (packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)) * 1000


def endless(start: bytes, piece: bytes) -> Behaviour:
    def pour(connection: socket.socket, _: int) -> None:
        connection.sendall(start)
        for _ in range(20_000):
            connection.sendall(piece)

    return pour


DATES = [
    "Mon, 01 Jan -0001 00:00:00 GMT",
    "0000-00-00T00:00:00Z",
    "9999-12-31T23:59:59-23:59",
    "Fri, 31 Dec 2999 00:00:00 GMT",
    "292277026596-12-04T15:30:08Z",
    "Thu, 99 Foo 2026 99:99:99 XYZ",
]
EMPTY = feed()
RSS_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n"
HOSTILE: dict[str, Behaviour] = {
    "bomb": always(sending(gigabyte(), more="Content-Encoding: gzip\r\n")),
    "bombs": always(
        sending(gzip.compress(bytes(1_000_000)) * 90, more="Content-Encoding: gzip\r\n")
    ),
    "brotli": always(sending(b"\x0b\x02\x80news\x03", more="Content-Encoding: br\r\n")),
    "body": endless(RSS_HEAD + b"\r\n", bytes(65_536)),
    "headers": endless(RSS_HEAD, b"X: " + b"a" * 1000 + b"\r\n"),
    "loop": always(b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"),
    "inside": always(b"HTTP/1.1 301 Moved\r\nLocation: http://2130706433:22/\r\n\r\n"),
    "crowd": always(sending(feed("<item><title>a</title></item>" * 100_000))),
    "deep": always(sending(b"<rss><channel>" + b"<a>" * 300_000)),
    "authors": always(sending(feed(item("a", more=f"<author>{'a@' * 200_000}</author>")))),
    "references": always(sending(feed(item("&#xD800;&#0;&#x110000;&nope;" * 1000)))),
    "entities": always(
        sending(
            feed(
                item("&b;"),
                start="<!DOCTYPE r [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>"
                "<!ENTITY c SYSTEM 'file:///etc/passwd'>]>",
            )
        )
    ),
    "charset": always(
        sending(
            b"<?xml version='1.0' encoding='utf-16'?>" + feed(item("se\xf1or")),
            kind="application/rss+xml; charset=x-none",
        )
    ),
    "picture": always(sending(b"\x89PNG\r\n\x1a\n" + bytes(50_000), kind="application/rss+xml")),
    "length": always(RSS_HEAD + b"Content-Length: 900000\r\n\r\n" + EMPTY),
    "guids": always(sending(feed(*(item(f"Item {n}", guid="same") for n in range(300))))),
    "dates": always(
        sending(feed(*(item(f"Dated {n}", date=date) for n, date in enumerate(DATES))))
    ),
    "links": always(
        sending(feed(item("Link", more="<link>javascript:alert(1)</link><link>file:///x</link>")))
    ),
    "junk": always(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "wall": always(
        b"HTTP/1.1 403 Forbidden\r\ncf-mitigated: challenge\r\nContent-Length: 0\r\n\r\n"
    ),
}


@pytest.fixture
def hosts() -> Iterator[dict[str, Host]]:
    with ExitStack() as stack:
        opened = {name: Host(behave) for name, behave in HOSTILE.items()}
        opened |= {name: Host(always(sending(EMPTY))) for name in ("drip", "churn", "titles")}
        for host in opened.values():
            stack.callback(host.close)
        yield opened


@pytest.fixture
def files(files: dict[str, str], hosts: dict[str, Host], newsroom) -> dict[str, str]:
    """The newsroom's two papers, and an outlet for each hostile host."""
    addresses = [f"127.0.0.1:{port}" for port in (newsroom.port, *(h.port for h in hosts.values()))]
    outlets = "".join(
        f"  - {{id: bad-{name}, name: Bad {name}, country: GB, language: en, tier: national, "
        f'feeds: [{{url: "http://127.0.0.1:{host.port}/feed"}}]}}\n'
        for name, host in hosts.items()
    )
    allow = ", ".join(f'"{address}"' for address in addresses)
    settings = f"version: 1\nstate: var\nfetch: {{deadline: 3 seconds, allow: [{allow}]}}\n"
    return files | {
        "monitor.yaml": settings,
        "outlets/papers.yaml": files["outlets/papers.yaml"] + outlets,
    }


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_honest_feed_is_told_while_others_attack(desk, newsroom, hosts) -> None:
    begun = time.monotonic()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    desk.sweep()
    soon = desk.clock.now()
    told_meanwhile = threading.Event()

    def drip(connection: socket.socket, _: int) -> None:
        """Hold on until the honest news is out, or the deadline ends it."""
        connection.sendall(RSS_HEAD + b"Content-Length: 900000\r\n\r\n")
        while not hosts["drip"].ended and "Strelsau offers talks" not in desk.out.getvalue():
            connection.sendall(b"<")
            time.sleep(0.02)
        connection.sendall(b"<")  # fails if the deadline came first
        told_meanwhile.set()

    def churn(connection: socket.socket, asked: int) -> None:
        """One story, under another guid each time."""
        connection.sendall(
            sending(
                feed(item("Ruritania bombed", guid=f"g{asked}", date=format_datetime(soon))),
                more=f'ETag: "{asked}"\r\n',
            )
        )

    hosts["drip"].behave = drip
    hosts["churn"].behave = churn
    hosts["titles"].behave = always(
        sending(
            feed(
                item(
                    "<![CDATA[Zenda talks in \u202eRuritania\u2066 \x07\x1b[31m "
                    "<script>alert(1)</script>]]>",
                    guid="t",
                    date=format_datetime(soon),
                )
            )
        )
    )
    newsroom.publish("Strelsau offers talks", published=soon)
    sent = desk.sweep(minutes=40) + desk.sweep(minutes=40)
    assert "Strelsau offers talks" in sent
    assert told_meanwhile.is_set(), "the honest news waited for the dripping host"
    assert not SHOWN_NOWHERE.search(sent), [
        unicodedata.name(found, repr(found)) for found in SHOWN_NOWHERE.findall(sent)
    ]
    assert "<script" not in sent
    assert sent.count("Ruritania bombed") == desk.out.getvalue().count("Ruritania bombed")
    assert "Ruritania bombed" not in desk.sweep(minutes=40), "told again under another guid"
    newsroom.publish("Airstrikes on the harbour of Strelsau", feed="b", published=desk.clock.now())
    assert "Airstrikes on the harbour of Strelsau" in desk.sweep(minutes=40)
    assert all(host.asked for host in hosts.values())
    assert time.monotonic() - begun < 90.0
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - grown
    assert grown < GROWTH_LIMIT
