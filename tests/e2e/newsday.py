"""An invented day of many feeds: what each shows when, and how their hosts misbehave.

As a program it serves the day: `python newsday.py SEED FEEDS HOSTS HOURS`. It prints its ports as
JSON, the last one for control, and ends with its standard input. A line on the control port is
answered with a line: `at SECONDS` moves the day's time (whoever polls tells it), `told` gives the
requests so far. Seconds count from the beginning of the day.
"""

import asyncio
import json
import socket
import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from math import ceil
from random import Random

BEGINS = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
MINUTE, HOUR = 60.0, 3_600.0
WINDOWS = (20, 50)  # items that a feed shows
MEDIAN_FLOW, FLOW_SPREAD, MOST_FLOW = 1.5, 1.1, 15.0  # items an hour: log-normal over the feeds
BURSTS = 0.25  # of the feeds have one …
BURST_MINUTES = (20, 90)  # … of so long …
BURST_WINDOWS = (0.3, 1.2)  # … in which so many windows of items come on top
UNDATED, UNTAGGED = 0.1, 0.2  # of the feeds
LIARS, LIE_HOURS = 0.05, (2, 6)  # of the feeds: 304 to everybody who brings a validator
FALLEN, FALL_MINUTES = 0.2, (5, 180)  # of the hosts are down once
REFUSING, REFUSAL_MINUTES = 0.1, (20, 120)  # of the hosts answer 429 to everybody
WISHES = (120, 1_800)  # seconds of Retry-After at most; every second host says nothing
NETWORK = ((0.2, 10), (0.5, 40))  # of the day: when our own network fails, for how many minutes

Span = tuple[float, float]


@dataclass(frozen=True)
class Feed:
    """One feed: when its items appear (ascending, some before the day), how it shows them."""

    number: int
    host: int
    times: tuple[float, ...]
    window: int
    dated: bool
    tagged: bool
    lies: tuple[Span, ...]

    def newest(self, at: float) -> int:
        """How many items have appeared by then."""
        return bisect_right(self.times, at)

    def shown(self, at: float) -> range:
        """The items in its window, by number."""
        newest = self.newest(at)
        return range(max(0, newest - self.window), newest)

    def present(self, item: int) -> Span:
        """From when until when the window holds an item."""
        gone = item + self.window
        return self.times[item], self.times[gone] if gone < len(self.times) else float("inf")


@dataclass(frozen=True)
class Day:
    """Everything that happens."""

    feeds: tuple[Feed, ...]
    falls: dict[int, tuple[Span, ...]]  # of hosts: no connection; the network's are in all
    refusals: dict[int, tuple[Span, ...]]  # of hosts: 429
    wishes: dict[int, int | None]  # of hosts that refuse: Retry-After
    length: float

    def silences(self, host: int) -> list[Span]:
        """When a host shows nothing to anybody."""
        return sorted(self.falls[host] + self.refusals[host])

    def observable(self, *, until: float) -> Iterator[tuple[Feed, int]]:
        """Items of the day that were in their window at a moment when their host answered."""
        for feed in self.feeds:
            silences = self.silences(feed.host)
            for item, appeared in enumerate(feed.times):
                if 0 <= appeared < until and not _covered(feed.present(item), silences):
                    yield feed, item


def _covered(span: Span, by: Sequence[Span]) -> bool:
    """Whether sorted spans cover a span without a hole."""
    reached, end = span
    for begins, ends in by:
        if begins > reached:
            break
        reached = max(reached, ends)
    return reached >= end


# --- inventing it ---------------------------------------------------------------------------------


def invent(*, seed: int, feeds: int, hosts: int, hours: float) -> Day:
    """The same day for the same arguments."""
    chance, length = Random(seed), hours * HOUR
    network = tuple((length * at, length * at + minutes * MINUTE) for at, minutes in NETWORK)
    falls, refusals, wishes = {}, {}, {}
    for host in range(hosts):
        falls[host] = network + _sometimes(chance, FALLEN, FALL_MINUTES, MINUTE, length)
        refusals[host] = _sometimes(chance, REFUSING, REFUSAL_MINUTES, MINUTE, length)
        wishes[host] = chance.randint(*WISHES) if chance.random() < 0.5 else None
    made = tuple(_feed(chance, number, number % hosts, length) for number in range(feeds))
    return Day(made, falls, refusals, wishes, length)


def _sometimes(
    chance: Random, share: float, sizes: tuple[int, int], unit: float, length: float
) -> tuple[Span, ...]:
    """One span or none, after the first eighth of the day and before its last quarter."""
    begins, size = chance.uniform(length / 8, length * 5 / 8), chance.uniform(*sizes) * unit
    hit = chance.random() < share
    return ((begins, min(begins + size, length * 3 / 4)),) if hit else ()


def _feed(chance: Random, number: int, host: int, length: float) -> Feed:
    window = chance.randint(*WINDOWS)
    flow = min(MEDIAN_FLOW * chance.lognormvariate(0, FLOW_SPREAD), MOST_FLOW)
    times = [-chance.uniform(0, window / flow * HOUR) for _ in range(window)]
    at = chance.expovariate(flow * 1.5 / HOUR)
    while at < length:  # thinned: one and a half times the mean by day, a fifth of it at night
        if chance.random() < (1.0 if _by_day(at) else 0.13):
            times.append(at)
        at += chance.expovariate(flow * 1.5 / HOUR)
    for begins, ends in _sometimes(chance, BURSTS, BURST_MINUTES, MINUTE, length):
        many = round(window * chance.uniform(*BURST_WINDOWS))
        times += [chance.uniform(begins, ends) for _ in range(many)]
    return Feed(
        number=number,
        host=host,
        times=tuple(sorted(times)),
        window=window,
        dated=chance.random() >= UNDATED,
        tagged=chance.random() >= UNTAGGED,
        lies=_sometimes(chance, LIARS, LIE_HOURS, HOUR, length),
    )


def _by_day(at: float) -> bool:
    return 6 <= (BEGINS + timedelta(seconds=at)).hour < 22


# --- serving it -----------------------------------------------------------------------------------


@dataclass
class Served:
    """The day at one moment."""

    day: Day
    now: float = 0.0
    told: Counter[str] = field(default_factory=Counter)

    def answer(self, host: int, path: str, validator: str) -> tuple[str, list[str], bytes]:
        """Status, header lines and body of an answer."""
        self.told["requests"] += 1
        if _within(self.now, self.day.refusals[host]):
            self.told["429"] += 1
            return "429 Too Many Requests", self._wish(host), b"later"
        feed = self.day.feeds[int(path.rpartition("/")[2])]
        tag = f'"{feed.newest(self.now)}"'
        lying = _within(self.now, feed.lies)
        if feed.tagged and validator and (lying or validator == tag):
            self.told["false 304" if validator != tag else "304"] += 1
            return "304 Not Modified", [f"ETag: {validator}"], b""
        self.told["200"] += 1
        lines = ["Content-Type: application/rss+xml; charset=utf-8"]
        return "200 OK", lines + ([f"ETag: {tag}"] if feed.tagged else []), self._body(feed)

    def _wish(self, host: int) -> list[str]:
        wish = self.day.wishes[host]
        left = max(
            ends - self.now for begins, ends in self.day.refusals[host] if begins <= self.now
        )
        return [f"Retry-After: {min(wish, ceil(left))}"] if wish else []

    def _body(self, feed: Feed) -> bytes:
        items = "".join(_item(feed, item) for item in reversed(feed.shown(self.now)))
        return (
            '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>'
            f"<title>Gazette {feed.number}</title><description>News</description>{items}"
            "</channel></rss>"
        ).encode()


def _item(feed: Feed, item: int) -> str:
    moment = BEGINS + timedelta(seconds=feed.times[item])
    date = f"<pubDate>{format_datetime(moment)}</pubDate>" if feed.dated else ""
    return (
        f"<item><title>Report {item} of gazette {feed.number}</title>"
        f"<link>https://gazette{feed.number}.example/{item}</link>"
        f'<guid isPermaLink="false">{feed.number}-{item}</guid>{date}</item>'
    )


def _within(at: float, spans: Sequence[Span]) -> bool:
    return any(begins <= at < ends for begins, ends in spans)


class Connection(asyncio.Protocol):
    """One connection to a host of the day: requests one after another."""

    def __init__(self, served: Served, host: int) -> None:
        self._served, self._host, self._waiting = served, host, b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while b"\r\n\r\n" in self._waiting:
            head, _, self._waiting = self._waiting.partition(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            said = {
                name.lower(): rest.strip() for name, _, rest in (x.partition(":") for x in lines)
            }
            status, headers, body = self._served.answer(
                self._host, first.split(" ")[1], said.get("if-none-match", "")
            )
            headers.append(f"Content-Length: {len(body)}")
            headers.append(f"Connection: {said.get('connection', 'keep-alive')}")
            self._transport.write("\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode())
            self._transport.write(body)
            if said.get("connection", "") == "close":
                self._transport.close()


class Door:
    """A host's port, which refuses connections while the host is down."""

    def __init__(self, served: Served, host: int) -> None:
        self._served, self._host, self.open = served, host, False
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # listens again
        self._socket.bind(("127.0.0.1", self.port))  # by number: else it is lost with a shutdown
        self._socket.setblocking(False)  # noqa: FBT003 - it has no name

    def turn(self) -> None:
        """Open or close it, as the time says. A port that does not listen stays ours."""
        wanted = not _within(self._served.now, self._served.day.falls[self._host])
        if wanted == self.open:
            return
        self.open, loop = wanted, asyncio.get_running_loop()
        if wanted:
            self._socket.listen(128)
            loop.add_reader(self._socket, self._let_in)
        else:
            loop.remove_reader(self._socket)
            self._socket.shutdown(socket.SHUT_RDWR)  # Linux: no longer listening

    def _let_in(self) -> None:
        try:
            client, _ = self._socket.accept()
        except OSError:  # gone again
            return
        loop = asyncio.get_running_loop()
        made = loop.connect_accepted_socket(lambda: Connection(self._served, self._host), client)
        task = loop.create_task(made)
        _waiting.add(task)
        task.add_done_callback(_waiting.discard)


_waiting: set[object] = set()  # a task that nobody holds may vanish


async def _serve(day: Day) -> None:
    served = Served(day)
    doors = [Door(served, host) for host in range(len(day.falls))]

    def turn() -> None:
        for door in doors:
            door.turn()

    async def control(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := (await reader.readline()).decode().split():
            if line[0] == "at":
                served.now = float(line[1])
                turn()
            writer.write(json.dumps(served.told).encode() + b"\n")
            await writer.drain()
        writer.close()

    turn()
    room = await asyncio.start_server(control, "127.0.0.1", 0)
    ports = [*(door.port for door in doors), room.sockets[0].getsockname()[1]]
    print(json.dumps(ports), flush=True)  # noqa: T201 - a program's answer
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    number, feeds, hosts = (int(word) for word in sys.argv[1:4])
    asyncio.run(_serve(invent(seed=number, feeds=feeds, hosts=hosts, hours=float(sys.argv[4]))))
