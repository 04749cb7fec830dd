"""News sitemaps to what they list: addresses with a title of their own.

A plain sitemap says when a page changed, not what it is called, and is refused: a headline is the
least that rules need. A title of an image is not the title of its page; that of a video is.
"""

from collections import Counter
from itertools import islice

from monitor.adapters import languages, markup
from monitor.adapters.trees import Element, local, text_of
from monitor.adapters.windows import (
    NAME_LIMIT,
    Listed,
    NotAFeed,
    Window,
    mark,
    rough_date,
    worded,
)
from monitor.core.model import Entry, ParsedFeed

CHILD_LIMIT = 50  # elements looked at below one address
NAMED = 3  # sitemaps of an index that a message names

_READ = ("loc", "lastmod", "publication_date", "language", "name", "author")


def window(root: Element, *, url: str) -> Window:
    """What a `urlset` lists. Raises NotAFeed for an index, and where no address has a title."""
    if local(root) == "sitemapindex":
        raise NotAFeed(_index(root))
    pages = [page for child in root if local(child) == "url" if (page := _fields(child))]
    titled = [page for page in pages if page.get("title")]
    if pages and not titled:
        count = f"{len(pages):,} address{'es' if len(pages) > 1 else ''}"
        raise NotAFeed(f"this is a sitemap of {count} without one news title, not a news sitemap")
    names = Counter(page["name"] for page in titled if "name" in page)
    spoken = Counter(page["language"] for page in titled if "language" in page)
    title = names.most_common(1)[0][0] if names else ""
    language = languages.primary(spoken.most_common(1)[0][0]) if spoken else None

    def read(places: list[int]) -> ParsedFeed:
        return ParsedFeed(
            entries=tuple(_entry(titled[place], url=url) for place in places),
            title=markup.one_line(title, limit=NAME_LIMIT) or None,
            language=language,
        )

    return Window([_listed(page) for page in titled], read)


def _index(root: Element) -> str:
    found = [fields["loc"] for child in root if "loc" in (fields := _fields(child))]
    named = ", ".join(markup.one_line(one, limit=NAME_LIMIT) for one in found[:NAMED])
    more = f" and {len(found) - NAMED:,} more" if len(found) > NAMED else ""
    return f"this is an index of sitemaps, not a feed: {named or 'an empty one'}{more}"


def _fields(page: Element) -> dict[str, str]:
    """What stands below one address, by local name; a news title before that of a video."""
    fields: dict[str, str] = {}
    parts = islice(page.iterdescendants(), CHILD_LIMIT)
    for part in parts:
        name, parent = local(part), local(part.getparent())
        if name == "title":
            name = {"news": "title", "video": "video"}.get(parent, "")
        elif name not in _READ or parent in {"image", "video"}:
            continue
        if name and (text := text_of(part).strip()):
            fields.setdefault(name, text)
    if "video" in fields:
        fields.setdefault("title", fields.pop("video"))
    return fields


def _listed(page: dict[str, str]) -> Listed:
    date = rough_date(page.get("publication_date") or page.get("lastmod", ""))
    return Listed(None, page.get("loc"), date, mark(*(f"{name}={page[name]}" for name in page)))


def _entry(page: dict[str, str], *, url: str) -> Entry:
    return worded(
        Entry(
            guid=None,
            url=markup.link(page.get("loc"), base=url),
            title=page["title"],
            author=page.get("author", ""),
            published=rough_date(page.get("publication_date") or page.get("lastmod", "")),
            updated=rough_date(page.get("lastmod", "")),
            language=languages.primary(page.get("language")),
        )
    )
