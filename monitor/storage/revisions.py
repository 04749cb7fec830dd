"""Watched articles, their former versions, and who was told of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
    update,
)

from monitor.core.alerts import Origin, Reason
from monitor.core.model import AlertId, ArticleId, RuleId, Severity, StoryId
from monitor.core.timing import WATCHED_FOR, next_look
from monitor.storage.schema import (
    alert,
    article,
    delivery,
    delivery_alert,
    entry,
    match,
    revision,
    watched,
)
from monitor.storage.upsert import insert_missing, insert_new

CORRECTING = (Reason.CORRECTION, Reason.RETRACTION, Reason.DELETION)  # of what was told before


# --- what is watched ------------------------------------------------------------------------------


def watch_story(connection: Connection, story_id: StoryId, *, now: datetime) -> None:
    """Let the articles of a story that was told be read again, if it was told lately."""
    told_at = connection.execute(_TOLD_AT, {"story": story_id}).scalar()
    if told_at is None or told_at + WATCHED_FOR <= now:
        return
    until = told_at + WATCHED_FOR
    connection.execute(_EXTEND, {"story": story_id, "b_until": until})
    fresh = connection.execute(_UNWATCHED, {"story": story_id}).scalars().all()
    found = _readable(connection, fresh)
    rows = [{"article_id": key, "since": now, "until": until} for key in found]
    insert_missing(connection, watched, rows)
    first = next_look(since=now, until=until, now=now)
    _schedule(connection, {each.id: first for each in found.values()})


_TOLD_AT = select(func.max(alert.c.decided_at)).where(alert.c.story_id == bindparam("story"))
_MEMBERS = select(article.c.id).where(
    article.c.story_id == bindparam("story"),
    article.c.duplicate_of.is_(None),  # of a copy the original tells
    article.c.origin != Origin.BASELINE,
)
_EXTEND = (
    update(watched)
    .where(watched.c.article_id.in_(_MEMBERS), watched.c.until < bindparam("b_until"))
    .values(until=bindparam("b_until"))
)
_UNWATCHED = _MEMBERS.where(article.c.id.not_in(select(watched.c.article_id)))


def resume(connection: Connection, article_ids: Collection[int], *, now: datetime) -> None:
    """Articles were read for another reason: those that are watched have their next look."""
    rows = connection.execute(_STILL_WATCHED, {"ids": list(article_ids), "now": now}).all()
    if not rows:
        return
    found = _readable(connection, [row.article_id for row in rows])
    _schedule(
        connection,
        {
            found[row.article_id].id: next_look(since=row.since, until=row.until, now=now)
            for row in rows
            if row.article_id in found
        },
    )


_STILL_WATCHED = select(watched).where(
    watched.c.article_id.in_(bindparam("ids", expanding=True)),
    watched.c.until > bindparam("now", type_=watched.c.until.type),
)


def _readable(connection: Connection, article_ids: Sequence[int]) -> dict[int, Any]:
    """Of each article the entry whose page is fetched, if none of its entries is due already."""
    if not article_ids:
        return {}
    asked = select(entry.c.id, entry.c.article_id, entry.c.host, entry.c.url, entry.c.due_at)
    rows = connection.execute(
        asked.where(entry.c.article_id.in_(article_ids)).order_by(entry.c.id.desc())
    ).all()
    again = {row.article_id for row in rows if row.due_at is not None}
    found: dict[int, Any] = {}
    for row in rows:
        if row.host and row.url and row.article_id not in again:
            found[row.article_id] = row  # the first one seen
    return found


def _schedule(connection: Connection, looks: Mapping[int, datetime | None]) -> None:
    given = [{"b_id": key, "b_at": moment} for key, moment in looks.items() if moment]
    if given:
        connection.execute(_DUE_AGAIN, given)


_AT = bindparam("b_at", type_=entry.c.due_at.type)
_DUE_AGAIN = (
    update(entry)
    .where(entry.c.id == bindparam("b_id"), entry.c.due_at.is_(None))
    .values(again=True, not_before=_AT, due_at=_AT, attempts=0, claims=entry.c.claims + 1)
)


def watched_by_ids(connection: Connection, article_ids: Collection[int]) -> dict[int, Row[Any]]:
    """What is known of watched articles, by number."""
    asked = select(watched).where(watched.c.article_id.in_(list(article_ids)))
    return {row.article_id: row for row in connection.execute(asked)}


def looked(connection: Connection, article_id: ArticleId, *, now: datetime, **values: Any) -> None:
    """Note a look at a watched article, and what it showed."""
    connection.execute(
        update(watched)
        .where(watched.c.article_id == article_id)
        .values(looked_at=now, looks=watched.c.looks + 1, **values)
    )


def gone_of_outlet(connection: Connection, outlet_id: str, *, now: datetime) -> tuple[int, int]:
    """How many watched articles of an outlet are gone, and how many are watched."""
    asked = select(func.count(watched.c.gone_at), func.count()).join_from(
        watched, article, article.c.id == watched.c.article_id
    )
    row = connection.execute(
        asked.where(article.c.outlet_id == outlet_id, watched.c.until > now)
    ).one()
    return row[0], row[1]


# --- former versions ------------------------------------------------------------------------------


def keep_version(
    connection: Connection, old: Row[Any], *, kind: str, said: str | None, now: datetime
) -> None:
    """Keep an article as it stood before a change of this kind."""
    connection.execute(
        revision.insert().values(
            article_id=old.id,
            recorded_at=now,
            title=old.title,
            summary=old.summary,
            text=old.text,
            kind=kind,
            said=said,
        )
    )


def versions(connection: Connection, article_ids: Collection[int]) -> dict[int, list[Row[Any]]]:
    """The former versions of articles, the oldest first, by article."""
    asked = select(revision).where(revision.c.article_id.in_(list(article_ids)))
    found: dict[int, list[Row[Any]]] = {key: [] for key in article_ids}
    for row in connection.execute(asked.order_by(revision.c.id)):
        found[row.article_id].append(row)
    return found


# --- who was told ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """An alert that a channel got, or will get; `not_before` is when, if it has not yet."""

    alert: Row[Any]
    channel: str
    title: str  # of the rule
    severity: Severity
    not_before: datetime | None


def told_of(connection: Connection, row: Row[Any], *, elsewhere: bool) -> list[Told]:
    """Who was told of an article, of its copies, or of its agency's text in the same story.

    `elsewhere`: of what its outlet published before in this story; not of the article itself.
    """
    waiting = delivery.c.tried_at.is_(None)
    columns = (delivery_alert.c.channel, match.c.rule_title, match.c.severity)
    asked: Select[Any] = select(
        alert, *columns, delivery.c.not_before, waiting.label("waiting")
    ).where(
        alert.c.article_id.in_(select(article.c.id).where(_family(row, elsewhere=elsewhere))),
        alert.c.reason.not_in(CORRECTING),
    )
    joined = (
        asked.join(delivery_alert, delivery_alert.c.alert_id == alert.c.id)
        .join(delivery, delivery.c.id == delivery_alert.c.delivery_id)
        .outerjoin(match, match.c.alert_id == alert.c.id)
    )
    return [
        Told(
            alert=each,
            channel=each.channel,
            title=each.rule_title or each.rule_id,
            severity=Severity(each.severity or Severity.NORMAL),
            not_before=each.not_before if each.waiting else None,
        )
        for each in connection.execute(joined.order_by(alert.c.id))
    ]


def _family(row: Row[Any], *, elsewhere: bool) -> ColumnElement[bool]:
    """The articles whose readers read this one's words, or with `elsewhere` what it corrects."""
    same = [article.c.duplicate_of == row.id]
    if row.duplicate_of is not None:
        same.append(article.c.id == row.duplicate_of)
    if row.story_id is not None:
        agency = row.credit or row.outlet_id
        theirs = or_(article.c.credit == agency, article.c.outlet_id == (row.credit or ""))
        if elsewhere:
            theirs = or_(theirs, article.c.outlet_id == row.outlet_id)
        same.append(and_(article.c.story_id == row.story_id, theirs))
    if elsewhere:
        return and_(or_(*same), article.c.id < row.id)
    return or_(article.c.id == row.id, *same)


def add_alert(
    connection: Connection,
    original: Row[Any],
    *,
    reason: Reason,
    subject: str,
    detail: str,
    article_id: ArticleId,
    now: datetime,
) -> AlertId:
    """The alert of a rule that corrects an earlier one of it; the one that is there, if one is."""
    insert_new(
        connection,
        alert,
        rule_id=original.rule_id,
        rule_version=original.rule_version,
        incident_id=original.incident_id,
        subject=subject,
        detail=detail,
        reason=reason,
        story_id=original.story_id,
        article_id=article_id,
        decided_at=now,
    )
    same = (alert.c.rule_id == original.rule_id, alert.c.subject == subject)
    found = select(alert.c.id).where(*same, alert.c.reason == reason)
    return AlertId(connection.execute(found).scalar_one())


def rules_told(found: Sequence[Told]) -> dict[RuleId, Row[Any]]:
    """Of each rule the last alert among those told."""
    return {RuleId(each.alert.rule_id): each.alert for each in found}
