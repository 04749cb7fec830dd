"""The starter rules find in the demo week what a person at the desk would."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.config.directory import read_directory
from monitor.config.load import load
from monitor.core.matcher import Matcher
from monitor.core.model import Document, Strength
from monitor.demo.replay import COUNTING
from monitor.demo.week import Piece, Version, Week, read_week

CONFIG = Path(__file__).parents[2] / "config"
WEEK = CONFIG / "demo" / "week.yaml"


def articles() -> dict[str, dict[str, Any]]:
    written = yaml.load(WEEK.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    return {article["id"]: article for article in written["articles"]}


def versions() -> Iterator[Any]:
    """Every state of every article, with what it is expected to match and its kind."""
    written, week = articles(), read_week(WEEK)
    for piece in week.pieces:
        article = written[piece.id]
        for number, version in enumerate(piece.versions, start=1):
            yield pytest.param(
                document(week, piece, version),
                article["expect"],
                article["kind"],
                id=f"{piece.id}-{number}",
            )


def document(week: Week, piece: Piece, version: Version) -> Document:
    outlet = next(outlet for outlet in week.outlets if outlet.id == piece.outlet)
    return Document(
        version.title,
        summary=piece.summary,
        text=version.text,
        section=piece.section,
        author=piece.author,
        language=outlet.language,
        outlet=outlet.id,
        country=outlet.country,
        tier=outlet.tier,
    )


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    configuration = load(read_directory(CONFIG), base=CONFIG, environment={})
    assert not configuration.held
    rules = [
        rule for rule in configuration.rules if rule.volume is None
    ]  # those tell of no article
    return Matcher(rules, configuration.knowledge)


@pytest.mark.parametrize(("article", "expected", "kind"), list(versions()))
def test_each_version_of_the_week_matches_what_it_is_expected_to(matcher, article, expected, kind):
    """Strongly, unless only the body speaks of it; further matches may only be weak."""
    found = {match.rule: match.strength for match in matcher.match(article)}
    assert set(expected) <= set(found)
    if kind == "weak":
        return
    strong = {rule for rule, strength in found.items() if strength is Strength.STRONG}
    assert strong == set(expected)
    assert kind != "noise" or not found


def test_the_demo_leaves_out_the_rules_that_count_and_no_others():
    """They are looked at every few minutes of its week, which would take as many minutes."""
    files = read_directory(CONFIG)
    rules = load(files, base=CONFIG, environment={}).rules
    assert {rule.place.file for rule in rules if rule.volume is not None} == set(COUNTING)
