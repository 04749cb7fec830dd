"""A word or phrase of a rule, read from what the analyst wrote."""

from monitor.core.rules import Term, Word
from monitor.core.text import tokenise

LETTERS_BEFORE_STAR = 3
LETTERS_BESIDE_QUESTION_MARK = 2

# The tokeniser must see a wildcard as part of its word, so two letters that no text of ours
# uses, and that folding leaves alone, stand in for them.
_STAR, _QUESTION_MARK = "ƛ", "ƪ"
_TO_LETTERS = str.maketrans({"*": _STAR, "?": _QUESTION_MARK})
_TO_WILDCARDS = str.maketrans({_STAR: "*", _QUESTION_MARK: "?"})


class TermError(ValueError):
    """What is wrong with a term, in words for the person who wrote it."""


def parse_term(written: str, *, list_name: str | None = None) -> Term:
    """The term, tokenised as article text is, so that both always agree.

    Raises TermError. `list_name` is the list it comes from, without `$`.
    """
    shown = " ".join(written.split())
    exact = shown.startswith("=")
    body = shown[1:].strip() if exact else shown
    if not body:
        raise TermError("a term is empty")
    _refuse_unsupported(body)
    tokens = tokenise(body.translate(_TO_LETTERS))
    if not tokens:
        raise TermError(f"`{shown}` has no letters or digits, so it can never match")
    words = tuple(
        Word((token.exact if exact else token.folded).translate(_TO_WILDCARDS), exact=exact)
        for token in tokens
    )
    for word in words:
        _check_wildcards(word.pattern, shown)
    return Term(words, shown, list_name)


def _refuse_unsupported(body: str) -> None:
    if body.startswith("regex:"):
        raise TermError("`regex:` is not supported yet; use words, phrases and wildcards")
    if any(word.endswith("~") for word in body.split()):
        raise TermError(f"`{body}`: `~` (any inflection) is not supported yet; use a wildcard `*`")
    if _STAR in body or _QUESTION_MARK in body:
        raise TermError(f"`{body}` contains a letter that terms cannot use")


def _check_wildcards(pattern: str, shown: str) -> None:
    stem, star, rest = pattern.partition("*")
    letters = sum(character != "?" for character in stem)
    if star and rest:
        raise TermError(f"`{shown}`: `*` may stand only at the end of a word")
    if star and letters < LETTERS_BEFORE_STAR:
        raise TermError(f"`{shown}`: at least {LETTERS_BEFORE_STAR} letters must come before `*`")
    if "?" in pattern and letters < LETTERS_BESIDE_QUESTION_MARK:
        raise TermError(
            f"`{shown}`: a word with `?` needs at least {LETTERS_BESIDE_QUESTION_MARK} letters"
        )
