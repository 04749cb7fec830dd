"""The words of all rules, turned round: from a word of an article to those it satisfies."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

from monitor.core.rules import Word
from monitor.core.stems import Stems
from monitor.core.text import forms, tokenise

PIECES_LIMIT = 40_000  # of a generation; eight may be full: some 40 MB
PIECE_LIMIT = 60  # characters; longer ones are seldom words, and seldom come again

_BESIDE_WORDS = ".,;:!?…\"'’”“‘«»()[]¿¡-–—"
_EXACT, _INFLECTED = "=", "~"
_NO_STEMS = ""  # stands for every language that has none


def name_of(word: Word) -> str:
    """What the places of a word are called. No token contains `=` or `~`."""
    if word.inflected:
        return _INFLECTED + word.pattern
    return _EXACT + word.pattern if word.exact else word.pattern


class Piece(NamedTuple):
    """What lies between two blanks: how many tokens, and the names that some of them satisfy."""

    tokens: int
    names: tuple[tuple[int, str], ...]  # with the number of the token in the piece


PLAIN = Piece(1, ())  # what None stands for in a memory


class Memory(dict[str, Piece | None]):
    """Pieces by how they are written, resolved once; bounded. None is one token of no interest.

    A full memory becomes the older generation, from which what comes again is saved.
    """

    def __init__(self, resolve: Callable[["Memory", str], Piece | None]) -> None:
        super().__init__()
        self._resolve = resolve
        self._older: dict[str, Piece | None] = {}

    def __missing__(self, written: str) -> Piece | None:
        older = self._older
        piece = older[written] if written in older else self._resolve(self, written)
        if len(self) >= PIECES_LIMIT:
            self._older = dict(self)
            self.clear()
        if len(written) <= PIECE_LIMIT:
            self[written] = piece
        return piece


class Vocabulary:
    """Finds the rules' words in pieces of text.

    Case, accents, wildcards and stems are resolved once for each piece; afterwards a piece of an
    article costs one look-up, however many rules there are.
    """

    def __init__(self, words: Iterable[Word]) -> None:
        named = {name_of(word): word for word in words}
        self._names = frozenset(named)
        self._stems = Stems()
        self._inflected: dict[str, dict[str, list[str]]] = {}  # language, stem: names
        self._shapes: list[tuple[re.Pattern[str], str]] = []
        prefixes = []
        for name, word in named.items():
            if word.inflected:
                self._add_stems(word, name)
            elif "?" in name:
                shape = re.escape(name).replace(r"\?", ".").replace(r"\*", ".*")
                self._shapes.append((re.compile(shape, re.DOTALL), name))
            elif name.endswith("*"):
                prefixes.append(name[:-1])
        self._shortest = min(map(len, prefixes), default=0)
        self._prefixes: dict[str, list[str]] = {}  # by their first letters
        for prefix in prefixes:
            self._prefixes.setdefault(prefix[: self._shortest], []).append(prefix)
        self._memories: dict[str | None, Memory] = {}

    def _add_stems(self, word: Word, name: str) -> None:
        for language in self._stems.languages:
            by_stem = self._inflected.setdefault(language, {})
            for stem in self._stems.of(word.pattern, word.pattern, language):
                by_stem.setdefault(stem, []).append(name)

    def memory(self, language: str | None) -> Memory:
        """The pieces of a language, a primary subtag; where it is unknown, all stems are tried."""
        stemmed = language if language is None or language in self._inflected else _NO_STEMS
        found = self._memories.get(stemmed)
        if found is None:
            languages = [each for each in self._inflected if stemmed in (each, None)]
            resolve = partial(self._piece, languages=languages)
            found = self._memories[stemmed] = Memory(resolve)
        return found

    def _piece(self, memory: Memory, written: str, *, languages: Sequence[str]) -> Piece | None:
        word = written.strip(_BESIDE_WORDS)
        if word.isalpha():  # it is one token, just as it stands
            if len(word) < len(written):
                return memory[word]
            folded, exact, _ = forms(word)
            names = self._satisfied(exact, folded, languages)
            return Piece(1, tuple((0, name) for name in names)) if names else None
        tokens = tokenise(written)
        found = tuple(
            (number, name)
            for number, token in enumerate(tokens)
            for name in self._satisfied(token.exact, token.folded, languages)
        )
        return Piece(len(tokens), found) if found or len(tokens) != 1 else None

    def _satisfied(self, exact: str, folded: str, languages: Sequence[str]) -> list[str]:
        """The names that a token satisfies."""
        marked = _EXACT + exact
        found = [folded] if folded in self._names else []
        if marked in self._names:
            found.append(marked)
        if folded[: self._shortest] in self._prefixes:
            found += self._begun(folded)
        if marked[: self._shortest] in self._prefixes:
            found += self._begun(marked)
        if self._shapes:
            found += (name for shape, name in self._shapes if shape.fullmatch(folded))
            found += (name for shape, name in self._shapes if shape.fullmatch(marked))
        if not languages and _INFLECTED + folded in self._names:
            found.append(_INFLECTED + folded)
        for language in languages:
            by_stem = self._inflected[language]
            for stem in self._stems.of(exact, folded, language):
                if stem in by_stem:
                    found += (name for name in by_stem[stem] if name not in found)
        return found

    def _begun(self, form: str) -> list[str]:
        """The names of the prefixes that a form begins with."""
        some = self._prefixes[form[: self._shortest]]
        return [f"{prefix}*" for prefix in some if form.startswith(prefix)]
