"""The coverage ledger: every poll, every gap, and how many entries came hour by hour."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, Row, delete, exists, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from monitor.core.coverage import Cause, Gap
from monitor.core.model import FeedId
from monitor.core.outages import Missed, Outage
from monitor.core.volume import Span
from monitor.storage.schema import blindness, feed, gap, outlet, poll, tally

HOUR = 3_600  # seconds
BATCH = 500  # rows deleted in one transaction


def hour_of(moment: datetime) -> int:
    """The hour since 1970, UTC, that a moment lies in."""
    return int(moment.timestamp()) // HOUR


def record_polls(connection: Connection, lines: Sequence[Mapping[str, object]]) -> None:
    """Note polls that brought a document or failed; a line has the columns of the table."""
    if lines:
        connection.execute(_POLL, list(lines))


_POLL = poll.insert()


def record_gaps(connection: Connection, found: Sequence[tuple[FeedId, Gap]]) -> None:
    """Note that feeds may have shown items that nobody saw."""
    if found:
        connection.execute(_GAP, [{"feed_id": feed_id} | asdict(each) for feed_id, each in found])


_GAP = gap.insert()


def count_new(connection: Connection, new: Mapping[int, int], *, now: datetime) -> None:
    """Add to the number of entries that feeds brought in this hour."""
    if new:
        counted = [{"feed_id": each, "hour": hour_of(now), "new": new[each]} for each in new]
        connection.execute(_counting(connection.dialect.name), counted)


@cache
def _counting(dialect: str) -> Insert:
    first = (sqlite.insert if dialect == "sqlite" else postgresql.insert)(tally)
    added = tally.c.new + first.excluded.new
    keys = [tally.c.feed_id, tally.c.hour]
    return first.on_conflict_do_update(index_elements=keys, set_={"new": added})


def record_blindness(connection: Connection, span: Span, cause: Cause) -> None:
    """Note that nobody looked for a while."""
    connection.execute(blindness.insert().values(since=span.since, until=span.until, cause=cause))


def record_standstill(
    connection: Connection, *, since: datetime, now: datetime, unpolled: bool
) -> None:
    """Note that nobody looked, if no feed has answered `since` then.

    Either some feeds stayed `unpolled`, or all failed: an outage that nobody saw the end of.
    """
    in_use = feed.c.retired_at.is_(None)
    last = connection.execute(select(func.max(feed.c.succeeded_at)).where(in_use)).scalar()
    went_well = exists().where(in_use, feed.c.failure.is_(None))
    if last is None or last >= since:
        return
    if unpolled or not connection.execute(select(went_well)).scalar_one():
        record_blindness(connection, Span(last, now), Cause.STOPPED)


def blind_spells(connection: Connection, *, since: datetime) -> list[tuple[Span, Cause]]:
    """When nobody looked since then, oldest first, and why."""
    asked = select(blindness).where(blindness.c.until > since).order_by(blindness.c.since)
    return [(Span(row.since, row.until), Cause(row.cause)) for row in connection.execute(asked)]


def outage(connection: Connection, *, since: datetime) -> Outage:
    """When nobody looked, of the spells that ended since then; what may have been missed then."""
    spells = blind_spells(connection, since=since)
    if not spells:
        return Outage()
    begin, end = min(span.since for span, _ in spells), max(span.until for span, _ in spells)
    named = select(gap, feed.c.host, outlet.c.name).join(feed, feed.c.id == gap.c.feed_id)
    met = named.join(outlet, outlet.c.id == feed.c.outlet_id).where(
        gap.c.until > begin, gap.c.since <= end
    )
    gone = select(outlet.c.name).join(feed, feed.c.outlet_id == outlet.c.id)
    gone = gone.where(feed.c.blind_since.is_not(None), feed.c.retired_at.is_(None))
    return Outage(
        spells,
        [
            Missed(row.name, row.host or "", Span(row.since, row.until), row.most)
            for row in connection.execute(met)
        ],
        connection.execute(gone.order_by(outlet.c.name)).scalars().all(),
    )


def silent_feeds(connection: Connection, *, since: datetime) -> Sequence[Row[Any]]:
    """Feeds that answer, have brought nothing new since then, and of which nobody was told yet."""
    return connection.execute(
        select(feed, outlet.c.name.label("outlet_name"))
        .join(outlet, outlet.c.id == feed.c.outlet_id)
        .where(
            feed.c.retired_at.is_(None),
            feed.c.quiet_since.is_(None),
            feed.c.failure.is_(None),
            feed.c.blind_since.is_(None),
            feed.c.news_at < since,
        )
        .order_by(feed.c.id)
    ).all()


def counts_by_hour(
    connection: Connection, feed_ids: Sequence[int], *, since: datetime
) -> dict[int, dict[int, int]]:
    """For each of some feeds the entries by hour since 1970; hours without any are absent."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    rows = connection.execute(
        select(tally).where(tally.c.feed_id.in_(feed_ids), tally.c.hour >= hour_of(since))
    )
    for row in rows:
        found[row.feed_id][row.hour] = row.new
    return found


def mark_quiet(connection: Connection, feed_ids: Sequence[int]) -> None:
    """Note that people were told of these feeds' silence, which began with their last news."""
    quiet = update(feed).where(feed.c.id.in_(feed_ids))
    connection.execute(quiet.values(quiet_since=feed.c.news_at))


def forget(connection: Connection, *, before: datetime) -> int:
    """Delete one batch of what is too old of the ledger; how many rows went."""
    gone = 0
    for table, when in (
        (poll, poll.c.polled_at < before),
        (gap, gap.c.until < before),
        (blindness, blindness.c.until < before),
    ):
        old = select(table.c.id).where(when).limit(BATCH)
        ids = connection.execute(old).scalars().all()
        connection.execute(delete(table).where(table.c.id.in_(ids)))
        gone += len(ids)
    hours = select(tally.c.hour).where(tally.c.hour < hour_of(before)).distinct().limit(1)
    for hour in connection.execute(hours).scalars().all():
        gone += connection.execute(delete(tally).where(tally.c.hour == hour)).rowcount
    return gone
