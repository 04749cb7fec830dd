"""What an article is made of: the entry its feed showed, and the page it points to."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Protocol, TypeVar

from monitor.core import publication, urls
from monitor.core.credits import NO_SOURCE, Source
from monitor.core.identity import body_hash, digest
from monitor.core.model import Completeness, Entry, Page
from monitor.core.text import fold

CANDIDATES = 20  # earlier articles of the same page or text that are compared at most
UNREAD = Page(url="", quality="not fetched")


class Stored(Protocol):
    """An article as it was read before."""

    title: str
    completeness: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The fields of an article, put together from feed and page."""

    url: str | None
    canonical_key: str | None
    title: str
    summary: str | None
    text: str | None
    body_hash: str | None
    language: str | None
    author: str | None
    section: str | None
    publisher: str | None
    carrier: str | None
    credit: str | None
    published_at: datetime | None
    published_by: str | None
    completeness: Completeness
    quality: str


def compose(
    entry: Entry,
    page: Page,
    *,
    language: str | None,
    seen_at: datetime,
    source: Source = NO_SOURCE,
) -> Reading:
    """Put an article together: the feed's headline and summary, the page's text and facts.

    The desk's editors wrote the feed's headline for readers; the page's may carry the site's name.
    A feed that carries the whole text stands in for a page that gave none, and a part of the text
    for a summary that the feed does not give. `source` says who published and who wrote it;
    `seen_at` is when the entry was first seen.
    """
    summary = entry.summary or (page.text if page.completeness is Completeness.SUMMARY else None)
    text, completeness, quality = _body(entry, page, summary)
    own, own_by = page.published, page.published_by
    if own is None and (own := publication.of_address(entry.url or "")):
        own_by = "address"  # the page was not read
    published_at, published_by = publication.published(
        feed=entry.published, page=own, page_by=own_by, seen_at=seen_at
    )
    return Reading(
        url=entry.url or page.canonical_url,
        canonical_key=canonical_key(page.canonical_url or entry.url),
        title=entry.title or page.title or "(no headline)",
        summary=summary,
        text=text,
        body_hash=body_hash(text or summary),
        language=language or page.language,
        author=entry.author or ", ".join(page.authors) or None,
        section=page.section,
        publisher=source.publisher,
        carrier=source.carrier,
        credit=source.credit,
        published_at=published_at,
        published_by=published_by,
        completeness=completeness,
        quality=quality,
    )


def _body(entry: Entry, page: Page, summary: str | None) -> tuple[str | None, Completeness, str]:
    """The text of an article, how much of it that is, and why not more."""
    if page.completeness is Completeness.FULL:
        return page.text, page.completeness, page.quality
    if entry.text:
        return entry.text, Completeness.FULL, "ok"
    return None, Completeness.SUMMARY if summary else Completeness.TITLE, page.quality


def improved(old: Stored, new: Reading, *, retitle: bool) -> dict[str, object]:
    """What a second reading of an article changes: never a fuller text for a poorer one.

    `retitle`: the feed that brought the article shows a new headline; another feed's is its own.
    Who published the article stays with the feed that gave more of it.
    """
    if poorer(new.completeness, old.completeness):
        return {"title": new.title} if retitle else {}
    changes = asdict(new)
    if retitle:
        return changes
    if not poorer(old.completeness, new.completeness):
        del changes["publisher"], changes["carrier"]
    return changes | {"title": old.title}


_RANK = {Completeness.TITLE: 0, Completeness.SUMMARY: 1, Completeness.FULL: 2}


def poorer(one: str, other: str) -> bool:
    """True if of `one` article less was read than of the `other`, by their completeness."""
    return _RANK[Completeness(one)] < _RANK[Completeness(other)]


def canonical_key(url: str | None) -> str | None:
    """A key for one page under all its addresses; a bare host stands for no article."""
    if not url or not urls.is_web(url):
        return None
    address = urls.same_address(url)
    return None if address.endswith("/") and address.count("/") == 1 else digest("link", address)


class Comparable(Protocol):
    """What tells copies: an article as it was read."""

    @property
    def title(self) -> str: ...
    @property
    def completeness(self) -> str: ...
    @property
    def body_hash(self) -> str | None: ...
    @property
    def outlet_id(self) -> str: ...


_Earlier = TypeVar("_Earlier", bound=Comparable)


def copied(new: Comparable, earlier: Iterable[_Earlier]) -> _Earlier | None:
    """The first of some earlier articles of the same page or text that a new one says once more.

    One outlet that shows one text under two headlines shows its cookie notice, not a copy; two
    pages that name one canonical address but differ in headline are misconfigured, not the same.
    """
    for each in islice(earlier, CANDIDATES):
        same_text = new.body_hash is not None and each.body_hash == new.body_hash
        alike = same_text and each.outlet_id != new.outlet_id
        if not poorer(each.completeness, new.completeness) and (
            alike or same_title(new.title, each.title)
        ):
            return each
    return None


def same_title(one: str, other: str) -> bool:
    """True if two headlines differ in case, accents and spaces at most."""
    return fold(one).split() == fold(other).split()
