"""The labelled headlines and leads that the rules are judged on; docs/evaluation.md names them.

Those of the shared data are not public; the invented ones are in this folder. `must` has to match,
`may` counts neither way, no label must be silent. Topics: D dialogue-offers, K strikes,
S sanctions.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import yaml
from agreement import topics
from draw import draw

HERE = Path(__file__).parent
SHARED = HERE.parents[2] / "shared" / "data"
LABELLED = SHARED / "labelled"
RULES = {"D": "dialogue-offers", "K": "strikes", "S": "sanctions"}
LEAD_TOPICS = {
    "dialogue": "D",
    "dialogue_refused": "D",
    "military_action": "K",
    "military_threat": "K",
    "sanctions_imposed": "S",
    "sanctions_eased": "S",
}
INVENTED_ON = date(2026, 4, 1)  # the invented news is of that spring
EUROPEAN = re.compile(r"\b(EU|UE|Unión Europea|European|Europa|UK|Reino Unido)\b")

shared_data = pytest.mark.skipif(
    not LABELLED.is_dir(), reason="needs ../shared/data/labelled, which is not public"
)


@dataclass(frozen=True)
class Labelled:
    """One text and what two people say that it is about. `published` is None where nobody knows."""

    title: str
    lead: str | None
    language: str
    published: date | None
    labels: dict[str, str]  # `must` or `may` by topic


def _day(written: str) -> date | None:
    return date.fromisoformat(written[:10]) if written else None


def _lines(name: str) -> Iterator[dict]:
    with (LABELLED / name).open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def headlines() -> Iterator[Labelled]:
    """The 1,238 headlines of the shared data."""
    for line in _lines("headlines_dev.jsonl"):
        day = _day(line["date"])
        yield Labelled(line["title"], None, line["language"], day, line["labels"])


def leads() -> Iterator[Labelled]:
    """Context labels count neither way, and so do European sanctions: the guides differ."""
    for line in _lines("leads_dev.jsonl"):
        labels = {LEAD_TOPICS[label]: "may" for label in line["context_labels"]}
        if EUROPEAN.search(f"{line['title']} {line['text']}"):
            labels["S"] = "may"
        labels |= {LEAD_TOPICS[label]: "must" for label in line["labels"]}
        lead = line["text"] or None
        yield Labelled(line["title"], lead, line["lang"], _day(line["date"]), labels)


def fresh() -> Iterator[Labelled]:
    """479 more headlines, drawn where the others are thin; nothing was tuned on them."""
    one, other = (topics(HERE / "labels" / f"topics-{reader}.tsv") for reader in "ab")
    for item in draw("topics"):
        labels = _agreed(one.get(item["id"], {}), other.get(item["id"], {}))
        yield Labelled(item["title"], None, item["language"], _day(item["date"]), labels)


def _agreed(one: dict[str, int], other: dict[str, int]) -> dict[str, str]:
    """`must` where both readers say that it is unmistakable, `may` where either says anything."""
    return {
        topic: "must" if one.get(topic) == other.get(topic) == 1 else "may"
        for topic in one.keys() | other.keys()
    }


def hard_negatives() -> Iterator[Labelled]:
    """Without the strikes on boats that name no Venezuela, which are arguable."""
    for line in _lines("hard_negatives_dev.jsonl"):
        if not line["category"].startswith("borderline"):
            day = _day(line["date"] or "")
            yield Labelled(line["title"], line["text"] or None, line["lang"], day, {})


def invented() -> Iterator[Labelled]:
    """The 460 invented headlines and leads."""
    yield from (each for _, each in _written("en", "es"))


def spring(*, held_out: bool) -> Iterator[Labelled]:
    """Those of the spring after; the even ids are held out."""
    yield from (each for key, each in spring_by_id() if (int(key[3:]) % 2 == 0) is held_out)


def spring_by_id() -> Iterator[tuple[str, Labelled]]:
    """Each with its id."""
    return _written("spring-en", "spring-es")


def _written(*names: str) -> Iterator[tuple[str, Labelled]]:
    for name in names:
        text = (HERE / "invented" / f"{name}.yaml").read_text(encoding="utf-8")
        for line in yaml.safe_load(text):
            labels = dict.fromkeys(line.get("may", ()), "may")
            labels |= dict.fromkeys(line.get("must", ()), "must")
            item = Labelled(line["title"], line.get("lead"), name[-2:], INVENTED_ON, labels)
            yield line["id"], item
