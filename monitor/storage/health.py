"""How feeds are doing, read from the ledger: polls, gaps, tallies, hosts. Only questions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, exists, func, or_, select

from monitor.core.health import Trouble
from monitor.core.reach import several_of
from monitor.storage.ledger import hour_of
from monitor.storage.schema import feed, gap, host, outlet, poll, tally

LATELY = timedelta(hours=24)  # how long a feed is known by its gap
HOURS, DAYS = 24, 14  # of the sparklines
CLOSEST = 20  # feeds that a part of an address may name before nobody reads the list
DIGITS = 18  # of a number that a database takes

_SHOWN = tuple(each for each in feed.c if each.name not in {"marks", "newest"})  # not the blobs


class State(StrEnum):
    """How a feed is doing in one word, worst first."""

    HARD = "hard"  # it is gone, or no feed: somebody has to look
    WALL = "wall"  # a bot check stands before it
    SOFT = "soft"  # it fails in a way that often ends by itself
    RESTING = "resting"  # its host asked to be left alone
    GAP = "gap"  # it answers, and items may have been missed lately
    QUIET = "quiet"  # it answers, and brings less than it uses to
    NEW = "new"  # nobody has polled it yet
    OK = "ok"
    RETIRED = "retired"  # no longer in the configuration

    @property
    def rank(self) -> int:
        return list(State).index(self)


@dataclass(frozen=True, slots=True)
class Health:
    """One feed: its row with the outlet's name, new items by hour, and its gaps of late."""

    row: Row[Any]
    hours: tuple[int, ...]  # the last 24, oldest first, the present one included
    gaps: int
    missed: int  # items at most, in those gaps

    @property
    def state(self) -> State:
        return state_of(self.row, gaps=self.gaps)


def state_of(row: Row[Any], *, gaps: int) -> State:
    """How a feed is doing, from its row and the number of its gaps of late."""
    if row.retired_at is not None:
        return State.RETIRED
    if row.trouble is not None or row.failure is not None:
        return State(row.trouble or Trouble.SOFT.value)
    if gaps:
        return State.GAP
    if row.quiet_since is not None:
        return State.QUIET
    return State.NEW if row.polled_at is None else State.OK


def feeds(connection: Connection, *, now: datetime) -> list[Health]:
    """Every feed in use, worst first, then those that have failed most often."""
    rows = connection.execute(_feeds().where(feed.c.retired_at.is_(None))).all()
    by_feed = _hours(connection, now=now)
    late = _gaps_lately(connection, now=now)
    found = [
        Health(row, by_feed.get(row.id, (0,) * HOURS), *late.get(row.id, (0, 0))) for row in rows
    ]
    return sorted(found, key=lambda each: (each.state.rank, -each.row.attempts, each.row.id))


def _feeds() -> Select[Any]:
    named: Select[Any] = select(*_SHOWN, outlet.c.name.label("outlet_name"))
    return named.join(outlet, outlet.c.id == feed.c.outlet_id)


def _hours(connection: Connection, *, now: datetime) -> dict[int, tuple[int, ...]]:
    last = hour_of(now)
    rows = connection.execute(
        select(tally).where(tally.c.hour > last - HOURS, tally.c.hour <= last)
    )
    found: dict[int, list[int]] = {}
    for row in rows:
        found.setdefault(row.feed_id, [0] * HOURS)[row.hour - last - 1] = row.new
    return {key: tuple(counts) for key, counts in found.items()}


def _gaps_lately(connection: Connection, *, now: datetime) -> dict[int, tuple[int, int]]:
    rows = connection.execute(
        select(gap.c.feed_id, func.count().label("n"), func.sum(gap.c.most).label("most"))
        .where(gap.c.until > now - LATELY)
        .group_by(gap.c.feed_id)
    )
    return {row.feed_id: (row.n, int(row.most)) for row in rows}


def named(connection: Connection, wanted: str) -> Sequence[Row[Any]]:
    """The feeds that a number, an address or a part of one names; retired ones too."""
    if wanted.isdecimal() and len(wanted) <= DIGITS:
        return connection.execute(_feeds().where(feed.c.id == int(wanted))).all()
    exactly = or_(feed.c.url == wanted, feed.c.adopted_url == wanted)
    if found := connection.execute(_feeds().where(exactly)).all():
        return found
    partly = func.lower(feed.c.url).contains(wanted.lower(), autoescape=True)
    in_use_first = (feed.c.retired_at.is_not(None), feed.c.id)
    return connection.execute(_feeds().where(partly).order_by(*in_use_first).limit(CLOSEST)).all()


def polls(connection: Connection, feed_id: int, *, limit: int) -> Sequence[Row[Any]]:
    """The latest records of a feed's polls, newest first."""
    asked = select(poll).where(poll.c.feed_id == feed_id)
    return connection.execute(
        asked.order_by(poll.c.polled_at.desc(), poll.c.id.desc()).limit(limit)
    ).all()


def gaps(connection: Connection, feed_id: int, *, limit: int) -> Sequence[Row[Any]]:
    """The latest gaps of a feed, newest first."""
    asked = select(gap).where(gap.c.feed_id == feed_id)
    return connection.execute(
        asked.order_by(gap.c.until.desc(), gap.c.id.desc()).limit(limit)
    ).all()


def gaps_of_late(connection: Connection, feed_id: int, *, now: datetime) -> int:
    """How many gaps of a feed are so young that it is known by them."""
    asked = select(func.count()).where(gap.c.feed_id == feed_id, gap.c.until > now - LATELY)
    return connection.execute(asked).scalar_one()


def news(
    connection: Connection, feed_id: int, *, now: datetime
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """New items of a feed by hour (24) and by UTC day (14), oldest first, the present included."""
    last = hour_of(now)
    today = last // 24
    rows = connection.execute(
        select(tally.c.hour, tally.c.new).where(
            tally.c.feed_id == feed_id,
            tally.c.hour >= (today - DAYS + 1) * 24,
            tally.c.hour <= last,
        )
    )
    hours, days = [0] * HOURS, [0] * DAYS
    for row in rows:
        days[row.hour // 24 - today - 1] += row.new
        if row.hour > last - HOURS:
            hours[row.hour - last - 1] = row.new
    return tuple(hours), tuple(days)


def hosts_resting(connection: Connection, *, now: datetime) -> list[str]:
    """The hosts of feeds in use that asked us, or made us, to stay away for now."""
    of_ours = exists().where(feed.c.host == host.c.name, feed.c.retired_at.is_(None))
    resting = select(host.c.name).where(host.c.not_before > now, of_ours)
    return list(connection.execute(resting.order_by(host.c.name)).scalars())


def rests_until(connection: Connection, name: str, *, now: datetime) -> datetime | None:
    """Until when a host asked us, or made us, to stay away; None if it does not."""
    resting = select(host.c.not_before).where(host.c.name == name, host.c.not_before > now)
    return connection.execute(resting).scalar()


def network_lost_since(found: Sequence[Health]) -> datetime | None:
    """When anybody last answered, if so many hosts have failed since that it must be us.

    The same number of hosts as for the running watch (`core/reach.py`), told from the rows alone;
    without any answer ever, the first of those failures. None while the network works.
    """
    rows = [each.row for each in found]
    answer: datetime | None = max(
        (row.succeeded_at for row in rows if row.succeeded_at), default=None
    )
    fallen = [
        row
        for row in rows
        if row.trouble == Trouble.SOFT and (answer is None or row.polled_at > answer)
    ]
    hosts = len({row.host for row in rows})
    if len({row.host for row in fallen}) < several_of(hosts):
        return None
    first: datetime = min(row.polled_at for row in fallen)
    return answer or first
