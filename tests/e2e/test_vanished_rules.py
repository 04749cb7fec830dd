"""Rules that vanished from the files and match all the same: every tool knows them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Call = Callable[..., CompletedProcess[str]]

NAMES = [f"cup{number}" for number in range(4)]


@pytest.fixture(scope="module")
def accident(desk_of_all: Path, monitor_of_all: Call) -> Path:
    """Four rules were in force; then their file was deleted by accident."""
    crowd = desk_of_all / "rules" / "crowd.yaml"
    crowd.write_text("rules:\n" + "".join(f"  - {{id: {n}, when: cup}}\n" for n in NAMES))
    assert monitor_of_all("once", "--config", desk_of_all).returncode == 0
    crowd.unlink()
    return desk_of_all


@pytest.fixture
def bereft(accident: Path, tmp_path: Path) -> Path:
    """That desk, for a test that changes it."""
    copied = tmp_path / "copied"
    shutil.copytree(accident.parent, copied)
    return copied / accident.name


def states(monitor: Call, desk: Path) -> dict[str, str]:
    listed = json.loads(monitor("rules", "list", "--json", "--config", desk).stdout)
    return {line["rule"]: line["state"] for line in listed}


def test_list_shows_them(accident: Path, monitor: Call) -> None:
    kept = "vanished, kept in force"
    assert states(monitor, accident) == {"talks": "live"} | dict.fromkeys(NAMES, kept)


def test_explain_knows_them(accident: Path, monitor: Call) -> None:
    told = monitor("rules", "explain", "2", "cup1", "--config", accident)
    assert told.returncode == 0, told.stderr
    assert "cup1 vanished from the files and is kept in force" in told.stdout
    told = monitor("rules", "explain", "2", "cup1", "--json", "--config", accident)
    assert json.loads(told.stdout)["kept"] == "vanished"


def test_test_tries_them(accident: Path, monitor: Call) -> None:
    told = monitor("rules", "test", "cup1", "--config", accident)
    assert told.returncode == 0, told.stderr
    assert "vanished from the files, kept in force" in told.stdout
    told = monitor("rules", "test", "--text", "He won the cup", "--config", accident)
    assert "cup3" in told.stdout


def test_backtest_replays_them(accident: Path, monitor: Call) -> None:
    told = json.loads(monitor("rules", "backtest", "cup1", "--json", "--config", accident).stdout)
    assert [(each["rule"], each["matches"]) for each in told["rules"]] == [("cup1", 1)]


@pytest.mark.parametrize("taken_up", [False, True])
def test_diff_shows_what_their_end_would_change(
    bereft: Path, monitor: Call, *, taken_up: bool
) -> None:
    if taken_up:
        assert monitor("once", "--config", bereft).returncode == 0
    told = monitor("rules", "diff", "--config", bereft).stdout
    assert "4 rules vanished from the files at once: cup0, cup1, cup2, cup3." in told
    assert all(f"- {name}: removed" in told for name in NAMES)
    told = json.loads(monitor("rules", "diff", "cup1", "--json", "--config", bereft).stdout)
    assert told["vanished"] == ["cup1"]
    assert [each["rule"] for each in told["rules"]] == ["cup1"]


def test_check_remarks_them_and_counts_the_rules_of_the_files(
    accident: Path, monitor: Call
) -> None:
    told = monitor("check", "--config", accident)
    assert told.returncode == 0
    assert "rules: 4 rules vanished from the files at once" in told.stdout
    assert "config is fine: 1 outlet, 1 feed, 1 rule, 1 channel" in told.stdout


def test_nobody_knows_them_once_it_is_confirmed(bereft: Path, monitor: Call) -> None:
    told = monitor("rules", "accept", "--yes", "--config", bereft)
    assert "4 rules gone. No watch runs: they match nothing from its next start on." in told.stdout
    assert states(monitor, bereft) == {"talks": "live"}
    assert monitor("rules", "test", "cup1", "--config", bereft).returncode == 2
    assert "vanished" not in monitor("check", "--config", bereft).stdout
