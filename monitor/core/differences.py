"""What an article says that the one it takes its text from does not. Pure.

A copy is cut, gets another headline, a line of the outlet's own, a word changed here and there;
an update has another opening, another figure or somebody new who speaks.
"""

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import pairwise

from monitor.core.shingles import words_of

KNOWN = 0.5  # share of the pairs of words, from which a sentence is one of the original's
SENTENCE = 8  # words; what is shorter is a kicker, a caption, a byline
OPENING = 8  # words that a first paragraph has at least
QUOTE = 4  # words of a quotation; shorter ones are names and irony
GROWN = 0.5  # share of the sentences: with more of its own, it is an article of its own
YEARS = range(1900, 2101)

_SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’»)\]]*\s+|\n+")
_QUOTED = re.compile(r"“([^“”\n]{10,600})”|«([^«»\n]{10,600})»|\"([^\"\n]{10,600})\"")
_ENDED = re.compile(r"[.!?…:][\"'”’»)\]]*$")

_Pairs = frozenset[tuple[str, str]]


class Difference(StrEnum):
    """Why an article with another's text is no copy of it."""

    OPENING = "another first paragraph"
    NUMBERS = "other numbers"
    QUOTES = "new quotes"
    GROWN = "mostly its own text"


def difference(new: str, old: str) -> Difference | None:
    """What makes a new text with much of an old one more than its copy; None for a copy.

    What was only left out makes no difference, nor does what is too short to be news.
    """
    known = _pairs(words_of(old))
    sentences = [words for line in _SENTENCE.split(new) if (words := words_of(line))]
    own = [words for words in sentences if len(words) >= SENTENCE and _share(words, known) < KNOWN]
    if _share(_opening(new), known) < KNOWN:
        return Difference.OPENING
    if any(_other_number(words, known) for words in sentences) or _figures_in_own(new, known):
        return Difference.NUMBERS
    if any(_share(words, known) < KNOWN for words in _quotes(new)):
        return Difference.QUOTES
    if sum(map(len, own)) > GROWN * sum(map(len, sentences)):
        return Difference.GROWN
    return None


def _pairs(words: Sequence[str]) -> _Pairs:
    return frozenset(pairwise(words))


def _share(words: Sequence[str], known: _Pairs) -> float:
    """Of the pairs of neighbours, the share that the original has; 1.0 if there are none."""
    pairs = list(pairwise(words))
    return sum(pair in known for pair in pairs) / len(pairs) if pairs else 1.0


def _opening(text: str) -> list[str]:
    """The first paragraph that is more than a kicker."""
    lines = (words_of(line) for line in text.split("\n"))
    return next((words for words in lines if len(words) >= OPENING), [])


def _other_number(words: Sequence[str], known: _Pairs) -> bool:
    """Whether a sentence of the original has another figure in its place.

    A word that was changed on one side of a figure leaves the pair on the other.
    """
    if len(words) < OPENING // 2 or _share(words, known) < KNOWN:
        return False
    return any(
        word.isdigit()
        and not any(pair in known for pair in pairwise(words[max(0, place - 1) : place + 2]))
        for place, word in enumerate(words)
    )


def _figures_in_own(text: str, known: _Pairs) -> bool:
    """Whether a whole sentence that the original has not says a figure; a bare year is none."""
    for line in _SENTENCE.split(text):
        words = words_of(line)
        if len(words) < SENTENCE or not _ENDED.search(line.rstrip()):
            continue
        figures = [word for word in words if word.isdigit() and int(word[:9]) not in YEARS]
        if figures and _share(words, known) < KNOWN:
            return True
    return False


def _quotes(text: str) -> Iterator[list[str]]:
    for found in _QUOTED.finditer(text):
        words = words_of(next(filter(None, found.groups())))
        if len(words) >= QUOTE:
            yield words
