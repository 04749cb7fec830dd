"""Text as rules see it: cleaned, folded, cut into tokens, sentences and paragraphs.

Offsets are Unicode code points into the string exactly as given. Everything is linear in it.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, chain, compress, repeat
from operator import add
from typing import NamedTuple

from monitor.core.model import Document

LEAD_LIMIT = 600  # characters of the body that may stand in for a missing summary
SHORT_LIMIT = 2 * LEAD_LIMIT  # of a text whose columns are kept for a moment
LEAD_PARAGRAPHS = 3  # of the body, the same
WORD_LIMIT = 200  # characters of one word that are folded; longer ones are not words
PIECES_LIMIT = 50_000  # written forms that are remembered with their tokens: some 15 MB
PIECE_LIMIT = 60  # characters; longer ones are seldom words, and seldom come again
MARKS_LIMIT = 30  # combining marks in a row, as Unicode's Stream-Safe Text Format (UAX 15)

_UNSEEN = "\u00ad\u034f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"  # zero width, bidi
_MARKS = "\u0300-\u036f"
_LETTER = r"[^\W\d_]"
_WORD = rf"[^\W_]+(?:[{_MARKS}{_UNSEEN}]+[^\W_]*)*"
_SPACE = "[ \u00a0\u2009\u202f]"
_S = r"(?:['’ʼ][sS](?![^\W_]))?"  # a possessive, where the word itself may end in a stop
_TOKEN = re.compile(
    "|".join(
        (
            rf"{_LETTER}{{3,}}(?=[\s,;:])",  # most words, told apart early: half the time
            rf"[Ee][Ee]\.?{_SPACE}?[Uu][Uu](?![^\W_])\.?{_S}",  # EE.UU., EE UU, EEUU
            rf"U\.{_SPACE}S\.{_S}",  # U. S.
            r"US\$|U\$S|[$€£¥]",
            rf"(?:{_LETTER}\.)+{_LETTER}(?![^\W_])\.?{_S}",  # U.S., a.m.
            rf"\d+(?:[.,]\d+)+(?:{_WORD})?",  # 1,000.50 and 3.5m
            rf"{_WORD}(?:['’ʼ]{_WORD})*",
        )
    )
)
# The blank of EE. UU. and U. S., the only one that may stand inside a token.
_INNER_BLANK = re.compile(r"(?:(?<=[Ee])|(?<=[Ee]\.)) (?=[Uu][Uu])|(?<=U\.) (?=S\.)")
_DOTTED = re.compile(rf"(?:{_LETTER}\.)+{_LETTER}\.?|[^\W\d_]{{1,2}}\.?{_SPACE}?[^\W\d_]{{1,2}}\.?")
_POSSESSIVE = re.compile(r"['’ʼ][sS]$")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*\s")
# Words whose full stop ends no sentence. A dotted acronym holds its last stop inside itself.
_BREAK = re.compile(rf"\n|{_SENTENCE_END.pattern}")
_MAY_HOLD_BLANK = (" UU", " Uu", " uU", " uu", "U. S")  # seldom in texts without EE UU or U. S.
_ABBREVIATIONS = frozenset(
    re.findall(
        r"\w+",
        "mr mrs ms dr dra sr sra srta st gen sen rep gov lt col capt cmdr prof hon jr vs "
        "gral tte cnel lic ing art etc ud uds jan feb aug sept oct nov dec",
    )
)
_NUMBERING = frozenset(("no", "num", "nro", "pag", "art"))  # an abbreviation before a figure only

_UNSEEN_CHARACTERS = re.compile(
    rf"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f{_UNSEEN}\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_LINE_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_LONG_RUN = re.compile(rf"[^\x00-\u02ff]{{{MARKS_LIMIT + 1},}}")


class Token(NamedTuple):
    """One word. A named tuple, because an article makes a thousand of them.

    `folded` has no case, accents or possessive; `exact` keeps case and accents. Both say one
    meaning one way: EE. UU. is `eeuu`, U.S. is `us` (exact `US`).
    """

    folded: str
    exact: str
    start: int
    end: int
    sentence: int
    paragraph: int


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one field of a document, in code points."""

    field: str
    start: int
    end: int


def clean(text: str) -> str:
    """The text without control, bidi, zero-width and surrogate characters, as NFC.

    Every kind of line break becomes a newline; tabs stay.
    """
    text = _LINE_BREAKS.sub("\n", text)
    if text.isascii():
        return _UNSEEN_CHARACTERS.sub("", text)
    text = _LONG_RUN.sub(_without_mark_floods, _UNSEEN_CHARACTERS.sub("", text))
    return unicodedata.normalize("NFC", text)


def _without_mark_floods(run: re.Match[str]) -> str:
    """A run with at most MARKS_LIMIT marks in a row: sorting more takes quadratic time."""
    kept: list[str] = []
    marks = 0
    for character in run.group():
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= MARKS_LIMIT:
            kept.append(character)
    return "".join(kept)


@lru_cache(maxsize=65_536)
def _fold_word(word: str) -> str:
    return _without_marks(word[:WORD_LIMIT])


def _without_marks(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    # However long, it has few different marks; str.translate would take ten times as long.
    for character in set(plain):
        if unicodedata.combining(character):
            plain = plain.replace(character, "")
    return plain.casefold()


def fold(text: str) -> str:
    """The text without case and accents; spacing and punctuation stay, lengths may change."""
    if text.isascii():
        return text.lower()
    return _without_marks(_LONG_RUN.sub(_without_mark_floods, text))


def forms(written: str) -> tuple[str, str, int]:
    """Of one token: folded form, exact form, and how many of its characters belong to it."""
    if written.isascii() and written.isalpha() and len(written) > len("EEUU"):  # most words
        return written[:WORD_LIMIT].lower(), written, len(written)
    word = _POSSESSIVE.sub("", written)
    kept = len(word)
    if "." in word or " " in word or "\u00a0" in word:
        word = _joined(word)
    if not word.isascii():
        word = re.sub(f"[{_UNSEEN}]", "", word[:WORD_LIMIT]).replace("’", "'").replace("ʼ", "'")
        word = unicodedata.normalize("NFC", word)
    if word == "U$S":
        word = "US$"
    if word.lower() == "eeuu":
        word = "EEUU"
    return _fold_word(word), word, kept


def _joined(word: str) -> str:
    """An acronym without its stops; a figure as it is."""
    if word[0].isdigit() or not _DOTTED.fullmatch(word):
        return word
    return "".join(filter(str.isalpha, word))


class Columns(NamedTuple):
    """The tokens of a text, each of their fields by itself: a fraction of the work of tokens."""

    folded: Sequence[str]
    exact: Sequence[str]
    starts: Sequence[int]
    ends: Sequence[int]
    sentences: Sequence[int]
    paragraphs: Sequence[int]

    def tokens(self, first: int = 0, end: int | None = None) -> list[Token]:
        """Those from `first` to `end` (exclusive)."""
        rows = zip(*(column[first:end] for column in self), strict=True)
        return list(map(_new_tuple, repeat(Token), rows))


_new_tuple = tuple.__new__  # half the time of calling the class


def tokenise(text: str) -> list[Token]:
    """The tokens of the text, in order; a line break ends a paragraph."""
    return columns(text).tokens()


def columns(text: str) -> Columns:
    """The tokens of the text as columns. Nobody changes them: several may look at the same."""
    return _short_columns(text) if len(text) <= SHORT_LIMIT else _columns(text)


@lru_cache(maxsize=64)  # a title and a lead are looked at by several, one right after another
def _short_columns(text: str) -> Columns:
    return _columns(text)


def _columns(text: str) -> Columns:
    written = pieces(text)
    found = list(map(_known_pieces.__getitem__, written))
    tokens = list(chain.from_iterable(found))
    if not tokens:
        return Columns((), (), (), (), (), ())
    folded, exact, offsets, lengths = zip(*tokens, strict=True)
    starts = list(map(add, _beginnings(written, found), offsets))
    ends = list(map(add, starts, lengths))
    return Columns(folded, exact, starts, ends, *_units(text, exact, starts, ends))


Cut = tuple[tuple[str, str, int, int], ...]


class _Pieces(dict[str, Cut]):
    """The tokens of pieces: folded and exact form, where each starts, its length. Bounded."""

    def __missing__(self, piece: str) -> Cut:
        found = []
        for token in _TOKEN.finditer(piece):
            folded, exact, kept = forms(token.group())
            exact = piece if exact == piece else exact  # one string for all: less memory to touch
            found.append((exact if folded == exact else folded, exact, token.start(), kept))
        tokens = tuple(found)
        if len(piece) <= PIECE_LIMIT:
            if len(self) >= PIECES_LIMIT:
                self.clear()
            self[piece] = tokens
        return tokens


_known_pieces = _Pieces()


def cut(piece: str) -> Cut:
    """The tokens of a piece: folded and exact form, where each starts in it, and its length."""
    return _known_pieces[piece]


def _beginnings(written: Sequence[str], found: Sequence[Cut]) -> list[int]:
    """For each token where its piece begins."""
    begins = list(map(add, accumulate(map(len, written), initial=0), range(len(written))))
    beside: list[int] = []
    counts = list(map(len, found))
    last = 0
    for number in compress(range(len(counts)), map((1).__ne__, counts)):  # few
        beside += begins[last:number]
        beside += [begins[number]] * counts[number]
        last = number + 1
    return beside + begins[last:]


def _units(
    text: str, exact: Sequence[str], starts: Sequence[int], ends: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Of each token the number of its sentence and of its paragraph."""
    sentences: list[int] = []
    paragraphs: list[int] = []
    sentence = paragraph = done = 0
    for found in _BREAK.finditer(text):
        number = bisect_right(starts, found.start())
        if not done < number < len(starts):
            continue
        gap = text[ends[number - 1] : starts[number]]
        broken = "\n" in gap
        if broken or _ends_sentence(exact[number - 1], gap, exact[number]):
            sentences += [sentence] * (number - done)
            paragraphs += [paragraph] * (number - done)
            sentence += 1
            paragraph += broken
            done = number
    sentences += [sentence] * (len(starts) - done)
    paragraphs += [paragraph] * (len(starts) - done)
    return sentences, paragraphs


def pieces(text: str) -> list[str]:
    """The text cut at every single blank and line break, so that each place can be found again.

    Each piece has its tokens by itself: together they are those of the text.
    """
    if any(map(text.__contains__, _MAY_HOLD_BLANK)):
        text = _INNER_BLANK.sub("\u00a0", text)
    return text.replace("\n", " ").split(" ")


def _ends_sentence(before: str, gap: str, after: str) -> bool:
    """Whether a sentence ends between two words. Knows common abbreviations of both languages."""
    if not _SENTENCE_END.search(gap):
        return False
    if after[0].islower() and "¿" not in gap and "¡" not in gap:
        return False
    if gap[0] != ".":
        return True
    folded = _fold_word(before)
    if folded in _NUMBERING and after[0].isdigit():
        return False
    initial = len(before) == 1 and before.isupper()
    return not initial and folded not in _ABBREVIATIONS


def lead(document: Document) -> Span | None:
    """Where the lead stands: the summary, else the opening of the text; None without either.

    The opening is three paragraphs or 600 characters, whichever is shorter, in whole words.
    """
    if document.summary and not document.summary.isspace():
        return Span("summary", 0, len(document.summary))
    if not document.text or document.text.isspace():
        return None
    text = document.text
    start = len(text) - len(text.lstrip())
    return Span("text", start, start + _opening(text[start : start + LEAD_LIMIT + 1]))


def _opening(head: str) -> int:
    """Length of the lead in `head`, which shows one character more than the lead may have."""
    seen = position = 0
    for line in head.split("\n"):
        position += len(line) + 1
        seen += bool(line.strip())
        if seen == LEAD_PARAGRAPHS and position <= LEAD_LIMIT:
            return position - 1
    if len(head) <= LEAD_LIMIT:
        return len(head)
    blank = max(head.rfind(" "), head.rfind("\n"))
    return blank if blank > 0 else LEAD_LIMIT


def lead_text(document: Document) -> str:
    """The lead itself, empty without one."""
    span = lead(document)
    if span is None:
        return ""
    field = document.summary if span.field == "summary" else document.text
    return (field or "")[span.start : span.end]
