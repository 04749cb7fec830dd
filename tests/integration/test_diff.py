"""The files on disk beside the version in force: which rules differ, and what they would tell."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from monitor.cli import app
from monitor.cli.exits import MisuseError
from monitor.core.errors import Permanent
from monitor.storage.schema import alert, metadata

IN_FORCE = """
version: 1
lists:
  places: [Ruritania*, Strelsau]
rules:
  - id: talks
    title: Talks with Ruritania
    severity: high
    when: {all: [$places, {any: [talks, dialogue]}]}
  - id: strikes
    title: Strikes on Ruritania
    severity: critical
    when: {all: [$places, {any: [airstrike*, bombed]}]}
"""

Run = Callable[..., str]


@pytest.fixture
def edit(desk, newsroom, files, tmp_path, database_url) -> Callable[..., None]:
    """News of the last two days under the rules in force; then an edit of the files on disk."""
    desk.clock.moment = datetime.now(UTC) - timedelta(days=2)
    newsroom.publish("The weather in Zenda")
    desk.sweep()
    newsroom.publish("Envoys open a dialogue in Strelsau")
    desk.sweep(hours=5)
    newsroom.publish("Planes bombed the harbour of Ruritania", feed="b")
    desk.sweep(hours=20)
    newsroom.publish("Drones over the castle of Zenda")
    desk.sweep(hours=1)
    newsroom.publish("Strelsau sends its drones home")
    desk.sweep(hours=1)
    assert files["rules/rules.yaml"].split() == IN_FORCE.split()
    files["monitor.yaml"] = f"database: '{database_url}'\n{files['monitor.yaml']}"

    def write(rules: str) -> None:
        for name, text in (files | {"rules/rules.yaml": rules}).items():
            path = tmp_path / "config" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    write(IN_FORCE)
    return write


@pytest.fixture
def diff(tmp_path: Path) -> Run:
    def run(*said: str) -> str:
        given = ["rules", "diff", *said, "--config", str(tmp_path / "config")]
        result = CliRunner().invoke(app, given, catch_exceptions=False)
        assert result.exit_code == 0
        return result.stdout

    return run


def test_files_that_are_in_force_differ_in_nothing(edit, diff):
    edit(IN_FORCE.replace("version: 1", "# a comment\nversion: 1"))
    told = diff().splitlines()
    assert told[0].startswith("in force since ")
    assert told[1:] == ["no rule differs"]
    assert json.loads(diff("--json"))["archive"] is None


def test_a_changed_rule_is_shown_as_a_diff_of_its_definition(edit, diff):
    edit(IN_FORCE.replace("dialogue", "drones").replace("severity: high", "severity: low"))
    told = diff()
    assert "~ talks (Talks with Ruritania): changed" in told
    assert (
        "     title: Talks with Ruritania\n"
        "    -severity: high\n"
        "    -when: {all: [$places, {any: [talks, dialogue]}]}\n"
        "    +severity: low\n"
        "    +when: {all: [$places, {any: [talks, drones]}]}\n"
        "     $places:\n"
    ) in told
    assert "strikes (Strikes" not in told


def test_a_term_more_in_a_list_is_a_change_of_the_rules_that_reach_it(edit, diff):
    edit(IN_FORCE.replace("Strelsau]", "Strelsau, Zenda]"))
    told = diff()
    assert told.count(": changed\n") == 2
    assert told.count("    +  - Zenda\n") == 2
    assert "\n    -" not in told


def test_alerts_are_gained_and_lost_with_their_evidence(edit, diff):
    edit(IN_FORCE.replace("dialogue", "drones"))
    told = diff()
    assert "talks: 1 alert gained\n+ Strelsau sends its drones home\n" in told
    assert "high, at once; before: no match" in told
    assert "title: »Strelsau« sends its »drones« home" in told
    assert "talks: 1 alert lost\n- Envoys open a dialogue in Strelsau\n" in told
    assert "title: Envoys open a »dialogue« in »Strelsau«" in told
    assert "now: no match" in told


def test_days_have_bars_before_and_after_and_alerts_are_projected(edit, diff):
    edit(IN_FORCE.replace("dialogue", "dialogue, drones"))
    told = diff()
    bars = [line for line in told.splitlines() if line.startswith("20") and " · " not in line]
    assert len(bars) == 3
    (longer,) = [line for line in bars if "→" in line]
    assert "++" in longer
    assert "1.0 → 1.5 alerts a day: 2 → 3 in 2 days, 2 → 3 of them at once" in told
    assert "\x1b" not in told  # no colour and no progress bar in a pipe


def test_a_rule_added_gains_and_a_rule_removed_loses_its_alerts(edit, diff):
    added = IN_FORCE[: IN_FORCE.index("  - id: strikes")]
    edit(added + "  - {id: drones, when: {all: [drone*]}}\n")
    found = json.loads(diff("--json"))
    assert [(each["rule"], each["change"]) for each in found["rules"]] == [
        ("drones", "added"),
        ("strikes", "removed"),
    ]
    assert [(each["rule"], each["change"]) for each in found["archive"]["alerts"]] == [
        ("strikes", "lost"),
        ("drones", "gained"),
        ("drones", "gained"),
    ]
    assert {each["other"] for each in found["archive"]["alerts"]} == {"not at work"}


def test_a_rule_switched_off_loses_its_alerts(edit, diff):
    edit(IN_FORCE.replace("severity: critical", "severity: critical\n    enabled: false"))
    told = diff()
    assert "    +enabled: false\n" in told
    assert "strikes: 1 alert lost" in told


def test_an_alert_that_comes_with_another_urgency_is_told_otherwise(edit, diff):
    edit(IN_FORCE.replace("severity: high", "severity: low"))
    told = diff()
    assert "talks: 1 alert told otherwise\n~ Envoys open a dialogue in Strelsau\n" in told
    assert "low, at once; before: high, at once" in told


def test_what_an_earlier_article_of_the_story_tells_now_says_so(edit, diff, desk, newsroom):
    newsroom.publish("Envoys open a dialogue in Strelsau, and talks follow", feed="b")
    desk.clock.moment += timedelta(minutes=30)
    desk.monitor.drain()
    edit(IN_FORCE.replace("dialogue]", "talks]"))
    told = diff()
    gained = told.index("+ Envoys open a dialogue in Strelsau, and talks follow")
    assert "before: already told: an earlier article of this story" in told[gained:]


def test_only_the_rules_that_are_named_are_compared(edit, diff):
    edit(IN_FORCE.replace("dialogue", "drones").replace("bombed", "sunk"))
    found = json.loads(diff("strikes", "--json"))
    assert [each["rule"] for each in found["rules"]] == ["strikes"]
    assert {each["rule"] for each in found["archive"]["alerts"]} == {"strikes"}


def test_a_program_reads_the_same_as_json(edit, diff):
    edit(IN_FORCE.replace("dialogue", "drones"))
    found = json.loads(diff("--json"))
    archive = found["archive"]
    assert sum(day["before"] for day in archive["days"]) == archive["before"]["alerts"] == 2
    assert sum(day["after"] for day in archive["days"]) == archive["after"]["alerts"] == 2
    counts = {"before": 1, "after": 1, "gained": 1, "lost": 1, "told otherwise": 0}
    assert archive["rules"][0] == {"rule": "talks"} | counts
    evidence = archive["alerts"][0]["evidence"]
    assert {each["quote"] for each in evidence} >= {"dialogue", "Strelsau"}


def test_a_rule_that_fails_its_examples_is_compared_as_it_is_in_force(edit, diff):
    failing = "    examples: {match: [nothing of the kind]}\n"
    edit(IN_FORCE.replace("dialogue]}]}\n", f"drones]}}]}}\n{failing}"))
    told = diff()
    assert "talks fails its examples: its version on disk would not go live" in told
    assert "no rule differs" in told
    with pytest.raises(Permanent, match="talks is held back"):
        diff("talks")


def test_a_rule_that_is_in_neither_is_refused(edit, diff):
    with pytest.raises(MisuseError, match="Did you mean talks"):
        diff("talk")


def test_without_an_archive_every_rule_is_new(files, tmp_path, diff):
    for name, text in files.items():
        path = tmp_path / "config" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    told = diff().splitlines()
    assert told[0] == "nothing is in force yet"
    assert told[1] == "+ talks (Talks with Ruritania): added"


def test_nothing_is_written(edit, diff, desk):
    def rows() -> dict[str, list[str]]:
        with desk.database.read() as connection:
            return {
                table.name: sorted(map(repr, connection.execute(select(table))))
                for table in metadata.sorted_tables
            }

    edit(IN_FORCE.replace("dialogue", "drones"))
    before = rows()
    diff()
    assert rows() == before
    assert before[alert.name]
