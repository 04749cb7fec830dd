"""`monitor deliveries`: what a person sees of messages that did not arrive, and does about them."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from monitor import app
from monitor.cli import app as commands
from monitor.config.load import load
from monitor.core.outbox import State
from monitor.storage import deliveries
from monitor.storage.schema import delivery

NOW = datetime.now(UTC)


@pytest.fixture
def outbox(files, tmp_path):
    """A configuration on disk and its database, with a message in each state to two channels."""
    directory = tmp_path / "desk"
    files["channels.yaml"] = (
        'desk: {url: "file:desk.mbox", default: true}\nmail: {url: "file:mail.mbox"}\n'
    )
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    configuration = load(files, base=directory, environment={})
    with app.build(configuration) as monitor:
        channels = configuration.channels

        def fill(tx):
            for number, state in enumerate(State):
                old = NOW - timedelta(days=number)
                deliveries.notify(
                    tx, channels, key=f"{number}", title=f"Notice {number}", body="", now=old
                )
                mine = delivery.c.title == f"Notice {number}"
                done = None if state in (State.SENT, State.DEAD) else old
                tx.execute(delivery.update().where(mine).values(state=state, due_at=done))

        monitor.database.write(fill)
        yield directory, monitor.database


@pytest.fixture
def call(outbox):
    directory, _ = outbox

    def run(*words: str):
        done = CliRunner().invoke(commands, ["deliveries", *words, "--config", str(directory)])
        return done.exit_code, done.stdout

    return run


def states(outbox, channel="desk"):
    with outbox[1].read() as connection:
        asked = select(delivery).where(delivery.c.channel == channel).order_by(delivery.c.id)
        return [row.state for row in connection.execute(asked)]


def test_the_list_filters_by_state_channel_and_time(call):
    code, said = call("list", "--json")
    assert (code, len(json.loads(said))) == (0, 2 * len(State))
    code, said = call(
        "list", "--state", "dead", "--state", "unknown", "--channel", "mail", "--json"
    )
    assert [(each["channel"], each["state"]) for each in json.loads(said)] == [
        ("mail", "dead"), ("mail", "unknown"),
    ]  # fmt: skip
    assert len(json.loads(call("list", "--since", "36h", "--json")[1])) == 4
    code, said = call("list", "--channel", "nobody")
    assert (code, said.strip()) == (1, "no such delivery")
    assert "Notice 4" in call("list", "--state", "dead")[1]


def test_dead_and_unknown_messages_are_sent_again_with_their_keys(call, outbox):
    with outbox[1].read() as connection:
        keys = connection.execute(select(delivery.c.id, delivery.c.key)).all()
    code, said = call("retry", "--channel", "desk")
    assert (code, said.strip()) == (0, "2 deliveries retried")
    assert states(outbox) == ["queued", "sending", "sent", "queued", "queued"]
    assert states(outbox, "mail")[4] == "dead"
    with outbox[1].read() as connection:
        assert connection.execute(select(delivery.c.id, delivery.c.key)).all() == keys
        again = select(delivery).where(delivery.c.channel == "desk", delivery.c.title == "Notice 4")
        assert connection.execute(again).one().due_at is not None


def test_what_was_sent_is_never_sent_again(call, outbox):
    with outbox[1].read() as connection:
        sent = connection.execute(
            select(delivery.c.id).where(delivery.c.state == State.SENT)
        ).scalars()
        number = str(min(sent))
    code, said = call("retry", number, "--json")
    assert (code, json.loads(said)) == (1, {"retried": [], "left": [int(number)]})
    assert call("drop", number, "--reason", "no")[0] == 1
    assert states(outbox)[2] == "sent"


def test_a_dropped_message_keeps_its_reason(call, outbox):
    code, said = call("drop", "--channel", "desk", "--reason", "old news\nby now")
    assert (code, said.strip()) == (0, "2 deliveries dropped")
    assert states(outbox) == ["dead", "sending", "sent", "dead", "dead"]
    found = json.loads(call("list", "--channel", "desk", "--state", "dead", "--json")[1])
    reasons = [each["failure"] for each in found]
    assert reasons.count("dropped by hand: old news by now") == 2


@pytest.mark.parametrize("words", [["retry"], ["drop", "--reason", "x"], ["drop", "1"]])
def test_nothing_is_changed_unless_it_is_said_what(call, outbox, words):
    before = states(outbox)
    assert call(*words)[0] != 0
    assert states(outbox) == before


# --- what is held ---------------------------------------------------------------------------------


@pytest.fixture
def holding(open_desk, newsroom, files, clock, tmp_path, database_url):
    """Runs a desk with one channel until news waits there; what a command says of it then.

    The commands go by the machine's clock, so the desk begins with it.
    """
    directory = tmp_path / "held"

    def run(*keys: str):
        clock.moment = datetime.now(UTC).replace(microsecond=0)
        written = files | {
            "monitor.yaml": f"database: '{database_url}'\n{files['monitor.yaml']}",
            "channels.yaml": f'desk: {{url: "console:", default: true, {", ".join(keys)}}}\n',
        }
        for name, text in written.items():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / name).write_text(text)
        desk = open_desk(load(written, base=directory, environment={}))
        desk.sweep()
        for story in ("Strelsau offers talks", "Miners in Ruritania welcome dialogue"):
            newsroom.publish(story)
            desk.sweep(minutes=6)
        return desk, said

    def said(*words: str) -> str:
        done = CliRunner().invoke(commands, [*words, "--config", str(directory)])
        assert done.exit_code == 0, done.output
        return done.stdout

    return run


def around(begin: int, end: int) -> str:
    """A span of the day that begins and ends so many hours from now."""
    first, last = (datetime.now(UTC) + timedelta(hours=each) for each in (begin, end))
    return f'from: "{first:%H:%M}", to: "{last:%H:%M}"'


HELD = {
    "quiet hours": lambda: f"quiet_hours: {{{around(-1, 4)}}}",
    "off call": lambda: f"on_call: {{{around(4, 8)}}}",
    "burst": lambda: "rate: {messages: 1, every: 3 hours}",
}


@pytest.mark.parametrize(("why", "number"), [("quiet hours", 2), ("off call", 2), ("burst", 1)])
def test_what_is_held_is_shown_with_the_reason_and_the_time_it_waits_for(holding, why, number):
    desk, said = holding(HELD[why]())
    with desk.database.read() as connection:
        until = {row.not_before for row in connection.execute(select(delivery)) if row.held}
    [until] = until
    assert timedelta(hours=2) < until - desk.clock.now() < timedelta(hours=4)
    waiting = json.loads(said("deliveries", "list", "--state", "queued", "--json"))
    assert [(each["channel"], each["held"]) for each in waiting] == [("desk", why)] * number
    assert {datetime.fromisoformat(each["next"]) for each in waiting} == {until}
    lines = said("deliveries", "list").splitlines()
    assert sum(f"queued, held: {why} " in line for line in lines) == number
    (held,) = json.loads(said("status", "--json"))["held"]
    assert (held["channel"], held["why"], held["count"]) == ("desk", why, number)
    assert datetime.fromisoformat(held["until"]) == until
    (line,) = [line for line in said("status").splitlines() if " held until " in line]
    assert line.strip().startswith(f"desk: {number} held until ")
    assert line.endswith(f", {why}")


def test_what_is_held_no_more_is_not_shown_as_held(holding):
    desk, said = holding(HELD["quiet hours"]())
    assert "Held during quiet hours: 2 stories" in desk.sweep(hours=5)
    (sent,) = json.loads(said("deliveries", "list", "--json"))
    assert (sent["state"], sent["held"]) == ("sent", "quiet hours"), "why it came late is kept"
    assert "held:" not in said("deliveries", "list")
    assert json.loads(said("status", "--json"))["held"] == []
