"""What the event coder knows: actors, offices, cues and the small words that bind them.

All of it comes from `config/knowledge/`; nothing here names a subject. docs/events.md says how a
sentence is read with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NewType

from monitor.core.rules import Term

ActorId = NewType("ActorId", str)  # dotted: `chile.government` is part of `chile`
TypeId = NewType("TypeId", str)
ModifierId = NewType("ModifierId", str)


class Status(StrEnum):
    """How an event is said to be; the first that fits, in this order."""

    PAST_REFERENCE = "past_reference"
    DENIED = "denied"
    HYPOTHETICAL = "hypothetical"
    THREATENED = "threatened"
    PLANNED = "planned"
    UNCONFIRMED = "unconfirmed"
    CLAIMED = "claimed"
    ATTRIBUTED = "attributed"
    ASSERTED = "asserted"


class Binding(StrEnum):
    """What small words and other marks say about the words beside them."""

    AGENT = "agent"  # by, por: who did it stands behind
    OF = "of"  # of, de: who did it, or whom it was done to
    TOWARD = "toward"  # against, contra: whom it was done to stands behind
    WITH = "with"  # with, con: the other party stands behind
    TOPIC = "topic"  # about, sobre: what stands behind is no party
    PLACE = "place"  # in, en: where
    PASSIVE = "passive"  # was, fue: a cue right behind was suffered by what stands before
    AND = "and"
    THAT = "that"  # that, que: what somebody says stands behind
    BREAK = "break"  # as, while, mientras: another clause
    AFTERMATH = (
        "aftermath"  # the dead, damage: what a TIME word stands before is the subject after all
    )
    TIME = "time"  # after, since, tras: what stands behind dates the rest
    SAYS = "says"  # says, afirma: a speaker before, what is said behind, or the other way round
    DENIES = "denies"  # denies, niega: as SAYS, and it is not so
    REACTS = "reacts"  # condemns, rechaza: who stands before did not do it
    ACCORDING = "according"  # según: the speaker stands behind
    NOT = "not"  # not, no
    OWN = "own"  # we, nosotros: what stands behind is the deed of whoever speaks


SPOKEN = frozenset((Binding.SAYS, Binding.DENIES, Binding.REACTS))  # what somebody does by speaking


class Notice(StrEnum):
    """What an outlet says of its own article, in words that it sets apart."""

    CORRECTION = "correction"
    RETRACTION = "retraction"
    UPDATE = "update"  # when a page was last touched: no change of what it says


@dataclass(frozen=True, slots=True)
class NoticeWords:
    """The words of one kind of notice.

    `opening`: with a stop behind them they open a headline or a paragraph ("Correction:", "Fe de
    errores."), or stand in brackets. `anywhere`: wherever they stand they speak of the article.
    """

    opening: tuple[Term, ...] = ()
    anywhere: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Name:
    """One name of an actor, and between which days it means this actor (both included)."""

    term: Term
    since: date | None = None
    until: date | None = None

    def holds(self, day: date | None) -> bool:
        """Whether it means the actor on that day; None is a text without a date."""
        if day is None:
            return True
        return (self.since is None or self.since <= day) and (
            self.until is None or day <= self.until
        )


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts or is acted on.

    `adjectives` say whose an office is ("Chilean", "chileno"); an actor with some is a
    country. `acts_as`: who acts where its bare name is a party ("Chile rejects").
    `moves`: False for what can only be acted on, as a vessel or a sea. `reports`: it tells the
    news, so that each of its names is a voice of its own.
    `country`: its ISO 3166 code; the "foreign minister" of its outlets is its own.
    """

    id: ActorId
    title: str
    names: tuple[Name, ...] = ()
    adjectives: tuple[Term, ...] = ()
    acts_as: ActorId | None = None
    moves: bool = True
    reports: bool = False
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Office:
    """Words that with a country name one of its parts: "Chilean president".

    `alone`: they do so even where the country stands elsewhere in title or lead.
    """

    part: str  # `government`
    words: tuple[Term, ...]
    alone: tuple[Term, ...] = ()
    moves: bool = True


MODIFIER_REACH = 9  # words between a modifier and its cue at most


@dataclass(frozen=True, slots=True)
class Modifier:
    """Words that change what an event is ("lifts", "refuses") or how sure it is ("may").

    `within`: how many words may stand between them and their cue. `first`: only where nothing but
    names stands before them in their clause ("X to strike", but not "X landed to strike").
    `suffered`: only with a participle beside which stands who did it ("seized by X, docks in Y").
    """

    id: ModifierId
    words: tuple[Term, ...]
    status: Status | None = None
    behind: bool = False  # may also stand behind its cue ("sanctions lifted")
    within: int = MODIFIER_REACH
    first: bool = False
    suffered: bool = False


@dataclass(frozen=True, slots=True)
class CueGroup:
    """Words that tell of an event.

    `place`: what stands in a place is a party too ("strike in X"). `of_target`: whom "of" or "de"
    names was acted on ("capture of X"). `target_before`: it was suffered by what stands before.
    `joined`: two parties must be named together ("deal with X", "X-Y deal"). `needs_source`: it
    tells nothing where nobody is named who did it. `status`: the words themselves say how sure it
    is ("due in X"). `beside`: terms of which one must stand in the same sentence; `unless`: of
    which none may.
    """

    words: tuple[Term, ...]
    place: bool = False
    of_target: bool = False
    target_before: bool = False
    needs_source: bool = False
    joined: bool = False
    status: Status | None = None
    beside: tuple[Term, ...] = ()
    unless: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class EventType:
    """One kind of event. `two_parties`: an exchange, of which both must be named.

    `becomes`: which type it is under a modifier. `traps`: phrases that hold a cue and mean
    something else. `said`: saying it is the deed, so that it is never merely claimed.
    `concerns`: everybody named in the sentence beside who did it is concerned, each by an event of
    his own. `by`: only these actors and their parts do it. `arguable`: an alert by it is weak.
    `labels`: its name in messages, by language.
    """

    id: TypeId
    title: str
    family: str
    cues: tuple[CueGroup, ...] = ()
    traps: tuple[Term, ...] = ()
    becomes: Mapping[ModifierId, TypeId] = field(default_factory=dict)
    two_parties: bool = False
    said: bool = False
    concerns: bool = False
    by: tuple[ActorId, ...] = ()
    arguable: bool = False
    labels: Mapping[str, str] = field(default_factory=dict, repr=False)  # decides nothing


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything the coder knows.

    `places`: names of each place, by which two events of one kind are told apart. `another` says
    that an event is not the one told before, `witnesses` that somebody saw it; a figure beside a
    word of `uncounted` counts nothing of it.
    """

    actors: tuple[Actor, ...] = ()
    offices: tuple[Office, ...] = ()
    modifiers: tuple[Modifier, ...] = ()
    types: tuple[EventType, ...] = ()
    bindings: Mapping[Binding, tuple[Term, ...]] = field(default_factory=dict)
    planned_endings: tuple[str, ...] = ()  # of a verb that tells of the future
    hypothetical_endings: tuple[str, ...] = ()  # of one that tells what would be
    suffered_endings: tuple[str, ...] = ()  # of a participle, as in "was seized"
    own_endings: tuple[str, ...] = ()  # of a verb that tells of one's own side's deed: atacamos
    places: Mapping[str, tuple[Term, ...]] = field(default_factory=dict)
    another: tuple[Term, ...] = ()
    witnesses: tuple[Term, ...] = ()
    uncounted: tuple[Term, ...] = ()
    notices: Mapping[Notice, NoticeWords] = field(default_factory=dict)  # core/notices.py
    meanings: tuple[tuple[Term, ...], ...] = ()  # words that mean the same, for stories alone


@dataclass(frozen=True, slots=True)
class Event:
    """Who did what to whom, as one sentence says it.

    `source` and `target` are actors, None where the sentence names none; their names as written
    are beside them. `start` and `end` are code points into `field`, around the participants and
    the cue; `sentence` is the whole of it. `revisited`: what lies behind the news is its subject
    (judged, counted, mourned), and no mere date.
    """

    type: TypeId
    source: ActorId | None
    target: ActorId | None
    status: Status
    speaker: str | None
    sentence: str
    field: str
    start: int
    end: int
    source_name: str | None = None
    target_name: str | None = None
    speaker_actor: ActorId | None = None
    revisited: bool = False
