"""Whose trouble it is when something cannot be fetched: a feed's, a host's, or our own."""

from dataclasses import replace
from datetime import timedelta

import pytest
from presses import address_of, feed_of, host_of, rows
from sqlalchemy import update

from monitor import polling
from monitor.adapters.failures import Failure, FetchError, FetchRefused
from monitor.adapters.fetcher import GROUP_SPACING
from monitor.config.load import load
from monitor.config.problems import ConfigurationError
from monitor.core.health import Trouble
from monitor.pipeline import PIPELINE
from monitor.polling import HOST_BUDGET
from monitor.storage import ledger
from monitor.storage.schema import article, delivery, entry, feed
from monitor.visits import PAGE_TYPES

NEWS = "Strelsau offers talks"


def claims_of(desk):
    """Claims of all feeds that are due."""
    watch = desk.monitor.watch
    return desk.database.write(
        lambda tx: PIPELINE[0].claim(tx, watch, lease=timedelta(minutes=2), limit=9)
    )


def cut_pages_off(desk):
    """Let no page be reached, though feeds are; what is given back mends it."""
    whole = desk.monitor.watch

    def unreachable(requests, *, budget):
        for number, request in enumerate(requests):
            yield [(number, FetchError(f"no way to {request.url}", kind=Failure.UNREACHABLE))]

    def fetch_all(requests, *, budget):
        pages = any(request.accept == PAGE_TYPES for request in requests)
        return (unreachable if pages else whole.fetch_all)(requests, budget=budget)

    desk.monitor.watch = replace(whole, fetch_all=fetch_all)
    return whole


def lose_network(desk):
    desk.clock.pass_(minutes=1)
    for number in range(5):
        desk.monitor.watch.reach.failed(f"host {number}", hosts=9, now=desk.clock.now())


# --- what an address is sent ----------------------------------------------------------------------


def test_what_is_meant_for_a_feeds_own_site_is_not_sent_to_an_adopted_address(open_desk, press):
    old, new = (made := press(2)).rooms
    desk = open_desk(**made.files(extra=", headers: {X-Reader: sesame}"))
    desk.sweep()
    there = {"adopted_url": address_of(new, "moved"), "host": new.address}
    with desk.database.writer.begin() as tx:
        tx.execute(update(feed).where(feed.c.url == address_of(old)).values(**there))
    desk.clock.pass_(minutes=6)
    requests = [polling.asked(desk.monitor.watch, claim).request for claim in claims_of(desk)]
    sent = {request.url: dict(request.access.headers) for request in requests}
    assert sent == {
        address_of(new, "moved"): {},
        address_of(new): {"X-Reader": "sesame"},
    }


# --- a host that refuses --------------------------------------------------------------------------


def test_a_refusal_behind_a_redirect_rests_the_host_that_refused_and_no_other(open_desk, press):
    old, new = (made := press(2)).rooms
    old.moved["/feed/a"] = address_of(new, "moved")
    new.feeds["moved"] = []
    new.statuses["/feed/moved"] = 429
    new.retry_after = "1800"
    desk = open_desk(**made.files(feeds="ab"))
    desk.sweep()
    soon, later = desk.clock.now(), desk.clock.now() + timedelta(minutes=30)
    assert (host_of(desk, old).not_before <= soon, host_of(desk, new).not_before) == (True, later)
    assert (feed_of(desk, old).trouble, feed_of(desk, old, "b").trouble) == (Trouble.RESTING, None)
    assert feed_of(desk, old).not_before >= later, "it would be sent there again"
    asked = old.requests.count("/feed/b")
    desk.sweep(minutes=6)
    assert old.requests.count("/feed/b") == asked + 1


def test_a_refusal_of_a_host_that_no_feed_names_is_remembered(open_desk, press, open_newsroom):
    (old,) = (made := press(1)).rooms
    stranger, _ = open_newsroom()
    old.moved["/feed/a"] = address_of(stranger)
    stranger.statuses["/feed/a"] = 503
    files = made.files()
    files["monitor"] = files["monitor"].replace("allow: [", f'allow: ["{stranger.address}", ')
    desk = open_desk(**files)
    desk.sweep()
    assert host_of(desk, stranger).not_before == desk.clock.now() + timedelta(minutes=2)


@pytest.mark.parametrize("status", [429, 503])
def test_a_page_that_is_refused_rests_its_host_even_if_it_does_not_say_how_long(
    open_desk, press, status
):
    (room,) = (made := press(1)).rooms
    desk = open_desk(**made.files())
    desk.sweep()
    for number in range(3):
        room.publish(f"Rain in Zenda {number}", page_status=status)
    desk.sweep(minutes=6)
    assert len([path for path in room.requests if path.startswith("/a/")]) == 1
    assert host_of(desk, room).not_before == desk.clock.now() + timedelta(minutes=2)


# --- our own network: feeds -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Failure.TLS, Failure.MALFORMED, Failure.PRIVATE_ADDRESS])
def test_strangers_that_answer_for_every_host_are_an_outage_of_our_own(open_desk, press, kind):
    made = press(4)
    desk = open_desk(**made.files())
    desk.sweep()
    refused = FetchRefused if kind is Failure.PRIVATE_ADDRESS else FetchError

    def intercepted(requests, *, budget):
        del budget
        yield [(number, refused("not the host", kind=kind)) for number, _ in enumerate(requests)]

    desk.monitor.watch = replace(desk.monitor.watch, fetch_all=intercepted)
    sent = "".join(desk.sweep(minutes=10) for _ in range(6))
    assert sent.count("[ops]") == sent.count("The network is down") == 1
    waits = [row.not_before - desk.clock.now() for row in rows(desk, feed)]
    assert max(waits) <= timedelta(minutes=2)


def test_a_captive_portals_page_does_not_bring_the_network_back(open_desk, press):
    made = press(3)
    desk = open_desk(**made.files())
    desk.sweep()
    made.shut()
    assert "The network is down" in desk.sweep(minutes=6) + desk.sweep(minutes=6)
    made.open()
    for room in made.rooms:
        room.documents["/feed/a"] = ("text/html", "<html><body>Accept our terms</body></html>")
    assert desk.sweep(minutes=6) == ""
    for room in made.rooms:
        room.documents.clear()
    assert "The network is back" in desk.sweep(minutes=6)
    assert {row.failure for row in rows(desk, feed)} == {None}


def test_what_fails_for_our_sake_is_not_counted_against_a_feed(open_desk, press):
    made = press(3)
    desk = open_desk(**made.files())
    desk.sweep()
    made.shut()
    for _ in range(12):
        desk.sweep(minutes=6)
    counted = {row.attempts for row in rows(desk, feed)}
    assert counted <= {1, 2, 3}, "one that still fails when the network is back waits for a day"


def test_a_restart_inside_an_outage_does_not_tell_it_again(open_desk, press):
    made = press(3)
    desk = open_desk(**made.files())
    desk.sweep()
    made.shut()
    assert "The network is down" in desk.sweep(minutes=6) + desk.sweep(minutes=6)
    again = open_desk(**made.files())
    assert "".join(again.sweep(minutes=10) for _ in range(3)) == ""
    made.open()
    assert again.sweep(minutes=2).count("The network is back") == 1
    made.shut()
    assert "The network is down" in again.sweep(minutes=6) + again.sweep(minutes=6)


def test_the_end_of_an_outage_takes_back_what_was_not_sent_before_a_restart(
    open_desk, press, open_newsroom
):
    receiver, door = open_newsroom()
    made = press(3)
    channels = (
        'console: {url: "console:", default: true}\n'
        f'night: {{url: "json://{receiver.address}/", ops: true}}\n'
    )
    desk = open_desk(**made.files(), channels=channels)
    desk.sweep()
    made.shut()
    door.shut()
    desk.sweep(minutes=6)
    desk.sweep(minutes=6)
    again = open_desk(**made.files(), channels=channels)
    again.sweep(minutes=6)
    made.open()
    door.open()
    with again.database.writer.begin() as tx:
        tx.execute(update(delivery).values(not_before=again.clock.now() + timedelta(minutes=9)))
    again.sweep(minutes=2)
    again.sweep(minutes=20)
    (told,) = receiver.received
    assert "The network is back" in told


# --- our own network: pages -----------------------------------------------------------------------


def test_a_page_that_failed_in_our_own_outage_is_read_in_full_when_it_is_over(open_desk, press):
    room, *_ = (made := press(3)).rooms
    desk = open_desk(**made.files())
    desk.sweep()
    whole = cut_pages_off(desk)
    for number in range(3):
        room.publish(f"Rain in Zenda {number}")
    desk.sweep(minutes=6)
    made.shut()
    lose_network(desk)
    for _ in range(4):
        desk.sweep(minutes=10)
    assert rows(desk, article) == [], "their pages could not be had, so nothing was read of them"
    desk.monitor.watch = whole
    made.open()
    desk.sweep(minutes=2)
    assert [row.completeness for row in rows(desk, article)] == ["full"] * 3


def test_a_page_out_of_reach_waits_until_it_is_known_whose_trouble_it_is(open_desk, press):
    (room,) = (made := press(1)).rooms
    desk = open_desk(**made.files())
    desk.sweep()
    cut_pages_off(desk)
    room.publish(NEWS)
    assert desk.sweep(minutes=6) == ""
    assert desk.sweep(seconds=10) == "", "it is not known yet"
    desk.monitor.watch.reach.answered("elsewhere", now=desk.clock.now() + timedelta(seconds=20))
    assert NEWS in desk.sweep(seconds=20)


def test_an_alert_does_not_wait_for_a_page_out_of_reach_longer_than_minutes(open_desk, press):
    (room,) = (made := press(1)).rooms
    desk = open_desk(**made.files())
    desk.sweep()
    cut_pages_off(desk)
    room.publish(NEWS)
    assert desk.sweep(minutes=6) == ""
    made.shut()
    assert desk.sweep(minutes=4) == ""
    assert NEWS in desk.sweep(minutes=1)
    assert [row.due_at for row in rows(desk, entry)] == [None]


# --- what one poll must not undo ------------------------------------------------------------------


def test_a_feed_told_as_quiet_while_it_was_asked_stays_so_until_it_brings_news(open_desk, press):
    (room,) = (made := press(1)).rooms
    item = room.publish("Rain in Zenda")
    desk = open_desk(**made.files())
    desk.sweep()
    watch = desk.monitor.watch

    def parse_all(bodies):
        with desk.database.writer.begin() as tx:
            ledger.mark_quiet(tx, [feed_of(desk, room).id])
        return watch.parse_all(bodies)

    desk.monitor.watch = replace(watch, parse_all=parse_all)
    item.title = "Rain in Zenda again"
    began = feed_of(desk, room).news_at
    desk.sweep(minutes=6)
    assert (feed_of(desk, room).news_at, feed_of(desk, room).quiet_since) == (began, began)
    desk.monitor.watch = watch
    room.publish("Snow in Zenda")
    desk.sweep(minutes=6)
    assert feed_of(desk, room).news_at == desk.clock.now()
    assert feed_of(desk, room).quiet_since is None


def test_where_nothing_was_unchanged_nothing_is_committed_for_it(open_desk, press):
    made = press(2)
    desk = open_desk(**made.files())
    watch = desk.monitor.watch
    gone = FetchError("no address found", kind=Failure.UNREACHABLE)
    failed = [(polling.asked(watch, claim), gone) for claim in claims_of(desk)]
    shares = list(polling.shares(watch, failed, ()))
    assert [len(share.claims) for share in shares] == [1, 1]


# --- time -----------------------------------------------------------------------------------------


def test_the_longest_deadline_leaves_every_step_time_before_its_lease_ends(files, tmp_path):
    def deadline(seconds):
        changed = files["monitor.yaml"].replace("fetch: {", f"fetch: {{deadline: {seconds} s, ")
        found = load(files | {"monitor.yaml": changed}, base=tmp_path, environment={})
        return found.settings.fetch_deadline

    longest = deadline(30)
    leases = {step.name: step.lease for step in PIPELINE}
    assert 3 * longest < leases["read"], "robots.txt, once more, and the page"
    assert HOST_BUDGET + 2 * longest < leases["poll"], "the last feed, and whether it lies"
    assert timedelta(seconds=GROUP_SPACING) < HOST_BUDGET
    with pytest.raises(ConfigurationError, match="up to 30 seconds"):
        deadline(31)
