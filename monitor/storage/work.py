"""What is due, who has claimed it, and how it ends: the same for every work table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from monitor.storage import schema


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on one row until the lease ends. `claims` is the token."""

    table: Table
    key: Any
    claims: int
    attempts: int
    row: Row[Any]


def due(table: Table, *, now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """True for rows whose calendar and whose lease or back-off are both past."""
    return and_(table.c.due_at <= now, table.c.not_before <= now)


def unindexed(column: ColumnElement[str]) -> ColumnElement[str]:
    """A column as an expression, so that rows are found by when they are due.

    SQLite would rather walk an index of the column, through all that was ever done.
    """
    return column.concat(literal_column("''"))


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
    usual = where is None and not values
    chosen = _usual(table) if usual else taking(table, where, values or {})
    return _taken(connection, chosen, table, now=now, lease=lease, given={"most": limit})


def claim_chosen(
    connection: Connection,
    table: Table,
    keys: Sequence[Any],
    *,
    now: datetime,
    lease: timedelta,
) -> list[Claim]:
    """Take those of some rows that are due; nobody else gets them before the lease ends."""
    if not keys:
        return []
    given = {"chosen": keys, "most": len(keys)}
    return _taken(connection, _choosing(table), table, now=now, lease=lease, given=given)


@cache
def _usual(table: Table) -> ReturningUpdate[Any]:
    """Built once, like the next: claims are made many times a second."""
    return taking(table, None, {})


@cache
def _choosing(table: Table) -> ReturningUpdate[Any]:
    return taking(table, _key(table).in_(bindparam("chosen", expanding=True)), {})


def taking(
    table: Table, where: ColumnElement[bool] | None, values: Mapping[str, Any]
) -> ReturningUpdate[Any]:
    """The statement that claims, for those who keep it; `claims` says what it is given."""
    key, moment = _key(table), table.c.due_at.type
    now = bindparam("now", type_=moment)
    chosen = select(key).where(table.c.due_at <= now, table.c.not_before <= now)
    if where is not None:
        chosen = chosen.where(where)
    chosen = chosen.order_by(table.c.due_at, key).limit(bindparam("most", type_=Integer))
    return (
        update(table)
        .where(key.in_(chosen.with_for_update(skip_locked=True).scalar_subquery()))
        .values(
            {"due_at": bindparam("until", type_=moment), "claims": table.c.claims + 1, **values}
        )
        .returning(table)
    )


def _taken(
    connection: Connection,
    taking: ReturningUpdate[Any],
    table: Table,
    *,
    now: datetime,
    lease: timedelta,
    given: Mapping[str, Any],
) -> list[Claim]:
    return claims(connection, taking, table, {"now": now, "until": now + lease, **given})


def claims(
    connection: Connection,
    taking: ReturningUpdate[Any],
    table: Table,
    given: Mapping[str, Any],
) -> list[Claim]:
    """Claim by a kept statement; `given` are `now`, `until` (of the lease), `most`, and its own."""
    key = _key(table).name
    found = [
        Claim(table, getattr(row, key), row.claims, row.attempts, row)
        for row in connection.execute(taking, given)
    ]
    return sorted(found, key=lambda each: each.key)


def finish(connection: Connection, claim: Claim, **values: Any) -> bool:
    """End a claim well; False if it was lost to a later one, whose result counts then.

    `due_at` in `values` says when the row is due again; without it the row is done.
    """
    return finish_asking(connection, claim, (), **values) is not None


def finish_asking(
    connection: Connection, claim: Claim, asked: tuple[ColumnElement[Any], ...], /, **values: Any
) -> Row[Any] | None:
    """`finish`, and the row's key with what is `asked` of it; None if the claim was lost.

    What is asked are constants: their statement is kept.
    """
    ended = {"due_at": None, "attempts": 0, "failure": None} | values
    return _end(connection, claim, ended, asked)


def postpone(
    connection: Connection, claim: Claim, *, until: datetime, failure: str, **values: Any
) -> bool:
    """End a claim with a failure that may pass: due again at `until`."""
    failed = {"due_at": until, "attempts": claim.attempts + 1, "failure": failure}
    return _end(connection, claim, failed | values) is not None


def set_aside(connection: Connection, claim: Claim, *, failure: str, **values: Any) -> bool:
    """End a claim with a failure that will not pass: no longer due, the reason kept."""
    failed = {"due_at": None, "attempts": claim.attempts + 1, "failure": failure}
    return _end(connection, claim, failed | values) is not None


def still_held(
    connection: Connection, claims: Sequence[Claim], *columns: ColumnElement[Any]
) -> dict[Any, Row[Any]]:
    """Those rows that nobody else has claimed meanwhile, nor will before this ends, by key.

    Each is its key, its claims, and the given columns as they are now.
    """
    if not claims:
        return {}
    mine = {claim.key: claim.claims for claim in claims}
    rows = connection.execute(_claims(claims[0].table, columns), {"keys": list(mine)})
    return {row[0]: row for row in rows if mine[row[0]] == row[1]}


@cache
def _claims(table: Table, columns: tuple[ColumnElement[Any], ...]) -> Select[Any]:
    key = _key(table)
    asked = select(key, table.c.claims, *columns).where(key.in_(bindparam("keys", expanding=True)))
    return asked.order_by(key).with_for_update()


def next_due(
    connection: Connection, *, now: datetime, patience: timedelta
) -> dict[Table, datetime | None]:
    """For each work table the first moment at which a row of it may be due; None if none is.

    `patience`: how long an entry waits for its host before it is read without its page.
    """
    times = {"now": now, "waited": now - patience, "waiting": now + patience}
    row = connection.execute(_soonest(), times).one()
    first: dict[Table, datetime | None] = {}
    for number, table in enumerate(WORK_TABLES):
        moments = [each for each in row[2 * number : 2 * number + 2] if each is not None]
        first[table] = min(moments, default=None)
    return first


@cache
def _soonest() -> Select[Any]:
    """Built once: the sweep asks this many times a second, and of 10,000 feeds too.

    Two questions a table: the calendar of rows that nobody holds, and the end of leases and
    back-offs. A feed has its back-off in the calendar. What speaks to a host waits for the host,
    which may be busy (its release wakes the sweep), resting, or have shown a page just now.
    """
    now = _moment("now")
    asked = []
    for table in WORK_TABLES:
        calendar = select(table.c.not_before).where(table.c.due_at <= now)
        later = select(func.min(table.c.due_at)).where(table.c.due_at > now)
        if table is schema.feed:
            calendar = calendar.where(table.c.host.not_in(_held(schema.host.c.not_before > now)))
            later = select(func.min(schema.host.c.not_before)).where(schema.host.c.not_before > now)
        elif table is schema.entry:
            calendar = calendar.where(_readable(table))
            spaced = schema.host.c.next_page_at
            wanted = exists().where(table.c.host == schema.host.c.name, table.c.due_at <= now)
            spaced_out = select(func.min(spaced)).where(spaced > now, wanted)
            both = union_all(later, spaced_out).subquery()
            later = select(func.min(both.c[0]))
        elif table is schema.delivery:
            free_at = schema.channel.c.free_at
            calendar = calendar.where(table.c.channel.not_in(_resting(free_at > now)))
            wanted = exists().where(table.c.channel == schema.channel.c.name, table.c.due_at <= now)
            freed = select(func.min(free_at)).where(free_at > now, wanted)
            both = union_all(later, freed).subquery()
            later = select(func.min(both.c[0]))
        calendar = calendar.order_by(table.c.not_before).limit(1)
        asked += [calendar.scalar_subquery(), later.scalar_subquery()]
    return select(*(each.label(f"moment_{number}") for number, each in enumerate(asked)))


def _readable(table: Table) -> ColumnElement[bool]:
    """Entries that need no page any more, or whose host may be asked.

    Who is read again waits for the host, however long.
    """
    moments = (schema.host.c.not_before, schema.host.c.next_page_at)
    now, waiting = _moment("now"), _moment("waiting")
    held = _held(*(and_(each > now, each <= waiting) for each in moments))
    waited = table.c.not_before <= _moment("waited")
    free = table.c.host.not_in(_held(*(each > now for each in moments)))
    first = or_(table.c.host.is_(None), waited, table.c.host.not_in(held))
    return or_(and_(~table.c.again, first), and_(table.c.again, free))


def _held(*reasons: ColumnElement[bool]) -> Select[tuple[str]]:
    busy = schema.host.c.busy_until > _moment("now")
    return select(schema.host.c.name).where(or_(busy, *reasons))


def _resting(reason: ColumnElement[bool]) -> Select[tuple[str]]:
    return select(schema.channel.c.name).where(reason)


def _moment(name: str) -> BindParameter[datetime]:
    return bindparam(name, type_=schema.host.c.not_before.type)


def clamp(connection: Connection, *, now: datetime, cap: timedelta) -> None:
    """Pull in what a clock set back has moved out of reach.

    Leases and back-offs, and the calendar of rows that say themselves that they were made or
    polled in the future.
    """
    for table in WORK_TABLES:
        limit = now + cap
        parked = update(table).where(table.c.due_at > limit, _calendar_apart(table))
        connection.execute(parked.values(due_at=limit))
    for table, made in (
        (schema.feed, schema.feed.c.polled_at),
        (schema.entry, schema.entry.c.not_before),
        (schema.article, schema.article.c.not_before),
        (schema.delivery, schema.delivery.c.created_at),
        (schema.rule, schema.rule.c.looked_at),
    ):
        parked = update(table).where(made > now, table.c.not_before > now, _calendar_apart(table))
        connection.execute(parked.values(not_before=now))
    channel = schema.channel.c
    ahead = update(schema.channel).where(channel.tried_at > now, channel.free_at > now)
    connection.execute(ahead.values(free_at=now))
    for column in (schema.host.c.next_page_at, schema.host.c.busy_until):
        far = update(schema.host).where(column > now + cap)
        connection.execute(far.values({column.name: now + cap}))


def _calendar_apart(table: Table) -> ColumnElement[bool]:
    """False for watched articles' entries, which wait for their next look by both times.

    So nobody who asks what is due goes through the thousands of them; a clock set back makes their
    next look late, and no more.
    """
    return ~table.c.again if table is schema.entry else true()


WORK_TABLES = (
    schema.feed, schema.entry, schema.article, schema.rule, schema.delivery, schema.task,
)  # fmt: skip


def _key(table: Table) -> Any:
    return next(iter(table.primary_key.columns))


def _end(
    connection: Connection,
    claim: Claim,
    values: Mapping[str, Any],
    asked: tuple[ColumnElement[Any], ...] = (),
) -> Row[Any] | None:
    mine = {"b_key": claim.key, "b_claims": claim.claims}
    given = {f"b_{name}": value for name, value in values.items()}
    return connection.execute(_ending(claim.table, tuple(values), asked), mine | given).first()


@cache
def _ending(
    table: Table, names: tuple[str, ...], asked: tuple[ColumnElement[Any], ...]
) -> ReturningUpdate[Any]:
    """Built once for each kind of end: every row of work comes by here."""
    key = _key(table)
    return (
        update(table)
        .where(key == bindparam("b_key"), table.c.claims == bindparam("b_claims"))
        .values({name: bindparam(f"b_{name}", type_=table.c[name].type) for name in names})
        .returning(key, *asked)
    )
