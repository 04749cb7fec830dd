"""Generated news for the benchmark of events: plain prose, and in some sentences what is known."""

import random
import re
from itertools import accumulate

from monitor.core.knowledge import Knowledge
from monitor.core.model import Document
from monitor.core.rules import Term

TELLING = 0.12  # of the sentences of an article have a cue and its parties
NAMING = 0.25  # of the others name somebody
CUES_IN_TITLES = 0.5  # of the headlines tell something
SMALL_WORDS = 0.15  # of the words of a sentence
FORMS = 60_000  # words that mean nothing to the coder
EXPONENT = 1.1  # of Zipf's law: how unevenly they are spread
LETTERS = 5_000  # of an article
SYLLABLES = re.findall(
    r"\w+",
    "ba be ca co cri da de di do ez fa fo ga gra ha in ja ko la le lo lu ma men mi mo na ne no "
    "on pa per pla po que ra re ri ro sa se so sta ta te ti to tra un va ven vi za",
)


class Newsroom:
    """Writes headlines and articles with the words of some knowledge, always the same ones."""

    def __init__(self, knowledge: Knowledge, chance: random.Random) -> None:
        self._chance = chance
        self._prose = [
            "".join(chance.choices(SYLLABLES, k=chance.randint(1, 4))) for _ in range(FORMS)
        ]
        self._weights = list(accumulate((rank + 3) ** -EXPONENT for rank in range(FORMS)))
        self._names = [_written(n.term) for actor in knowledge.actors for n in actor.names]
        self._cues = [_written(t) for kind in knowledge.types for g in kind.cues for t in g.words]
        self._small = [_written(t) for words in knowledge.bindings.values() for t in words]
        self._modifiers = [_written(t) for each in knowledge.modifiers for t in each.words]

    def headline(self) -> Document:
        if self._chance.random() < CUES_IN_TITLES:
            return Document(self._telling(self._chance.randint(2, 6)))
        return Document(self._other(self._chance.randint(6, 14)))

    def article(self) -> Document:
        sentences: list[str] = []
        size = 0
        while size < LETTERS:
            telling = self._chance.random() < TELLING
            words = self._chance.randint(10, 30)
            sentences.append(self._telling(words) if telling else self._other(words))
            size += len(sentences[-1]) + 2
        return Document(self.headline().title, sentences[0], ". ".join(sentences[1:]))

    def _telling(self, words: int) -> str:
        """Somebody does something to somebody, with a modifier half of the time, in prose."""
        pick = self._chance.choice
        modifier = [pick(self._modifiers)] if self._chance.random() < 0.5 else []
        one, other, small = pick(self._names), pick(self._names), pick(self._small)
        return " ".join((one, *modifier, pick(self._cues), small, other, self._plain(words)))

    def _other(self, words: int) -> str:
        naming = self._chance.random() < NAMING
        name = f"{self._chance.choice(self._names)} " if naming else ""
        return f"The {self._plain(words // 2)} {name}{self._plain(words - words // 2)}"

    def _plain(self, words: int) -> str:
        prose = self._chance.choices(self._prose, cum_weights=self._weights, k=words)
        return " ".join(
            self._chance.choice(self._small) if self._chance.random() < SMALL_WORDS else word
            for word in prose
        )


def _written(term: Term) -> str:
    return term.written.lstrip("=").replace("*", "s").replace("?", "a")
