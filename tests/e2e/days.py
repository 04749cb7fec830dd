"""Runs an invented day through the real polling, and holds what was seen against what was shown."""

import json
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import newsday
from desks import Desk, surroundings
from newsday import BEGINS, Day

HERE = Path(__file__).resolve().parent
LAST_ITEMS = 30 * newsday.MINUTE  # at the end of the day, still to be polled for
SLACK = timedelta(seconds=30)  # dates of feeds are whole seconds, the clock steps


@dataclass(frozen=True)
class Missed:
    """An item that was shown and not seen, and the causes of the gaps that its appearance is in."""

    feed: int
    item: int
    at: datetime
    causes: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What a day came to. `seen` counts those of the `observable` items."""

    observable: int
    seen: int
    missed: tuple[Missed, ...]
    new: int  # items of the day in the database
    gaps: Counter[str]  # by cause
    told: dict[str, int]  # requests and answers, by the server
    seconds: float  # that the day took

    @property
    def share(self) -> float:
        return self.seen / self.observable

    @property
    def unexplained(self) -> list[Missed]:
        return [each for each in self.missed if not each.causes]

    @property
    def requests_per_item(self) -> float:
        return self.told["requests"] / self.new


def live_through(
    place: Path, *, seed: int, feeds: int, hosts: int, hours: float, poll: str = "{}"
) -> Outcome:
    """One day in a directory of its own; `poll` is that part of monitor.yaml."""
    day = newsday.invent(seed=seed, feeds=feeds, hosts=hosts, hours=hours)
    with _served(seed, feeds, hosts, hours) as ports:
        *doors, control = ports
        desk = _configured(place, day, doors, poll=poll)
        began = time.monotonic()
        ends = BEGINS + timedelta(hours=hours)
        words = [desk.directory, BEGINS.isoformat(), ends.isoformat(), control]
        with (desk.directory / "log-0.jsonl").open("wb") as log:
            subprocess.run(
                [sys.executable, HERE / "stepping.py", *map(str, words)],
                stdout=subprocess.DEVNULL, stderr=log, env=surroundings(), check=True,
            )  # fmt: skip
        took = time.monotonic() - began
        told = _told(control)
    return _compared(day, desk, told, took)


@contextmanager
def _served(seed: int, feeds: int, hosts: int, hours: float) -> Iterator[list[int]]:
    words = [sys.executable, HERE / "newsday.py", *map(str, (seed, feeds, hosts, hours))]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.stdin.close()


def _told(control: int) -> dict[str, int]:
    import socket  # noqa: PLC0415

    with socket.create_connection(("127.0.0.1", control)) as line:
        line.sendall(b"told\n")
        found: dict[str, int] = json.loads(line.makefile().readline())
    return found


def _configured(place: Path, day: Day, doors: list[int], *, poll: str) -> Desk:
    directory = place / "desk"
    (directory / "rules").mkdir(parents=True)
    (directory / "outlets").mkdir()
    allow = [f"127.0.0.1:{port}" for port in doors]
    (directory / "monitor.yaml").write_text(
        f"poll: {poll}\nfetch: {{allow: {json.dumps(allow)}}}\n"
    )
    (directory / "channels.yaml").write_text('log: {url: "file:alerts.log", default: true}\n')
    (directory / "rules" / "never.yaml").write_text(
        "rules:\n  - {id: never, title: Never, severity: low, when: {any: [zyzzyva]}}\n"
    )
    listed = ", ".join(
        f'{{url: "http://127.0.0.1:{doors[feed.host]}/{feed.number}"}}' for feed in day.feeds
    )
    (directory / "outlets" / "gazette.yaml").write_text(
        "outlets:\n  - {id: gazette, name: The Gazette, country: GB, language: en, tier: wire, "
        f"pages: {{headline_only: true}}, feeds: [{listed}]}}\n"
    )
    return Desk(directory, f"sqlite:///{place / 'var' / 'monitor.db'}")


def _compared(day: Day, desk: Desk, told: dict[str, int], took: float) -> Outcome:
    seen = {str(row[0]) for row in desk.ask("SELECT title FROM entry")}
    gaps: dict[int, list[tuple[datetime, datetime, str]]] = defaultdict(list)
    rows = desk.ask("SELECT f.url, since, until, cause FROM gap JOIN feed f ON f.id = feed_id")
    for url, since, until, cause in rows:
        number = int(str(url).rpartition("/")[2])
        gaps[number].append((_moment(since), _moment(until), str(cause)))
    shown = list(day.observable(until=day.length - LAST_ITEMS))
    missed = []
    for feed, item in shown:
        if f"Report {item} of gazette {feed.number}" not in seen:
            at = BEGINS + timedelta(seconds=feed.times[item])
            causes = (
                cause
                for since, until, cause in gaps[feed.number]
                if since - SLACK <= at <= until + SLACK
            )
            missed.append(Missed(feed.number, item, at, tuple(causes)))
    before = sum(feed.newest(0.0) for feed in day.feeds)
    return Outcome(
        observable=len(shown),
        seen=len(shown) - len(missed),
        missed=tuple(missed),
        new=len(seen) - before,
        gaps=Counter(cause for each in gaps.values() for *_, cause in each),
        told=told,
        seconds=took,
    )


def _moment(kept: object) -> datetime:
    """A moment as SQLite keeps it."""
    return datetime.fromisoformat(str(kept)).replace(tzinfo=BEGINS.tzinfo)
