"""Delivery's messages: what a delivery says now, and what became of one try."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row

from monitor import telling
from monitor.core import alerts, mishaps
from monitor.core.codes import code_of
from monitor.core.identity import digest
from monitor.core.messages import Message
from monitor.core.model import Channel, Severity
from monitor.core.outbox import (
    Cause,
    Following,
    Kind,
    Outcome,
    State,
    Tries,
    follow,
)
from monitor.core.wording.languages import by_language
from monitor.storage import deliveries, escalations, fallbacks, holding, standings, work
from monitor.storage.deliveries import PREPARED
from monitor.storage.work import Claim
from monitor.watch import Watch

PREFACE_ROOM = 260  # characters of the line that says why a message comes here, and now

ANSWERED = frozenset({Kind.ALERT, Kind.UPDATE, Kind.DIGEST, Kind.REVISION})

# With the end of a message, not after it: every one that arrives comes by here.
_ASKED_OF_SENT = (standings.FAILING, fallbacks.STOOD_IN_FOR)


def render(watch: Watch, claim: Claim, *, room: int) -> Message | None:
    """The message as of now; None if what a digest held has been told more urgently since."""
    row, now = claim.row, watch.now()
    content = telling.content(watch, row, now=now)
    if content is None:
        return None
    if content.preface:
        room -= PREFACE_ROOM
    channel = watch.channels[row.channel]
    if row.kind in ANSWERED and (content.reports or row.kind != Kind.DIGEST):
        answerable = channel.bot is not None and channel.bot.answers
        content = replace(content, code=code_of(row.id), answerable=answerable)
    thread = tuple(map(thread_id, content.roots))
    return watch.dress(channel, content, room=room, now=now, thread=thread)


def thread_id(root: str) -> str:
    """The id of a mail that was never sent: the beginning of a thread, so that replies meet."""
    return f"<{digest('thread', root)}@monitor.invalid>"


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
    sent = None
    if after.state is State.SENT:
        sent = work.finish_asking(tx, claim, _ASKED_OF_SENT, sent_at=now, **values)
        held = sent is not None
    elif after.again_at is None:
        held = work.set_aside(tx, claim, failure=outcome.detail, **values)
    else:
        held = work.postpone(tx, claim, until=after.again_at, failure=outcome.detail, **values)
    if held:
        _draw_conclusions(tx, watch, claim, outcome, after, sent)
        if message is not None and message.failure:
            _tell_of_template(tx, watch, row.channel, message.failure)
        if row.kind == Kind.DIGEST:
            holding.follow(tx, row.id, after.state, now=now)
            holding.keep_digest_open(tx, watch.channels[row.channel], now=now)
    return after


def _draw_conclusions(
    tx: Connection,
    watch: Watch,
    claim: Claim,
    outcome: Outcome,
    after: Following,
    sent: Row[Any] | None,
) -> None:
    """What a try means for its channel, for what stands in for the message, and for people.

    `sent`: what was asked of a message that arrived.
    """
    row, now, channel = claim.row, watch.now(), watch.channels[claim.row.channel]
    failing = sent is None or sent.channel_failing
    standing = standings.note_try(tx, channel, outcome, failing=failing, now=now)
    if row.escalates and after.state in (State.SENT, State.UNKNOWN):
        escalations.note_sent(tx, row.id, row.escalates, channel.name)
    if sent is not None:
        if sent.stood_in_for:
            fallbacks.drop(tx, row.id)
        return
    if after.state is State.DEAD:
        give_up(tx, watch, row, outcome.detail)
    else:
        fallbacks.plan(tx, channel, now=now)
    if outcome.cause is not Cause.PASSING:
        last = deliveries.last_sent_before(tx, row.id, channel=channel.name)
        everything = outcome.cause is Cause.CHANNEL
        _tell_others(
            tx,
            watch,
            channel,
            key=f"{outcome.cause} {channel.name} {last}",
            say=partial(mishaps.refuses, channel.name, outcome.detail, everything=everything),
        )
    elif standing.told(now):
        since = standing.failing_since or now
        _tell_others(
            tx,
            watch,
            channel,
            key=f"failing {channel.name} {since}",
            say=partial(mishaps.fails, channel.name, outcome.detail, since=since),
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
        say=partial(
            mishaps.given_up,
            channel.name,
            failure,
            number=row.id,
            kind=row.kind,
            made_at=row.created_at,
        ),
    )


def _tell_others(
    tx: Connection, watch: Watch, channel: Channel, *, key: str, say: Callable[..., mishaps.Said]
) -> None:
    """Tell people of a channel by others.

    No quiet hours hold that: what is critical may come by this channel alone.
    """
    others = alerts.others(watch.channels.values(), watch.ops, without=[channel])
    urgent = Severity.CRITICAL
    for words, same in by_language(others):
        title, body = say(words=words)
        now = watch.now()
        deliveries.notify(tx, same, key=key, title=title, body=body, severity=urgent, now=now)
