"""Which story an article belongs to: one pass, in the order of arrival."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.core.model import StoryId
from monitor.core.text import tokenise

# The lowest of .15 .20 … .40 whose B-cubed precision is at least .88 on two labelled sets of
# headlines on one subject: a wrong merge hides a second event, a missed
# one only tells the first again.
SIMILARITY = 0.25
DECAY = timedelta(hours=72)  # the age at which a story needs twice the similarity
WORDS = 60  # of title and lead: what an article is about stands there
# The share of an article's own squared length below which words cannot carry the similarity
# (Cauchy and Schwarz), a little less for the sake of rounding.
_TOO_LITTLE = SIMILARITY**2 * 0.999
SHORTEST = 3  # letters; shorter words are glue in both languages


@dataclass(frozen=True, slots=True)
class Candidate:
    """A live story: the words of each of its articles, and when it was last added to."""

    id: StoryId
    articles: Sequence[frozenset[str]]
    last_seen: datetime


def words_of(title: str, lead: str) -> frozenset[str]:
    """The words that say what an article is about, folded."""
    folded = [token.folded for token in tokenise(f"{title}\n{lead}")]
    kept = [word for word in folded if len(word) >= SHORTEST or word.isdigit()]
    return frozenset(kept[:WORDS])


def assign(
    words: frozenset[str], candidates: Iterable[Candidate], *, now: datetime
) -> StoryId | None:
    """The live story this article continues, or None for a new one."""
    live = Stories()
    for story in candidates:
        for each in story.articles:
            live.add(story.id, each, seen_at=story.last_seen)
    return live.assign(words, now=now)


@dataclass(slots=True)
class _Story:
    number: int  # in the order of opening
    last_seen: datetime
    size: int = 0  # articles
    counts: Counter[str] = field(default_factory=Counter)


class Stories:
    """The live stories, and how often each word stands in them.

    Triage fills it anew for each article, which stays right whatever happens in between. A replay
    keeps it: articles come in the order of time, and a story ends that got none for a `window`.
    """

    def __init__(self, *, window: timedelta | None = None) -> None:
        self._window = window
        self._live: dict[StoryId, _Story] = {}
        self._ended: dict[StoryId, _Story] = {}  # a late copy may revive them
        self._holding: defaultdict[str, set[StoryId]] = defaultdict(set)
        self._frequency: Counter[str] = Counter()
        self._total = 0

    def assign(self, words: frozenset[str], *, now: datetime) -> StoryId | None:
        """The live story that an article of these words continues, or None for a new one.

        Cosine of TF-IDF vectors between the article and the mean of a story's articles; document
        frequencies come from the live stories themselves, so that the words everything says there
        weigh little. Of two stories as near the one that was opened first.
        """
        if self._window is not None:
            self._end(now - self._window)
        weight = {word: self._weight(word) for word in words}
        own = math.sqrt(math.fsum(value**2 for value in weight.values()))
        shared: defaultdict[StoryId, float] = defaultdict(float)
        least: defaultdict[StoryId, float] = defaultdict(float)  # of the square of the centre
        left = own**2
        for word in sorted(words, key=lambda word: (-weight[word], word)):  # sums depend on order
            value = weight[word]
            holding: Iterable[StoryId] = self._holding.get(word, ())
            if left < _TOO_LITTLE * own**2:  # no story is like it by the words from here on alone
                holding = [key for key in shared if key in holding]
            left -= value**2
            for key in holding:
                story = self._live[key]
                part = value * story.counts[word] / story.size
                shared[key] += value * part
                least[key] += part * part
        best: tuple[float, StoryId] | None = None
        for key in sorted(shared, key=lambda key: self._live[key].number):
            common = shared[key]
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
        number = len(self._live) + len(self._ended)
        there = self._live.setdefault(story, _Story(number, seen_at))
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
            math.fsum(
                (self._weight(word) * count / size) ** 2 for word, count in story.counts.items()
            )
        )
