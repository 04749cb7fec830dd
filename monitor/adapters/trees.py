"""Foreign XML to a tree: repaired, without entities, and what is listed in it."""

import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from html.entities import html5
from typing import TypeAlias

from lxml import etree

from monitor.adapters import markup
from monitor.adapters.windows import GUID_LIMIT, Listed, NotAFeed, mark, rough_date

Element: TypeAlias = etree._Element  # noqa: SLF001 - the type has no other name

_ROOT = re.compile(
    r"<(?:[A-Za-z_][\w.-]*:)?(?:rss|feed|rdf|channel|urlset|sitemapindex)(?=[\s/>])", re.IGNORECASE
)
_HTML = re.compile(r"<html\b", re.IGNORECASE)
_CDATA = re.compile(r"(<!\[CDATA\[.*?(?:\]\]>|\Z))", re.DOTALL)
_REFERENCE = re.compile(
    r"&(?:#(\d{1,9});?|#[xX]([0-9a-fA-F]{1,8});?|([A-Za-z][A-Za-z0-9]{1,31});)?"
)
_INVALID = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CONTROL = re.compile("[\x80-\x9f]")
_CONTROL_REFERENCE = re.compile(r"&#(?:0*1[2-5]\d|[xX]0*[89][0-9a-fA-F])\b")  # legal in XML
_CONTROLS = {  # meant as Windows-1252, as browsers know
    code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)
}
_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_RDF_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"

DATES = frozenset({"pubdate", "published", "updated", "date", "issued", "modified", "created"})
NAMES = frozenset({"author", "creator", "publisher", "managingeditor", "webmaster", "contributor"})
CONTENTS = frozenset({"content", "encoded", "body", "fullitem"})
SUMMARIES = frozenset({"description", "summary", "abstract"})
READ = (
    frozenset({"title", "link", "guid", "id", "language", "origlink", "tagline"})
    | CONTENTS
    | SUMMARIES
    | DATES
    | NAMES
)
_FOREIGN = ("search.yahoo.com/mrss", "itunes.com")  # their titles and authors mean other things


def tree(text: str) -> Element:
    """Parse a document, repaired where it needs it. Raises NotAFeed for another kind of text.

    Without declaration and document type, so that nothing is left that could define an entity.
    """
    start = _ROOT.search(text)
    if _HTML.search(text, 0, start.start() if start else len(text)):
        raise NotAFeed("this is an HTML page, not a feed")
    if not start:
        raise NotAFeed(f"this is {_guess(text)}, not a feed")
    text = text[start.start() :]
    if not text.isascii():
        text = _CONTROL.sub(lambda found: _CONTROLS[ord(found[0])], text)
    try:
        root = _sound(text)
        if root is None:
            root = etree.fromstring(_repaired(text).encode("utf-8"), _parser(recover=True))
    except etree.LxmlError as error:
        raise NotAFeed("this looks like a feed but is too damaged to read") from error
    if root is None:
        raise NotAFeed("this looks like a feed but is too damaged to read")
    return root


def _sound(text: str) -> Element | None:
    """The tree of a document that needs no repair, None for others."""
    if _CONTROL_REFERENCE.search(text):
        return None
    try:
        return etree.fromstring(text.encode("utf-8"), _parser(recover=False))
    except (etree.LxmlError, UnicodeError):
        return None


def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        recover=recover, resolve_entities=False, no_network=True, remove_comments=True,
        remove_pis=True, encoding="utf-8",
    )  # fmt: skip


def _guess(text: str) -> str:
    if text.lstrip()[:14].lower() == "<!doctype html":
        return "an HTML page"
    return "XML of another kind" if text.lstrip()[:1] == "<" else "plain text"


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
    meant = _CONTROLS.get(code, meant)
    return f"&#{ord(meant)};" if meant and not _INVALID.match(meant) else ""


@lru_cache(maxsize=1_000)
def _local(tag: str) -> str:
    return tag.rpartition("}")[2].rpartition(":")[2].lower()


@lru_cache(maxsize=1_000)
def _read_as(tag: str) -> str | None:
    foreign = any(name in tag for name in _FOREIGN)
    return _local(tag) if _local(tag) in READ and not foreign else None


def local(element: Element) -> str:
    """The element's name without namespace and case; "" for what is no element."""
    tag = element.tag
    return _local(tag) if isinstance(tag, str) else ""


def items(root: Element) -> Iterator[Element]:
    """Items and entries, but not those quoted inside another."""
    stack = [root]
    while stack:
        element = stack.pop()
        if local(element) in {"item", "entry"}:
            yield element
        else:
            stack.extend(reversed(element))


def read_as(child: Element) -> str | None:
    """The local name of an element whose value may end in an entry, None for others."""
    tag = child.tag
    return _read_as(tag) if isinstance(tag, str) else None


def listed(item: Element) -> Listed:
    """What an item says at first sight."""
    about = item.get(_RDF_ABOUT)
    guid: str | None = None
    link: str | None = None
    date: str | None = None
    parts = [about or ""]
    for child in item:
        name = read_as(child) or (local(child) == "source" and "source")
        if not name:
            continue
        text = child.text if not len(child) else "\n".join(child.itertext())
        text, href = (text or "").strip(), child.get("href")
        parts += (name, text, href or "")
        if name in {"guid", "id"} and not guid:
            guid = text
        elif name == "link" and not link and child.get("rel", "alternate") == "alternate":
            link = text or href
        elif name in DATES and not date:
            date = text
    guid = " ".join(markup.tidy(guid or about or "").split())[:GUID_LIMIT]
    return Listed(guid or None, link, rough_date(date) if date else None, mark(*parts))


def drop(element: Element) -> None:
    """Take an element out of its tree."""
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def text_of(element: Element) -> str:
    """The text of an element and all inside it, nested markup as lines."""
    if not len(element):
        return element.text or ""
    return "\n".join(part for part in element.itertext() if part.strip())
