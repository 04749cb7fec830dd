"""What a message is about: articles, and the rules that they satisfied."""

from dataclasses import dataclass
from datetime import datetime

from monitor.core.corroboration import NOBODY, Standing
from monitor.core.knowledge import Event
from monitor.core.model import Completeness, Evidence, RuleId, Severity, StoryId, Strength, Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """One rule that fired or weakly matched; `reason` is why people are told now.

    `weight`: how much that counts among several articles, the least most. `label` names the type
    of `event` in the language of the message; "" where its id must do.
    """

    rule: RuleId
    title: str
    severity: Severity
    strength: Strength
    reason: str
    evidence: tuple[Evidence, ...] = ()
    event: Event | None = None
    weight: int = 0
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything a message about one story says. Times are aware UTC.

    `headline` is what people are shown; `title`, `summary` and `text` are the stored fields that
    the evidence points into. `outlets` counts who carries the story so far, this one included, and
    `sources` those of them that are no copies. `credit` names the agency whose text it is,
    `publisher` whom an aggregator shows. `missed`: it came out while the watch was blind.
    `standing`: who stands behind what is told, and who denied it. So many reports were `folded`,
    as they said nothing new.
    `quality` says why no more was read, in the words of `Page.quality`.
    """

    headline: str
    url: str | None
    outlet: str
    tier: Tier
    country: str
    language: str | None
    published_at: datetime | None
    seen_at: datetime
    completeness: Completeness
    fired: tuple[Fired, ...]
    outlets: int = 1
    sources: int = 1
    credit: str | None = None
    publisher: str | None = None
    missed: bool = False
    standing: Standing = NOBODY
    folded: int = 0
    quality: str = "ok"
    title: str = ""
    summary: str | None = None
    text: str | None = None
    story: StoryId | None = None

    @property
    def severity(self) -> Severity:
        """The most urgent of the rules that fired; of the weak ones only if none is strong."""
        strong = [fired.severity for fired in self.fired if fired.strength is Strength.STRONG]
        told = strong or [fired.severity for fired in self.fired]
        return min(told, key=lambda severity: severity.rank, default=Severity.LOW)
