"""Telling people that what they were told has been corrected, taken back or taken down."""

from collections import defaultdict
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from monitor.core import corrections
from monitor.core.alerts import Reason
from monitor.core.corrections import Correction, Gone
from monitor.core.model import ArticleId, ChannelName, RuleId
from monitor.core.notices import Noticed, notices_of
from monitor.core.revisions import Change, Edit, Version, compare
from monitor.core.text import lead_text
from monitor.core.wording.languages import wording_of
from monitor.storage import articles, deliveries, revisions, views
from monitor.storage.revisions import Told
from monitor.storage.types import AnyRow
from monitor.watch import Watch

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Happened:
    """What became of an article: `elsewhere` says so in an article of its own."""

    reason: Reason
    said: str | None = None
    edits: tuple[Edit, ...] = ()
    gone: Gone | None = None
    elsewhere: bool = False


def noticed(found: Noticed, change: Change) -> Happened:
    """What a notice that appeared in an article amounts to."""
    return Happened(corrections.reason_of(found.kind), found.said, corrections.chosen(change))


def tell(tx: Connection, watch: Watch, row: AnyRow, happened: Happened) -> int:
    """Tell everybody who was told of an article, once, on the channel where they were; how many.

    Unless `update_on` of their rule leaves it out; what its channels are now does not matter. Who
    has the first message still to come gets this one right behind it.
    """
    told = [
        each
        for each in revisions.told_of(tx, row, elsewhere=happened.elsewhere)
        if _wants(watch, each, happened.reason)
    ]
    by_channel: dict[str, list[Told]] = defaultdict(list)
    for each in told:
        by_channel[each.channel].append(each)
    if not by_channel:
        return 0
    now = watch.now()
    of = row.story_id if happened.said is not None and row.story_id is not None else row.id
    subject = corrections.subject_of(of, happened.reason, happened.said or "")
    added = {
        rule: revisions.add_alert(
            tx,
            original,
            reason=happened.reason,
            subject=subject,
            detail=happened.said or "",
            article_id=ArticleId(row.id),
            now=now,
        )
        for rule, original in revisions.rules_told(told).items()
    }
    found = _found(tx, watch, row, happened, told)
    sent = 0
    for name, theirs in sorted(by_channel.items()):
        channel = watch.channels.get(ChannelName(name))
        if channel is None:  # it is not configured any more
            continue
        severity = min((each.severity for each in theirs), key=lambda each: each.rank)
        said = corrections.render(
            found,
            severity=severity,
            rules=[each.title for each in theirs],
            words=wording_of(channel),
        )
        sent += deliveries.correct(
            tx,
            channel,
            key=subject,
            said=said,
            alerts=[added[rule] for rule in revisions.rules_told(theirs)],
            incident=theirs[-1].alert.incident_id,
            severity=severity,
            not_before=max([now, *(each.not_before for each in theirs if each.not_before)]),
            now=now,
        )
    if sent:
        log.info("article.corrected", article=row.id, reason=happened.reason, deliveries=sent)
    return sent


def _wants(watch: Watch, told: Told, reason: Reason) -> bool:
    """Whether a rule asks for such news of what it told; one that is gone cannot refuse."""
    rule = watch.rules.get(RuleId(told.alert.rule_id))
    return rule is None or reason.update is None or reason.update in rule.updates


def _found(
    tx: Connection, watch: Watch, row: AnyRow, happened: Happened, told: list[Told]
) -> Correction:
    original = row
    if happened.elsewhere:
        ids = {each.alert.article_id for each in told}
        original = articles.by_ids(tx, ids).get(max(ids), row)
    first = happened.edits[0] if happened.edits else None
    retitled = first is not None and first.before is not None and first.after == row.title
    outlet = watch.outlets.get(row.outlet_id)
    return Correction(
        reason=happened.reason,
        told=first.before if first and retitled and first.before else original.title,
        headline=row.title,
        outlet=outlet.name if outlet else row.outlet_id,
        url=row.url,
        said=happened.said,
        edits=happened.edits[1:] if retitled else happened.edits,
        gone=happened.gone,
    )


def note_revised(tx: Connection, watch: Watch, row: AnyRow) -> int:
    """Look whether an article whose feed showed another headline says that it is corrected.

    How many were told so. Of an article that triage sees for the first time nothing was told.
    """
    if row.triaged_at is None:
        return 0
    kept = [each for each in revisions.versions(tx, [row.id])[row.id] if each.kind is None]
    if not kept or kept[-1].recorded_at < row.triaged_at:
        return 0
    old, find = kept[-1], notices_of(watch.knowledge)
    change = compare(Version(old.title, old.text), Version(row.title, row.text), find)
    return tell(tx, watch, row, noticed(change.notice, change)) if change.notice else 0


def note_new(tx: Connection, watch: Watch, row: AnyRow) -> int:
    """Look whether a new article corrects an earlier one of its outlet or agency in its story.

    It says so in headline or lead. How many were told so.
    """
    document = views.document_of(row, articles.outlet_of(tx, row.outlet_id))
    found = notices_of(watch.knowledge).opens(row.title, lead_text(document))
    joined = articles.by_id(tx, row.id) if found is not None else None
    if found is None or joined is None:
        return 0
    reason = corrections.reason_of(found.kind)
    return tell(tx, watch, joined, Happened(reason, found.said, elsewhere=True))
