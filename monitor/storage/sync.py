"""Bring the tables in line with the configuration, and keep its last good version."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, select, update

from monitor.core import urls
from monitor.core.identity import KeyMode
from monitor.core.model import Feed, Outlet
from monitor.core.outbox import State
from monitor.core.rules import Rule
from monitor.storage.feeds import know_host
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

USUAL_INTERVAL = timedelta(minutes=5)
CONFIGURATIONS_KEPT = 20  # versions; enough to look back at, small enough to forget


def sync(
    connection: Connection,
    *,
    outlets: Sequence[Outlet],
    feeds: Sequence[Feed],
    rules: Sequence[Rule],
    now: datetime,
) -> None:
    """New feeds fall due at once, removed ones rest, the others keep their history."""
    for each in outlets:
        values = {"name": each.name, "country": each.country, "language": each.language}
        insert_or_update(connection, outlet, key="id", id=each.id, tier=each.tier.value, **values)
    known = {row.url: row for row in connection.execute(select(feed))}
    for wanted in feeds:
        _sync_feed(connection, wanted, known.get(wanted.url), now=now)
    gone = set(known) - {wanted.url for wanted in feeds}
    for url in gone:
        retired = update(feed).where(feed.c.url == url, feed.c.retired_at.is_(None))
        connection.execute(retired.values(retired_at=now, due_at=None))
    _sync_rules(connection, rules, now=now)


def _sync_feed(
    connection: Connection, wanted: Feed, row: Row[Any] | None, *, now: datetime
) -> None:
    host_name = urls.host(wanted.url)
    values = {
        "outlet_id": wanted.outlet,
        "interval": int((wanted.interval or USUAL_INTERVAL).total_seconds()),
    }
    know_host(connection, host_name)
    if row is None:
        insert = feed.insert().values(
            url=wanted.url,
            host=host_name,
            key_mode=KeyMode.GUID,
            not_before=now,
            due_at=now,
            **values,
        )
        connection.execute(insert)
        return
    if row.retired_at is not None:
        values |= {"retired_at": None, "not_before": now, "due_at": now, "attempts": 0}
    elif row.interval != values["interval"]:
        values["not_before"] = now
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
