"""The pipeline: the tables say what is due; a step does it; no step calls the next.

    feed ─poll→ entry ─read→ article ─triage→ story, match, alert ─deliver→ delivery

Each step claims due rows, speaks to at most one outside party under one deadline, and commits
one transaction; the rows it commits are what the next step finds due. A step may run twice
without harm. `perform` is the only place that knows retries, poison rows and lost leases.
"""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Protocol

import structlog
from sqlalchemy import Connection, Row, Table

from monitor import perusal, polling, sending
from monitor.adapters.fetcher import FetchError, FetchRefused
from monitor.core import alerts, reading, stories, timing
from monitor.core.errors import Permanent, Temporary
from monitor.core.model import (
    ArticleId,
    EntryId,
    ParsedFeed,
)
from monitor.core.outbox import UNCERTAIN_LIMIT, Fate, Outcome, State
from monitor.core.text import lead_text
from monitor.judging import judge
from monitor.storage import articles, deliveries, feeds, views, work
from monitor.storage.schema import article, delivery, entry, feed
from monitor.storage.work import Claim
from monitor.watch import Watch

FEED_LIMIT = 5_000_000  # bytes, after decompression; the largest real feed seen is 2.4 MB
FEED_TYPES = "application/rss+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.5"
POISON_TRIES = 5  # unexpected errors on one row before it is set aside

AnyRow = Row[tuple[object, ...]]

log = structlog.get_logger()


# --- poll: feed → entries -----------------------------------------------------------------------


def poll(watch: Watch, claim: Claim) -> None:
    """Fetch one feed; store the entries it had not shown before."""
    row = claim.row
    try:
        response = watch.fetch(
            row.url,
            limit=FEED_LIMIT,
            accept=FEED_TYPES,
            etag=row.etag,
            last_modified=row.last_modified,
        )
        checksum = hashlib.sha256(response.body).hexdigest()
        unchanged = response.status == 304 or checksum == row.body_hash  # noqa: PLR2004
        parsed = (
            ParsedFeed(entries=())
            if unchanged
            else watch.parse(
                response.body, url=response.url, content_type=response.headers.get("content-type")
            )
        )
    except (FetchError, FetchRefused, Permanent, Temporary) as error:
        polling.note_failure(watch, claim, error)
        return
    polling.note_answer(watch)
    new = watch.database.write(
        lambda tx: polling.store_poll(tx, watch, claim, parsed, response, checksum)
    )
    log.info(
        "feed.polled", url=row.url, status=response.status, entries=len(parsed.entries), new=new
    )


# --- read: entry → article ----------------------------------------------------------------------


def read(watch: Watch, claim: Claim) -> None:
    """Fetch the page behind one entry; store what it and the feed say as an article."""
    row = claim.row
    with watch.database.read() as connection:
        feed_row = connection.execute(feed.select().where(feed.c.id == row.feed_id)).one()
        outlet = articles.outlet_of(connection, feed_row.outlet_id)
        name, known = perusal.known(connection, row, feed_row)
    if known is not None and row.article_id is None and perusal.says_enough(known, row):
        watch.database.write(lambda tx: perusal.link(tx, claim, ArticleId(known.id)))
        return
    page, pause = perusal.fetch_page(watch, claim)
    text = page.text or row.summary or row.title
    language = watch.identify(f"{row.title}. {text}", row.language or outlet.language)
    found = reading.compose(perusal.shown(row), page, language=language)

    def commit(tx: Connection) -> None:
        now = watch.now()
        feeds.release_host(tx, row.host, next_page_at=now + watch.host_spacing, not_before=pause)
        if not work.finish(tx, claim):
            return
        source = {"feed_id": row.feed_id, "outlet_id": feed_row.outlet_id}
        # Another feed's entry may have become the same article while this page was fetched.
        there = articles.by_id(tx, known.id) if known else articles.by_identity(tx, name)
        if there is None:
            came = {"seen_at": row.seen_at, "origin": row.origin}
            article_id = articles.add_article(
                tx, now=now, identity=name, **source, **came, **asdict(found)
            )
        else:
            article_id = ArticleId(there.id)
            perusal.improve(tx, there, row, found, source, now=now)
        articles.link_entry(tx, EntryId(row.id), article_id)

    watch.database.write(commit)
    log.info("entry.read", url=row.url, completeness=found.completeness, quality=page.quality)


# --- triage: article → story, matches, alerts ---------------------------------------------------


def triage(watch: Watch, claim: Claim) -> None:
    """Match one article, put it into a story, decide whom to tell."""
    with watch.database.read() as connection:
        outlet = articles.outlet_of(connection, claim.row.outlet_id)
    document = views.document_of(claim.row, outlet)
    found = watch.matcher.match(document)
    words = stories.words_of(claim.row.title, lead_text(document)) if found else frozenset()
    told = watch.database.write(lambda tx: judge(tx, watch, claim, found, words))
    log.info("article.triaged", article=claim.key, matches=len(found), alerts=told)


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
    """One step: which rows it takes, what it does with each, how many at once."""

    name: str
    table: Table  # where its work is due
    lease: timedelta
    claim: Take
    run: Callable[[Watch, Claim], None]


def _due_feeds(tx: Connection, watch: Watch, *, lease: timedelta, limit: int) -> list[Claim]:
    return feeds.claim_by_host(tx, feed, now=watch.now(), lease=lease, limit=limit)


def _due_entries(tx: Connection, watch: Watch, *, lease: timedelta, limit: int) -> list[Claim]:
    claimed = feeds.claim_by_host(tx, entry, now=watch.now(), lease=lease, limit=limit)
    rest = limit - len(claimed)
    return claimed + feeds.claim_unfetched(
        tx, now=watch.now(), lease=lease, limit=rest, patience=perusal.PAGE_PATIENCE
    )


def _due_articles(tx: Connection, watch: Watch, *, lease: timedelta, limit: int) -> list[Claim]:
    """News first: at a first start thousands of old articles wait, and nobody for them."""
    news = article.c.origin != alerts.Origin.BASELINE
    claimed = work.claim(tx, article, now=watch.now(), lease=lease, limit=limit, where=news)
    rest = limit - len(claimed)
    return claimed + work.claim(tx, article, now=watch.now(), lease=lease, limit=rest)


def _due_deliveries(tx: Connection, watch: Watch, *, lease: timedelta, limit: int) -> list[Claim]:
    return deliveries.claim_deliveries(
        tx, channels=list(watch.channels), now=watch.now(), lease=lease, limit=limit
    )


PIPELINE = (
    Step("poll", feed, timedelta(minutes=2), _due_feeds, poll),
    Step("read", entry, timedelta(minutes=2), _due_entries, read),
    Step("triage", article, timedelta(minutes=2), _due_articles, triage),
    Step("deliver", delivery, timedelta(minutes=2), _due_deliveries, deliver),
)


def perform(watch: Watch, step: Step, claim: Claim) -> None:
    """Run one step on one claimed row; whatever happens, the row is never lost."""
    with structlog.contextvars.bound_contextvars(step=step.name, row=claim.key):
        try:
            step.run(watch, claim)
        except Permanent as error:
            _end(watch, claim, str(error), final=True)
        except Temporary as error:
            _end(watch, claim, str(error), final=False, after=error.retry_after)
        except Exception as error:
            log.exception("step.failed")
            failure = f"{type(error).__name__}: {error}"
            _end(watch, claim, failure, final=claim.attempts + 1 >= POISON_TRIES)


def _end(
    watch: Watch, claim: Claim, failure: str, *, final: bool, after: timedelta | None = None
) -> None:
    def commit(tx: Connection) -> None:
        if claim.table in (feed, entry):
            feeds.release_host(tx, claim.row.host)
        unsent = claim.table is delivery
        if final and claim.table is not feed:
            values = {"state": State.DEAD} if unsent else {}
            work.set_aside(tx, claim, failure=failure, **values)
            return
        until = timing.retry_at(
            watch.now(), attempts=claim.attempts, chance=watch.chance(), after=after
        )
        values = {"state": State.QUEUED} if unsent else {}
        work.postpone(tx, claim, until=until, failure=failure, **values)

    try:
        watch.database.write(commit)
    except Temporary as error:  # the lease will end by itself
        log.warning("step.unrecorded", failure=str(error))
    else:
        log.debug("step.ended", failure=failure, final=final)
