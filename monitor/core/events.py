"""The event coder: who did what to whom, sentence by sentence. It knows no word by itself.

Each cue of an event type looks for its participants in its own clause (`participants`). Modifiers
in the clause make another type or status of it (`sentences`): "offers talks", "lifts sanctions",
"may strike". docs/events.md draws three examples.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby, islice

from monitor.core.knowledge import ActorId, Event, Knowledge, Status
from monitor.core.lexicon import Hit, Lexicon
from monitor.core.mentions import Held, Mention, Named, Whose
from monitor.core.model import Document
from monitor.core.rules import Term
from monitor.core.sentences import (
    Beside,
    Ground,
    Meaning,
    Sentence,
    Told,
    Trap,
    moved,
    shifted,
)
from monitor.core.text import Columns, columns

SENTENCE_LIMIT = 120  # words of a sentence that are read; nobody writes longer ones by hand
EVENTS_LIMIT = 200  # of one document


class Coder:
    """Finds events in documents. For one thread at a time."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._types = {each.id: each for each in knowledge.types}
        self._homes = {actor.country: actor.id for actor in knowledge.actors if actor.country}
        self._lexicon = Lexicon(entries(knowledge))
        self._cues = Lexicon(_cues(knowledge))

    def code(self, document: Document, *, day: date | None = None) -> list[Event]:
        """The events of title, summary and text, in reading order, EVENTS_LIMIT at most.

        `day` is when the document was published: names age.
        """
        fields = {
            field: _Field(field, text, words, self._hits(field, words))
            for field in ("title", "summary", "text")
            if (text := getattr(document, field))
            for words in (columns(text),)
        }
        top = [fields[name] for name in ("title", "summary") if name in fields]
        context = [country for field in top for country in field.countries()]
        if document.country in self._homes:
            context.append(self._homes[document.country])
        ground = Ground(
            self._types,
            {
                Status.PLANNED: self._knowledge.planned_endings,
                Status.HYPOTHETICAL: self._knowledge.hypothetical_endings,
            },
            self._knowledge.suffered_endings,
            self._knowledge.own_endings,
            day,
            context,
        )
        completed = ground
        lead = fields.get("summary")
        if lead and "title" in fields and fields["title"].told():
            completed = ground._replace(beyond=lead.named(ground))
        found = (
            event
            for name, field in fields.items()
            for event in field.events(completed if name == "title" else ground)
        )
        return list(islice(found, EVENTS_LIMIT))

    def _hits(self, field: str, words: Columns) -> list[Hit[Meaning]]:
        """What stands in a field; of the text only in sentences that have a cue, which are few."""
        if field != "text":
            return self._lexicon.find(words)
        numbers = words.sentences
        return [
            hit
            for number in dict.fromkeys(numbers[hit.start] for hit in self._cues.find(words))
            for hit in self._lexicon.find(
                words, bisect_left(numbers, number), bisect_right(numbers, number)
            )
        ]


class _Field:
    """One field of a document, cut into sentences."""

    def __init__(self, name: str, text: str, words: Columns, hits: Sequence[Hit[Meaning]]) -> None:
        self._name, self._text, self._words, self._hits = name, text, words, hits

    def countries(self) -> Iterator[ActorId]:
        """The countries that it names, in order."""
        for hit in self._hits:
            if isinstance(hit.payload, Named | Whose) and hit.payload.actor.adjectives:
                yield hit.payload.actor.id

    def told(self) -> bool:
        """Whether any event may be told in it."""
        return any(isinstance(hit.payload, Told) for hit in self._hits)

    def named(self, ground: Ground) -> list[Mention]:
        """Whom it names, as another field sees them."""
        return [
            moved(mention)
            for hits in self._sentences()
            for mention in self._read(hits, ground).mentions
        ]

    def events(self, ground: Ground) -> Iterator[Event]:
        """The events of its sentences."""
        if self.told():
            for hits in self._sentences():
                if any(isinstance(hit.payload, Told) for hit in hits):
                    yield from self._read(hits, ground).events(self._name)

    def _sentences(self) -> Iterator[list[Hit[Meaning]]]:
        for _, hits in groupby(self._hits, key=lambda hit: self._words.sentences[hit.start]):
            yield list(hits)

    def _read(self, hits: Sequence[Hit[Meaning]], ground: Ground) -> Sentence:
        start, end = self._around(hits[0].start)
        inside = [hit for hit in shifted(hits, start) if hit.end <= end - start]
        return Sentence(self._text, self._words.tokens(start, end), inside, ground)

    def _around(self, position: int) -> tuple[int, int]:
        """Where the sentence of a token begins and ends, within SENTENCE_LIMIT words."""
        numbers = self._words.sentences
        number = numbers[position]
        start = max(bisect_left(numbers, number), position - SENTENCE_LIMIT)
        return start, min(bisect_right(numbers, number), start + SENTENCE_LIMIT)


def _cues(knowledge: Knowledge) -> Iterator[tuple[Term, Told]]:
    for event_type in knowledge.types:
        for group in event_type.cues:
            yield from ((term, Told(event_type, group)) for term in group.words)


def entries(knowledge: Knowledge) -> Iterator[tuple[Term, Meaning]]:
    """Every word that the coder knows, with what it stands for."""
    for actor in knowledge.actors:
        yield from ((name.term, Named(actor, name)) for name in actor.names)
        yield from ((term, Whose(actor)) for term in actor.adjectives)
    for office in knowledge.offices:
        yield from ((term, Held(office)) for term in office.words)
        yield from ((term, Held(office, alone=True)) for term in office.alone)
    for modifier in knowledge.modifiers:
        yield from ((term, modifier) for term in modifier.words)
    for binding, terms in knowledge.bindings.items():
        yield from ((term, binding) for term in terms)
    yield from _cues(knowledge)
    for event_type in knowledge.types:
        for group in event_type.cues:
            for words in (group.beside, group.unless):
                yield from ((term, Beside(id(words))) for term in words)
        yield from ((term, Trap(event_type.id)) for term in event_type.traps)
