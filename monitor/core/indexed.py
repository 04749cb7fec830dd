"""One document made ready for rules: tokens, where each word stands, what each scope covers."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from monitor.core.model import Document
from monitor.core.rules import Scope, Term, Word
from monitor.core.text import Token, lead, tokenise

FORMS_LIMIT = 200_000  # word forms whose wildcards are remembered; then the memory starts anew

DEFAULT_SCOPES = frozenset({Scope.TITLE, Scope.LEAD, Scope.BODY})
TOP_SCOPES = frozenset({Scope.TITLE, Scope.LEAD})
_FIELD_OF = {
    Scope.TITLE: "title",
    Scope.BODY: "text",
    Scope.SECTION: "section",
    Scope.AUTHOR: "author",
    Scope.URL: "url",
}
_EXACT = "="


def key(word: Word) -> str:
    """The name under which a field knows the places of a word. No token contains `=`."""
    return _EXACT + word.pattern if word.exact else word.pattern


@dataclass(frozen=True, slots=True)
class Sought:
    """A term of the group of that number, found through its word at `offset`, the anchor."""

    group: int
    term: Term
    offset: int
    keys: tuple[str, ...]


class Vocabulary:
    """What the rules ask for, turned round: from a word of an article to the terms it may open.

    So an article's words are looked at once for all rules, and words that no rule knows cost
    next to nothing.
    """

    def __init__(self, groups: Sequence[tuple[Term, ...]]) -> None:
        self._anchored: dict[str, list[Sought]] = {}
        for number, terms in enumerate(groups):
            for term in terms:
                keys = tuple(key(word) for word in term.words)
                anchor = max(range(len(keys)), key=lambda n: len(keys[n]))
                sought = Sought(number, term, anchor, keys)
                self._anchored.setdefault(keys[anchor], []).append(sought)
        words = {word for terms in groups for term in terms for word in term.words}
        self._prefixes: dict[str, str] = {}
        self._shapes: list[tuple[re.Pattern[str], str]] = []
        for name in map(key, words):
            self._add_wildcard(name)
        self._lengths = tuple(sorted({len(prefix) for prefix in self._prefixes}))
        self._known: dict[str, tuple[str, ...]] = {}
        exact = {word.pattern for word in words if word.exact}
        self._exact = exact
        self._exact_wildcards = any("*" in pattern or "?" in pattern for pattern in exact)

    def _add_wildcard(self, name: str) -> None:
        if "?" in name:
            shape = re.escape(name).replace(r"\?", ".").replace(r"\*", ".*")
            self._shapes.append((re.compile(shape, re.DOTALL), name))
        elif name.endswith("*"):
            self._prefixes[name[:-1]] = name

    def sought_at(self, name: str) -> Sequence[Sought]:
        """The terms whose anchor is this word or wildcard."""
        return self._anchored.get(name, ())

    def asks_for_exact(self, form: str) -> bool:
        """Whether a term wants this form, or could, with its case and accents."""
        return self._exact_wildcards or form in self._exact

    def wildcards_of(self, form: str) -> tuple[str, ...]:
        """The wildcards that one word form satisfies; the work is done once per form."""
        found = self._known.get(form)
        if found is None:
            found = self._resolve(form)
            if len(self._known) >= FORMS_LIMIT:
                self._known.clear()
            self._known[form] = found
        return found

    def _resolve(self, form: str) -> tuple[str, ...]:
        fitting = (form[:length] for length in self._lengths if length <= len(form))
        prefixes = [self._prefixes[start] for start in fitting if start in self._prefixes]
        return (*prefixes, *(name for shape, name in self._shapes if shape.fullmatch(form)))


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A term at the tokens `first` to `end` (exclusive) of a field."""

    first: int
    end: int
    term: Term


class Field:
    """One field's tokens, and where in it the terms of each group stand, in reading order."""

    def __init__(self, name: str, value: str, vocabulary: Vocabulary) -> None:
        self.name = name
        self.value = value
        self.tokens: list[Token] = tokenise(value)
        self._found: dict[int, list[Occurrence]] = {}
        self._search(self._positions(vocabulary), vocabulary)

    def occurrences(self, group: int) -> Sequence[Occurrence]:
        return self._found.get(group, ())

    def has_all(self, groups: frozenset[int]) -> bool:
        """Whether each of the groups stands somewhere in the field: the quick way to say no."""
        return groups <= self._found.keys()

    def _positions(self, vocabulary: Vocabulary) -> Mapping[str, list[int]]:
        """The positions of each word form, and of each wildcard that one of them satisfies."""
        positions: dict[str, list[int]] = {}
        for number, token in enumerate(self.tokens):
            positions.setdefault(token.folded, []).append(number)
            if vocabulary.asks_for_exact(token.exact):
                positions.setdefault(_EXACT + token.exact, []).append(number)
        wild: dict[str, list[int]] = {}
        for form, places in positions.items():
            for wildcard in vocabulary.wildcards_of(form):
                wild.setdefault(wildcard, []).extend(places)
        return positions | wild

    def _search(self, positions: Mapping[str, list[int]], vocabulary: Vocabulary) -> None:
        for name, places in positions.items():
            for sought in vocabulary.sought_at(name):
                found = list(self._occurrences(sought, places, positions))
                if found:
                    self._found.setdefault(sought.group, []).extend(found)
        for occurrences in self._found.values():
            occurrences.sort(key=lambda o: (o.first, o.end))

    def _occurrences(
        self, sought: Sought, places: list[int], positions: Mapping[str, list[int]]
    ) -> Iterator[Occurrence]:
        """The term around each place of its anchor, within one paragraph."""
        length = len(sought.keys)
        if not all(name in positions for name in sought.keys):
            return
        others = [
            (n, frozenset(positions[name]))
            for n, name in enumerate(sought.keys)
            if n != sought.offset
        ]
        for place in places:
            first = place - sought.offset
            if all(first + n in there for n, there in others):
                opening, closing = self.tokens[first], self.tokens[first + length - 1]
                if opening.paragraph == closing.paragraph:
                    yield Occurrence(first, first + length, sought.term)


@dataclass(frozen=True, slots=True)
class View:
    """The tokens up to `end` (exclusive) of a field: what one scope shows of it."""

    field: Field
    end: int


class IndexedDocument:
    """A document and where its words stand; made for one matching, then dropped."""

    def __init__(self, document: Document, vocabulary: Vocabulary) -> None:
        self.document = document
        self._vocabulary = vocabulary
        self._fields: dict[str, Field] = {}
        self._views: dict[frozenset[Scope], tuple[View, ...]] = {}

    def field(self, name: str) -> Field:
        found = self._fields.get(name)
        if found is None:
            value = getattr(self.document, name) or ""
            found = self._fields[name] = Field(name, value, self._vocabulary)
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
                views.append(View(field, len(field.tokens)))
            elif not (Scope.BODY in scopes and self._body_repeats_lead):
                views += self._lead_views()
        return views

    def _lead_views(self) -> list[View]:
        span = lead(self.document)
        if span is None:
            return []
        field = self.field(span.field)
        return [View(field, bisect_left(field.tokens, span.end, key=lambda t: t.end - 1))]

    @cached_property
    def _body_repeats_lead(self) -> bool:
        """Whether the body shows all that the lead shows: it is its opening, or opens with it."""
        span = lead(self.document)
        if span is None or span.field == "text":
            return True
        summary = self.field("summary").tokens
        opening = self.field("text").tokens[: len(summary)]
        return [token.folded for token in summary] == [token.folded for token in opening]
