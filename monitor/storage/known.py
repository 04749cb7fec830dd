"""What the people behind one channel know: of which incidents they were told there."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, Select, exists, func, select

from monitor.core.incidents import IncidentId
from monitor.storage.schema import alert, delivery_alert


def told(
    connection: Connection, channel: str, incidents: Collection[IncidentId] | Select[tuple[int]]
) -> bool:
    """Whether a channel was sent anything of one of these incidents, or will be."""
    of_it = (
        select(alert.c.id)
        .join(delivery_alert, delivery_alert.c.alert_id == alert.c.id)
        .where(delivery_alert.c.channel == channel, alert.c.incident_id.in_(incidents))
    )
    return bool(connection.execute(select(exists(of_it))).scalar())


def incidents_of(number: int) -> Select[tuple[int]]:
    """The incidents that a delivery tells of."""
    return (
        select(alert.c.incident_id)
        .join(delivery_alert, delivery_alert.c.alert_id == alert.c.id)
        .where(delivery_alert.c.delivery_id == number, alert.c.incident_id.is_not(None))
    )


def told_since(connection: Connection, number: int) -> datetime | None:
    """When the first alert was raised of what a delivery tells; None if that has no incident."""
    first = select(func.min(alert.c.decided_at)).where(
        alert.c.incident_id.in_(incidents_of(number))
    )
    found: datetime | None = connection.execute(first).scalar()
    return found
