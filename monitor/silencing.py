"""What people said that they want to hear nothing of: applied to each decision of triage."""

from datetime import datetime

import structlog
from sqlalchemy import Connection

from monitor.core import alerts
from monitor.core.alerts import Decision, Reason
from monitor.core.incidents import IncidentId
from monitor.core.model import Match, StoryId
from monitor.core.silences import Silence, SilenceId, first_that_holds
from monitor.storage import answers, articles, silences, views
from monitor.storage.types import AnyRow
from monitor.watch import Watch

log = structlog.get_logger()


def kept_back(
    tx: Connection, watch: Watch, row: AnyRow, match: Match, story: StoryId, decision: Decision
) -> tuple[Decision, SilenceId | None]:
    """What becomes of a decision to tell, and which silence keeps it back, if one does."""
    now = watch.now()
    found = silences.in_force(tx, now=now) if decision.reason is not None else []
    held = _holding(tx, found, row, match, story)
    if held is None:
        return decision, None
    if not held.total and alerts.passes(decision, match.severity, watch.rules[match.rule]):
        return alerts.passing(decision), None
    log.info("match.silenced", article=row.id, rule=match.rule, silence=held.id)
    return alerts.silenced(until=held.ends_at, why=held.reason), held.id


def _holding(
    tx: Connection, found: list[Silence], row: AnyRow, match: Match, story: StoryId
) -> Silence | None:
    if not found:
        return None
    document = views.document_of(row, articles.outlet_of(tx, row.outlet_id))
    return first_that_holds(
        found,
        rule=match.rule,
        story=story,
        outlets={row.outlet_id, row.carrier},
        document=document,
    )


def put_off(
    tx: Connection,
    watch: Watch,
    match: Match,
    incident: IncidentId | None,
    decision: Decision,
    *,
    now: datetime,
) -> Decision:
    """What becomes of a follow-up of an incident that somebody has snoozed."""
    if incident is None or decision.reason in (None, Reason.FIRST_REPORT, Reason.WEAK_MATCH):
        return decision
    until = answers.snoozed_until(tx, [incident], now=now)
    if until is None or alerts.passes(decision, match.severity, watch.rules[match.rule]):
        return decision
    return alerts.snoozed(decision, until=until)
