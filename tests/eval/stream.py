"""The recorded news stream: what stood in 154 feeds when, in the first days of January 2026."""

import json
import lzma
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

STREAM = Path(__file__).resolve().parents[3].joinpath(
    "shared", "data", "streams", "rss_2026-01-01_10.jsonl.xz"
)  # fmt: skip
SECOND_LEVEL = frozenset({"co", "com", "org", "net", "gov", "ac"})  # of a country: bbc.co.uk


@dataclass(frozen=True, slots=True)
class Item:
    """One item; `line` is its number in the file, from 0, and `at` when a reader first saw it."""

    line: int
    at: datetime
    published: datetime
    title: str
    summary: str
    url: str
    language: str


@dataclass(frozen=True)
class Listed:
    """One feed with all its items in the order of appearance."""

    number: int
    url: str
    items: tuple[Item, ...]

    @cached_property
    def times(self) -> list[datetime]:
        """When they appeared."""
        return [item.at for item in self.items]

    @property
    def aggregates(self) -> bool:
        """Whether it shows other publishers' news."""
        return domain(self.url) == "google.com"

    @property
    def publisher(self) -> str:
        """The domain that most of its items stand at."""
        return Counter(domain(item.url) for item in self.items).most_common(1)[0][0]

    @property
    def language(self) -> str:
        """The language that most of its items name."""
        return Counter(item.language for item in self.items).most_common(1)[0][0] or "en"


def domain(url: str) -> str:
    """What somebody has registered of the host in an address."""
    words = (urlsplit(url).hostname or "").split(".")
    two = len(words) > 2 and len(words[-1]) == 2 and words[-2] in SECOND_LEVEL
    return ".".join(words[-3 if two else -2 :])


def read_stream(*, since: datetime, until: datetime) -> list[Listed]:
    """The feeds in the order of their addresses, with what appeared between two moments."""
    items: dict[str, list[Item]] = {}
    with lzma.open(STREAM, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            row = json.loads(line)
            at = datetime.fromisoformat(row["ingested"])
            if since <= at < until:
                item = Item(
                    number,
                    at,
                    datetime.fromisoformat(row["published"]),
                    row["title"],
                    row["summary"] or "",
                    row["url"],
                    row["lang"] or "",
                )
                items.setdefault(row["feed"], []).append(item)
    return [
        Listed(number, url, tuple(sorted(items[url], key=lambda item: (item.at, item.line))))
        for number, url in enumerate(sorted(items))
    ]


def midnight(day: str) -> datetime:
    """The beginning of a day in UTC."""
    return datetime.combine(datetime.fromisoformat(day), time(), UTC)
