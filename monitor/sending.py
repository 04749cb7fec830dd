"""Delivery's messages: what a delivery says now, and what became of one try."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from monitor.core import alerts, episodes, messages
from monitor.core.messages import Message, Report
from monitor.core.outbox import Following, Outcome, State, Tries, follow
from monitor.storage import views, work
from monitor.storage.deliveries import PREPARED, Kind
from monitor.storage.work import Claim
from monitor.watch import Watch

HEADINGS = {
    alerts.Way.DIGEST: "Digest: weak and late matches, more on what was told",
    alerts.Way.WELCOME: "Already in the news when the watch began",
    alerts.Way.MISSED: "Late: news from the time the watch was blind",
}


def render(watch: Watch, claim: Claim, *, room: int) -> Message | None:
    """The message as of now; None if what a digest held has been told more urgently since."""
    row, now = claim.row, watch.now()
    if row.kind in (Kind.VOLUME, Kind.REVISION):
        return episodes.sent(row.title, row.body, decided_at=row.created_at, now=now)
    if row.kind == Kind.OPS:
        return messages.render_ops(row.title, row.body, noted_at=row.created_at, now=now)
    with watch.database.read() as connection:
        told = views.reports(connection, row.id)
    if not told:
        return None
    if row.kind in (Kind.ALERT, Kind.UPDATE):
        return put_at_once(told, now=now, update=row.kind == Kind.UPDATE)
    return put_together(told, way=alerts.Way(row.collection), now=now, room=room)


def put_at_once(told: Sequence[Report], *, now: datetime, update: bool) -> Message:
    """The message on one incident, by the article whose news counts most; the others beside it."""
    first = min(told, key=_telling)
    beside = [each for each in told if each is not first]
    return messages.render_alert(first, now=now, beside=beside, update=update)


def _telling(report: Report) -> tuple[int, int, float]:
    """What a message leads with: what counts most, then what is most urgent, then the newest."""
    weight = min((fired.weight for fired in report.fired), default=0)
    return weight, report.severity.rank, -report.seen_at.timestamp()


def put_together(told: Sequence[Report], *, way: alerts.Way, now: datetime, room: int) -> Message:
    """The message of a digest; `room` is characters of its body."""
    return messages.render_digest(told, heading=HEADINGS[way], now=now, room=room)


def store_outcome(
    tx: Connection, watch: Watch, claim: Claim, outcome: Outcome, message: Message | None
) -> Following:
    """Commit what became of one try; what follows it."""
    row, now = claim.row, watch.now()
    tries = Tries(claim.attempts, row.uncertain, row.tried_at, timedelta(seconds=row.tried_for))
    after = follow(outcome, tries, now=now, chance=watch.chance())
    values: dict[str, object] = {
        "state": after.state,
        "uncertain": after.uncertain,
        "tried_at": now,
        "tried_for": int(after.tried_for.total_seconds()),
    }
    if message is not None and row.kind not in PREPARED:
        values |= {"title": message.title, "body": message.body}
    if after.state is State.SENT:
        work.finish(tx, claim, sent_at=now, **values)
    elif after.again_at is None:
        work.set_aside(tx, claim, failure=outcome.detail, **values)
    else:
        work.postpone(tx, claim, until=after.again_at, failure=outcome.detail, **values)
    return after
