"""Quality of extraction on real pages: floors that may only rise."""

import gzip
import json
import re
import unicodedata
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from statistics import mean

import pytest

from monitor.adapters import languages, pages
from monitor.core.model import Page
from monitor.core.text import clean

GOLD = Path(__file__).parents[3] / "shared" / "data" / "pages"
# Measured with trafilatura 2.3.1: F1 over 4-word shingles, shares of pages. English and Spanish are
# told by the gold text's language. trafilatura alone: 0.960 and 0.944.
FLOORS = {
    "aeb": {"f1": 0.962},
    "aeb, English": {"f1": 0.969},
    "fundus": {"f1": 0.948, "titles": 0.90, "dates": 0.99},
    "fundus, English": {"f1": 0.935, "titles": 0.96, "dates": 0.99},
    "fundus, Spanish": {"f1": 0.960, "titles": 0.99, "dates": 0.99},  # two pages: a sign of life
}
DAY = 86_400  # seconds
UNSEEN = re.compile("[\xad\u200b-\u200f\u2060\ufeff]")
QUOTES = str.maketrans(dict.fromkeys("‘’‚‛′´`ʼ", "'") | dict.fromkeys("“”„‟″«»", '"'))
LANGUAGES = {"English": "en", "Spanish": "es"}

pytestmark = pytest.mark.skipif(
    not GOLD.is_dir(), reason="the shared data folder is not on this machine"
)


def shingles(text: str | None) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text or "")
    return Counter(tuple(words[at : at + 4]) for at in range(max(1, len(words) - 3)))


def folded(title: str | None) -> str:
    """A title without what nobody sees, its quotes straight: nothing else is forgiven."""
    plain = unicodedata.normalize("NFKC", title or "")
    return " ".join(UNSEEN.sub("", plain).translate(QUOTES).split())


@cache
def read(file: str, url: str) -> Page:
    return pages.extract(gzip.decompress((GOLD / file).read_bytes()), url=url)


def measure(rows: list[dict]) -> dict[str, float]:
    precisions, recalls, titles, dates = [], [], [], []
    for row in rows:
        found = read(row["file"], row["url"])
        gold, ours = shingles(clean(row["text"])), shingles(found.text)
        shared = (gold & ours).total()
        precisions.append(shared / ours.total())
        recalls.append(shared / gold.total())
        if row.get("title"):
            titles.append(folded(row["title"]) == folded(found.title))
        if row.get("published"):
            dates.append(within_a_day(row["published"], found.published))
    precision, recall = mean(precisions), mean(recalls)
    scores = {"f1": 2 * precision * recall / (precision + recall), "pages": len(rows)}
    scores |= {"precision": precision, "recall": recall}
    return scores | ({"titles": mean(titles), "dates": mean(dates)} if titles else {})


def within_a_day(gold: str, found: datetime | None) -> bool:
    meant = datetime.fromisoformat(gold)
    meant = meant if meant.tzinfo else meant.replace(tzinfo=UTC)
    return found is not None and abs((found - meant).total_seconds()) <= DAY


def chosen(name: str) -> list[dict]:
    """The gold pages of one set, or of one language of it."""
    kind, _, language = name.partition(", ")
    rows = [json.loads(line) for line in (GOLD / "gold.jsonl").open(encoding="utf-8")]
    rows = [row for row in rows if row["set"] == kind]
    if not language:
        return rows
    return [row for row in rows if languages.surely(row["text"]) == LANGUAGES[language]]


@pytest.mark.parametrize("name", FLOORS)
def test_extraction_is_as_good_as_it_ever_was(name: str):
    scores = measure(chosen(name))
    print(  # noqa: T201 - the table is for the reader
        f"\n{name}: " + "  ".join(f"{key} {value:.3f}" for key, value in scores.items())
    )
    below = {key: scores[key] for key, floor in FLOORS[name].items() if scores[key] < floor}
    assert not below
