"""From queued to sent: what a channel answers, and what becomes of the message."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import select, update

from monitor.core.outbox import State
from monitor.storage import deliveries, views
from monitor.storage.schema import article, delivery


@dataclass
class Receiver:
    """A real webhook receiver: `statuses` are its next answers, 200 after them."""

    statuses: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    port: int = 0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            made.keys.append(self.headers["Idempotency-Key"])
            self.send_response(made.statuses.pop(0) if made.statuses else 200)
            for name, value in made.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def hooked(open_desk, receiver, newsroom):
    """A desk with a webhook beside the console, and one alert to tell."""
    channels = (
        'console: {url: "console:", default: true}\n'
        f'hook: {{url: "json://127.0.0.1:{receiver.port}/", default: true}}\n'
    )
    desk = open_desk(channels=channels)
    desk.sweep()
    newsroom.publish("Strelsau offers talks")
    return desk


def hook(desk):
    with desk.database.read() as connection:
        return connection.execute(select(delivery).where(delivery.c.channel == "hook")).one()


def test_a_message_reaches_every_channel_once_with_its_key(hooked, receiver):
    assert "Strelsau" in hooked.sweep(minutes=6)
    row = hook(hooked)
    assert (row.state, receiver.keys) == (State.SENT, [row.key])
    assert row.title
    assert "»Strelsau«" in row.body
    assert row.sent_at == hooked.clock.now()


def test_a_channel_that_refuses_keeps_its_message_and_holds_up_no_other(hooked, receiver):
    receiver.statuses = [403] * 3
    assert "Strelsau" in hooked.sweep(minutes=6), "the console waited for the webhook"
    row = hook(hooked)
    assert (row.state, row.attempts) == (State.QUEUED, 1)
    assert "403" in row.failure
    for _ in range(3):
        hooked.sweep(minutes=1)
    assert hook(hooked).state == State.SENT
    assert len(set(receiver.keys)) == 1


def test_a_channel_that_asks_to_wait_is_left_alone_that_long(hooked, receiver):
    receiver.statuses, receiver.headers = [429], {"Retry-After": "120"}
    hooked.sweep(minutes=6)
    hooked.sweep(seconds=110)
    assert hook(hooked).state == State.QUEUED
    hooked.sweep(seconds=15)
    assert hook(hooked).state == State.SENT


def test_a_message_is_given_up_by_age_not_by_count(hooked, receiver):
    receiver.statuses = [500] * 1000
    hooked.sweep(minutes=6)
    for _ in range(20):
        hooked.sweep(minutes=16)
    assert hook(hooked).state == State.QUEUED
    hooked.sweep(days=30)
    assert hook(hooked).state == State.QUEUED, "a jump of the clock counts as a quarter of an hour"
    with hooked.database.writer.begin() as connection:
        connection.execute(update(delivery).values(tried_for=timedelta(days=5).total_seconds()))
    hooked.sweep(minutes=16)
    row = hook(hooked)
    assert (row.state, row.due_at) == (State.DEAD, None)
    assert "500" in row.failure


def cut_short(desk):
    """As if the process had died between the claim and the outcome."""
    desk.clock.pass_(minutes=6)
    desk.database.write(
        lambda tx: deliveries.claim_deliveries(
            tx, channels=["hook"], now=desk.clock.now(), lease=timedelta(minutes=2), limit=9
        )
    )


def test_a_send_that_a_crash_cut_short_is_repeated_with_the_same_key(hooked, receiver):
    receiver.statuses = [500]
    hooked.sweep(minutes=6)
    cut_short(hooked)
    assert hook(hooked).state == State.SENDING
    hooked.sweep(minutes=1)
    assert len(receiver.keys) == 1, "it was repeated before its lease ended"
    hooked.sweep(minutes=2)
    row = hook(hooked)
    assert (row.state, row.uncertain) == (State.SENT, 1)
    assert receiver.keys == [row.key] * 2


def test_a_message_that_kills_its_sender_goes_dead_after_five_times(hooked, receiver):
    receiver.statuses = [500]
    hooked.sweep(minutes=6)
    for _ in range(6):
        cut_short(hooked)
    hooked.sweep(minutes=6)
    row = hook(hooked)
    assert row.state == State.DEAD
    assert "cut short" in row.failure
    assert len(receiver.keys) == 1


def test_messages_for_a_channel_that_is_gone_wait_for_it(hooked, open_desk, receiver):
    receiver.statuses = [500]
    hooked.sweep(minutes=6)
    without = open_desk()
    without.sweep(minutes=16)
    row = hook(without)
    assert (row.state, row.due_at) == (State.QUEUED, None)
    assert row.failure == "its channel is not in the configuration any more"


def test_rules_may_choose_their_channels(open_desk, newsroom, files):
    rules = files["rules/rules.yaml"].replace(
        "dialogue]}]}", "dialogue]}]}\n    notify: {channels: [quiet]}"
    )
    channels = 'console: {url: "console:", default: true}\nquiet: {url: "file:quiet.mbox"}\n'
    desk = open_desk(channels=channels, rules__rules=rules)
    desk.sweep()
    newsroom.publish("Strelsau offers talks")
    newsroom.publish("Ruritania bombed at dawn")
    sent = desk.sweep(minutes=6)
    mailbox = (desk.monitor.configuration.settings.state / "quiet.mbox").read_text("utf-8")
    assert "bombed at dawn" in sent
    assert "offers talks" not in sent
    assert "offers talks" in mailbox
    assert "bombed at dawn" not in mailbox


def reported(desk, *, credit=None, publisher=None):
    """What a message about the story says, if this is known of the article of outlet a."""
    told = update(article).where(article.c.outlet_id == "a")
    with desk.database.writer.begin() as tx:
        tx.execute(told.values(credit=credit, publisher=publisher))
    with desk.database.read() as connection:
        (told,) = views.reports(connection, 1)
    return told


@pytest.fixture
def shared(desk, newsroom):
    """One story, told by both outlets in words of their own."""
    desk.sweep()
    newsroom.publish("Ruritania offers Northland talks on border and gold")
    newsroom.publish("Ruritania offers talks on gold and border to Northland", feed="b")
    desk.sweep(minutes=6)
    return desk


def test_two_outlets_with_words_of_their_own_are_two_sources(shared):
    told = reported(shared)
    assert (told.outlets, told.sources, told.credit) == (2, 2, None)


@pytest.mark.parametrize(
    ("agency", "name", "sources"), [("b", "Paper B", 1), ("wire", "wire", 2), ("a", None, 2)]
)
def test_an_agencys_copy_is_no_source_of_its_own(shared, agency, name, sources):
    told = reported(shared, credit=agency)
    assert (told.outlets, told.sources, told.credit) == (2, sources, name)


def test_the_publisher_behind_an_aggregator_is_told(shared):
    assert reported(shared, publisher="Strelsau Times").publisher == "Strelsau Times"


def test_a_copy_word_for_word_is_no_source_of_its_own(desk, newsroom):
    text = "Ruritania and Northland will hold talks on Sunday, officials said. " * 10
    desk.sweep()
    newsroom.publish("Ruritania to hold talks", text=text)
    newsroom.publish("Ruritania to hold talks", feed="b", text=text)
    desk.sweep(minutes=6)
    told = reported(desk)
    assert (told.outlets, told.sources) == (2, 1)
