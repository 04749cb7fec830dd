"""Which story an article belongs to: one pass, in the order of arrival. Pure.

    article ─Gists→ gist ─Stories.assign→ the live story that it is likest, or none ─add→ stories

Likeness is the cosine of TF-IDF vectors between the article and the mean of a story's articles;
document frequencies come from the live stories, so that what everything says weighs little; a few
articles that nobody wrote, which have what the desk watches and nothing else, make up for what the
first ones cannot tell. Among few stories one word in common is much: alone it makes no story.
How the numbers below were chosen is told in docs/evaluation.md.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import NamedTuple

from monitor.core.gist import ACTOR, KIND, MEANING, NAMES, WATCHED, Gist
from monitor.core.model import StoryId

LIKE = 0.285  # likeness from which an article continues a story, among CROWD live stories
CROWD = 100  # live stories
# Share of LIKE by which it grows each time the live stories are e times as many: among more
# stories one is like an article by chance. Each unwritten article counts as one of them.
CROWDING = 0.1
# How much likelier a story is that has nothing in the article's language yet: only names, kinds of
# events and meanings can be shared then.
OTHER_LANGUAGE = 1.15
DECAY = timedelta(hours=72)  # the age at which a story needs twice the likeness
SAME = 0.5  # likeness of two stories from which an article that might continue both makes them one
DRIFT = 0.02  # share of the live articles that may come or go before a length is worked out anew
CHURN = 0.5  # and before it is no measure at all
STALE = 0.8  # of a length worked out before that: below it falls when two articles in three ended
LEAST_WEIGHT = 0.05  # of a word that every article has
UNWRITTEN = 8  # articles that document frequencies begin with
NAMING = 2  # of them name any one actor, event or word that the desk watches


class Place(NamedTuple):
    """Where an article belongs: in a live story or, with None, in a new one.

    `same`: stories that turn out to be the same as this one.
    """

    story: StoryId | None
    same: tuple[StoryId, ...] = ()


class _Weighed(NamedTuple):
    """A feature of an article: its value there times its weight among the live stories."""

    value: float
    name: str
    weight: float


class _Frequency(dict[str, float]):
    """In how many articles, the unwritten ones included, a feature stands."""

    def __missing__(self, name: str) -> float:
        return NAMING if name[:1] in WATCHED else 0.0


@dataclass(slots=True)
class _Story:
    number: int  # in the order of opening
    last_seen: datetime
    size: int = 0  # articles that have a gist
    sums: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    held: Counter[str] = field(default_factory=Counter)  # articles that have a feature
    centre: float = 0.0  # length of the mean, as it was
    centred: int | None = None  # turnover when that was worked out
    languages: set[str | None] = field(default_factory=set)


class Stories:
    """The live stories; a story ends that got nothing for a `window`, without one none does.

    Articles come in the order of time.
    """

    def __init__(self, *, window: timedelta | None = None) -> None:
        self._window = window
        self._live: dict[StoryId, _Story] = {}
        self._ended: dict[StoryId, _Story] = {}  # a late copy may revive them
        # By feature, the mean of each live story that has it.
        self._means: defaultdict[str, dict[StoryId, float]] = defaultdict(dict)
        self._frequency = _Frequency()
        self._total = UNWRITTEN  # articles of live stories, and those
        self._turnover = 0  # articles that ever came into live stories or left them
        self._opened = 0
        self._seen: list[tuple[datetime, StoryId]] = []  # a heap: each live one, seen then or later

    def __len__(self) -> int:
        return len(self._live)

    def __contains__(self, key: object) -> bool:
        return key in self._live

    def assign(self, gist: Gist, *, now: datetime) -> StoryId | None:
        """The live story that an article of this gist continues, or None for a new one."""
        return self.place(gist, now=now).story

    def place(self, gist: Gist, *, now: datetime) -> Place:
        """Where an article of this gist belongs: the story that it is likest, if like enough.

        Of two stories as near the one that was opened first. Another story that it might as well
        continue, and that is like the first, is the same one.
        """
        if self._window is not None:
            self._end(now - self._window)
        found = self._alike(gist, now=now)
        if not found:
            return Place(None)
        (_, _, first), *others = sorted(found)
        one = self._live[first]
        same = [key for _, _, key in others if self._between(one, self._live[key]) >= SAME]
        return Place(first, tuple(same))

    def _alike(self, gist: Gist, *, now: datetime) -> list[tuple[float, int, StoryId]]:
        """The stories that an article is like enough: minus how like, number, id."""
        wanted = LIKE * (1 + CROWDING * math.log((UNWRITTEN + len(self._live)) / CROWD))
        weighed = self._weighed(gist.features)
        own = math.sqrt(math.fsum(value**2 for value, _, _ in weighed))
        found = []
        for key, common in self._candidates(weighed, own, least=wanted / OTHER_LANGUAGE):
            story = self._live[key]
            ageing = 1 + max(timedelta(), now - story.last_seen) / DECAY
            if gist.language not in story.languages:
                ageing /= OTHER_LANGUAGE
            like = common / (self._centre(story) * own) / ageing
            if like >= wanted and _of_one_matter(gist, story):
                found.append((-like, story.number, key))
        return found

    def _between(self, one: _Story, other: _Story) -> float:
        """How like two stories are, 0-1."""
        few, many = sorted((one, other), key=lambda story: len(story.sums))
        common = math.fsum(
            total * many.sums[name] * self._weight(name) ** 2
            for name, total in few.sums.items()
            if name in many.sums
        )
        centres = self._centre(one) * self._centre(other) * one.size * other.size
        return common / centres if centres else 0.0

    def _weighed(self, features: Mapping[str, float]) -> list[_Weighed]:
        """Features by their weight among the live stories, the heaviest first."""
        weighed = [
            _Weighed(own * weight, name, weight)
            for name, own in features.items()
            for weight in (self._weight(name),)
        ]
        return sorted(weighed, key=lambda each: (-each.value, each.name))

    def _candidates(
        self, weighed: Sequence[_Weighed], own: float, *, least: float
    ) -> list[tuple[StoryId, float]]:
        """Stories that may be as like as `least`, each with the product of both vectors.

        What is left of the article's features, the lighter ones that many stories have, carries no
        more likeness than its own length (Cauchy and Schwarz): once that is too little alone, no
        further story is taken up, and those are let go that it cannot save.
        """
        shared: defaultdict[StoryId, float] = defaultdict(float)
        left, too_little = own**2, (least * own) ** 2 * 0.999  # a little less, for rounding
        names = iter(weighed)
        for value, name, among in names:
            weight = value * among
            for key, mean in self._means.get(name, {}).items():
                shared[key] += weight * mean
            left -= value**2
            if left < too_little:
                break
        saved = math.sqrt(max(0.0, left)) * 1.001
        needed = least * own - saved
        near = {
            key: common
            for key, common in shared.items()
            if common >= needed * self._about(self._live[key])
        }
        for value, name, among in names:
            weight, means = value * among, self._means.get(name, {})
            for key in near:
                if key in means:
                    near[key] += weight * means[key]
        needed = least * own
        return [
            each for each in near.items() if each[1] >= needed * self._about(self._live[each[0]])
        ]

    def add(self, key: StoryId, gist: Gist, *, seen_at: datetime) -> None:
        """Let a story have one more article of its own."""
        if key not in self._live and key not in self._ended:
            self._opened += 1
            self._live[key] = _Story(self._opened, seen_at)
            self._await_end(key, self._live[key])
        self.touch(key, seen_at=seen_at)
        story = self._live[key]
        story.size += 1
        story.centred = None
        story.languages.add(gist.language)
        for name, weight in gist.features.items():
            story.sums[name] += weight
            story.held[name] += 1
            self._frequency[name] += 1
        self._total += 1
        self._turnover += 1
        self._show(key, story)

    def merge(self, key: StoryId, into: StoryId) -> None:
        """Let all articles of one live story belong to another live one."""
        gone, kept = self._leave(key), self._leave(into)
        for name, total in gone.sums.items():
            kept.sums[name] += total
        kept.held.update(gone.held)
        kept.size += gone.size
        kept.centred = None
        kept.languages |= gone.languages
        kept.last_seen = max(kept.last_seen, gone.last_seen)
        self._enter(into, kept)

    def touch(self, key: StoryId, *, seen_at: datetime) -> None:
        """Let a story that has articles live on: somebody carries it."""
        if key in self._ended:
            self._enter(key, self._ended.pop(key))
        if key in self._live:
            story = self._live[key]
            story.last_seen = max(story.last_seen, seen_at)

    def forget_ended(self) -> None:
        """Forget the stories that have ended: who keeps them elsewhere need not keep them here."""
        self._ended.clear()

    def _end(self, since: datetime) -> None:
        """End the stories that were last seen before."""
        while self._seen and self._seen[0][0] < since:
            _, key = heappop(self._seen)
            story = self._live.get(key)
            if story is not None and story.last_seen < since:
                self._ended[key] = self._leave(key)
            elif story is not None:
                self._await_end(key, story)

    def _await_end(self, key: StoryId, story: _Story) -> None:
        if self._window is not None:  # else none ends
            heappush(self._seen, (story.last_seen, key))

    def _enter(self, key: StoryId, story: _Story) -> None:
        self._live[key] = story
        self._await_end(key, story)
        for name, articles in story.held.items():
            self._frequency[name] += articles
        self._total += story.size
        self._turnover += story.size
        self._show(key, story)

    def _show(self, key: StoryId, story: _Story) -> None:
        """Let a story be found by each of its features."""
        for name, total in story.sums.items():
            self._means[name][key] = total / story.size

    def _leave(self, key: StoryId) -> _Story:
        story = self._live.pop(key)
        self._total -= story.size
        self._turnover += story.size
        for name, articles in story.held.items():
            self._frequency[name] -= articles
            del self._means[name][key]
            if not self._means[name]:
                del self._means[name], self._frequency[name]
        return story

    def _weight(self, name: str) -> float:
        return max(LEAST_WEIGHT, math.log((self._total + 2) / (self._frequency[name] + 0.5)))

    def _about(self, story: _Story) -> float:
        """A length that the mean of a story's articles hardly falls short of."""
        return STALE * self._length(story, since=CHURN)

    def _centre(self, story: _Story) -> float:
        """Length of the mean of a story's articles, a little old where little has changed since."""
        return self._length(story, since=DRIFT)

    def _length(self, story: _Story, *, since: float) -> float:
        """The same; as worked out before, where no larger share of the articles has changed."""
        if story.centred is None or self._turnover - story.centred > since * self._total:
            highest, often, log = math.log(self._total + 2), self._frequency, math.log
            weighed = [
                max(LEAST_WEIGHT, highest - log(often[name] + 0.5)) * total
                for name, total in story.sums.items()
            ]
            story.centre, story.centred = math.hypot(*weighed) / story.size, self._turnover
        return story.centre


def _of_one_matter(gist: Gist, story: _Story) -> bool:
    """Whether they have in common two words that name nobody, or what happened and an actor."""
    signs = Counter(name[0] for name in gist.features if name in story.sums)
    words = signs.total() - sum(signs[sign] for sign in (ACTOR, KIND, NAMES, MEANING))
    matters = signs[KIND] + signs[MEANING]
    return words > 1 or matters > 1 or bool(signs[ACTOR] and matters)
