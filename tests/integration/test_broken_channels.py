"""Channels that are slow, broken or given too much: what waits, goes elsewhere, and is told."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from monitor.cli import app as commands
from monitor.core.outbox import State
from monitor.storage import deliveries, work
from monitor.storage.schema import delivery


@dataclass
class Hook:
    """A webhook receiver; `status` is its answer, None keeps who calls waiting."""

    now: object
    status: int | None = 200
    headers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[datetime, str, str]] = field(default_factory=list)  # when, key, text
    taken: list[str] = field(default_factory=list)  # texts that it said yes to
    over: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def address(self) -> str:
        return f"json://127.0.0.1:{self.port}/"


@contextmanager
def serving(now) -> Iterator[Hook]:
    made = Hook(now)

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            made.got.append((made.now(), self.headers["Idempotency-Key"], text))
            if made.status is None:
                made.over.wait(30)
            elif made.status < 300:
                made.taken.append(text)
            with suppress(OSError):
                self.send_response(made.status or 200)
                for name, value in made.headers.items():
                    self.send_header(name, value)
                self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    made.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    made.over.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def hooks(clock) -> Iterator[list[Hook]]:
    with ExitStack() as stack:
        yield [stack.enter_context(serving(clock.now)) for _ in range(12)]


@pytest.fixture
def furnished(open_desk, files):
    """Opens a desk with these channels, ready for news."""

    def furnish(channels: str):
        each = files["rules/rules.yaml"].replace("high", "high\n    alert: {once_per: article}")
        desk = open_desk(channels=channels, rules__rules=each)
        desk.sweep()
        return desk

    return furnish


HEADLINES = (
    "Strelsau offers talks about the bridge of Zenda",
    "Talks with Ruritania on wool prices fail, say the shepherds of Hentzau",
    "Dialogue in Ruritania: the king receives nine bakers and a barber",
    "Hofbau hosts talks between Strelsau and the makers of clocks",
    "No talks before the harvest, says a ferryman in Ruritania",
    "A choir of schoolchildren opens the Strelsau dialogue of religions",
)


def publish(newsroom, number: int) -> None:
    newsroom.publish(HEADLINES[number])


def rows(desk, channel: str):
    with desk.database.read() as connection:
        found = select(delivery).where(delivery.c.channel == channel).order_by(delivery.c.id)
        return connection.execute(found).all()


def test_channels_that_hang_do_not_delay_another(furnished, newsroom, hooks):
    *hanging, well = hooks
    for each in hanging:
        each.status = None
    channels = "".join(
        f'h{n}: {{url: "{each.address}?rto=5", default: true}}\n' for n, each in enumerate(hanging)
    )
    desk = furnished(f'{channels}well: {{url: "{well.address}", default: true}}\n')
    publish(newsroom, 0)
    desk.clock.pass_(minutes=6)
    sweeping = threading.Thread(target=desk.monitor.drain)
    sweeping.start()
    for _ in range(400):
        if well.taken or not sweeping.is_alive():
            break
        sweeping.join(0.01)
    assert well.taken, "eleven channels that hang kept the twelfth waiting"
    assert sweeping.is_alive()
    for each in hanging:
        each.over.set()
    sweeping.join(30)


def test_a_pace_lies_between_two_messages(furnished, newsroom, hooks):
    hook = hooks[0]
    desk = furnished(f'desk: {{url: "{hook.address}", default: true, pace: 10 seconds}}\n')
    for number in range(4):
        publish(newsroom, number)
    desk.sweep(minutes=6)
    assert len(hook.got) == 1
    for _ in range(8):
        desk.sweep(seconds=5.5)
    times = [when for when, _, _ in hook.got]
    assert len(times) == 4
    assert all(b - a >= timedelta(seconds=10) for a, b in pairwise(times))
    assert [row.id for row in rows(desk, "desk")] == sorted(row.id for row in rows(desk, "desk"))
    assert [key for _, key, _ in hook.got] == [row.key for row in rows(desk, "desk")], "in order"


def test_a_budget_holds_for_its_span(furnished, newsroom, hooks):
    hook = hooks[0]
    budget = "{messages: 2, every: 1 minute}"
    desk = furnished(f'desk: {{url: "{hook.address}", default: true, budget: {budget}}}\n')
    for number in range(5):
        publish(newsroom, number)
    desk.sweep(minutes=6)
    assert len(hook.got) == 2
    desk.sweep(seconds=50)
    assert len(hook.got) == 2
    desk.sweep(seconds=11)
    assert len(hook.got) == 4
    desk.sweep(seconds=61)
    assert len(hook.got) == 5


def test_who_asks_to_wait_is_asked_by_no_other_message(furnished, newsroom, hooks):
    hook = hooks[0]
    desk = furnished(f'desk: {{url: "{hook.address}", default: true}}\n')
    hook.status, hook.headers = 429, {"Retry-After": "900"}
    publish(newsroom, 0)
    desk.sweep(minutes=6)
    publish(newsroom, 1)
    desk.sweep(minutes=6)
    assert len(hook.got) == 1
    hook.status, hook.headers = 200, {}
    desk.sweep(minutes=10)
    assert len(hook.taken) == 2


def test_a_channel_that_is_back_gets_all_that_waits_in_order(furnished, newsroom, hooks):
    hook = hooks[0]
    desk = furnished(f'desk: {{url: "{hook.address}", default: true}}\n')
    hook.status = 500
    for number in range(6):
        publish(newsroom, number)
    desk.sweep(minutes=6)
    for _ in range(30):
        desk.sweep(minutes=1)
    tried = len(hook.got)
    assert tried < 60, "each message was tried as if the channel were well"
    hook.status = 200
    desk.sweep(minutes=1)
    desk.sweep(seconds=1)
    assert all(row.state == State.SENT for row in rows(desk, "desk"))
    assert len(hook.taken) == 6


def test_one_message_that_is_refused_does_not_hold_up_the_others(furnished, newsroom, hooks):
    hook = hooks[0]
    desk = furnished(f'desk: {{url: "{hook.address}", default: true}}\n')
    hook.status = 400
    publish(newsroom, 0)
    desk.sweep(minutes=6)
    for _ in range(8):
        desk.sweep(minutes=16)
    hook.status = 200
    publish(newsroom, 1)
    desk.clock.pass_(minutes=6)
    with desk.database.writer.begin() as connection:  # the refused one waits
        late = update(delivery).values(due_at=desk.clock.now() + timedelta(minutes=9))
        connection.execute(late)
    desk.sweep()
    assert len(hook.taken) == 1


# --- the fallback ---


FELL = "Sent here because the channel desk has not taken it since"


@pytest.fixture
def fallen(furnished, hooks):
    """A desk whose channel falls back to another after ten minutes."""
    first, second = hooks[:2]
    return furnished(
        f'desk: {{url: "{first.address}", default: true, '
        "fallback: {channel: phone, after: 10 minutes}}\n"
        f'phone: {{url: "{second.address}"}}\n'
    )


def test_what_is_not_delivered_goes_to_the_fallback_once_and_says_so(fallen, newsroom, hooks):
    desk, phone = hooks[:2]
    desk.status = 500
    publish(newsroom, 0)
    fallen.sweep(minutes=6)
    fallen.sweep(minutes=9)
    assert phone.taken == []
    for _ in range(5):
        fallen.sweep(minutes=2)
    told = [text for text in phone.taken if FELL in text]
    assert len(told) == 1
    assert "Strelsau" in told[0]
    assert len({key for _, key, _ in desk.got + phone.got if key}) >= 2, "each has its own key"
    desk.status = 200
    fallen.sweep(minutes=16)
    assert len(desk.taken) == 1, "it is still owed to its own channel"
    assert len([text for text in phone.taken if FELL in text]) == 1


def test_what_arrives_in_time_needs_no_fallback(fallen, newsroom, hooks):
    desk, phone = hooks[:2]
    desk.status = 500
    publish(newsroom, 0)
    fallen.sweep(minutes=6)
    desk.status = 200
    fallen.sweep(minutes=2)
    fallen.sweep(minutes=20)
    assert (len(desk.taken), phone.taken) == (1, [])
    assert rows(fallen, "phone") == []


def test_what_comes_while_the_channel_rests_falls_back_too(fallen, newsroom, hooks):
    desk, phone = hooks[:2]
    desk.status, desk.headers = 503, {"Retry-After": "7200"}
    publish(newsroom, 0)
    fallen.sweep(minutes=6)
    publish(newsroom, 1)
    fallen.sweep(minutes=6)
    for _ in range(5):
        fallen.sweep(minutes=3)
    assert len(desk.got) == 1
    assert len([text for text in phone.taken if FELL in text]) == 2


def test_two_channels_that_are_each_others_fallback_do_not_pass_it_on_for_ever(
    furnished, newsroom, hooks
):
    first, second = hooks[:2]
    first.status = second.status = 500
    desk = furnished(
        f'one: {{url: "{first.address}", default: true, fallback: {{channel: two}}}}\n'
        f'two: {{url: "{second.address}", fallback: {{channel: one}}}}\n'
    )
    publish(newsroom, 0)
    desk.sweep(minutes=6)
    for _ in range(20):
        desk.sweep(minutes=5)
    news = [row for row in (*rows(desk, "one"), *rows(desk, "two")) if row.kind == "alert"]
    assert [(row.channel, row.fallback_of) for row in news] == [
        ("one", None), ("two", news[0].id),
    ]  # fmt: skip


@pytest.fixture
def record(files, tmp_path, database_url):
    """What `monitor alerts show` says of an alert."""
    directory = tmp_path / "desk"
    files["monitor.yaml"] = f"database: '{database_url}'\n{files['monitor.yaml']}"
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)

    def shown(number: int, *, as_json: bool = True):
        words = ["alerts", "show", str(number), "--config", str(directory)]
        done = CliRunner().invoke(commands, [*words, "--json"] if as_json else words)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout) if as_json else done.stdout

    return shown


def test_a_call_that_is_refused_for_good_is_taken_by_the_fallback_once_and_recorded(
    furnished, newsroom, hooks, record
):
    told, boss, night = hooks[:3]
    desk = furnished(
        f'desk: {{url: "{told.address}", default: true, '
        "escalate: [{after: 20 minutes, to: [boss]}]}\n"
        f'boss: {{url: "{boss.address}", fallback: {{channel: night, after: 10 minutes}}}}\n'
        f'night: {{url: "{night.address}"}}\n'
    )
    boss.status = 400
    publish(newsroom, 0)
    desk.sweep(minutes=6)
    desk.sweep(minutes=21)
    assert (len(boss.got), night.got) == (1, [])
    assert [text for text in told.taken if "The channel boss refuses a message" in text]
    for _ in range(4):
        desk.sweep(minutes=3)
    [call] = night.taken
    assert "Nobody has acknowledged this at desk for " in call
    assert "Sent here because the channel boss has not taken it since " in call
    assert HEADLINES[0] in call
    with desk.database.writer.begin() as connection:
        over = update(delivery).where(delivery.c.channel == "boss")
        connection.execute(over.values(tried_for=timedelta(days=5).total_seconds()))
    for _ in range(4):
        desk.sweep(minutes=16)
    assert night.taken == [call]
    [refused], [taken] = rows(desk, "boss"), rows(desk, "night")
    assert (refused.state, refused.failure) == (State.DEAD, "400 Bad Request")
    assert (taken.state, taken.fallback_of, taken.escalates) == (
        State.SENT, refused.id, refused.escalates,
    )  # fmt: skip
    shown = record(1)
    assert [(each["channel"], each["state"]) for each in shown["deliveries"]] == [
        ("desk", "sent"), ("night", "sent"),
    ]  # fmt: skip
    [step] = shown["escalation"]
    assert (step["channel"], step["called"], step["failure"]) == (
        "boss", "night", "400 Bad Request",
    )  # fmt: skip
    assert datetime.fromisoformat(step["sent"]) == taken.sent_at.replace(microsecond=0)
    line = f"night was called {taken.sent_at:%Y-%m-%d %H:%M} UTC in place of boss: 400 Bad Request"
    assert line in record(1, as_json=False)


def test_the_record_says_that_a_call_was_not_taken_and_what_its_service_said(
    furnished, newsroom, hooks, record
):
    told, boss = hooks[:2]
    desk = furnished(
        f'desk: {{url: "{told.address}", default: true, '
        "escalate: [{after: 20 minutes, to: [boss]}]}\n"
        f'boss: {{url: "{boss.address}"}}\n'
    )
    boss.status = 400
    publish(newsroom, 0)
    desk.sweep(minutes=6)
    assert "boss, unless somebody had it by 2026-03-02 12:26 UTC" in record(1, as_json=False)
    desk.sweep(minutes=21)
    assert "boss has not taken the call: 400 Bad Request" in record(1, as_json=False)
    boss.status = 200
    desk.sweep(minutes=21)
    assert "boss was called 2026-03-02 12:48 UTC" in record(1, as_json=False)


# --- given up ---


def test_a_message_that_is_given_up_is_told_by_another_channel(furnished, newsroom, hooks):
    hook = hooks[0]
    desk = furnished(
        f'desk: {{url: "{hook.address}", default: true}}\nconsole: {{url: "console:", ops: true}}\n'
    )
    hook.status = 500
    for number in range(3):
        publish(newsroom, number)
    desk.sweep(minutes=6)
    with desk.database.writer.begin() as connection:
        connection.execute(update(delivery).values(tried_for=timedelta(days=5).total_seconds()))
    said = "".join(desk.sweep(minutes=2) for _ in range(5))
    assert [row.state for row in rows(desk, "desk")] == [State.DEAD] * 3
    assert said.count("A message to the channel desk was given up") == 1
    assert "monitor deliveries list --state dead" in said


def test_a_channel_that_fails_for_long_is_told_by_another(furnished, newsroom, hooks):
    hook = hooks[0]
    desk = furnished(
        f'desk: {{url: "{hook.address}", default: true}}\nconsole: {{url: "console:", ops: true}}\n'
    )
    hook.status = 503
    publish(newsroom, 0)
    said = desk.sweep(minutes=6) + "".join(desk.sweep(minutes=16) for _ in range(8))
    assert said.count("The channel desk fails") == 1
    assert "503" in said


# --- a clock that is set, and what is cut short ---------------------------------------------------


@pytest.mark.parametrize("days", [-1, 365])
def test_a_clock_set_back_a_day_or_forward_a_year_neither_parks_nor_kills_what_waits(
    furnished, newsroom, hooks, days
):
    hook = hooks[0]
    hook.status = 503
    desk = furnished(f'hook: {{url: "{hook.address}", default: true}}\n')
    newsroom.publish("Strelsau offers talks")
    newsroom.publish("Ruritania bombed at dawn")
    desk.sweep(minutes=6)
    desk.sweep(minutes=6)
    assert hook.taken == []
    desk.clock.pass_(days=days)
    desk.sweep()
    hook.status = 200
    desk.sweep(minutes=20)
    desk.sweep(minutes=1)
    told = "".join(hook.taken)
    assert "Strelsau offers talks" in told
    assert "Ruritania bombed at dawn" in told
    assert {row.state for row in rows(desk, "hook")} == {State.SENT}


def test_what_was_cut_short_twice_is_sent_alone(furnished, newsroom, hooks):
    channels = "".join(
        f'hook-{number}: {{url: "{hooks[number].address}", default: true}}\n' for number in range(3)
    )
    desk = furnished(channels)
    desk.monitor.database.write(
        lambda tx: [
            deliveries.notify(
                tx,
                list(desk.monitor.watch.channels.values()),
                key=f"{number}",
                title=f"Note {number}",
                body="",
                now=desk.clock.now(),
            )
            for number in range(2)
        ]
    )

    def claimed():
        return desk.database.write(
            lambda tx: deliveries.claim_deliveries(
                tx,
                channels=[*desk.monitor.watch.channels],
                now=desk.clock.now(),
                lease=timedelta(minutes=2),
                limit=9,
            )
        )

    first = claimed()
    assert len(first) == 3
    desk.clock.pass_(minutes=3)
    again = claimed()
    assert sorted(each.key for each in again) == sorted(each.key for each in first)
    desk.clock.pass_(minutes=3)
    others = claimed()
    assert len(others) == 3
    assert not {each.key for each in others} & {each.key for each in first}
    assert claimed() == [], "a suspect was sent beside others"
    for each in others:
        desk.database.write(lambda tx, each=each: work.finish(tx, each, state=State.SENT))
    assert [len(claimed()), len(claimed())] == [1, 0]
