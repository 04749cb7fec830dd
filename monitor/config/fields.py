"""The keys of one mapping, each read once, with the place of everything that is wrong."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TypeVar

from monitor.config import values
from monitor.config.problems import SHOWN_LIMIT, Problems, shown, unknown
from monitor.config.source import Broken, Items, Map, Node, Scalar
from monitor.core.errors import Place

T = TypeVar("T")
D = TypeVar("D")


def describe(node: Node) -> str:
    """What was found, in words."""
    if isinstance(node, Scalar):
        return shown(node.text) if node.text else "nothing"
    return "a list" if isinstance(node, Items) else "a mapping (keys with values)"


def unknown_key(
    key: Scalar,
    *,
    what: str,
    allowed: Sequence[str],
    planned: Collection[str] = (),
    note: str = "",
) -> str:
    """The message for a key that does not belong to `what`."""
    if key.text in planned:
        return (
            f"{shown(key.text)} is not available in this version. "
            f"Allowed in {what}: {', '.join(allowed)}"
        )
    return unknown(f"key of {what}", key.text, allowed, note=note)


def read_text(node: Node, parse: Callable[[str], T], problems: Problems) -> T | None:
    """The scalar `node` understood by `parse`; None once its mistake is told."""
    if isinstance(node, Scalar):
        try:
            return parse(node.text)
        except ValueError as error:
            problems.add(node.place, str(error))
    elif not isinstance(node, Broken):
        problems.add(node.place, f"one text is expected here; found {describe(node)}")
    return None


def read_items(node: Node, problems: Problems, *, what: str) -> tuple[Node, ...]:
    """The items of a list of `what` that must not be empty."""
    if isinstance(node, Items) and node.nodes:
        return node.nodes
    if not isinstance(node, Broken):
        found = "an empty list" if isinstance(node, Items) else describe(node)
        problems.add(node.place, f"a list of {what} is expected here; found {found}{_listed(node)}")
    return ()


def _listed(node: Node) -> str:
    """How what stands there is written as a list."""
    if isinstance(node, Map):
        return '; begin each item with "- "'
    text = node.text if isinstance(node, Scalar) else ""
    return f"; write [{text}]" if text.isprintable() and 0 < len(text) <= SHOWN_LIMIT else ""


class Fields:
    """The keys of `node`, which is `what`. Unknown keys are told at once."""

    def __init__(
        self,
        node: Node,
        problems: Problems,
        *,
        what: str,
        allowed: Sequence[str],
        planned: Collection[str] = (),
    ) -> None:
        self.place: Place = node.place
        self.broken = not isinstance(node, Map)
        self._what = what
        self._problems = problems
        self._nodes: dict[str, Node] = {}
        if not isinstance(node, Map | Broken):
            problems.add(
                node.place,
                f"{what} is keys with values ({', '.join(allowed)}); found {describe(node)}",
            )
        for key, value in node.entries if isinstance(node, Map) else ():
            if key.text in allowed:
                self._nodes[key.text] = value
            else:
                message = unknown_key(key, what=what, allowed=allowed, planned=planned)
                problems.add(key.place, message)

    def __contains__(self, key: str) -> bool:
        return key in self._nodes

    def node(self, key: str) -> Node | None:
        return self._nodes.get(key)

    def required(self, key: str, parse: Callable[[str], T]) -> T | None:
        """None if it is absent or wrong, which is then told."""
        if (node := self._nodes.get(key)) is not None:
            return read_text(node, parse, self._problems)
        if not self.broken:
            self._problems.add(self.place, f'{self._what} needs the key "{key}"')
        return None

    def optional(self, key: str, parse: Callable[[str], T], default: D) -> T | D:
        node = self._nodes.get(key)
        if node is None:
            return default
        value = read_text(node, parse, self._problems)
        return default if value is None else value

    def items(self, key: str, *, what: str) -> tuple[Node, ...]:
        """The nodes of an optional list."""
        node = self._nodes.get(key)
        return () if node is None else read_items(node, self._problems, what=what)

    def mapping(self, key: str, *, what: str) -> Iterator[tuple[Scalar, Node]]:
        """The entries of an optional mapping whose keys the user chooses."""
        node = self._nodes.get(key)
        if isinstance(node, Map):
            yield from node.entries
        elif node is not None and not isinstance(node, Broken):
            self._problems.add(node.place, f"{what} are expected here; found {describe(node)}")


def flag(fields: Fields, key: str, *, default: bool = False) -> bool:
    """`true` or `false`, and what it is if nothing stands there."""
    return fields.optional(key, values.boolean, default)
