"""What a poll asks for and commits: new entries, changed ones, and how the feed is doing."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, Row

from monitor import failing
from monitor.adapters.failures import FetchError, FetchRefused
from monitor.adapters.fetcher import Request, Response
from monitor.core import coverage, identity, timing, urls
from monitor.core.alerts import Origin
from monitor.core.coverage import Cause
from monitor.core.errors import Permanent, Temporary
from monitor.core.identity import KeyMode, Keys
from monitor.core.model import Entry, EntryId, Feed, FeedId, ParsedFeed, Tier
from monitor.core.origins import origin_of
from monitor.storage import deliveries, entries, feeds, ledger, work
from monitor.storage.entries import Listed
from monitor.storage.work import Claim
from monitor.watch import Watch

FEED_LIMIT = 5_000_000  # bytes, after decompression; the largest real feed seen is 2.4 MB
FEED_TYPES = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, "
    "*/*;q=0.5"
)
HOST_BUDGET = timedelta(seconds=40)  # for all feeds of one host in one go; the lease is longer
MOVES_ADOPTED = 30  # permanent redirects in a row before their destination is asked directly
NOT_MODIFIED = 304

AnyRow = Row[tuple[object, ...]]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Asked:
    """One feed on its way: the claim, and how its address was asked for."""

    claim: Claim
    feed: Feed
    request: Request
    in_full: bool  # without validators, so that the answer cannot be "not modified"


def asked(watch: Watch, claim: Claim) -> Asked:
    """Decide how to ask for a feed: where, and whether what we have may be answered with 304."""
    row = claim.row
    wanted = watch.feeds[row.url]
    in_full = (row.etag is None and row.last_modified is None) or coverage.doubtful(
        now=watch.now(),
        asked_in_full_at=row.asked_in_full_at,
        lied_at=row.lied_at,
        news_at=row.news_at,
        flow=row.flow,
        unchanged=row.unchanged,
    )
    request = Request(
        row.adopted_url or row.url,
        limit=FEED_LIMIT,
        accept=FEED_TYPES,
        etag=None if in_full else row.etag,
        last_modified=None if in_full else row.last_modified,
        access=wanted.access,
    )
    return Asked(claim, wanted, request, in_full)


def is_unchanged(each: Asked, response: Response) -> bool:
    """Whether an answer says nothing that the last one did not, not even where the feed is."""
    row = each.claim.row
    moved = response.permanent_url is not None or row.moves > 0
    return not moved and (response.status == NOT_MODIFIED or _checksum(response) == row.body_hash)


def _checksum(response: Response) -> str:
    return hashlib.sha256(response.body).hexdigest()


# --- nothing new ----------------------------------------------------------------------------------


def end_group(watch: Watch, unchanged: Sequence[Asked], done: Collection[str]) -> None:
    """Commit polls that found no change; end the hold on hosts that were asked for all feeds."""
    ended = [(each.claim, _calm(watch, each)) for each in unchanged]
    answered = [each.claim.row.host for each in unchanged]

    def commit(tx: Connection) -> None:
        if ended:
            feeds.finish_unchanged(tx, ended)
            feeds.welcome_hosts(tx, answered)
        feeds.release_hosts(tx, done)

    watch.database.write(commit, announce=False)
    failing.note_answers(watch, answered)
    if ended:
        log.info("feeds.unchanged", feeds=len(ended))


def _calm(watch: Watch, each: Asked) -> dict[str, object]:
    row, now = each.claim.row, watch.now()
    listed = len(row.marks or b"") // 8
    flow = _flow(row, new=0, now=now)
    return _following(watch, each, listed=listed, known=listed, overlapped=True, flow=flow) | {
        "asked_in_full_at": now if each.in_full else row.asked_in_full_at
    }


def _following(
    watch: Watch, each: Asked, *, listed: int, known: int, overlapped: bool | None, flow: float
) -> dict[str, object]:
    """When a feed that answered is polled again, and what is noted of it."""
    row, now = each.claim.row, watch.now()
    interval = timing.steered(
        timedelta(seconds=row.interval),
        bounds=watch.bounds(each.feed),
        listed=listed,
        known=known,
        overlapped=overlapped,
        flow=flow,
    )
    # At a start everything is due at once: chance spreads what follows over the whole interval.
    crowded = row.succeeded_at is None or row.not_before < now - interval
    pause = interval * (0.1 + 0.9 * watch.chance()) if crowded else interval
    return {
        "interval": int(interval.total_seconds()),
        "not_before": timing.next_poll(now, pause=pause, chance=watch.chance()),
        "due_at": now,
        "polled_at": now,
        "succeeded_at": now,
        "flow": flow,
    }


def _flow(row: AnyRow, *, new: int, now: datetime) -> float:
    if row.succeeded_at is None:
        return 0.0
    return coverage.flow(row.flow, new=new, elapsed=max(now - row.succeeded_at, timedelta()))


# --- a document -----------------------------------------------------------------------------------


def settle(watch: Watch, each: Asked, outcome: Response | FetchError | FetchRefused | None) -> None:
    """Commit what became of one poll whose answer was not simply "unchanged"."""
    if outcome is None:  # its host took too long over the feeds before it
        watch.database.write(lambda tx: _put_back(tx, each.claim, now=watch.now()))
        return
    if not isinstance(outcome, Response):
        failing.note_failure(watch, each.claim, outcome)
        return
    try:
        parsed = _parsed(watch, each, outcome)
        lied = _lied(watch, each, parsed)
    except (FetchError, FetchRefused, Permanent, Temporary) as error:
        failing.note_failure(watch, each.claim, error)
        return
    failing.note_answers(watch, [each.claim.row.host])
    new = watch.database.write(lambda tx: _store(tx, watch, each, parsed, outcome, lied=lied))
    listed = len(parsed.marks) // 8 if parsed else 0
    log.info("feed.polled", url=each.feed.url, status=outcome.status, entries=listed, new=new)


def _put_back(tx: Connection, claim: Claim, *, now: datetime) -> None:
    work.finish(tx, claim, due_at=now, attempts=claim.attempts, failure=claim.row.failure)


def _parsed(watch: Watch, each: Asked, response: Response) -> ParsedFeed | None:
    """The document of an answer; None where it is the one we had."""
    row = each.claim.row
    if response.status == NOT_MODIFIED or _checksum(response) == row.body_hash:
        return None
    told_apart = row.key_mode == KeyMode.GUID
    return watch.parse(
        response.body,
        url=response.url,
        content_type=response.headers.get("content-type"),
        selectors=each.feed.page,
        whole=watch.outlets[each.feed.outlet].pages.feed_text_full,
        marks=(row.marks or b"") if told_apart else b"",
        newest=row.newest or b"",
    )


def _lied(watch: Watch, each: Asked, parsed: ParsedFeed | None) -> bool:
    """Whether a feed that said "not modified" so far would still say so, although it changed."""
    row = each.claim.row
    trusted = row.etag is not None or row.last_modified is not None
    if not each.in_full or not trusted or not parsed or not parsed.entries or not row.unchanged:
        return False
    again = replace(each.request, etag=row.etag, last_modified=row.last_modified)
    try:
        return watch.fetch(again).status == NOT_MODIFIED
    except (FetchError, FetchRefused):
        return False


def _store(
    tx: Connection,
    watch: Watch,
    each: Asked,
    parsed: ParsedFeed | None,
    response: Response,
    *,
    lied: bool,
) -> int:
    """Commit one answer; how many entries were new."""
    row, now = each.claim.row, watch.now()
    items = [_unwrapped(each.feed, watch, item) for item in parsed.entries] if parsed else []
    keys = [identity.keys_of(item) for item in items]
    listed = len((parsed.marks if parsed else row.marks) or b"") // 8
    mode = identity.key_mode(keys, mode=KeyMode(row.key_mode), listed=listed)
    names = identity.present_keys(keys, mode=mode)
    by_name = dict(zip(names, keys, strict=True))
    known = (
        entries.Known({}, {})
        if row.first_polled_at is None
        else entries.known(tx, FeedId(row.id), by_name)
    )
    new = {
        name: _listed(watch, each, item, key, name)
        for item, key, name in reversed(list(zip(items, keys, names, strict=True)))
        if name not in known and (item.guid or item.url or item.title)
    }
    overlapped = parsed.overlapped if parsed else True
    flow = _flow(row, new=len(new) if row.first_polled_at else 0, now=now)
    following = _following(
        watch, each, listed=listed, known=listed - len(new), overlapped=overlapped, flow=flow
    )
    noted = _noted(each, parsed, response, now=now, lied=lied, new=len(new))
    finished = work.finish(
        tx,
        each.claim,
        key_mode=mode,
        first_polled_at=row.first_polled_at or now,
        **following,
        **noted,
        **_moved(tx, row, response),
    )
    if not finished:
        return 0
    feeds.welcome_hosts(tx, [row.host])
    _store_entries(tx, watch, each, list(reversed(new.values())))
    for item, name in zip(items, names, strict=True):
        if name in known:
            _revise(tx, watch, each, known, item, known.by_key[name])
    _record(tx, watch, each, parsed, response, new=list(new.values()), lied=lied)
    return len(new)


def _unwrapped(feed: Feed, watch: Watch, item: Entry) -> Entry:
    """An aggregator's item under the publisher's own address, where it carries that."""
    if not _aggregates(feed, watch) or not item.url:
        return item
    return replace(item, url=urls.publisher_address(item.url) or item.url)


def _aggregates(feed: Feed, watch: Watch) -> bool:
    return feed.aggregator or watch.outlets[feed.outlet].tier is Tier.AGGREGATOR


def _page_of(watch: Watch, feed: Feed, item: Entry) -> str | None:
    """The page to fetch for an item; None where the feed's own words are all there is to read."""
    rules = watch.outlets[feed.outlet].pages
    if item.url is None or rules.headline_only or (rules.feed_text_full and item.text):
        return None
    led_astray = _aggregates(feed, watch) and urls.same_site(item.url, feed.url)
    return None if led_astray else item.url


def _listed(watch: Watch, each: Asked, item: Entry, keys: Keys, name: str) -> Listed:
    row, now = each.claim.row, watch.now()
    origin = origin_of(
        item.published,
        first_poll=row.first_polled_at is None,
        now=now,
        first_sight=watch.first_sight,
        late_after=watch.story_window,
        blind_since=row.blind_since,
        blind_until=None,
    )
    page = None if origin is Origin.BASELINE else _page_of(watch, each.feed, item)
    return Listed(item, keys, name, origin, urls.host(page) if page else None)


def _store_entries(tx: Connection, watch: Watch, each: Asked, new: Sequence[Listed]) -> None:
    feeds.know_hosts(tx, {each.host_name for each in new if each.host_name is not None})
    entries.add_entries(tx, FeedId(each.claim.row.id), new, now=watch.now())


def _revise(
    tx: Connection,
    watch: Watch,
    each: Asked,
    known: entries.Known,
    item: Entry,
    entry_id: EntryId | None,
) -> None:
    """A known entry with a new headline is read again; a buried one (None) stays buried."""
    if entry_id is not None and item.title and known.titles[entry_id] != item.title:
        fetched = _page_of(watch, each.feed, item) is not None
        entries.revise_entry(tx, entry_id, item, fetched=fetched, now=watch.now())


def _noted(
    each: Asked,
    parsed: ParsedFeed | None,
    response: Response,
    *,
    now: datetime,
    lied: bool,
    new: int,
) -> dict[str, object]:
    """What an answer tells about its feed."""
    row = each.claim.row
    found: dict[str, object] = {"trouble": None, "blind_since": None, "unchanged": 0}
    if parsed is None:
        found["unchanged"] = row.unchanged + 1
    if each.in_full:
        found["asked_in_full_at"] = now
    if lied:
        found["lied_at"] = now
    if response.status != NOT_MODIFIED:
        found["etag"] = response.headers.get("etag")
        found["last_modified"] = response.headers.get("last-modified")
        found["body_hash"] = _checksum(response)
    if parsed is not None:
        found["marks"], found["newest"] = parsed.marks, parsed.newest
    if new:
        found["news_at"], found["quiet_since"] = now, None
    return found


def _moved(tx: Connection, row: AnyRow, response: Response) -> dict[str, object]:
    """Count permanent redirects; adopt their destination when they have been many."""
    to = response.permanent_url
    if to is None:
        return {"moved_to": None, "moves": 0}
    moves = row.moves + 1 if to == row.moved_to else 1
    if moves < MOVES_ADOPTED:
        return {"moved_to": to, "moves": moves}
    host = urls.host(to)
    feeds.know_hosts(tx, [host])
    log.warning("feed.moved", url=row.url, to=to)
    return {"moved_to": None, "moves": 0, "adopted_url": to, "host": host}


def _record(
    tx: Connection,
    watch: Watch,
    each: Asked,
    parsed: ParsedFeed | None,
    response: Response,
    *,
    new: Sequence[Listed],
    lied: bool,
) -> None:
    """Write the ledger: the poll, what may have been missed before it, who is back."""
    if parsed is None:
        return
    row, now, feed_id = each.claim.row, watch.now(), FeedId(each.claim.row.id)
    listed = len(parsed.marks) // 8
    ledger.record_poll(
        tx,
        feed_id,
        now=now,
        unchanged=row.unchanged,
        status=response.status,
        listed=listed,
        known=listed - len(new),
        new=len(new),
        overlapped=parsed.overlapped,
    )
    if new:
        ledger.count_new(tx, feed_id, len(new), now=now)
    missed = coverage.gap(
        last_answer=row.succeeded_at if row.first_polled_at else None,
        now=now,
        listed=listed,
        new=len(new),
        cut=parsed.cut,
        overlapped=parsed.overlapped,
        published=[listed.item.published for listed in new],
        flow=row.flow,
        cause=_cause(row, now=now, lied=lied, cut=parsed.cut),
    )
    if missed is not None:
        ledger.record_gap(tx, feed_id, missed)
        log.warning("feed.gap", url=row.url, most=missed.most, said=str(missed))
    if new and row.quiet_since is not None:
        deliveries.notify(
            tx,
            watch.ops,
            key=f"back:{row.id}:{row.quiet_since}",
            title="A feed is back",
            body=f"{row.url} brings news again; silent since {row.quiet_since:%d %b %H:%M} UTC.",
            now=now,
        )


def _cause(row: AnyRow, *, now: datetime, lied: bool, cut: int) -> Cause:
    """Why a feed's window may not have met the last one."""
    if row.blind_since is not None:
        return Cause.NETWORK if row.failure is not None else Cause.STOPPED
    if lied:
        return Cause.FALSE_304
    if row.trouble is not None:
        return Cause.FAILING
    if now - row.not_before > timedelta(seconds=row.interval):
        return Cause.RESTING
    return Cause.CUT if cut else Cause.WINDOW
