"""The Snowball stem of a word, for the languages that have one here."""

from collections.abc import Collection

import Stemmer

from monitor.core.text import fold

_ALGORITHMS = {"en": "english", "es": "spanish"}  # by primary subtag


def primary(language: str) -> str:
    """The part of a language tag that decides: `es-MX` is `es`."""
    return language.replace("_", "-").split("-", 1)[0].casefold()


class Stems:
    """Stems of word forms. Not for several threads at once; nothing is remembered."""

    languages = tuple(_ALGORITHMS)

    def __init__(self) -> None:
        self._stemmers = {
            language: Stemmer.Stemmer(algorithm, 0).stemWord
            for language, algorithm in _ALGORITHMS.items()
        }

    def of(self, word: str, folded: str, language: str) -> Collection[str]:
        """The folded stems of a word as written and without its accents.

        Both, because Snowball's Spanish needs some accents and trips over others: negoció and
        negociación meet only without them, hablaría and habló only with them.
        """
        stem = self._stemmers[language]
        if word.isascii():
            return (stem(folded),)
        return {fold(stem(word.lower())), fold(stem(folded))}
