"""Whether one condition holds only where another one does. False where that cannot be told."""

from collections.abc import Callable, Iterable
from functools import lru_cache

from monitor.core.rules import (
    AllOf,
    AnyOf,
    AtLeast,
    Condition,
    Ignoring,
    Near,
    NoneOf,
    Repeat,
    Scope,
    Term,
    Within,
)
from monitor.core.terms import covers

MEANINGS_KEPT = 4_096  # each branch of an `any` is compared with all others
TOP = frozenset({Scope.TITLE, Scope.LEAD})  # what a condition without `in` sees at the least


def implies(one: Condition, other: Condition) -> bool:
    """True if `other` holds wherever `one` does, both under the same `in`.

    An `in` inside of `one` may only narrow: where an outer one stands, nothing is told of it.
    """
    if isinstance(one, Term) and isinstance(other, Term):
        return contains(one, other)
    if type(one) is type(other) and meaning(one) == meaning(other):
        return True
    match other:
        case AnyOf(parts):
            if any(implies(one, part) for part in parts):
                return True
        case AllOf(parts):
            return all(implies(one, part) for part in parts)
    return _weakened(one, other)


def _weakened(one: Condition, other: Condition) -> bool:
    """Whether some part that `one` cannot do without implies `other`."""

    def there(part: Condition) -> bool:
        return implies(part, other)

    match one:
        case AllOf(parts):
            found = any(map(there, parts))
        case AnyOf(parts) | AtLeast(parts=parts):
            found = all(map(there, parts))
        case Repeat(terms=terms):
            found = all(map(there, terms))
        case Near():
            found = _of_near(one, other, there)
        case Within(scopes, part) if isinstance(other, Within):
            found = scopes <= other.scopes and implies(part, other.part)
        case Within(scopes, part) if _positive(other):
            found = scopes <= TOP and there(part)
        case Ignoring(_, part) if _positive(other):
            found = there(part)
        case _:
            found = False
    return found


def _of_near(one: Near, other: Condition, there: Callable[[Condition], bool]) -> bool:
    if any(all(map(there, group)) for group in one.groups):
        return True
    if not isinstance(other, Near) or len(one.groups) != len(other.groups):
        return False
    narrower = one.within == other.within or (
        isinstance(one.within, int) and isinstance(other.within, int) and one.within < other.within
    )
    if not narrower or (other.ordered and not one.ordered):
        return False
    return all(
        all(any(takes_place_of(wide, term) for wide in wider) for term in group)
        for group, wider in zip(one.groups, other.groups, strict=True)
    )


def _positive(condition: Condition) -> bool:
    """Whether fewer words can never make it hold."""
    match condition:
        case AllOf(parts) | AnyOf(parts) | AtLeast(_, parts):
            return all(map(_positive, parts))
        case Within(_, part):
            return _positive(part)
        case _:
            return isinstance(condition, Term | Near | Repeat)


def contains(term: Term, other: Term) -> bool:
    """True if `other` stands in every occurrence of `term`."""
    words, size = term.words, len(other.words)
    return any(
        all(map(covers, other.words, words[start : start + size]))
        for start in range(len(words) - size + 1)
    )


def takes_place_of(wide: Term, term: Term) -> bool:
    """True if `wide` stands at every place of `term`, over just as many words."""
    return len(wide.words) == len(term.words) and contains(term, wide)


@lru_cache(maxsize=MEANINGS_KEPT)
def meaning(condition: Condition) -> object:
    """Equal for two conditions that say the same, in whatever order and through whatever lists."""
    said: object = condition
    match condition:
        case Term(words):
            said = words
        case AllOf(parts) | AnyOf(parts):
            parts_said = _set(parts)
            single = len(parts_said) == 1
            said = next(iter(parts_said)) if single else (type(condition).__name__, parts_said)
        case NoneOf(parts):
            said = "none", _set(parts)
        case Near(groups, within, ordered):
            sets = [_set(group) for group in groups]
            said = "near", tuple(sets) if ordered else frozenset(sets), len(sets), within, ordered
        case AtLeast(n, parts):
            said = "at least", n, _set(parts)
        case Repeat(terms, times):
            said = "repeat", _set(terms), times
        case Ignoring(phrases, part):
            said = "ignore", _set(phrases), meaning(part)
        case Within(scopes, part):
            said = "in", scopes, meaning(part)
    return said


def _set(parts: Iterable[Condition]) -> frozenset[object]:
    return frozenset(map(meaning, parts))
