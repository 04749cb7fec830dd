"""Triage of an article among many that are stored: `python bench/triage.py [--articles N …]`.

The starter rules, the event coder, copies, stories, incidents and the commit, on SQLite, on one
core. The archive is that of bench/duplicates.py; what comes are generated articles, one in SUBJECT
of them on the subject of the starter pack (tests/eval/invented). Beside it, in the same run, the
same articles go through the same steps with nothing stored: the ratio is what the archive costs.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import structlog
import yaml
from duplicates import NOW, SEED, Texts, fill, row_of
from sqlalchemy import insert, update

from monitor import app, pipeline
from monitor.core.model import OutletId
from monitor.runners.clock import ReplayClock
from monitor.storage import articles
from monitor.storage.schema import article, feed, outlet

ROOT = Path(__file__).resolve().parents[1]
SIZES = (20_000, 100_000)  # articles; a million takes some 15 minutes and 4 GB
SAMPLE, SUBJECT = 600, 8
WORDS = 400
GOAL_RATE, GOAL_RATIO = 100, 1.5  # articles a second on one core; to an empty database


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("--articles", type=int, nargs="+", default=SIZES)
    asked = given.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    texts, told = Texts(WORDS), invented()
    print(f"goal: {GOAL_RATE} articles a second, at most {GOAL_RATIO} x an empty database")
    print("| articles stored | an article | median | articles a second | to an empty one |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as place, desk(Path(place) / "empty") as empty:
        timed(empty, texts, told, first=10)  # what is worked out once
        for size in sorted(asked.articles):
            with desk(Path(place) / f"of{size}") as full:
                fill(full.database, texts, range(size), of=size)
                timed(full, texts, told, first=size + 10)
                bare = timed(empty, texts, told, first=size + 100_000)
                took = timed(full, texts, told, first=size + 100_000)
            mean, ratio = statistics.fmean(took), statistics.fmean(took) / statistics.fmean(bare)
            print(
                f"| {size:,} | {mean:.2f} ms | {statistics.median(took):.2f} ms | "
                f"{1000 / mean:.0f} | {ratio:.2f} x |",
                flush=True,
            )


def invented() -> list[tuple[str, str]]:
    """Headlines and leads on the subject of the starter pack."""
    files = [ROOT / "tests" / "eval" / "invented" / f"{name}.yaml" for name in ("en", "es")]
    rows = [row for file in files for row in yaml.safe_load(file.read_text("utf-8"))]
    return [(row["title"], row["lead"]) for row in rows if row.get("lead")]


def desk(place: Path) -> app.Monitor:
    """A watch with the starter rules and an outlet of its own."""
    found = app.configure(ROOT / "config")
    settings = found.settings.model_copy(
        update={"state": place, "database_url": f"sqlite:///{place / 'bench.db'}"}
    )
    clock = ReplayClock(begins=NOW, ends=NOW + timedelta(days=1), speed=None)
    built = app.build(
        replace(found, settings=settings), clock=clock, out=StringIO(), chance=lambda: 0.5
    )
    with built.database.writer.begin() as tx:
        tx.execute(update(feed).values(due_at=None))
        for name in ("o", "p"):
            tx.execute(insert(outlet).values(id=name, name=name, country="GB", language="en",
                                             tier="national"))  # fmt: skip
    return built


def timed(
    monitor: app.Monitor, texts: Texts, told: list[tuple[str, str]], *, first: int
) -> list[float]:
    """Milliseconds of CPU of each triage, its claim included."""
    with monitor.database.writer.begin() as tx:
        for number in range(first, first + SAMPLE):
            title, body = texts.of(number)
            if number % SUBJECT == 0:
                title, lead = told[number * SEED % len(told)]
                body = f"{lead}\n\n{body}"
            row = row_of(number + 1, title, body, at=NOW, outlet_id=OutletId("p"))
            tx.execute(insert(article), [{**row, "due_at": NOW}])
    took: list[float] = []
    lease = timedelta(minutes=2)
    for _ in range(SAMPLE):
        began = time.process_time()
        (claim,) = monitor.database.write(
            lambda tx: articles.claim_fairly(tx, now=NOW, lease=lease, limit=1)
        )
        pipeline.triage(monitor.watch, claim)
        took.append((time.process_time() - began) * 1000)
    return took


if __name__ == "__main__":
    main()
