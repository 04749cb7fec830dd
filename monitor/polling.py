"""What a poll asks for, and how a feed that answered is doing."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import Connection

from monitor import documents, failing
from monitor.adapters.bodies import Body, Parsed
from monitor.adapters.failures import FetchError, FetchRefused
from monitor.adapters.fetcher import Outcome, Request, Response
from monitor.core import coverage, timing, urls
from monitor.core.errors import Permanent, Temporary
from monitor.core.identity import KeyMode
from monitor.core.model import Feed, ParsedFeed
from monitor.documents import Brought, Polled
from monitor.storage import feeds, hosts, work
from monitor.storage.types import AnyRow
from monitor.storage.work import Claim
from monitor.watch import Share, Watch, access_to

FEED_LIMIT = 5_000_000  # bytes, after decompression; the largest real feed seen is 2.4 MB
FEED_TYPES = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, "
    "*/*;q=0.5"
)
HOST_BUDGET = timedelta(seconds=40)  # for all feeds of one host in one go; the lease is longer
MOVES_ADOPTED = 30  # permanent redirects in a row before their destination is asked directly
NOT_MODIFIED = 304

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Asked:
    """One feed on its way: the claim, and how its address was asked for."""

    claim: Claim
    feed: Feed
    request: Request
    in_full: bool  # without validators, so that the answer cannot be "not modified"


Answer = tuple[Asked, Response]


def asked(watch: Watch, claim: Claim) -> Asked:
    """Decide how to ask for a feed: where, and whether what we have may be answered with 304."""
    row = claim.row
    wanted = watch.feed_at(row.url, row.outlet_id)
    in_full = (row.etag is None and row.last_modified is None) or coverage.doubtful(
        now=watch.now(),
        asked_in_full_at=row.asked_in_full_at,
        lied_at=row.lied_at,
        news_at=row.news_at,
        flow=row.flow,
        unchanged=row.unchanged,
    )
    url = row.adopted_url or row.url
    request = Request(
        url,
        limit=FEED_LIMIT,
        accept=FEED_TYPES,
        etag=None if in_full else row.etag,
        last_modified=None if in_full else row.last_modified,
        access=wanted.access if url == wanted.url else access_to(url, wanted),
    )
    return Asked(claim, wanted, request, in_full)


def is_unchanged(each: Asked, response: Response) -> bool:
    """Whether an answer says nothing that the last one did not, not even where the feed is."""
    row = each.claim.row
    moved = response.permanent_url is not None or row.moves > 0
    return not moved and (response.status == NOT_MODIFIED or _checksum(response) == row.body_hash)


def _checksum(response: Response) -> str:
    return hashlib.sha256(response.body).hexdigest()


def shares(
    watch: Watch, answered: Sequence[tuple[Asked, Outcome]], done: Collection[str]
) -> Iterator[Share]:
    """What ends the polls whose outcomes came in together; `done`: hosts asked for all feeds."""
    unchanged: list[Answer] = []
    answers: dict[int, Answer] = {}
    failed: list[tuple[Asked, FetchError | FetchRefused]] = []
    for each, outcome in answered:
        if isinstance(outcome, Response):
            if is_unchanged(each, outcome):
                unchanged.append((each, outcome))
            else:
                answers[each.claim.key] = (each, outcome)
        elif outcome is None:
            yield Share([each.claim], partial(_put_back, watch))
        else:
            failed.append((each, outcome))
    if answers:
        yield Share([each.claim for each, _ in answers.values()], partial(settle, watch, answers))
    left = () if failed else done
    if unchanged or left:
        yield Share([each.claim for each, _ in unchanged], partial(_rest, watch, unchanged, left))
    # After the answers: one that came with a refusal must not make us forget that the host rests.
    for each, error in failed:
        yield Share([each.claim], partial(_fail, watch, error))
    if failed and done:
        yield Share([], partial(_rest, watch, [], done))


def _put_back(watch: Watch, claims: Sequence[Claim]) -> None:
    """Feeds that were not asked, because their host took too long over those before them."""
    for claim in claims:
        kept = {"attempts": claim.attempts, "failure": claim.row.failure}
        watch.database.write(partial(work.finish, claim=claim, due_at=watch.now(), **kept))


def _fail(watch: Watch, error: FetchError | FetchRefused, claims: Sequence[Claim]) -> None:
    for claim in claims:
        failing.note_failure(watch, claim, error)


# --- nothing new ----------------------------------------------------------------------------------


def _rest(
    watch: Watch, unchanged: Sequence[Answer], done: Collection[str], claims: Sequence[Claim]
) -> None:
    """Commit polls that found no change; end the hold on hosts that were asked for all feeds."""
    mine = {claim.key for claim in claims}
    ended = [
        (each.claim, _calm(watch, each, shown=response.status != NOT_MODIFIED))
        for each, response in unchanged
        if each.claim.key in mine
    ]
    answered = {claim.row.host for claim, _ in ended}

    def commit(tx: Connection) -> None:
        if ended:
            feeds.finish_unchanged(tx, ended)
            hosts.welcome(tx, answered)
        hosts.release(tx, done)

    watch.database.write(commit, announce=False)
    failing.note_answers(watch, answered)
    if ended:
        log.info("feeds.unchanged", feeds=len(ended))


def _calm(watch: Watch, each: Asked, *, shown: bool) -> dict[str, object]:
    """The columns of a feed after a poll without change; `shown`: it sent what it has."""
    row, now = each.claim.row, watch.now()
    listed = documents.shown(row.marks)
    flow = _flow(row, new=0, now=now)
    following = _following(
        watch, row, each.feed, listed=listed, known=listed, overlapped=True, flow=flow
    )
    return following | {"asked_in_full_at": now if shown else row.asked_in_full_at}


def _following(
    watch: Watch,
    row: AnyRow,
    source: Feed,
    *,
    listed: int,
    known: int,
    overlapped: bool | None,
    flow: float,
) -> dict[str, object]:
    """When a feed that answered is polled again, and what is noted of it."""
    now = watch.now()
    interval = timing.steered(
        timedelta(seconds=row.interval),
        bounds=watch.bounds(source),
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


# --- an answer ------------------------------------------------------------------------------------


def settle(watch: Watch, answers: Mapping[int, Answer], claims: Sequence[Claim]) -> None:
    """Commit answers that are not simply "unchanged": documents together, failures alone."""
    chosen = [answers[claim.key] for claim in claims]
    documents_of = _documents(watch, chosen)
    polled: list[Polled] = []
    failed: list[tuple[Claim, Permanent | Temporary]] = []
    for each, response in chosen:
        document = documents_of.get(each.claim.key)
        if isinstance(document, Permanent | Temporary):
            failed.append((each.claim, document))
            continue
        lied = _lied(watch, each, document)
        values = _noted(each, response, document, now=watch.now(), lied=lied)
        polled.append(
            documents.prepare(
                watch,
                each.claim,
                each.feed,
                document,
                status=response.status,
                lied=lied,
                values=values,
            )
        )
    failing.note_answers(watch, {each.claim.row.host for each in polled})
    for brought in watch.database.write(lambda tx: _commit(tx, watch, polled)) if polled else ():
        log.info(
            "feed.polled",
            url=brought.polled.feed.url,
            status=brought.polled.status,
            entries=brought.polled.listed,
            new=len(brought.new),
        )
    for claim, error in failed:  # after what may break: one poll is one line of the ledger
        failing.note_failure(watch, claim, error)


def _documents(watch: Watch, answers: Sequence[Answer]) -> dict[int, Parsed]:
    """The new documents among some answers, by feed; no document: it is the one we had."""
    changed = [
        (each, response)
        for each, response in answers
        if response.status != NOT_MODIFIED and _checksum(response) != each.claim.row.body_hash
    ]
    parsed = watch.parse_all([_body(watch, each, response) for each, response in changed])
    return {each.claim.key: found for (each, _), found in zip(changed, parsed, strict=True)}


def _body(watch: Watch, each: Asked, response: Response) -> Body:
    row = each.claim.row
    # Where guids do not tell the items apart, all of them are looked at to tell them by others.
    familiar = (row.marks or b"") if row.key_mode == KeyMode.GUID else b""
    return Body(
        response.body,
        url=response.url,
        content_type=response.headers.get("content-type"),
        selectors=each.feed.page,
        whole=watch.page_rules(each.feed.outlet).feed_text_full,
        marks=familiar,
        newest=row.newest or b"",
    )


def _lied(watch: Watch, each: Asked, document: ParsedFeed | None) -> bool:
    """Whether a feed that said "not modified" so far would still say so, although it changed."""
    row = each.claim.row
    trusted = row.etag is not None or row.last_modified is not None
    if not each.in_full or not trusted or not row.unchanged or not document or not document.entries:
        return False
    again = replace(each.request, etag=row.etag, last_modified=row.last_modified)
    try:
        return watch.fetch(again).status == NOT_MODIFIED
    except (FetchError, FetchRefused):
        return False


def _commit(tx: Connection, watch: Watch, polled: Sequence[Polled]) -> list[Brought]:
    """Commit answers; what each of them brought. One whose claim was lost to another brings none.

    Looked up here, so that a worker that comes back late finds what the other one has stored.
    """
    held = feeds.still_held(tx, [each.claim for each in polled])
    brought = [
        documents.find_news(tx, watch, replace(each, blind=held[each.claim.key]))
        for each in polled
        if each.claim.key in held
    ]
    if brought:
        documents.store(tx, watch, brought)
        hosts.welcome(tx, {each.polled.claim.row.host for each in brought})
        feeds.finish(tx, [(each.polled.claim, _outcome(watch, each)) for each in brought])
        moved = {each.polled.values.get("host") for each in brought} - {None}
        hosts.know(tx, {str(name) for name in moved})
    return brought


def _outcome(watch: Watch, brought: Brought) -> dict[str, object]:
    """The columns of a feed after its poll."""
    polled, row, now = brought.polled, brought.polled.claim.row, watch.now()
    new = len(brought.new)
    if row.first_polled_at:
        flow = _flow(row, new=new, now=now)
    else:
        flow = coverage.first_flow([each.item.published for each in brought.new], now=now)
    known = polled.listed - new
    overlapped = polled.document.overlapped if polled.document else True
    following = _following(
        watch,
        row,
        polled.feed,
        listed=polled.listed,
        known=known,
        overlapped=overlapped,
        flow=flow,
    )
    first = {"first_polled_at": row.first_polled_at or now, "key_mode": polled.mode}
    return {**polled.values, **following, **first, "news_at": now if new else None}


def _noted(
    each: Asked, response: Response, document: ParsedFeed | None, *, now: datetime, lied: bool
) -> dict[str, object]:
    """What an answer tells about its feed, whatever it brings."""
    row = each.claim.row
    told: dict[str, object] = {"unchanged": row.unchanged + 1 if document is None else 0}
    if lied:
        told["lied_at"] = now
    if response.status != NOT_MODIFIED:
        told["asked_in_full_at"] = now
        told["etag"] = response.headers.get("etag")
        told["last_modified"] = response.headers.get("last-modified")
        told["body_hash"] = _checksum(response)
    if document is not None:
        told["marks"], told["newest"] = document.marks, document.newest
    return told | _moved(row, response)


def _moved(row: AnyRow, response: Response) -> dict[str, object]:
    """Count permanent redirects; adopt their destination when they have been many."""
    to = response.permanent_url
    if to is None:
        return {"moved_to": None, "moves": 0}
    moves = row.moves + 1 if to == row.moved_to else 1
    if moves < MOVES_ADOPTED:
        return {"moved_to": to, "moves": moves}
    log.warning("feed.moved", url=row.url, to=to)
    return {"moved_to": None, "moves": 0, "adopted_url": to, "host": urls.host(to)}
