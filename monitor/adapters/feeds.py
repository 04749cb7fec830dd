"""Documents that list items, of all kinds, to entries; the only module that imports feedparser.

Slim, then parse: feedparser's time grows with the square of some hostile inputs and it raises on
others, so the tree is repaired and cut with lxml first, down to what is new and is read, and
feedparser reads the remains.
"""

import io
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from time import struct_time
from typing import Any

import feedparser
from lxml import etree

from monitor.adapters import jsonfeed, languages, listings, markup, sitemaps, slimming, trees
from monitor.adapters.slimming import Taken
from monitor.adapters.trees import CONTENTS, DATES, NAMES, SUMMARIES, Element, local
from monitor.adapters.windows import (
    TITLE_LIMIT,
    Listed,
    NotAFeed,
    Window,
    look,
    rough_date,
    worded,
)
from monitor.core.model import Entry, ParsedFeed, Selectors
from monitor.core.publication import YEARS

BODY_LIMIT = 10_000_000  # bytes, unpacked; the rest is cut off and the tree repaired

_ABSURD = re.compile(r"^\s*[-+]|(?:^|\s)\d{5,}[-\s]")  # year -1 and 292277026596 read as 2000, 2029
_FEEDPARSER_FAILS = (  # what 5,000 damaged feeds made it raise, and their kin
    ArithmeticError, AttributeError, AssertionError, LookupError, RecursionError, TypeError,
    ValueError,
)  # fmt: skip


def parse_feed(
    body: bytes,
    *,
    url: str,
    content_type: str | None = None,
    selectors: Selectors | None = None,
    whole: bool = False,
    marks: bytes = b"",
    newest: bytes = b"",
) -> ParsedFeed:
    """Read RSS, RDF, Atom, JSON Feed, a news sitemap or, by `selectors`, a plain page.

    `url` is the final address, against which links are resolved. Items whose fingerprint is among
    `marks` are not read, `newest` is that of an earlier poll (see ParsedFeed). `whole` keeps
    the whole text of each item, where the feed carries it. A body that is a gzip file, as sitemaps
    often are, is unpacked. Raises NotAFeed. Entries come in the
    feed's own order, all of them, even one that has neither title nor link nor guid.
    """
    body = markup.unpacked(body, limit=BODY_LIMIT)
    if not body.strip():
        raise NotAFeed("this is empty, not a feed")
    if strange := markup.kind(body, content_type):
        raise NotAFeed(f"this is {strange}, not a feed")
    text = markup.decode(body, content_type)
    if selectors:
        window = listings.window(text, url=url, selectors=selectors)
    elif text.lstrip()[:1] in {"{", "["}:
        window = jsonfeed.window(text, url=url, whole=whole)
    else:
        window = _window(text, url=url, whole=whole)
    return look(window, url=url, marks=marks, newest=newest)


def _window(text: str, *, url: str, whole: bool) -> Window:
    root = trees.tree(text)
    if local(root) in {"urlset", "sitemapindex"}:
        return sitemaps.window(root, url=url)
    items = list(trees.items(root))
    listed = [trees.listed(item) for item in items]
    based = "xml:base" in text

    def read(places: list[int]) -> ParsedFeed:
        kept = [items[place] for place in places]
        taken = [slimming.take(item, based=based, whole=whole) for item in kept]
        slimming.slim(root, items, kept)
        channel, found = _read(root, kept, url=url if based else None)
        language = languages.primary(_text(channel.get("language")))
        each = zip(found, (listed[place] for place in places), taken, strict=True)
        return ParsedFeed(
            entries=tuple(_entry(*one, url=url, language=language) for one in each),
            title=markup.one_line(_text(channel.get("title")), limit=TITLE_LIMIT) or None,
            language=language,
        )

    return Window(listed, read)


def _read(
    root: Element, kept: Sequence[Element], *, url: str | None
) -> tuple[dict[str, Any], Sequence[dict[str, Any]]]:
    """The channel's and the entries' values as feedparser names them; salvaged if it fails.

    With a `url`, feedparser resolves links against it and every `xml:base`, which takes it half
    of its time.
    """
    headers = {"content-type": "application/xml"} | ({"content-location": url} if url else {})
    try:
        parsed = feedparser.parse(
            io.BytesIO(etree.tostring(root, encoding="utf-8", xml_declaration=True)),
            sanitize_html=False,
            resolve_relative_uris=False,
            response_headers=headers,
        )
    except _FEEDPARSER_FAILS:
        return {}, [_salvaged(item) for item in kept]
    if len(parsed.entries) != len(kept):
        return parsed.feed, [_salvaged(item) for item in kept]
    return parsed.feed, parsed.entries


def _salvaged(item: Element) -> dict[str, Any]:
    """What the tree itself says, under feedparser's names; dates only in the common forms."""
    values: dict[str, Any] = {}
    for child in item:
        name, text = local(child), (child.text or "").strip()
        if name == "link":
            values.setdefault("link", text or child.get("href"))
        elif name in SUMMARIES | CONTENTS:
            values.setdefault("summary", text)
        elif name in NAMES:
            values.setdefault("author", text)
        elif name in DATES and (date := rough_date(text)):
            values.setdefault("published_parsed", date.timetuple())
        elif text:
            values.setdefault(name, text)
    return values


def _entry(
    item: dict[str, Any], listed: Listed, taken: Taken, *, url: str, language: str | None
) -> Entry:
    return worded(
        Entry(
            guid=listed.guid,
            url=markup.link(taken.link or _text(dict.get(item, "link")), base=url),
            title=_text(dict.get(item, "title")) if taken.title is None else taken.title,
            summary=_summary(item) if taken.summary is None else taken.summary,
            author=_text(dict.get(item, "author")) if taken.author is None else taken.author,
            published=_instant(item, "published") or _instant(item, "created"),
            updated=_instant(item, "updated"),
            language=language,
            text=taken.content,
            publisher=taken.publisher,
        )
    )


def _summary(item: dict[str, Any]) -> str:
    """Return the summary; where a feed gives none, the beginning of the content."""
    written = _text(dict.get(item, "summary"))
    if written.strip():
        return written
    contents = dict.get(item, "content") or [{}]
    return _text(contents[0].get("value"))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _instant(item: dict[str, Any], name: str) -> datetime | None:
    """Return the date of that name as an instant; None when absent or out of any sense."""
    read: struct_time | None = dict.get(item, f"{name}_parsed")
    if read is None or read[0] not in YEARS or _ABSURD.search(_text(dict.get(item, name))):
        return None
    try:
        return datetime(*read[:5], min(read[5], 59), tzinfo=UTC)
    except ValueError:
        return None
