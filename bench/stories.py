"""Milliseconds to find the story of an article: `python bench/stories.py [--live N]`.

2,000 stories are live unless told otherwise. The articles are generated from a fixed seed:
headlines and leads of words as unevenly spread as those of a language, a few of them in every
article, as in the news of one subject; each event has words of its own. Beside it, in the same
run, the same question asked without an index: the cosine with the mean of every live story in
turn, and what the gist of an article costs.
"""

import argparse
import math
import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from monitor.config.directory import read_directory
from monitor.config.load import load
from monitor.core.gist import WATCHED, Gist, Gists
from monitor.core.model import Document, StoryId
from monitor.core.stories import NAMING, UNWRITTEN, Stories

ROOT = Path(__file__).resolve().parents[1]
SEED = 6
LIVE, EACH = 2_000, 3  # live stories, and articles of each
SAMPLE, PLAIN_SAMPLE = 400, 20  # articles that are timed
FORMS = 30_000
SUBJECT = ("Trump", "Maduro", "Venezuela", "oil", "sanctions", "tanker", "talks")
TITLE, LEAD = 6, 25  # words beside the subject's
GOAL = 2.0  # ms
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def documents(live: int) -> list[tuple[int, Document]]:
    """Articles of so many events, in random order."""
    chance = random.Random(SEED)
    syllables = [c + v for c in "bcdfglmnprstvz" for v in "aeiou"]
    forms = ["".join(chance.choices(syllables, k=chance.randint(2, 4))) for _ in range(FORMS)]
    weights = [1 / (rank + 3) for rank in range(FORMS)]
    events = [chance.choices(forms, k=8) for _ in range(live)]
    made = []
    for number, own in enumerate(events):
        for _ in range(EACH):
            title = chance.sample(SUBJECT, 2) + chance.sample(own, 4)
            title += chance.choices(forms, weights, k=TITLE - 3)
            lead = chance.choices(SUBJECT, k=3) + chance.sample(own, 5)
            lead += chance.choices(forms, weights, k=LEAD)
            chance.shuffle(title)
            made.append((number, Document(" ".join(title), " ".join(lead), None, language="en")))
    chance.shuffle(made)
    return made


def plainly(stories: list[list[Gist]], gist: Gist) -> float:
    """The likeness to the likest story, asked of each in turn."""
    frequency: dict[str, int] = {}
    for each in (member for members in stories for member in members):
        for name in each.features:
            frequency[name] = frequency.get(name, 0) + 1
    total = UNWRITTEN + sum(map(len, stories))

    def weight(name: str) -> float:
        unwritten = NAMING if name[0] in WATCHED else 0
        return max(0.05, math.log((total + 2) / (frequency.get(name, 0) + unwritten + 0.5)))

    own = {name: value * weight(name) for name, value in gist.features.items()}
    best = 0.0
    for members in filter(None, stories):
        mean: dict[str, float] = {}
        for each in members:
            for name, value in each.features.items():
                mean[name] = mean.get(name, 0.0) + value * weight(name) / len(members)
        shared = sum(value * mean.get(name, 0.0) for name, value in own.items())
        best = max(best, shared / math.hypot(*own.values()) / math.hypot(*mean.values()))
    return best


def took(work: Callable[[], object]) -> float:
    """CPU milliseconds."""
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--live", type=int, default=LIVE, metavar="N", help="live stories")
    wanted = parser.parse_args()
    configuration = load(read_directory(ROOT / "config"), base=ROOT / "config", environment={})
    gists = Gists(configuration.knowledge)
    made = documents(wanted.live)
    told, live = Stories(window=timedelta(hours=72)), wanted.live
    members: list[list[Gist]] = [[] for _ in range(live)]
    new, old = made[:SAMPLE], made[SAMPLE:]
    for number, document in old:
        gist = gists.of(document)
        told.add(StoryId(number + 1), gist, seen_at=NOW - timedelta(hours=number % 48))
        members[number].append(gist)
    for _, document in new[:20]:  # lengths are worked out when first asked for
        told.place(gists.of(document), now=NOW)
    reading, placing, adding, right = [], [], [], 0
    for number, document in new:
        reading.append(took(lambda document=document: gists.of(document)))
        gist = gists.of(document)
        placing.append(took(lambda gist=gist: told.place(gist, now=NOW)))
        right += told.assign(gist, now=NOW) == StoryId(number + 1)
        adding.append(took(lambda gist=gist, n=number: told.add(StoryId(n + 1), gist, seen_at=NOW)))
    asked = [gists.of(document) for _, document in new[:PLAIN_SAMPLE]]
    plain = [took(lambda gist=gist: plainly(members, gist)) for gist in asked]
    found, slow = statistics.median(placing), statistics.median(plain)
    say = sys.stdout.write
    say(
        f"{len(told):,} live stories of {len(old) / live:.1f} articles; {right} of {SAMPLE} right\n"
    )
    say(f"gist     median {statistics.median(reading):.2f} ms\n")
    say(f"assign   median {found:.2f} ms, p95 {sorted(placing)[SAMPLE * 95 // 100]:.2f} ms,")
    say(f" max {max(placing):.2f} ms; goal {GOAL:.0f} ms\n")
    say(f"add      median {statistics.median(adding):.3f} ms\n")
    say(f"each story in turn {slow:.0f} ms: {slow / found:.0f} times as long\n")


if __name__ == "__main__":
    main()
