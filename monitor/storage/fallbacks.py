"""Messages that stand in for those that a channel does not take."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, exists, literal_column, or_, select

from monitor.core.identity import digest
from monitor.core.model import Channel, ChannelName, Fallback
from monitor.core.outbox import Kind, State
from monitor.storage import known
from monitor.storage.schema import delivery, delivery_alert
from monitor.storage.upsert import insert_new

_stand_in = delivery.alias("stand_in")
_COLLECTING = frozenset({Kind.DIGEST, Kind.UPDATE})  # `not_before` is when they are wanted


def plan(connection: Connection, channel: Channel, *, now: datetime) -> None:
    """Let the fallback have what waits for a channel that fails, once its time is over.

    Each message once; a message that stands in has none itself. It is dropped if the other arrives
    in time.
    """
    if channel.fallback is None:
        return
    waiting = and_(
        delivery.c.channel == channel.name,
        delivery.c.state.in_([State.QUEUED, State.UNKNOWN, State.SENDING]),
        or_(delivery.c.state == State.UNKNOWN, delivery.c.not_before <= now),  # no open digest
        delivery.c.fallback_of.is_(None),
        delivery.c.part_of.is_(None),
        delivery.c.kind != Kind.CANARY,  # which proves this very channel
        ~exists().where(_stand_in.c.fallback_of == delivery.c.id),
    )
    for row in connection.execute(select(delivery).where(waiting).order_by(delivery.c.id)):
        _stand_in_for(connection, row, channel.fallback, now=now)


def hurry(connection: Connection, row: Row[Any], channel: Channel, *, now: datetime) -> None:
    """A message is given up: what stands in for it goes out at once."""
    if channel.fallback is not None and row.fallback_of is None and row.kind != Kind.CANARY:
        _stand_in_for(connection, row, channel.fallback, now=now)
    _send_now(connection, row, now=now)


def hand_over(connection: Connection, row: Row[Any], heir: ChannelName, *, now: datetime) -> None:
    """The channel of a message is gone: another tells it, at once, or when it is due by itself.

    That is what a digest or a bundle still collects, or a call. Hours of the channel that is gone
    hold nothing of it.
    """
    _stand_in_for(connection, row, Fallback(heir, timedelta()), now=now)
    collecting = row.kind in _COLLECTING and row.held is None and row.tried_at is None
    if row.escalates is None and not collecting:
        _send_now(connection, row, now=now)


def _send_now(connection: Connection, row: Row[Any], *, now: datetime) -> None:
    waiting = and_(delivery.c.fallback_of == row.id, delivery.c.not_before > now)
    connection.execute(delivery.update().where(waiting).values(not_before=now))


def drop(connection: Connection, number: int) -> None:
    """A message has arrived: nothing needs to stand in for it, unless that has arrived as well."""
    connection.execute(_UNNEEDED, {"number": number})


_UNNEEDED = delete(delivery).where(
    delivery.c.fallback_of == bindparam("number"),
    delivery.c.state == State.QUEUED,
    delivery.c.uncertain == 0,
)

# Asked of a message that ends: whether another waits to stand in for it. Most have none, and then
# `drop` is spared. SQLAlchemy names no tables in what is returned, so "id" would be the other's.
STOOD_IN_FOR = (
    exists()
    .where(_stand_in.c.fallback_of == literal_column("delivery.id"))
    .where(_stand_in.c.state == State.QUEUED)
    .label("stood_in_for")
)


def replaced(connection: Connection, number: int) -> Row[Any] | None:
    """The message that another stands in for; None if it is forgotten."""
    return connection.execute(select(delivery).where(delivery.c.id == number)).one_or_none()


def _stand_in_for(
    connection: Connection, row: Row[Any], fallback: Fallback, *, now: datetime
) -> None:
    to, after = fallback.channel, fallback.after
    carried = select(delivery_alert.c.alert_id).where(delivery_alert.c.delivery_id == row.id)
    told = select(delivery_alert.c.alert_id).where(delivery_alert.c.channel == to)
    alerts = connection.execute(carried).scalars().all()
    new = connection.execute(carried.where(delivery_alert.c.alert_id.not_in(told))).scalars().all()
    if alerts and not new:  # the other channel is told of them anyhow
        return
    made = insert_new(
        connection,
        delivery,
        key=digest("fallback", to, row.key),
        channel=to,
        kind=_kind(connection, row, to),
        state=State.QUEUED,
        collection=row.collection,
        incident_id=row.incident_id,
        severity=row.severity,
        digest_of=row.digest_of,
        title=row.title,
        body=row.body,
        created_at=row.created_at,
        not_before=max(now, _wanted_at(row) + after),
        due_at=now,
        fallback_of=row.id,
        escalates=row.escalates,
    )
    if made is None:
        return
    for alert in new:
        insert_new(connection, delivery_alert, delivery_id=made.id, alert_id=alert, channel=to)


def _kind(connection: Connection, row: Row[Any], to: ChannelName) -> str:
    """What a message is where it stands in: who never heard of its incident needs all of it."""
    if row.kind == Kind.UPDATE and not known.told(connection, to, known.incidents_of(row.id)):
        return Kind.ALERT
    kind: str = row.kind
    return kind


def _wanted_at(row: Row[Any]) -> datetime:
    """When a message should have arrived; the calendar of one without an answer has moved on."""
    moment: datetime = row.tried_at if row.state == State.UNKNOWN else row.not_before
    created: datetime = row.created_at
    return max(created, moment)
