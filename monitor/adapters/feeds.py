"""Feeds to entries: RSS, RDF and Atom; the only module that imports feedparser.

Slim, then parse: feedparser's time grows with the square of some hostile inputs and it raises on
others, so the tree is repaired and cut with lxml first and feedparser reads the remains.
"""

import io
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html.entities import html5
from time import struct_time
from typing import Any

import feedparser
from lxml import etree

from monitor.adapters import languages, markup
from monitor.core.errors import Permanent
from monitor.core.model import Entry, ParsedFeed

BODY_LIMIT = 10_000_000  # characters; the rest is cut off and the tree repaired
ITEM_LIMIT = 2_000  # items; some agencies list 500, oldest first
CHILD_LIMIT = 50  # children of one item, and of one element inside it
ATTRIBUTE_LIMIT = 20  # attributes of one element
TEXT_LIMIT = 60_000  # characters of one element, three times the longest summary
NAME_LIMIT = 200  # characters; feedparser's author pattern is quadratic: 32 kB take 2.3 s
TITLE_LIMIT = 500  # characters
GUID_LIMIT = 1_000  # characters
SUMMARY_LIMIT = 20_000  # characters
YEARS = range(1990, 2100)  # feeds date items from year -1 to 292277026596

_ROOT = re.compile(r"<(?:[A-Za-z_][\w.-]*:)?(?:rss|feed|rdf|channel)(?=[\s/>])", re.IGNORECASE)
_HTML = re.compile(r"<html\b", re.IGNORECASE)
_CDATA = re.compile(r"(<!\[CDATA\[.*?(?:\]\]>|\Z))", re.DOTALL)
_REFERENCE = re.compile(
    r"&(?:#(\d{1,9});?|#[xX]([0-9a-fA-F]{1,8});?|([A-Za-z][A-Za-z0-9]{1,31});)?"
)
_INVALID = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ABSURD = re.compile(r"^\s*[-+]|(?:^|\s)\d{5,}[-\s]")  # year -1 and 292277026596 read as 2000, 2029
_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})

_DATES = frozenset({"pubdate", "published", "updated", "date", "issued", "modified", "created"})
_NAMES = frozenset({"author", "creator", "publisher", "managingeditor", "webmaster", "contributor"})
_CONTENTS = frozenset({"content", "encoded", "body", "fullitem"})
_SUMMARIES = frozenset({"description", "summary", "abstract"})
_READ = (
    frozenset({"title", "link", "guid", "id", "language", "origlink", "tagline"})
    | _CONTENTS
    | _SUMMARIES
    | _DATES
    | _NAMES
)
_FOREIGN = ("search.yahoo.com/mrss", "itunes.com")  # their titles and authors mean other things
_FEEDPARSER_FAILS = (  # what 5,000 damaged feeds made it raise, and their kin
    ArithmeticError, AttributeError, AssertionError, LookupError, RecursionError, TypeError,
    ValueError,
)  # fmt: skip


class NotAFeed(Permanent):
    """The body is something else than RSS, RDF or Atom."""


def parse_feed(body: bytes, *, url: str, content_type: str | None = None) -> ParsedFeed:
    """Read one feed's entries, newest kept when it lists more than `ITEM_LIMIT`.

    `url` is the final address, against which links are resolved. Raises NotAFeed. Entries come
    in the feed's own order, all of them, even one that has neither title nor link nor guid.
    """
    root = _tree(body, content_type)
    items = list(_items(root))
    kept = _newest(items)
    _slim(root, items, kept)
    channel, found = _read(root, kept, url)
    language = languages.primary(_text(channel.get("language")))
    entries = (
        _entry(item, guid=_guid(element), url=url, language=language)
        for element, item in zip(kept, found, strict=True)
    )
    return ParsedFeed(
        entries=tuple(entries),
        title=markup.one_line(_text(channel.get("title")), limit=TITLE_LIMIT) or None,
        language=language,
        cut=len(items) - len(kept),
    )


def _tree(body: bytes, content_type: str | None) -> etree._Element:
    """Repair and parse; no declaration or document type is left that could define an entity."""
    if not body.strip():
        raise NotAFeed("this is empty, not a feed")
    if strange := markup.kind(body, content_type):
        raise NotAFeed(f"this is {strange}, not a feed")
    text = markup.decode(body, content_type)[:BODY_LIMIT]
    start = _ROOT.search(text)
    if _HTML.search(text, 0, start.start() if start else len(text)):
        raise NotAFeed("this is an HTML page, not a feed")
    if not start:
        raise NotAFeed(f"this is {_guess(text)}, not a feed")
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, remove_comments=True,
        remove_pis=True, encoding="utf-8",
    )  # fmt: skip
    try:
        root = etree.fromstring(_repaired(text[start.start() :]).encode("utf-8"), parser)
    except etree.LxmlError as error:
        raise NotAFeed("this looks like a feed but is too damaged to read") from error
    if root is None:
        raise NotAFeed("this looks like a feed but is too damaged to read")
    return root


def _guess(text: str) -> str:
    beginning = text.lstrip()[:1]
    if beginning in {"{", "["}:
        return "JSON"
    if text.lstrip()[:14].lower() == "<!doctype html":
        return "an HTML page"
    return "XML of another kind" if beginning == "<" else "plain text"


def _repaired(text: str) -> str:
    """Make references and characters legal; what stands in CDATA is text and stays."""
    visible = _INVALID.sub("", text)
    parts = _CDATA.split(visible) if "<![CDATA[" in visible else [visible]
    return "".join(
        part if part.startswith("<![CDATA[") else _REFERENCE.sub(_reference, part) for part in parts
    )


def _reference(match: re.Match[str]) -> str:
    decimal, hexadecimal, name = match.groups()
    if name:
        if name in _XML_ENTITIES:
            return match[0]
        meant = html5.get(f"{name};")
        return meant if meant and meant not in "<>&" else f"&amp;{name};"
    if not (decimal or hexadecimal):
        return "&amp;"
    code = int(decimal) if decimal else int(hexadecimal, 16)
    meant = chr(code) if code <= sys.maxunicode else ""
    if "\x80" <= meant <= "\x9f":  # meant as Windows-1252, as browsers know
        return bytes([code]).decode("cp1252", "ignore")
    return f"&#{code};" if meant and not _INVALID.match(meant) else ""


def _local(element: etree._Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2].rpartition(":")[2].lower() if isinstance(tag, str) else ""


def _items(root: etree._Element) -> Iterable[etree._Element]:
    """Items and entries, but not those quoted inside another."""
    stack = [root]
    while stack:
        element = stack.pop()
        if _local(element) in {"item", "entry"}:
            yield element
        else:
            stack.extend(reversed(element))


def _newest(items: list[etree._Element]) -> list[etree._Element]:
    """The newest `ITEM_LIMIT` in the feed's order; undated ones count as new, not to hide them."""
    if len(items) <= ITEM_LIMIT:
        return items
    never = datetime.max.replace(tzinfo=UTC)
    dates = [_roughly(item) or never for item in items]
    newest = sorted(range(len(items)), key=lambda index: dates[index], reverse=True)[:ITEM_LIMIT]
    return [items[index] for index in sorted(newest)]


def _roughly(item: etree._Element) -> datetime | None:
    for child in item:
        if _local(child) in _DATES and child.text:
            for parse in (parsedate_to_datetime, datetime.fromisoformat):
                try:
                    read = parse(child.text.strip())
                    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
                except (ValueError, OverflowError):
                    continue
    return None


def _slim(root: etree._Element, items: list[etree._Element], kept: list[etree._Element]) -> None:
    """Cut the tree in place down to what is read, within the limits above."""
    keep = set(kept)
    for item in items:
        if item not in keep:
            _drop(item)
    above = {root} | {ancestor for item in kept for ancestor in item.iterancestors()}
    above |= {child for child in root if _local(child) == "channel"}  # RDF's stands beside items
    for element in above:
        _slim_children(element, spared=keep | above)
    for item in kept:
        _slim_children(item, spared=set())
        _one_body(item)


def _slim_children(parent: etree._Element, *, spared: set[etree._Element]) -> None:
    _cut(parent)
    read = 0
    for child in list(parent):
        if child in spared:
            continue
        if read < CHILD_LIMIT and _is_read(child):
            read += 1
            _flatten(child)
            _cut(child)
        else:
            parent.remove(child)


def _is_read(child: etree._Element) -> bool:
    foreign = isinstance(child.tag, str) and any(name in child.tag for name in _FOREIGN)
    return _local(child) in _READ and not foreign


def _flatten(element: etree._Element) -> None:
    """Replace nested markup by its text; feedparser reads it no better and far more slowly."""
    if not len(element):
        return
    name = next((part.text for part in element if _local(part) == "name"), None)
    if _local(element) not in _NAMES or not name:
        name = "\n".join(part for part in element.itertext() if part.strip())
        if "type" in element.attrib:
            element.set("type", "text")
    for child in list(element):
        element.remove(child)
    element.text = name


def _one_body(item: etree._Element) -> None:
    """Drop the content where there is a summary: it is the longest part, and is not used then."""
    summarised = any(_local(child) in _SUMMARIES and (child.text or "").strip() for child in item)
    for child in list(item):
        if summarised and _local(child) in _CONTENTS:
            item.remove(child)
        elif child.text and "]]>" not in child.text and ("<" in child.text or "&" in child.text):
            child.text = etree.CDATA(child.text)  # expat hands escaped text over in crumbs


def _drop(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _cut(element: etree._Element) -> None:
    for name in element.attrib.keys()[ATTRIBUTE_LIMIT:]:
        del element.attrib[name]
    for name, value in element.attrib.items():
        if len(value) > markup.LINK_LIMIT:
            del element.attrib[name]
    limit = NAME_LIMIT if _local(element) in _NAMES else TEXT_LIMIT
    if element.text and len(element.text) > limit:
        element.text = element.text[:limit]
    element.tail = None


def _read(
    root: etree._Element, kept: list[etree._Element], url: str
) -> tuple[dict[str, Any], Iterable[dict[str, Any]]]:
    """The channel's and the entries' values as feedparser names them; salvaged if it fails."""
    try:
        parsed = feedparser.parse(
            io.BytesIO(etree.tostring(root, encoding="utf-8", xml_declaration=True)),
            sanitize_html=False,
            resolve_relative_uris=False,
            response_headers={"content-location": url, "content-type": "application/xml"},
        )
    except _FEEDPARSER_FAILS:
        return {}, [_salvaged(item) for item in kept]
    if len(parsed.entries) != len(kept):
        return parsed.feed, [_salvaged(item) for item in kept]
    return parsed.feed, parsed.entries


def _salvaged(item: etree._Element) -> dict[str, Any]:
    """What the tree itself says, under feedparser's names; dates only in the common forms."""
    values: dict[str, Any] = {}
    for child in item:
        name, text = _local(child), (child.text or "").strip()
        if name == "link":
            values.setdefault("link", text or child.get("href"))
        elif name in _SUMMARIES | _CONTENTS:
            values.setdefault("summary", text)
        elif name in _NAMES:
            values.setdefault("author", text)
        elif text:
            values.setdefault(name, text)
    if date := _roughly(item):
        values["published_parsed"] = date.timetuple()
    return values


def _entry(item: dict[str, Any], *, guid: str | None, url: str, language: str | None) -> Entry:
    title = markup.one_line(_text(dict.get(item, "title")), limit=TITLE_LIMIT)
    summary = markup.clip(markup.plain(_summary(item)), limit=SUMMARY_LIMIT)
    return Entry(
        guid=guid,
        url=markup.link(_text(dict.get(item, "link")), base=url),
        title=title,
        summary=summary or None,
        author=markup.one_line(_text(dict.get(item, "author")), limit=NAME_LIMIT) or None,
        published=_instant(item, "published") or _instant(item, "created"),
        updated=_instant(item, "updated"),
        language=languages.identify(f"{title}\n{summary}", prior=language),
    )


def _guid(item: etree._Element) -> str | None:
    """Return the identifier as written: feedparser resolves it against the address, which moves."""
    for child in item:
        if _local(child) in {"guid", "id"} and (child.text or "").strip():
            return " ".join(child.text.split())[:GUID_LIMIT]
    about = item.get("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about")
    return about[:GUID_LIMIT] if about else None


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
