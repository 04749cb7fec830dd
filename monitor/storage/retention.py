"""Forgetting: what is older than the desk wants to keep, with tombstones for what may come back."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, exists, or_, select

from monitor.storage import incidents, sketches, volumes
from monitor.storage.ledger import forget as forget_ledger
from monitor.storage.schema import (
    alert,
    answer,
    answered,
    article,
    delivery,
    delivery_alert,
    entry,
    escalation,
    rule,
    rule_version,
    silence,
    story,
    tombstone,
)
from monitor.storage.upsert import insert_new

BATCH = 500  # rows deleted in one transaction, so that the writer stays free for the watch


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """What is older than these is forgotten."""

    articles: datetime
    deliveries: datetime
    tombstones: datetime
    ledger: datetime


def forget(connection: Connection, cutoffs: Cutoffs, *, now: datetime) -> int:
    """Delete one batch of what is too old; how many rows went, 0 when nothing is left to do."""
    gone = _forget_entries(connection, cutoffs.articles, now=now)
    gone += _forget_deliveries(connection, cutoffs.deliveries)
    gone += _forget_articles(connection, cutoffs.articles)
    buried = select(tombstone.c.feed_id, tombstone.c.key).where(
        tombstone.c.buried_at < cutoffs.tombstones
    )
    for row in connection.execute(buried.limit(BATCH)).all():
        key = (tombstone.c.feed_id == row.feed_id, tombstone.c.key == row.key)
        gone += connection.execute(delete(tombstone).where(*key)).rowcount
    gone += incidents.forget(connection, before=cutoffs.articles, limit=BATCH)
    gone += _forget_versions(connection, cutoffs.articles)
    gone += volumes.forget(connection, before=cutoffs.deliveries)
    gone += sketches.forget(connection, now=now)
    return gone + forget_ledger(connection, before=cutoffs.ledger)


def _forget_versions(connection: Connection, before: datetime) -> int:
    """Versions of rules that are over; the newest one stays, so that no number is given twice."""
    later = rule_version.alias("later")
    newer = exists().where(
        later.c.rule_id == rule_version.c.rule_id, later.c.number > rule_version.c.number
    )
    current = exists().where(
        rule.c.id == rule_version.c.rule_id, rule.c.version == rule_version.c.version
    )
    old = select(rule_version.c.id).where(rule_version.c.since < before, newer, ~current)
    ids = connection.execute(old.limit(BATCH)).scalars().all()
    connection.execute(delete(rule_version).where(rule_version.c.id.in_(ids)))
    return len(ids)


def _forget_entries(connection: Connection, before: datetime, *, now: datetime) -> int:
    old = select(entry).where(entry.c.seen_at < before, entry.c.due_at.is_(None)).limit(BATCH)
    rows = connection.execute(old).all()
    for row in rows:
        _bury(connection, row, now=now)
    connection.execute(delete(entry).where(entry.c.id.in_([row.id for row in rows])))
    return len(rows)


def _bury(connection: Connection, row: Row[object], *, now: datetime) -> None:
    """An old item that a feed lists again, by whichever key, is not news."""
    for key in {row.guid_key, row.link_key, row.content_key} - {None}:
        insert_new(connection, tombstone, feed_id=row.feed_id, key=key, buried_at=now)


def _forget_deliveries(connection: Connection, before: datetime) -> int:
    old = select(delivery.c.id).where(delivery.c.created_at < before, delivery.c.due_at.is_(None))
    ids = connection.execute(old.limit(BATCH)).scalars().all()
    connection.execute(delete(delivery_alert).where(delivery_alert.c.delivery_id.in_(ids)))
    connection.execute(delete(escalation).where(escalation.c.of_id.in_(ids)))
    connection.execute(delete(delivery).where(delivery.c.id.in_(ids)))
    return len(ids) + _forget_answers(connection, before)


def _forget_answers(connection: Connection, before: datetime) -> int:
    """What people said, and the silences that are over."""
    said = select(answer.c.id).where(answer.c.heard_at < before).limit(BATCH)
    ids = connection.execute(said).scalars().all()
    connection.execute(delete(answered).where(answered.c.answer_id.in_(ids)))
    connection.execute(delete(answer).where(answer.c.id.in_(ids)))
    over = select(silence.c.id).where(silence.c.told_at < before).limit(BATCH)
    done = connection.execute(over).scalars().all()
    connection.execute(delete(silence).where(silence.c.id.in_(done)))
    return len(ids) + len(done)


def _forget_articles(connection: Connection, before: datetime) -> int:
    """Articles whose entries and deliveries are gone, with their matches, alerts and stories."""
    carried = exists().where(delivery_alert.c.alert_id == alert.c.id)
    told = exists().where(alert.c.article_id == article.c.id, carried)
    listed = exists().where(entry.c.article_id == article.c.id)
    old = select(article.c.id, article.c.story_id).where(
        article.c.seen_at < before, article.c.due_at.is_(None), ~told, ~listed
    )
    rows = connection.execute(old.limit(BATCH)).all()
    ids = [row.id for row in rows]
    connection.execute(delete(alert).where(alert.c.article_id.in_(ids)))
    connection.execute(delete(article).where(article.c.id.in_(ids)))
    stories = {row.story_id for row in rows if row.story_id is not None}
    used = or_(
        exists().where(article.c.story_id == story.c.id),
        exists().where(alert.c.story_id == story.c.id),
    )
    unused = select(story.c.id).where(story.c.id.in_(stories), ~used)
    gone = connection.execute(unused).scalars().all()
    connection.execute(
        delete(story).where(or_(story.c.id.in_(gone), story.c.merged_into.in_(gone)))
    )
    return len(rows)
