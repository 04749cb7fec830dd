"""Reading watched articles again: what changed is kept, what was taken back is told."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from http import HTTPStatus

import structlog
from sqlalchemy import Connection

from monitor import correcting, perusal, visits
from monitor.adapters.failures import FetchRefused
from monitor.adapters.fetcher import Response
from monitor.core import corrections, reading, refrains, timing
from monitor.core.alerts import Reason
from monitor.core.errors import Permanent, Temporary
from monitor.core.model import ArticleId, Completeness, Page
from monitor.core.notices import Noticed, notices_of
from monitor.core.revisions import Change, Version, compare, is_poorer
from monitor.correcting import Happened
from monitor.storage import articles, hosts, revisions, work
from monitor.storage.types import AnyRow
from monitor.storage.work import Claim
from monitor.visits import Found, Wanted
from monitor.watch import Share, Watch

GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
EDITED = "edit"  # a revision that the outlet says nothing of
# Readings that show no article, and so no change of it.
_NO_ARTICLE = frozenset(
    {"paywall", "cookie wall", "error page", "bot check", "login page", "front page"}
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Judged:
    """What a page says beside its article. `keep`: its text is the article's from now on."""

    title: str
    change: Change
    found: Noticed | None
    keep: bool


@dataclass(frozen=True, slots=True)
class _Look:
    """What one look at a watched article showed; `page` is None where it was not read."""

    wanted: Wanted
    known: AnyRow  # of the watched article
    found: Found
    page: Page | None = None
    read: reading.Reading | None = None
    judged: _Judged | None = None
    values: Mapping[str, object] | None = None  # of the answer, for the next look


def reread(watch: Watch, claims: Sequence[Claim]) -> Iterator[Share]:
    """Fetch the pages of watched articles again, hosts beside each other."""
    with watch.database.read() as connection:
        ids = {claim.row.article_id for claim in claims} - {None}
        rows = revisions.watched_by_ids(connection, ids)
    wanted = [
        replace(each, etag=row.etag, last_modified=row.last_modified)
        for each in perusal.looked_up(watch, claims)
        if each.known is not None and (row := rows.get(each.known.id)) is not None
        if each.claim.row.not_before <= row.until
    ]
    held = {each.claim.key for each in wanted}
    if over := [claim for claim in claims if claim.key not in held]:
        yield Share(over, partial(_stop, watch))
    for visited in visits.visit(watch, wanted):
        part = {each.claim.key: (each, found) for each, found in visited}
        yield Share([each.claim for each, _ in visited], partial(_settle, watch, rows, part))


def _stop(watch: Watch, claims: Sequence[Claim]) -> None:
    """Commit that some articles are not watched any more."""

    def commit(tx: Connection) -> None:
        hosts.release(tx, {claim.row.host for claim in claims} - {None})
        for claim in claims:
            work.finish(tx, claim, again=False)

    watch.database.write(commit)


def _settle(
    watch: Watch,
    rows: Mapping[int, AnyRow],
    visited: Mapping[int, tuple[Wanted, Found]],
    claims: Sequence[Claim],
) -> None:
    """Read what came in together, and commit what it showed."""
    chosen = [visited[claim.key] for claim in claims]
    looks = _read(watch, [_seen(rows, wanted, found) for wanted, found in chosen])
    with watch.database.read() as connection:  # before the transaction: comparing takes its time
        looks = [
            replace(each, judged=_judged(connection, watch, each.wanted.known, each))
            if each.wanted.known is not None
            else each
            for each in looks
        ]
    next_pages = {
        each.wanted.host: visits.leave_alone(watch, each.wanted.host, each.found)
        if isinstance(each.found, Permanent | Temporary)
        else watch.now() + watch.host_spacing
        for each in looks
        if each.wanted.host is not None
    }

    def commit(tx: Connection) -> None:
        for host in sorted(next_pages):
            hosts.release(tx, [host], next_page_at=next_pages[host])
        held = work.still_held(tx, [each.wanted.claim for each in looks])
        for each in looks:
            if each.wanted.claim.key in held:
                _commit(tx, watch, each)

    watch.database.write(commit)


def _seen(rows: Mapping[int, AnyRow], wanted: Wanted, found: Found) -> _Look:
    """A look, with what the answer says of itself."""
    known = rows[wanted.claim.row.article_id]
    if not isinstance(found, Response) or found.status == HTTPStatus.NOT_MODIFIED:
        return _Look(wanted, known, found)
    values = {
        "etag": found.headers.get("etag"),
        "last_modified": found.headers.get("last-modified"),
        "body_hash": sha256(found.body).hexdigest(),
    }
    return _Look(wanted, known, found, values=values)


def _read(watch: Watch, looks: Sequence[_Look]) -> list[_Look]:
    """Extract the pages that are not byte for byte what they were."""
    fresh = [
        (each.wanted, each.found)
        for each in looks
        if each.values is not None and each.values["body_hash"] != each.known.body_hash
        if isinstance(each.found, Response)
    ]
    keys = [each.claim.key for each, _ in fresh]
    pages = dict(zip(keys, perusal.extracted(watch, fresh), strict=True))
    return [_with(watch, each, pages.get(each.wanted.claim.key)) for each in looks]


def _with(watch: Watch, look: _Look, page: Page | Permanent | Temporary | None) -> _Look:
    """A look with what its page says, if it was read."""
    if isinstance(page, Permanent | Temporary):
        return replace(look, found=page, values=None)
    if page is None and isinstance(look.found, Page):  # it stands for a page that was not fetched
        page = look.found
    if page is None:
        return look
    return replace(look, page=page, read=perusal.compose(watch, look.wanted, page).article)


# --- what a look commits --------------------------------------------------------------------------


def _commit(tx: Connection, watch: Watch, look: _Look) -> None:
    """Store what a look showed, and when the next one is due."""
    now, known = watch.now(), look.known
    row = articles.by_id(tx, ArticleId(known.article_id))
    if row is None:  # retention took it
        work.finish(tx, look.wanted.claim, again=False)
        return
    due = timing.next_look(since=known.since, until=known.until, now=now)
    values: dict[str, object] = {"failure": None}
    if _is_gone(look.found):
        due = _find_gone(tx, watch, row, look, values, due=due)
    elif isinstance(look.found, Permanent | Temporary):
        values["failure"] = str(look.found)
    else:
        values |= {**(look.values or {}), "gone_at": None, "deleted_at": None}
        if look.page is not None and look.page.completeness is Completeness.FULL:
            values["title"] = look.page.title or known.title
        judged = look.judged
        if look.wanted.known is None or row.read_at != look.wanted.known.read_at:
            judged = _judged(tx, watch, row, look)  # it has been read for another reason since
        if judged is not None:
            _store(tx, watch, row, look, judged)
    revisions.looked(tx, ArticleId(row.id), now=now, **values)
    if due is None:
        work.finish(tx, look.wanted.claim, again=False)
    else:
        work.finish(tx, look.wanted.claim, again=True, not_before=due, due_at=due)


def _is_gone(found: Found) -> bool:
    return isinstance(found, FetchRefused) and found.status in GONE


def _find_gone(
    tx: Connection,
    watch: Watch,
    row: AnyRow,
    look: _Look,
    values: dict[str, object],
    *,
    due: datetime | None,
) -> datetime | None:
    """A page is not there: looked for once more before people are told; when that is."""
    now = watch.now()
    since: datetime | None = look.known.gone_at
    values["failure"] = str(look.found)
    if since is None:
        values["gone_at"] = now
        return now + timing.GONE_CONFIRMED
    if look.known.deleted_at is not None:
        return due
    if now - since < timing.GONE_CONFIRMED:
        return since + timing.GONE_CONFIRMED
    gone, of = revisions.gone_of_outlet(tx, row.outlet_id, now=now)
    if corrections.is_move(gone=gone, watched=of):
        log.warning("outlet.pages_gone", outlet=row.outlet_id, gone=gone, watched=of)
        return due
    values["deleted_at"] = now
    log.info("article.gone", article=row.id, since=since)
    correcting.tell(tx, watch, row, Happened(Reason.DELETION, gone=corrections.Gone(since, now)))
    return due


def _judged(connection: Connection, watch: Watch, row: AnyRow, look: _Look) -> _Judged | None:
    """What the page of an article says beside the article; None where it shows none."""
    page, read = look.page, look.read
    if page is None or read is None or page.quality in _NO_ARTICLE:
        return None
    whole = page.completeness is Completeness.FULL
    title = _headline(connection, row, look) if whole else str(row.title)
    had = row.text if row.completeness == Completeness.FULL else None
    if had is not None:  # what was not known as a refrain then
        had, _ = refrains.without_refrains(had, seen=look.wanted.outlet.refrains or b"")
    now_text = read.text if whole else page.text
    find = notices_of(watch.knowledge)
    change = compare(Version(row.title, had), Version(title, now_text), find)
    if not whole or is_poorer(had, now_text):
        # Nothing of a fuller text is lost; only a notice that stands in its place counts.
        return _Judged(title, change, found=change.notice or _on_page(watch, row, page), keep=False)
    return _Judged(title, change, found=change.notice, keep=had is None or change.significant)


def _headline(connection: Connection, row: AnyRow, look: _Look) -> str:
    """The headline of an article: the page's own, once that has become another one.

    At the first look it is not known whether it ever was the feed's. One that it had before is no
    new one: some pages show two in turn.
    """
    before, now = look.known.title, look.page.title if look.page else None
    if not before or not now or reading.same_title(before, now):
        return str(row.title)
    had = [row.title, *(each.title for each in revisions.versions(connection, [row.id])[row.id])]
    return str(row.title) if any(reading.same_title(now, each) for each in had) else now


def _on_page(watch: Watch, row: AnyRow, page: Page) -> Noticed | None:
    """A notice in the headline of a page that shows no article any more."""
    find = notices_of(watch.knowledge)
    had = {each.said for text in (row.title, row.text or "") for each in find.find(text)}
    found = (each for each in find.find(page.title or "") if each.said not in had)
    return next(found, None)


def _store(tx: Connection, watch: Watch, row: AnyRow, look: _Look, judged: _Judged) -> None:
    """Keep what changed in an article, which is judged again; tell what its outlet says of it."""
    now, change, found = watch.now(), judged.change, judged.found
    if found is not None or (judged.keep and change.significant):
        _keep(tx, row, found, now=now)
    if judged.keep and look.read is not None:
        values = reading.improved(row, look.read, retitle=False) | {"title": judged.title}
        articles.revise_article(tx, ArticleId(row.id), now=now, **values)
        log.info("article.revised", article=row.id, edits=len(change.edits), share=change.share)
    if found is None:
        return
    happened = Happened(corrections.reason_of(found.kind), found.said)
    if judged.keep:
        happened = correcting.noticed(found, change)
    correcting.tell(tx, watch, articles.by_id(tx, ArticleId(row.id)) or row, happened)


def _keep(tx: Connection, row: AnyRow, found: Noticed | None, *, now: datetime) -> None:
    kind, said = (found.kind.value, found.said) if found else (EDITED, None)
    kept = revisions.versions(tx, [row.id])[row.id]
    if said is not None and said in {each.said for each in kept}:
        return  # the page that stands in place of the article has changed otherwise
    revisions.keep_version(tx, row, kind=kind, said=said, now=now)
