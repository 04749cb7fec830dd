"""Compiled conditions that count, that read the text as it is written, or that leave words out."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from monitor.core.evidence import PATTERN, Explanation, Kind
from monitor.core.groups import Group
from monitor.core.indexed import Field, IndexedDocument, Occurrence
from monitor.core.model import Evidence
from monitor.core.nearest import scope_of
from monitor.core.parts import NOTHING, SEARCH, AnyTerm, Part, Sight, quoted, reason
from monitor.core.rules import Regex, Scope, Word
from monitor.core.terms import compile_regex


class Several:
    """At least so many of the parts, which are different ones."""

    needs = NOTHING

    def __init__(self, least: int, parts: tuple[Part, ...]) -> None:
        self._least = least
        self._parts = parts
        self.cost = max(part.cost for part in parts)

    def holds(self, indexed: IndexedDocument, sight: Sight) -> bool:
        held = (part for part in self._parts if part.holds(indexed, sight))
        return len(list(islice(held, self._least))) == self._least

    def explain(self, indexed: IndexedDocument, sight: Sight) -> Explanation:
        children = tuple(
            part.explain(indexed, sight)
            for part in self._parts
            if not sight.held_only or part.holds(indexed, sight)
        )
        found = sum(child.held for child in children)
        held = found >= self._least
        missing = "" if held else f"{found} of {self._least} held"
        label = f"at least {self._least} of {len(self._parts)}"
        return Explanation(label, held, Kind.SOME, (), children, missing, enough=self._least)


class Repeated:
    """The same term of a group, so many times in all fields together."""

    cost = SEARCH

    def __init__(self, term: AnyTerm, times: int) -> None:
        self._term = term
        self._times = times
        self.needs = term.needs

    def _counted(
        self, indexed: IndexedDocument, sight: Sight
    ) -> dict[tuple[Word, ...], list[tuple[Field, Occurrence]]]:
        places: dict[tuple[Word, ...], list[tuple[Field, Occurrence]]] = {}
        for view in indexed.views(sight.scopes):
            found = self._term.seen(indexed, view, sight)
            if view.field.name == "summary" and Scope.BODY in sight.scopes:  # the text counts it
                found = [each for each in found if each.end > indexed.repeated_until]
            for each in found:
                places.setdefault(each.term.words, []).append((view.field, each))
        return places

    def holds(self, indexed: IndexedDocument, sight: Sight) -> bool:
        return any(len(p) >= self._times for p in self._counted(indexed, sight).values())

    def explain(self, indexed: IndexedDocument, sight: Sight) -> Explanation:
        label = f"repeat: {self._term.label} {self._times} times"
        most = max(self._counted(indexed, sight).values(), key=len, default=[])
        why = f"repeated {self._times} times"
        evidence = tuple(
            quoted(field, found, f"{why}: {reason(found.term)}")
            for field, found in most[: self._times]
        )
        held = len(most) >= self._times
        missing = "" if held else f"{len(most)} of {self._times} times"
        return Explanation(label, held, Kind.LEAF, evidence if held else (), (), missing)


class Pattern:
    """A regex on the text that each scope shows; what is ignored is spaces to it."""

    needs = NOTHING
    cost = SEARCH

    def __init__(self, regex: Regex) -> None:
        self._compiled = compile_regex(regex.pattern)
        self._label = f"{PATTERN}{regex.pattern}"

    def _found(self, indexed: IndexedDocument, sight: Sight) -> Iterator[Evidence]:
        """The first place in each field that is not empty."""
        for view in indexed.views(sight.scopes):
            field = view.field
            text = indexed.blanked(field, sight.ignored) if sight.ignored else field.value
            shown = text[: view.until].encode(errors="replace")
            for found in self._compiled.finditer(shown):
                first, last = found.span()
                if first < last:
                    start = len(shown[:first].decode())
                    end = start + len(shown[first:last].decode())
                    yield Evidence(field.name, start, end, field.value[start:end], "regex")
                    break

    def holds(self, indexed: IndexedDocument, sight: Sight) -> bool:
        return any(True for _ in self._found(indexed, sight))

    def explain(self, indexed: IndexedDocument, sight: Sight) -> Explanation:
        evidence = tuple(self._found(indexed, sight))
        if evidence:
            return Explanation(self._label, held=True, kind=Kind.ANY, evidence=evidence)
        near = self._elsewhere(indexed, sight)
        return Explanation(self._label, held=False, kind=Kind.ANY, missing="not found", near=near)

    def _elsewhere(self, indexed: IndexedDocument, sight: Sight) -> str:
        """What it would find in the whole article, or without what is ignored."""
        seeing = replace(sight, ignored=())
        if found := next(self._found(indexed, seeing), None):
            return f"»{found.quote}« in {scope_of(found.field)}, but ignore: blanks a word of it"
        everywhere = replace(seeing, scopes=frozenset(Scope))
        found = next(self._found(indexed, everywhere), None)
        return f"»{found.quote}« stands only in {scope_of(found.field)}" if found else ""


class Blanked:
    """A part for which the words of some phrases are not there."""

    def __init__(self, phrases: AnyTerm, part: Part) -> None:
        self._phrases = phrases
        self._part = part
        self.needs = part.needs
        self.cost = part.cost

    def _own_sight(self, sight: Sight) -> Sight:
        group: Group = self._phrases.group
        ignored = sight.ignored if group in sight.ignored else (*sight.ignored, group)
        return replace(sight, ignored=ignored)

    def holds(self, indexed: IndexedDocument, sight: Sight) -> bool:
        return self._part.holds(indexed, self._own_sight(sight))

    def explain(self, indexed: IndexedDocument, sight: Sight) -> Explanation:
        child = self._part.explain(indexed, self._own_sight(sight))
        label = f"without {self._phrases.label}"
        return Explanation(label, child.held, Kind.ALL, (), (child,), child.missing)


class Graded:
    """The points of all parts that hold reach a sum."""

    needs = NOTHING

    def __init__(self, least: int, boosts: tuple[tuple[Part, int], ...]) -> None:
        self._least = least
        self._boosts = boosts
        self.cost = max(part.cost for part, _ in boosts)

    def holds(self, indexed: IndexedDocument, sight: Sight) -> bool:
        score = sum(points for part, points in self._boosts if part.holds(indexed, sight))
        return score >= self._least

    def explain(self, indexed: IndexedDocument, sight: Sight) -> Explanation:
        tried = [(part, points, part.holds(indexed, sight)) for part, points in self._boosts]
        score = sum(points for _, points, held in tried if held)
        children = tuple(
            _boost(part.explain(indexed, sight), points)
            for part, points, held in tried
            if held or not sight.held_only
        )
        held = score >= self._least
        missing = "" if held else f"{self._least - score} short"
        label = f"score {score} of {self._least}"
        return Explanation(label, held, Kind.SOME, (), children, missing, enough=len(children))


def _boost(child: Explanation, points: int) -> Explanation:
    """What takes points off is shown, but quoted nowhere: it made nothing true."""
    kind = Kind.ALL if points > 0 else Kind.NONE
    label = f"{points:+} {'point' if abs(points) == 1 else 'points'}"
    return Explanation(label, child.held, kind, (), (child,), child.missing)
