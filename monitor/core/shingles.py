"""What two articles are compared by: stretches of five words, and a few hashes of them. Pure.

The hashes are the same in every process and on every machine: they are stored.
"""

import heapq
import re
from collections.abc import Iterable, Sequence, Sized
from dataclasses import dataclass
from itertools import accumulate, chain
from zlib import crc32

from monitor.core.text import fold

SHINGLE = 5  # words; shorter stretches are shared by unrelated articles
SCALE = 16  # one shingle in so many is kept in a sketch (FracMinHash) …
FEWEST = 12  # … but of a brief at least as many, or its copies would share none
MOST = 32  # … and of a long read at most: they are what a copy costs on disk
ENOUGH = 25  # words; shorter texts are compared by their headlines only
TITLE_WORDS = 4  # of a headline that can be told from others by itself
TITLE_STEM = 6  # letters: "enfrenta" and "enfrentará" are one word of a headline
TITLE_LONG = 4  # letters of a word of a headline that counts

_WORD = re.compile(r"[^\W_]+")
_SUFFIX = re.compile(r"\s+[-–—|]\s+[^-–—|\d]{2,40}$")  # " - Reuters", as aggregators write it
_DIGITS = re.compile(r"\d+")
_BITS = 0xFFFFFFFF
_SPREAD = 0x9E3779B1  # an odd constant (2**32 over the golden ratio): CRCs of like texts are alike


@dataclass(frozen=True, slots=True)
class Features:
    """One article as its copies are looked for. The hashes are below 2**31.

    `text` is folded. `sketch` is empty for a text of fewer than ENOUGH words. Such an article is
    found by its headline: `subject` hashes the words of it together with the outlet. `title_hash`
    is of the headline without figures; None if it is too short to stand for an article.
    """

    title: tuple[str, ...]
    text: str
    outlet: str | None
    shingles: frozenset[int]
    sketch: frozenset[int]
    title_hash: int | None
    subject: frozenset[int]

    @property
    def hashes(self) -> frozenset[int]:
        """All hashes under which copies find this article."""
        own = frozenset() if self.title_hash is None else frozenset((self.title_hash,))
        return self.sketch | self.subject | own

    @property
    def brief(self) -> bool:
        """True if there is too little text to compare."""
        return not self.shingles


def features_of(title: str, text: str | None, *, outlet: str | None) -> Features:
    """What an article's copies are found by. `text` is its text, or its summary without one."""
    folded = fold(text or "")
    words, headline = words_of(folded), headline_words(title)
    enough = len(words) >= ENOUGH
    shingles = shingles_of(words) if enough else frozenset()
    return Features(
        title=headline,
        text=folded,
        outlet=outlet,
        shingles=shingles,
        sketch=sketch_of(shingles),
        title_hash=_title_hash(headline),
        subject=frozenset() if enough or outlet is None else _subject(headline, outlet),
    )


def words_of(folded: str) -> list[str]:
    """The words of a folded text; figures are words."""
    return _WORD.findall(folded)


def headline_words(title: str) -> tuple[str, ...]:
    """The words of a headline, folded, without the outlet's name that aggregators append."""
    bare = _SUFFIX.sub("", title.strip())
    words = words_of(fold(bare))
    return tuple(words if len(words) >= TITLE_WORDS else words_of(fold(title)))


def without_figures(title: Sequence[str]) -> tuple[str, ...]:
    """A headline with every figure alike."""
    return tuple(_DIGITS.sub("0", word) for word in title)


def shingles_of(words: Sequence[str]) -> frozenset[int]:
    """Hashes of all stretches of SHINGLE words; empty if there are fewer words."""
    joined = " ".join(words).encode("utf-8", "surrogatepass")
    written: Iterable[Sized] = words
    if not joined.isascii():
        written = [word.encode("utf-8", "surrogatepass") for word in words]
    nexts = [end + place for place, end in enumerate(accumulate(map(len, written)), 1)]
    starts = chain((0,), nexts)
    # Written out: it is done for each word that comes in.
    return frozenset(
        [
            (crc32(joined[start : after - 1]) * _SPREAD & _BITS) >> 1
            for start, after in zip(starts, nexts[SHINGLE - 1 :], strict=False)
        ]
    )


def sketch_of(shingles: frozenset[int]) -> frozenset[int]:
    """The smallest hashes: two texts that share a part share the hashes of that part."""
    size = min(max(len(shingles) // SCALE, FEWEST), MOST)
    return frozenset(heapq.nsmallest(size, shingles))


def containment(one: frozenset[int], other: frozenset[int]) -> float:
    """Containment, 0-1: shared shingles over the smaller set; 0.0 if either is empty."""
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller else 0.0


def subject_words(title: Sequence[str]) -> frozenset[str]:
    """The words of a headline that say what it is about, cut so that inflections are one."""
    return frozenset(
        word[:TITLE_STEM] for word in title if len(word) >= TITLE_LONG or word.isdigit()
    )


def longest_run(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words in a row two headlines have in common at most."""
    best = 0
    ending: dict[int, int] = {}  # how long the run is that ends at a place of the other
    for word in one:
        ending = {
            place: ending.get(place - 1, 0) + 1
            for place, there in enumerate(other)
            if there == word
        }
        best = max([best, *ending.values()])
    return best


def subject_hash(word: str, outlet: str) -> int:
    """The hash of one such word in the headlines of one outlet."""
    return _hash(f"{outlet}\x1f{word}")


def _subject(title: Sequence[str], outlet: str) -> frozenset[int]:
    return frozenset(subject_hash(word, outlet) for word in subject_words(title))


def _title_hash(title: Sequence[str]) -> int | None:
    if len(title) < TITLE_WORDS:
        return None
    return _hash("\x1f".join(("title", *without_figures(title))))


def _hash(text: str) -> int:
    """31 bits. A collision costs one comparison: what is a copy is decided on the texts."""
    return (crc32(text.encode("utf-8", "surrogatepass")) * _SPREAD & _BITS) >> 1
