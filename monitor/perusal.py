"""What reading an entry commits: its article, or a better version of one we have."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row

from monitor.core import alerts, identity, reading, urls
from monitor.core.errors import Permanent, Temporary
from monitor.core.identity import KeyMode
from monitor.core.model import ArticleId, Completeness, Entry, EntryId, Page
from monitor.storage import articles, feeds, work
from monitor.storage.work import Claim
from monitor.watch import Watch

PAGE_LIMIT = 3_000_000  # bytes, after decompression
PAGE_TYPES = "text/html, application/xhtml+xml, */*;q=0.5"
PAGE_TRIES = 2  # then the feed's own words must do: an alert must not wait for a slow page
PAGE_PATIENCE = timedelta(minutes=5)  # the same for an entry that waits for its host

AnyRow = Row[tuple[object, ...]]


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


def fetch_page(watch: Watch, claim: Claim) -> tuple[Page, datetime | None]:
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
