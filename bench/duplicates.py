"""Copies among a million articles: `python bench/duplicates.py [--articles N …] [--words N]`.

Sketches of articles of 400 words go into SQLite as triage keeps them, spread over the weeks that
are searched; nothing is dropped. One in 50 articles has a generated text; the sketches of the
others are drawn at random, as hashes are, some from a few refrains. At each size some hundred more
articles come in one after another, as triage does it: look up, load and compare the candidates,
insert, commit. One in five is a shortened copy of an article that is there. Beside it, in the same
run, the same articles go through the same steps against an empty database: the ratio is what the
size costs.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import Connection, Row, insert, select, text

from monitor.core.duplicates import CROWD, MEMORY, Relation, week_of
from monitor.core.shingles import FEWEST, MOST, SCALE, Features, features_of
from monitor.storage import migrate, sketches
from monitor.storage.engine import Database
from monitor.storage.schema import article, feed, outlet

SEED = 6
SIZES = (10_000, 30_000, 100_000)  # articles; a million takes some 10 minutes and 2 GB
WORDS, TITLE = 400, 9
FORMS = 30_000
SAMPLE = 400  # articles that are timed at each size
WITH_TEXT = 50  # one in so many of the articles that are there has a text
REFRAINS, REFRAIN = 2_000, 0.03  # hashes that many share, and how often one is among an article's
COPIES = 5  # one in so many of them is a copy
BATCH = 20_000
CACHE = 1_000_000  # kB of pages while it is filled; what is timed has SQLite's own 2 MB
GOAL_MS, GOAL_BYTES = 2.0, 1_000
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Texts:
    """Articles of words as unevenly spread as those of a language, each by its number."""

    def __init__(self, words: int) -> None:
        chance = random.Random(SEED)
        parts = [c + v for c in ("b", "br", "c", "d", "f", "l", "m", "n", "p", "r", "s", "t")
                 for v in "aeiouéó"]  # fmt: skip
        self._forms = ["".join(chance.choices(parts, k=chance.randint(1, 4)))
                       for _ in range(FORMS)]  # fmt: skip
        self._weights = list(self._cumulated())
        self.words = words

    @staticmethod
    def _cumulated() -> Iterator[float]:
        total = 0.0
        for rank in range(1, FORMS + 1):
            total += 1 / (rank + 2.7)  # Zipf and Mandelbrot
            yield total

    def of(self, number: int) -> tuple[str, str]:
        chance = random.Random(number)
        words = chance.choices(self._forms, cum_weights=self._weights, k=self.words + TITLE)
        return " ".join(words[:TITLE]), " ".join(words[TITLE:])

    def arriving(self, number: int, *, among: Sequence[range]) -> tuple[str, str]:
        """A new article or, one in COPIES, two thirds of one that is there."""
        title, body = self.of(number)
        if number % COPIES:
            return title, body
        chance = random.Random(-number)
        there = chance.choices(among, weights=[len(each) for each in among])[0]
        first = -(-there.start // WITH_TEXT) * WITH_TEXT
        words = self.of(chance.choice(range(first, there.stop, WITH_TEXT)))[1].split(" ")
        return title, " ".join(words[: len(words) * 2 // 3])


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("--articles", type=int, nargs="+", default=SIZES)
    given.add_argument("--words", type=int, default=WORDS)
    asked = given.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    texts = Texts(asked.words)
    print(f"articles of {asked.words} words; goal: {GOAL_MS} ms, {GOAL_BYTES:,} bytes an article")
    print("| articles | features | look-up and insert | median | p95 | to an empty one | found "
          "| bytes an article |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as place:
        database, empty = opened(Path(place), "full"), opened(Path(place), "empty")
        there: list[range] = []
        for size in sorted(asked.articles):
            there.append(range(there[-1].stop + SAMPLE if there else 0, size))
            fill(database, texts, there[-1], of=max(asked.articles))
            print(measured(database, empty, texts, there), flush=True)
        database.close()
        empty.close()


def opened(place: Path, name: str) -> Database:
    database = Database(f"sqlite:///{place / name}.db")
    migrate.upgrade(database.writer)
    with database.writer.begin() as tx:
        tx.execute(insert(outlet).values(id="o", name="O", country="GB", language="en",
                                         tier="national"))  # fmt: skip
        tx.execute(insert(outlet).values(id="p", name="P", country="GB", language="en",
                                         tier="national"))  # fmt: skip
        tx.execute(insert(feed).values(id=1, url="http://o.example/", outlet_id="o",
                                       host="o.example", interval=300, not_before=NOW))  # fmt: skip
    return database


def row_of(
    number: int, title: str, body: str, *, at: datetime, outlet_id: str = "o"
) -> dict[str, object]:
    return {"id": number, "identity": str(number), "feed_id": 1, "title": title, "text": body,
            "outlet_id": outlet_id, "seen_at": at, "read_at": at, "quality": "ok",
            "completeness": "full", "origin": "live", "not_before": at, "claims": 0,
            "attempts": 0}  # fmt: skip


def fill(database: Database, texts: Texts, numbers: range, *, of: int) -> None:
    """Articles that are there, in the order in which they came."""
    chance, crowd = random.Random(SEED + numbers.start), Counter[int]()
    drawn = min(max(texts.words // SCALE, FEWEST), MOST) + 1  # and the headline's own
    with database.writer.connect() as connection:
        usual = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
        connection.exec_driver_sql(f"PRAGMA cache_size=-{CACHE}")
    for start in range(numbers.start, numbers.stop, BATCH):
        articles, rows = [], []
        for number in range(start, min(start + BATCH, numbers.stop)):
            at = NOW - MEMORY * (1 - number / of)
            title, body = texts.of(number) if number % WITH_TEXT == 0 else ("One of many", "")
            articles.append(row_of(number + 1, title, body, at=at))
            hashes = features_of(title, body, outlet="o").sketch or {
                _refrain(chance, crowd)
                if chance.random() < REFRAIN
                else chance.randrange(2**31 // SCALE)
                for _ in range(drawn)
            }
            rows += [(week_of(at), each, number + 1) for each in hashes if crowd[each] <= CROWD]
        with database.writer.begin() as tx:
            tx.execute(insert(article), articles)
            tx.exec_driver_sql("INSERT OR IGNORE INTO sketch VALUES (?, ?, ?)", sorted(rows))
    with database.writer.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA cache_size={usual}")


def _refrain(chance: random.Random, crowd: Counter[int]) -> int:
    found = chance.randrange(REFRAINS)
    crowd[found] += 1
    return found


def measured(database: Database, empty: Database, texts: Texts, there: Sequence[range]) -> str:
    """One line of the table: the same articles against both, in turns."""
    size = there[-1].stop
    numbers = range(size, size + SAMPLE)
    arriving = [(number, *texts.arriving(number, among=there)) for number in numbers]
    began = time.process_time()
    for _, title, body in arriving:
        features_of(title, body, outlet="o")
    features = (time.process_time() - began) / SAMPLE * 1000
    took: dict[str, list[float]] = {"full": [], "empty": []}
    relations: list[Relation] = []
    for number, title, body in arriving:
        row = row_of(number + 1, title, body, at=NOW, outlet_id="p")
        took["full"].append(_timed(database, row, relations))
        took["empty"].append(_timed(empty, row, []))
    full, bare = took["full"], took["empty"]
    copies = sum(number % COPIES == 0 for number, _, _ in arriving)
    found = sum(each is Relation.COPY for each in relations)
    with database.reader.connect() as connection:
        size_on_disk = _bytes(connection)
    return (
        f"| {size:,} | {features:.2f} ms | {statistics.fmean(full):.2f} ms | "
        f"{statistics.median(full):.2f} ms | {_p95(full):.2f} ms | "
        f"{statistics.fmean(full) / statistics.fmean(bare):.2f} x | {found} of {copies} | "
        f"{size_on_disk / (size + SAMPLE):,.0f} |"
    )


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def _timed(database: Database, values: dict[str, object], relations: list[Relation]) -> float:
    """Milliseconds of CPU of one look-up and insert; storing the article itself does not count."""
    with database.writer.begin() as tx:
        tx.execute(insert(article), [values])
        row: Row[tuple[object, ...]] = tx.execute(
            select(article).where(article.c.id == values["id"])
        ).one()
    features: Features = sketches.features_of_row(row)
    began = time.process_time()
    with database.writer.begin() as tx:
        found = sketches.found_by(tx, features, at=NOW)
        related = sketches.related_to(tx, row, features, found)
        if related is None or related.relation is not Relation.COPY:
            sketches.keep(tx, row, features, found)
    took = (time.process_time() - began) * 1000
    relations += [related.relation] if related else []
    return took


def _bytes(connection: Connection) -> int:
    """The pages of the sketches, as SQLite counts them."""
    pages = "SELECT sum(pgsize) FROM dbstat WHERE name = 'sketch'"
    return int(connection.execute(text(pages)).scalar_one())


if __name__ == "__main__":
    main()
