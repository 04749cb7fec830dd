"""The pipeline: the tables say what is due; a step does it; no step calls the next.

    feed ─poll→ entry ─read→ article ─triage→ story, match, alert ─deliver→ delivery
             ↑                          ├─→ hit ─gauge→ episode ─────┘
             └──────────── reread ──────┘

Each step claims due rows, speaks to at most one outside party under one deadline, and commits
one transaction; the rows it commits are what the next step finds due. A step may run twice
without harm. `perform` is the only place that knows retries, poison rows and lost leases.
"""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Protocol

import structlog
from sqlalchemy import Connection, Table

from monitor import gauging, perusal, polling, proving, revising, sending, visits
from monitor.core import timing
from monitor.core.alerts import Origin
from monitor.core.errors import Permanent, Temporary
from monitor.core.model import Document
from monitor.core.outbox import UNCERTAIN_LIMIT, Fate, Outcome, State
from monitor.judging import Found, judge
from monitor.storage import (
    articles,
    deliveries,
    feeds,
    holding,
    hosts,
    sketches,
    views,
    volumes,
    work,
)
from monitor.storage.engine import Unwritable
from monitor.storage.schema import article, delivery, entry, feed, rule
from monitor.storage.work import Claim
from monitor.watch import Share, Watch

POISON_TRIES = 5  # unexpected errors on one row before it is set aside
HOST_FEEDS = 10  # feeds of one host in one go, one after another

log = structlog.get_logger()


# --- poll: feed → entries -----------------------------------------------------------------------


def poll(watch: Watch, claims: Sequence[Claim]) -> Iterator[Share]:
    """Fetch feeds, hosts beside each other; store the entries they had not shown before.

    Most answers say that nothing has changed: as many of those as came in together are committed
    together.
    """
    asked = [polling.asked(watch, claim) for claim in claims]
    waiting = Counter(claim.row.host for claim in claims)
    requests = [each.request for each in asked]
    for group in watch.fetch_all(requests, budget=polling.HOST_BUDGET):
        answered = [(asked[number], outcome) for number, outcome in group]
        waiting.subtract(each.claim.row.host for each, _ in answered)
        done = {host for host in {each.claim.row.host for each, _ in answered} if not waiting[host]}
        yield from polling.shares(watch, answered, done)


# --- read: entry → article ----------------------------------------------------------------------


def read(watch: Watch, claims: Sequence[Claim]) -> Iterator[Share]:
    """Fetch the pages behind entries, hosts beside each other; store them as articles.

    An article is made of what its feed says and what its page says. Pages that came in together
    are read and committed together.
    """
    wanted = perusal.looked_up(watch, claims)
    had = {each.claim.key: each for each in wanted if perusal.says_enough(each)}
    if had:
        yield Share([each.claim for each in had.values()], partial(perusal.link, watch, had))
    for visited in visits.visit(watch, [each for each in wanted if each.claim.key not in had]):
        yield from perusal.shares(watch, visited)


# --- triage: article → story, matches, alerts ---------------------------------------------------


def triage(watch: Watch, claim: Claim) -> None:
    """Match one article, put it into a story, decide whom to tell."""
    with watch.database.read() as connection:
        outlet = articles.outlet_of(connection, claim.row.outlet_id)
    document = views.document_of(claim.row, outlet)
    if claim.row.origin == Origin.CANARY:
        proving.judge(watch, claim, document)
        return
    with watch.matching:
        found = _found(watch, document)
    features = sketches.features_of_row(claim.row)
    told = watch.database.write(lambda tx: judge(tx, watch, claim, found, features))
    if told is not None:
        log.info("article.triaged", article=claim.key, matches=len(found.matches), alerts=told)


def _found(watch: Watch, document: Document) -> Found:
    """What rules match, and what the article says of what they are about."""
    matches = watch.matcher.match(document)
    if not matches:
        return Found()
    events, particulars = watch.matcher.events, watch.particulars
    return Found(
        matches,
        {
            each.rule: particulars.of(document, each.event, events(each, document))
            for each in matches
        },
        watch.gists.of(document),
    )


# --- gauge: rule that counts → spike or silence --------------------------------------------------


def gauge(watch: Watch, claim: Claim) -> None:
    """Look at one rule that counts: has too much come lately, or too little."""
    found = watch.rules[claim.key]
    if found.volume is None or found.ended(watch.now()):
        stop = partial(volumes.stop, rule_id=found.id, now=watch.now(), why="the rule has ended")
        watch.database.write(stop)
    elif claim.row.recounted:
        gauging.look(watch, claim, found, found.volume)
    else:
        gauging.look_back(watch, claim, found, found.volume)


# --- deliver: delivery → message in a person's hands ---------------------------------------------


def deliver(watch: Watch, claim: Claim) -> None:
    """Send one message: it was claimed and committed before, the outcome is committed after."""
    row, message = claim.row, None
    if row.uncertain >= UNCERTAIN_LIMIT:
        outcome = Outcome(Fate.FAILED, f"given up: {row.uncertain} sends were cut short")
    else:
        channel = watch.channels[row.channel]
        message = sending.render(watch, claim, room=watch.room(channel))
        outcome = (
            watch.send(channel, message, key=row.key)
            if message is not None
            else Outcome(Fate.SENT, "nothing left to tell")
        )
    after = watch.database.write(
        lambda tx: sending.store_outcome(tx, watch, claim, outcome, message)
    )
    told = {"channel": row.channel, "delivery": row.id}
    if after.state is State.SENT:
        log.info("delivery.sent", kind=row.kind, **told)
    elif after.again_at is None:
        log.error("delivery.died", failure=outcome.detail, **told)
    else:
        log.warning("delivery.failed", failure=outcome.detail, again=after.again_at, **told)


# --- the steps, and the one way to run them -------------------------------------------------------


class Take(Protocol):
    """Claims up to `limit` due rows of one step."""

    def __call__(
        self, tx: Connection, watch: Watch, *, lease: timedelta, limit: int
    ) -> list[Claim]: ...


@dataclass(frozen=True, slots=True)
class Step:
    """One step: which rows it takes, what it does with them, how many at once."""

    name: str
    table: Table  # where its work is due
    lease: timedelta
    claim: Take
    share: Callable[[Watch, Sequence[Claim]], Iterable[Share]]
    together: int = 1  # rows that one thread takes at once


def one_by_one(
    run: Callable[[Watch, Claim], None],
) -> Callable[[Watch, Sequence[Claim]], Iterable[Share]]:
    """Let a step that does one row do several."""

    def share(watch: Watch, claims: Sequence[Claim]) -> Iterable[Share]:
        return (Share([claim], lambda one: run(watch, one[0])) for claim in claims)

    return share


def _due_feeds(lane: feeds.Lane) -> Take:
    """Feeds that answered last time and feeds that failed go separate ways.

    A hundred dead hosts that keep us waiting must not keep the living ones waiting.
    """

    def take(tx: Connection, watch: Watch, *, lease: timedelta, limit: int) -> list[Claim]:
        return feeds.claim_by_host(
            tx, feed, now=watch.now(), lease=lease, limit=limit, each=HOST_FEEDS, lane=lane
        )

    return take


def _due_entries(tx: Connection, watch: Watch, *, lease: timedelta, limit: int) -> list[Claim]:
    claimed = feeds.claim_by_host(
        tx, entry, now=watch.now(), lease=lease, limit=limit, lane="first"
    )
    rest = limit - len(claimed)
    return claimed + feeds.claim_unfetched(
        tx, now=watch.now(), lease=lease, limit=rest, patience=visits.patience(watch)
    )


def _due_again(tx: Connection, watch: Watch, *, lease: timedelta, limit: int) -> list[Claim]:
    return feeds.claim_by_host(tx, entry, now=watch.now(), lease=lease, limit=limit, lane="again")


def _due_articles(tx: Connection, watch: Watch, *, lease: timedelta, limit: int) -> list[Claim]:
    return articles.claim_fairly(tx, now=watch.now(), lease=lease, limit=limit)


def _due_rules(tx: Connection, watch: Watch, *, lease: timedelta, limit: int) -> list[Claim]:
    versions = {each.id: each.version for each in watch.rules.values() if each.volume is not None}
    return volumes.claim_rules(tx, versions, now=watch.now(), lease=lease, limit=limit)


def _due_deliveries(tx: Connection, watch: Watch, *, lease: timedelta, limit: int) -> list[Claim]:
    holding.keep(tx, watch.channels.values(), quiet=watch.quiet, now=watch.now())
    return deliveries.claim_deliveries(
        tx, channels=list(watch.channels), now=watch.now(), lease=lease, limit=limit
    )


POLLS_TOGETHER = 25  # feeds in one thread, or a host's more; they are fetched beside each other
READS_TOGETHER = 20  # pages in one thread, the same

PIPELINE = (
    Step("poll", feed, timedelta(minutes=2), _due_feeds("healthy"), poll, together=POLLS_TOGETHER),
    Step("retry", feed, timedelta(minutes=2), _due_feeds("failing"), poll, together=POLLS_TOGETHER),
    Step("read", entry, timedelta(minutes=2), _due_entries, read, together=READS_TOGETHER),
    Step(
        "reread", entry, timedelta(minutes=2), _due_again, revising.reread, together=READS_TOGETHER
    ),
    Step("triage", article, timedelta(minutes=2), _due_articles, one_by_one(triage), together=10),
    Step("gauge", rule, timedelta(minutes=5), _due_rules, one_by_one(gauge)),
    Step("deliver", delivery, timedelta(minutes=2), _due_deliveries, one_by_one(deliver)),
)


def perform(
    watch: Watch,
    step: Step,
    claims: Sequence[Claim],
    settled: Callable[[int], None] = lambda _: None,
) -> None:
    """Run one step on claimed rows; whatever happens, no row is lost.

    Raises Unwritable if the database could not take the outcome. `settled` hears how many rows are
    done with, as they are.
    """
    left = {claim.key: claim for claim in claims}

    def share_out(_: Sequence[Claim]) -> None:
        for share in step.share(watch, claims):
            for claim in share.claims:
                del left[claim.key]
            _guarded(watch, step, share)
            settled(len(share.claims))

    _guarded(watch, step, Share(list(claims), share_out), only=left)


def _guarded(
    watch: Watch, step: Step, share: Share, *, only: Container[object] | None = None
) -> None:
    """End the claims of a share; if that breaks, each of them is tried again or set aside.

    `only`: of a whole share that hands out its parts, those that it has not handed out yet.
    """
    row = share.claims[0].key if len(share.claims) == 1 else None
    with structlog.contextvars.bound_contextvars(step=step.name, row=row):
        try:
            share.end(share.claims)
        except (Permanent, Temporary) as error:
            left = [each for each in share.claims if only is None or each.key in only]
            after = error.retry_after if isinstance(error, Temporary) else None
            final = isinstance(error, Permanent)
            _end(watch, left, str(error), final=lambda _: final, after=after)
            if isinstance(error, Unwritable):  # a run that ends must not end well
                log.warning("step.unrecorded", failure=str(error))
                raise
        except Exception as error:
            log.exception("step.failed")
            left = [each for each in share.claims if only is None or each.key in only]
            if only is None and len(left) > 1:
                for claim in left:
                    _guarded(watch, step, Share([claim], share.end))
                return
            failure = f"{type(error).__name__}: {error}"
            _end(watch, left, failure, final=lambda claim: claim.attempts + 1 >= POISON_TRIES)


def _end(
    watch: Watch,
    claims: Sequence[Claim],
    failure: str,
    *,
    final: Callable[[Claim], bool],
    after: timedelta | None = None,
) -> None:
    def commit(tx: Connection) -> None:
        for claim in claims:
            _end_one(tx, watch, claim, failure, final=final(claim), after=after)

    try:
        watch.database.write(commit)
    except Unwritable as error:  # the leases will end by themselves
        log.warning("step.unrecorded", failure=str(error))
        raise
    log.debug("step.ended", failure=failure)


def _end_one(
    tx: Connection,
    watch: Watch,
    claim: Claim,
    failure: str,
    *,
    final: bool,
    after: timedelta | None,
) -> None:
    if claim.table in (feed, entry) and claim.row.host is not None:
        hosts.release(tx, [claim.row.host])
    unsent = claim.table is delivery
    if final and claim.table not in (feed, rule):  # what nobody else would make due again
        values = {"state": State.DEAD} if unsent else {}
        if work.set_aside(tx, claim, failure=failure, **values) and unsent:
            sending.give_up(tx, watch, claim.row, failure)
        return
    until = timing.retry_at(
        watch.now(), attempts=claim.attempts, chance=watch.chance(), after=after
    )
    values = {"state": State.QUEUED} if unsent else {}
    work.postpone(tx, claim, until=until, failure=failure, **values)
