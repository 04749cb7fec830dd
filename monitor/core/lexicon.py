"""Terms found in tokens: of all that begin at a word, each that stands there, longest first.

What a word form is or can begin is worked out once and remembered, so that most words of a text
cost one look into a dictionary, and the others a second one for the word that comes next.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar

from monitor.core.rules import Term, Word
from monitor.core.text import WORD_LIMIT, Columns, fold

FORMS_LIMIT = 60_000  # different word forms remembered; then forgotten all at once

_Payload = TypeVar("_Payload")


class Hit(NamedTuple, Generic[_Payload]):
    """A term that stands at tokens `start` to `end`, the last excluded."""

    start: int
    end: int
    payload: _Payload


class _Entry(NamedTuple, Generic[_Payload]):
    """A term under a word form that begins it: what must follow, and what it means."""

    rank: int  # among those of its form: the longest first, then as given
    rest: tuple[Word, ...]
    payload: _Payload


class _Form(NamedTuple, Generic[_Payload]):
    """What one word form may be or begin."""

    alone: tuple[_Entry[_Payload], ...]
    before: Mapping[str, tuple[_Entry[_Payload], ...]]  # by the folded word that must come next
    before_any: tuple[_Entry[_Payload], ...]  # whose next word only a pattern tells


_NOTHING: _Form[Any] = _Form((), {}, ())


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
        self._known: dict[str, _Form[_Payload]] = {}

    def find(self, words: Columns, first: int = 0, end: int | None = None) -> list[Hit[_Payload]]:
        """Every term that stands in the tokens, in order of its start, longest first.

        With `first` and `end`, only among those from there to there.
        """
        hits: list[Hit[_Payload]] = []
        if end is None:
            end = len(words.exact)
        last = end - 1
        forms = list(map(self._known.get, words.exact[first:end]))
        for start in [n for n, form in enumerate(forms, first) if form is not _NOTHING]:  # few
            form = forms[start - first] or self._remember(words.folded[start], words.exact[start])
            alone, before, before_any = form
            if start < last and (before or before_any):
                found = before.get(words.folded[start + 1], ()) + before_any
                longer = [e for e in found if _follows(e.rest, words, start + 1, end)]
                if longer:
                    longer.sort(key=_rank)
                    hits += [Hit(start, start + 1 + len(e.rest), e.payload) for e in longer]
            for entry in alone:
                hits.append(Hit(start, start + 1, entry.payload))
        return hits

    def _remember(self, folded: str, exact: str) -> _Form[_Payload]:
        form = self._form(folded, exact)
        if len(exact) <= WORD_LIMIT:
            if len(self._known) >= FORMS_LIMIT:
                self._known.clear()
            self._known[exact] = form
        return form

    def _form(self, folded: str, exact: str) -> _Form[_Payload]:
        found = list(self._by_word.get(folded, ()))
        for length in range(1, min(len(folded), self._longest) + 1):
            found += self._by_stem.get(folded[:length], ())
        found = [(words, payload) for words, payload in found if _is(words[0], folded, exact)]
        if not found:
            return _NOTHING
        found.sort(key=lambda entry: -len(entry[0]))
        before: dict[str, tuple[_Entry[_Payload], ...]] = {}
        alone: list[_Entry[_Payload]] = []
        before_any: list[_Entry[_Payload]] = []
        for rank, (words, payload) in enumerate(found):
            entry = _Entry(rank, words[1:], payload)
            if not entry.rest:
                alone.append(entry)
            elif _plain(entry.rest[0]):
                pattern = entry.rest[0].pattern
                before[pattern] = (*before.get(pattern, ()), entry)
            else:
                before_any.append(entry)
        return _Form(tuple(alone), before, tuple(before_any))


_rank = attrgetter("rank")


def _plain(word: Word) -> bool:
    """Whether a word is told by its folded form alone."""
    return not (word.exact or "*" in word.pattern or "?" in word.pattern)


def _follows(rest: Sequence[Word], words: Columns, start: int, end: int) -> bool:
    if start + len(rest) > end:
        return False
    places = range(start, end)
    return all(_is(e, words.folded[n], words.exact[n]) for e, n in zip(rest, places, strict=False))


def _is(word: Word, folded: str, exact: str) -> bool:
    pattern = word.pattern
    text = exact if word.exact else folded
    if "?" in pattern:
        return _compiled(pattern).fullmatch(text) is not None
    if pattern.endswith("*"):
        return text.startswith(pattern[:-1])
    return text == pattern


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."))
