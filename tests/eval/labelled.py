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
    """479 more headlines, drawn where the others are thin; their errors were read at last."""
    return _drawn("topics")


def late() -> Iterator[Labelled]:
    """401 headlines of the last weeks that the shared data has; nothing was tuned on them.

    Their readers saw the leads too.
    """
    return _drawn("late", leads=True)


def _drawn(sheet: str, *, leads: bool = False) -> Iterator[Labelled]:
    marks = [topics(HERE / "labels" / f"{sheet}-{reader}.tsv") for reader in "ab"]
    for item in draw(sheet):
        labels = _agreed([each.get(item["id"], {}) for each in marks])
        lead = item["lead"] or None if leads else None
        yield Labelled(item["title"], lead, item["language"], _day(item["date"]), labels)


def _agreed(marks: list[dict[str, int]]) -> dict[str, str]:
    """`must` where all readers say that it is unmistakable, `may` where one says anything."""
    return {
        topic: "must" if all(each.get(topic) == 1 for each in marks) else "may"
        for topic in sorted(set().union(*marks))
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


def plain() -> Iterator[Labelled]:
    """What a desk waits for, said as plainly as can be, with its one topic; or none, written -."""
    for line in (HERE / "invented" / "plain.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            topic, language, title = line.split("|")
            labels = {} if topic == "-" else {topic: "must"}
            yield Labelled(title, None, language, INVENTED_ON, labels)


def _written(*names: str) -> Iterator[tuple[str, Labelled]]:
    for name in names:
        text = (HERE / "invented" / f"{name}.yaml").read_text(encoding="utf-8")
        for line in yaml.safe_load(text):
            labels = dict.fromkeys(line.get("may", ()), "may")
            labels |= dict.fromkeys(line.get("must", ()), "must")
            item = Labelled(line["title"], line.get("lead"), name[-2:], INVENTED_ON, labels)
            yield line["id"], item
