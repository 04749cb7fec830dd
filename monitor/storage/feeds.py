"""Feeds, their hosts and their entries: what polling and reading read and write."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from sqlalchemy import (
    Connection,
    Integer,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from monitor.core import urls
from monitor.core.alerts import Origin
from monitor.core.identity import Keys
from monitor.core.model import Entry, EntryId, FeedId
from monitor.storage.schema import article, entry, feed, host, revision, tombstone
from monitor.storage.upsert import insert_new
from monitor.storage.work import Claim, claim

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # a new host may be asked at once, whatever the clock
KEYS_AT_ONCE = 500  # in one look-up; SQLite takes 32,766 parameters, PostgreSQL plans short lists


def claim_by_host(
    connection: Connection, table: Table, *, now: datetime, lease: timedelta, limit: int
) -> list[Claim]:
    """Take one due row of each of up to `limit` hosts that have no request in flight.

    The host is held until `release_host`, or until the lease ends if we die before.
    """
    hold, first = _statements(table)
    times = {"now": now, "until": now + lease, "most": limit}
    held = connection.execute(hold, times).scalars().all()
    if not held:
        return []
    ids = connection.execute(first, {"now": now, "held": held}).scalars().all()
    return claim(connection, table, now=now, lease=lease, limit=len(ids), where=table.c.id.in_(ids))


@cache
def _statements(table: Table) -> tuple[ReturningUpdate[tuple[str]], Select[tuple[int]]]:
    """Hold up to `most` free hosts with due rows; the first due row of each. Built once."""
    now = bindparam("now", type_=host.c.not_before.type)
    free = and_(
        or_(host.c.busy_until.is_(None), host.c.busy_until <= now), host.c.not_before <= now
    )
    if table is entry:
        free = and_(free, host.c.next_page_at <= now)
    ready = and_(table.c.due_at <= now, table.c.not_before <= now)
    waiting = exists().where(table.c.host == host.c.name, ready)
    most = bindparam("most", type_=Integer)
    chosen = select(host.c.name).where(free, waiting).limit(most).with_for_update(skip_locked=True)
    hold = (
        update(host)
        .where(host.c.name.in_(chosen.scalar_subquery()))
        .values(busy_until=bindparam("until", type_=host.c.not_before.type))
        .returning(host.c.name)
    )
    held = table.c.host.in_(bindparam("held", expanding=True))
    return hold, select(func.min(table.c.id)).where(held, ready).group_by(table.c.host)


def claim_unfetched(
    connection: Connection, *, now: datetime, lease: timedelta, limit: int, patience: timedelta
) -> list[Claim]:
    """Take due entries for which nothing is fetched.

    Old ones and ones without an address; ones that have waited for their host longer than
    `patience`, or would have to, because an alert must not. They lose their host.
    """
    resting = exists().where(host.c.name == entry.c.host, host.c.not_before > now + patience)
    alone = or_(entry.c.host.is_(None), entry.c.not_before <= now - patience, resting)
    return claim(
        connection, entry, now=now, lease=lease, limit=limit, where=alone, values={"host": None}
    )


def release_host(
    connection: Connection,
    name: str | None,
    *,
    not_before: datetime | None = None,
    next_page_at: datetime | None = None,
) -> None:
    """End the hold on a host; optionally ask all of us to stay away, or to space out pages."""
    if name is None:
        return
    values: dict[str, datetime | None] = {"busy_until": None}
    if not_before is not None:
        values["not_before"] = not_before
    if next_page_at is not None:
        values["next_page_at"] = next_page_at
    connection.execute(update(host).where(host.c.name == name).values(**values))


@dataclass(frozen=True, slots=True)
class Known:
    """What a feed's new document repeats: the entry of each known key, None for a buried one."""

    by_key: dict[str, EntryId | None]
    titles: dict[EntryId, str]

    def __contains__(self, key: str) -> bool:
        return key in self.by_key


def known(connection: Connection, feed_id: FeedId, keys: Sequence[str]) -> Known:
    """Look up the present keys of one document at once.

    All three keys of an entry are stored, so it is known by whichever its feed goes by today.
    """
    by_key: dict[str, EntryId | None] = {}
    titles: dict[EntryId, str] = {}
    for start in range(0, len(keys), KEYS_AT_ONCE):
        part = keys[start : start + KEYS_AT_ONCE]
        buried = select(tombstone.c.key).where(tombstone.c.feed_id == feed_id)
        by_key |= dict.fromkeys(
            connection.execute(buried.where(tombstone.c.key.in_(part))).scalars()
        )
        for column in (entry.c.guid_key, entry.c.link_key, entry.c.content_key):
            rows = connection.execute(
                select(column.label("key"), entry.c.id, entry.c.title).where(
                    entry.c.feed_id == feed_id, column.in_(part)
                )
            )
            for row in rows:
                by_key[row.key] = EntryId(row.id)
                titles[EntryId(row.id)] = row.title
    return Known(by_key, titles)


def add_entry(
    connection: Connection,
    feed_id: FeedId,
    item: Entry,
    keys: Keys,
    *,
    key: str,
    origin: Origin,
    host_name: str | None,
    now: datetime,
) -> None:
    """Store one new entry, due to be read at once."""
    connection.execute(
        entry.insert().values(
            feed_id=feed_id,
            key=key,
            guid_key=keys.guid,
            link_key=keys.link,
            content_key=keys.content,
            url=item.url,
            title=item.title,
            summary=item.summary,
            author=item.author,
            language=item.language,
            published_at=item.published,
            seen_at=now,
            origin=origin,
            host=host_name,
            not_before=now,
            due_at=now,
        )
    )


def hurry_failing(connection: Connection, *, now: datetime) -> None:
    """Poll every failing feed at once: it was our own network."""
    failing = and_(feed.c.failure.is_not(None), feed.c.retired_at.is_(None))
    connection.execute(update(feed).where(failing).values(attempts=0, not_before=now, due_at=now))


def know_host(connection: Connection, name: str) -> None:
    """Make sure that a host has its row."""
    insert_new(connection, host, name=name, not_before=LONG_AGO, next_page_at=LONG_AGO)


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
            due_at=now,
            attempts=0,
            claims=entry.c.claims + 1,  # whoever reads it just now reads the old title in vain
        )
    )
