"""The small decisions of the pipeline: identity, timing, stories, alerts."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import identity, outbox, reading, timing, urls
from monitor.core.identity import KeyMode
from monitor.core.model import Completeness, Entry, Page
from monitor.core.outbox import Fate, Following, Outcome, State, Tries

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def entry(guid=None, url=None, title="A title", **rest):
    return Entry(guid=guid, url=url, title=title, **rest)


# --- addresses ---


@pytest.mark.parametrize(
    "other",
    [
        "http://www.paper.example/story?id=7",
        "https://paper.example/story/?id=7#top",
        "https://paper.example/story?utm_source=rss&id=7&fbclid=x",
        "https://PAPER.example:443//story?id=7",
    ],
)
def test_spellings_of_one_address_are_the_same(other):
    assert urls.same_address(other) == urls.same_address("https://paper.example/story?id=7")


@pytest.mark.parametrize(
    "other",
    [
        "https://paper.example/story?id=8",
        "https://paper.example/Story?id=7",
        "https://paper.example:8080/story?id=7",
        "https://other.example/story?id=7",
    ],
)
def test_different_addresses_stay_different(other):
    assert urls.same_address(other) != urls.same_address("https://paper.example/story?id=7")


@pytest.mark.parametrize("url", [None, "", "javascript:alert(1)", "file:///etc", "http://", "//x"])
def test_only_web_addresses_are_addresses(url):
    assert not urls.is_web(url)


# --- identity ---


def test_a_feed_whose_items_share_a_guid_is_told_apart_by_link():
    items = [entry("same", f"http://x.example/{n}", f"Title {n}") for n in range(5)]
    keys = [identity.keys_of(each) for each in items]
    assert identity.key_mode(keys, mode=KeyMode.GUID) is KeyMode.LINK
    assert len({each.present(KeyMode.LINK) for each in keys}) == 5


def test_a_feed_whose_items_share_guid_and_link_is_told_apart_by_content():
    items = [entry("same", "http://x.example/", f"Title {n}") for n in range(5)]
    keys = [identity.keys_of(each) for each in items]
    assert identity.key_mode(keys, mode=KeyMode.GUID) is KeyMode.CONTENT


def test_an_item_listed_twice_does_not_degrade_its_feed():
    items = [entry("1", "http://x.example/1", "One")] * 2 + [
        entry("2", "http://x.example/2", "Two")
    ]
    keys = [identity.keys_of(each) for each in items]
    assert identity.key_mode(keys, mode=KeyMode.GUID) is KeyMode.GUID


def test_a_weaker_mode_is_never_given_up():
    keys = [identity.keys_of(entry(str(n), f"http://x.example/{n}", f"T {n}")) for n in range(5)]
    assert identity.key_mode(keys, mode=KeyMode.CONTENT) is KeyMode.CONTENT


def test_an_item_without_guid_is_known_by_its_link():
    keys = identity.keys_of(entry(None, "http://x.example/1"))
    assert keys.present(KeyMode.GUID) == keys.link


def test_a_short_text_says_too_little_to_be_a_copy():
    assert identity.body_hash("Developing story, more follows.") is None
    assert identity.body_hash(None) is None


@given(st.text())
def test_body_hash_never_fails_and_ignores_spaces_and_case(text):
    assert identity.body_hash(text) == identity.body_hash(f"  {text}\n")


# --- timing ---


@given(st.integers(0, 10_000), st.floats(0, 0.999))
def test_retries_stay_between_their_bounds(attempts, chance):
    pause = timing.retry_at(NOW, attempts=attempts, chance=chance) - NOW
    assert timedelta(seconds=2) <= pause <= timedelta(minutes=15)


def test_an_outside_wish_wins_where_it_is_longer():
    wish = timedelta(hours=1)
    assert timing.retry_at(NOW, attempts=1, chance=0.5, after=wish) == NOW + wish
    assert timing.retry_at(NOW, attempts=1, chance=0.0, after=timedelta(days=9)) == (
        NOW + timedelta(days=1)
    )


def test_a_jump_of_the_clock_ages_a_queue_by_a_quarter_of_an_hour_at_most():
    assert timing.counted_try(NOW, tried_at=NOW - timedelta(days=9)) == timedelta(minutes=15)
    assert timing.counted_try(NOW, tried_at=NOW + timedelta(days=9)) == timedelta()
    assert timing.counted_try(NOW, tried_at=None) == timedelta()


# --- the outbox ---


def follow(fate, **changed):
    tries = Tries(
        **({"attempts": 0, "uncertain": 0, "tried_at": None, "tried_for": timedelta()} | changed)
    )
    return outbox.follow(Outcome(fate, "words"), tries, now=NOW, chance=0.0)


def test_a_sent_message_is_done():
    assert follow(Fate.SENT) == Following(State.SENT, 0, timedelta(), None)


def test_a_failed_message_is_tried_again_and_an_unanswered_one_is_counted():
    assert follow(Fate.FAILED).state is State.QUEUED
    unanswered = follow(Fate.UNKNOWN)
    assert (unanswered.state, unanswered.uncertain) == (State.UNKNOWN, 1)
    assert unanswered.again_at == NOW + outbox.UNCERTAIN_PAUSES[0]


def test_tries_that_nobody_answers_lie_further_and_further_apart():
    pauses = [follow(Fate.UNKNOWN, uncertain=n).again_at - NOW for n in range(4)]
    assert pauses == sorted(set(pauses))
    assert sum(pauses, timedelta()) > timedelta(hours=1), "a service that hangs an hour kills it"


def test_a_message_is_given_up_by_age_or_uncertainty_never_by_failures():
    assert follow(Fate.FAILED, attempts=10_000).state is State.QUEUED
    assert follow(Fate.FAILED, uncertain=5).state is State.DEAD
    assert follow(Fate.UNKNOWN, uncertain=4).state is State.DEAD
    old = {"tried_for": timedelta(days=5), "tried_at": NOW - timedelta(minutes=1)}
    assert follow(Fate.FAILED, **old).state is State.DEAD


# --- reading ---


def test_an_unread_page_leaves_the_feeds_own_words():
    read = reading.compose(entry(summary="So it was."), reading.UNREAD, language="en", seen_at=NOW)
    assert (read.text, read.completeness) == (None, Completeness.SUMMARY)
    bare = reading.compose(entry(), reading.UNREAD, language=None, seen_at=NOW)
    assert bare.completeness is Completeness.TITLE


def test_a_read_page_gives_the_text_and_the_feed_the_headline():
    page = Page(
        url="u", title="Site | x", text="All of it.", completeness=Completeness.FULL, quality="ok"
    )
    read = reading.compose(entry(title="Headline"), page, language="en", seen_at=NOW)
    assert (read.title, read.text) == ("Headline", "All of it.")


def test_a_front_page_is_no_articles_address():
    assert reading.canonical_key("https://paper.example/") is None
    assert reading.canonical_key("https://paper.example/story") is not None
