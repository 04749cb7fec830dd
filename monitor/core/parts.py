"""Compiled conditions: each can say whether it holds, and explain itself.

`holds` is asked of every rule for every document, so it stops at the first answer; `explain` is
asked only of rules that matched, or that somebody asks about.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import attrgetter
from typing import Protocol

from monitor.core import nearest, proximity
from monitor.core.evidence import Explanation, Kind
from monitor.core.groups import Group
from monitor.core.indexed import TOP_SCOPES, Field, IndexedDocument, Occurrence, View
from monitor.core.model import Document, Evidence
from monitor.core.rules import From, Near, Scope, Term
from monitor.core.stems import primary


@dataclass(frozen=True, slots=True)
class Sight:
    """Where a condition looks: the scopes in force, and whether an `in` has set them.

    Words of an occurrence of an `ignored` group are not there. With `held_only` an explanation
    leaves out what did not hold: quotes need no more, and an article that matches has ten
    branches that do not hold for each that does. `weak`: weak events count as well.
    """

    scopes: frozenset[Scope]
    chosen: bool = False
    held_only: bool = False
    ignored: tuple[Group, ...] = ()
    weak: bool = False


NOTHING = frozenset[int]()
MANY = 8  # parts
WORDS, SEARCH, EVENTS = range(3)  # costs: words looked up, the text searched, its events found


class Part(Protocol):
    """A compiled condition.

    `needs`: the groups each of which must occur for it to hold. `cost`: what it may take to
    tell; of several parts the cheaper are asked first.
    """

    needs: frozenset[int]
    cost: int

    def holds(self, indexed: IndexedDocument, sight: Sight) -> bool: ...

    def explain(self, indexed: IndexedDocument, sight: Sight) -> Explanation: ...


class AnyTerm:
    """One of several terms."""

    cost = WORDS

    def __init__(self, group: Group) -> None:
        self.group = group
        self.needs = frozenset((group.number,))

    @cached_property
    def label(self) -> str:
        return _label(self.group.terms)

    def seen(self, indexed: IndexedDocument, view: View, sight: Sight) -> list[Occurrence]:
        shown = view.shown(indexed.occurrences(self.group))
        if not (shown and sight.ignored):
            return shown
        hidden = indexed.hidden(sight.ignored)
        return [o for o in shown if hidden.isdisjoint(range(o.first, o.end))]

    def holds(self, indexed: IndexedDocument, sight: Sight) -> bool:
        found = indexed.occurrences(self.group)
        if not found:
            return False
        views = indexed.views(sight.scopes)
        if sight.ignored:
            return any(self.seen(indexed, view, sight) for view in views)
        return any(v.first <= first and end <= v.end for v in views for first, end, _ in found)

    def explain(self, indexed: IndexedDocument, sight: Sight) -> Explanation:
        first: dict[tuple[str, Term], Evidence] = {}
        for view in indexed.views(sight.scopes):
            for found in self.seen(indexed, view, sight):
                if (view.field.name, found.term) not in first:
                    quote = quoted(view.field, found, reason(found.term))
                    first[view.field.name, found.term] = quote
        if first:
            return Explanation(self.label, held=True, kind=Kind.ANY, evidence=tuple(first.values()))
        near = nearest.term_miss(self.group, indexed, scopes=sight.scopes, ignored=sight.ignored)
        missing = f"not in {_named(sight)}"
        return Explanation(self.label, held=False, kind=Kind.ANY, missing=missing, near=near)


class EveryPart:
    def __init__(self, parts: tuple[Part, ...]) -> None:
        self._parts = parts
        self._tried = by_cost(parts)
        self.needs = frozenset().union(*(part.needs for part in parts))
        self.cost = self._tried[-1].cost

    def holds(self, indexed: IndexedDocument, sight: Sight) -> bool:
        return all(part.holds(indexed, sight) for part in self._tried)

    def explain(self, indexed: IndexedDocument, sight: Sight) -> Explanation:
        children = tuple(part.explain(indexed, sight) for part in self._parts)
        failed = [child.label for child in children if not child.held]
        missing = f"did not hold: {', '.join(failed)}" if failed else ""
        return Explanation("all", not failed, Kind.ALL, (), children, missing)


class AnyPart:
    def __init__(self, parts: tuple[Part, ...]) -> None:
        self._parts = parts
        self._tried = by_cost(parts)
        self.needs = frozenset.intersection(*(part.needs for part in parts))
        self.cost = self._tried[-1].cost

    def holds(self, indexed: IndexedDocument, sight: Sight) -> bool:
        return any(part.holds(indexed, sight) for part in _possible(self._tried, indexed))

    def explain(self, indexed: IndexedDocument, sight: Sight) -> Explanation:
        children = tuple(
            part.explain(indexed, sight)
            for part in self._parts
            if not sight.held_only or part.holds(indexed, sight)
        )
        held = any(child.held for child in children)
        return Explanation("any", held, Kind.ANY, (), children, "" if held else "no part held")


class NoPart:
    needs = NOTHING

    def __init__(self, parts: tuple[Part, ...]) -> None:
        self._parts = parts
        self._tried = by_cost(parts)
        self.cost = self._tried[-1].cost

    def holds(self, indexed: IndexedDocument, sight: Sight) -> bool:
        own = _own_sight(sight)
        return not any(part.holds(indexed, own) for part in _possible(self._tried, indexed))

    def explain(self, indexed: IndexedDocument, sight: Sight) -> Explanation:
        own = _own_sight(sight)
        parts = () if sight.held_only else self._parts
        children = tuple(part.explain(indexed, own) for part in parts)
        found = [child.label for child in children if child.held]
        missing = f"found: {', '.join(found)}" if found else ""
        label = f"none: {', '.join(child.label for child in children)}"
        return Explanation(label, not found, Kind.NONE, (), children, missing)


def _own_sight(sight: Sight) -> Sight:
    """A `none` looks at title and lead: far down, "opposition" would kill good matches."""
    if sight.chosen or sight.scopes is TOP_SCOPES:
        return sight
    return replace(sight, scopes=TOP_SCOPES)


class Together:
    cost = SEARCH

    def __init__(self, near: Near, groups: tuple[AnyTerm, ...]) -> None:
        self._near = near
        self._groups = groups
        self.needs = frozenset().union(*(group.needs for group in groups))

    @property
    def _span(self) -> str:
        within = self._near.within
        if not isinstance(within, int):
            return f"in one {within}"
        return f"within {within} {'word' if within == 1 else 'words'}"

    def _find(
        self, indexed: IndexedDocument, sight: Sight
    ) -> tuple[Field, list[Occurrence]] | None:
        key = self, sight.scopes, sight.ignored
        if key not in indexed.chains:
            indexed.chains[key] = self._look(indexed, sight)
        return indexed.chains[key]

    def _look(
        self, indexed: IndexedDocument, sight: Sight
    ) -> tuple[Field, list[Occurrence]] | None:
        if indexed.lacks(self.needs):
            return None
        if not all(indexed.occurrences(each.group) for each in self._groups):
            return None
        for view in indexed.views(sight.scopes):
            if not all(group.seen(indexed, view, sight) for group in self._groups):
                continue
            places = self._places(indexed, view, sight)
            chain = proximity.together(
                places,
                groups=len(self._groups),
                within=self._near.within,
                ordered=self._near.ordered,
                unit_of=view.field.unit,
            )
            if chain is not None:
                return view.field, chain
        return None

    def _places(
        self, indexed: IndexedDocument, view: View, sight: Sight
    ) -> list[proximity.Place[Occurrence]]:
        return [
            (found.first, found.end, number, found)
            for number, group in enumerate(self._groups)
            for found in group.seen(indexed, view, sight)
        ]

    def holds(self, indexed: IndexedDocument, sight: Sight) -> bool:
        return self._find(indexed, sight) is not None

    def explain(self, indexed: IndexedDocument, sight: Sight) -> Explanation:
        found = self._find(indexed, sight)
        if found is not None:
            field, chain = found
            why = f"near, {self._span}"
            evidence = tuple(quoted(field, o, f"{why}: {reason(o.term)}") for o in chain)
            return Explanation(self._label, held=True, evidence=evidence)
        parts = tuple(group.explain(indexed, sight) for group in self._groups)
        absent = [part.label for part in parts if not part.held]
        missing = f"absent: {', '.join(absent)}" if absent else f"present, but not {self._span}"
        near = nearest.near_miss(
            self._near, indexed.views(sight.scopes), lambda view: self._places(indexed, view, sight)
        )
        return Explanation(self._label, held=False, children=parts, missing=missing, near=near)

    @property
    def _label(self) -> str:
        order = ", in this order" if self._near.ordered else ""
        return f"near: {' + '.join(group.label for group in self._groups)} {self._span}{order}"


class Narrowed:
    def __init__(self, scopes: frozenset[Scope], part: Part) -> None:
        self._scopes = scopes
        self._part = part
        self.needs = part.needs
        self.cost = part.cost

    def _own_sight(self, sight: Sight) -> Sight:
        return Sight(
            self._scopes,
            chosen=True,
            held_only=sight.held_only,
            ignored=sight.ignored,
            weak=sight.weak,
        )

    def holds(self, indexed: IndexedDocument, sight: Sight) -> bool:
        return self._part.holds(indexed, self._own_sight(sight))

    def explain(self, indexed: IndexedDocument, sight: Sight) -> Explanation:
        own = self._own_sight(sight)
        child = self._part.explain(indexed, own)
        label = f"in {_named(own)}"
        return Explanation(label, child.held, Kind.ALL, (), (child,), child.missing)


class Source:
    needs = NOTHING
    cost = WORDS

    def __init__(self, source: From) -> None:
        self._wanted = (
            ("outlet", frozenset(source.outlets)),
            ("tier", frozenset(source.tiers)),
            ("country", frozenset(map(str.casefold, source.countries))),
            ("language", frozenset(map(primary, source.languages))),
        )

    def _checks(self, document: Document) -> Iterator[tuple[str, frozenset[str], str | None]]:
        has = {
            "outlet": document.outlet,
            "tier": document.tier,
            "country": document.country and document.country.casefold(),
            "language": document.language and primary(document.language),
        }
        return ((name, wanted, has[name]) for name, wanted in self._wanted if wanted)

    def holds(self, indexed: IndexedDocument, sight: Sight) -> bool:  # noqa: ARG002  not about words
        return all(has in wanted for _, wanted, has in self._checks(indexed.document))

    def explain(self, indexed: IndexedDocument, sight: Sight) -> Explanation:  # noqa: ARG002  the same
        checks = list(self._checks(indexed.document))
        label = "; ".join(f"{name}: {', '.join(sorted(wanted))}" for name, wanted, _ in checks)
        wrong = [
            f"{name} is {has or 'unknown'}" for name, wanted, has in checks if has not in wanted
        ]
        return Explanation(label or "any source", not wrong, missing="; ".join(wrong))


def _possible(parts: Sequence[Part], indexed: IndexedDocument) -> Sequence[Part]:
    """Those that need nothing that is not there; a few are as soon tried as that is found out."""
    if len(parts) >= MANY:
        possible = indexed.possible
        return [part for part in parts if part.needs <= possible]
    return [part for part in parts if not indexed.lacks(part.needs)]


def by_cost(parts: Iterable[Part]) -> list[Part]:
    """The cheapest first."""
    return sorted(parts, key=attrgetter("cost"))


def reason(term: Term) -> str:
    """Why a quote is evidence, in the rule's own words."""
    if term.list_name is None:
        return "term" if len(term.words) == 1 else "phrase"
    return f"list ${term.list_name} via “{term.written}”"


def quoted(field: Field, found: Occurrence, why: str) -> Evidence:
    """The occurrence as evidence."""
    start, end = field.span(found.first)
    if found.end > found.first + 1:
        _, end = field.span(found.end - 1)
    return Evidence(field.name, start, end, field.value[start:end], why)


def _label(terms: tuple[Term, ...]) -> str:
    names = [term.name for term in terms]
    return " | ".join(dict.fromkeys(names))


def _named(sight: Sight) -> str:
    return ", ".join(scope for scope in Scope if scope in sight.scopes)
