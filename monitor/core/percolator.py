"""Which rules an article could match at all, told from its words without trying the rules.

A clause is a set of words one of which must be present; every clause of a rule must be met. A
rule is filed under the words of its rarest clause. A rule without one (only sources, a regex
alone) is always a candidate. Scopes, distances and counts are left to the rule itself.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import chain

from monitor.core.rules import (
    AllOf,
    AnyOf,
    AtLeast,
    Condition,
    From,
    Ignoring,
    Near,
    NoneOf,
    Regex,
    Repeat,
    Scored,
    Term,
    Within,
)
from monitor.core.vocabulary import name_of

# How much more often such a word stands in an article than another one: rough, and only speed
# hangs on it.
_SHORT = 4  # letters; function words are seldom longer
_SHORT_FACTOR = 10
_WILDCARD_FACTOR = 4

Clause = frozenset[str]
_NO_CLAUSE: Clause = frozenset()


class Percolator:
    """Rules by the words that they cannot do without. Rules are known by their position."""

    def __init__(self, conditions: Sequence[Condition]) -> None:
        self._further: list[tuple[Clause, ...]] = []  # of each rule, besides the rarest
        self._filed: dict[str, list[int]] = {}
        self._always: list[int] = []
        clauses = _Clauses(conditions)
        for number, condition in enumerate(conditions):
            rarest, *further = clauses.of(condition) or [_NO_CLAUSE]
            self._further.append(tuple(further))
            if not rarest:
                self._always.append(number)
            for name in rarest:
                self._filed.setdefault(name, []).append(number)

    def candidates(self, present: Collection[str]) -> list[int]:
        """The rules that may hold where these words are present, in their order."""
        lists = (self._filed[name] for name in present if name in self._filed)
        further = self._further
        found = [
            number
            for number in set(chain.from_iterable(lists))
            if not any(clause.isdisjoint(present) for clause in further[number])
        ]
        return sorted(found + self._always)


class _Clauses:
    """Finds the clauses of conditions. Lives while rules are compiled."""

    def __init__(self, conditions: Sequence[Condition]) -> None:
        self._uses = Counter(
            name_of(word)
            for condition in conditions
            for term in terms_of(condition)
            for word in term.words
        )
        self._shared: dict[Clause, Clause] = {}  # lists stand in many rules
        self._known: dict[tuple[tuple[Condition, ...], int], list[Clause]] = {}

    def of(self, condition: Condition) -> list[Clause]:
        """The clauses that must all be met, the rarest first."""
        clauses = sorted(dict.fromkeys(self._required(condition)), key=self._cost)
        return [self._shared.setdefault(clause, clause) for clause in clauses]

    def _cost(self, clause: Clause) -> int:
        """How many candidates it lets through, roughly."""
        return sum(map(self._weight, clause))

    def _weight(self, name: str) -> int:
        weight = self._uses[name]
        if len(name) < _SHORT:
            weight *= _SHORT_FACTOR
        return weight * (_WILDCARD_FACTOR if name[0] == "~" or name[-1] == "*" else 1)

    def _required(self, condition: Condition) -> list[Clause]:
        clauses: list[Clause] = []
        match condition:
            case Term(words):
                clauses = [frozenset((name_of(word),)) for word in words]
            case AllOf(parts):
                clauses = [clause for part in parts for clause in self._required(part)]
            case AnyOf(parts):
                clauses = self._one_of(parts)
            case Near(groups):
                clauses = [clause for group in groups for clause in self._one_of(group)]
            case Repeat(terms):
                clauses = self._one_of(terms)
            case Within(_, part) | Ignoring(_, part):
                clauses = self._required(part)
            case AtLeast(n, parts):
                clauses = self._one_of(parts, free=n - 1)
            case Scored(least, boosts) if least > 0:
                clauses = self._one_of(tuple(b.part for b in boosts if b.points > 0))
            case Scored() | NoneOf() | From() | Regex():
                pass  # it may hold whatever the words are
        return clauses

    def _one_of(self, parts: tuple[Condition, ...], *, free: int = 0) -> list[Clause]:
        """The clause that one of the parts holds, even if `free` others do without words."""
        found = self._known.get((parts, free))
        if found is None:
            required = filter(None, map(self._required, parts))
            clauses = [min(several, key=self._cost) for several in required]
            sure = clauses and len(parts) - len(clauses) <= free
            found = [frozenset().union(*clauses)] if sure else []
            self._known[parts, free] = found
        return found


def terms_of(condition: Condition) -> Iterator[Term]:
    """Every term in the condition, those that must not be there included."""
    match condition:
        case Term():
            yield condition
        case AllOf(parts) | AnyOf(parts) | NoneOf(parts) | AtLeast(_, parts):
            yield from chain.from_iterable(map(terms_of, parts))
        case Near(groups):
            yield from chain.from_iterable(groups)
        case Repeat(terms):
            yield from terms
        case Ignoring(phrases, part):
            yield from phrases
            yield from terms_of(part)
        case Scored(_, boosts):
            for boost in boosts:
                yield from terms_of(boost.part)
        case Within(_, part):
            yield from terms_of(part)
        case From() | Regex():
            return
