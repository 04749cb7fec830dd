"""How feeds are asked: how often, with what, whom we leave alone, and what failures change."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
import structlog
from presses import feed_of, rows
from sqlalchemy import update

from monitor.core.health import Trouble
from monitor.core.outbox import State
from monitor.pipeline import PIPELINE
from monitor.polling import MOVES_ADOPTED
from monitor.storage import hosts
from monitor.storage.schema import article, delivery, entry, feed, host, poll

STEERED = "poll: {interval: 8 minutes, shortest: 2 minutes, longest: 20 minutes}\n"
FAR = timedelta(days=1) * 1.1  # the longest pause of a failing feed, and what chance adds


def note(desk, room, **values):
    with desk.database.writer.begin() as tx:
        mine = feed.c.url == f"http://{room.address}/feed/a"
        tx.execute(update(feed).where(mine).values(**values))


def pause(desk, room, name="a"):
    """How long until a feed is polled again."""
    return feed_of(desk, room, name).not_before - desk.clock.now()


def sweep_when_due(desk, room):
    """Let time pass until a feed is due, and do what is due then."""
    return desk.sweep(seconds=pause(desk, room).total_seconds())


def fill(room, titles):
    for title in titles:
        room.publish(title)


def failing(room, path="/feed/a", *, status=500):
    room.statuses[path] = status


# --- how often ------------------------------------------------------------------------------------


def test_a_quiet_feed_is_asked_ever_later_up_to_the_bound_and_sooner_after_a_burst(
    open_desk, press
):
    (room,) = (made := press(1)).rooms
    room.window = 4
    fill(room, ["Rain one", "Rain two", "Rain three", "Rain four"])
    desk = open_desk(**made.files(poll=STEERED))
    desk.sweep()
    quiet = []
    for _ in range(5):
        sweep_when_due(desk, room)
        quiet.append(pause(desk, room))
    assert quiet == sorted(quiet)
    assert quiet[0] < quiet[-1] == timedelta(minutes=20)
    fill(room, ["Snow one", "Snow two", "Snow three"])
    sweep_when_due(desk, room)
    assert pause(desk, room) == timedelta(minutes=10)


def test_a_feed_whose_window_has_turned_over_is_asked_again_after_the_shortest_pause(
    open_desk, press
):
    (room,) = (made := press(1)).rooms
    room.window = 2
    fill(room, ["Rain one", "Rain two"])
    desk = open_desk(**made.files(poll=STEERED))
    desk.sweep()
    for _ in range(3):
        fill(room, ["Snow", "Hail", "Sleet"])
        sweep_when_due(desk, room)
        assert pause(desk, room) == timedelta(minutes=2)


def test_a_feeds_own_interval_is_its_longest_pause(open_desk, press):
    (room,) = (made := press(1)).rooms
    desk = open_desk(**made.files(poll=STEERED, extra=", interval: 3 minutes"))
    desk.sweep()
    for _ in range(4):
        sweep_when_due(desk, room)
        assert pause(desk, room) <= timedelta(minutes=3)


# --- conditional requests -------------------------------------------------------------------------


def test_a_feed_with_validators_is_asked_whether_it_has_changed(open_desk, press):
    (room,) = (made := press(1)).rooms
    room.validators = True
    room.publish("Rain in Zenda")
    desk = open_desk(**made.files())
    desk.sweep()
    desk.sweep(minutes=6)
    first, second = room.asked
    assert (first.etag, first.last_modified) == (None, None)
    assert second.etag
    assert second.last_modified
    assert feed_of(desk, room).unchanged == 1
    room.publish("Strelsau offers talks")
    assert "Strelsau offers talks" in desk.sweep(minutes=6)
    assert room.asked[2].etag == second.etag


def test_a_lying_304_is_found_out_and_not_trusted_for_a_month(open_desk, press):
    (room,) = (made := press(1)).rooms
    room.lies = True
    room.publish("Rain in Zenda")
    desk = open_desk(**made.files())
    desk.sweep()
    desk.sweep(minutes=6)
    room.publish("Strelsau offers talks")
    assert desk.sweep(minutes=6) == ""
    assert feed_of(desk, room).lied_at is None
    assert "Strelsau offers talks" in desk.sweep(hours=24)
    assert feed_of(desk, room).lied_at == desk.clock.now()
    conditional = [bool(each.etag) for each in room.asked if each.path == "/feed/a"]
    assert conditional == [False, True, True, False, True], "the last one proves the lie"
    room.asked.clear()
    room.publish("Ruritania bombed at dawn")
    assert "Ruritania bombed at dawn" in desk.sweep(minutes=6)
    desk.sweep(days=29)
    assert not room.asked[0].etag
    assert not room.asked[-1].etag
    desk.sweep(days=2)
    desk.sweep(minutes=6)
    assert room.asked[-1].etag, "after a month it is trusted again"


def test_a_lie_of_a_busy_feed_is_found_out_within_hours(open_desk, press):
    (room,) = (made := press(1)).rooms
    room.lies = True
    desk = open_desk(**made.files())
    desk.sweep()
    room.publish("Rain in Zenda")
    note(desk, room, etag=None, last_modified=None, flow=6.0)
    desk.sweep(minutes=10)
    room.publish("Strelsau offers talks")
    sent = "".join(desk.sweep(minutes=10) for _ in range(8))
    assert "Strelsau offers talks" in sent
    assert feed_of(desk, room).lied_at is not None


def test_a_server_that_ignores_validators_is_no_liar(open_desk, press):
    (room,) = (made := press(1)).rooms
    room.headers = {"ETag": '"always the same"'}
    room.publish("Rain in Zenda")
    desk = open_desk(**made.files())
    desk.sweep()
    desk.sweep(minutes=6)
    room.publish("Snow in Zenda")
    desk.sweep(hours=25)
    assert feed_of(desk, room).lied_at is None


# --- hosts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
def test_a_host_that_refuses_one_feed_is_left_alone_with_all_its_feeds(open_desk, press, status):
    busy, other = (made := press(2)).rooms
    desk = open_desk(**made.files(feeds="ab"))
    desk.sweep()
    failing(busy, "/feed/b", status=status)
    busy.retry_after = "1800"
    desk.sweep(minutes=6)
    assert feed_of(desk, busy, "a").trouble == Trouble.RESTING
    asked, others = len(busy.asked), len(other.asked)
    desk.sweep(minutes=20)
    assert len(busy.asked) == asked
    assert len(other.asked) == others + 2
    busy.statuses.clear()
    desk.sweep(minutes=11)
    assert len(busy.asked) == asked + 2
    assert [feed_of(desk, busy, name).trouble for name in "ab"] == [None, None]


@pytest.mark.parametrize("status", [429, 503])
def test_a_host_that_does_not_say_how_long_rests_a_little_longer_each_time(
    open_desk, press, status
):
    busy, other = (made := press(2)).rooms
    failing(busy, status=status)
    desk = open_desk(**made.files())
    rests = []
    for _ in range(4):
        desk.sweep()
        resting = next(row for row in rows(desk, host) if row.name == busy.address)
        rests.append(resting.not_before - desk.clock.now())
        desk.clock.moment = max(resting.not_before, feed_of(desk, busy).not_before)
    assert rests == sorted(rests)
    assert rests[0] == timedelta(minutes=2) < rests[-1]
    assert feed_of(desk, other).failure is None


def test_the_pages_of_a_host_are_asked_for_with_pauses_and_other_hosts_do_not_wait(
    open_desk, press
):
    first, second = (made := press(2)).rooms
    desk = open_desk(**made.files())
    desk.sweep()
    spaced = replace(desk.monitor.watch, host_spacing=timedelta(seconds=5))
    desk.monitor.watch = spaced

    def tick(_, *, wake, idle):
        wake.wait(0.01)
        desk.clock.pass_(seconds=1 if idle else 0)

    desk.clock.wait_until = tick
    fill(first, ["Rain in Zenda", "Snow on the hills", "Hail over the lake"])
    second.publish("Sun in Strelsau")
    desk.sweep(minutes=6)
    pages = [each.at for each in first.asked if each.path.startswith("/a/")]
    gaps = [later - earlier for earlier, later in pairwise(pages)]
    assert len(pages) == 3
    assert all(gap >= timedelta(seconds=5) for gap in gaps)
    (elsewhere,) = [each.at for each in second.asked if each.path.startswith("/a/")]
    assert elsewhere < pages[1]


def test_feeds_that_a_slow_host_left_no_time_for_are_put_back_and_asked_next(open_desk, press):
    (room,) = (made := press(1)).rooms
    desk = open_desk(**made.files(feeds="ab"))
    watch, budgets = desk.monitor.watch, [timedelta()]

    def fetch_all(requests, *, budget):
        return watch.fetch_all(requests, budget=budgets.pop() if budgets else budget)

    desk.monitor.watch = replace(watch, fetch_all=fetch_all)
    desk.sweep()
    assert not budgets
    assert sorted(room.requests) == ["/feed/a", "/feed/b"]
    assert feed_of(desk, room, "b").claims == 2
    assert {(row.attempts, row.failure) for row in rows(desk, feed)} == {(0, None)}


def test_feeds_that_failed_do_not_take_the_place_of_those_that_answer(open_desk, press):
    dead, living = (made := press(2)).rooms
    failing(dead)
    desk = open_desk(**made.files())
    desk.sweep()
    desk.clock.pass_(hours=1)
    taken = {}
    for step in PIPELINE[:2]:
        claims = desk.database.write(
            lambda tx, step=step: step.claim(
                tx, desk.monitor.watch, lease=timedelta(minutes=2), limit=9
            )
        )
        taken[step.name] = [claim.row.host for claim in claims]
        desk.database.write(lambda tx: hosts.release(tx, [dead.address, living.address]))
    assert taken == {"poll": [living.address], "retry": [dead.address]}


# --- failures -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "wall", "trouble", "polls"),
    [
        (500, False, Trouble.SOFT, 28),
        (404, False, Trouble.HARD, 6),
        (403, True, Trouble.WALL, 8),
    ],
)
def test_a_failing_feed_is_asked_ever_later_and_never_given_up(
    open_desk, press, status, wall, trouble, polls
):
    broken, well = (made := press(2)).rooms
    failing(broken, status=status)
    broken.headers = {"cf-mitigated": "challenge"} if wall else {}
    desk = open_desk(**made.files())
    desk.sweep()
    assert feed_of(desk, broken).trouble == trouble
    pauses = [pause(desk, broken)]
    for _ in range(polls):
        resting = [row.not_before for row in rows(desk, host) if row.name == broken.address]
        desk.clock.moment = max(feed_of(desk, broken).not_before, *resting)
        desk.sweep()
        pauses.append(pause(desk, broken))
    assert broken.requests.count("/feed/a") == polls + 1
    assert pauses == sorted(pauses)
    assert pauses[0] < timedelta(hours=1)
    assert timedelta(hours=23) < pauses[-1] <= FAR
    assert feed_of(desk, well).failure is None
    broken.statuses, broken.headers = {}, {}
    desk.sweep(days=1)
    row = feed_of(desk, broken)
    assert (row.failure, row.trouble, row.attempts) == (None, None, 0)
    assert pause(desk, broken) < timedelta(minutes=10)


def test_a_host_that_alone_cannot_be_reached_is_a_failing_one(open_desk, press):
    gone, *_ = (made := press(3)).rooms
    desk = open_desk(**made.files())
    desk.sweep()
    made.doors[0].shut()
    for _ in range(4):
        desk.sweep(minutes=15)
    assert feed_of(desk, gone).trouble == Trouble.SOFT
    assert pause(desk, gone) > timedelta(minutes=6)
    assert rows(desk, delivery) == []


def test_a_feed_that_storage_refuses_does_not_spoil_the_others_of_its_group(open_desk, press):
    made = press(3)
    bad = made.rooms[0]
    names = "abcdefghi"
    for room in made.rooms:
        room.feeds = {name: [] for name in names}
    desk = open_desk(**made.files(feeds=names))
    desk.sweep()
    watch = desk.monitor.watch

    def parse_all(bodies):
        return [
            replace(found, entries=tuple(replace(item, title="\ud800") for item in found.entries))
            if body.url == f"http://{bad.address}/feed/e"
            else found
            for body, found in zip(bodies, watch.parse_all(bodies), strict=True)
        ]

    def fetch_all(requests, *, budget):  # all that is asked together comes in together
        groups = watch.fetch_all(requests, budget=budget)
        yield [each for group in groups for each in group]

    desk.monitor.watch = replace(watch, parse_all=parse_all, fetch_all=fetch_all)
    plain = [structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()]
    structlog.configure(processors=plain)  # the usual one takes a minute to draw 27 rows
    for room in made.rooms:
        for name in names:
            room.publish(f"Rain in Zenda {room.port} {name}", feed=name, page_status=404)
    desk.sweep(minutes=6)
    assert len(rows(desk, entry)) == 26
    failed = [row for row in rows(desk, feed) if row.failure]
    assert [row.url for row in failed] == [f"http://{bad.address}/feed/e"]
    assert failed[0].due_at > desk.clock.now(), "it is tried again"
    assert {row.busy_until for row in rows(desk, host)} == {None}


def test_a_document_that_cannot_be_read_fails_alone_and_once(open_desk, press):
    bad, good = (made := press(2)).rooms
    desk = open_desk(**made.files())
    desk.sweep()
    bad.documents["/feed/a"] = ("text/html", "<html><body>Under construction</body></html>")
    good.publish("Strelsau offers talks")
    assert "Strelsau offers talks" in desk.sweep(minutes=6)
    row = feed_of(desk, bad)
    assert (row.trouble, row.attempts) == (Trouble.HARD, 1)
    (line,) = [each for each in rows(desk, poll) if each.trouble]
    assert (line.feed_id, line.trouble) == (row.id, Trouble.HARD)


# --- addresses that moved -------------------------------------------------------------------------


def test_a_permanent_redirect_is_adopted_after_many_sightings_and_left_when_it_ends(
    open_desk, press
):
    old, new = (made := press(2)).rooms
    new.feeds["moved"] = []
    there = f"http://{new.address}/feed/moved"
    old.moved["/feed/a"] = there
    desk = open_desk(**made.files())
    desk.sweep()
    assert (feed_of(desk, old).moved_to, feed_of(desk, old).moves) == (there, 1)
    note(desk, old, moves=MOVES_ADOPTED - 2)
    desk.sweep(minutes=6)
    row = feed_of(desk, old)
    assert (row.moves, row.adopted_url, row.host) == (MOVES_ADOPTED - 1, None, old.address)
    desk.sweep(minutes=6)
    row = feed_of(desk, old)
    assert (row.adopted_url, row.host) == (there, new.address)
    asked = len(old.asked)
    new.publish("Strelsau offers talks", feed="moved")
    assert "Strelsau offers talks" in desk.sweep(minutes=6)
    assert len(old.asked) == asked
    new.statuses["/feed/moved"] = 404
    desk.sweep(minutes=6)
    row = feed_of(desk, old)
    assert (row.adopted_url, row.host) == (None, old.address)
    old.moved.clear()
    old.publish("Ruritania bombed at dawn")
    assert "Ruritania bombed at dawn" in desk.sweep(minutes=6)


def test_only_one_and_the_same_destination_in_a_row_is_adopted(open_desk, press):
    old, new = (made := press(2)).rooms
    old.moved["/feed/a"] = f"http://{new.address}/feed/a"
    desk = open_desk(**made.files())
    desk.sweep()
    note(desk, old, moves=MOVES_ADOPTED - 1)
    old.moved["/feed/a"] = f"http://{new.address}/feed/b"
    desk.sweep(minutes=6)
    assert (feed_of(desk, old).moves, feed_of(desk, old).adopted_url) == (1, None)
    note(desk, old, moves=MOVES_ADOPTED - 1)
    old.moved.clear()
    desk.sweep(minutes=6)
    assert (feed_of(desk, old).moves, feed_of(desk, old).moved_to) == (0, None)


# --- our own network ------------------------------------------------------------------------------


def test_when_hardly_any_host_answers_it_is_our_own_network_and_one_notice_says_so(
    open_desk, press
):
    made = press(4)
    desk = open_desk(**made.files())
    desk.sweep()
    before = {row.id: row.interval for row in rows(desk, feed)}
    made.shut()
    sent = desk.sweep(minutes=6) + "".join(desk.sweep(minutes=10) for _ in range(6))
    assert sent.count("[ops]") == sent.count("The network is down") == 1
    assert "4 feeds are not watched" in sent
    assert {row.id: row.interval for row in rows(desk, feed)} == before
    assert all(pause(desk, room) <= timedelta(minutes=2) for room in made.rooms)
    made.open()
    asked = desk.sweep(minutes=2)
    assert asked.count("[ops]") == asked.count("The network is back") == 1
    assert {row.failure for row in rows(desk, feed)} == {None}
    assert "[ops]" not in desk.sweep(minutes=6)


def test_the_first_answer_makes_everything_due_again(open_desk, press):
    made = press(6)
    failing_long = made.rooms[5]
    failing(failing_long, status=404)
    desk = open_desk(**made.files())
    for _ in range(3):
        desk.sweep(minutes=20)
    assert pause(desk, failing_long) > timedelta(minutes=30)
    made.shut()
    desk.sweep(minutes=15)
    desk.sweep(minutes=15)
    made.open()
    failing_long.statuses.clear()
    desk.sweep(minutes=2)
    assert {row.failure for row in rows(desk, feed)} == {None}


def test_a_start_without_network_lets_no_pause_grow(open_desk, press):
    made = press(4)
    made.shut()
    desk = open_desk(**made.files())
    sent = "".join(desk.sweep(minutes=5) for _ in range(6))
    assert sent.count("The network is down") == 1
    assert all(pause(desk, room) <= timedelta(minutes=2) for room in made.rooms)


def test_notices_go_to_the_channel_made_for_them_and_the_end_replaces_what_was_not_sent(
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
    assert desk.sweep(minutes=6) == ""
    (down,) = rows(desk, delivery)
    assert (down.channel, down.sent_at) == ("night", None)
    made.open()
    door.open()
    with desk.database.writer.begin() as tx:
        tx.execute(update(delivery).values(not_before=desk.clock.now() + timedelta(minutes=9)))
    assert desk.sweep(minutes=2) == ""
    (told,) = receiver.received
    assert "The network is back" in told
    assert [row.state for row in rows(desk, delivery)] == [State.SENT]


# --- kinds of feed --------------------------------------------------------------------------------


SITEMAP = """<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{items}</urlset>"""
SITEMAP_ITEM = """<url><loc>{link}</loc><news:news><news:publication><news:name>P</news:name>
 <news:language>en</news:language></news:publication><news:title>{title}</news:title>
 </news:news></url>"""
JSON_FEED = '{{"version": "https://jsonfeed.org/version/1.1", "title": "P", "items": [{items}]}}'
JSON_ITEM = '{{"id": "{link}", "url": "{link}", "title": "{title}"}}'
PAGE = "<html><body><h1>Notices</h1><ul>{items}</ul></body></html>"
PAGE_ITEM = '<li class="notice"><a href="{link}">{title}</a></li>'


@pytest.mark.parametrize(
    ("kind", "document", "item", "joint", "extra"),
    [
        ("application/xml", SITEMAP, SITEMAP_ITEM, "", ""),
        ("application/feed+json", JSON_FEED, JSON_ITEM, ",", ""),
        ("text/html", PAGE, PAGE_ITEM, "", ', page: {items: "li.notice"}'),
    ],
    ids=["news sitemap", "JSON Feed", "plain page"],
)
def test_what_a_source_without_rss_lists_is_read_and_told(
    open_desk, press, kind, document, item, joint, extra
):
    (room,) = (made := press(1)).rooms

    def show():
        items = [
            item.format(link=f"http://{room.address}/a/{number}", title=each.title)
            for number, each in enumerate(room.feeds["a"])
        ]
        room.documents["/feed/a"] = (kind, document.format(items=joint.join(items)))

    room.publish("Rain in Zenda")
    show()
    desk = open_desk(**made.files(extra=extra))
    assert desk.sweep() == ""
    room.publish("Strelsau offers talks")
    show()
    sent = desk.sweep(minutes=6)
    assert "Strelsau offers talks" in sent
    assert "full article" in sent
    assert feed_of(desk, room).failure is None


# --- aggregators ----------------------------------------------------------------------------------


def test_an_aggregators_entry_stays_a_headline_unless_it_carries_the_publishers_address(
    open_desk, press
):
    made = press(2)
    search, publisher = made.rooms
    files = made.files(extra=", aggregator: true")
    desk = open_desk(**files)
    desk.sweep()
    publisher.publish("Strelsau offers talks")
    own = f"http://{publisher.address}/a/0"
    links = [f"http://{search.address}/articles/CBMi", f"http://{search.address}/click?url={own}"]
    titles = ["Envoys meet in Zenda", "Strelsau offers talks"]
    items = "".join(
        f"<item><title>{title}</title><guid>{link}</guid><link>{link}</link></item>"
        for title, link in zip(titles, links, strict=True)
    )
    search.documents["/feed/a"] = (
        "application/rss+xml",
        f'<rss version="2.0"><channel><title>s</title>{items}</channel></rss>',
    )
    desk.sweep(minutes=6)
    found = {row.title: (row.url, row.completeness) for row in rows(desk, article)}
    assert found["Envoys meet in Zenda"] == (links[0], "title")
    assert found["Strelsau offers talks"] == (own, "full")
    assert not [path for path in search.requests if not path.startswith("/feed/")]
