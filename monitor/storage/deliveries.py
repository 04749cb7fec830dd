"""The outbox: one row per message and channel, from decided to sent."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, or_, select, update

from monitor.core.alerts import Origin, Way
from monitor.core.identity import digest
from monitor.core.model import AlertId, Channel, DeliveryId
from monitor.core.outbox import State
from monitor.storage.schema import article, delivery, delivery_alert, entry, feed
from monitor.storage.upsert import insert_new
from monitor.storage.work import Claim, claim, due

WELCOME_CALM = timedelta(seconds=20)  # after its last alert the welcome digest waits this long
WELCOME_LIMIT = timedelta(minutes=15)  # a slow host may hold the welcome digest up no longer


class Kind(StrEnum):
    """What a message is."""

    ALERT = "alert"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class Addressed:
    """An alert on its way to one channel."""

    alert: AlertId
    way: Way
    channel: Channel


def queue(connection: Connection, alerts: Sequence[Addressed], *, now: datetime) -> None:
    """Queue what one triage decided: one message a channel, or a line in its open digest."""
    for channel in sorted({each.channel for each in alerts}, key=lambda channel: channel.name):
        for way in Way:
            chosen = [each.alert for each in alerts if (each.channel, each.way) == (channel, way)]
            if chosen:
                _add(connection, channel, way, chosen, now=now)


def _add(
    connection: Connection, channel: Channel, way: Way, alerts: Sequence[AlertId], *, now: datetime
) -> None:
    delivery_id = None if way is Way.AT_ONCE else _open_digest(connection, channel, way, now=now)
    if delivery_id is None:
        delivery_id = _create(connection, channel, way, first=alerts[0], now=now)
    for each in alerts:
        insert_new(
            connection,
            delivery_alert,
            delivery_id=delivery_id,
            alert_id=each,
            channel=channel.name,
        )


def _open_digest(
    connection: Connection, channel: Channel, way: Way, *, now: datetime
) -> DeliveryId | None:
    """The digest of this channel that no claim has sealed yet."""
    found = connection.execute(
        select(delivery.c.id)
        .where(
            delivery.c.channel == channel.name,
            delivery.c.collection == way,
            delivery.c.state == State.QUEUED,
            delivery.c.tried_at.is_(None),
        )
        .with_for_update()
    ).scalar()
    if found is not None and way is Way.WELCOME:
        later = {"not_before": now + WELCOME_CALM}
        connection.execute(update(delivery).where(delivery.c.id == found).values(**later))
    return None if found is None else DeliveryId(found)


def _create(
    connection: Connection, channel: Channel, way: Way, *, first: AlertId, now: datetime
) -> DeliveryId:
    wait = {Way.DIGEST: channel.digest_every, Way.WELCOME: WELCOME_CALM}.get(way, timedelta())
    created = connection.execute(
        delivery.insert()
        .values(
            key=digest("delivery", channel.name, str(first)),
            channel=channel.name,
            kind=Kind.ALERT if way is Way.AT_ONCE else Kind.DIGEST,
            state=State.QUEUED,
            collection=None if way is Way.AT_ONCE else way,
            created_at=now,
            not_before=now + wait,
            due_at=now,
        )
        .returning(delivery.c.id)
    )
    return DeliveryId(created.scalar_one())


def claim_deliveries(
    connection: Connection,
    *,
    channels: Collection[str],
    now: datetime,
    lease: timedelta,
    limit: int,
) -> list[Claim]:
    """Take the next message of each configured channel that has none on its way.

    A row found in state sending was cut short by a crash: whether it arrived is not known.
    """
    busy = select(delivery.c.channel).where(
        delivery.c.state == State.SENDING, delivery.c.due_at > now
    )
    ready = and_(
        due(delivery, now=now),
        delivery.c.channel.in_(channels),
        delivery.c.channel.not_in(busy),
        or_(
            func.coalesce(delivery.c.collection, "") != Way.WELCOME,
            delivery.c.created_at <= now - WELCOME_LIMIT,
            ~_still_welcoming(),
        ),
    )
    first = select(func.min(delivery.c.id)).where(ready).group_by(delivery.c.channel)
    return claim(
        connection,
        delivery,
        now=now,
        lease=lease,
        limit=limit,
        where=delivery.c.id.in_(first.scalar_subquery()),
        values={
            "state": State.SENDING,
            "uncertain": case(
                (delivery.c.state == State.SENDING, delivery.c.uncertain + 1),
                else_=delivery.c.uncertain,
            ),
        },
    )


def park_orphans(connection: Connection, *, channels: Collection[str], now: datetime) -> None:
    """Messages for a channel that is no longer configured wait for it, and say so."""
    waiting = (delivery.c.state.in_([State.QUEUED, State.SENDING, State.UNKNOWN]),)
    known = delivery.c.channel.in_(channels)
    connection.execute(
        update(delivery)
        .where(*waiting, ~known)
        .values(due_at=None, failure="its channel is not in the configuration any more")
    )
    back = delivery.c.due_at.is_(None)
    connection.execute(update(delivery).where(*waiting, known, back).values(due_at=now))


def hurry_digests(connection: Connection, *, now: datetime) -> None:
    """Make every open digest due now, for a run that ends instead of waiting."""
    connection.execute(
        update(delivery)
        .where(delivery.c.state == State.QUEUED, delivery.c.not_before > now)
        .values(not_before=now)
    )


def _still_welcoming() -> ColumnElement[bool]:
    """True while something that may belong into the welcome digest is still on its way."""
    return or_(
        exists().where(entry.c.origin == Origin.WELCOME, entry.c.due_at.is_not(None)),
        exists().where(article.c.origin == Origin.WELCOME, article.c.due_at.is_not(None)),
        exists().where(
            feed.c.first_polled_at.is_(None), feed.c.retired_at.is_(None), feed.c.attempts == 0
        ),
    )
