"""The processes of the watch, one after another: when each began, was seen, and ended."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from monitor.core.lives import Ending, Former
from monitor.storage.schema import life, task

SEEN_EVERY = timedelta(minutes=1)
ALIVE = 3 * SEEN_EVERY  # one that was seen so lately may still run beside this one
KEPT = timedelta(days=365)


def begin(
    connection: Connection, *, host: str, boot: str, version: str, alone: bool, now: datetime
) -> tuple[int, Former | None]:
    """Note that a process begins; its number, and the one before it on this machine.

    `alone`: no other process can be at work on this database.
    """
    connection.execute(delete(life).where(life.c.began_at < now - KEPT))
    ended = life.c.ended_at.is_not(None)
    before = select(life).where(life.c.host == host)
    if not alone:
        before = before.where(ended | (life.c.seen_at <= now - ALIVE))
    row = connection.execute(before.order_by(life.c.id.desc()).limit(1)).one_or_none()
    former = None
    if row is not None and row.ended_at is not None:
        former = Former(row.ended_at, Ending.CLEAN)
    elif row is not None:
        former = Former(row.seen_at, Ending.KILLED if row.boot == boot else Ending.POWER)
    made = life.insert().values(host=host, boot=boot, version=version, began_at=now, seen_at=now)
    number = connection.execute(made.returning(life.c.id)).scalar_one()
    if row is not None and row.seen_at > now:
        hurry_tasks(connection, now=now)
    return int(number), former


def seen(connection: Connection, number: int, *, now: datetime) -> None:
    """Note a sign of life. A clock that was set back would keep tasks waiting: they are due."""
    last = connection.execute(select(life.c.seen_at).where(life.c.id == number)).scalar()
    connection.execute(update(life).where(life.c.id == number).values(seen_at=now))
    if last is not None and now < last - SEEN_EVERY:
        hurry_tasks(connection, now=now)


def end(connection: Connection, number: int, *, now: datetime) -> None:
    """Note that a process ends in order."""
    ended = update(life).where(life.c.id == number)
    connection.execute(ended.values(seen_at=now, ended_at=now))


def began(connection: Connection, number: int) -> datetime:
    """When a process began."""
    found: datetime = connection.execute(
        select(life.c.began_at).where(life.c.id == number)
    ).scalar_one()
    return found


def hurry_tasks(connection: Connection, *, now: datetime) -> None:
    """Let every recurring task find its time anew."""
    connection.execute(
        update(task).where(task.c.not_before > now).values(not_before=now, due_at=now)
    )
