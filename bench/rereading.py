"""Reading again: `python bench/rereading.py [--stories N] [--articles N] [--watched N]`.

First the price in requests, computed: a desk that is told `--stories` stories a day of
`--articles` articles each, spread over as many outlets as the starter configuration has. Then what
`--watched` entries cost those who ask what is due, beside as many that are done with; and what a
changed page costs beside its request: two texts of 400 words compared.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from monitor.app import bring_up_to_date
from monitor.config.directory import read_directory
from monitor.config.load import load
from monitor.core.notices import notices_of
from monitor.core.revisions import Version, compare
from monitor.core.timing import LOOKS, WATCHED_FOR, next_look
from monitor.storage import feeds, work
from monitor.storage.engine import Database
from monitor.storage.schema import entry, feed, host, outlet

ROOT = Path(__file__).resolve().parents[1]
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SEED = 6
STORIES, ARTICLES = 100, 6  # a day; of a story
WATCHED = 5_000
OUTLETS = 194
TIMES = 200
PATIENCE = timedelta(minutes=5)
WORDS = ("the", "of", "guards", "visitors", "palace", "king", "counted", "opened", "said", "late")


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("--stories", type=int, default=STORIES)
    given.add_argument("--articles", type=int, default=ARTICLES)
    given.add_argument("--watched", type=int, default=WATCHED)
    asked = given.parse_args()
    requests(asked.stories, asked.articles)
    with tempfile.TemporaryDirectory() as place:
        due(Path(place), asked.watched)
    texts()


def requests(stories: int, articles: int) -> None:
    """Print what looks cost the outlets."""
    began = [NOW + timedelta(days=1) * n / (stories * articles) for n in range(stories * articles)]
    by_hour: Counter[int] = Counter()
    for since in began:
        at: datetime | None = since
        while at is not None and (at := next_look(since=since, until=since + WATCHED_FOR, now=at)):
            by_hour[int((at - NOW) / timedelta(hours=1)) % 24] += 1
    day = sum(by_hour.values())
    print(f"{len(LOOKS)} looks an article; {stories:,} stories a day of {articles} articles:")
    print(
        f"  {day:,} requests a day, {day / 86_400:.2f} a second; {day / OUTLETS:,.0f} a day and "
        f"outlet of {OUTLETS}; {stories * articles * 3:,} entries watched at a time"
    )


def due(place: Path, watched: int) -> None:
    """Print what asking for due work costs, without and with watched entries."""
    database = Database(f"sqlite:///{place / 'bench.db'}")
    bring_up_to_date(database, now=NOW)
    database.write(base)
    database.write(lambda tx: fill(tx, watched))
    for again, label in ((False, f"{watched:,} entries read"), (True, "all of them watched")):
        if again:
            database.write(watch)
        with database.read() as connection:
            took = timed(lambda: work.next_due(connection, now=NOW, patience=PATIENCE))
        lanes = {
            lane: timed(
                lambda lane=lane: database.write(
                    lambda tx: feeds.claim_by_host(
                        tx, entry, now=NOW, lease=PATIENCE, limit=20, lane=lane
                    )
                )
            )
            for lane in ("first", "again")
        }
        told = ", ".join(f"claiming {lane} {lanes[lane]:.2f} ms" for lane in lanes)
        print(f"{label}: what is due next {took:.2f} ms; {told}")
    database.close()


def base(tx: object) -> None:
    tx.execute(outlet.insert().values(id="a", name="A", country="GB", language="en", tier="wire"))
    tx.execute(
        feed.insert().values(
            id=1, url="http://a.example/", outlet_id="a", host="h0", interval=300, not_before=NOW
        )
    )
    hosts = [{"name": f"h{n}", "not_before": NOW, "next_page_at": NOW} for n in range(OUTLETS)]
    tx.execute(host.insert(), hosts)


def fill(tx: object, number: int) -> None:
    rows = [
        {
            "feed_id": 1, "key": f"k{n}", "content_key": f"k{n}", "url": f"http://h/{n}",
            "title": "t", "seen_at": NOW, "origin": "live", "host": f"h{n % OUTLETS}",
            "not_before": NOW + timedelta(minutes=1 + n % 4_000),
        }
        for n in range(number)
    ]  # fmt: skip
    tx.execute(entry.insert(), rows)


def watch(tx: object) -> None:
    tx.execute(entry.update().values(again=True, due_at=entry.c.not_before))


def texts() -> None:
    """Print what comparing two versions costs."""
    knowledge = load(
        read_directory(ROOT / "config"), base=ROOT / "config", environment={}
    ).knowledge
    chance = random.Random(SEED)
    lines = [" ".join(chance.choices(WORDS, k=20)) + "." for _ in range(20)]
    old = Version("Court opens", "\n".join(lines))
    new = Version("Court opens", "\n".join([*lines[:-1], "Correction: it was 21, not 12."]))
    find = notices_of(knowledge)
    print(f"two texts of 400 words compared: {timed(lambda: compare(old, new, find)):.2f} ms")


def timed(call: object) -> float:
    """The median of some calls, in milliseconds."""
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        call()
        took.append(time.perf_counter() - began)
    return 1_000 * sorted(took)[TIMES // 2]


if __name__ == "__main__":
    main()
