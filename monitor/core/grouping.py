"""Stories of many articles in a row: the answers of `stories.assign`, without counting all anew.

Triage asks the database and counts anew for each article, which stays right whatever happens in
between. A replay would spend its time on that; here counts follow the stories as they live and end.
"""

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.core.model import StoryId
from monitor.core.stories import DECAY, SIMILARITY


@dataclass(slots=True)
class _Story:
    last_seen: datetime
    size: int = 0  # articles
    counts: Counter[str] = field(default_factory=Counter)


class Grouping:
    """The live stories; articles come in the order of time."""

    def __init__(self, window: timedelta) -> None:
        self._window = window
        self._live: dict[StoryId, _Story] = {}
        self._ended: dict[StoryId, _Story] = {}  # a late copy may revive them
        self._holding: defaultdict[str, set[StoryId]] = defaultdict(set)
        self._frequency: Counter[str] = Counter()
        self._total = 0

    def assign(self, words: frozenset[str], *, now: datetime) -> StoryId | None:
        """As `stories.assign` among the live stories."""
        self._end(now - self._window)
        weight = {word: self._weight(word) for word in words}
        own = math.sqrt(sum(value**2 for value in weight.values()))
        shared: defaultdict[StoryId, float] = defaultdict(float)
        least: defaultdict[StoryId, float] = defaultdict(float)  # of the square of the centre
        for word in words:
            value = weight[word]
            for key in self._holding.get(word, ()):
                story = self._live[key]
                part = value * story.counts[word] / story.size
                shared[key] += value * part
                least[key] += part * part
        best: tuple[float, StoryId] | None = None
        for key, common in shared.items():
            ageing = 1 + max(timedelta(), now - self._live[key].last_seen) / DECAY
            wanted = max(SIMILARITY, best[0] if best else 0) * own * ageing
            if common < wanted * math.sqrt(least[key]):  # even without its other words: too little
                continue
            centre = self._centre(self._live[key])
            likeness = common / (centre * own) / ageing if centre and own else 0.0
            if likeness >= SIMILARITY and (best is None or likeness > best[0]):
                best = likeness, key
        return best[1] if best else None

    def add(self, story: StoryId, words: frozenset[str], *, seen_at: datetime) -> None:
        """Let a story have one more article of its own."""
        self.touch(story, seen_at=seen_at)
        there = self._live.setdefault(story, _Story(seen_at))
        there.size += 1
        there.counts.update(words)
        self._frequency.update(words)
        self._total += 1
        for word in words:
            self._holding[word].add(story)

    def touch(self, story: StoryId, *, seen_at: datetime) -> None:
        """Let a story that has articles live on: somebody carries it."""
        ended = self._ended.pop(story, None)
        if ended is not None:
            self._live[story] = ended
            self._frequency.update(ended.counts)
            self._total += ended.size
            for word in ended.counts:
                self._holding[word].add(story)
        if story in self._live:
            self._live[story].last_seen = seen_at

    def _end(self, since: datetime) -> None:
        for key in [key for key, story in self._live.items() if story.last_seen < since]:
            story = self._ended[key] = self._live.pop(key)
            self._frequency.subtract(story.counts)
            self._total -= story.size
            for word in story.counts:
                self._holding[word].discard(key)
                if not self._holding[word]:
                    del self._holding[word], self._frequency[word]

    def _weight(self, word: str) -> float:
        return math.log((self._total + 2) / (self._frequency[word] + 0.5))

    def _centre(self, story: _Story) -> float:
        size = story.size
        return math.sqrt(
            sum((self._weight(word) * count / size) ** 2 for word, count in story.counts.items())
        )
