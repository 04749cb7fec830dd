"""Terms that stand for one another, shared by all rules that have them."""

from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from monitor.core.rules import Term
from monitor.core.vocabulary import name_of


class Sought(NamedTuple):
    """A term, found through its word at `offset`, the anchor. Quickly made: rules have many."""

    rank: int  # among those of its group
    term: Term
    offset: int
    names: tuple[str, ...]


class Group:
    """Terms that stand for one another; `number` is its own among all groups."""

    def __init__(self, terms: tuple[Term, ...], *, number: int) -> None:
        self.number = number
        self.terms = terms

    @cached_property
    def anchors(self) -> frozenset[str]:
        """The names of words one of which stands wherever a term does."""
        return frozenset(self.anchored)

    @cached_property
    def anchored(self) -> dict[str, list[Sought]]:
        """The terms by their anchors; made when first asked for, as many rules are never tried."""
        found: dict[str, list[Sought]] = {}
        for rank, term in enumerate(self.terms):
            names = tuple(map(name_of, term.words))
            anchor = max(names, key=len) if len(names) > 1 else names[0]
            found.setdefault(anchor, []).append(Sought(rank, term, names.index(anchor), names))
        return found


class Groups:
    """The groups of several rules: the same terms are one group, looked for once."""

    def __init__(self) -> None:
        self._made: dict[tuple[Term, ...], Group] = {}
        self._anchored: dict[str, list[int]] = {}

    def of(self, terms: tuple[Term, ...]) -> Group:
        made = self._made.get(terms)
        if made is None:
            made = self._made[terms] = Group(terms, number=len(self._made))
            for anchor in made.anchored:
                self._anchored.setdefault(anchor, []).append(made.number)
        return made

    def anchored(self, names: Iterable[str]) -> set[int]:
        """The numbers of those that have an anchor among the names; no other one occurs."""
        return set().union(*filter(None, map(self._anchored.get, names)))
