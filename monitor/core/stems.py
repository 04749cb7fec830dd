"""The Snowball stem of a word, for the languages that have one here."""

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

    def of(self, word: str, language: str | None) -> frozenset[str]:
        """The folded stems of a word as written and without its accents; empty without a stemmer.

        Both, because Snowball's Spanish needs some accents and trips over others: negoció and
        negociación meet only without them, hablaría and habló only with them.
        """
        stemmer = self._stemmers.get(language or "")
        if stemmer is None:
            return frozenset()
        return frozenset(fold(stemmer.stemWord(form)) for form in {word.lower(), fold(word)})
