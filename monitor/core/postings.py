"""The messages of a replay of the archive, as channels would have got them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from monitor.core import hours
from monitor.core.alerts import (
    GATHERING_LIMIT,
    UPDATES_APART,
    Decision,
    News,
    Origin,
    Reason,
    Way,
)
from monitor.core.backtest import Judged, Verdict
from monitor.core.corroboration import NOBODY, Standing
from monitor.core.credits import shown_credit
from monitor.core.held_messages import Doors, Outgoing
from monitor.core.incidents import IncidentId
from monitor.core.model import Channel, ChannelName, RuleId, Strength, Tier
from monitor.core.reports import Fired, Report
from monitor.core.rules import Rule

_Key = tuple[ChannelName, Way, IncidentId | RuleId]  # what is collected together


@dataclass(slots=True)
class _Digest:
    closes_at: datetime
    reports: list[Report] = field(default_factory=list)


class Outbox:
    """Turns what is judged into messages; a digest collects until its channel's time is over.

    One of what a start or an outage brought collects as long as the watch would have let it: when
    all of it was read, the archive does not tell. What a channel holds back waits behind `Doors`.
    """

    def __init__(
        self, rules: Iterable[Rule], channels: Mapping[ChannelName, Channel] | None = None
    ) -> None:
        rules = list(rules)
        self._titles = {rule.id: rule.title for rule in rules}
        self._every = {
            rule.id: rule.digest.every for rule in rules if rule.digest and rule.digest.every
        }
        quiet = {rule.id: rule.quiet for rule in rules if rule.quiet}
        self._doors = Doors(channels or {}, quiet)
        self._open: dict[_Key, tuple[Channel, _Digest]] = {}
        self._last: dict[tuple[ChannelName, IncidentId], datetime] = {}  # message on an incident

    def add(self, judged: Judged) -> Iterator[Outgoing]:
        """The digests that close before the article was seen, then its own messages."""
        for message in self._add(judged):
            yield from self._doors.take(message)
        yield from self._doors.open(until=judged.article.seen_at)

    def _add(self, judged: Judged) -> Iterator[Outgoing]:
        now = judged.article.seen_at
        yield from self._close(until=now)
        sent = [(each, way, channel) for each in judged.verdicts for way, channel in each.sent]
        sent.sort(key=self._sorted)
        for (_, way, own), group in groupby(sent, key=self._sorted):
            told = list(group)
            channel = told[0][2]
            report = self._report(judged, [verdict for verdict, _, _ in told])
            about = [verdict.incident for verdict, _, _ in told]
            if way is Way.AT_ONCE:
                update = all(v.decision.reason is not Reason.FIRST_REPORT for v, _, _ in told)
                waiting = self._take_in(channel, about)
                yield Outgoing(now, channel, way, (report, *waiting), update=update)
                self._last |= dict.fromkeys([(channel.name, each) for each in about], now)
                continue
            key = (channel.name, way, RuleId(own)) if own else self._key(channel, way, about)
            closes_at = self._closes(channel, way, about, now=now)
            if own:
                closes_at = now + self._every[RuleId(own)]
            digest = self._open.setdefault(key, (channel, _Digest(closes_at)))[1]
            if way is Way.UPDATE:  # what has come counts more than what the bundle waited for
                digest.closes_at = min(digest.closes_at, closes_at)
            digest.reports.append(report)

    def _sorted(self, one: tuple[Verdict, Way, Channel]) -> tuple[str, Way, str]:
        """By channel and way; digests of a rule's own apart."""
        verdict, way, channel = one
        own = verdict.match.rule if way is Way.DIGEST and verdict.match.rule in self._every else ""
        return channel.name, way, own

    def _key(self, channel: Channel, way: Way, about: Sequence[IncidentId]) -> _Key:
        """What is collected together: all of a digest, what is new of one incident."""
        if way is not Way.UPDATE:
            return channel.name, way, IncidentId(0)
        keys = [(channel.name, Way.UPDATE, each) for each in about]
        return next((key for key in keys if key in self._open), keys[0])

    def _closes(
        self, channel: Channel, way: Way, about: Sequence[IncidentId], *, now: datetime
    ) -> datetime:
        if way is not Way.UPDATE:
            if way is Way.DIGEST:
                return hours.next_digest(channel.peace.digests, now)
            return now + GATHERING_LIMIT
        told = [self._last.get((channel.name, each)) for each in about]
        return max([now, *(each + UPDATES_APART for each in told if each is not None)])

    def _take_in(self, channel: Channel, about: Sequence[IncidentId]) -> list[Report]:
        """What waited to be told of incidents that a message goes out on now."""
        keys = [(channel.name, Way.UPDATE, each) for each in about]
        return [r for key in keys if key in self._open for r in self._open.pop(key)[1].reports]

    def rest(self) -> Iterator[Outgoing]:
        """The digests that are still open at the end, and what is held back."""
        for message in self._close(until=None):
            yield from self._doors.take(message)
        yield from self._doors.open(until=None)

    def _close(self, *, until: datetime | None) -> Iterator[Outgoing]:
        closing = [
            (digest.closes_at, key)
            for key, (_, digest) in self._open.items()
            if until is None or digest.closes_at <= until
        ]
        for closes_at, key in sorted(closing, key=lambda each: (each[0], str(each[1]))):
            channel, digest = self._open.pop(key)
            if key[1] is Way.UPDATE:
                self._last[channel.name, IncidentId(int(key[2]))] = closes_at
            yield Outgoing(closes_at, channel, key[1], tuple(digest.reports), key[1] is Way.UPDATE)

    def _standing(self, verdicts: Sequence[Verdict]) -> Standing:
        """Who stands behind what the most urgent of the rules tells."""
        strong = [each for each in verdicts if each.match.strength is Strength.STRONG]
        return min(strong, key=lambda e: e.match.severity.rank).standing if strong else NOBODY

    def _report(self, judged: Judged, verdicts: Sequence[Verdict]) -> Report:
        article, document = judged.article, judged.article.document
        return Report(
            headline=document.title,
            url=document.url,
            outlet=article.outlet_name,
            tier=Tier(document.tier or Tier.INDEPENDENT),
            country=document.country or "",
            language=article.language,
            published_at=article.published_at,
            seen_at=article.seen_at,
            completeness=article.completeness,
            quality=article.quality,
            fired=tuple(map(self._fired, verdicts)),
            outlets=judged.outlets,
            sources=judged.sources,
            credit=shown_credit(
                article.credit,
                agency=article.agency,
                carrier=article.carrier,
                outlet=article.outlet_id,
            ),
            publisher=article.publisher,
            missed=article.origin is Origin.MISSED,
            standing=self._standing(verdicts),
            title=document.title,
            summary=document.summary,
            text=document.text,
            story=judged.story,
        )

    def _fired(self, verdict: Verdict) -> Fired:
        match = verdict.match
        return Fired(
            rule=match.rule,
            title=self._titles[match.rule],
            severity=match.severity,
            strength=match.strength,
            reason=_reason(verdict.decision),
            weight=verdict.decision.reason.weight if verdict.decision.reason else 0,
            evidence=match.evidence,
            event=match.event,
        )


def _reason(decision: Decision) -> str:
    return "" if decision.reason is None else str(News(decision.reason, decision.details))
