"""Where in the files a part of a rule stands, of a configuration that is known to load.

Conditions carry no places: a hundred thousand of them would, for the few that are asked about.
"""

from collections.abc import Iterator, Mapping

from monitor.config.conditions import Conditions
from monitor.config.knowledge import Knowing
from monitor.config.lists import Lists
from monitor.config.names import Names
from monitor.config.problems import Problems
from monitor.config.source import Items, Map, Node, Scalar, scan
from monitor.core.errors import Place
from monitor.core.lint import Listed, Subject, list_of
from monitor.core.model import RuleId
from monitor.core.rules import AnyOf, Condition, Regex, Term
from monitor.core.terms import is_regex, parse_regex, parse_term

_BESIDE = ("id", "title", "alert", "notify", "examples", "enabled", "expires")  # no conditions


class Whereabouts:
    """The lists and rules of some files, and their places."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._lists: dict[str, tuple[Place, tuple[Scalar, ...]]] = {}
        self._rules: dict[RuleId, Map] = {}
        self._used: set[str] = set()
        self._names = Names(Lists(Problems()), outlets_complete=False, knowledge_complete=False)
        knowing = Knowing(self._names.lists, Problems())
        for name in sorted(files):
            if name.startswith(("knowledge/", "rules/")):
                tree = scan(name, files[name], Problems())
                top = dict(_entries(tree))
                if name.startswith("knowledge/"):
                    knowing.add(tree)
                    self._used.update(_uses(top))
                else:
                    for key, node in _named(top, "lists"):
                        self._names.lists.add(key, node)
                self._read(top)
        self._names.lists.check()
        self._branches: dict[RuleId, dict[Condition, Place]] = {}

    def _read(self, top: Mapping[str, Node]) -> None:
        for key, node in _named(top, "lists"):
            self._lists[key.text] = key.place, tuple(_scalars(node))
        rules = top.get("rules")
        for node in rules.nodes if isinstance(rules, Items) else ():
            named = dict(_entries(node)).get("id")
            if isinstance(node, Map) and isinstance(named, Scalar):
                self._rules[RuleId(named.text)] = node

    @property
    def lists(self) -> tuple[Listed, ...]:
        """The lists as they are written, in the order of the files."""
        return tuple(
            Listed(
                name,
                tuple(parse_term(each.text, list_name=name) for each in scalars if not _use(each)),
                tuple(each.text[1:] for each in scalars if _use(each)),
            )
            for name, (_, scalars) in self._lists.items()
        )

    @property
    def used(self) -> frozenset[str]:
        """The lists that actors, event types and the like use."""
        return frozenset(self._used)

    def place(self, subject: Subject) -> Place:
        """Where the subject stands; of a part that is written nowhere by itself, where its rule."""
        if subject.listed is not None:
            place, scalars = self._lists[subject.listed]
            return _place_of(subject.part, scalars) or place
        rule = self._rules[subject.rule or RuleId("")]
        if subject.part is None:
            return rule.place
        written = tuple(_scalars(_conditions_in(rule)))
        return (
            _place_of(subject.part, written)
            or self._branches_of(subject.rule or RuleId("")).get(subject.part)
            or rule.place
        )

    def _branches_of(self, rule: RuleId) -> dict[Condition, Place]:
        """What each piece of the rule means, read by itself. The last one of equals counts."""
        if rule not in self._branches:
            reader = Conditions(self._names, Problems())
            found = self._branches[rule] = {}
            for node in _pieces(_conditions_in(self._rules[rule])):
                condition = reader.read(node)
                if condition is not None:
                    found[condition] = node.place
        return self._branches[rule]


def _named(top: Mapping[str, Node], section: str) -> tuple[tuple[Scalar, Node], ...]:
    found = top.get(section)
    return found.entries if isinstance(found, Map) else ()


def _entries(node: Node) -> Iterator[tuple[str, Node]]:
    if isinstance(node, Map):
        yield from ((key.text, value) for key, value in node.entries)


def _uses(top: Mapping[str, Node]) -> Iterator[str]:
    """The lists that a knowledge file uses outside of its lists."""
    for key, node in top.items():
        if key != "lists":
            yield from (each.text[1:] for each in _scalars(node) if _use(each))


def _conditions_in(rule: Map) -> Map:
    kept = tuple(entry for entry in rule.entries if entry[0].text not in _BESIDE)
    return Map(rule.place, kept)


def _scalars(node: Node) -> Iterator[Scalar]:
    """Every text in it that is no key."""
    match node:
        case Scalar():
            yield node
        case Items(_, nodes):
            for each in nodes:
                yield from _scalars(each)
        case Map(_, entries):
            for _, value in entries:
                yield from _scalars(value)


def _pieces(node: Node) -> Iterator[Node]:
    """Every mapping inside a rule that may be a condition: what stands in a list, or alone."""
    match node:
        case Items(_, nodes):
            for each in nodes:
                if isinstance(each, Map):
                    yield each
                yield from _pieces(each)
        case Map(_, entries):
            for _, value in entries:
                if isinstance(value, Map):
                    yield value
                yield from _pieces(value)


def _use(scalar: Scalar) -> bool:
    return scalar.text.startswith("$")


def _place_of(part: Condition | None, scalars: tuple[Scalar, ...]) -> Place | None:
    """Where a text stands that means the part; the last place if it stands there twice."""
    found = [each.place for each in scalars if part is not None and _means(each.text, part)]
    return found[-1] if found else None


def _means(text: str, part: Condition) -> bool:
    if isinstance(part, Regex):
        return is_regex(text) and parse_regex(text) == part
    if isinstance(part, Term):
        if part.list_name is not None and text == f"${part.list_name}":
            return True
        return " ".join(text.split()) == part.written
    if isinstance(part, AnyOf):
        name = list_of(part.parts)
        return name is not None and text == f"${name}"
    return False
