"""Silences: what people want to hear nothing of for a while; seen, counted, and told at the end."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from monitor.cli import app as commands
from monitor.cli.exporting import harmless
from monitor.core.codes import code_of, number_of
from monitor.core.model import StoryId
from monitor.storage import silences
from monitor.storage.schema import match, story, task


@pytest.fixture
def silenced(desk, newsroom):
    """Sets a silence as another process would, and says what is told of a headline under it."""

    def told(headline, *, feed="a", total=True, **what):
        desk.sweep()
        now = desk.clock.now()
        desk.database.write(
            lambda tx: silences.add(
                tx, **what, total=total, until=now + timedelta(hours=2), reason="a drill",
                who="Ana", now=now,
            )
        )  # fmt: skip
        newsroom.publish(headline, feed=feed)
        return desk.sweep(minutes=6)

    return told


@pytest.mark.parametrize(
    ("what", "headline", "silent"),
    [
        ({"rule": "talks"}, "Talks with Ruritania begin", True),
        ({"rule": "talks"}, "Airstrikes on Ruritania", False),
        ({"outlet": "a"}, "Talks with Ruritania begin", True),
        ({"outlet": "b"}, "Talks with Ruritania begin", False),
        ({"term": "fútbol*"}, "Futbolistas: talks with Ruritania begin", True),
        ({"term": "talks with Ruritania"}, "Airstrikes on Ruritania", False),
        ({"rule": "talks", "outlet": "b"}, "Talks with Ruritania begin", False),
        ({"rule": "talks", "outlet": "a"}, "Talks with Ruritania begin", True),
    ],
)
def test_what_all_of_a_silence_holds_for_is_kept_back(silenced, what, headline, silent):
    assert (headline not in silenced(headline, **what)) == silent


def decisions(desk):
    with desk.database.read() as connection:
        return connection.execute(select(match.c.decision).order_by(match.c.id)).scalars().all()


def test_a_match_that_is_silenced_says_until_when_and_why(silenced, desk):
    silenced("Talks with Ruritania begin", rule="talks")
    assert decisions(desk) == ["silenced until 2026-03-02 14:00 UTC: a drill"]


def test_people_hear_when_a_silence_ends_and_what_it_kept_back(silenced, desk, newsroom):
    silenced("Talks with Ruritania begin", rule="talks")
    newsroom.publish("Dialogue in Strelsau about grain", feed="b")
    desk.sweep(minutes=6)
    told = desk.sweep(hours=2)
    assert "The silence of rule talks has ended" in told
    assert "Its time is over. Ana had set it: a drill" in told
    assert "It kept back 2:" in told
    assert "▪ high: Talks with Ruritania begin (Paper A)" in told
    assert "has ended" not in desk.sweep(hours=1)


def test_what_comes_after_a_silence_is_told_as_a_first_report(silenced, desk, newsroom):
    silenced("Talks with Ruritania begin", rule="talks")
    desk.sweep(hours=2)
    newsroom.publish("Talks with Ruritania begin in earnest", feed="b")
    assert "first report" in desk.sweep(minutes=6)


def test_a_silence_that_is_ended_is_over_at_once(silenced, desk, newsroom):
    silenced("Talks with Ruritania begin", rule="talks")
    now = desk.clock.now()
    assert desk.database.write(lambda tx: silences.end(tx, [1], who="Eva", now=now)) == [1]
    assert desk.database.write(lambda tx: silences.end(tx, [1], who="Eva", now=now)) == []
    told = desk.sweep()
    assert "Eva ended it. Ana had set it: a drill" in told
    newsroom.publish("Dialogue in Strelsau about grain", feed="b")
    assert "grain" in desk.sweep(minutes=6)


def test_a_restart_forgets_no_silence(silenced, open_desk):
    silenced("Talks with Ruritania begin", rule="talks")
    desk = open_desk()
    assert "has ended" in desk.sweep(hours=3)


def test_the_task_falls_due_when_the_next_silence_ends(silenced, desk):
    silenced("Talks with Ruritania begin", rule="talks")
    with desk.database.read() as connection:
        row = connection.execute(select(task).where(task.c.name == silences.TASK)).one()
    assert row.not_before <= desk.clock.now() + timedelta(minutes=114)


@pytest.mark.parametrize("total", [False, True])
def test_critical_news_passes_a_muted_story_and_no_total_silence(desk, newsroom, total, silenced):
    desk.sweep()
    newsroom.publish("Talks with Ruritania begin")
    assert "Talks" in desk.sweep(minutes=6)
    told = silenced("Talks with Ruritania begin, palace bombed", feed="b", story=1, total=total)
    assert ("palace bombed" in told) == (not total)
    assert ("critical, so it passes a silence" in told) == (not total)


def test_the_silence_of_a_story_follows_it_into_another(desk, newsroom, silenced):
    silenced("Talks with Ruritania begin", story=77)
    now = desk.clock.now()
    desk.database.write(
        lambda tx: silences.merge_stories(tx, StoryId(77), into=StoryId(1), now=now)
    )
    with desk.database.read() as connection:
        assert [each.story for each in silences.in_force(connection, now=now)] == [1]


def test_the_silences_of_two_stories_that_become_one_are_one(desk, newsroom, silenced):
    silenced("Talks with Ruritania begin", story=1)
    silenced("Dialogue about grain in Strelsau", story=77, feed="b")
    now = desk.clock.now()
    desk.database.write(
        lambda tx: silences.merge_stories(tx, StoryId(77), into=StoryId(1), now=now)
    )
    with desk.database.read() as connection:
        (held,) = silences.in_force(connection, now=now)
    assert (held.story, held.by, held.ends_at) == (1, "Ana", now + timedelta(minutes=114))


# --- the commands -------------------------------------------------------------------------------


@pytest.fixture
def call(open_desk, files, tmp_path, database_url, newsroom, clock):
    """Runs a command on a desk that has told two alerts, while its daemon is another process."""
    if not database_url.startswith("sqlite"):
        files["monitor.yaml"] += f'database: "{database_url}"\n'
    for name, text in files.items():
        (tmp_path / "desk" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "desk" / name).write_text(text)
    if database_url.startswith("sqlite"):
        state = tmp_path / "desk" / "var"
        state.mkdir()
        (state / "monitor.db").symlink_to(tmp_path / "monitor.db")
    clock.moment = datetime.now(UTC) - timedelta(minutes=10)
    desk = open_desk()
    desk.sweep()
    newsroom.publish("Talks with Ruritania begin")
    newsroom.publish("Airstrikes on Strelsau", feed="b")
    desk.sweep(minutes=6)

    def run(*words):
        done = CliRunner().invoke(commands, [*words, "--config", str(tmp_path / "desk")])
        return done.exit_code, done.stdout, done.exception

    return run, desk


def test_silences_are_added_listed_and_ended(call, newsroom):
    run, desk = call
    code, said, _ = run(
        "silences", "add", "--rule", "talks", "--for", "2h", "--reason", "a drill", "--by", "Ana"
    )
    assert code == 0
    assert said.startswith("silence 1: nothing of rule talks until ")
    desk.clock.pass_(minutes=4)
    newsroom.publish("Dialogue about grain in Strelsau")
    assert "grain" not in desk.sweep(minutes=3)
    (found,) = json.loads(run("silences", "list", "--json")[1])
    kept = found["about"], found["by"], found["reason"], found["kept_back"]
    assert kept == ("rule talks", "Ana", "a drill", 1)
    assert "Dialogue about grain in Strelsau" in run("silences", "show", "1")[1]
    assert "rule talks until" in run("status")[1]
    assert run("silences", "end", "1")[:2] == (0, "1 silence ended\n")
    assert run("silences", "end", "1")[0] == 1
    assert run("silences", "list")[:2] == (1, "nothing is silenced\n")
    assert "Talks" not in run("silences", "list", "--past")[1]


def test_a_second_silence_of_the_same_extends_the_first_and_names_the_story(call):
    run, _ = call
    story = ("--story", "1", "--reason", "a drill", "--by")
    first = run("silences", "add", *story, "Ana", "--for", "2h")[1]
    with call[1].database.read() as connection:
        about = f"nothing of story 1 “{headline_of(connection, 1)}” until "
    assert first.startswith(f"silence 1: {about}")
    again = run("silences", "add", *story, "Eva", "--for", "1h")[1]
    assert again.startswith(f"silence 1, as before: {about}")
    longer = run("silences", "add", *story, "Eva", "--for", "3h")[1]
    assert longer.startswith(f"silence 1, extended: {about}")
    (found,) = json.loads(run("silences", "list", "--json")[1])
    assert (found["by"], found["reason"]) == ("Ana, Eva", "a drill; a drill")
    (shown,) = json.loads(run("status", "--json")[1])["silenced"]
    assert shown["about"] == found["about"] == about.removeprefix("nothing of ")[:-7]


def headline_of(connection, number):
    return connection.execute(select(story.c.headline).where(story.c.id == number)).scalar_one()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rule", "taks", "--for", "2h"], 'did you mean "talks"'),
        (["--outlet", "c", "--for", "2h"], "unknown outlet"),
        (["--term", "ab*", "--for", "2h"], "--term: "),
        (["--for", "2h"], "say what: --rule"),
        (["--rule", "talks"], "say how long"),
        (["--rule", "talks", "--until", "2020-01-01"], "is over"),
        (["--rule", "talks", "--until", "soon"], "write a time in UTC"),
        (["--story", "999", "--for", "2h"], "no story has the number 999"),
        (["--rule", "talks", "--total", "--for", "2h"], "--total is for a story"),
    ],
)
def test_a_silence_that_would_silence_nothing_is_refused(call, words, said):
    code, _, error = call[0]("silences", "add", "--reason", "x", *words)
    assert code != 0
    assert said in str(error)


def test_alerts_are_acknowledged_by_code_and_by_number(call):
    run, _ = call
    (first, second) = json.loads(run("alerts", "list", "--json")[1])
    code = first["deliveries"][0]["code"]
    assert number_of(code) == first["deliveries"][0]["delivery"]
    assert run("alerts", "ack", code.lower(), "--by", "Ana")[1].startswith("Noted, you have it.")
    said = run("alerts", "ack", code, "--by", "Eva")[1]
    assert "Ana had it before you, since" in said
    assert run("alerts", "noise", str(second["alert"]), "--by", "Ana")[0] == 0
    shown = run("alerts", "show", str(first["alert"]))[1]
    assert "ack by Ana (command line): ack" in shown
    rules = {
        each["rule"]: each["false_alarms"] for each in json.loads(run("rules", "list", "--json")[1])
    }
    assert sum(rules.values()) == 1
    assert "false alarms, say people" in run("status")[1]


@pytest.mark.parametrize("code", ["AAAB", "9999", code_of(5000)])
def test_an_answer_to_nothing_is_refused(call, code):
    done, _, error = call[0]("alerts", "ack", code)
    assert done == 1 or error is not None


def test_the_record_is_exported_with_the_text_as_sent(call):
    run, _ = call
    lines = [json.loads(line) for line in run("alerts", "export")[1].splitlines()]
    assert {each["rule"] for each in lines} == {"talks", "strikes"}
    talks = next(each for each in lines if each["rule"] == "talks")
    assert (talks["channel"], talks["rule_version"], talks["state"]) == ("console", 1, "sent")
    assert talks["title"].endswith("Talks with Ruritania begin")
    assert f"Code {talks['code']}" in talks["text"]
    only = run("alerts", "export", "--rule", "talks", "--channel", "console")[1]
    assert len(only.splitlines()) == 1
    assert run("alerts", "export", "--until", "2020-01-01")[0] == 1
    rows = list(csv.DictReader(io.StringIO(run("alerts", "export", "--format", "csv")[1])))
    assert [row["rule"] for row in rows] == [each["rule"] for each in lines]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1"])
def test_no_cell_is_a_formula(text):
    assert harmless(text) == f"'{text}"


def test_other_cells_stay_as_they_are():
    assert [harmless(each) for each in ("a=1", 3, None)] == ["a=1", 3, ""]


CHANNELS = 'console: {url: "console:", default: true}\nphone: {url: "file:phone"}\n'


@pytest.mark.parametrize("answers", [False, True])
def test_check_warns_where_nobody_could_acknowledge(files, tmp_path, answers):
    chat = f'{{url: "tgram://123456789:{"a" * 35}/1", answers: {str(answers).lower()}, '
    chat += "escalate: {after: 5m, to: [phone]}}"
    files["channels.yaml"] = f"{CHANNELS}chat: {chat}\n"
    rule = "notify: {channels: [chat], escalate: {after: 10m, to: [phone]}}\n    severity: high"
    files["rules/rules.yaml"] = files["rules/rules.yaml"].replace("severity: high", rule)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    said = CliRunner().invoke(commands, ["check", "--config", str(tmp_path)]).stdout
    warned = "channels.yaml:3:1: chat escalates, and none of chat, phone takes answers"
    assert (warned in said) == (not answers)
    assert ("talks escalates, and none of chat, phone takes answers" in said) == (not answers)
