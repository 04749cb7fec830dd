"""Terms found in tokens: of all that begin at a word, each that stands there, longest first.

What a word form can begin is worked out once and remembered, so that most words of a text cost
one look into a dictionary.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from monitor.core.rules import Term, Word
from monitor.core.text import Token, fold

FORMS_LIMIT = 60_000  # different word forms remembered; then forgotten all at once

_Payload = TypeVar("_Payload")


class Hit(NamedTuple, Generic[_Payload]):
    """A term that stands at tokens `start` to `end`, the last excluded."""

    start: int
    end: int
    payload: _Payload


class Lexicon(Generic[_Payload]):
    """Terms with what they mean. For one thread at a time."""

    def __init__(self, entries: Iterable[tuple[Term, _Payload]]) -> None:
        self._by_word: dict[str, list[tuple[tuple[Word, ...], _Payload]]] = {}
        self._by_stem: dict[str, list[tuple[tuple[Word, ...], _Payload]]] = {}
        for term, payload in entries:
            stem = re.split(r"[*?]", fold(term.words[0].pattern), maxsplit=1)[0]
            table = self._by_word if stem == fold(term.words[0].pattern) else self._by_stem
            table.setdefault(stem, []).append((term.words, payload))
        self._longest = max(map(len, self._by_stem), default=0)
        self._known: dict[str, tuple[tuple[tuple[Word, ...], _Payload], ...]] = {}

    def find(self, tokens: Sequence[Token]) -> list[Hit[_Payload]]:
        """Every term that stands in the tokens, in order of its start, longest first."""
        hits: list[Hit[_Payload]] = []
        known = self._known
        for start, token in enumerate(tokens):
            entries = known.get(token.folded)
            if entries is None:
                entries = self._remember(token.folded)
            for words, payload in entries:
                end = start + len(words)
                if end <= len(tokens) and all(
                    _is(word, tokens[start + step]) for step, word in enumerate(words)
                ):
                    hits.append(Hit(start, end, payload))
        return hits

    def _remember(self, folded: str) -> tuple[tuple[tuple[Word, ...], _Payload], ...]:
        if len(self._known) >= FORMS_LIMIT:
            self._known.clear()
        found = list(self._by_word.get(folded, ()))
        for length in range(1, min(len(folded), self._longest) + 1):
            found += self._by_stem.get(folded[:length], ())
        found.sort(key=lambda entry: -len(entry[0]))
        self._known[folded] = tuple(found)
        return self._known[folded]


def _is(word: Word, token: Token) -> bool:
    pattern = word.pattern
    text = token.exact if word.exact else token.folded
    if "?" in pattern:
        return _compiled(pattern).fullmatch(text) is not None
    if pattern.endswith("*"):
        return text.startswith(pattern[:-1])
    return text == pattern


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."))
