"""When an article was published: what feed, page and address say, and which of them to believe.

A value at 00:00:00 UTC is a day: its source named no hour.
"""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

YEARS = range(1990, 2100)  # feeds date items from year -1 to 292277026596
SKEW = timedelta(hours=1)  # a publisher's clock may run ahead of ours by this much
ZONE = timedelta(hours=14)  # the farthest zone: local time that is written as if it were UTC
LETTERS = 100  # characters of a time in words; the longest real ones have half as many
REDATED = timedelta(days=1)  # a feed that is later than its page by more dates old items anew

_IN_ADDRESS = re.compile(
    r"/((?:19|20)\d\d)(?:/(\d{1,2})/(\d{1,2})|-(\d\d)-(\d\d)|(\d\d)(\d\d))(?=[/_.?-]|$)"
)


def is_day(value: datetime) -> bool:
    """True if a time is a mere date."""
    return value.time() == datetime.min.time()


def instant(written: str) -> datetime | None:
    """Read an ISO 8601 or RFC 5322 time as aware UTC; one without an offset is taken for UTC.

    Midnight of any zone is a day: content systems write it where they know no hour.
    """
    try:
        read = _parsed(written.strip())
        if read.year not in YEARS:
            return None
        if read.tzinfo is None or is_day(read):
            return read.replace(tzinfo=UTC)
        return read.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _parsed(written: str) -> datetime:
    if written[:1].isdigit():
        return datetime.fromisoformat(written)
    return parsedate_to_datetime(written[:LETTERS])


def of_address(url: str) -> datetime | None:
    """Return the day that stands in an address: /2026/01/03/, /2026-01-03-, /20260103/."""
    for found in _IN_ADDRESS.finditer(url.partition("?")[0]):
        year, *rest = (int(part) for part in found.groups() if part)
        try:
            return datetime(year, rest[0], rest[1], tzinfo=UTC)
        except ValueError:
            continue
    return None


def published(
    *, feed: datetime | None, page: datetime | None, page_by: str | None, seen_at: datetime
) -> tuple[datetime | None, str | None]:
    """When an article was published and what says so: "feed", or `page_by`.

    A precise time of the feed wins, unless it lies in the future, or the feed dates an old item
    anew. A future time of less than a zone's width is now, told in a wrong zone; one farther away
    says nothing.
    """
    own = page if page is not None and page <= seen_at + SKEW else None
    if feed is not None and feed <= seen_at + SKEW:
        chosen, by = (own, page_by) if _page_knows_better(feed, own, page_by) else (feed, "feed")
    elif own is not None:
        chosen, by = own, page_by
    else:
        chosen, by = _soon(feed, page, page_by, until=seen_at + ZONE)
    return (None, None) if chosen is None else (min(chosen, seen_at), by)


def _page_knows_better(feed: datetime, page: datetime | None, by: str | None) -> bool:
    """Whether the page's time beats a plausible one of the feed.

    What was guessed from the markup may be another article's date: it cannot make the feed a liar.
    """
    if page is None:
        return False
    latest = page + timedelta(days=1) if is_day(page) else page
    if feed - latest > REDATED and by != "markup":
        return True
    return is_day(feed) and not is_day(page) and abs(page - feed) <= timedelta(days=1)


def _soon(
    feed: datetime | None, page: datetime | None, by: str | None, *, until: datetime
) -> tuple[datetime | None, str | None]:
    if feed is not None and feed <= until:
        return feed, "feed"
    return (page, by) if page is not None and page <= until else (None, None)
