"""What tells one event of a kind from another: where it was, its figures, "another", witnesses."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from monitor.core.knowledge import Event, Knowledge
from monitor.core.lexicon import Hit, Lexicon
from monitor.core.model import Document
from monitor.core.rules import Term
from monitor.core.text import Token, fold, lead_text, tokenise

ANOTHER_REACH = 2  # words before and behind those of an event in which "another" belongs to it
_FIGURE = re.compile(r"\d[\d.,]*")
_YEAR = re.compile(r"(?:19|20)\d\d")


class Mark(StrEnum):
    """What a word of the knowledge says about the event beside it."""

    ANOTHER = "another"  # not the one that was told before
    WITNESS = "witness"  # somebody saw it


@dataclass(frozen=True, slots=True)
class Particulars:
    """Of one article: ids of places, figures of the title as written, marks of its event."""

    places: frozenset[str] = frozenset()
    numbers: tuple[str, ...] = ()
    another: bool = False
    witnessed: bool = False


class Reader:
    """Finds particulars in documents. For one thread at a time."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._lexicon = Lexicon(_entries(knowledge))

    def of(self, document: Document, event: Event | None) -> Particulars:
        """What title and lead say, `another` beside the words of the event alone."""
        title, lead = tokenise(document.title), tokenise(lead_text(document))
        found = [*self._lexicon.find(title), *self._lexicon.find(lead)]
        return Particulars(
            places=frozenset(hit.payload for hit in found if not isinstance(hit.payload, Mark)),
            numbers=tuple(dict.fromkeys(_figures(title))),
            another=event is not None and self._another(document, event),
            witnessed=any(hit.payload is Mark.WITNESS for hit in found),
        )

    def _another(self, document: Document, event: Event) -> bool:
        tokens = tokenise(getattr(document, event.field) or "")
        first = next((n for n, token in enumerate(tokens) if token.end > event.start), 0)
        last = next((n for n, token in enumerate(tokens) if token.end >= event.end), first)
        near: list[Hit[str | Mark]] = self._lexicon.find(
            tokens, max(0, first - ANOTHER_REACH), min(len(tokens), last + 1 + ANOTHER_REACH)
        )
        return any(hit.payload is Mark.ANOTHER for hit in near)


def _entries(knowledge: Knowledge) -> Iterator[tuple[Term, str | Mark]]:
    for place, terms in knowledge.places.items():
        yield from ((term, place) for term in terms)
    yield from ((term, Mark.ANOTHER) for term in knowledge.another)
    yield from ((term, Mark.WITNESS) for term in knowledge.witnesses)


def _figures(tokens: list[Token]) -> Iterator[str]:
    """Figures that may count something: no years."""
    for token in tokens:
        if _FIGURE.match(token.exact) and not _YEAR.fullmatch(token.exact):
            yield fold(token.exact)
