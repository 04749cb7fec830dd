"""The Snowball stem of a word, for the languages that have one here."""

from collections.abc import Collection, Sequence

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
            language: Stemmer.Stemmer(algorithm, 0) for language, algorithm in _ALGORITHMS.items()
        }

    def all(self, words: Sequence[str], language: str) -> Sequence[str]:
        """The stems of words in small letters without accents."""
        stems: list[str] = self._stemmers[language].stemWords(words)
        return stems

    def of(self, word: str, folded: str, language: str) -> Collection[str]:
        """The folded stems of a word as written and without its accents.

        Both, because Snowball's Spanish needs some accents and trips over others: negoció and
        negociación meet only without them, hablaría and habló only with them.
        """
        stem = self._stemmers[language].stemWord
        if word.isascii():
            return (stem(folded),)
        return {fold(stem(word.lower())), fold(stem(folded))}
