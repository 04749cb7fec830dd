"""How well copies, updates and revisions are told from news, on sets outside the repository.

Syndication is generated from real articles with a fixed seed. Thresholds were chosen on the
items of even number ("tuned"); the floors hold for those of odd number ("judged"). They may only
rise.
"""

import gzip
import json
import random
import re
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.core.duplicates import Duplicates, Relation

DATA = Path(__file__).parents[3] / "shared" / "data"
SEED = 20260103
NOON = datetime(2023, 11, 15, 12, tzinfo=UTC)
LEAST_WORDS = 60  # of an article that is syndicated

# What outlets put around other people's text, in our own words.
BOILERPLATE = (
    """Suscríbete a nuestro boletín y recibe cada mañana las noticias más importantes del día.
Síguenos en WhatsApp, Telegram, Instagram y X para no perderte nada de lo que pasa.""",
    """Este contenido es exclusivo para la comunidad de lectores. Si ya tienes una cuenta, inicia
sesión para seguir leyendo sin límites en todos tus dispositivos.""",
    """This story was produced by a partner newsroom and is republished here with permission.
Sign up for our free newsletter to get the stories that matter in your inbox.""",
    """Lea también: lo que hay que saber antes de salir de casa.
Todos los derechos reservados. Prohibida su reproducción sin autorización escrita.""",
)
OPENINGS = (
    "Las autoridades elevaron este {day} a {figure} el número de afectados, según un comunicado.",
    "La fiscalía confirmó el {day} que abrió una investigación y que {figure} personas declararon.",
    "El portavoz respondió el {day}: «No vamos a retirar una sola palabra de lo que dijimos».",
)


@dataclass(frozen=True)
class Line:
    """One article of the generated stream, and which earlier one it is made from."""

    key: str
    kind: str
    title: str
    text: str
    outlet: str
    at: datetime
    made_from: str | None = None


def half(number):
    return "tuned" if number % 2 == 0 else "judged"


def rows_of(name):
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the set {name} is not beside this checkout (../shared/data)")
    packed = path.read_bytes()
    text = (gzip.decompress(packed) if path.suffix == ".gz" else packed).decode()
    return [json.loads(line) for line in text.strip().split("\n")]


def moment(written):
    found = datetime.fromisoformat(written)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


# --- generated syndication ------------------------------------------------------------------


def articles():
    """(outlet, title, text) of real articles, each text once."""
    news = [
        (row["newspaper"], row["title"], row["body"])
        for row in rows_of("stories/same_day_outlets_es_silver.jsonl.gz")
    ]
    pages = [
        (row.get("publisher") or row["file"], row.get("title") or "", row["text"])
        for row in rows_of("pages/gold.jsonl")
    ]
    once = {text: (outlet, title, text) for outlet, title, text in news + pages}
    return [each for each in once.values() if len(each[2].split()) >= LEAST_WORDS]


def as_it_is(text, chance):
    del chance
    return text


def cut(text, chance):
    del chance
    words = text.split(" ")
    return " ".join(words[: len(words) // 2])


def with_boilerplate(text, chance):
    block = chance.choice(BOILERPLATE)
    return f"{text}\n{block}"


def with_edits(text, chance):
    """One word in 25 replaced by another of the article, one sentence in 12 left out."""
    sentences = re.split(r"(?<=[.!?])(\s+)", text)
    kept = [part for place, part in enumerate(sentences) if place < 2 or chance.random() > 1 / 12]
    words = "".join(kept).split(" ")
    others = [word for word in words if word.isalpha()]
    return " ".join(
        chance.choice(others) if word.isalpha() and chance.random() < 1 / 25 else word
        for word in words
    )


def all_at_once(text, chance):
    """Half of it, edited, between an outlet's own lines."""
    return with_boilerplate(with_edits(cut(text, chance), chance), chance)


def with_update(text, chance):
    """A paragraph of news in front."""
    day, figure = chance.choice(("lunes", "martes", "jueves")), chance.randint(13, 97)
    return f"{chance.choice(OPENINGS).format(day=day, figure=figure)}\n{text}"


def another_headline(title, text):
    """The words of the second sentence, as a desk might take them."""
    sentences = [part for part in re.split(r"(?<=[.!?])\s+", text) if len(part.split()) > 5]
    words = (sentences[1] if len(sentences) > 1 else title).split()
    return " ".join(words[:12])


KINDS = {
    "cut to half": cut,
    "new headline": as_it_is,
    "boilerplate": with_boilerplate,
    "update paragraph": with_update,
    "light edits": with_edits,
    "all at once": all_at_once,
}


RETITLED = ("new headline", "all at once")


def stream(which):
    """Originals, a fourth of them with boilerplate of their own, then their variants at random."""
    chance = random.Random(SEED)
    chosen = [each for number, each in enumerate(articles()) if half(number) == which]
    originals, variants = [], []
    for number, (outlet, title, text) in enumerate(chosen):
        own = with_boilerplate(text, chance) if number % 4 == 0 else text
        at = NOON + timedelta(seconds=number)
        originals.append(Line(f"{number}", "original", title, own, outlet, at))
        for kind, change in KINDS.items():
            said = another_headline(title, text) if kind in RETITLED else title
            late = NOON + timedelta(hours=1, minutes=chance.randint(0, 600))
            variants.append(
                Line(
                    f"{number} {kind}",
                    kind,
                    said,
                    change(text, chance),
                    f"copies {chance.randint(1, 40)}",
                    late,
                    f"{number}",
                )
            )
    chance.shuffle(variants)
    return originals + sorted(variants, key=lambda each: each.at)


def judged_stream(which):
    """Counts of a stream: found, wrong and relations by kind."""
    seen, counts, relations = Duplicates(), Counter(), Counter()
    for line in stream(which):
        found = seen.add(line.key, title=line.title, text=line.text, outlet=line.outlet, at=line.at)
        relations[line.kind, found.relation if found else Relation.NEW] += 1
        counts["lines"] += line.made_from is not None
        if found is None:
            continue
        right = found.key.split(" ")[0] == (line.made_from or "")
        counts["right" if right else "wrong"] += 1
    return counts, relations


@pytest.mark.parametrize("which", ["tuned", "judged"])
def test_syndicated_variants_are_found_and_nothing_else_is(which):
    counts, relations = judged_stream(which)
    recall = counts["right"] / counts["lines"]
    precision = counts["right"] / (counts["right"] + counts["wrong"])
    said = f"{counts['lines']} variants, recall {recall:.4f}, precision {precision:.4f}"
    sys.stdout.write(f"\nsyndication, {which} (generated): {said}\n")
    for kind in ("original", *KINDS):
        shown = {each.value: relations[kind, each] for each in Relation if relations[kind, each]}
        sys.stdout.write(f"  {kind}: {shown}\n")
    assert recall >= 0.98
    assert precision >= 0.99
