"""What a poll may have missed, and when "unchanged" is doubted."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import coverage
from monitor.core.coverage import Cause

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

moments = st.timedeltas(-DAY, DAY).map(lambda span: NOW + span)
polls = st.fixed_dictionaries(
    {
        "last_answer": moments.filter(lambda moment: moment <= NOW),
        "listed": st.just(50),
        "new": st.integers(1, 50),
        "cut": st.integers(0, 500),
        "published": st.lists(st.none() | moments, max_size=50),
        "flow": st.floats(0, 1000),
        "cause": st.sampled_from(Cause),
    }
)


def gap(**changed):
    poll = {
        "last_answer": NOW - 4 * HOUR,
        "now": NOW,
        "listed": 20,
        "new": 20,
        "cut": 0,
        "overlapped": False,
        "published": [NOW - n * 3 * MINUTE for n in range(1, 21)],
        "flow": 2.0,
        "cause": Cause.WINDOW,
    }
    return coverage.gap(**(poll | changed))


# --- gaps ---


@pytest.mark.parametrize(
    "changed",
    [{"last_answer": None}, {"overlapped": True}, {"overlapped": None}, {"listed": 0, "new": 0}],
)
def test_nothing_is_missed_where_windows_overlap_or_none_was_before(changed):
    assert gap(**changed) is None


def test_nothing_is_missed_if_all_that_is_shown_was_known():
    assert gap(new=0) is None


def test_a_gap_ends_where_the_window_shown_begins():
    found = gap()
    assert (found.since, found.until) == (NOW - 4 * HOUR, NOW - HOUR)


def test_the_pace_of_the_window_shown_says_how_many_may_be_missed():
    assert gap().most == 60  # 20 an hour, for three hours
    assert gap(flow=30.0).most == 90


def test_items_that_were_cut_are_counted_on_top():
    assert gap(cut=480, cause=Cause.CUT).most == 540


def test_a_pinned_old_item_and_a_date_in_the_future_do_not_shift_the_gap():
    shown = [NOW - 90 * DAY, NOW + DAY, NOW - HOUR]
    assert gap(published=shown).until == NOW - HOUR


def test_without_dates_the_gap_lasts_until_now():
    found = gap(published=[None] * 20)
    assert (found.until, found.most) == (NOW, 200)


def test_after_a_false_304_the_gap_begins_where_the_feed_last_showed_what_it_has():
    confirmed = NOW - 9 * HOUR
    assert gap(cause=Cause.FALSE_304, confirmed=confirmed).since == confirmed


def test_dates_from_the_time_of_unchanged_answers_show_that_these_were_wrong():
    poll = {"last_answer": NOW - 10 * MINUTE, "confirmed": NOW - 9 * HOUR}
    found = gap(**poll)  # three items are younger, seventeen are not
    assert (found.since, found.until) == (NOW - 9 * HOUR, NOW - HOUR)
    assert found.cause is Cause.FALSE_304
    assert gap(**poll, published=[None] * 20).since == NOW - 9 * HOUR


def test_a_burst_with_a_few_backdated_items_leaves_the_feeds_answers_true():
    dates = [NOW - n * MINUTE for n in range(1, 21)]
    found = gap(last_answer=NOW - 15 * MINUTE, confirmed=NOW - 9 * HOUR, published=dates)
    assert (found.since, found.cause) == (NOW - 15 * MINUTE, Cause.WINDOW)


def test_a_gap_is_told_in_words():
    found = gap(last_answer=NOW - 20 * HOUR, cause=Cause.STOPPED)
    assert str(found) == (
        "up to 380 items may have been missed between 2026-03-01 16:00 and 2026-03-02 11:00 UTC: "
        "the watch was not running"
    )
    one = coverage.Gap(NOW, NOW + HOUR, 1, Cause.RESTING)
    assert str(one) == (
        "up to 1 item may have been missed between 2026-03-02 12:00 and 13:00 UTC: "
        "its host asked to be left alone"
    )


@given(polls)
def test_a_window_that_does_not_overlap_always_leaves_a_gap(poll):
    found = gap(**poll)
    assert poll["last_answer"] == found.since <= found.until <= NOW
    assert found.most >= max(1, poll["cut"])


@given(polls)
def test_what_may_be_missed_is_bounded(poll):
    found = gap(**poll)
    hours = (found.until - found.since) / HOUR
    most = max(poll["flow"] * hours, 100 * poll["new"])
    assert found.most <= most + 1 + poll["cut"]


@given(polls, st.timedeltas(timedelta(), DAY))
def test_the_longer_we_looked_away_the_more_may_be_missed(poll, earlier):
    last = poll["last_answer"]
    poll["published"] = [each for each in poll["published"] if each is None or each >= last]
    assert gap(**(poll | {"last_answer": last - earlier})).most >= gap(**poll).most


@given(polls, st.integers(0, 50), st.floats(0, 1000))
def test_the_more_a_feed_brings_the_more_may_be_missed(poll, new, flow):
    busier = poll | {"new": min(50, poll["new"] + new), "flow": poll["flow"] + flow}
    assert gap(**busier).most >= gap(**poll).most


def test_a_clock_set_back_does_no_harm():
    assert gap(last_answer=NOW + HOUR).until == NOW + HOUR


# --- flow ---


def after(hours, *, every, new, before=0.0):
    for _ in range(int(hours / every)):
        before = coverage.flow(before, new=new, elapsed=every * HOUR)
    return before


@pytest.mark.parametrize("every", [0.1, 1, 5])
def test_a_steady_feed_shows_its_flow_however_often_it_is_polled(every):
    assert after(100, every=every, new=4 * every) == pytest.approx(4, rel=0.01)


def test_half_is_forgotten_in_six_hours():
    assert coverage.flow(8.0, new=0, elapsed=6 * HOUR) == pytest.approx(4)
    assert after(6, every=0.5, new=0, before=8.0) == pytest.approx(4)


def test_two_polls_at_one_moment_lose_nothing():
    at_once = coverage.flow(0.0, new=30, elapsed=timedelta())
    assert at_once == pytest.approx(coverage.flow(0.0, new=30, elapsed=timedelta(seconds=1)), 0.01)


@given(st.floats(0, 1e6), st.integers(0, 10_000), st.timedeltas(timedelta(), 4000 * DAY))
def test_a_flow_is_never_negative(before, new, elapsed):
    assert 0 <= coverage.flow(before, new=new, elapsed=elapsed) <= before + max(new * 1.2, new)


def test_the_first_document_tells_the_flow_of_the_last_day():
    dates = [NOW - n * HOUR for n in range(1, 9)]
    assert coverage.first_flow([*dates, None, NOW - 9 * DAY], now=NOW) == pytest.approx(1)
    assert coverage.first_flow([NOW] * 30, now=NOW) == 30
    assert coverage.first_flow([None, NOW - 2 * DAY, NOW + DAY], now=NOW) == 0
    assert coverage.first_flow([], now=NOW) == 0


# --- doubt ---


def doubtful(**changed):
    feed = {
        "now": NOW,
        "asked_in_full_at": NOW - 5 * HOUR,
        "lied_at": None,
        "news_at": NOW - 4 * HOUR,
        "flow": 2.0,
        "unchanged": 20,
    }
    return coverage.doubtful(**(feed | changed))


def test_a_feed_is_asked_in_full_once_a_day():
    quiet = {"flow": 0.0, "news_at": None}
    assert doubtful(**quiet, asked_in_full_at=NOW - DAY)
    assert doubtful(**quiet, asked_in_full_at=None)
    assert not doubtful(**quiet, asked_in_full_at=NOW - DAY + MINUTE)


def test_a_feed_that_lied_is_asked_in_full_for_a_month():
    assert doubtful(lied_at=NOW - 29 * DAY, flow=0.0, asked_in_full_at=NOW)
    assert not doubtful(lied_at=NOW - 31 * DAY, flow=0.0)


def test_a_feed_that_owes_three_items_is_doubted():
    assert doubtful()
    assert not doubtful(flow=0.4)  # 0.63 an hour four hours ago
    assert doubtful(flow=0.5)
    assert not doubtful(unchanged=2)
    assert not doubtful(news_at=NOW + HOUR)  # a clock was set back


def test_a_silence_is_confirmed_at_growing_pauses():
    news = NOW - DAY * 2 / 3
    asked, minutes = news, []
    for minute in range(0, 16 * 60, 5):
        now = news + minute * MINUTE
        flow = coverage.flow(10.0, new=0, elapsed=now - news)
        if doubtful(now=now, news_at=news, asked_in_full_at=asked, flow=flow):
            asked = now
            minutes.append(minute)
    assert minutes == [30, 150, 300, 600]
