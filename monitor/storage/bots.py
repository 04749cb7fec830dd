"""Whose answers are read: how far, by whom, and since when that fails."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select, update

from monitor.storage import work
from monitor.storage.schema import bot
from monitor.storage.upsert import insert_new
from monitor.storage.work import Claim


def row_of(connection: Connection, name: str) -> Row[Any] | None:
    """What is known of a bot."""
    return connection.execute(select(bot).where(bot.c.name == name)).first()


def is_due(connection: Connection, name: str, *, now: datetime) -> bool:
    """Whether somebody may ask for its answers now."""
    row = row_of(connection, name)
    return row is None or (row.due_at is not None and max(row.due_at, row.not_before) <= now)


def claim(connection: Connection, name: str, *, now: datetime, lease: timedelta) -> Claim | None:
    """Be the only one to ask for the answers to a bot; None if somebody else does."""
    insert_new(connection, bot, name=name, not_before=now, due_at=now)
    found = work.claim_chosen(connection, bot, [name], now=now, lease=lease)
    return found[0] if found else None


def advance(connection: Connection, claim: Claim, *, to: int) -> bool:
    """All updates before this one are handled; False if the claim was lost."""
    mine = update(bot).where(bot.c.name == claim.key, bot.c.claims == claim.claims)
    moved = connection.execute(mine.values(next_update=to).returning(bot.c.name))
    return moved.first() is not None
