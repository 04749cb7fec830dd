"""Plain pages to what they list, by CSS selectors."""

import re
from collections.abc import Callable
from typing import NamedTuple

from cssselect import HTMLTranslator, SelectorError
from lxml import etree

from monitor.adapters import languages, markup
from monitor.adapters.calendar_words import read_date
from monitor.adapters.trees import Element
from monitor.adapters.windows import (
    GUID_LIMIT,
    SUMMARY_LIMIT,
    TITLE_LIMIT,
    Listed,
    NotAFeed,
    Window,
    mark,
    worded,
)
from monitor.core.errors import Permanent
from monitor.core.model import Entry, ParsedFeed, Selectors

TAG_LIMIT = 50_000  # tags of a page; selectors with steps take time by its square
CROWDED = 4_000  # characters of one tag that make it suspicious
ATTRIBUTE_LIMIT = 500  # words in such a tag; 100,000 attributes take the parser three minutes
ITEM_LIMIT = 2_000  # items looked into, the first ones

_TAG = re.compile(r"<[A-Za-z]")
_LONG_TAG = re.compile(rf"<[A-Za-z][^<>]{{{CROWDED},}}>?")


class _Item(NamedTuple):
    """One item in the page's own words, the link as an address where it is known to be one."""

    link: str
    title: str
    date: str
    summary: str


def window(text: str, *, url: str, selectors: Selectors) -> Window:
    """What a page lists. `url` is its own address, unless the page names a base.

    Raises NotAFeed when the selectors find nothing there, Permanent for a broken selector.
    """
    root = _page(text)
    base = markup.link(next(iter(root.xpath("//base/@href")), None), base=url) or url
    found = _finder(selectors.items)(root)[:ITEM_LIMIT]
    if not found:
        raise NotAFeed(f"the selector {selectors.items!r} finds nothing on this page")
    read_item = _reader(selectors)
    items = [read_item(element) for element in found]
    linked = _linked(items, base=base)
    if not linked:
        raise NotAFeed(
            f"the selector {selectors.link!r} finds no link in any of {len(items)} items"
        )

    def read(places: list[int]) -> ParsedFeed:
        chosen = (linked[place] for place in places)
        return ParsedFeed(
            entries=tuple(_entry(item, selectors=selectors, language=language) for item in chosen),
            title=markup.one_line(str(root.xpath("string(//title)")), limit=TITLE_LIMIT) or None,
            language=language,
        )

    language = languages.primary(root.get("lang"))
    return Window([_listed(item, selectors=selectors) for item in linked], read)


def _linked(items: list[_Item], *, base: str) -> list[_Item]:
    """Items with an address, one of each: pictures often link where the headline does."""
    found: dict[str, _Item] = {}
    for item in items:
        address = markup.link(item.link, base=base)
        if address and not (address in found and found[address].title):
            found[address] = item._replace(link=address)
    return list(found.values())


def _page(text: str) -> Element:
    if sum(1 for _ in _TAG.finditer(text)) > TAG_LIMIT:
        raise NotAFeed(f"this page has more than {TAG_LIMIT:,} tags")
    text = _LONG_TAG.sub(_uncrowded, text)
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(text.encode("utf-8", "ignore"), parser)
    except etree.LxmlError as error:
        raise NotAFeed("this is not a web page") from error
    if root is None:
        raise NotAFeed("this is not a web page")
    return root


def _uncrowded(tag: re.Match[str]) -> str:
    return "" if len(tag[0].split()) > ATTRIBUTE_LIMIT else tag[0]


def _finder(selector: str) -> Callable[[Element], list[Element]]:
    """Find what a CSS selector selects; in an item also the item itself."""
    broken = f"the selector {selector!r} cannot be read"
    try:
        path = HTMLTranslator().css_to_xpath(selector, prefix="descendant-or-self::")
        compiled = etree.XPath(path)
    except (SelectorError, etree.XPathError) as error:
        raise Permanent(f"{broken}: {error}") from error

    def find(element: Element) -> list[Element]:
        try:
            return list(compiled(element))
        except etree.XPathError as error:  # a namespace, which HTML has none of
            raise Permanent(f"{broken}: {error}") from error

    return find


def _reader(selectors: Selectors) -> Callable[[Element], _Item]:
    find_link = _finder(selectors.link)
    find_title = _finder(selectors.title) if selectors.title else find_link
    find_date = _finder(selectors.date) if selectors.date else None
    find_summary = _finder(selectors.summary) if selectors.summary else None

    def read(item: Element) -> _Item:
        links = (one.get("href") or "" for one in find_link(item))
        return _Item(
            link=next((link for link in links if link.strip()), ""),
            title=_words(find_title(item), limit=TITLE_LIMIT),
            date=_date(find_date(item)) if find_date else "",
            summary=_words(find_summary(item), limit=SUMMARY_LIMIT) if find_summary else "",
        )

    return read


def _words(found: list[Element], *, limit: int) -> str:
    """The text of the first that has any; a link around a picture has none."""
    texts = (" ".join("".join(one.itertext()).split())[:limit] for one in found)
    return next((text for text in texts if text), "")


def _date(found: list[Element]) -> str:
    """The `datetime` of the element or of one in it, else its words."""
    stamps = (stamp for one in found for stamp in one.xpath("descendant-or-self::*/@datetime"))
    return next((stamp for stamp in stamps if stamp.strip()), "") or _words(
        found, limit=TITLE_LIMIT
    )


def _listed(item: _Item, *, selectors: Selectors) -> Listed:
    date = read_date(item.date, form=selectors.date_format)
    return Listed(item.link, item.link, date, mark(*item))


def _entry(item: _Item, *, selectors: Selectors, language: str | None) -> Entry:
    return worded(
        Entry(
            guid=item.link[:GUID_LIMIT],
            url=item.link,
            title=markup.escape(item.title),
            summary=markup.escape(item.summary),
            published=read_date(item.date, form=selectors.date_format),
            language=language,
        )
    )
