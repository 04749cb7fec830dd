"""Which of feed, page and address is believed about the time of publication."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.publication import instant, of_address, published

SEEN = datetime(2026, 1, 3, 12, 0, tzinfo=UTC)
DAY = datetime(2026, 1, 3, tzinfo=UTC)


def at(*, hours: float) -> datetime:
    return SEEN + timedelta(hours=hours)


def best(feed, page, by="page"):
    return published(feed=feed, page=page, page_by=by, seen_at=SEEN)


def test_a_precise_time_of_the_feed_wins():
    assert best(at(hours=-2), at(hours=-3)) == (at(hours=-2), "feed")


def test_without_a_time_in_the_feed_the_pages_counts():
    assert best(None, at(hours=-3), "markup") == (at(hours=-3), "markup")
    assert best(None, None) == (None, None)


def test_a_feed_that_names_only_the_day_yields_to_the_pages_hour():
    assert best(DAY, at(hours=-3)) == (at(hours=-3), "page")
    assert best(at(hours=-2), DAY, "address") == (at(hours=-2), "feed")


def test_a_feed_that_dates_an_old_item_anew_yields_to_the_page():
    old = at(hours=-72)
    assert best(at(hours=-1), old) == (old, "page")
    assert best(at(hours=-1), old, "address") == (old, "address")
    assert best(at(hours=-1), DAY - timedelta(days=1), "address") == (at(hours=-1), "feed")
    assert best(at(hours=-1), old, "markup") == (at(hours=-1), "feed")  # a guess is no proof


def test_a_time_in_the_future_yields_to_the_page():
    assert best(at(hours=2), at(hours=-3)) == (at(hours=-3), "page")


def test_a_clock_that_runs_ahead_or_a_wrong_zone_means_now():
    assert best(at(hours=0.5), None) == (SEEN, "feed")
    assert best(at(hours=11), None) == (SEEN, "feed")


def test_a_date_far_in_the_future_is_ignored():
    assert best(at(hours=24 * 400), None) == (None, None)
    assert best(None, at(hours=48)) == (None, None)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-01-03T09:30:00-04:00", datetime(2026, 1, 3, 13, 30, tzinfo=UTC)),
        ("2026-01-03 09:30", datetime(2026, 1, 3, 9, 30, tzinfo=UTC)),
        ("2026-01-03T00:00:00-04:00", DAY),
        ("2026-01-03", DAY),
        ("Sat, 03 Jan 2026 09:30:00 -0400", datetime(2026, 1, 3, 13, 30, tzinfo=UTC)),
        ("0001-01-01", None),
        ("2999-01-01", None),
        ("yesterday", None),
        ("", None),
        ("9" * 10_000, None),
        ("Sat " * 10_000, None),
    ],
)
def test_times_are_read_as_they_are_written(written, read):
    assert instant(written) == read


@pytest.mark.parametrize(
    ("url", "day"),
    [
        ("https://gazette.example/2026/01/03/talks", DAY),
        ("https://gazette.example/news/2026/1/3/", DAY),
        ("https://gazette.example/news/2026-01-03-talks.html", DAY),
        ("https://gazette.example/20260103/talks", DAY),
        ("https://gazette.example/2026/13/45/talks", None),
        ("https://gazette.example/2026/01/talks", None),
        ("https://gazette.example/20261103555/talks", None),
        ("https://gazette.example/talks?from=/2026/01/03/", None),
    ],
)
def test_a_day_in_an_address_is_found(url, day):
    assert of_address(url) == day
