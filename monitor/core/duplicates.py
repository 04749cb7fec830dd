"""Copies, updates and revisions: what a new article has to do with an earlier one. Pure.

    features of the new one ─look-up (storage, or Duplicates)→ candidates ─related→ Relation

Containment, not likeness: half of an article is a copy of it. Measured in docs/evaluation.md.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from monitor.core.differences import Difference, differences
from monitor.core.shingles import (
    Features,
    containment,
    features_of,
    longest_run,
    subject_hash,
    subject_words,
    without_figures,
)

SHARED = 2  # hashes of the sketches: fewer are chance
CONTAINED = 0.35  # of 715 articles of two days any two shared over 0.9 or under 0.2
TAKEN = 0.5  # of an article, else the greater part is its own
MOSTLY = 0.6  # containment from which even another headline and beginning make no other article
ALIKE = 0.4  # share of the shorter headline's words that two headlines of one subject have
CROWD = 50  # articles; a hash of so many is a refrain, and tells nothing
CANDIDATES = 8  # earlier articles that are compared word for word, at most
MEMORY = timedelta(weeks=3)  # how long a text is remembered
FRESH = timedelta(hours=72)  # how long an article is updated; later it is another article
TITLE_DAY = timedelta(hours=36)  # "the same day" of two outlets in any time zone
OWN_DAY = timedelta(hours=12)  # … of one outlet: its daily column has one headline every day
TELLING = 6  # words of a headline that two articles of a day do not share by chance
RETITLED = 1.15  # of 2: what two headlines of one article share at least, see `_retitled`
RUN = 5  # words in a row that count in full


class Relation(StrEnum):
    """What an article has to do with an earlier one."""

    NEW = "new"
    COPY = "copy"  # says nothing that the earlier one does not say
    UPDATE = "update"  # has its text, and says more
    REVISION = "revision"  # the outlet's own article under another headline or address


_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class Candidate(Generic[_Key]):
    """An earlier article that may be the original. `poorer`: less of it was read."""

    key: _Key
    features: Features
    at: datetime
    poorer: bool = False


@dataclass(frozen=True, slots=True)
class Related(Generic[_Key]):
    """What a new article is, and of which earlier one; why, where that is not plain.

    `containment`, 0-1, is of their texts; 1.0 where only headlines could be compared.
    """

    key: _Key
    relation: Relation
    containment: float
    difference: Difference | None = None

    @property
    def of_its_story(self) -> bool:
        """True if the new article is of the earlier one's story whatever its words are.

        A headline with other figures may be the next of a series: joined, it would be silent.
        """
        return self.difference is not Difference.HEADLINE


def week_of(at: datetime) -> int:
    """The week under which a sketch is kept, counted from 1970."""
    return int(at.timestamp() // timedelta(weeks=1).total_seconds())


def weeks_of(at: datetime) -> range:
    """The weeks in which the originals of an article may lie."""
    return range(week_of(at - MEMORY), week_of(at) + 1)


def likely(
    features: Features, found: Mapping[int, Iterable[_Key]], *, most: int = CANDIDATES
) -> list[_Key]:
    """Which of the articles that share hashes are worth a comparison; the likeliest first."""
    crowded = {number: keys for number in found if len(keys := list(found[number])) < CROWD}
    shared: Counter[_Key] = Counter()
    subjects: defaultdict[_Key, float] = defaultdict(float)
    titled: list[_Key] = []
    for number, keys in crowded.items():
        if number in features.sketch:
            shared.update(keys)
        if number in features.subject:
            for key in keys:
                subjects[key] += rarity(len(keys))
        if number == features.title_hash:
            titled += reversed(keys)
    ranked = [key for key, count in shared.most_common() if count >= SHARED]
    ranked += [key for key, _ in sorted(subjects.items(), key=lambda each: -each[1])]
    return list(dict.fromkeys([*titled[: most // 2], *ranked]))[:most]


def rarity(often: int) -> float:
    """The weight of a word that stands in so many of an outlet's headlines."""
    return max(0.0, math.log((CROWD + 2) / (max(often, 1) + 0.5)))


def related(
    new: Features,
    candidates: Iterable[Candidate[_Key]],
    *,
    at: datetime,
    often: Mapping[int, int],
) -> Related[_Key] | None:
    """The earlier article that a new one takes up, and how; None for a new one.

    `often` says in how many of its outlet's headlines a subject's hash stands. A copy of any is a
    copy; else the one that it shares most with counts, the earlier of two.
    """
    found: list[Related[_Key]] = []
    for each in candidates:
        one = _compared(new, each, at=at, often=often)
        if one is not None:
            found.append(one)
    copies = [each for each in found if each.relation is Relation.COPY]
    return max(copies or found, key=lambda each: each.containment, default=None)


def _compared(
    new: Features, earlier: Candidate[_Key], *, at: datetime, often: Mapping[int, int]
) -> Related[_Key] | None:
    apart, old = abs(at - earlier.at), earlier.features
    if new.brief or old.brief:
        relation = _by_title(new, old, apart=apart, often=often)
        if relation is Relation.COPY and earlier.poorer:
            relation = Relation.UPDATE
        what = Difference.HEADLINE if _same_but_figures(new, old) else None
        return Related(earlier.key, relation, 1.0, what) if relation else None
    share = containment(new.shingles, old.shingles)
    if share < CONTAINED or apart > MEMORY:
        relation = _by_equal_title(new, old, apart=apart)
        return Related(earlier.key, relation, share) if relation else None
    more = _differences(new, old)
    relation = _by_text(new, old, copy=not more and not earlier.poorer)
    if relation is None or _background(new, old, more, share=share):
        return None
    if relation is not Relation.COPY and apart > FRESH:
        return None
    what = Difference.HEADLINE if _same_but_figures(new, old) else next(iter(more), None)
    return Related(earlier.key, relation, share, what)


def _differences(new: Features, old: Features) -> list[Difference]:
    """What the new one says more; nothing for a copy."""
    taken = len(new.shingles & old.shingles) / len(new.shingles)
    if taken == 1:
        return []
    grown = [Difference.GROWN] if taken < TAKEN else []
    return differences(new.text, old.text) + grown


def _background(new: Features, old: Features, more: Sequence[Difference], *, share: float) -> bool:
    """True if one article only stands on the other's background, or on one form with it.

    It has another headline and another beginning; and little of the text, or other numbers in it.
    One outlet's text under both, with any difference, is its form: its weather, its tables.
    """
    one, other = subject_words(new.title), subject_words(old.title)
    alike = len(one & other) >= ALIKE * max(1, min(len(one), len(other)))
    if Difference.FORM in more:
        return True
    if alike or not more:
        return False
    if new.outlet is not None and new.outlet == old.outlet:
        return True
    return Difference.OPENING in more and (share < MOSTLY or Difference.NUMBERS in more)


def _by_text(new: Features, old: Features, *, copy: bool) -> Relation | None:
    """What an article with another's text is; None where only a notice of the outlet is shared."""
    if _same_but_figures(new, old):
        return Relation.UPDATE
    if new.outlet is None or new.outlet != old.outlet:
        return Relation.COPY if copy else Relation.UPDATE
    if new.title == old.title:
        return Relation.COPY if copy else Relation.REVISION
    # One outlet that shows one text under unlike headlines shows its cookie notice.
    alike = subject_words(new.title) & subject_words(old.title)
    return Relation.REVISION if alike else None


def _by_title(
    new: Features, old: Features, *, apart: timedelta, often: Mapping[int, int]
) -> Relation | None:
    """What an article is of whose text, or of whose original's, too little was read."""
    own = new.outlet is not None and new.outlet == old.outlet
    if apart > TITLE_DAY:
        return None
    if new.title_hash is not None and new.title_hash == old.title_hash:
        if new.title == old.title:
            return None if own and apart > OWN_DAY else Relation.COPY
        if _same_but_figures(new, old):
            return Relation.UPDATE
    both = new.brief and old.brief
    return Relation.REVISION if own and both and _retitled(new, old, often) else None


def _by_equal_title(new: Features, old: Features, *, apart: timedelta) -> Relation | None:
    """What an article with another's headline and a text of its own is.

    Feeds give different openings of one article; that nothing is new in this one cannot be seen.
    """
    own = new.outlet is not None and new.outlet == old.outlet
    if len(new.title) < TELLING or new.title != old.title:
        return None
    if own:
        return Relation.REVISION if apart <= OWN_DAY else None
    return Relation.UPDATE if apart <= TITLE_DAY else None


def _same_but_figures(new: Features, old: Features) -> bool:
    """True if two headlines differ, and in figures only."""
    return new.title != old.title and without_figures(new.title) == without_figures(old.title)


def _retitled(new: Features, old: Features, often: Mapping[int, int]) -> bool:
    """Whether two headlines of one outlet are of one article.

    The share of their weight that they have in common, 0-1, words that are rare in this outlet's
    headlines weighing more, and how much of RUN is the longest run of words that both have.
    """
    one, other = subject_words(new.title), subject_words(old.title)

    def weight(words: frozenset[str]) -> float:
        hashes = sorted(subject_hash(word, new.outlet or "") for word in words)
        return math.fsum(rarity(often.get(number, 1)) for number in hashes)

    least = min(weight(one), weight(other))
    share = weight(one & other) / least if least else 0.0
    return share + min(longest_run(new.title, old.title), RUN) / RUN >= RETITLED


class Duplicates(Generic[_Key]):
    """What was seen, in memory; articles come in the order in which they were seen.

    For `monitor group` and for measurements: the daemon keeps the same in the database.
    """

    def __init__(self) -> None:
        self._seen: dict[_Key, Candidate[_Key]] = {}
        self._holding: defaultdict[int, list[_Key]] = defaultdict(list)

    def add(
        self, key: _Key, *, title: str, text: str | None, outlet: str | None, at: datetime
    ) -> Related[_Key] | None:
        """What an article is of those that were added before, and remember it; None if it is new.

        `text` is the text, or the summary where there is none. A copy is not remembered: whatever
        takes it up takes up its original.
        """
        features = features_of(title, text, outlet=outlet)
        found = self.relation_of(features, at=at)
        if found is None or found.relation is not Relation.COPY:
            self._seen[key] = Candidate(key, features, at)
            for number in features.hashes:
                if len(self._holding[number]) < CROWD:
                    self._holding[number].append(key)
        return found

    def relation_of(self, features: Features, *, at: datetime) -> Related[_Key] | None:
        """What an article is of those that were added; nothing is remembered."""
        found = {number: self._holding.get(number, []) for number in features.hashes}
        often = {number: len(found[number]) for number in features.subject}
        candidates = [self._seen[key] for key in likely(features, found)]
        return related(features, candidates, at=at, often=often)
