"""Entries: what feeds listed, and by which keys it is known."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Select, bindparam, null, select, union_all, update

from monitor.core import urls
from monitor.core.alerts import Origin
from monitor.core.identity import Keys
from monitor.core.model import Entry, EntryId, FeedId
from monitor.core.reading import same_title
from monitor.storage.schema import article, entry, revision, tombstone

T = TypeVar("T")

KEYS_AT_ONCE = 500  # in one look-up; SQLite takes 32,766 parameters, PostgreSQL plans short lists


@dataclass(frozen=True, slots=True)
class Known:
    """What a feed's new document repeats: the entry of each known key, None for a buried one.

    `contents` are the link and content keys of the entries found, whatever key led there.
    """

    by_key: Mapping[str, EntryId | None]
    titles: Mapping[EntryId, str]
    contents: AbstractSet[tuple[str | None, str]]

    def __contains__(self, key: str) -> bool:
        return key in self.by_key


def known(connection: Connection, feed_id: FeedId, keys: Mapping[str, Keys]) -> Known:
    """Look up the items of one document at once, by their present keys and their addresses.

    All three keys of an entry are stored, so it is known by whichever its feed goes by today.
    """
    by_key: dict[str, EntryId | None] = {}
    titles: dict[EntryId, str] = {}
    contents: set[tuple[str | None, str]] = set()
    for part in in_parts(list(keys), of=KEYS_AT_ONCE):
        asked = {
            "feed_id": feed_id,
            "keys": part,
            "guids": [key for key in part if key == keys[key].guid],
            "links": [link for key in part if (link := keys[key].link)],
            "contents": [key for key in part if key == keys[key].content],
        }
        for entry_id, title, *stored in connection.execute(_KNOWN, asked):
            if entry_id is None:
                by_key.setdefault(stored[0], None)
                continue
            by_key |= {key: EntryId(entry_id) for key in stored if key in keys}
            titles[EntryId(entry_id)] = title
            contents.add((stored[1], stored[2]))
    return Known(by_key, titles, contents)


def _found(column: Column[Any], wanted: str) -> Select[Any]:
    columns = (entry.c.id, entry.c.title, entry.c.guid_key, entry.c.link_key, entry.c.content_key)
    return select(*columns).where(
        entry.c.feed_id == bindparam("feed_id"), column.in_(bindparam(wanted, expanding=True))
    )


# One statement for four questions: each of them costs more to ask than to answer.
_KNOWN = union_all(
    _found(entry.c.guid_key, "guids"),
    _found(entry.c.link_key, "links"),
    _found(entry.c.content_key, "contents"),
    select(null(), null(), tombstone.c.key, null(), null()).where(
        tombstone.c.feed_id == bindparam("feed_id"),
        tombstone.c.key.in_(bindparam("keys", expanding=True)),
    ),
)


def in_parts(rows: Sequence[T], *, of: int) -> list[Sequence[T]]:
    """Many rows in parts of so many, the last one shorter."""
    return [rows[start : start + of] for start in range(0, len(rows), of)]


@dataclass(frozen=True, slots=True)
class Listed:
    """A new entry as it is stored: the item, the key it goes by, and the host of its page."""

    item: Entry
    keys: Keys
    key: str
    origin: Origin
    host_name: str | None  # None: no page is fetched


def add_entries(
    connection: Connection, new: Sequence[tuple[FeedId, Listed]], *, now: datetime
) -> None:
    """Store new entries of any feeds, due to be read at once."""
    if new:
        connection.execute(_INSERT, [_row(feed_id, each, now) for feed_id, each in new])


_INSERT = entry.insert()


def _row(feed_id: FeedId, listed: Listed, now: datetime) -> dict[str, Any]:
    item, keys = listed.item, listed.keys
    return {
        "feed_id": feed_id,
        "key": listed.key,
        "guid_key": keys.guid,
        "link_key": keys.link,
        "content_key": keys.content,
        "url": item.url,
        "title": item.title,
        "summary": item.summary,
        "text": item.text,
        "author": item.author,
        "publisher": item.publisher,
        "language": item.language,
        "published_at": item.published,
        "seen_at": now,
        "origin": listed.origin,
        "host": listed.host_name,
        "not_before": now,
        "due_at": now,
    }


def revise_entry(
    connection: Connection, entry_id: EntryId, item: Entry, *, fetched: bool, now: datetime
) -> None:
    """A known entry shows a new title: keep the old one as a revision and read it again."""
    row = connection.execute(select(entry).where(entry.c.id == entry_id)).one()
    if row.article_id is not None:
        old = connection.execute(select(article).where(article.c.id == row.article_id)).one()
        if not same_title(old.title, item.title):  # else its page showed that one before its feed
            connection.execute(
                revision.insert().values(
                    article_id=old.id,
                    recorded_at=now,
                    title=old.title,
                    summary=old.summary,
                    text=old.text,
                )
            )
    page = row.url if fetched and row.origin != Origin.BASELINE else None
    connection.execute(
        update(entry)
        .where(entry.c.id == entry_id)
        .values(
            host=urls.host(page) if page else None,
            not_before=now,
            title=item.title,
            summary=item.summary or row.summary,
            text=item.text or row.text,
            due_at=now,
            attempts=0,
            again=False,
            claims=entry.c.claims + 1,  # whoever reads it just now reads the old title in vain
        )
    )
