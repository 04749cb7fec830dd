"""Who did it and whom it was done to: the participants of one cue, from its own clause.

Who stands before a cue did it, whom it names behind it suffered it; turned round in the passive,
and small words ("by", "against", "in", "with") decide over order.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from monitor.core.clauses import Clause, Small
from monitor.core.knowledge import Binding, CueGroup, EventType
from monitor.core.mentions import Mention, apart
from monitor.core.text import Token

OF_REACH = 3  # words between a cue and the "of" or "by" that names who did it
PASSIVE_REACH = 1  # words between "was" and a cue
OWN_REACH = 4  # words between "we" and a cue whose doer is the speaker: "we are going to"
THAT_REACH = 1  # words between "that" and a cue whose subject is the speaker

_OBLIQUE = frozenset((Binding.TOWARD, Binding.OF, Binding.WITH, Binding.AGENT, Binding.TOPIC))

Pair = tuple[Mention | None, Mention | None]  # source and target


class Cue(NamedTuple):
    """Words at tokens `start` to `end` that tell of an event of a type."""

    start: int
    end: int
    type: EventType
    group: CueGroup


class Participants:
    """Those of one sentence. `beyond` are named by the lead of a title.

    `suffered`: endings of participles, `own`: of verbs of the first person. `aloof`: where those
    stand who only react to what happened.
    """

    def __init__(
        self,
        tokens: Sequence[Token],
        named: Sequence[Mention],
        smalls: Sequence[Small],
        *,
        cues: Sequence[Cue],
        beyond: Sequence[Mention],
        suffered: tuple[str, ...],
        own: tuple[str, ...],
    ) -> None:
        self._tokens, self._mentions, self._smalls = tokens, named, smalls
        self._beyond, self._endings, self._own = beyond, suffered, own
        self._owned = {cue.start: cue.type.family for cue in cues}  # "X sanctions" are X's
        reacting = [s.start for s in smalls if s.binding is Binding.REACTS]
        self._aloof = {m.start for m in named if reacting and m.end <= reacting[0]}

    def of(self, cue: Cue, clause: Clause, *, said: bool) -> Iterator[Pair]:
        """Source and target, once for each that is concerned.

        `said`: a modifier makes saying it the deed, as where somebody is ready to talk.
        """
        kind, group = cue.type, cue.group
        if kind.two_parties:
            source, target = self._parties(cue, clause, said=said)
            if source and target and (not group.joined or self._joined(source, target, cue)):
                yield _as_party(source), _as_party(target)
            return
        source, target = self._completed(cue, *self._directed(cue, clause))
        named = source is not None or self._aloof or clause.dates
        if group.needs_source and not named:
            return
        if target is not None or (source is not None and not kind.concerns):
            yield source, target
        if group.place and target is not None and not kind.concerns:
            _, after = self._around(cue, clause)
            place = next((m for m in after if m.aside and _apart(m, target)), None)
            if place is not None and (source is None or _apart(place, source)):
                yield source, place
        if kind.concerns and not (target and target is not source and target.end == cue.start):
            for other in (*self._concerned(clause, target), *self._beyond):
                if other not in (source, target) and (source is None or _apart(other, source)):
                    yield source, other

    def _concerned(self, clause: Clause, target: Mention | None) -> Iterable[Mention]:
        """Whom it concerns beside: of other clauses nobody where its own names whom it is about."""
        own = [m for m in self._mentions if clause.start <= m.start and m.end <= clause.end]
        return own if target in own else self._mentions

    def _directed(self, cue: Cue, clause: Clause) -> Pair:
        """Who did it and whom it was done to."""
        before, after = self._around(cue, clause)
        subjects = self._subjects(before)
        agent = self._agent(cue, after)
        target = self._object(cue, after, agent)
        if subjects and self._suffered(cue, after):
            if agent is None or _apart(subjects[0], agent):
                target = subjects[0]
            agent = agent or self._inherited(cue, clause, target)
            return agent, target or self._elsewhere(cue, clause, agent)
        if agent is None and self._of_name(subjects, cue):
            target = target or subjects[0]
        source = agent or next(
            (m for m in subjects if self._may(cue, m) and (not target or _apart(m, target))), None
        )
        if target is None:
            by = bool(cue.type.by)
            target = next((m for m in subjects if m is not source and (by or not m.moves)), None)
        if source is None and cue.type.by:
            reached = (m for m in after if cue.type.concerns or not self._hit(cue, m))
            source = next((m for m in (*reached, *before) if self._may(cue, m)), None)
            if source is not None and target is source:
                target = next((m for m in subjects if _apart(m, source)), None)
        if source is None:
            source = self._inherited(cue, clause, target)
        return source, target or self._elsewhere(cue, clause, source)

    def _hit(self, cue: Cue, mention: Mention) -> bool:
        """Whether a small word says that it was hit: a "strike in X" or "against X" is none of X.

        "Sanctions in X" may be those of X, though.
        """
        near = mention.start <= cue.end + OF_REACH
        return mention.aside or (near and mention.bound is Binding.TOWARD)

    def _of_name(self, subjects: Sequence[Mention], cue: Cue) -> bool:
        """Whether two names stand right before a cue: "Smith's Xland strike" was on Xland."""
        if len(subjects) < 2:  # noqa: PLR2004
            return False
        near, far = subjects[:2]
        return near.end == cue.start and far.end == near.start and _apart(near, far)

    def _subjects(self, before: Sequence[Mention]) -> list[Mention]:
        """Who may be the subject, the likeliest first: near, and with no small word before it."""
        return sorted(
            (m for m in reversed(before) if not m.aside), key=lambda m: m.bound in _OBLIQUE
        )

    def _completed(self, cue: Cue, source: Mention | None, target: Mention | None) -> Pair:
        """With whom the lead names, where a title leaves them out."""
        if source is None and cue.type.concerns and cue.type.by:
            source = next((m for m in self._beyond if self._may(cue, m)), None)
        if target is None and source is not None and cue.group.place:
            target = next((m for m in self._beyond if _apart(m, source)), None)
        return source, target

    def _may(self, cue: Cue, mention: Mention) -> bool:
        """Whether it can have done this."""
        by = cue.type.by
        return mention.moves and (not by or any(not apart(mention.actor, a) for a in by))

    def _agent(self, cue: Cue, after: Sequence[Mention]) -> Mention | None:
        """Who is said behind the cue to have done it."""
        for mention in after:
            if mention.bound is Binding.AGENT and self._may(cue, mention):
                return mention
            if mention.adjective and mention.start == cue.end and self._may(cue, mention):
                return mention
        if cue.group.of_target or self._aimed(cue):
            return None
        for mention in after:
            near = mention.start <= cue.end + OF_REACH
            if mention.bound is Binding.OF and near and self._may(cue, mention):
                return mention
        return None

    def _aimed(self, cue: Cue) -> bool:
        """Whether an object follows, so that "of" behind belongs to it: "matan a un jefe de X"."""
        return any(s.binding is Binding.TOWARD and s.start == cue.end for s in self._smalls)

    def _object(self, cue: Cue, after: Sequence[Mention], agent: Mention | None) -> Mention | None:
        """Whom the words behind the cue name."""
        named = [m for m in after if m is not agent and m.bound is not Binding.AGENT]
        places = [m for m in named if m.aside] if cue.group.place else []
        place = next(iter(places), None)
        near = max(cue.end, agent.end if agent else 0) + 1
        if place and place.moves and place.start <= near and not self._goes_on(place, named):
            return place  # "strikes on Xland help Yland"
        return next((m for m in named if not m.aside), None) or place

    def _goes_on(self, mention: Mention, named: Sequence[Mention]) -> bool:
        """Whether another name is joined to it: "Xland, Yland", "Xland and Yland"."""
        joins = (s for s in self._smalls if s.binding is Binding.AND and s.start == mention.end)
        following = mention.end + any(joins)
        return any(other.start == following for other in named)

    def _elsewhere(self, cue: Cue, clause: Clause, source: Mention | None) -> Mention | None:
        """Where it happened, or else who is concerned, by the rest of the sentence."""
        if not cue.group.place:
            return None
        others = [m for m in self._mentions if source is None or _apart(m, source)]
        found = next((m for m in others if m.aside), None)
        if found is None and source is not None:
            found = next((m for m in others if m.start not in self._aloof), None)
        label = clause.label
        if found is None and label and (source is None or _apart(label, source)):
            found = label
        return found

    def _inherited(self, cue: Cue, clause: Clause, target: Mention | None) -> Mention | None:
        """The speaker, where he speaks of what he does himself."""
        speaker = clause.inherits
        if speaker is None or (target and not _apart(speaker, target)):
            return None
        own = (
            cue.type.said
            or cue.group.needs_source
            or clause.denied
            or self._own_deed(cue, clause)
            or any(
                s.binding is Binding.THAT and 0 <= cue.start - s.end <= THAT_REACH
                for s in self._smalls
            )
        )
        return speaker if own and self._may(cue, speaker) else None

    def _own_deed(self, cue: Cue, clause: Clause) -> bool:
        """Whether it is told in the first person: "we struck", atacamos."""
        return self._tokens[cue.start].folded.endswith(self._own) or any(
            s.binding is Binding.OWN
            and clause.start <= s.start
            and 0 <= cue.start - s.end <= OWN_REACH
            for s in self._smalls
        )

    def _suffered(self, cue: Cue, after: Sequence[Mention]) -> bool:
        """Whether what stands before the cue suffered it."""
        passive = self._participle(cue) and self._passive(cue)
        return passive or self._by(cue, after) or cue.group.target_before

    def _passive(self, cue: Cue) -> bool:
        return any(
            s.binding is Binding.PASSIVE and cue.start - PASSIVE_REACH <= s.end <= cue.start
            for s in self._smalls
        )

    def _by(self, cue: Cue, after: Sequence[Mention]) -> bool:
        return any(m.bound is Binding.AGENT and m.start <= cue.end + OF_REACH for m in after)

    def reduced(self, cue: Cue, clause: Clause) -> bool:
        """Whether a participle only says more of a name: "tanker seized by X", "seized Y"."""
        before, after = self._around(cue, clause)
        leads = not before and any(m.start <= cue.end + 1 for m in after)
        return self._participle(cue) and not self._passive(cue) and (leads or self._by(cue, after))

    def _participle(self, cue: Cue) -> bool:
        return self._tokens[cue.start].folded.endswith(self._endings)

    def _parties(self, cue: Cue, clause: Clause, *, said: bool) -> Pair:
        """The two of an exchange, who acts or is named first before the other."""
        place = cue.group.place
        before, after = self._around(cue, clause)
        left = [m for m in self._subjects(before) if m.moves and self._party(m, cue, clause)]
        right = sorted(
            (
                m
                for m in after
                if (place or (m.moves and not m.aside)) and self._party(m, cue, clause)
            ),
            key=lambda m: m.bound is not Binding.WITH,
        )
        inside = [m for m in self._mentions if m.start < cue.end and m.end > cue.start]
        speaker = [clause.inherits] if clause.inherits and clause.inherits.moves else []
        first = next(iter((*inside, *left, *speaker, *right)), None)
        if first is None or any(m.aside and m.end == cue.start for m in before):
            return None, None  # "over X talks" are not ours
        for other in right:
            if _apart(other, first):
                return first, other
        for other in (*left, *speaker):
            if _apart(other, first):
                denies = clause.denied and first in left and other in speaker
                return (first, other) if denies else (other, first)
        rest = (
            m
            for m in self._mentions
            # In the place counts one as a party; "ready to talk as X arms" is said to X.
            if (m.aside and place) or (m.moves and not m.aside and said)
        )
        return first, next((m for m in rest if _apart(m, first)), None)

    def _party(self, mention: Mention, cue: Cue, clause: Clause) -> bool:
        """Whether it can be one of two; what says whose another thing is only beside the cue."""
        if mention.end == cue.start or mention.start == cue.end:
            return True
        family = cue.type.family
        owns = mention.end < clause.end and self._owned.get(mention.end, family) != family
        return not mention.adjective and not owns

    def _joined(self, first: Mention, other: Mention, cue: Cue) -> bool:
        """Whether small words or their place say that the two belong together."""
        if Binding.WITH in (first.bound, other.bound):
            return True
        one, two = sorted((first, other), key=lambda m: m.start)
        between = {s.binding for s in self._smalls if one.end <= s.start and s.end <= two.start}
        if two.start - one.end <= 1 and between <= {Binding.AND}:
            return True
        return cue.start in {one.end, two.end}

    def _around(self, cue: Cue, clause: Clause) -> tuple[list[Mention], list[Mention]]:
        """The mentions of the clause before and behind the cue; its own ("Marines") are before."""
        own = [m for m in self._mentions if clause.start <= m.start and m.end <= clause.end]
        return (
            [m for m in own if m.start < cue.start or m.end <= cue.end],
            [m for m in own if m.start >= cue.start and m.end > cue.end],
        )


def _as_party(mention: Mention) -> Mention:
    return mention._replace(actor=mention.party)


def _apart(one: Mention, other: Mention) -> bool:
    return apart(one.actor, other.actor)
