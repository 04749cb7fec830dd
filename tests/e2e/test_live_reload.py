"""A person edits the files of a daemon that runs: the installed command, and real seconds."""

import json
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from desks import Desk, surroundings

WITHIN = timedelta(seconds=5)
TRIES = 3  # the machine may be busy with something else for a while


@pytest.fixture
def daemon(desk):
    """The desk's watch, running; it is stopped as a service manager stops it."""
    made = Desk(desk, f"sqlite:///{desk.parent / 'var' / 'monitor.db'}")
    process = made.start()
    try:
        made.wait(lambda: made.events("watch.started"))
        triaged = "SELECT count(*) FROM article WHERE triaged_at IS NOT NULL"
        made.wait(lambda: made.number(triaged) == 2)
        yield made
        made.end(process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()


def notices(desk):
    return [str(row[0]) for row in desk.ask("SELECT body FROM delivery WHERE kind = 'ops'")]


def versions(desk):
    asked = "SELECT since FROM rule_version WHERE rule_id = 'talks' ORDER BY number"
    return [datetime.fromisoformat(str(row[0])).replace(tzinfo=UTC) for row in desk.ask(asked)]


def edit(desk, old, new):
    rules = desk.directory / "rules" / "talks.yaml"
    text = rules.read_text("utf-8")
    assert old in text
    rules.write_text(text.replace(old, new), "utf-8")


def test_an_edit_takes_effect_within_five_seconds_without_a_restart(daemon):
    took = []
    for number in range(TRIES):
        saved = datetime.now(UTC)
        edit(daemon, "[talks,", f"[talks, word{number},")
        daemon.wait(lambda number=number: len(versions(daemon)) == number + 2)
        took.append(versions(daemon)[-1] - saved)
    assert min(took) < WITHIN, took
    said = re.compile(r"talks v2 live: matches 1 of 2 articles of the last 1 h")
    daemon.wait(lambda: any(said.search(body) for body in notices(daemon)))


def test_a_bad_edit_is_told_and_vanished_rules_go_when_it_is_confirmed(daemon):
    edit(
        daemon,
        "rules:\n",
        "rules:\n" + "".join(f"  - {{id: r{n}, when: w{n}}}\n" for n in range(5)),
    )
    daemon.wait(lambda: any("6 rules" in body or "r4 v1 live" in body for body in notices(daemon)))
    edit(daemon, "when:\n", "when: [\n")
    daemon.wait(lambda: any("rules/talks.yaml:" in body for body in notices(daemon)))
    assert any("edit not in force" in line for line in called("status", daemon).stdout.splitlines())
    text = (daemon.directory / "rules" / "talks.yaml").read_text("utf-8")
    text = "".join(
        line
        for line in text.replace("when: [\n", "when:\n").splitlines(keepends=True)
        if "id: r" not in line
    )
    (daemon.directory / "rules" / "talks.yaml").write_text(text, "utf-8")
    daemon.wait(lambda: any("5 rules vanished" in body for body in notices(daemon)))
    assert "monitor rules accept" in called("status", daemon).stdout
    accepted = called("rules", "accept", daemon, "--json", "--yes")
    assert json.loads(accepted.stdout) == {"accepted": [f"r{n}" for n in range(5)]}
    daemon.wait(lambda: any("r4 is gone" in body for body in notices(daemon)))
    assert called("rules", "accept", daemon, "--yes").returncode == 1


def test_another_state_is_not_looked_into_while_the_watch_works_on_the_old_one(daemon):
    settings = daemon.directory / "monitor.yaml"
    before = settings.read_text("utf-8")
    settings.write_text(before.replace("state:", "state: ../elsewhere #"), "utf-8")
    told = called("status", daemon)
    assert told.returncode == 0
    assert told.stdout.splitlines()[0] == "running"
    assert "not on the database that monitor.yaml names by now" in told.stdout
    assert "no database yet" not in told.stdout
    facts = daemon.status()
    assert (facts["running"], facts["elsewhere"], facts["database"]) == (True, True, False)
    refused = called("search", "talks", daemon)
    assert refused.returncode == 75
    assert "Restart the watch, or put the old words back" in refused.stderr
    assert called("check", daemon).returncode == 0
    said = "monitor.yaml: the new state takes effect at the next start"
    daemon.wait(lambda: said in notices(daemon))
    settings.write_text(before, "utf-8")
    assert daemon.status()["elsewhere"] is False
    assert "talks" in called("search", "talks", daemon).stdout


def called(*words):
    """`monitor WORDS…`; a desk among them is its directory, after --config."""
    given = [["--config", str(w.directory)] if isinstance(w, Desk) else [w] for w in words]
    line = [sys.executable, "-m", "monitor", *(word for each in given for word in each)]
    return subprocess.run(line, capture_output=True, text=True, env=surroundings(), check=False)
