"""Messages about the watch itself: to whom, how often, and taken back in time."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from monitor.core.alerts import ops_channels
from monitor.core.outbox import State
from monitor.storage import deliveries
from monitor.storage.schema import delivery

CHANNELS = 'console: {url: "console:", default: true}\nnight: {url: "file:night.mbox"}\n'


def notify(desk, *, key="network lost 12:00", title="No network", body="0 of 90 feeds."):
    watch = desk.monitor.watch
    channels = ops_channels(watch.channels.values())
    desk.database.write(
        lambda tx: deliveries.notify(
            tx, channels, key=key, title=title, body=body, now=desk.clock.now()
        )
    )


def recall(desk, title="No network"):
    desk.database.write(lambda tx: deliveries.recall(tx, title=title))


def stored(desk):
    with desk.database.read() as connection:
        return connection.execute(select(delivery).order_by(delivery.c.id)).all()


def mark(desk, **values):
    with desk.database.writer.begin() as tx:
        tx.execute(update(delivery).values(**values))


@pytest.fixture
def watching(open_desk):
    desk = open_desk(channels=CHANNELS)
    assert desk.sweep() == ""
    return desk


def test_a_notice_reaches_the_default_channel_once(watching):
    notify(watching)
    sent = watching.sweep()
    assert "[ops] No network" in sent
    assert "0 of 90 feeds.\nNoted 12:00 · sent 12:00 UTC, 2 Mar 2026\n" in sent
    notify(watching, body="0 of 91 feeds.")
    assert watching.sweep() == ""
    (row,) = stored(watching)
    assert (row.channel, row.kind, row.state) == ("console", "ops", State.SENT)
    assert (row.title, row.body) == ("No network", "0 of 90 feeds.")


def test_another_notice_is_another_message(watching):
    notify(watching, key="one")
    notify(watching, key="two")
    assert watching.sweep().count("[ops] No network") == 2


def test_a_channel_made_for_notices_gets_them_alone(open_desk):
    desk = open_desk(channels=CHANNELS.replace('x"}', 'x", ops: true}'))
    desk.sweep()
    notify(desk)
    assert "[ops]" not in desk.sweep()
    mailbox = desk.monitor.configuration.settings.state / "night.mbox"
    assert "[ops] No network" in mailbox.read_text("utf-8")


def test_what_strangers_write_into_a_notice_does_no_harm(watching):
    notify(
        watching,
        title="Quiet: https://evil.example/feed",
        body="@everyone <!channel>\n[x](https://evil.example) \u202e\x1b[31m",
    )
    sent = watching.sweep()
    assert "[ops] Quiet: https: //evil.example/feed" in sent
    assert not re.search(r"@everyone|<!|\]\(|https?://|[\u202e\x1b]", sent)


def test_a_notice_that_comes_late_says_so(watching):
    notify(watching)
    assert "Noted 12:00 · sent 12:20 UTC, 2 Mar 2026 · LATE" in watching.sweep(minutes=20)


def test_no_digest_collects_a_notice(watching, newsroom, paragraphs_of):
    closing = "Strelsau was bombed by Northland in May, as readers will remember."
    newsroom.publish("Diary of the week", text=paragraphs_of("", closing=closing))
    watching.sweep(minutes=6)
    notify(watching)
    assert "Digest" not in watching.sweep()
    assert [row.kind for row in stored(watching)] == ["digest", "ops"]
    assert "[ops]" not in watching.sweep(hours=1)


def test_a_notice_that_nobody_got_is_taken_back(watching):
    notify(watching)
    recall(watching)
    assert watching.sweep() == ""
    assert stored(watching) == []


@pytest.mark.parametrize(
    ("became", "taken_back"),
    [
        ({"state": State.QUEUED, "attempts": 3}, True),
        ({"state": State.QUEUED, "uncertain": 1}, False),
        ({"state": State.SENDING}, False),
        ({"state": State.UNKNOWN}, False),
        ({"state": State.SENT}, False),
    ],
)
def test_only_a_notice_that_cannot_have_arrived_is_taken_back(watching, became, taken_back):
    notify(watching)
    mark(watching, **became)
    recall(watching)
    assert len(stored(watching)) == (not taken_back)


def test_a_notice_that_one_channel_got_is_taken_back_from_the_others(open_desk):
    both = CHANNELS.replace('x"}', 'x", default: true}')
    desk = open_desk(channels=both)
    desk.sweep()
    notify(desk)
    with desk.database.writer.begin() as tx:
        night = update(delivery).where(delivery.c.channel == "night")
        tx.execute(night.values(not_before=desk.clock.now() + timedelta(hours=1)))
    desk.sweep()
    recall(desk)
    assert [row.channel for row in stored(desk)] == ["console"]


def test_another_notice_is_not_taken_back(watching):
    notify(watching, title="A feed is quiet")
    recall(watching)
    assert "[ops] A feed is quiet" in watching.sweep()


def test_the_newest_of_some_notices_is_the_one_told_last_or_still_to_be_told(watching):
    def newest():
        with watching.database.read() as connection:
            return deliveries.last_notice(connection, titles=("No network", "Network again"))

    assert newest() is None
    notify(watching, key="one")
    watching.sweep()
    notify(watching, key="two", title="Network again")
    notify(watching, key="three", title="A feed is quiet")
    assert newest().title == "Network again"
