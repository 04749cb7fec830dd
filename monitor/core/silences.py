"""Silences: what people want to hear nothing of for a while, and why."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NewType

from monitor.core.errors import Place
from monitor.core.matcher import Matcher
from monitor.core.model import Document, OutletId, RuleId, StoryId
from monitor.core.rules import Rule, Scope, Within
from monitor.core.strangers import shorten
from monitor.core.terms import parse_term

SilenceId = NewType("SilenceId", int)

WORDS_LIMIT = 300  # characters of a reason, also of one put together from several
LINES_TOLD = 8  # of what a silence kept back, in the word about its end
# Who mutes a false alarm a moment later means the same; more of what is critical is kept back only
# where somebody asked for it.
NEARLY = timedelta(hours=1)


class Change(StrEnum):
    """What became of the wish for a silence."""

    SET = "set"
    EXTENDED = "extended"  # the one that there was goes on for longer, or keeps more back
    ALREADY = "already"  # the one that there is keeps all of it back


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
    headline: str | None = None  # of its story

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
    def scope(self) -> tuple[str | int | None, ...]:
        """What it names; two of one scope keep back the same, but for what is critical."""
        return (self.rule, self.story, self.outlet, self.term)

    @property
    def about(self) -> str:
        """What it silences, in words."""
        return described(self.rule, self.story, self.outlet, self.term, headline=self.headline)

    @property
    def words(self) -> str:
        """The decision about what it keeps back."""
        return f"silenced until {self.ends_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC: {self.reason}"


def includes(silence: Silence, *, total: bool, until: datetime) -> bool:
    """Whether a silence of the same things keeps back all that another one would."""
    return silence.ends_at >= until and (silence.total or not total)


def may_become(silence: Silence, *, total: bool, until: datetime) -> bool:
    """Whether a silence of the same things is extended rather than joined by another one.

    It is not where that would keep back what is critical for longer than anybody asked for.
    """
    if silence.total == total:
        return True
    reached, total_until = (until, silence.ends_at) if silence.total else (silence.ends_at, until)
    return reached - total_until <= NEARLY


def extended(silence: Silence, *, total: bool, until: datetime, reason: str, who: str) -> Silence:
    """What a silence becomes with another one of the same things."""
    return replace(
        silence,
        total=silence.total or total,
        ends_at=max(silence.ends_at, until),
        by=silence.by if who in silence.by.split(", ") else f"{silence.by}, {who}",
        reason=shorten(f"{silence.reason}; {reason}", limit=WORDS_LIMIT),
    )


def described(
    rule: str | None,
    story: int | None,
    outlet: str | None,
    term: str | None,
    *,
    headline: str | None = None,
) -> str:
    """What a silence is about, in words; `headline` is that of the story."""
    told = f"{story} “{headline}”" if story is not None and headline else story
    named = {"rule": rule, "story": told, "outlet": outlet, "term": term and f"“{term}”"}
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


def ended(
    silence: Silence, *, by: str | None, kept: int, lines: Iterable[str], on: Silence | None = None
) -> tuple[str, str]:
    """Title and body of the word about the end of a silence; `on`: one of the same that goes on."""
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
                *([f"Another one goes on: {on.words}"] if on is not None else []),
            ]
        ),
    )
