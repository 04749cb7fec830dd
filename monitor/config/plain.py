"""A term as YAML has it: signs and operators that mean something only elsewhere are refused.

Terms are tokenised as articles are, so they would be left out or read as words, and the rule would
say something else than its author meant. In `query:` they are operators; grammar.py reads those.
"""

import re
from collections.abc import Callable

from monitor.config.foreign import key_meant
from monitor.config.problems import shown
from monitor.core.rules import Term
from monitor.core.terms import TermError, is_regex, parse_term

_SIGN = re.compile(r'(?:^|\s)([-!+])(?=["(\w$])')
_SIGNS = {
    "-": "none: […] says what must not be there",
    "!": "none: […] says what must not be there",
    "+": "all: […] says what must be there",
}
_LIST_INSIDE = re.compile(r"(?:^|\s)(\$[^\W\d]\w*)")
_EXACT_INSIDE = re.compile(r"\s=")
_OPERATOR = re.compile(r"(?<!\S)(AND|OR|NOT|O?NEAR(?:/\d+)?)(?!\S)")
_FOREIGN_OPERATOR = re.compile(r"(?<!\S)((?:[WwNn]|[Pp](?:re)?)/\d+|&&)(?!\S)")
_KEY = re.compile(r"(?:^|\s)([^\W\d_]+):(?=\S)")
_PATTERN = re.compile(r"[|^\\\[\]{}]|\.\+")
_LOST = re.compile(r"[^\w\s*?~]")  # the tokeniser leaves it out
_OPERATOR_MEANS = "has no meaning in a term: write all:, any:, none: or near:, or query: for a text"


def plain_term(written: str) -> Term:
    """The term. Raises TermError where it would not mean what it seems to say."""
    text = " ".join(written.split())
    exact = text.startswith("=")
    body = text.removeprefix("=").strip()
    if not is_regex(body):  # parse_term has words of its own for that
        for told in (_sign, _list_inside, _exact_inside, _key, _pattern, _foreign_operator):
            if said := told(body):
                raise TermError(f"{shown(text)}: {said}")
        if not exact and (said := _operator(body)):
            raise TermError(f"{shown(text)}: {said}")
    return _distinct(written)


def phrase_term(written: str) -> Term:
    """A word or phrase of a query, where quotes take its meaning from every sign. Raises TermError.

    It is known by its bare words if YAML could not have it as it is written.
    """
    term = _distinct(written)
    try:
        plain_term(written)
    except TermError:
        words = " ".join(f"{word.pattern}{'~' * word.inflected}" for word in term.words)
        if words.startswith("$"):
            raise TermError(
                f"{shown(written)}: a text that begins with $ names a list; leave the $ out"
            ) from None
        return plain_term(f"={words}" if term.words[0].exact else words)
    return term


def _found(pattern: re.Pattern[str], say: Callable[[str], str]) -> Callable[[str], str]:
    """Tells of the first place of the pattern."""

    def told(body: str) -> str:
        found = pattern.search(body)
        return say(found[1] if found.re.groups else found[0]) if found else ""

    return told


_sign = _found(
    _SIGN,
    lambda sign: (
        f'"{sign}" before a word has no meaning in a term; {_SIGNS[sign]}. Leave it out '
        "if only the word is meant"
    ),
)
_list_inside = _found(
    _LIST_INSIDE,
    lambda name: f"{name} is a list only if it stands by itself; say all: or near: for two things",
)
_exact_inside = _found(_EXACT_INSIDE, lambda _: '"=" stands in front of the whole term')
_pattern = _found(
    _PATTERN,
    lambda sign: (
        f'"{sign}" has no meaning in a term; a pattern begins with regex:, and words that '
        "can stand for each other are a list"
    ),
)
_foreign_operator = _found(_FOREIGN_OPERATOR, lambda word: f'"{word}" {_OPERATOR_MEANS}')
_operator = _found(
    _OPERATOR,
    lambda word: f'"{word}" {_OPERATOR_MEANS}. As a word of the term it is written small',
)


def _key(body: str) -> str:
    for found in _KEY.finditer(body):
        if beside := key_meant(found[1]):
            return f'"{found[1]}:" has no meaning in a term; write {beside}'
    return ""


def _distinct(written: str) -> Term:
    """The term, unless it is like `C++`, whose signs are all that tells it from any other C."""
    term = parse_term(written)
    body = " ".join(written.split()).removeprefix("=").strip()
    if len(term.words) == 1 and len(term.words[0].pattern) == 1 and _LOST.search(body):
        raise TermError(
            f"{shown(body)}: signs count for nothing, so this would find every "
            f"{shown(term.words[0].pattern)}; say a longer phrase, or 'regex:{re.escape(body)}'"
        )
    return term
