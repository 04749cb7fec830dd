"""The digest after an outage that tells what may have been missed, also if nothing matched."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, delete, exists, select

from monitor.core.alerts import Origin, Way
from monitor.core.coverage import Cause, Gap
from monitor.core.identity import digest
from monitor.core.model import Channel
from monitor.core.outbox import Kind, State
from monitor.core.volume import Span
from monitor.storage import ledger
from monitor.storage.deliveries import GATHERING_CALM
from monitor.storage.feeds import BLIND_AFTER
from monitor.storage.schema import article, delivery, delivery_alert, match
from monitor.storage.upsert import insert_new

OURS = frozenset({Cause.STOPPED, Cause.NETWORK})


def open_digests(
    connection: Connection, channels: Sequence[Channel], found: Sequence[Gap], *, now: datetime
) -> None:
    """After gaps of our making: one late digest an outage and channel, which alerts may still join.

    A pause of some minutes is no outage, however long ago a feed had been asked before it.
    """
    ours = [gap for gap in found if gap.cause in OURS]
    outage = _outage(connection, min(gap.since for gap in ours)) if ours else None
    if outage is None:
        return
    for channel in channels:
        since = and_(
            delivery.c.channel == channel.name,
            delivery.c.collection == Way.MISSED,
            delivery.c.created_at >= outage.until,
        )
        if connection.execute(select(exists().where(since))).scalar_one():
            continue
        insert_new(
            connection,
            delivery,
            key=digest("late", channel.name, outage.since.isoformat()),
            channel=channel.name,
            kind=Kind.DIGEST,
            state=State.QUEUED,
            collection=Way.MISSED,
            created_at=now,
            not_before=now + GATHERING_CALM,
            due_at=now,
        )


def _outage(connection: Connection, since: datetime) -> Span | None:
    """The last time from then on that nobody looked for so long that it counts."""
    spells = ledger.blind_spells(connection, since=since)
    long = [
        span for span, cause in spells if cause in OURS and span.until - span.since > BLIND_AFTER
    ]
    return long[-1] if long else None


def drop_empty(connection: Connection) -> None:
    """For a run that ends: who looks now and then knows that nobody looked before."""
    told = exists().where(delivery_alert.c.delivery_id == delivery.c.id)
    waiting = and_(delivery.c.collection == Way.MISSED, delivery.c.state == State.QUEUED)
    untold = and_(waiting, delivery.c.fallback_of.is_(None), delivery.c.tried_at.is_(None), ~told)
    connection.execute(delete(delivery).where(untold))


def matched(connection: Connection, *, since: datetime) -> bool:
    """Whether any rule has matched since then what came out while the watch was blind."""
    late = exists().where(
        match.c.article_id == article.c.id,
        article.c.origin == Origin.MISSED,
        match.c.matched_at >= since,
    )
    return bool(connection.execute(select(late)).scalar_one())
