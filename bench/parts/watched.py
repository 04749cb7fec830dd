"""A real monitor that does one step on command, in a process of its own, and says what it cost.

As a program: `python watched.py DIRECTORY STEP DELAY`; a line on standard input lets it do what is
due, and it answers with one line of JSON. DELAY is slept in each commit, in seconds.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve()
ROOT = HERE.parents[2]
LOOKED_EVERY = 0.2  # seconds between looks whether all is done
PATIENCE = 600.0  # seconds for one phase


@dataclass(frozen=True)
class Cost:
    """What one phase cost. CPU seconds are those of all processes, the database's included."""

    cpu: float
    wall: float
    commits: int
    shares: dict[str, float]  # CPU seconds: the main process, and whatever it started


class Watched:
    """The process at work."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def work(self) -> Cost:
        """Make every row of the step's table due, and wait until all are done."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return Cost(**json.loads(self._process.stdout.readline()))


@contextmanager
def watched(directory: Path, *, step: str, delay: float = 0.0) -> Iterator[Watched]:
    """Start it on a configuration directory; it logs as the daemon does, into log.jsonl."""
    words = [sys.executable, str(HERE), str(directory), step, str(delay)]
    pipe, surroundings = subprocess.PIPE, {**os.environ, "PYTHONPATH": str(ROOT)}
    with (
        (directory / "log.jsonl").open("a") as log,
        subprocess.Popen(
            words, stdin=pipe, stdout=pipe, stderr=log, text=True, env=surroundings
        ) as process,
    ):
        yield Watched(process)
        assert process.stdin is not None
        process.stdin.close()


def configure(directory: Path, *, feeds: Sequence[str], allow: Sequence[str]) -> None:
    """Write a configuration: one outlet with these feeds, no pages, one rule that never matches."""
    directory.mkdir(parents=True)
    (directory / "monitor.yaml").write_text(
        "poll: {interval: 20 minutes, shortest: 20 minutes, longest: 20 minutes}\n"
        "fetch: {connections: 64, host_spacing: 1 second, "
        f"allow: {json.dumps(list(allow))}}}\n"
    )
    (directory / "channels.yaml").write_text("desk: {url: 'json://127.0.0.1:9/', default: true}\n")
    (directory / "rules").mkdir()
    (directory / "rules" / "never.yaml").write_text(
        "rules:\n  - {id: never, title: Never, severity: low, when: {any: [zyzzyva]}}\n"
    )
    listed = ", ".join(f"{{url: {json.dumps(feed)}}}" for feed in feeds)
    (directory / "outlets").mkdir()
    (directory / "outlets" / "gazette.yaml").write_text(
        "outlets:\n  - {id: gazette, name: The Gazette, country: GB, language: en, "
        f"tier: wire, pages: {{headline_only: true}}, feeds: [{listed}]}}\n"
    )


def main(directory: str, step_name: str, delay: float) -> None:
    from sqlalchemy import bindparam, event, literal, select, update  # noqa: PLC0415 - workers import this file

    sys.path.insert(0, str(HERE.parent))
    import processes  # noqa: PLC0415

    from monitor import app, garbage, log  # noqa: PLC0415
    from monitor.pipeline import PIPELINE  # noqa: PLC0415
    from monitor.runners.embedded import Embedded  # noqa: PLC0415
    from monitor.storage.hosts import LONG_AGO  # noqa: PLC0415

    configuration = app.configure(Path(directory))
    log.configure(level="info", style="json", secrets=configuration.secrets)
    (step,) = (each for each in PIPELINE if each.name == step_name)
    table, commits = step.table, 0

    def committed(_: object) -> None:
        nonlocal commits
        commits += 1
        if delay:
            time.sleep(delay)

    waiting = (  # by the index, so that looking costs little
        select(literal(1))
        .select_from(table)
        .where(table.c.due_at > LONG_AGO, table.c.not_before <= bindparam("started"))
        .limit(1)
    )

    def left(monitor: app.Monitor, started: object) -> bool:
        with monitor.database.read() as connection:
            return connection.execute(waiting, {"started": started}).first() is not None

    def make_due(monitor: app.Monitor, now: object) -> None:
        due = update(table).values(not_before=now, due_at=now)
        monitor.database.write(lambda tx: tx.execute(due))

    def runner(monitor: app.Monitor) -> Embedded:
        found = monitor._embedded(lambda: None)  # noqa: SLF001 - only this step of it
        found._steps = (step,)  # noqa: SLF001
        return found

    def work(monitor: app.Monitor) -> Cost:
        nonlocal commits
        started = monitor.clock.now()
        if step_name == "poll":
            make_due(monitor, started)
        me = os.getpid()
        commits, began, spent, own = 0, time.monotonic(), processes.cpu(me), time.process_time()
        embedded = runner(monitor)
        thread = threading.Thread(target=embedded.run)
        thread.start()
        pause = threading.Event()
        while left(monitor, started) and time.monotonic() - began < PATIENCE:
            pause.wait(LOOKED_EVERY)
        wall = time.monotonic() - began
        embedded.stop()
        thread.join()
        own = time.process_time() - own
        cpu = processes.cpu(me) - spent
        return Cost(cpu, wall, commits, {"main": own, "others": cpu - own})

    with app.build(configuration) as monitor:
        event.listen(monitor.database.writer, "commit", committed)
        garbage.settle()
        for _ in sys.stdin:
            cost = work(monitor)
            print(json.dumps(asdict(cost)), flush=True)


if __name__ == "__main__":  # the workers' fork server imports this file again
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
