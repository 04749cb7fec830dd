"""What is known of stories, to be shown; nothing is written."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from monitor.core.credits import counted
from monitor.core.model import StoryId
from monitor.core.stems import primary
from monitor.storage.schema import alert, article, grouping, outlet, revision, story


@dataclass(frozen=True, slots=True)
class Told:
    """A story in figures. `sources` are independent: copies of one agency are one."""

    id: StoryId
    headline: str
    first_seen_at: datetime
    last_seen_at: datetime
    articles: int
    outlets: int
    sources: int
    languages: tuple[str, ...]
    alerts: int


def latest(connection: Connection, *, since: datetime, limit: int) -> list[Told]:
    """The stories that got something since then, the latest first."""
    asked = (
        select(story)
        .where(story.c.last_seen_at >= since, story.c.merged_into.is_(None))
        .order_by(story.c.last_seen_at.desc(), story.c.id.desc())
        .limit(limit)
    )
    return _told(connection, connection.execute(asked).all())


def one(connection: Connection, story_id: StoryId) -> Told | None:
    """A story that was not merged into another."""
    rows = connection.execute(select(story).where(story.c.id == story_id)).all()
    return next(iter(_told(connection, rows)), None)


def _told(connection: Connection, rows: Sequence[Row[Any]]) -> list[Told]:
    ids = [row.id for row in rows]
    members: defaultdict[int, list[Any]] = defaultdict(list)
    columns = (
        article.c.story_id, article.c.outlet_id, article.c.carrier, article.c.credit,
        article.c.duplicate_of, article.c.relates_to, article.c.language,
    )  # fmt: skip
    for each in connection.execute(select(*columns).where(article.c.story_id.in_(ids))):
        members[each.story_id].append(each)
    alerts = _alerts(connection, ids)
    found = []
    for row in rows:
        outlets, sources = counted(members[row.id])
        languages = sorted({primary(each.language) for each in members[row.id] if each.language})
        told = Told(
            id=StoryId(row.id),
            headline=row.headline,
            first_seen_at=row.first_seen_at,
            last_seen_at=row.last_seen_at,
            articles=len(members[row.id]),
            outlets=outlets,
            sources=sources,
            languages=tuple(languages),
            alerts=alerts.get(row.id, 0),
        )
        found.append(told)
    return found


def _alerts(connection: Connection, ids: Collection[int]) -> dict[int, int]:
    asked = select(alert.c.story_id, func.count()).where(alert.c.story_id.in_(ids))
    return {row[0]: row[1] for row in connection.execute(asked.group_by(alert.c.story_id))}


def timeline(connection: Connection, story_id: StoryId) -> list[Row[Any]]:
    """The articles of a story in the order in which they were seen."""
    asked = (
        select(
            article.c.id, article.c.title, article.c.url, article.c.seen_at,
            article.c.published_at, article.c.language, article.c.credit, article.c.carrier,
            article.c.duplicate_of, article.c.relation, article.c.relates_to,
            outlet.c.name.label("outlet_name"),
        )
        .join(outlet, outlet.c.id == article.c.outlet_id)
        .where(article.c.story_id == story_id)
        .order_by(article.c.seen_at, article.c.id)
    )  # fmt: skip
    return list(connection.execute(asked))


@dataclass(frozen=True, slots=True)
class HeadlineEdit:
    """An outlet put another headline over an article; `at` is when that was seen."""

    at: datetime
    before: str
    after: str


def headline_edits(connection: Connection, story_id: StoryId) -> dict[int, list[HeadlineEdit]]:
    """By article of a story, what its headline was before, the oldest first."""
    asked = (
        select(
            revision.c.article_id, revision.c.recorded_at, revision.c.title,
            article.c.title.label("present"),
        )
        .join(article, article.c.id == revision.c.article_id)
        .where(article.c.story_id == story_id)
        .order_by(revision.c.id.desc())
    )  # fmt: skip
    found: defaultdict[int, list[HeadlineEdit]] = defaultdict(list)
    later: dict[int, str] = {}
    for row in connection.execute(asked):
        after = later.get(row.article_id, row.present)
        if row.title != after:
            found[row.article_id].insert(0, HeadlineEdit(row.recorded_at, row.title, after))
        later[row.article_id] = row.title
    return dict(found)


def last_seen(connection: Connection) -> datetime | None:
    """When a story got something last; None where there is no story."""
    latest_of_all = select(story.c.last_seen_at).order_by(story.c.last_seen_at.desc()).limit(1)
    return connection.execute(latest_of_all).scalar()


def alerts_of(connection: Connection, story_id: StoryId) -> list[Row[Any]]:
    """What was told of a story, in order."""
    asked = select(alert.c.id, alert.c.rule_id, alert.c.reason, alert.c.decided_at)
    return list(connection.execute(asked.where(alert.c.story_id == story_id).order_by(alert.c.id)))


def changes(connection: Connection, story_id: StoryId) -> list[Row[Any]]:
    """Merges into a story and moves into it, in order."""
    asked = select(grouping).where(
        (grouping.c.into_id == story_id)
        | ((grouping.c.story_id == story_id) & (grouping.c.cause == "moved"))
    )
    return list(connection.execute(asked.order_by(grouping.c.id)))
