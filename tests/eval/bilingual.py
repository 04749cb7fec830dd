"""The larger bilingual set of stories: `python tests/eval/bilingual.py [a|b] > sheet` draws it.

Spanish headlines as a desk saw them and English ones of 154 feeds, of the same two days; seeded, so
that anyone with the shared data gets the same. Only ids and labels are in the repository
(`tests/eval/labels/stories-*.tsv`), never the texts. Sheet `a` is in the order of arrival, `b`
shuffled, for a second reading.
"""

import hashlib
import json
import lzma
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
DESK = SHARED / "unlabelled" / "venezuela_desk_es_2026-01.jsonl.xz"
STREAM = SHARED / "streams" / "rss_2026-01-01_10.jsonl.xz"
OLDER = SHARED / "stories" / "venezuela_bilingual_dev.jsonl"  # what stands there is left out
LABELS = Path(__file__).with_name("labels")
DAYS = ("2026-01-07", "2026-01-09")
MOST = 100  # English headlines of a day
SUBJECT = re.compile(r"venez|maduro|caracas|machado|pdvsa|delcy|cilia", re.IGNORECASE)
SEED = 20260107


def _folded(title: str) -> str:
    return re.sub(r"\W+", "", title.lower())


def _lines(path: Path) -> list[dict]:
    opened = lzma.open if path.suffix == ".xz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _item(row: dict, *, language: str, at: str) -> dict:
    shown = f"{row['url']} {row['title']} {at}"  # an address may show several headlines
    key = hashlib.sha1(shown.encode(), usedforsecurity=False).hexdigest()[:10]
    return {"id": key, "language": language, "published": at, "title": row["title"]}


def draw(day: str) -> list[dict]:
    """The headlines of a day, in the order of arrival."""
    seen = {_folded(row["title"]) for row in _lines(OLDER)}
    spanish = [
        _item(row, language="es", at=row["published"])
        for row in _lines(DESK)
        if row["published"].startswith(day) and _folded(row["title"]) not in seen
    ]
    english = []
    for row in _lines(STREAM):
        if row["ingested"].startswith(day) and SUBJECT.search(row["title"]):
            if _folded(row["title"]) not in seen:
                english.append(_item(row, language="en", at=row["ingested"]))
            seen.add(_folded(row["title"]))
    random.Random(SEED).shuffle(english)
    return sorted(spanish + english[:MOST], key=lambda item: item["published"])


def labelled(day: str, *, reader: str = "a") -> Iterator[dict]:
    """The headlines of a day with their stories, as one reader grouped them."""
    lines = (LABELS / f"stories-{reader}.tsv").read_text("utf-8").splitlines()
    story = dict(line.split("\t") for line in lines)
    return ({**item, "story": story[item["id"]]} for item in draw(day))


def available() -> bool:
    return DESK.exists() and STREAM.exists() and OLDER.exists()


if __name__ == "__main__":
    for day in DAYS:
        drawn = draw(day)
        if sys.argv[1:] == ["b"]:
            random.Random(SEED + 1).shuffle(drawn)
        for item in drawn:
            sys.stdout.write(json.dumps(item, ensure_ascii=False) + "\n")
