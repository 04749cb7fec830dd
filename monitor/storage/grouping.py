"""Which articles a story has, how it came to have them, and the live stories in memory.

Each change is a row of `grouping`, written in the transaction that makes it. So the stories in
memory are brought up to date by what came after the last row they know, whoever wrote it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from monitor.core.gist import Gist
from monitor.core.model import ArticleId, StoryId
from monitor.core.stems import primary
from monitor.core.stories import Stories
from monitor.storage.schema import article, grouping, story


class Cause(StrEnum):
    """Why the articles of a story changed."""

    JOINED = "joined"  # an article, with a gist of its own
    COPIED = "copied"  # a copy joined its original
    MERGED = "merged"  # all articles of one story went into another
    MOVED = "moved"  # an analyst put an article into another story


def gist_of(stored: Any, language: str | None) -> Gist:
    """The gist of an article as it is stored; before 0011 it was a list of words."""
    features = stored if isinstance(stored, dict) else dict.fromkeys(stored, 1.0)
    return Gist(features, primary(language) if language else None)


def record(
    connection: Connection,
    cause: Cause,
    story_id: StoryId,
    *,
    article_id: ArticleId | None = None,
    into: StoryId | None = None,
    at: datetime,
) -> None:
    """Note a change of a story's articles."""
    connection.execute(
        _RECORD,
        {"article_id": article_id, "story_id": story_id, "into_id": into, "cause": cause, "at": at},
    )


_RECORD = grouping.insert()


class LiveStories:
    """The live stories of one database, as the transaction that asks sees them.

    Only asked inside the exclusive transaction of triage, one at a time. What it has read may be
    undone with that transaction: then the last row that it knows is another one or gone, and it
    reads all of it again.
    """

    def __init__(self) -> None:
        self._window = timedelta()
        self._stories = Stories()
        self._last: Any = None  # of grouping

    def now_in(self, connection: Connection, *, at: datetime, window: timedelta) -> Stories:
        """The stories that an article of that moment may continue."""
        last = self._last
        news: Sequence[Any] = ()
        if last is not None and window == self._window:
            news = connection.execute(_SINCE, {"last": last.id}).all()
        if not news or tuple(news[0][:6]) != tuple(last or ())[:6] or not self._follow(news[1:]):
            self._read(connection, at=at, window=window)
        else:
            self._last = news[-1]
        self._stories.forget_ended()
        return self._stories

    def _follow(self, news: Sequence[Row[Any]]) -> bool:
        """Take up changes; False where memory does not know enough to."""
        live = self._stories
        for row in news:
            if row.cause == Cause.MERGED and row.into_id in live:
                live.merge(row.story_id, row.into_id)
            elif (
                row.cause == Cause.JOINED
                and row.words is not None
                and (row.story_id in live or row.opened == row.seen_at)
            ):
                live.add(row.story_id, gist_of(row.words, row.language), seen_at=row.seen_at)
            elif row.cause == Cause.COPIED and row.story_id in live:
                live.touch(row.story_id, seen_at=row.seen_at)
            else:
                return False
        return True

    def _read(self, connection: Connection, *, at: datetime, window: timedelta) -> None:
        self._window, self._stories = window, Stories(window=window)
        self._last = connection.execute(_LAST).first()
        for row in connection.execute(_LIVE, {"since": at - window}):
            self._stories.add(
                row.story_id, gist_of(row.words, row.language), seen_at=row.last_seen_at
            )


_CHANGES = (
    select(
        grouping.c.id,
        grouping.c.article_id,
        grouping.c.story_id,
        grouping.c.into_id,
        grouping.c.cause,
        grouping.c.at,
        article.c.words,
        article.c.language,
        article.c.seen_at,
        story.c.first_seen_at.label("opened"),
    )
    .outerjoin(article, article.c.id == grouping.c.article_id)
    .join(story, story.c.id == grouping.c.story_id)
)
_SINCE = _CHANGES.where(grouping.c.id >= bindparam("last")).order_by(grouping.c.id)
_LAST = _CHANGES.order_by(grouping.c.id.desc()).limit(1)
_LIVE = (
    select(article.c.story_id, article.c.words, article.c.language, story.c.last_seen_at)
    .join(story, story.c.id == article.c.story_id)
    .where(story.c.last_seen_at >= bindparam("since"), article.c.words.is_not(None))
    .order_by(article.c.id)
)
