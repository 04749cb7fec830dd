"""What an article is about, as features with weights that stories are compared by. Pure.

Words of title and lead stand as stems. What is known beside them is the same in every language:
actors, kinds of events, and words of one meaning. So an article and its like in another language
have something in common although their words differ. Actors and kinds of events are what a desk
watches, so most of its articles have them: their features, and the words that name actors, show it.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from monitor.core.events import entries
from monitor.core.knowledge import Knowledge
from monitor.core.lexicon import Lexicon
from monitor.core.mentions import Named, Whose
from monitor.core.model import Document
from monitor.core.rules import Term
from monitor.core.sentences import Told
from monitor.core.stems import Stems, primary
from monitor.core.text import Columns, columns, lead_text

WORDS = 60  # of the title and of the lead: what an article is about stands there
SHORTEST = 3  # letters; shorter words are glue, but for figures and acronyms
LEAD = 0.5  # weight of what only the lead has: half of a lead is background
KNOWN = 0.9  # weight of actors, events and meanings, which stand beside the words that told them
ACTOR, KIND, NAMES, MEANING = "@#=~"  # a feature's first sign, where it is no plain stem
WATCHED = ACTOR + KIND + NAMES
SITE = 5  # words of a title's end that may be the name of a site
LEAST = 4  # words that a title must have without it
# Words that say nothing of the subject. A rolling document frequency learns them too, but not
# before it has seen some hundred articles.
GLUE = frozenset(
    re.findall(
        r"\w+",
        "the and for that with from this are was were has have had its but not you they his "
        "her she him our their will would could should been being into after before about "
        "than then who what when how why where which while amid says say said tell told can "
        "may more most out off also just new los las una uno unos unas del que con por para "
        "como mas pero sus sin sobre entre desde hasta este esta esto estos estas ese esa eso "
        "fue ser son era han hay dice dijo tras ante segun donde cuando quien cual porque muy ",
    )
)


class Gist(NamedTuple):
    """What an article is about: weights, 0-1, by feature.

    A feature is a stem, =stem of a word that names an actor, @actor, #event or ~meaning.
    `language` is a primary subtag.
    """

    features: Mapping[str, float]
    language: str | None = None


NOTHING = Gist({})


def headline(title: str) -> str:
    """A title without the names of sites at its end: "Talks fail - The Town Crier"."""
    for _ in range(2):  # some carry two
        cut = max(title.rfind(f" {sign} ") for sign in "-–—|")
        if cut < 0 or len(title[cut + 2 :].split()) > SITE or len(title[:cut].split()) < LEAST:
            break
        title = title[:cut].rstrip()
    return title


class Gists:
    """Tells what articles are about. For one thread at a time."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._stems = Stems()
        known = [(term, name) for term, meaning in entries(knowledge) if (name := _name(meaning))]
        self._known = Lexicon(known)
        self._naming = {  # words that name actors
            word.pattern.strip("*?")
            for term, name in known
            if name[0] == ACTOR
            for word in term.words
        }
        self._naming_stems: dict[str | None, Collection[str]] = {
            language: frozenset(self._stems.all(sorted(self._naming), language))
            for language in Stems.languages
        }
        self._meanings = Lexicon(_meanings(knowledge.meanings))

    def of(self, document: Document) -> Gist:
        """What a document is about, by its title and lead."""
        language = primary(document.language) if document.language else None
        weights: dict[str, float] = {}
        for text, part in ((headline(document.title), 1.0), (lead_text(document), LEAD)):
            for name, weight in self._features(columns(text), language):
                weights[name] = max(weights.get(name, 0.0), weight * part)
        return Gist(weights, language)

    def _features(self, text: Columns, language: str | None) -> Iterator[tuple[str, float]]:
        pairs = zip(text.folded[:WORDS], text.exact[:WORDS], strict=True)
        words = [folded for folded, exact in pairs if _tells(folded, exact)]
        if language in Stems.languages:
            words = list(self._stems.all(words, language))
        naming = self._naming_stems.get(language, self._naming)
        yield from ((NAMES + word if word in naming else word, 1.0) for word in words)
        end = min(WORDS, len(text.exact))
        for hit in self._known.find(text, 0, end):
            yield hit.payload, KNOWN
        taken = 0
        for found in self._meanings.find(text, 0, end):
            if found.start >= taken:  # the longest: an oil tanker is no oil
                yield found.payload, KNOWN
                taken = found.end


def _tells(folded: str, exact: str) -> bool:
    long = len(folded) >= SHORTEST or folded.isdigit() or exact.isupper()
    return long and folded not in GLUE


def _name(meaning: object) -> str | None:
    """The feature that a known word stands for."""
    match meaning:
        case Named(actor=actor) | Whose(actor=actor):
            return ACTOR + actor.id
        case Told(type=kind):
            return KIND + kind.id
    return None


def _meanings(groups: Iterable[Sequence[Term]]) -> Iterator[tuple[Term, str]]:
    for group in groups:
        (first,) = islice(group, 1)
        yield from ((term, MEANING + first.written) for term in group)
