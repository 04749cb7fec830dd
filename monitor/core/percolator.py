"""Which rules an article could match at all, told from its words without trying the rules.

A clause is a set of words one of which must be present; every clause of a rule must be met. A
rule is filed under the words of its rarest clause. A rule without one (only sources, a regex
alone) is always a candidate. Scopes, distances and counts are left to the rule itself.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain

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


class Percolator:
    """Rules by the words that they cannot do without. Rules are known by their position."""

    def __init__(self, conditions: Sequence[Condition]) -> None:
        self._clauses: list[tuple[Clause, ...]] = []  # of each rule, the rarest first
        self._filed: dict[str, list[int]] = {}
        self._always: list[int] = []
        self._narrowed: set[int] = set()
        clauses = _Clauses(conditions)
        for number, condition in enumerate(conditions):
            found = clauses.of(condition)
            self._clauses.append(tuple(found))
            if not found:
                self._always.append(number)
            for name in found[0] if found else ():
                self._filed.setdefault(name, []).append(number)
            if any(isinstance(each, Within) for each in _within(condition)):
                self._narrowed.add(number)

    def candidates(self, present: frozenset[str]) -> list[int]:
        """The rules that may hold where these words are present, in their order."""
        lists = (self._filed[name] for name in present if name in self._filed)
        found = [each for each in set(chain.from_iterable(lists)) if self.admits(each, present)]
        return sorted(found + self._always)

    def on_top(self, number: int, present: frozenset[str]) -> bool:
        """Whether a rule may hold where title and lead have only these words.

        One with an `in` may look at other fields.
        """
        return number in self._narrowed or self.admits(number, present)

    def admits(self, number: int, present: frozenset[str]) -> bool:
        """Whether a rule may hold where no other words are present than these."""
        return not any(map(present.isdisjoint, self._clauses[number]))


class _Clauses:
    """Finds the clauses of conditions. Lives while rules are compiled."""

    def __init__(self, conditions: Sequence[Condition]) -> None:
        uses = Counter(
            name_of(word)
            for condition in conditions
            for term in terms_of(condition)
            for word in term.words
        )
        self._weights = {name: _weight(name, number) for name, number in uses.items()}
        self._costs: dict[Clause, int] = {}
        self._shared: dict[Clause, Clause] = {}  # lists stand in many rules
        self._known: dict[tuple[tuple[Condition, ...], int], list[Clause]] = {}

    def of(self, condition: Condition) -> list[Clause]:
        """The clauses that must all be met, the rarest first."""
        clauses = sorted(dict.fromkeys(self._required(condition)), key=self._cost)
        return [self._shared.setdefault(clause, clause) for clause in clauses]

    def _cost(self, clause: Clause) -> int:
        """How many candidates it lets through, roughly."""
        cost = self._costs.get(clause)
        if cost is None:
            cost = self._costs[clause] = sum(map(self._weights.__getitem__, clause))
        return cost

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
                clauses = self._graded(least, [b for b in boosts if b.points > 0])
            case Scored() | NoneOf() | From() | Regex():
                pass  # it may hold whatever the words are
        return clauses

    def _graded(self, least: int, boosts: Sequence[Boost]) -> list[Clause]:
        """The clause that one of the boosts with words holds; the others must not be enough."""
        worded = [boost.part for boost in boosts if self._required(boost.part)]
        wordless = sum(boost.points for boost in boosts if not self._required(boost.part))
        return self._one_of(tuple(worded)) if wordless < least else []

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


def _weight(name: str, uses: int) -> int:
    if len(name) < _SHORT:
        uses *= _SHORT_FACTOR
    return uses * (_WILDCARD_FACTOR if name[0] == "~" or name[-1] == "*" else 1)


def terms_of(condition: Condition) -> Iterator[Term]:
    """Every term in the condition, those that must not be there included, as they are written."""
    return (each for each in _within(condition) if isinstance(each, Term))


def _within(condition: Condition) -> Iterator[Condition]:
    """The condition and every one in it, also what must not hold."""
    left: list[Condition] = [condition]
    while left:
        each = left.pop()
        yield each
        match each:
            case AllOf(parts) | AnyOf(parts) | NoneOf(parts) | AtLeast(_, parts):
                left += reversed(parts)
            case Near(groups):
                left += reversed([*chain.from_iterable(groups)])
            case Repeat(terms):
                left += reversed(terms)
            case Within(_, part):
                left.append(part)
            case Ignoring(phrases, part):
                left += (part, *reversed(phrases))
            case Scored(_, boosts):
                left += (boost.part for boost in reversed(boosts))
            case Term() | From() | Regex():
                pass
