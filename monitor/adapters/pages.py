"""Web pages to text; the only module that imports trafilatura, htmldate and tld."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import tld
from htmldate import find_date
from lxml.html import HtmlElement
from trafilatura import bare_extraction
from trafilatura.metadata import extract_author
from trafilatura.settings import Document
from trafilatura.utils import load_html

from monitor.adapters import languages, markup
from monitor.adapters.boilerplate import judge, without_boilerplate
from monitor.core import urls
from monitor.core.errors import Permanent
from monitor.core.model import Completeness, Page

PAGE_LIMIT = 3_000_000  # bytes; a million <br> or deep headings cost 20-40 s and 1.2 GB
TAG_LIMIT = 20_000  # tags; pages with more are read as plain text
TITLE_LIMIT = 500  # characters
NAME_LIMIT = 200  # characters
AUTHOR_LIMIT = 20  # authors
TEXT_LIMIT = 500_000  # characters
DATE_TAG_LIMIT = 4_000  # tags; htmldate took 25 s for 15,000 <time> elements
LINKED_LIMIT = 200  # JSON-LD objects looked at in one page
YEARS = range(1990, 2100)

_TAG = re.compile(r"<[a-zA-Z]")
_ADDRESS = re.compile(r"^[\d.]+(?::\d+)?$|:.*:")  # IPv4, IPv6
_TITLE = re.compile(r"<title[^<>]*>([^<]*)", re.IGNORECASE)
_SEPARATED = re.compile(r"\s+[|–—·»•:‐-]\s+|\s*\|\s*")
_ARTICLES = re.compile(r"Article|Posting|Report|Review|WebPage")
_LONG_TITLE = 3  # words that what remains of a title must have when a suffix is cut


class NotAPage(Permanent):
    """The body is a PDF, an image or another thing without text for us."""


@dataclass(frozen=True, slots=True)
class _Claims:
    """What a page says about itself, in meta tags and JSON-LD."""

    titles: tuple[str, ...] = ()
    canonical: str | None = None
    published: datetime | None = None
    modified: datetime | None = None
    authors: tuple[str, ...] = ()
    outlet: str | None = None
    section: str | None = None
    language: str | None = None
    free: bool = True  # False: the publisher says that one has to pay


def extract(body: bytes, *, url: str, content_type: str | None = None) -> Page:
    """Read one page: title, text (paragraphs separated by one line break), times, quality.

    `url` is the final address. Raises NotAPage. A page that gives nothing is a Page all the
    same, whose `completeness` and `quality` say so.
    """
    if strange := markup.kind(body, content_type):
        raise NotAPage(f"this is {strange}, not a web page")
    text = markup.decode(body[:PAGE_LIMIT], content_type)
    if not text.strip():
        return Page(url=url)
    if sum(1 for _ in _TAG.finditer(text)) > TAG_LIMIT:
        return _plain(text, url=url)
    tree = load_html(text)
    return _plain(text, url=url) if tree is None else _read(tree, url=url)


def _plain(text: str, *, url: str) -> Page:
    """A page too large or too strange to take apart: its words without its structure."""
    named = _TITLE.search(text)
    title = markup.one_line(named[1], limit=TITLE_LIMIT) if named else None
    return _judged(
        Page(url=url, title=title or None, text=markup.plain(text)[:TEXT_LIMIT]), free=True
    )


def _read(tree: HtmlElement, *, url: str) -> Page:
    claims = _claims(tree, url)
    document = bare_extraction(
        tree, url=url, include_comments=False, with_metadata=False, include_tables=True
    )
    written = document.text if isinstance(document, Document) else None
    text = markup.tidy(written or "")[:TEXT_LIMIT]
    title = _best_title(tree, claims)
    page = Page(
        url=url,
        canonical_url=claims.canonical,
        title=title,
        text=without_boilerplate(text, title=title),
        language=claims.language,
        published=claims.published or _found_date(tree, url),
        modified=claims.modified,
        authors=claims.authors or _found_authors(tree),
        outlet=claims.outlet,
        section=claims.section,
    )
    return _judged(page, free=claims.free)


def _judged(page: Page, *, free: bool) -> Page:
    completeness, quality = judge(title=page.title, text=page.text or "", free=free)
    text = page.text if completeness is not Completeness.TITLE else None
    return replace(
        page,
        title=None if quality == "error page" else page.title,
        text=text,
        language=languages.identify(text or page.title or "", prior=page.language),
        completeness=completeness,
        quality=quality,
    )


def _claims(tree: HtmlElement, url: str) -> _Claims:
    meta = _meta(tree)
    linked = _article(tree)
    names: tuple[object, ...] = (
        linked.get("headline"),
        meta.get("og:title"),
        meta.get("twitter:title"),
    )
    published = ("article:published_time", "og:published_time", "datepublished", "date")
    return _Claims(
        titles=tuple(title for name in names if (title := _short(name, limit=TITLE_LIMIT))),
        canonical=_canonical(tree, meta, url),
        published=_first_date(linked.get("datePublished"), *(meta.get(key) for key in published)),
        modified=_first_date(linked.get("dateModified"), meta.get("article:modified_time")),
        authors=tuple(dict.fromkeys(_names(linked.get("author"))))[:AUTHOR_LIMIT],
        outlet=next(_names(linked.get("publisher")), None) or _short(meta.get("og:site_name")),
        section=next(_names(linked.get("articleSection")), None)
        or _short(meta.get("article:section")),
        language=languages.primary(tree.get("lang")) or languages.primary(meta.get("og:locale")),
        free=str(linked.get("isAccessibleForFree", True)).lower() != "false",
    )


def _short(value: object, *, limit: int = NAME_LIMIT) -> str | None:
    return markup.one_line(value, limit=limit) or None if isinstance(value, str) else None


def _meta(tree: HtmlElement) -> dict[str, str]:
    """Meta tags by lower-case name, the first of each."""
    found: dict[str, str] = {}
    for element in tree.iterfind(".//meta[@content]"):
        name = element.get("property") or element.get("name") or element.get("itemprop")
        if name and element.get("content", "").strip():
            found.setdefault(name.strip().lower(), element.get("content"))
    return found


def _article(tree: HtmlElement) -> Mapping[str, Any]:
    """The JSON-LD object that describes the article: the first with a headline, else a date."""
    candidates = []
    for script in tree.iterfind('.//script[@type="application/ld+json"]'):
        try:
            written = json.loads(script.text or "", strict=False)
        except (ValueError, RecursionError):
            continue
        candidates += [item for item in _objects(written) if _ARTICLES.search(_type(item))]
    candidates.sort(key=lambda item: ("headline" not in item, "datePublished" not in item))
    return candidates[0] if candidates else {}


def _type(item: Mapping[str, Any]) -> str:
    return str(item.get("@type", ""))


def _objects(written: object) -> Iterator[Mapping[str, Any]]:
    """Every object in a JSON-LD value, from the outside in, `LINKED_LIMIT` at most."""
    queue, looked = [written], 0
    while queue and looked < LINKED_LIMIT:
        value = queue.pop(0)
        looked += 1
        if isinstance(value, dict):
            yield value
            queue += [value[key] for key in ("@graph", "mainEntity", "mainEntityOfPage")
                      if key in value]  # fmt: skip
        elif isinstance(value, list):
            queue += value[:LINKED_LIMIT]


def _names(value: object) -> Iterator[str]:
    """Names in a JSON-LD value: a string, an object with a name, or a list of those."""
    if isinstance(value, list):
        for one in value[:AUTHOR_LIMIT]:
            yield from _names(one)
    elif isinstance(value, dict):
        yield from _names(value.get("name"))
    elif isinstance(value, str):
        name = markup.one_line(value, limit=NAME_LIMIT)
        if name and not name.startswith(("http://", "https://")):
            yield name


def _canonical(tree: HtmlElement, meta: Mapping[str, str], url: str) -> str | None:
    """The address the page calls its own, if that is within the domain it came from."""
    claimed = tree.xpath('(.//link[translate(@rel,"CANOIL","canoil")="canonical"]/@href)[1]')
    for written in (*claimed, meta.get("og:url")):
        address = markup.link(written, base=url)
        if address and registrable_domain(address) == registrable_domain(url):
            return address
    return None


def registrable_domain(url: str) -> str | None:
    """Return "example.co.uk" of "https://news.example.co.uk/"; of an IP address, itself.

    From the public suffix list that the package `tld` carries; it is never fetched. Under a
    suffix it does not know, the last two labels.
    """
    try:
        found = tld.get_tld(url, fail_silently=True, as_object=True)
    except (ValueError, LookupError):
        return None
    if isinstance(found, tld.Result):
        return str(found.fld)
    host = urls.host(url)
    return host if _ADDRESS.search(host) else ".".join(host.split(".")[-2:])


def _first_date(*values: object) -> datetime | None:
    for value in values:
        if isinstance(value, list):
            value = value[0] if value else None  # noqa: PLW2901 - some publishers list one date
        if isinstance(value, str) and (read := _instant(value)):
            return read
    return None


def _instant(written: str) -> datetime | None:
    """An ISO 8601 instant as aware UTC; one without an offset is taken for UTC."""
    try:
        read = datetime.fromisoformat(written.strip())
        if read.year not in YEARS:
            return None
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _found_date(tree: HtmlElement, url: str) -> datetime | None:
    """The day that the page's markup suggests; the address and the visible text count."""
    if sum(1 for _ in tree.iter()) > DATE_TAG_LIMIT:
        return None
    found = find_date(tree, url=url, extensive_search=False, original_date=True)
    return _instant(found) if found else None


def _found_authors(tree: HtmlElement) -> tuple[str, ...]:
    found = extract_author(tree) or ""
    names = (markup.one_line(name, limit=NAME_LIMIT) for name in found.split(";"))
    return tuple(name for name in names if name)[:AUTHOR_LIMIT]


def _best_title(tree: HtmlElement, claims: _Claims) -> str | None:
    """The headline as readers see it, without the outlet's name.

    What the page claims (JSON-LD, Open Graph) wins if the page shows it; of several headings
    the one that the claims or <title> repeat; <title> itself comes last.
    """
    shown = [_content(heading) for heading in tree.iterfind(".//h1")]
    window = _content(tree.find(".//title"))
    claimed = [_without_site(title, claims.outlet) for title in claims.titles]
    headings = [title for title in shown if title]
    for title in claimed:
        if title in headings:
            return title
    repeated = [title for title in headings if title in window and len(title.split()) > 1]
    candidates = [*claimed, *repeated, *headings[:1], _without_site(window, claims.outlet)]
    return next((title for title in candidates if title), None)


def _content(element: HtmlElement | None) -> str:
    if element is None:
        return ""
    return markup.clip(" ".join(markup.tidy(element.text_content()).split()), limit=TITLE_LIMIT)


def _without_site(title: str, outlet: str | None) -> str:
    """Cut " | Outlet" off, at most twice, and only what names the outlet."""
    for _ in range(2):
        cuts = list(_SEPARATED.finditer(title))
        if not cuts:
            break
        kept, suffix = title[: cuts[-1].start()], title[cuts[-1].end() :]
        if len(kept.split()) < _LONG_TITLE or not _names_site(suffix, outlet, cuts[-1][0]):
            break
        title = kept.strip()
    return title


def _names_site(suffix: str, outlet: str | None, separator: str) -> bool:
    plain, name = suffix.strip().casefold(), (outlet or "").casefold()
    if name and (plain in name or name in plain):
        return True
    return "|" in separator and len(plain.split()) <= _LONG_TITLE
