"""What reading an entry commits: its article, or a better version of one we have."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import Connection

from monitor.adapters import robots as robots_files
from monitor.adapters.failures import UNHEARD, UNREACHED, Failure, FetchError, FetchRefused
from monitor.adapters.fetcher import Request, Response
from monitor.core import alerts, identity, reading, timing, urls
from monitor.core.errors import Permanent, Temporary
from monitor.core.identity import KeyMode
from monitor.core.model import (
    Access,
    ArticleId,
    Completeness,
    Entry,
    EntryId,
    Feed,
    Page,
    PageRules,
)
from monitor.core.text import clean
from monitor.storage import articles, feeds, work
from monitor.storage.types import AnyRow
from monitor.storage.work import Claim
from monitor.watch import Watch, access_to

PAGE_LIMIT = 3_000_000  # bytes, after decompression
PAGE_TYPES = "text/html, application/xhtml+xml, */*;q=0.5"
PAGE_TRIES = 2  # then the feed's own words must do: an alert must not wait for a slow page
PAGE_PATIENCE = timedelta(minutes=5)  # the same for an entry that waits for its host
OUTAGE_PATIENCE = timedelta(days=30)  # while our own network is down: as good as for ever
ROBOTS_LIMIT = 2_000_000  # bytes; what is longer is no robots.txt but an attack
ROBOTS_KEPT = timedelta(hours=24)  # RFC 9309, 2.4
ROBOTS_RETRIED = timedelta(hours=1)  # where a server failed to give it
SERVER_ERROR = 500
TOO_MANY_REQUESTS = 429

_OUT_OF_REACH = UNREACHED | {Failure.CLOSED}


def shown(row: AnyRow) -> Entry:
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


def known(connection: Connection, row: AnyRow, feed_row: AnyRow) -> tuple[str, AnyRow | None]:
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


def says_enough(known: AnyRow, row: AnyRow) -> bool:
    """Whether another feed's entry adds nothing to an article: no text, and no news."""
    silent = known.origin == alerts.Origin.BASELINE != row.origin
    return not silent and (known.completeness == Completeness.FULL or row.host is None)


def improve(
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


def link(tx: Connection, claim: Claim, known: ArticleId) -> None:
    """Another feed lists an article that we have."""
    feeds.release_host(tx, claim.row.host)
    if work.finish(tx, claim):
        articles.link_entry(tx, EntryId(claim.row.id), known)


def patience(watch: Watch) -> timedelta:
    """How long an entry waits for its page, before the feed's own words must do.

    While our own network is down nothing can be fetched, and hardly anything sent; what waited for
    its end has all the patience again.
    """
    lost = watch.reach.lost_since(watch.now() - PAGE_PATIENCE)
    return OUTAGE_PATIENCE if lost else PAGE_PATIENCE


def fetch_page(watch: Watch, claim: Claim, source: Feed) -> tuple[Page, datetime]:
    """The page of an entry, and when the next page of its host may be asked for.

    Raises Temporary while another try may help; after the last one the page counts as unread,
    with the reason as its quality, and the feed's own words must do.
    """
    row, began = claim.row, watch.now()
    if row.host is None:
        return reading.UNREAD, began
    try:
        page = _page(watch, row, source)
    except (Temporary, Permanent) as error:
        next_page_at = _leave_alone(watch, row, error)
        if _waits_for_network(watch, claim, error, began=began) or (
            claim.attempts + 1 < PAGE_TRIES and _may_help(error)
        ):
            watch.database.write(
                lambda tx: feeds.release_host(tx, row.host, next_page_at=next_page_at),
                announce=False,
            )
            if isinstance(error, Temporary):
                raise
            raise Temporary(str(error)) from error
        return Page(url=row.url, quality=str(error)), next_page_at
    return page, watch.now() + watch.host_spacing


def _page(watch: Watch, row: AnyRow, source: Feed) -> Page:
    """Raises Temporary or Permanent."""
    rules = watch.page_rules(source.outlet)
    outlet = watch.outlets.get(source.outlet)
    if (forbidden := _forbidden(watch, row, source)) is not None:
        return Page(url=row.url, quality=forbidden)
    access = access_of(row.url, source, rules)
    response = watch.fetch(Request(row.url, limit=PAGE_LIMIT, accept=PAGE_TYPES, access=access))
    if _is_front(response.url) and not _is_front(row.url):
        return Page(url=response.url, quality="front page")
    return watch.extract(
        response.body,
        url=response.url,
        content_type=response.headers.get("content-type"),
        keep=rules.keep,
        drop=rules.drop,
        expected=outlet.language if outlet else None,
    )


def _waits_for_network(
    watch: Watch, claim: Claim, error: Temporary | Permanent, *, began: datetime
) -> bool:
    """Whether it is our own network that keeps a page from us, or may be, for all that is known.

    It is not if somebody has answered since the last try. Who cannot tell waits no longer than an
    alert may.
    """
    kind = error.kind if isinstance(error, FetchError | FetchRefused) else None
    with watch.reaching:
        lost = watch.reach.lost_since(began)
        heard = watch.reach.heard_since(began - timing.FIRST_RETRY / 2)  # the shortest pause
    if lost:
        return kind in UNHEARD
    overdue = watch.now() - claim.row.not_before >= PAGE_PATIENCE
    return kind in UNREACHED and not heard and not overdue


def _may_help(error: Temporary | Permanent) -> bool:
    """Whether a page is worth another try: a bot check is not, it would only grow stricter."""
    if not isinstance(error, Temporary):
        return False
    walled = isinstance(error, FetchError) and error.kind is Failure.WALL
    return not walled and (error.retry_after or timedelta()) <= PAGE_PATIENCE


def _leave_alone(watch: Watch, row: AnyRow, error: Temporary | Permanent) -> datetime:
    """Let a host rest that refused a page; when its next page may be asked for.

    A bot check often stands before the pages alone: the feeds are polled on.
    """
    now = watch.now()
    if not isinstance(error, FetchError) or not error.wants_rest:
        return now + watch.host_spacing
    if error.kind is Failure.WALL and not error.retry_after:
        return now + timing.WALL_PAUSE
    refused_by = error.host or row.host
    rested_until: datetime = watch.database.write(
        lambda tx: feeds.rest_host(tx, refused_by, after=error.retry_after, now=now),
        announce=False,
    )
    return rested_until


def _is_front(url: str) -> bool:
    """Whether an address is a site's front page: where articles that are gone often lead."""
    parts = urlsplit(url)
    return parts.path in {"", "/"} and not parts.query


def access_of(url: str, source: Feed, rules: PageRules) -> Access:
    """How a page is asked for: what the feed needs to get in goes to the feed's own origin only."""
    access = access_to(url, source)
    return replace(access, user_agent=rules.user_agent or access.user_agent)


def _forbidden(watch: Watch, row: AnyRow, source: Feed) -> str | None:
    """Why robots.txt keeps us from a page, in words; None if it does not."""
    rules = watch.page_rules(source.outlet)
    respected = watch.respect_robots if rules.respect_robots is None else rules.respect_robots
    if not respected:
        return None
    robots = _robots(watch, row, source)
    if robots is None:
        return "robots.txt could not be read"
    agent = rules.user_agent or source.access.user_agent or watch.user_agent
    return None if watch.may_fetch(robots, row.url, agent) else "robots.txt forbids it"


def _robots(watch: Watch, row: AnyRow, source: Feed) -> str | None:
    """The robots.txt of a page's host, asked for once a day; None if the host cannot give it now.

    As RFC 9309 has it: one that is not there (4xx) allows everything, a failing server nothing.
    One that breaks off twice counts as not there for an hour: some small servers drop whoever asks
    for what they do not know. Raises FetchError where the host cannot be reached or wants to be
    left alone.
    """
    now = at = watch.now()
    with watch.database.read() as connection:
        host = feeds.host_of(connection, row.host)
    kept_for = ROBOTS_KEPT if host.robots is not None else ROBOTS_RETRIED
    if host.robots_at is not None and host.robots_at > now - kept_for:
        return str(host.robots) if host.robots is not None else None
    rules = watch.page_rules(source.outlet)
    access = replace(access_of(row.url, source, rules), headers={})
    try:
        asked = Request(robots_files.address(row.url), limit=ROBOTS_LIMIT, access=access)
        body = _twice(watch, asked).body[: robots_files.SIZE_LIMIT]  # all that RFC 9309 asks for
        robots = clean(body.decode("utf-8", "replace"))
    except FetchRefused:
        robots = ""
    except FetchError as error:
        if error.kind in _OUT_OF_REACH or error.status == TOO_MANY_REQUESTS:
            raise
        failing = error.status is not None and error.status >= SERVER_ERROR
        robots = host.robots if failing or error.kind is Failure.TOO_LARGE else ""
        if error.kind is Failure.MALFORMED:
            at = now - ROBOTS_KEPT + ROBOTS_RETRIED
    watch.database.write(lambda tx: feeds.keep_robots(tx, row.host, robots, now=at), announce=False)
    return robots


def _twice(watch: Watch, request: Request) -> Response:
    """Ask once more for an answer that broke off."""
    try:
        return watch.fetch(request)
    except FetchError as error:
        if error.kind is not Failure.MALFORMED:
            raise
        return watch.fetch(request)
