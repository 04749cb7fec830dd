"""Feeds: which may be asked now, and how they are doing. Their hosts are in hosts.py."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Integer,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from monitor.core.coverage import Blindness, Cause
from monitor.core.volume import Span
from monitor.storage import work
from monitor.storage.ledger import record_blindness, record_standstill
from monitor.storage.schema import entry, feed, host
from monitor.storage.work import Claim, claim_chosen

BLIND_AFTER = timedelta(minutes=30)  # a feed that should have been polled before went unseen

Lane = Literal["any", "healthy", "failing", "first", "again"]


def claim_by_host(
    connection: Connection,
    table: Table,
    *,
    now: datetime,
    lease: timedelta,
    limit: int,
    each: int = 1,
    lane: Lane = "any",
) -> list[Claim]:
    """Take `limit` due rows, or a few more, `each` of one host at most; of hosts nobody is asking.

    The rows of a host come together, so that one connection serves them all. It is held until
    `release_hosts`, or until the lease ends if we die before. A `lane` takes feeds that failed last
    time or the others; entries whose articles are read again, or those that bring news.
    """
    hold, first = _statements(table, lane)
    times = {"now": now, "until": now + lease, "each": each, "most": limit}
    held = connection.execute(hold, times).scalars().all()
    if not held:
        return []
    ids = connection.execute(first, {"now": now, "held": held, "each": each}).scalars().all()
    return claim_chosen(connection, table, ids, now=now, lease=lease)


@cache
def _statements(table: Table, lane: Lane) -> tuple[ReturningUpdate[tuple[str]], Select[tuple[int]]]:
    """Hold free hosts with due rows, longest waiting first; the due rows of each. Built once."""
    now = _moment("now")
    each, most = bindparam("each", type_=Integer), bindparam("most", type_=Integer)
    free = and_(
        or_(host.c.busy_until.is_(None), host.c.busy_until <= now), host.c.not_before <= now
    )
    if table is entry:
        free = and_(free, host.c.next_page_at <= now)
    ready = _in_lane(table, lane, and_(table.c.due_at <= now, table.c.not_before <= now))
    first_due = func.min(table.c.not_before)
    own = case((func.count() > each, each), else_=func.count())
    so_far = func.sum(own).over(order_by=(first_due, table.c.host), rows=(None, 0))
    queue = (
        select(table.c.host, (so_far - own).label("earlier"))
        .join(host, host.c.name == table.c.host)
        .where(ready, free)
        .group_by(table.c.host)
        .subquery()
    )
    waiting = select(queue.c.host).where(queue.c.earlier < most)
    chosen = select(host.c.name).where(free, host.c.name.in_(waiting))
    chosen = chosen.with_for_update(skip_locked=True)
    hold = (
        update(host)
        .where(host.c.name.in_(chosen.scalar_subquery()))
        .values(busy_until=_moment("until"))
        .returning(host.c.name)
    )
    held = table.c.host.in_(bindparam("held", expanding=True))
    turn = func.row_number().over(partition_by=table.c.host, order_by=(table.c.due_at, table.c.id))
    ranked = select(table.c.id, turn.label("turn")).where(held, ready).subquery()
    return hold, select(ranked.c.id).where(ranked.c.turn <= each)


def _in_lane(table: Table, lane: Lane, ready: ColumnElement[bool]) -> ColumnElement[bool]:
    if lane == "healthy":
        return and_(ready, table.c.attempts == 0)
    if lane == "failing":
        return and_(ready, table.c.attempts > 0)
    if lane == "any":
        return ready
    return and_(ready, table.c.again if lane == "again" else ~table.c.again)


def claim_unfetched(
    connection: Connection, *, now: datetime, lease: timedelta, limit: int, patience: timedelta
) -> list[Claim]:
    """Take due entries for which nothing is fetched.

    Old ones and ones without an address; ones that have waited for their host longer than
    `patience`, or would have to, because an alert must not. They lose their host.
    """
    times = {"now": now, "waited": now - patience, "waiting": now + patience, "most": limit}
    ids = connection.execute(_UNFETCHED, times).scalars().all() if limit > 0 else []
    if ids:
        connection.execute(_WITHOUT_HOST, {"ids": ids})
    return claim_chosen(connection, entry, ids, now=now, lease=lease)


def _moment(name: str) -> BindParameter[datetime]:
    return bindparam(name, type_=host.c.not_before.type)


_UNFETCHED = (
    select(entry.c.id)
    .where(
        entry.c.due_at <= _moment("now"),
        entry.c.not_before <= _moment("now"),
        ~entry.c.again,
        or_(
            entry.c.host.is_(None),
            entry.c.not_before <= _moment("waited"),
            exists().where(
                host.c.name == entry.c.host,
                or_(
                    host.c.not_before > _moment("waiting"),
                    host.c.next_page_at > _moment("waiting"),
                ),
            ),
        ),
    )
    .order_by(entry.c.due_at, entry.c.id)
    .limit(bindparam("most", type_=Integer))
)
_WITHOUT_HOST = (
    update(entry).where(entry.c.id.in_(bindparam("ids", expanding=True))).values(host=None)
)


def feeds_of(connection: Connection, feed_ids: Collection[int]) -> dict[int, Any]:
    """Whose feeds these are, and by what their items go; by number."""
    return {row.id: row for row in connection.execute(_FEEDS, {"ids": list(feed_ids)})}


_FEEDS = select(feed.c.id, feed.c.url, feed.c.outlet_id, feed.c.key_mode).where(
    feed.c.id.in_(bindparam("ids", expanding=True))
)


# What every poll that was answered says of its feed …
_CALM = (
    "interval",
    "not_before",
    "due_at",
    "polled_at",
    "succeeded_at",
    "asked_in_full_at",
    "flow",
)
# … and what one adds that was not simply "unchanged".
TOLD = (
    "unchanged",
    "host",
    "key_mode",
    "etag",
    "last_modified",
    "body_hash",
    "marks",
    "newest",
    "lied_at",
    "moved_to",
    "moves",
    "adopted_url",
    "first_polled_at",
)


def finish_unchanged(
    connection: Connection, ended: Sequence[tuple[Claim, Mapping[str, object]]]
) -> None:
    """End the claims of polls that found no change; one lost to a later claim changes nothing."""
    _finish(connection, _unchanged(), _CALM, ended)


def finish(connection: Connection, ended: Sequence[tuple[Claim, Mapping[str, object]]]) -> None:
    """End the claims of polls that were answered, with all that they told.

    `news_at` among the values is None where nothing is new.
    """
    _finish(connection, _answered(), (*_CALM, *TOLD, "news_at"), ended)


def _finish(
    connection: Connection,
    statement: Update,
    names: Sequence[str],
    ended: Sequence[tuple[Claim, Mapping[str, object]]],
) -> None:
    connection.execute(
        statement,
        [
            {"b_id": claim.key, "b_claims": claim.claims}
            | {f"b_{name}": values.get(name, getattr(claim.row, name)) for name in names}
            for claim, values in ended
        ],
    )


@cache
def _unchanged() -> Update:
    """Built once; many polls in one executemany."""
    return _ending(_CALM).values(unchanged=feed.c.unchanged + 1)


@cache
def _answered() -> Update:
    news_at = bindparam("b_news_at", type_=feed.c.news_at.type)
    # Without news both stay as they are now: the feed may have been told as quiet meanwhile.
    fresh = {
        "news_at": func.coalesce(news_at, feed.c.news_at),
        "quiet_since": case((news_at.is_(None), feed.c.quiet_since), else_=None),
    }
    return _ending((*_CALM, *TOLD)).values(**fresh)


def _ending(names: Sequence[str]) -> Update:
    given = {name: bindparam(f"b_{name}", type_=feed.c[name].type) for name in names}
    well = {"attempts": 0, "failure": None, "trouble": None}
    well |= {"blind_since": None, "blind_cause": None}
    mine = and_(feed.c.id == bindparam("b_id"), feed.c.claims == bindparam("b_claims"))
    return update(feed).where(mine).values(**well, **given)


def still_held(connection: Connection, claims: Sequence[Claim]) -> dict[int, Blindness | None]:
    """Which of these feeds nobody else has claimed meanwhile, and since when each was unseen.

    Nobody claims them before this transaction ends. An outage of our own may have ended while they
    were asked: with the answer of one of them.
    """
    held = work.still_held(connection, claims, feed.c.blind_since, feed.c.blind_cause)
    return {
        key: Blindness(row.blind_since, Cause(row.blind_cause)) if row.blind_since else None
        for key, row in held.items()
    }


def make_due(connection: Connection, *, silent_since: datetime, now: datetime) -> int:
    """Our network is back: poll at once whatever has not answered since then; how many feeds.

    They have been unseen since their last answer, which was no fault of theirs.
    """
    unseen = and_(
        feed.c.retired_at.is_(None),
        or_(feed.c.succeeded_at.is_(None), feed.c.succeeded_at < silent_since),
    )
    waiting = {"attempts": 0, "not_before": now, "due_at": now} | _unseen(Cause.NETWORK)
    made = connection.execute(update(feed).where(unseen).values(**waiting).returning(feed.c.id))
    record_blindness(connection, Span(silent_since, now), Cause.NETWORK)
    return len(made.all())


def make_pages_due(connection: Connection, *, now: datetime) -> None:
    """Our network is back: read at once what waited for it, with all the patience of new ones."""
    waiting = and_(entry.c.due_at.is_not(None), entry.c.host.is_not(None), ~entry.c.again)
    tried = case((entry.c.attempts > 0, now), else_=entry.c.due_at)
    fresh = {"due_at": tried, "not_before": now, "attempts": 0}
    connection.execute(update(entry).where(waiting).values(**fresh))


def note_blindness(connection: Connection, *, now: datetime) -> int:
    """What should have been polled half an hour ago was not, because nobody ran; how many feeds.

    Feeds whose host asked to be left alone longer than that were not to be polled.
    """
    overdue = now - BLIND_AFTER
    resting = select(host.c.name).where(host.c.not_before > overdue)
    late = and_(
        feed.c.retired_at.is_(None), feed.c.not_before < overdue, feed.c.host.not_in(resting)
    )
    noted = connection.execute(update(feed).where(late).values(**_unseen(Cause.STOPPED)))
    record_standstill(connection, since=overdue, now=now, unpolled=noted.rowcount > 0)
    return noted.rowcount


def _unseen(cause: Cause) -> dict[str, ColumnElement[Any]]:
    """Unseen since the last answer; where it was so before, then and for that reason."""
    before = feed.c.blind_since.is_not(None)
    return {
        "blind_since": case((before, feed.c.blind_since), else_=feed.c.succeeded_at),
        "blind_cause": case((before, feed.c.blind_cause), else_=cause),
    }
