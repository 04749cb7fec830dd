"""Deliveries as a person looks at them, and what that person makes of them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select, update

from monitor.core.outbox import State
from monitor.storage import fallbacks, holding
from monitor.storage.schema import delivery, delivery_alert

RETRIED = frozenset({State.DEAD, State.UNKNOWN, State.QUEUED})
DROPPED = frozenset({State.QUEUED, State.UNKNOWN, State.DEAD})
DROPPED_BY_HAND = "dropped by hand: "  # what a failure begins with


def found(
    connection: Connection,
    *,
    numbers: Collection[int] = (),
    states: Collection[State] = (),
    channel: str | None = None,
    since: datetime | None = None,
    limit: int | None = None,
) -> Sequence[Row[Any]]:
    """The deliveries that all this holds for, newest first; `alerts` is how many each tells."""
    alerts = (
        select(func.count())
        .where(delivery_alert.c.delivery_id == delivery.c.id)
        .scalar_subquery()
        .label("alerts")
    )
    wanted: list[ColumnElement[bool]] = []
    if numbers:
        wanted.append(delivery.c.id.in_(numbers))
    if states:
        wanted.append(delivery.c.state.in_(states))
    if channel is not None:
        wanted.append(delivery.c.channel == channel)
    if since is not None:
        wanted.append(delivery.c.created_at >= since)
    asked = select(delivery, alerts).where(*wanted).order_by(delivery.c.id.desc())
    return connection.execute(asked.limit(limit)).all()


def retry(connection: Connection, numbers: Collection[int], *, now: datetime) -> list[int]:
    """Make deliveries due at once, with their keys, as if never tried; those that were."""
    again = {
        "state": State.QUEUED,
        "due_at": now,
        "not_before": now,
        "attempts": 0,
        "uncertain": 0,
        "tried_for": 0,
    }
    return _change(connection, numbers, RETRIED, again)


def drop(connection: Connection, numbers: Collection[int], *, reason: str) -> list[int]:
    """Give deliveries up, and what stands in for them; those that were not on their way."""
    gone = {"state": State.DEAD, "due_at": None, "failure": f"{DROPPED_BY_HAND}{reason}"}
    dropped = _change(connection, numbers, DROPPED, gone)
    for number in dropped:
        fallbacks.drop(connection, number)
        holding.follow(connection, number, State.DEAD, now=None)
    return dropped


def _change(
    connection: Connection, numbers: Collection[int], states: Collection[State], values: Any
) -> list[int]:
    """Change deliveries in one of these states; whoever has claimed one meanwhile has lost it.

    What a digest tells goes where that digest goes.
    """
    chosen = update(delivery).where(
        delivery.c.id.in_(numbers), delivery.c.state.in_(states), delivery.c.part_of.is_(None)
    )
    taken = {**values, "claims": delivery.c.claims + 1}
    changed = connection.execute(chosen.values(taken).returning(delivery.c.id))
    return sorted(changed.scalars())
