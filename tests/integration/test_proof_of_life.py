"""Canaries on their way through the whole chain, and channels that have been silent too long."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from test_broken_channels import Hook, serving

from monitor import living
from monitor.runners.proof import Heartbeat
from monitor.storage import canaries
from monitor.storage.schema import (
    article,
    canary,
    delivery,
    entry,
    hit,
    match,
    story,
    task,
)
from monitor.upkeep import CANARY

BIRD = 'bird: {url: "file:bird.log", canary: true}\n'
CONSOLE = 'console: {url: "console:", default: true}\n'


def rows(desk, table):
    with desk.database.read() as connection:
        return connection.execute(select(table).order_by(*table.primary_key.columns)).all()


def log_of(desk, name="bird.log"):
    path = desk.monitor.configuration.settings.state / name
    return path.read_text("utf-8") if path.exists() else ""


@pytest.fixture
def hook(clock):
    with serving(clock.now) as made:
        yield made


def canaries_at(hook: Hook) -> str:
    return CONSOLE + f'bird: {{url: "{hook.address}", canary: true}}\n'


def test_a_canary_goes_the_whole_way_and_leaves_nothing_that_counts(open_desk, newsroom):
    desk = open_desk(channels=CONSOLE + BIRD)
    sent = desk.sweep()
    assert "CANARY · no news: the watch works" in log_of(desk)
    assert "Canary 1 set out at 12:00:00 UTC: listed after" in log_of(desk)
    assert "canary" not in sent.lower(), "another channel was shown it"
    for table in (entry, article, match, story, hit):
        assert rows(desk, table) == [], table.name
    (row,) = rows(desk, canary)
    assert None not in (row.listed_at, row.read_at, row.judged_at)


def test_a_canary_speaks_the_language_of_its_channel(open_desk):
    desk = open_desk(channels=CONSOLE + BIRD.replace("}", ", language: es}"))
    desk.sweep()
    said = log_of(desk)
    assert "CANARIO · no es noticia: la vigilancia funciona" in said
    assert "El canario 1 salió a las 12:00:00 UTC: recogido a los " in said
    assert "Enviado 12:00 UTC, 2 mar 2026." in said
    assert "Canary" not in said


def test_people_hear_in_their_own_languages_of_a_channel_in_trouble(open_desk, hook):
    hook.status = 404
    gone = f'gone: {{url: "{hook.address}", canary: true, silent_after: 1 day}}\n'
    mesa = 'mesa: {url: "file:mesa.log", default: true, ops: true, language: es}\n'
    desk = open_desk(channels=CONSOLE.replace("}", ", ops: true}") + mesa + gone)
    english = "".join(desk.sweep(minutes=4) for _ in range(5)) + desk.sweep(days=1, minutes=10)
    spanish = log_of(desk, "mesa.log")
    for here, there in (
        ("The channel gone takes no messages", "[ops] El canal gone no acepta mensajes"),
        ("Its service says: ", "Esto no se arregla solo. Se sigue intentando durante 5 días"),
        ("A canary has not arrived", "Un canario no ha llegado"),
        ("has not taken it", "llegó a la bandeja de salida, y gone no lo ha aceptado"),
        ("The channel gone is silent", "El canal gone calla"),
        ("It has taken no message yet; it should at least every 1 day.", "debería al menos cada 1"),
        ("Noted 12:04 · sent 12:04 UTC", "Anotado: 12:04 · enviado: 12:04 UTC, 2 mar 2026"),
    ):
        assert here in english
        assert here not in spanish
        assert there in spanish


def test_another_one_sets_out_every_hour(open_desk):
    desk = open_desk(channels=CONSOLE + BIRD)
    desk.sweep()
    desk.sweep(minutes=59)
    assert len(rows(desk, canary)) == 1
    desk.sweep(minutes=1)
    assert log_of(desk).count("CANARY ·") == 2


def test_without_a_channel_for_it_none_sets_out(open_desk):
    desk = open_desk(channels=CONSOLE)
    desk.sweep()
    desk.sweep(hours=3)
    assert rows(desk, canary) == []


def test_a_canary_that_does_not_arrive_is_told_by_another_channel_once_a_spell(open_desk, hook):
    hook.status = 503
    desk = open_desk(channels=canaries_at(hook))
    assert "canary" not in desk.sweep()
    assert "canary" not in desk.sweep(minutes=4)
    sent = desk.sweep(minutes=1)
    assert "A canary has not arrived" in sent
    assert "it came as far as the outbox, and bird has not taken it (503" in sent
    assert "canary" not in desk.sweep(minutes=56).lower()
    assert "has not arrived" not in desk.sweep(minutes=6), "the second of a spell was told"
    hook.status = 200
    desk.sweep(minutes=55)
    sent = desk.sweep(minutes=6)
    assert "Canaries arrive again" in sent
    assert len(hook.taken) == 1, "a late one says that all is well"


def test_a_canary_that_gets_stuck_says_where(open_desk):
    desk = open_desk(channels=CONSOLE + BIRD)
    desk.sweep()
    now, within = desk.clock.now(), timedelta(minutes=3)

    def lose(tx):
        number = canaries.ask_for(tx, now=now, within=within)
        canaries.note(tx, number, listed_at=now)

    desk.database.write(lose)
    desk.sweep()
    sent = desk.sweep(minutes=5)
    assert "The canary of 02 Mar 12:00:00 UTC has not arrived" in sent
    assert "its entry did not become an article: the step read" in sent


AN_HOUR = timedelta(hours=1)


def test_one_that_is_asked_for_sets_out_at_once(open_desk):
    desk = open_desk(channels=CONSOLE + BIRD)
    desk.sweep()
    now = desk.clock.now() + timedelta(minutes=3)
    number = desk.database.write(lambda tx: canaries.ask_for(tx, now=now, within=AN_HOUR))
    desk.sweep(minutes=3)
    assert f"Canary {number} set out at 12:03:00 UTC" in log_of(desk)
    (planned,) = [row for row in rows(desk, task) if row.name == CANARY]
    assert planned.not_before == now + timedelta(minutes=2), "the first one should be there then"


def test_nobody_is_told_of_a_canary_that_was_on_its_way_when_the_watch_stopped(open_desk, hook):
    hook.status = 503
    open_desk(channels=canaries_at(hook)).sweep()
    later = open_desk(channels=canaries_at(hook))
    assert "canary" not in later.sweep(hours=8).lower()


def test_a_clock_set_back_does_not_stop_the_canaries(open_desk):
    desk = open_desk(channels=CONSOLE + BIRD)
    life = living.begin(desk.monitor.watch, alone=True)
    desk.sweep()
    desk.clock.pass_(days=-1)
    living.beat(desk.monitor.watch, life)
    desk.sweep(minutes=1)
    assert log_of(desk).count("CANARY ·") == 2


# --- starts and stops -----------------------------------------------------------------------------

NOTED = 'console: {url: "console:", default: true, notes: true}\n'


def test_a_start_and_a_stop_are_told_to_channels_that_want_to_hear_of_them(open_desk):
    desk = open_desk(channels=NOTED + 'other: {url: "file:other.log"}\n')
    life = living.begin(desk.monitor.watch, alone=True)
    sent = desk.sweep()
    assert "[ops] The watch has started" in sent
    assert "2 rules, 2 feeds of 2 outlets.\nIt has never run here before." in sent
    living.end(desk.monitor.watch, life)
    assert "[ops] The watch stops" in desk.out.getvalue(), "nobody else would send it"
    desk = open_desk(channels=NOTED)
    living.begin(desk.monitor.watch, alone=True)
    assert "Before: it stopped in order at 12:00 UTC." in desk.sweep(minutes=1)
    desk = open_desk(channels=NOTED)
    living.begin(desk.monitor.watch, alone=True)
    assert "Before: it ended without a word" in desk.sweep(minutes=1)
    assert log_of(desk, "other.log") == ""


def test_a_process_beside_this_one_is_not_the_one_before(open_desk):
    desk = open_desk(channels=NOTED)
    living.begin(desk.monitor.watch, alone=False)
    desk.sweep()
    living.begin(desk.monitor.watch, alone=False)
    assert "It has never run here before." in desk.sweep(minutes=1)


# --- the heartbeat --------------------------------------------------------------------------------


@pytest.fixture
def pinged(open_desk, newsroom):
    """A desk, its heartbeat to the newsroom, and what stands still, which a test changes."""
    desk, stuck = open_desk(), []
    newsroom.documents["/ping"] = ("text/plain", "OK")
    heart = Heartbeat(
        watch=lambda: desk.monitor.watch,
        address=lambda: f"http://{newsroom.address}/ping",
        every=timedelta,
        stopped=lambda: list(stuck),
    )
    return heart, stuck, newsroom.requests


def test_the_heart_beats_as_long_as_nothing_stands_still(pinged, capsys):
    heart, stuck, requests = pinged
    heart.beat()
    assert requests.count("/ping") == 1
    stuck.append("triage: due for 6 minutes, and none of it was done")
    heart.beat()
    assert requests.count("/ping") == 1
    stuck.clear()
    heart.beat()
    assert requests.count("/ping") == 2


def test_a_heartbeat_that_is_not_answered_is_logged_once(pinged, newsroom, capsys):
    heart, _, _ = pinged
    newsroom.statuses["/ping"] = 500
    heart.beat()
    heart.beat()
    assert capsys.readouterr().out.count("heartbeat.failed") == 1


def test_a_sender_that_hangs_stops_the_heart(open_desk, newsroom):
    """By the pulse of a real runner: what is due in the tables, and what its threads do."""
    desk = open_desk()
    desk.sweep()
    newsroom.publish("Strelsau offers talks")
    runner = desk.monitor._embedded(lambda: None)
    assert runner.stuck() == []
    desk.clock.pass_(minutes=11)  # feeds have been due for six minutes …
    assert runner.stuck() == [], "… but this process has run for no time at all"
    runner.pulse._began -= 400  # … and now for more than six
    (stuck,) = runner.stuck()
    assert stuck.startswith("poll: due for ")
    runner.pulse.moved("retry", 1)
    assert runner.stuck() == []
    runner.pulse.started("deliver", 7)
    runner.pulse._working["deliver"][7] -= 660
    assert runner.stuck() == ["deliver: nothing has come of a thread for 11 minutes"]
    runner.pulse.ended("deliver", 7)
    assert runner.stuck() == []


def test_a_channel_that_is_silent_too_long_is_told_by_another_once(open_desk, newsroom):
    quiet = 'quiet: {url: "file:quiet.log", silent_after: 1 day}\n'
    desk = open_desk(channels=CONSOLE + quiet)
    desk.sweep()
    assert "silent" not in desk.sweep(hours=23)
    sent = desk.sweep(hours=2)
    assert "The channel quiet is silent" in sent
    assert "It has taken no message yet; it should at least every 1 day. 0 messages wait" in sent
    assert "is silent" not in desk.sweep(hours=30)
    assert "is silent" not in log_of(desk, "quiet.log")


@pytest.mark.parametrize(
    "peace",
    [
        'quiet_hours: {from: "13:00", to: "11:00"}',
        'on_call: {from: "11:00", to: "13:00"}',
        'on_call: {from: "11:00", to: "13:00", otherwise: fallback}, fallback: {channel: console}',
    ],
)
def test_a_channel_whose_own_hours_hold_its_messages_is_not_silent(open_desk, peace):
    quiet = f'quiet: {{url: "file:quiet.log", silent_after: 3 hours, {peace}}}\n'
    desk = open_desk(channels=CONSOLE + quiet)
    desk.sweep()
    assert "is silent" not in desk.sweep(hours=23)  # it could have taken one for two hours
    assert "every 3 hours, its quiet hours not counted" in desk.sweep(hours=3)


def test_a_canary_that_its_channel_refuses_does_not_go_to_the_fallback(open_desk, hook):
    hook.status = 503
    falls = f'bird: {{url: "{hook.address}", canary: true, fallback: {{channel: console}}}}\n'
    desk = open_desk(channels=CONSOLE + falls)
    desk.sweep()
    sent = desk.sweep(minutes=30)
    assert "CANARY" not in sent
    with desk.database.read() as connection:
        standing_in = select(func.count()).where(delivery.c.fallback_of.is_not(None))
        assert connection.execute(standing_in).scalar() == 0
