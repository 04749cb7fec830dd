"""Incidents: what a rule tells once, which article belongs to which, and what is new in it. Pure.

    match + particulars ─account_of→ account ─joined→ incident ─known→ reasons to tell

An incident is one event as a person would count it: reports of one story, or of the same family of
event types between the same parties in the same place, close in time. docs/rules.md, "Incidents",
tells it from the reader's side.
"""

from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NewType

from monitor.core.alerts import UNFOLDING, Decision, Known, News, Reason
from monitor.core.corroboration import GROUND, Standing, Voice, Voices
from monitor.core.model import Match, Severity, StoryId, Strength
from monitor.core.particulars import Particulars
from monitor.core.rules import OncePer, Rule, has_events

IncidentId = NewType("IncidentId", int)

LONGEST = timedelta(hours=48)  # an incident is over then, whatever still comes
NUMBERS_KEPT = 60  # of one incident; a list of the dead would grow for ever


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What one matched article says of an incident, and everybody who stands behind it there."""

    story: StoryId
    at: datetime
    severity: Severity
    about: Particulars
    voices: tuple[Voice, ...]
    strong: bool = True


def account_of(
    match: Match,
    about: Particulars,
    *,
    story: StoryId,
    at: datetime,
    publisher: tuple[str, str],
) -> Account:
    """What an article says of the incident that a match is about.

    `publisher` is the key and the name of who wrote it: an agency, else who carries it. Where the
    text names nobody, he stands behind it himself.
    """
    voices = about.voices
    if about.told and not voices:
        voices = (Voice.of_publisher(*publisher),)
    strong = match.strength is Strength.STRONG
    return Account(
        story=story, at=at, severity=match.severity, about=about, voices=voices, strong=strong
    )


@dataclass(slots=True)
class Incident:
    """What has been said of one incident so far; `absorb` adds to it.

    `told_at`: when people were first told; None as long as all of it was silent.
    """

    family: str
    opened_at: datetime
    last_at: datetime
    id: IncidentId | None = None  # as stored
    told_at: datetime | None = None
    strong: bool = False  # an article says it in title or lead
    severity: Severity = Severity.LOW  # the most urgent that was told
    stories: set[StoryId] = field(default_factory=set)
    types: set[str] = field(default_factory=set)
    parties: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)
    numbers: list[str] = field(default_factory=list)
    another: bool = False
    grown: bool = False  # so many outlets carry it that people were told
    voices: Voices = field(default_factory=Voices)

    @classmethod
    def opened_by(cls, account: Account) -> "Incident":
        """A new one, which nothing has been said of."""
        return cls(
            account.about.family,
            opened_at=account.at,
            last_at=account.at,
            another=account.about.another,
        )

    def absorb(self, account: Account) -> None:
        """Let an article be part of it. A weak one only keeps it going."""
        self.last_at = max(self.last_at, account.at)
        self.stories.add(account.story)
        if not account.strong:
            return
        self.strong = True
        self.family = self.family or account.about.family
        if account.about.type:
            self.types.add(account.about.type)
        self.parties = set(self._parties_with(account))
        self.places |= account.about.places
        self.another = self.another or account.about.another
        self.numbers += [each for each in account.about.numbers if each not in self.numbers]
        del self.numbers[NUMBERS_KEPT:]
        for voice in account.voices:
            self.voices.hear(voice)

    def tell(self, decision: Decision, *, severity: Severity, at: datetime | None) -> None:
        """Let people know of it, as decided; on a trial, where nobody hears, `at` is None."""
        if decision.reason is Reason.WEAK_MATCH:
            return
        self.told_at = self.told_at or at
        self.grown = self.grown or Reason.OUTLETS in decision.reasons
        self.severity = min(self.severity, severity, key=lambda each: each.rank)

    @property
    def standing(self) -> Standing:
        """Who stands behind it, and who denied it."""
        return self.voices.standing(self.parties)

    def with_all_of(self, account: Account) -> Standing:
        """The same, with one more account."""
        return self.voices.with_all(account.voices).standing(self._parties_with(account))

    def _parties_with(self, account: Account) -> AbstractSet[str]:
        """Those of the event that it began with; who did it may become known only later."""
        lone = len(self.parties) <= 1 and self.parties <= account.about.parties
        return account.about.parties if lone else self.parties

    def counts_outlets(self, rule: Rule) -> bool:
        """Whether people wait to hear how many outlets carry it."""
        return rule.outlets is not None and not self.grown


# --- which incident -----------------------------------------------------------------------------


def joined(account: Account, live: Collection[Incident], rule: Rule) -> Incident | None:
    """The incident of a rule that an account belongs to; None where it opens one.

    First one of its story, then one of the same kind: its family of event types, parties that may
    be the same, a place that may be. What says that it is another event belongs to none that knows
    of one only.
    """
    if rule.once_per is OncePer.ARTICLE:
        return None
    since = account.at - LONGEST
    in_story = _latest_first(
        each for each in live if account.story in each.stories and each.opened_at >= since
    )
    if rule.once_per is OncePer.STORY or not has_events(rule.condition):
        return in_story[0] if in_story else None
    if not account.strong:  # what it is about is not sure enough to look elsewhere
        return in_story[0] if in_story else None
    of_kind = _latest_first(
        each
        for each in live
        if each.opened_at >= since
        and account.at - each.last_at <= rule.window
        and _same_kind(account, each)
    )
    if account.about.another:
        return next((each for each in (*in_story, *of_kind) if each.another), None)
    alike = [
        each for each in in_story if _same_family(account, each) and _same_place(account, each)
    ]
    return next(iter((*alike, *of_kind)), None)


def _latest_first(incidents: Iterable[Incident]) -> list[Incident]:
    return sorted(incidents, key=lambda each: (each.last_at, each.opened_at), reverse=True)


def _same_family(account: Account, incident: Incident) -> bool:
    return (
        not account.about.family or not incident.family or account.about.family == incident.family
    )


def _same_kind(account: Account, incident: Incident) -> bool:
    """Whether it may be the same event, told in a story of its own.

    What is more urgent than all that was told of an incident is no part of it: a strike after days
    of threats. What matched by words alone may be about what is going on; but nobody knows what an
    incident is about that only words tell of.
    """
    return (
        incident.strong
        and account.severity.rank >= incident.severity.rank
        and account.about.family in ("", incident.family)
        and _may_be_same(account.about.parties, incident.parties)
        and _same_place(account, incident)
    )


def _same_place(account: Account, incident: Incident) -> bool:
    """Whether nothing says that it was somewhere else."""
    places = account.about.places
    return not places or not incident.places or not places.isdisjoint(incident.places)


def _may_be_same(some: AbstractSet[str], others: AbstractSet[str]) -> bool:
    """Whether one names no party that the other, which names some, does not."""
    return some <= others or others <= some


# --- what is new --------------------------------------------------------------------------------


def known(
    incident: Incident,
    account: Account,
    rule: Rule,
    *,
    told: AbstractSet[Reason],
    outlets: int,
) -> Known:
    """What people know of an incident, and what an account adds to it.

    `told` are the reasons given so far; so many independent `outlets` carry it by now, this
    article included.
    """
    standing = incident.with_all_of(account)
    news: tuple[News, ...] = ()
    if Reason.FIRST_REPORT in told:
        news = tuple(_news(incident, account, rule, after=standing, outlets=outlets))
    unfolding = account.at - incident.opened_at <= UNFOLDING
    return Known(told, news, max(1, len(standing.originators)), unfolding)


def _news(
    incident: Incident, account: Account, rule: Rule, *, after: Standing, outlets: int
) -> list[News]:
    """What is new, as far as the rule tells it, the most telling first.

    `after` is how the incident stands with the account.
    """
    found = [*_severer(incident, account), *_standing(incident.standing, after)]
    if incident.counts_outlets(rule) and outlets >= (rule.outlets or 0):
        found.append(News(Reason.OUTLETS, f"{outlets} independent outlets"))
    found += [
        News(Reason.NEW_SPEAKER, voice.name)
        for voice in account.voices
        if voice.named and not incident.voices.has(voice)
    ]
    numbers = [each for each in account.about.numbers if each not in incident.numbers]
    if numbers:
        found.append(News(Reason.NEW_NUMBER, ", ".join(numbers)))
    if account.story not in incident.stories:
        found.append(News(Reason.DEVELOPMENT))
    wanted: dict[Reason, News] = {}
    for each in found:
        if each.reason.update is None or each.reason.update in rule.updates:
            wanted.setdefault(each.reason, each)
    return list(wanted.values())


def _severer(incident: Incident, account: Account) -> Iterable[News]:
    if account.severity.rank < incident.severity.rank:
        yield News(Reason.ESCALATION, f"{account.severity}, before {incident.severity}")
    elif _is_new_type(incident, account):
        # Where only words told of it until now, its type is no surprise.
        name = account.about.type.replace("_", " ")
        yield News(Reason.NEW_TYPE, name, quiet=not incident.types)


def _is_new_type(incident: Incident, account: Account) -> bool:
    """Whether it tells another type of event that is urgent, or as urgent as what was told."""
    kind = account.about.type
    least = max(incident.severity.rank, Severity.HIGH.rank)
    return bool(kind and kind not in incident.types and account.severity.rank <= least)


def _standing(before: Standing, after: Standing) -> Iterable[News]:
    if after.confirmed_by != before.confirmed_by and before.confirmed_by in ("", GROUND):
        # Who saw it knows not who did it; that the other party says so will be told at once.
        yield News(Reason.CONFIRMATION, after.confirmed_by, quiet=after.confirmed_by == GROUND)
    if after.denied_by and not before.denied_by:
        yield News(Reason.DENIAL, after.denied_by)
