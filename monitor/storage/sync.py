"""Bring the tables in line with the configuration, and keep its last good version."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, select, update

from monitor.core import urls
from monitor.core.identity import KeyMode
from monitor.core.model import Feed, Outlet
from monitor.core.outbox import State
from monitor.core.rules import Rule
from monitor.core.timing import Bounds
from monitor.storage.feeds import know_hosts, note_blindness
from monitor.storage.schema import (
    article,
    configuration,
    delivery,
    entry,
    feed,
    host,
    outlet,
    rule,
    task,
)
from monitor.storage.upsert import insert_new, insert_or_update

BLIND_AFTER = timedelta(minutes=30)  # a feed that should have been polled before went unseen
CONFIGURATIONS_KEPT = 20  # versions; enough to look back at, small enough to forget


def sync(
    connection: Connection,
    *,
    outlets: Sequence[Outlet],
    feeds: Sequence[tuple[Feed, Bounds]],
    rules: Sequence[Rule],
    now: datetime,
) -> None:
    """New feeds fall due at once, removed ones rest, the others keep their history."""
    for each in outlets:
        values = {"name": each.name, "country": each.country, "language": each.language}
        insert_or_update(connection, outlet, key="id", id=each.id, tier=each.tier.value, **values)
    _sync_feeds(connection, feeds, now=now)
    note_blindness(connection, overdue_since=now - BLIND_AFTER)
    _sync_rules(connection, rules, now=now)


def _sync_feeds(
    connection: Connection, feeds: Sequence[tuple[Feed, Bounds]], *, now: datetime
) -> None:
    columns = (feed.c.id, feed.c.url, feed.c.outlet_id, feed.c.interval, feed.c.retired_at)
    known = {row.url: row for row in connection.execute(select(*columns))}
    new = [(wanted, bounds) for wanted, bounds in feeds if wanted.url not in known]
    know_hosts(connection, {urls.host(wanted.url) for wanted, _ in new})
    if new:
        connection.execute(feed.insert(), [_new_feed(*each, now=now) for each in new])
    for wanted, bounds in feeds:
        if (row := known.get(wanted.url)) is not None:
            _sync_feed(connection, wanted, bounds, row, now=now)
    for url in set(known) - {wanted.url for wanted, _ in feeds}:
        retired = update(feed).where(feed.c.url == url, feed.c.retired_at.is_(None))
        connection.execute(retired.values(retired_at=now, due_at=None))


def _new_feed(wanted: Feed, bounds: Bounds, *, now: datetime) -> dict[str, object]:
    return {
        "url": wanted.url,
        "outlet_id": wanted.outlet,
        "host": urls.host(wanted.url),
        "interval": int(bounds.usual.total_seconds()),
        "key_mode": KeyMode.GUID,
        "not_before": now,
        "due_at": now,
    }


def _sync_feed(
    connection: Connection, wanted: Feed, bounds: Bounds, row: Any, *, now: datetime
) -> None:
    values: dict[str, object] = {}
    if row.outlet_id != wanted.outlet:
        values["outlet_id"] = wanted.outlet
    if not bounds.shortest <= timedelta(seconds=row.interval) <= bounds.longest:
        values |= {"interval": int(bounds.usual.total_seconds()), "not_before": now}
    if row.retired_at is not None:
        values |= {"retired_at": None, "not_before": now, "due_at": now, "attempts": 0}
    if values:
        connection.execute(update(feed).where(feed.c.id == row.id).values(**values))


def _sync_rules(connection: Connection, rules: Sequence[Rule], *, now: datetime) -> None:
    known = {row.id: row for row in connection.execute(select(rule))}
    connection.execute(
        update(rule).where(rule.c.id.not_in([each.id for each in rules])).values(live=False)
    )
    for each in rules:
        before = known.get(each.id)
        unchanged = before is not None and before.version == each.version and before.live
        since = before.since if before is not None and unchanged else now
        insert_or_update(
            connection,
            rule,
            key="id",
            id=each.id,
            version=each.version,
            title=each.title,
            live=each.enabled,
            since=since,
        )


def remember(connection: Connection, files: Mapping[str, str], *, now: datetime) -> None:
    """Keep a configuration that loaded, so that a broken edit does not stop the next start."""
    text = json.dumps(dict(files), sort_keys=True)
    checksum = hashlib.sha256(text.encode()).hexdigest()
    insert_or_update(
        connection, configuration, key="digest", digest=checksum, files=dict(files), loaded_at=now
    )
    kept = select(configuration.c.id).order_by(configuration.c.loaded_at.desc())
    kept = kept.limit(CONFIGURATIONS_KEPT)
    connection.execute(configuration.delete().where(configuration.c.id.not_in(kept)))


def last_good(connection: Connection) -> tuple[dict[str, str], datetime] | None:
    """The newest configuration that loaded, and when it did."""
    row = connection.execute(
        select(configuration).order_by(configuration.c.loaded_at.desc()).limit(1)
    ).first()
    return None if row is None else (row.files, row.loaded_at)


def plan_task(connection: Connection, name: str, *, at: datetime) -> None:
    """Make sure that a recurring task has its row; one that is planned already stays."""
    insert_new(connection, task, name=name, not_before=at, due_at=at)


def void_claims(connection: Connection, *, now: datetime) -> None:
    """Make what a dead process held due at once; only for a database that nobody else works on.

    A row that has failed before may be backing off, which looks like a lease: it waits.
    """
    for table in (feed, entry, article):
        held = and_(table.c.due_at > now, table.c.failure.is_(None))
        connection.execute(update(table).where(held).values(due_at=now))
    cut_short = delivery.c.state == State.SENDING
    connection.execute(update(delivery).where(cut_short).values(due_at=now))
    connection.execute(update(host).values(busy_until=None))
