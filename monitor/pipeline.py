"""The pipeline: the tables say what is due; a step does it; no step calls the next.

    feed ─poll→ entry ─read→ article ─triage→ story, match, alert ─deliver→ delivery

Each step claims due rows, speaks to at most one outside party under one deadline, and commits
one transaction; the rows it commits are what the next step finds due. A step may run twice
without harm. `perform` is the only place that knows retries, poison rows and lost leases.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import Connection, Row, Table

from monitor.adapters.fetcher import Failure, FetchError, FetchRefused, Response
from monitor.core import alerts, identity, messages, reading, stories, timing, urls
from monitor.core.errors import Permanent, Temporary
from monitor.core.identity import KeyMode
from monitor.core.messages import Message
from monitor.core.model import (
    ArticleId,
    Completeness,
    Entry,
    EntryId,
    FeedId,
    Page,
    ParsedFeed,
    Tier,
)
from monitor.core.outbox import UNCERTAIN_LIMIT, Fate, Following, Outcome, State, Tries, follow
from monitor.core.reach import Change
from monitor.core.text import lead_text
from monitor.judging import judge
from monitor.storage import articles, deliveries, feeds, views, work
from monitor.storage.deliveries import Kind
from monitor.storage.schema import article, delivery, entry, feed
from monitor.storage.work import Claim
from monitor.watch import Watch

FEED_LIMIT = 5_000_000  # bytes, after decompression; the largest real feed seen is 2.4 MB
PAGE_LIMIT = 3_000_000  # bytes, after decompression
FEED_TYPES = "application/rss+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.5"
PAGE_TYPES = "text/html, application/xhtml+xml, */*;q=0.5"
PAGE_TRIES = 2  # then the feed's own words must do: an alert must not wait for a slow page
PAGE_PATIENCE = timedelta(minutes=5)  # the same for an entry that waits for its host
UNREACHED_PAUSE = timedelta(minutes=1)  # between polls of a feed while our own network is down
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
        _note_failure(watch, claim, error)
        return
    _note_answer(watch)
    new = watch.database.write(lambda tx: _store_poll(tx, watch, claim, parsed, response, checksum))
    log.info(
        "feed.polled", url=row.url, status=response.status, entries=len(parsed.entries), new=new
    )


def _store_poll(
    tx: Connection,
    watch: Watch,
    claim: Claim,
    parsed: ParsedFeed,
    response: Response,
    checksum: str,
) -> int:
    """Commit one poll; how many entries were new."""
    row, now = claim.row, watch.now()
    keys = [identity.keys_of(each) for each in parsed.entries]
    mode = identity.key_mode(keys, mode=KeyMode(row.key_mode))
    validators = {
        "etag": response.headers.get("etag"),
        "last_modified": response.headers.get("last-modified"),
        "body_hash": checksum,
    }
    finished = work.finish(
        tx,
        claim,
        due_at=now,
        not_before=timing.next_poll(
            now, interval=timedelta(seconds=row.interval), failures=0, chance=watch.chance()
        ),
        polled_at=now,
        succeeded_at=now,
        first_polled_at=row.first_polled_at or now,
        key_mode=mode,
        **(validators if response.status != 304 else {}),  # noqa: PLR2004
    )
    feeds.release_host(tx, row.host)
    if not finished:
        return 0
    aggregated = articles.outlet_of(tx, row.outlet_id).tier == Tier.AGGREGATOR
    present = identity.present_keys(keys, mode=mode)
    known = feeds.known(tx, FeedId(row.id), present)
    new: set[str] = set()
    for item, key, name in zip(parsed.entries, keys, present, strict=True):
        if name in known:
            _revise(tx, known, item, known.by_key[name], fetched=not aggregated, now=now)
        elif name not in new and (item.guid or item.url or item.title):
            new.add(name)
            _store_entry(tx, watch, row, item, key, name=name, fetched=not aggregated)
    return len(new)


def _revise(
    tx: Connection,
    known: feeds.Known,
    item: Entry,
    entry_id: EntryId | None,
    *,
    fetched: bool,
    now: datetime,
) -> None:
    """A known entry with a new headline is read again; a buried one (None) stays buried."""
    if entry_id is not None and item.title and known.titles[entry_id] != item.title:
        feeds.revise_entry(tx, entry_id, item, fetched=fetched, now=now)


def _store_entry(
    tx: Connection,
    watch: Watch,
    row: AnyRow,
    item: Entry,
    keys: identity.Keys,
    *,
    name: str,
    fetched: bool,
) -> None:
    now = watch.now()
    origin = reading.origin_of(
        item.published,
        first_poll=row.first_polled_at is None,
        now=now,
        first_sight=watch.first_sight,
        late_after=watch.story_window,
    )
    page = item.url if fetched and origin is not alerts.Origin.BASELINE else None
    host_name = urls.host(page) if page else None
    if host_name:
        feeds.know_host(tx, host_name)
    feeds.add_entry(
        tx, FeedId(row.id), item, keys, key=name, origin=origin, host_name=host_name, now=now
    )


def _note_failure(watch: Watch, claim: Claim, error: Temporary | Permanent) -> None:
    """Commit a failed poll: the feed's interval grows, unless it is our own network that fails."""
    row, now = claim.row, watch.now()
    unreached = isinstance(error, FetchError) and error.kind in {
        Failure.UNREACHABLE,
        Failure.TIMED_OUT,
    }
    with watch.database.read() as connection:
        in_use, hosts = views.feed_count(connection)
    if unreached:
        if watch.reach.failed(row.host, hosts=hosts, now=now) is Change.LOST:
            since = watch.reach.since or now
            said = f"no network: 0 of {in_use} feeds since {since:%H:%M}; see it work: make demo"
            log.warning("network.lost", feeds=in_use, reached=0, since=since, said=said)
    else:
        _note_answer(watch)
    alone = not unreached or (watch.reach.proven and not watch.reach.lost)
    if alone and row.failure is None:
        log.warning("feed.failed", url=row.url, failure=str(error))
    next_at = (
        timing.next_poll(
            now,
            interval=timedelta(seconds=row.interval),
            failures=claim.attempts + 1,
            chance=watch.chance(),
        )
        if alone
        else now + UNREACHED_PAUSE
    )
    after = error.retry_after if isinstance(error, Temporary) else None

    def commit(tx: Connection) -> None:
        feeds.release_host(tx, row.host, not_before=now + after if after else None)
        values = {"due_at": now, "attempts": claim.attempts + 1, "failure": str(error)}
        work.finish(tx, claim, not_before=next_at, polled_at=now, **values)

    watch.database.write(commit)


def _note_answer(watch: Watch) -> None:
    if watch.reach.answered() is Change.BACK:
        log.info("network.back", said="the network is back")
        watch.database.write(lambda tx: feeds.hurry_failing(tx, now=watch.now()))


# --- read: entry → article ----------------------------------------------------------------------


def read(watch: Watch, claim: Claim) -> None:
    """Fetch the page behind one entry; store what it and the feed say as an article."""
    row = claim.row
    with watch.database.read() as connection:
        feed_row = connection.execute(feed.select().where(feed.c.id == row.feed_id)).one()
        outlet = articles.outlet_of(connection, feed_row.outlet_id)
        name, known = _known(connection, row, feed_row)
    if known is not None and row.article_id is None and _says_enough(known, row):
        watch.database.write(lambda tx: _link(tx, claim, ArticleId(known.id)))
        return
    page, pause = _fetch_page(watch, claim)
    text = page.text or row.summary or row.title
    language = watch.identify(f"{row.title}. {text}", row.language or outlet.language)
    found = reading.compose(_shown(row), page, language=language)

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
            _improve(tx, there, row, found, source, now=now)
        articles.link_entry(tx, EntryId(row.id), article_id)

    watch.database.write(commit)
    log.info("entry.read", url=row.url, completeness=found.completeness, quality=page.quality)


def _shown(row: AnyRow) -> Entry:
    """An entry row as its feed showed it."""
    return Entry(
        guid=None,
        url=row.url,
        title=row.title,
        summary=row.summary,
        author=row.author,
        published=row.published_at,
        language=row.language,
    )


def _known(connection: Connection, row: AnyRow, feed_row: AnyRow) -> tuple[str, AnyRow | None]:
    """The identity of an entry's article, and the article if we have it.

    An address is an article, whichever feed lists it; where a feed's addresses do not tell its
    items apart, or an address is listed under another headline, the entry is an article of its own:
    a live page reports again, and a stranger's headline must not hide the publisher's.
    """
    alone = identity.digest("entry", str(row.feed_id), row.key)
    if row.article_id is not None:
        return alone, articles.by_id(connection, row.article_id)
    if not row.url or feed_row.key_mode == KeyMode.CONTENT:
        return alone, None
    name = identity.digest("link", urls.same_address(row.url))
    known = articles.by_identity(connection, name)
    if known is None or reading.same_title(known.title, row.title):
        return name, known
    return alone, None


def _says_enough(known: AnyRow, row: AnyRow) -> bool:
    """Whether another feed's entry adds nothing to an article: no text, and no news."""
    silent = known.origin == alerts.Origin.BASELINE != row.origin
    return not silent and (known.completeness == Completeness.FULL or row.host is None)


def _improve(
    tx: Connection,
    known: AnyRow,
    row: AnyRow,
    found: reading.Reading,
    source: Mapping[str, object],
    *,
    now: datetime,
) -> None:
    """A second reading of an article: a new headline, or more than another feed's entry gave."""
    values = reading.improved(known, found, retitle=known.feed_id == row.feed_id)
    if reading.poorer(known.completeness, found.completeness):
        values |= source  # whoever gave more of it is its outlet
    if known.origin == alerts.Origin.BASELINE != row.origin:
        values |= {"origin": row.origin, "seen_at": row.seen_at}
    if values:
        articles.revise_article(tx, ArticleId(known.id), now=now, **values)


def _link(tx: Connection, claim: Claim, known: ArticleId) -> None:
    """Another feed lists an article that we have."""
    feeds.release_host(tx, claim.row.host)
    if work.finish(tx, claim):
        articles.link_entry(tx, EntryId(claim.row.id), known)


def _fetch_page(watch: Watch, claim: Claim) -> tuple[Page, datetime | None]:
    """The page of an entry, and until when its host asks to be left alone.

    Raises Temporary while another try may help; after the last one the page counts as unread,
    with the reason as its quality, and the feed's own words must do.
    """
    row = claim.row
    if row.host is None:
        return reading.UNREAD, None
    try:
        response = watch.fetch(row.url, limit=PAGE_LIMIT, accept=PAGE_TYPES)
        kind = response.headers.get("content-type")
        return watch.extract(response.body, url=response.url, content_type=kind), None
    except Temporary as error:
        if claim.attempts + 1 < PAGE_TRIES and (error.retry_after or timedelta()) <= PAGE_PATIENCE:
            raise
        asked = watch.now() + error.retry_after if error.retry_after else None
        return Page(url=row.url, quality=str(error)), asked
    except Permanent as error:
        return Page(url=row.url, quality=str(error)), None


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
        message = _render(watch, claim, room=watch.room(channel))
        outcome = (
            watch.send(channel, message, key=row.key)
            if message is not None
            else Outcome(Fate.SENT, "nothing left to tell")
        )
    after = watch.database.write(lambda tx: _store_outcome(tx, watch, claim, outcome, message))
    told = {"channel": row.channel, "delivery": row.id}
    if after.state is State.SENT:
        log.info("delivery.sent", kind=row.kind, **told)
    elif after.again_at is None:
        log.error("delivery.died", failure=outcome.detail, **told)
    else:
        log.warning("delivery.failed", failure=outcome.detail, again=after.again_at, **told)


HEADINGS = {
    alerts.Way.DIGEST: "Digest: weak and late matches",
    alerts.Way.WELCOME: "Already in the news when the watch began",
}


def _render(watch: Watch, claim: Claim, *, room: int) -> Message | None:
    """The message as of now; None if what a digest held has been told more urgently since."""
    row, now = claim.row, watch.now()
    with watch.database.read() as connection:
        told = views.reports(connection, row.id)
    if not told:
        return None
    if row.kind == Kind.ALERT:
        return messages.render_alert(told[0], now=now)
    return messages.render_digest(told, heading=HEADINGS[row.collection], now=now, room=room)


def _store_outcome(
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
    if message is not None:
        values |= {"title": message.title, "body": message.body}
    if after.state is State.SENT:
        work.finish(tx, claim, sent_at=now, **values)
    elif after.again_at is None:
        work.set_aside(tx, claim, failure=outcome.detail, **values)
    else:
        work.postpone(tx, claim, until=after.again_at, failure=outcome.detail, **values)
    return after


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
        tx, now=watch.now(), lease=lease, limit=rest, patience=PAGE_PATIENCE
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
