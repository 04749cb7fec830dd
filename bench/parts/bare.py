"""The libraries alone, on the same bytes and with the same options as the monitor uses them."""

import asyncio
import io
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version

import aiohttp
import feedparser

CONNECTIONS = 64
HEADERS = {
    "User-Agent": "media-monitor/bench",
    "Accept-Encoding": "gzip",
    "Accept": "application/rss+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.5",
}
FEEDPARSER = {"sanitize_html": False, "resolve_relative_uris": False}


def versions(*names: str) -> str:
    return ", ".join(f"{name} {version(name)}" for name in names)


def fetched(
    urls: Sequence[str], etags: Mapping[str, str], *, keep: bool
) -> tuple[float, dict[str, bytes], dict[str, str]]:
    """CPU seconds of aiohttp alone, bodies and ETags; `keep`: connections are kept alive."""

    async def one(session: aiohttp.ClientSession, url: str, gate: asyncio.Semaphore) -> None:
        asked = HEADERS | ({"If-None-Match": etags[url]} if url in etags else {})
        async with gate, session.get(url, headers=asked, allow_redirects=False) as answer:
            bodies[url], seen[url] = await answer.read(), answer.headers["ETag"]

    async def all_of_them() -> None:
        connector = aiohttp.TCPConnector(limit=CONNECTIONS, force_close=not keep)
        gate, jar = asyncio.Semaphore(CONNECTIONS), aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(connector=connector, cookie_jar=jar) as session:
            await asyncio.gather(*(one(session, url, gate) for url in urls))

    bodies: dict[str, bytes] = {}
    seen: dict[str, str] = {}
    began = time.process_time()
    asyncio.run(all_of_them())
    return time.process_time() - began, bodies, seen


def parsed(bodies: Mapping[str, bytes]) -> tuple[float, int]:
    """CPU seconds of feedparser alone, and how many entries it found."""
    began, found = time.process_time(), 0
    for url, body in bodies.items():
        said = {"content-location": url, "content-type": "application/rss+xml; charset=utf-8"}
        result = feedparser.parse(io.BytesIO(body), response_headers=said, **FEEDPARSER)
        found += len(result.entries)
    return time.process_time() - began, found
