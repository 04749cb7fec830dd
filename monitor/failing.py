"""Polls that failed: what it says of the feed, of its host, or of our own network."""

from collections.abc import Collection
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from monitor.adapters.failures import Failure, FetchError, FetchRefused
from monitor.core import timing, urls
from monitor.core.errors import Permanent, Temporary
from monitor.core.health import Trouble
from monitor.core.reach import Change
from monitor.storage import deliveries, feeds, ledger, views, work
from monitor.storage.work import Claim
from monitor.watch import Watch

ADOPTED_TRIES = 5  # failures in a row of an adopted address before the old one is asked again
UNREACHED_PAUSE = timedelta(minutes=1)  # between polls of a feed while our own network is down
# Statuses by which a host asks to be left alone, even where it does not say for how long.
_REFUSALS = frozenset({429, 503})
# Statuses that a person has to look at: they say that this address is wrong, or not for us.
_HARD = frozenset({400, 401, 402, 403, 404, 405, 406, 410, 414, 451})

log = structlog.get_logger()


def note_failure(watch: Watch, claim: Claim, error: Temporary | Permanent) -> None:
    """Commit a failed poll: the feed's pause grows, unless it is our own network that fails."""
    row, now = claim.row, watch.now()
    unreached = isinstance(error, FetchError) and error.kind in {
        Failure.UNREACHABLE,
        Failure.TIMED_OUT,
    }
    if unreached:
        _note_silence(watch, row.host)
    else:
        note_answers(watch, [row.host])
    alone = not unreached or (watch.reach.proven and not watch.reach.lost)
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


def _trouble(error: Temporary | Permanent) -> Trouble:
    if isinstance(error, FetchError | FetchRefused):
        if error.kind is Failure.WALL:
            return Trouble.WALL
        if _refused_by_host(error):
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
    failed: dict[str, object] = {
        "attempts": claim.attempts + 1,
        "failure": str(error),
        "trouble": trouble,
        "unchanged": 0 if alone else row.unchanged,
    }
    lost = trouble is Trouble.HARD or claim.attempts + 1 >= ADOPTED_TRIES
    if lost and row.adopted_url is not None:  # the old address may know more
        feeds.know_hosts(tx, [urls.host(row.url)])
        failed |= {"adopted_url": None, "host": urls.host(row.url)}
    if not work.finish(tx, claim, due_at=now, not_before=next_at, polled_at=now, **failed):
        return
    if _refused_by_host(error):
        after = error.retry_after if isinstance(error, Temporary) else None
        refusals = feeds.host_of(tx, row.host).refusals
        rest = timing.rested(refusals, after=after)
        feeds.rest_host(tx, row.host, not_before=now + rest)
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


def _refused_by_host(error: Temporary | Permanent) -> bool:
    """Whether it was the host that asked to be left alone, for all its feeds and pages."""
    if not isinstance(error, FetchError):
        return False
    asks = error.status in _REFUSALS or error.retry_after is not None
    return error.kind is Failure.WALL or asks


def _note_silence(watch: Watch, host: str) -> None:
    with watch.database.read() as connection:
        in_use, hosts = views.feed_count(connection)
    with watch.reaching:
        change = watch.reach.failed(host, hosts=hosts, now=watch.now())
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
        since,
        title="The network is down",
        body=f"Hardly any host answers since {since:%H:%M} UTC: {in_use} feeds are not watched.",
    )


def note_answers(watch: Watch, hosts: Collection[str]) -> None:
    """Some hosts answered, whatever they said: the network works."""
    with watch.reaching:  # until all are due: what others bring meanwhile was missed as well
        since = watch.reach.since
        changes = [watch.reach.answered(host, now=watch.now()) for host in hosts]
        if Change.BACK not in changes or since is None:
            return
        made_due = watch.database.write(
            lambda tx: feeds.make_due(tx, silent_since=since, now=watch.now())
        )
    log.info("network.back", feeds=made_due, since=since, said="the network is back")
    _tell_network(
        watch,
        since,
        title="The network is back",
        body=f"It was down from {since:%H:%M} to {watch.now():%H:%M} UTC. {made_due} feeds are "
        "polled again now; what they showed meanwhile and matches comes as one late digest.",
    )


def _tell_network(watch: Watch, since: datetime, *, title: str, body: str) -> None:
    """Tell people of an outage, once; news of its end replaces what could not be sent in it."""

    def commit(tx: Connection) -> None:
        deliveries.recall(tx, key=f"The network is down {since}")
        deliveries.notify(
            tx, watch.ops, key=f"{title} {since}", title=title, body=body, now=watch.now()
        )

    watch.database.write(commit)
