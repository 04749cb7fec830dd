"""What an outlet says of its own article: found by the words of `config/knowledge/`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from monitor.core.knowledge import Knowledge, Notice, NoticeWords
from monitor.core.lexicon import Hit, Lexicon
from monitor.core.rules import Term
from monitor.core.strangers import shorten
from monitor.core.text import Columns, Token, columns

SAID_LIMIT = 400  # characters of a notice that are kept
OPENING_REACH = 5  # words of a headline before which its mark stands: "UPDATE 2-CORRECTED-…"
STAMP_LIMIT = 14  # words of a line that says when a page was touched, and no more
BARE = 4  # words of a heading, as "Correction", whose paragraph is the next one
_STOPS = frozenset(":.–—|)]}")
_DASHES = frozenset("-–—:|")
_BRACKETS = frozenset("([{")


@dataclass(frozen=True, slots=True)
class Noticed:
    """A notice and its words as they stand there, in one line."""

    kind: Notice
    said: str


@dataclass(frozen=True, slots=True)
class _Word:
    kind: Notice
    opening: bool


class Notices:
    """Finds notices in texts."""

    def __init__(self, words: Mapping[Notice, NoticeWords]) -> None:
        self._lexicon = Lexicon(_entries(words))

    def find(self, text: str) -> list[Noticed]:
        """The corrections and retractions that a headline or a text holds, each once, in order."""
        words = columns(text)
        tokens = words.tokens()
        found: dict[str, Noticed] = {}
        for hit in self._hits(text, words, tokens):
            if hit.payload.kind is not Notice.UPDATE:
                said = _said(text, tokens, hit)
                taken_back = hit.payload.kind is Notice.RETRACTION
                if said not in found or taken_back:  # who takes back corrects as well
                    found[said] = Noticed(hit.payload.kind, said)
        return list(found.values())

    def opens(self, title: str, lead: str) -> Noticed | None:
        """Whether an article says in its headline or its lead that it corrects an earlier one."""
        found = [*self.find(title), *self.find(lead)]
        taken_back = (each for each in found if each.kind is Notice.RETRACTION)
        return next(taken_back, found[0] if found else None)

    def is_stamp(self, line: str) -> bool:
        """Whether a line says when a page was touched, and nothing more."""
        words = columns(line)
        if len(words.folded) > STAMP_LIMIT:
            return False
        kinds = {hit.payload.kind for hit in self._hits(line, words, words.tokens())}
        return kinds == {Notice.UPDATE}

    def _hits(self, text: str, words: Columns, tokens: list[Token]) -> list[Hit[_Word]]:
        return [
            hit
            for hit in self._lexicon.find(words)
            if not hit.payload.opening or _opens(text, tokens, hit)
        ]


def _entries(words: Mapping[Notice, NoticeWords]) -> list[tuple[Term, _Word]]:
    return [
        (term, _Word(kind, opening))
        for kind, known in words.items()
        for opening, terms in ((True, known.opening), (False, known.anywhere))
        for term in terms
    ]


def notices_of(knowledge: Knowledge) -> Notices:
    """What finds the notices that some knowledge has words for."""
    return _compiled(tuple(knowledge.notices.items()))


@lru_cache(maxsize=2)
def _compiled(words: tuple[tuple[Notice, NoticeWords], ...]) -> Notices:
    return Notices(dict(words))


def _opens(text: str, tokens: list[Token], hit: Hit[_Word]) -> bool:
    """Whether words stand apart: at the front, or in brackets, with a stop behind them."""
    first, last = tokens[hit.start], tokens[hit.end - 1]
    before = text[: first.start].rstrip(" \t*_\"'“«")[-1:]
    bracketed = before in _BRACKETS
    paragraph = next(
        n for n in range(hit.start, -1, -1)
        if n == 0 or tokens[n - 1].paragraph != first.paragraph
    )  # fmt: skip
    front = paragraph == hit.start
    marked = before in _DASHES and hit.start - paragraph <= OPENING_REACH
    if not (front or bracketed or marked):
        return False
    return (front and bracketed) or _is_stop(text[last.end : last.end + 3])


def _is_stop(after: str) -> bool:
    """Whether what stands behind a word sets it apart: a stop, a figure, the end of a line."""
    near = after.lstrip(" \u00a0*_")
    if not near or near[0] == "\n" or near[0] in _STOPS or near[0].isdigit():
        return True
    return near[0] == "-" and not near[1:2].islower()


def _said(text: str, tokens: list[Token], hit: Hit[_Word]) -> str:
    """The paragraph of a notice; of a bare heading, the next one too."""
    number = tokens[hit.start].paragraph
    paragraphs = [
        list(found)
        for place, found in groupby(tokens, key=lambda token: token.paragraph)
        if place in (number, number + 1)
    ]
    own = paragraphs[0]
    last = own[-1]
    if len(own) <= BARE and len(paragraphs) > 1:
        last = paragraphs[1][-1]
    end = text.find("\n", last.end)
    start = text.rfind("\n", 0, own[0].start) + 1
    words = text[start : end if end >= 0 else len(text)]
    return shorten(" ".join(words.split()), limit=SAID_LIMIT)
