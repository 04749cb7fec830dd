"""Who is called when nobody acknowledges a message: queued deliveries that an answer drops."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, select, update

from monitor.core.identity import digest
from monitor.core.model import ChannelName, Severity
from monitor.core.outbox import State
from monitor.storage.schema import alert, answered, delivery, delivery_alert, escalation
from monitor.storage.upsert import insert_new


def plan(
    connection: Connection,
    number: int,
    steps: Collection[tuple[timedelta, ChannelName]],
    *,
    now: datetime,
) -> None:
    """Queue what follows a message: a step is a delivery of its own, due so long after it."""
    row = connection.execute(select(delivery).where(delivery.c.id == number)).one()
    for after, channel in sorted(steps):
        due = max(now, row.not_before) + after
        made = insert_new(
            connection,
            delivery,
            key=digest("escalation", channel, row.key, str(int(after.total_seconds()))),
            channel=channel,
            kind=row.kind,
            state=State.QUEUED,
            incident_id=row.incident_id,
            created_at=now,
            not_before=due,
            due_at=now,
            escalates=number,
            severity=Severity.CRITICAL,  # it is there to wake somebody: no quiet hours hold it
        )
        if made is not None:
            step = {"delivery_id": made.id, "of_id": number, "channel": channel}
            # So long after it was made, whatever its message waits for: `wait` counts with that.
            connection.execute(escalation.insert().values(**step, planned_for=now + after))


def in_hand(connection: Connection, incidents: Collection[int]) -> set[int]:
    """Those of these incidents that somebody has, or that others were or will be called for."""
    had = select(answered.c.incident_id).where(answered.c.incident_id.in_(incidents))
    called = (
        select(alert.c.incident_id)
        .join(delivery_alert, delivery_alert.c.alert_id == alert.c.id)
        .join(escalation, escalation.c.of_id == delivery_alert.c.delivery_id)
        .where(alert.c.incident_id.in_(incidents))
    )
    return {*connection.execute(had).scalars(), *connection.execute(called).scalars()}


def stop(connection: Connection, incidents: Sequence[int], *, who: str, now: datetime) -> int:
    """Somebody has these incidents: call nobody else; how many steps that spared.

    What is on its way, or may have arrived, stays.
    """
    told = select(delivery_alert.c.delivery_id).join(alert, alert.c.id == delivery_alert.c.alert_id)
    mine = told.where(alert.c.incident_id.in_(incidents))
    unsent = and_(delivery.c.state == State.QUEUED, delivery.c.uncertain == 0)
    waiting = select(delivery.c.id).where(delivery.c.escalates.in_(mine), unsent)
    numbers = list(connection.execute(waiting.with_for_update()).scalars())
    connection.execute(
        update(escalation)
        .where(escalation.c.delivery_id.in_(numbers))
        .values(stopped_at=now, stopped_by=who)
    )
    connection.execute(delete(delivery).where(delivery.c.id.in_(numbers)))
    return len(numbers)


def wait(connection: Connection, messages: Collection[int], *, until: datetime) -> None:
    """Messages go out then and not before: what follows them counts from there."""
    asked = (
        select(delivery.c.id, delivery.c.created_at, escalation.c.planned_for)
        .join(escalation, escalation.c.delivery_id == delivery.c.id)
        .where(_follows(messages))
    )
    for row in connection.execute(asked).all() if messages else ():
        due = until + (row.planned_for - row.created_at)
        connection.execute(update(delivery).where(delivery.c.id == row.id).values(not_before=due))


def let_go(connection: Connection, messages: Collection[int]) -> None:
    """A digest tells what these messages were to tell, and digests call nobody."""
    if messages:
        numbers = (
            connection.execute(select(delivery.c.id).where(_follows(messages))).scalars().all()
        )
        connection.execute(delete(escalation).where(escalation.c.delivery_id.in_(numbers)))
        connection.execute(delete(delivery).where(delivery.c.id.in_(numbers)))


def _follows(messages: Collection[int]) -> ColumnElement[bool]:
    """Steps of these messages that were never tried."""
    return and_(
        delivery.c.escalates.in_(messages),
        delivery.c.state == State.QUEUED,
        delivery.c.tried_at.is_(None),
        delivery.c.uncertain == 0,
    )


def note_sent(connection: Connection, number: int, of: int, channel: str) -> None:
    """A step has gone out: its channel was told of these alerts, too, and hears of corrections."""
    alerts = select(delivery_alert.c.alert_id).where(delivery_alert.c.delivery_id == of)
    for each in connection.execute(alerts).scalars().all():
        insert_new(connection, delivery_alert, delivery_id=number, alert_id=each, channel=channel)


def hold(connection: Connection, incidents: Collection[int], *, until: datetime) -> None:
    """Let what waits to be told of these incidents wait until then."""
    told = select(delivery_alert.c.delivery_id).join(alert, alert.c.id == delivery_alert.c.alert_id)
    mine = told.where(alert.c.incident_id.in_(list(incidents)))
    waiting = and_(
        delivery.c.id.in_(mine),
        delivery.c.collection == "update",
        delivery.c.state == State.QUEUED,
        delivery.c.tried_at.is_(None),
        delivery.c.not_before < until,
    )
    connection.execute(update(delivery).where(waiting).values(not_before=until))
