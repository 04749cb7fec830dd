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

# The least recall and precision; share of later items; share of revisions, most wrong ones.
SYNDICATION = (0.99, 0.99)
SYNDICATED_HEADLINES = 0.97
EDITS = (0.80, 0.003)

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
    least_recall, least_precision = SYNDICATION
    assert recall >= least_recall
    assert precision >= least_precision


# --- real headlines -------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["tuned", "judged"])
def test_one_headline_at_several_outlets_is_one_article(which):
    """With the leads that some items have, and without any; the share of later items found."""
    groups = [
        row["items"]
        for number, row in enumerate(rows_of("stories/syndication_groups_en.jsonl.gz"))
        if half(number) == which
    ]
    items = [
        (moment(item["date"]), group, item)
        for group in range(len(groups))
        for item in groups[group]
    ]
    items.sort(key=lambda each: each[0])
    for name, leads in (("headlines", False), ("headlines and leads", True)):
        seen, known, counts = Duplicates(), set(), Counter()
        for number, (at, group, item) in enumerate(items):
            text = item["lead"] if leads else None
            found = seen.add(
                (group, number), title=item["title"], text=text, outlet=item["domain"], at=at
            )
            if group in known:
                counts["later"] += 1
                counts["found"] += found is not None and found.key[0] == group
            counts["wrong"] += found is not None and found.key[0] != group
            known.add(group)
        share = counts["found"] / counts["later"]
        sys.stdout.write(
            f"\nsyndicated headlines, {which}, {name} (outside the repository): {share:.4f} of "
            f"{counts['later']} found, {counts['wrong']} joined another group\n"
        )
        assert share >= SYNDICATED_HEADLINES


@pytest.mark.parametrize("which", ["tuned", "judged"])
def test_an_edited_headline_is_a_revision_and_another_article_is_not(which):
    """In the order of the stream, each title at its time, nothing but title and outlet known."""
    rows = [
        row
        for number, row in enumerate(rows_of("stories/headline_edits_es.jsonl.gz"))
        if half(number) == which
    ]
    titles = sorted(
        (at, number, place, title, row["source"])
        for number, row in enumerate(rows)
        for place, (at, title) in enumerate(shown(row))
    )
    seen, relations, wrong = Duplicates(), Counter(), 0
    for at, number, place, title, source in titles:
        found = seen.add((number, place), title=title, text=None, outlet=source, at=at)
        own = found is not None and found.key[0] == number
        wrong += found is not None and not own
        if place:
            relations[found.relation if found and own else Relation.NEW] += 1
    later = sum(relations.values())
    joined, told = later - relations[Relation.NEW], relations[Relation.REVISION]
    sys.stdout.write(
        f"\nedited headlines, {which} (outside the repository): {joined / later:.4f} of {later} "
        f"joined ({told / later:.4f} as revisions), {wrong / len(titles):.4f} of {len(titles)} "
        "titles joined another article\n"
    )
    least_revisions, most_wrong = EDITS
    assert told / later >= least_revisions
    assert wrong / len(titles) <= most_wrong


def shown(row):
    """(time, title) of an article's successive headlines, spread over the day they were shown."""
    first, titles = moment(row["first_seen"]), row["titles"]
    span = min(moment(row["last_seen"]) - first, timedelta(hours=24))
    return [
        (first + span * place / max(1, len(titles) - 1), title)
        for place, title in enumerate(titles)
    ]


@pytest.mark.parametrize("known", ["outlets", "no outlets"])
@pytest.mark.parametrize("apart", ["as published", "within an hour"])
def test_headlines_that_differ_in_figures_only_are_never_merged_silently(known, apart):
    relations = Counter()
    for row in rows_of("stories/number_changed_pairs_en.jsonl.gz"):
        seen, found = Duplicates(), None
        for place, item in enumerate(
            sorted((row["a"], row["b"]), key=lambda each: moment(each["date"]))
        ):
            at = moment(item["date"]) if apart == "as published" else NOON + timedelta(hours=place)
            outlet = item["url"].split("/")[2] if known == "outlets" else None
            found = seen.add(place, title=item["title"], text=None, outlet=outlet, at=at)
        relations[found.relation if found else Relation.NEW] += 1
    shown_relations = {each.value: number for each, number in relations.items()}
    sys.stdout.write(
        f"\nother figures, {known}, {apart} (outside the repository): {shown_relations}\n"
    )
    assert relations[Relation.COPY] == 0
