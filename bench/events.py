"""CPU time of the event coder: `python bench/events.py [--headlines N] [--articles N]`.

The knowledge is that of `config/`. The texts are generated from a fixed seed: prose, in which half
of the headlines and an eighth of an article's sentences have a cue with its parties. Beside each
text the same one cut into tokens and nothing else, in the same run: what reading any text costs.
"""

import argparse
import gc
import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median, quantiles

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from parts import processes
from parts.reports import LETTERS, Newsroom

from monitor.config.directory import read_directory
from monitor.config.load import load
from monitor.core.events import Coder
from monitor.core.knowledge import Knowledge
from monitor.core.model import Document
from monitor.core.text import tokenise

CONFIGURATION = Path(__file__).resolve().parents[1] / "config"
SEED = 5
HEADLINES, ARTICLES = 3_000, 300
WARMING = 500  # texts before anything is measured: word forms are resolved once
GOAL_HEADLINE, GOAL_ARTICLE = 0.2, 4.0  # ms
GOAL_MEMORY = 150.0  # MB, of the whole process


def known() -> Knowledge:
    files = read_directory(CONFIGURATION)
    return load(files, base=CONFIGURATION, environment={}).knowledge


def measured(work: Callable[[], object]) -> float:
    """Milliseconds of CPU."""
    started = time.thread_time()
    work()
    return (time.thread_time() - started) * 1_000


def cut(document: Document) -> None:
    for text in (document.title, document.summary, document.text):
        if text:
            tokenise(text)


def verdict(*, met: bool) -> str:
    return "met" if met else "missed"


def run(what: str, coder: Coder, documents: Sequence[Document], goal: float) -> None:
    for document in documents[:WARMING]:
        coder.code(document)
        cut(document)
    reading: list[float] = []
    cutting: list[float] = []
    events = 0
    for document in documents[WARMING:]:
        reading.append(measured(lambda d=document: coder.code(d)))
        cutting.append(measured(lambda d=document: cut(d)))
        events += len(coder.code(document))
    middle = median(reading)
    print(f"{len(reading):,} {what}, {events / len(reading):.1f} events in each")
    print(f"  median {middle:.3f} ms (goal {goal:g}: {verdict(met=middle < goal)}), ", end="")
    print(f"p95 {quantiles(reading, n=20)[-1]:.3f} ms; ", end="")
    print(f"{middle / median(cutting):.1f} times tokenising alone ({median(cutting):.3f} ms)")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--headlines", type=int, default=HEADLINES)
    asked.add_argument("--articles", type=int, default=ARTICLES)
    sizes = asked.parse_args()
    knowledge = known()
    newsroom = Newsroom(knowledge, random.Random(SEED))
    headlines = [newsroom.headline() for _ in range(WARMING + sizes.headlines)]
    articles = [newsroom.article() for _ in range(WARMING + sizes.articles)]
    gc.collect()
    before = processes.pss(os.getpid())
    took = measured(lambda: Coder(knowledge))
    coder = Coder(knowledge)
    run("headlines", coder, headlines, GOAL_HEADLINE)
    run(f"articles of {LETTERS / 1_000:.0f} kB", coder, articles, GOAL_ARTICLE)
    memory = processes.pss(os.getpid())
    print(
        f"the coder: made in {took:.0f} ms, {memory - before:.0f} MB with what it has read; ",
        end="",
    )
    print(f"the whole process {memory:.0f} MB (goal {GOAL_MEMORY:g}: ", end="")
    print(f"{verdict(met=memory < GOAL_MEMORY)})")


if __name__ == "__main__":
    main()
