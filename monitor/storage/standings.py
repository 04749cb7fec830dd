"""How channels stand, as the tables hold it."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    and_,
    bindparam,
    exists,
    literal_column,
    select,
    update,
)

from monitor.core.model import Channel, ChannelName
from monitor.core.outbox import Outcome, State
from monitor.core.standing import Standing, after_try
from monitor.storage.schema import channel as table
from monitor.storage.schema import delivery
from monitor.storage.upsert import insert_or_update


def resting(*, now: datetime | BindParameter[datetime]) -> Select[tuple[str]]:
    """The names of channels that are left alone for now."""
    return select(table.c.name).where(table.c.free_at > now)


def of(connection: Connection, name: ChannelName) -> Standing | None:
    """How a channel stands; None of one that has never failed and has no pace of its own."""
    row = connection.execute(_OF, {"name": name}).one_or_none()
    return None if row is None else Standing(*row[1:])


_OF = select(table).where(table.c.name == bindparam("name"))  # built once: asked at every try


# Asked of a message that ends: whether its channel failed when last tried. Named as in `fallbacks`.
FAILING = (
    exists()
    .where(table.c.name == literal_column("delivery.channel"), table.c.failures > 0)
    .label("channel_failing")
)


def note_try(
    connection: Connection, channel: Channel, outcome: Outcome, *, failing: bool, now: datetime
) -> Standing:
    """Keep what a try says of its channel. One that is back gets all that waits for it at once.

    `failing`: whether it may have failed before. How others stand matters for their budgets only.
    """
    known = failing or channel.budget is not None
    before = of(connection, channel.name) if known else None
    after = after_try(before, channel, outcome, now=now)
    failed = after.failures or (before is not None and before.failures)
    if failed or channel.budget is not None or after.free_at > now:
        insert_or_update(connection, table, key="name", name=channel.name, **asdict(after))
    if before is not None and before.rests and not after.failures:
        waiting = and_(delivery.c.channel == channel.name, delivery.c.state == State.QUEUED)
        later = and_(waiting, delivery.c.due_at > now)
        connection.execute(update(delivery).where(later).values(due_at=now))
    return after
