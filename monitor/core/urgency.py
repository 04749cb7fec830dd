"""How urgent a match is: of the cases of its rule, the first that holds decides."""

from collections.abc import Callable
from dataclasses import replace

from monitor.core.evidence import Explanation, Kind
from monitor.core.indexed import IndexedDocument
from monitor.core.model import Severity
from monitor.core.parts import Part, Sight
from monitor.core.rules import Condition, Rule


class Urgency:
    """The cases of one rule; `compiled` makes parts of conditions."""

    def __init__(self, rule: Rule, compiled: Callable[[Condition], Part]) -> None:
        self._otherwise = rule.severity
        self._cases = [
            (case.severity, compiled(case.condition)) for case in rule.cases if case.condition
        ]

    def decided(
        self, indexed: IndexedDocument, sight: Sight
    ) -> tuple[Severity, Explanation | None]:
        """How urgent a match that `sight` shows is, and why if a case decided."""
        for severity, part in self._cases:
            if part.holds(indexed, sight):
                return severity, part.explain(indexed, replace(sight, held_only=True))
        return self._otherwise, None

    def explain(self, indexed: IndexedDocument, sight: Sight) -> tuple[Explanation, ...]:
        """The cases that were tried, the one that decided last; nothing where there are none."""
        if not self._cases:
            return ()
        severity, tried = self._otherwise, list[Explanation]()
        for case, part in self._cases:
            tree = part.explain(indexed, sight)
            tried.append(Explanation(case.value, tree.held, Kind.ALL, (), (tree,), tree.missing))
            if tree.held:
                severity = case
                break
        else:
            tried.append(Explanation(f"{severity}, otherwise", held=True))
        label = f"severity: {severity}"
        return (Explanation(label, held=True, kind=Kind.FIRST, children=tuple(tried)),)
