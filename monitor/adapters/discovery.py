"""Where a site may keep its feeds: addresses worth asking, read from bodies already fetched. Pure.

Order is by trust: what a page names as its feed, what it links, what robots.txt and a sitemap
index list, and at last where content systems usually put them.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urljoin, urlsplit

from lxml import etree

from monitor.adapters import markup

BODY_LIMIT = 3_000_000  # characters of a page that are looked at
NAMED_LIMIT = 8  # addresses that one page may name
LINKED_LIMIT = 5  # … that it may link
SITEMAP_LIMIT = 4  # … that robots.txt or a sitemap index may list
LINKS_READ = 5_000  # links of one page
NAME = 30  # characters of a link's text beyond which it is a headline, not the word "RSS"

# What WordPress, Drupal, Joomla, Ghost, Hugo, Jekyll, Blogger and their kin answer at.
USUAL_PATHS = (
    "feed", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feed.json", "feeds",
    "feeds/posts/default", "?feed=rss2",
)  # fmt: skip
USUAL_SITEMAPS = ("news-sitemap.xml", "sitemap-news.xml")

_TYPES = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
        "application/json",
    }
)
_LIKE_A_FEED = re.compile(
    r"(?:^|[/._?=&-])(?:rss|feeds?|atom|rdf)(?:[/._?=&-]|\d|$)|feed(?:s)?\.|\.(?:rss|rdf|atom)$",
    re.IGNORECASE,
)
_NO_FEED = re.compile(
    r"feedback|newsfeed-|/comments?/|comments/feed|\.(?:png|jpe?g|gif|svg|css|js)$"
)
_NEWS_SITEMAP = re.compile(r"news|noticia|latest|recent", re.IGNORECASE)
_SITEMAP_LINE = re.compile(r"^\s*sitemap\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_LOC = re.compile(r"<loc>\s*(?:<!\[CDATA\[)?\s*([^<\]\s]+)", re.IGNORECASE)
_INDEX = re.compile(r"<(?:[\w-]+:)?sitemapindex[\s>]", re.IGNORECASE)
_ROOTS = (
    (re.compile(r"<(?:[\w-]+:)?rss[\s>]", re.IGNORECASE), "RSS"),
    (re.compile(r"<(?:[\w-]+:)?rdf[\s>]", re.IGNORECASE), "RDF"),
    (re.compile(r"<(?:[\w-]+:)?feed[\s>]", re.IGNORECASE), "Atom"),
    (re.compile(r"<(?:[\w-]+:)?urlset[\s>]", re.IGNORECASE), "news sitemap"),
)
_BEGINNING = 4_096  # characters in which the root element of a document stands


class How(StrEnum):
    """How an address was found."""

    GIVEN = "the address itself"
    NAMED = "named by the page"
    LINKED = "linked from the page"
    ROBOTS = "listed in robots.txt"
    INDEX = "listed in a sitemap index"
    USUAL = "a usual address"


@dataclass(frozen=True, slots=True)
class Lead:
    """An address that may be a feed."""

    url: str
    how: How


def kind(body: bytes) -> str:
    """What kind of document a body is, by its root element."""
    text = markup.decode(body[: 2 * _BEGINNING], None)[:_BEGINNING].lstrip()
    if text.startswith("{"):
        return "JSON Feed"
    return next((name for root, name in _ROOTS if root.search(text)), "plain page")


def tree(body: bytes, content_type: str | None = None) -> etree._Element | None:
    """A page as a tree; None where nothing of it can be read."""
    text = markup.decode(body, content_type)[:BODY_LIMIT]
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True
    )
    try:
        return etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.LxmlError:
        return None


def page_leads(body: bytes, *, url: str, content_type: str | None = None) -> tuple[Lead, ...]:
    """The feeds that a page names in its head, then those that it seems to link."""
    root = tree(body, content_type)
    if root is None:
        return ()
    base = next((each.get("href") for each in root.iter("base") if each.get("href")), None)
    base = markup.link(base, base=url) or url
    named = _unique(_named(root, base), limit=NAMED_LIMIT, how=How.NAMED)
    linked = _unique(_linked(root, base), limit=LINKED_LIMIT, how=How.LINKED)
    known = {lead.url for lead in named}
    return (*named, *(lead for lead in linked if lead.url not in known))


def _named(root: etree._Element, base: str) -> Iterator[str | None]:
    for each in root.iter("link"):
        relation = (each.get("rel") or "").lower().split()
        declared = (each.get("type") or "").partition(";")[0].strip().lower()
        address = each.get("href") or ""
        if declared == "application/json" and not _LIKE_A_FEED.search(address):
            continue  # WordPress names its own interface so
        if {"alternate", "feed"} & set(relation) and declared in _TYPES:
            yield markup.link(address, base=base)


def _linked(root: etree._Element, base: str) -> Iterator[str | None]:
    for number, each in enumerate(root.iter("a")):
        if number >= LINKS_READ:
            return
        address = markup.link(each.get("href"), base=base)
        words = "".join(each.itertext()).strip()
        if address and len(words) <= NAME and _seems_a_feed(address):
            yield address


def _seems_a_feed(address: str) -> bool:
    parts = urlsplit(address)
    beyond = f"{parts.path}?{parts.query}" if parts.query else parts.path
    by_host = parts.netloc.partition(".")[0] in {"feeds", "rss", "feed"}
    likely = by_host or _LIKE_A_FEED.search(beyond)
    return bool(likely) and not _NO_FEED.search(address)


def _unique(addresses: Iterable[str | None], *, limit: int, how: How) -> tuple[Lead, ...]:
    """Each address once, comment feeds left out, at most `limit`."""
    kept = dict.fromkeys(
        each.partition("#")[0] for each in addresses if each and not _NO_FEED.search(each)
    )
    return tuple(Lead(each, how) for each in list(kept)[:limit])


def robots_leads(body: bytes, *, url: str) -> tuple[Lead, ...]:
    """The sitemaps that a robots.txt lists, those that seem to hold news first."""
    listed = (markup.link(each, base=url) for each in _SITEMAP_LINE.findall(_text(body)))
    return _unique(_news_first(listed), limit=SITEMAP_LIMIT, how=How.ROBOTS)


def index_leads(body: bytes, *, url: str) -> tuple[Lead, ...]:
    """The sitemaps of news that a sitemap index lists; empty where the body is no index."""
    text = _text(body)
    if not _INDEX.search(text, 0, _BEGINNING):
        return ()
    listed = (markup.link(_amp(each), base=url) for each in _LOC.findall(text))
    news = (each for each in listed if each and _NEWS_SITEMAP.search(urlsplit(each).path))
    return _unique(news, limit=SITEMAP_LIMIT, how=How.INDEX)


def _amp(written: str) -> str:
    return written.replace("&amp;", "&")


def _text(body: bytes) -> str:
    return markup.decode(body, None)[:BODY_LIMIT]


def _news_first(addresses: Iterable[str | None]) -> list[str]:
    found = [each for each in addresses if each]
    return sorted(found, key=lambda each: not _NEWS_SITEMAP.search(urlsplit(each).path))


def sitemap_leads(url: str) -> tuple[Lead, ...]:
    """Where news sitemaps usually lie."""
    addresses = (urljoin(url, f"/{path}") for path in USUAL_SITEMAPS)
    return _unique(addresses, limit=len(USUAL_SITEMAPS), how=How.USUAL)


def usual_leads(url: str) -> tuple[Lead, ...]:
    """Where content systems usually keep the feed of a site, and of the section that `url` is."""
    section = url.partition("?")[0].partition("#")[0].rstrip("/")
    root = urljoin(url, "/").rstrip("/")
    addresses = [f"{root}/{path}" for path in USUAL_PATHS]
    if section != root:
        addresses[:0] = [f"{section}/{path}" for path in USUAL_PATHS[:2]]
    return _unique(addresses, limit=len(addresses), how=How.USUAL)
