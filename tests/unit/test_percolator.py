"""Which rules an article's words leave: never too few, and few enough."""

from collections.abc import Iterable

import pytest

from monitor.core.percolator import Percolator
from monitor.core.rules import (
    AllOf,
    AnyOf,
    AtLeast,
    Boost,
    Condition,
    From,
    Ignoring,
    Near,
    NoneOf,
    Regex,
    Repeat,
    Scope,
    Scored,
    Term,
    Within,
)
from monitor.core.terms import parse_term
from monitor.core.vocabulary import ON_TOP


def terms(*written: str) -> tuple[Term, ...]:
    return tuple(map(parse_term, written))


oil, gas, coal = terms("oil", "gas", "coal")
free = NoneOf((coal,))  # needs no word


def candidates(
    conditions: list[Condition], present: set[str], on_top: Iterable[str] = ()
) -> list[int]:
    """As they are found at once, and when it is known how often words stand in articles."""
    percolator = Percolator(conditions)
    names = {*present, *(ON_TOP + name for name in on_top)}
    found = percolator.candidates(names)
    for seen in ({}, {"oil": 90}, {"gas": 90, "coal": 5}, {"coal": 90, "gas": 5}):
        percolator.learn(seen)
        assert percolator.candidates(names) == found
    return found


@pytest.mark.parametrize(
    ("condition", "present", "candidate"),
    [
        (oil, {"oil"}, True),
        (oil, {"gas"}, False),
        (*terms("oil gas"), {"oil"}, False),
        (*terms("oil gas"), {"oil", "gas"}, True),
        (AllOf((oil, gas)), {"oil"}, False),
        (AllOf((oil, free)), {"oil"}, True),
        (AnyOf((oil, gas)), {"gas"}, True),
        (AnyOf((oil, gas)), {"coal"}, False),
        (AnyOf((oil, free)), set(), True),
        (Near(((oil, gas), (coal,))), {"coal"}, False),
        (Near(((oil, gas), (coal,))), {"coal", "gas"}, True),
        (AnyOf((AllOf((oil, gas)), coal)), {"oil"}, False),
        (AnyOf((AllOf((oil, gas)), coal)), {"oil", "gas"}, True),
        (AnyOf((AllOf((oil, gas)), AllOf((oil, coal)))), {"oil", "coal"}, True),
        (AtLeast(2, (oil, gas)), set(), False),
        (AtLeast(2, (oil, gas)), {"oil"}, False),
        (AtLeast(2, (oil, gas)), {"oil", "gas"}, True),
        (AtLeast(1, (oil, free)), set(), True),
        (AtLeast(2, (oil, free)), {"oil"}, True),
        (AtLeast(2, (oil, free)), {"gas"}, False),
        (AtLeast(2, (oil, gas, free)), {"gas"}, True),
        (Repeat((oil, gas), 3), {"gas"}, True),
        (Repeat((oil, gas), 3), {"coal"}, False),
        (Ignoring((gas,), oil), {"gas"}, False),
        (Within(frozenset({Scope.URL}), oil), {"oil"}, True),
        (Within(frozenset({Scope.URL}), oil), set(), False),
        (Scored(2, (Boost(oil, 2), Boost(gas, -1))), {"gas"}, False),
        (Scored(2, (Boost(oil, 2), Boost(free, 1))), set(), False),
        (Scored(2, (Boost(oil, 2), Boost(free, 1))), {"oil"}, True),
        (Scored(3, (Boost(oil, 2), Boost(gas, 2), Boost(free, 2))), {"gas"}, True),
        (Scored(2, (Boost(oil, 1), Boost(free, 1), Boost(Regex("x"), 1))), set(), True),
        (Scored(2, (Boost(oil, 1), Boost(free, 2), Boost(gas, -1))), set(), True),
        (Scored(2, (Boost(oil, 1), Boost(gas, 1))), {"oil"}, False),
        (Scored(2, (Boost(oil, 1), Boost(gas, 1))), {"oil", "gas"}, True),
        (Scored(2, (Boost(oil, 2), Boost(free, 2))), set(), True),
        (Scored(0, (Boost(oil, 2),)), set(), True),
        (Regex("oil"), set(), True),
        (From(languages=("en",)), set(), True),
        (free, set(), True),
    ],
)
def test_a_rule_is_a_candidate_where_its_words_may_suffice(condition, present, candidate):
    assert candidates([condition], present) == ([0] if candidate else [])


def test_the_same_alternatives_may_be_needed_by_one_rule_and_not_by_another():
    parts = (oil, free)
    rules = [AtLeast(2, parts), AnyOf(parts), AtLeast(1, parts)]
    assert candidates(rules, set()) == [1, 2]


def test_candidates_come_in_the_order_of_the_rules():
    rules = [gas, free, oil, AnyOf((gas, oil))]
    assert candidates(rules, {"gas", "oil"}) == [0, 1, 2, 3]


title, body = (frozenset({scope}) for scope in (Scope.TITLE, Scope.BODY))


@pytest.mark.parametrize(
    ("condition", "on_top", "candidate"),
    [
        (Within(title, oil), {"oil"}, True),
        (Within(title, oil), {"gas"}, False),
        (Within(title | body, oil), set(), True),
        (Within(title, Within(body, oil)), set(), True),
        (Within(body, Within(title, oil)), set(), False),
        (Within(title, AnyOf((oil, Within(body, gas)))), set(), True),
        (AnyOf((Within(title, oil), gas)), set(), True),
        (AllOf((oil, Within(title, Near(((oil, coal), (gas,)))))), {"oil"}, False),
    ],
)
def test_what_must_stand_in_the_title_is_looked_for_there(condition, on_top, candidate):
    assert candidates([condition], {"oil", "gas"}, on_top) == ([0] if candidate else [])
