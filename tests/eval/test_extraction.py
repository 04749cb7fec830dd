"""Quality of extraction on real pages: floors that may only rise."""

import gzip
import json
import re
import unicodedata
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean

import pytest

from monitor.adapters import pages
from monitor.core.text import clean

GOLD = Path(__file__).parents[3] / "shared" / "data" / "pages"
FLOORS = {  # measured with trafilatura 2.3.1; F1 over 4-word shingles, shares of pages
    "aeb": {"f1": 0.960},
    "fundus": {"f1": 0.946, "titles": 0.84, "dates": 0.98},
}
DAY = 86_400  # seconds

pytestmark = pytest.mark.skipif(
    not GOLD.is_dir(), reason="the shared data folder is not on this machine"
)


def shingles(text: str | None) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text or "")
    return Counter(tuple(words[at : at + 4]) for at in range(max(1, len(words) - 3)))


def folded(title: str | None) -> list[str]:
    return re.findall(
        r"\w+", unicodedata.normalize("NFKC", title or "").replace("\xad", "").casefold()
    )


def measure(rows: list[dict]) -> dict[str, float]:
    precisions, recalls, titles, dates = [], [], [], []
    for row in rows:
        body = gzip.decompress((GOLD / row["file"]).read_bytes())
        found = pages.extract(body, url=row["url"])
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


@pytest.mark.parametrize("name", FLOORS)
def test_extraction_is_as_good_as_it_ever_was(name: str):
    rows = [json.loads(line) for line in (GOLD / "gold.jsonl").open(encoding="utf-8")]
    scores = measure([row for row in rows if row["set"] == name])
    print(  # noqa: T201 - the table is for the reader
        f"\n{name}: " + "  ".join(f"{key} {value:.3f}" for key, value in scores.items())
    )
    below = {key: scores[key] for key, floor in FLOORS[name].items() if scores[key] < floor}
    assert not below
