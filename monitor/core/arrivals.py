"""Articles one after another, put into stories as they arrive; nothing is stored. Pure.

What triage decides inside its transaction is decided here in memory, by the same parts.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.core.duplicates import Duplicates, Relation
from monitor.core.gist import Gists
from monitor.core.knowledge import Knowledge
from monitor.core.model import Document, StoryId
from monitor.core.stories import Stories


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where an article came to stand: its story, and what it has to do with which earlier one."""

    story: StoryId
    relation: Relation
    takes_up: int | None = None  # the number of the earlier article


class Arrivals:
    """Articles in the order of arrival, numbered from 0."""

    def __init__(self, knowledge: Knowledge, *, window: timedelta) -> None:
        self._gists = Gists(knowledge)
        self._stories = Stories(window=window)
        self._duplicates: Duplicates[int] = Duplicates()
        self._story_of: list[StoryId] = []
        self._opened = 0

    def add(self, document: Document, *, at: datetime) -> Arrival:
        """Put one more article into a story, an old one or a new one."""
        number = len(self._story_of)
        related = self._duplicates.add(
            number,
            title=document.title,
            text=document.text or document.summary,
            outlet=document.outlet,
            at=at,
        )
        if related is None:
            arrival = Arrival(self._place(document, at=at), Relation.NEW)
        elif related.of_its_story:
            story = self._story_of[related.key]
            if related.relation is Relation.COPY:
                self._stories.touch(story, seen_at=at)
            else:
                self._stories.add(story, self._gists.of(document), seen_at=at)
            arrival = Arrival(story, related.relation, related.key)
        else:
            arrival = Arrival(self._place(document, at=at), related.relation, related.key)
        self._story_of.append(arrival.story)
        return arrival

    def _place(self, document: Document, *, at: datetime) -> StoryId:
        gist = self._gists.of(document)
        place = self._stories.place(gist, now=at)
        self._opened += place.story is None
        story = place.story or StoryId(self._opened)
        self._stories.add(story, gist, seen_at=at)
        for other in place.same:
            story, gone = min(story, other), max(story, other)
            self._stories.merge(gone, story)
            self._story_of = [story if each == gone else each for each in self._story_of]
        return story
