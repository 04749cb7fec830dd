"""What reading entries commits: their articles, or better versions of ones we have."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy import Connection

from monitor import documents, visits
from monitor.adapters.bodies import PageBody
from monitor.adapters.fetcher import Response
from monitor.core import alerts, identity, quality, reading, refrains, urls
from monitor.core.credits import source_of
from monitor.core.errors import Permanent, Temporary
from monitor.core.identity import KeyMode
from monitor.core.model import ArticleId, Completeness, Entry, Page
from monitor.storage import articles, feeds, hosts, revisions, work
from monitor.storage.types import AnyRow
from monitor.storage.work import Claim
from monitor.visits import Visit, Wanted
from monitor.watch import Share, Watch

PAGES_TOGETHER = 10  # extracted and committed together; more would make the first wait
PAGE_TRIES = 2  # then the feed's own words must do: an alert must not wait for a slow page

log = structlog.get_logger()


# --- what is known beforehand ---------------------------------------------------------------------


def looked_up(watch: Watch, claims: Sequence[Claim]) -> list[Wanted]:
    """Entries with the feeds that show them, and with their articles where we have them."""
    now = watch.now()
    with watch.database.read() as connection:
        rows = feeds.feeds_of(connection, {claim.row.feed_id for claim in claims})
        linked = {claim.key: _linked(claim.row, rows[claim.row.feed_id]) for claim in claims}
        by_name = articles.by_identities(connection, {name for name in linked.values() if name})
        ids = {claim.row.article_id for claim in claims}
        by_id = articles.by_ids(connection, ids - {None})
        outlets = articles.outlets_by_id(connection, {row.outlet_id for row in rows.values()})
    wanted = []
    for claim in claims:
        name, known = _known(claim.row, linked[claim.key], by_name, by_id)
        feed_row = rows[claim.row.feed_id]
        source = watch.feed_at(feed_row.url, feed_row.outlet_id)
        wanted.append(Wanted(claim, source, outlets[feed_row.outlet_id], name, known, now))
    return wanted


def _linked(row: AnyRow, feed_row: AnyRow) -> str | None:
    """The identity of the article at an entry's address, where an address tells it."""
    if row.article_id is not None or not row.url or feed_row.key_mode == KeyMode.CONTENT:
        return None
    return identity.digest("link", urls.same_address(row.url))


def _known(
    row: AnyRow, linked: str | None, by_name: Mapping[str, AnyRow], by_id: Mapping[int, AnyRow]
) -> tuple[str, AnyRow | None]:
    """The identity of an entry's article, and the article if we have it.

    An address is an article, whichever feed lists it; where a feed's addresses do not tell its
    items apart, or an address is listed under another headline, the entry is an article of its own:
    a live page reports again, and a stranger's headline must not hide the publisher's.
    """
    alone = identity.digest("entry", str(row.feed_id), row.key)
    if linked is None:
        return alone, by_id.get(row.article_id)
    known = by_name.get(linked)
    if known is None or reading.same_title(known.title, row.title):
        return linked, known
    return alone, None


def says_enough(wanted: Wanted) -> bool:
    """Whether another feed's entry adds nothing to its article: no text, and no news."""
    known, row = wanted.known, wanted.claim.row
    if known is None or row.article_id is not None:
        return False
    silent = known.origin == alerts.Origin.BASELINE != row.origin
    return not silent and (known.completeness == Completeness.FULL or row.host is None)


def link(watch: Watch, wanted: Mapping[int, Wanted], claims: Sequence[Claim]) -> None:
    """Commit that feeds list articles which we have."""

    def commit(tx: Connection) -> None:
        hosts.release(tx, {claim.row.host for claim in claims} - {None})
        ids = {key: ArticleId(each.known.id) for key, each in wanted.items() if each.known}
        articles.finish_entries(tx, [(claim, ids[claim.key]) for claim in claims])

    watch.database.write(commit)


# --- what came of a visit -------------------------------------------------------------------------


def shares(watch: Watch, visited: Sequence[Visit]) -> Iterator[Share]:
    """What ends the readings of entries whose pages came in together."""
    had: list[tuple[Wanted, Response | Page]] = []
    for wanted, found in visited:
        if isinstance(found, Permanent | Temporary):
            yield Share([wanted.claim], partial(_do_without, watch, wanted, found))
        else:
            had.append((wanted, found))
    for first in range(0, len(had), PAGES_TOGETHER):
        part = {wanted.claim.key: (wanted, found) for wanted, found in had[first:][:PAGES_TOGETHER]}
        claims = [wanted.claim for wanted, _ in part.values()]
        yield Share(claims, partial(_settle, watch, part))


def _do_without(
    watch: Watch, wanted: Wanted, error: Permanent | Temporary, _: Sequence[Claim]
) -> None:
    """Commit an entry whose page could not be had; its feed's own words must do.

    Raises Temporary while another try may help.
    """
    host = str(wanted.host)
    next_page_at = visits.leave_alone(watch, host, error)
    if visits.waits_for_network(watch, wanted, error) or _another_try(wanted, error):
        watch.database.write(
            lambda tx: hosts.release(tx, [host], next_page_at=next_page_at), announce=False
        )
        if isinstance(error, Temporary):
            raise error
        raise Temporary(str(error)) from error
    page = Page(url=wanted.claim.row.url, quality=str(error))
    _store(watch, [(wanted, page)], next_page_at=next_page_at)


def _another_try(wanted: Wanted, error: Permanent | Temporary) -> bool:
    return wanted.claim.attempts + 1 < PAGE_TRIES and visits.may_help(error)


def _settle(
    watch: Watch, visited: Mapping[int, tuple[Wanted, Response | Page]], claims: Sequence[Claim]
) -> None:
    """Read pages and commit their articles. Raises Temporary if the readers had to be stopped."""
    chosen = [visited[claim.key] for claim in claims]
    pages = [
        (wanted, _readable(wanted, page))
        for (wanted, _), page in zip(chosen, extracted(watch, chosen), strict=True)
    ]
    _store(watch, pages, next_page_at=watch.now() + watch.host_spacing)


def _readable(wanted: Wanted, page: Page | Permanent | Temporary) -> Page:
    if isinstance(page, Page):
        return page
    if _another_try(wanted, page):
        raise page
    return Page(url=wanted.claim.row.url, quality=str(page))


def extracted(
    watch: Watch, visited: Sequence[tuple[Wanted, Response | Page]]
) -> list[Page | Permanent | Temporary]:
    """The pages of some answers, in the order given, or why one could not be read."""
    answers = [(each, found) for each, found in visited if isinstance(found, Response)]
    found = iter(watch.extract_all([_body(watch, each, answer) for each, answer in answers]))
    return [page if isinstance(page, Page) else next(found) for _, page in visited]


def _body(watch: Watch, wanted: Wanted, response: Response) -> PageBody:
    rules = watch.page_rules(wanted.feed.outlet)
    outlet = watch.outlets.get(wanted.feed.outlet)
    return PageBody(
        response.body,
        url=response.url,
        content_type=response.headers.get("content-type"),
        keep=rules.keep,
        drop=rules.drop,
        expected=outlet.language if outlet else None,
    )


@dataclass(frozen=True, slots=True)
class Read:
    """An entry with what its article says, and the page's text with the outlet's refrains."""

    wanted: Wanted
    article: reading.Reading
    text: str | None


def _store(watch: Watch, pages: Sequence[tuple[Wanted, Page]], *, next_page_at: datetime) -> None:
    """Commit the articles of entries, made of what their feeds and their pages say."""
    read = [compose(watch, wanted, page) for wanted, page in pages]
    asked = {wanted.host for wanted, _ in pages if wanted.host is not None}

    def commit(tx: Connection) -> list[Read]:
        hosts.release(tx, asked, next_page_at=next_page_at)
        held = work.still_held(tx, [each.wanted.claim for each in read])
        mine = [each for each in read if each.wanted.claim.key in held]
        if mine:  # else all were lost to later claims, whose results count
            _commit(tx, mine, now=watch.now())
        return mine

    for each in watch.database.write(commit):
        found = each.article
        log.info(
            "entry.read", url=found.url, completeness=found.completeness, quality=found.quality
        )


def compose(watch: Watch, wanted: Wanted, fetched: Page) -> Read:
    """What an entry and its page together say."""
    row, outlet = wanted.claim.row, wanted.outlet
    page = quality.without_repetition(fetched, seen=outlet.refrains or b"")
    item = _shown(row)
    text = page.text or item.text or row.summary or row.title
    language = watch.identify(f"{row.title}. {text}", row.language or outlet.language)
    by = source_of(
        item,
        fetched,  # an agency's signature may stand on page after page
        outlet=outlet.id,
        outlets=watch.outlets,
        names=watch.credits,
        aggregated=documents.aggregates(watch, wanted.feed),
    )
    found = reading.compose(item, page, language=language, seen_at=row.seen_at, source=by)
    return Read(wanted, found, fetched.text)


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
        text=row.text,
        publisher=row.publisher,
    )


def _commit(tx: Connection, read: Sequence[Read], *, now: datetime) -> None:
    """Store articles; an entry whose article is there makes that a better one."""
    # Of two entries of one article the first brings it.
    fresh = {each.wanted.name: each for each in reversed(read) if each.wanted.known is None}
    added = articles.add_articles(tx, [_columns(each) for each in fresh.values()], now=now)
    new, ended = [], []
    for each in read:
        name = each.wanted.name
        if fresh.get(name) is each and name in added:
            new.append(each)
            ended.append((each.wanted.claim, added[name]))
        else:
            ended.append((each.wanted.claim, _improve(tx, each, now=now)))
    articles.finish_entries(tx, ended)
    revisions.resume(tx, {article_id for _, article_id in ended}, now=now)
    _remember(tx, [each for each in new if each.text])


def _columns(read: Read) -> dict[str, object]:
    """The columns of a new article."""
    row = read.wanted.claim.row
    came = {"identity": read.wanted.name, "seen_at": row.seen_at, "origin": row.origin}
    return asdict(read.article) | _source(read) | came


def _source(read: Read) -> dict[str, object]:
    return {"feed_id": read.wanted.claim.row.feed_id, "outlet_id": read.wanted.outlet.id}


def _improve(tx: Connection, read: Read, *, now: datetime) -> ArticleId:
    """A second reading of an article: a new headline, or more than another feed's entry gave."""
    row, found = read.wanted.claim.row, read.article
    known = _there(tx, read.wanted)
    if known is None:  # retention took it meanwhile
        return articles.add_articles(tx, [_columns(read)], now=now)[read.wanted.name]
    values = reading.improved(known, found, retitle=known.feed_id == row.feed_id)
    if reading.poorer(known.completeness, found.completeness):
        values |= _source(read)  # whoever gave more of it is its outlet
    if known.origin == alerts.Origin.BASELINE != row.origin:
        values |= {"origin": row.origin, "seen_at": row.seen_at}
    if values:
        articles.revise_article(tx, ArticleId(known.id), now=now, **values)
    return ArticleId(known.id)


def _there(tx: Connection, wanted: Wanted) -> AnyRow | None:
    """The article of an entry as it is now.

    Another feed's entry may have become the same article while this page was fetched.
    """
    there = articles.by_id(tx, wanted.known.id) if wanted.known else None
    return there or articles.by_identities(tx, [wanted.name]).get(wanted.name)


def _remember(tx: Connection, read: Sequence[Read]) -> None:
    """Keep which lines the pages of new articles had, after those that their outlets had before."""
    outlets = articles.outlets_by_id(tx, {each.wanted.outlet.id for each in read})
    seen = {each: row.refrains or b"" for each, row in outlets.items()}
    for each in read:
        outlet, address = each.wanted.outlet.id, each.article.canonical_key or each.wanted.name
        seen[outlet] = refrains.remember(seen[outlet], each.text or "", address=address)
    articles.keep_refrains(tx, seen)
