"""Canaries in the tables: an entry and an article that are gone as soon as they were judged."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, or_, select, update

from monitor.core import canaries
from monitor.core.alerts import Origin
from monitor.core.canaries import Journey
from monitor.core.identity import KeyMode, digest
from monitor.core.messages import Message
from monitor.core.model import Channel, Entry, Severity, Tier
from monitor.core.outbox import Kind, State
from monitor.storage.schema import article, canary, delivery, entry, feed, outlet, task
from monitor.storage.upsert import insert_new

KEPT = timedelta(days=30)
LOOKED_BACK = 20  # canaries that are settled at once
TASK = "canary"


def set_out(connection: Connection, *, now: datetime, within: timedelta) -> int:
    """Note that a canary sets out; its number."""
    connection.execute(delete(canary).where(canary.c.begun_at < now - KEPT))
    made = canary.insert().values(begun_at=now, wanted_by=now + within).returning(canary.c.id)
    return int(connection.execute(made).scalar_one())


def ask_for(connection: Connection, *, now: datetime, within: timedelta) -> int:
    """Let the running watch send a canary now; its number."""
    number = set_out(connection, now=now, within=within)
    hurried = update(task).where(task.c.name == TASK)
    connection.execute(hurried.values(not_before=now, due_at=now))
    return number


def latest(connection: Connection) -> Row[Any] | None:
    """The canary that set out last."""
    return connection.execute(select(canary).order_by(canary.c.id.desc()).limit(1)).one_or_none()


def unlisted(connection: Connection, *, now: datetime) -> Row[Any] | None:
    """The newest canary that set out and is still in time, but has not been listed yet."""
    waiting = select(canary).where(canary.c.listed_at.is_(None), canary.c.wanted_by > now)
    return connection.execute(waiting.order_by(canary.c.id.desc()).limit(1)).one_or_none()


def overdue(connection: Connection, *, now: datetime) -> Sequence[int]:
    """Those that should be there by now, and of which it is not known yet."""
    open_ = and_(canary.c.arrived_at.is_(None), canary.c.missed_at.is_(None))
    late = select(canary.c.id).where(canary.c.wanted_by <= now, open_)
    return connection.execute(late.order_by(canary.c.id.desc()).limit(LOOKED_BACK)).scalars().all()


def unsettled(connection: Connection, *, now: datetime) -> datetime | None:
    """When the next canary under way should be there."""
    coming = select(canary.c.wanted_by).where(canary.c.wanted_by > now)
    return connection.execute(coming.order_by(canary.c.wanted_by).limit(1)).scalar()


def note(connection: Connection, number: int, **values: object) -> None:
    """Keep what became of one."""
    connection.execute(update(canary).where(canary.c.id == number).values(**values))


def journey(connection: Connection, number: int, channels: Sequence[str]) -> Journey:
    """How far one has come; `channels` are those that it is for."""
    row = connection.execute(select(canary).where(canary.c.id == number)).one()
    keys = {key_of(number, name): name for name in channels}
    asked = select(delivery).where(delivery.c.key.in_(keys))
    found = {keys[each.key]: each for each in connection.execute(asked)}
    failures = [each.failure for each in found.values() if each.sent_at is None and each.failure]
    return Journey(
        number=number,
        begun_at=row.begun_at,
        wanted_by=row.wanted_by,
        listed_at=row.listed_at,
        read_at=row.read_at or _read_at(connection, number),
        judged_at=row.judged_at,
        sent_at=tuple((name, found[name].sent_at if name in found else None) for name in channels),
        failure="; ".join(filter(None, [row.failure, *failures])),
    )


def key_of(number: int, channel: str) -> str:
    """The idempotency key of a canary's message to one channel."""
    return digest(Kind.CANARY, channel, str(number))


def list_entry(connection: Connection, number: int, item: Entry, *, now: datetime) -> None:
    """Store a canary's entry, due to be read; what is left of earlier ones is taken away."""
    feed_id = _feed(connection, now=now)
    _forget(connection, feed_id)
    connection.execute(
        entry.insert().values(
            feed_id=feed_id,
            key=str(number),
            content_key=digest("canary", str(number)),
            title=item.title,
            summary=item.summary,
            text=item.text,
            language=item.language,
            published_at=item.published,
            seen_at=now,
            origin=Origin.CANARY,
            not_before=now,
            due_at=now,
        )
    )
    note(connection, number, listed_at=now)


def number_of(connection: Connection, article_id: int) -> int | None:
    """Which canary an article is; None if it was given up meanwhile."""
    asked = select(entry.c.key).where(entry.c.article_id == article_id)
    found = connection.execute(asked.limit(1)).scalar()
    return None if found is None else int(found)


def finish(connection: Connection, article_id: int) -> None:
    """Take a judged canary out of the tables: it is no news, and is counted nowhere."""
    connection.execute(delete(entry).where(entry.c.article_id == article_id))
    connection.execute(delete(article).where(article.c.id == article_id))


def queue(
    connection: Connection,
    channels: Sequence[Channel],
    *,
    number: int,
    said: Message,
    now: datetime,
) -> None:
    """Queue a canary's message to each channel that is for canaries."""
    for channel in channels:
        insert_new(
            connection,
            delivery,
            key=key_of(number, channel.name),
            channel=channel.name,
            kind=Kind.CANARY,
            severity=Severity.CRITICAL,  # it proves the way of what no quiet hours hold
            state=State.QUEUED,
            title=said.title,
            body=said.body,
            created_at=now,
            not_before=now,
            due_at=now,
        )


def give_up(connection: Connection, number: int, channels: Sequence[str]) -> None:
    """A message that says that all is well must not arrive an hour late: drop what waits."""
    keys = [key_of(number, name) for name in channels]
    # Also one on its way at this moment: whoever sends it then finds that its claim is lost.
    connection.execute(
        delete(delivery).where(delivery.c.key.in_(keys), delivery.c.sent_at.is_(None))
    )


def forget(connection: Connection, number: int) -> None:
    """Nobody looked whether it arrived: it proves nothing."""
    connection.execute(delete(canary).where(canary.c.id == number))


def missed_before(connection: Connection, number: int) -> bool:
    """Whether the one before, of those of which it is known, did not arrive."""
    known = or_(canary.c.arrived_at.is_not(None), canary.c.missed_at.is_not(None))
    before = select(canary.c.missed_at).where(canary.c.id < number, known)
    return connection.execute(before.order_by(canary.c.id.desc()).limit(1)).scalar() is not None


def _read_at(connection: Connection, number: int) -> datetime | None:
    """When one that is not judged yet became an article."""
    asked = (
        select(article.c.read_at)
        .join(entry, entry.c.article_id == article.c.id)
        .where(entry.c.key == str(number), entry.c.origin == Origin.CANARY)
    )
    found: datetime | None = connection.execute(asked.limit(1)).scalar()
    return found


def _feed(connection: Connection, *, now: datetime) -> int:
    """The feed of the canaries, which is not polled; made if need be."""
    known = connection.execute(select(feed.c.id).where(feed.c.url == canaries.FEED)).scalar()
    if known is not None:
        return int(known)
    source = {"country": "ZZ", "language": "en", "tier": Tier.INDEPENDENT}
    insert_new(connection, outlet, id=canaries.OUTLET, name="Canary", **source)
    row = insert_new(
        connection,
        feed,
        url=canaries.FEED,
        outlet_id=canaries.OUTLET,
        host="",
        interval=0,
        key_mode=KeyMode.GUID,
        retired_at=now,
        not_before=now,
    )
    if row is None:
        raise LookupError("the feed of the canaries was made by another process just now")
    return int(row.id)


def _forget(connection: Connection, feed_id: int) -> None:
    """Canaries that got stuck on the way."""
    ids = select(article.c.id).where(article.c.feed_id == feed_id)
    connection.execute(delete(entry).where(entry.c.feed_id == feed_id))
    connection.execute(delete(article).where(article.c.id.in_(ids)))
