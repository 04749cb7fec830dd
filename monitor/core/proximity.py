"""Whether terms stand close together: one occurrence of each group, none overlapping."""

import sys
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import cache, lru_cache, reduce
from heapq import heappop, heappush
from itertools import groupby
from operator import itemgetter, or_
from typing import TypeVar

from monitor.core.rules import Unit

GROUPS_LIMIT = 8  # terms of one `near`; the sets of them that may be open grow as 2 to the power
_ANY_GAP = sys.maxsize  # within a unit only the unit counts
_REACH = itemgetter(0, 1)  # of a place
_EMPTY = 1  # the bit of the set without groups: every place may begin a chain

Found = TypeVar("Found")
# first token, end token (exclusive), number of its group, and whatever was found there
Place = tuple[int, int, int, Found]


def together(
    places: Iterable[Place[Found]],
    *,
    groups: int,
    within: int | Unit,
    ordered: bool,
    unit_of: Callable[[int, Unit], Hashable],
) -> list[Found] | None:
    """The first chain with one place of every group, in reading order; None without one.

    Within n words: at most n tokens stand between neighbours. Within a unit: all in one, which
    `unit_of` says for a token. Takes time in the places.
    """
    places = sorted(places, key=_REACH)
    if isinstance(within, int):
        return _chain(places, groups=groups, gap=within, ordered=ordered)
    inside = [places]
    for unit in (Unit.PARAGRAPH, within):  # few paragraphs are left to be cut into sentences
        inside = [
            some
            for wider in inside
            for some in _by_unit(wider, unit, unit_of)
            if len({place[2] for place in some}) == groups
        ]
    chains = (_chain(some, groups=groups, gap=_ANY_GAP, ordered=ordered) for some in inside)
    return next((chain for chain in chains if chain is not None), None)


def _by_unit(
    places: Iterable[Place[Found]], unit: Unit, unit_of: Callable[[int, Unit], Hashable]
) -> Iterable[list[Place[Found]]]:
    by_unit: dict[Hashable, list[Place[Found]]] = {}
    unit_at = cache(lambda token: unit_of(token, unit))  # several groups may have one word
    for place in places:
        own = unit_at(place[0])
        if place[1] == place[0] + 1 or own == unit_at(place[1] - 1):
            by_unit.setdefault(own, []).append(place)
    return by_unit.values()


def _chain(
    places: Sequence[Place[Found]], *, groups: int, gap: int, ordered: bool
) -> list[Found] | None:
    """Lets chains grow place by place. Which sets of groups they have is a number: a bit a set.

    Text that repeats its words has more chains than one can count, but few such numbers.
    """
    joinable = _joinable(groups, ordered=ordered)
    all_groups = (1 << groups) - 1
    near = _Near(gap)
    steps: list[tuple[Place[Found], int]] = []
    for (first, end), same in groupby(places, key=_REACH):
        before = near.sets(first)
        sets = 0
        for place in same:
            group = place[2]
            grown = (before & joinable[group]) << (1 << group)
            if grown:
                steps.append((place, grown))
                sets |= grown
            if grown >> all_groups & 1:
                return _traced(steps, wanted=all_groups, gap=gap)
        near.add(end, sets)
    return None


@lru_cache(maxsize=4 * GROUPS_LIMIT)
def _joinable(groups: int, *, ordered: bool) -> list[int]:
    """To which sets of groups each group may be added, a bit a set: where it is not in yet."""
    if ordered:
        return [1 << ((1 << group) - 1) for group in range(groups)]
    sets = range(1 << groups)
    return [sum(1 << each for each in sets if not each >> group & 1) for group in range(groups)]


class _Near:
    """The sets of groups of the chains that end at most `gap` tokens before a place."""

    def __init__(self, gap: int) -> None:
        self._gap = gap
        self._ends: list[int] = []  # a heap: those behind the present place
        self._sets: dict[int, int] = {}  # by end
        self._behind: deque[tuple[int, int]] = deque()

    def add(self, end: int, sets: int) -> None:
        if end not in self._sets:
            heappush(self._ends, end)
        self._sets[end] = self._sets.get(end, 0) | sets

    def sets(self, first: int) -> int:
        """The sets before a token, the empty one too; tokens are asked for in their order."""
        behind = self._behind
        while self._ends and self._ends[0] <= first:
            end = heappop(self._ends)
            sets = self._sets.pop(end)
            if behind and self._gap == _ANY_GAP:
                sets |= behind[-1][1]
            while behind and behind[-1][1] | sets == sets:  # it says no more, and ends earlier
                behind.pop()
            behind.append((end, sets))
        while behind and behind[0][0] + self._gap < first:
            behind.popleft()
        return reduce(or_, (sets for _, sets in behind), _EMPTY)


def _traced(steps: Sequence[tuple[Place[Found], int]], *, wanted: int, gap: int) -> list[Found]:
    """The chain that ends with the last step and has the wanted set of groups."""
    found: list[Found] = []
    start: int | None = None
    for (first, end, group, here), sets in reversed(steps):
        if sets >> wanted & 1 and (start is None or end <= start <= end + gap):
            found.append(here)
            wanted -= 1 << group
            start = first
    return found[::-1]
