"""One sentence read: its cues, and for each what kind of event it tells, of whom, and how sure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple

from monitor.core.clauses import Clause, Small, clauses
from monitor.core.knowledge import (
    ActorId,
    Binding,
    CueGroup,
    Event,
    EventType,
    Modifier,
    ModifierId,
    Status,
    TypeId,
)
from monitor.core.lexicon import Hit
from monitor.core.mentions import Held, Mention, Named, Whose, mentions, whole
from monitor.core.participants import Cue, Pair, Participants
from monitor.core.text import Token

BEHIND_REACH = 5  # words between a cue and a modifier behind it
NOT_REACH = 3  # words between a negation and what it denies
VERB_REACH = 4  # words between a verb and what it tells of: "levantará más sanciones"


@dataclass(frozen=True, slots=True)
class Told:
    """A word of a group of cues."""

    type: EventType
    group: CueGroup


@dataclass(frozen=True, slots=True)
class Trap:
    """A phrase that holds a cue of this type and means something else."""

    type: TypeId


@dataclass(frozen=True, slots=True)
class Beside:
    """A word that some group of cues looks for, or must not find."""

    words: int  # identity of the tuple of terms


Meaning = Named | Whose | Held | Binding | Modifier | Told | Trap | Beside

_KINDS = (Binding, Modifier, Told, Trap, Beside)
_STATUSES = tuple(Status)  # an enum itself is slow to go through
_AHEAD = frozenset((Status.HYPOTHETICAL, Status.THREATENED, Status.PLANNED))


class Ground(NamedTuple):
    """What a sentence is read by, beside its own words."""

    types: Mapping[TypeId, EventType]
    verbs: Mapping[Status, tuple[str, ...]]  # endings of verbs that tell how sure it is
    suffered: tuple[str, ...]  # endings of participles
    own: tuple[str, ...]  # endings of verbs that tell of the speaker's own deeds
    day: date | None
    context: Sequence[ActorId]  # countries that title and lead name
    beyond: Sequence[Mention] = ()  # whom the lead names, for a title


class Sentence:
    """The tokens of one sentence of `text`, and what the lexicon found in them."""

    def __init__(
        self, text: str, tokens: Sequence[Token], hits: Sequence[Hit[Meaning]], ground: Ground
    ) -> None:
        self._text, self._tokens, self._ground = text, tokens, ground
        found = _by_kind(hits)
        self._modifiers = _widest(found[Modifier])
        self._cues = _cues(found)
        smalls = _smalls(found[Binding], self._modifiers, self._cues)
        self.mentions = mentions(
            text,
            tokens,
            found[Named],
            {small.end: small.binding for small in smalls},
            day=ground.day,
            context=ground.context,
        )
        self._smalls = [small for small in smalls if not _inside(small, self.mentions)]
        self._aftermath = any(s.binding is Binding.AFTERMATH for s in self._smalls)
        self._participants = Participants(
            tokens,
            self.mentions,
            self._smalls,
            cues=self._cues,
            beyond=ground.beyond,
            suffered=ground.suffered,
            own=ground.own,
        )

    def events(self, field: str) -> list[Event]:
        """The events that the sentence tells, each kind once for each target."""
        if not self._cues:
            return []
        told = [cue.start for cue in self._cues]
        parts = clauses(self._text, self._tokens, self._smalls, self.mentions, told)
        found: dict[tuple[TypeId, ActorId | None, bool], Event] = {}
        for cue in sorted(self._cues, key=self._names):  # "envoy to visit": the visit first
            clause = next((c for c in parts if c.start <= cue.start < c.end), None)
            if clause is None:
                continue
            kind, statuses = self._modified(cue, clause)
            for pair in self._participants.of(cue, clause, said=kind.said and not cue.type.said):
                status = self._status(cue, clause, kind, statuses, pair)
                event = self._event(cue, clause, kind, status, pair, field)
                key = (event.type, event.target, status is Status.PAST_REFERENCE)
                if key not in found or _named(event) > _named(found[key]):
                    found[key] = event
        return list(found.values())

    def _names(self, cue: Cue) -> bool:
        return any(m.start <= cue.start and cue.end <= m.end for m in self.mentions)

    def _event(
        self,
        cue: Cue,
        clause: Clause,
        kind: EventType,
        status: Status,
        pair: Pair,
        field: str,
    ) -> Event:
        source, target = pair
        told = status not in (Status.ASSERTED, Status.PAST_REFERENCE)
        spans = [(m.start, m.end) for m in pair if m and m.start >= 0]
        spans.append((cue.start, cue.end))
        first, last = min(s for s, _ in spans), max(e for _, e in spans)
        return Event(
            type=kind.id,
            source=source.actor if source else None,
            target=target.actor if target else None,
            status=status,
            speaker=clause.speaker_name if told else None,
            sentence=self._words(0, len(self._tokens)),
            field=field,
            start=self._tokens[first].start,
            end=self._tokens[last - 1].end,
            source_name=source.name if source else None,
            target_name=target.name if target else None,
            speaker_actor=clause.speaker if told else None,
            revisited=status is Status.PAST_REFERENCE and (self._aftermath or not clause.dates),
        )

    def _modified(self, cue: Cue, clause: Clause) -> tuple[EventType, list[Status]]:
        """The type that modifiers make of the cue's, and the statuses they give, nearest first.

        Words that make another type give no status beside, nor do others of their kind.
        """
        kind = cue.type
        statuses = [cue.group.status] if cue.group.status else []
        near = sorted(
            (
                (distance, m)
                for m in self._modifiers
                if (distance := _distance(m, cue, clause)) is not None
                and not (m.payload.first and self._told_before(m, clause))
                and not (m.payload.suffered and not self._participants.reduced(cue, clause))
            ),
            key=lambda pair: pair[0],
        )
        starts = [cue.start, *(m.start for _, m in near)]
        used: set[ModifierId] = set()
        for _, same in groupby(near, key=lambda pair: (pair[0], pair[1].start)):
            meant = [modifier.payload for _, modifier in same]
            turns = next((each.id for each in meant if each.id in kind.becomes), None)
            if turns is not None:
                kind = self._ground.types[kind.becomes[turns]]
                used.add(turns)
            elif used.isdisjoint(each.id for each in meant):
                statuses += [each.status for each in meant if each.status is not None]
        if any(self._negated(start, clause) for start in starts):
            statuses.append(Status.DENIED)
        return kind, statuses

    def _told_before(self, modifier: Hit[Any], clause: Clause) -> bool:
        """Whether more than names stands before a modifier in its clause.

        With a capital it may be a name that nobody knows.
        """
        before = range(clause.start, modifier.start)
        named = {n for m in self.mentions for n in range(m.start, m.end)}
        named.update(n for small in self._smalls for n in range(small.start, small.end))
        named.update(n for n in before if self._tokens[n].exact[:1].isupper())
        return not named.issuperset(before)

    def _negated(self, start: int, clause: Clause) -> bool:
        return any(
            small.binding is Binding.NOT
            and clause.start <= small.start
            and 0 <= start - small.end <= NOT_REACH
            for small in self._smalls
        )

    def _status(
        self, cue: Cue, clause: Clause, kind: EventType, statuses: Sequence[Status], pair: Pair
    ) -> Status:
        found = set(statuses)
        if clause.dates or (clause.reacted and found.isdisjoint(_AHEAD)):
            found.add(Status.PAST_REFERENCE)
        if clause.denied:
            found.add(Status.DENIED)
        if self._asks():
            found.add(Status.HYPOTHETICAL)
        for status, endings in self._ground.verbs.items():
            if self._has_verb(endings, cue, clause):
                found.add(status)
        if clause.speaker_name is not None:
            said = self._said_by(clause, pair)
            if not (kind.said and said is Status.CLAIMED):  # who says it does it
                found.add(said)
        return next((status for status in _STATUSES if status in found), Status.ASSERTED)

    def _has_verb(self, endings: tuple[str, ...], cue: Cue, clause: Clause) -> bool:
        """Whether the cue, or a word close before it, ends like that."""
        first = max(clause.start, cue.start - VERB_REACH)
        return any(
            token.exact.lower().endswith(endings)
            and not any(m.start <= n < m.end for m in self.mentions)
            for n, token in enumerate(self._tokens[first : cue.end], first)
            if n == 0 or n >= cue.start or token.exact.islower()  # else it may be a name
        )

    def _said_by(self, clause: Clause, pair: Pair) -> Status:
        """What it is when somebody says so: a party, anybody else, or nobody who gives his name."""
        name = clause.speaker_name or ""
        unnamed = any(
            m.payload.status is Status.UNCONFIRMED and self._words(m.start, m.end) in name
            for m in self._modifiers
        )
        if unnamed:
            return Status.UNCONFIRMED
        party = clause.speaker is not None and any(
            m and whole(m.actor) == whole(clause.speaker) for m in pair
        )
        return Status.CLAIMED if party else Status.ATTRIBUTED

    def _words(self, start: int, end: int) -> str:
        return self._text[self._tokens[start].start : self._tokens[end - 1].end]

    def _asks(self) -> bool:
        end = self._tokens[-1].end
        return "?" in self._text[end : end + 2]


def _by_kind(hits: Sequence[Hit[Meaning]]) -> dict[type, list[Hit[Any]]]:
    """The hits by what they are; names, adjectives and offices together."""
    names: list[Hit[Any]] = []
    found: dict[type, list[Hit[Any]]] = {kind: [] for kind in _KINDS}
    found[Named] = found[Whose] = found[Held] = names
    for hit in hits:
        found[type(hit.payload)].append(hit)
    return found


def _smalls(
    bindings: Sequence[Hit[Any]], modifiers: Sequence[Hit[Any]], cues: Sequence[Cue]
) -> list[Small]:
    """The small words, without those that are part of a modifier.

    One that looks back binds all the same, "sued over a strike", and who denies is the speaker.
    A word of saying that is part of a longer cue is its verb: "writes to".
    """
    ahead = [m for m in modifiers if m.payload.status is not Status.PAST_REFERENCE]
    deeds = [cue for cue in cues if cue.end - cue.start > 1]
    return [
        Small(hit.start, hit.end, hit.payload)
        for hit in _outermost(bindings)
        if not (hit.payload is Binding.SAYS and _within(hit, deeds))
        and (hit.payload is Binding.DENIES or not _within(hit, ahead))
    ]


def _within(hit: Hit[Any], wider: Sequence[Hit[Any] | Cue]) -> bool:
    return any(one.start <= hit.start and hit.end <= one.end for one in wider)


def _inside(small: Small, named: Sequence[Mention]) -> bool:
    return any(m.start <= small.start and small.end <= m.end for m in named)


def _cues(found: Mapping[type, Sequence[Hit[Any]]]) -> list[Cue]:
    """The cues, without those inside a longer one of their type or a trap, or without company."""
    traps = found[Trap]
    beside = {hit.payload.words for hit in found[Beside]}
    return [
        Cue(hit.start, hit.end, hit.payload.type, hit.payload.group)
        for hit in _outermost(found[Told], per_type=True)
        if _fits(hit.payload.group, beside) and not any(_catches(trap, hit) for trap in traps)
    ]


def _fits(group: CueGroup, beside: set[int]) -> bool:
    """Whether the words stand in the sentence that a group asks for, and none that it excludes."""
    asked = not group.beside or id(group.beside) in beside
    return asked and (not group.unless or id(group.unless) not in beside)


def _catches(trap: Hit[Any], told: Hit[Any]) -> bool:
    same: bool = trap.payload.type == told.payload.type.id
    return same and trap.start <= told.start and told.end <= trap.end


def _named(event: Event) -> int:
    return (event.source is not None) + (event.target is not None)


def _distance(modifier: Hit[Any], cue: Cue, clause: Clause) -> int | None:
    """Words between a modifier and its cue; None if it is out of reach or of the clause."""
    if not clause.start <= modifier.start < clause.end:
        return None
    within = modifier.payload.within
    if modifier.end <= cue.start:
        distance = cue.start - modifier.end
        return distance if distance <= within else None
    if modifier.start >= cue.end and modifier.payload.behind:
        distance = modifier.start - cue.end
        return distance if distance <= min(BEHIND_REACH, within) else None
    return None


def _widest(hits: Sequence[Hit[Any]]) -> list[Hit[Any]]:
    """Without those inside a longer one; what several mean at one place, all do."""
    kept = {(hit.start, hit.end) for hit in _outermost(hits)}
    return [hit for hit in hits if (hit.start, hit.end) in kept]


def _outermost(hits: Sequence[Hit[Any]], *, per_type: bool = False) -> list[Hit[Any]]:
    """Without those inside a longer one, of the same type if so asked."""
    kept: list[Hit[Any]] = []
    ends: dict[TypeId | None, int] = {}
    for hit in sorted(hits, key=lambda h: (h.start, -h.end)):
        kind = hit.payload.type.id if per_type else None
        if hit.end > ends.get(kind, 0):
            ends[kind] = hit.end
            kept.append(hit)
    return kept


def moved(mention: Mention) -> Mention:
    """The mention as another field sees it, where it stands nowhere."""
    return mention._replace(start=-1, end=-1)


def shifted(hits: Sequence[Hit[Meaning]], offset: int) -> Iterator[Hit[Meaning]]:
    """The hits counted from the token `offset` on."""
    if not offset:
        return iter(hits)
    return (Hit(hit.start - offset, hit.end - offset, hit.payload) for hit in hits)
