"""How well the starter rules do on labelled headlines; docs/evaluation.md explains the figures.

A strong match is what fires. The floors are what the rules reached when they were last changed:
they may only rise. `MONITOR_EVAL_ERRORS=1` lists every error but those of what is held out.
"""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import labelled
import pytest
from labelled import RULES, SHARED, Labelled, shared_data
from scoring import Score, tell, tell_errors

from monitor.config.directory import read_directory
from monitor.config.load import load
from monitor.core.matcher import Matcher
from monitor.core.model import Document, Strength

ROOT = Path(__file__).resolve().parents[2]
HELD_OUT = ("late", "spring, held out")

FLOORS = {  # (set, topic): precision, recall
    ("headlines", "D"): (0.98, 0.96),
    ("headlines", "K"): (0.97, 0.94),
    ("headlines", "S"): (1.00, 0.99),
    ("leads", "D"): (1.00, 0.91),
    ("leads", "K"): (1.00, 0.96),
    ("leads", "S"): (0.96, 1.00),
    ("fresh", "D"): (0.94, 1.00),
    ("fresh", "K"): (0.95, 0.92),
    ("fresh", "S"): (1.00, 0.68),
    ("late", "D"): (0.92, 0.86),
    ("late", "K"): (0.89, 1.00),
    ("late", "S"): (1.00, 1.00),
    ("invented", "D"): (0.97, 0.91),
    ("invented", "K"): (0.99, 0.87),
    ("invented", "S"): (0.96, 0.90),
    ("spring", "D"): (1.00, 0.78),
    ("spring", "K"): (1.00, 0.61),
    ("spring", "S"): (1.00, 0.87),
    ("spring, held out", "D"): (0.95, 0.55),
    ("spring, held out", "K"): (0.93, 0.60),
    ("spring, held out", "S"): (1.00, 0.76),
}
FALSE_ALARMS_MOST = 1.5  # per 1,000 hard negatives


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    configuration = load(read_directory(ROOT / "config"), base=ROOT / "config", environment={})
    assert not configuration.held
    return Matcher(configuration.rules, configuration.knowledge)


def document(item: Labelled) -> Document:
    return Document(item.title, summary=item.lead, language=item.language, published=item.published)


def fired(matcher: Matcher, item: Document) -> dict[str, Strength]:
    return {match.rule: match.strength for match in matcher.match(item)}


def strong(found: dict[str, Strength]) -> set[str]:
    return {rule for rule, strength in found.items() if strength is Strength.STRONG}


def scores(matcher: Matcher, items: Iterable[Labelled]) -> dict[tuple[str, str], Score]:
    """By topic and language; the language `all` is their sum."""
    table = {(t, lang): Score() for t in RULES for lang in ("en", "es", "all")}
    for item in items:
        found = fired(matcher, document(item))
        for topic, rule in RULES.items():
            for language in (item.language, "all"):
                score, wanted = table[topic, language], item.labels.get(topic)
                score.count(item.title, wanted=wanted, fires=rule in strong(found))
                score.weak += found.get(rule) is Strength.WEAK
    return table


def show(name: str, table: dict[tuple[str, str], Score]) -> None:
    tell(
        f"\n{name:18}  topic            lang  precision (95 %)   recall (95 %)      "
        " right  false  missed  weak"
    )
    for (topic, language), score in table.items():
        tell(f"{'':18}  {RULES[topic]:15}  {language:4}  {score}")
        if language == "all" and name not in HELD_OUT:
            tell_errors(score.errors)


def check(name: str, table: dict[tuple[str, str], Score]) -> None:
    for topic in RULES:
        precision, recall = FLOORS[name, topic]
        score = table[topic, "all"]
        assert score.precision >= precision, f"{name} {topic}: precision {score.precision:.3f}"
        assert score.recall >= recall, f"{name} {topic}: recall {score.recall:.3f}"


SETS = {
    "headlines": labelled.headlines,
    "leads": labelled.leads,
    "fresh": labelled.fresh,
    "late": labelled.late,
    "invented": labelled.invented,
    "spring": lambda: labelled.spring(held_out=False),
    "spring, held out": lambda: labelled.spring(held_out=True),
}


@pytest.mark.parametrize("name", ["invented", "spring", "spring, held out"])
def test_invented_headlines_keep_their_floor(matcher, name, capsys):
    table = scores(matcher, SETS[name]())
    with capsys.disabled():
        show(name, table)
    check(name, table)


@pytest.mark.parametrize("item", list(labelled.plain()), ids=lambda item: item.title)
def test_what_is_said_plainly_is_heard_and_nothing_else(matcher, item):
    heard = strong(fired(matcher, document(item))) & set(RULES.values())
    assert heard >= {RULES[topic] for topic in item.labels}
    assert item.labels or not heard


@shared_data
@pytest.mark.parametrize("name", ["headlines", "leads", "fresh", "late"])
def test_labelled_headlines_and_leads_keep_their_floor(matcher, name, capsys):
    table = scores(matcher, SETS[name]())
    with capsys.disabled():
        show(name, table)
    check(name, table)


@shared_data
def test_each_fifth_of_the_headlines_by_date_is_shown(matcher, capsys):
    """A single good month would hide in the whole."""
    items = sorted(labelled.headlines(), key=lambda item: item.published)
    with capsys.disabled():
        for part in range(5):
            fifth = items[part * len(items) // 5 : (part + 1) * len(items) // 5]
            table = scores(matcher, fifth)
            tell(f"\nheadlines of {fifth[0].published:%Y-%m-%d} to {fifth[-1].published:%Y-%m-%d}")
            for topic, rule in RULES.items():
                tell(f"{'':18}  {rule:15}  all   {table[topic, 'all']}")


@shared_data
def test_hard_negatives_stay_silent(matcher, capsys):
    """But for strikes on boats that name no Venezuela, which are arguable."""
    alarms: Counter[str] = Counter()
    titles, tried = [], 0
    for item in labelled.hard_negatives():
        tried += 1
        rules = strong(fired(matcher, document(item))) & set(RULES.values())
        alarms.update(rules)
        titles += [item.title] if rules else []
    rate = 1000 * len(titles) / tried
    with capsys.disabled():
        tell(
            f"\nhard negatives: {len(titles)} of {tried} fire, {rate:.1f} in 1,000: {dict(alarms)}"
        )
        tell_errors(titles)
    assert rate <= FALSE_ALARMS_MOST


@pytest.mark.skipif(not (SHARED / "examples").is_dir(), reason="needs ../shared/data/examples")
def test_the_two_articles_of_the_order_match_dialogue_strongly_and_strikes_too(matcher):
    for path in sorted((SHARED / "examples").glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        title = next(line for line in text.splitlines() if re.match(r"Maduro US|A Letter", line))
        matches = {m.rule: m for m in matcher.match(Document(title, text=text, language="en"))}
        assert matches["dialogue-offers"].strength is Strength.STRONG
        assert "strikes" in matches
