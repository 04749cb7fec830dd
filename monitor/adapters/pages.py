"""Web pages to text; the only module that imports trafilatura, htmldate and tld."""

import re
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice

import tld
from htmldate import find_date
from lxml.cssselect import CSSSelector, SelectorError
from lxml.html import HtmlElement, builder
from trafilatura import bare_extraction
from trafilatura.metadata import extract_author
from trafilatura.settings import Document
from trafilatura.utils import load_html

from monitor.adapters import languages, linked, markup
from monitor.adapters.boilerplate import without_boilerplate
from monitor.adapters.linked import AUTHOR_LIMIT, NAME_LIMIT, names
from monitor.adapters.surroundings import around
from monitor.core import publication, urls
from monitor.core.errors import Permanent
from monitor.core.headlines import Titles, headline
from monitor.core.model import Completeness, Page
from monitor.core.quality import BRIEF, WALL, Found, count, judge

PAGE_LIMIT = 3_000_000  # bytes; a million <br> or deep headings cost 20-40 s and 1.2 GB
TAG_LIMIT = 20_000  # tags; pages with more are read as plain text
TITLE_LIMIT = 500  # characters
TEXT_LIMIT = 500_000  # characters
DATE_TAG_LIMIT = 4_000  # tags; htmldate took 25 s for 15,000 <time> elements
TIME_LIMIT = 20  # <time> elements looked at for the hour of a day that is known

_TAG = re.compile(r"<[a-zA-Z]")
_ADDRESS = re.compile(r"^[\d.]+(?::\d+)?$|:.*:")  # IPv4, IPv6
_TITLE = re.compile(r"<title[^<>]*>([^<]*)", re.IGNORECASE)
_PUBLISHED = (  # meta tags, most trusted first
    "article:published_time", "og:published_time", "article.published", "datepublished",
    "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime", "publishdate",
    "publish-date", "pubdate", "dc.date.issued", "dcterms.created", "dc.date", "date",
)  # fmt: skip
_A_DAY = timedelta(days=1)

# In the attributes of all that trafilatura.xpaths.AUTHOR_XPATHS finds, and of little else.
_SIGNED = re.compile(
    "uthor|byl|Byline|BBL|username|channel-name|zuozhe|bianji|xiaobian|submitted-by|posted-by|"
    "journalist-name|screenname|writer"
)


class NotAPage(Permanent):
    """The body is a PDF, an image or another thing without text for us."""


@dataclass(frozen=True, slots=True)
class _Claims:
    """What a page says about itself, in meta tags and JSON-LD."""

    linked: str | None = None  # JSON-LD's headline
    shared: tuple[str, ...] = ()  # Open Graph's and Twitter's
    sites: tuple[str, ...] = ()
    canonical: str | None = None
    published: datetime | None = None
    modified: datetime | None = None
    authors: tuple[str, ...] = ()
    outlet: str | None = None
    section: str | None = None
    language: str | None = None
    free: bool = True  # False: the publisher says that one has to pay
    is_article: bool = False
    words: int | None = None  # as the publisher counts them


def extract(
    body: bytes,
    *,
    url: str,
    content_type: str | None = None,
    keep: str | None = None,
    drop: Sequence[str] = (),
    expected: str | None = None,
) -> Page:
    """Read one page: title, text (paragraphs separated by one line break), times, quality.

    `url` is the final address, `expected` the outlet's language. `keep` and `drop` are CSS
    selectors: the parts that hold the article, and parts that do not belong to it; one that finds
    nothing is as if it were not there. Raises NotAPage. A page that gives nothing is a Page all
    the same, whose `completeness` and `quality` say so.
    """
    if strange := markup.kind(body, content_type):
        raise NotAPage(f"this is {strange}, not a web page")
    text = markup.decode(body[:PAGE_LIMIT], content_type)
    if not text.strip():
        return Page(url=url)
    if sum(1 for _ in _TAG.finditer(text)) > TAG_LIMIT:
        return _plain(text, url=url)
    tree = load_html(text)
    if tree is None:
        return _plain(text, url=url)
    return _read(tree, url=url, keep=keep, drop=drop, expected=expected)


def _plain(text: str, *, url: str) -> Page:
    """A page too large or too strange to take apart: its words without its structure."""
    named = _TITLE.search(text)
    title = markup.one_line(named[1], limit=TITLE_LIMIT) if named else None
    page = Page(url=url, title=title or None, text=markup.plain(text)[:TEXT_LIMIT])
    return _judged(page, Found(title=page.title, text=page.text or ""))


def _read(
    tree: HtmlElement, *, url: str, keep: str | None, drop: Sequence[str], expected: str | None
) -> Page:
    claims = _claims(tree, url)
    title = _headline(tree, claims, url)
    for unwanted in (element for selector in drop for element in _selected(tree, selector)):
        unwanted.drop_tree()
    text = without_boilerplate(_text(tree, url=url, keep=keep), title=title)
    published, published_by = _dated(tree, claims, url)
    page = Page(
        url=url,
        canonical_url=claims.canonical,
        title=title,
        text=text,
        language=claims.language,
        published=published,
        published_by=published_by,
        modified=claims.modified,
        authors=claims.authors or _found_authors(tree),
        outlet=claims.outlet,
        section=claims.section,
    )
    return _judged(page, _found(tree, claims, title=title, text=text, expected=expected))


def _text(tree: HtmlElement, *, url: str, keep: str | None) -> str:
    """The article's text; where `keep` finds something, of that alone."""
    kept = _selected(tree, keep) if keep else []
    part = builder.HTML(builder.BODY(builder.ARTICLE(*map(_alone, kept)))) if kept else tree
    document = bare_extraction(
        part,
        url=url,
        include_comments=False,
        with_metadata=False,
        include_tables=True,
        favor_recall=bool(kept),
    )
    written = document.text if isinstance(document, Document) else None
    return markup.tidy(written or "")[:TEXT_LIMIT]


def _alone(element: HtmlElement) -> HtmlElement:
    copied = deepcopy(element)
    copied.tail = None
    return copied


def _selected(tree: HtmlElement, selector: str) -> list[HtmlElement]:
    """The outermost elements that a CSS selector finds within the page's body."""
    try:
        found = _compiled(selector)(tree)
    except SelectorError:
        return []  # the configuration says so when it is loaded
    elements = {element for element in found if element.getparent() is not None}
    return [
        element
        for element in found
        if element in elements and elements.isdisjoint(element.iterancestors())
    ]


@lru_cache(maxsize=512)
def _compiled(selector: str) -> CSSSelector:
    return CSSSelector(selector, translator="html")


def _found(
    tree: HtmlElement, claims: _Claims, *, title: str | None, text: str, expected: str | None
) -> Found:
    words = count(text)
    short = words < WALL
    return Found(
        title=title,
        text=text,
        around=around(tree, dialogs=words < BRIEF) if short else "",
        free=claims.free,
        is_article=claims.is_article,
        promised=claims.words,
        password=short and tree.find('.//input[@type="password"]') is not None,
        language=languages.surely(text),
        expected=_languages(claims.language, expected),
    )


def _languages(declared: str | None, expected: str | None) -> tuple[str, ...]:
    """In which languages a page may be; unknown without the outlet's: templates often err."""
    outlets = languages.primary(expected)
    return tuple(filter(None, (declared, outlets))) if outlets else ()


def _judged(page: Page, found: Found) -> Page:
    completeness, quality = judge(found)
    text = page.text if completeness is not Completeness.TITLE else None
    return replace(
        page,
        title=None if quality in {"error page", "bot check"} else page.title,
        text=text,
        language=languages.identify(text or page.title or "", prior=page.language),
        completeness=completeness,
        quality=quality,
    )


def _claims(tree: HtmlElement, url: str) -> _Claims:
    meta = _meta(tree)
    scripts = tree.iterfind('.//script[@type="application/ld+json"]')
    item = linked.article(script.text or "" for script in scripts)
    shared = (_short(meta.get(name), limit=TITLE_LIMIT) for name in ("og:title", "twitter:title"))
    outlet = next(names(item.get("publisher")), None) or _short(meta.get("og:site_name"))
    return _Claims(
        linked=_short(item.get("headline"), limit=TITLE_LIMIT),
        shared=tuple(filter(None, shared)),
        sites=tuple(_sites(outlet, _short(meta.get("og:site_name")), url)),
        canonical=_canonical(tree, meta, url),
        published=_first_date(item.get("datePublished"), *(meta.get(key) for key in _PUBLISHED)),
        modified=_first_date(item.get("dateModified"), meta.get("article:modified_time")),
        authors=tuple(dict.fromkeys(names(item.get("author"))))[:AUTHOR_LIMIT],
        outlet=outlet,
        section=next(names(item.get("articleSection")), None)
        or _short(meta.get("article:section")),
        language=languages.primary(tree.get("lang")) or languages.primary(meta.get("og:locale")),
        free=str(item.get("isAccessibleForFree", True)).lower() != "false",
        is_article=meta.get("og:type", "").strip().lower() == "article" or linked.is_article(item),
        words=linked.promised(item),
    )


def _sites(outlet: str | None, site: str | None, url: str) -> Iterable[str]:
    """What an outlet may be called after a headline."""
    name = (registrable_domain(url) or "").partition(".")[0]
    return filter(None, (outlet, site, name))


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
        if isinstance(value, str) and (read := publication.instant(value)):
            return read
    return None


def _dated(tree: HtmlElement, claims: _Claims, url: str) -> tuple[datetime | None, str | None]:
    """When the page was published, and what says so: "page", "markup" or "address"."""
    claimed = claims.published
    if claimed and not publication.is_day(claimed):
        return claimed, "page"
    addressed = publication.of_address(url) or publication.of_address(claims.canonical or "")
    day = claimed or addressed or _found_date(tree)
    if day is None:
        return None, None
    if precise := _hour_of(tree, day):
        return precise, "markup"
    return day, "page" if claimed else "address" if addressed else "markup"


def _hour_of(tree: HtmlElement, day: datetime) -> datetime | None:
    """The first <time> element's time of a day, in whatever zone the day was meant."""
    for element in islice(tree.iterfind(".//time[@datetime]"), TIME_LIMIT):
        read = publication.instant(element.get("datetime"))
        if read and not publication.is_day(read) and abs(read.date() - day.date()) <= _A_DAY:
            return read
    return None


def _found_date(tree: HtmlElement) -> datetime | None:
    """The day that the page's markup and visible text suggest."""
    if sum(1 for _ in islice(tree.iter(), DATE_TAG_LIMIT + 1)) > DATE_TAG_LIMIT:
        return None
    found = find_date(tree, extensive_search=False, original_date=True)
    return publication.instant(found) if found else None


def _found_authors(tree: HtmlElement) -> tuple[str, ...]:
    found = extract_author(_signed_parts(tree)) or ""
    names = (markup.one_line(name, limit=NAME_LIMIT) for name in found.split(";"))
    return tuple(name for name in names if name)[:AUTHOR_LIMIT]


def _signed_parts(tree: HtmlElement) -> HtmlElement:
    """The parts of a page that may name its authors, each within what it stands in.

    trafilatura asks every element by regular expressions, which would take a fifth of the time of
    a page; here there are few.
    """
    signed = [
        element
        for element in tree.iterdescendants()
        if element.tag == "author" or _SIGNED.search(" ".join(element.attrib.values()))
    ]
    outermost = set(signed)
    copies = {tree: tree.makeelement(tree.tag, dict(tree.attrib))}
    for element in signed:
        above = list(element.iterancestors())
        if not outermost.isdisjoint(above):
            continue
        for part in reversed(above[:-1]):
            if part not in copies:
                copies[part] = part.makeelement(part.tag, dict(part.attrib))
                copies[part.getparent()].append(copies[part])
        copies[above[0]].append(_alone(element))
    return copies[tree]


def _headline(tree: HtmlElement, claims: _Claims, url: str) -> str | None:
    return headline(
        Titles(
            linked=claims.linked,
            shared=claims.shared,
            shown=[_content(heading) for heading in tree.iterfind(".//h1")],
            window=_content(tree.find(".//title")),
            sites=claims.sites,
            address=url,
        )
    )


def _content(element: HtmlElement | None) -> str:
    if element is None:
        return ""
    return markup.clip(" ".join(markup.tidy(element.text_content()).split()), limit=TITLE_LIMIT)
