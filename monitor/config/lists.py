"""`lists:` of rule and knowledge files, and the names of actors: terms that every rule may use.

An actor is a list here too, `$actor:name`: its names, and those of its parts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from monitor.config import values
from monitor.config.fields import describe, read_items, read_text
from monitor.config.plain import plain_term
from monitor.config.problems import Problems, shown, unknown
from monitor.config.source import Broken, Node, Scalar
from monitor.core.errors import Place
from monitor.core.rules import Term

LISTS = "lists (name: [term, …])"
ACTOR = "actor:"  # before the id, in the name of an actor's list


@dataclass(frozen=True, slots=True)
class _List:
    place: Place
    terms: tuple[Scalar, ...]
    uses: tuple[Scalar, ...]  # `$name`


class Lists:
    """All lists of all files. Read every file with `add`, then `check` once, then ask `terms`."""

    def __init__(self, problems: Problems, *, complete: bool = True) -> None:
        """`complete` is False if a file could not be read, so that a name may be in it."""
        self._problems = problems
        self._complete = complete
        self._lists: dict[str, _List] = {}
        self._parsed: dict[str, Term] = {}
        self._expanded: dict[str, tuple[Term, ...]] = {}
        self._parts: dict[str, list[str]] = {}  # of an actor, all below it

    def add(self, key: Scalar, node: Node) -> None:
        """One list. Its name is known from now on, whatever is wrong inside."""
        name = read_text(key, values.list_name, self._problems)
        items = read_items(node, self._problems, what="terms")
        if name is None:
            return
        if name in self._lists:
            first = self._lists[name].place
            self._problems.add(
                key.place,
                f"the list {shown(name)} is already defined at {first}; join them or rename one",
            )
            return
        scalars = self._scalars(items)
        self._lists[name] = _List(
            key.place,
            tuple(item for item in scalars if not item.text.startswith("$")),
            tuple(item for item in scalars if item.text.startswith("$")),
        )

    @property
    def written(self) -> dict[str, tuple[str, ...]]:
        """What each list holds, terms and uses as written."""
        return {
            name: tuple(item.text for item in (*each.terms, *each.uses))
            for name, each in self._lists.items()
        }

    def add_actor(self, identifier: str, place: Place, names: Sequence[Scalar]) -> None:
        """The names of an actor, whose id is known to be one and new."""
        name = f"{ACTOR}{identifier}"
        self._lists[name] = _List(
            place,
            tuple(item for item in names if not item.text.startswith("$")),
            tuple(item for item in names if item.text.startswith("$")),
        )
        steps = identifier.split(".")
        for length in range(1, len(steps)):
            self._parts.setdefault(f"{ACTOR}{'.'.join(steps[:length])}", []).append(name)

    def _scalars(self, items: tuple[Node, ...]) -> list[Scalar]:
        for item in items:
            if not isinstance(item, Scalar | Broken):
                self._problems.add(
                    item.place,
                    f"a list holds terms and other lists ($name); found {describe(item)}"
                    "; a text with a colon needs straight quotes",
                )
        return [item for item in items if isinstance(item, Scalar)]

    def check(self) -> None:
        """Tells of bad terms, unknown lists and cycles."""
        for name, listed in self._lists.items():
            # Mistakes in the names of actors are told by who reads the actors.
            for item in () if name.startswith(ACTOR) else listed.terms:
                term = read_text(item, plain_term, self._problems)
                if term:
                    self._parsed[item.text] = term
            for use in listed.uses:
                self.known(use)
        self._tell_cycles()

    def known(self, use: Scalar) -> str | None:
        """The name in `$name`; None if there is no such list, which is told unless it may be."""
        name = use.text[1:]
        if name in self._lists:
            return name
        if name[:1].isdigit():
            self._problems.add(
                use.place,
                f"{shown(use.text)}: a term that begins with $ names a list; for the amount write "
                f"{name}",
            )
        elif ":" in name and not name.startswith(ACTOR):
            self._problems.add(
                use.place,
                f"{shown(use.text)} is no list; write $name for a list, $actor:name for the names "
                "of an actor",
            )
        elif self._complete:
            actor = name.startswith(ACTOR)
            names = [f"${each}" for each in sorted(self._lists) if each.startswith(ACTOR) == actor]
            self._problems.add(use.place, unknown("actor" if actor else "list", use.text, names))
        return None

    def _tell_cycles(self) -> None:
        graph = {name: self._uses(name) for name in self._lists}
        while cycle := _cycle(graph):
            start = cycle.index(min(cycle))
            path = [*cycle[start:], *cycle[:start], cycle[start]]
            written = " → ".join(f"${name}" for name in path)
            self._problems.add(
                self._lists[cycle[start]].place,
                f"these lists use each other: {written}; take out one use",
            )
            for name in cycle:
                graph[name] = []

    def _uses(self, name: str) -> list[str]:
        own = [use.text[1:] for use in self._lists[name].uses if use.text[1:] in self._lists]
        return own + self._parts.get(name, [])

    def terms(self, name: str) -> tuple[Term, ...]:
        """Every term of a list and of the lists it uses, each marked as coming from `name`."""
        if name not in self._expanded:
            reached = {name: None}
            waiting = [name]
            for step in waiting:  # grows while we walk it
                new = [use for use in self._uses(step) if use not in reached]
                reached.update(dict.fromkeys(new))
                waiting += new
            written = dict.fromkeys(
                item.text for step in reached for item in self._lists[step].terms
            )
            terms = (self._parsed.get(text) or _silently(text) for text in written)
            self._expanded[name] = tuple(
                Term(term.words, term.written, name) for term in terms if term
            )
        return self._expanded[name]


def _silently(written: str) -> Term | None:
    """The term; None if it is wrong, which somebody else tells."""
    try:
        return plain_term(written)
    except ValueError:
        return None


def _cycle(graph: dict[str, list[str]]) -> list[str]:
    """Some cycle, each list followed by one that it uses; empty if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        return cycle[:0:-1]
    return []
