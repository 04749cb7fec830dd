"""The record of alerts: what was told, why, to whom, and what became of it since."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, exists, func, or_, select

from monitor.storage.revisions import CORRECTING
from monitor.storage.schema import (
    alert,
    answer,
    answered,
    article,
    delivery,
    delivery_alert,
    match,
    outlet,
    rule_version,
    story,
    watched,
)

ROWS_AT_ONCE = 200  # of a record that is read as a stream


def alerts(
    connection: Connection,
    *,
    since: datetime | None = None,
    rules: Sequence[str] = (),
    channel: str | None = None,
    limit: int,
) -> Sequence[Row[Any]]:
    """The latest alerts with their stories, the newest first."""
    asked = _asked()
    if since is not None:
        asked = asked.where(alert.c.decided_at >= since)
    if rules:
        asked = asked.where(alert.c.rule_id.in_(rules))
    if channel is not None:
        sent = exists().where(
            delivery_alert.c.alert_id == alert.c.id, delivery_alert.c.channel == channel
        )
        asked = asked.where(sent)
    newest = asked.order_by(alert.c.decided_at.desc(), alert.c.id.desc())
    return connection.execute(newest.limit(limit)).all()


def alert_of(connection: Connection, number: int) -> Row[Any] | None:
    """One alert with its story."""
    return connection.execute(_asked().where(alert.c.id == number)).first()


def _asked() -> Select[Any]:
    """Alerts with what their articles were matched by; a correction has that of its article."""
    same = and_(match.c.article_id == alert.c.article_id, match.c.rule_id == alert.c.rule_id)
    version = and_(
        rule_version.c.rule_id == alert.c.rule_id, rule_version.c.version == alert.c.rule_version
    )
    matched = (match.c.rule_title, match.c.severity, match.c.strength, match.c.evidence)
    asked: Select[Any] = select(
        alert, *matched, match.c.event, story.c.headline, rule_version.c.number
    )
    joined = asked.join(story, story.c.id == alert.c.story_id)
    return joined.outerjoin(match, same).outerjoin(rule_version, version)


def deliveries_of(connection: Connection, alerts: Collection[int]) -> dict[int, list[Row[Any]]]:
    """The messages that carry alerts, by alert."""
    found: dict[int, list[Row[Any]]] = {key: [] for key in alerts}
    asked = select(delivery, delivery_alert.c.alert_id).join(
        delivery_alert, delivery_alert.c.delivery_id == delivery.c.id
    )
    asked = asked.where(delivery_alert.c.alert_id.in_(list(alerts))).order_by(delivery.c.id)
    for row in connection.execute(asked):
        found[row.alert_id].append(row)
    return found


def articles_of(connection: Connection, row: Row[Any]) -> Sequence[Row[Any]]:
    """The articles of an alert's story, the oldest first, with how they are watched."""
    asked: Select[Any] = select(
        article,
        outlet.c.name.label("outlet_name"),
        watched.c.until,
        watched.c.looked_at,
        watched.c.looks,
        watched.c.deleted_at,
        watched.c.failure.label("look_failure"),
    )
    joined = asked.join(outlet, outlet.c.id == article.c.outlet_id).outerjoin(
        watched, watched.c.article_id == article.c.id
    )
    of_it = or_(article.c.story_id == row.story_id, article.c.id == row.article_id)
    return connection.execute(joined.where(of_it).order_by(article.c.seen_at, article.c.id)).all()


def corrections_of(connection: Connection, row: Row[Any]) -> Sequence[Row[Any]]:
    """The alerts that corrected what this one told."""
    later = _asked().where(
        alert.c.rule_id == row.rule_id,
        alert.c.story_id == row.story_id,
        alert.c.reason.in_(CORRECTING),
        alert.c.id > row.id,
    )
    return connection.execute(later.order_by(alert.c.id)).all()


def sent(
    connection: Connection,
    *,
    since: datetime,
    until: datetime | None,
    rules: Collection[str] = (),
    channels: Collection[str] = (),
) -> Iterator[Row[Any]]:
    """Every message made in a span, with each alert that it carries, the oldest first.

    `answered_by` is who first answered its incident. Rows come a few at a time, so that a record of
    years takes no more memory than one of a day.
    """
    same = and_(match.c.article_id == alert.c.article_id, match.c.rule_id == alert.c.rule_id)
    version = and_(
        rule_version.c.rule_id == alert.c.rule_id, rule_version.c.version == alert.c.rule_version
    )
    said = answer.alias("said")
    first = (
        select(func.min(answered.c.answer_id))
        .where(answered.c.incident_id == alert.c.incident_id)
        .scalar_subquery()
    )
    columns = (
        delivery_alert.c.alert_id, alert.c.rule_id, alert.c.rule_version, alert.c.reason,
        alert.c.detail, alert.c.decided_at, alert.c.story_id, alert.c.article_id,
        match.c.severity, rule_version.c.number, story.c.headline, article.c.url,
        said.c.who.label("answered_by"), said.c.heard_at.label("answered_at"),
    )  # fmt: skip
    asked: Select[Any] = (
        select(delivery, *columns)
        .outerjoin(delivery_alert, delivery_alert.c.delivery_id == delivery.c.id)
        .outerjoin(alert, alert.c.id == delivery_alert.c.alert_id)
        .outerjoin(match, same)
        .outerjoin(rule_version, version)
        .outerjoin(story, story.c.id == alert.c.story_id)
        .outerjoin(article, article.c.id == alert.c.article_id)
        .outerjoin(said, said.c.id == first)
        .where(delivery.c.created_at >= since)
    )
    if until is not None:
        asked = asked.where(delivery.c.created_at < until)
    if rules:
        asked = asked.where(alert.c.rule_id.in_(rules))
    if channels:
        asked = asked.where(delivery.c.channel.in_(channels))
    ordered = asked.order_by(delivery.c.id, delivery_alert.c.alert_id)
    yield from connection.execute(ordered.execution_options(yield_per=ROWS_AT_ONCE))
