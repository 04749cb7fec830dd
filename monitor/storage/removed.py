"""Channels that are gone from the configuration, and what waits for them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, or_, select, update

from monitor.core.model import Channel, ChannelName
from monitor.core.outbox import Kind, State
from monitor.storage import fallbacks
from monitor.storage.schema import delivery, route
from monitor.storage.upsert import insert_or_update

WAITING = (State.QUEUED, State.SENDING, State.UNKNOWN)
GONE = "its channel is not in the configuration any more"


@dataclass(frozen=True, slots=True)
class Left:
    """What became of the messages that waited for a channel that is gone.

    `moved` went to `to`, its fallback; `kept` wait for a person. `last` is the newest kept one.
    """

    channel: str
    moved: int = 0
    to: str = ""
    kept: int = 0
    last: int = 0


def note_routes(connection: Connection, channels: Sequence[Channel], *, now: datetime) -> None:
    """Remember who stands in for whom: it counts once a channel is gone."""
    known = {row.channel: row for row in connection.execute(select(route))}
    for channel in channels:
        fallback = None if channel.fallback is None else channel.fallback.channel
        before = known.get(channel.name)
        if before is None or before.fallback != fallback:
            since = now if before is None else before.since
            insert_or_update(
                connection,
                route,
                key="channel",
                channel=channel.name,
                fallback=fallback,
                since=since,
            )


def settle(connection: Connection, *, channels: Collection[str], now: datetime) -> list[Left]:
    """Move what waits for a channel that is gone to the fallback it had, or keep it for a person.

    What is on its way at this moment is left alone: whoever sends it ends that. What is kept waits
    for its channel, and is due again when that is back.
    """
    known = delivery.c.channel.in_(channels)
    whole = delivery.c.part_of.is_(None)  # else another message tells it
    idle = or_(delivery.c.state != State.SENDING, delivery.c.due_at <= now)
    waiting = and_(delivery.c.state.in_(WAITING), ~known, whole, idle)
    back = and_(delivery.c.state.in_(WAITING), known, whole, delivery.c.due_at.is_(None))
    connection.execute(update(delivery).where(back).values(due_at=now, failure=None))
    connection.execute(delete(delivery).where(waiting, delivery.c.kind == Kind.CANARY))
    orphans = connection.execute(select(delivery).where(waiting).order_by(delivery.c.id)).all()
    if not orphans:
        return []
    heirs = {row.channel: row.fallback for row in connection.execute(select(route))}
    by_channel: dict[str, list[Row[Any]]] = {}
    for row in orphans:
        by_channel.setdefault(row.channel, []).append(row)
    return [
        left
        for name, rows in by_channel.items()
        if (left := _settled(connection, name, rows, _heir(name, heirs, channels), now=now))
    ]


def _heir(
    name: str, heirs: Mapping[str, str | None], channels: Collection[str]
) -> ChannelName | None:
    """The channel that stands in for one that is gone: its fallback, or the fallback's, and on."""
    seen = {name}
    following = heirs.get(name)
    while following is not None and following not in seen:
        if following in channels:
            return ChannelName(following)
        seen.add(following)
        following = heirs.get(following)
    return None


def _settled(
    connection: Connection,
    name: str,
    rows: Sequence[Row[Any]],
    heir: ChannelName | None,
    *,
    now: datetime,
) -> Left | None:
    if heir is None:
        new = [row for row in rows if row.due_at is not None]
        kept = [row.id for row in rows]
        values = {"due_at": None, "failure": GONE}
        connection.execute(update(delivery).where(delivery.c.id.in_(kept)).values(**values))
        return Left(name, kept=len(kept), last=max(kept)) if new else None
    for row in rows:
        fallbacks.hand_over(connection, row, heir, now=now)
    gone = {
        "state": State.DEAD,
        "due_at": None,
        "claims": delivery.c.claims + 1,
        "failure": f"{GONE}; handed over to {heir}",
    }
    moved = [row.id for row in rows]
    connection.execute(update(delivery).where(delivery.c.id.in_(moved)).values(**gone))
    return Left(name, moved=len(moved), to=heir)


def configured_since(connection: Connection) -> dict[str, datetime]:
    """When each channel was first configured."""
    return {row.channel: row.since for row in connection.execute(select(route))}


def last_taken(connection: Connection) -> dict[str, datetime]:
    """When each channel last took a message."""
    asked = select(delivery.c.channel, func.max(delivery.c.sent_at)).group_by(delivery.c.channel)
    return {name: at for name, at in connection.execute(asked) if at is not None}
