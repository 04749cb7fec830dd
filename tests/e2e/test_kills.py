"""Nothing is lost to SIGKILL, and only what was in flight at a kill is repeated, with its key.

`make soak` runs the long one: MONITOR_SOAK_KILLS and MONITOR_SOAK_ALERTS say how long.
"""

import os
from pathlib import Path

import kills

KILLS = int(os.environ.get("MONITOR_SOAK_KILLS", "6"))
ALERTS = int(os.environ.get("MONITOR_SOAK_ALERTS", "90"))


def test_kills_lose_nothing_and_repeat_only_what_was_in_flight(tmp_path: Path) -> None:
    result = kills.run(tmp_path / "desk", alerts=ALERTS, kills=KILLS)
    print(result)  # noqa: T201 - what `make soak` is called for
    assert result.lost == []
    assert result.dead == 0
    assert result.repeated <= result.in_flight
    assert result.twice_named == []
    assert result.refused > ALERTS // 5
