"""Keys that no condition has, where it is known what was meant."""

from monitor.config.foreign import key_meant
from monitor.config.problems import shown

_MISPLACED = {
    "regex": '"regex" is no key, YAML makes one of a colon and a space; write the pattern as one '
    "text in single quotes: 'regex:…'",
    "volume": '"volume" stands alone at the top of the when: of a rule; it counts articles, and '
    "cannot be one condition among others",
    "points": '"points" belongs in an item of boost:, as in boost: [{any: […], points: 3}]',
}
_OPERATORS = {
    **dict.fromkeys(("and", "must", "required"), "all: […]"),
    **dict.fromkeys(("or", "should", "either"), "any: […]"),
    **dict.fromkeys(("not", "exclude", "must_not", "without"), "none: […]"),
}
_WORDS = ("word", "words", "phrase", "term", "actor")


def key_refusal(name: str) -> str | None:
    """Why a condition has no key `name`; None if nobody can tell what it was to be."""
    if name in _MISPLACED:
        return _MISPLACED[name]
    opening = f"{shown(name)} is no key of a condition; "
    if name.lower() in _WORDS:
        return f"{opening}a word or phrase stands by itself, as in any: [oil deal]"
    meant = _OPERATORS.get(name.lower()) or key_meant(name)
    return f"{opening}write {meant}" if meant else None
