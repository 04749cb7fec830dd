"""JSON Feed 1.0 and 1.1 (jsonfeed.org) to what it lists: strict about what it is, else tolerant."""

import json
from typing import Any

from monitor.adapters import languages, markup
from monitor.adapters.linked import AUTHOR_LIMIT
from monitor.adapters.windows import (
    GUID_LIMIT,
    TITLE_LIMIT,
    Listed,
    NotAFeed,
    Window,
    mark,
    rough_date,
    worded,
)
from monitor.core.model import Entry, ParsedFeed

_VERSION = "://jsonfeed.org/version/"
_MARKED = (
    "id", "url", "external_url", "title", "summary", "content_html", "content_text",
    "date_published", "date_modified", "language",
)  # fmt: skip


def window(text: str, *, url: str, whole: bool) -> Window:
    """What a JSON feed lists. `url` is its own address. Raises NotAFeed for other JSON."""
    feed, items = _feed(_loaded(text))
    language = languages.primary(_text(feed.get("language")))

    def read(places: list[int]) -> ParsedFeed:
        each = (items[place] for place in places)
        return ParsedFeed(
            entries=tuple(_entry(item, url=url, language=language, whole=whole) for item in each),
            title=markup.one_line(_text(feed.get("title")), limit=TITLE_LIMIT) or None,
            language=language,
        )

    return Window([_listed(item) for item in items], read)


def _loaded(text: str) -> object:
    try:
        return json.loads(
            text,
            strict=False,
            parse_constant=lambda _: None,  # NaN and Infinity are no values of JSON
            parse_float=_number,
            parse_int=_number,
        )
    except RecursionError as error:
        raise NotAFeed("this is JSON nested too deeply, not a feed") from error
    except ValueError as error:  # also an integer of more digits than Python converts
        raise NotAFeed("this is damaged JSON, not a feed") from error


def _number(written: str) -> str:
    """A number as written: one of 5,000 digits, or 1e400, is an identifier like any other."""
    return written


def _feed(loaded: object) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The feed and its items; a version's address or an id in an item shows that it is one."""
    feed = loaded if isinstance(loaded, dict) else {}
    listed = feed.get("items")
    items = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    versioned = _VERSION in _text(feed.get("version"))
    if versioned or any(_guid(item) and (_link(item) or _content(item)) for item in items):
        return feed, items
    raise NotAFeed("this is JSON, not a feed: no jsonfeed.org version, no items with an id")


def _listed(item: dict[str, Any]) -> Listed:
    written = [_text(item.get(name)) for name in _MARKED if name != "id"]
    guid = _guid(item)
    date = _date(item, "date_published") or _date(item, "date_modified")
    return Listed(guid, _link(item) or None, date, mark(guid or "", *written, _author(item)))


def _entry(item: dict[str, Any], *, url: str, language: str | None, whole: bool) -> Entry:
    content = _content(item)
    return worded(
        Entry(
            guid=_guid(item),
            url=markup.link(_link(item), base=url),
            title=_text(item.get("title")),
            summary=_text(item.get("summary")) or content,
            author=_author(item),
            published=_date(item, "date_published"),
            updated=_date(item, "date_modified"),
            language=languages.primary(_text(item.get("language"))) or language,
            text=content if whole else None,
        )
    )


def _guid(item: dict[str, Any]) -> str | None:
    """The id as text; the standard wants text, and feeds write numbers."""
    written = item.get("id")
    if isinstance(written, int | float) and not isinstance(written, bool):
        written = str(written)
    return " ".join(markup.tidy(_text(written)).split())[:GUID_LIMIT] or None


def _link(item: dict[str, Any]) -> str:
    """The item's own page; where it has none, the page that it is about."""
    return _text(item.get("url")) or _text(item.get("external_url"))


def _content(item: dict[str, Any]) -> str:
    """The content as HTML."""
    return _text(item.get("content_html")) or markup.escape(_text(item.get("content_text")))


def _author(item: dict[str, Any]) -> str:
    """The names of 1.1's authors, or that of 1.0's author."""
    written = item.get("authors")
    people = written[:AUTHOR_LIMIT] if isinstance(written, list) else [item.get("author")]
    names = (_text(one.get("name")) for one in people if isinstance(one, dict))
    return ", ".join(name for name in names if name)


def _date(item: dict[str, Any], name: str) -> Any:
    return rough_date(_text(item.get(name)))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
