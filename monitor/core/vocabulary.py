"""The words of all rules, turned round: from a word of an article to those it satisfies."""

import re
from collections.abc import Callable, Container, Iterable, Sequence
from functools import partial
from itertools import filterfalse, islice
from typing import NamedTuple

from monitor.core.rules import Word
from monitor.core.stems import Stems
from monitor.core.text import PIECE_LIMIT, WORD_LIMIT, forms, tokenise

PIECES_LIMIT = 80_000  # of one memory; four may be full: some 40 MB

_WHOLE = len("EE") + 1  # letters of a piece that no blank can break, as it may EE UU
_PLAIN = len("EEUU") + 1  # letters from which on an English word is its only form but for its case

_BESIDE_WORDS = ".,;:!?…\"'’”“‘«»()[]¿¡-–—"
_EXACT, _INFLECTED = "=", "~"
ON_TOP = "^"  # before the name of a word that stands in title or lead; no token contains it
_NO_STEMS = ""  # stands for every language that has none


def name_of(word: Word) -> str:
    """What the places of a word are called. No token contains `=` or `~`."""
    if word.inflected:
        return _INFLECTED + word.pattern
    return _EXACT + word.pattern if word.exact else word.pattern


class Piece(NamedTuple):
    """What lies between two blanks, if it is not just one token that satisfies one word."""

    tokens: int
    names: tuple[tuple[int, str], ...]  # that are satisfied, by the numbers of tokens in it


# Most are one token of no interest, None, or one that satisfies one word: its name. Names are
# there anyhow, so that little memory is touched.
Known = Piece | str | None


class Memory(dict[str, Known]):
    """Pieces of one language by how they are written, resolved when first met; bounded."""

    def __init__(self, resolve: Callable[[str], Known]) -> None:
        super().__init__()
        self._resolve = resolve

    def __missing__(self, written: str) -> Known:
        word = written.strip(_BESIDE_WORDS)  # a word is resolved once, however it is punctuated
        bare = word is not written and len(word) >= _WHOLE and word.isalpha()
        found = self[word] if bare else self._resolve(written)
        self._keep(written, found)
        return found

    def _keep(self, written: str, found: Known) -> None:
        if len(written) > PIECE_LIMIT:
            return
        if len(self) >= PIECES_LIMIT:  # what is common among the older half soon comes again
            for each in list(islice(self, PIECES_LIMIT // 2)):
                del self[each]
        self[written] = found

    def find(self, written: Sequence[str], words: Container[str] | None = None) -> list[Known]:
        """What each piece is. `words`: the only ones that can be of interest, if that is known."""
        if words is None:
            return list(map(self.__getitem__, written))
        for each in filterfalse(self.__contains__, set(written)):
            word = each.strip(_BESIDE_WORDS)
            plain = len(word) >= _WHOLE and word.isascii() and word.isalpha()
            if plain and word.lower() not in words:
                self._keep(each, None)
        return list(map(self.__getitem__, written))


class _Written:
    """Words by how they must be written: their patterns, with their names."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        self._whole: dict[str, str] = {}
        self._shapes: list[tuple[Callable[[str], object], str]] = []
        prefixes = []
        for pattern, name in names:
            if "?" in pattern:
                shape = re.escape(pattern).replace(r"\?", ".").replace(r"\*", ".*")
                self._shapes.append((re.compile(shape, re.DOTALL).fullmatch, name))
            elif pattern.endswith("*"):
                prefixes.append((pattern[:-1], name))
            else:
                self._whole[pattern] = name
        self._shortest = min((len(prefix) for prefix, _ in prefixes), default=0)
        self._prefixes: dict[str, list[tuple[str, str]]] = {}  # by their first letters
        for prefix, name in prefixes:
            self._prefixes.setdefault(prefix[: self._shortest], []).append((prefix, name))

    def satisfied(self, form: str) -> list[str]:
        """The names of those that a token satisfies of which this is a form."""
        name = self._whole.get(form)
        found = [] if name is None else [name]
        some = self._prefixes.get(form[: self._shortest])
        if some:
            found += [name for prefix, name in some if form.startswith(prefix)]
        if self._shapes:
            found += [name for fits, name in self._shapes if fits(form)]
        return found


class Vocabulary:
    """Finds the rules' words in pieces of text.

    Case, accents, wildcards and stems are resolved once for each piece; afterwards a piece of an
    article costs one look-up, however many rules there are.
    """

    def __init__(self, words: Iterable[Word]) -> None:
        named = {name_of(word): word for word in words}
        self._stems = Stems()
        self._inflected: dict[str, dict[str, list[str]]] = {}  # language, stem: names
        for name, word in named.items():
            if word.inflected:
                self._add_stems(word, name)
        self._unstemmed = frozenset(name for name, word in named.items() if word.inflected)
        written = [each for each in named.items() if not each[1].inflected]
        self._folded = _Written((word.pattern, name) for name, word in written if not word.exact)
        self._exact = _Written((word.pattern, name) for name, word in written if word.exact)
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
            found = self._memories[stemmed] = Memory(partial(self._resolved, languages))
        return found

    def _resolved(self, languages: Sequence[str], written: str) -> Known:
        if written.isascii() and written.isalpha() and len(written) >= _PLAIN:  # most that are new
            found = self._satisfied(written, written[:WORD_LIMIT].lower(), languages)
            return _one_token(found)
        if written.isalpha() and len(written) >= _WHOLE:
            folded, exact, _ = forms(written)
            return _one_token(self._satisfied(exact, folded, languages))
        tokens = tokenise(written)
        names = tuple(
            (number, name)
            for number, token in enumerate(tokens)
            for name in self._satisfied(token.exact, token.folded, languages)
        )
        if len(tokens) == 1:
            return _one_token([name for _, name in names])
        return Piece(len(tokens), names)

    def _satisfied(self, exact: str, folded: str, languages: Sequence[str]) -> list[str]:
        """The names that a token satisfies."""
        found = self._folded.satisfied(folded) + self._exact.satisfied(exact)
        for language in languages:
            by_stem = self._inflected[language]
            for stem in self._stems.of(exact, folded, language):
                if stem in by_stem:
                    found += [name for name in by_stem[stem] if name not in found]
        if not languages and _INFLECTED + folded in self._unstemmed:
            found.append(_INFLECTED + folded)
        return found


def _one_token(names: Sequence[str]) -> Known:
    """A piece that is one token, by the words that it satisfies."""
    if len(names) <= 1:
        return names[0] if names else None
    return Piece(1, tuple((0, name) for name in names))
