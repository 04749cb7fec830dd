"""Which rules an article could match at all, told from its words without trying the rules.

A clause is a set of words one of which must be present, in title or lead where it says so; every
clause of a rule must be met. A quota counts what may hold of several parts. A rule is filed under
its rarest clause; one without any (only sources, a regex alone) is always a candidate. Scopes of
the body, distances and counts of words are left to the rule itself.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from monitor.core.indexed import TOP_SCOPES
from monitor.core.rules import (
    AllOf,
    AnyOf,
    AtLeast,
    Boost,
    Condition,
    From,
    Happening,
    Ignoring,
    Near,
    NoneOf,
    Regex,
    Repeat,
    Scored,
    Term,
    Within,
    Word,
)
from monitor.core.vocabulary import Clauses, name_of

# How much more often such a word stands in an article than another one: rough, and only speed
# hangs on it.
_SHORT = 4  # letters; function words are seldom longer
_SHORT_FACTOR = 10
_WILDCARD_FACTOR = 4
_TOP_SHARE = 10  # title and lead are so small a part of an article

ON_TOP = "^"  # before the name of a word that must stand in title or lead; no token contains it

Clause = frozenset[str]
# The words that an event cannot do without: one of each group.
Asked = Callable[[Happening], tuple[tuple[Term, ...], ...]]
_Wanted = tuple[int, list[tuple[int, list[Clause]]]]  # how many points, of what for which clauses


class _Quota(NamedTuple):
    """Alternatives by their points and clauses: those that may hold must have points enough."""

    least: int
    alternatives: Sequence[tuple[int, frozenset[int]]]

    def reached(self, met: set[int]) -> bool:
        return sum(each for each, clauses in self.alternatives if clauses <= met) >= self.least


class Percolator:
    """Rules by the words that they cannot do without. Rules are known by their position.

    `asked` says which words those of an event are, by default none.
    """

    def __init__(self, conditions: Sequence[Condition], asked: Asked = lambda _: ()) -> None:
        self._clauses: list[frozenset[int]] = []  # of each rule, by their numbers
        self._quotas: dict[int, list[_Quota]] = {}  # of the rules that have some
        self._met_by: defaultdict[str, list[int]] = defaultdict(list)  # clauses, by words
        self._filed: defaultdict[int, list[int]] = defaultdict(list)  # rules, by rarest clauses
        self.always: list[int] = []  # that may hold whatever the words are
        clauses = _Clauses(conditions, asked)
        self._narrowed = clauses.narrowed
        numbers: dict[Clause, int] = {}
        for rule, condition in enumerate(conditions):
            found = [numbers.setdefault(each, len(numbers)) for each in clauses.of(condition)]
            self._clauses.append(frozenset(found))
            for least, alternatives in clauses.quotas(condition):
                each_of = [
                    (points, frozenset(numbers.setdefault(e, len(numbers)) for e in required))
                    for points, required in alternatives
                ]
                self._quotas.setdefault(rule, []).append(_Quota(least, each_of))
            (self._filed[found[0]] if found else self.always).append(rule)
        for clause, number in numbers.items():
            for name in clause:
                self._met_by[name].append(number)

    def meets(self, name: str) -> Clauses:
        """The clauses that a word meets."""
        return Clauses(*(tuple(self._met_by.get(each, ())) for each in (name, ON_TOP + name)))

    def candidates(self, met: set[int]) -> list[int]:
        """The rules that may hold where these clauses are met, in their order."""
        clauses, quotas = self._clauses, self._quotas
        filed = [self._filed[clause] for clause in met if clause in self._filed]
        found = [rule for some in filed for rule in some if clauses[rule] <= met]
        found += self.always
        return sorted(each for each in found if each not in quotas or self._admits(each, met))

    def on_top(self, rule: int, met: set[int]) -> bool:
        """Whether a rule may hold where title and lead meet only these clauses.

        One with an `in` of other fields may look there.
        """
        return self._admits(rule, met) or rule in self._narrowed

    def _admits(self, rule: int, met: set[int]) -> bool:
        return self._clauses[rule] <= met and (
            rule not in self._quotas or all(quota.reached(met) for quota in self._quotas[rule])
        )


class _Clauses:
    """Finds the clauses of conditions. Lives while rules are compiled."""

    def __init__(self, conditions: Sequence[Condition], asked: Asked) -> None:
        self._asked = asked
        uses: defaultdict[str, int] = defaultdict(int)
        self.narrowed: set[int] = set()  # the conditions with an `in` that shows the body, or more
        for number, condition in enumerate(conditions):
            for each in within(condition):
                if isinstance(each, Term):
                    for word in each.words:
                        uses[name_of(word)] += 1
                elif isinstance(each, Happening):
                    for word in words_asked(each, asked):
                        uses[name_of(word)] += 1
                elif isinstance(each, Within) and not each.scopes <= TOP_SCOPES:
                    self.narrowed.add(number)
        weights = {name: float(_weight(name, number)) for name, number in uses.items()}
        on_top = {ON_TOP + name: each / _TOP_SHARE for name, each in weights.items()}
        self._weights = weights | on_top
        self._costs: dict[Clause, float] = {}
        self._shared: dict[Clause, Clause] = {}  # lists stand in many rules
        # By identity, as equality takes long to tell; with the parts, which so stay what they are.
        self._known: dict[tuple[int, str, int], tuple[Sequence[Condition], list[Clause]]] = {}

    def of(self, condition: Condition) -> list[Clause]:
        """The clauses that must all be met, the rarest first."""
        clauses = sorted(dict.fromkeys(self._required(condition)), key=self._cost)
        return [self._shared.setdefault(clause, clause) for clause in clauses]

    def _cost(self, clause: Clause) -> float:
        """How many candidates it lets through, roughly."""
        cost = self._costs.get(clause)
        if cost is None:
            cost = self._costs[clause] = sum(map(self._weights.__getitem__, clause))
        return cost

    def _required(self, condition: Condition, where: str = "") -> list[Clause]:
        """`where` is ON_TOP for what an `in` lets look at title and lead only."""
        clauses: list[Clause] = []
        match condition:
            case Term(words):
                clauses = [frozenset((where + name_of(word),)) for word in words]
            case AllOf(parts):
                clauses = [clause for part in parts for clause in self._required(part, where)]
            case AnyOf(parts) | Repeat(parts):
                clauses = self._one_of(parts, where)
            case Within(scopes, part):
                clauses = self._required(part, ON_TOP if scopes <= TOP_SCOPES else "")
            case Ignoring(_, part):
                clauses = self._required(part, where)
            case Near() | Happening():
                groups = condition.groups if isinstance(condition, Near) else self._asked(condition)
                clauses = [clause for group in groups for clause in self._one_of(group, where)]
            case AtLeast(n, parts):
                clauses = self._one_of(parts, where, free=n - 1)
            case Scored(least, boosts) if least > 0:
                clauses = self._graded(least, [b for b in boosts if b.points > 0], where)
            case Scored() | NoneOf() | From() | Regex():
                pass  # it may hold whatever the words are
        return clauses

    def quotas(self, condition: Condition, where: str = "") -> Iterator[_Wanted]:
        """What the condition asks of several of its parts at once, which no one clause says."""
        match condition:
            case AllOf(parts):
                for part in parts:
                    yield from self.quotas(part, where)
            case Within(scopes, part):
                yield from self.quotas(part, ON_TOP if scopes <= TOP_SCOPES else "")
            case Ignoring(_, part):
                yield from self.quotas(part, where)
            case AnyOf(parts) if not all(isinstance(part, Term) for part in parts):
                yield 1, [(1, self._required(part, where)) for part in parts]
            case AtLeast(n, parts) if n > 1:
                yield n, [(1, self._required(part, where)) for part in parts]
            case Scored(least, boosts) if least > 0:
                given = [boost for boost in boosts if boost.points > 0]
                yield least, [(each.points, self._required(each.part, where)) for each in given]
            case _:
                pass  # its clauses say all

    def _graded(self, least: int, boosts: Sequence[Boost], where: str) -> list[Clause]:
        """The clause that one of the boosts with words holds; the others must not be enough."""
        worded = [boost.part for boost in boosts if self._required(boost.part, where)]
        wordless = sum(each.points for each in boosts if not self._required(each.part, where))
        return self._one_of(tuple(worded), where) if wordless < least else []

    def _one_of(self, parts: tuple[Condition, ...], where: str, *, free: int = 0) -> list[Clause]:
        """The clause that one of the parts holds, even if `free` others do without words."""
        key = id(parts), where, free
        if key not in self._known:
            best = [rarest for part in parts if (rarest := self._rarest(part, where))]
            sure = best and len(parts) - len(best) <= free
            self._known[key] = parts, [frozenset().union(*best)] if sure else []
        return self._known[key][1]

    def _rarest(self, part: Condition, where: str) -> Iterable[str]:
        """The rarest clause of a part, nothing where it has none."""
        if isinstance(part, Term):
            names = [where + name_of(word) for word in part.words]
            return (names[0] if len(names) == 1 else min(names, key=self._weights.__getitem__),)
        return min(self._required(part, where), key=self._cost, default=())


def _weight(name: str, uses: int) -> int:
    if len(name) < _SHORT:
        uses *= _SHORT_FACTOR
    return uses * (_WILDCARD_FACTOR if name[0] == "~" or name[-1] == "*" else 1)


def words_asked(happening: Happening, asked: Asked) -> Iterator[Word]:
    """The words that an event asks for."""
    return (word for group in asked(happening) for term in group for word in term.words)


def within(condition: Condition) -> Iterator[Condition]:
    """The condition and every one in it, also what must not hold."""
    left: list[Condition] = [condition]
    while left:
        each = left.pop()
        yield each
        if isinstance(each, Term):  # most are
            continue
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
            case From() | Regex() | Happening():
                pass
