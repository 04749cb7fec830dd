"""CPU and wall time of reading pages: `python bench/reading.py [--pages N] [--processes N]`.

The gold pages of ../shared/data, where they are, and generated article pages of 60 to 150 kB go
through the monitor's worker processes: extraction only, and with the fetch from loopback before
it. Then the whole read step of a real monitor (claims, robots.txt, fetch, extraction, article,
SQLite, log), on the same two kinds behind fresh entries. Beside it trafilatura alone on the same
bytes in as many processes of the standard library's pool, warmed up, text and metadata, with the
options that we use. The two take turns, because a virtual machine's speed changes from minute to
minute. The server's own CPU is not counted.
"""

import argparse
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from statistics import mean
from typing import Self

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from parts import loopback, processes, watched  # light: fresh workers import this file again

GOLD = Path(__file__).resolve().parents[2] / "shared" / "data" / "pages"
PAGES, PROCESSES = 1_000, 2
HOSTS = 100
STEP_PAGES = 300  # read by the whole step, unless told otherwise
WARMING = 100  # entries, one of each host, that the step reads before it is measured
WARM = 32  # pages before anything else is measured: compiled patterns, loaded libraries
TURNS = 5  # in which what is compared is measured
WAITING = 4  # threads for each process, so that none ever waits for work
PAGE_LIMIT = 3_000_000  # bytes
DATES = {"extensive_search": False, "original_date": True}
OPTIONS = {"with_metadata": True, "include_comments": False, "include_tables": True}
GOAL = 1.15  # times trafilatura's own time

Page = tuple[str, bytes]  # address, body


@dataclass
class Cost:
    """CPU and wall seconds."""

    cpu: float = 0.0
    wall: float = 0.0

    def __iadd__(self, other: "Cost") -> Self:
        self.cpu += other.cpu
        self.wall += other.wall
        return self


Measured = Callable[[Sequence[Page]], Cost]


def _bare(page: Page) -> int:
    """In a bare process: how many letters a page has."""
    from trafilatura import bare_extraction  # noqa: PLC0415 - only where it runs

    url, body = page
    found = bare_extraction(body, url=url, date_extraction_params=DATES, **OPTIONS)
    return len(found.text or "") if found else 0


@contextmanager
def alone(count: int, warm: Sequence[Page]) -> Iterator[Measured]:
    """What trafilatura alone costs in `count` processes."""
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:

        def measured(pages: Sequence[Page]) -> Cost:
            return timed(lambda: list(pool.map(_bare, pages)))

        measured(warm)
        yield measured


@contextmanager
def reader(
    count: int, warm: Sequence[Page], *, site: loopback.Site | None = None
) -> Iterator[Measured]:
    """What the monitor's worker processes cost; with a `site` each page is fetched first."""
    from monitor.adapters import workers  # noqa: PLC0415
    from monitor.adapters.fetcher import Fetcher, Request  # noqa: PLC0415
    from monitor.core.errors import Permanent  # noqa: PLC0415

    places = site.places if site else []
    allowed = frozenset((host, int(port)) for host, port in (each.split(":") for each in places))
    pool = workers.Workers(count)
    with (
        Fetcher(
            user_agent="media-monitor/bench",
            deadline=timedelta(seconds=20),
            connections=64,
            allow=allowed,
        ) as fetcher,
        ThreadPoolExecutor(count * WAITING) as threads,
    ):

        def read(page: Page) -> int:
            url, body = page
            if site:
                body = fetcher.get(Request(url, limit=PAGE_LIMIT)).body
            try:
                return len(pool.run(workers.extract, body, url=url).text or "")
            except Permanent:
                return 0

        def measured(pages: Sequence[Page]) -> Cost:
            return timed(lambda: list(threads.map(read, pages)), server=site.pid if site else None)

        measured(warm)
        yield measured
    pool.close()


def timed(work: Callable[[], list[int]], *, server: int | None = None) -> Cost:
    """What some work costs in all our processes but the `server`; most of it must find a text."""

    def spent() -> float:
        return processes.cpu(os.getpid()) - (processes.cpu(server) if server else 0.0)

    before, began = spent(), time.monotonic()
    letters = work()
    cost = Cost(spent() - before, time.monotonic() - began)
    if sum(map(bool, letters)) < 0.9 * len(letters):
        raise RuntimeError(f"only {sum(map(bool, letters))} of {len(letters)} pages had a text")
    return cost


def step(
    site: loopback.Site, directory: Path, count: int, bodies: Sequence[bytes], bare: Measured
) -> tuple[Cost, Cost]:
    """What the read step costs on `count` new entries, and what their pages cost alone."""
    watched.configure(directory, feeds=site.feeds(HOSTS), allow=site.places)
    outlets = directory / "outlets" / "gazette.yaml"
    outlets.write_text(outlets.read_text().replace("pages: {headline_only: true}, ", ""))
    with watched.watched(directory, step="poll") as monitor:
        monitor.work()
    ours, theirs, main, commits = Cost(), Cost(), 0.0, 0
    with closing(
        sqlite3.connect(directory.parent / "var" / "monitor.db", isolation_level=None)
    ) as database:
        database.execute("UPDATE entry SET due_at = NULL")
        due = (  # of one host as late as can be: its pages wait for each other
            "UPDATE entry SET (due_at, not_before) = "
            "(SELECT moment, moment FROM (SELECT strftime('%Y-%m-%d %H:%M:%f000', 'now') moment)) "
            "WHERE id IN (SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY host ORDER BY "
            "id) AS turn FROM entry WHERE article_id IS NULL AND host IS NOT NULL) "
            "ORDER BY turn, id LIMIT ?) RETURNING url"
        )
        database.execute(due, (WARMING,)).fetchall()
        with watched.watched(directory, step="read") as monitor:
            monitor.work()
            for _ in range(TURNS):
                rows = database.execute(due, (count // TURNS,)).fetchall()
                cost = monitor.work()
                ours += Cost(cost.cpu, cost.wall)
                main, commits = main + cost.shares["main"], commits + cost.commits
                theirs += bare([page_at(url, bodies) for (url,) in rows])
        told = "SELECT completeness, count(*) FROM article GROUP BY 1"
        read = ", ".join(f"{many} {kind}" for kind, many in database.execute(told))
    print(f"  (main process {main:.2f} s; {commits / count:.2f} commits a page; articles: {read})")
    return ours, theirs


def page_at(url: str, bodies: Sequence[bytes]) -> Page:
    """A page as the server shows it."""
    home, _, name = url.rpartition("/page/")
    return url, loopback.page_at(home, name, bodies)


def compare(name: str, ours: Cost, bare: Cost) -> None:
    met = "met" if ours.cpu <= GOAL * bare.cpu else "MISSED"
    print(
        f"  {name:20} cpu {ours.cpu:6.2f} s, {ours.cpu / bare.cpu:.2f} x trafilatura's; "
        f"wall {ours.wall:6.2f} s, {ours.wall / bare.wall:.2f} x; goal {GOAL:g} x, {met}",
        flush=True,
    )


def read_pages(
    kind: str, folder: Path | None, bodies: Sequence[bytes], count: int, processes_: int
) -> None:
    """Extraction, and fetch and extraction, of `count` pages."""
    with loopback.site(hosts=HOSTS, folder=folder) as site:
        pages = [page_at(f"{site.home(each)}/page/{each}", bodies) for each in range(count)]
        size = mean(len(body) for _, body in pages) / 1_000
        bare, extracted, fetched = Cost(), Cost(), Cost()
        with (
            alone(processes_, pages[:WARM]) as trafilatura,
            reader(processes_, pages[:WARM]) as extraction,
            reader(processes_, pages[:WARM], site=site) as fetching,
        ):
            for turn in range(TURNS):
                bare += trafilatura(pages[turn::TURNS])
                extracted += extraction(pages[turn::TURNS])
                fetched += fetching(pages[turn::TURNS])
    print(f"{count} {kind} pages of {size:.0f} kB, {processes_} processes")
    print(f"  trafilatura alone    cpu {bare.cpu:6.2f} s; wall {bare.wall:6.2f} s")
    compare("extraction", extracted, bare)
    compare("fetch and extraction", fetched, bare)


def read_through_monitor(
    kind: str, folder: Path | None, bodies: Sequence[bytes], count: int, processes_: int
) -> None:
    """The whole read step on `count` entries."""
    print(f"{count} {kind} pages through a monitor, {processes_} processes")
    shown = -(-(count + WARMING) // HOSTS)
    with (
        tempfile.TemporaryDirectory(prefix="monitor-bench-") as made,
        loopback.site(hosts=HOSTS, shown=shown, folder=folder) as site,
        alone(processes_, [page_at(f"/page/{each}", bodies) for each in range(WARM)]) as bare,
    ):
        compare("read step", *step(site, Path(made) / "desk", count, bodies, bare))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--pages", type=int, default=PAGES)
    asked.add_argument("--processes", type=int, default=PROCESSES)
    asked.add_argument("--step", type=int, default=STEP_PAGES, help="pages of the whole step")
    sizes = asked.parse_args()
    print(f"trafilatura {version('trafilatura')}, lxml {version('lxml')}: {OPTIONS}, dates {DATES}")
    for kind, folder in (("gold", GOLD if GOLD.exists() else None), ("generated", None)):
        if kind == "gold" and folder is None:
            print(f"gold pages: skipped, {GOLD.name} of ../shared/data is not there")
            continue
        bodies = loopback.kept(folder)
        read_pages(kind, folder, bodies, sizes.pages, sizes.processes)
        most = min(sizes.step, len(bodies) or sizes.step)  # an outlet shows each page once
        read_through_monitor(kind, folder, bodies, most // TURNS * TURNS, sizes.processes)


if __name__ == "__main__":  # the workers' fork server and the bare processes import this file
    main()
