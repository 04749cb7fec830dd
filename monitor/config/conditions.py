"""What stands under `when`, turned into the tree of core.rules."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from monitor.config import values
from monitor.config.contradictions import contradiction, narrowed, only_negative, required_source
from monitor.config.fields import describe, read_items, read_text, unknown_key
from monitor.config.lists import Lists
from monitor.config.problems import Problems, shown, unknown
from monitor.config.source import Broken, Items, Map, Node, Scalar
from monitor.core.errors import Place
from monitor.core.model import Outlet, Tier
from monitor.core.proximity import GROUPS_LIMIT
from monitor.core.rules import (
    AllOf,
    AnyOf,
    Condition,
    From,
    Near,
    NoneOf,
    Scope,
    Term,
    Unit,
    Within,
)
from monitor.core.terms import parse_term

KEYS = ("all", "any", "none", "near", "in", "outlet", "tier", "country", "language")
PLANNED = (
    "event", "query", "volume", "at_least", "repeat", "ignore", "regex", "boost",
    "score_at_least", "word", "phrase", "actor",
)  # fmt: skip
NEAR_KEYS = ("terms", "within", "ordered")
NEAR_GROUPS_LEAST = 2  # one term is near nothing
DEFAULT_WITHIN = 10  # words

_SOURCES = {
    "outlet": "outlets",
    "tier": "tiers",
    "country": "countries",
    "language": "languages",
}
_scope = values.choice("part of an article", Scope)
_tier = values.choice("tier", Tier)
_words = values.number(least=0, most=values.WORDS_LIMIT)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names a rule may use. `outlets_complete` is False if an outlet file is unreadable."""

    lists: Lists
    outlets: Mapping[str, Outlet] = field(default_factory=dict)
    outlet_names: frozenset[str] = frozenset()
    outlets_complete: bool = True


class Conditions:
    """Reads conditions; a None means that the mistake is told."""

    def __init__(self, vocabulary: Vocabulary, problems: Problems) -> None:
        self._vocabulary = vocabulary
        self._problems = problems

    def read(self, node: Node) -> Condition | None:
        """The whole condition of a rule, checked for sense."""
        return self._branch(node, From())

    def _branch(self, node: Node, source: From) -> Condition | None:
        """A condition that can make the rule match by itself: it must be able to."""
        condition = self._condition(node, source)
        if condition is None:
            return None
        if only_negative(condition):
            self._problems.add(
                node.place,
                'only "none" stands here, so nearly every article would match; say with all: or '
                "any: what must be there",
            )
        elif term := contradiction(condition):
            self._problems.add(
                node.place,
                f"this can never match: {shown(term)} is required and excluded by none:",
            )
        return condition

    def _condition(self, node: Node, source: From) -> Condition | None:
        if isinstance(node, Scalar):
            return self._term(node)
        if isinstance(node, Map):
            return self._mapping(node, source)
        if isinstance(node, Items):
            self._problems.add(
                node.place, 'a bare list says neither "all" nor "any"; write all: […] or any: […]'
            )
        return None

    def _term(self, node: Scalar) -> Condition | None:
        group = self._terms(node)
        if len(group) == 1:
            return group[0]
        return AnyOf(group) if group else None

    def _terms(self, node: Scalar) -> tuple[Term, ...]:
        """One term, or those of a list."""
        if node.text.startswith("$"):
            name = self._vocabulary.lists.known(node)
            return self._vocabulary.lists.terms(name) if name else ()
        if not node.text.strip():
            self._problems.add(node.place, "a term is missing here")
            return ()
        term = read_text(node, parse_term, self._problems)
        return (term,) if term else ()

    def _mapping(self, node: Map, source: From) -> Condition | None:
        entries = {key.text: value for key, value in node.entries if key.text in KEYS}
        for key, _ in node.entries:
            if key.text not in KEYS:
                self._unknown(key)
        own = self._own_source(entries)
        if own and (clash := narrowed(source, own)[1]):
            self._problems.add(node.place, f"this can never match: {clash}")
        inner = narrowed(source, own)[0] if own else source
        parts = self._parts(entries, inner)
        part = _joined(parts)
        if "in" in entries:
            part = self._scoped(entries["in"], node.place, part, bare=not parts)
        return _joined([condition for condition in (own, part) if condition])

    def _parts(self, entries: dict[str, Node], source: From) -> list[Condition]:
        parts: list[Condition] = []
        for key, node in entries.items():
            if key == "near":
                near = self._near(node)
                parts += [near] if near else []
            elif key in ("all", "any", "none"):
                found = self._several(key, node, source)
                parts += [found] if found else []
        return parts

    def _unknown(self, key: Scalar) -> None:
        self._problems.add(
            key.place,
            unknown_key(
                key,
                what="a condition",
                allowed=KEYS,
                planned=PLANNED,
                note="; a text with a colon needs straight quotes",
            ),
        )

    def _several(self, key: str, node: Node, source: From) -> Condition | None:
        items = read_items(node, self._problems, what="conditions")
        parts: list[Condition] = []
        for item in items:
            read = self._branch if key == "any" else self._condition
            part = read(item, source)
            if part is None:
                continue
            parts.append(part)
            if key == "all":
                source = narrowed(source, required_source(part))[0]  # for the items behind it
        if not parts:
            return None
        if key == "none":
            return NoneOf(tuple(parts))
        return _joined(parts) if key == "all" else _either(parts)

    def _own_source(self, entries: dict[str, Node]) -> From | None:
        found = {
            field_name: self._names(entries[key], self._source_reader(key))
            for key, field_name in _SOURCES.items()
            if key in entries
        }
        return From(**found) if any(found.values()) else None

    def _source_reader(self, key: str) -> Callable[[str], str]:
        if key == "tier":
            return lambda written: _tier(written).value
        if key == "country":
            return values.country
        return values.language if key == "language" else self._outlet

    def _outlet(self, written: str) -> str:
        names = self._vocabulary.outlet_names
        if written not in names and self._vocabulary.outlets_complete:
            raise ValueError(unknown("outlet", written, sorted(names)))
        return written

    def _names(self, node: Node, parse: Callable[[str], str]) -> tuple[str, ...]:
        """One name or a list of them."""
        is_list = isinstance(node, Items)
        items = read_items(node, self._problems, what="names") if is_list else (node,)
        read = (read_text(item, parse, self._problems) for item in items)
        return tuple(name for name in read if name is not None)

    def _scoped(
        self, node: Node, place: Place, part: Condition | None, *, bare: bool
    ) -> Condition | None:
        scopes = self._names(node, lambda written: _scope(written).value)
        if bare and part is None:
            self._problems.add(
                place, '"in" narrows the conditions beside it, and there is none; add any: […]'
            )
        if part is None or not scopes:
            return part
        return Within(frozenset(Scope(scope) for scope in scopes), part)

    def _near(self, node: Node) -> Near | None:
        if not isinstance(node, Map):
            if not isinstance(node, Broken):
                self._problems.add(
                    node.place,
                    f"near is {{terms: [A, B], within: 12 words}}; found {describe(node)}",
                )
            return None
        entries = {key.text: value for key, value in node.entries}
        for key, _ in node.entries:
            if key.text not in NEAR_KEYS:
                self._problems.add(key.place, unknown_key(key, what="near", allowed=NEAR_KEYS))
        groups = self._groups(entries.get("terms"), node.place)
        within = (
            read_text(entries["within"], _within, self._problems)
            if ("within" in entries)
            else DEFAULT_WITHIN
        )
        ordered = "ordered" in entries and read_text(
            entries["ordered"], values.boolean, self._problems
        )
        if within is None or len(groups) < NEAR_GROUPS_LEAST:
            return None
        return Near(groups, within, bool(ordered))

    def _groups(self, node: Node | None, place: Place) -> tuple[tuple[Term, ...], ...]:
        if node is None:
            self._problems.add(place, 'near needs the key "terms"')
            return ()
        items = read_items(node, self._problems, what="at least 2 terms")
        if items and len(items) < NEAR_GROUPS_LEAST:
            self._problems.add(node.place, "near needs at least 2 terms; found 1")
        if len(items) > GROUPS_LIMIT:
            self._problems.add(
                node.place, f"near takes at most {GROUPS_LIMIT} terms; found {len(items)}"
            )
        groups = []
        for item in items:
            if isinstance(item, Scalar):
                groups.append(self._terms(item))
            elif not isinstance(item, Broken):
                self._problems.add(
                    item.place,
                    f"near takes terms and lists ($name); found {describe(item)}; put several "
                    "words for one thing under lists:",
                )
        return tuple(group for group in groups if group)


def _within(written: str) -> int | Unit:
    if written in tuple(Unit):
        return Unit(written)
    count, _, word = written.partition(" ")
    if word in ("words", "word"):
        return _words(count)
    raise ValueError(f'found {shown(written)}; allowed: "12 words", "sentence", "paragraph"')


def _joined(parts: list[Condition]) -> Condition | None:
    if len(parts) == 1:
        return parts[0]
    return AllOf(tuple(parts)) if parts else None


def _either(parts: list[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))
