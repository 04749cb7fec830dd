"""One document made ready for rules: where the rules' words stand, and what a scope shows.

Its tokens are numbered through all its fields, title first. They are never listed: only pieces
that satisfy a word of a rule, and those that are not exactly one token, are looked at.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Container, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate, chain, compress, count, islice, pairwise, takewhile
from operator import eq, itemgetter
from typing import NamedTuple

from monitor.core.evidence import FIELDS
from monitor.core.groups import Group, Groups, Sought
from monitor.core.model import Document
from monitor.core.rules import Scope, Term, Unit
from monitor.core.stems import primary
from monitor.core.text import PIECE_LIMIT, Cut, cut, lead, pieces, tokenise
from monitor.core.vocabulary import ON_TOP, Memory, Piece, Vocabulary

ALIKE_LEAST = 8  # words; fewer may open a summary and its text by chance, as a dateline does
DEFAULT_SCOPES = frozenset({Scope.TITLE, Scope.LEAD, Scope.BODY})
TOP_SCOPES = frozenset({Scope.TITLE, Scope.LEAD})
_FIELD_OF = {
    Scope.TITLE: "title",
    Scope.BODY: "text",
    Scope.SECTION: "section",
    Scope.AUTHOR: "author",
    Scope.URL: "url",
}


_REACH = itemgetter(0, 1)  # of an occurrence


def fields_of(scopes: Iterable[Scope]) -> tuple[str, ...]:
    """The fields that scopes may show, in their order."""
    names = {_FIELD_OF[scope] for scope in scopes if scope is not Scope.LEAD}
    names |= {"summary", "text"} if Scope.LEAD in scopes else set()
    return tuple(name for name in FIELDS if name in names)


@lru_cache(maxsize=64)  # there are as many sets of scopes
def _in_order(scopes: frozenset[Scope]) -> tuple[Scope, ...]:
    return tuple(scope for scope in Scope if scope in scopes)


class Occurrence(NamedTuple):
    """A term at the tokens `first` to `end` (exclusive) of the document."""

    first: int
    end: int
    term: Term


class _Odd(NamedTuple):
    """A piece that is not one token: its first token's number, its own, and how many it has."""

    first: int
    number: int
    tokens: int


class Field:
    """One field of a document; its tokens are those from `first` to `end` (exclusive)."""

    def __init__(self, name: str, value: str, *, first: int) -> None:
        self.name = name
        self.value = value
        self.first = first
        self.end = first
        self._pieces: list[str] = []
        self._odd: list[_Odd] = []
        self._long: dict[int, Cut] = {}
        self._sentences: dict[int, list[int]] = {}

    def read(
        self, memory: Memory, words: Container[str] | None, places: Mapping[str, list[int]]
    ) -> None:
        """Add to `places` the tokens that satisfy words, by the words' names."""
        self._pieces = pieces(self.value)
        found = memory.find(self._pieces, words)
        number_of_first = self.first  # that of the first token, were all pieces before one token
        known: Iterable[tuple[int, Piece | str]]
        known = zip(compress(count(), found), filter(None, found), strict=False)
        for number, piece in known:
            first = number_of_first + number
            if isinstance(piece, str):
                places[piece].append(first)
                continue
            for offset, name in piece.names:
                places[name].append(first + offset)
            if piece.tokens != 1:
                self._odd.append(_Odd(first, number, piece.tokens))
                number_of_first += piece.tokens - 1
        self.end = number_of_first + len(self._pieces)

    @cached_property
    def _starts(self) -> list[int]:
        """Where each piece starts, had they no blanks between them."""
        return [0, *accumulate(map(len, self._pieces))]

    def span(self, token: int) -> tuple[int, int]:
        """The characters of a token: first and end (exclusive)."""
        piece, offset = self._piece_of(token)
        start = self._starts[piece] + piece
        _, _, begins, length = self._tokens(piece)[offset]
        return start + begins, start + begins + length

    def _tokens(self, piece: int) -> Cut:
        """The tokens of one piece; those of long ones are kept, as they may be asked for often."""
        written = self._pieces[piece]
        if len(written) <= PIECE_LIMIT:
            return cut(written)
        if piece not in self._long:
            self._long[piece] = cut(written)
        return self._long[piece]

    def _piece_of(self, token: int) -> tuple[int, int]:
        """The number of the piece that a token stands in, and the token's own number in there."""
        before = bisect_right(self._odd, token, key=lambda odd: odd.first) - 1
        if before < 0:
            return token - self.first, 0
        first, number, tokens = self._odd[before]
        if token < first + tokens:
            return number, token - first
        return number + 1 + token - first - tokens, 0

    def unbroken(self, first: int, end: int) -> bool:
        """Whether no paragraph ends between two tokens, the second exclusive."""
        return "\n" not in self.value[self.span(first)[0] : self.span(end - 1)[1]]

    def folded(self) -> Iterator[str]:
        """The folded tokens, cut as they are asked for."""
        return (token[0] for piece in self._pieces for token in cut(piece))

    def until(self, character: int) -> int:
        """The end of the tokens that end at a character or before it."""
        *whole, last = pieces(self.value[:character])
        number = len(whole)
        before = bisect_right(self._odd, number, key=lambda odd: odd.number) - 1
        first = self.first + number
        if before >= 0:
            odd = self._odd[before]
            after = number - odd.number - 1
            first = odd.first + (odd.tokens + after if after >= 0 else 0)
        return first + sum(start + size <= len(last) for _, _, start, size in self._tokens(number))

    def unit(self, token: int, unit: Unit) -> tuple[int, int]:
        """Which paragraph, or sentence of which paragraph, a token stands in."""
        start, _ = self.span(token)
        paragraph = bisect_right(self._paragraphs, start) - 1
        if unit is Unit.PARAGRAPH:
            return paragraph, 0
        sentences = self._sentences.get(paragraph)
        if sentences is None:
            sentences = self._sentences[paragraph] = self._sentences_of(paragraph)
        return paragraph, bisect_right(sentences, start)

    @cached_property
    def _paragraphs(self) -> list[int]:
        """Where each line starts."""
        return [0, *accumulate(len(line) + 1 for line in self.value.split("\n"))]

    def _sentences_of(self, paragraph: int) -> list[int]:
        """Where the sentences of a paragraph start, but the first."""
        first, end = self._paragraphs[paragraph : paragraph + 2]
        tokens = tokenise(self.value[first:end])
        return [
            first + token.start
            for before, token in pairwise(tokens)
            if token.sentence != before.sentence
        ]


class View(NamedTuple):
    """What one scope shows of a field: tokens `first` to `end`, characters up to `until`."""

    field: Field
    first: int
    end: int
    until: int

    def shown(self, occurrences: Iterable[Occurrence]) -> list[Occurrence]:
        """Those that the view shows."""
        return [o for o in occurrences if self.first <= o.first and o.end <= self.end]


class IndexedDocument:
    """A document and where its words stand; made for one matching, then dropped."""

    def __init__(
        self,
        document: Document,
        vocabulary: Vocabulary,
        fields: Iterable[str] = FIELDS,
        words: Container[str] | None = None,
        groups: Groups | None = None,
    ) -> None:
        """`words`: the only ones, folded, that can be of interest, if that is known.

        `groups`: those that parts are asked for; all of them, before the first is asked.
        """
        self.document = document
        self._groups = groups or Groups()
        self.fields: dict[str, Field] = {}
        self.chains: dict[Hashable, tuple[Field, list[Occurrence]] | None] = {}  # found by a `near`
        self._found: dict[int, list[Occurrence]] = {}
        self._hidden: dict[tuple[Group, ...], frozenset[int]] = {}
        self._views: dict[frozenset[Scope], tuple[View, ...]] = {}
        # The numbers of the tokens that satisfy the rules' words, by the words' names.
        self.places: defaultdict[str, list[int]] = defaultdict(list)
        memory = vocabulary.memory(primary(document.language) if document.language else None)
        end = 0
        for name in fields:
            field = self.fields[name] = Field(name, getattr(document, name) or "", first=end)
            if field.value:
                field.read(memory, words, self.places)
            end = field.end

    @cached_property
    def names(self) -> set[str]:
        """The names of the rules' words that it has."""
        return set(self.places)

    def names_on_top(self) -> set[str]:
        """Those of the words in title and lead, by themselves and with ON_TOP before them."""
        end = self.views(TOP_SCOPES)[-1].end  # nothing else stands before it
        names = {name for name, places in self.places.items() if places[0] < end}
        return names.union(map(ON_TOP.__add__, names))

    @cached_property
    def possible(self) -> set[int]:
        """The numbers of the groups that may occur: a word of each is there."""
        return self._groups.anchored(self.places)

    def lacks(self, needs: frozenset[int]) -> bool:
        """Whether one of these groups is known not to occur; False where nobody has looked yet."""
        return "possible" in self.__dict__ and not needs <= self.possible

    def occurrences(self, group: Group) -> Sequence[Occurrence]:
        """Every place of the group's terms, in reading order; looked for when first asked.

        Of terms at the same words the one that is listed first comes first.
        """
        found = self._found.get(group.number)
        if found is None:
            found = self._found[group.number] = []
            anchors = group.anchors & self.names
            wanted = list(chain.from_iterable(map(group.anchored.__getitem__, anchors)))
            if len(wanted) > 1:
                wanted.sort()
            for sought in wanted:
                found += self._occurrences(sought)
            if len(wanted) > 1:
                found.sort(key=_REACH)
        return found

    def _occurrences(self, sought: Sought) -> list[Occurrence]:
        """The term around each place of its anchor, within one paragraph."""
        _, term, offset, names = sought
        length = len(names)
        if length == 1:
            return [Occurrence(place, place + 1, term) for place in self.places[names[0]]]
        if not self.places.keys() >= set(names):
            return []
        firsts = (place - offset for place in self.places[names[offset]])
        others = [(n, frozenset(self.places[name])) for n, name in enumerate(names) if n != offset]
        return [
            Occurrence(first, first + length, term)
            for first in firsts
            if all(first + n in there for n, there in others)
            and self._unbroken(first, first + length)
        ]

    def _unbroken(self, first: int, end: int) -> bool:
        """Whether tokens stand in one field, and in one paragraph of it."""
        field = next(field for field in self.fields.values() if first < field.end)
        return end <= field.end and field.unbroken(first, end)

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

    def blanked(self, field: Field, ignored: tuple[Group, ...]) -> str:
        """A field's value with spaces instead of hidden tokens: other places stay the same."""
        characters = list(field.value)
        for number in self.hidden(ignored):
            if field.first <= number < field.end:
                start, end = field.span(number)
                characters[start:end] = " " * (end - start)
        return "".join(characters)

    def views(self, scopes: frozenset[Scope]) -> tuple[View, ...]:
        """What the scopes show, title first; overlapping scopes show their words once."""
        found = self._views.get(scopes)
        if found is None:
            found = self._views[scopes] = tuple(self._make_views(scopes))
        return found

    def _make_views(self, scopes: frozenset[Scope]) -> Iterator[View]:
        for scope in _in_order(scopes):
            if scope is not Scope.LEAD:
                field = self.fields[_FIELD_OF[scope]]
                yield View(field, field.first, field.end, len(field.value))
            elif not (Scope.BODY in scopes and self._body_repeats_lead):
                yield from self._lead_views()

    def _lead_views(self) -> Iterator[View]:
        span = lead(self.document)
        if span is not None:
            field = self.fields[span.field]
            end = field.end if span.end == len(field.value) else field.until(span.end)
            yield View(field, field.first, end, span.end)

    @cached_property
    def _body_repeats_lead(self) -> bool:
        """Whether the body shows all that the lead shows: it is its opening, or opens with it."""
        span = lead(self.document)
        if span is None or span.field == "text":
            return True
        return self._tokens_alike == self.fields["summary"].end - self.fields["summary"].first

    @cached_property
    def _tokens_alike(self) -> int:
        """With how many equal tokens summary and text open."""
        summary, text = self.fields["summary"], self.fields["text"]
        return len(list(takewhile(bool, map(eq, summary.folded(), text.folded()))))

    @cached_property
    def repeated_until(self) -> int:
        """The end of the tokens of the summary with which the text opens as well.

        A summary may be cut, within its last word too, or go on with words of its own ("Read
        more"); less than ALIKE_LEAST equal words that are not all of it are no opening.
        """
        summary, text = self.fields["summary"], self.fields["text"]
        alike, length = self._tokens_alike, summary.end - summary.first
        if 0 < alike == length - 1:
            (last,) = islice(summary.folded(), alike, None)
            cut = next(islice(text.folded(), alike, None), "").startswith(last)
            alike += cut
        opens = alike == length or alike >= ALIKE_LEAST
        return summary.first + (alike if opens else 0)
