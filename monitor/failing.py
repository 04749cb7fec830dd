"""Polls that failed: what it says of the feed, of its host, or of our own network."""

from collections.abc import Collection
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from monitor.adapters.failures import HEARD, UNHEARD, UNREACHED, Failure, FetchError, FetchRefused
from monitor.core import timing, urls
from monitor.core.errors import Permanent, Temporary
from monitor.core.health import Trouble
from monitor.core.reach import Change
from monitor.storage import deliveries, feeds, hosts, ledger, views, work
from monitor.storage.work import Claim
from monitor.watch import Watch

ADOPTED_TRIES = 5  # failures in a row of an adopted address before the old one is asked again
UNREACHED_PAUSE = timedelta(minutes=1)  # between polls of a feed while our own network is down
DOWN, BACK = "The network is down", "The network is back"
DOWN_STANDS = timedelta(hours=1)  # one notice of an outage, also after a restart or of another one
# Statuses that a person has to look at: they say that this address is wrong, or not for us.
_HARD = frozenset({400, 401, 402, 403, 404, 405, 406, 410, 414, 451})

log = structlog.get_logger()


def note_failure(watch: Watch, claim: Claim, error: Temporary | Permanent) -> None:
    """Commit a failed poll: the feed's pause grows, unless it is our own network that fails."""
    row, now = claim.row, watch.now()
    alone = _fails_alone(watch, row.host, error)
    trouble = _trouble(error)
    if alone and row.failure is None:
        log.warning("feed.failed", url=row.url, trouble=trouble, failure=str(error))
    pause = UNREACHED_PAUSE
    if alone:
        pause = timedelta(seconds=row.interval)
        if trouble is not Trouble.RESTING:  # else its host decides, for all its feeds
            pause = timing.paused(pause, trouble=trouble, failures=claim.attempts + 1)
    next_at = timing.next_poll(now, pause=pause, chance=watch.chance())
    watch.database.write(
        lambda tx: _store_failure(tx, watch, claim, error, trouble, next_at=next_at, alone=alone),
        announce=False,
    )


def _fails_alone(watch: Watch, host: str, error: Temporary | Permanent) -> bool:
    """Note what a failure says of our own network; whether it is the feed's own.

    What came in another form than HTTP, or is no feed, may be a stranger's between us and the host.
    """
    kind = error.kind if isinstance(error, FetchError | FetchRefused) else None
    if kind in HEARD:
        note_answers(watch, [host])
        return True
    if kind in UNHEARD:
        _note_silence(watch, host)
    return not watch.reach.lost and (watch.reach.proven or kind not in UNREACHED)


def _trouble(error: Temporary | Permanent) -> Trouble:
    if isinstance(error, FetchError | FetchRefused):
        if error.kind is Failure.WALL:
            return Trouble.WALL
        if isinstance(error, FetchError) and error.wants_rest:
            return Trouble.RESTING
        if error.kind is Failure.HTTP_STATUS:
            return Trouble.HARD if error.status in _HARD else Trouble.SOFT
    return Trouble.SOFT if isinstance(error, Temporary) else Trouble.HARD


def _store_failure(
    tx: Connection,
    watch: Watch,
    claim: Claim,
    error: Temporary | Permanent,
    trouble: Trouble,
    *,
    next_at: datetime,
    alone: bool,
) -> None:
    row, now = claim.row, watch.now()
    # What fails for our sake is not counted: else one that still fails when the network is back
    # would be left alone for a day. One puts it among those that must not keep others waiting.
    failed: dict[str, object] = {
        "attempts": claim.attempts + 1 if alone else max(claim.attempts, 1),
        "failure": str(error),
        "trouble": trouble,
        "unchanged": 0 if alone else row.unchanged,
    }
    lost = alone and (trouble is Trouble.HARD or claim.attempts + 1 >= ADOPTED_TRIES)
    if lost and row.adopted_url is not None:  # the old address may know more
        hosts.know(tx, [urls.host(row.url)])
        failed |= {"adopted_url": None, "host": urls.host(row.url)}
    if isinstance(error, FetchError) and error.wants_rest:
        refused_by = error.host or row.host
        rests_until = hosts.rest(tx, refused_by, after=error.retry_after, now=now)
        next_at = max(next_at, rests_until)  # it may be another host than the feed's own
    if not work.finish(tx, claim, due_at=now, not_before=next_at, polled_at=now, **failed):
        return
    if alone:  # while our network is down, one gap says what ninety records would
        line = {
            "feed_id": row.id,
            "polled_at": now,
            "unchanged": row.unchanged,
            "status": getattr(error, "status", None),
            "trouble": trouble,
            "failure": str(error),
        }
        ledger.record_polls(tx, [line])


def _note_silence(watch: Watch, host: str) -> None:
    with watch.reaching:
        in_use, on_hosts = (0, 0) if watch.reach.lost else _count(watch)
        change = watch.reach.failed(host, hosts=on_hosts, now=watch.now())
        since = watch.reach.since or watch.now()
    if change is not Change.LOST:
        return
    some = (
        f"hardly any host of {in_use} feeds answers"
        if watch.reach.proven
        else f"0 of {in_use} feeds"
    )
    said = f"no network: {some} since {since:%H:%M} UTC; see it work: make demo"
    log.warning("network.lost", feeds=in_use, since=since, said=said)
    _tell_network(
        watch,
        title=DOWN,
        body=f"Hardly any host answers since {since:%H:%M} UTC: {in_use} feeds are not watched.",
    )


def _count(watch: Watch) -> tuple[int, int]:
    """How many feeds are in use, and on how many hosts: a look at all of them."""
    with watch.database.read() as connection:
        return views.feed_count(connection)


def note_answers(watch: Watch, answered: Collection[str]) -> None:
    """Some hosts answered, whatever they said: the network works."""
    with watch.reaching:  # until all are due: what others bring meanwhile was missed as well
        since = watch.reach.since
        changes = [watch.reach.answered(host, now=watch.now()) for host in answered]
        if Change.BACK not in changes or since is None:
            return
        made_due = watch.database.write(lambda tx: _make_due(tx, watch, silent_since=since))
    log.info("network.back", feeds=made_due, since=since, said="the network is back")
    _tell_network(
        watch,
        title=BACK,
        body=f"It was down from {since:%H:%M} to {watch.now():%H:%M} UTC. {made_due} feeds are "
        "polled again now; what they showed meanwhile and matches comes as one late digest.",
    )


def _make_due(tx: Connection, watch: Watch, *, silent_since: datetime) -> int:
    made_due = feeds.make_due(tx, silent_since=silent_since, now=watch.now())
    feeds.make_pages_due(tx, now=watch.now())
    return made_due


def _tell_network(watch: Watch, *, title: str, body: str) -> None:
    """Tell people of an outage, once; news of its end replaces what could not be sent in it.

    All processes of a watch ask what was told last, and one that begins anew asks it too.
    """

    def commit(tx: Connection) -> None:
        now = watch.now()
        last = deliveries.last_notice(tx, titles=(DOWN, BACK))
        told = last is not None and last.title == title
        if told and (title == BACK or now - last.created_at < DOWN_STANDS):
            return
        if title == BACK:
            deliveries.recall(tx, title=DOWN)
        key = f"{title} after {last.id if last is not None else None}"  # the same in all processes
        deliveries.notify(tx, watch.ops, key=key, title=title, body=body, now=now)

    watch.database.write(commit)
