"""Compiled `event:` conditions, and the events of a document, coded once for all of them.

An event in the title, or in the lead where the sentence names both parties, is strong; in the body
it is weak, and so is one that is hypothetical or of an arguable type. A past reference is no news.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from monitor.core.events import Coder
from monitor.core.evidence import Explanation, Kind
from monitor.core.groups import Group
from monitor.core.indexed import TOP_SCOPES, IndexedDocument
from monitor.core.knowledge import Event, EventType, Knowledge, Status
from monitor.core.model import Document, Evidence
from monitor.core.nearest import scope_of
from monitor.core.parts import EVENTS, Sight
from monitor.core.reported import kind, parties, summed_up
from monitor.core.rules import UNKNOWN, Happening, Scope, Term
from monitor.core.text import Span, fold, lead
from monitor.core.wording.english import ENGLISH

MISSES_SHOWN = 2  # events that came nearest to what a condition looks for

_NOWHERE = frozenset[Scope]()


@dataclass(frozen=True, slots=True)
class Placed:
    """An event, the parts of the article that show it, and those in which it is strong."""

    event: Event
    family: str
    scopes: frozenset[Scope]
    strong_in: frozenset[Scope]


class Events:
    """The events of documents, coded when first asked for. For one thread at a time."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._types = {each.id: each for each in knowledge.types}
        self._coder: Coder | None = None
        self._document: Document | None = None
        self._found: tuple[Placed, ...] = ()
        self._asked: dict[Happening, tuple[tuple[Term, ...], ...]] = {}

    def asked(self, happening: Happening) -> tuple[tuple[Term, ...], ...]:
        """Words of which an article must have one of each group, or there is no such event.

        For each party that is asked for by name: all names of it and of what it belongs to, and
        the offices that need not stand beside their country.
        """
        if happening not in self._asked:
            sides: list[tuple[str, ...]] = [(one,) for one in happening.between]
            sides += [happening.sources, happening.targets]
            named = [side for side in sides if side and UNKNOWN not in side]
            self._asked[happening] = tuple(self._names(side) for side in named)
        return self._asked[happening]

    def _names(self, side: Iterable[str]) -> tuple[Term, ...]:
        wholes = {actor.partition(".")[0] for actor in side}
        terms = [term for office in self._knowledge.offices for term in office.alone]
        for actor in self._knowledge.actors:
            if actor.id.partition(".")[0] in wholes:
                terms += [*(name.term for name in actor.names), *actor.adjectives]
        return tuple(dict.fromkeys(terms))

    def of(self, document: Document) -> tuple[Placed, ...]:
        """In reading order, those of title and lead first, as all rules ask for them in turn."""
        if document is not self._document:
            if self._coder is None:
                self._coder = Coder(self._knowledge)
            span = lead(document)
            found = self._coder.code(document, day=document.published)
            self._found = tuple(_placed(each, self._types[each.type], span) for each in found)
            self._document = document
        return self._found


def _placed(event: Event, kind: EventType, lead: Span | None) -> Placed:
    scopes = {Scope.TITLE} if event.field == "title" else set[Scope]()
    if event.field == "text":
        scopes.add(Scope.BODY)
    if lead is not None and event.field == lead.field and event.end <= lead.end:
        scopes.add(Scope.LEAD)
    strong = scopes & TOP_SCOPES
    if event.status is Status.HYPOTHETICAL or kind.arguable:
        strong = set()
    elif event.source is None or event.target is None:
        strong -= {Scope.LEAD}
    return Placed(event, kind.family, frozenset(scopes), frozenset(strong))


class Happened:
    """An event of the kind that a condition looks for.

    `asked`: one term of each group stands in the article, or it has no such event (`Events.asked`).
    `excluding`: under `none`, where a weak one counts too.
    """

    cost = EVENTS

    def __init__(
        self, wanted: Happening, events: Events, asked: Sequence[Group], *, excluding: bool
    ) -> None:
        self._wanted = wanted
        self._asked = asked
        self.needs = frozenset(group.number for group in asked)
        self._events = events
        self._excluding = excluding

    def _shown(self, indexed: IndexedDocument, sight: Sight) -> Iterator[Placed]:
        for each in self._events.of(indexed.document):
            counts = each.scopes if sight.weak or self._excluding else each.strong_in
            if (
                not counts.isdisjoint(sight.scopes)
                and not any(_differences(self._wanted, each))
                and not _blanked(each.event, indexed, sight)
            ):
                yield each

    def holds(self, indexed: IndexedDocument, sight: Sight) -> bool:
        named = self.needs <= indexed.possible and all(map(indexed.occurrences, self._asked))
        return named and any(True for _ in self._shown(indexed, sight))

    def explain(self, indexed: IndexedDocument, sight: Sight) -> Explanation:
        label = described(self._wanted)
        found = sorted(self._shown(indexed, sight), key=lambda each: not each.strong_in)
        if found:
            events = tuple(each.event for each in found)
            evidence = tuple(_quoted(each, indexed.document) for each in events)
            return Explanation(label, held=True, kind=Kind.ANY, evidence=evidence, events=events)
        seen = ", ".join(scope for scope in Scope if scope in sight.scopes)
        near = self._nearest(indexed, sight)
        missing = f"no such event in {seen}"
        return Explanation(label, held=False, kind=Kind.ANY, missing=missing, near=near)

    def _nearest(self, indexed: IndexedDocument, sight: Sight) -> str:
        """Which events the article has, and in what they differ."""
        found = self._events.of(indexed.document)
        if not found:
            return ""
        tried = [(list(_differences(self._wanted, each)), each) for each in found]
        tried.sort(key=lambda one: len(one[0]))
        told = (
            f"found {kind(each.event)} {parties(each.event)} in {scope_of(each.event.field)}: "
            + "; ".join(why or [self._unseen(each, indexed, sight)])
            for why, each in tried
        )
        return ". ".join(list(dict.fromkeys(told))[:MISSES_SHOWN])

    def _unseen(self, placed: Placed, indexed: IndexedDocument, sight: Sight) -> str:
        """Why one that is meant does not count."""
        if placed.scopes.isdisjoint(sight.scopes):
            return f"this looks at {', '.join(scope for scope in Scope if scope in sight.scopes)}"
        if _blanked(placed.event, indexed, sight):
            return "ignore: blanks a word of it"
        return ENGLISH.status(placed.event) or "it is weak there"


def _blanked(event: Event, indexed: IndexedDocument, sight: Sight) -> bool:
    """Whether a word of it belongs to a phrase that is to be ignored."""
    if not sight.ignored:
        return False
    field = indexed.fields[event.field]
    spans = (
        field.span(number)
        for number in indexed.hidden(sight.ignored)
        if field.first <= number < field.end
    )
    return any(start < event.end and event.start < end for start, end in spans)


def _quoted(event: Event, document: Document) -> Evidence:
    text = getattr(document, event.field)
    quote = text[event.start : event.end]
    why = f"event {summed_up(event)}"
    return Evidence(event.field, event.start, event.end, quote, why)


# --- what fits --------------------------------------------------------------------------------


def fits(wanted: Happening, event: Event, *, family: str) -> bool:
    """Whether an event of this family is what the condition looks for, wherever it stands."""
    return not any(_differences(wanted, Placed(event, family, _NOWHERE, _NOWHERE)))


def _differences(wanted: Happening, placed: Placed) -> Iterator[str]:
    """In what an event differs from what is looked for, in words."""
    event = placed.event
    if event.status is Status.PAST_REFERENCE and not event.revisited:
        yield "a past reference never matches"
    kinds = (*wanted.types, *wanted.families)
    if event.type not in wanted.types and placed.family not in wanted.families:
        yield f"type is {event.type}, not {_or(kinds)}"
    for role, allowed, actor in (
        ("source", wanted.sources, event.source),
        ("target", wanted.targets, event.target),
    ):
        if allowed and not any(_is(name, actor) for name in allowed):
            yield f"{role} is {actor or UNKNOWN}, not {_or(allowed)}"
    if wanted.between and not _parties_are(wanted.between, event):
        pair = " and ".join(wanted.between)
        yield f"it is between {event.source or UNKNOWN} and {event.target or UNKNOWN}, not {pair}"
    if wanted.statuses and event.status not in wanted.statuses:
        yield f"status is {event.status}, not {_or(wanted.statuses)}"
    if wanted.speakers and not any(_says(name, event) for name in wanted.speakers):
        yield f"speaker is {event.speaker or UNKNOWN}, not {_or(wanted.speakers)}"


def _is(name: str, actor: str | None) -> bool:
    """Whether a name covers an actor: `a` covers `a.b`."""
    if actor is None:
        return name == UNKNOWN
    return actor == name or actor.startswith(f"{name}.")


def _parties_are(pair: tuple[str, ...], event: Event) -> bool:
    one, other = pair
    return (_is(one, event.source) and _is(other, event.target)) or (
        _is(other, event.source) and _is(one, event.target)
    )


def _says(name: str, event: Event) -> bool:
    if event.speaker is None:
        return name == UNKNOWN
    return _is(name, event.speaker_actor or "") or fold(name) == fold(event.speaker)


def _or(names: tuple[str, ...]) -> str:
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def described(wanted: Happening) -> str:
    """`event strike | raid: a → b | unknown, claimed`, for explanations."""
    told = f"event {' | '.join((*wanted.types, *wanted.families))}"
    if wanted.between:
        told += f": {' ↔ '.join(wanted.between)}"
    elif wanted.sources or wanted.targets:
        told += f": {' | '.join(wanted.sources) or 'any'} → {' | '.join(wanted.targets) or 'any'}"
    if wanted.statuses:
        told += f", {' | '.join(wanted.statuses)}"
    return told + (f", said by {' | '.join(wanted.speakers)}" if wanted.speakers else "")
