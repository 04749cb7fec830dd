"""After the watch was blind: what came out meanwhile is told once, and marked late."""

import itertools
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from monitor.core.alerts import Origin
from monitor.storage.deliveries import GATHERING_LIMIT
from monitor.storage.schema import delivery, entry, feed

HEADING = "Late: news from the time the watch was blind"
_numbers = itertools.count()


@pytest.fixture
def watching(desk):
    """A desk that has seen its feeds, which were empty."""
    assert desk.sweep() == ""
    return desk


def store(desk, title, *, hours=3.0, outlet="a", origin=Origin.MISSED, summary=None):
    """An entry that a poll has just brought, published `hours` ago; None: undated."""
    now, number = desk.clock.now(), next(_numbers)
    with desk.database.writer.begin() as tx:
        feed_id = tx.execute(select(feed.c.id).where(feed.c.outlet_id == outlet)).scalar_one()
        tx.execute(
            entry.insert().values(
                feed_id=feed_id,
                key=f"key-{number}",
                content_key=f"content-{number}",
                url=f"http://127.0.0.1:1/{number}",
                title=title,
                summary=summary or f"{title}.",
                published_at=None if hours is None else now - timedelta(hours=hours),
                seen_at=now,
                origin=origin,
                not_before=now,
                due_at=now,
            )
        )


def deliveries_of(desk):
    with desk.database.read() as connection:
        return connection.execute(select(delivery).order_by(delivery.c.id)).all()


def still_blind(desk, outlet, **values):
    """A feed that has not been polled since the outage, and will not be for an hour."""
    now = desk.clock.now()
    waits = {"blind_since": now - timedelta(hours=4), "not_before": now + timedelta(hours=1)}
    with desk.database.writer.begin() as tx:
        tx.execute(update(feed).where(feed.c.outlet_id == outlet).values(**(waits | values)))


def test_what_was_missed_arrives_as_one_digest_that_says_it_is_late(watching):
    store(watching, "Strelsau offers talks")
    store(watching, "Ruritania and the envoy in dialogue on fishing rights", outlet="b", hours=2)
    sent = watching.sweep() + watching.sweep(seconds=30)
    assert sent.count(f"{HEADING}: 2 stories") == 1
    assert "The oldest is from 09:00, the last was seen 12:00" in sent
    assert "published 09:00, seen 3 h later" in sent
    assert [(row.kind, row.collection) for row in deliveries_of(watching)] == [("digest", "missed")]


def test_what_was_missed_without_a_date_is_told_too(watching):
    store(watching, "Strelsau offers talks", hours=None)
    sent = watching.sweep() + watching.sweep(seconds=30)
    assert f"{HEADING}: 1 story" in sent
    assert "Strelsau offers talks" in sent


def test_what_is_critical_is_told_singly_at_once_and_marked_late(watching):
    store(watching, "Strelsau bombed")
    store(watching, "Airstrikes reported on Ruritania, ministry says", hours=2)
    store(watching, "Strelsau offers talks")
    sent = watching.sweep()
    assert sent.count("LATE: the watch was blind when this came out; seen 3 h later") == 1
    assert sent.count("LATE: the watch was blind when this came out; seen 2 h later") == 1
    assert "CRITICAL · LATE · Strelsau bombed" in sent
    assert "offers talks" not in sent
    rest = watching.sweep(seconds=30)
    assert "1. 🟠 HIGH · Strelsau offers talks" in rest
    assert "bombed" not in rest
    assert watching.sweep(hours=1) == ""


def test_an_article_told_at_once_is_not_repeated_in_the_digest(watching):
    store(watching, "Talks off after Strelsau is bombed")
    sent = watching.sweep() + watching.sweep(hours=1)
    assert "▪ Strikes on Ruritania (critical)" in sent
    assert "▪ Talks with Ruritania (high)" in sent
    assert len(deliveries_of(watching)) == 1


def test_a_channel_that_hears_nothing_critical_gets_the_digest(open_desk, files):
    rules = files["rules/rules.yaml"].replace(
        "airstrike*, bombed]}]}", "airstrike*, bombed]}]}\n    notify: {channels: [night]}"
    )
    channels = 'console: {url: "console:", default: true}\nnight: {url: "file:night.mbox"}\n'
    desk = open_desk(channels=channels, rules__rules=rules)
    desk.sweep()
    store(desk, "Talks off after Strelsau is bombed")
    desk.sweep()
    desk.sweep(seconds=30)
    told = {row.channel: row.collection for row in deliveries_of(desk)}
    assert told == {"console": "missed", "night": None}


def test_what_was_told_before_the_outage_is_not_told_again(watching):
    store(watching, "Ruritania bombed: bridge at Strelsau falls", origin=Origin.LIVE)
    assert "first report of this story" in watching.sweep()
    store(watching, "Bridge at Strelsau falls as Ruritania is bombed", outlet="b", hours=1)
    assert watching.sweep() + watching.sweep(hours=1) == ""


def test_what_comes_out_now_is_told_at_once_beside_an_open_digest(watching):
    store(watching, "Strelsau offers talks")
    store(watching, "Miners in Ruritania welcome dialogue", origin=Origin.LIVE, hours=0)
    sent = watching.sweep()
    assert "Miners in Ruritania" in sent
    assert "LATE" not in sent
    assert "offers talks" not in sent
    assert HEADING in watching.sweep(seconds=30)


def test_the_digest_waits_for_feeds_not_yet_polled_after_the_outage(watching):
    still_blind(watching, "b")
    store(watching, "Strelsau offers talks")
    assert watching.sweep() + watching.sweep(minutes=2) == ""
    store(watching, "Ruritania and the envoy in dialogue on fishing rights", outlet="b")
    still_blind(watching, "b", blind_since=None)
    sent = watching.sweep() + watching.sweep(seconds=30)
    assert f"{HEADING}: 2 stories" in sent


def test_the_digest_does_not_wait_for_ever(watching):
    still_blind(watching, "b")
    store(watching, "Strelsau offers talks")
    assert watching.sweep() == ""
    assert HEADING in watching.sweep(seconds=GATHERING_LIMIT.total_seconds())


@pytest.mark.parametrize("why", ["it fails by itself", "it is watched no more"])
def test_the_digest_does_not_wait_for_a_feed_that_will_bring_nothing(watching, why):
    now = watching.clock.now()
    still_blind(watching, "b", **({"attempts": 1} if "fails" in why else {"retired_at": now}))
    store(watching, "Strelsau offers talks")
    assert HEADING in watching.sweep() + watching.sweep(seconds=30)


def test_a_run_that_ends_sends_what_was_missed(watching):
    store(watching, "Strelsau offers talks")
    assert watching.sweep() == ""
    still_blind(watching, "b")
    watching.monitor.flush()
    assert HEADING in watching.out.getvalue()


def test_after_the_watch_was_not_running_nothing_is_baselined(open_desk, newsroom, clock):
    open_desk().sweep()
    went_down = clock.now()
    clock.pass_(hours=5)
    newsroom.publish("Strelsau offers talks", published=went_down + timedelta(hours=1))
    newsroom.publish("Ruritania bombed at dawn", feed="b", published=went_down + timedelta(hours=2))
    newsroom.publish("Miners welcome dialogue in Ruritania", feed="b", published=clock.now())
    desk = open_desk()
    sent = desk.sweep()
    assert "CRITICAL · LATE · Ruritania bombed at dawn" in sent
    assert "HIGH · Miners welcome dialogue in Ruritania" in sent
    assert "offers talks" not in sent
    rest = desk.sweep(seconds=30)
    assert f"{HEADING}: 1 story" in rest
    assert "Strelsau offers talks" in rest
    assert desk.sweep(minutes=30) == ""


# --- where nothing matched ----------------------------------------------------------------------


@pytest.fixture
def windowed(newsroom, clock, open_desk):
    """A desk that has polled feeds which show two items; starts it again after a while.

    Meanwhile so much came out that nobody knows what was listed in between.
    """
    newsroom.window = 2
    for title in ("Rain in Zenda", "Snow in Zenda"):
        newsroom.publish(title, published=clock.now() - timedelta(hours=10))
    open_desk().sweep()

    def again(*titles, **span):
        clock.pass_(**span)
        for title in ("Hail 1", "Hail 2", "Hail 3", *titles):
            ago = timedelta(hours=4) if title in titles else timedelta(minutes=5)
            newsroom.publish(title, published=clock.now() - ago)
        return open_desk()

    return again


LATE = "may have been missed while the watch was blind"


def test_people_hear_of_what_may_have_been_missed_also_if_nothing_matches(windowed, open_desk):
    desk = windowed(hours=8)
    assert desk.sweep() == ""
    sent = desk.sweep(seconds=30)
    assert f"items {LATE}\n" in sent
    assert sent.count("Late: ") == 1
    assert "Nobody looked from 12:00 to 20:00: the watch was not running" in sent
    assert "Paper A (127.0.0.1:" in sent
    assert "Nothing of what was seen late matches a rule." in sent
    assert "Code" not in sent
    assert LATE not in desk.sweep(hours=1) + open_desk().sweep(minutes=5)


def test_a_restart_of_some_minutes_is_no_outage_whatever_a_feed_has_lost(windowed):
    desk = windowed(minutes=20)
    assert desk.sweep() + desk.sweep(minutes=30) == ""
    assert deliveries_of(desk) == []


def test_an_outage_in_which_nothing_can_have_been_missed_is_not_told(open_desk, clock):
    open_desk().sweep()
    clock.pass_(hours=8)
    desk = open_desk()
    assert desk.sweep() + desk.sweep(minutes=30) == ""


def test_what_matches_and_what_may_be_missing_come_in_one_digest(windowed):
    desk = windowed("Strelsau offers talks", hours=8)
    sent = desk.sweep() + desk.sweep(seconds=30) + desk.sweep(hours=1)
    assert f"{HEADING}: 1 story" in sent
    assert "items may have come and gone unseen: Paper A" in sent
    assert LATE not in sent


def test_what_is_critical_and_told_by_itself_is_not_denied_by_the_late_digest(windowed):
    desk = windowed("Strelsau bombed", hours=8)
    sent = desk.sweep() + desk.sweep(seconds=30)
    assert "CRITICAL · LATE · Strelsau bombed" in sent
    assert LATE in sent
    assert "What matches of what was seen late is told apart from this, or kept back." in sent


def test_a_run_that_only_looks_now_and_then_does_not_tell_that_nobody_looked(windowed):
    desk = windowed(hours=8)
    desk.sweep()
    desk.monitor.flush()
    assert desk.out.getvalue() + desk.sweep(hours=1) == ""
