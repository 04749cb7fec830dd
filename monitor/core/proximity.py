"""Whether terms stand close together: one occurrence of each group, none overlapping."""

import sys
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from monitor.core.rules import Unit

GROUPS_LIMIT = 8  # terms of one `near`; the sets of them that may be open grow as 2 to the power
_ANY_GAP = sys.maxsize  # within a unit only the unit counts

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
    `unit_of` says for a token. Takes time in the places, times the sets of groups that occur.
    """
    places = sorted(places, key=lambda place: (place[0], place[1]))
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
    for place in places:
        own = unit_of(place[0], unit)
        if place[1] == place[0] + 1 or own == unit_of(place[1] - 1, unit):
            by_unit.setdefault(own, []).append(place)
    return by_unit.values()


@dataclass(frozen=True, slots=True)
class _Step(Generic[Found]):
    """The last place of a partial chain, and the step before it."""

    place: Place[Found]
    before: "_Step[Found] | None" = None

    def path(self) -> list[Found]:
        earlier = self.before.path() if self.before else []
        return [*earlier, self.place[3]]


def _chain(
    places: Sequence[Place[Found]], *, groups: int, gap: int, ordered: bool
) -> list[Found] | None:
    """Extends chains place by place; `open_chains` is keyed by the set of groups in a chain."""
    longest = max((place[1] - place[0] for place in places), default=0)
    open_chains: dict[int, list[_Step[Found]]] = {}
    for place in places:
        bit = 1 << place[2]
        grown = {} if ordered and bit > 1 else {bit: _Step(place)}
        for chained, steps in open_chains.items():
            if chained & bit or (ordered and chained != bit - 1):
                continue
            before = _neighbour(steps, start=place[0], gap=gap, longest=longest)
            if before is not None:
                grown[chained | bit] = _Step(place, before)
        for chained, step in grown.items():
            if chained == (1 << groups) - 1:
                return step.path()
            open_chains.setdefault(chained, []).append(step)
    return None


def _neighbour(
    steps: Sequence[_Step[Found]], *, start: int, gap: int, longest: int
) -> _Step[Found] | None:
    """The nearest step that ends before `start` and within the gap. Looks back no further."""
    for step in reversed(steps):
        if step.place[0] < start - gap - longest:
            return None
        if step.place[1] <= start <= step.place[1] + gap:
            return step
    return None
