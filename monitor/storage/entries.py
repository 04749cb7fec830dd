"""Entries: what feeds listed, and by which keys it is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Column, Connection, Select, bindparam, select, update

from monitor.core import urls
from monitor.core.alerts import Origin
from monitor.core.identity import Keys
from monitor.core.model import Entry, EntryId, FeedId
from monitor.storage.schema import article, entry, revision, tombstone

KEYS_AT_ONCE = 500  # in one look-up; SQLite takes 32,766 parameters, PostgreSQL plans short lists


@dataclass(frozen=True, slots=True)
class Known:
    """What a feed's new document repeats: the entry of each known key, None for a buried one."""

    by_key: dict[str, EntryId | None]
    titles: dict[EntryId, str]

    def __contains__(self, key: str) -> bool:
        return key in self.by_key


def known(connection: Connection, feed_id: FeedId, keys: Mapping[str, Keys]) -> Known:
    """Look up the present keys of one document at once.

    All three keys of an entry are stored, so it is known by whichever its feed goes by today.
    """
    by_key: dict[str, EntryId | None] = {}
    titles: dict[EntryId, str] = {}
    columns = {
        entry.c.guid_key: [key for key, each in keys.items() if key == each.guid],
        entry.c.link_key: [key for key, each in keys.items() if key == each.link],
        entry.c.content_key: [key for key, each in keys.items() if key == each.content],
    }
    for part in _parts(list(keys)):
        asked = {"feed_id": feed_id, "keys": part}
        by_key |= dict.fromkeys(connection.execute(_BURIED, asked).scalars())
    for column, wanted in columns.items():
        for part in _parts(wanted):
            for row in connection.execute(_by(column), {"feed_id": feed_id, "keys": part}):
                by_key[row.key] = EntryId(row.id)
                titles[EntryId(row.id)] = row.title
    return Known(by_key, titles)


_KEYS: BindParameter[str] = bindparam("keys", expanding=True)
_BURIED = select(tombstone.c.key).where(
    tombstone.c.feed_id == bindparam("feed_id"), tombstone.c.key.in_(_KEYS)
)


_AT = select(entry.c.link_key, entry.c.content_key).where(
    entry.c.feed_id == bindparam("feed_id"), entry.c.link_key.in_(_KEYS)
)


@cache
def _by(column: Column[Any]) -> Select[Any]:
    """Look entries up by one of their keys; built once."""
    return select(column.label("key"), entry.c.id, entry.c.title).where(
        entry.c.feed_id == bindparam("feed_id"), column.in_(_KEYS)
    )


def contents_at(
    connection: Connection, feed_id: FeedId, links: Sequence[str]
) -> frozenset[tuple[str, str]]:
    """The link and content keys of a feed's entries at some addresses."""
    found: list[tuple[str, str]] = []
    for part in _parts(links):
        rows = connection.execute(_AT, {"feed_id": feed_id, "keys": part})
        found += [(row.link_key, row.content_key) for row in rows]
    return frozenset(found)


def _parts(keys: Sequence[str]) -> list[Sequence[str]]:
    return [keys[start : start + KEYS_AT_ONCE] for start in range(0, len(keys), KEYS_AT_ONCE)]


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
            claims=entry.c.claims + 1,  # whoever reads it just now reads the old title in vain
        )
    )
