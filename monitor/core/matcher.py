"""Rules against one document: which hold, how strongly, and why.

A document is tokenised once for all rules; a rule is first tried on title and lead (strong),
then on everything (weak). Quotes and explanations are made only for those that are asked for.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from monitor.core.evidence import Explanation, Kind, quotes
from monitor.core.indexed import DEFAULT_SCOPES, TOP_SCOPES, IndexedDocument, Vocabulary
from monitor.core.model import Document, Match, RuleId, Strength
from monitor.core.parts import (
    AnyPart,
    AnyTerm,
    EveryPart,
    Narrowed,
    NoPart,
    Part,
    Sight,
    Source,
    Together,
)
from monitor.core.rules import AllOf, AnyOf, Condition, From, Near, NoneOf, Rule, Term, Within


class Matcher:
    """All rules, compiled. Raises ValueError for a `near` of more terms than GROUPS_LIMIT."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = {rule.id: rule for rule in rules}
        compiler = _Compiler()
        self._parts = {rule.id: compiler.part(rule.condition) for rule in rules}
        self._vocabulary = Vocabulary(compiler.groups)

    def match(self, document: Document) -> list[Match]:
        """The matches of the enabled rules, in their order."""
        indexed = IndexedDocument(document, self._vocabulary)
        matches = []
        for rule in self._rules.values():
            if not rule.enabled:
                continue
            part = self._parts[rule.id]
            strength = _strength(part, indexed)
            if strength is not None:
                sight = replace(_SIGHTS[strength], held_only=True)
                evidence = quotes(part.explain(indexed, sight))
                matches.append(Match(rule.id, rule.version, rule.severity, strength, evidence))
        return matches

    def explain(self, rule_id: RuleId, document: Document) -> Explanation:
        """The rule's tree with what held and what did not. Raises KeyError for an unknown rule."""
        part = self._parts[rule_id]
        indexed = IndexedDocument(document, self._vocabulary)
        strength = _strength(part, indexed)
        tree = part.explain(indexed, _SIGHTS[strength or Strength.WEAK])
        verdict = "no match" if strength is None else f"{strength} match"
        return Explanation(
            f"{rule_id}: {verdict}",
            held=tree.held,
            kind=Kind.ALL,
            children=(tree,),
            missing=tree.missing,
        )


_SIGHTS = {Strength.STRONG: Sight(TOP_SCOPES), Strength.WEAK: Sight(DEFAULT_SCOPES)}


def _strength(part: Part, indexed: IndexedDocument) -> Strength | None:
    """Weak is only tried where there is a text: without one it sees no more than strong does."""
    tried = tuple(Strength) if indexed.document.text else (Strength.STRONG,)
    return next((s for s in tried if part.holds(indexed, _SIGHTS[s])), None)


class _Compiler:
    """Makes parts of conditions; the same terms in several rules are searched once."""

    def __init__(self) -> None:
        self._groups: dict[tuple[Term, ...], AnyTerm] = {}

    @property
    def groups(self) -> list[tuple[Term, ...]]:
        """The terms of each group, in the order of the groups' numbers."""
        return list(self._groups)

    def part(self, condition: Condition) -> Part:
        made: Part
        match condition:
            case Term():
                made = self._group((condition,))
            case AllOf(parts):
                made = EveryPart(tuple(map(self.part, parts)))
            case AnyOf(parts):
                made = self._any(parts)
            case NoneOf(parts):
                made = NoPart(tuple(self._alternatives(parts)))
            case Near(groups=groups):
                made = Together(condition, tuple(map(self._group, groups)))
            case Within(scopes, part):
                made = Narrowed(scopes, self.part(part))
            case From():
                made = Source(condition)
        return made

    def _group(self, terms: tuple[Term, ...]) -> AnyTerm:
        return self._groups.setdefault(terms, AnyTerm(terms, number=len(self._groups)))

    def _any(self, parts: tuple[Condition, ...]) -> Part:
        alternatives = tuple(self._alternatives(parts))
        return alternatives[0] if len(alternatives) == 1 else AnyPart(alternatives)

    def _alternatives(self, parts: tuple[Condition, ...]) -> Iterator[Part]:
        """The terms among the parts as one group per list, then the other parts."""
        by_list: dict[str | None, list[Term]] = {}
        for part in parts:
            if isinstance(part, Term):
                by_list.setdefault(part.list_name, []).append(part)
        for terms in by_list.values():
            yield self._group(tuple(terms))
        for part in parts:
            if not isinstance(part, Term):
                yield self.part(part)
