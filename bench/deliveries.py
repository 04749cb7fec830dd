"""How fast an outbox drains, and its CPU beside bare Apprise: `python bench/deliveries.py`.

A real monitor does nothing but its deliver step: `--messages` wait for 20 channels, each a
webhook on loopback, claimed, rendered, sent and recorded one by one. Beside it bare Apprise
notifies the same addresses of the same texts from as many threads, an object a message as in the
program. CPU is that of the process, without the receiver's; in turns, a part of the messages each.
"""

import argparse
import gc
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import apprise
from parts import receiver
from sqlalchemy import Connection, func, select

from monitor import app, garbage, log
from monitor.core.alerts import Way
from monitor.core.incidents import IncidentId
from monitor.core.model import AlertId
from monitor.pipeline import PIPELINE
from monitor.runners.embedded import Embedded, Width
from monitor.storage import deliveries
from monitor.storage.deliveries import Addressed
from monitor.storage.schema import alert, article, delivery, feed, incident, match, story

MESSAGES, CHANNELS, ROUNDS = 10_000, 20, 4
RATE_GOAL, CPU_GOAL, GROWTH_GOAL = 100, 1.5, 1.1
RULES = "version: 1\nrules:\n  - {id: talks, title: Talks, severity: high, when: talks}\n"
OUTLETS = (
    "outlets:\n  - {id: wire, name: The Wire, country: US, language: en, tier: wire, "
    'feeds: [{url: "http://127.0.0.1:9/feed"}]}\n'
)
LEAD = "The two delegations met for three hours in the capital and will meet again on Thursday."


@dataclass(frozen=True)
class Cost:
    """What one round took: seconds of CPU and of wall time, and memory at its end in MB."""

    messages: int
    cpu: float
    wall: float
    memory: float

    def __str__(self) -> str:
        return (
            f"{self.messages:6} messages  cpu {self.cpu / self.messages * 1e3:6.2f} ms each  "
            f"wall {self.wall:6.1f} s  {self.messages / self.wall:5.0f} a second  "
            f"{self.memory:5.0f} MB"
        )


@contextmanager
def timed(messages: int, found: list[Cost]):
    gc.collect()
    cpu, wall = time.process_time(), time.monotonic()
    yield
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    found.append(Cost(messages, cpu, wall, memory()))


def memory() -> float:
    """The resident memory of this process, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def configure(directory: Path, port: int) -> None:
    """A configuration with so many channels, all to one receiver."""
    for name, text in {
        "monitor.yaml": "version: 1\nstate: var\n",
        "outlets/wire.yaml": OUTLETS,
        "rules/rules.yaml": RULES,
        "channels.yaml": "".join(
            f'hook-{number}: {{url: "json://127.0.0.1:{port}/{number}", default: true}}\n'
            for number in range(CHANNELS)
        ),
    }.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)


def fill(tx: Connection, monitor: app.Monitor, first: int, count: int) -> None:
    """Queue alerts as triage would: each of an article of its own, to every channel."""
    now = datetime.now(UTC)
    source = tx.execute(select(feed.c.id)).scalar_one()
    channels = list(monitor.watch.channels.values())
    for number in range(first, first + count):
        title = f"Ministers resume talks, round {number}, after a night of counting"
        at = {"headline": title, "first_seen_at": now, "last_seen_at": now}
        told = insert(tx, story, **at)
        kept = insert(
            tx, article, identity=f"{number}", feed_id=source, outlet_id="wire", title=title,
            url=f"https://wire.example/{number}", summary=LEAD, text=LEAD * 20, language="en",
            published_at=now, seen_at=now, read_at=now, completeness="full", quality="ok",
            origin="live", story_id=told, triaged_at=now, not_before=now,
        )  # fmt: skip
        about = insert(tx, incident, rule_id="talks", opened_at=now, last_at=now, state={})
        raised = insert(
            tx, alert, rule_id="talks", subject=f"{number}", incident_id=about,
            reason="first report of this story", story_id=told, article_id=kept, decided_at=now,
        )  # fmt: skip
        start = title.index("talks")
        hit = {"field": "title", "start": start, "end": start + 5, "quote": "talks", "why": "talks"}
        insert(
            tx, match, article_id=kept, rule_id="talks", rule_version="1", rule_title="Talks",
            severity="high", strength="strong", evidence=[hit], decision="told", alert_id=raised,
            matched_at=now,
        )  # fmt: skip
        addressed = [
            Addressed(AlertId(raised), Way.AT_ONCE, channel, IncidentId(about))
            for channel in channels
        ]
        deliveries.queue(tx, addressed, now=now)


def insert(tx: Connection, table: object, **values: object) -> int:
    """The id of a new row."""
    return tx.execute(table.insert().values(**values).returning(table.c.id)).scalar_one()


def drain(monitor: app.Monitor) -> None:
    """Send all that waits, and nothing else."""
    step = next(step for step in PIPELINE if step.name == "deliver")
    runner = Embedded(
        lambda: monitor.watch,
        clock=monitor.clock,
        wake=threading.Event(),  # the sweep looks by itself
        widths={"deliver": Width.of(app.deliver_width(CHANNELS))},
        steps=(step,),
    )
    waiting = select(func.count()).where(delivery.c.due_at.is_not(None))

    def end_when_done() -> None:
        while True:
            time.sleep(0.2)
            with monitor.database.read() as connection:
                if not connection.execute(waiting).scalar():
                    runner.stop()
                    return

    threading.Thread(target=end_when_done, daemon=True).start()
    runner.run()


def texts(monitor: app.Monitor, count: int) -> Sequence[tuple[str, str]]:
    """What was sent last, as the record keeps it."""
    with monitor.database.read() as connection:
        asked = select(delivery.c.title, delivery.c.body).order_by(delivery.c.id.desc())
        return [tuple(row) for row in connection.execute(asked.limit(count))]


def bare(port: int, told: Sequence[tuple[str, str]]) -> None:
    """The same by Apprise alone, an object a message, from as many threads."""
    asset = apprise.AppriseAsset(service_timeout=0)

    def send(number: int) -> bool:
        title, body = told[number]
        one = apprise.Apprise(asset=asset)
        one.add(f"json://127.0.0.1:{port}/{number % CHANNELS}?redirect=no&rto=20&cto=10")
        return bool(one.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT))

    with ThreadPoolExecutor(CHANNELS) as pool:
        assert all(pool.map(send, range(len(told))))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--messages", type=int, default=MESSAGES)
    wanted = options.parse_args().messages
    log.configure(level="error", style="json", secrets=())
    ours: list[Cost] = []
    theirs: list[Cost] = []
    each = wanted // CHANNELS // ROUNDS
    with tempfile.TemporaryDirectory() as folder, receiver.receiving() as port:
        directory = Path(folder) / "config"
        configure(directory, port)
        with app.build(app.configure(directory)) as monitor:
            # Whatever is made once is made before, and the heap of the process has its size.
            monitor.database.write(lambda tx: fill(tx, monitor, 0, each))
            drain(monitor)
            bare(port, texts(monitor, each * CHANNELS))
            garbage.settle()  # as the daemon does
            for turn in range(1, ROUNDS + 1):
                first = turn * each
                monitor.database.write(lambda tx, first=first: fill(tx, monitor, first, each))
                before = receiver.taken(port)
                with timed(each * CHANNELS, ours):
                    drain(monitor)
                assert receiver.taken(port) - before == each * CHANNELS
                print(f"monitor  {ours[-1]}", flush=True)
                told = texts(monitor, each * CHANNELS)
                with timed(len(told), theirs):
                    bare(port, told)
                print(f"apprise  {theirs[-1]}", flush=True)
    report(ours, theirs)


def report(ours: Sequence[Cost], theirs: Sequence[Cost]) -> None:
    """The ratios, best round beside best round: the machine is not ours alone."""
    rate = max(each.messages / each.wall for each in ours)
    cpu, bare_cpu = (min(each.cpu / each.messages for each in costs) for costs in (ours, theirs))
    turns = [mine.cpu / other.cpu for mine, other in zip(ours, theirs, strict=True)]
    growth = ours[-1].memory / ours[1].memory  # in the first bare Apprise made the heap its own
    print(
        f"a second {rate:.0f} (goal >= {RATE_GOAL}); CPU {cpu / bare_cpu:.2f} x bare Apprise "
        f"(goal <= {CPU_GOAL}; turn by turn {', '.join(f'{turn:.2f}' for turn in turns)}); "
        f"memory after {len(ours)} rounds {growth:.2f} x after the second (goal <= {GROWTH_GOAL})"
    )


if __name__ == "__main__":
    main()
