"""Term lists of knowledge files: the words of the event coder, each with its place."""

from functools import lru_cache
from typing import NamedTuple

from monitor.config.fields import describe, read_items, read_text
from monitor.config.lists import Lists
from monitor.config.plain import plain_term
from monitor.config.problems import Problems, shown
from monitor.config.source import Broken, Node, Scalar
from monitor.core.errors import Place
from monitor.core.rules import Term

TERMS_REMEMBERED = 20_000  # a pack has some five thousand; each edit of any file reads all again

_parsed = lru_cache(TERMS_REMEMBERED)(plain_term)
Key = tuple[tuple[str, bool], ...]


class Phrase(NamedTuple):
    """A term and where it stands; those of a list stand where the list is used."""

    term: Term
    place: Place

    @property
    def key(self) -> Key:
        """What two terms of equal words share, however they are written."""
        return tuple((word.pattern, word.exact) for word in self.term.words)


class Phrases:
    """Reads lists of terms; what is missing is told."""

    def __init__(self, lists: Lists, problems: Problems) -> None:
        self._lists = lists
        self._problems = problems

    def read(self, node: Node | None, *, what: str) -> tuple[Phrase, ...]:
        """Every term of a list of `what`, with those of the lists that it uses."""
        if node is None:
            return ()
        items = read_items(node, self._problems, what=what)
        return tuple(phrase for item in items for phrase in self.of(item, what=what))

    def of(self, item: Node, *, what: str) -> tuple[Phrase, ...]:
        """One term, or those of `$list`."""
        if not isinstance(item, Scalar):
            if not isinstance(item, Broken):
                self._problems.add(
                    item.place,
                    f"a list of {what} holds terms and lists ($name); found {describe(item)}; a "
                    "text with a colon needs straight quotes",
                )
            return ()
        if item.text.startswith("$"):
            name = self._lists.known(item)
            terms = self._lists.terms(name) if name else ()
            return tuple(
                Phrase(term, item.place) for term in terms if not self._refused(term, item.place)
            )
        if not item.text.strip():
            self._problems.add(item.place, "a term is missing here")
            return ()
        term = read_text(item, _parsed, self._problems)
        if term is None or self._refused(term, item.place):
            return ()
        return (Phrase(term, item.place),)

    def _refused(self, term: Term, place: Place) -> bool:
        inflected = any(word.inflected for word in term.words)
        if inflected:
            self._problems.add(
                place,
                f"{shown(term.written)}: `~` is for rules; here write the forms, or the beginning "
                "of the word with *",
            )
        return inflected


def terms_of(phrases: tuple[Phrase, ...]) -> tuple[Term, ...]:
    """The terms alone, each once."""
    return tuple(dict.fromkeys(phrase.term for phrase in phrases))
