"""Mistakes are collected, so that a person sees all of them at once."""

import difflib
from collections.abc import Iterable

from monitor.core.errors import Permanent, Place, Problem

PROBLEM_LIMIT = 200  # mistakes; nobody reads more, and a hostile file could hold a million
SHOWN_LIMIT = 60  # characters of the user's text that a message repeats
CHOICES_SHOWN = 20  # names listed under "allowed"
CHOICES_BESIDE_A_GUESS = 10  # names; more of them would drown the one that was meant
CHOICES_COMPARED = 2_000  # names a misspelt one is compared with


class ConfigurationError(Permanent):
    """The configuration is wrong; `problems` is every mistake, sorted by place."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class Whole(Place):
    """A directory or a file as a whole: there is no line to point at."""

    __slots__ = ()

    def __str__(self) -> str:
        return self.file


class Problems:
    """The mistakes found so far. Raises ConfigurationError by itself at PROBLEM_LIMIT."""

    def __init__(self) -> None:
        self._found: set[Problem] = set()

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, place: Place, message: str) -> None:
        self._found.add(Problem(place, message))
        if len(self._found) >= PROBLEM_LIMIT:
            rest = f"{PROBLEM_LIMIT} mistakes: the rest is not listed; mend these first"
            raise ConfigurationError((*sorted(self._found), Problem(place, rest)))

    @property
    def found(self) -> tuple[Problem, ...]:
        """All of them, sorted by place."""
        return tuple(sorted(self._found))

    def raise_if_any(self) -> None:
        if self._found:
            raise ConfigurationError(self.found)


def shown(text: str) -> str:
    """The user's text in double quotes, on one line, control characters escaped, cut short."""
    line = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text[: SHOWN_LIMIT + 1])
    return f'"{line[:SHOWN_LIMIT]}…"' if len(line) > SHOWN_LIMIT else f'"{line}"'


def choices(allowed: Iterable[str]) -> str:
    """The allowed names for a message, cut after CHOICES_SHOWN."""
    names = list(allowed)
    rest = len(names) - CHOICES_SHOWN
    more = f" and {rest} more" if rest > 0 else ""
    return (", ".join(names[:CHOICES_SHOWN]) + more) if names else "none is defined"


def unknown(what: str, found: str, allowed: Iterable[str], *, note: str = "") -> str:
    """`unknown outlet "reuter"; did you mean "reuters"? Allowed: …`; `note` if nothing is near.

    With a guess, what is allowed is listed only if it is short.
    """
    names = list(allowed)
    near = difflib.get_close_matches(
        found[:SHOWN_LIMIT].lower(), names[:CHOICES_COMPARED], n=1, cutoff=0.6
    )
    if near and len(names) > CHOICES_BESIDE_A_GUESS:
        return f'unknown {what} {shown(found)}; did you mean "{near[0]}"?'
    hint = f'; did you mean "{near[0]}"?' if near else f"{note}."
    return f"unknown {what} {shown(found)}{hint} Allowed: {choices(names)}"
