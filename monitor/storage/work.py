"""What is due, who has claimed it, and how it ends: the same for every work table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, and_, func, select, update

from monitor.storage import schema


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on one row until the lease ends. `claims` is the token."""

    table: Table
    key: Any
    claims: int
    attempts: int
    row: Row[Any]


def due(table: Table, *, now: datetime) -> ColumnElement[bool]:
    """True for rows whose calendar and whose lease or back-off are both past."""
    return and_(table.c.due_at <= now, table.c.not_before <= now)


def claim(
    connection: Connection,
    table: Table,
    *,
    now: datetime,
    lease: timedelta,
    limit: int,
    where: ColumnElement[bool] | None = None,
    values: Mapping[str, Any] | None = None,
) -> list[Claim]:
    """Take up to `limit` due rows, oldest first; nobody else gets them before the lease ends."""
    if limit <= 0:
        return []
    key = _key(table)
    chosen = select(key).where(due(table, now=now))
    if where is not None:
        chosen = chosen.where(where)
    chosen = chosen.order_by(table.c.due_at, key).limit(limit).with_for_update(skip_locked=True)
    taken = connection.execute(
        update(table)
        .where(key.in_(chosen.scalar_subquery()))
        .values(due_at=now + lease, claims=table.c.claims + 1, **(values or {}))
        .returning(table)
    ).all()
    found = [Claim(table, getattr(row, key.name), row.claims, row.attempts, row) for row in taken]
    return sorted(found, key=lambda each: each.key)


def finish(connection: Connection, claim: Claim, **values: Any) -> bool:
    """End a claim well; False if it was lost to a later one, whose result counts then.

    `due_at` in `values` says when the row is due again; without it the row is done.
    """
    return _end(connection, claim, {"due_at": None, "attempts": 0, "failure": None} | values)


def postpone(
    connection: Connection, claim: Claim, *, until: datetime, failure: str, **values: Any
) -> bool:
    """End a claim with a failure that may pass: due again at `until`."""
    failed = {"due_at": until, "attempts": claim.attempts + 1, "failure": failure}
    return _end(connection, claim, failed | values)


def set_aside(connection: Connection, claim: Claim, *, failure: str, **values: Any) -> bool:
    """End a claim with a failure that will not pass: no longer due, the reason kept."""
    failed = {"due_at": None, "attempts": claim.attempts + 1, "failure": failure}
    return _end(connection, claim, failed | values)


def next_due(connection: Connection) -> dict[Table, datetime | None]:
    """For each work table the first moment at which a row of it is due; None if nothing is."""
    row = connection.execute(_soonest(connection.dialect.name)).one()
    return {table: row[number] for number, table in enumerate(WORK_TABLES)}


@cache
def _soonest(dialect: str) -> Select[Any]:
    """Built once: the sweep asks this many times a second."""
    later = func.max if dialect == "sqlite" else func.greatest
    asked = []
    for table in WORK_TABLES:
        times = [table.c.due_at, table.c.not_before]
        if table is schema.feed:  # a host may ask to be left alone for hours
            times.append(schema.host.c.not_before)
        soonest = select(func.min(later(*times, type_=table.c.due_at.type)))
        if table is schema.feed:
            soonest = soonest.join_from(table, schema.host, schema.host.c.name == table.c.host)
        asked.append(soonest.where(table.c.due_at.is_not(None)).scalar_subquery().label(table.name))
    return select(*asked)


def clamp(connection: Connection, *, now: datetime, cap: timedelta) -> None:
    """Pull in what a clock set back has moved out of reach.

    Leases and back-offs, and the calendar of rows that say themselves that they were made or
    polled in the future.
    """
    for table in WORK_TABLES:
        limit = now + cap
        connection.execute(update(table).where(table.c.due_at > limit).values(due_at=limit))
    for table, made in (
        (schema.feed, schema.feed.c.polled_at),
        (schema.entry, schema.entry.c.not_before),
        (schema.article, schema.article.c.not_before),
        (schema.delivery, schema.delivery.c.created_at),
    ):
        parked = update(table).where(made > now, table.c.not_before > now)
        connection.execute(parked.values(not_before=now))
    for column in (schema.host.c.next_page_at, schema.host.c.busy_until):
        far = update(schema.host).where(column > now + cap)
        connection.execute(far.values({column.name: now + cap}))


WORK_TABLES = (schema.feed, schema.entry, schema.article, schema.delivery, schema.task)


def _key(table: Table) -> Any:
    return next(iter(table.primary_key.columns))


def _end(connection: Connection, claim: Claim, values: Mapping[str, Any]) -> bool:
    table, key = claim.table, _key(claim.table)
    ended = connection.execute(
        update(table)
        .where(key == claim.key, table.c.claims == claim.claims)
        .values(**values)
        .returning(key)
    )
    return ended.first() is not None
