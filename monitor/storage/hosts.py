"""Hosts: who is being asked, who wishes to be left alone, and what their robots.txt says."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Update, and_, bindparam, select, update

from monitor.core import timing
from monitor.core.health import Trouble
from monitor.storage.schema import feed, host
from monitor.storage.upsert import insert_missing

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # a new host may be asked at once, whatever the clock


def release(
    connection: Connection, names: Collection[str], *, next_page_at: datetime | None = None
) -> None:
    """End the hold on hosts; `next_page_at`: ask all of us to space out their pages."""
    if names:
        spaced = {} if next_page_at is None else {"next_page_at": next_page_at}
        given = {f"b_{column}": value for column, value in spaced.items()}
        connection.execute(_releasing(tuple(spaced)), {"names": list(names), **given})


@cache
def _releasing(columns: tuple[str, ...]) -> Update:
    """Built once for each set of wishes."""
    given = {name: bindparam(f"b_{name}", type_=host.c[name].type) for name in columns}
    these = host.c.name.in_(bindparam("names", expanding=True))
    return update(host).where(these).values(busy_until=None, **given)


def rest(connection: Connection, name: str, *, after: timedelta | None, now: datetime) -> datetime:
    """A host refused us, and wishes to be left alone for `after`: until when nobody asks it.

    So its feeds wait, whatever they may miss.
    """
    know(connection, [name])  # a redirect may have led there
    until = now + timing.rested(row_of(connection, name).refusals, after=after)
    refused = {"not_before": until, "refusals": host.c.refusals + 1}
    connection.execute(update(host).where(host.c.name == name).values(**refused))
    waiting = and_(feed.c.host == name, feed.c.trouble.is_(None), feed.c.retired_at.is_(None))
    connection.execute(update(feed).where(waiting).values(trouble=Trouble.RESTING))
    return until


def welcome(connection: Connection, names: Collection[str]) -> None:
    """Hosts answered properly: their refusals are forgotten."""
    connection.execute(_WELCOME, {"names": list(names)})


_WELCOME = (
    update(host)
    .where(host.c.name.in_(bindparam("names", expanding=True)), host.c.refusals > 0)
    .values(refusals=0)
)


def row_of(connection: Connection, name: str) -> Any:
    """The row of a host."""
    return connection.execute(_HOST, {"name": name}).one()


_HOST = select(host).where(host.c.name == bindparam("name"))


def by_name(connection: Connection, names: Collection[str]) -> dict[str, Any]:
    """The rows of hosts, by name."""
    if not names:
        return {}
    return {row.name: row for row in connection.execute(_HOSTS, {"names": list(names)})}


_HOSTS = select(host).where(host.c.name.in_(bindparam("names", expanding=True)))


def keep_robots(connection: Connection, kept: Sequence[tuple[str, str | None, datetime]]) -> None:
    """Keep the robots.txt of hosts as had at a moment; None where it could not be had."""
    if kept:
        given = [{"b_name": name, "b_robots": robots, "b_at": at} for name, robots, at in kept]
        connection.execute(_ROBOTS, given)


_ROBOTS = (
    update(host)
    .where(host.c.name == bindparam("b_name"))
    .values(
        robots=bindparam("b_robots", type_=host.c.robots.type),
        robots_at=bindparam("b_at", type_=host.c.robots_at.type),
    )
)


def know(connection: Connection, names: Collection[str]) -> None:
    """Make sure that hosts have their rows."""
    insert_missing(
        connection,
        host,
        [{"name": name, "not_before": LONG_AGO, "next_page_at": LONG_AGO} for name in names],
    )
