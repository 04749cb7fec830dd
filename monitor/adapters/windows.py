"""What a document lists, whatever its kind, before anybody looks closely at one item.

Feeds list the same items poll after poll: in one agency's history 98.6 % were known while no two
of 114 bodies were equal. So every kind of feed first says cheaply what it lists, and only items
whose mark is not known are read.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from monitor.adapters import languages, markup
from monitor.core import urls
from monitor.core.errors import Permanent
from monitor.core.model import Entry, ParsedFeed
from monitor.core.publication import YEARS

ITEM_LIMIT = 2_000  # items; some agencies list 500, oldest first
MARK_SIZE = 8  # bytes of one mark: among 2,000 items two are alike once in 10 ** 13 polls
NEWEST = 5  # items remembered to tell whether the next window overlaps this one
TITLE_LIMIT = 500  # characters
NAME_LIMIT = 200  # characters; feedparser's author pattern is quadratic: 32 kB take 2.3 s
GUID_LIMIT = 1_000  # characters
SUMMARY_LIMIT = 20_000  # characters
MARKUP_LIMIT = 60_000  # characters of a summary as written, three times the longest
WHOLE_LIMIT = 200_000  # characters of a whole text as written, ten times a long article
DATE_LIMIT = 100  # characters

_NEVER = datetime.min.replace(tzinfo=UTC)
_ALWAYS = datetime.max.replace(tzinfo=UTC)


class NotAFeed(Permanent):
    """The body is nothing that lists items, or not in a way we can read."""


class Listed(NamedTuple):
    """One item as listed: its raw guid, its address as written, its rough date, its mark."""

    guid: str | None
    link: str | None
    date: datetime | None
    mark: bytes


@dataclass(frozen=True, slots=True)
class Window:
    """All that a document lists. `read` reads the items of the given places, in that order."""

    listed: Sequence[Listed]
    read: Callable[[list[int]], ParsedFeed]


def mark(*parts: str) -> bytes:
    """The fingerprint of an item, of its whole content."""
    joined = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(joined, digest_size=MARK_SIZE).digest()


def look(window: Window, *, url: str, marks: bytes, newest: bytes) -> ParsedFeed:
    """Read what is not known by `marks`; at most the newest `ITEM_LIMIT` items count as listed.

    `newest` is that of an earlier look, with which this one may overlap. `url` is the final
    address, against which links are resolved.
    """
    kept = _newest(window.listed)
    listed = [window.listed[place] for place in kept]
    known = _split(marks)
    shared = Counter(item.guid for item in {each.mark: each for each in listed}.values())
    # What one guid stands for twice is told apart by looking at all that have it.
    fresh = [
        place
        for place, item in zip(kept, listed, strict=True)
        if item.mark not in known or (item.guid is not None and shared[item.guid] > 1)
    ]
    identities = _identities(listed, url=url)
    return replace(
        window.read(fresh),
        cut=len(window.listed) - len(kept),
        marks=b"".join(item.mark for item in listed),
        newest=b"".join(b"".join(identities(item)) for item in _latest(listed)),
        overlapped=_overlaps(_split(newest), listed, identities) if newest else None,
    )


def _newest(listed: Sequence[Listed]) -> list[int]:
    """Places of the newest `ITEM_LIMIT`, in order; undated ones count as new, not to hide them."""
    places = range(len(listed))
    if len(listed) <= ITEM_LIMIT:
        return list(places)
    newest = sorted(places, key=lambda place: listed[place].date or _ALWAYS, reverse=True)
    return sorted(newest[:ITEM_LIMIT])


def _latest(listed: Sequence[Listed]) -> list[Listed]:
    """The newest few by date, then undated ones in the document's order."""
    return sorted(listed, key=lambda item: item.date or _NEVER, reverse=True)[:NEWEST]


def _identities(listed: Sequence[Listed], *, url: str) -> Callable[[Listed], list[bytes]]:
    """How to mark who an item is: by guid and by address, where no other item has the same.

    By its content where it has neither. Addresses are compared as the store compares them, so that
    a parameter that changes from poll to poll does not make a known item look new.
    """
    guids = Counter(item.guid for item in listed)
    stems = Counter(_stem(item.link) for item in listed)

    def address(item: Listed) -> str | None:
        absolute = markup.link(item.link, base=url)
        return urls.same_address(absolute) if absolute else None

    # Only these may be the same; to compare all would take as long as to read the document.
    shared = Counter(address(item) for item in listed if stems[_stem(item.link)] > 1)

    def identities(item: Listed) -> list[bytes]:
        link = address(item)
        named = (("guid", item.guid, guids[item.guid]), ("link", link, shared[link]))
        marks = [mark(name, value) for name, value, times in named if value and times <= 1]
        return marks or [item.mark]

    return identities


def _stem(link: str | None) -> str:
    return (link or "").partition("?")[0].partition("#")[0]


def _overlaps(
    before: AbstractSet[bytes],
    listed: Sequence[Listed],
    identities: Callable[[Listed], list[bytes]],
) -> bool:
    """Whether an item of before is there; one may go by its content before, by its guid now."""
    return any(not before.isdisjoint([item.mark, *identities(item)]) for item in listed)


def _split(marks: bytes) -> AbstractSet[bytes]:
    return {marks[start : start + MARK_SIZE] for start in range(0, len(marks), MARK_SIZE)}


def rough_date(written: str) -> datetime | None:
    """The instant of a date in one of the two standard forms; good enough to order items."""
    text = written.strip()[:DATE_LIMIT]
    if not text:
        return None
    iso = (datetime.fromisoformat, parsedate_to_datetime)
    for parse in iso if text[:4].isdigit() else reversed(iso):
        try:
            read = parse(text)
            return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None


def sensible(date: datetime | None) -> datetime | None:
    """The date, or None for one out of any sense."""
    return date if date and date.year in YEARS else None


def worded(written: Entry) -> Entry:
    """An entry of markup as written: plain text within the limits.

    Its language is what the feed says: the text has its word when it is read. A title that ends
    with its publisher's name loses that.
    """
    source = markup.one_line(written.publisher or "", limit=NAME_LIMIT)
    title = _without(markup.one_line(written.title, limit=TITLE_LIMIT), source)
    summary = markup.clip(markup.plain((written.summary or "")[:MARKUP_LIMIT]), limit=SUMMARY_LIMIT)
    return replace(
        written,
        title=title,
        summary=summary or None,
        author=markup.one_line(written.author or "", limit=NAME_LIMIT) or None,
        published=sensible(written.published),
        updated=sensible(written.updated),
        language=languages.primary(written.language),
        text=markup.plain((written.text or "")[:WHOLE_LIMIT]) or None,
        publisher=source or None,
    )


def _without(title: str, publisher: str) -> str:
    """The title without " - Publisher" at its end, which search feeds put there."""
    ending = f" - {publisher}"
    cut = title[: -len(ending)].rstrip()
    named = publisher and title[-len(ending) :].casefold() == ending.casefold()
    return cut if named and cut else title
