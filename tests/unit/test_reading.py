"""Putting an article together: whose text, whose time, whose credit."""

from datetime import UTC, datetime

from monitor.core import reading
from monitor.core.credits import Source
from monitor.core.model import Completeness, Entry, Page

SEEN = datetime(2026, 1, 3, 12, 0, tzinfo=UTC)
TIME = datetime(2026, 1, 3, 9, 30, tzinfo=UTC)


def entry(**more: object) -> Entry:
    address = "https://gazette.example/2026/01/02/talks"
    return Entry(**{"guid": "g", "url": address, "title": "Talks"} | more)  # type: ignore[arg-type]


def compose(item: Entry, page: Page = reading.UNREAD, **more: Source) -> reading.Reading:
    return reading.compose(item, page, language="en", seen_at=SEEN, **more)


def test_a_feed_that_carries_the_whole_text_needs_no_page():
    read = compose(entry(text="All of it.", summary="Some of it."))
    assert (read.text, read.completeness, read.quality) == ("All of it.", Completeness.FULL, "ok")


def test_a_page_that_was_read_goes_before_the_feeds_text():
    page = Page(url="u", text="The page.", completeness=Completeness.FULL, quality="wrong language")
    read = compose(entry(text="The feed."), page)
    assert (read.text, read.quality) == ("The page.", "wrong language")


def test_a_teasers_words_are_not_passed_off_as_the_text():
    page = Page(url="u", text="Tea", completeness=Completeness.SUMMARY, quality="paywall")
    read = compose(entry(summary="Some of it."), page)
    assert (read.text, read.completeness, read.quality) == (None, Completeness.SUMMARY, "paywall")


def test_a_teaser_is_the_summary_where_the_feed_has_none():
    page = Page(url="u", text="Tea", completeness=Completeness.SUMMARY, quality="paywall")
    read = compose(entry(summary=None), page)
    assert (read.text, read.summary, read.completeness) == (None, "Tea", Completeness.SUMMARY)


def test_the_source_of_the_time_is_recorded():
    assert compose(entry(published=TIME)).published_by == "feed"
    page = Page(url="u", published=TIME, published_by="page")
    assert compose(entry(), page).published_by == "page"


def test_an_unread_page_still_has_the_day_in_its_address():
    read = compose(entry())
    assert (read.published_at, read.published_by) == (datetime(2026, 1, 2, tzinfo=UTC), "address")


def test_who_wrote_it_and_who_published_it_are_kept():
    read = compose(entry(publisher="The Gazette"), source=Source("The Gazette", "gazette", "efe"))
    assert (read.publisher, read.carrier, read.credit) == ("The Gazette", "gazette", "efe")


def test_another_feed_that_gives_no_more_does_not_change_who_published_it():
    read = compose(entry(summary="Some of it."), source=Source("The Gazette", "gazette"))
    changes = reading.improved(read, compose(entry(summary="So it was.")), retitle=False)
    assert not {"publisher", "carrier"} & set(changes)
    page = Page(url="u", text="All.", completeness=Completeness.FULL, quality="ok")
    changes = reading.improved(read, compose(entry(), page), retitle=False)
    assert (changes["publisher"], changes["carrier"]) == (None, None)
