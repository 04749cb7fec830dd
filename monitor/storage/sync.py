"""Bring the tables in line with the configuration, and keep its last good version."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, or_, select, update

from monitor.core import urls
from monitor.core.changes import Kept
from monitor.core.identity import KeyMode, digest
from monitor.core.model import Feed, Outlet, RuleId
from monitor.core.outbox import State
from monitor.core.rules import Rule
from monitor.core.timing import Bounds
from monitor.storage import hosts, versions, volumes
from monitor.storage.feeds import note_blindness
from monitor.storage.schema import (
    article,
    bot,
    configuration,
    delivery,
    entry,
    feed,
    host,
    outlet,
    rule,
    task,
)
from monitor.storage.upsert import insert_missing, insert_new, insert_or_update

CONFIGURATIONS_KEPT = 20  # versions; enough to look back at, small enough to forget


def sync(
    connection: Connection,
    *,
    outlets: Sequence[Outlet],
    feeds: Sequence[tuple[Feed, Bounds]],
    rules: Sequence[Rule],
    now: datetime,
    kept: Mapping[RuleId, Kept] | None = None,
    packed: Mapping[RuleId, bytes] | None = None,
) -> None:
    """New feeds fall due at once, removed ones rest, the others keep their history.

    `kept` and `packed` are those of `versions.put_in_force`.
    """
    note_blindness(connection, now=now)  # before anything is made due, and so looks up to date
    _sync_outlets(connection, outlets)
    whole = {each.id for each in outlets if each.pages.feed_text_full}
    wanted = [
        _Wanted(each, bounds, _settings_hash(each, whole=each.outlet in whole))
        for each, bounds in feeds
    ]
    _sync_feeds(connection, wanted, now=now)
    versions.put_in_force(connection, rules, kept=kept or {}, packed=packed or {}, now=now)
    volumes.plan(connection, rules, now=now)


def _sync_outlets(connection: Connection, wanted: Sequence[Outlet]) -> None:
    told = (outlet.c.name, outlet.c.country, outlet.c.language, outlet.c.tier)
    known = {row[0]: row[1:] for row in connection.execute(select(outlet.c.id, *told))}
    for each in wanted:
        values = (each.name, each.country, each.language, each.tier.value)
        if known.get(each.id) != values:
            named = {column.name: value for column, value in zip(told, values, strict=True)}
            insert_or_update(connection, outlet, key="id", id=each.id, **named)


class _Wanted(NamedTuple):
    """A feed of the configuration, with what is stored of its settings."""

    feed: Feed
    bounds: Bounds
    settings_hash: str


def _settings_hash(wanted: Feed, *, whole: bool) -> str:
    """A hash of all that changes how a feed is asked and read; nothing of it can be read there."""
    page, access = wanted.page, wanted.access
    settings = {
        "page": asdict(page) if page else None,
        "aggregator": wanted.aggregator,
        "whole": whole,
        "headers": dict(access.headers),
        "proxy": access.proxy,
        "user_agent": access.user_agent,
    }
    return digest("settings", wanted.url, json.dumps(settings, sort_keys=True))


def _sync_feeds(connection: Connection, wanted: Sequence[_Wanted], *, now: datetime) -> None:
    stored = (feed.c.id, feed.c.url, feed.c.outlet_id, feed.c.interval, feed.c.retired_at)
    state = (feed.c.settings_hash, feed.c.failure, feed.c.blind_since)
    known = {row.url: row for row in connection.execute(select(*stored, *state))}
    new = [each for each in wanted if each.feed.url not in known]
    hosts.know(connection, {urls.host(each.feed.url) for each in new})
    insert_missing(connection, feed, [_new_feed(each, now=now) for each in new])
    for each in wanted:
        if (row := known.get(each.feed.url)) is not None:
            _sync_feed(connection, each, row, now=now)
    for url in sorted(set(known) - {each.feed.url for each in wanted}):
        watched = or_(feed.c.retired_at.is_(None), feed.c.due_at.is_not(None))
        # Whoever polls it at this moment must not make it due again.
        rest = {"retired_at": now, "due_at": None, "claims": feed.c.claims + 1}
        connection.execute(update(feed).where(feed.c.url == url, watched).values(**rest))


def _new_feed(wanted: _Wanted, *, now: datetime) -> dict[str, object]:
    return {
        "url": wanted.feed.url,
        "outlet_id": wanted.feed.outlet,
        "host": urls.host(wanted.feed.url),
        "interval": int(wanted.bounds.usual.total_seconds()),
        "key_mode": KeyMode.GUID,
        "settings_hash": wanted.settings_hash,
        "not_before": now,
        "due_at": now,
    }


def _sync_feed(connection: Connection, wanted: _Wanted, row: Any, *, now: datetime) -> None:
    values: dict[str, object] = {}
    bounds = wanted.bounds
    if row.outlet_id != wanted.feed.outlet:
        values["outlet_id"] = wanted.feed.outlet
    if not bounds.shortest <= timedelta(seconds=row.interval) <= bounds.longest:
        values |= {"interval": int(bounds.usual.total_seconds()), "not_before": now}
    if row.retired_at is not None:
        values |= {"retired_at": None, "not_before": now, "due_at": now, "attempts": 0}
    if row.settings_hash != wanted.settings_hash:
        values |= {"settings_hash": wanted.settings_hash}
        values |= _afresh(row, now=now) if row.settings_hash is not None else {}
    if values:
        connection.execute(update(feed).where(feed.c.id == row.id).values(**values))


def _afresh(row: Any, *, now: datetime) -> dict[str, object]:
    """A feed is asked or read in another way: at once, and whether its document has changed or not.

    The marks stay: what is listed as before is known, and no news. A poll under way counts no more.
    """
    values: dict[str, object] = {"etag": None, "last_modified": None, "body_hash": None}
    values |= {"not_before": now, "due_at": now, "attempts": 0, "claims": feed.c.claims + 1}
    # Another window may be the new settings' doing; after an outage it is not only theirs.
    seen = row.failure is None and row.blind_since is None
    return values | ({"newest": None} if seen else {})


def remember(connection: Connection, files: Mapping[str, str], *, now: datetime) -> datetime:
    """Keep the files in force, so that a broken edit does not stop the next start.

    Returns since when they have been: another process may have put them in force before.
    """
    text = json.dumps(dict(files), sort_keys=True)
    checksum = hashlib.sha256(text.encode()).hexdigest()
    newest = select(configuration.c.digest, configuration.c.loaded_at)
    last = connection.execute(newest.order_by(configuration.c.loaded_at.desc()).limit(1)).first()
    if last is not None and last.digest == checksum:
        found: datetime = last.loaded_at
        return found
    if last is not None:  # a clock that was set back, or a replay's, must not hide what is newest
        now = max(now, last.loaded_at + timedelta(microseconds=1))
    insert_or_update(
        connection, configuration, key="digest", digest=checksum, files=dict(files), loaded_at=now
    )
    kept = select(configuration.c.id).order_by(configuration.c.loaded_at.desc())
    kept = kept.limit(CONFIGURATIONS_KEPT)
    connection.execute(configuration.delete().where(configuration.c.id.not_in(kept)))
    return now


def last_good(connection: Connection) -> tuple[dict[str, str], datetime] | None:
    """The newest configuration that loaded, and when it did."""
    row = connection.execute(
        select(configuration).order_by(configuration.c.loaded_at.desc()).limit(1)
    ).first()
    return None if row is None else (row.files, row.loaded_at)


def plan_task(connection: Connection, name: str, *, at: datetime) -> None:
    """Make sure that a recurring task has its row; one that is planned already stays."""
    insert_new(connection, task, name=name, not_before=at, due_at=at)


def hurry_task(connection: Connection, name: str, *, at: datetime) -> None:
    """Let a task be due by then."""
    later = and_(task.c.name == name, task.c.not_before > at)
    connection.execute(update(task).where(later).values(not_before=at))


def void_claims(connection: Connection, *, now: datetime) -> None:
    """Make what a dead process held due at once; only for a database that nobody else works on.

    A row that has failed before may be backing off, which looks like a lease: it waits.
    """
    for table in (feed, entry, article, rule):
        held = and_(table.c.due_at > now, table.c.failure.is_(None))
        if table is entry:  # who is read again waits by both times
            held = and_(held, or_(~entry.c.again, entry.c.not_before <= now))
        connection.execute(update(table).where(held).values(due_at=now))
    cut_short = delivery.c.state == State.SENDING
    connection.execute(update(delivery).where(cut_short).values(due_at=now))
    connection.execute(update(host).values(busy_until=None))
    listened = and_(bot.c.due_at > now, bot.c.failure.is_(None))
    connection.execute(update(bot).where(listened).values(due_at=now))
