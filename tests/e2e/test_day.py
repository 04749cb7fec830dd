"""A simulated day of feeds that burst, lie, refuse and fall silent (the whole: bench/day.py)."""

from pathlib import Path

import days


def test_nearly_all_is_seen_and_every_miss_lies_in_a_recorded_gap(tmp_path: Path) -> None:
    day = days.live_through(tmp_path, seed=5, feeds=60, hosts=20, hours=8)
    assert day.observable > 1_000
    assert {"304", "false 304", "429"} <= day.told.keys()  # else nothing was tried
    assert day.unexplained == []
    assert day.share >= 0.99, day.missed  # 0.999 of the whole day: few items make few misses much
    assert day.requests_per_item < 2, day.told
