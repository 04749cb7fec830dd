"""Feeds and pages on many ports of loopback, served by a process of its own.

Each port is a host of its own for whoever asks. Feed n of a site lists `ITEMS` items, the newest
first; `Site.publish(k)` makes k new ones appear in every feed. A request whose If-None-Match has
the present ETag is answered 304. As a program: `python loopback.py HOSTS SHOWN AGE [FOLDER]`; it
prints its ports as JSON and ends with its standard input.
"""

import asyncio
import gzip
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

ITEMS = 30  # in each feed, unless told otherwise
FIRST = 1_000  # number of the newest item when the server starts
EVERY = 10  # seconds between the dates of two items, which never change
COMMON = (  # noqa: SIM905 - 300 words are easier to read so
    "the of and to in a is that for it was on are as with they at be this from have by not but "
    "what all were when we there can an your which their said if will way about many then them "
    "would like so these her long make thing see him two has look more day could go come did my "
    "sound no most number who over know water than call first people may down side been now find "
    "head stand own page should country found answer school grow study still learn plant cover "
    "food sun four thought let keep eye never last door between city tree cross since hard start "
    "might story saw far sea draw left late run while press close night real life few stop open "
    "seem together next white children begin got walk example ease paper often always music those "
    "both mark book letter until mile river car feet care second group carry took rain eat room "
    "friend began idea fish mountain north once base hear horse cut sure watch colour face wood "
    "main enough plain girl usual young ready above ever red list though feel talk bird soon body "
    "dog family direct pose leave song measure state product black short numeral class wind "
    "question happen complete ship area half rock order fire south problem piece told knew pass "
    "farm top whole king size heard best hour better true during hundred remember step early hold "
    "west ground interest reach fast five sing listen six table travel less morning ten simple "
    "several vowel toward war lay against pattern slow centre love person money serve appear road "
    "map science rule govern pull cold notice voice fall power town fine certain fly unit lead cry"
).split()
SENTENCES = 4_000


@lru_cache(maxsize=1)
def sentences() -> tuple[str, ...]:
    """English-looking sentences of 8 to 20 words, the same in every run."""
    chance = Random(20260101)
    made = []
    for _ in range(SENTENCES):
        words = chance.choices(COMMON, k=chance.randint(8, 20))
        made.append(f"{' '.join(words).capitalize()}.")
    return tuple(made)


def prose(seed: int, letters: int) -> str:
    """About `letters` characters of sentences; other seeds say something else."""
    pool, found, place = sentences(), [], seed * 2_654_435_761
    while letters > 0:
        place = (place * 1_103_515_245 + 12_345) % 2**31
        found.append(pool[(place >> 8) % SENTENCES])
        letters -= len(found[-1]) + 1
    return " ".join(found)


def headline(seed: int) -> str:
    return f"{prose(seed, 55)[:70].rsplit(' ', 1)[0].rstrip('.')} {seed % 1_000_003}"


def item(home: str, number: int, at: int, moment: float) -> str:
    """Item `at` of feed `number`; every second one carries its text in full."""
    seed = number * 1_000_003 + at
    link = f"{home}/page/{number}-{at}"
    body = ""
    if at % 2:
        parts = "".join(f"<p>{prose(seed + part, 380)}</p>" for part in range(3))
        body = (
            f'<content:encoded><![CDATA[<figure><img src="{home}/{seed}.jpg" alt="" /></figure>'
            f'{parts}<p><a href="{link}">Read on</a></p>]]></content:encoded>'
        )
    return (
        f"<item><title>{headline(seed)}</title><link>{link}</link>"
        f'<guid isPermaLink="false">{home}/?p={number}-{at}</guid>'
        f"<pubDate>{formatdate(moment, usegmt=True)}</pubDate>"
        f"<dc:creator><![CDATA[{headline(seed + 7)[:18]}]]></dc:creator>"
        f"<category><![CDATA[World]]></category><category><![CDATA[{seed % 40}]]></category>"
        f"<description><![CDATA[<p>{prose(seed + 3, 300)}</p>]]></description>{body}</item>\n"
    )


def plain_item(home: str, number: int, at: int, moment: float) -> str:
    """The least that a news feed tells of an item: five elements."""
    seed = number * 1_000_003 + at
    return (
        f"<item><title>{headline(seed)}</title><link>{home}/page/{number}-{at}</link>"
        f"<guid>{home}/page/{number}-{at}</guid>"
        f"<pubDate>{formatdate(moment, usegmt=True)}</pubDate>"
        f"<description>{prose(seed + 3, 300)}</description></item>\n"
    )


def rss(
    home: str, number: int, *, newest: int, shown: int, began: float, plain: bool = False
) -> bytes:
    """Feed `number`, whose newest item is number `newest`; its items keep their dates."""
    write = plain_item if plain else item
    items = "".join(
        write(home, number, at, began + (at - FIRST) * EVERY)
        for at in range(newest, newest - shown, -1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom" '
        'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel>'
        f"<title>Gazette {number}</title><link>{home}/</link><description>News</description>"
        f'<atom:link href="{home}/feed/{number}" rel="self" type="application/rss+xml" />'
        "<language>en-GB</language><sy:updatePeriod>hourly</sy:updatePeriod>\n"
        f"{items}</channel></rss>"
    ).encode()


def page(home: str, number: int) -> bytes:
    """An article page of 60 to 150 kB, as content systems make them."""
    chance = Random(number)
    title, link = headline(number), f"{home}/page/{number}"
    published = formatdate(1_760_000_000 + number * 60, usegmt=True)
    day = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_760_000_000 + number * 60))
    linked = json.dumps(
        {
            "@context": "https://schema.org", "@type": "NewsArticle", "headline": title,
            "datePublished": day, "dateModified": day, "mainEntityOfPage": link,
            "author": [{"@type": "Person", "name": "Ana Reed"}],
            "publisher": {"@type": "NewsMediaOrganization", "name": "Gazette"},
        }
    )  # fmt: skip
    script = "".join(
        f"window.slot{each}={{id:{chance.randrange(10**9)},w:300,h:250,"
        f'key:"{chance.getrandbits(256):x}"}};'
        for each in range(chance.randint(80, 380))
    )
    style = "".join(
        f".c{each}{{margin:{each}px;padding:{each % 9}px;color:#{each:06x}}}" for each in range(250)
    )
    navigation = "".join(
        f'<li class="item-{each}"><a href="{home}/section/{each}">{word.title()}</a></li>'
        for each, word in enumerate(COMMON[60:130])
    )
    text = "".join(
        f'<p>{prose(number * 50 + part, chance.randint(250, 600))} <a href="{home}/tag/{part}">'
        f"{COMMON[part * 7 % 300]}</a> {prose(number * 90 + part, 80)}</p>"
        + (f"<h2>{headline(number + part)}</h2>" if part % 5 == 4 else "")
        for part in range(chance.randint(10, 28))
    )
    related = "".join(
        f'<article class="card"><a href="{home}/page/{number + each}"><img src="/i/{each}.jpg" '
        f'loading="lazy" alt=""><h3>{headline(number * 31 + each)}</h3></a>'
        f'<time datetime="{day}">{published}</time></article>'
        for each in range(chance.randint(20, 60))
    )
    comments = "".join(
        f'<div class="comment"><span class="who">Reader {each}</span>'
        f"<p>{prose(each, 120)}</p></div>"
        for each in range(chance.randint(0, 30))
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{title} | Gazette</title><link rel='canonical' href='{link}'>"
        f'<meta property="og:title" content="{title}"><meta property="og:type" content="article">'
        f'<meta property="og:site_name" content="Gazette"><meta property="og:url" content="{link}">'
        f'<meta property="article:published_time" content="{day}">'
        f'<meta name="description" content="{prose(number, 150)}">'
        f'<script type="application/ld+json">{linked}</script><style>{style}</style>'
        f"<script>{script}</script></head><body class='single'>"
        f"<header><div class='brand'><a href='{home}/'>Gazette</a></div><nav><ul>{navigation}</ul>"
        "</nav></header><main><div class='row'>"
        f"<article class='post'><h1>{title}</h1><p class='byline'>By <a rel='author' "
        f"href='{home}/by/reed'>Ana Reed</a> <time datetime='{day}'>{published}</time></p>"
        f"<div class='entry-content'>{text}</div></article>"
        f"<aside class='related'><h2>More</h2>{related}</aside>"
        f"<section id='comments' class='comments'>{comments}</section></div></main>"
        f"<footer><ul>{navigation}</ul><p>© Gazette. All rights reserved.</p></footer>"
        "</body></html>"
    ).encode()


def kept(folder: Path | None) -> list[bytes]:
    """The pages kept as *.html.gz in a folder and those below it, in the order of their names."""
    found = sorted(folder.rglob("*.html.gz")) if folder else []
    return [gzip.decompress(each.read_bytes()) for each in found]


def page_at(home: str, name: str, pages: Sequence[bytes]) -> bytes:
    """The page that is shown under a name such as "7-1003"."""
    number, _, at = name.partition("-")
    if pages:
        return pages[(int(number) + 100 * int(at or 0)) % len(pages)]
    return page(home, int(number + at))


@dataclass
class Newsroom:
    """What all ports of one server show, and what they were asked since `told`."""

    shown: int  # items in a feed
    pages: Sequence[bytes]  # shown in turn; none: generated ones
    began: float  # seconds since 1970: the date of item FIRST of every feed
    newest: int = FIRST  # its number
    told: dict[str, Any] = field(default_factory=lambda: {"polls": 0, "unchanged": 0, "at": []})

    def answer(self, home: str, path: str, etag: str) -> tuple[str, bytes, str, str]:
        """Status, body, content type and ETag of an answer."""
        kind, _, rest = path.strip("/").partition("/")
        if kind in {"feed", "plain"}:
            return self._feed(home, int(rest), etag, plain=kind == "plain")
        if kind == "page":
            return "200 OK", page_at(home, rest, self.pages), "text/html", ""
        if kind == "publish":
            self.newest += int(rest)
        if kind in {"publish", "told"}:
            told, self.told = self.told, {"polls": 0, "unchanged": 0, "at": []}
            return "200 OK", json.dumps(told).encode(), "application/json", ""
        return "404 Not Found", b"", "text/plain", ""

    def _feed(
        self, home: str, number: int, etag: str, *, plain: bool
    ) -> tuple[str, bytes, str, str]:
        self.told["polls"] += 1
        self.told["at"].append((number, time.time()))
        present = f'"{number}-{self.newest}"'
        if etag == present:
            self.told["unchanged"] += 1
            return "304 Not Modified", b"", "", present
        body = rss(
            home, number, newest=self.newest, shown=self.shown, began=self.began, plain=plain
        )
        return "200 OK", body, "application/rss+xml; charset=utf-8", present


class Connection(asyncio.Protocol):
    """One connection: requests one after another, kept alive if the client wants it."""

    def __init__(self, room: Newsroom) -> None:
        self._room, self._waiting = room, b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while b"\r\n\r\n" in self._waiting:
            head, _, self._waiting = self._waiting.partition(b"\r\n\r\n")
            self._respond(head.decode("latin-1"))

    def _respond(self, head: str) -> None:
        first, *lines = head.split("\r\n")
        fields = {
            name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)
        }
        home = f"http://{fields['host']}"
        status, body, kind, etag = self._room.answer(
            home, first.split(" ")[1], fields.get("if-none-match", "")
        )
        said = [f"HTTP/1.1 {status}", f"Date: {formatdate(usegmt=True)}", "Server: loopback"]
        if body and "gzip" in fields.get("accept-encoding", ""):
            body = gzip.compress(body, 4)
            said.append("Content-Encoding: gzip")
        said += [f"ETag: {etag}"] if etag else []
        if not status.startswith("304"):
            said += [f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
        closing = fields.get("connection", "").lower() == "close"
        said.append(f"Connection: {'close' if closing else 'keep-alive'}")
        self._transport.write("\r\n".join([*said, "", ""]).encode() + body)
        if closing:
            self._transport.close()


@dataclass(frozen=True)
class Site:
    """A server that runs; `ports` are its hosts."""

    ports: tuple[int, ...]
    pid: int

    @property
    def places(self) -> list[str]:
        """As `fetch.allow` names them."""
        return [f"127.0.0.1:{port}" for port in self.ports]

    def home(self, number: int) -> str:
        return f"http://127.0.0.1:{self.ports[number % len(self.ports)]}"

    def feeds(self, count: int, *, plain: bool = False) -> list[str]:
        """The addresses of feeds 0 to `count`, spread over the hosts; `plain`: of plain items."""
        kind = "plain" if plain else "feed"
        return [f"{self.home(number)}/{kind}/{number}" for number in range(count)]

    def publish(self, count: int) -> None:
        """`count` new items appear in each feed, and the counting begins anew."""
        self._ask(f"publish/{count}")

    def told(self) -> dict[str, Any]:
        """`polls` and `unchanged` ones since the last call, and `at`: (feed, time) of each."""
        return self._ask("told/")

    def _ask(self, path: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.home(0)}/{path}", timeout=60) as answer:
            found: dict[str, Any] = json.load(answer)
        return found


@contextmanager
def site(
    *, hosts: int, shown: int = ITEMS, age: int = 0, folder: Path | None = None
) -> Iterator[Site]:
    """Start the server; it ends with the block.

    `age` of the newest items in seconds; `folder`: of the pages to show, instead of made-up ones.
    """
    words = [sys.executable, str(Path(__file__)), str(hosts), str(shown), str(age)]
    words += [str(folder)] if folder else []
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Site(tuple(json.loads(process.stdout.readline())), process.pid)
        process.stdin.close()


async def _serve(hosts: int, shown: int, age: int, folder: Path | None) -> None:
    loop, room = asyncio.get_running_loop(), Newsroom(shown, kept(folder), time.time() - age)
    servers = [
        await loop.create_server(lambda: Connection(room), "127.0.0.1", 0, backlog=256)
        for _ in range(hosts)
    ]
    print(json.dumps([each.sockets[0].getsockname()[1] for each in servers]), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asked = [*sys.argv[1:], ""]
    asyncio.run(_serve(*map(int, asked[:3]), Path(asked[3]) if asked[3] else None))
