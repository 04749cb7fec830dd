"""Quiet hours, hours on call, a cap and digests by the clock, from queued to sent."""

import email
import email.policy
import socket
import struct
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select

from monitor.core.outbox import State
from monitor.storage import deliveries, holding
from monitor.storage.schema import delivery

# The desk's clock begins at noon in UTC.
SIESTA = 'quiet_hours: {from: "12:00", to: "14:00"}'
SAME_IN_CARACAS = 'quiet_hours: {from: "08:00", to: "10:00", timezone: America/Caracas}'


def console(*more, default="true"):
    keys = ['url: "console:"', f"default: {default}", *more]
    return f"console: {{{', '.join(keys)}}}\n"


@pytest.fixture
def quiet(open_desk):
    """A desk that wants no messages until two o'clock."""
    desk = open_desk(channels=console(SIESTA))
    assert desk.sweep() == ""
    return desk


def rows(desk):
    with desk.database.read() as connection:
        return connection.execute(select(delivery).order_by(delivery.c.id)).all()


def kinds(desk):
    return [(row.kind, row.state, row.held) for row in rows(desk)]


@pytest.mark.parametrize("hours", [SIESTA, SAME_IN_CARACAS])
def test_what_comes_in_quiet_hours_is_one_digest_at_their_end(open_desk, newsroom, hours):
    desk = open_desk(channels=console(hours))
    desk.sweep()
    newsroom.publish("Strelsau offers talks")
    newsroom.publish("Miners in Ruritania welcome dialogue", feed="b")
    assert desk.sweep(minutes=6) == ""
    assert [row.held for row in rows(desk)] == ["quiet hours"] * 2
    assert desk.sweep(minutes=110) == ""
    sent = desk.sweep(minutes=5)
    assert "Held during quiet hours: 2 stories" in sent
    assert "The oldest of it is from 12:06" in sent
    assert sent.count("http://") == 2
    assert kinds(desk) == [("digest", "sent", "quiet hours")]
    assert desk.sweep(minutes=5) == ""


def test_what_is_critical_passes_quiet_hours_at_once(quiet, newsroom):
    newsroom.publish("Strelsau bombed")
    newsroom.publish("Miners in Ruritania welcome dialogue", feed="b")
    sent = quiet.sweep(minutes=6)
    assert "CRITICAL · Strelsau bombed" in sent
    assert "Miners" not in sent


def test_one_message_alone_stays_what_it_is_and_says_that_it_was_held(quiet, newsroom):
    newsroom.publish("Strelsau offers talks")
    assert quiet.sweep(minutes=6) == ""
    sent = quiet.sweep(hours=2)
    assert "HIGH · Strelsau offers talks" in sent
    assert "Held during quiet hours, since 12:06 UTC." in sent


def test_a_restart_in_quiet_hours_loses_and_tells_nothing(quiet, open_desk, newsroom):
    newsroom.publish("Strelsau offers talks")
    quiet.sweep(minutes=6)
    again = open_desk(channels=console(SIESTA))
    assert again.sweep(minutes=6) == ""
    assert "Strelsau offers talks" in again.sweep(hours=2)


def test_hours_that_are_taken_away_let_go_what_they_held(quiet, open_desk, newsroom):
    newsroom.publish("Strelsau offers talks")
    newsroom.publish("Miners in Ruritania welcome dialogue", feed="b")
    quiet.sweep(minutes=6)
    assert "Held during quiet hours: 2 stories" in open_desk(channels=console()).sweep()


def test_hours_that_are_made_longer_hold_longer(quiet, open_desk, newsroom):
    newsroom.publish("Strelsau offers talks")
    quiet.sweep(minutes=6)
    later = open_desk(channels=console('quiet_hours: {from: "12:00", to: "15:00"}'))
    assert later.sweep(hours=2) == ""
    assert "Strelsau offers talks" in later.sweep(hours=1)


def test_a_clock_that_is_set_back_holds_for_the_hours_that_it_shows(quiet, newsroom):
    newsroom.publish("Strelsau offers talks")
    quiet.sweep(minutes=6)
    quiet.clock.pass_(days=-1)
    assert quiet.sweep() == ""
    assert "Strelsau offers talks" in quiet.sweep(days=1, hours=2)


def test_notices_are_held_and_told_in_the_digest(quiet, newsroom):
    newsroom.publish("Strelsau offers talks")
    quiet.sweep(minutes=6)
    channels, now = list(quiet.monitor.watch.channels.values()), quiet.clock.now()
    for key in ("one", "other"):
        quiet.database.write(
            lambda tx, key=key: deliveries.notify(
                tx, channels, key=key, title=f"Notice {key}", body="The first line", now=now
            )
        )
    assert quiet.sweep(minutes=1) == ""
    sent = quiet.sweep(hours=2)
    assert "Held during quiet hours: 1 story, 2 notices" in sent
    assert "▪ 12:06 · [ops] Notice one\nThe first line" in sent
    assert {row.state for row in rows(quiet)} == {State.SENT}
    told_again = quiet.database.write(
        lambda tx: deliveries.notify(tx, channels, key="one", title="x", body="y", now=now)
    )
    assert told_again is None
    assert quiet.sweep(minutes=1) == "", "a notice of one key is told once"


def test_a_cap_turns_a_burst_into_one_digest(open_desk, newsroom):
    desk = open_desk(channels=console("rate: {messages: 2, every: 30 minutes}"))
    desk.sweep()
    for title in (
        "Fishermen of Ruritania want dialogue about quotas",
        "Talks with miners fail as shafts close in Ruritania",
        "Bishop of Strelsau opens a dialogue of faiths",
        "Talks on night trains to the ski resorts of Strelsau",
        "Ruritanian homework: a dialogue of parents and schools",
    ):
        newsroom.publish(title)
    newsroom.publish("Strelsau bombed", feed="b")
    sent = desk.sweep(minutes=6)
    assert "CRITICAL · Strelsau bombed" in sent
    assert sum(row.state == State.SENT for row in rows(desk)) <= 3, "two, and what is critical"
    sent += desk.sweep(minutes=31) + desk.sweep(minutes=31)
    assert "Together, as much came at once" in sent
    assert {row.state for row in rows(desk)} == {State.SENT}
    assert all(subject in sent for subject in ("quotas", "shafts", "faiths", "trains", "homework"))


ON_CALL = 'on_call: {from: "13:00", to: "18:00"%s}'


def test_outside_of_the_hours_on_call_messages_are_held_for_the_next_shift(open_desk, newsroom):
    desk = open_desk(channels=console(ON_CALL % ""))
    desk.sweep()
    newsroom.publish("Strelsau offers talks")
    newsroom.publish("Strelsau bombed", feed="b")
    assert "offers talks" not in (sent := desk.sweep(minutes=6))
    assert "bombed" in sent
    assert "Held until somebody is on call" in desk.sweep(hours=1)


def test_or_they_go_to_the_channel_that_is_on_call_then(open_desk, newsroom, tmp_path):
    fallback = "fallback: {channel: other}"
    channels = console(ON_CALL % ", otherwise: fallback", fallback)
    channels += 'other: {url: "file:o.mbox"}\n'
    desk = open_desk(channels=channels)
    desk.sweep()
    newsroom.publish("Strelsau offers talks")
    newsroom.publish("Strelsau bombed", feed="b")
    assert desk.sweep(minutes=6) == ""
    told = (tmp_path / "var" / "o.mbox").read_text()
    assert "offers talks" in told
    assert "bombed" in told
    assert "Sent here because nobody is on call at console." in told
    newsroom.publish("Miners in Ruritania welcome dialogue", feed="b")
    assert "Miners" in desk.sweep(hours=1)


def test_a_digest_goes_out_at_its_time_of_the_day(open_desk, newsroom):
    digest = 'digest: {at: ["09:30", "18:00"], timezone: America/Caracas, max_items: 1}'
    desk = open_desk(channels=console(digest))
    desk.sweep()
    newsroom.publish("Weather", text="Strelsau and dialogue. " + "It rains. " * 40)
    newsroom.publish("Sports", text="Ruritania has talks. " + "They run. " * 40, feed="b")
    assert desk.sweep(minutes=6) == ""
    assert desk.sweep(minutes=80) == ""
    sent = desk.sweep(minutes=5)
    assert "Digest" in sent
    assert "2 stories" in sent
    assert "and 1 more" in sent
    assert "Matches since 1 Mar 13:31: 2, at most 2 in 1 hour ·" in sent


class Postbox:
    """A mail server, and what it was given."""

    def __init__(self):
        self.mails = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - as aiosmtpd calls it
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"


@pytest.fixture
def postbox():
    box = Postbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        box.port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    yield box
    controller.stop()


def test_a_digest_shows_how_much_came_when_as_a_picture_in_mail_and_as_a_line_elsewhere(
    open_desk, newsroom, postbox
):
    daily = 'digest: {at: "13:00"}'
    address = f"mailto://127.0.0.1:{postbox.port}?from=monitor@example.org&to=duty@example.org"
    desk = open_desk(
        channels=f'{console(daily)}post: {{url: "{address}", default: true, {daily}}}\n'
    )
    desk.sweep()
    newsroom.publish("Weather", text="Strelsau and dialogue. " + "It rains. " * 40)
    newsroom.publish("Sports", text="Ruritania has talks. " + "They run. " * 40, feed="b")
    desk.sweep(minutes=6)
    line = desk.sweep(hours=1)
    words = "Matches since 1 Mar 13:06: 2, at most 2 in 1 hour"
    assert f"{words} {'·' * 23}█\n" in line
    [mail] = postbox.mails
    together, picture = mail.iter_parts()
    assert (mail.get_content_type(), together.get_content_type()) == (
        "multipart/related", "multipart/alternative",
    )  # fmt: skip
    plain, page = (part.get_content() for part in together.iter_parts())
    assert words in plain
    assert words in page
    assert (picture.get_content_type(), picture.get_content_disposition()) == (
        "image/png", "inline",
    )  # fmt: skip
    assert f'src="cid:{picture["Content-ID"].strip("<>")}" alt="{"·" * 23}█"' in page
    png = picture.get_content()
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", png[16:24]) == (960, 128), "24 bars, for screens of twice the dots"


def test_an_edit_of_its_times_moves_an_open_digest(open_desk, newsroom):
    desk = open_desk(channels=console('digest: {at: "18:00"}'))
    desk.sweep()
    newsroom.publish("Weather", text="Strelsau and dialogue. " + "It rains. " * 40)
    desk.sweep(minutes=6)
    desk = open_desk(channels=console('digest: {at: "13:00"}'))
    assert desk.sweep() == ""
    assert "Weather" in desk.sweep(hours=1)


def test_an_empty_digest_is_sent_only_where_it_is_asked_for(open_desk):
    desk = open_desk(channels=console('digest: {at: "13:00", empty: true}'))
    assert desk.sweep() == ""
    sent = desk.sweep(hours=1, minutes=1)
    assert "Digest: nothing new" in sent
    assert "Code" not in sent, "there is nothing to answer"
    assert desk.sweep(hours=1) == ""
    assert "Digest: nothing new" in desk.sweep(days=1)
    desk = open_desk(channels=console('digest: {at: "13:00"}'))
    assert desk.sweep(days=1) == ""


def test_a_rule_that_collects_interrupts_nobody_unless_it_is_critical(open_desk, files, newsroom):
    rules = files["rules/rules.yaml"].replace(
        "    severity: high\n",
        "    severity: high\n    alert: {digest: {every: 20 minutes, max_items: 1}}\n",
    )
    desk = open_desk(rules__rules=rules)
    desk.sweep()
    newsroom.publish("Strelsau offers talks")
    newsroom.publish("Miners in Ruritania welcome dialogue", feed="b")
    assert desk.sweep(minutes=6) == ""
    sent = desk.sweep(minutes=20)
    assert "Digest: Talks with Ruritania: 2 stories" in sent
    assert "and 1 more" in sent


def test_what_waits_is_shown_with_its_reason(quiet, newsroom):
    newsroom.publish("Strelsau offers talks")
    quiet.sweep(minutes=6)
    with quiet.database.read() as connection:
        (found,) = holding.held(connection, now=quiet.clock.now())
    assert (found.channel, found.held, found.n) == ("console", "quiet hours", 1)
    assert found.until - quiet.clock.now() == timedelta(minutes=114)


OWN = "\n    notify: {quiet_hours: {from: '12:00', to: '14:00', then: %s}}"


def rules_with(newsroom_rules, then):
    """The rule `talks` with hours of its own."""
    told = "when: {all: [$places, {any: [talks, dialogue]}]}"
    assert told in newsroom_rules
    return newsroom_rules.replace(told, told + OWN % then)


def test_a_rule_holds_in_hours_of_its_own_what_other_rules_tell_at_once(open_desk, files, newsroom):
    desk = open_desk(channels=console(), rules__rules=rules_with(files["rules/rules.yaml"], "hold"))
    desk.sweep()
    newsroom.publish("Strelsau offers talks")
    # A story of its own: two of one story that come together are one message.
    newsroom.publish("Harbour of Ruritania bombed at night", feed="b")
    sent = desk.sweep(minutes=6)
    assert "CRITICAL · Harbour of Ruritania bombed at night" in sent
    assert "talks" not in sent
    sent = desk.sweep(hours=2)
    assert "HIGH · Strelsau offers talks" in sent
    assert "Held during quiet hours, since 12:06 UTC." in sent


def test_a_message_of_two_rules_waits_only_if_both_want_it(open_desk, files, newsroom):
    rules = rules_with(files["rules/rules.yaml"], "hold").replace(
        "severity: critical", "severity: normal"
    )
    desk = open_desk(channels=console(), rules__rules=rules)
    desk.sweep()
    newsroom.publish("Strelsau bombed during talks")
    assert "Strelsau bombed during talks" in desk.sweep(minutes=6)


def test_a_rule_may_tell_in_the_quiet_hours_of_its_channel(open_desk, files, newsroom):
    rules = rules_with(files["rules/rules.yaml"], "deliver").replace(
        "severity: critical", "severity: normal"
    )
    desk = open_desk(channels=console(SIESTA), rules__rules=rules)
    desk.sweep()
    newsroom.publish("Strelsau offers talks")
    newsroom.publish("Ruritania bombed at dawn", feed="b")
    sent = desk.sweep(minutes=6)
    assert "HIGH · Strelsau offers talks" in sent
    assert "bombed" not in sent
    assert "bombed" in desk.sweep(hours=2)


def test_hours_that_are_taken_out_of_a_rule_let_go_what_it_held(open_desk, files, newsroom):
    plain = files["rules/rules.yaml"]
    desk = open_desk(channels=console(), rules__rules=rules_with(plain, "hold"))
    desk.sweep()
    newsroom.publish("Strelsau offers talks")
    assert desk.sweep(minutes=6) == ""
    desk.monitor.close()
    desk = open_desk(channels=console(), rules__rules=plain)
    assert "Strelsau offers talks" in desk.sweep()


# --- who is called about what is held -------------------------------------------------------------


CALLING = "escalate: [{after: 20 minutes, to: [boss]}]"
BOSS = 'boss: {url: "file:boss/"}\n'


def calls(desk):
    """What the boss was called for, in order."""
    folder = desk.monitor.settings.state / "boss"
    return [path.read_text() for path in sorted(folder.glob("*.txt"))]


def test_nobody_is_called_about_a_message_that_is_held_before_it_was_told(open_desk, newsroom):
    desk = open_desk(channels=console(SIESTA, CALLING) + BOSS)
    desk.sweep()
    newsroom.publish("Strelsau offers talks")
    assert desk.sweep(minutes=6) == ""
    assert desk.sweep(minutes=100) == ""
    assert "Strelsau offers talks" in desk.sweep(minutes=15)
    assert calls(desk) == [], "somebody has twenty minutes from now on"
    desk.sweep(minutes=20)
    [call] = calls(desk)
    assert "Nobody has acknowledged this at console for 21 minutes." in call


def test_what_a_rule_holds_by_its_own_hours_calls_nobody_meanwhile(open_desk, files, newsroom):
    held = rules_with(files["rules/rules.yaml"], "hold")
    desk = open_desk(channels=console(CALLING) + BOSS, rules__rules=held)
    desk.sweep()
    newsroom.publish("Strelsau offers talks")
    assert desk.sweep(minutes=6) == ""
    desk.sweep(minutes=100)
    desk.sweep(minutes=15)
    assert calls(desk) == []
    desk.sweep(minutes=20)
    assert len(calls(desk)) == 1


def test_hours_that_are_taken_away_let_the_calls_count_from_then(open_desk, newsroom):
    desk = open_desk(channels=console(SIESTA, CALLING) + BOSS)
    desk.sweep()
    newsroom.publish("Strelsau offers talks")
    desk.sweep(minutes=6)
    desk.clock.pass_(minutes=30)
    desk = open_desk(channels=console(CALLING) + BOSS)
    assert "Strelsau offers talks" in desk.sweep()
    desk.sweep(minutes=19)
    assert calls(desk) == []
    desk.sweep(minutes=2)
    assert len(calls(desk)) == 1


def test_what_is_told_in_a_digest_of_held_messages_calls_nobody(open_desk, newsroom):
    desk = open_desk(channels=console(SIESTA, CALLING) + BOSS)
    desk.sweep()
    newsroom.publish("Strelsau offers talks")
    newsroom.publish("Miners in Ruritania welcome dialogue", feed="b")
    desk.sweep(minutes=6)
    assert "Held during quiet hours: 2 stories" in desk.sweep(minutes=115)
    desk.sweep(minutes=60)
    assert calls(desk) == []
    assert kinds(desk) == [("digest", "sent", "quiet hours")]


def test_what_is_critical_calls_in_quiet_hours_as_soon_as_ever(open_desk, newsroom):
    desk = open_desk(channels=console(SIESTA, CALLING) + BOSS)
    desk.sweep()
    newsroom.publish("Strelsau bombed")
    assert "Strelsau bombed" in desk.sweep(minutes=6)
    desk.sweep(minutes=21)
    assert len(calls(desk)) == 1
