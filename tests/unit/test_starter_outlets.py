"""The starter outlets: every file is whole, and together they serve the desk."""

import re
from collections import Counter
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from monitor.config import Configuration, load, read_directory
from monitor.core.model import Feed, Tier

STARTER = Path(__file__).parents[2] / "config"
OUTLETS = {
    name: text for name, text in read_directory(STARTER).items() if name.startswith("outlets/")
}
# The loader wants a whole configuration; these two are the least it takes.
REST = {
    "channels.yaml": 'console: {url: "console:", default: true}\n',
    "rules/least.yaml": "version: 1\nrules: [{id: least, when: {all: [Chevron]}}]\n",
}

SHORTEST_SEARCH = timedelta(minutes=5)  # Google refuses callers who come more often
OFFICIAL = timedelta(minutes=10)
THINK_TANK = timedelta(minutes=30)


@pytest.fixture(scope="module")
def starter() -> Configuration:
    return load(OUTLETS | REST, base=STARTER, environment={})


def repeated(values: list[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]


def same_place(feed: Feed) -> str:
    return re.sub(r"^https?://(www\.)?|/$", "", feed.url).lower()


def is_search(feed: Feed) -> bool:
    return bool(re.match(r"https://(news\.google|www\.bing)\.com/", feed.url))


def test_the_desk_is_covered_in_both_languages_and_every_tier(starter):
    assert len(starter.outlets) >= 60
    assert len(starter.feeds) >= 90
    assert {outlet.tier for outlet in starter.outlets} == set(Tier)
    languages = Counter(outlet.language for outlet in starter.outlets)
    assert languages["en"] >= 30
    assert languages["es"] >= 30
    assert {"VE", "US", "CO", "ES", "GB"} <= {outlet.country for outlet in starter.outlets}


def test_every_outlet_has_a_feed_or_is_there_for_its_credits(starter):
    with_feeds = {feed.outlet for feed in starter.feeds}
    assert [o.id for o in starter.outlets if o.id not in with_feeds and not o.credits] == []


def test_every_outlet_has_a_name_of_its_own(starter):
    assert repeated([outlet.id for outlet in starter.outlets]) == []
    assert repeated([outlet.name for outlet in starter.outlets]) == []


def test_no_address_is_listed_twice_even_spelled_differently(starter):
    assert repeated([same_place(feed) for feed in starter.feeds]) == []


def test_a_feed_says_where_its_address_comes_from_and_does_not_claim_to_be_tried(starter):
    assert [feed.url for feed in starter.feeds if not feed.source] == []
    assert [feed.url for feed in starter.feeds if feed.verified] == []
    for name, text in OUTLETS.items():
        feeds = [feed for feed in starter.feeds if f'"{feed.url}"' in text]
        assert text.count("verified: false") == len(feeds), name


def test_addresses_are_public_web_addresses_without_credentials(starter):
    for feed in starter.feeds:
        address = urlsplit(feed.url)
        assert address.scheme in {"https", "http"}, feed
        assert "." in (address.hostname or ""), feed
        assert (address.port, address.username) == (None, None), feed
        assert not re.search(r"[\s\"<>{}|\\^`]", feed.url), feed


def test_unencrypted_addresses_are_the_exception(starter):
    unencrypted = [feed.url for feed in starter.feeds if feed.url.startswith("http:")]
    assert len(unencrypted) <= 2, unencrypted


def test_slow_publishers_are_polled_slowly(starter):
    least = {Tier.OFFICIAL: OFFICIAL, Tier.THINK_TANK: THINK_TANK}
    tiers = {outlet.id: outlet.tier for outlet in starter.outlets}
    for feed in starter.feeds:
        if tiers[feed.outlet] in least:
            assert feed.interval is not None, feed
            assert feed.interval >= least[tiers[feed.outlet]], feed


def test_searches_are_aggregators_and_polled_politely(starter):
    for feed in starter.feeds:
        assert feed.aggregator == is_search(feed), feed
        if feed.aggregator:
            assert feed.interval is None or feed.interval >= SHORTEST_SEARCH, feed
        if "news.google.com" in feed.url:
            assert "when:2d" in feed.url, feed


def test_agencies_are_known_by_the_names_that_others_sign_with(starter):
    credited = {name: outlet.id for outlet in starter.outlets for name in outlet.credits}
    signed = {
        "AP": "ap",
        "The Associated Press": "ap",
        "Reuters": "reuters",
        "Agence France-Presse": "afp",
        "Agencia EFE": "efe",
        "Europa Press": "europa-press",
        "Xinhua": "xinhua",
    }
    assert signed.items() <= credited.items()
    assert [o.id for o in starter.outlets if o.tier is Tier.WIRE and not o.credits] == []


def test_a_plain_page_says_that_its_selectors_were_never_tried(starter):
    for feed in starter.feeds:
        assert feed.page is None or "monitor feeds discover" in feed.source, feed


@pytest.mark.parametrize("name", OUTLETS)
def test_a_file_begins_with_a_note_for_analysts_and_names_no_machine(name):
    assert OUTLETS[name].startswith("# ")
    assert not re.search(r"/work|/tmp|/home/|localhost|127\.0\.0\.1", OUTLETS[name])
