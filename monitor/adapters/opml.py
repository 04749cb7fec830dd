"""Lists of feeds as other readers know them: OPML 2.0, with our own fields as attributes.

What we know beyond OPML stands in attributes of the namespace below, lists as JSON, intervals in
seconds. Headers, credentials and proxies are never written: they may hold secrets.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from monitor.adapters import markup
from monitor.core.errors import Permanent
from monitor.core.model import Feed, Outlet, OutletId, PageRules, Selectors, Tier
from monitor.core.urls import is_web

SIZE_LIMIT = 5_000_000  # bytes; the longest list that people pass around, 10,000 feeds, has 3 MB
DEPTH_LIMIT = 20  # outlines inside each other
OUTLINE_LIMIT = 20_000
NAME_LIMIT = 200  # characters of a name
VALUE_LIMIT = 2_000  # characters of any other value
ID_LIMIT = 60  # characters of an id made of a host
INTERVALS = range(1, 100 * 365 * 86_400)  # seconds

NAMESPACE = "urn:media-monitor:opml:1"
# What an outlet gets where the list does not say it; UN is the one country that claims nothing.
COUNTRY, LANGUAGE, TIER = "UN", "en", Tier.INDEPENDENT

_COUNTRY = re.compile(r"[A-Z]{2}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}")
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")
_DEFINES = "<!ENTITY"  # XML knows no other spelling
_PARSERS_ADVICE = re.compile(r", (?:line \d+, column \d+|use XML_PARSE_HUGE).*")
_SELECTORS = tuple(each.name for each in fields(Selectors))


class BadOpml(Permanent):
    """The list cannot be read; `line` and `column` count from 1."""

    def __init__(self, message: str, *, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """What a list of feeds holds, in our words.

    `assumed` names the fields of an outlet for which a default stands; `unusable` are lines whose
    address is none of the web, with the reason.
    """

    outlets: tuple[Outlet, ...]
    feeds: tuple[Feed, ...]
    assumed: Mapping[OutletId, tuple[str, ...]] = field(default_factory=dict)
    unusable: tuple[tuple[int, str], ...] = ()


# --- out --------------------------------------------------------------------------------------


def write(outlets: Iterable[Outlet], feeds: Iterable[Feed]) -> bytes:
    """A list that `read` turns into the same outlets and feeds, but for what gives access."""
    root = etree.Element("opml", {"version": "2.0"}, nsmap={"monitor": NAMESPACE})
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = "Feeds of the media monitor"
    body = etree.SubElement(root, "body")
    folders: dict[OutletId, etree._Element] = {}
    names: dict[OutletId, str] = {}
    for outlet in outlets:
        folder = etree.SubElement(body, "outline", {"text": _legal(outlet.name)})
        _note(folder, _outlet_notes(outlet))
        folders[outlet.id], names[outlet.id] = folder, outlet.name
    for each in feeds:
        kind = {"type": "rss", "xmlUrl": each.url}
        if each.page is not None:  # no other reader can subscribe to it
            kind = {"type": "link", "url": each.url}
        text = {"text": _legal(names[each.outlet])}
        line = etree.SubElement(folders[each.outlet], "outline", text | kind)
        _note(line, _feed_notes(each))
    written: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True)
    return written


def _outlet_notes(outlet: Outlet) -> dict[str, Any]:
    pages = outlet.pages
    return {
        "outlet": outlet.id,
        "country": outlet.country,
        "language": outlet.language,
        "tier": outlet.tier.value,
        "credits": list(outlet.credits) or None,
        "keep": pages.keep,
        "drop": list(pages.drop) or None,
        "user_agent": pages.user_agent,
        "feed_text_full": pages.feed_text_full or None,
        "headline_only": pages.headline_only or None,
        "respect_robots": pages.respect_robots,
    }


def _feed_notes(each: Feed) -> dict[str, Any]:
    page = each.page
    return {
        "source": each.source or None,
        "verified": each.verified or None,
        "interval": int(each.interval.total_seconds()) if each.interval else None,
        "aggregator": each.aggregator or None,
    } | ({name: getattr(page, name) for name in _SELECTORS} if page else {})


def _note(element: etree._Element, notes: Mapping[str, Any]) -> None:
    for name, value in notes.items():
        if value is not None:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            element.set(f"{{{NAMESPACE}}}{name}", _legal(text))


def _legal(text: str) -> str:
    """The text without what XML cannot hold."""
    return markup.tidy(text)


# --- in ---------------------------------------------------------------------------------------


def read(body: bytes) -> Subscriptions:
    """The outlets and feeds of a list, ours or any other reader's. Raises BadOpml.

    A folder that carries our fields is an outlet. Else the feeds of one host are one outlet, under
    the title of its only feed or the name of the host, and folders are kept in the feeds' source.
    """
    found = _Found()
    for line in _outlines(_tree(body)):
        if _ours(line.element, "outlet"):
            found.know(line.element)
        if address := _address(line.element):
            found.add(line, address)
    return found.whole()


def _tree(body: bytes) -> etree._Element:
    if len(body) > SIZE_LIMIT:
        raise BadOpml(f"the list is over {SIZE_LIMIT:,} bytes")
    text = markup.decode(body, None)
    if (defined := text.find(_DEFINES)) >= 0:
        line, column = text.count("\n", 0, defined) + 1, defined - text.rfind("\n", 0, defined)
        words = "a list that defines entities of its own is not read"
        raise BadOpml(words, line=line, column=column)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True,
        remove_pis=True, encoding="utf-8",
    )  # fmt: skip
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        words = _PARSERS_ADVICE.sub("", error.msg or "no XML")
        raise BadOpml(words, line=line, column=max(column, 1)) from error
    if root.tag != "opml" or root.find("body") is None:
        raise BadOpml("no OPML: <opml> with a <body> is expected", line=root.sourceline or 1)
    return root


@dataclass(frozen=True, slots=True)
class _Line:
    """One outline, the folders it stands in, and the outlet that the nearest of them is."""

    element: etree._Element
    folders: tuple[str, ...]
    outlet: etree._Element | None


def _outlines(root: etree._Element) -> Iterator[_Line]:
    """Every outline in the order of the list."""
    waiting = [_Line(each, (), None) for each in reversed(root.findall("body/outline"))]
    seen = 0
    while waiting:
        line = waiting.pop()
        seen += 1
        where = line.element.sourceline or 1
        if seen > OUTLINE_LIMIT:
            raise BadOpml(f"the list has more than {OUTLINE_LIMIT:,} outlines", line=where)
        if len(line.folders) >= DEPTH_LIMIT:
            raise BadOpml(f"more than {DEPTH_LIMIT} outlines inside each other", line=where)
        yield line
        owner = line.element if _ours(line.element, "outlet") else line.outlet
        folders = (*line.folders, _title(line.element))
        waiting += [
            _Line(each, folders, owner) for each in reversed(line.element.findall("outline"))
        ]


def _address(element: etree._Element) -> str:
    """The address that an outline subscribes to; an outline may be a folder, or a mere link."""
    address = _plain(element, "xmlUrl")
    if not address and _ours(element, "items"):
        address = _plain(element, "url")
    return address


def _plain(element: etree._Element, name: str) -> str:
    """An attribute of OPML; readers do not agree on the case of its name."""
    for key, value in element.attrib.items():
        if str(key).lower() == name.lower():
            return " ".join(markup.tidy(str(value)).split())[: VALUE_LIMIT + 1]
    return ""


def _ours(element: etree._Element, name: str) -> str | None:
    value = element.get(f"{{{NAMESPACE}}}{name}")
    return markup.tidy(str(value))[:VALUE_LIMIT] or None if value else None


def _title(element: etree._Element) -> str:
    return (_plain(element, "text") or _plain(element, "title"))[:NAME_LIMIT]


class _Found:
    """What the lines of a list said so far."""

    def __init__(self) -> None:
        self._outlets: dict[OutletId, Outlet] = {}
        self._titles: dict[OutletId, list[str]] = {}  # of the feeds of outlets that we named
        self._assumed: dict[OutletId, tuple[str, ...]] = {}
        self._feeds: list[Feed] = []
        self._unusable: list[tuple[int, str]] = []

    def know(self, element: etree._Element) -> OutletId:
        """The outlet that an outline of ours describes."""
        written = _ours(element, "outlet") or ""
        key = OutletId(written if _ID.fullmatch(written) else slug(written))
        if key not in self._outlets:
            self._outlets[key], self._assumed[key] = _outlet(element, key, name=_title(element))
        return key

    def add(self, line: _Line, address: str) -> None:
        if not is_web(address) or len(address) > VALUE_LIMIT:
            reason = f"no address of the web: {address[:80]}"
            self._unusable.append((line.element.sourceline or 1, reason))
            return
        owner = line.element if _ours(line.element, "outlet") else line.outlet
        key = self.know(owner) if owner is not None else self._by_host(line.element, address)
        folder = " / ".join(filter(None, line.folders)) if owner is None else ""
        self._feeds.append(_feed(line.element, address, key, folder=folder))

    def _by_host(self, element: etree._Element, address: str) -> OutletId:
        site = _plain(element, "htmlUrl")
        host = _host(site if is_web(site) else address)
        key = OutletId(slug(host))
        if key not in self._outlets:
            self._outlets[key], self._assumed[key] = _outlet(element, key, name=host)
        self._titles.setdefault(key, []).append(_title(element))
        return key

    def whole(self) -> Subscriptions:
        for key, titles in self._titles.items():
            if len(titles) == 1 and titles[0]:
                self._outlets[key] = replace(self._outlets[key], name=titles[0])
        return Subscriptions(
            tuple(self._outlets.values()),
            tuple(self._feeds),
            {key: names for key, names in self._assumed.items() if names},
            tuple(self._unusable),
        )


def _host(address: str) -> str:
    return (urlsplit(address).hostname or "").removeprefix("www.")


def slug(words: str) -> str:
    """An outlet's id made of a host or any other words."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:ID_LIMIT].strip("-") or "unnamed"


def _outlet(element: etree._Element, key: OutletId, *, name: str) -> tuple[Outlet, tuple[str, ...]]:
    """The outlet of an outline, and which of its fields are defaults."""
    country, language = _ours(element, "country") or "", _ours(element, "language")
    language = (language or _plain(element, "language")).replace("_", "-")
    tier = _ours(element, "tier") or ""
    right = {
        "country": bool(_COUNTRY.fullmatch(country)),
        "language": bool(_LANGUAGE.fullmatch(language)),
        "tier": tier in set(Tier),
    }
    outlet = Outlet(
        id=key,
        name=name or key,
        country=country if right["country"] else COUNTRY,
        language=language if right["language"] else LANGUAGE,
        tier=Tier(tier) if right["tier"] else TIER,
        credits=_list(element, "credits"),
        pages=_pages(element),
    )
    return outlet, tuple(field for field, fine in right.items() if not fine)


def _pages(element: etree._Element) -> PageRules:
    return PageRules(
        keep=_ours(element, "keep"),
        drop=_list(element, "drop"),
        user_agent=_ours(element, "user_agent"),
        feed_text_full=bool(_flag(element, "feed_text_full")),
        headline_only=bool(_flag(element, "headline_only")),
        respect_robots=_flag(element, "respect_robots"),
    )


def _feed(element: etree._Element, address: str, outlet: OutletId, *, folder: str) -> Feed:
    seconds = _ours(element, "interval") or ""
    interval = None
    if (
        seconds.isdecimal()
        and len(seconds) <= len(str(INTERVALS[-1]))
        and int(seconds) in INTERVALS
    ):
        interval = timedelta(seconds=int(seconds))
    items = _ours(element, "items")
    named = {name: _ours(element, name) for name in _SELECTORS}
    page = {name: value for name, value in named.items() if value is not None}
    return Feed(
        url=address,
        outlet=outlet,
        interval=interval,
        source=_ours(element, "source") or (f"OPML, in {folder}" if folder else ""),
        verified=bool(_flag(element, "verified")),
        page=Selectors(**page) if items else None,
        aggregator=bool(_flag(element, "aggregator")),
    )


def _flag(element: etree._Element, name: str) -> bool | None:
    return {"true": True, "false": False}.get(_ours(element, name) or "")


def _list(element: etree._Element, name: str) -> tuple[str, ...]:
    """A list of texts as JSON; anything else is none."""
    try:
        found: Any = json.loads(_ours(element, name) or "[]")
    except (ValueError, RecursionError):
        return ()
    texts: Sequence[Any] = found if isinstance(found, list) else ()
    return tuple(each for each in texts if isinstance(each, str) and each.strip())
