"""The event coder: who did what to whom, sentence by sentence. It knows no word by itself.

Each cue of an event type looks for its participants in its own clause: who stands before it and
whom it names behind it, turned round in the passive, with small words ("by", "against", "in")
deciding over order. Modifiers in the clause make another type or status of it ("offers talks",
"lifts sanctions", "may strike"). docs/events.md draws three examples.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from monitor.core.clauses import Clause, Small, clauses
from monitor.core.knowledge import (
    ActorId,
    Binding,
    CueGroup,
    Event,
    EventType,
    Knowledge,
    Modifier,
    Office,
    Status,
    TypeId,
)
from monitor.core.lexicon import Hit, Lexicon
from monitor.core.mentions import Mention, Named, Whose, mentions
from monitor.core.model import Document
from monitor.core.rules import Term
from monitor.core.text import Token, tokenise

MODIFIER_REACH = 9  # words between a modifier and its cue
BEHIND_REACH = 5  # the same, where the modifier stands behind
NOT_REACH = 3  # words between a negation and what it denies
SENTENCE_LIMIT = 120  # words of a sentence that are read; nobody writes longer ones by hand
EVENTS_LIMIT = 200  # of one document


@dataclass(frozen=True, slots=True)
class _Cue:
    type: EventType
    group: CueGroup


@dataclass(frozen=True, slots=True)
class _Trap:
    type: TypeId


_Meaning = Named | Whose | Office | Binding | Modifier | _Cue | _Trap


class Coder:
    """Finds events in documents. For one thread at a time."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._types = {each.id: each for each in knowledge.types}
        self._planned = knowledge.planned_endings
        self._actors = {actor.id: actor for actor in knowledge.actors}
        self._lexicon = Lexicon(_entries(knowledge))

    def code(self, document: Document, *, day: date | None = None) -> list[Event]:
        """The events of title, summary and text, in reading order.

        `day` is when the document was published: names age.
        """
        found: list[Event] = []
        for field in ("title", "summary", "text"):
            text = getattr(document, field)
            if text:
                found += self._field(field, text, day)
        return found[:EVENTS_LIMIT]

    def _field(self, field: str, text: str, day: date | None) -> Iterator[Event]:
        tokens = tokenise(text)
        hits = self._lexicon.find(tokens)
        if not any(isinstance(hit.payload, _Cue) for hit in hits):
            return
        for _, group in groupby(hits, key=lambda hit: tokens[hit.start].sentence):
            inside = list(group)
            if any(isinstance(hit.payload, _Cue) for hit in inside):
                start, end = _sentence(tokens, inside[0].start)
                reading = _Sentence(text, tokens[start:end], inside, start, day, self._types)
                yield from reading.events(field, self._planned)


def _entries(knowledge: Knowledge) -> Iterator[tuple[Term, _Meaning]]:
    for actor in knowledge.actors:
        yield from ((name.term, Named(actor, name)) for name in actor.names)
        yield from ((term, Whose(actor)) for term in actor.adjectives)
    for office in knowledge.offices:
        yield from ((term, office) for term in office.words)
    for modifier in knowledge.modifiers:
        yield from ((term, modifier) for term in modifier.words)
    for binding, terms in knowledge.bindings.items():
        yield from ((term, binding) for term in terms)
    for event_type in knowledge.types:
        for group in event_type.cues:
            yield from ((term, _Cue(event_type, group)) for term in group.words)
        yield from ((term, _Trap(event_type.id)) for term in event_type.traps)


def _sentence(tokens: Sequence[Token], position: int) -> tuple[int, int]:
    """Where the sentence around a token begins and ends, within SENTENCE_LIMIT words."""
    number = tokens[position].sentence
    start = position
    while start and tokens[start - 1].sentence == number and position - start < SENTENCE_LIMIT:
        start -= 1
    end = position
    while end < len(tokens) and tokens[end].sentence == number and end - start < SENTENCE_LIMIT:
        end += 1
    return start, end


class _Sentence:
    """One sentence, read."""

    def __init__(
        self,
        text: str,
        tokens: Sequence[Token],
        hits: Sequence[Hit[_Meaning]],
        offset: int,
        day: date | None,
        types: Mapping[TypeId, EventType],
    ) -> None:
        self._text, self._tokens, self._types = text, tokens, types
        moved = [
            Hit(h.start - offset, h.end - offset, h.payload)
            for h in hits
            if h.end - offset <= len(tokens)
        ]
        traps = [hit for hit in moved if isinstance(hit.payload, _Trap)]
        self._modifiers = _outermost([h for h in moved if isinstance(h.payload, Modifier)])
        held = [(m.start, m.end) for m in self._modifiers]
        self._smalls = [
            Small(hit.start, hit.end, hit.payload)
            for hit in _outermost([h for h in moved if isinstance(h.payload, Binding)])
            if not _covered(hit, held)
        ]
        bindings = {small.end: small.binding for small in self._smalls}
        self._mentions = mentions(
            tokens,
            [h for h in moved if isinstance(h.payload, Named | Whose | Office)],
            bindings,
            day=day,
        )
        self._cues = [
            hit
            for hit in _outermost([h for h in moved if isinstance(h.payload, _Cue)], per_type=True)
            if not any(
                trap.payload.type == hit.payload.type.id
                and trap.start <= hit.start
                and hit.end <= trap.end
                for trap in traps
            )
        ]

    def events(self, field: str, planned: Sequence[str]) -> list[Event]:
        if not self._cues:
            return []
        parts = clauses(self._text, self._tokens, self._smalls, self._mentions)
        found: dict[tuple[TypeId, bool], Event] = {}
        for cue in self._cues:
            clause = next((c for c in parts if c.start <= cue.start < c.end), None)
            if clause is None:
                continue
            event = self._event(cue, clause, field, planned)
            if event is None:
                continue
            key = (event.type, event.status is Status.PAST_REFERENCE)
            if key not in found or _named(event) > _named(found[key]):
                found[key] = event
        return list(found.values())

    def _event(
        self, cue: Hit[_Cue], clause: Clause, field: str, planned: Sequence[str]
    ) -> Event | None:
        bind = self._parties if cue.payload.type.two_parties else self._directed
        source, target = bind(cue, clause)
        if cue.payload.type.two_parties and not (source and target):
            return None
        if source is None and target is None:
            return None
        kind, statuses = self._modified(cue, clause)
        status = self._status(cue, clause, kind, statuses, source, target, planned)
        told = status not in (Status.ASSERTED, Status.PAST_REFERENCE)
        spans = [(cue.start, cue.end)] + [(m.start, m.end) for m in (source, target) if m]
        first, last = min(s for s, _ in spans), max(e for _, e in spans)
        start, end = self._tokens[0].start, self._tokens[-1].end
        return Event(
            kind.id,
            source.actor if source else None,
            target.actor if target else None,
            status,
            clause.speaker_name if told else None,
            self._text[start:end],
            field,
            self._tokens[first].start,
            self._tokens[last - 1].end,
            self._words(source),
            self._words(target),
            clause.speaker if told else None,
        )

    def _words(self, mention: Mention | None) -> str | None:
        if mention is None:
            return None
        return self._text[self._tokens[mention.start].start : self._tokens[mention.end - 1].end]

    # Who and whom

    def _directed(self, cue: Hit[_Cue], clause: Clause) -> tuple[Mention | None, Mention | None]:
        group = cue.payload.group
        before, after = self._around(cue, clause)
        source = next((m for m in after if m.bound is Binding.AGENT and m.moves), None)
        by_of = [m for m in after if m.bound is Binding.OF and m.start <= cue.end + 3]
        if source is None and not group.of_target:
            source = next((m for m in by_of if m.moves and not m.adjective), None)
        target = next((m for m in by_of if group.of_target), None)
        if target is None:
            target = next(
                (
                    m
                    for m in after
                    if m is not source
                    and m.bound not in (Binding.AGENT,)
                    and (group.place or not m.aside)
                    and not (m.bound is Binding.OF and not group.of_target and m.moves)
                ),
                None,
            )
        subjects = [m for m in reversed(before) if not m.aside]
        passive = group.target_before or self._passive(cue, agent=source is not None, after=after)
        if passive and subjects:
            target = subjects[0] if source is None or _apart(subjects[0], source) else target
        elif source is None:
            source = next(
                (m for m in subjects if m.moves and (not target or _apart(m, target))), None
            )
            if target is None:
                target = next((m for m in subjects if m is not source and not m.moves), None)
        if target is None and group.place:
            places = [m for m in self._mentions if m.aside and (not source or _apart(m, source))]
            target = places[0] if places else None
        if target is None and clause.label and group.place and clause.label is not source:
            target = clause.label if not source or _apart(clause.label, source) else None
        if source is None and clause.inherits and (not target or _apart(clause.inherits, target)):
            source = clause.inherits if cue.payload.type.said or self._that_opens(clause) else None
        return source, target

    def _that_opens(self, clause: Clause) -> bool:
        return any(
            s.binding is Binding.THAT and clause.start <= s.start <= clause.start + 1
            for s in self._smalls
        )

    def _passive(self, cue: Hit[_Cue], *, agent: bool, after: Sequence[Mention]) -> bool:
        """Whether the cue was suffered by what stands before it."""
        if any(
            s.binding is Binding.PASSIVE and cue.start - 2 <= s.end <= cue.start
            for s in self._smalls
        ):
            return True
        return agent and any(m.bound is Binding.AGENT and m.start <= cue.end + 3 for m in after)

    def _parties(self, cue: Hit[_Cue], clause: Clause) -> tuple[Mention | None, Mention | None]:
        place = cue.payload.group.place
        before, after = self._around(cue, clause)
        left = [m for m in reversed(before) if m.moves and not m.aside]
        right = [m for m in after if m.moves and (place or not m.aside)]
        inside = [m for m in self._mentions if m.start < cue.end and m.end > cue.start]
        first = (left or inside or [None])[0]
        if first is None and clause.inherits and clause.inherits.moves:
            first = clause.inherits
        if first is None:
            first, right = (right[0], right[1:]) if right else (None, [])
        if first is None:
            return None, None
        other = next((m for m in right if _apart(m, first)), None)
        if other is None:
            other = next((m for m in left if _apart(m, first)), None)
            if other is not None:
                first, other = other, first
        if other is None and clause.inherits and _apart(clause.inherits, first):
            first, other = clause.inherits, first
        if other is None and place:
            other = next((m for m in self._mentions if m.aside and _apart(m, first)), None)
        return first, other

    def _around(self, cue: Hit[_Cue], clause: Clause) -> tuple[list[Mention], list[Mention]]:
        """The mentions of the clause before and behind the cue."""
        own = [m for m in self._mentions if clause.start <= m.start and m.end <= clause.end]
        return (
            [m for m in own if m.end <= cue.start],
            [m for m in own if m.start >= cue.end],
        )

    # How it is said

    def _modified(self, cue: Hit[_Cue], clause: Clause) -> tuple[EventType, list[Status]]:
        """The type that modifiers make of the cue's, and the statuses they give, nearest first."""
        kind, statuses = cue.payload.type, []
        near = sorted(
            (distance, m)
            for m in self._modifiers
            if (distance := _distance(m, cue, clause)) is not None
        )
        for _, modifier in near:
            becomes = kind.becomes.get(modifier.payload.id)
            if becomes is not None:
                kind = self._types[becomes]
            elif modifier.payload.status is not None:
                statuses.append(modifier.payload.status)
        nearest = [cue.start, *(m.start for _, m in near)]
        for small in self._smalls:
            if (
                small.binding is Binding.NOT
                and clause.start <= small.start
                and any(0 <= start - small.end <= NOT_REACH for start in nearest)
            ):
                statuses.append(Status.DENIED)
        return kind, statuses

    def _status(
        self,
        cue: Hit[_Cue],
        clause: Clause,
        kind: EventType,
        statuses: list[Status],
        source: Mention | None,
        target: Mention | None,
        planned: Sequence[str],
    ) -> Status:
        found = set(statuses)
        if clause.dates:
            found.add(Status.PAST_REFERENCE)
        if clause.denied:
            found.add(Status.DENIED)
        if self._asks():
            found.add(Status.HYPOTHETICAL)
        if any(self._tokens[cue.start].exact.lower().endswith(ending) for ending in planned):
            found.add(Status.PLANNED)
        if clause.speaker_name is not None and not kind.said:
            party = any(
                m and clause.speaker and not _different(m.actor, clause.speaker)
                for m in (source, target)
            )
            found.add(Status.CLAIMED if party else Status.ATTRIBUTED)
        return next((status for status in Status if status in found), Status.ASSERTED)

    def _asks(self) -> bool:
        end = self._tokens[-1].end
        return "?" in self._text[end : end + 2]


def _named(event: Event) -> int:
    return (event.source is not None) + (event.target is not None)


def _distance(modifier: Hit[Modifier], cue: Hit[_Cue], clause: Clause) -> int | None:
    """Words between a modifier and its cue; None if it is out of reach or of the clause."""
    if not clause.start <= modifier.start < clause.end:
        return None
    if modifier.end <= cue.start:
        distance = cue.start - modifier.end
        return distance if distance <= MODIFIER_REACH else None
    if modifier.start >= cue.end and modifier.payload.behind:
        distance = modifier.start - cue.end
        return distance if distance <= BEHIND_REACH else None
    return None


def _apart(one: Mention, other: Mention) -> bool:
    return _different(one.actor, other.actor)


def _different(one: ActorId, other: ActorId) -> bool:
    """Whether neither is a part of the other."""
    return not (one == other or one.startswith(f"{other}.") or other.startswith(f"{one}."))


def _covered(hit: Hit, spans: Sequence[tuple[int, int]]) -> bool:
    return any(start <= hit.start and hit.end <= end for start, end in spans)


def _outermost(hits: Sequence[Hit], *, per_type: bool = False) -> list[Hit]:
    """Without those inside a longer one, of the same type if so asked."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda h: (h.start, -h.end)):
        if not any(
            k.start <= hit.start
            and hit.end <= k.end
            and (not per_type or k.payload.type.id == hit.payload.type.id)
            for k in kept[-8:]
        ):
            kept.append(hit)
    return kept
