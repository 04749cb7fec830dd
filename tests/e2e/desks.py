"""A desk: a configuration directory, and real processes that watch with it."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import NullPool, create_engine, text

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
LAUNCH = Path(__file__).with_name("launch.py")
PATIENCE = 60  # seconds for what should take one, on a busy machine
ALERTS = re.compile(r"alert: \{\s*weak: (\w+)[^}]*\}")  # what a starter rule says of its alerts


@dataclass(frozen=True)
class Clock:
    """A clock for `launch.py`: the same for every process that is given it."""

    begins: datetime
    speed: int
    started: float = field(default_factory=time.time)

    @property
    def words(self) -> list[str]:
        return [self.begins.isoformat(), str(self.started), str(self.speed)]


@dataclass
class Desk:
    """The directory, its database, and the processes that were started on it."""

    directory: Path
    database: str
    clock: Clock | None = None
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def log(self) -> str:
        """What all processes logged, one after the other."""
        return "".join(self.log_of(number) for number in range(len(self.processes)))

    def log_of(self, number: int) -> str:
        return (self.directory / f"log-{number}.jsonl").read_text("utf-8", "replace")

    def start(self) -> subprocess.Popen[bytes]:
        """`monitor run`, or the launcher if the desk has a clock of its own."""
        words: Sequence[str | Path] = ["-m", "monitor", "--log-format", "json", "run", "--config"]
        words = [*words, self.directory]
        if self.clock is not None:
            words = [LAUNCH, self.directory, *self.clock.words]
        with (self.directory / f"log-{len(self.processes)}.jsonl").open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, *words],
                stdout=subprocess.DEVNULL,
                stderr=file,
                env=surroundings(),
            )
        self.processes.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """What a power cut does; fails if the process has died by itself."""
        assert process.poll() is None, self.log[-3_000:]
        process.kill()
        process.wait()

    def is_alive(self) -> bool:
        """Whether one of its processes is at work."""
        return any(process.poll() is None for process in self.processes)

    def tell_each_article(self) -> None:
        """Let the starter rules tell every article: else follow-ups wait for half an hour."""
        for file in (self.directory / "rules").glob("*.yaml"):
            each = r"alert: {once_per: article, weak: \1}"
            told, found = ALERTS.subn(each, file.read_text("utf-8"))
            assert found == 1 or "volume:" in told, f"{file} says in another way what it tells"
            file.write_text(told, "utf-8")

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """Stop it as a service manager does."""
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0

    def status(self) -> dict[str, object]:
        """What `monitor status --json` says."""
        words = ["-m", "monitor", "status", "--json", "--config", self.directory]
        called = subprocess.run(
            [sys.executable, *words],
            capture_output=True,
            text=True,
            env=surroundings(),
            timeout=PATIENCE,
            check=True,
        )
        found: dict[str, object] = json.loads(called.stdout)
        return found

    def ask(self, query: str) -> list[tuple[object, ...]]:
        """Rows of the database, as they are."""
        engine = create_engine(self.database, poolclass=NullPool)
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def number(self, query: str) -> object:
        return self.ask(query)[0][0]

    def events(self, name: str, *, of: int | None = None) -> list[dict[str, object]]:
        """The events of this name in all logs or that `of` one; a kill may have cut a line."""
        lines = (self.log if of is None else self.log_of(of)).splitlines()
        found = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
        return [event for event in found if event["event"] == name]

    def wait(self, what: Callable[[], object], *, seconds: float = PATIENCE) -> None:
        """Look every tenth of a second; fails with the end of the log."""
        end, pause = time.monotonic() + seconds, threading.Event()
        while not what():
            assert time.monotonic() < end, self.log[-3_000:]
            pause.wait(0.1)

    def wait_until_nothing_is_due(self, *, seconds: float = PATIENCE) -> None:
        """Until every entry is read, every article triaged, every message sent.

        What was told is read again for days: that is not waited for.
        """
        due = " + ".join(
            f"(SELECT count(*) FROM {table} WHERE due_at IS NOT NULL AND {besides})"
            for table, besides in (
                ("entry", "NOT again"),
                ("article", "TRUE"),
                ("delivery", "TRUE"),
            )
        )
        self.wait_while_it_moves(f"SELECT {due}", seconds=seconds)

    def wait_while_it_moves(self, left: str, *, seconds: float) -> None:
        """Until a query counts nothing any more; fails if it counts no less for `seconds`."""
        before = int(str(self.number(left)))
        while before:
            self.wait(lambda: int(str(self.number(left))) < before, seconds=seconds)  # noqa: B023
            before = int(str(self.number(left)))


def surroundings() -> dict[str, str]:
    """The environment without what would point at another configuration."""
    hidden = {"MONITOR_CONFIG", "FORCE_COLOR", "NOTIFY_SOCKET", "COLUMNS"}
    kept = {key: value for key, value in os.environ.items() if key not in hidden}
    return kept | {"PYTHONPATH": str(ROOT)}


@contextmanager
def desk(
    directory: Path,
    *,
    feeds: Sequence[str],
    allow: Sequence[str],
    channels: Mapping[str, str],
    interval: str = "1 second",
    first_sight: str = "6 hours",
    deadline: str = "20 seconds",
    digest: str = "30 minutes",
    database: str = "sqlite",
    clock: Clock | None = None,
) -> Iterator[Desk]:
    """A desk with the starter rules; its processes are killed at the end."""
    directory.mkdir()
    shutil.copytree(ROOT / "config" / "rules", directory / "rules")
    shutil.copytree(ROOT / "config" / "knowledge", directory / "knowledge")
    (directory / "monitor.yaml").write_text(
        f"database: {json.dumps(database)}\n"
        f"poll: {{interval: {interval}, shortest: {interval}, longest: {interval}, "
        f"first_sight: {first_sight}}}\n"
        f"fetch: {{allow: {json.dumps(list(allow))}, deadline: {deadline}}}\n"
    )
    told = [
        f"{name}: {{url: {json.dumps(url)}, default: true, digest: {{every: {digest}}}}}"
        for name, url in channels.items()
    ]
    (directory / "channels.yaml").write_text("\n".join(told) + "\n")
    (directory / "outlets").mkdir()
    listed = ", ".join(f"{{url: {json.dumps(feed)}}}" for feed in feeds)
    (directory / "outlets" / "wire.yaml").write_text(
        "outlets:\n  - {id: wire, name: The Wire, country: US, language: en, tier: wire, "
        f"feeds: [{listed}]}}\n"
    )
    kept = f"sqlite:///{directory.parent / 'var' / 'monitor.db'}"
    made = Desk(directory, kept if database == "sqlite" else database, clock)
    try:
        yield made
    finally:
        for process in made.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
