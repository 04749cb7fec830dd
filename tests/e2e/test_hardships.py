"""What an unattended machine goes through: a poison message, outages, a full disk, a held database.

Each with a real daemon and a real webhook receiver; after it is over, nothing is lost.
`MONITOR_SOAK_LOCK=35` locks the database for longer than its patience, which takes a minute more:
`make soak` does.
"""

import contextlib
import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import desks
import kills
import pytest
import sites
from desks import Clock, Desk

SPEED = 20  # times real time: back-off and leases pass faster, network deadlines do not
ALERTS = 12
LOCKED = float(os.environ.get("MONITOR_SOAK_LOCK", "4"))  # seconds
DISK = 12  # MB
NAMED = [f"matter{number:05d}x" for number in range(ALERTS)]


@dataclass
class Moody(kills.Taker):
    """A receiver that may be down, and may do something else with a message first."""

    dice: random.Random = field(default_factory=lambda: random.Random(1))
    refused_share: float = 0.0
    down: bool = False
    first: Callable[[str], None] = lambda _: None

    def takes(self, key: str, text: str) -> bool:
        self.first(text)
        if self.down:
            with self.lock:
                self.refused.append(key)
            return False
        return super().takes(key, text)

    @property
    def missing(self) -> list[str]:
        told = "\n".join(text for _, text in self.taken)
        return [name for name in NAMED if name not in told]


@dataclass
class Hardship:
    """A desk with two receivers, and news that is shown when the test says so."""

    desk: Desk
    hook: Moody
    other: Moody
    news: kills.News

    def start(self) -> "subprocess.Popen[bytes]":
        process = self.desk.start()
        self.desk.wait(lambda: kills.polled(self.desk))
        return process

    def publish(self, count: int = ALERTS) -> None:
        self.news.shown = count

    def arrive(self) -> None:
        """Wait until all news has reached both receivers; fails with what has not."""
        end, pause = time.monotonic() + 2 * desks.PATIENCE, threading.Event()
        while self.hook.missing or self.other.missing:
            late = f"{self.hook.missing} {self.other.missing}\n{self.desk.log[-2_000:]}"
            assert time.monotonic() < end, late
            pause.wait(0.1)

    @property
    def dead(self) -> int:
        return int(str(self.desk.number("SELECT count(*) FROM delivery WHERE state = 'dead'")))


@contextmanager
def _hardship(directory: Path) -> Iterator[Hardship]:
    hook, other, news = Moody(), Moody(), kills.News(window=ALERTS)
    with ExitStack() as stack:
        feed = stack.enter_context(sites.site(news.answer))
        news.url = feed.url
        channels = {
            "hook": stack.enter_context(kills.webhook(hook)),
            "other": stack.enter_context(kills.webhook(other)),
        }
        clock = Clock(datetime(2026, 1, 5, 12, tzinfo=UTC), SPEED)
        desk = stack.enter_context(kills.plain_desk(directory, feed, channels, clock))
        yield Hardship(desk, hook, other, news)


@pytest.fixture
def hardship(tmp_path: Path) -> Iterator[Hardship]:
    with _hardship(tmp_path / "desk") as made:
        yield made


def test_a_message_that_kills_its_sender_goes_dead_and_the_others_arrive(
    hardship: Hardship,
) -> None:
    killed: list[int] = []
    process = hardship.start()

    def poison(text: str) -> None:
        if NAMED[3] in text:
            killed.append(process.pid)
            process.kill()

    hardship.hook.first = poison
    hardship.publish()
    end = time.monotonic() + 2 * desks.PATIENCE
    while hardship.hook.missing not in ([NAMED[3]], []) or not hardship.dead:
        assert time.monotonic() < end, hardship.desk.log[-2_000:]
        if process.poll() is not None:
            process = hardship.desk.start()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
    hardship.desk.wait(lambda: not hardship.other.missing)
    assert len(set(killed)) == 5, "it was sent more often than five times, or given up before"
    assert hardship.dead == 1
    hardship.desk.wait(
        lambda: any("A message to the channel hook was given up" in t for _, t in told(hardship))
    )


def told(hardship: Hardship) -> list[tuple[str, str]]:
    return list(hardship.other.taken)


def test_receivers_that_are_down_a_third_of_the_time_lose_nothing(hardship: Hardship) -> None:
    hardship.start()
    pause = threading.Event()
    for turn in range(6):
        hardship.publish((turn + 1) * ALERTS // 6)
        hardship.hook.down = hardship.other.down = turn % 3 == 1
        pause.wait(1.5)
    hardship.hook.down = hardship.other.down = False
    hardship.arrive()
    assert hardship.hook.refused, "it was never down"
    assert hardship.dead == 0
    keys = [key for key, _ in hardship.hook.taken]
    assert len(keys) == len(set(keys)), "something was repeated"


def test_a_database_that_another_process_holds_costs_time_and_no_message(
    hardship: Hardship,
) -> None:
    process = hardship.start()
    holder = sqlite3.connect(hardship.desk.database.removeprefix("sqlite:///"), timeout=30)
    holder.isolation_level = None
    holder.execute("BEGIN IMMEDIATE")
    hardship.publish()
    threading.Event().wait(LOCKED)
    assert process.poll() is None, hardship.desk.log[-2_000:]
    assert hardship.hook.taken == []
    holder.execute("ROLLBACK")
    holder.close()
    hardship.arrive()
    assert hardship.dead == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few MB."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    words = ["mount", "-t", "tmpfs", "-o", f"size={DISK}M", "tmpfs", str(place)]
    mounted = subprocess.run(words, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"no small file system can be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_disk_that_has_room_again_loses_nothing(small_disk: Path, tmp_path: Path) -> None:
    (tmp_path / "var").symlink_to(small_disk)
    with _hardship(tmp_path / "desk") as hardship:
        process = hardship.start()
        ballast = small_disk / "ballast"
        fill(ballast)
        hardship.publish()
        hardship.desk.wait(
            lambda: "full" in hardship.desk.log, seconds=desks.PATIENCE
        )  # "database or disk is full"
        assert process.poll() is None, hardship.desk.log[-2_000:]
        ballast.unlink()
        hardship.arrive()
        assert hardship.dead == 0
        assert process.poll() is None, "it did not outlive the full disk"


def fill(ballast: Path) -> None:
    """Leave no room on the file system of a file."""
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"0" * 4_096)


def test_a_second_instance_on_the_same_sqlite_database_ends_with_a_clear_message(
    hardship: Hardship,
) -> None:
    hardship.start()
    second = subprocess.run(
        [sys.executable, "-m", "monitor", "run", "--config", str(hardship.desk.directory)],
        capture_output=True,
        text=True,
        env=desks.surroundings(),
        timeout=desks.PATIENCE,
        check=False,
    )
    assert second.returncode == 75
    assert "another monitor works on" in second.stderr
    assert "use PostgreSQL to share the work" in second.stderr
    hardship.publish()
    hardship.arrive()
