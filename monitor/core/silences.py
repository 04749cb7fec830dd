"""Silences: what people want to hear nothing of for a while, and why."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NewType

from monitor.core.errors import Place
from monitor.core.matcher import Matcher
from monitor.core.model import Document, OutletId, RuleId, StoryId
from monitor.core.rules import Rule, Scope, Within
from monitor.core.terms import parse_term

SilenceId = NewType("SilenceId", int)

LINES_TOLD = 8  # of what a silence kept back, in the word about its end


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """One silence. All that it names must hold of what it keeps back, and it names something.

    `total`: it keeps back everything, also what is critical of a story.
    """

    id: SilenceId
    ends_at: datetime
    reason: str
    by: str
    rule: RuleId | None = None
    story: StoryId | None = None
    outlet: OutletId | None = None
    term: str | None = None
    total: bool = True

    def holds(
        self,
        *,
        rule: RuleId,
        story: StoryId,
        outlets: Collection[str],
        document: Document,
    ) -> bool:
        """Whether it keeps this back; `outlets` are those that an article came from."""
        return (
            self.rule in (None, rule)
            and self.story in (None, story)
            and (self.outlet is None or self.outlet in outlets)
            and (self.term is None or says(document, self.term))
        )

    @property
    def about(self) -> str:
        """What it silences, in words."""
        return described(self.rule, self.story, self.outlet, self.term)

    @property
    def words(self) -> str:
        """The decision about what it keeps back."""
        return f"silenced until {self.ends_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC: {self.reason}"


def described(
    rule: str | None, story: int | str | None, outlet: str | None, term: str | None
) -> str:
    """What a silence is about, in words."""
    named = {"rule": rule, "story": story, "outlet": outlet, "term": term and f"“{term}”"}
    return " and ".join(f"{what} {name}" for what, name in named.items() if name is not None)


def says(document: Document, term: str) -> bool:
    """Whether headline or lead hold a term, written as in a rule. Raises TermError."""
    return bool(_matcher(term).match(document))


def _matcher(term: str) -> Matcher:
    # A few at most, tried on what a rule has matched already: made anew rather than kept.
    part = Within(frozenset({Scope.TITLE, Scope.LEAD}), parse_term(term))
    rule = Rule(RuleId("silence"), "", part, version="", place=Place(""))
    return Matcher([rule])


def first_that_holds(
    silences: Iterable[Silence],
    *,
    rule: RuleId,
    story: StoryId,
    outlets: Collection[str],
    document: Document,
) -> Silence | None:
    """The silence that keeps something back; of several a total one, then the last to end."""
    ordered = sorted(silences, key=lambda each: (each.total, each.ends_at), reverse=True)
    return next(
        (
            each
            for each in ordered
            if each.holds(rule=rule, story=story, outlets=outlets, document=document)
        ),
        None,
    )


def ended(silence: Silence, *, by: str | None, kept: int, lines: Iterable[str]) -> tuple[str, str]:
    """Title and body of the word about the end of a silence."""
    shown = list(lines)[:LINES_TOLD]
    how = f"{by} ended it" if by else "Its time is over"
    held = "It kept nothing back." if not kept else f"It kept back {kept:,}:"
    more = [f"and {kept - len(shown):,} more: monitor silences show {silence.id}"]
    return (
        f"The silence of {silence.about} has ended",
        "\n".join(
            [
                f"{how}. {silence.by} had set it: {silence.reason}",
                held,
                *(f"▪ {line}" for line in shown),
                *(more if kept > len(shown) else []),
            ]
        ),
    )
