"""The bodies of feeds and pages, read in the worker processes, several in one go."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from monitor.adapters.workers import Workers
from monitor.core.errors import Permanent, Temporary
from monitor.core.model import Page, ParsedFeed, Selectors

# What one task may hold, in bytes: its cost of half a millisecond is shared by many.
FEEDS_TOGETHER = 2_000_000
PAGES_TOGETHER = 500_000  # 50 ms each hundred thousand, and what is read is committed at its end


@dataclass(frozen=True, slots=True)
class Body:
    """What a feed answered, and what to look for in it: see feeds.parse_feed."""

    content: bytes
    url: str
    content_type: str | None
    selectors: Selectors | None = None
    whole: bool = False
    marks: bytes = b""
    newest: bytes = b""


@dataclass(frozen=True, slots=True)
class PageBody:
    """What a page's address answered, and how to read it: see pages.extract."""

    content: bytes
    url: str
    content_type: str | None
    keep: str | None = None
    drop: Sequence[str] = ()
    expected: str | None = None


Parsed = ParsedFeed | Permanent | Temporary
Extracted = Page | Permanent | Temporary


class _Sized(Protocol):
    @property
    def content(self) -> bytes: ...


AnyBody = TypeVar("AnyBody", bound=_Sized)
Found = TypeVar("Found")


def parse(bodies: Sequence[Body]) -> list[ParsedFeed | Permanent]:
    """Parse feeds one after another; runs in a worker."""
    from monitor.adapters import feeds  # noqa: PLC0415 - the main process never loads feedparser

    def parsed(body: Body) -> ParsedFeed:
        return feeds.parse_feed(
            body.content,
            url=body.url,
            content_type=body.content_type,
            selectors=body.selectors,
            whole=body.whole,
            marks=body.marks,
            newest=body.newest,
        )

    return [_tried(parsed, body) for body in bodies]


def extract(bodies: Sequence[PageBody]) -> list[Page | Permanent]:
    """Read pages one after another; runs in a worker."""
    from monitor.adapters import pages  # noqa: PLC0415 - the main process never loads trafilatura

    def extracted(body: PageBody) -> Page:
        return pages.extract(
            body.content,
            url=body.url,
            content_type=body.content_type,
            keep=body.keep,
            drop=body.drop,
            expected=body.expected,
        )

    return [_tried(extracted, body) for body in bodies]


def _tried(read: Callable[[AnyBody], Found], body: AnyBody) -> Found | Permanent:
    try:
        return read(body)
    except Permanent as error:
        return error


def parse_all(pool: Workers, bodies: Sequence[Body]) -> list[Parsed]:
    """Parse feeds in the worker processes: a document or the error of each, in order."""
    parts = parted(bodies, together=FEEDS_TOGETHER)
    return [found for part in parts for found in _run(pool, parse, part)]


def extract_all(pool: Workers, bodies: Sequence[PageBody]) -> list[Extracted]:
    """Read pages in the worker processes: a page or the error of each, in order."""
    parts = parted(bodies, together=PAGES_TOGETHER)
    return [found for part in parts for found in _run(pool, extract, part)]


def _run(
    pool: Workers, read: Callable[[Sequence[AnyBody]], list[Found]], part: Sequence[AnyBody]
) -> list[Found | Permanent | Temporary]:
    """One task; where one body hangs or crashes its worker, the others are read by themselves."""
    try:
        return [*pool.run(read, part)]
    except Permanent as error:
        if len(part) == 1:
            return [error]
        return [found for body in part for found in _run(pool, read, [body])]
    except Temporary as error:
        return [error] * len(part)


def parted(bodies: Sequence[AnyBody], *, together: int) -> Iterator[list[AnyBody]]:
    """Bodies in parts of `together` bytes at most, or of one body."""
    part: list[AnyBody] = []
    size = 0
    for body in bodies:
        if part and size + len(body.content) > together:
            yield part
            part, size = [], 0
        part.append(body)
        size += len(body.content)
    if part:
        yield part
