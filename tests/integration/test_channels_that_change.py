"""Channels that go and come while messages wait or stories run, and secrets that are replaced."""

import socket
from contextlib import closing
from dataclasses import replace

import pytest
from sqlalchemy import select
from test_incidents import ATTACKS, KNOWN

from monitor import app
from monitor.config import load
from monitor.config.directory import Edits
from monitor.core.outbox import State
from monitor.storage.schema import delivery

HEARD = 'heard: {url: "file:heard.log", default: true}\n'


@pytest.fixture
def dead_port():
    """A port of this machine that nobody listens on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        return taken.getsockname()[1]


def rows(desk, **wanted):
    with desk.database.read() as connection:
        found = connection.execute(select(delivery).order_by(delivery.c.id)).all()
    return [row for row in found if all(getattr(row, k) == v for k, v in wanted.items())]


@pytest.fixture
def waiting(open_desk, newsroom, dead_port):
    """Opens a desk with a message that waits for a channel `gone`, written with these keys."""

    def begin(keys):
        gone = f'gone: {{url: "json://127.0.0.1:{dead_port}/"{keys}}}\n'
        desk = open_desk(channels=gone + HEARD, rules__rules=RULES)
        desk.sweep()
        newsroom.publish("Strelsau offers talks")
        desk.sweep(minutes=6)
        (row,) = rows(desk, channel="gone")
        assert row.state == State.QUEUED
        return desk

    return begin


RULES = """
version: 1
rules:
  - id: talks
    title: Talks with Ruritania
    severity: high
    when: {all: [Strelsau, talks]}
    notify: {channels: [gone]}
"""
ELSEWHERE = RULES.replace("[gone]", "[heard]")


def test_what_waits_for_a_channel_that_is_gone_goes_to_the_fallback_it_had(waiting, open_desk):
    waiting(", fallback: {channel: heard, after: 5 days}")
    later = open_desk(channels=HEARD, rules__rules=ELSEWHERE)
    later.sweep()
    log = heard(later)
    assert "Strelsau offers talks" in log
    assert "Sent here because the channel gone is not configured any more." in log
    assert "The channel gone is gone" in log
    (row,) = rows(later, channel="gone")
    assert (row.state, row.due_at) == (State.DEAD, None)
    assert row.failure.endswith("handed over to heard")
    open_desk(channels=HEARD, rules__rules=ELSEWHERE).sweep(minutes=1)
    assert heard(later) == log, "a second start tells it again"


def test_an_open_digest_of_a_channel_that_is_gone_keeps_its_time(open_desk, newsroom):
    gone = 'gone: {url: "file:gone.log", fallback: {channel: heard}}\n'
    collecting = RULES + "    alert: {digest: {every: 2 hours}}\n"
    desk = open_desk(channels=gone + HEARD, rules__rules=collecting)
    desk.sweep()
    newsroom.publish("Strelsau offers talks")
    desk.sweep(minutes=6)
    later = open_desk(channels=HEARD, rules__rules=ELSEWHERE)
    later.sweep(minutes=100)
    assert "The channel gone is gone" in heard(later)
    assert "Strelsau offers talks" not in heard(later)
    later.sweep(minutes=21)
    assert "Digest: Talks with Ruritania: 1 story" in heard(later) or "Digest: talks" in heard(
        later
    )
    assert heard(later).count("Strelsau offers talks") == 1
    assert "Sent here because the channel gone is not configured any more." in heard(later)


def test_a_fallback_that_is_gone_as_well_hands_on_to_its_own(waiting, open_desk):
    second = 'second: {url: "file:second.log", fallback: {channel: heard}'
    chain = f", fallback: {{channel: second}}}}\n{second}"
    waiting(chain)
    later = open_desk(channels=HEARD, rules__rules=ELSEWHERE)
    later.sweep()
    assert heard(later).count("Strelsau offers talks\n") == 1


def test_without_a_fallback_people_are_told_what_waits_and_how_to_see_it(waiting, open_desk):
    waiting("")
    later = open_desk(channels=HEARD, rules__rules=ELSEWHERE)
    later.sweep()
    log = heard(later)
    assert "The channel gone is gone" in log
    assert "1 message waited for it, and it had no fallback" in log
    assert "monitor deliveries list --channel gone" in log
    assert "Strelsau offers talks" not in log
    (row,) = rows(later, channel="gone")
    assert (row.state, row.due_at) == (State.QUEUED, None)
    assert row.failure == "its channel is not in the configuration any more"
    open_desk(channels=HEARD, rules__rules=ELSEWHERE).sweep(minutes=1)
    assert heard(later) == log, "a second start tells it again"


def test_a_channel_that_is_back_gets_what_waited(waiting, open_desk):
    waiting("")
    open_desk(channels=HEARD, rules__rules=ELSEWHERE).sweep()
    back = 'gone: {url: "file:back.log"}\n'
    later = open_desk(channels=HEARD + back, rules__rules=RULES)
    later.sweep()
    assert "Strelsau offers talks" in log_of(later, "back.log")


def heard(desk):
    return log_of(desk, "heard.log")


def log_of(desk, name):
    path = desk.monitor.configuration.settings.state / name
    return path.read_text("utf-8") if path.exists() else ""


def test_the_first_message_of_a_running_story_on_a_new_channel_stands_on_its_own(
    open_desk, files, tmp_path, newsroom
):
    def watch(channels):
        found = load(files | {"channels.yaml": channels}, base=tmp_path, environment={})
        return open_desk(replace(found, rules=(ATTACKS,), knowledge=KNOWN))

    old = 'console: {url: "console:", default: true}\n'
    watch(old).sweep()
    newsroom.publish("Northland bombs Strelsau")
    desk = watch(old)
    assert "first report" in desk.sweep(minutes=6)
    desk = watch(old + HEARD)
    newsroom.publish("Rudolf denies that Northland bombed Strelsau")
    sent = desk.sweep(minutes=6)
    assert "UPDATE · Rudolf denies" in sent
    log = heard(desk)
    assert "Rudolf denies" in log
    assert "UPDATE" not in log
    assert "New here: other channels have been told of this since 12:0" in log
    newsroom.publish("Officials confirm: Northland bombed Strelsau again", feed="b")
    desk.sweep(minutes=40)
    assert "New here" not in heard(desk)[len(log) :]


# --- secrets --------------------------------------------------------------------------------------


@pytest.fixture
def directory(tmp_path, files):
    made = tmp_path / "config"
    for name, text in files.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(text, "utf-8")
    return made


def test_a_secret_in_a_file_of_its_own_is_read_again_when_that_changes(directory, tmp_path):
    secret = tmp_path / "token"
    (directory / "channels.yaml").write_text(
        f'hook: {{url: "json://127.0.0.1/${{file:{secret}}}", default: true}}\n'
    )
    edits = Edits(directory)
    assert [edits.look() is None for _ in range(3)] == [True, False, True]
    secret.write_text("first")
    assert edits.look() is None, "a file that may still be written was read"
    assert edits.look() is not None
    assert edits.look() is None
    _written(tmp_path / "new", "another").replace(secret)
    edits.look()
    assert edits.look() is not None


def _written(path, text):
    path.write_text(text)
    return path


def test_a_replaced_secret_file_is_in_force_without_a_restart(directory, tmp_path, clock):
    secret = _written(tmp_path / "name", "one")
    (directory / "channels.yaml").write_text(
        f'log: {{url: "file:${{file:{secret}}}.log", default: true}}\n'
    )
    with app.build(app.configure(directory), clock=clock) as monitor:
        reload = monitor.reload(directory)
        reload.look()
        reload.look()
        secret.write_text("two, and longer")
        reload.look()
        reload.look()
        assert [each.url for each in monitor.watch.ops] == ["file:two%2C%20and%20longer.log"]
        monitor.drain()
        told = (monitor.settings.state / "two%2C%20and%20longer.log").read_text("utf-8")
    assert "channels: 1 altered" in told


def test_a_secret_that_the_environment_outweighs_needs_a_restart_and_says_so(
    directory, clock, monkeypatch
):
    monkeypatch.setenv("LOG_NAME", "outer")
    (directory / "channels.yaml").write_text('log: {url: "file:${LOG_NAME}.log", default: true}\n')
    (directory / "secrets.env").write_text("LOG_NAME=outer\n")
    with app.build(app.configure(directory), clock=clock) as monitor:
        reload = monitor.reload(directory)
        reload.look()
        reload.look()
        for written, told in (
            ("inner", "secrets.env: the new LOG_NAME takes effect at the next start"),
            ("outer", "secrets.env: LOG_NAME is again as the watch was started with"),
        ):
            (directory / "secrets.env").write_text(f"LOG_NAME={written}\n")
            reload.look()
            reload.look()
            monitor.drain()
            log = (monitor.settings.state / "outer.log").read_text("utf-8")
            assert told in log
            assert "inner" not in log
