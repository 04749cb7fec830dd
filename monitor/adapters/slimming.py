"""A feed's tree cut down to what is read: in number, in length, and by what needs no more parsing.

feedparser's time grows with the square of some hostile inputs, and with every element.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from lxml import etree

from monitor.adapters import markup
from monitor.adapters.trees import (
    CONTENTS,
    NAMES,
    SUMMARIES,
    Element,
    drop,
    local,
    read_as,
    text_of,
)
from monitor.adapters.windows import MARKUP_LIMIT, NAME_LIMIT, WHOLE_LIMIT

CHILD_LIMIT = 50  # children of one item, and of one element inside it
ATTRIBUTE_LIMIT = 20  # attributes of one element

_PLAIN_TYPES = frozenset({"text", "html", "xhtml", "text/plain", "text/html"})
_KNOWN_SPACES = frozenset(
    {
        "",
        "http://www.w3.org/2005/Atom",
        "http://purl.org/rss/1.0/",
        "http://purl.org/rss/1.0/modules/content/",
        "http://purl.org/dc/elements/1.1/",
    }
)


_TITLE = frozenset({"title"})
_AUTHOR = frozenset({"author", "creator"})
_LINK = frozenset({"link", "origlink"})
_GUID = frozenset({"guid", "id"})
_WORDS = CONTENTS | SUMMARIES

_Named: TypeAlias = tuple[Element, str]


class Taken(NamedTuple):
    """What is read from an item's tree itself; `None` is left to feedparser."""

    title: str | None
    summary: str | None
    author: str | None
    link: str | None
    publisher: str | None
    content: str | None


def slim(root: Element, items: Sequence[Element], kept: Sequence[Element]) -> None:
    """Cut the tree in place: other items, and what is not read beside and above the kept ones."""
    keep = set(kept)
    for item in items:
        if item not in keep:
            drop(item)
    above = {root} | {ancestor for item in kept for ancestor in item.iterancestors()}
    above |= {child for child in root if local(child) == "channel"}  # RDF's stands beside items
    for element in above:
        _slim_children(element, spared=keep | above)


def take(item: Element, *, based: bool, whole: bool) -> Taken:
    """Slim one item in place, and take out what can mean only one thing.

    That is the most of what feedparser would work through, only to hand it back as it is.
    `based`: links may be relative to an `xml:base`, which feedparser knows.
    """
    publisher = _publisher(item)
    content = _content(item) if whole else None
    left = _without_content(item, _slim_children(item, spared=frozenset()))
    taken = Taken(
        title=_taken(item, left, _TITLE),
        summary=_taken(item, left, _WORDS),
        author=_taken(item, left, _AUTHOR, unless="@"),  # whose address feedparser cuts out
        link=None if based else _link(item, left),
        publisher=publisher,
        content=content,
    )
    for child, _ in left:
        text = child.text
        if text and ("<" in text or "&" in text) and "]]>" not in text:
            child.text = etree.CDATA(text)  # expat hands escaped text over in crumbs
    return taken


def _slim_children(parent: Element, *, spared: AbstractSet[Element]) -> list[_Named]:
    """Cut the children that are read, remove the others; what is left, with its names."""
    _cut(parent, text_limit=MARKUP_LIMIT)
    left: list[_Named] = []
    for child in list(parent):
        if child in spared:
            continue
        name = read_as(child)
        if name and len(left) < CHILD_LIMIT:
            _flatten(child)
            _cut(child, text_limit=NAME_LIMIT if name in NAMES else MARKUP_LIMIT)
            left.append((child, name))
        else:
            parent.remove(child)
    return left


def _flatten(element: Element) -> None:
    """Replace nested markup by its text; feedparser reads it no better and far more slowly."""
    if not len(element):
        return
    name = next((part.text for part in element if local(part) == "name"), None)
    if local(element) not in NAMES or not name:
        name = text_of(element)
        if "type" in element.attrib:
            element.set("type", "text")
    for child in list(element):
        element.remove(child)
    element.text = name


def _cut(element: Element, *, text_limit: int) -> None:
    if element.attrib:
        for name in element.attrib.keys()[ATTRIBUTE_LIMIT:]:
            del element.attrib[name]
        for name, value in element.attrib.items():
            if len(value) > markup.LINK_LIMIT:
                del element.attrib[name]
    text = element.text
    if text and len(text) > text_limit:
        element.text = text[:text_limit]
    element.tail = None


def _without_content(item: Element, left: list[_Named]) -> list[_Named]:
    """Drop the content where there is a summary: it is the longest part, and is not used then."""
    if not any(name in SUMMARIES and (child.text or "").strip() for child, name in left):
        return left
    for child, name in left:
        if name in CONTENTS:
            item.remove(child)
    return [(child, name) for child, name in left if name not in CONTENTS]


def _only(left: list[_Named], names: AbstractSet[str]) -> Element | None:
    """The one element of these names, if it is one of the standards' own without a trick."""
    found = [child for child, name in left if name in names]
    if len(found) != 1 or not _known(found[0].tag):
        return None
    attributes = found[0].attrib.items()
    plain = all(name == "type" and value in _PLAIN_TYPES for name, value in attributes)
    return found[0] if plain else None


@lru_cache(maxsize=1_000)
def _known(tag: str) -> bool:
    space, _, name = tag.rpartition("}")
    return space.removeprefix("{") in _KNOWN_SPACES and ":" not in name


def _taken(
    item: Element, left: list[_Named], names: AbstractSet[str], *, unless: str | None = None
) -> str | None:
    element = _only(left, names)
    if element is None or (unless and unless in (element.text or "")):
        return None
    item.remove(element)
    return _decoded_twice(element.text or "")


def _link(item: Element, left: list[_Named]) -> str | None:
    """The address of RSS; feedparser chooses among several, and knows those of Atom."""
    element = _only(left, _LINK)
    text = (element.text or "").strip() if element is not None else ""
    if not text or ";" in text:  # it repairs "&b;=2"
        return None
    for child, name in left:
        if name in _LINK or name in _GUID:  # a guid counts only where there is no link
            item.remove(child)
    return text


def _decoded_twice(text: str) -> str:
    """Undo UTF-8 that was read as Latin-1, as feedparser does with every value."""
    if text.isascii():
        return text
    try:
        return text.encode("iso-8859-1").decode("utf-8")
    except UnicodeError:
        return text


def _publisher(item: Element) -> str | None:
    """Whom the item names as its source: in words in RSS, as a feed of its own in Atom."""
    for child in item:
        if local(child) == "source":
            titles = (part for part in child if local(part) == "title")
            named = child if not len(child) else next(titles, None)
            return text_of(named)[:MARKUP_LIMIT] if named is not None else None
    return None


def _content(item: Element) -> str | None:
    """The longest text that the item carries, as markup; the description where it is alone."""
    written = {True: "", False: ""}
    for child in item:
        name = read_as(child)
        if name in _WORDS and child.get("mode") != "base64":
            text = _markup(child)[:WHOLE_LIMIT]
            written[name in CONTENTS] = max(written[name in CONTENTS], text, key=len)
    return written[True] or written[False] or None


def _markup(element: Element) -> str:
    """The inside of an element as HTML, also where it is nested elements (Atom's xhtml)."""
    if not len(element):
        return element.text or ""
    return "".join(_nested(element))


def _nested(element: Element) -> Iterator[str]:
    """Text and tags of all inside, every element as a block only where it is one in HTML."""
    for event, part in etree.iterwalk(element, events=("start", "end")):
        if part is not element:
            yield f"<{local(part)}>" if event == "start" else f"</{local(part)}>"
        if event == "start":
            yield markup.escape(part.text or "")
        elif part is not element:
            yield markup.escape(part.tail or "")
