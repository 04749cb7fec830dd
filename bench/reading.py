"""CPU and wall time of reading pages: `python bench/reading.py [--pages N] [--processes N]`.

Generated article pages of 60 to 150 kB, and the gold pages of ../shared/data where they are, go
through the monitor's worker processes: extraction only, and with the fetch from loopback before
it. Then the whole read step of a real monitor (claims, robots.txt, fetch, extraction, article,
SQLite, log), on generated pages behind fresh entries. Beside it trafilatura alone on the same bytes
in as many processes of the standard library's pool, warmed up, text and metadata, with the options
that we use. The server's own CPU is not counted.
"""

import argparse
import gzip
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from importlib.metadata import version
from itertools import cycle, islice
from multiprocessing import get_context
from pathlib import Path
from statistics import mean

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from parts import loopback, processes, watched  # light: fresh workers import this file again

GOLD = Path(__file__).resolve().parents[2] / "shared" / "data" / "pages"
PAGES, PROCESSES = 1_000, 2
HOSTS = 100
STEP_PAGES = 300  # read by the whole step, unless told otherwise
WARMING = 100  # entries, one of each host, that the step reads before it is measured
WAITING = 4  # threads for each process, so that none ever waits for work
PAGE_LIMIT = 3_000_000  # bytes
DATES = {"extensive_search": False, "original_date": True}
OPTIONS = {"with_metadata": True, "include_comments": False, "include_tables": True}
GOAL = 1.15  # times trafilatura's own time

Page = tuple[str, bytes]  # address, body


def generated(site: loopback.Site, count: int) -> list[Page]:
    """The pages that the server shows."""
    homes = [site.home(number) for number in range(count)]
    return [
        (f"{home}/page/{number}", loopback.page(home, number)) for number, home in enumerate(homes)
    ]


def gold(count: int) -> list[Page]:
    """The real pages, repeated as often as needed; none where the folder is absent."""
    if not GOLD.exists():
        return []
    listed = [json.loads(line) for line in (GOLD / "gold.jsonl").open(encoding="utf-8")]
    pages = [(each["url"], gzip.decompress((GOLD / each["file"]).read_bytes())) for each in listed]
    return list(islice(cycle(pages), count))


def _alone(page: Page) -> tuple[int, float, float, int]:
    """In a bare process: its number, CPU seconds of this page and since its start, letters."""
    from trafilatura import bare_extraction  # noqa: PLC0415 - only where it runs

    url, body = page
    began = time.process_time()
    found = bare_extraction(body, url=url, date_extraction_params=DATES, **OPTIONS)
    spent = time.process_time() - began
    return os.getpid(), spent, time.process_time(), len(found.text or "") if found else 0


def alone(pages: Sequence[Page], count: int) -> tuple[float, float]:
    """CPU and wall seconds of trafilatura alone."""
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        list(pool.map(_alone, [*pages[:4]] * count * 4))  # compiled patterns, loaded libraries
        before, began = processes.cpu(os.getpid()), time.monotonic()
        found = list(pool.map(_alone, pages))
        wall, cpu = time.monotonic() - began, processes.cpu(os.getpid()) - before
    inside = sum(spent for _, spent, _, _ in found)
    print(f"  trafilatura alone   cpu {cpu:6.2f} s ({inside:.2f} in calls)  wall {wall:6.2f} s")
    return cpu, wall


def through(
    name: str,
    read: Callable[[Page], object],
    pages: Sequence[Page],
    count: int,
    *,
    server: int | None = None,
) -> tuple[float, float]:
    """CPU and wall seconds of the monitor's road, all processes but the `server` together."""

    def spent() -> float:
        return processes.cpu(os.getpid()) - (processes.cpu(server) if server else 0.0)

    with ThreadPoolExecutor(count * WAITING) as pool:
        list(pool.map(read, [*pages[:4]] * count))  # the workers start and are warm
        before, began = spent(), time.monotonic()
        found = list(pool.map(read, pages))
        wall, cpu = time.monotonic() - began, spent() - before
    texts = sum(1 for page in found if page is not None and page.text)
    print(f"  {name:19} cpu {cpu:6.2f} s  wall {wall:6.2f} s  {texts} of {len(pages)} with text")
    return cpu, wall


@contextmanager
def reader(count: int, *, allow: Sequence[str] = ()) -> Iterator[Callable[..., object]]:
    """How the monitor reads one page; with `allow` it fetches it first."""
    from monitor.adapters import workers  # noqa: PLC0415
    from monitor.adapters.fetcher import Fetcher, Request  # noqa: PLC0415
    from monitor.core.errors import Permanent  # noqa: PLC0415

    places = frozenset((host, int(port)) for host, port in (each.split(":") for each in allow))
    pool = workers.Workers(count)
    with Fetcher(
        user_agent="media-monitor/bench",
        deadline=timedelta(seconds=20),
        connections=64,
        allow=places,
    ) as fetcher:

        def read(page: Page) -> object:
            url, body = page
            if places:
                body = fetcher.get(Request(url, limit=PAGE_LIMIT)).body
            try:
                return pool.run(workers.extract, body, url=url)
            except Permanent:
                return None

        yield read
    pool.close()


def step(site: loopback.Site, directory: Path, count: int) -> tuple[float, float, list[Page]]:
    """CPU and wall seconds of the read step on `count` new entries, and the pages it read."""
    watched.configure(directory, feeds=site.feeds(HOSTS), allow=site.places)
    outlets = directory / "outlets" / "gazette.yaml"
    outlets.write_text(outlets.read_text().replace("pages: {headline_only: true}, ", ""))
    with watched.watched(directory, step="poll") as monitor:
        monitor.work()
    with closing(
        sqlite3.connect(directory.parent / "var" / "monitor.db", isolation_level=None)
    ) as database:
        later = "UPDATE entry SET not_before = '2999-01-01 00:00:00.000000' WHERE due_at NOT NULL"
        now = (
            "UPDATE entry SET not_before = strftime('%Y-%m-%d %H:%M:%f000', 'now') WHERE id IN "
            "(SELECT id FROM entry WHERE due_at NOT NULL AND host NOT NULL ORDER BY id {} LIMIT ?) "
            "RETURNING url"
        )
        database.execute(later)
        database.execute(now.format("DESC"), (WARMING,)).fetchall()
        with watched.watched(directory, step="read") as monitor:
            monitor.work()
            urls = [url for (url,) in database.execute(now.format("ASC"), (count,)).fetchall()]
            cost = monitor.work()
        told = "SELECT completeness, count(*) FROM article GROUP BY 1"
        read = ", ".join(f"{many} {kind}" for kind, many in database.execute(told))
    print(
        f"  read step           cpu {cost.cpu:6.2f} s (main {cost.shares['main']:.2f})  "
        f"wall {cost.wall:6.2f} s  {cost.commits / len(urls):.2f} commits a page  articles: {read}"
    )
    return cost.cpu, cost.wall, [(url, _page_at(url)) for url in urls]


def _page_at(url: str) -> bytes:
    home, _, name = url.rpartition("/page/")
    return loopback.page(home, int(name.replace("-", "")))


def compare(name: str, ours: tuple[float, float], bare: tuple[float, float]) -> None:
    met = "met" if ours[0] <= GOAL * bare[0] else "MISSED"
    print(
        f"    {name}: {ours[0] / bare[0]:.2f} x its CPU, {ours[1] / bare[1]:.2f} x its wall time; "
        f"goal {GOAL:g} x, {met}",
        flush=True,
    )


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--pages", type=int, default=PAGES)
    asked.add_argument("--processes", type=int, default=PROCESSES)
    asked.add_argument("--step", type=int, default=STEP_PAGES, help="pages of the whole step")
    sizes = asked.parse_args()
    print(f"trafilatura {version('trafilatura')}, lxml {version('lxml')}: {OPTIONS}, dates {DATES}")
    with loopback.site(hosts=HOSTS) as site:
        for kind, pages in (
            ("generated", generated(site, sizes.pages)),
            ("gold", gold(sizes.pages)),
        ):
            if not pages:
                print(f"{kind} pages: skipped, {GOLD.name} of ../shared/data is not there")
                continue
            size = mean(len(body) for _, body in pages) / 1_000
            print(f"{len(pages)} {kind} pages of {size:.0f} kB, {sizes.processes} processes")
            bare = alone(pages, sizes.processes)
            with reader(sizes.processes) as read:
                compare("extraction", through("extraction", read, pages, sizes.processes), bare)
            if kind == "generated":
                with reader(sizes.processes, allow=site.places) as read:
                    took = through(
                        "fetch, extraction", read, pages, sizes.processes, server=site.pid
                    )
                compare("fetch and extraction", took, bare)
    shown = -(-(sizes.step + WARMING) // HOSTS)
    with (
        tempfile.TemporaryDirectory(prefix="monitor-bench-") as folder,
        loopback.site(hosts=HOSTS, shown=shown) as site,
    ):
        cpu, wall, pages = step(site, Path(folder) / "desk", sizes.step)
        compare("read step", (cpu, wall), alone(pages, sizes.processes))


if __name__ == "__main__":  # the workers' fork server and the bare processes import this file
    main()
