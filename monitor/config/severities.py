"""`severity:` of a rule: one word, or cases of which the first that holds decides."""

from monitor.config import values
from monitor.config.conditions import Conditions
from monitor.config.contradictions import contradiction, narrowed, required_source
from monitor.config.fields import Fields, describe, read_items, read_text
from monitor.config.problems import Problems, shown
from monitor.config.source import Broken, Items, Map, Node, Scalar
from monitor.core.errors import Place
from monitor.core.model import Severity
from monitor.core.rules import AllOf, Case, Condition

KEYS = ("when", "is")
DEFAULT = Severity.NORMAL

_ALWAYS = "{} always holds, so the cases behind it never decide; put it last"

_severity = values.choice("severity", Severity)


class Severities:
    """Reads severities; mistakes go to `problems`."""

    def __init__(self, conditions: Conditions, problems: Problems) -> None:
        self._conditions = conditions
        self._problems = problems

    def read(self, node: Node | None, rule: Condition | None) -> tuple[Severity, tuple[Case, ...]]:
        """What holds where no case does, and the cases.

        `rule` is what every match satisfies; None where the cases are of many rules.
        """
        if isinstance(node, Items):
            cases = self._cases(node, rule)
            last = cases[-1] if cases else Case(DEFAULT)
            return (last.severity if last.condition is None else DEFAULT), cases
        if isinstance(node, Map):
            self._problems.add(
                node.place,
                "severity is one word, or a list of cases, as in [{when: raid*, is: critical}, "
                f"{{is: high}}]; found {describe(node)}",
            )
        elif isinstance(node, Scalar):
            return read_text(node, _severity, self._problems) or DEFAULT, ()
        return DEFAULT, ()

    def _cases(self, node: Items, rule: Condition | None) -> tuple[Case, ...]:
        items = read_items(node, self._problems, what="cases ({when: CONDITION, is: SEVERITY})")
        places: dict[Condition, Place] = {}
        cases = [self._case(item, rule, places, last=item is items[-1]) for item in items]
        return tuple(case for case in cases if case)

    def _case(
        self, node: Node, rule: Condition | None, places: dict[Condition, Place], *, last: bool
    ) -> Case | None:
        fields = Fields(node, self._problems, what="a case of severity", allowed=KEYS)
        severity = fields.required("is", _severity)
        when = fields.node("when")
        if when is None:
            if not (last or fields.broken):
                self._problems.add(node.place, _ALWAYS.format('a case without "when"'))
            return Case(severity) if severity else None
        condition = self._conditions.read(when, alone=False)
        if condition is None or isinstance(when, Broken):
            return None
        if dead := _never(condition, rule, places):
            self._problems.add(when.place, f"this case can never decide: {dead}")
        elif condition == rule and not last:
            self._problems.add(when.place, _ALWAYS.format("the condition of the rule itself"))
        places.setdefault(condition, when.place)
        return Case(severity, condition) if severity else None


def _never(
    condition: Condition, rule: Condition | None, places: dict[Condition, Place]
) -> str | None:
    """Why a case never comes to decide, in words."""
    if condition in places:
        return f"the case at {places[condition]} asks the same"
    if rule is None or contradiction(rule) or contradiction(condition):
        return None  # that is told already
    if term := contradiction(AllOf((rule, condition)), strong_and_weak=True):
        return f"of the rule and the case, one requires and the other excludes {shown(term)}"
    return narrowed(required_source(rule), required_source(condition))[1]
