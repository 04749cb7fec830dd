"""The coverage ledger: what polls brought, what may have been missed and why, who fell silent."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from monitor.core.coverage import Cause, Gap
from monitor.core.model import Feed, Outlet, OutletId, Tier
from monitor.core.outages import Outage
from monitor.core.timing import Bounds
from monitor.core.volume import Span
from monitor.storage import ledger, sync
from monitor.storage.schema import delivery, entry, feed, gap, poll, tally
from monitor.upkeep import HISTORY, next_time, tell_quiet_feeds

LATE = "Late: news from the time the watch was blind"


def rows(desk, table, name="a"):
    """The rows of one feed, in order."""
    with desk.database.read() as connection:
        asked = select(table).join(feed, feed.c.id == table.c.feed_id)
        found = connection.execute(asked.where(feed.c.outlet_id == name))
        return found.all()


def feed_of(desk, name="a"):
    with desk.database.read() as connection:
        return connection.execute(select(feed).where(feed.c.outlet_id == name)).one()


def publish(newsroom, clock, *titles, feed="a", ago=0.0):
    """Items dated so many minutes ago."""
    for title in titles:
        published = clock.now() - timedelta(minutes=ago)
        newsroom.publish(title, feed=feed, published=published)


def roll(newsroom, clock, *, count=3, ago=1.0):
    """So many new items that a window of two shows none of the old ones."""
    for number in range(count):
        publish(newsroom, clock, f"Hail {number} of {len(newsroom.feeds['a'])}", ago=ago)


@pytest.fixture
def windowed(newsroom, clock, open_desk):
    """A desk that has polled a feed that shows two items."""
    newsroom.window = 2
    publish(newsroom, clock, "Rain in Zenda", "Snow in Zenda", ago=600)
    desk = open_desk()
    desk.sweep()
    return desk


# --- polls ----------------------------------------------------------------------------------------


def test_a_poll_notes_what_was_new_what_was_known_and_whether_the_window_overlapped(
    desk, newsroom, clock
):
    newsroom.publish("Rain in Zenda")
    desk.sweep()
    newsroom.publish("Snow in Zenda")
    newsroom.publish("Hail in Zenda")
    desk.sweep(minutes=6)
    first, second = rows(desk, poll)
    assert (first.listed, first.known, first.new, first.overlapped) == (1, 0, 1, None)
    assert (second.listed, second.known, second.new, second.overlapped) == (3, 1, 2, True)
    assert (second.status, second.failure, second.polled_at) == (200, None, clock.now())


@pytest.mark.parametrize("validators", [True, False])
def test_polls_without_change_are_counted_in_the_next_line(desk, newsroom, validators):
    newsroom.validators = validators
    newsroom.publish("Rain in Zenda")
    desk.sweep()
    for _ in range(3):
        desk.sweep(minutes=6)
    assert len(rows(desk, poll)) == 1
    newsroom.publish("Snow in Zenda")
    desk.sweep(minutes=6)
    assert [row.unchanged for row in rows(desk, poll)] == [0, 3]
    assert feed_of(desk).unchanged == 0


def test_a_failed_poll_is_a_line_with_its_reason(desk, newsroom):
    desk.sweep()
    desk.sweep(minutes=6)
    newsroom.statuses["/feed/a"] = 502
    desk.sweep(minutes=6)
    line = rows(desk, poll)[-1]
    assert (line.status, line.trouble, line.failure) == (502, "soft", "127.0.0.1 answered 502")
    assert (line.unchanged, line.listed, line.new) == (1, None, None)


def test_new_entries_are_counted_by_the_hour(desk, newsroom, clock):
    desk.sweep()
    for title in ("Rain in Zenda", "Snow in Zenda"):
        newsroom.publish(title)
        desk.sweep(minutes=6)
    newsroom.publish("Hail in Zenda")
    desk.sweep(hours=2)
    counted = {row.hour: row.new for row in rows(desk, tally)}
    this_hour = ledger.hour_of(clock.now())
    assert counted == {this_hour - 2: 2, this_hour: 1}


# --- gaps -----------------------------------------------------------------------------------------


def test_a_window_that_rolled_over_is_a_gap_that_says_how_much_when_and_why(
    windowed, newsroom, clock
):
    begun = clock.now()
    clock.pass_(minutes=30)
    roll(newsroom, clock)
    windowed.sweep()
    (found,) = rows(windowed, gap)
    assert (found.since, found.until) == (begun, clock.now() - timedelta(minutes=1))
    assert found.cause == Cause.WINDOW
    assert found.most >= 1
    assert [row.overlapped for row in rows(windowed, poll)] == [None, False]


def test_a_window_that_still_overlaps_is_no_gap(windowed, newsroom, clock):
    publish(newsroom, clock, "Hail in Zenda")
    windowed.sweep(minutes=30)
    assert rows(windowed, gap) == []


def test_a_gap_while_the_feed_failed_says_so(windowed, newsroom, clock):
    newsroom.statuses["/feed/a"] = 500
    windowed.sweep(minutes=6)
    newsroom.statuses.clear()
    clock.pass_(minutes=30)
    roll(newsroom, clock)
    windowed.sweep()
    assert [row.cause for row in rows(windowed, gap)] == [Cause.FAILING]


def test_a_gap_while_its_host_wanted_to_be_left_alone_says_so(windowed, newsroom, clock):
    newsroom.statuses["/feed/b"] = 429
    newsroom.retry_after = "3600"
    windowed.sweep(minutes=6)
    newsroom.statuses.clear()
    clock.pass_(minutes=61)
    roll(newsroom, clock)
    windowed.sweep()
    assert [row.cause for row in rows(windowed, gap)] == [Cause.RESTING]


def test_a_gap_behind_a_lying_304_begins_with_the_last_answer_that_can_be_believed(
    windowed, newsroom, clock
):
    newsroom.lies = True
    publish(newsroom, clock, "Fog in Zenda")
    windowed.sweep(minutes=6)
    believed = clock.now()
    windowed.sweep(minutes=6)
    roll(newsroom, clock)
    windowed.sweep(minutes=6)
    clock.pass_(hours=24)
    roll(newsroom, clock)
    windowed.sweep()
    (found,) = rows(windowed, gap)
    assert (found.since, found.cause) == (believed, Cause.FALSE_304)


def test_a_gap_of_a_known_liar_that_is_no_longer_believed_is_one_of_its_window(
    windowed, newsroom, clock
):
    newsroom.lies = True
    publish(newsroom, clock, "Fog in Zenda")
    windowed.sweep(minutes=6)
    windowed.sweep(minutes=6)
    publish(newsroom, clock, "Mist in Zenda")
    windowed.sweep(hours=24)
    assert feed_of(windowed).lied_at == clock.now()
    windowed.sweep(minutes=6)
    clock.pass_(minutes=6)
    roll(newsroom, clock)
    windowed.sweep()
    assert [row.cause for row in rows(windowed, gap)] == [Cause.WINDOW]


# --- gaps of our own ------------------------------------------------------------------------------


def test_after_the_watch_was_down_for_hours_the_gap_says_that_it_was_not_running(
    windowed, newsroom, clock, open_desk
):
    begun = clock.now()
    clock.pass_(hours=5)
    roll(newsroom, clock, ago=30)
    again = open_desk()
    again.sweep()
    (found,) = rows(again, gap)
    assert (found.since, found.cause) == (begun, Cause.STOPPED)
    assert {row.origin for row in rows(again, entry)} == {"baseline", "missed"}
    assert feed_of(again).blind_since is None


@pytest.fixture
def two_hosts(open_newsroom, open_desk, files, newsroom):
    """A desk whose two feeds are on hosts of their own, those hosts and their doors."""
    (first, *doors), (other, door) = open_newsroom(), open_newsroom()
    outlets, settings = files["outlets/papers.yaml"], files["monitor.yaml"]
    for name, room in (("a", first), ("b", other)):
        outlets = outlets.replace(f"{newsroom.address}/feed/{name}", f"{room.address}/feed/{name}")
    allowed = f'"{first.address}", "{other.address}"'
    settings = settings.replace(f'"{newsroom.address}"', allowed)
    return open_desk(monitor=settings, outlets__papers=outlets), (first, other), (*doors, door)


def test_what_came_while_our_network_was_down_is_told_late_in_one_digest_and_critical_singly(
    two_hosts, clock
):
    desk, (first, other), doors = two_hosts
    first.window = 2
    publish(first, clock, "Rain in Zenda", "Snow in Zenda", ago=600)
    desk.sweep()
    for door in doors:
        door.shut()
    assert "The network is down" in desk.sweep(minutes=6)
    clock.pass_(hours=3)
    roll(first, clock, ago=100)
    publish(first, clock, "Strelsau offers talks", "Miners in Ruritania seek dialogue", ago=90)
    publish(other, clock, "Ruritania bombed at dawn", feed="b", ago=80)
    for door in doors:
        door.open()
    sent = desk.sweep() + desk.sweep(seconds=30)
    assert sent.count("The network is back") == 1
    assert sent.count("CRITICAL · LATE · Ruritania bombed at dawn") == 1
    assert sent.count(f"{LATE}: 2 stories") == 1
    assert [row.cause for row in rows(desk, gap)] == [Cause.NETWORK]
    assert [row.trouble for row in rows(desk, poll) if row.trouble] in ([], ["soft"])


def test_the_late_digest_says_when_nobody_looked_what_may_be_lost_and_who_is_not_back(
    two_hosts, clock
):
    desk, (first, _), (door, other_door) = two_hosts
    first.window = 2
    publish(first, clock, "Rain in Zenda", "Snow in Zenda", ago=600)
    desk.sweep()
    door.shut()
    other_door.shut()
    desk.sweep(minutes=6)
    clock.pass_(hours=3)
    roll(first, clock, ago=100)
    publish(first, clock, "Strelsau offers talks", "Miners in Ruritania seek dialogue", ago=90)
    door.open()
    sent = desk.sweep() + desk.sweep(seconds=30) + desk.sweep(minutes=20)
    assert sent.count(LATE) == 1
    told = sent.partition(LATE)[2]
    assert "Nobody looked from 12:06 to 15:06: our own network was down\n" in told
    seen_again = f"Paper A ({first.address}): 3, from 12:00 to 13:36"
    assert f"Up to 3 items may have come and gone unseen: {seen_again}\n" in told
    assert "Not back yet, so more may follow: Paper B\n" in told


PAPERS = {name: OutletId(name) for name in ("dawn", "dusk", "noon", "tide")}


@pytest.fixture
def papers(database, clock):
    """A database of four outlets with a feed each, by the names of the outlets."""
    outlets = [Outlet(each, f"The {each}", "GB", "en", Tier.NATIONAL) for each in PAPERS.values()]
    bounds = Bounds(**dict.fromkeys(("shortest", "usual", "longest"), timedelta(minutes=5)))
    feeds = [(Feed(f"http://{each}.example/rss", each), bounds) for each in PAPERS.values()]
    database.write(
        lambda tx: sync.sync(tx, outlets=outlets, feeds=feeds, rules=[], now=clock.now())
    )
    with database.read() as connection:
        return dict(connection.execute(select(feed.c.outlet_id, feed.c.id)).all())


def test_an_outage_is_its_spells_the_gaps_in_them_and_the_feeds_that_are_not_back(
    database, papers, clock
):
    noon = clock.now()

    def span(begin, end):
        return Span(noon + timedelta(hours=begin), noon + timedelta(hours=end))

    def missed(begin, end, most):
        lost = span(begin, end)
        return Gap(lost.since, lost.until, most, Cause.NETWORK)

    def note(tx):
        ledger.record_blindness(tx, span(-9, -7), Cause.STOPPED)  # told long ago
        ledger.record_blindness(tx, span(-2, -0.5), Cause.NETWORK)
        ledger.record_blindness(tx, span(-5, -3), Cause.STOPPED)
        ledger.record_gaps(
            tx,
            [
                (papers["dawn"], missed(-9, -5, 1)),  # over when the first of these began
                (papers["dawn"], missed(-6, -4, 2)),
                (papers["dusk"], missed(-1, 0, 3)),
                (papers["noon"], missed(-0.4, 0, 4)),  # begun when the last was over
            ],
        )
        for name in ("noon", "tide"):
            blind = feed.update().where(feed.c.id == papers[name])
            tx.execute(blind.values(blind_since=noon))
        gone = feed.update().where(feed.c.id == papers["tide"])
        tx.execute(gone.values(retired_at=noon))

    database.write(note)
    with database.read() as connection:
        found = ledger.outage(connection, since=noon - timedelta(hours=4))
        never = ledger.outage(connection, since=noon)
    assert found.spells == [(span(-5, -3), Cause.STOPPED), (span(-2, -0.5), Cause.NETWORK)]
    assert sorted((each.outlet, each.host, each.span, each.most) for each in found.missed) == [
        ("The dawn", "dawn.example", span(-6, -4), 2),
        ("The dusk", "dusk.example", span(-1, 0), 3),
    ]
    assert found.blind == ["The noon"]
    assert never == Outage(), "nothing is called missed where everybody looked"


# --- silence --------------------------------------------------------------------------------------


def set_rhythm(desk, *, weeks=8, each=2):
    """A feed that has brought so many entries in every hour of the last weeks."""
    now, known = desk.clock.now(), feed_of(desk)
    hours = range(ledger.hour_of(now - timedelta(weeks=weeks)), ledger.hour_of(now))
    with desk.database.writer.begin() as tx:
        tx.execute(tally.delete())
        counted = [{"feed_id": known.id, "hour": hour, "new": each} for hour in hours]
        tx.execute(tally.insert(), counted)
        begun = now - timedelta(weeks=weeks)
        tx.execute(
            feed.update().where(feed.c.id == known.id).values(first_polled_at=begun, news_at=now)
        )


def test_a_feed_that_falls_silent_is_told_once_and_once_more_when_it_is_back(desk, newsroom):
    newsroom.publish("Rain in Zenda")
    desk.sweep()
    set_rhythm(desk)
    sent = "".join(desk.sweep(hours=1, minutes=10) for _ in range(12))
    assert sent.count("[ops]") == sent.count("A feed is quiet") == 1
    assert "Paper A: nothing since" in sent
    assert feed_of(desk).quiet_since is not None
    newsroom.publish("Strelsau offers talks")
    sent = "".join(desk.sweep(minutes=6) for _ in range(3))
    assert sent.count("[ops]") == sent.count("A feed is back") == 1
    assert feed_of(desk).quiet_since is None


def test_a_feed_without_a_rhythm_may_be_silent(desk, newsroom):
    newsroom.publish("Rain in Zenda")
    desk.sweep()
    set_rhythm(desk, weeks=1)
    desk.clock.pass_(hours=40)
    tell_quiet_feeds(desk.monitor.watch)
    assert "[ops]" not in desk.sweep()


def test_a_feed_that_fails_is_not_called_quiet(desk, newsroom):
    newsroom.publish("Rain in Zenda")
    desk.sweep()
    set_rhythm(desk)
    newsroom.statuses["/feed/a"] = 500
    desk.sweep(hours=12)
    tell_quiet_feeds(desk.monitor.watch)
    assert "[ops]" not in desk.sweep()


# --- retention ------------------------------------------------------------------------------------


def test_the_ledger_forgets_what_is_older_than_its_retention_but_not_a_feeds_rhythm(
    windowed, newsroom, clock
):
    clock.pass_(minutes=30)
    roll(newsroom, clock)
    windowed.sweep()
    assert [len(rows(windowed, table)) for table in (poll, gap, tally)] == [2, 1, 1]
    kept = windowed.monitor.configuration.settings.retention_ledger
    assert kept > HISTORY
    windowed.sweep(
        seconds=(next_time("retention", clock.now() + kept) - clock.now()).total_seconds()
    )
    assert [len(rows(windowed, table)) for table in (poll, gap, tally)] == [0, 0, 0]
    with windowed.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(delivery)).scalar_one() == 0
