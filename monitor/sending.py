"""Delivery's messages: what a delivery says now, and what became of one try."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from monitor.core import alerts, contents, episodes, messages, timing
from monitor.core.contents import Content
from monitor.core.identity import digest
from monitor.core.messages import Message
from monitor.core.model import Channel
from monitor.core.outbox import (
    GIVE_UP_AFTER,
    Cause,
    Following,
    Outcome,
    State,
    Tries,
    follow,
)
from monitor.core.reports import Report
from monitor.core.wording import Wording
from monitor.core.wording.english import ENGLISH
from monitor.core.wording.languages import wording_of
from monitor.storage import deliveries, fallbacks, standings, views, work
from monitor.storage.deliveries import PREPARED, Kind
from monitor.storage.work import Claim
from monitor.watch import Watch

STAND_IN_ROOM = 160  # characters of the line that says for which channel a message stands in

THREADED = frozenset({Kind.ALERT, Kind.UPDATE, Kind.REVISION})


def render(watch: Watch, claim: Claim, *, room: int) -> Message | None:
    """The message as of now; None if what a digest held has been told more urgently since."""
    row, now = claim.row, watch.now()
    content = _content(watch, claim, now=now)
    if content is None:
        return None
    content = replace(content, preface=_stands_in(watch, row))
    thread: list[str] = []
    if row.kind in THREADED:
        with watch.database.read() as connection:
            thread = [thread_id(each) for each in views.roots(connection, row.id, row.incident_id)]
    channel = watch.channels[row.channel]
    return watch.dress(channel, content, room=room, now=now, thread=tuple(thread))


def thread_id(root: str) -> str:
    """The id of a mail that was never sent: the beginning of a thread, so that replies meet."""
    return f"<{digest('thread', root)}@monitor.invalid>"


def _content(watch: Watch, claim: Claim, *, now: datetime) -> Content | None:
    row, words = claim.row, wording_of(watch.channels[claim.row.channel])
    if row.kind in (Kind.VOLUME, Kind.REVISION):
        found = episodes.sent(row.title, row.body, decided_at=row.created_at, now=now, words=words)
        return contents.of_notice(found.title, found.body, words=words)
    if row.kind == Kind.OPS:
        noted = messages.render_ops(row.title, row.body, noted_at=row.created_at, now=now)
        return contents.of_notice(noted.title, noted.body, words=words)
    with watch.database.read() as connection:
        told = views.reports(connection, row.id)
    if not told:
        return None
    if row.kind in (Kind.ALERT, Kind.UPDATE):
        return at_once(told, now=now, update=row.kind == Kind.UPDATE, words=words)
    return together(told, way=alerts.Way(row.collection), now=now, words=words)


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


def together(
    told: Sequence[Report], *, way: alerts.Way, now: datetime, words: Wording = ENGLISH
) -> Content:
    """A digest."""
    return contents.of_digest(told, heading=words.headings[way], now=now, words=words)


def store_outcome(
    tx: Connection, watch: Watch, claim: Claim, outcome: Outcome, message: Message | None
) -> Following:
    """Commit what became of one try, of the message and of its channel; what follows it."""
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
    if after.state is State.UNKNOWN:  # the calendar: back-off is cut to minutes
        values["not_before"] = after.again_at
    if after.state is State.SENT:
        held = work.finish(tx, claim, sent_at=now, **values)
    elif after.again_at is None:
        held = work.set_aside(tx, claim, failure=outcome.detail, **values)
    else:
        held = work.postpone(tx, claim, until=after.again_at, failure=outcome.detail, **values)
    if held:
        _draw_conclusions(tx, watch, claim, outcome, after)
        if message is not None and message.failure:
            _tell_of_template(tx, watch, row.channel, message.failure)
    return after


def _draw_conclusions(
    tx: Connection, watch: Watch, claim: Claim, outcome: Outcome, after: Following
) -> None:
    """What a try means for its channel, for what stands in for the message, and for people."""
    row, now, channel = claim.row, watch.now(), watch.channels[claim.row.channel]
    standing = standings.note_try(tx, channel, outcome, now=now)
    if after.state is State.SENT:
        fallbacks.drop(tx, row.id)
        return
    if after.state is State.DEAD:
        give_up(tx, watch, row, outcome.detail)
    else:
        fallbacks.plan(tx, channel, now=now)
    if outcome.cause is not Cause.PASSING:
        last = deliveries.last_sent_before(tx, row.id, channel=channel.name)
        title = f"The channel {channel.name} refuses a message"
        if outcome.cause is Cause.CHANNEL:
            title = f"The channel {channel.name} takes no messages"
        _tell_others(
            tx,
            watch,
            channel,
            key=f"{outcome.cause} {channel.name} {last}",
            title=title,
            body=f"Its service says: {outcome.detail}\nThis will not pass by itself. It is tried "
            f"again for {timing.in_words(GIVE_UP_AFTER)}; try `monitor channels test "
            f"{channel.name}` when it is mended.",
        )
    elif standing.told(now):
        _tell_others(
            tx,
            watch,
            channel,
            key=f"failing {channel.name} {standing.failing_since}",
            title=f"The channel {channel.name} fails",
            body=f"Nothing has arrived since {standing.failing_since:%d %b %H:%M} UTC. The last "
            f"answer: {outcome.detail}\nWhat waits is sent when it is back; "
            "`monitor deliveries list` shows it.",
        )


def _tell_of_template(tx: Connection, watch: Watch, channel: str, failure: str) -> None:
    """A message went out in the built-in form instead of the channel's own; once a day each."""
    now = watch.now()
    deliveries.notify(
        tx,
        watch.ops,
        key=f"template {channel} {failure} {now:%Y-%m-%d}",
        title=f"The template of the channel {channel} cannot be used",
        body=f"{failure}\nThe message came in the built-in form. `monitor channels preview "
        f"{channel}` shows what the template makes of invented ones.",
        now=now,
    )


def give_up(tx: Connection, watch: Watch, row: Row[Any], failure: str) -> None:
    """A message is dead: what stands in for it goes out at once, and people are told elsewhere.

    One notice a channel and hour: an outage may end in many.
    """
    now, channel = watch.now(), watch.channels.get(row.channel)
    if channel is None:
        return
    fallbacks.hurry(tx, row, channel, now=now)
    _tell_others(
        tx,
        watch,
        channel,
        key=f"dead {channel.name} {now:%Y-%m-%dT%H}",
        title=f"A message to the channel {channel.name} was given up",
        body=f"Delivery {row.id} ({row.kind}), made {row.created_at:%d %b %H:%M} UTC: {failure}\n"
        "`monitor deliveries list --state dead` shows what was given up, `monitor deliveries "
        "retry` tries it again.",
    )


def _tell_others(
    tx: Connection, watch: Watch, channel: Channel, *, key: str, title: str, body: str
) -> None:
    """Tell people of a channel by others: those that hear of the watch, else the default ones."""
    others = [each for each in watch.ops if each != channel]
    if not others:
        rest = [each for each in watch.channels.values() if each != channel]
        others = [each for each in rest if each.default] or rest
    deliveries.notify(tx, others, key=key, title=title, body=body, now=watch.now())


def _stands_in(watch: Watch, row: Row[Any]) -> str:
    """For which channel a message stands in, and since when; "" if for none."""
    if not row.fallback_of:
        return ""
    with watch.database.read() as connection:
        former = fallbacks.replaced(connection, row.fallback_of)
    if former is None:
        return ""
    words = wording_of(watch.channels[row.channel])
    return words.stands_in.format(former.channel, f"{former.created_at:%H:%M}")
