"""What waits for an hour of its channel: held back, forwarded, and told together afterwards.

Decided whenever messages are claimed, by the hours that are in force then: no hour is in a row, so
an edit of them, a clock that jumps and a crash find nothing to mend.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from monitor.core import hours
from monitor.core.alerts import Way
from monitor.core.hours import Hold, Otherwise, RuleHours, Why
from monitor.core.identity import digest
from monitor.core.model import Channel, ChannelName, DeliveryId, RuleId, Severity
from monitor.core.outbox import Kind, State
from monitor.storage import escalations
from monitor.storage.deliveries import GATHERED, PREPARED
from monitor.storage.schema import alert, delivery, delivery_alert
from monitor.storage.upsert import insert_new
from monitor.storage.work import due, unindexed

_stand_in = delivery.alias("stand_in")
_WAITING = (State.QUEUED, State.SENDING, State.UNKNOWN)
_CAN_WAIT = or_(delivery.c.severity.is_(None), delivery.c.severity != Severity.CRITICAL)


Quiet = Mapping[RuleId, Sequence[RuleHours]]  # of the rules that have hours of their own
_OF_RULES = frozenset({Kind.ALERT, Kind.UPDATE, Kind.REVISION})  # what their hours are about


def keep(
    connection: Connection, channels: Iterable[Channel], *, quiet: Quiet, now: datetime
) -> None:
    """Hold back what is due at a channel that wants peace now; tell together what was held.

    So is what all rules of a message hold back by their own hours; what one of them wants all the
    same passes the quiet hours of its channel, and nothing else.
    """
    channels = list(channels)
    keeping = bool(quiet) or any(channel.peace.keeps for channel in channels)
    asked = connection.execute(_at_hand() if keeping else _held_back(), {"now": now})
    found: dict[str, int] = {row[0]: row[1] for row in asked}
    for channel in channels:
        if channel.name in found and (quiet or channel.peace.keeps or found[channel.name]):
            _keep(connection, channel, quiet, now=now)


@cache
def _at_hand() -> Select[str, int]:
    """Which channels have something due, and how much of it was held; built once, as all claims."""
    now = bindparam("now", type_=delivery.c.due_at.type)
    channel = unindexed(delivery.c.channel)
    return (
        select(channel, func.count(delivery.c.held)).where(due(delivery, now=now)).group_by(channel)
    )


@cache
def _held_back() -> Select[str, int]:
    return _at_hand().where(delivery.c.held > "")  # not "is not null": the index of those is used


def _keep(connection: Connection, channel: Channel, quiet: Quiet, *, now: datetime) -> None:
    peace = channel.peace
    rota = peace.on_call is not None and peace.on_call.otherwise is Otherwise.FALLBACK
    if rota and hours.off_call(peace, now):
        _forward(connection, channel, now=now)
    wanted = _by_rules(connection, channel, quiet, now=now) if quiet else ()
    held = hours.hold(peace, now)
    if held is not None:
        spared = wanted if held.why is Why.QUIET else ()
        _hold(connection, channel, held, spared=spared, now=now)
        return
    waiting = _together(connection, channel, now=now)
    if len(waiting) > 1 and any(each.held for each in waiting):
        _merge(connection, channel, waiting, now=now)
    if peace.rate is not None:
        _cap(connection, channel, peace.rate, now=now)


def _cap(connection: Connection, channel: Channel, rate: hours.Rate, *, now: datetime) -> None:
    """Let the last message that the cap leaves room for tell all that waits; hold what is more."""
    of_channel = delivery.c.channel == channel.name
    lately = and_(of_channel, delivery.c.sent_at > now - rate.every, delivery.c.part_of.is_(None))
    sent = connection.execute(select(delivery.c.sent_at).where(lately)).scalars().all()
    flying = and_(of_channel, delivery.c.state == State.SENDING, delivery.c.due_at > now)
    under_way = connection.execute(select(func.count()).where(flying)).scalar_one()
    left, free_at = hours.room(rate, [*sent, *[now] * under_way], now)
    if left <= 0:
        _hold(connection, channel, Hold(Why.BURST, free_at), now=now)
    elif left == 1:
        waiting = _together(connection, channel, now=now)
        if len(waiting) > 1:
            _merge(connection, channel, waiting, now=now)


def _by_rules(
    connection: Connection, channel: Channel, quiet: Quiet, *, now: datetime
) -> Collection[int]:
    """Hold back what its rules want to wait; what one of them wants at once, by number."""
    asked = (
        select(delivery.c.id, alert.c.rule_id)
        .join(delivery_alert, delivery_alert.c.delivery_id == delivery.c.id)
        .join(alert, alert.c.id == delivery_alert.c.alert_id)
        .where(delivery.c.channel == channel.name, delivery.c.kind.in_(_OF_RULES))
        .where(delivery.c.state.in_(_WAITING), due(delivery, now=now), _CAN_WAIT)
    )
    rules: defaultdict[int, set[RuleId]] = defaultdict(set)
    for row in connection.execute(asked):
        rules[row.id].add(RuleId(row.rule_id))
    wanted: list[int] = []
    until: defaultdict[datetime, list[int]] = defaultdict(list)
    for number, named in rules.items():
        spans = [quiet.get(each, ()) for each in named]
        if hours.wanted_by_rules(spans, now):
            wanted.append(number)
        elif (held := hours.held_by_rules(spans, now)) is not None:
            until[held].append(number)
    for moment, numbers in until.items():
        held_back = update(delivery).where(delivery.c.id.in_(numbers))
        connection.execute(held_back.values(not_before=moment, held=Why.QUIET))
        escalations.wait(connection, numbers, until=moment)
    return wanted


def _hold(
    connection: Connection,
    channel: Channel,
    hold: Hold,
    *,
    now: datetime,
    spared: Collection[int] = (),
) -> None:
    """Let what is due, and is neither critical nor spared, wait."""
    waiting = and_(
        delivery.c.channel == channel.name,
        delivery.c.state.in_(_WAITING),
        due(delivery, now=now),
        delivery.c.id.not_in(spared),
        _CAN_WAIT,
    )
    held = update(delivery).where(waiting).values(not_before=hold.until, held=hold.why)
    numbers = connection.execute(held.returning(delivery.c.id)).scalars().all()
    escalations.wait(connection, numbers, until=hold.until)


def _untouched(channel: ChannelName, *, now: datetime) -> ColumnElement[bool]:
    """Messages that are due, were never tried, and that nothing stands in for."""
    return and_(
        delivery.c.channel == channel,
        delivery.c.state == State.QUEUED,
        due(delivery, now=now),
        delivery.c.tried_at.is_(None),
        delivery.c.uncertain == 0,
        delivery.c.fallback_of.is_(None),
        ~exists().where(_stand_in.c.fallback_of == delivery.c.id),
    )


def _together(connection: Connection, channel: Channel, *, now: datetime) -> Sequence[Row[Any]]:
    """What one digest may tell. A welcome and what was missed stay what they are."""
    chosen = and_(
        _untouched(channel.name, now=now),
        _CAN_WAIT,
        func.coalesce(delivery.c.collection, "").not_in(GATHERED),
    )
    asked = select(delivery).where(chosen).order_by(delivery.c.id)
    return connection.execute(asked.with_for_update(skip_locked=True)).all()


def _merge(
    connection: Connection, channel: Channel, rows: Sequence[Row[Any]], *, now: datetime
) -> None:
    """Make one digest of messages; notices are kept as its parts, as their keys are told once."""
    into = next((row.id for row in rows if row.collection == Way.TOGETHER), None)
    if into is None:
        into = _open(connection, channel, rows, now=now)
    others = [row for row in rows if row.id != into]
    noticed = [row.id for row in others if row.kind in PREPARED]
    told = [row.id for row in others if row.kind not in PREPARED]
    parts = or_(delivery.c.id.in_(noticed), delivery.c.part_of.in_(told))
    connection.execute(update(delivery).where(parts).values(part_of=into, due_at=None))
    moved = update(delivery_alert).where(delivery_alert.c.delivery_id.in_(told))
    connection.execute(moved.values(delivery_id=into))
    connection.execute(delete(delivery).where(delivery.c.id.in_(told)))
    escalations.let_go(connection, told)
    keep_digest_open(connection, channel, now=now)


def _open(
    connection: Connection, channel: Channel, rows: Sequence[Row[Any]], *, now: datetime
) -> DeliveryId:
    made = connection.execute(
        delivery.insert()
        .values(
            key=digest("together", channel.name, rows[0].key),
            channel=channel.name,
            kind=Kind.DIGEST,
            state=State.QUEUED,
            collection=Way.TOGETHER,
            held=next((row.held for row in rows if row.held), Why.BURST),
            created_at=min(row.created_at for row in rows),
            not_before=now,
            due_at=now,
        )
        .returning(delivery.c.id)
    )
    return DeliveryId(made.scalar_one())


def _forward(connection: Connection, channel: Channel, *, now: datetime) -> None:
    """Give what comes while nobody is on call to the channel that takes it then, once."""
    if channel.fallback is None:
        return
    chosen = and_(
        _untouched(channel.name, now=now),
        delivery.c.forwarded_from.is_(None),
        delivery.c.kind.not_in([Kind.DIGEST, Kind.CANARY]),  # a canary proves this very channel
    )
    asked = select(delivery).where(chosen).order_by(delivery.c.id)
    for row in connection.execute(asked.with_for_update(skip_locked=True)).all():
        _give(connection, row, channel.fallback.channel)


def _give(connection: Connection, row: Row[Any], to: ChannelName) -> None:
    """What the other channel is told of anyhow is told there once."""
    pairs = delivery_alert.c
    told = select(pairs.alert_id).where(pairs.channel == to)
    of_row = pairs.delivery_id == row.id
    carried = connection.execute(select(func.count()).where(of_row)).scalar_one()
    twice = delete(delivery_alert).where(of_row, pairs.alert_id.in_(told))
    repeated = connection.execute(twice).rowcount
    mine = delivery.c.id == row.id
    if carried and repeated == carried:
        _let_go(connection, row)
        return
    if row.kind in PREPARED and not carried and (same := _same_notice(connection, row, to)):
        gone = {"part_of": same, "due_at": None}
        connection.execute(update(delivery).where(mine).values(**gone))
        return
    connection.execute(update(delivery_alert).where(of_row).values(channel=to))
    given = {"channel": to, "forwarded_from": row.channel, "held": None}
    connection.execute(update(delivery).where(mine).values(**given))


def _let_go(connection: Connection, row: Row[Any]) -> None:
    """Nothing is left to tell; the key of a correction is remembered."""
    mine = delivery.c.id == row.id
    if row.kind in PREPARED:
        gone = {"state": State.SENT, "due_at": None, "failure": None}
        connection.execute(update(delivery).where(mine).values(**gone))
    else:
        connection.execute(delete(delivery).where(mine))


def _same_notice(connection: Connection, row: Row[Any], to: ChannelName) -> int | None:
    """The delivery by which the other channel gets the same words."""
    same = and_(
        delivery.c.channel == to,
        delivery.c.kind == row.kind,
        delivery.c.title == row.title,
        delivery.c.body == row.body,
        delivery.c.created_at == row.created_at,
    )
    return connection.execute(select(delivery.c.id).where(same).limit(1)).scalar()


# --- what is held, and what becomes of it -------------------------------------------------------


def parts(connection: Connection, number: int) -> Sequence[Row[Any]]:
    """The notices that a digest tells beside its stories, the oldest first."""
    told = select(delivery).where(delivery.c.part_of == number, delivery.c.kind.in_(PREPARED))
    return connection.execute(told.order_by(delivery.c.created_at, delivery.c.id)).all()


def follow(connection: Connection, number: int, state: State, *, now: datetime | None) -> None:
    """What became of a digest has become of its parts; `now` is when they were sent."""
    changed: dict[str, object] = {"state": state}
    if state is State.SENT:
        changed["sent_at"] = now
    connection.execute(update(delivery).where(delivery.c.part_of == number).values(**changed))


def replan(connection: Connection, channels: Iterable[Channel], *, now: datetime) -> None:
    """Let the hours that are in force now decide anew what waits, at a start and at an edit."""
    for channel in channels:
        waiting = and_(
            delivery.c.channel == channel.name,
            delivery.c.state.in_(_WAITING),
            delivery.c.due_at.is_not(None),
            delivery.c.not_before > now,
        )
        held = and_(waiting, delivery.c.held.is_not(None))
        untils = select(delivery.c.not_before).where(held)
        # A correction waits right behind what it corrects.
        behind = and_(delivery.c.kind == Kind.REVISION, delivery.c.not_before.in_(untils))
        freed = update(delivery).where(waiting, or_(delivery.c.held.is_not(None), behind))
        free = freed.values(not_before=now).returning(delivery.c.id)
        escalations.wait(connection, connection.execute(free).scalars().all(), until=now)
        _replan_digest(connection, channel)
        keep_digest_open(connection, channel, now=now)


def _open_digests(channel: Channel) -> ColumnElement[bool]:
    return and_(
        delivery.c.channel == channel.name,
        delivery.c.state == State.QUEUED,
        delivery.c.collection == Way.DIGEST,
        delivery.c.digest_of.is_(None),
        delivery.c.tried_at.is_(None),
        delivery.c.fallback_of.is_(None),
    )


def _replan_digest(connection: Connection, channel: Channel) -> None:
    """An open digest goes out when its channel wants one by now."""
    wanted = and_(_open_digests(channel), delivery.c.held.is_(None))
    for row in connection.execute(select(delivery.c.id, delivery.c.created_at).where(wanted)):
        at = hours.next_digest(channel.peace.digests, row.created_at)
        moved = update(delivery).where(delivery.c.id == row.id)
        connection.execute(moved.values(not_before=at))


def keep_digest_open(connection: Connection, channel: Channel, *, now: datetime) -> None:
    """A channel that wants empty digests has one open; without them an empty one is let go."""
    empty = ~exists().where(delivery_alert.c.delivery_id == delivery.c.id)
    if not channel.peace.digests.empty:
        connection.execute(delete(delivery).where(_open_digests(channel), empty))
        return
    if connection.execute(select(delivery.c.id).where(_open_digests(channel)).limit(1)).first():
        return
    insert_new(
        connection,
        delivery,
        key=digest("empty", channel.name, now.isoformat()),
        channel=channel.name,
        kind=Kind.DIGEST,
        state=State.QUEUED,
        collection=Way.DIGEST,
        created_at=now,
        not_before=hours.next_digest(channel.peace.digests, now),
        due_at=now,
    )


def held(connection: Connection, *, now: datetime) -> Sequence[Row[Any]]:
    """For each channel how many messages are held back, why, and until when the first is."""
    waiting = and_(
        delivery.c.held.is_not(None), delivery.c.due_at.is_not(None), delivery.c.not_before > now
    )
    grouped = (
        select(
            delivery.c.channel,
            delivery.c.held,
            func.count().label("n"),
            func.min(delivery.c.not_before).label("until"),
        )
        .where(waiting)
        .group_by(delivery.c.channel, delivery.c.held)
    )
    return connection.execute(grouped.order_by(delivery.c.channel, delivery.c.held)).all()
