"""The starter pack is whole: ten rules, tried in both languages, each told as it should be."""

from collections import Counter
from pathlib import Path

import pytest

from monitor.config.directory import read_directory
from monitor.config.load import Configuration, load
from monitor.core.matcher import Matcher
from monitor.core.model import Document, Severity, Strength
from monitor.core.rules import Example, Rule

CONFIG = Path(__file__).parents[2] / "config"
AT_ONCE = {"dialogue-offers", "strikes", "sanctions"}
DIGEST = {"migration-deportation", "oil", "prisoners", "drug-war", "power-transition"}
COUNTING = {"coverage-spike", "silence"}


@pytest.fixture(scope="module")
def starter() -> Configuration:
    configuration = load(read_directory(CONFIG), base=CONFIG, environment={})
    assert not configuration.held
    return configuration


def rule(starter: Configuration, name: str) -> Rule:
    return next(each for each in starter.rules if each.id == name)


def both_languages(examples: tuple[Example, ...], *, at_least: int) -> bool:
    spoken = Counter(each.document.language or "en" for each in examples)
    return len(examples) >= at_least and min(spoken["en"], spoken["es"]) * 3 >= at_least


def test_the_pack_has_its_ten_rules(starter):
    assert {each.id for each in starter.rules} == AT_ONCE | DIGEST | COUNTING


@pytest.mark.parametrize("name", sorted(AT_ONCE | DIGEST | COUNTING))
def test_each_is_tried_on_enough_examples_in_both_languages(starter, name):
    at_least = 15 if name in AT_ONCE else 8
    matching = tuple(each for each in rule(starter, name).examples if each.matches)
    silent = tuple(each for each in rule(starter, name).examples if not each.matches)
    assert both_languages(matching, at_least=at_least)
    assert both_languages(silent, at_least=at_least)


@pytest.mark.parametrize("name", sorted(DIGEST))
def test_a_standing_interest_waits_for_the_digest_whatever_it_matches(starter, name):
    matcher = Matcher([rule(starter, name)], starter.knowledge)
    for example in rule(starter, name).examples:
        assert {match.strength for match in matcher.match(example.document)} <= {Strength.WEAK}


@pytest.mark.parametrize(
    ("title", "language", "severity"),
    [
        ("US bombs a radar station in Venezuela", "en", Severity.CRITICAL),
        ("Trump says US forces boarded a tanker off Venezuela", "en", Severity.CRITICAL),
        ("EE. UU. ataca una base en Venezuela, según testigos", "es", Severity.CRITICAL),
        ("US threatens Venezuela with more strikes", "en", Severity.HIGH),
        ("US Coast Guard chases tanker that left Venezuela", "en", Severity.HIGH),
        ("Brazil condemns US raid on Caracas", "en", Severity.HIGH),
        ("Caracas denies that US missiles hit the airport", "en", Severity.HIGH),
        ("EE. UU. despliega otro destructor frente a Venezuela", "es", Severity.HIGH),
        ("Were the US strikes on Venezuela legal?", "en", Severity.NORMAL),
        ("Death toll of US raid on Caracas rises to ninety", "en", Severity.NORMAL),
        ("Así fue la captura de Maduro por parte de EE. UU.", "es", Severity.NORMAL),
    ],
)
def test_strikes_are_as_urgent_as_what_happened(starter, title, language, severity):
    matcher = Matcher([rule(starter, "strikes")], starter.knowledge)
    assert [m.severity for m in matcher.match(Document(title, language=language))] == [severity]
