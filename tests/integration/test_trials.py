"""A rule on trial: its matches are recorded, nobody is told, then a summary, and it goes live."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from monitor.cli import app
from monitor.cli.exits import Exit
from monitor.core.trials import HEADLINES_SHOWN
from monitor.storage.schema import alert, delivery, match, rule

CHANNELS = 'console: {url: "console:", default: true}\nnight: {url: "file:night.mbox"}\n'
TRIED = """
rules:
  - {id: talks, title: Talks, severity: high, trial: 2 days, when: {any: [talks, dialogue]}}
  - {id: rain, title: Rain, when: rain}
"""
LIVE = TRIED.replace("trial: 2 days, ", "")


def stored(desk, table):
    with desk.database.read() as connection:
        return connection.execute(select(table).order_by(table.c.id)).all()


def decisions(desk) -> list[tuple[str, str]]:
    return [(row.rule_id, row.decision) for row in stored(desk, match)]


def told(desk) -> list[str]:
    """The rules that raised alerts, in order."""
    return [row.rule_id for row in stored(desk, alert)]


@pytest.fixture
def trying(open_desk):
    """A watch whose rule `talks` is on trial from Monday noon to Wednesday noon."""
    desk = open_desk(rules__rules=TRIED)
    assert desk.sweep() == ""
    return desk


def test_a_rule_on_trial_records_its_matches_and_tells_nobody(trying, newsroom):
    newsroom.publish("Strelsau offers talks in rain")
    sent = trying.sweep(minutes=6)
    assert "▪ Rain (normal)" in sent
    assert "▪ Talks" not in sent
    assert dict(decisions(trying)) == {
        "talks": "on trial until 2026-03-04 12:00 UTC",
        "rain": "first report of this story",
    }
    assert told(trying) == ["rain"]


def test_at_its_end_there_is_a_summary_and_the_rule_goes_live_by_itself(trying, newsroom):
    newsroom.publish("Strelsau offers talks")
    assert trying.sweep(minutes=6) == ""
    newsroom.publish("Zenda opens a dialogue with the bakers", feed="b")
    assert trying.sweep(hours=24) == ""
    assert trying.sweep(hours=23, minutes=53) == "", "one minute to go"
    sent = trying.sweep(minutes=1)
    assert "Trial over: Talks would have told 2 times" in sent
    assert (
        "From 2 Mar 12:00 to 4 Mar 12:00 UTC the rule talks matched 2 articles and would have told "
        "2 times: 1.0 a day. From now on it tells."
    ) in sent
    assert "2 Mar ████████████████ 1\n3 Mar ████████████████ 1\n4 Mar 0\n" in sent
    assert "Paper A: Strelsau offers talks\n" in sent
    assert sent.index("Paper B: Zenda opens") < sent.index("Paper A: Strelsau")
    newsroom.publish("Ruritania: new talks begin on the lake")
    assert "▪ Talks (high): first report of this story" in trying.sweep(minutes=6)
    assert told(trying) == ["talks"]


def test_the_summary_counts_a_story_once_as_alerts_would(trying, newsroom):
    newsroom.publish("Ruritania opens talks with the northern envoys in Strelsau")
    trying.sweep(minutes=6)
    newsroom.publish("Ruritania opens talks with northern envoys in Strelsau today", feed="b")
    trying.sweep(hours=1)
    rows = stored(trying, match)
    assert [row.would_tell for row in rows] == ["first report of this story", None]
    assert {row.decision for row in rows} == {"on trial until 2026-03-04 12:00 UTC"}
    sent = trying.sweep(days=2)
    assert "matched 2 articles and would have told once: 0.5 a day" in sent


def test_the_summary_comes_once_also_across_a_restart(trying, open_desk, clock):
    assert "would have told 0 times" in trying.sweep(days=2)
    assert trying.sweep(hours=2) == ""
    again = open_desk(rules__rules=TRIED)
    assert again.sweep(hours=2) == ""
    assert len(stored(again, delivery)) == 1


def test_the_summary_of_a_trial_that_ended_while_the_watch_was_down_comes_at_the_start(
    trying, newsroom, open_desk, clock
):
    newsroom.publish("Strelsau offers talks")
    trying.sweep(minutes=6)
    clock.pass_(days=30)
    assert "would have told once" in open_desk(rules__rules=TRIED).sweep()


def test_the_summary_goes_where_the_alerts_will_go(open_desk):
    rules = TRIED.replace("trial:", "notify: {channels: [night]}, trial:")
    desk = open_desk(rules__rules=rules, channels=CHANNELS)
    assert "Trial" not in desk.sweep() + desk.sweep(days=2)
    mailbox = desk.monitor.configuration.settings.state / "night.mbox"
    assert "Trial over: Talks" in mailbox.read_text("utf-8")


def test_another_condition_does_not_begin_the_trial_anew(trying, open_desk, newsroom, clock):
    clock.pass_(days=1)
    again = open_desk(rules__rules=TRIED.replace("dialogue", "letters"))
    newsroom.publish("Letters from Zenda")
    assert again.sweep(minutes=6) == ""
    assert decisions(again) == [("talks", "on trial until 2026-03-04 12:00 UTC")]
    assert "Trial over" in again.sweep(days=1)


def test_taking_the_trial_out_ends_it_at_once(trying, open_desk, newsroom):
    newsroom.publish("Strelsau offers talks")
    trying.sweep(minutes=6)
    live = open_desk(rules__rules=LIVE)
    newsroom.publish("Zenda opens a dialogue with the bakers")
    sent = live.sweep(minutes=6)
    assert "Zenda opens a dialogue" in sent
    assert "Strelsau offers talks" not in sent
    assert "Trial" not in live.sweep(days=3)


def test_a_rule_that_was_live_goes_on_trial_when_it_is_given_one(open_desk, newsroom):
    live = open_desk(rules__rules=LIVE)
    live.sweep()
    newsroom.publish("Strelsau offers talks")
    assert "Strelsau offers talks" in live.sweep(minutes=6)
    trying = open_desk(rules__rules=TRIED)
    newsroom.publish("Zenda opens a dialogue with the bakers")
    newsroom.publish("Strelsau offers talks, and soon", feed="b")
    assert trying.sweep(minutes=6) == ""
    would = {row.article_id: row.would_tell for row in stored(trying, match)}
    assert list(would.values()) == [None, "first report of this story", None]
    assert "would have told once" in trying.sweep(days=2)


def test_what_follows_after_the_end_is_told_because_nobody_knew(trying, newsroom):
    newsroom.publish("Ruritania opens talks with the northern envoys in Strelsau")
    trying.sweep(hours=47)
    trying.sweep(hours=1)
    newsroom.publish("Ruritania opens talks with northern envoys in Strelsau today", feed="b")
    sent = trying.sweep(minutes=6)
    assert "in Strelsau today" in sent
    assert "▪ Talks (high): first report of this story" in sent
    assert "with the northern envoys" not in sent


def test_an_article_of_the_trial_is_not_told_for_a_new_headline_after_its_end(trying, newsroom):
    item = newsroom.publish("Strelsau offers talks")
    trying.sweep(minutes=6)
    assert "Trial over" in trying.sweep(days=2)
    item.title = "Strelsau offers talks again"
    assert trying.sweep(minutes=6) == ""
    (row,) = stored(trying, match)
    assert row.would_tell == "first report of this story"


def test_an_edit_during_the_trial_counts_once_and_a_weak_match_that_grows_strong_too(
    trying, newsroom, paragraphs_of
):
    text = paragraphs_of("The palace burns.", closing="Far below, somebody offers talks.")
    item = newsroom.publish("The palace of the queen burns", text=text)
    trying.sweep(minutes=6)
    (row,) = stored(trying, match)
    assert row.would_tell == "weak match, below the lead"
    item.title = "The palace of the queen burns during talks"
    trying.sweep(minutes=6)
    (row,) = stored(trying, match)
    assert row.would_tell == "first report of this story"
    item.title = "The palace of the king burns during talks"
    trying.sweep(minutes=6)
    assert "would have told once" in trying.sweep(days=2)


def test_a_rule_that_was_gone_for_a_while_does_not_begin_its_trial_anew(trying, open_desk, clock):
    gone = TRIED[: TRIED.index("  - {id: talks")] + TRIED[TRIED.index("  - {id: rain") :]
    open_desk(rules__rules=gone).sweep(hours=6)
    again = open_desk(rules__rules=TRIED)
    with again.database.read() as connection:
        (row,) = connection.execute(select(rule).where(rule.c.id == "talks"))
    assert row.trial_since == clock.now() - timedelta(hours=6)
    assert "Trial over" in again.sweep(hours=42)


def test_a_trial_of_a_renamed_rule_sums_up_both_names(trying, open_desk, newsroom):
    newsroom.publish("Ruritania opens talks with the northern envoys in Strelsau")
    item = newsroom.publish("Zenda opens a dialogue with the bakers", feed="b")
    trying.sweep(minutes=6)
    again = open_desk(rules__rules=TRIED.replace("id: talks", "id: offers"))
    newsroom.publish("Ruritania opens talks with northern envoys in Strelsau today", feed="b")
    item.title = "Zenda opens a dialogue with all the bakers"
    again.sweep(minutes=6)
    again = open_desk(
        rules__rules=TRIED.replace("id: talks", "id: offers").replace("dial", "trial")
    )
    again.sweep(minutes=6)
    last = TRIED.replace("id: talks", "id: letters").replace("dial", "trial")
    again = open_desk(rules__rules=last)
    assert again.sweep(hours=46) == ""
    sent = again.sweep(hours=2)
    assert "the rule letters matched 3 articles and would have told 2 times" in sent
    assert "in Strelsau today" not in sent
    assert sent.count("Zenda opens") == 1


def test_a_trial_of_another_rule_that_began_at_the_same_moment_counts_for_itself(
    open_desk, newsroom
):
    both = TRIED.replace("title: Rain,", "title: Rain, trial: 2 days,")
    desk = open_desk(rules__rules=both)
    desk.sweep()
    newsroom.publish("Strelsau offers talks in rain")
    newsroom.publish("More rain", feed="b")
    desk.sweep(minutes=6)
    alone = open_desk(rules__rules=both[: both.index("  - {id: rain")])
    sent = alone.sweep(days=2)
    assert "the rule talks matched 1 article and would have told once" in sent


def test_a_trial_lengthened_after_its_end_goes_on_and_is_summed_up_again(trying, open_desk):
    assert "Trial over" in trying.sweep(days=2)
    longer = open_desk(rules__rules=TRIED.replace("2 days", "4 days"))
    assert longer.sweep(days=1) == ""
    assert "From 2 Mar 12:00 to 6 Mar 12:00 UTC" in longer.sweep(days=1)


def test_a_trial_ends_with_the_last_day_of_its_rule(open_desk, newsroom):
    desk = open_desk(rules__rules=TRIED.replace("trial:", "expires: 2026-03-03, trial:"))
    desk.sweep()
    newsroom.publish("Strelsau offers talks")
    desk.sweep(minutes=6)
    assert decisions(desk) == [("talks", "on trial until 2026-03-04 00:00 UTC")]
    assert "Its last day is over: it tells nothing." in desk.sweep(days=2)


def test_what_is_older_than_the_watch_says_so_on_trial_too(open_desk, newsroom, clock):
    newsroom.publish("Strelsau offered talks", published=clock.now() - timedelta(days=2))
    desk = open_desk(rules__rules=TRIED)
    assert desk.sweep() == ""
    ((_, decision),) = decisions(desk)
    assert decision.startswith("older than the watch")


def test_the_summary_shows_the_newest_and_does_no_harm(trying, newsroom):
    for number in range(30):
        newsroom.publish(f"@everyone talk{number} talks of <b>item</b> {number * 7919}")
    trying.sweep(minutes=6)
    sent = trying.sweep(days=2)
    assert sent.count(" · Paper A: ") == HEADLINES_SHOWN
    assert " before\nNoted" in sent
    assert "@everyone" not in sent
    assert "<b>" not in sent


# --- what commands say ------------------------------------------------------------------------


@pytest.fixture
def command(open_desk, newsroom, files, tmp_path, database_url) -> Callable[..., str]:
    """Commands beside a watch whose rule `talks` has been on trial for an hour."""

    def run(*said: str, ends: int = Exit.FINE) -> str:
        given = [*said, "--config", str(tmp_path / "config")]
        result = CliRunner().invoke(app, given, catch_exceptions=False)
        assert result.exit_code == ends
        return result.stdout

    files["rules/rules.yaml"] = TRIED
    files["monitor.yaml"] = f"database: '{database_url}'\n{files['monitor.yaml']}"
    for name, text in files.items():
        path = tmp_path / "config" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return run


@pytest.fixture
def trying_now(command, open_desk, newsroom, clock) -> str:
    """The end of the trial as people read it."""
    clock.moment = datetime.now(UTC) - timedelta(hours=1)
    desk = open_desk()
    desk.sweep()
    newsroom.publish("Strelsau offers talks in rain")
    desk.sweep(minutes=6)
    desk.monitor.close()
    return f"{clock.now() - timedelta(minutes=6) + timedelta(days=2):%Y-%m-%d %H:%M} UTC"


def test_the_list_of_rules_says_who_is_on_trial(command, trying_now):
    told = command("rules", "list")
    assert f"talks  high      on trial until {trying_now}  1        0              1\n" in told
    assert "rain   normal    live" in told
    assert "Strelsau" not in told
    assert "  Strelsau offers talks in rain\n" in command("rules", "list", "talks")
    talks, rain = json.loads(command("rules", "list", "--json"))
    assert (talks["state"], talks["trial"]["would_tell"]) == (f"on trial until {trying_now}", 1)
    assert [each["title"] for each in talks["would_tell"]] == ["Strelsau offers talks in rain"]
    assert (rain["state"], rain["trial"], rain["alerts"]) == ("live", None, 1)


def test_check_status_and_explain_say_until_when_a_rule_is_on_trial(command, trying_now):
    until = f"on trial until {trying_now}"
    assert f"the rule talks: {until}: until then it tells nobody" in command("check")
    status = command("status")
    assert f"on trial   talks until {trying_now}: 1 match, would have told 1\n" in status
    (trial,) = json.loads(command("status", "--json"))["trials"]
    assert (trial["rule"], trial["matches"], trial["would_tell"]) == ("talks", 1, 1)
    explained = command("rules", "explain", "1", "talks")
    assert f"silence   talks v1 (strong): {until}; would have been told: first report" in explained
    assert f"trial     the rule is {until}" in explained
    assert "trial  " not in command("rules", "explain", "1", "rain")


def test_status_lists_the_trial_of_a_rule_that_the_files_do_not_hold(command, trying_now, tmp_path):
    rules = tmp_path / "config" / "rules" / "rules.yaml"
    shown = f"on trial   talks until {trying_now}: 1 match, would have told 1\n"
    for without in (
        "rules: [{id: rain, when: rain}]\n",  # it vanished
        TRIED.replace("trial:", "examples: {match: [gas]}, trial:"),  # it is held back
        "rules: [\n",  # nothing loads
    ):
        rules.write_text(without, encoding="utf-8")
        assert shown in command("status")
    rules.write_text(TRIED.replace("trial: 2 days", "enabled: false"), encoding="utf-8")
    assert "on trial   talks" not in command("status")


def test_check_tells_of_a_trial_that_has_not_begun_or_outlasts_its_rule(command, tmp_path):
    told = command("check")
    assert "the rule talks: its trial begins when the watch takes it up" in told
    today = datetime.now(UTC).date()
    rules = TRIED.replace("trial:", f"expires: {today}, trial:")
    (tmp_path / "config" / "rules" / "rules.yaml").write_text(rules, encoding="utf-8")
    assert f"its last day is {today}, before the end of its trial: it tells nobody" in command(
        "check"
    )


def test_the_list_tells_states_apart(command, tmp_path):
    rules = (
        "rules:\n"
        "  - {id: off, enabled: false, when: oil}\n"
        "  - {id: over, expires: 2020-01-31, when: oil}\n"
        "  - {id: held, when: oil, examples: {match: [gas]}}\n"
        "  - {id: cases, severity: [{when: raid, is: critical}, {is: low}], when: oil}\n"
    )
    (tmp_path / "config" / "rules" / "rules.yaml").write_text(rules, encoding="utf-8")
    told = command("rules", "list")
    lines = told.splitlines()[1:5]
    assert [line.split()[0] for line in lines] == ["off", "over", "cases", "held"]
    assert "ended 2020-01-31" in told
    assert "held back: an example fails" in told
    assert "critical, low" in told
