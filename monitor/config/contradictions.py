"""Conditions that load and yet make no sense: negatives only, and branches that never match."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from monitor.core.model import Outlet
from monitor.core.rules import (
    AllOf,
    AnyOf,
    AtLeast,
    Boost,
    Condition,
    From,
    Ignoring,
    Near,
    NoneOf,
    Regex,
    Repeat,
    Scope,
    Scored,
    Term,
    Within,
    parts_of,
)
from monitor.core.terms import covers

_OUTLETS_SHOWN = 3  # of those that a message says where they are


def only_negative(condition: Condition) -> bool:
    """True if nothing in it must be present."""
    match condition:
        case NoneOf():
            return True
        case Within(part=part) | Ignoring(part=part):
            return only_negative(part)
        case AllOf(parts=parts) | AnyOf(parts=parts):
            return all(only_negative(part) for part in parts)
        case AtLeast(n=n, parts=parts):
            return sum(map(only_negative, parts)) >= n
        case Scored(least=least, boosts=boosts):
            return most_points(boost for boost in boosts if only_negative(boost.part)) >= least
        case _:
            return False


def most_points(boosts: Iterable[Boost]) -> int:
    """What they give where every one that helps holds, and no other."""
    return sum(boost.points for boost in boosts if boost.points > 0)


def unaccompanied(condition: Condition) -> Iterator[Regex]:
    """Every regex in a condition that can hold without any term being found."""
    if _needs_a_term(condition):
        return
    if isinstance(condition, Regex):
        yield condition
    for part in parts_of(condition):
        yield from unaccompanied(part)


def _needs_a_term(condition: Condition) -> bool:
    """True if it holds only where some term is found."""
    match condition:
        case Within(part=part) | Ignoring(part=part):
            return _needs_a_term(part)
        case AllOf(parts=parts):
            return any(map(_needs_a_term, parts))
        case AnyOf(parts=parts):
            return all(map(_needs_a_term, parts))
        case AtLeast(n=n, parts=parts):
            return sum(not _needs_a_term(part) for part in parts) < n
        case Scored(least=least, boosts=boosts):
            free = (boost for boost in boosts if not _needs_a_term(boost.part))
            return most_points(free) < least
    return isinstance(condition, Term | Near | Repeat)


_TITLE_AND_LEAD = frozenset({Scope.TITLE, Scope.LEAD})
_USUAL = _TITLE_AND_LEAD | {Scope.BODY}


@dataclass(frozen=True, slots=True)
class _Sight:
    """Where a term is looked for: the scopes of `in`, and the phrases that are not looked at."""

    scopes: frozenset[Scope] | None = None
    ignored: frozenset[Term] = frozenset()

    def narrowed(self, scopes: frozenset[Scope]) -> "_Sight":
        return _Sight(scopes, self.ignored)

    def without(self, phrases: Iterable[Term]) -> "_Sight":
        return _Sight(self.scopes, self.ignored.union(phrases))

    def is_within(self, excluded: "_Sight") -> bool:
        """True if `excluded`, of what a `none` looks for, takes in all of this.

        By itself a `none` looks at title and lead, and leaves weak matches, of the body alone.
        """
        if excluded.scopes is None:
            return self.scopes is None or self.scopes <= _TITLE_AND_LEAD
        return (self.scopes or _USUAL) <= excluded.scopes


class _Seen(NamedTuple):
    """A term or regex, and where it is looked for."""

    leaf: Term | Regex
    sight: _Sight

    @property
    def name(self) -> str:
        if isinstance(self.leaf, Regex):
            return f"regex:{self.leaf.pattern}"
        return self.leaf.name

    def is_ignored(self) -> bool:
        """True if some phrase to ignore is part of every occurrence."""
        leaf = self.leaf
        return isinstance(leaf, Term) and any(_covers(p, leaf) for p in self.sight.ignored)

    def is_within(self, excluded: "_Seen") -> bool:
        """True if whatever makes this true makes the excluded one true as well."""
        leaf, other = self.leaf, excluded.leaf
        if not excluded.sight.ignored <= self.sight.ignored:  # where more is ignored, less is found
            return False
        if isinstance(leaf, Regex) or isinstance(other, Regex):
            return leaf == other and self.sight.is_within(excluded.sight)
        return _covers(other, leaf) and self.sight.is_within(excluded.sight)


def _covers(phrase: Term, term: Term) -> bool:
    """True if `phrase` stands in every occurrence of `term`."""
    words, size = term.words, len(phrase.words)
    return any(
        all(map(covers, phrase.words, words[start : start + size]))
        for start in range(len(words) - size + 1)
    )


class _Group(NamedTuple):
    """So many of them must be there."""

    seen: list[_Seen]
    least: int = 1

    def name_if_lost(self, is_lost: Callable[[_Seen], bool]) -> str | None:
        """The first of the lost ones, if too few are left without them."""
        left = itertools.islice((seen for seen in self.seen if not is_lost(seen)), self.least)
        if len(list(left)) == self.least:  # mostly the first of them: a list is not gone through
            return None
        return next(seen.name for seen in self.seen if is_lost(seen))


def contradiction(condition: Condition, *, strong_and_weak: bool = False) -> str | None:
    """A term, as written, that `condition` both requires and excludes in the same place.

    `strong_and_weak`: one that leaves no weak match either, of a text with it in the body alone.
    """
    excluded = list(_excluded(condition, _Sight()))

    def is_excluded(seen: _Seen) -> bool:
        return any(
            seen.is_within(other)
            for other in excluded
            if not (strong_and_weak and seen.sight.scopes is None is other.sight.scopes)
        )

    return _lost(condition, is_excluded) if excluded else None


def ignored(condition: Condition) -> str | None:
    """A term, as written, that `condition` requires and never sees, because of what it ignores."""
    return _lost(condition, _Seen.is_ignored) if _ignores(condition) else None


def blanked(condition: Condition) -> str | None:
    """A term, as written beside others, that never counts because of what is ignored.

    One of a list is left out on purpose.
    """
    return next((seen.name for seen in _alternates(condition, _Sight()) if seen.is_ignored()), None)


def _alternates(condition: Condition, sight: _Sight) -> Iterator[_Seen]:
    match condition:
        case Term(list_name=None):
            yield _Seen(condition, sight)
        case Within(scopes=inner, part=part):
            yield from _alternates(part, sight.narrowed(inner))
        case Ignoring(phrases=phrases, part=part):
            yield from _alternates(part, sight.without(phrases))
        case AllOf(parts=parts) | AnyOf(parts=parts) | AtLeast(parts=parts):
            for part in parts:
                yield from _alternates(part, sight)
        case _:
            return


def _ignores(condition: Condition) -> bool:
    """False if nothing that it requires is looked for with phrases to ignore: nearly always."""
    match condition:
        case Ignoring():
            return True
        case Within(part=part):
            return _ignores(part)
        case AllOf(parts=parts):
            return any(map(_ignores, parts))
        case _:
            return False


def _lost(condition: Condition, is_lost: Callable[[_Seen], bool]) -> str | None:
    for group in _required(condition, _Sight()):
        name = group.name_if_lost(is_lost)
        if name is not None:
            return name
    return None


def _required(condition: Condition, sight: _Sight) -> Iterator[_Group]:
    """Groups of terms, some of each of which must be there."""
    match condition:
        case Term() | Regex():
            yield _Group([_Seen(condition, sight)])
        case Repeat(terms=terms):
            yield _Group([_Seen(term, sight) for term in terms])
        case Near(groups=groups):
            for group in groups:
                yield from _alternatives(group, sight, least=1)
        case Within(scopes=inner, part=part):
            yield from _required(part, sight.narrowed(inner))
        case Ignoring(phrases=phrases, part=part):
            yield from _required(part, sight.without(phrases))
        case AllOf(parts=parts):
            for part in parts:
                yield from _required(part, sight)
        case AnyOf(parts=parts) | AtLeast(parts=parts):
            least = condition.n if isinstance(condition, AtLeast) else 1
            yield from _alternatives(parts, sight, least=least)
        case _:
            return


def _alternatives(parts: tuple[Condition, ...], sight: _Sight, *, least: int) -> Iterator[_Group]:
    leaves = [_Seen(part, sight) for part in parts if isinstance(part, Term | Regex)]
    if least <= len(leaves) == len(parts):  # too few of them are told elsewhere
        yield _Group(leaves, least)


def _excluded(condition: Condition, sight: _Sight) -> Iterator[_Seen]:
    """Terms that must not be there."""
    match condition:
        case NoneOf(parts=parts):
            for part in parts:
                yield from _alone(part, sight)
        case Within(scopes=inner, part=part):
            yield from _excluded(part, sight.narrowed(inner))
        case Ignoring(phrases=phrases, part=part):
            yield from _excluded(part, sight.without(phrases))
        case AllOf(parts=parts):
            for part in parts:
                yield from _excluded(part, sight)
        case _:
            return


def _alone(part: Condition, sight: _Sight) -> Iterator[_Seen]:
    """Terms each of which makes `part` true by itself."""
    match part:
        case Term() | Regex():
            yield _Seen(part, sight)
        case Within(scopes=inner, part=inside):
            yield from _alone(inside, sight.narrowed(inner))
        case Ignoring(phrases=phrases, part=inside):
            yield from _alone(inside, sight.without(phrases))
        case AnyOf(parts=parts):
            for either in parts:
                yield from _alone(either, sight)
        case _:
            return


def required_source(condition: Condition) -> From:
    """What `condition` requires of the source."""
    match condition:
        case From():
            return condition
        case Within(part=part) | Ignoring(part=part):
            return required_source(part)
        case AllOf(parts=parts):
            joined = From()
            for part in parts:
                joined = narrowed(joined, required_source(part))[0]
            return joined
        case _:
            return From()


def narrowed(outer: From, inner: From) -> tuple[From, str | None]:
    """Both at once, and what makes them exclude each other, in words."""
    outlets, no_outlet = _both("outlet", outer.outlets, inner.outlets)
    tiers, no_tier = _both("tier", outer.tiers, inner.tiers)
    countries, no_country = _both("country", outer.countries, inner.countries)
    languages, no_language = _both("language", outer.languages, inner.languages)
    clash = no_outlet or no_tier or no_country or no_language
    return From(outlets, tiers, countries, languages), clash


def elsewhere(source: From, known: Mapping[str, Outlet]) -> str | None:
    """Why none of the outlets named is of the tiers and countries named, in words.

    Their language is left alone: that of an article is its own, and may be another.
    """
    named = [known.get(name) for name in source.outlets]
    outlets = [outlet for outlet in named if outlet is not None]
    if len(outlets) < len(named) or not (source.tiers or source.countries):
        return None  # what is wrong with a name is told elsewhere
    for outlet in outlets:
        fits_tier = not source.tiers or outlet.tier in source.tiers
        if fits_tier and (not source.countries or outlet.country in source.countries):
            return None
    found = [f"{each.id} is {each.tier} in {each.country}" for each in outlets[:_OUTLETS_SHOWN]]
    return ", ".join(found) + (" …" if len(outlets) > _OUTLETS_SHOWN else "") or None


def _both(
    key: str, outer: tuple[str, ...], inner: tuple[str, ...]
) -> tuple[tuple[str, ...], str | None]:
    if not outer or not inner:
        return outer or inner, None
    both = tuple(name for name in inner if any(_same(key, name, other) for other in outer))
    if both:
        return both, None
    return inner, f"{key} is {', '.join(inner)} inside {key} {', '.join(outer)}"


def _same(key: str, one: str, other: str) -> bool:
    """Languages compare by primary subtag."""
    if key == "language":
        return one.partition("-")[0] == other.partition("-")[0]
    return one == other
