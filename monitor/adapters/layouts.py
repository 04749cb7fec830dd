"""Where a plain page lists its items: repeated elements that hold one headline's link each. Pure.

Every link whose text is as long as a headline votes for the elements it stands in, each named by
a selector of tag and classes. A selector that many links vote for, each from an element of its
own, lists the items.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from statistics import median

from lxml import etree
from lxml.cssselect import CSSSelector, SelectorError

from monitor.adapters import discovery, markup
from monitor.adapters.calendar_words import read_date
from monitor.core.model import Selectors

HEADLINE = range(20, 301)  # characters of a headline; menus have shorter words, teasers longer ones
WORDS = 3  # of a headline, at least
LEAST_ITEMS = 4  # fewer alike are no list
FULL_LIST = 12  # items from which on more of them make a list no better
CLIMB = 7  # elements around a link that are looked at
LINKS_READ = 5_000
CLASSES = 2  # in one selector; more make it break at the next change of the design
DATE_LENGTH = 60  # characters of an element that is nothing but a date
MONTHS = 12
MOST_OF = 0.7  # share of the items in which a selector must find its part
APART = 0.2  # worth of a list in a menu, a header or a footer: mostly no news
PROPOSALS = 3

_STABLE = re.compile(r"[A-Za-z][A-Za-z_-]{2,39}")  # a digit in a class counts or hashes something
_CHANGING = re.compile(
    r"^(?:odd|even|first|last|active|current|clearfix|sticky)$|--?(?:first|last)$"
)
_ID = re.compile(r"[A-Za-z][A-Za-z_-]{1,39}")
_TAG = re.compile(r"[a-z][a-z0-9]*")  # not o:p and its like, which mean something else in CSS
_FIGURES = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2((?:19|20)\d\d)")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_ASIDE = frozenset({"nav", "header", "footer", "aside", "form"})
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_PLAIN_TAGS = frozenset({"html", "body", "main", "tbody"})  # never one item among others


@dataclass(frozen=True, slots=True)
class Layout:
    """A way to read a page as a list. `score` orders them, 0 and up; `items` is how many it has."""

    selectors: Selectors
    score: float
    items: int


@dataclass(slots=True)
class _Group:
    """The elements that one selector names, each with the headline links in it."""

    held: dict[etree._Element, list[etree._Element]] = field(default_factory=dict)

    @property
    def single(self) -> list[tuple[etree._Element, etree._Element]]:
        """The elements that hold the links of one address only, with the first of those."""
        return [
            (item, links[0])
            for item, links in self.held.items()
            if len({each.get("href") for each in links}) == 1
        ]


def layouts(body: bytes, *, url: str, content_type: str | None = None) -> tuple[Layout, ...]:
    """The most promising ways to read a page, best first; none where nothing repeats."""
    root = discovery.tree(body, content_type)
    if root is None:
        return ()
    groups: dict[str, _Group] = {}
    for link in _headline_links(root, url):
        for element in _around(link):
            if name := _selector(element):
                groups.setdefault(name, _Group()).held.setdefault(element, []).append(link)
    found = [layout for name, group in groups.items() if (layout := _layout(name, group))]
    found.sort(key=lambda each: -each.score)
    return tuple(_different(found))[:PROPOSALS]


def _headline_links(root: etree._Element, url: str) -> Iterator[etree._Element]:
    for number, link in enumerate(root.iter("a")):
        if number >= LINKS_READ:
            return
        words = _words(_heading_of(link))
        if len(words) in HEADLINE and len(words.split()) >= WORDS:
            address = markup.link(link.get("href"), base=url)
            if address and address.partition("#")[0] != url:
                yield link


def _heading_of(link: etree._Element) -> etree._Element:
    """The part of a link that is its headline: a card may be one link as a whole."""
    return next(link.iter(*_HEADINGS), link)


def _words(element: etree._Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _around(link: etree._Element) -> Iterable[etree._Element]:
    for height, element in enumerate(link.iterancestors()):
        if height >= CLIMB or element.tag in _PLAIN_TAGS:
            return
        yield element


def _selector(element: etree._Element) -> str | None:
    """Tag and classes; without a class, below what is around it; None if that says nothing."""
    if not _TAG.fullmatch(element.tag):
        return None
    if own := _classes(element):
        return f"{element.tag}{own}"
    around = element.getparent()
    if around is None or not _TAG.fullmatch(around.tag):
        return None
    if around.tag == "tbody" and (around := around.getparent()) is None:
        return None
    above = _classes(around) or _identity(around)
    if above:
        between = " " if element.tag == "tr" else " > "
        return f"{around.tag}{above}{between}{element.tag}"
    return None


def _classes(element: etree._Element) -> str:
    names = (element.get("class") or "").split()
    kept = [each for each in names if _STABLE.fullmatch(each) and not _CHANGING.search(each)]
    return "".join(f".{each}" for each in kept[:CLASSES])


def _identity(element: etree._Element) -> str:
    name = element.get("id") or ""
    return f"#{name}" if _ID.fullmatch(name) else ""


def _layout(name: str, group: _Group) -> Layout | None:
    single = group.single
    addresses = {link.get("href") for _, link in single}
    if len(addresses) < LEAST_ITEMS:
        return None
    pure = len(single) / len(group.held)
    if pure < MOST_OF:
        return None
    selectors = _inside(name, single)
    if selectors is None:
        return None
    size = min(len(addresses), FULL_LIST) / FULL_LIST
    length = median(len(_words(_heading_of(link))) for _, link in single)
    worth = size * pure * min(length / (2 * HEADLINE.start), 1.0)
    worth *= 2.0 if selectors.date else 1.0
    worth *= APART if _mostly(_stands_apart(item) for item, _ in single) else 1.0
    return Layout(selectors, round(worth, 3), len(addresses))


def _stands_apart(item: etree._Element) -> bool:
    return item.tag in _ASIDE or any(each.tag in _ASIDE for each in item.iterancestors())


def _inside(name: str, single: Sequence[tuple[etree._Element, etree._Element]]) -> Selectors | None:
    """The selectors of one kind of item; None where none finds the links."""
    link = next((each for each in _link_names(single) if _finds(each, single)), None)
    if link is None:
        return None
    items = [item for item, _ in single]
    date = _date_name(items)
    headed = _mostly(_heading_of(found) is not found for _, found in single)
    heading = Counter(_heading_of(found).tag for _, found in single).most_common(1)[0][0]
    return Selectors(
        items=name,
        link=link,
        title=str(heading) if headed else None,
        date=date,
        date_format=_date_format(items, date) if date else None,
    )


def _link_names(single: Sequence[tuple[etree._Element, etree._Element]]) -> Iterator[str]:
    """Ways to name the headline's link in its item, the plainest first."""
    yield "a"
    headed: Counter[str] = Counter()
    around: Counter[str] = Counter()
    own: Counter[str] = Counter()
    for item, link in single:
        for above in link.iterancestors():
            if above is item:
                break
            around[f"{above.tag}{_classes(above)} a"] += 1
            if above.tag in _HEADINGS:
                headed[f"{above.tag} a"] += 1
        if classes := _classes(link):
            own[f"a{classes}"] += 1
    likely = (*headed.most_common(1), *own.most_common(2), *around.most_common(3))
    yield from (name for name, _ in likely)


def _finds(name: str, single: Sequence[tuple[etree._Element, etree._Element]]) -> bool:
    """Whether the first that a selector finds in an item is the headline's link, mostly."""
    return _mostly(_first(name, item) is link for item, link in single)


def _first(name: str, item: etree._Element) -> etree._Element | None:
    try:
        found = _compiled(name)(item)
    except SelectorError:  # a tag that is no name in CSS
        return None
    return found[0] if found else None


@lru_cache(maxsize=256)
def _compiled(name: str) -> CSSSelector:
    return CSSSelector(name)


def _date_name(items: Sequence[etree._Element]) -> str | None:
    """How the date of an item is named, if most items have one."""
    votes: Counter[str] = Counter()
    for item in items:
        names = {_date_selector(each) for each in item.iter() if each is not item and _dates(each)}
        votes.update(names)
    for name, number in votes.most_common():
        if number >= MOST_OF * len(items) and _mostly(_right(name, each) for each in items):
            return name
    return None


def _right(name: str, item: etree._Element) -> bool:
    found = _first(name, item)
    return found is not None and _dates(found)


def _date_selector(element: etree._Element) -> str:
    return "time" if element.tag == "time" else f"{element.tag}{_classes(element)}"


def _dates(element: etree._Element) -> bool:
    """Whether an element is nothing but a date."""
    if element.tag == "time" and element.get("datetime"):
        return True
    words = _words(element)
    if len(words) > DATE_LENGTH or not _YEAR.search(words):
        return False
    return bool(_FIGURES.search(words)) or read_date(words) is not None


def _date_format(items: Sequence[etree._Element], name: str) -> str | None:
    """What order figures stand in, where only figures are written and one of them tells."""
    found = [
        _FIGURES.search(_words(first))
        for item in items
        if (first := _first(name, item)) is not None
    ]
    figures = [each for each in found if each]
    if not figures or len(figures) < len(found):
        return None
    sign = figures[0][2]
    if any(int(each[1]) > MONTHS for each in figures):
        return f"%d{sign}%m{sign}%Y"
    return f"%m{sign}%d{sign}%Y" if any(int(each[3]) > MONTHS for each in figures) else None


def _mostly(answers: Iterable[bool]) -> bool:
    given = list(answers)
    return sum(given) >= MOST_OF * len(given)


def _different(found: Iterable[Layout]) -> Iterator[Layout]:
    """One layout of each list: an element and what is around it find the same items."""
    seen: set[tuple[int, str | None, float]] = set()
    for each in found:
        key = (each.items, each.selectors.date, each.score)
        if key not in seen:
            seen.add(key)
            yield each
