"""Reads what people answer to a bot, does it once, and says in the chat what was done.

An update is handled, and counted as handled, in one transaction: a kill before it leaves the update
with the service, one behind it leaves the reply to be sent.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus

import structlog
from sqlalchemy import Connection

from monitor import answering
from monitor.adapters import services, telegram
from monitor.adapters.telegram import RefusedError, Update
from monitor.answering import Answer
from monitor.core import answers as words
from monitor.core import timing
from monitor.core.answers import UnclearError
from monitor.core.model import Channel, ChannelName
from monitor.core.strangers import quiet
from monitor.core.wording.english import ENGLISH
from monitor.core.wording.languages import wording_of
from monitor.storage import answers, bots, deliveries, work
from monitor.storage.answers import Heard
from monitor.storage.work import Claim
from monitor.watch import Watch

LEASE = timedelta(minutes=2)  # longer than a poll and the replies to what it brought
REPLY_TRIES = 5
FAILING_TOLD = timedelta(minutes=15)  # before people hear of what may pass by itself
FOR_A_PERSON: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "Its token is not valid (any more): ask @BotFather for another one.",
    HTTPStatus.NOT_FOUND: "There is no bot with this token: look at its channel's address.",
    HTTPStatus.CONFLICT: "Another program reads the answers to this bot, or a webhook is set for "
    "it. Give each monitor a bot of its own.",
}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Line:
    """One bot that people may answer, and in which chats, each by its id or its @name."""

    name: str
    api: str
    token: str = field(repr=False)
    chats: Mapping[str, ChannelName] = field(default_factory=dict, hash=False)


def lines(channels: Iterable[Channel]) -> list[Line]:
    """The bots whose channels take answers."""
    found: dict[tuple[str, str], dict[str, ChannelName]] = {}
    for channel in channels:
        account = services.account(channel) if channel.bot and channel.bot.answers else None
        if account is not None and channel.bot is not None and account[1]:
            token, chat = account
            found.setdefault((channel.bot.api, token), {})[chat.casefold()] = channel.name
    # What stands before the colon names the bot, and is no secret.
    return [Line(token.partition(":")[0][:32], api, token, chats)
            for (api, token), chats in found.items()]  # fmt: skip


def hear(watch: Watch, line: Line, *, wait: int) -> bool:
    """Ask once what people answered, and do it; False if it is not the time, or another's turn.

    Waits up to `wait` seconds for something to come.
    """
    with watch.database.read() as connection:
        if not bots.is_due(connection, line.name, now=watch.now()):
            return False
    claim = watch.database.write(
        lambda tx: bots.claim(tx, line.name, now=watch.now(), lease=LEASE), announce=False
    )
    if claim is None:
        return False
    try:
        found = telegram.updates(line.api, line.token, first=claim.row.next_update, wait=wait)
    except RefusedError as error:
        watch.database.write(partial(_note_failure, watch, line, claim, error))
        return True
    for each in found:
        if not watch.database.write(partial(_handle, watch, line, claim, each)):
            return True  # somebody else has taken over
    _reply(watch, line)
    heard = {"heard_at": watch.now(), "failing_since": None, "due_at": watch.now()}
    watch.database.write(lambda tx: work.finish(tx, claim, **heard), announce=False)
    return True


def _handle(watch: Watch, line: Line, claim: Claim, update: Update, tx: Connection) -> bool:
    """One update; it is received, whatever it was. False if the claim is lost.

    The service may begin to number anew after a quiet week, so the next one may be a lower one.
    """
    if not bots.advance(tx, claim, to=update.id + 1):
        return False
    channel = line.chats.get(str(update.chat)) or line.chats.get(update.chat_name.casefold())
    if not update.text:
        return True
    if channel is None:
        log.warning("answer.ignored", bot=line.name, chat=update.chat, said="not a chat of ours")
        return True
    heard = Heard(line.name, update.id, update.chat, update.message)
    if not answers.known(tx, heard):
        _take(tx, watch, update, channel, heard)
    return True


def _take(tx: Connection, watch: Watch, update: Update, channel: ChannelName, heard: Heard) -> None:
    now = watch.now()
    # In a group people also talk to each other; what answers a message of ours is meant for us.
    to_us = update.private or (update.quoted and words.quoted_codes(update.quoted))
    if words.verb_of(update.text) is None and not to_us:
        return
    who = answering.named(update.who)
    told = watch.channels.get(channel)
    spoken = ENGLISH if told is None else wording_of(told)
    given = Answer(who, channel, update.text, update.at or now, heard, spoken)
    try:
        asked = words.understood(update.text, quoted=update.quoted, words=spoken)
        answering.answer(tx, given, asked, now=now)
    except UnclearError as error:
        answering.refuse(tx, given, str(error), now=now)


def _reply(watch: Watch, line: Line) -> None:
    """Say what was done, also about what a kill or a refusal left unsaid."""
    with watch.database.read() as connection:
        waiting = answers.unreplied(connection, line.name, tries=REPLY_TRIES)
    for row in waiting:
        said: datetime | None = None
        text = "\n".join(quiet(each) for each in row.reply.split("\n"))
        try:
            telegram.say(line.api, line.token, chat=row.chat_id, message=row.message_id, text=text)
            said = watch.now()
        except RefusedError as error:
            log.warning("answer.unreplied", bot=line.name, answer=row.id, failure=str(error))
        note = partial(answers.mark_replied, number=row.id, now=said)
        watch.database.write(note, announce=False)
        if said is None:
            return  # the others would fare no better now


def _note_failure(
    watch: Watch, line: Line, claim: Claim, error: RefusedError, tx: Connection
) -> None:
    """Try later; people are told once of what will not pass, or has not for long."""
    now = watch.now()
    since: datetime = claim.row.failing_since or now
    again = timing.retry_at(
        now, attempts=claim.attempts, chance=watch.chance(), after=error.retry_after
    )
    log.warning("answers.unread", bot=line.name, failure=str(error), again=again)
    if not work.postpone(tx, claim, until=again, failure=str(error), failing_since=since):
        return
    advice = FOR_A_PERSON.get(error.status or 0)
    if advice is None and now - since < FAILING_TOLD:
        return
    deliveries.notify(
        tx,
        watch.ops,
        key=f"bot {line.name} {since.isoformat()}",
        title=f"Answers to {', '.join(sorted(line.chats.values()))} are not read",
        body=f"The Telegram bot {line.name} says: {error}\n"
        f"{advice or 'It is tried again and again; nothing has to be done if it comes back.'}\n"
        "Alerts still go out. `monitor alerts ack CODE` acknowledges meanwhile.",
        now=now,
    )
