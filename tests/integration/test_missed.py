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
