"""Rules against one document: which hold, how strongly, and why.

A document's words tell the few rules that may hold; it is tokenised once for all of those, and
only those are tried: first on title and lead (strong), then on everything (weak). Quotes and
explanations are made only for those that are asked for.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import chain

from monitor.core.counting import Blanked, Graded, Pattern, Repeated, Several
from monitor.core.evidence import Explanation, Kind, first_event, quotes
from monitor.core.groups import Groups
from monitor.core.happenings import Events, Happened
from monitor.core.indexed import DEFAULT_SCOPES, TOP_SCOPES, IndexedDocument, fields_of
from monitor.core.knowledge import Event, Knowledge
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
from monitor.core.percolator import Asked, Percolator, within, words_asked
from monitor.core.proximity import GROUPS_LIMIT
from monitor.core.rules import (
    AllOf,
    AnyOf,
    AtLeast,
    Condition,
    From,
    Happening,
    Ignoring,
    Near,
    NoneOf,
    Regex,
    Repeat,
    Rule,
    Scope,
    Scored,
    Term,
    Within,
    Word,
    all_in,
    different,
    has_events,
)
from monitor.core.sieve import LETTERS_LIMIT, Sieve
from monitor.core.urgency import Urgency
from monitor.core.vocabulary import Vocabulary, name_of

LEARNT_FROM = 300  # articles that tell how often words stand in one

_NO_KNOWLEDGE = Knowledge()


class Matcher:
    """All rules, compiled. For one thread at a time.

    `knowledge` is what finds events; `events`, made of it, may be shared by several matchers.
    Raises ValueError for a `near` of more terms than GROUPS_LIMIT.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        knowledge: Knowledge = _NO_KNOWLEDGE,
        *,
        events: Events | None = None,
    ) -> None:
        events = events or Events(knowledge)
        self._compiler = _Compiler(events)
        self._compiled: dict[int, tuple[Part, Urgency]] = {}
        cases = (case.condition for rule in rules for case in rule.cases if case.condition)
        words, scopes = _asked_for(chain((rule.condition for rule in rules), cases), events.asked)
        self._fields = fields_of(scopes)
        self._events = events
        self._eventful = frozenset(each.id for each in rules if has_events(each.condition))
        self._kinds = {each.id: _kinds(each.condition) for each in rules}
        # Those that are tried come first: the percolator knows them by their numbers.
        self._rules = sorted(rules, key=lambda rule: not rule.enabled)
        self._numbers = {rule.id: number for number, rule in enumerate(self._rules)}
        enabled = [rule.condition for rule in self._rules if rule.enabled]
        self._percolator = Percolator(enabled, events.asked)
        self._vocabulary = Vocabulary(words)
        letters = sum(len(word.pattern) for word in words)
        few = letters <= LETTERS_LIMIT and not self._percolator.always
        self._sieve = Sieve(words) if few else None
        # In how many articles each word stood, of how many. Few rules do without.
        self._seen: Counter[str] = Counter()
        self._articles = LEARNT_FROM if few else 0

    def _parts(self, number: int) -> tuple[Part, Urgency]:
        """Of one rule; made when first asked for, as most rules are never tried."""
        made = self._compiled.get(number)
        if made is None:
            rule, part = self._rules[number], self._compiler.part
            made = self._compiled[number] = part(rule.condition), Urgency(rule, part)
        return made

    def match(self, document: Document) -> list[Match]:
        """The matches of the enabled rules, in their order."""
        glance = None
        if self._sieve is not None:
            text = "\n".join(filter(None, (getattr(document, name) for name in self._fields)))
            glance = self._sieve.look(text)
            if glance is not None and not self._percolator.candidates(glance.names):
                return []
        words = glance and glance.words
        groups = self._compiler.groups
        indexed = IndexedDocument(document, self._vocabulary, self._fields, words, groups)
        on_top = indexed.names_on_top()
        names = indexed.names | on_top
        if self._articles < LEARNT_FROM:
            self._learn(names)
        candidates = self._percolator.candidates(names)
        matches: list[Match] = []
        compiled = list(map(self._parts, candidates))  # first all of them: see IndexedDocument
        for number, (part, urgency) in zip(candidates, compiled, strict=True):
            rule = self._rules[number]
            strong = self._percolator.on_top(number, on_top)
            tried = self._tried(rule.id, document)
            strength = _strength(part, indexed, tried if strong else tried[1:] or tried)
            if strength is not None:
                sight = _QUOTED[strength]
                severity, why = urgency.decided(indexed, sight)
                tree = part.explain(indexed, sight)
                evidence = quotes(tree, severity=severity, because=why)
                event = first_event(tree) if rule.id in self._eventful else None
                matches.append(Match(rule.id, rule.version, severity, strength, evidence, event))
        return matches

    def _learn(self, names: AbstractSet[str]) -> None:
        """Take in the words of one article; once there are enough, file the rules by them."""
        self._seen.update(names)
        self._articles += 1
        if self._articles == LEARNT_FROM:
            self._percolator.learn(self._seen)
            self._seen.clear()

    def events(self, match: Match, document: Document) -> tuple[Event, ...]:
        """Who did what to whom in a document, as far as it bears on a match of it.

        Beside what matched by words those count that the rule asks for in other branches; where it
        asks for none, there is no need to look for any.
        """
        kinds = self._kinds[match.rule]
        if match.event is None and not kinds:
            return ()
        found = self._events.of(document)
        if match.event is None:
            found = tuple(p for p in found if p.family in kinds or p.event.type in kinds)
        return tuple(each.event for each in found)

    def _tried(self, rule_id: RuleId, document: Document) -> tuple[Strength, ...]:
        """Weak is only tried where there is a text: without one it sees no more than strong does.

        Events may be weak wherever they stand.
        """
        return _STRENGTHS if document.text or rule_id in self._eventful else _STRENGTHS[:1]

    def explain(self, rule_id: RuleId, document: Document) -> Explanation:
        """The rule's tree with what held and what did not. Raises KeyError for an unknown rule."""
        part, urgency = self._parts(self._numbers[rule_id])
        indexed = IndexedDocument(document, self._vocabulary, groups=self._compiler.groups)
        strength = _strength(part, indexed, self._tried(rule_id, document))
        sight = _SIGHTS[strength or Strength.WEAK]
        tree = part.explain(indexed, sight)
        verdict = "no match" if strength is None else f"{strength} match"
        cases = () if strength is None else urgency.explain(indexed, sight)
        return Explanation(
            f"{rule_id}: {verdict}",
            held=tree.held,
            kind=Kind.ALL,
            children=(tree, *cases),
            missing=tree.missing,
        )


_STRENGTHS = tuple(Strength)  # strong first
_SIGHTS = {Strength.STRONG: Sight(TOP_SCOPES), Strength.WEAK: Sight(DEFAULT_SCOPES, weak=True)}
_QUOTED = {strength: replace(sight, held_only=True) for strength, sight in _SIGHTS.items()}


def _kinds(condition: Condition) -> frozenset[str]:
    """The types and families of events that a condition asks for."""
    asked = (each for each in all_in(condition) if isinstance(each, Happening))
    return frozenset(kind for each in asked for kind in (*each.types, *each.families))


def _strength(part: Part, indexed: IndexedDocument, tried: Iterable[Strength]) -> Strength | None:
    for strength in tried:
        if part.holds(indexed, _SIGHTS[strength]):
            return strength
    return None


def _asked_for(conditions: Iterable[Condition], asked: Asked) -> tuple[set[Word], set[Scope]]:
    """The words and scopes of all conditions. Raises ValueError as the matcher does."""
    names: dict[str, Word] = {}
    scopes = set(DEFAULT_SCOPES)
    for each in chain.from_iterable(map(within, conditions)):
        match each:
            case Term(words):
                for word in words:
                    names[name_of(word)] = word
            case Happening():
                names |= {name_of(word): word for word in words_asked(each, asked)}
            case Within(some, _):
                scopes |= some
            case Near(groups) if len(groups) > GROUPS_LIMIT:
                raise ValueError(f"`near` takes at most {GROUPS_LIMIT} terms")
    return set(names.values()), scopes


class _Compiler:
    """Makes parts of conditions; the same terms in several rules are searched once."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._excluding = False  # whether what is being compiled stands under a `none`
        self.groups = Groups()

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
                made = self._none(parts)
            case Near(groups=groups):
                made = Together(condition, tuple(map(self._group, groups)))
            case Within(scopes, part):
                made = Narrowed(scopes, self.part(part))
            case From():
                made = Source(condition)
            case _:
                made = self._rarer(condition)
        return made

    def _none(self, parts: tuple[Condition, ...]) -> Part:
        outer, self._excluding = self._excluding, True
        made = NoPart(tuple(self._alternatives(parts)))
        self._excluding = outer
        return made

    def _rarer(self, condition: Regex | AtLeast | Repeat | Ignoring | Scored | Happening) -> Part:
        made: Part
        match condition:
            case Regex():
                made = Pattern(condition)
            case AtLeast(n, parts):
                made = Several(n, tuple(map(self.part, different(parts))))
            case Repeat(terms, times):
                made = Repeated(self._group(tuple(different(terms))), times)
            case Ignoring(phrases, part):
                made = Blanked(self._group(phrases), self.part(part))
            case Happening():
                asked = [self._group(terms).group for terms in self._events.asked(condition)]
                made = Happened(condition, self._events, asked, excluding=self._excluding)
            case Scored(least, boosts):
                made = Graded(least, tuple((self.part(b.part), b.points) for b in boosts))
        return made

    def _group(self, terms: tuple[Term, ...]) -> AnyTerm:
        return AnyTerm(self.groups.of(terms))

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
