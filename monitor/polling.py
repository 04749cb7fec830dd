"""What a poll commits: new entries, changed ones, and how the feed is doing."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, Row

from monitor.adapters.fetcher import Failure, FetchError, Response
from monitor.core import alerts, identity, reading, timing, urls
from monitor.core.errors import Permanent, Temporary
from monitor.core.identity import KeyMode
from monitor.core.model import Entry, EntryId, FeedId, ParsedFeed, Tier
from monitor.core.reach import Change
from monitor.storage import articles, feeds, views, work
from monitor.storage.work import Claim
from monitor.watch import Watch

UNREACHED_PAUSE = timedelta(minutes=1)  # between polls of a feed while our own network is down

AnyRow = Row[tuple[object, ...]]

log = structlog.get_logger()


def store_poll(
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


def note_failure(watch: Watch, claim: Claim, error: Temporary | Permanent) -> None:
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
        note_answer(watch)
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


def note_answer(watch: Watch) -> None:
    """Some host answered: the network works."""
    if watch.reach.answered() is Change.BACK:
        log.info("network.back", said="the network is back")
        watch.database.write(lambda tx: feeds.hurry_failing(tx, now=watch.now()))
