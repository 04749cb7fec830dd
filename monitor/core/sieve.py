"""Which words of rules a text may have, told at a glance: most articles have hardly any.

The text is folded to a byte a letter, and one automaton looks for all words of the rules at once.
It may say too much, never too little; what remains is looked at word by word.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from monitor.core.rules import Word
from monitor.core.stems import Stems
from monitor.core.terms import words_finder
from monitor.core.text import WORD_LIMIT, fold
from monitor.core.vocabulary import ON_TOP, name_of

# Of all words of the rules; with more, hardly a text is without, and looking words up is quicker.
LETTERS_LIMIT = 12_000
_REMEMBERED = 4_096  # words that were found
_BYTES = "cp1252"  # has the letters of Western Europe and the quotation marks of newspapers
_UNFOLDED = str.maketrans("æðøþœƒ", "adotof")  # what folding leaves of them, as ASCII letters
_CURRENCY = frozenset("$€£¥")  # tokens by themselves, written in more than one way
_ALSO_IN = {"us": "u", "eeuu": "uu"}  # U. S. and EE. UU. are one token, but two words here
_DOTTED = re.compile(r"\.[^\W\d_](?![^\W_])")  # in U.S., a.m.: one token, but two words here
_ACRONYM = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_](?![^\W_])")
_PUT_BY_STEMMERS = tuple("eilty")  # at the end of a stem, where the word has another letter
_STRANGE = 1  # the byte that stands for what is not one letter when it is folded


def _folded(byte: int) -> int:
    character = bytes((byte,)).decode(_BYTES, "replace")
    if character == "\u00ad":  # it may stand inside a word
        return _STRANGE
    if not re.match(r"[^\W_]", character):
        return ord(" ")
    folded = fold(character).translate(_UNFOLDED)
    return ord(folded) if len(folded) == 1 and folded.isascii() else _STRANGE


_TABLE = bytes(map(_folded, range(256)))
# Of Latin-1, which is encoded in a tenth of the time: as the other, but for control characters.
_LATIN = bytes(ord(" ") if 0x80 <= byte < 0xA0 else _TABLE[byte] for byte in range(256))  # noqa: PLR2004


class Glance(NamedTuple):
    """What words of rules a text may have, by their names, as if all of it were title and lead.

    `words`: those of the text that may be some of them, None if unsure.
    """

    names: frozenset[str]
    words: frozenset[str] | None


class Sieve:
    """All words of the rules, to be looked for in whole texts."""

    def __init__(self, words: Iterable[Word]) -> None:
        self._stems = Stems()
        self._names: dict[str, set[str]] = {}  # by heads, and words with a blank behind them
        self._sure: set[str] = set()  # those that are not looked for
        for word in words:
            names = {name_of(word), ON_TOP + name_of(word)}
            for key in self._keys(word):
                if key:
                    self._names.setdefault(key, set()).update(names)
                else:
                    self._sure |= names
        self._lengths = sorted(set(map(len, self._names)))
        self._longest = max(self._lengths, default=0)
        heads = "|".join(sorted(key for key in self._names if key[-1] != " "))
        whole = "|".join(sorted(key[:-1] for key in self._names if key[-1] == " "))
        alternatives = (rf"(?:{heads})\w*" if heads else "", whole)
        pattern = rf"\b(?:{'|'.join(filter(None, alternatives))})\b"
        self._found = words_finder(pattern) if self._names else lambda _: ()
        self._named = lru_cache(_REMEMBERED)(self._named_by_word)

    def _keys(self, word: Word) -> set[str]:
        """Heads, and whole words with a blank behind, one of which every form of a word has.

        An empty one where nothing is sure; none at all where a text of such bytes has no form.
        """
        keys = {key.translate(_UNFOLDED) for key in self._plain_keys(word)}
        if "" in keys:
            return {""}
        for written, part in _ALSO_IN.items():
            if f"{written} ".startswith(tuple(keys)):
                keys.add(f"{part} ")
        return set(filter(str.isascii, keys))

    def _plain_keys(self, word: Word) -> Iterator[str]:
        pattern = fold(word.pattern)
        if word.inflected:
            yield f"{pattern} "
            yield from self._heads(pattern)
        elif "?" in pattern or not _CURRENCY.isdisjoint(pattern) or len(pattern) >= WORD_LIMIT:
            yield ""
        elif pattern.endswith("*"):
            yield pattern[:-1] if pattern[:-1].isalnum() else ""
        else:
            longest = max(re.findall(r"[^\W_]+", pattern), key=len, default="")
            yield longest and f"{longest} "

    def _heads(self, word: str) -> Iterator[str]:
        """What every word begins with that has the same stem.

        Snowball puts another letter at the end of some stems; those of dying and lying end in ie.
        """
        for language in self._stems.languages:
            for stem in self._stems.of(word, word, language):
                if stem.endswith("ie"):
                    yield stem[:-2]
                else:
                    yield stem[:-1] if stem.endswith(_PUT_BY_STEMMERS) else stem

    def look(self, text: str) -> Glance | None:
        """What a text may hold; None if that cannot be told so."""
        if "U$S" in text:  # a token that may stand right before another one
            return None
        text += _acronyms(text)
        folded = _in_bytes(text)
        if folded is None or _STRANGE in folded:
            return None
        found = set(self._found(folded))
        names = frozenset(self._sure).union(*(self._named(each[: self._longest]) for each in found))
        return Glance(names, None if self._sure else frozenset(each.decode() for each in found))

    def _named_by_word(self, word: bytes) -> frozenset[str]:
        """The names for the opening of a word that was found, or for all of it."""
        written = f"{word.decode()} "
        keys = (written[:length] for length in self._lengths if length <= len(written))
        return frozenset().union(*(self._names.get(key, ()) for key in keys))


def _in_bytes(text: str) -> bytes | None:
    """A text folded to a byte a letter; None if it has others than those of Western Europe."""
    for encoding, table in (("latin-1", _LATIN), (_BYTES, _TABLE)):
        try:
            return text.encode(encoding).translate(table)
        except UnicodeEncodeError:
            pass
    return None


def _acronyms(text: str) -> str:
    """The letters around dots that are inside of tokens, as words.

    The first letter may belong to the word before, as after an apostrophe.
    """
    words = [""]
    end = 0
    while found := _DOTTED.search(text, end):
        end = found.end()
        if acronym := _ACRONYM.match(text, max(0, found.start() - 1)):
            letters = acronym.group().replace(".", "")
            words += (letters, letters[1:])
            end = acronym.end()
    return " ".join(words)
