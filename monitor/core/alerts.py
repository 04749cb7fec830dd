"""Whether a match is told, and why: a pure decision over what has been told before."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from monitor.core.model import Channel, ChannelName, Match, Severity, Strength
from monitor.core.rules import OncePer, Rule, Update, WeakPolicy

# A digest of what a start or an outage brought collects no longer: a slow host may not hold it up.
GATHERING_LIMIT = timedelta(minutes=15)
UPDATES_APART = timedelta(minutes=30)  # messages on one incident that interrupt nobody
# How long an incident unfolds; then other stories of it look back, whatever they tell of.
UNFOLDING = timedelta(hours=6)


class Origin(StrEnum):
    """How an entry came to us; `origins.origin_of` decides it."""

    LIVE = "live"
    WELCOME = "welcome"  # young at first sight: told in one digest
    BASELINE = "baseline"  # old at first sight: stored, never told
    LATE = "late"  # old when a known feed listed it: told in a digest
    MISSED = "missed"  # came out while we could not look: told, and marked late
    CANARY = "canary"  # invented, to show that the whole chain works: no news


class Reason(StrEnum):
    """Why people are told, what counts most first; the words reach the message and the log."""

    FIRST_REPORT = "first report of this story"
    ESCALATION = "more urgent than told before"
    NEW_TYPE = "another type of event"
    CONFIRMATION = "confirmed"
    DENIAL = "denied"
    CORRECTION = "corrected by its outlet"
    RETRACTION = "retracted by its outlet"
    DELETION = "taken down by its outlet"
    OUTLETS = "the story grew"
    NEW_SPEAKER = "a new voice"
    NEW_NUMBER = "new figures"
    DEVELOPMENT = "another story of this incident"
    WEAK_MATCH = "weak match, below the lead"

    @property
    def weight(self) -> int:
        """How much it counts among several; the least counts most."""
        return list(Reason).index(self)

    @property
    def update(self) -> Update | None:
        """The word of `update_on` under which rules ask for it; None where they cannot refuse."""
        return _UPDATES.get(self)


_UPDATES = {
    Reason.ESCALATION: Update.ESCALATION,
    Reason.NEW_TYPE: Update.ESCALATION,
    Reason.CONFIRMATION: Update.CONFIRMATION,
    Reason.DENIAL: Update.DENIAL,
    Reason.CORRECTION: Update.CORRECTION,
    Reason.RETRACTION: Update.RETRACTION,
    Reason.DELETION: Update.RETRACTION,
    Reason.NEW_SPEAKER: Update.NEW_SPEAKER,
    Reason.NEW_NUMBER: Update.NEW_NUMBER,
    Reason.DEVELOPMENT: Update.DEVELOPMENT,
}
TOLD_ONCE = frozenset({Reason.FIRST_REPORT, Reason.WEAK_MATCH})  # of an incident
# What is critical for the first time is as good as a first report.
_FIRST_OF_ITS_KIND = frozenset({Reason.ESCALATION, Reason.NEW_TYPE})
# What is worth waking somebody for, if it is urgent; all else waits for the next bundle.
_INTERRUPTING = frozenset(
    {Reason.CONFIRMATION, Reason.DENIAL, Reason.CORRECTION, Reason.RETRACTION, Reason.DELETION}
)


@dataclass(frozen=True, slots=True)
class News:
    """What is new about an incident: why it is told, and what exactly, for the message.

    `quiet`: it interrupts nobody, whatever its reason.
    """

    reason: Reason
    detail: str = ""
    quiet: bool = False

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}" if self.detail else f"{self.reason}"


class Silence(StrEnum):
    """Why people are not told; the words answer "why did I not get it?"."""

    BASELINE = "older than the watch: it stood in the feed before we first looked"
    ALREADY_TOLD = "already told: an earlier article of this story raised this alert"
    FEW_SOURCES = "too few independent sources stand behind it as yet"
    LOGGED = "weak match, below the lead, and the rule only logs those"
    TRIAL = "on trial"
    SILENCED = "silenced"  # by people, see core/silences.py


class Way(StrEnum):
    """How an alert reaches a channel."""

    AT_ONCE = "at once"
    UPDATE = "update"  # with what else is new of its incident
    DIGEST = "digest"
    WELCOME = "welcome"
    MISSED = "missed"
    TOGETHER = "together"  # with what else its channel held back


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one match. With a reason it is told by `way`; else `silence` says why not.

    `until` is the end of a trial or a silence, `detail` also why it was set, `also` what else is
    new. `held` says that its follow-up waits.
    """

    reason: Reason | None = None
    way: Way | None = None
    silence: Silence | None = None
    rides_along: bool = False  # a weak match in the message of a strong one
    until: datetime | None = None
    detail: str = ""
    also: tuple[News, ...] = ()
    collected: bool = False  # instead of being told at once
    held: str = ""

    @property
    def words(self) -> str:
        if self.reason:
            return "; ".join(filter(None, [str(News(self.reason, self.details)), self.held]))
        until = f" until {self.until:%Y-%m-%d %H:%M} UTC" if self.until else ""
        why = f": {self.detail}" if self.detail else ""
        return f"{self.silence}{until}{why}"

    @property
    def reasons(self) -> frozenset[Reason]:
        """Every reason for which it is told."""
        first = [self.reason] if self.reason else []
        return frozenset([*first, *(each.reason for each in self.also)])

    @property
    def details(self) -> str:
        """What exactly is new, with what else is."""
        return "; ".join(filter(None, [self.detail, *map(str, self.also)]))


@dataclass(frozen=True, slots=True)
class Known:
    """What people know of the incident that a match belongs to.

    `told` are the reasons given so far, for weak matches too. `news` is what the match adds, the
    most telling first. `sources` stand behind it by now. `unfolding`: it began not long ago.
    """

    told: AbstractSet[Reason] = frozenset()
    news: tuple[News, ...] = ()
    sources: int = 1
    unfolding: bool = True


def decide(
    *,
    strength: Strength,
    severity: Severity,
    origin: Origin,
    rule: Rule,
    known: Known,
    beside_strong: bool,
) -> Decision:
    """Decide one match.

    `beside_strong`: another rule tells this very article at once, so a weak match rides along in
    that message instead of waiting for a digest. Of what was missed, only what is critical is worth
    a message of its own; the rest comes in one digest.
    """
    if origin is Origin.BASELINE:
        return Decision(silence=Silence.BASELINE)
    strong = strength is Strength.STRONG or rule.weak is WeakPolicy.ALERT
    reason = Reason.FIRST_REPORT if strong else Reason.WEAK_MATCH
    if Reason.FIRST_REPORT in known.told:
        return _update(severity, origin, rule, known) if strong else _ALREADY_TOLD
    if reason in known.told:
        return _ALREADY_TOLD
    if strong and known.sources < rule.sources:
        return Decision(silence=Silence.FEW_SOURCES)
    if not strong and not beside_strong and rule.weak is WeakPolicy.LOG:
        return Decision(silence=Silence.LOGGED)
    urgent = strong and (origin is not Origin.MISSED or severity is Severity.CRITICAL)
    collected = strong and _collects(rule, severity)
    urgent = urgent and not collected
    way = _way(origin, at_once=urgent or (beside_strong and not strong))
    return Decision(
        reason=reason,
        way=way,
        rides_along=way is Way.AT_ONCE and not strong,
        collected=collected,
    )


def _collects(rule: Rule, severity: Severity) -> bool:
    """Whether a rule collects what it would tell at once; what is critical never waits for it."""
    return rule.digest is not None and severity is not Severity.CRITICAL


_ALREADY_TOLD = Decision(silence=Silence.ALREADY_TOLD)


def _update(severity: Severity, origin: Origin, rule: Rule, known: Known) -> Decision:
    """What becomes of more on an incident that people know of: they hear what is new."""
    if not known.news:
        return _ALREADY_TOLD
    first, *rest = known.news
    reasons = {each.reason for each in known.news}
    loud = {each.reason for each in known.news if not each.quiet}
    urgent = severity in (Severity.CRITICAL, Severity.HIGH)
    at_once = (urgent and not loud.isdisjoint(_INTERRUPTING)) or (
        severity is Severity.CRITICAL and not loud.isdisjoint(_FIRST_OF_ITS_KIND)
    )
    collected = _collects(rule, severity)
    way = _way(origin, at_once=at_once and not collected)
    if origin is Origin.LIVE and not at_once and not collected:
        way = _bundled(severity, reasons, unfolding=known.unfolding)
    return Decision(
        reason=first.reason,
        way=way,
        detail=first.detail,
        also=tuple(rest),
        collected=collected,
    )


def _bundled(severity: Severity, reasons: AbstractSet[Reason], *, unfolding: bool) -> Way:
    """How what interrupts nobody is told; another story alone says less once the first are told."""
    if reasons != {Reason.DEVELOPMENT} or (severity is Severity.CRITICAL and unfolding):
        return Way.UPDATE
    return Way.DIGEST


def passes(decision: Decision, severity: Severity, rule: Rule) -> bool:
    """Whether it is told although its story was muted or its follow-ups snoozed: critical news.

    A rule that tells each article by itself could not be muted otherwise.
    """
    if severity is not Severity.CRITICAL or decision.way is not Way.AT_ONCE:
        return False
    return decision.reason is not Reason.FIRST_REPORT or rule.once_per is not OncePer.ARTICLE


def silenced(*, until: datetime, why: str) -> Decision:
    """What becomes of a match that people have silenced."""
    return Decision(silence=Silence.SILENCED, until=until.astimezone(UTC), detail=why)


def passing(decision: Decision) -> Decision:
    """What goes out although people wanted to hear nothing of it for now."""
    detail = "; ".join(filter(None, [decision.detail, "critical, so it passes a silence"]))
    return replace(decision, detail=detail)


def snoozed(decision: Decision, *, until: datetime) -> Decision:
    """What becomes of a follow-up that people have put off: it waits with the others."""
    if decision.way not in (Way.AT_ONCE, Way.UPDATE, Way.DIGEST):
        return decision
    held = f"snoozed until {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return replace(decision, way=Way.UPDATE, held=held, rides_along=False)


def on_trial(decision: Decision, *, until: datetime) -> Decision:
    """What becomes of a match while its rule is on trial, from what would become of it else."""
    if decision.silence in (Silence.BASELINE, Silence.LOGGED):  # as it would be, and stay
        return decision
    return Decision(silence=Silence.TRIAL, until=until.astimezone(UTC))


def _way(origin: Origin, *, at_once: bool) -> Way:
    match origin:
        case Origin.WELCOME:
            return Way.WELCOME
        case Origin.LATE:
            return Way.DIGEST
        case Origin.MISSED:
            return Way.AT_ONCE if at_once else Way.MISSED
        case _:
            return Way.AT_ONCE if at_once else Way.DIGEST


def in_turn(matches: Iterable[Match]) -> list[Match]:
    """Matches of one article in the order of decision.

    The strong ones first, the most urgent before all: the others ride along in their message.
    """
    return sorted(matches, key=lambda m: (m.strength is Strength.WEAK, m.severity.rank))


def ways(
    decision: Decision, channels: Sequence[Channel], *, at_once: AbstractSet[Channel]
) -> list[tuple[Way, Channel]]:
    """How an alert reaches each of its rule's channels, `at_once` those that hear of the article.

    None if it tells nobody.
    """
    if decision.way is None:
        return []
    if decision.rides_along:  # only where the strong one is told
        channels = [channel for channel in channels if channel in at_once]
    # A digest of what was missed, or of one rule, does not repeat what a message tells at once.
    apart = decision.way is Way.MISSED or decision.collected
    joined = at_once if apart else frozenset[Channel]()
    return [(Way.AT_ONCE if each in joined else decision.way, each) for each in channels]


def channels_of(rule: Rule, channels: Mapping[ChannelName, Channel]) -> list[Channel]:
    """Where a rule's alerts go: its own channels, else the default ones."""
    if rule.channels:
        return [channels[name] for name in rule.channels]
    return [channel for channel in channels.values() if channel.default]


def others(
    channels: Iterable[Channel], ops: Sequence[Channel], *, without: Sequence[Channel]
) -> list[Channel]:
    """Who is told of trouble with some channels: whoever hears of the watch, else the default ones.

    Never those channels themselves.
    """
    found = [each for each in ops if each not in without]
    if not found:
        rest = [each for each in channels if each not in without]
        found = [each for each in rest if each.default] or rest
    return found


def ops_channels(channels: Iterable[Channel]) -> list[Channel]:
    """Who hears how the watch itself is doing: the channels made for it, else the default ones."""
    known = list(channels)
    chosen = [channel for channel in known if channel.ops]
    return chosen or [channel for channel in known if channel.default]
