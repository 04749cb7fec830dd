"""What people answered to messages: who has an incident, until when it waits, what was noise."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, or_, select, update

from monitor.core.answers import Verb
from monitor.core.incidents import IncidentId
from monitor.storage.schema import (
    alert,
    answer,
    answered,
    delivery,
    delivery_alert,
    escalation,
    story,
)
from monitor.storage.upsert import insert_new

_instead = delivery.alias("instead")


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer of a chat, as its service numbers it."""

    bot: str
    update_id: int
    chat_id: int
    message_id: int


@dataclass(frozen=True, slots=True)
class Subject:
    """An incident that a message tells of."""

    incident: IncidentId
    rule: str
    story: int
    headline: str
    delivery: int | None = None


def subjects_of_delivery(connection: Connection, number: int) -> list[Subject] | None:
    """What a delivery tells of, the weightiest first; None if there is none of this number.

    One that stands in for another, or follows it, tells of what that one does.
    """
    row = connection.execute(select(delivery).where(delivery.c.id == number)).first()
    if row is None:
        return None
    meant = {number, row.fallback_of, row.escalates} - {None}
    told = select(delivery_alert.c.alert_id).where(delivery_alert.c.delivery_id.in_(meant))
    return _subjects(connection, alert.c.id.in_(told), number)


def subjects_of_alert(connection: Connection, number: int) -> list[Subject]:
    """What an alert tells of: its incident."""
    return _subjects(connection, alert.c.id == number, None)


def _subjects(connection: Connection, where: Any, number: int | None) -> list[Subject]:
    asked: Select[Any] = (
        select(alert.c.incident_id, alert.c.rule_id, alert.c.story_id, story.c.headline)
        .join(story, story.c.id == alert.c.story_id)
        .where(where, alert.c.incident_id.is_not(None))
    )
    rows = connection.execute(asked.order_by(alert.c.id)).all()
    first = {row.incident_id: row for row in reversed(rows)}
    return [
        Subject(IncidentId(key), row.rule_id, row.story_id, row.headline, number)
        for key, row in sorted(first.items())
    ]


def add(  # noqa: PLR0913 - one argument a column
    connection: Connection,
    *,
    heard: Heard | None,
    at: datetime,
    now: datetime,
    who: str,
    via: str,
    said: str,
    reply: str,
    verb: Verb | None,
    until: datetime | None = None,
    subjects: Sequence[Subject] = (),
) -> int | None:
    """Keep an answer; None if it was heard before."""
    numbered: dict[str, Any] = {}
    if heard is not None:
        numbered = {
            "bot": heard.bot,
            "update_id": heard.update_id,
            "chat_id": heard.chat_id,
            "message_id": heard.message_id,
        }
    row = insert_new(
        connection,
        answer,
        at=at,
        heard_at=now,
        who=who,
        via=via,
        said=said,
        reply=reply,
        verb=verb,
        until=until,
        **numbered,
    )
    if row is None:
        return None
    for each in subjects:
        insert_new(
            connection,
            answered,
            answer_id=row.id,
            incident_id=each.incident,
            delivery_id=each.delivery,
            rule_id=each.rule,
            story_id=each.story,
        )
    return int(row.id)


def known(connection: Connection, heard: Heard) -> bool:
    """Whether an answer of a chat was handled before."""
    same = select(answer.c.id).where(
        answer.c.bot == heard.bot, answer.c.update_id == heard.update_id
    )
    return connection.execute(same).first() is not None


def first(connection: Connection, incidents: Collection[int]) -> Row[Any] | None:
    """The first answer to any of these incidents: who has it, and since when."""
    return connection.execute(_of(incidents).order_by(answer.c.id).limit(1)).first()


def every(connection: Connection, incidents: Collection[int]) -> Sequence[Row[Any]]:
    """All answers to these incidents, the oldest first."""
    return connection.execute(_of(incidents).order_by(answer.c.id)).all()


def snoozed_until(
    connection: Connection, incidents: Collection[int], *, now: datetime
) -> datetime | None:
    """Until when the follow-ups of these incidents wait, by the last word on it; None if not."""
    last = _of(incidents).where(answer.c.verb == Verb.SNOOZE).order_by(answer.c.id.desc())
    row = connection.execute(last.limit(1)).first()
    return None if row is None or row.until is None or row.until <= now else row.until


def _of(incidents: Collection[int]) -> Select[Any]:
    mine = select(answered.c.answer_id).where(answered.c.incident_id.in_(list(incidents)))
    return select(answer).where(answer.c.id.in_(mine), answer.c.verb.is_not(None))


def false_alarms(connection: Connection, *, since: datetime) -> dict[str, int]:
    """How many incidents of each rule people called noise."""
    many = func.count(answered.c.incident_id.distinct())
    asked = select(answered.c.rule_id, many).join(answer, answer.c.id == answered.c.answer_id)
    asked = asked.where(answer.c.verb == Verb.NOISE, answer.c.heard_at >= since)
    rows = connection.execute(asked.group_by(answered.c.rule_id)).all()
    return {row[0]: row[1] for row in rows}


def unreplied(connection: Connection, bot: str, *, tries: int) -> Sequence[Row[Any]]:
    """The answers that their chat has had no reply to yet."""
    waiting = select(answer).where(
        answer.c.bot == bot, answer.c.replied_at.is_(None), answer.c.reply_tries < tries
    )
    return connection.execute(waiting.order_by(answer.c.id)).all()


def mark_replied(connection: Connection, number: int, *, now: datetime | None) -> None:
    """A chat has its reply, or, with None, a try at it failed."""
    values: dict[str, Any] = {"reply_tries": answer.c.reply_tries + 1, "replied_at": now}
    connection.execute(update(answer).where(answer.c.id == number).values(values))


def escalations_of(connection: Connection, deliveries: Collection[int]) -> Sequence[Row[Any]]:
    """The steps that followed these messages, in their order, with what became of each call.

    `called` is who got it at `sent_at`: another than its channel if that was off call, or took none
    for what `failure` says.
    """
    chosen = list(deliveries)
    given = _instead.c.fallback_of == escalation.c.delivery_id
    asked = (
        select(
            escalation,
            func.coalesce(delivery.c.not_before, escalation.c.planned_for).label("due"),
            delivery.c.failure,
            func.coalesce(_instead.c.channel, delivery.c.channel).label("called"),
            func.coalesce(_instead.c.sent_at, delivery.c.sent_at).label("sent_at"),
        )
        .outerjoin(delivery, delivery.c.id == escalation.c.delivery_id)
        .outerjoin(_instead, and_(given, _instead.c.sent_at.is_not(None)))
        .where(or_(escalation.c.of_id.in_(chosen), escalation.c.delivery_id.in_(chosen)))
    )
    return connection.execute(asked.order_by(escalation.c.planned_for)).all()
