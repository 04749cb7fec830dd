"""What people answer in a Telegram chat: fetched by polling, done once, and said in the chat."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from telegrams import CHAT, STRANGER, TOKEN, telegram

from monitor import hearing
from monitor.core.codes import code_of
from monitor.storage import answers, bots, silences
from monitor.storage.schema import answer, delivery, escalation, match, silence

ESCALATING = (
    "\n    notify: {escalate: [{after: 10m, to: [phone]}, {after: 30m, to: [boss]}]}"
    "\n    alert: {update_on: [outlets: 2]}"
)


@pytest.fixture
def chat():
    with telegram() as service:
        yield service


@pytest.fixture
def watched(open_desk, files, chat):
    """A desk that tells a Telegram chat, and calls a phone and the boss if nobody answers."""

    def opened(**changed: str):
        channels = (
            f"desk: {chat.channel}\n"
            'phone: {url: "file:phone/"}\nboss: {url: "file:boss/"}\n'
            'ops: {url: "console:", ops: true}\n'
        )
        rules = files["rules/rules.yaml"].replace("high", f"high{ESCALATING}")
        desk = open_desk(**{"channels": channels, "rules__rules": rules} | changed)
        desk.sweep()
        return desk

    return opened


def code_in(message: str) -> str:
    found = re.search(r"Code ([A-Z0-9]+)", message)
    assert found, message
    return found[1]


def plain(message: str) -> str:
    """What Telegram hands back of a message in HTML."""
    return re.sub(r"<[^>]+>", "", message)


def heard(desk) -> None:
    desk.monitor.listen()


def called(desk, name: str) -> list[str]:
    folder = desk.monitor.settings.state / name
    return [path.read_text() for path in sorted(folder.glob("*.txt"))]


def counted(desk, table) -> int:
    with desk.database.read() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_message_says_by_which_code_it_is_answered_and_how(watched, newsroom, chat):
    desk = watched()
    newsroom.publish("Talks with Ruritania begin")
    desk.sweep(minutes=6)
    (message,) = chat.alerts
    code = code_in(message)
    with desk.database.read() as connection:
        number = connection.execute(select(delivery.c.id).order_by(delivery.c.id)).scalars().first()
    assert code == code_of(number)
    assert f"Code {code} · reply ack, snooze 2h, mute story or noise" in message


def test_who_answers_ack_to_a_message_has_it_and_nobody_else_is_called(watched, newsroom, chat):
    desk = watched()
    newsroom.publish("Talks with Ruritania begin")
    desk.sweep(minutes=6)
    chat.write("ack", to=plain(chat.alerts[0]))
    heard(desk)
    (reply,) = chat.replies
    assert reply.startswith(
        "Noted, you have it. Nobody else is called.\nTalks with Ruritania begin"
    )
    assert chat.sent[-1]["chat_id"] == CHAT
    desk.sweep(minutes=60)
    assert (called(desk, "phone"), called(desk, "boss")) == ([], [])
    with desk.database.read() as connection:
        (kept,) = connection.execute(select(answer)).all()
        steps = connection.execute(select(escalation)).all()
    assert (kept.who, kept.via, kept.verb) == ("Ana Pérez (@ana)", "desk", "ack")
    assert {each.stopped_by for each in steps} == {"Ana Pérez (@ana)"}
    assert len(steps) == 2


def test_without_an_answer_one_after_the_other_is_called_until_somebody_has_it(
    watched, newsroom, chat
):
    desk = watched()
    newsroom.publish("Talks with Ruritania begin")
    desk.sweep(minutes=6)
    desk.sweep(minutes=9)
    assert called(desk, "phone") == []
    desk.sweep(minutes=2)
    (message,) = called(desk, "phone")
    assert "Nobody has acknowledged this at desk for 11 minutes." in message
    assert "Talks with Ruritania begin" in message
    assert called(desk, "boss") == []
    # The code of the call is as good as that of the first message.
    chat.write(f"visto {code_in(message)}")
    heard(desk)
    assert "Nobody else is called" in chat.replies[0]
    desk.sweep(minutes=60)
    assert called(desk, "boss") == []


def test_a_restart_forgets_no_call(watched, newsroom, chat):
    desk = watched()
    newsroom.publish("Talks with Ruritania begin")
    desk.sweep(minutes=6)
    desk = watched()
    desk.sweep(minutes=31)
    assert len(called(desk, "phone")) == len(called(desk, "boss")) == 1


def test_snoozed_follow_ups_wait_and_come_when_it_is_over(watched, newsroom, chat):
    desk = watched()
    newsroom.publish("Talks with Ruritania begin")
    desk.sweep(minutes=6)
    chat.write("posponer 2h", to=plain(chat.alerts[0]), date=int(desk.clock.now().timestamp()))
    heard(desk)
    assert "Follow-ups wait until 02 Mar 14:06 UTC" in chat.replies[0]
    newsroom.publish("Talks with Ruritania begin with 12 ministers", feed="b")
    desk.sweep(minutes=110)
    assert len(chat.alerts) == 1
    desk.sweep(minutes=20)
    assert len(chat.alerts) == 2
    assert "12 ministers" in chat.alerts[1]


def test_a_muted_story_is_silent_and_says_so_at_the_end(watched, newsroom, chat):
    desk = watched()
    newsroom.publish("Talks with Ruritania begin")
    desk.sweep(minutes=6)
    chat.write("mute story 3h", to=plain(chat.alerts[0]), date=int(desk.clock.now().timestamp()))
    heard(desk)
    assert "muted until 02 Mar 15:06 UTC" in chat.replies[0]
    newsroom.publish("Talks with Ruritania begin with 12 ministers", feed="b")
    told = desk.sweep(minutes=60)
    assert len(chat.alerts) == 1
    with desk.database.read() as connection:
        decisions = connection.execute(select(match.c.decision, match.c.silence_id)).all()
    assert [each.decision for each in decisions if each.silence_id] == [
        "silenced until 2026-03-02 15:06 UTC: mute story 3h"
    ]
    assert "has ended" not in told
    told = desk.sweep(hours=3)
    assert "It kept back 1:" in told
    assert "12 ministers (Paper B)" in told


def test_noise_mutes_the_story_and_counts_against_its_rule(watched, newsroom, chat):
    desk = watched()
    newsroom.publish("Talks with Ruritania begin")
    desk.sweep(minutes=6)
    chat.write("noise, this is football", to=plain(chat.alerts[0]))
    heard(desk)
    assert "false alarm" in chat.replies[0]
    with desk.database.read() as connection:
        found = answers.false_alarms(connection, since=desk.clock.now() - timedelta(hours=1))
        (held,) = connection.execute(select(silence)).all()
    assert found == {"talks": 1}
    assert held.total
    assert held.reason == "noise, this is football"


@pytest.mark.parametrize(
    ("said", "replies", "total"),
    [
        (
            ["mute story", "noise"],
            ["This story is muted until 05 Mar 12:06", "this story is muted until 05 Mar 12:08"],
            True,
        ),
        (
            ["noise", "mute story"],
            ["this story is muted until 05 Mar 12:06", "This story is muted until 05 Mar 12:08"],
            True,
        ),
        (
            ["mute 4 days", "mute 2 days"],
            ["This story is muted until 06 Mar 12:06", "is muted already, until 06 Mar 12:06 UTC;"],
            False,
        ),
        (
            ["noise", "mute 1h"],
            ["muted until 05 Mar 12:06", "muted already, until 05 Mar 12:06 UTC, what is critical"],
            True,
        ),
    ],
)
def test_a_story_that_is_silenced_twice_has_one_silence_and_one_word_about_its_end(
    watched, newsroom, chat, said, replies, total
):
    desk = watched()
    newsroom.publish("Talks with Ruritania begin")
    desk.sweep(minutes=6)
    for words in said:
        chat.write(words, to=plain(chat.alerts[0]), date=int(desk.clock.now().timestamp()))
        heard(desk)
        desk.clock.pass_(minutes=2)
    for reply, words in zip(chat.replies, replies, strict=True):
        assert words in reply
    with desk.database.read() as connection:
        (held,) = silences.in_force(connection, now=desk.clock.now())
    assert (held.total, held.by) == (total, "Ana Pérez (@ana)")
    told = desk.sweep(hours=100)
    assert told.count("has ended") == 1
    assert "The silence of story 1 “Talks with Ruritania begin” has ended" in told


def test_a_false_alarm_keeps_back_what_is_critical_no_longer_than_was_asked_for(
    watched, newsroom, chat
):
    desk = watched()
    newsroom.publish("Talks with Ruritania begin")
    desk.sweep(minutes=6)
    for words in ("mute 30 days", "noise", "noise"):
        chat.write(words, to=plain(chat.alerts[0]), date=int(desk.clock.now().timestamp()))
        heard(desk)
    with desk.database.read() as connection:
        found = silences.in_force(connection, now=desk.clock.now())
    assert [each.total for each in found] == [False, True]
    assert "Another one goes on: silenced until 2026-04-01 12:06 UTC" in desk.sweep(hours=73)


def test_an_answer_that_is_not_understood_says_why(watched, newsroom, chat):
    desk = watched()
    newsroom.publish("Talks with Ruritania begin")
    desk.sweep(minutes=6)
    code = code_in(chat.alerts[0])
    wrong = code[:-1] + ("C" if code[-1] == "A" else "A")
    chat.write("ack")
    chat.write(f"ack {wrong}")
    chat.write(f"snooze until noon {code}")
    chat.write("what is this?", to=plain(chat.alerts[0]))
    chat.write("anybody for lunch?")
    heard(desk)
    assert [each.split(".")[0].split(":")[0] for each in chat.replies] == [
        "Which message? Reply to it, or write its code",
        f"“{wrong}” is no code of mine",
        "I do not know “until” behind snooze",
        "I do not know “what”",
    ]
    desk.sweep(minutes=20)
    assert len(called(desk, "phone")) == 1


def test_a_stranger_who_writes_to_the_bot_changes_nothing(watched, newsroom, chat):
    desk = watched()
    newsroom.publish("Talks with Ruritania begin")
    desk.sweep(minutes=6)
    chat.write(f"ack {code_in(chat.alerts[0])}", chat=STRANGER)
    heard(desk)
    assert (chat.replies, counted(desk, answer)) == ([], 0)
    desk.sweep(minutes=11)
    assert len(called(desk, "phone")) == 1


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("moment", ["before the commit", "after the commit", "after the reply"])
def test_a_kill_neither_loses_nor_doubles_an_answer(watched, newsroom, chat, moment, monkeypatch):
    desk = watched()
    newsroom.publish("Talks with Ruritania begin")
    desk.sweep(minutes=6)
    chat.write("mute story", to=plain(chat.alerts[0]))
    (line,) = hearing.lines(desk.monitor.watch.channels.values())
    write, calls = desk.database.write, []

    def dying(work, **more):
        """The database of a process that is killed at its second or third commit."""
        calls.append(work)
        if (moment, len(calls)) in {("before the commit", 2), ("after the reply", 3)}:
            raise Killed
        done = write(work, **more)
        if (moment, len(calls)) == ("after the commit", 2):
            raise Killed
        return done

    watch = desk.monitor.watch
    dead = type("Dead", (), {"read": desk.database.read, "write": staticmethod(dying)})()
    with pytest.raises(Killed):
        hearing.hear(replace(watch, database=dead), line, wait=0)
    desk.clock.pass_(minutes=3)  # the lease of the dead one
    heard(desk)
    heard(desk)
    assert (counted(desk, silence), counted(desk, answer)) == (1, 1)
    # What was said but not noted as said is said again; never is nothing said.
    assert len(chat.replies) == (2 if moment == "after the reply" else 1)
    assert chat.offsets[-1] == 701


def test_numbers_that_begin_anew_after_a_quiet_week_are_followed(watched, newsroom, chat):
    desk = watched()
    newsroom.publish("Talks with Ruritania begin")
    desk.sweep(minutes=6)
    chat.write("ack", to=plain(chat.alerts[0]))
    heard(desk)
    heard(desk)
    chat.next_id = 13
    chat.write("help")
    heard(desk)
    heard(desk)
    assert (chat.offsets, len(chat.replies)) == ([None, 701, 701, 14], 2)


@pytest.mark.parametrize(
    ("status", "body", "at_once"),
    [
        (401, b'{"ok": false, "error_code": 401, "description": "Unauthorized"}', True),
        (409, b'{"ok": false, "error_code": 409, "description": "Conflict: terminated"}', True),
        (
            429,
            b'{"ok": false, "description": "Too Many", "parameters": {"retry_after": 40}}',
            False,
        ),
        (500, b"<html>oops</html>", False),
        (200, b"[[[[", False),
        (200, b'{"ok": true, "result": "none"}', False),
        (200, b'{"ok": true, "result": [{"update_id": "x"}]}', False),
    ],
)
def test_a_service_that_fails_is_asked_less_often_and_people_hear_once(
    watched, chat, status, body, at_once
):
    desk = watched()
    chat.answer = (status, body)
    heard(desk)
    heard(desk)
    assert len(chat.offsets) == 1  # it backs off
    assert ("are not read" in desk.sweep()) == at_once
    told = ""
    for _ in range(30):
        desk.clock.pass_(minutes=1)
        heard(desk)
        told += desk.sweep()
    assert told.count("Answers to desk are not read") == (0 if at_once else 1)
    assert TOKEN not in told + desk.out.getvalue()
    assert len(chat.offsets) < 12
    chat.answer = None
    chat.write("help")
    desk.clock.pass_(minutes=20)
    heard(desk)
    assert len(chat.replies) == 1


def test_hostile_updates_are_received_and_stop_nothing(watched, chat):
    desk = watched()
    chat.updates += [
        {"update_id": 1},
        {"update_id": 2, "message": None},
        {"update_id": 3, "message": {"chat": {"id": 10**30}, "message_id": 1, "text": "ack"}},
        {"update_id": 4, "message": {"chat": {"id": CHAT}, "message_id": 1, "text": {"a": 1}}},
        {"update_id": 5, "message": {"chat": {"id": CHAT}, "message_id": 1, "date": 10**20,
                                     "from": "x", "text": "help \x00\ud800 @all" + "a" * 9999}},
    ]  # fmt: skip
    heard(desk)
    heard(desk)
    assert chat.offsets == [None, 6]
    assert len(chat.replies) == 1


def test_a_reply_that_is_refused_is_tried_again(watched, chat):
    desk = watched()
    chat.refuses = 2
    chat.write("help")
    for _ in range(3):
        heard(desk)
    assert len(chat.replies) == 1


def test_two_monitors_of_one_database_ask_in_turn(watched, chat):
    desk = watched()
    (line,) = hearing.lines(desk.monitor.watch.channels.values())
    claim = desk.database.write(
        lambda tx: bots.claim(tx, line.name, now=desk.clock.now(), lease=hearing.LEASE)
    )
    assert claim is not None
    assert not hearing.hear(desk.monitor.watch, line, wait=0)
    assert chat.offsets == []


def test_each_call_to_a_channel_that_is_off_call_goes_to_the_one_that_is_on(
    open_desk, newsroom, files
):
    channels = (
        'desk: {url: "console:", default: true, escalate: [{after: 10m, to: [boss]}]}\n'
        'boss: {url: "file:boss/", on_call: {from: "18:00", to: "20:00", otherwise: fallback}, '
        "fallback: {channel: night}}\n"
        'night: {url: "file:night/"}\n'
    )
    desk = open_desk(channels=channels)
    desk.sweep()
    newsroom.publish("Strelsau offers talks")
    newsroom.publish("Miners in Ruritania welcome dialogue", feed="b")
    desk.sweep(minutes=6)
    desk.sweep(minutes=11)
    calls = "".join(called(desk, "night"))
    assert "Strelsau offers talks" in calls
    assert "Miners in Ruritania welcome dialogue" in calls
    assert called(desk, "boss") == []


def test_a_call_whose_channel_is_taken_out_waits_for_its_time_at_the_fallback(open_desk, newsroom):
    channels = (
        'desk: {url: "console:", default: true, escalate: [{after: 60m, to: [%s]}]}\n'
        'night: {url: "file:night/"}\n'
    )
    boss = 'boss: {url: "file:boss/", fallback: {channel: night}}\n'
    desk = open_desk(channels=channels % "boss" + boss)
    desk.sweep()
    newsroom.publish("Strelsau offers talks")
    desk.sweep(minutes=6)
    desk = open_desk(channels=channels % "night")
    desk.sweep(minutes=50)
    assert called(desk, "night") == []
    desk.sweep(minutes=11)
    assert "Nobody has acknowledged this at desk for 61 minutes" in called(desk, "night")[0]


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        ("visto", "Anotado: lo tiene usted.\nTalks with Ruritania begin (código "),
        ("posponer 2h", "Lo que siga espera hasta el 02 mar 14:06 UTC; lo crítico llega"),
        ("silenciar", "Esta historia queda silenciada hasta el 05 mar 12:06 UTC; lo crítico"),
        ("ruido", "Anotado como falsa alarma de su regla; esta historia queda silenciada hasta"),
        ("ayuda", "Responda a un aviso, o escriba con su código: visto K9FH (lo tengo)"),
        ("hola", "No entiendo “hola”. Responda a un aviso, o escriba con su código: visto K9FH"),
        ("posponer hasta mañana", "No entiendo “hasta” detrás de posponer. Responda a un aviso"),
        ("posponer 2 lunas", "No entiendo “lunas” detrás de posponer."),
        ("posponer 2x", "No entiendo el plazo “2x”: escriba 30m, 2h o 1d"),
        ("silenciar 100 días", "silenciar admite de 1 minuto a 90 días"),
        ("silenciar regla", "Las reglas se silencian en la línea de órdenes: monitor silences add"),
        ("visto AAAB", "“AAAB” no es un código mío: mírelo otra vez."),
    ],
)
def test_the_bot_answers_in_the_language_of_the_chat(open_desk, newsroom, chat, said, reply):
    desk = open_desk(channels=f"desk: {chat.channel[:-1]}, language: es}}\n")
    desk.sweep()
    newsroom.publish("Talks with Ruritania begin")
    desk.sweep(minutes=6)
    chat.write(said, to=plain(chat.alerts[0]), date=int(desk.clock.now().timestamp()))
    heard(desk)
    assert chat.replies[0].startswith(reply)
