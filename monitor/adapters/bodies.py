"""The bodies of feeds, parsed in the worker processes, several in one go."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monitor.adapters.workers import Workers
from monitor.core.errors import Permanent, Temporary
from monitor.core.model import ParsedFeed, Selectors

TOGETHER = 2_000_000  # bytes in one task: its cost of half a millisecond is shared by many


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


Parsed = ParsedFeed | Permanent | Temporary


def parse(bodies: Sequence[Body]) -> list[ParsedFeed | Permanent]:
    """Parse feeds one after another; runs in a worker."""
    from monitor.adapters import feeds  # noqa: PLC0415 - the main process never loads feedparser

    found: list[ParsedFeed | Permanent] = []
    for body in bodies:
        try:
            found.append(
                feeds.parse_feed(
                    body.content,
                    url=body.url,
                    content_type=body.content_type,
                    selectors=body.selectors,
                    whole=body.whole,
                    marks=body.marks,
                    newest=body.newest,
                )
            )
        except Permanent as error:
            found.append(error)
    return found


def parse_all(pool: Workers, bodies: Sequence[Body]) -> list[Parsed]:
    """Parse feeds in the worker processes: a document or the error of each, in order.

    Where one of them hangs or crashes its worker, the others of its task are parsed by themselves.
    """
    found: list[Parsed] = []
    for part in _parts(bodies):
        try:
            found += pool.run(parse, part)
        except Permanent:
            found += [_alone(pool, body) for body in part]
        except Temporary as error:
            found += [error] * len(part)
    return found


def _alone(pool: Workers, body: Body) -> Parsed:
    try:
        return pool.run(parse, [body])[0]
    except (Permanent, Temporary) as error:
        return error


def _parts(bodies: Sequence[Body]) -> Iterator[list[Body]]:
    part: list[Body] = []
    size = 0
    for body in bodies:
        if part and size + len(body.content) > TOGETHER:
            yield part
            part, size = [], 0
        part.append(body)
        size += len(body.content)
    if part:
        yield part
