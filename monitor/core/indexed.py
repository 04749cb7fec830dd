"""One document made ready for rules: tokens, where the rules' words stand, what a scope shows."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain
from typing import NamedTuple

from monitor.core.model import Document
from monitor.core.rules import Scope, Term, Word
from monitor.core.stems import Stems, primary
from monitor.core.text import WORD_LIMIT, Token, fold, lead, tokenise

FORMS_LIMIT = 40_000  # of a generation; six may be full: some 40 MB
FORM_LIMIT = 60  # characters; longer forms are seldom words, and seldom come again

DEFAULT_SCOPES = frozenset({Scope.TITLE, Scope.LEAD, Scope.BODY})
TOP_SCOPES = frozenset({Scope.TITLE, Scope.LEAD})
_FIELD_OF = {
    Scope.TITLE: "title",
    Scope.BODY: "text",
    Scope.SECTION: "section",
    Scope.AUTHOR: "author",
    Scope.URL: "url",
}
_BESIDE_WORDS = ".,;:!?…\"'’”“‘«»()[]¿¡-–—"
_OF_SEVERAL = "EeUuSs"  # how words begin that text.tokenise writes in its own way: EE UU, U. S.
_EXACT, _INFLECTED = "=", "~"


def name_of(word: Word) -> str:
    """What the positions of a word are called. No token contains `=` or `~`."""
    if word.inflected:
        return _INFLECTED + word.pattern
    return _EXACT + word.pattern if word.exact else word.pattern


def fields_of(scopes: Iterable[Scope]) -> frozenset[str]:
    """The fields that scopes may show."""
    names = {_FIELD_OF[scope] for scope in scopes if scope is not Scope.LEAD}
    return frozenset(names | ({"summary", "text"} if Scope.LEAD in scopes else set()))


class _Memory(dict[str, tuple[str, ...]]):
    """The names that a form satisfies, resolved once; bounded.

    A full memory becomes the older generation, from which what comes again is saved.
    """

    def __init__(self, resolve: Callable[[str], Iterable[str]]) -> None:
        super().__init__()
        self._resolve = resolve
        self._older: dict[str, tuple[str, ...]] = {}

    def __missing__(self, form: str) -> tuple[str, ...]:
        names = self._older.get(form)
        if names is None:
            names = tuple(self._resolve(form))
        if len(self) >= FORMS_LIMIT:
            self._older = dict(self)
            self.clear()
        if len(form) <= FORM_LIMIT:
            self[form] = names
        return names


class Vocabulary:
    """The words of all rules, turned round: from a word of an article to those it satisfies.

    Case, accents, wildcards and stems are resolved once for each word form; afterwards a word
    of an article costs one look-up, however many rules there are.
    """

    def __init__(self, words: Iterable[Word]) -> None:
        self._names: set[str] = set()
        self._prefixes: dict[str, str] = {}
        self._shapes: list[tuple[re.Pattern[str], str]] = []
        self._stems = Stems()
        self._inflected: dict[str, dict[str, list[str]]] = {}  # language, stem: names
        for word in words:
            self._add(word, name_of(word))
        self._lengths = tuple(sorted({len(prefix) for prefix in self._prefixes}))
        self._of_forms: dict[str | None, _Memory] = {}
        self._of_pieces: dict[str | None, _Memory] = {}

    def _add(self, word: Word, name: str) -> None:
        if name in self._names:
            return
        self._names.add(name)
        if word.inflected:
            for language in self._stems.languages:
                by_stem = self._inflected.setdefault(language, {})
                for stem in self._stems.of(word.pattern, language):
                    by_stem.setdefault(stem, []).append(name)
        elif "?" in name:
            shape = re.escape(name).replace(r"\?", ".").replace(r"\*", ".*")
            self._shapes.append((re.compile(shape, re.DOTALL), name))
        elif name.endswith("*"):
            self._prefixes[name[:-1]] = name

    def present(self, texts: Iterable[str], language: str | None) -> set[str]:
        """The names of the words that the texts contain, and perhaps of a few more.

        Only cut at white space, which costs a tenth of tokens: each piece is tokenised once.
        """
        of_pieces = self._memory(self._of_pieces, self._in_piece, language)
        pieces = set(chain.from_iterable(text.split() for text in texts))
        return set(chain.from_iterable(map(of_pieces.__getitem__, pieces)))

    def _memory(
        self,
        memories: dict[str | None, _Memory],
        resolve: Callable[..., Iterator[str]],
        language: str | None,
    ) -> _Memory:
        """The memory for a language; all without stems share one."""
        stemmed = language if language in self._inflected else None
        found = memories.get(stemmed)
        if found is None:
            found = memories[stemmed] = _Memory(partial(resolve, language=stemmed))
        return found

    def _in_piece(self, piece: str, *, language: str | None) -> Iterator[str]:
        """What the piece satisfies, also as the end of EE UU or U. S., the tokens with a blank."""
        of_forms = self._memory(self._of_forms, self._satisfied, language)
        word = piece.strip(_BESIDE_WORDS)
        if word.isascii() and word.isalpha() and word[0] not in _OF_SEVERAL:
            yield from of_forms[word]  # it is one token, just as it stands
            return
        befores = ("", "EE ", "U. ") if piece[0] in _OF_SEVERAL else ("",)
        for whole in (before + piece for before in befores):
            for token in tokenise(whole):
                yield from of_forms[token.exact]

    def positions(self, tokens: Sequence[Token], language: str | None) -> dict[str, list[int]]:
        """The numbers of the tokens that satisfy each word of the rules, by the word's name."""
        known = self._memory(self._of_forms, self._satisfied, language)
        positions: dict[str, list[int]] = {}
        for number, token in enumerate(tokens):
            for name in known[token.exact]:
                if name in positions:
                    positions[name].append(number)
                else:
                    positions[name] = [number]
        return positions

    def _satisfied(self, exact: str, *, language: str | None) -> Iterator[str]:
        """What a token's exact form satisfies; its folded form follows from it."""
        folded = fold(exact[:WORD_LIMIT])
        for form in (folded, _EXACT + exact):
            if form in self._names:
                yield form
            for length in self._lengths:
                prefix = self._prefixes.get(form[:length]) if length <= len(form) else None
                if prefix is not None:
                    yield prefix
            for shape, name in self._shapes:
                if shape.fullmatch(form):
                    yield name
        yield from self._inflections(exact, folded, language)

    def _inflections(self, exact: str, folded: str, language: str | None) -> set[str]:
        """The inflected words that the form may belong to, or is."""
        itself = _INFLECTED + folded
        found = {itself} & self._names
        by_stem = self._inflected.get(language or "")
        if by_stem:
            for stem in self._stems.of(exact, language):
                found.update(by_stem.get(stem, ()))
        return found


class _Sought(NamedTuple):
    """A term, found through its word at `offset`, the anchor. Quickly made: rules have many."""

    term: Term
    offset: int
    names: tuple[str, ...]


class Group:
    """Terms that stand for one another; `number` is its own among all groups."""

    def __init__(self, terms: tuple[Term, ...], *, number: int) -> None:
        self.number = number
        self.terms = terms
        self.anchored: dict[str, list[_Sought]] = {}
        for term in terms:
            names = tuple(map(name_of, term.words))
            anchor = max(names, key=len)
            sought = _Sought(term, names.index(anchor), names)
            self.anchored.setdefault(anchor, []).append(sought)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A term at the tokens `first` to `end` (exclusive) of a field."""

    first: int
    end: int
    term: Term


class Field:
    """One field's tokens, and where in it the terms of a group stand, in reading order."""

    def __init__(self, name: str, value: str, vocabulary: Vocabulary, language: str | None) -> None:
        self.name = name
        self.value = value
        self.tokens: list[Token] = tokenise(value)
        self.positions: Mapping[str, list[int]] = vocabulary.positions(self.tokens, language)
        self._found: dict[int, list[Occurrence]] = {}
        self._hidden: dict[tuple[Group, ...], frozenset[int]] = {}

    def occurrences(self, group: Group) -> Sequence[Occurrence]:
        """Every place of the group's terms; looked for when first asked."""
        found = self._found.get(group.number)
        if found is None:
            found = self._found[group.number] = [
                occurrence
                for anchor in self.positions.keys() & group.anchored.keys()
                for sought in group.anchored[anchor]
                for occurrence in self._places(sought)
            ]
            found.sort(key=lambda o: (o.first, o.end))
        return found

    def _places(self, sought: _Sought) -> Iterator[Occurrence]:
        """The term around each place of its anchor, within one paragraph."""
        length = len(sought.names)
        if not all(name in self.positions for name in sought.names):
            return
        others = [
            (n, frozenset(self.positions[name]))
            for n, name in enumerate(sought.names)
            if n != sought.offset
        ]
        for place in self.positions[sought.names[sought.offset]]:
            first = place - sought.offset
            if all(first + n in there for n, there in others):
                opening, closing = self.tokens[first], self.tokens[first + length - 1]
                if opening.paragraph == closing.paragraph:
                    yield Occurrence(first, first + length, sought.term)

    def hidden(self, ignored: tuple[Group, ...]) -> frozenset[int]:
        """The tokens that belong to an occurrence of an ignored group."""
        found = self._hidden.get(ignored)
        if found is None:
            found = self._hidden[ignored] = frozenset(
                number
                for group in ignored
                for occurrence in self.occurrences(group)
                for number in range(occurrence.first, occurrence.end)
            )
        return found

    def blanked(self, ignored: tuple[Group, ...]) -> str:
        """The value with spaces instead of the hidden tokens: every other place stays the same."""
        characters = list(self.value)
        for number in self.hidden(ignored):
            token = self.tokens[number]
            characters[token.start : token.end] = " " * (token.end - token.start)
        return "".join(characters)


@dataclass(frozen=True, slots=True)
class View:
    """What one scope shows of a field: tokens up to `end`, characters up to `until` (exclusive)."""

    field: Field
    end: int
    until: int


class IndexedDocument:
    """A document and where its words stand; made for one matching, then dropped."""

    def __init__(self, document: Document, vocabulary: Vocabulary) -> None:
        self.document = document
        self._language = primary(document.language) if document.language else None
        self._vocabulary = vocabulary
        self._fields: dict[str, Field] = {}
        self._views: dict[frozenset[Scope], tuple[View, ...]] = {}

    def present(self, fields: Iterable[str]) -> set[str]:
        """The names of the words in some fields, and perhaps of a few more."""
        texts = (getattr(self.document, name) or "" for name in fields)
        return self._vocabulary.present(texts, self._language)

    def field(self, name: str) -> Field:
        found = self._fields.get(name)
        if found is None:
            value = getattr(self.document, name) or ""
            found = self._fields[name] = Field(name, value, self._vocabulary, self._language)
        return found

    def views(self, scopes: frozenset[Scope]) -> tuple[View, ...]:
        """What the scopes show, title first; overlapping scopes show their words once."""
        found = self._views.get(scopes)
        if found is None:
            found = self._views[scopes] = tuple(self._make_views(scopes))
        return found

    def _make_views(self, scopes: frozenset[Scope]) -> list[View]:
        views = []
        for scope in Scope:
            if scope not in scopes:
                continue
            if scope is not Scope.LEAD:
                field = self.field(_FIELD_OF[scope])
                views.append(View(field, len(field.tokens), len(field.value)))
            elif not (Scope.BODY in scopes and self._body_repeats_lead):
                views += self._lead_views()
        return views

    def _lead_views(self) -> list[View]:
        span = lead(self.document)
        if span is None:
            return []
        field = self.field(span.field)
        end = bisect_left(field.tokens, span.end, key=lambda t: t.end - 1)
        return [View(field, end, span.end)]

    @cached_property
    def _body_repeats_lead(self) -> bool:
        """Whether the body shows all that the lead shows: it is its opening, or opens with it."""
        span = lead(self.document)
        if span is None or span.field == "text":
            return True
        summary = self.field("summary").tokens
        opening = self.field("text").tokens[: len(summary)]
        return [token.folded for token in summary] == [token.folded for token in opening]
