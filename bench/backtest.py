"""The archive through rules: `python bench/backtest.py [--articles N] [--rules N]`.

An archive of generated articles of 400 words, spread over 30 days, and rules of the usual forms,
from a fixed seed. One article in 20 is on the desk's subject, one in ten of the others names a
place of it on the way. `monitor rules backtest` then runs twice in this process, on one core, on
SQLite: first as a new process does it, then again. Making the archive does not count.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from monitor import app
from monitor.cli.backtesting import Outcome, replayed
from monitor.config.load import Configuration, load
from monitor.core.backtest import live
from monitor.core.identity import digest
from monitor.core.timing import bounds_of
from monitor.storage import sync
from monitor.storage.engine import Database
from monitor.storage.schema import article, feed

SEED = 4
ARTICLES, RULES = 50_000, 30
DAYS = 30
WORDS, TITLE, LEAD, PARAGRAPH = 400, 10, 30, 70
FORMS = 30_000  # of the language, as unevenly spread as those of a real one
COMMON = 150  # the most frequent ones, of one syllable
ASKED = (3_000, 20_000)  # ranks of the words that rules ask for
ONSETS = (*"bcdfglmnprstv", "br", "cr", "pl", "tr")
VOWELS = "aeiou" * 8 + "éó"  # accents about as often as in Spanish
ON_SUBJECT, IN_PASSING = 0.05, 0.1
PLACES = ("Ruritania", "Strelsau", "Zenda", "Hentzau", "Tarlenheim", "Ruritanian*")
OUTLETS = 40
BATCH = 1_000
GOAL = 10.0  # seconds, 50,000 articles x 30 rules
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("--articles", type=int, default=ARTICLES)
    given.add_argument("--rules", type=int, default=RULES)
    asked = given.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    chance = random.Random(SEED)
    language = Language(chance)
    topics = [chance.sample(language.forms[slice(*ASKED)], 6) for _ in range(asked.rules)]
    with tempfile.TemporaryDirectory() as place:
        configuration = load(files(topics), base=Path(place), environment={})
        database = app.open_database(configuration.settings)
        app.bring_up_to_date(database, now=NOW)
        fill(database, configuration, asked.articles, articles(chance, language, topics))
        print(f"{asked.articles:,} articles x {asked.rules} rules, goal {GOAL:.0f} s for "
              f"{ARTICLES:,} x {RULES}")  # fmt: skip
        for name in ("first run", "second run"):
            measure(name, configuration, database)
        database.close()


def measure(name: str, configuration: Configuration, database: Database) -> None:
    rules = live(configuration.rules, named=False)
    began, cpu = time.perf_counter(), time.process_time()
    found: Outcome = replayed(
        configuration, rules, database, since=NOW - timedelta(days=DAYS), until=NOW
    )
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(
        f"{name}: {took:.1f} s ({cpu:.1f} s CPU), {found.articles / took:,.0f} articles a second; "
        f"{found.summary.matched:,} matched, {found.summary.alerts:,} alerts"
    )


class Language:
    """Made-up words, spread by Zipf's law."""

    def __init__(self, chance: random.Random) -> None:
        found: dict[str, None] = {}
        while len(found) < FORMS:
            parts = chance.choice((1, 2, 2, 3, 3, 4)) if len(found) > COMMON else 1
            word = "".join(chance.choice(ONSETS) + chance.choice(VOWELS) for _ in range(parts))
            found[word + chance.choice(("", "s", "n", "r", "do"))] = None
        self.forms = list(found)
        self._chance = chance
        self._weights = list(accumulate(1 / rank for rank in range(1, FORMS + 1)))

    def words(self, number: int) -> list[str]:
        return self._chance.choices(self.forms, cum_weights=self._weights, k=number)


def files(topics: list[list[str]]) -> dict[str, str]:
    outlets = "".join(
        f"  - {{id: o{each}, name: Outlet {each}, country: GB, language: es, tier: national, "
        f'feeds: [{{url: "http://127.0.0.1:9/{each}"}}]}}\n'
        for each in range(OUTLETS)
    )
    rules = "".join(rule(number, topic) for number, topic in enumerate(topics))
    places = ", ".join(PLACES)
    return {
        "monitor.yaml": "version: 1\nstate: var\n",
        "channels.yaml": 'console: {url: "console:", default: true}\n',
        "outlets/papers.yaml": f"version: 1\noutlets:\n{outlets}",
        "rules/rules.yaml": f"version: 1\nlists:\n  places: [{places}]\nrules:\n{rules}",
    }


def rule(number: int, topic: list[str]) -> str:
    """One of three forms in turn."""
    named = ", ".join(topic)
    forms = (
        f"{{all: [$places, {{any: [{named}]}}], none: [{topic[0]} {topic[1]}]}}",
        f"{{all: [{{near: {{terms: [$places, {topic[0]}], within: 12 words}}}}]}}",
        f"{{all: [$places, {{any: [{named}, {{in: title, any: [={topic[2].upper()}]}}]}}]}}",
    )
    return f"  - {{id: r{number}, when: {forms[number % 3]}}}\n"


def articles(
    chance: random.Random, language: Language, topics: list[list[str]]
) -> Iterator[dict[str, str]]:
    while True:
        title, lead = language.words(TITLE), language.words(LEAD)
        text = language.words(WORDS)
        kind = chance.random()
        if kind < ON_SUBJECT:
            title[2], lead[5] = chance.choice(PLACES[:-1]), chance.choice(PLACES[:-1])
            title[4:6] = chance.sample(chance.choice(topics), 2)
        elif kind < ON_SUBJECT + IN_PASSING:
            text[chance.randrange(WORDS)] = chance.choice(PLACES[:-1])
        said = (" ".join(text[n : n + PARAGRAPH]) + "." for n in range(0, WORDS, PARAGRAPH))
        yield {
            "title": " ".join(title).capitalize(),
            "summary": " ".join(lead) + ".",
            "text": "\n".join(said),
        }


def fill(
    database: Database, configuration: Configuration, number: int, made: Iterator[dict[str, str]]
) -> None:
    """Store articles as triage leaves them where no rule matched: no story of theirs is known."""
    pause = configuration.settings.poll_interval
    bounds = bounds_of(shortest=pause, usual=pause, longest=pause, own=None)
    step = timedelta(days=DAYS) / number
    with database.writer.begin() as tx:
        sync.sync(
            tx,
            outlets=configuration.outlets,
            feeds=[(each, bounds) for each in configuration.feeds],
            rules=configuration.rules,
            now=NOW,
        )
        ids = [(row.id, row.outlet_id) for row in tx.execute(feed.select())]
        for start in range(0, number, BATCH):
            rows = []
            for each in range(start, min(start + BATCH, number)):
                seen_at = NOW - timedelta(days=DAYS) + each * step
                feed_id, outlet_id = ids[each % len(ids)]
                said = next(made)
                rows.append(said | {
                    "identity": digest("bench", str(each)), "feed_id": feed_id,
                    "outlet_id": outlet_id, "url": f"http://127.0.0.1:9/{each}",
                    "canonical_key": digest("page", str(each)),
                    "body_hash": digest("text", said["text"]), "language": "es",
                    "published_at": seen_at, "seen_at": seen_at, "read_at": seen_at,
                    "completeness": "full", "quality": "ok", "origin": "live",
                    "not_before": seen_at, "due_at": None, "triaged_at": seen_at,
                })  # fmt: skip
            tx.execute(article.insert(), rows)


if __name__ == "__main__":
    main()
