"""What tells one event of a kind from another: parties, places, figures, voices."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from monitor.core.corroboration import Voice
from monitor.core.knowledge import ActorId, Event, Knowledge, Status
from monitor.core.lexicon import Hit, Lexicon
from monitor.core.model import Document
from monitor.core.rules import Term
from monitor.core.text import Columns, columns, fold, lead_text

ANOTHER_REACH = 6  # words before and behind those of an event in which "another" belongs to it
_FIGURE = re.compile(r"\d[\d.,]*")
_YEAR = re.compile(r"(?:19|20)\d\d")
_MONEY = ("$", "€", "£")


class Mark(StrEnum):
    """What a word of the knowledge says about the event beside it."""

    ANOTHER = "another"  # not the one that was told before
    WITNESS = "witness"  # somebody saw it
    UNCOUNTED = "uncounted"  # a figure beside it counts nothing of the event


@dataclass(frozen=True, slots=True)
class Particulars:
    """Of what one match is about: `family` and `type` of its event, "" for a match by words.

    The type of what is only planned, threatened or called off says so.

    `parties` are the wholes that source and target belong to, `places` ids of the knowledge,
    `numbers` figures of the title as written. `voices` are those whom the text names;
    `told`: it tells of such an event at all.
    """

    family: str = ""
    type: str = ""
    parties: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    numbers: tuple[str, ...] = ()
    another: bool = False
    voices: tuple[Voice, ...] = ()
    told: bool = False


class _Top(NamedTuple):
    """What title and lead of a document say: places and figures of the title, and a witness."""

    places: frozenset[str]
    numbers: tuple[str, ...]
    witnessed: bool


class Reader:
    """Finds particulars in documents. For one thread at a time."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._lexicon = Lexicon(_entries(knowledge))
        self._families = {each.id: each.family for each in knowledge.types}
        self._said = {each.id for each in knowledge.types if each.said}
        self._reporting = {each.id for each in knowledge.actors if each.reports}
        self._resting = {each.id for each in knowledge.actors if not each.moves}
        self._read: Document | None = None
        self._found = _Top(frozenset(), (), witnessed=False)

    def of(
        self, document: Document, event: Event | None, events: Sequence[Event] = ()
    ) -> Particulars:
        """What title and lead say; of places and of `another` the sentence of the event alone.

        `events` are all of the document; those of the same family say who speaks of it, or all that
        the rule asks for where it matched by words.
        """
        top = self._top(document)
        family = self._family(event)
        alike = [
            each
            for each in (event, *events)
            if each and (event is None or self._family(each) == family)
        ]
        voices = list(self._voices(alike))
        if top.witnessed:
            voices.append(Voice.on_the_ground())
        return Particulars(
            family=family,
            type=self._type(event),
            parties=_parties(event),
            places=top.places if event is None else self._places(columns(event.sentence)),
            numbers=top.numbers,
            another=event is not None and self._another(document, event),
            voices=tuple(dict.fromkeys(voices)),
            told=event is not None,
        )

    def _top(self, document: Document) -> _Top:
        """The same for every match of a document, and those come one after another."""
        if document is not self._read:
            title, lead = columns(document.title), columns(lead_text(document))
            in_title = self._lexicon.find(title)
            marks = [hit.payload for hit in (*in_title, *self._lexicon.find(lead))]
            numbers = tuple(dict.fromkeys(_figures(document.title, title, in_title)))
            self._read = document
            self._found = _Top(self._places(title), numbers, Mark.WITNESS in marks)
        return self._found

    def _places(self, text: Columns) -> frozenset[str]:
        found = (hit.payload for hit in self._lexicon.find(text))
        return frozenset(each for each in found if not isinstance(each, Mark))

    def _type(self, event: Event | None) -> str:
        """What happened, is to happen, or does not: that it is done is news after the plan.

        What somebody denies is no type of its own, as his word counts against that of others; but
        where saying is the deed he takes it back.
        """
        if event is None:
            return ""
        taken_back = event.speaker is None or event.type in self._said
        if event.status is Status.DENIED and taken_back:
            return f"{event.type}, {_NOT_DONE}"
        return f"{event.type}, {event.status}" if event.status in _AHEAD else event.type

    def _family(self, event: Event | None) -> str:
        return self._families.get(event.type, "") if event else ""

    def _voices(self, events: Iterable[Event]) -> Iterator[Voice]:
        """Who stands behind the events, or against them, as the text names them."""
        for event in events:
            denies = event.status is Status.DENIED
            if event.type in self._said:  # whoever does it, says it: nobody else can confirm it
                if event.source and not denies:
                    yield Voice(event.source, event.source_name or event.source)
            elif event.speaker and (denies or event.status in _SAID):
                yield self._voice(event.speaker, event.speaker_actor, denies=denies)

    def _voice(self, name: str, actor: ActorId | None, *, denies: bool) -> Voice:
        if actor is not None and actor in self._reporting:
            return Voice(fold(name), name, denies=denies)
        if actor is None or actor in self._resting:
            return Voice.of_others(denies=denies)
        return Voice(actor, name, actor.partition(".")[0], denies)

    def _another(self, document: Document, event: Event) -> bool:
        words = columns(getattr(document, event.field) or "")
        first = next((n for n, end in enumerate(words.ends) if end > event.start), 0)
        last = next((n for n, end in enumerate(words.ends) if end >= event.end), first)
        near: list[Hit[str | Mark]] = self._lexicon.find(
            words, max(0, first - ANOTHER_REACH), min(len(words.ends), last + 1 + ANOTHER_REACH)
        )
        return any(hit.payload is Mark.ANOTHER for hit in near)


_SAID = frozenset(
    {Status.CLAIMED, Status.ATTRIBUTED, Status.UNCONFIRMED, Status.THREATENED, Status.PLANNED}
)


_NOT_DONE = "not done"  # called off, refused
_AHEAD = frozenset({Status.THREATENED, Status.PLANNED, Status.HYPOTHETICAL})


def _parties(event: Event | None) -> frozenset[str]:
    named = (event.source, event.target) if event else ()
    return frozenset(actor.partition(".")[0] for actor in named if actor)


def _entries(knowledge: Knowledge) -> Iterator[tuple[Term, str | Mark]]:
    for place, terms in knowledge.places.items():
        yield from ((term, place) for term in terms)
    yield from ((term, Mark.ANOTHER) for term in knowledge.another)
    yield from ((term, Mark.WITNESS) for term in knowledge.witnesses)
    yield from ((term, Mark.UNCOUNTED) for term in knowledge.uncounted)


def _figures(text: str, words: Columns, hits: Iterable[Hit[str | Mark]]) -> Iterator[str]:
    """Figures that may count something of an event: no years, no money, none beside `uncounted`."""
    beside = {n for hit in hits if hit.payload is Mark.UNCOUNTED for n in (hit.start - 1, hit.end)}
    for n, word in enumerate(words.exact):
        if not _FIGURE.match(word) or _YEAR.fullmatch(word) or n in beside:
            continue
        if not text[: words.starts[n]].endswith(_MONEY):
            yield fold(word)
