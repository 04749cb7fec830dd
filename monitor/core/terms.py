"""A word, phrase or regex of a rule, read from what the analyst wrote."""

import re
from collections.abc import Callable, Sequence

import re2

from monitor.core.rules import Regex, Term, Word
from monitor.core.text import Token, fold, tokenise

LETTERS_BEFORE_STAR = 3
LETTERS_BESIDE_QUESTION_MARK = 2
LETTERS_BEFORE_TILDE = 3  # shorter words have no inflections that a stem could tell
REGEX_LIMIT = 500  # characters; RE2 itself refuses what would grow too big from few
WORDS_MEMORY = 16 << 20  # bytes; the automaton of many words takes what the texts make it need
_SHOWN_LIMIT = 60  # characters of a pattern that a message repeats
_REGEX = "regex:"
_SINGLE_BYTE = re.compile(r"(?<!\\)(?:\\\\)*\\C")

# The tokeniser must see these signs as part of their word, so three letters that no text of ours
# uses, and that folding leaves alone, stand in for them.
_STAND_INS = {"*": "ƛ", "?": "ƪ", "~": "ƻ"}
_TO_LETTERS = str.maketrans(_STAND_INS)
_TO_SIGNS = str.maketrans({letter: sign for sign, letter in _STAND_INS.items()})


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
    return Term(tuple(_word(token, shown, exact=exact) for token in tokens), shown, list_name)


def _refuse_unsupported(body: str) -> None:
    if is_regex(body):
        raise TermError(
            "`regex:` is a condition of its own, under all, any or none; it cannot be part of a "
            "list, near, repeat or ignore, nor stand behind `=` (`(?-i)` minds capitals)"
        )
    if any(letter in body for letter in _STAND_INS.values()):
        raise TermError(f"`{body}` contains a letter that terms cannot use")


def _word(token: Token, shown: str, *, exact: bool) -> Word:
    pattern = (token.exact if exact else token.folded).translate(_TO_SIGNS)
    if "~" in pattern:
        return Word(_inflected(pattern, shown, exact=exact), inflected=True)
    _check_wildcards(pattern, shown)
    return Word(pattern, exact=exact)


def _inflected(pattern: str, shown: str, *, exact: bool) -> str:
    """The word before `~`."""
    word = pattern.removesuffix("~")
    if exact:
        raise TermError(
            f"`{shown}`: `=` (exactly so) and `~` (any inflection) exclude each other; drop one"
        )
    if "*" in word or "?" in word:
        raise TermError(
            f"`{shown}`: a wildcard and `~` (any inflection) exclude each other in one word; "
            "drop one"
        )
    if "~" in word:
        raise TermError(f"`{shown}`: `~` may stand only at the end of a word")
    if len(word) < LETTERS_BEFORE_TILDE or not word.isalpha():
        raise TermError(
            f"`{shown}`: at least {LETTERS_BEFORE_TILDE} letters, and nothing but letters, must "
            "come before `~`"
        )
    return word


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


def covers(one: Word, other: Word) -> bool:
    """True if every word that `other` finds is found by `one`; False where nobody can tell."""
    if one == other:
        return True
    if one.exact or one.inflected or other.inflected or "?" in one.pattern:
        return False
    pattern = fold(other.pattern)
    if one.pattern.endswith("*"):
        return pattern.startswith(one.pattern[:-1])
    return other.exact and pattern == one.pattern


def is_regex(written: str) -> bool:
    """True if a pattern stands there, or is meant to."""
    return written.lstrip().lower().startswith(_REGEX)


def parse_regex(written: str) -> Regex:
    """The pattern behind `regex:`, known to be RE2's. Raises TermError."""
    pattern = written.strip()[len(_REGEX) :].strip()
    if not pattern:
        raise TermError("a pattern is missing behind `regex:`")
    if len(pattern) > REGEX_LIMIT:
        raise TermError(
            f"a pattern has at most {REGEX_LIMIT} characters; found {len(pattern):,}. "
            "Words that can stand for each other belong in a list"
        )
    control = next((character for character in pattern if not character.isprintable()), None)
    if control:
        raise TermError(
            f"the pattern contains the invisible character U+{ord(control):04X}; in double quotes "
            r"YAML turns `\b` into one: write single quotes around it"
        )
    shown = f"`{_cut(_REGEX + pattern)}`"
    if _SINGLE_BYTE.search(pattern):
        # What it finds may begin inside a character, which no quote could.
        raise TermError(f"{shown} asks for single bytes with `\\C`; write `.`")
    try:
        compiled = compile_regex(pattern)
    except re2.error as error:
        raise TermError(f"{shown} {_refusal(error)}") from error
    if any(found.start() == found.end() for found in map(compiled.search, ("", "a")) if found):
        raise TermError(
            f"{shown} is satisfied by nothing at all, so it would hold everywhere; require at "
            "least one character, as `+` does instead of `*`"
        )
    return Regex(pattern)


def compile_regex(pattern: str) -> "re2._Regexp":
    """The pattern for searching, without regard to case. Raises re2.error."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False  # it would write to stderr by itself
    return re2.compile(pattern, options)


def words_finder(pattern: str) -> Callable[[bytes], Sequence[bytes]]:
    """Finds all words of a pattern of many in ASCII text that is folded already."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = WORDS_MEMORY
    found: Callable[[bytes], Sequence[bytes]] = re2.compile(pattern.encode(), options).findall
    return found


def _refusal(error: Exception) -> str:
    """RE2's message, in words for what other dialects have and RE2 has not."""
    found = error.args[0]
    said = found.decode(errors="replace") if isinstance(found, bytes) else str(found)
    _, _, sign = said.partition(": ")
    if sign in ("(?=", "(?!", "(?<=", "(?<!"):
        return (
            f"looks around with `{sign}`, which RE2 does not know; say with near: or none: what "
            "must stand beside it, or must not"
        )
    if sign in (r"\k", "(?P") or (sign[:1] == "\\" and sign[1:].isdigit()):
        return f"refers back with `{sign}`, which RE2 does not know; write out what may be repeated"
    return f"is no valid RE2 pattern: {_cut(said)}"


def _cut(text: str) -> str:
    return f"{text[:_SHOWN_LIMIT]}…" if len(text) > _SHOWN_LIMIT else text
