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
FORM = 3  # sentences with other figures, if they are most of those that have any
YEARS = range(1900, 2101)

_SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’»)\]]*\s+|\n+")
_QUOTED = re.compile(r"“([^“”\n]{10,600})”|«([^«»\n]{10,600})»|\"([^\"\n]{10,600})\"")
_ENDED = re.compile(r"[.!?…:][\"'”’»)\]]*$")

_Pairs = frozenset[tuple[str, str]]


class Difference(StrEnum):
    """Why an article with another's text is no copy of it."""

    HEADLINE = "other figures in the headline"  # the next of a series as often as news
    OPENING = "another first paragraph"
    FORM = "other numbers all through"  # a form filled in anew, no news of the same thing
    NUMBERS = "other numbers"
    FIGURES = "new figures"
    QUOTES = "new quotes"
    GROWN = "mostly its own text"


def differences(new: str, old: str) -> list[Difference]:
    """What makes a new text with much of an old one more than its copy; none for a copy.

    Both are folded. What was only left out makes no difference, nor does what is too short to be
    news.
    """
    known = _pairs(words_of(old))
    sentences = [
        (line, words, _share(words, known))
        for line in _SENTENCE.split(new)
        if len(words := words_of(line)) >= FIGURE
    ]
    counted = [
        words
        for _, words, share in sentences
        if share >= KNOWN and any(word.isdigit() for word in words)
    ]
    changed = sum(_other_number(words, known) for words in counted)
    own = ((line, words) for line, words, share in sentences if share < KNOWN)
    there = {
        Difference.OPENING: _share(_opening(new), known) < KNOWN,
        Difference.FORM: changed >= FORM and changed > len(counted) / 2,
        Difference.NUMBERS: changed > 0,
        Difference.FIGURES: any(_says_figure(*each) for each in own),
        Difference.QUOTES: any(_share(words, known) < KNOWN for words in _quotes(new)),
    }
    return [each for each, found in there.items() if found]


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
    return any(
        word.isdigit()
        and not any(pair in known for pair in pairwise(words[max(0, place - 1) : place + 2]))
        for place, word in enumerate(words)
    )


def _says_figure(line: str, words: Sequence[str]) -> bool:
    """Whether a sentence that the original has not is a whole one with more than a bare year."""
    told = any(word.isdigit() and int(word[:9]) not in YEARS for word in words)
    return told and len(words) >= SENTENCE and _ENDED.search(line.rstrip()) is not None


def _quotes(text: str) -> Iterator[list[str]]:
    for found in _QUOTED.finditer(text):
        words = words_of(next(filter(None, found.groups())))
        if len(words) >= QUOTE:
            yield words
