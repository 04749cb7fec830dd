"""Stories made one, and stories taken apart: by triage, or by an analyst whose word holds."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select, update

from monitor.core.errors import Permanent
from monitor.core.model import ArticleId, StoryId
from monitor.storage import incidents, silences
from monitor.storage.grouping import Cause, record
from monitor.storage.schema import alert, apart, article, incident_story, story
from monitor.storage.upsert import insert_new


def merge(connection: Connection, gone: StoryId, into: StoryId, *, now: datetime) -> None:
    """Let all articles and alerts of one story belong to another; the row says into which."""
    connection.execute(update(article).where(article.c.story_id == gone).values(story_id=into))
    connection.execute(update(alert).where(alert.c.story_id == gone).values(story_id=into))
    incidents.merge_stories(connection, gone, into=into)
    silences.merge_stories(connection, gone, into=into, now=now)
    both = story.c.id.in_((gone, into))
    span = select(func.min(story.c.first_seen_at), func.max(story.c.last_seen_at)).where(both)
    first, last = connection.execute(span).one()
    change = update(story)
    connection.execute(
        change.where(story.c.id == into).values(first_seen_at=first, last_seen_at=last)
    )
    merged = or_(story.c.id == gone, story.c.merged_into == gone)
    connection.execute(change.where(merged).values(merged_into=into))
    for other in _kept_apart(connection, gone):
        _keep_apart(connection, into, other, now=now)
    record(connection, Cause.MERGED, gone, into=into, at=now)


def split(
    connection: Connection, story_id: StoryId, ids: Sequence[ArticleId], *, now: datetime
) -> StoryId:
    """Put articles of a story, and their copies, into a new one; both are kept apart from now on.

    Alerts about those articles go with them. Raises Permanent where that would leave a story
    without articles, or where an article belongs to another.
    """
    chosen = or_(article.c.id.in_(ids), article.c.duplicate_of.in_(ids))
    inside = article.c.story_id == story_id
    rows = connection.execute(select(article).where(inside, chosen).order_by(article.c.id)).all()
    missing = set(ids) - {row.id for row in rows}
    if missing:
        told = ", ".join(map(str, sorted(missing)))
        raise Permanent(f"not in story {story_id}: article {told}")
    members = select(func.count()).where(inside)
    if len(rows) == connection.execute(members).scalar_one():
        raise Permanent(f"that is all of story {story_id}")
    times = [row.seen_at for row in rows]
    new = StoryId(
        connection.execute(
            story.insert()
            .values(headline=rows[0].title, first_seen_at=min(times), last_seen_at=max(times))
            .returning(story.c.id)
        ).scalar_one()
    )
    moved = [row.id for row in rows]
    # A copy whose original stays behind stands for itself now.
    stays = and_(article.c.id.in_(moved), article.c.duplicate_of.not_in(moved))
    connection.execute(update(article).where(stays).values(duplicate_of=None))
    connection.execute(update(article).where(article.c.id.in_(moved)).values(story_id=new))
    about = alert.c.article_id.in_(moved)
    connection.execute(update(alert).where(about).values(story_id=new))
    held = select(alert.c.incident_id).where(about, alert.c.incident_id.is_not(None)).distinct()
    for incident_id in connection.execute(held).scalars().all():  # what was told stays told
        insert_new(connection, incident_story, incident_id=incident_id, story_id=new)
    for each in moved:
        record(connection, Cause.MOVED, new, article_id=ArticleId(each), at=now)
    _keep_apart(connection, story_id, new, now=now)
    return new


def join(connection: Connection, one: StoryId, other: StoryId, *, now: datetime) -> StoryId:
    """An analyst's merge: holds even where they were told apart before. Which story is left."""
    if one == other:
        raise Permanent(f"story {one} cannot be merged with itself")
    kept, gone = min(one, other), max(one, other)
    pair = and_(apart.c.story_id == kept, apart.c.other_id == gone)
    connection.execute(apart.delete().where(pair))
    merge(connection, gone, kept, now=now)
    return kept


def current(connection: Connection, story_id: StoryId) -> StoryId | None:
    """The story that this one is part of by now; None if there is no such story."""
    row = connection.execute(
        select(story.c.id, story.c.merged_into).where(story.c.id == story_id)
    ).first()
    return None if row is None else StoryId(row.merged_into or row.id)


def are_apart(connection: Connection, one: StoryId, other: StoryId) -> bool:
    """Whether an analyst told two stories apart."""
    return other in _kept_apart(connection, one)


def _kept_apart(connection: Connection, story_id: StoryId) -> list[StoryId]:
    rows = connection.execute(
        select(apart.c.story_id, apart.c.other_id).where(
            or_(apart.c.story_id == story_id, apart.c.other_id == story_id)
        )
    )
    return [StoryId(row.other_id if row.story_id == story_id else row.story_id) for row in rows]


def _keep_apart(connection: Connection, one: StoryId, other: StoryId, *, now: datetime) -> None:
    if one != other:
        first, later = min(one, other), max(one, other)
        insert_new(connection, apart, story_id=first, other_id=later, at=now)
