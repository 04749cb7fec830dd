"""Triage's decisions, committed: copy or news, which story, which incident, whom to tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy import Connection

from monitor import correcting, silencing
from monitor.core import alerts, volume
from monitor.core.alerts import Known
from monitor.core.duplicates import Related, Relation
from monitor.core.gist import NOTHING, Gist
from monitor.core.incidents import Account, Incident, account_of, joined, known
from monitor.core.model import Match, OutletId, RuleId, StoryId
from monitor.core.particulars import Particulars
from monitor.core.reading import same_title
from monitor.core.rules import OncePer, Rule
from monitor.core.shingles import Features
from monitor.storage import (
    articles,
    deliveries,
    incidents,
    regrouping,
    revisions,
    sketches,
    trials,
    volumes,
    work,
)
from monitor.storage.deliveries import Addressed, Collected
from monitor.storage.engine import lock_triage
from monitor.storage.types import AnyRow
from monitor.storage.work import Claim
from monitor.watch import Watch

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Found:
    """What matching found in an article, before anybody knows what is told of it.

    `particulars` are those of each match, `gist` is for grouping.
    """

    matches: Sequence[Match] = ()
    particulars: Mapping[RuleId, Particulars] = field(default_factory=dict)
    gist: Gist = NOTHING


def judge(
    tx: Connection, watch: Watch, claim: Claim, found: Found, features: Features
) -> int | None:
    """Commit one triage, alone in the database; how many alerts it raised.

    None if the claim was lost to a later one, whose result counts then. `features` are those of
    the article, by which it finds what it is a copy of.
    """
    lock_triage(tx)
    row, now = claim.row, watch.now()
    held = [each.rule for each in found.matches]  # those of ended rules are remembered, not told
    matches = [each for each in found.matches if not watch.rules[each.rule].ended(now)]
    if not work.finish(tx, claim, triaged_at=now):
        return None
    counting = _count(tx, watch, row, matches)
    matches = [each for each in matches if watch.rules[each.rule].volume is None]
    related = _related(tx, row, features)
    original = related.key if related and related.relation is Relation.COPY else None
    correcting.note_revised(tx, watch, row)
    unwanted = not (matches or counting)
    if original is not None and (unwanted or _told_alike(original, row)):
        articles.join_copy(tx, row, original)
        return 0
    articles.forget_matches(tx, row.id, except_rules=held)
    if unwanted:
        return 0
    story_id = _story(tx, watch, row, related, found.gist)
    if row.triaged_at is None:
        correcting.note_new(tx, watch, row)
    on_trial = _on_trial(tx, [watch.rules[each.rule] for each in matches], now=now)
    addressed: list[Addressed] = []
    for match in alerts.in_turn(matches):
        account = _account(watch, row, match, story_id, found)
        addressed += _decide(tx, watch, row, match, account, beside=addressed, on_trial=on_trial)
    deliveries.queue(tx, addressed, now=now)
    revisions.watch_story(tx, story_id, now=now)
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


def _related(tx: Connection, row: AnyRow, features: Features) -> Related[AnyRow] | None:
    """The earlier article that this one takes up, noted with it; the article can be found now.

    A copy is not: whatever takes it up takes up its original, and a thousand copies of one text
    would hide it.
    """
    found = sketches.found_by(tx, features, at=row.seen_at)
    if row.story_id is not None:  # a revision stays where its article was
        sketches.keep(tx, row, features, found)
        return None
    original = articles.original_of(tx, row)
    if original is not None:
        related: Related[AnyRow] | None = Related(original, Relation.COPY, 1.0)
    else:
        related = sketches.related_to(tx, row, features, found)
    articles.relate(tx, row, related)
    if related is None or related.relation is not Relation.COPY:
        sketches.keep(tx, row, features, found)
    return related


def _story(
    tx: Connection,
    watch: Watch,
    row: AnyRow,
    related: Related[AnyRow] | None,
    gist: Gist,
) -> StoryId:
    """The story of an article: its own, that of what it takes up, else one it is like, or new."""
    if row.story_id is not None:  # a revision stays where its article was
        return StoryId(row.story_id)
    if related is not None and related.of_its_story and related.key.story_id is not None:
        told = StoryId(related.key.story_id)
        if related.relation is Relation.COPY:
            articles.join_story(tx, row, told, duplicate_of=related.key.id)
        else:
            articles.join_story(tx, row, told, gist=gist)
        return told
    live = watch.stories.now_in(tx, at=row.seen_at, window=watch.story_window)
    place = live.place(gist, now=row.seen_at)
    story_id = place.story or articles.open_story(tx, headline=row.title, seen_at=row.seen_at)
    articles.join_story(tx, row, story_id, gist=gist)
    for other in place.same:
        if not regrouping.are_apart(tx, story_id, other):
            story_id, gone = min(story_id, other), max(story_id, other)
            regrouping.merge(tx, gone, story_id, now=watch.now())
            log.info("stories.merged", story=story_id, gone=gone, article=row.id)
    return story_id


def _on_trial(tx: Connection, rules: Sequence[Rule], *, now: datetime) -> dict[RuleId, datetime]:
    """The rules that tell nobody yet, and until when."""
    return {name: end for name, end in trials.ends(tx, rules).items() if now < end}


def _account(watch: Watch, row: AnyRow, match: Match, story_id: StoryId, found: Found) -> Account:
    """What the article says of the incident that a match is about."""
    writer = row.credit or row.carrier or row.outlet_id
    outlet = watch.outlets.get(OutletId(writer))
    return account_of(
        match,
        found.particulars[match.rule],
        story=story_id,
        at=row.seen_at,
        publisher=(writer, outlet.name if outlet else writer),
    )


def _decide(
    tx: Connection,
    watch: Watch,
    row: AnyRow,
    match: Match,
    account: Account,
    *,
    beside: Sequence[Addressed],
    on_trial: Mapping[RuleId, datetime],
) -> list[Addressed]:
    """Decide one match and record it; the alert it raised, addressed to each of its channels."""
    rule, now = watch.rules[match.rule], watch.now()
    if match.rule in articles.told_by_article(tx, row.id, as_=match.strength):
        articles.renew_evidence(tx, row.id, match)
        return []  # a revision of an article that this rule has told already
    channels = alerts.channels_of(rule, watch.channels)
    at_once = {each.channel for each in beside if each.way is alerts.Way.AT_ONCE}
    until = on_trial.get(rule.id)
    going = _going(tx, rule, account, on_trial=until is not None)
    incident = joined(account, going, rule) or Incident.opened_by(account)
    decision = alerts.decide(
        strength=match.strength,
        severity=match.severity,
        origin=alerts.Origin(row.origin),
        rule=rule,
        known=_known(tx, rule, row, incident, account, on_trial=until is not None),
        beside_strong=not at_once.isdisjoint(channels),
    )
    silence_id = None
    if until is None:
        decision = silencing.put_off(tx, watch, match, incident.id, decision, now=now)
        decision, silence_id = silencing.kept_back(tx, watch, row, match, account.story, decision)
    incident.absorb(account)
    why, alert_id = decision.reason, None
    if why is not None:
        incident.tell(decision, severity=match.severity, at=now if until is None else None)
    if until is not None:
        decision = alerts.on_trial(decision, until=until)
    incident_id = incidents.keep(tx, rule.id, incident, story=account.story)
    if decision.reason is not None:
        alert_id = articles.add_alert(
            tx,
            rule=rule,
            incident_id=incident_id,
            reason=decision.reason,
            detail=decision.details,
            story_id=account.story,
            article_id=row.id,
            now=now,
        )
    articles.record_match(
        tx,
        row.id,
        rule,
        match,
        decision=decision,
        alert_id=alert_id,
        incident_id=incident_id,
        would_tell=None if until is None else why,
        silence_id=silence_id,
        now=now,
    )
    if alert_id is None:
        return []
    told_by = alerts.ways(decision, channels, at_once=at_once)
    first = decision.reason is alerts.Reason.FIRST_REPORT
    severity = None if decision.rides_along else match.severity
    steps = () if decision.rides_along else rule.escalation
    collected = partial(_collected, rule)
    return [
        Addressed(alert_id, way, channel, incident_id, first, severity, collected(way), steps)
        for way, channel in told_by
    ]


def _collected(rule: Rule, way: alerts.Way) -> Collected | None:
    """The digest of its own in which a rule is told; None if it is not."""
    if way is not alerts.Way.DIGEST or rule.digest is None or rule.digest.every is None:
        return None
    return Collected(rule.id, rule.digest.every)


def _going(tx: Connection, rule: Rule, account: Account, *, on_trial: bool) -> list[Incident]:
    """The incidents that an article may join, under whatever name a rule on trial opened them."""
    if rule.once_per is OncePer.ARTICLE:
        return []
    began = trials.began(tx, rule.id) if on_trial else None
    called = {rule.id} if began is None else trials.names(tx, rule.id, began=began)
    since = account.at - rule.window if account.strong else None
    return incidents.going(tx, called, account.story, others_since=since)


def _known(
    tx: Connection,
    rule: Rule,
    row: AnyRow,
    incident: Incident,
    account: Account,
    *,
    on_trial: bool,
) -> Known:
    """What people know of the incident, and what the article adds."""
    told: frozenset[alerts.Reason] = frozenset()
    if incident.id is not None:
        told = incidents.told(tx, incident.id)
        if on_trial:
            told |= incidents.foregone(tx, incident.id, beside=row.id)
    outlets = 1
    if incident.id is not None and incident.counts_outlets(rule):
        _, outlets = incidents.carried(tx, incident.id, beside=row)
    return known(incident, account, rule, told=told, outlets=outlets)
