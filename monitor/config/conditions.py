"""What stands under `when`, turned into the tree of core.rules."""

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import chain

from monitor.config import values
from monitor.config.contradictions import (
    blanked,
    contradiction,
    elsewhere,
    ignored,
    most_points,
    narrowed,
    only_negative,
    required_source,
    unaccompanied,
)
from monitor.config.fields import describe, read_items, read_text, unknown_key
from monitor.config.happenings import Happenings
from monitor.config.keys import key_refusal
from monitor.config.names import Names
from monitor.config.plain import phrase_term
from monitor.config.problems import Problems, shown, unknown
from monitor.config.source import Broken, Items, Map, Node, Scalar
from monitor.config.wording import Wording, count, keys_of
from monitor.core.errors import Place
from monitor.core.model import Tier
from monitor.core.rules import (
    AllOf,
    AnyOf,
    AtLeast,
    Boost,
    Condition,
    From,
    Ignoring,
    NoneOf,
    Regex,
    Scope,
    Scored,
    Term,
    Within,
    different,
)
from monitor.core.terms import is_regex, parse_regex

HOLDING_KEYS = (
    "all", "any", "none", "near", "at_least", "repeat", "event", "score_at_least", "boost", "query",
)  # fmt: skip
KEYS = (*HOLDING_KEYS, "ignore", "in", "outlet", "tier", "country", "language")
AT_LEAST_KEYS = ("n", "of")
POINTS_LIMIT = 100  # of one boost, up or down
SCORE_LIMIT = 1_000  # points

_SOURCES = {
    "outlet": "outlets",
    "tier": "tiers",
    "country": "countries",
    "language": "languages",
}
_POINTS = re.compile(r"[+-]?[0-9]{1,9}")
_BOOST = "a condition with points, as in {any: […], points: 3}"
_scope = values.choice("part of an article", Scope)
_tier = values.choice("tier", Tier)
_score = values.number(least=1, most=SCORE_LIMIT)


class Conditions:
    """Reads conditions; a None means that the mistake is told."""

    def __init__(self, names: Names, problems: Problems) -> None:
        self._known = names
        self._problems = problems
        self._wording = Wording(names.lists, problems)
        self._happenings = Happenings(
            problems,
            types=names.event_types,
            families=names.event_families,
            actors=names.actor_ids,
            complete=names.knowledge_complete,
        )
        self._regexes: list[tuple[Regex, Place]] = []  # of the condition being read
        self._complete = True  # False once some part of it could not be read

    def read(self, node: Node, *, alone: bool = True) -> Condition | None:
        """The whole condition of a rule, checked for sense.

        Not `alone`: one that is tried only where a rule matches, so that it may be a regex without
        a companion, or say only what must not be there.
        """
        self._regexes.clear()
        self._complete = True
        condition = self._branch(node, From(), alone=alone)
        # Where it is not complete, a companion may be broken.
        if alone and condition and self._regexes and self._complete:
            self._tell_unaccompanied(condition)
        return condition

    def _tell_unaccompanied(self, condition: Condition) -> None:
        for lonely in unaccompanied(condition):
            for regex, place in self._regexes:
                if regex is lonely:
                    written = shown(f"regex:{regex.pattern}")
                    self._problems.add(
                        place,
                        f"{written} needs a plain companion term, so that few articles are "
                        "searched with it; write all: [TERM, 'regex:…'], or near: beside it",
                    )

    def _branch(self, node: Node, source: From, *, alone: bool = True) -> Condition | None:
        """A condition that can make the rule match by itself: it must be able to."""
        condition = self._condition(node, source)
        if condition is None:
            return None
        if only_negative(condition):
            if not alone:
                return condition
            self._problems.add(
                node.place,
                'only "none" stands here, so nearly every article would match; say with all: or '
                "any: what must be there",
            )
        else:
            self._tell_contradiction(condition, node.place)
        return condition

    def _tell_contradiction(self, condition: Condition, place: Place) -> None:
        if term := contradiction(condition, strong_and_weak=True):
            why = f"{shown(term)} is required and excluded by none:"
        elif term := contradiction(condition):
            why = (
                f"{shown(term)} is required, and none: excludes it from title and lead; where it "
                f"may stand in the body only, write {{in: body, any: [{term}]}} under all:"
            )
        elif term := ignored(condition):
            why = f"{shown(term)} is required, and ignore: blanks it wherever it stands"
        elif term := blanked(condition):
            self._problems.add(place, f"{shown(term)} never counts: ignore: blanks it")
            return
        else:
            return
        self._problems.add(place, f"this can never match: {why}")

    def _condition(self, node: Node, source: From) -> Condition | None:
        found: Condition | None = None
        if isinstance(node, Scalar):
            found = self._regex(node) if is_regex(node.text) else self._term(node)
        elif isinstance(node, Map):
            found = self._mapping(node, source)
        elif isinstance(node, Items):
            self._problems.add(
                node.place, 'a bare list says neither "all" nor "any"; write all: […] or any: […]'
            )
        self._complete = self._complete and found is not None
        return found

    def _regex(self, node: Scalar) -> Regex | None:
        regex = read_text(node, parse_regex, self._problems)
        if regex:
            self._regexes.append((regex, node.place))
        return regex

    def _query(self, node: Node) -> Condition | None:
        """A boolean string; its mistakes are told by their columns in it."""
        from monitor.config.query import QueryError, parse_query, whereabouts  # noqa: PLC0415 - lark: 50 ms

        if not isinstance(node, Scalar):
            if not isinstance(node, Broken):
                form = "query: '(A OR B) AND C'"
                self._problems.add(node.place, f"{form} is one text; found {describe(node)}")
            return None

        def listed(name: str) -> tuple[Term, ...]:
            return self._wording.terms(replace(node, text=f"${name}"))

        try:
            return parse_query(node.text, term=phrase_term, terms_of_list=listed)
        except QueryError as error:
            for column, said in error.mistakes:
                where = whereabouts(node.text, column)
                self._problems.add(node.place, f"{where} of the query: {said}")
            return None

    def _term(self, node: Scalar) -> Condition | None:
        group = self._wording.terms(node)
        return _either(list(group)) if group else None

    def _mapping(self, node: Map, source: From) -> Condition | None:
        if not node.entries:
            missing = "a condition is missing here; write all: […] or any: […]"
            self._problems.add(node.place, missing)
        entries = {key.text: value for key, value in node.entries if key.text in KEYS}
        for key, _ in node.entries:
            if key.text not in KEYS:
                self._unknown(key)
        own = self._own_source(entries)
        inner, clash = narrowed(source, own) if own else (source, None)
        if own and (clash := clash or elsewhere(inner, self._known.outlets)):
            self._problems.add(node.place, f"this can never match: {clash}")
        parts = self._parts(entries, inner)
        if "score_at_least" in entries or "boost" in entries:
            parts += self._scored(entries, node.place, inner)
        part = _joined(parts)
        bare = not entries.keys() & set(HOLDING_KEYS)
        if "ignore" in entries:
            part = self._ignoring(entries["ignore"], node.place, part, bare=bare)
        if "in" in entries:
            part = self._scoped(entries["in"], node.place, part, bare=bare)
        return _joined([condition for condition in (own, part) if condition])

    def _parts(self, entries: dict[str, Node], source: From) -> list[Condition]:
        readers: dict[str, Callable[[Node], Condition | None]] = {
            "all": lambda node: self._several("all", node, source),
            "any": lambda node: self._several("any", node, source),
            "none": lambda node: self._several("none", node, source),
            "near": self._wording.near,
            "repeat": self._wording.repeat,
            "event": self._happenings.read,
            "at_least": lambda node: self._at_least(node, source),
            "query": self._query,
        }
        found = [readers[key](node) for key, node in entries.items() if key in readers]
        self._complete = self._complete and None not in found
        return [part for part in found if part]

    def _unknown(self, key: Scalar) -> None:
        self._complete = False
        self._problems.add(
            key.place,
            key_refusal(key.text)
            or unknown_key(
                key,
                what="a condition",
                allowed=KEYS,
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

    def _at_least(self, node: Node, source: From) -> Condition | None:
        form = "{n: 2, of: [A, B, C]}"
        fields = keys_of(node, self._problems, what="at_least", allowed=AT_LEAST_KEYS, form=form)
        if fields is None:
            return None
        n = fields.required("n", count)
        if "of" not in fields:
            self._problems.add(node.place, 'at_least needs the key "of"')
        items = fields.items("of", what="conditions")
        read = [self._branch(item, source) for item in items]
        parts = different(chain.from_iterable(map(_one_by_one, read, items)))
        if n is None or not parts:
            return None
        if n > len(parts) and None not in read:
            self._problems.add(
                node.place,
                f"this can never match: {n} different ones are asked for, and of: has {len(parts)}",
            )
        return _either(parts) if n == 1 else AtLeast(n, tuple(parts))

    def _scored(self, entries: dict[str, Node], place: Place, source: From) -> list[Condition]:
        """The graded condition, if it is whole."""
        if "boost" not in entries:
            told = "score_at_least needs boost: beside it, as in boost: [{any: […], points: 3}]"
            self._problems.add(place, told)
        if "score_at_least" not in entries:
            told = "boost needs score_at_least: beside it, which says how many points are enough"
            self._problems.add(place, told)
        least, nodes = entries.get("score_at_least"), entries.get("boost")
        enough = read_text(least, _score, self._problems) if least else None
        items = read_items(nodes, self._problems, what="boosts") if nodes else ()
        read = [self._boost(item, source) for item in items]
        boosts = tuple(boost for boost in read if boost)
        if enough is None or not boosts:
            self._complete = False
            return []
        most = most_points(boosts)
        if enough > most and None not in read:
            self._problems.add(
                place,
                f"this can never match: score_at_least is {enough}, and the boosts reach {most} "
                "points at most",
            )
        return [Scored(enough, boosts)]

    def _boost(self, node: Node, source: From) -> Boost | None:
        if not isinstance(node, Map):
            if not isinstance(node, Broken):
                self._problems.add(node.place, f"a boost is {_BOOST}; found {describe(node)}")
            return None
        points = next((value for key, value in node.entries if key.text == "points"), None)
        others = tuple(entry for entry in node.entries if entry[0].text != "points")
        if points is None:
            self._problems.add(node.place, f'a boost needs the key "points": {_BOOST}')
        if not others:
            self._problems.add(node.place, f"a boost needs a condition beside points: {_BOOST}")
        given = read_text(points, _points, self._problems) if points else None
        part = self._condition(Map(node.place, others), source) if others else None
        if part is None or given is None:
            return None
        self._tell_contradiction(part, node.place)
        return Boost(part, given)

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
        names = self._known.outlet_names
        if written not in names and self._known.outlets_complete:
            raise ValueError(unknown("outlet", written, sorted(names)))
        return written

    def _names(self, node: Node, parse: Callable[[str], str]) -> tuple[str, ...]:
        """One name or a list of them."""
        is_list = isinstance(node, Items)
        items = read_items(node, self._problems, what="names") if is_list else (node,)
        read = (read_text(item, parse, self._problems) for item in items)
        return tuple(name for name in read if name is not None)

    def _ignoring(
        self, node: Node, place: Place, part: Condition | None, *, bare: bool
    ) -> Condition | None:
        phrases = self._wording.phrases(node)
        if bare:
            self._problems.add(
                place, '"ignore" is for the conditions beside it, and there is none; add any: […]'
            )
        return Ignoring(phrases, part) if phrases and part else part

    def _scoped(
        self, node: Node, place: Place, part: Condition | None, *, bare: bool
    ) -> Condition | None:
        scopes = self._names(node, lambda written: _scope(written).value)
        if bare:
            self._problems.add(
                place, '"in" narrows the conditions beside it, and there is none; add any: […]'
            )
        if part is None or not scopes:
            return part
        return Within(frozenset(Scope(scope) for scope in scopes), part)


def _points(written: str) -> int:
    if not _POINTS.fullmatch(written) or not 0 < abs(int(written)) <= POINTS_LIMIT:
        raise ValueError(
            f"found {shown(written)}; allowed: a whole number from -{POINTS_LIMIT} to "
            f"{POINTS_LIMIT}, but not 0"
        )
    return int(written)


def _one_by_one(part: Condition | None, item: Node) -> tuple[Condition, ...]:
    """The terms of a list, or the one condition."""
    if isinstance(part, AnyOf) and isinstance(item, Scalar):
        return part.parts
    return (part,) if part is not None else ()


def _joined(parts: list[Condition]) -> Condition | None:
    if len(parts) == 1:
        return parts[0]
    return AllOf(tuple(parts)) if parts else None


def _either(parts: list[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))
