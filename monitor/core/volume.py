"""Spikes and silences: how many came in a window, what is usual then, and when that is told. Pure.

What comes is counted at the moment it came live, else at the moment it was published: what a new
feed lists, or an outage held up, makes no spike today.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil, isqrt, sqrt
from statistics import fmean, stdev

from monitor.core.alerts import Origin
from monitor.core.credits import counted as counted_outlets
from monitor.core.model import Match, Strength
from monitor.core.rules import Counted, Rule, Volume, WeakPolicy
from monitor.core.timing import in_words

WEEK = timedelta(weeks=1)
# Reading an article may take some minutes, and a silence is told hours late rather than wrongly.
SETTLING = timedelta(minutes=10)  # before a silence's window may end
LEAST_SAMPLES = 2  # windows of the same weekday and hour: one week proves nothing
DEVIATIONS = 2.0  # beyond what is usual, for what is unsteady from week to week
OVER = 0.5  # of what it takes to begin: below that a spike has ended
WINDOWS_SHOWN = 8
LONGEST_SHOWN = timedelta(days=14)  # looked back for windows to show
LOOKS = 12  # at each window
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(minutes=15)  # between looks
SINGULAR = {Counted.ARTICLES: "article", Counted.STORIES: "story", Counted.OUTLETS: "outlet"}


class Kind(StrEnum):
    """What a volume rule tells of."""

    SPIKE = "spike"
    SILENCE = "silence"


class Turn(StrEnum):
    """What is told: that it begins, and that it is over."""

    BEGINS = "begins"
    ENDS = "ends"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time; what comes at `since` itself is not in it."""

    since: datetime
    until: datetime

    def meets(self, other: "Span") -> bool:
        return self.since < other.until and other.since < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One article that is counted, `at` this moment; `story` is None where it is in none."""

    article: int
    at: datetime
    story: int | None
    outlet_id: str
    carrier: str | None = None
    credit: str | None = None
    duplicate_of: int | None = None
    relates_to: int | None = None


@dataclass(frozen=True, slots=True)
class Usual:
    """How many came at the same weekday and hour, the latest week first."""

    counts: tuple[int, ...]

    @property
    def mean(self) -> float:
        return fmean(self.counts)

    @property
    def spread(self) -> float:
        """One standard deviation; never less than chance alone makes of so few (Poisson)."""
        return max(stdev(self.counts), sqrt(max(self.mean, 1.0)))

    def __str__(self) -> str:
        weeks = ", ".join(map(str, self.counts))
        return f"{self.mean:.1f}".removesuffix(".0") + f" ({weeks} in the weeks before)"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one look at a rule says, and why; `turn` is None where people hear nothing.

    `withheld`: they would, could what was counted be trusted.
    """

    words: str
    turn: Turn | None = None
    withheld: bool = False


# --- what is counted --------------------------------------------------------------------------


def counted_at(origin: Origin, *, published: datetime | None, seen: datetime) -> datetime | None:
    """At which moment an article counts; None if nobody can tell."""
    if origin is Origin.LIVE:
        return seen
    return published if published is not None and published <= seen else None


def counts(rule: Rule, found: Match) -> bool:
    """Whether a match counts: title and lead carry it, or the rule takes the body for enough."""
    return found.strength is Strength.STRONG or rule.weak is WeakPolicy.ALERT


def counted(hits: Collection[Hit], unit: Counted) -> int:
    """How many these are. Copies of one agency, or of one article, count once.

    What belongs to no story is one of its own.
    """
    match unit:
        case Counted.STORIES:
            return len({_story(hit) for hit in hits})
        case Counted.OUTLETS:
            return counted_outlets(hits)[1]
        case Counted.ARTICLES:
            return _articles(hits)


def _articles(hits: Collection[Hit]) -> int:
    original = [hit for hit in hits if hit.duplicate_of is None]
    at_first_hand = {(_story(hit), hit.outlet_id) for hit in original if hit.carrier is None}
    return len(
        {
            (_story(hit), hit.credit) if hit.credit else (hit.article, None)
            for hit in original
            if (_story(hit), hit.carrier) not in at_first_hand
        }
    )


def _story(hit: Hit) -> int:
    return -hit.article if hit.story is None else hit.story


# --- when ---------------------------------------------------------------------------------------


def kind_of(volume: Volume) -> Kind:
    """What a rule looks for."""
    return Kind.SPIKE if volume.at_least is not None else Kind.SILENCE


def pause(volume: Volume) -> timedelta:
    """How long until the next look."""
    return min(max(volume.window / LOOKS, SHORTEST_PAUSE), LONGEST_PAUSE)


def window(volume: Volume, now: datetime) -> Span:
    """What is counted now; of a silence also what came while its window settled."""
    settling = timedelta() if kind_of(volume) is Kind.SPIKE else SETTLING
    return Span(now - settling - volume.window, now)


def same_hours(volume: Volume, now: datetime) -> list[Span]:
    """The windows of the same weekday and hour that say what is usual, the latest first."""
    weeks = (volume.baseline or timedelta()) // WEEK
    return [
        Span(now - week * WEEK - volume.window, now - week * WEEK) for week in range(1, weeks + 1)
    ]


def shown(volume: Volume, now: datetime, *, known_from: datetime) -> list[Span]:
    """The latest windows one behind the other, as a chart shows them, oldest first."""
    each = volume.window
    spans = [Span(now - (n + 1) * each, now - n * each) for n in range(WINDOWS_SHOWN)]
    return [span for span in reversed(spans) if span.since >= known_from or span is spans[0]]


def history(volume: Volume) -> timedelta:
    """How far back it has to be known what was counted."""
    chart = min(WINDOWS_SHOWN * volume.window, LONGEST_SHOWN)
    usual = (volume.baseline or timedelta()) + volume.window
    return max(chart, usual, volume.window + SETTLING)


def within(hits: Collection[Hit], span: Span) -> list[Hit]:
    """Those of the hits that lie in a span."""
    return [hit for hit in hits if span.since < hit.at <= span.until]


# --- the decision -------------------------------------------------------------------------------


def amount(number: int, volume: Volume) -> str:
    """`14 stories in 1 hour`."""
    unit = SINGULAR[volume.unit] if number == 1 else volume.unit
    return f"{number:,} {unit} in {in_words(volume.window)}"


def usual(counts: Sequence[int]) -> Usual | None:
    """What is usual, by the same hours of weeks that are known; None if there are too few."""
    return Usual(tuple(counts)) if len(counts) >= LEAST_SAMPLES else None


def wants_usual(volume: Volume, number: int, *, under_way: bool) -> bool:
    """Whether the decision depends on what is usual."""
    return volume.ratio is not None and (under_way or number >= (volume.at_least or 0))


def needed(volume: Volume, known: Usual | None) -> int:
    """From how many on it is a spike: enough, so many times the usual, and beyond its swings."""
    least = volume.at_least or 1
    if volume.ratio is None or known is None:
        return least
    return max(least, ceil(volume.ratio * known.mean), ceil(known.mean + DEVIATIONS * known.spread))


def judged(
    volume: Volume, number: int, *, known: Usual | None, unsure: str | None, under_way: bool
) -> Verdict:
    """Decide one look. `unsure` says why this window cannot be trusted, `known` what is usual."""
    if kind_of(volume) is Kind.SPIKE:
        return _spike(volume, number, known=known, unsure=unsure, under_way=under_way)
    return _silence(volume, number, unsure=unsure, under_way=under_way)


def _spike(
    volume: Volume, number: int, *, known: Usual | None, unsure: str | None, under_way: bool
) -> Verdict:
    said = amount(number, volume)
    least = needed(volume, known)
    told = f"{said}; usual at this hour of the week: {known}" if known else said
    if under_way:
        if number >= OVER * least or unsure:
            return Verdict(f"{told}: the spike goes on")
        return Verdict(f"{told}: the spike is over", Turn.ENDS)
    if number < least:
        return Verdict(f"{told}; it takes {least:,}")
    if volume.ratio is not None and known is None:
        weeks = f"{LEAST_SAMPLES} weeks"
        why = f"what is usual at this hour takes {weeks} to know"
        return Verdict(f"{said}, not told: {why}", withheld=True)
    return Verdict(f"{told}: a spike", Turn.BEGINS)


def _silence(volume: Volume, number: int, *, unsure: str | None, under_way: bool) -> Verdict:
    said, most = amount(number, volume), volume.at_most or 0
    if under_way:
        # More than at its beginning: else a rule that allows three would end at each fourth.
        over = number > most + isqrt(most)
        words = f"{said}: the silence {'is over' if over else 'goes on'}"
        return Verdict(words, Turn.ENDS if over else None)
    if number > most:
        return Verdict(f"{said}: no silence")
    if unsure:
        return Verdict(f"{said}, not told: {unsure}", withheld=True)
    return Verdict(f"{said}: a silence", Turn.BEGINS)
