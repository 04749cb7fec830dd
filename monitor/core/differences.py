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
SENTENCE = 8  # words of a new sentence; what is shorter is a kicker, a caption, a byline
OPENING = 8  # words that a first paragraph has at least
QUOTE = 4  # words of a quotation; shorter ones are names and irony
FIGURE = 4  # words of a sentence whose figures are compared
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

    Both are folded. What was only left out makes no difference, nor does what is too short to be
    news.
    """
    known = _pairs(words_of(old))
    sentences = [
        (line, words, _share(words, known))
        for line in _SENTENCE.split(new)
        if len(words := words_of(line)) >= FIGURE
    ]
    if _share(_opening(new), known) < KNOWN:
        return Difference.OPENING
    if any(_other_number(*each, known) for each in sentences):
        return Difference.NUMBERS
    if any(_share(words, known) < KNOWN for words in _quotes(new)):
        return Difference.QUOTES
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


def _other_number(line: str, words: Sequence[str], share: float, known: _Pairs) -> bool:
    """Whether a sentence says a figure that the original has not in this place.

    In a sentence of the original a word may be changed on one side of a figure, which leaves the
    pair on the other. One of its own must be a whole sentence, and more than a bare year.
    """
    figures = [place for place, word in enumerate(words) if word.isdigit()]
    if share >= KNOWN:
        return any(
            not any(pair in known for pair in pairwise(words[max(0, place - 1) : place + 2]))
            for place in figures
        )
    told = any(int(words[place][:9]) not in YEARS for place in figures)
    return told and len(words) >= SENTENCE and _ENDED.search(line.rstrip()) is not None


def _quotes(text: str) -> Iterator[list[str]]:
    for found in _QUOTED.finditer(text):
        words = words_of(next(filter(None, found.groups())))
        if len(words) >= QUOTE:
            yield words
