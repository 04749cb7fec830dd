"""Looks at rules that count: their history, what came, what is usual, and what people are told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import Connection

from monitor.core import alerts, episodes, volume
from monitor.core.coverage import Cause
from monitor.core.episodes import Picture
from monitor.core.matcher import Matcher
from monitor.core.rules import Rule, Volume
from monitor.core.volume import Kind, Span, Turn, Usual, Verdict
from monitor.core.wording.languages import wording_of
from monitor.storage import deliveries, ledger, replay, silences, volumes, work
from monitor.storage.types import AnyRow
from monitor.storage.volumes import Found
from monitor.storage.work import Claim
from monitor.watch import Watch

A_DAY = timedelta(days=1)  # of the archive at once: some seconds of matching
ANSWERED_WITHIN = timedelta(hours=2)  # at least; feeds are usually polled within the hour
LEAST_ANSWERED = 0.5  # of the feeds; with fewer it is no silence of the news

log = structlog.get_logger()


# --- the archive ----------------------------------------------------------------------------------


def look_back(watch: Watch, claim: Claim, rule: Rule, counted: Volume) -> None:
    """Count one more day of the archive, so that a new rule need not wait for its history."""
    now, known_from = watch.now(), claim.row.counted_from
    span = Span(known_from - A_DAY, known_from)
    with watch.database.read() as connection:
        begun = replay.first_seen(connection) or known_from
        found = _archived(connection, watch, rule, span)
    over = span.since <= max(begun, now - volume.history(counted))
    known_from = min(known_from, max(span.since, begun))

    def commit(tx: Connection) -> None:
        if work.finish(tx, claim, due_at=now, not_before=now, recounted=over):
            volumes.add_hits(tx, rule, found, known_from=known_from)

    watch.database.write(commit)
    if over:
        log.info("rule.recounted", rule=rule.id, since=known_from)


def _archived(connection: Connection, watch: Watch, rule: Rule, span: Span) -> list[Found]:
    matcher, found = Matcher([rule], watch.knowledge), []
    for article in replay.archived(connection, since=span.since, until=span.until):
        at = volume.counted_at(article.origin, published=article.published_at, seen=article.seen_at)
        counts = any(volume.counts(rule, each) for each in matcher.match(article.document))
        if counts and at is not None:
            found.append(Found(article.id, at))
    return found


# --- one look -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a rule found."""

    number: int
    usual: Usual | None
    verdict: Verdict
    since: datetime | None  # of the episode under way
    picture: Picture | None = None  # only where something is told


def look(watch: Watch, claim: Claim, rule: Rule, counted: Volume) -> None:
    """Compare what came with what is wanted; tell the beginning and the end of an episode."""
    now = watch.now()
    with watch.database.read() as connection:
        found = _looked(connection, watch, claim.row, rule, counted, now=now)
    later = {"due_at": now, "not_before": now + volume.pause(counted), "looked_at": now}

    def commit(tx: Connection) -> None:
        if work.finish(tx, claim, verdict=found.verdict.words, **later):
            _tell(tx, watch, rule, counted, found, now=now)

    watch.database.write(commit)
    if found.verdict.turn is Turn.BEGINS:
        log.info("episode.begun", rule=rule.id, why=found.verdict.words)
    elif found.verdict.withheld and found.verdict.words != claim.row.verdict:
        log.info("episode.withheld", rule=rule.id, why=found.verdict.words)
    elif found.verdict.turn is Turn.ENDS:
        log.info("episode.ended", rule=rule.id, why=found.verdict.words)


def _looked(
    connection: Connection,
    watch: Watch,
    row: AnyRow,
    rule: Rule,
    counted: Volume,
    *,
    now: datetime,
) -> Look:
    spells = ledger.blind_spells(connection, since=now - volume.history(counted))
    span = volume.window(counted, now)
    number = volume.counted(volumes.hits(connection, rule.id, span), counted.unit)
    episode = volumes.under_way(connection, rule.id)
    going_on, usual = episode is not None, None
    if volume.wants_usual(counted, number, under_way=going_on):
        usual = volume.usual(
            [
                volume.counted(volumes.hits(connection, rule.id, each), counted.unit)
                for each in volume.same_hours(counted, now)
                if each.since >= row.counted_from and not any(each.meets(s) for s, _ in spells)
            ]
        )
    lately = now - max(counted.window, ANSWERED_WITHIN)
    feeds = volumes.feeds_answered(connection, counted.outlets, since=lately, now=now)
    unread = volumes.unread(connection, Span(span.since, now - volume.SETTLING))
    unsure = _unsure(watch, row, span, spells, feeds=feeds, unread=unread)
    verdict = volume.judged(counted, number, known=usual, unsure=unsure, under_way=going_on)
    picture = None
    if verdict.turn is not None:
        blind = [*(spell for spell, _ in spells), *_outage(watch, now)]
        picture = _picture(connection, row, rule, counted, feeds, blind, now=now)
    return Look(number, usual, verdict, episode.began_at if episode else None, picture)


def _unsure(
    watch: Watch,
    row: AnyRow,
    span: Span,
    spells: Sequence[tuple[Span, Cause]],
    *,
    feeds: tuple[int, int],
    unread: int,
) -> str | None:
    """Why what was counted in a span may not be all there was; None if it is."""
    if row.counted_from > span.since:
        return f"what came is known since {_moment(row.counted_from)} only"
    for spell, cause in reversed(spells):
        if spell.meets(span):
            when = f"from {_moment(spell.since)} to {_moment(spell.until)}"
            return f"the watch was blind {when}: {cause}"
    with watch.reaching:
        lost = watch.reach.lost_since(span.since)
    if lost:
        return "the watch is blind: our own network is down"
    answered, known = feeds
    if answered < LEAST_ANSWERED * known or not answered:
        return f"only {answered:,} of {known:,} feeds that could bring it answered lately"
    return f"{unread:,} of what came is still to be read" if unread else None


def _outage(watch: Watch, now: datetime) -> list[Span]:
    """The outage of our own network that is under way: it becomes a blind spell at its end."""
    with watch.reaching:
        since = watch.reach.since
    return [] if since is None else [Span(since, now)]


def _picture(
    connection: Connection,
    row: AnyRow,
    rule: Rule,
    counted: Volume,
    feeds: tuple[int, int],
    blind: Sequence[Span],
    *,
    now: datetime,
) -> Picture:
    spans = volume.shown(counted, now, known_from=row.counted_from)
    found = volumes.hits(connection, rule.id, Span(spans[0].since, now))
    spike = volume.kind_of(counted) is Kind.SPIKE
    back = volume.window(counted, now) if spike else Span(row.counted_from, now)
    return Picture(
        windows=[
            (span, volume.counted(volume.within(found, span), counted.unit)) for span in spans
        ],
        latest=volumes.latest(connection, rule.id, back, limit=episodes.HEADLINES if spike else 1),
        feeds=feeds,
        blind=blind,
    )


def _tell(
    tx: Connection, watch: Watch, rule: Rule, counted: Volume, found: Look, *, now: datetime
) -> None:
    turn, why = found.verdict.turn, found.verdict.words
    if turn is None or found.picture is None:
        return
    if turn is Turn.BEGINS:
        kind = volume.kind_of(counted)
        number: int | None = volumes.begin_episode(tx, rule, kind, now=now, why=why)
        say = partial(episodes.begun, usual=found.usual)
    else:
        number = volumes.end_episode(tx, rule.id, now=now, why=why)
        say = partial(episodes.ended, since=found.since or now)
    if held := silences.of_rule(tx, rule.id, now=now):
        log.info("episode.silenced", rule=rule.id, silence=held.id, why=held.reason)
        return
    for channel in alerts.channels_of(rule, watch.channels):
        words = wording_of(channel)
        said = say(rule, counted, found.number, picture=found.picture, now=now, words=words)
        key, severity = f"episode {number} {turn}", rule.severity
        deliveries.announce(tx, [channel], key=key, said=said, severity=severity, now=now)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
