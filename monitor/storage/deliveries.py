"""The outbox: one row per message and channel, from decided to sent."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    BindParameter,
    ColumnElement,
    Connection,
    Label,
    String,
    Update,
    and_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from monitor.core import escalating, hours
from monitor.core.alerts import GATHERING_LIMIT, UPDATES_APART, Origin, Way
from monitor.core.identity import digest
from monitor.core.incidents import IncidentId
from monitor.core.messages import Message
from monitor.core.model import AlertId, Channel, ChannelName, DeliveryId, RuleId, Severity, Step
from monitor.core.outbox import Kind, State
from monitor.storage import answers, escalations, fallbacks, known, standings
from monitor.storage.schema import alert, article, delivery, delivery_alert, entry, feed
from monitor.storage.upsert import insert_new
from monitor.storage.work import Claim, claim, claims, due, taking, unindexed

# Digests that tell once what a start or an outage brought: open until all of that origin is read.
GATHERED = {Way.WELCOME: Origin.WELCOME, Way.MISSED: Origin.MISSED}
GATHERING_CALM = timedelta(seconds=20)  # after its last alert such a digest waits this long
GATHERING_LOOK = timedelta(seconds=5)  # between looks whether all of it has come


PREPARED = frozenset(
    {Kind.OPS, Kind.VOLUME, Kind.REVISION, Kind.CANARY}
)  # whose words the row holds from the start


@dataclass(frozen=True, slots=True)
class Addressed:
    """An alert on its way to one channel; `incident` is what it is about.

    `severity` is None for what rides along in the message of another. `collected`: its rule has a
    digest of its own.
    """

    alert: AlertId
    way: Way
    channel: Channel
    incident: IncidentId
    first: bool = True  # nobody knew of the incident, and it is no weak match
    severity: Severity | None = None
    collected: "Collected | None" = None
    steps: tuple[Step, ...] = ()  # of its rule's own escalation

    @property
    def urgent(self) -> bool:
        """Enough for the escalation of its channel."""
        return self.severity in escalating.URGENT


@dataclass(frozen=True, slots=True)
class Collected:
    """A digest of one rule alone, sent so long after the first of it."""

    rule: RuleId
    every: timedelta


def queue(connection: Connection, alerts: Sequence[Addressed], *, now: datetime) -> None:
    """Queue what one triage decided: one message a channel, or a line in its open digest."""
    for channel in sorted({each.channel for each in alerts}, key=lambda channel: channel.name):
        for way in Way:
            told = [each for each in alerts if (each.channel, each.way) == (channel, way)]
            for digest_of in dict.fromkeys(each.collected for each in told):
                chosen = [each for each in told if each.collected == digest_of]
                _add(connection, channel, way, chosen, now=now)
        _plan_fallback(connection, channel, now=now)
    _escalate(connection, alerts, now=now)


def _escalate(connection: Connection, alerts: Sequence[Addressed], *, now: datetime) -> None:
    """Plan whom to call if nobody acknowledges what goes out at once: each channel once a step."""
    told = [each for each in alerts if each.way is Way.AT_ONCE and (each.steps or each.urgent)]
    if not any(each.steps or each.channel.escalation for each in told):
        return
    taken = escalations.in_hand(connection, {each.incident for each in told})
    planned: set[tuple[timedelta, ChannelName]] = set()
    for channel in dict.fromkeys(each.channel for each in told):
        new = [each for each in told if each.channel == channel and each.incident not in taken]
        steps = escalating.steps_of((each.steps, channel, each.urgent) for each in new) - planned
        if steps:
            carries = delivery_alert.c.alert_id == new[0].alert
            asked = select(delivery_alert.c.delivery_id).where(
                carries, delivery_alert.c.channel == channel.name
            )
            escalations.plan(connection, connection.execute(asked).scalar_one(), steps, now=now)
            planned |= steps


def _plan_fallback(connection: Connection, channel: Channel, *, now: datetime) -> None:
    """What comes while its channel is left alone may be told by another before it is tried."""
    if channel.fallback is not None:
        standing = standings.of(connection, channel.name)
        if standing is not None and standing.failures:
            fallbacks.plan(connection, channel, now=now)


def _add(
    connection: Connection,
    channel: Channel,
    way: Way,
    alerts: Sequence[Addressed],
    *,
    now: datetime,
) -> None:
    about = [each.incident for each in alerts]
    delivery_id = None
    if way is Way.UPDATE:
        delivery_id = _open_bundle(connection, channel, about)
        if delivery_id is not None:
            _hurry(connection, delivery_id, _closes(connection, channel, about, now=now))
    elif way is Way.AT_ONCE:
        delivery_id = _open_message(connection, channel, alerts)
    else:
        delivery_id = _open_digest(connection, channel, way, alerts[0].collected, now=now)
    if delivery_id is None:
        delivery_id = _create(connection, channel, way, alerts, now=now)
    for each in alerts:
        insert_new(
            connection,
            delivery_alert,
            delivery_id=delivery_id,
            alert_id=each.alert,
            channel=channel.name,
        )
    if way in (Way.UPDATE, Way.AT_ONCE):
        _raise(connection, delivery_id, _most_urgent(alerts))
    if way is Way.AT_ONCE:
        _take_in(connection, channel, about, into=delivery_id)


def _most_urgent(alerts: Sequence[Addressed]) -> Severity | None:
    told = [each.severity for each in alerts if each.severity is not None]
    return min(told, key=lambda each: each.rank, default=None)


def _raise(connection: Connection, message: DeliveryId, severity: Severity | None) -> None:
    """Let a message be as urgent as the most urgent that has come to it."""
    if severity is not None:
        lesser = [each.value for each in Severity if each.rank > severity.rank]
        below = or_(delivery.c.severity.is_(None), delivery.c.severity.in_(lesser))
        raised = update(delivery).where(delivery.c.id == message, below)
        connection.execute(raised.values(severity=severity))


def _unsealed(channel: Channel) -> ColumnElement[bool]:
    """A message of this channel that no claim has sealed yet."""
    return and_(
        delivery.c.channel == channel.name,
        delivery.c.state == State.QUEUED,
        delivery.c.tried_at.is_(None),
        delivery.c.fallback_of.is_(None),
        delivery.c.part_of.is_(None),
    )


def _open_message(
    connection: Connection, channel: Channel, alerts: Sequence[Addressed]
) -> DeliveryId | None:
    """The message on the story of these alerts that is decided, and not yet on its way.

    Articles of one story that come together are told together, whatever rules they satisfy.
    """
    ids = [each.alert for each in alerts]
    stories = select(alert.c.story_id).where(alert.c.id.in_(ids), alert.c.story_id.is_not(None))
    told = (
        select(delivery_alert.c.delivery_id)
        .join(alert, alert.c.id == delivery_alert.c.alert_id)
        .where(alert.c.story_id.in_(stories), delivery_alert.c.channel == channel.name)
    )
    at_once = and_(delivery.c.collection.is_(None), delivery.c.kind.in_([Kind.ALERT, Kind.UPDATE]))
    free = delivery.c.held.is_(None)  # what is critical joins nothing that is held back
    asked = select(delivery.c.id).where(_unsealed(channel), at_once, free, delivery.c.id.in_(told))
    found = connection.execute(asked.order_by(delivery.c.id).with_for_update()).scalars().first()
    if found is not None and any(each.first for each in alerts):
        known = delivery.c.id == found
        connection.execute(update(delivery).where(known).values(kind=Kind.ALERT))
    return None if found is None else DeliveryId(found)


def _open_bundle(
    connection: Connection, channel: Channel, about: Sequence[IncidentId]
) -> DeliveryId | None:
    """The message that waits to tell what else is new of one of these incidents."""
    waiting = and_(
        _unsealed(channel),
        delivery.c.collection == Way.UPDATE,
        delivery.c.incident_id.in_(about),
    )
    asked = select(delivery.c.id).where(waiting).order_by(delivery.c.id).with_for_update()
    found = connection.execute(asked).scalars().first()
    return None if found is None else DeliveryId(found)


def _take_in(
    connection: Connection, channel: Channel, about: Sequence[IncidentId], *, into: DeliveryId
) -> None:
    """Let a message that goes out at once tell what waited to be told of its incidents."""
    while (bundle := _open_bundle(connection, channel, about)) is not None:
        moved = update(delivery_alert).where(delivery_alert.c.delivery_id == bundle)
        connection.execute(moved.values(delivery_id=into))
        connection.execute(delete(delivery).where(delivery.c.id == bundle))


def _hurry(connection: Connection, bundle: DeliveryId, closes_at: datetime) -> None:
    """Let a bundle go out by then: what has come counts more than what it waited for."""
    later = and_(delivery.c.id == bundle, delivery.c.not_before > closes_at)
    connection.execute(update(delivery).where(later).values(not_before=closes_at))


def _closes(
    connection: Connection,
    channel: Channel,
    about: Sequence[IncidentId],
    *,
    now: datetime,
) -> datetime:
    """When a bundle goes out: so long after the last message on its incidents that has gone out.

    Not before the end of a snooze.
    """
    bundle = and_(delivery.c.collection == Way.UPDATE, _unsealed(channel))
    waits = and_(delivery.c.held.is_not(None), delivery.c.sent_at.is_(None))
    messages = and_(
        delivery.c.channel == channel.name,
        delivery.c.incident_id.in_(about),
        delivery.c.escalates.is_(None),
        ~bundle,
        ~waits,
    )
    last = connection.execute(select(func.max(delivery.c.not_before)).where(messages)).scalar()
    closes = now if last is None else max(now, last + UPDATES_APART)
    return max(closes, answers.snoozed_until(connection, about, now=now) or closes)


def _open_digest(
    connection: Connection,
    channel: Channel,
    way: Way,
    collected: Collected | None,
    *,
    now: datetime,
) -> DeliveryId | None:
    """The digest of this channel, or of a rule at it, that no claim has sealed yet."""
    digest_of = delivery.c.digest_of
    found = connection.execute(
        select(delivery.c.id)
        .where(
            _unsealed(channel),
            delivery.c.collection == way,
            digest_of.is_(None) if collected is None else digest_of == collected.rule,
        )
        .with_for_update()
    ).scalar()
    if found is not None and way in GATHERED:
        later = {"not_before": now + GATHERING_CALM}
        connection.execute(update(delivery).where(delivery.c.id == found).values(**later))
    return None if found is None else DeliveryId(found)


def _create(
    connection: Connection,
    channel: Channel,
    way: Way,
    alerts: Sequence[Addressed],
    *,
    now: datetime,
) -> DeliveryId:
    collected = alerts[0].collected
    not_before = now + (GATHERING_CALM if way in GATHERED else timedelta())
    if way is Way.DIGEST:
        not_before = hours.next_digest(channel.peace.digests, now)
        if collected is not None:
            not_before = now + collected.every
    if way is Way.UPDATE:
        about = [each.incident for each in alerts]
        not_before = _closes(connection, channel, about, now=now)
    new_here = not known.told(connection, channel.name, {each.incident for each in alerts})
    at_once = Kind.ALERT if new_here or any(each.first for each in alerts) else Kind.UPDATE
    of_one = way in (Way.AT_ONCE, Way.UPDATE)
    created = connection.execute(
        delivery.insert()
        .values(
            key=digest("delivery", channel.name, str(alerts[0].alert)),
            channel=channel.name,
            kind=at_once if of_one else Kind.DIGEST,
            state=State.QUEUED,
            collection=None if way is Way.AT_ONCE else Way.UPDATE if of_one else way,
            incident_id=alerts[0].incident if of_one else None,
            severity=_most_urgent(alerts) if of_one else None,
            digest_of=None if collected is None else collected.rule,
            created_at=now,
            not_before=not_before,
            due_at=now,
        )
        .returning(delivery.c.id)
    )
    return DeliveryId(created.scalar_one())


def notify(
    connection: Connection,
    channels: Sequence[Channel],
    *,
    key: str,
    title: str,
    body: str,
    now: datetime,
    severity: Severity | None = None,
) -> None:
    """Queue a message about the watch itself to each channel, once for each `key`.

    Lines of `body` end at a newline, so a stranger's words in it must not hold one; all else that
    they may hold is made harmless when the message is rendered.
    """
    _prepare(connection, channels, Kind.OPS, key, Message(title, body), severity, now=now)


def announce(
    connection: Connection,
    channels: Sequence[Channel],
    *,
    key: str,
    said: Message,
    severity: Severity,
    now: datetime,
) -> None:
    """Queue a message of a rule that counts to each channel, once for each `key`."""
    _prepare(connection, channels, Kind.VOLUME, key, said, severity, now=now)


def correct(  # noqa: PLR0913 - what a correction is made of
    connection: Connection,
    channel: Channel,
    *,
    key: str,
    said: Message,
    alerts: Sequence[AlertId],
    incident: IncidentId,
    severity: Severity,
    not_before: datetime,
    now: datetime,
) -> int:
    """Queue a message that corrects an earlier one to its channel, once for each `key`; 1 if so."""
    row = insert_new(
        connection,
        delivery,
        key=digest(Kind.REVISION, channel.name, key),
        channel=channel.name,
        kind=Kind.REVISION,
        incident_id=incident,
        severity=severity,
        state=State.QUEUED,
        title=said.title,
        body=said.body,
        created_at=now,
        not_before=not_before,
        due_at=now,
    )
    if row is None:
        return 0
    for each in alerts:
        insert_new(
            connection, delivery_alert, delivery_id=row.id, alert_id=each, channel=channel.name
        )
    return 1


def _prepare(
    connection: Connection,
    channels: Sequence[Channel],
    kind: Kind,
    key: str,
    said: Message,
    severity: Severity | None,
    *,
    now: datetime,
) -> None:
    for channel in channels:
        insert_new(
            connection,
            delivery,
            key=digest(kind, channel.name, key),
            channel=channel.name,
            kind=kind,
            severity=severity,
            state=State.QUEUED,
            title=said.title,
            body=said.body,
            created_at=now,
            not_before=now,
            due_at=now,
        )
        _plan_fallback(connection, channel, now=now)


def last_notice(connection: Connection, *, titles: Collection[str]) -> Any:
    """The newest message of `notify` with one of these titles, sent or not; None for none."""
    told = and_(delivery.c.kind == Kind.OPS, delivery.c.title.in_(titles))
    newest = select(delivery).where(told).order_by(delivery.c.id.desc()).limit(1)
    return connection.execute(newest).one_or_none()


def last_sent_before(connection: Connection, number: int, *, channel: str) -> int:
    """The newest message before this one that its channel took; 0 for none.

    It tells one spell of refusals from the next.
    """
    before = and_(delivery.c.channel == channel, delivery.c.id < number)
    sent = and_(before, delivery.c.state == State.SENT)
    return connection.execute(select(func.max(delivery.c.id)).where(sent)).scalar() or 0


def notices(
    connection: Connection, *, titles: Collection[str], back_to: str
) -> list[tuple[str, str]]:
    """Title and body of the messages of `notify` with these titles, the oldest first.

    Only those from the last one called `back_to` on.
    """
    told = and_(delivery.c.kind == Kind.OPS, delivery.c.title.in_(titles))
    asked = select(delivery.c.title, delivery.c.body).where(told).order_by(delivery.c.id.desc())
    found: list[tuple[str, str]] = []
    for row in connection.execute(asked):
        found.append((row.title, row.body))
        if row.title == back_to:
            break
    return found[::-1]


def recall(connection: Connection, *, title: str) -> None:
    """Drop the messages of `notify` with this title that have certainly not arrived."""
    told = and_(delivery.c.kind == Kind.OPS, delivery.c.title == title)
    unsent = and_(delivery.c.state == State.QUEUED, delivery.c.uncertain == 0)
    connection.execute(delete(delivery).where(told, unsent))


def claim_deliveries(
    connection: Connection,
    *,
    channels: Collection[str],
    now: datetime,
    lease: timedelta,
    limit: int,
) -> list[Claim]:
    """Take the next message of each configured channel that has none on its way.

    A row found in state sending was cut short by a crash: whether it arrived is not known. Cut
    short twice, it may be what kills the process: it is sent when nothing else is on its way, or
    the innocent ones beside it would be taken for such as well.
    """
    moments = {"now": now, "gathered": now - GATHERING_LIMIT}
    connection.execute(_holding(), {**moments, "later": now + GATHERING_LOOK})
    given = {**moments, "until": now + lease, "most": limit, "channels": list(channels)}
    if limit <= 0:
        return []
    found = claims(connection, _claiming(), delivery, given)
    return found or claims(connection, _claiming_suspect(), delivery, given)


def _moment(name: str) -> BindParameter[datetime]:
    return bindparam(name, type_=delivery.c.due_at.type)


@cache
def _claiming() -> ReturningUpdate[Any]:
    """Built once: this is asked many times a second.

    Channel by channel the first that is ready: so it takes no longer the more there is that waits.
    """
    now, waiting = _moment("now"), _with_something_waiting()
    busy = select(delivery.c.channel).where(
        delivery.c.state == State.SENDING, delivery.c.due_at > now
    )
    ready = and_(
        due(delivery, now=now),
        delivery.c.channel == waiting.c.name,
        ~_SUSPECT,
        *(_closed(way, origin) for way, origin in GATHERED.items()),
    )
    first = select(delivery.c.id).where(ready).order_by(delivery.c.id).limit(1)
    firsts = select(first.correlate(waiting).scalar_subquery()).where(
        waiting.c.name.in_(bindparam("channels", expanding=True)),
        waiting.c.name.not_in(busy),
        waiting.c.name.not_in(standings.resting(now=now)),
    )
    return taking(delivery, delivery.c.id.in_(firsts), _sending()).returning(_carried())


def _with_something_waiting() -> CTE:
    """The names of channels that have a message not sent yet, from the index of those, by leaps."""
    unsent = delivery.c.due_at.is_not(None)
    least = select(func.min(delivery.c.channel).label("name")).where(unsent)
    found = least.cte("waiting", recursive=True)
    another = select(func.min(delivery.c.channel)).where(unsent, delivery.c.channel > found.c.name)
    leap = another.correlate(found).scalar_subquery()
    return found.union_all(select(leap).where(found.c.name.is_not(None)))


@cache
def _claiming_suspect() -> ReturningUpdate[Any]:
    """One that may kill the process: alone."""
    now, other = _moment("now"), delivery.alias("other")
    under_way = exists().where(other.c.state == State.SENDING, other.c.due_at > now)
    channel = unindexed(delivery.c.channel)
    ready = and_(
        due(delivery, now=now),
        channel.in_(bindparam("channels", expanding=True)),
        delivery.c.channel.not_in(standings.resting(now=now)),
        _SUSPECT,
        ~under_way,
    )
    first = select(func.min(delivery.c.id)).where(ready)
    suspect = delivery.c.id == first.scalar_subquery()
    return taking(delivery, suspect, _sending()).returning(_carried())


def _carried() -> Label[str | None]:
    """The alerts that a message tells, as `carried`; a call tells those of the one it follows."""
    told_by = func.coalesce(delivery.c.escalates, delivery.c.id)
    numbers = func.aggregate_strings(cast(delivery_alert.c.alert_id, String), ",")
    of_one = select(numbers).where(delivery_alert.c.delivery_id == told_by)
    return of_one.correlate(delivery).scalar_subquery().label("carried")


_SUSPECT = and_(delivery.c.state == State.SENDING, delivery.c.uncertain > 0)


def _sending() -> dict[str, Any]:
    return {
        "state": State.SENDING,
        "uncertain": case(
            (delivery.c.state == State.SENDING, delivery.c.uncertain + 1),
            else_=delivery.c.uncertain,
        ),
    }


def claim_one(connection: Connection, key: str, *, now: datetime, lease: timedelta) -> list[Claim]:
    """Take one message by its key, if it is due."""
    return claim(
        connection,
        delivery,
        now=now,
        lease=lease,
        limit=1,
        where=delivery.c.key == key,
        values={"state": State.SENDING},
    )


def hurry_digests(connection: Connection, *, now: datetime) -> None:
    """Make every open digest due now, for a run that ends instead of waiting."""
    told = exists().where(delivery_alert.c.delivery_id == delivery.c.id)
    connection.execute(
        update(delivery)
        .where(
            delivery.c.state == State.QUEUED,
            delivery.c.created_at <= now,
            or_(delivery.c.title.is_not(None), told),  # an empty digest waits for its time
        )
        .values(not_before=delivery.c.created_at)  # no other digest has these times alike
    )


# Not "is not null": SQLite would look through all articles there are.
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_HURRIED = delivery.c.not_before == delivery.c.created_at  # by `hurry_digests`


@cache
def _holding() -> Update:
    """Look again later at digests that something is missing from; a run that ends looks on."""
    closed = and_(*(_closed(way, origin) for way, origin in GATHERED.items()))
    ready = due(delivery, now=_moment("now"))
    held = and_(delivery.c.collection.in_(GATHERED), ready, ~_HURRIED, ~closed)
    return update(delivery).where(held).values(not_before=_moment("later"))


def _closed(way: Way, origin: Origin) -> ColumnElement[bool]:
    """False for a digest of this way while something that may belong into it is on its way.

    A run that ends does not wait for feeds: it has polled those that were due.
    """
    waiting = {
        Origin.WELCOME: feed.c.first_polled_at.is_(None),
        Origin.MISSED: feed.c.blind_since.is_not(None),
    }
    return or_(
        func.coalesce(delivery.c.collection, "") != way,
        delivery.c.created_at <= _moment("gathered"),
        ~or_(
            exists().where(entry.c.origin == origin, entry.c.due_at.is_not(None), ~entry.c.again),
            exists().where(article.c.origin == origin, article.c.due_at > _LONG_AGO),
            and_(
                ~_HURRIED,
                exists().where(waiting[origin], feed.c.retired_at.is_(None), feed.c.attempts == 0),
            ),
        ),
    )
