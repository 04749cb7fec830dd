"""Triage's decisions, committed: copy or news, which story, whom to tell."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from monitor.core import alerts, stories, volume
from monitor.core.model import Match, RuleId, StoryId
from monitor.core.reading import same_title
from monitor.core.rules import OncePer, Rule
from monitor.storage import articles, deliveries, trials, volumes, work
from monitor.storage.deliveries import Addressed
from monitor.storage.engine import lock_triage
from monitor.storage.types import AnyRow
from monitor.storage.work import Claim
from monitor.watch import Watch


def judge(
    tx: Connection, watch: Watch, claim: Claim, found: Sequence[Match], words: frozenset[str]
) -> int:
    """Commit one triage, alone in the database; how many alerts it raised."""
    lock_triage(tx)
    row, now = claim.row, watch.now()
    held = [each.rule for each in found]  # those of ended rules are remembered, not told
    found = [each for each in found if not watch.rules[each.rule].ended(now)]
    if not work.finish(tx, claim, triaged_at=now):
        return 0
    counting = _count(tx, watch, row, found)
    found = [each for each in found if watch.rules[each.rule].volume is None]
    original = articles.original_of(tx, row)
    unwanted = not (found or counting)
    if original is not None and (unwanted or _told_alike(original, row)):
        articles.join_copy(tx, row, original)
        return 0
    articles.forget_matches(tx, row.id, except_rules=held)
    if unwanted:
        return 0
    story_id = _story(tx, watch, row, original, words)
    on_trial = _on_trial(tx, [watch.rules[each.rule] for each in found], now=now)
    addressed: list[Addressed] = []
    for match in alerts.in_turn(found):
        addressed += _decide(tx, watch, row, match, story_id, beside=addressed, on_trial=on_trial)
    deliveries.queue(tx, addressed, now=now)
    return len({each.alert for each in addressed})


def _count(tx: Connection, watch: Watch, row: AnyRow, found: Sequence[Match]) -> list[RuleId]:
    """Let an article count for the rules that only count; which ones."""
    rules = [
        each.rule
        for each in found
        if (rule := watch.rules[each.rule]).volume is not None and volume.counts(rule, each)
    ]
    at = volume.counted_at(alerts.Origin(row.origin), published=row.published_at, seen=row.seen_at)
    if rules or row.triaged_at is not None:  # a revision may count no more
        volumes.keep_hits(tx, row.id, rules, at=at)
    return rules


def _told_alike(original: AnyRow, row: AnyRow) -> bool:
    """Whether a matched original says all its copy says; another headline may say it plainly."""
    return original.story_id is not None and same_title(original.title, row.title)


def _story(
    tx: Connection, watch: Watch, row: AnyRow, original: AnyRow | None, words: frozenset[str]
) -> StoryId:
    if row.story_id is not None:  # a revision stays where its article was
        return StoryId(row.story_id)
    if original is not None and original.story_id is not None:
        copied = StoryId(original.story_id)
        articles.join_story(tx, row, copied, duplicate_of=original.id)
        return copied
    live = articles.live_stories(tx, since=row.seen_at - watch.story_window)
    story_id = stories.assign(words, live, now=row.seen_at)
    if story_id is None:
        story_id = articles.open_story(tx, headline=row.title, seen_at=row.seen_at)
    articles.join_story(tx, row, story_id, words=words)
    return story_id


def _on_trial(tx: Connection, rules: Sequence[Rule], *, now: datetime) -> dict[RuleId, datetime]:
    """The rules that tell nobody yet, and until when."""
    return {name: end for name, end in trials.ends(tx, rules).items() if now < end}


def _decide(
    tx: Connection,
    watch: Watch,
    row: AnyRow,
    match: Match,
    story_id: StoryId,
    *,
    beside: Sequence[Addressed],
    on_trial: Mapping[RuleId, datetime],
) -> list[Addressed]:
    """Decide one match and record it; the alert it raised, addressed to each of its channels."""
    rule, now = watch.rules[match.rule], watch.now()
    if match.rule in articles.told_by_article(tx, row.id):
        articles.renew_evidence(tx, row.id, match)
        return []  # a revision of an article that this rule has told already
    channels = alerts.channels_of(rule, watch.channels)
    at_once = {each.channel for each in beside if each.way is alerts.Way.AT_ONCE}
    incident, told = _incident(tx, rule, row, story_id, now=now)
    until = on_trial.get(rule.id)
    if until is not None and rule.once_per is not OncePer.ARTICLE:
        since = now - alerts.INCIDENT_WINDOW
        told |= trials.foregone(tx, rule.id, story_id, beside=row.id, since=since)
    decision = alerts.decide(
        strength=match.strength,
        severity=match.severity,
        origin=alerts.Origin(row.origin),
        weak=rule.weak,
        told=told,
        beside_strong=not at_once.isdisjoint(channels),
    )
    if until is not None:
        kept, why = alerts.on_trial(decision, until=until), decision.reason
        articles.record_match(
            tx, row.id, rule, match, decision=kept, alert_id=None, would_tell=why, now=now
        )
        return []
    alert_id = None
    if decision.reason is not None:
        alert_id = articles.add_alert(
            tx,
            rule=rule,
            incident=incident,
            reason=decision.reason,
            story_id=story_id,
            article_id=row.id,
            now=now,
        )
    articles.record_match(tx, row.id, rule, match, decision=decision, alert_id=alert_id, now=now)
    if alert_id is None:
        return []
    told_by = alerts.ways(decision, channels, at_once=at_once)
    return [Addressed(alert_id, way, channel) for way, channel in told_by]


def _incident(
    tx: Connection, rule: Rule, row: AnyRow, story_id: StoryId, *, now: datetime
) -> tuple[str, frozenset[alerts.Reason]]:
    """What a rule tells once, and the reasons for which it has told of that."""
    if rule.once_per is OncePer.ARTICLE:
        incident = f"article:{row.id}"
        return incident, articles.told(tx, rule.id, incident)
    return articles.incident_of(tx, rule.id, story_id, since=now - alerts.INCIDENT_WINDOW)
