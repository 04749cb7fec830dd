"""A condition and what it is made of: whoever walks a rule misses no kind of condition."""

from typing import get_args

import pytest

from monitor.core.rules import (
    AllOf,
    AnyOf,
    AtLeast,
    Boost,
    Condition,
    From,
    Happening,
    Ignoring,
    Near,
    NoneOf,
    Regex,
    Repeat,
    Scope,
    Scored,
    Term,
    Within,
    all_in,
    parts_of,
    terms_of,
)
from monitor.core.terms import parse_term


def term(word: str) -> Term:
    return parse_term(word)


A, B, C = map(term, ("amber", "birch", "cedar"))
# Each kind of condition: what it is made of, and the terms in it, in the order of the rule.
KINDS: dict[Condition, tuple[list[Condition], list[Term]]] = {
    A: ([], [A]),
    Regex("amb.r"): ([], []),
    AllOf((A, B)): ([A, B], [A, B]),
    AnyOf((A, B)): ([A, B], [A, B]),
    NoneOf((A, B)): ([A, B], [A, B]),
    Near(((A, B), (C,))): ([], [A, B, C]),
    AtLeast(2, (A, B, C)): ([A, B, C], [A, B, C]),
    Repeat((A, B), 3): ([], [A, B]),
    Ignoring((A,), B): ([B], [A, B]),
    Scored(3, (Boost(A, 3), Boost(B, -1))): ([A, B], [A, B]),
    Within(frozenset({Scope.TITLE}), A): ([A], [A]),
    From(outlets=("gazette",)): ([], []),
    Happening(types=("strike",)): ([], []),
}


@pytest.mark.parametrize("condition", KINDS, ids=lambda each: type(each).__name__)
def test_a_condition_names_its_parts_and_its_terms(condition: Condition):
    parts, terms = KINDS[condition]
    assert [*parts_of(condition)] == parts
    assert [*terms_of(condition)] == terms


def test_every_kind_of_condition_is_tried_here():
    assert {type(each) for each in KINDS} == {*get_args(Condition)}


def test_what_stands_deep_inside_is_found_once_and_in_order():
    deep = AllOf((Within(frozenset({Scope.BODY}), NoneOf((AnyOf((A, B)),))), Ignoring((C,), A)))
    assert [type(each).__name__ for each in all_in(deep)] == [
        "AllOf", "Within", "NoneOf", "AnyOf", "Term", "Term", "Ignoring", "Term",
    ]  # fmt: skip
    assert [*terms_of(deep)] == [A, B, C, A]
