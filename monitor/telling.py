"""What a delivery tells, as of now: its content, before a channel's form dresses it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from monitor.core import alerts, contents, digests, episodes, messages, outages
from monitor.core.contents import Chart, Content, Notice
from monitor.core.hours import MOST_LISTED, Digests, Why
from monitor.core.knowledge import TypeId
from monitor.core.model import Channel, RuleId
from monitor.core.outbox import Kind
from monitor.core.reports import Fired, Report
from monitor.core.wording import Wording
from monitor.core.wording.english import ENGLISH
from monitor.core.wording.languages import wording_of
from monitor.storage import fallbacks, holding, known, late, ledger, views
from monitor.watch import Watch

CHARTED = frozenset({alerts.Way.DIGEST, alerts.Way.TOGETHER})
A_DAY, A_MINUTE = timedelta(days=1), timedelta(minutes=1)
OUTAGE_BEFORE = timedelta(hours=1)  # an outage ended so long before its digest began, at most


def content(watch: Watch, row: Row[Any], *, now: datetime) -> Content | None:
    """What a delivery says; None if what a digest held has been told more urgently since."""
    if row.kind in (Kind.ALERT, Kind.UPDATE):
        found = _told_at_once(watch, row, now=now)
    else:
        found = _content(watch, row, now=now)
    return None if found is None else replace(found, preface=preface(watch, row, found, now=now))


def _content(watch: Watch, row: Row[Any], *, now: datetime) -> Content | None:
    words = wording_of(watch.channels[row.channel])
    if row.kind == Kind.CANARY:
        sent = words.sent.format(words.moment(now))
        body = f"{row.body}\n{sent[0].upper()}{sent[1:]}."
        return contents.of_notice(row.title, body, words=words)
    if row.kind in (Kind.VOLUME, Kind.REVISION):
        said = episodes.sent(row.title, row.body, decided_at=row.created_at, now=now, words=words)
        notice = contents.of_notice(said.title, said.body, words=words)
        if row.kind == Kind.REVISION:
            with watch.database.read() as connection:
                notice = replace(notice, roots=_roots(connection, row))
        return notice
    if row.kind == Kind.OPS:
        noted = messages.render_ops(
            row.title, row.body, noted_at=row.created_at, now=now, words=words
        )
        return contents.of_notice(noted.title, noted.body, words=words)
    with watch.database.read() as connection:
        told = _reports(connection, watch, row, words)
        return _digest(connection, watch, row, told, now=now)


def _carrying(row: Row[Any]) -> int:
    """The delivery whose alerts this one tells: a call tells those that nobody acknowledged."""
    number: int = row.escalates or row.id
    return number


def _roots(connection: Connection, row: Row[Any]) -> tuple[str, ...]:
    return tuple(views.roots(connection, _carrying(row), row.incident_id))


def _told_at_once(watch: Watch, row: Row[Any], *, now: datetime) -> Content | None:
    """What a message says at once, looked up once for all channels that are told the same now."""
    words = wording_of(watch.channels[row.channel])

    def look_up() -> Content | None:
        with watch.database.read() as connection:
            if not (told := _reports(connection, watch, row, words)):
                return None
            said = at_once(told, now=now, update=row.kind == Kind.UPDATE, words=words)
            return replace(said, roots=_roots(connection, row))

    same = (row.carried or row.key, row.incident_id, row.kind, words.language)
    return watch.told.get(same, look_up, now=now)


def _reports(
    connection: Connection, watch: Watch, row: Row[Any], words: Wording
) -> Sequence[Report]:
    """What it tells; types of events have their names in the language of the message."""
    told = views.reports(connection, _carrying(row))
    labels = {each.id: each.labels.get(words.language, "") for each in watch.knowledge.types}
    if not any(labels.values()):
        return told
    return [replace(each, fired=tuple(_named(one, labels) for one in each.fired)) for each in told]


def _named(fired: Fired, labels: Mapping[TypeId, str]) -> Fired:
    if fired.event is None:
        return fired
    kind = fired.event.type
    if not (label := labels.get(kind)):
        return fired
    # As `core/incidents.py` names a type that is new about an incident.
    new, said = (f"{alerts.Reason.NEW_TYPE}: {each}" for each in (kind.replace("_", " "), label))
    return replace(fired, label=label, reason=fired.reason.replace(new, said))


def at_once(
    told: Sequence[Report], *, now: datetime, update: bool, words: Wording = ENGLISH
) -> Content:
    """One incident, by the article whose news counts most; the others beside it."""
    first = min(told, key=_telling)
    beside = [each for each in told if each is not first]
    return contents.of_alert(first, now=now, beside=beside, update=update, words=words)


def _telling(report: Report) -> tuple[int, int, float]:
    """What a message leads with: what counts most, then what is most urgent, then the newest."""
    weight = min((fired.weight for fired in report.fired), default=0)
    return weight, report.severity.rank, -report.seen_at.timestamp()


# --- digests ------------------------------------------------------------------------------------


def together(
    told: Sequence[Report],
    *,
    channel: Channel,
    way: alerts.Way,
    now: datetime,
    held: str | None = None,
    words: Wording = ENGLISH,
) -> Content:
    """A digest of what is known without a database."""
    heading = words.held[Why(held)] if held else words.headings[way]
    limit = channel.peace.digests.max_items
    return digests.of_digest(told, heading=heading, now=now, limit=limit, words=words)


def _digest(
    connection: Connection,
    watch: Watch,
    row: Row[Any],
    told: Sequence[Report],
    *,
    now: datetime,
) -> Content | None:
    way, channel = alerts.Way(row.collection), watch.channels[row.channel]
    wanted, words = channel.peace.digests, wording_of(channel)
    parts = holding.parts(connection, row.fallback_of or row.id)
    notices = [_notice(each, words, now=now) for each in parts]
    if not (told or notices or (wanted.empty and way is alerts.Way.DIGEST)):
        return _gaps(connection, row, words, now=now) if way is alerts.Way.MISSED else None
    lines: list[str] = []
    if row.held and way is alerts.Way.TOGETHER:
        lines = [words.oldest_held.format(words.clock(row.created_at, now))]
    if way is alerts.Way.MISSED:
        lines = outages.lines(_outage(connection, row), now=now, words=words)
    return digests.of_digest(
        told,
        heading=_heading(watch, row, way, told, words),
        now=now,
        limit=_limit(watch, row, wanted),
        notices=notices,
        lines=lines,
        chart=_chart(connection, told, words, now=now) if way in CHARTED else None,
        words=words,
    )


def _outage(connection: Connection, row: Row[Any]) -> outages.Outage:
    return ledger.outage(connection, since=row.created_at - OUTAGE_BEFORE)


def _gaps(
    connection: Connection, row: Row[Any], words: Wording, *, now: datetime
) -> Content | None:
    """What may have been missed, where nothing is to be told beside it; None if nothing was."""
    outage = _outage(connection, row)
    if not outage.missed:
        return None
    since = max(span.until for span, _ in outage.spells)
    title, lines = outages.alone(
        outage, matched=late.matched(connection, since=since), now=now, words=words
    )
    return replace(
        digests.of_digest((), heading="", now=now, lines=lines, words=words), title=title
    )


def _notice(row: Row[Any], words: Wording, *, now: datetime) -> Notice:
    title, body = row.title, row.body
    if row.kind == Kind.OPS:
        noted = messages.render_ops(title, body, noted_at=row.created_at, now=now, words=words)
        title, body = noted.title, noted.body.rpartition("\n")[0]
    return digests.notice(title, body, at=row.created_at, now=now, words=words)


def _heading(
    watch: Watch, row: Row[Any], way: alerts.Way, told: Sequence[Report], words: Wording
) -> str:
    if row.held and way is alerts.Way.TOGETHER:
        return words.held[Why(row.held)]
    if row.digest_of:
        rule = watch.rules.get(RuleId(row.digest_of))
        return words.digest_title.format(words.digest, rule.title if rule else row.digest_of)
    if way is not alerts.Way.DIGEST:
        return words.headings[way]
    fired = [each.rule for report in told for each in report.fired]
    collected = any((rule := watch.rules.get(each)) and rule.digest for each in fired)
    return words.digest if collected or not told else words.headings[way]


def _limit(watch: Watch, row: Row[Any], wanted: Digests) -> int:
    rule = watch.rules.get(RuleId(row.digest_of)) if row.digest_of else None
    if rule is None or rule.digest is None:
        return wanted.max_items
    return rule.digest.max_items or MOST_LISTED


def _chart(
    connection: Connection, told: Sequence[Report], words: Wording, *, now: datetime
) -> Chart | None:
    """What the rules of a digest matched lately."""
    rules = {fired.rule for report in told for fired in report.fired}
    if not rules:
        return None
    since = min([now - A_DAY, *(report.seen_at for report in told)])
    moments = views.matched_at(connection, rules, since=since)
    return digests.chart(moments, since=since, now=now, words=words)


# --- why it comes to this channel, and now -------------------------------------------------------


def preface(watch: Watch, row: Row[Any], told: Content, *, now: datetime) -> str:
    """Why a message comes here, and now: called for, standing in, held; "" where it need not."""
    words = wording_of(watch.channels[row.channel])
    said = [
        _called(watch, row, words),
        _stands_in(watch, row, words),
        _known_elsewhere(watch, row, told, words, now=now),
    ]
    if row.forwarded_from:
        said.append(words.off_call.format(row.forwarded_from))
    if row.held and row.collection != alerts.Way.TOGETHER:
        said.append(words.held_since.format(words.held[Why(row.held)], f"{row.created_at:%H:%M}"))
    return " ".join(filter(None, said))


def _called(watch: Watch, row: Row[Any], words: Wording) -> str:
    """For how long nobody has acknowledged the message that this one follows."""
    if not row.escalates:
        return ""
    with watch.database.read() as connection:
        first = fallbacks.replaced(connection, row.escalates)
    if first is None:
        return ""
    minutes = max(int((watch.now() - first.not_before) / A_MINUTE), 1)
    return words.called.format(first.channel, words.duration(minutes * A_MINUTE))


def _stands_in(watch: Watch, row: Row[Any], words: Wording) -> str:
    if not row.fallback_of:
        return ""
    with watch.database.read() as connection:
        former = fallbacks.replaced(connection, row.fallback_of)
    if former is None:
        return ""
    if former.channel not in watch.channels:
        return words.stands_in_for_good.format(former.channel)
    return words.stands_in.format(former.channel, f"{former.created_at:%H:%M}")


def _known_elsewhere(
    watch: Watch, row: Row[Any], told: Content, words: Wording, *, now: datetime
) -> str:
    """Since when others know what a channel hears of for the first time; "" if nobody does."""
    weights = {fired.weight for report in told.reports for fired in report.fired}
    if row.kind != Kind.ALERT or not weights or not weights.isdisjoint(_FIRST):
        return ""
    with watch.database.read() as connection:
        since = known.told_since(connection, row.id)
    return "" if since is None else words.new_here.format(words.clock(since, now))


_FIRST = {reason.weight for reason in alerts.TOLD_ONCE}
