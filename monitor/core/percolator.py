"""Which rules an article could match at all, told from its words without trying the rules.

A clause is a set of words one of which must be present, in title or lead where it says so; every
clause of a rule must be met. A quota counts what may hold of several parts. A rule is filed under
its rarest clause; one without any (only sources, a regex alone) is always a candidate. Scopes of
the body, distances and counts of words are left to the rule itself.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
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
from monitor.core.vocabulary import ON_TOP, name_of

# How much more often such a word stands in an article than another one: rough, and only speed
# hangs on it.
_SHORT = 4  # letters; function words are seldom longer
_SHORT_FACTOR = 10
_WILDCARD_FACTOR = 4
_TOP_SHARE = 10  # title and lead are so small a part of an article

_WAYS_LIMIT = 6  # of one rule; of more, one word would lead to too many
_UNSEEN = 0.1  # articles; of two clauses that were never met the shorter one is the rarer

Clause = frozenset[str]
_Cost = Callable[[Clause], float]  # how many candidates a clause lets through, roughly
# The words that an event cannot do without: one of each group.
Asked = Callable[[Happening], tuple[tuple[Term, ...], ...]]
# A rule and its clauses but the one that it is filed under: the next rarer one, and the others.
_Entry = tuple[int, Clause, tuple[Clause, ...]]


class _Quota(NamedTuple):
    """Alternatives that may hold must have points enough: points, a clause, and the other ones."""

    least: int
    alternatives: Sequence[tuple[int, Clause, Sequence[Clause]]]
    words: Clause | None  # all of them, where each alternative is one word and one point

    @classmethod
    def of(cls, least: int, alternatives: Iterable[tuple[int, Sequence[Clause]]]) -> "_Quota":
        found = list(alternatives)
        least -= sum(points for points, clauses in found if not clauses)  # may hold in any case
        asked = [(points, each[0], each[1:]) for points, each in found if each]
        words = frozenset().union(*(clause for _, clause, _ in asked))
        one_each = all(
            (points, len(clause), len(more)) == (1, 1, 0) for points, clause, more in asked
        )
        return cls(least, asked, words if one_each and len(words) == len(asked) else None)

    def reached(self, names: AbstractSet[str]) -> bool:
        if self.words is not None:
            return len(self.words & names) >= self.least
        absent, missing = names.isdisjoint, self.least
        for points, clause, others in self.alternatives:
            if missing <= 0:
                break
            if not absent(clause) and not any(map(absent, others)):
                missing -= points
        return missing <= 0


def _reached(quotas: Iterable[_Quota], names: AbstractSet[str]) -> bool:
    return all(quota.reached(names) for quota in quotas)


class Percolator:
    """Rules by the words that they cannot do without. Rules are known by their position.

    `asked` says which words those of an event are, by default none.
    """

    def __init__(self, conditions: Sequence[Condition], asked: Asked = lambda _: ()) -> None:
        clauses = _Clauses(conditions, asked)
        self._narrowed = clauses.narrowed
        self._required = [tuple(clauses.of(each)) for each in conditions]
        self._quotas = {  # of the rules that have some
            rule: found
            for rule, condition in enumerate(conditions)
            if (found := list(clauses.quotas(condition)))
        }
        # The rules that may hold whatever the words are.
        self.always = [rule for rule, required in enumerate(self._required) if not required]
        self._file(clauses.cost)

    def learn(self, seen: Mapping[str, int]) -> None:
        """File the rules anew, now that it is known in how many articles each word stood."""
        self._file(lambda clause: sum(seen.get(name, 0) + _UNSEEN for name in clause))

    def _file(self, cost: _Cost) -> None:
        """File each rule under all words of the rarest clause of each way in which it may hold."""
        self._left: dict[int, list[_Quota]] = {}  # what the way of filing does not see to
        filed: defaultdict[str, list[_Entry]] = defaultdict(list)
        for rule, required in enumerate(self._required):
            ways, left = _ways(required, self._quotas.get(rule, ()), cost)
            if left:
                self._left[rule] = left
            for rarest, *more in ways:
                second, *others = more or [rarest]
                entry = rule, second, tuple(others)
                for name in rarest:
                    filed[name].append(entry)
        # Tuples: little memory is touched, as most is cold.
        self._filed = {name: tuple(entries) for name, entries in filed.items()}

    def candidates(self, names: AbstractSet[str]) -> list[int]:
        """The rules that may hold where these words are, in their order."""
        absent = names.isdisjoint
        found = {
            rule
            for entries in filter(None, map(self._filed.get, names))
            for rule, second, others in entries
            if not absent(second) and not any(map(absent, others))
        }
        found.update(self.always)
        left = self._left
        return sorted(each for each in found if each not in left or _reached(left[each], names))

    def on_top(self, rule: int, names: AbstractSet[str]) -> bool:
        """Whether a rule may hold where title and lead have only these words.

        One with an `in` of other fields may look there.
        """
        held = not any(map(names.isdisjoint, self._required[rule]))
        if held and rule in self._quotas:
            held = _reached(self._quotas[rule], names)
        return held or rule in self._narrowed


def _ways(
    required: Sequence[Clause], quotas: Sequence[_Quota], cost: _Cost
) -> tuple[list[list[Clause]], list[_Quota]]:
    """How a rule may hold: clauses that must be met, the rarest first, and quotas beside them.

    It is several ways where one of a few alternatives is enough, and no required clause is rarer
    than all of them: each alternative is a way then, and their quota needs no look.
    """
    ways, best = [required] if required else [], min(map(cost, required), default=0.0)
    left = list(quotas)
    for quota in quotas:
        price = sum(cost(clause) for _, clause, _ in quota.alternatives)
        if quota.least == 1 and price <= best and len(quota.alternatives) <= _WAYS_LIMIT:
            best = price
            either = frozenset().union(*(clause for _, clause, _ in quota.alternatives))
            rest = [clause for clause in required if clause != either]
            ways = [(clause, *others, *rest) for _, clause, others in quota.alternatives]
            left = [each for each in quotas if each is not quota]
    return [sorted(dict.fromkeys(way), key=cost) for way in ways], left


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

    def of(self, condition: Condition, where: str = "") -> list[Clause]:
        """The clauses that must all be met, the rarest first; `where` as in `_required`."""
        clauses = sorted(dict.fromkeys(self._required(condition, where)), key=self.cost)
        return [self._shared.setdefault(clause, clause) for clause in clauses]

    def cost(self, clause: Clause) -> float:
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

    def quotas(self, condition: Condition, where: str = "") -> Iterator[_Quota]:
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
                yield _Quota.of(1, ((1, self.of(part, where)) for part in parts))
            case AtLeast(n, parts) if n > 1:
                yield _Quota.of(n, ((1, self.of(part, where)) for part in parts))
            case Scored(least, boosts) if least > 0:
                given = [boost for boost in boosts if boost.points > 0]
                worded = ((each.points, self.of(each.part, where)) for each in given)
                yield _Quota.of(least, worded)
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
        return min(self._required(part, where), key=self.cost, default=())


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
