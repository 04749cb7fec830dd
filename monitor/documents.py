"""What the documents of feeds commit: new entries, changed ones, and the ledger's lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy import Connection

from monitor.adapters.windows import MARK_SIZE
from monitor.core import coverage, identity, urls
from monitor.core.alerts import Origin
from monitor.core.coverage import Blindness, Cause, Gap
from monitor.core.health import Trouble
from monitor.core.identity import KeyMode, Keys
from monitor.core.model import Entry, EntryId, Feed, FeedId, ParsedFeed, Tier
from monitor.core.origins import origin_of
from monitor.storage import deliveries, entries, hosts, late, ledger
from monitor.storage.entries import Known, Listed
from monitor.storage.work import Claim
from monitor.watch import Watch

CHURN = 3  # known items under new guids in one document before guids are trusted no more

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Polled:
    """One answered poll, ready to be committed.

    `values` are columns of its feed that the answer decides; `document` is None where it is the
    one we had; `lied`: the feed called it unchanged although it was not; `blind`: until then we
    could not look, which is known when the answer is committed.
    """

    claim: Claim
    feed: Feed
    status: int
    document: ParsedFeed | None
    lied: bool
    keys: tuple[Keys, ...]
    names: tuple[str, ...]  # the key by which each entry of the document goes
    mode: KeyMode
    values: Mapping[str, object]
    blind: Blindness | None = None

    @property
    def listed(self) -> int:
        """How many items the feed shows."""
        return shown(self.claim.row.marks if self.document is None else self.document.marks)


@dataclass(frozen=True, slots=True)
class Brought:
    """What one poll brought: new entries, and known ones under another headline."""

    polled: Polled
    new: tuple[Listed, ...]
    retitled: tuple[tuple[EntryId, Entry], ...]


def shown(marks: bytes | None) -> int:
    """How many items a document shows, by their marks."""
    return len(marks or b"") // MARK_SIZE


def prepare(
    watch: Watch,
    claim: Claim,
    source: Feed,
    document: ParsedFeed | None,
    *,
    status: int,
    lied: bool,
    values: Mapping[str, object],
) -> Polled:
    """Work out by which keys the entries of a document go, before anything is locked."""
    if document is not None and aggregates(watch, source):
        unwrapped = tuple(_unwrapped(item) for item in document.entries)
        document = replace(document, entries=unwrapped)
    items = document.entries if document is not None else ()
    keys = tuple(identity.keys_of(item) for item in items)
    listed = shown(document.marks) if document is not None else 0
    mode = identity.key_mode(keys, mode=KeyMode(claim.row.key_mode), listed=listed)
    names = tuple(identity.present_keys(keys, mode=mode))
    return Polled(claim, source, status, document, lied, keys, names, mode, values)


def _unwrapped(item: Entry) -> Entry:
    """An aggregator's item under the publisher's own address, where it carries that."""
    own = urls.publisher_address(item.url) if item.url else None
    return replace(item, url=own) if own else item


def aggregates(watch: Watch, source: Feed) -> bool:
    """Whether a feed lists what others publish."""
    outlet = watch.outlets.get(source.outlet)
    return source.aggregator or (outlet is not None and outlet.tier is Tier.AGGREGATOR)


def find_news(tx: Connection, watch: Watch, polled: Polled) -> Brought:
    """Tell what is new in a document from what is known."""
    items = polled.document.entries if polled.document is not None else ()
    if not items:
        return Brought(polled, (), ())
    by_name = dict(zip(polled.names, polled.keys, strict=True))
    fresh = polled.claim.row.first_polled_at is None
    nothing = Known({}, {}, frozenset())
    known = nothing if fresh else entries.known(tx, FeedId(polled.claim.key), by_name)
    again = _renamed(polled, known)
    if len(again) >= CHURN and 2 * len(again) >= len(items):
        polled = replace(polled, mode=KeyMode.LINK)  # its guids change from poll to poll
    new: dict[str, Listed] = {}
    retitled: list[tuple[EntryId, Entry]] = []
    for item, keys, name in zip(items, polled.keys, polled.names, strict=True):
        if keys in again:
            continue
        if name not in known:
            if name not in new and (item.guid or item.url or item.title):
                new[name] = _listed(watch, polled, item, keys, name)
            continue
        entry_id = known.by_key[name]  # None: it is buried, and stays so
        if entry_id is not None and item.title and known.titles[entry_id] != item.title:
            retitled.append((entry_id, item))
    return Brought(polled, tuple(new.values()), tuple(retitled))


def _renamed(polled: Polled, known: Known) -> frozenset[Keys]:
    """Items that are known by address and content, and that their feed lists under a new guid."""
    if polled.mode is not KeyMode.GUID:
        return frozenset()
    return frozenset(
        keys
        for name, keys in zip(polled.names, polled.keys, strict=True)
        if keys.link and name not in known and (keys.link, keys.content) in known.contents
    )


def _listed(watch: Watch, polled: Polled, item: Entry, keys: Keys, name: str) -> Listed:
    row = polled.claim.row
    origin = origin_of(
        item.published,
        first_poll=row.first_polled_at is None,
        now=watch.now(),
        first_sight=watch.first_sight,
        late_after=watch.story_window,
        blind_since=polled.blind.since if polled.blind else None,
    )
    page = None if origin is Origin.BASELINE else _page_of(watch, polled.feed, item)
    return Listed(item, keys, name, origin, urls.host(page) if page else None)


def _page_of(watch: Watch, source: Feed, item: Entry) -> str | None:
    """The page to fetch for an item; None where the feed's own words are all there is to read."""
    rules = watch.page_rules(source.outlet)
    if item.url is None or rules.headline_only or (rules.feed_text_full and item.text):
        return None
    led_astray = aggregates(watch, source) and urls.same_site(item.url, source.url)
    return None if led_astray else item.url


def store(tx: Connection, watch: Watch, brought: Sequence[Brought]) -> None:
    """Store what polls brought, many feeds in a few statements."""
    now = watch.now()
    listed = [(FeedId(each.polled.claim.key), new) for each in brought for new in each.new]
    hosts.know(tx, {new.host_name for _, new in listed if new.host_name is not None})
    entries.add_entries(tx, listed, now=now)
    for each in brought:
        for entry_id, item in each.retitled:
            fetched = _page_of(watch, each.polled.feed, item) is not None
            entries.revise_entry(tx, entry_id, item, fetched=fetched, now=now)
    ledger.record_polls(tx, [_line(each, now=now) for each in brought if each.polled.document])
    ledger.count_new(
        tx, {each.polled.claim.key: len(each.new) for each in brought if each.new}, now=now
    )
    gaps = [gap for each in brought if (gap := _gap(each, now=now)) is not None]
    ledger.record_gaps(tx, gaps)
    if gaps:
        default = [channel for channel in watch.channels.values() if channel.default]
        late.open_digests(tx, default, [gap for _, gap in gaps], now=now)
    for each in brought:
        _tell_return(tx, watch, each)


def _line(brought: Brought, *, now: datetime) -> dict[str, object]:
    """One line of the ledger."""
    polled, new = brought.polled, len(brought.new)
    return {
        "feed_id": polled.claim.key,
        "polled_at": now,
        "unchanged": polled.claim.row.unchanged,
        "status": polled.status,
        "listed": polled.listed,
        "known": polled.listed - new,
        "new": new,
        "overlapped": polled.document.overlapped if polled.document else None,
    }


def _gap(brought: Brought, *, now: datetime) -> tuple[FeedId, Gap] | None:
    polled, row = brought.polled, brought.polled.claim.row
    if polled.document is None:
        return None
    missed = coverage.gap(
        last_answer=row.succeeded_at if row.first_polled_at else None,
        now=now,
        listed=polled.listed,
        new=len(brought.new),
        cut=polled.document.cut,
        overlapped=polled.document.overlapped,
        published=[listed.item.published for listed in brought.new],
        flow=row.flow,
        cause=_cause(polled),
        confirmed=row.asked_in_full_at,
    )
    if missed is None:
        return None
    log.warning(
        "feed.gap",
        url=row.url,
        most=missed.most,
        since=missed.since,
        until=missed.until,
        cause=missed.cause,
        said=f"{row.url}: {missed}",
    )
    return FeedId(row.id), missed


def _cause(polled: Polled) -> Cause:
    """Why a feed's window may not have met the last one."""
    row = polled.claim.row
    if polled.blind is not None:
        return polled.blind.cause
    asked = row.asked_in_full_at
    if polled.lied and asked is not None and asked < row.succeeded_at:  # "unchanged" was believed
        return Cause.FALSE_304
    if row.trouble is not None:
        return Cause.RESTING if row.trouble == Trouble.RESTING else Cause.FAILING
    return Cause.CUT if polled.document and polled.document.cut else Cause.WINDOW


def _tell_return(tx: Connection, watch: Watch, brought: Brought) -> None:
    """Tell people that a feed of whose silence they heard brings news again."""
    row = brought.polled.claim.row
    if not brought.new or row.quiet_since is None:
        return
    deliveries.notify(
        tx,
        watch.ops,
        key=f"back {row.id} {row.quiet_since}",
        title="A feed is back",
        body=f"{row.url} brings news again. It had been silent since "
        f"{row.quiet_since:%d %b %H:%M} UTC.",
        now=watch.now(),
    )
