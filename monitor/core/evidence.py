"""Why a rule did or did not match: the explained tree, and the quotes an alert carries."""

from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from itertools import chain
from typing import NamedTuple

from monitor.core.knowledge import Event
from monitor.core.model import Evidence, Severity

QUOTES_LIMIT = 12  # of one match, beyond those without which it would not hold

PATTERN = "regex: "  # how the label of a regex begins

FIELDS = ("title", "summary", "text", "section", "author", "url")


class Kind(StrEnum):
    """How a part of a rule asks for its children."""

    ALL = "all"
    ANY = "any"
    NONE = "none"
    FIRST = "first"  # of the cases of a severity; those behind it are not tried
    SOME = "some"
    LEAF = "leaf"


class Explanation(NamedTuple):
    """One part of a rule tried on one article. `missing` says why it did not hold, else "".

    A named tuple, because a match makes a dozen of them.

    `near`: what came nearest to making it hold, "" where nothing did or nobody looked.
    `enough`: how many children that hold suffice, where the kind is SOME. `events` are those that
    the evidence stands for, where it is of events.
    """

    label: str
    held: bool
    kind: Kind = Kind.LEAF
    evidence: tuple[Evidence, ...] = ()
    children: tuple["Explanation", ...] = ()
    missing: str = ""
    enough: int = 0
    near: str = ""
    events: tuple[Event, ...] = ()


def quotes(
    explanation: Explanation,
    *,
    severity: Severity | None = None,
    because: Explanation | None = None,
) -> tuple[Evidence, ...]:
    """What made the explained condition true, in reading order.

    First all without which it would not hold, then others until QUOTES_LIMIT; a span comes once.
    `because` is the case that decided the severity: its quotes are among them, marked with it.
    """
    trees = [explanation] if because is None else [explanation, because]
    needed = [evidence for tree in trees for evidence in _needed(tree)]
    chosen = {_span(evidence): evidence for evidence in reversed(needed)}
    for evidence in chain.from_iterable(map(_all, trees)):
        if len(chosen) >= QUOTES_LIMIT:
            break
        chosen.setdefault(_span(evidence), evidence)
    for span in map(_span, _all(because) if because else ()):
        if span in chosen:
            chosen[span] = replace(chosen[span], case=severity)
    return tuple(sorted(chosen.values(), key=lambda e: (FIELDS.index(e.field), e.start, e.end)))


def first_event(explanation: Explanation) -> Event | None:
    """The first event that made the explained condition true, in the order of its parts."""
    if not explanation.held or explanation.kind is Kind.NONE:
        return None
    if explanation.events:
        return explanation.events[0]
    return next(filter(None, map(first_event, explanation.children)), None)


def _span(evidence: Evidence) -> tuple[str, int, int]:
    return evidence.field, evidence.start, evidence.end


def _needed(explanation: Explanation) -> Iterator[Evidence]:
    """One sufficient choice. A leaf lists its alternatives, but all of a `near` at once."""
    if not explanation.held or explanation.kind is Kind.NONE:
        return
    if explanation.kind is Kind.LEAF:
        yield from explanation.evidence
    elif explanation.kind is Kind.ALL:
        for child in explanation.children:
            yield from _needed(child)
    elif explanation.kind is Kind.SOME:
        for child in [child for child in explanation.children if child.held][: explanation.enough]:
            yield from _needed(child)
    else:
        yield from explanation.evidence[:1]
        if not explanation.evidence:
            yield from _needed(next(child for child in explanation.children if child.held))


def _all(explanation: Explanation) -> Iterator[Evidence]:
    if not explanation.held or explanation.kind is Kind.NONE:
        return
    yield from explanation.evidence
    for child in explanation.children:
        yield from _all(child)
