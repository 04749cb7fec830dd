"""Proof of life: canaries that go the way of all news, and channels that have been silent too long.

    set out ─parse, extract─▶ entry ─read─▶ article ─triage─▶ delivery ─deliver─▶ a canary channel

Only the first and the last word are said here: in between a canary is a row like any other, which
the same steps claim, and which is gone as soon as it was judged.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, partial

import structlog
from sqlalchemy import Connection

from monitor.adapters.bodies import Body, PageBody
from monitor.core import alerts, canaries, hours, mishaps
from monitor.core.alerts import Known, Origin, Way
from monitor.core.errors import Permanent, Temporary
from monitor.core.matcher import Matcher
from monitor.core.messages import Message
from monitor.core.mishaps import Said
from monitor.core.model import Channel, Document, Entry, Severity
from monitor.core.wording.languages import by_language
from monitor.storage import canaries as birds
from monitor.storage import deliveries, removed, views, work
from monitor.storage.work import Claim
from monitor.watch import Watch

TRY_AGAIN = timedelta(seconds=20)  # where a canary could not even set out
UNWATCHED = timedelta(minutes=10)  # so late nobody looked: the watch did not run meanwhile
ADDRESS = "https://canary.invalid/"

log = structlog.get_logger()


def prove(watch: Watch) -> datetime:
    """Do what is due about canaries; when to look again."""
    now, every = watch.now(), watch.canaries.every
    channels = [each for each in watch.channels.values() if each.proof.canary]
    if not channels:
        return now + every
    watch.database.write(lambda tx: _settle(tx, watch, channels))
    number = watch.database.write(lambda tx: _due(tx, watch))
    if number is not None and not _set_out(watch, number):
        return watch.now() + TRY_AGAIN
    with watch.database.read() as connection:
        last = birds.latest(connection)
        wanted_by = birds.unsettled(connection, now=now)
    following = (now if last is None else last.begun_at) + every
    return following if wanted_by is None else min(following, wanted_by)


def _due(tx: Connection, watch: Watch) -> int | None:
    """The canary that somebody asked for, or the next by the calendar."""
    now, schedule = watch.now(), watch.canaries
    if (asked := birds.unlisted(tx, now=now)) is not None:
        return int(asked.id)
    last = birds.latest(tx)
    if last is not None and last.begun_at <= now < last.begun_at + schedule.every:
        return None
    return birds.set_out(tx, now=now, within=schedule.within)


def _set_out(watch: Watch, number: int) -> bool:
    """Parse and read a canary as if its outlet had served it, and store its entry; False if not."""
    made = canaries.invent(number, at=watch.now())
    (parsed,) = watch.parse_all([Body(made.document, ADDRESS, "application/rss+xml")])
    (page,) = watch.extract_all([PageBody(made.page, ADDRESS, "text/html", expected="en")])
    for found in (parsed, page):
        if isinstance(found, Permanent | Temporary):
            note = partial(birds.note, number=number, failure=str(found))
            watch.database.write(lambda tx, note=note: note(tx))  # type: ignore[misc]
            return False
    item = _item(parsed, page)
    watch.database.write(lambda tx: birds.list_entry(tx, number, item, now=watch.now()))
    log.info("canary.set_out", canary=number)
    return True


def _item(parsed: object, page: object) -> Entry:
    item: Entry = parsed.entries[0]  # type: ignore[attr-defined]
    return replace(item, text=page.text)  # type: ignore[attr-defined]


@cache
def _matcher() -> Matcher:
    return Matcher([canaries.RULE])


def judge(watch: Watch, claim: Claim, document: Document) -> None:
    """Match a canary and decide on it as on any article, then take it out of the tables."""
    with watch.matching:
        watch.matcher.match(document)  # for what it finds nobody is told, but it must not hang
        matches = _matcher().match(document)
    ways = [
        alerts.decide(
            strength=match.strength,
            severity=match.severity,
            origin=Origin.LIVE,
            rule=canaries.RULE,
            known=Known(),
            beside_strong=False,
        ).way
        for match in matches
    ]
    watch.database.write(lambda tx: _commit(tx, watch, claim, told=Way.AT_ONCE in ways))


def _commit(tx: Connection, watch: Watch, claim: Claim, *, told: bool) -> None:
    now, number = watch.now(), birds.number_of(tx, claim.key)
    if not work.finish(tx, claim, triaged_at=now):
        return
    birds.finish(tx, claim.key)
    if number is None:
        return
    if not told:
        birds.note(tx, number, failure="its rule did not match its text")
        return
    channels = [each for each in watch.channels.values() if each.proof.canary]
    birds.note(tx, number, read_at=claim.row.read_at, judged_at=now)
    journey = birds.journey(tx, number, ())
    for words, same in by_language(channels):
        body = canaries.told(journey, judged_at=now, words=words)
        birds.queue(tx, same, number=number, said=Message(words.canary_title, body), now=now)


def _settle(tx: Connection, watch: Watch, channels: Sequence[Channel]) -> None:
    """Look whether those that should be there are; tell people once a spell, and of its end."""
    now, names = watch.now(), [each.name for each in channels]
    for number in sorted(birds.overdue(tx, now=now)):
        journey = birds.journey(tx, number, names)
        if journey.arrived:
            birds.note(tx, number, arrived_at=now)
            if birds.missed_before(tx, number):
                _tell(tx, watch, channels, f"canary back {number}", partial(canaries.back, journey))
            continue
        birds.give_up(tx, number, names)
        if now - journey.wanted_by > UNWATCHED:
            birds.forget(tx, number)
            continue
        if not birds.missed_before(tx, number):
            without = [each for each in channels if each.name in journey.missing]
            _tell(tx, watch, without, f"canary {number}", partial(canaries.missed, journey))
        birds.note(tx, number, missed_at=now)
        log.error("canary.missed", canary=number, failure=journey.failure)


def _tell(
    tx: Connection,
    watch: Watch,
    without: Sequence[Channel],
    key: str,
    say: Callable[..., Said],
) -> None:
    others = alerts.others(watch.channels.values(), watch.ops, without=without)
    urgent = Severity.CRITICAL  # no quiet hours hold that the watch may be blind
    for words, same in by_language(others):
        title, body = say(words=words)
        now = watch.now()
        deliveries.notify(tx, same, key=key, title=title, body=body, severity=urgent, now=now)


def tell_silent_channels(watch: Watch) -> None:
    """Tell people of channels that took nothing for longer than `silent_after`, each once."""
    asked = [each for each in watch.channels.values() if each.proof.silent_after is not None]
    if asked:
        watch.database.write(lambda tx: _tell_silent(tx, watch, asked))


def _tell_silent(tx: Connection, watch: Watch, channels: Sequence[Channel]) -> None:
    now, taken, known = watch.now(), removed.last_taken(tx), removed.configured_since(tx)
    for channel in channels:
        allowed, since = channel.proof.silent_after, taken.get(channel.name)
        beginning = since or known.get(channel.name, now)
        # In hours in which it holds its messages, or others get them, it cannot be heard of.
        if allowed is None or hours.awake(channel.peace, beginning, now, enough=allowed) < allowed:
            continue
        say = partial(
            mishaps.silent,
            channel.name,
            since=since,
            allowed=allowed,
            clocked=channel.peace.clocked,
            waiting=views.waiting_for(tx, channel.name),
        )
        _tell(tx, watch, [channel], f"silent {channel.name} {beginning.isoformat()}", say)
