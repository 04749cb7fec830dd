"""The words of all rules, turned round: from a word of an article to those it satisfies."""

import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from functools import partial
from itertools import compress, islice, repeat
from typing import NamedTuple

from monitor.core.rules import Word
from monitor.core.stems import Stems
from monitor.core.text import PIECE_LIMIT, forms, tokenise

PIECES_LIMIT = 80_000  # of one memory; four may be full: some 40 MB

_WHOLE = len("EE") + 1  # letters of a piece that no blank can break, as it may EE UU

_BESIDE_WORDS = ".,;:!?…\"'’”“‘«»()[]¿¡-–—"
_OPEN = re.compile(r"(?<![^\W_])(?:[Ee]{2}\.?|U\.)$")  # of EE. UU. and U. S.
_EXACT, _INFLECTED = "=", "~"
_NO_STEMS = ""  # stands for every language that has none


def name_of(word: Word) -> str:
    """What the places of a word are called. No token contains `=` or `~`."""
    if word.inflected:
        return _INFLECTED + word.pattern
    return _EXACT + word.pattern if word.exact else word.pattern


class Clauses(NamedTuple):
    """Which clauses of rules a word meets: wherever it stands, and in title or lead besides."""

    anywhere: tuple[int, ...] = ()
    on_top: tuple[int, ...] = ()


class Piece(NamedTuple):
    """What lies between two blanks, if it is of any interest."""

    tokens: int
    names: tuple[tuple[int, str], ...] = ()  # that tokens satisfy, with their numbers in the piece
    met: tuple[int, ...] = ()  # the clauses of these names, wherever the piece stands
    met_on_top: tuple[int, ...] = ()  # and those met in title or lead besides
    is_open: bool = False  # its last token may go on behind the blank


_UNKNOWN = Piece(-1)


_Resolve = Callable[[Sequence[str], Container[str] | None], dict[str, Piece | None]]


class Memory:
    """Pieces of one language by how they are written, resolved once; bounded.

    None stands for one token of no interest, as most are.
    """

    def __init__(self, resolve: _Resolve) -> None:
        self._resolve = resolve
        self._known: dict[str, Piece | None] = {}

    def find(
        self, written: Sequence[str], words: Container[str] | None = None
    ) -> list[Piece | None]:
        """What each piece is. `words`: the only ones that can be of interest, if that is known."""
        found = list(map(self._known.get, written, repeat(_UNKNOWN)))
        if _UNKNOWN in filter(None, found):
            new = [n for n in compress(range(len(found)), found) if found[n] is _UNKNOWN]
            learnt = self._learn({written[n] for n in new}, words)
            for n in new:
                found[n] = learnt[written[n]]
        return found

    def _learn(
        self, unknown: Iterable[str], of_interest: Container[str] | None
    ) -> dict[str, Piece | None]:
        """All of an article at once, and a word once however it is punctuated."""
        known = self._known
        words = {}
        for written in unknown:
            word = written.strip(_BESIDE_WORDS)
            words[written] = word if len(word) >= _WHOLE and word.isalpha() else written
        new = [word for word in set(words.values()) if word not in known]
        resolved = self._resolve(new, of_interest)
        for written, word in words.items():
            resolved[written] = resolved[word] if word in resolved else known[word]
        if len(known) >= PIECES_LIMIT:  # what is common among the older half soon comes again
            for written in list(islice(known, len(known) - PIECES_LIMIT // 2)):
                del known[written]
        known.update((each, resolved[each]) for each in resolved if len(each) <= PIECE_LIMIT)
        return resolved


class Vocabulary:
    """Finds the rules' words in pieces of text.

    Case, accents, wildcards and stems are resolved once for each piece; afterwards a piece of an
    article costs one look-up, however many rules there are. `meets`: the clauses of a name.
    """

    def __init__(
        self, words: Iterable[Word], meets: Callable[[str], Clauses] = lambda _: Clauses()
    ) -> None:
        named = {name_of(word): word for word in words}
        self._meets = meets
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
            resolve = partial(self._pieces, languages=languages)
            found = self._memories[stemmed] = Memory(resolve)
        return found

    def _pieces(
        self, written: Sequence[str], words: Container[str] | None, *, languages: Sequence[str]
    ) -> dict[str, Piece | None]:
        plain = [
            each
            for each in written
            if each.isascii() and each.isalpha() and _WHOLE <= len(each) <= PIECE_LIMIT
        ]
        found: dict[str, Piece | None] = {}
        if words is not None:
            found = {each: None for each in plain if each.lower() not in words}
            plain = [each for each in plain if each not in found]
        folded = list(map(str.lower, plain))
        stems = [[(each, stem) for stem in self._stems.all(folded, each)] for each in languages]
        for word, *stemmed in zip(plain, folded, *stems, strict=True):
            found[word] = self._made([(0, name) for name in self._satisfied(word, *stemmed)])
        others = (each for each in written if each not in found or each.lower() == "eeuu")
        return found | {each: self._odd_piece(each, languages) for each in others}

    def _odd_piece(self, written: str, languages: Sequence[str]) -> Piece | None:
        is_word = written.isalpha() and len(written) >= _WHOLE
        tokens = [forms(written)[:2]] if is_word else [each[:2] for each in tokenise(written)]
        names = [
            (number, name)
            for number, (folded, exact) in enumerate(tokens)
            for name in self._satisfied(exact, folded, *self._stemmed(exact, folded, languages))
        ]
        return self._made(names, len(tokens), is_open=_OPEN.search(written) is not None)

    def _stemmed(
        self, exact: str, folded: str, languages: Sequence[str]
    ) -> Iterator[tuple[str, str]]:
        for language in languages:
            for stem in self._stems.of(exact, folded, language):
                yield language, stem

    def _made(
        self, names: Sequence[tuple[int, str]], tokens: int = 1, *, is_open: bool = False
    ) -> Piece | None:
        if not names and tokens == 1 and not is_open:
            return None
        met = [self._meets(name) for _, name in names]
        anywhere = {clause for each in met for clause in each.anywhere}
        on_top = {clause for each in met for clause in each.on_top}
        return Piece(tokens, tuple(names), tuple(anywhere), tuple(on_top), is_open)

    def _satisfied(self, exact: str, folded: str, *stems: tuple[str, str]) -> list[str]:
        """The names that a token satisfies; `stems` with their languages, none where unknown."""
        shortest = self._shortest
        found = []
        for form in (folded, _EXACT + exact):
            if form in self._names:
                found.append(form)
            if form[:shortest] in self._prefixes:
                some = self._prefixes[form[:shortest]]
                found += [f"{prefix}*" for prefix in some if form.startswith(prefix)]
            if self._shapes:
                found += [name for shape, name in self._shapes if shape.fullmatch(form)]
        for language, stem in stems:
            if stem in self._inflected[language]:
                names = self._inflected[language][stem]
                found += [name for name in names if name not in found]
        if not stems and _INFLECTED + folded in self._names:
            found.append(_INFLECTED + folded)
        return found
