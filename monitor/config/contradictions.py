"""Conditions that load and yet make no sense: negatives only, and branches that never match."""

from collections.abc import Iterator

from monitor.core.rules import AllOf, AnyOf, Condition, From, NoneOf, Scope, Term, Within

_Scopes = frozenset[Scope] | None
_Pattern = tuple[_Scopes, tuple[tuple[str, bool], ...]]  # where a term must (not) be, its words


def only_negative(condition: Condition) -> bool:
    """True if nothing in it must be present."""
    match condition:
        case NoneOf():
            return True
        case Within(part=part):
            return only_negative(part)
        case AllOf(parts=parts) | AnyOf(parts=parts):
            return all(only_negative(part) for part in parts)
        case _:
            return False


def contradiction(condition: Condition) -> str | None:
    """A term, as written, that `condition` both requires and excludes in the same place."""
    excluded = {_pattern(term, scopes) for term, scopes in _excluded(condition, None)}
    if not excluded:
        return None
    for group in _required(condition, None):
        if group and all(_pattern(term, scopes) in excluded for term, scopes in group):
            first = group[0][0]
            return f"${first.list_name}" if first.list_name else first.written
    return None


def _pattern(term: Term, scopes: _Scopes) -> _Pattern:
    return scopes, tuple((word.pattern, word.exact) for word in term.words)


_Group = list[tuple[Term, _Scopes]]


def _required(condition: Condition, scopes: _Scopes) -> Iterator[_Group]:
    """Groups of terms, one of each of which must be there."""
    match condition:
        case Term():
            yield [(condition, scopes)]
        case Within(scopes=inner, part=part):
            yield from _required(part, inner)
        case AllOf(parts=parts):
            for part in parts:
                yield from _required(part, scopes)
        case AnyOf(parts=parts) if all(isinstance(part, Term) for part in parts):
            yield [(part, scopes) for part in parts if isinstance(part, Term)]
        case _:
            return


def _excluded(condition: Condition, scopes: _Scopes) -> Iterator[tuple[Term, _Scopes]]:
    """Terms that must not be there."""
    match condition:
        case NoneOf(parts=parts):
            for part in parts:
                yield from _alone(part, scopes)
        case Within(scopes=inner, part=part):
            yield from _excluded(part, inner)
        case AllOf(parts=parts):
            for part in parts:
                yield from _excluded(part, scopes)
        case _:
            return


def _alone(part: Condition, scopes: _Scopes) -> Iterator[tuple[Term, _Scopes]]:
    """Terms each of which makes `part` true by itself."""
    match part:
        case Term():
            yield part, scopes
        case Within(scopes=inner, part=inside):
            yield from _alone(inside, inner)
        case AnyOf(parts=parts):
            for either in parts:
                yield from _alone(either, scopes)
        case _:
            return


def required_source(condition: Condition) -> From:
    """What `condition` requires of the source."""
    match condition:
        case From():
            return condition
        case Within(part=part):
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
