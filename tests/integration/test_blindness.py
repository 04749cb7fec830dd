"""When we could not look: noticed whatever the reason, and told from a feed's own failures."""

import itertools
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from monitor.core.coverage import Cause
from monitor.core.model import Access, Feed, Outlet, OutletId, Selectors, Tier
from monitor.core.timing import Bounds
from monitor.pipeline import PIPELINE
from monitor.runners.clock import ReplayClock
from monitor.runners.embedded import Embedded, Width
from monitor.storage import feeds, hosts, sync, work
from monitor.storage.engine import Database
from monitor.storage.feeds import BLIND_AFTER
from monitor.storage.schema import entry, feed, gap, host, poll, task

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # when the clock of these tests starts
TRIES = 1_000  # sweeps, of some 20 ms, before a test gives up
PATIENCE = 10  # seconds until a run that should end is taken to hang
STEADY = "poll: {interval: 5 minutes, shortest: 5 minutes, longest: 5 minutes}"
LEASE = timedelta(minutes=2)
OUTLET = Outlet(OutletId("paper"), "The Paper", "GB", "en", Tier.NATIONAL)
FIVE_MINUTES = Bounds(**dict.fromkeys(("shortest", "usual", "longest"), timedelta(minutes=5)))


def feed_of(desk, name="a"):
    with desk.database.read() as connection:
        return connection.execute(select(feed).where(feed.c.outlet_id == name)).one()


def all_of(desk, table):
    with desk.database.read() as connection:
        return connection.execute(select(table).order_by(table.c.id)).all()


def publish(newsroom, clock, *titles, ago=0.0):
    for title in titles:
        newsroom.publish(title, published=clock.now() - timedelta(minutes=ago))


# --- at a start -----------------------------------------------------------------------------------


def test_an_edit_of_the_poll_interval_does_not_hide_that_the_watch_was_not_running(
    open_desk, files, newsroom, clock
):
    open_desk().sweep()
    publish(newsroom, clock, "Ruritania bombed at dawn")
    clock.pass_(hours=8)
    edited = files["monitor.yaml"].replace(STEADY, STEADY.replace("5", "3"))
    sent = open_desk(monitor=edited).sweep()
    assert "CRITICAL · LATE · Ruritania bombed at dawn" in sent


def test_a_feed_whose_host_asked_to_be_left_alone_was_not_unseen_by_our_fault(
    open_desk, newsroom, clock
):
    desk = open_desk()
    desk.sweep()
    until = clock.now() + timedelta(hours=2)
    desk.database.write(lambda tx: tx.execute(update(host).values(not_before=until)))
    clock.pass_(hours=1)
    assert feed_of(open_desk()).blind_since is None
    clock.pass_(hours=4)
    assert feed_of(open_desk()).blind_since is not None, "the host had given leave for hours"


def roll(newsroom, clock):
    """So many new items that a window of two shows none of the old ones."""
    publish(newsroom, clock, *(f"Hail {n}" for n in range(3)), ago=1)


@pytest.fixture
def windowed(newsroom, clock, open_desk):
    """A desk that has polled a feed that shows two items."""
    newsroom.window = 2
    publish(newsroom, clock, "Rain in Zenda", "Snow in Zenda", ago=600)
    desk = open_desk()
    desk.sweep()
    return desk


def test_a_feed_that_failed_when_the_watch_was_stopped_was_not_unseen_by_a_lost_network(
    windowed, newsroom, clock, open_desk
):
    newsroom.statuses["/feed/a"] = 500
    windowed.sweep(minutes=6)
    newsroom.statuses.clear()
    clock.pass_(hours=8)
    roll(newsroom, clock)
    again = open_desk()
    again.sweep()
    assert [row.cause for row in all_of(again, gap)] == [Cause.STOPPED]
    assert feed_of(again).blind_cause is None, "it has been seen since"


# --- while running --------------------------------------------------------------------------------


class Sleeper:
    """The desk's clock on a machine that sleeps for eight hours at its first idle moment."""

    def __init__(self, clock):
        self._clock = clock
        self.slept = False

    def now(self):
        return self._clock.now()

    def wait_until(self, moment, *, wake, idle):
        del moment
        if idle and not self.slept:
            self.slept = True
            self._clock.pass_(hours=8)
        else:
            wake.wait(0.02)


def run(desk, clock, *, until):
    """Let a desk's monitor run until something is so; in vain it gives up after a while."""
    desk.database.write(lambda tx: tx.execute(task.delete()))  # none of these steps does any
    beats = itertools.count()

    def beat():
        if until() or next(beats) > TRIES:
            runner.stop()

    runner = Embedded(
        lambda: desk.monitor.watch,
        clock=clock,
        wake=threading.Event(),
        widths={step.name: Width.of(2) for step in PIPELINE},
        beat=beat,
    )
    runner.run()
    return desk.out.getvalue()


def test_what_came_out_while_the_machine_slept_is_told_late(desk, newsroom, clock):
    desk.sweep()
    publish(newsroom, clock, "Ruritania bombed at dawn", ago=-60)
    sleeper = Sleeper(clock)
    sent = run(desk, sleeper, until=lambda: "bombed" in desk.out.getvalue())
    assert sleeper.slept
    assert "CRITICAL · LATE · Ruritania bombed at dawn" in sent


def test_a_replay_that_leaps_from_poll_to_poll_is_never_blind(open_desk, files, newsroom, clock):
    hourly = STEADY.replace("5 minutes", "1 hour")
    desk = open_desk(monitor=files["monitor.yaml"].replace(STEADY, hourly))
    desk.sweep()
    replay = ReplayClock(begins=clock.now(), ends=clock.now() + timedelta(hours=6))
    desk.monitor.watch = replace(desk.monitor.watch, now=replay.now)
    publish(newsroom, clock, "Ruritania bombed at dawn", ago=-60)
    sent = run(desk, replay, until=lambda: replay.over)
    assert replay.over
    assert len({row.polled_at for row in all_of(desk, poll)}) > 1
    assert "CRITICAL · Ruritania bombed at dawn" in sent


# --- a replay that ends ---------------------------------------------------------------------------


@pytest.fixture
def ending(desk):
    """Runs a desk to its end by a replay's clock: half a second before a poll is due."""
    desk.sweep()
    desk.database.write(lambda tx: tx.execute(task.delete()))
    asked_at = desk.clock.now()
    runners = []

    def end(*, moves, clock_of=None):
        begins = feed_of(desk).not_before - timedelta(seconds=0.5)
        replay, wake = ReplayClock(begins=begins, ends=begins + moves), threading.Event()
        desk.monitor.watch = replace(desk.monitor.watch, now=replay.now)
        runner = Embedded(
            lambda: desk.monitor.watch,
            clock=clock_of(replay, wake) if clock_of else replay,
            wake=wake,
            widths={step.name: Width.of(2) for step in PIPELINE},
        )
        runners.append(runner)
        ended = threading.Thread(target=runner.drain, daemon=True)
        ended.start()
        ended.join(PATIENCE)
        return not ended.is_alive(), feed_of(desk).polled_at > asked_at

    yield end
    for runner in runners:
        runner.stop()


def test_a_run_that_ends_does_not_wait_for_what_a_clock_that_stands_still_never_reaches(ending):
    ended, polled = ending(moves=timedelta())
    assert ended, "it waits for a moment that never comes"
    assert not polled


def test_a_run_that_ends_does_what_falls_due_within_a_second_of_a_clock_that_moves(ending):
    assert ending(moves=timedelta(seconds=1)) == (True, True)


class Woken:
    """A replay's clock whose first wait is cut short by a commit before it has moved."""

    def __init__(self, replay, wake):
        self._replay, self._wake, self._first = replay, wake, True

    def now(self):
        return self._replay.now()

    def wait_until(self, moment, *, wake, idle):
        if self._first:
            self._wake.set()
        self._first = False
        self._replay.wait_until(moment, wake=wake, idle=idle)


def test_a_run_that_ends_does_not_take_a_wait_cut_short_for_a_clock_that_stands_still(ending):
    assert ending(moves=timedelta(seconds=1), clock_of=Woken) == (True, True)


# --- a configuration that was edited --------------------------------------------------------------

PAGE = """<ul><li><a href="/a/0">Fog in Zenda</a></li></ul>
<ol><li><a href="/a/1">Strelsau offers talks</a></li></ol>"""
LIST_OF_A = 'feeds: [{url: "http://ADDRESS/list", page: {items: "ITEMS"}}]'


@pytest.fixture
def reading_a_page(open_desk, files, newsroom, clock):
    """Opens a desk whose outlet a has a plain page, read by some selector."""
    newsroom.documents["/list"] = ("text/html", PAGE)
    newsroom.validators = True
    publish(newsroom, clock, "Fog in Zenda", "Strelsau offers talks")

    def open_one(items):
        listed = LIST_OF_A.replace("ADDRESS", newsroom.address).replace("ITEMS", items)
        before = f'feeds: [{{url: "http://{newsroom.address}/feed/a"}}]'
        return open_desk(outlets__papers=files["outlets/papers.yaml"].replace(before, listed))

    return open_one


def test_a_selector_that_was_mended_is_used_at_once_though_the_page_is_the_same(
    reading_a_page, clock
):
    reading_a_page("ul li").sweep()
    clock.pass_(seconds=20)
    desk = reading_a_page("li")
    sent = desk.sweep()
    assert [row.title for row in all_of(desk, entry)] == ["Fog in Zenda", "Strelsau offers talks"]
    assert "Strelsau offers talks" in sent
    assert "Fog" not in sent
    assert all_of(desk, gap) == []


def test_a_feed_that_was_given_up_for_its_selector_is_asked_at_once_with_a_better_one(
    reading_a_page, clock
):
    desk = reading_a_page("ul .nothing")
    desk.sweep()
    assert feed_of(desk).trouble == "hard"
    for _ in range(4):
        desk.sweep(hours=30)
    clock.pass_(seconds=20)
    desk = reading_a_page("ul li")
    desk.sweep()
    assert (feed_of(desk).trouble, feed_of(desk).attempts) == (None, 0)
    assert [row.title for row in all_of(desk, entry)] == ["Fog in Zenda"]


def sync_papers(database, *wanted, now):
    """What a start does with such feeds."""
    bounded = [(each, FIVE_MINUTES) for each in wanted]
    database.write(lambda tx: sync.sync(tx, outlets=[OUTLET], feeds=bounded, rules=[], now=now))


FEED = Feed("http://paper.example/rss", OutletId("paper"))
SIGNED = Access(headers={"Authorization": "Basic c2VjcmV0"}, proxy="http://user:word@proxy.example")


@pytest.fixture
def polled(database, clock):
    """A database with one feed that was polled well a minute ago, and is due in an hour."""
    sync_papers(database, FEED, now=clock.now())
    then, due = clock.now(), clock.now() + timedelta(hours=1)
    known = {"etag": "e", "last_modified": "l", "body_hash": "b", "marks": b"m" * 8}
    known |= {"newest": b"n" * 8, "succeeded_at": then, "not_before": due, "due_at": then}
    database.write(lambda tx: tx.execute(update(feed).values(**known)))
    clock.pass_(minutes=1)
    return database


def only_feed(database):
    with database.read() as connection:
        return connection.execute(select(feed)).one()


@pytest.mark.parametrize(
    "edited",
    [
        replace(FEED, page=Selectors(items="li")),
        replace(FEED, aggregator=True),
        replace(FEED, access=SIGNED),
        replace(FEED, access=Access(user_agent="another")),
    ],
    ids=["page", "aggregator", "access", "user agent"],
)
def test_an_edit_of_how_a_feed_is_asked_or_read_makes_it_due_as_if_it_were_new(
    polled, clock, edited
):
    sync_papers(polled, edited, now=clock.now())
    row = only_feed(polled)
    assert (row.etag, row.last_modified, row.body_hash, row.newest) == (None, None, None, None)
    assert (row.not_before, row.due_at) == (clock.now(), clock.now())
    assert row.marks == b"m" * 8, "what it lists as before would be looked at again"
    for secret in ("c2VjcmV0", "word"):
        assert secret not in repr(row)


def test_a_start_without_an_edit_leaves_a_feed_as_it_is(polled, clock):
    before = only_feed(polled)
    sync_papers(polled, replace(FEED, source="a friend", verified=True), now=clock.now())
    assert only_feed(polled) == before


@pytest.mark.parametrize("why", [{"failure": "no feed"}, {"succeeded_at": NOON - BLIND_AFTER * 4}])
def test_an_edit_does_not_hide_what_an_outage_may_have_cost(polled, clock, why):
    late = {"not_before": clock.now() - 3 * BLIND_AFTER} if "succeeded_at" in why else {}
    polled.write(lambda tx: tx.execute(update(feed).values(**why, **late)))
    sync_papers(polled, replace(FEED, access=SIGNED), now=clock.now())
    assert only_feed(polled).newest == b"n" * 8


@pytest.mark.parametrize("edited", [(), (replace(FEED, access=SIGNED),)], ids=["retired", "edited"])
def test_a_poll_under_way_does_not_undo_an_edit_made_meanwhile(polled, clock, edited):
    due = clock.now() + timedelta(hours=1)
    (claim,) = polled.write(lambda tx: feeds.claim_by_host(tx, feed, now=due, lease=LEASE, limit=1))
    sync_papers(polled, *edited, now=clock.now())
    after = only_feed(polled)
    polled.write(lambda tx: feeds.finish(tx, [(claim, {"due_at": due, "etag": "old"})]))
    assert only_feed(polled) == after
    assert (after.due_at is None) is (edited == ())


# --- two processes --------------------------------------------------------------------------------


def test_nobody_claims_a_feed_whose_poll_is_just_being_committed(polled, clock, database_url):
    if polled.dialect != "postgresql":
        pytest.skip("SQLite's writers wait for the whole database")
    due = clock.now() + timedelta(hours=1)
    (claim,) = polled.write(lambda tx: work.claim(tx, feed, now=due, lease=LEASE, limit=1))
    other, later = Database(database_url), due + 2 * LEASE
    with polled.writer.begin() as tx:
        assert feeds.still_held(tx, [claim]) == {claim.key: None}
        assert other.write(lambda tx: work.claim(tx, feed, now=later, lease=LEASE, limit=1)) == []
    assert len(other.write(lambda tx: work.claim(tx, feed, now=later, lease=LEASE, limit=1))) == 1
    other.close()


def test_rows_are_inserted_in_one_order_so_that_two_processes_do_not_wait_in_a_circle(database):
    names = ["b.example", "c.example", "a.example"]
    database.write(lambda tx: hosts.know(tx, names))
    place = "rowid" if database.dialect == "sqlite" else "ctid"
    with database.read() as connection:
        stored = connection.execute(select(host.c.name).order_by(text(place))).scalars().all()
    assert stored == sorted(names)
