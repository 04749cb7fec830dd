"""The daemon with 10,000 feeds on 500 hosts: `python bench/crowd.py [--feeds N] [--seconds S]`.

First a new start: seconds until the first poll and until all were polled once, PSS of all processes
after that, and CPU when nothing is due. Then, with a short interval, a start after a night off (all
feeds due at once), and how evenly polls are spread: polls in each slice of ten seconds of the two
intervals after the first round, the largest to the mean.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "e2e"))

import desks
from parts import loopback, processes
from sqlalchemy import create_engine, text

FEEDS, HOSTS = 10_000, 500
INTERVAL = 60  # seconds, in the second part
SLICE = 10  # seconds
IDLE = 20  # seconds that the idle daemon is watched
SETTLED = 60  # seconds to wait at most for what the first polls left to do
OLD = 3 * 86_400  # seconds: items older than first_sight, so that no page is fetched
PATIENCE = 150  # seconds until all feeds must have been polled
GOAL = 300  # MB


@dataclass
class Log:
    """When which feed was asked for, as the server saw it."""

    site: loopback.Site
    at: list[tuple[int, float]] = field(default_factory=list)

    def until_all(self, feeds: int) -> None:
        """Wait until each feed was asked for at least once since the log began."""
        end = time.monotonic() + PATIENCE
        while len({number for number, _ in self.look()}) < feeds and time.monotonic() < end:
            time.sleep(0.5)

    def look(self) -> list[tuple[int, float]]:
        self.at += [(int(number), float(moment)) for number, moment in self.site.told()["at"]]
        return self.at


def started(log: Log, desk: desks.Desk, feeds: int) -> int:
    """Start the daemon and wait until all were polled; its process id."""
    log.look()
    log.at.clear()
    began = time.time()
    process = desk.start()
    log.until_all(feeds)
    seen: dict[int, float] = {}
    for number, moment in log.at:
        seen.setdefault(number, moment - began)
    print(
        f"  first poll after {min(seen.values()):.1f} s, "
        f"{len(seen)} of {feeds} feeds polled after {max(seen.values()):.1f} s"
    )
    return process.pid


def weigh(root: int) -> None:
    """Print the PSS of all processes."""
    sizes = [processes.pss(each) for each in processes.tree(root)]
    met = "met" if sum(sizes) < GOAL else "MISSED"
    each = " + ".join(f"{size:.0f}" for size in sizes)
    print(f"  PSS {sum(sizes):.0f} MB ({each}); goal: under {GOAL} MB, {met}")


def rest(desk: desks.Desk, root: int) -> None:
    """Print the CPU of a daemon that has nothing to do."""
    due = "SELECT count(*) FROM entry WHERE due_at IS NOT NULL"
    articles = "SELECT count(*) FROM article WHERE due_at IS NOT NULL"
    end = time.monotonic() + SETTLED
    while (left := int(str(desk.number(due))) + int(str(desk.number(articles)))) > 0:
        if time.monotonic() > end:
            print(f"  (not idle yet: {left} entries and articles are still due)")
            break
        time.sleep(2)
    before = processes.cpu(root)
    time.sleep(IDLE)
    print(f"  CPU with nothing due: {(processes.cpu(root) - before) * 60 / IDLE:.2f} s a minute")


def spread(log: Log, root: int, *, seconds: int) -> None:
    """Print how evenly polls come in the next `seconds`."""
    log.look()
    log.at.clear()
    began, before = time.time(), processes.cpu(root)
    time.sleep(seconds)
    spent = processes.cpu(root) - before
    slices = Counter(int((moment - began) // SLICE) for _, moment in log.look())
    counts = [slices[each] for each in range(seconds // SLICE)]
    mean = sum(counts) / len(counts)
    print(f"  polls in each {SLICE} s: {' '.join(map(str, counts))}")
    print(f"  largest to mean: {max(counts) / mean if mean else 0:.2f}")
    print(
        f"  CPU {spent * 60 / seconds:.1f} s a minute, {sum(counts) * 60 // seconds} polls a minute"
    )


def make_due(desk: desks.Desk) -> None:
    """As after a night off: every feed is due."""
    engine = create_engine(desk.database)
    with engine.begin() as connection:
        past = "1 day"
        connection.execute(
            text(
                f"UPDATE feed SET not_before = datetime('now', '-{past}'), "
                f"due_at = datetime('now', '-{past}'), interval = {INTERVAL}"
            )
        )
    engine.dispose()


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--feeds", type=int, default=FEEDS)
    asked.add_argument("--seconds", type=int, default=2 * INTERVAL, help="how long to watch")
    sizes = asked.parse_args()
    hosts = min(HOSTS, sizes.feeds)
    with (
        loopback.site(hosts=hosts, shown=1, age=OLD) as site,
        tempfile.TemporaryDirectory() as place,
        desks.desk(
            Path(place) / "desk",
            feeds=site.feeds(sizes.feeds),
            allow=site.places,
            channels={"desk": "json://127.0.0.1:9/"},
            interval="20 minutes",
        ) as desk,
    ):
        log = Log(site)
        print(f"a new start with {sizes.feeds} feeds on {hosts} hosts:")
        root = started(log, desk, sizes.feeds)
        weigh(root)
        rest(desk, root)
        desk.end(desk.processes[-1])
        settings = desk.directory / "monitor.yaml"
        settings.write_text(settings.read_text().replace("20 minutes", f"{INTERVAL} seconds"))
        make_due(desk)
        print(f"after a night off, every {INTERVAL} seconds:")
        root = started(log, desk, sizes.feeds)
        spread(log, root, seconds=sizes.seconds)
        weigh(root)
        desk.end(desk.processes[-1])


if __name__ == "__main__":
    main()
