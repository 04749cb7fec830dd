"""The archive once more: what a set of rules would have told, decided as triage decides it.

    archived articles, oldest first ─Replay→ judged ─Outbox→ messages (core/postings.py)
                                              └─Summary→ counts

An article is replayed as it stands now, once, at the moment it was seen. Where its story is
stored, that is its story; an article that no rule matched then is put into one as triage does.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from monitor.core import alerts
from monitor.core.alerts import Decision, Origin, Reason, Silence, Way
from monitor.core.corroboration import NOBODY, Standing
from monitor.core.credits import counted
from monitor.core.differences import Difference
from monitor.core.duplicates import Relation
from monitor.core.gist import Gists
from monitor.core.incidents import (
    LONGEST,
    Account,
    Incident,
    IncidentId,
    account_of,
    joined,
    known,
)
from monitor.core.knowledge import Knowledge
from monitor.core.matcher import Matcher
from monitor.core.model import (
    ArticleId,
    Channel,
    ChannelName,
    Completeness,
    Document,
    Match,
    RuleId,
    StoryId,
    Strength,
)
from monitor.core.particulars import Reader
from monitor.core.reading import copied, same_title
from monitor.core.rules import Rule
from monitor.core.stories import Stories


class Archived(NamedTuple):
    """One article of the archive: what rules look at, and what its copies and messages need.

    A named tuple, because a backtest makes one of every article there is.
    """

    id: ArticleId
    document: Document
    seen_at: datetime
    origin: Origin
    completeness: Completeness
    quality: str
    outlet_id: str
    outlet_name: str
    language: str | None = None  # its own: rules look at the outlet's where it has none
    canonical_key: str | None = None
    body_hash: str | None = None
    published_at: datetime | None = None
    publisher: str | None = None
    carrier: str | None = None
    credit: str | None = None
    agency: str | None = None  # the credited outlet's name
    story_id: StoryId | None = None  # as stored
    relation: Relation | None = None  # as triage found it; None: it was not looked at
    relates_to: ArticleId | None = None
    difference: Difference | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one match: the decision, and how it reaches which channel.

    `standing`: who stands behind the incident by then.
    """

    match: Match
    decision: Decision
    sent: tuple[tuple[Way, Channel], ...]
    incident: IncidentId
    standing: Standing = NOBODY


@dataclass(frozen=True, slots=True)
class Judged:
    """One article that rules matched. `outlets` and `sources` carry its story by then."""

    article: Archived
    story: StoryId
    verdicts: tuple[Verdict, ...]
    outlets: int
    sources: int


@dataclass(slots=True)
class _Earlier:
    """What is remembered of an article: its copies join it, its story counts it."""

    number: int
    title: str
    completeness: Completeness
    body_hash: str | None
    origin: Origin
    outlet_id: str
    carrier: str | None
    credit: str | None
    seen_at: datetime
    duplicate_of: int | None = None
    relates_to: int | None = None
    story: StoryId | None = None
    incidents: list[IncidentId] = field(default_factory=list)


@dataclass(slots=True)
class _History:
    """What people heard of an incident, and who carries it."""

    told: frozenset[Reason] = frozenset()
    carried: list[_Earlier] = field(default_factory=list)


class Replay:
    """Judges archived articles one after another, in the order in which they were seen.

    Rules that count are left out: `core/projection.py` has theirs.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        knowledge: Knowledge,
        *,
        channels: Mapping[ChannelName, Channel],
        story_window: timedelta,
    ) -> None:
        self._rules = {rule.id: rule for rule in rules}
        self._channels = {rule.id: alerts.channels_of(rule, channels) for rule in rules}
        self._matcher = Matcher([rule for rule in rules if rule.volume is None], knowledge)
        self._earlier: defaultdict[str, list[_Earlier]] = defaultdict(list)  # by page and by text
        self._numbered: dict[int, _Earlier] = {}
        self._stories = _Stories(story_window, Gists(knowledge))
        self._particulars = Reader(knowledge)
        self._incidents = _Incidents()

    def judge(self, article: Archived) -> Judged | None:
        """What triage would have decided; None where no rule matches or it is a copy."""
        keys = _keys(article)
        original, told = self._original_of(article, keys), self._taken_up(article)
        alike = original is not None and original.story is not None
        if original is not None and alike and same_title(original.title, article.document.title):
            self._carry(_remembered(article, original))
            return None
        found = self.matches(article)
        if original is not None and not found:
            self._carry(_remembered(article, original))
            return None
        own = _remembered(article, original if alike else None)
        if own.duplicate_of is None:
            self._numbered[own.number] = own
            for key in keys:
                self._earlier[key].append(own)
        if not found:
            return None
        own.story = own.story or self._stories.place(article, told)
        outlets, sources = self._stories.carry(own)
        verdicts: list[Verdict] = []
        for match in alerts.in_turn(found):
            verdicts.append(self._decide(article, own, match, beside=verdicts))
        return Judged(article, own.story, tuple(verdicts), outlets, sources)

    def matches(self, article: Archived) -> list[Match]:
        """The rules that match an article at the moment it was seen, whatever becomes of it."""
        found = self._matcher.match(article.document)
        return [each for each in found if not self._rules[each.rule].ended(article.seen_at)]

    def _original_of(self, article: Archived, keys: Iterable[str]) -> _Earlier | None:
        """The earlier article that this one copies, as triage found it.

        One that triage has not looked at so is compared by page and by text word for word.
        """
        if article.relation is not None:
            copy = article.relation is Relation.COPY and article.relates_to is not None
            return self._numbered.get(article.relates_to or 0) if copy else None
        found = {each.number: each for key in keys for each in self._earlier.get(key, ())}
        if not found:  # most articles: the rest is only work
            return None
        comparable = (
            each
            for _, each in sorted(found.items())
            if article.origin is Origin.BASELINE or each.origin is not Origin.BASELINE
        )
        return copied(_remembered(article, None), comparable)

    def _carry(self, copy: _Earlier) -> None:
        self._stories.carry(copy)
        self._incidents.carry(copy)

    def _taken_up(self, article: Archived) -> StoryId | None:
        """The story of the earlier article that this one is an update or a revision of."""
        earlier = self._numbered.get(article.relates_to or 0)
        if earlier is None or article.difference is Difference.HEADLINE:
            return None
        return earlier.story

    def _decide(
        self, article: Archived, own: _Earlier, match: Match, *, beside: Sequence[Verdict]
    ) -> Verdict:
        rule, channels = self._rules[match.rule], self._channels[match.rule]
        at_once = {channel for each in beside for way, channel in each.sent if way is Way.AT_ONCE}
        account = self._account(article, own, match)
        incident = self._incidents.of(rule, account)
        own.incidents.append(self._incidents.number(incident))
        history = self._incidents.history(incident, own)
        decision = alerts.decide(
            strength=match.strength,
            severity=match.severity,
            origin=article.origin,
            rule=rule,
            known=known(
                incident, account, rule, told=history.told, outlets=counted(history.carried)[1]
            ),
            beside_strong=not at_once.isdisjoint(channels),
        )
        incident.absorb(account)
        if decision.reason is not None:
            incident.tell(decision, severity=match.severity, at=article.seen_at)
            history.told |= {decision.reason}
        return Verdict(
            match,
            decision,
            tuple(alerts.ways(decision, channels, at_once=at_once)),
            self._incidents.number(incident),
            replace(incident.standing, outlets=counted(history.carried)[0])
            if decision.reason is not None
            else NOBODY,
        )

    def _account(self, article: Archived, own: _Earlier, match: Match) -> Account:
        document = article.document
        writer = article.credit or article.carrier or article.outlet_id
        name = article.agency if article.credit else article.carrier or article.outlet_name
        return account_of(
            match,
            self._particulars.of(document, match.event, self._matcher.events(match, document)),
            story=own.story or StoryId(0),
            at=article.seen_at,
            publisher=(writer, name or writer),
        )


class _Incidents:
    """The incidents of a replay, with what people heard of them."""

    def __init__(self) -> None:
        self._going: defaultdict[RuleId, deque[Incident]] = defaultdict(deque)
        self._histories: dict[IncidentId, _History] = {}

    def of(self, rule: Rule, account: Account) -> Incident:
        """The one that an account belongs to, or a new one."""
        going = self._going[rule.id]
        while going and account.at - going[0].opened_at > LONGEST:
            going.popleft()
        found = joined(account, going, rule)
        if found is None:
            found = Incident.opened_by(account)
            found.id = IncidentId(len(self._histories) + 1)
            self._histories[found.id] = _History()
            going.append(found)
        return found

    def number(self, incident: Incident) -> IncidentId:
        return incident.id or IncidentId(0)

    def history(self, incident: Incident, own: _Earlier) -> _History:
        """What people heard of it, carried by one more article."""
        history = self._histories[self.number(incident)]
        history.carried.append(own)
        return history

    def carry(self, copy: _Earlier) -> None:
        """Let the incidents of a copy's original be carried by one more."""
        for number in copy.incidents:
            self._histories[number].carried.append(copy)


def _keys(article: Archived) -> list[str]:
    """Under which names the copies of an article find it."""
    page = [f"page {article.canonical_key}"] if article.canonical_key else []
    return page + ([f"text {article.body_hash}"] if article.body_hash else [])


def _remembered(article: Archived, original: _Earlier | None) -> _Earlier:
    return _Earlier(
        number=article.id,
        title=article.document.title,
        completeness=article.completeness,
        body_hash=article.body_hash,
        origin=article.origin,
        outlet_id=article.outlet_id,
        carrier=article.carrier,
        credit=article.credit,
        seen_at=article.seen_at,
        duplicate_of=original.number if original else None,
        relates_to=article.relates_to,
        story=original.story if original else None,
        incidents=list(original.incidents) if original else [],
    )


class _Stories:
    """The stories of a replay. Those that are opened in it have numbers below zero."""

    def __init__(self, window: timedelta, gists: Gists) -> None:
        self._gists = gists
        self._live = Stories(window=window)
        self._carried: defaultdict[StoryId, list[_Earlier]] = defaultdict(list)
        self._opened = 0

    def place(self, article: Archived, told: StoryId | None) -> StoryId:
        """The story of an article that is no copy; `told` is that of what it takes up."""
        gist = self._gists.of(article.document)
        found = article.story_id or told or self._live.assign(gist, now=article.seen_at)
        if found is None:
            self._opened += 1
            found = StoryId(-self._opened)
        self._live.add(found, gist, seen_at=article.seen_at)
        return found

    def carry(self, article: _Earlier) -> tuple[int, int]:
        """Let a story count one more article; how many outlets and sources carry it now."""
        if article.story is None:
            return 1, 1
        self._live.touch(article.story, seen_at=article.seen_at)
        self._carried[article.story].append(article)
        return counted(self._carried[article.story])


# --- counts ---------------------------------------------------------------------------------


@dataclass(slots=True)
class RuleCounts:
    """What one rule did. `outlets` and `languages` count its matches."""

    matches: int = 0
    weak: int = 0
    alerts: int = 0
    at_once: int = 0
    outlets: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    silent: Counter[Silence] = field(default_factory=Counter)


class Summary:
    """Counts over a replay. An alert is one rule telling of one article."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = {rule.id: RuleCounts() for rule in rules}
        self.by_day: Counter[date] = Counter()  # alerts, by UTC day
        self.matched = 0  # articles

    def add(self, judged: Judged) -> None:
        self.matched += 1
        for verdict in judged.verdicts:
            counts = self.rules[verdict.match.rule]
            counts.matches += 1
            counts.weak += verdict.match.strength is Strength.WEAK
            counts.outlets[judged.article.outlet_id] += 1
            counts.languages[judged.article.document.language or "unknown"] += 1
            if verdict.decision.reason is None:
                counts.silent.update(filter(None, [verdict.decision.silence]))
                continue
            counts.alerts += 1
            counts.at_once += any(way is Way.AT_ONCE for way, _ in verdict.sent)
            self.by_day[judged.article.seen_at.astimezone(UTC).date()] += 1

    @property
    def alerts(self) -> int:
        return sum(self.by_day.values())

    @property
    def at_once(self) -> int:
        return sum(each.at_once for each in self.rules.values())


def days(since: datetime, until: datetime) -> list[date]:
    """The UTC days that a span touches, in order."""
    first = since.astimezone(UTC).date()
    number = (until.astimezone(UTC).date() - first).days + 1
    return [first + timedelta(days=each) for each in range(number)]


def live(rules: Iterable[Rule], *, named: bool) -> list[Rule]:
    """The rules to replay: those at work, or those that were `named`, at work or not."""
    return [
        replace(rule, enabled=True) if named else rule for rule in rules if named or rule.enabled
    ]
