"""Serves the recorded stream on 127.0.0.1: `python stream_site.py SINCE UNTIL`.

It prints its ports as JSON, one for each feed and the last one for control, and ends with its
standard input. A line `at MOMENT` on the control port moves the stream's time and is answered with
the requests so far. A program of its own, so that serving does not slow the daemon.
"""

import asyncio
import json
import sys
from bisect import bisect_right
from collections import Counter
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from newsday import Connection
from stream import Item, Listed, read_stream

SHOWN = 60  # items, the newest first


class Served:
    """The stream at one moment, in the form that `newsday.Connection` asks."""

    def __init__(self, feeds: list[Listed]) -> None:
        self.feeds, self.now = feeds, datetime.min.replace(tzinfo=UTC)
        self.told: Counter[str] = Counter()

    def answer(self, host: int, path: str, validator: str) -> tuple[str, list[str], bytes]:
        """Status, header lines and body of an answer."""
        del path  # a port shows one feed
        feed = self.feeds[host]
        appeared = bisect_right(feed.times, self.now)
        tag = f'"{appeared}"'
        self.told["polls"] += 1
        if validator == tag:
            return "304 Not Modified", [f"ETag: {tag}"], b""
        self.told["documents"] += 1
        lines = ["Content-Type: application/rss+xml; charset=utf-8", f"ETag: {tag}"]
        shown = feed.items[max(0, appeared - SHOWN) : appeared]
        return "200 OK", lines, document(feed, shown[::-1])


def document(feed: Listed, items: tuple[Item, ...]) -> bytes:
    """A feed as RSS."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>'
        f"<title>{escape(feed.publisher)}</title><language>{feed.language}</language>"
        f"{''.join(map(_item, items))}</channel></rss>"
    ).encode()


def _item(item: Item) -> str:
    return (
        f"<item><title>{escape(item.title)}</title><link>{escape(item.url)}</link>"
        f'<guid isPermaLink="false">{item.line}</guid>'
        f"<pubDate>{format_datetime(item.published)}</pubDate>"
        f"<description>{escape(item.summary)}</description></item>"
    )


async def _serve(feeds: list[Listed]) -> None:
    served, loop, ports = Served(feeds), asyncio.get_running_loop(), []
    for number in range(len(feeds)):

        def connected(host: int = number) -> Connection:
            return Connection(served, host)  # type: ignore[arg-type]

        server = await loop.create_server(connected, "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])

    async def control(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := (await reader.readline()).decode().split():
            served.now = datetime.fromisoformat(line[1])
            writer.write(json.dumps(served.told).encode() + b"\n")
            await writer.drain()
        writer.close()

    room = await asyncio.start_server(control, "127.0.0.1", 0)
    print(json.dumps([*ports, room.sockets[0].getsockname()[1]]), flush=True)  # noqa: T201 - the answer
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    begins, ends = map(datetime.fromisoformat, sys.argv[1:])
    asyncio.run(_serve(read_stream(since=begins, until=ends)))
