"""The messages of a replay of the archive, as channels would have got them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from monitor.core.alerts import GATHERING_LIMIT, Origin, Way
from monitor.core.backtest import Judged, Verdict
from monitor.core.credits import shown_credit
from monitor.core.messages import Fired, Report
from monitor.core.model import Channel, ChannelName, Tier
from monitor.core.rules import Rule


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message as it would have been sent: put into words by `sending.put`."""

    at: datetime
    channel: Channel
    way: Way
    reports: tuple[Report, ...]


@dataclass(slots=True)
class _Digest:
    closes_at: datetime
    reports: list[Report] = field(default_factory=list)


class Outbox:
    """Turns what is judged into messages; a digest collects until its channel's time is over.

    One of what a start or an outage brought collects as long as the watch would have let it: when
    all of it was read, the archive does not tell.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._titles = {rule.id: rule.title for rule in rules}
        self._open: dict[tuple[ChannelName, Way], tuple[Channel, _Digest]] = {}

    def add(self, judged: Judged) -> Iterator[Outgoing]:
        """The digests that close before the article was seen, then its own messages."""
        now = judged.article.seen_at
        yield from self._close(until=now)
        sent = [(each, way, channel) for each in judged.verdicts for way, channel in each.sent]
        sent.sort(key=lambda one: (one[2].name, one[1]))
        for (_, way), group in groupby(sent, key=lambda one: (one[2].name, one[1])):
            told = list(group)
            channel = told[0][2]
            report = self._report(judged, [verdict for verdict, _, _ in told])
            if way is Way.AT_ONCE:
                yield Outgoing(now, channel, way, (report,))
                continue
            wait = channel.digest_every if way is Way.DIGEST else GATHERING_LIMIT
            key = channel.name, way
            self._open.setdefault(key, (channel, _Digest(now + wait)))[1].reports.append(report)

    def rest(self) -> Iterator[Outgoing]:
        """The digests that are still open at the end."""
        return self._close(until=None)

    def _close(self, *, until: datetime | None) -> Iterator[Outgoing]:
        closing = [
            (digest.closes_at, key)
            for key, (_, digest) in self._open.items()
            if until is None or digest.closes_at <= until
        ]
        for closes_at, key in sorted(closing):
            channel, digest = self._open.pop(key)
            yield Outgoing(closes_at, channel, key[1], tuple(digest.reports))

    def _report(self, judged: Judged, verdicts: Iterable[Verdict]) -> Report:
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
            title=document.title,
            summary=document.summary,
            text=document.text,
        )

    def _fired(self, verdict: Verdict) -> Fired:
        match = verdict.match
        return Fired(
            rule=match.rule,
            title=self._titles[match.rule],
            severity=match.severity,
            strength=match.strength,
            reason=str(verdict.decision.reason or ""),
            evidence=match.evidence,
            event=match.event,
        )
