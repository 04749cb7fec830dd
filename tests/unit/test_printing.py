from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.config.conditions import Conditions
from monitor.config.lists import Lists
from monitor.config.names import Names
from monitor.config.plain import phrase_term
from monitor.config.printing import WIDTH, named, printed
from monitor.config.problems import ConfigurationError, Problems
from monitor.config.source import Items, Map, Scalar, scan
from monitor.core.rules import (
    AllOf,
    AnyOf,
    Condition,
    Near,
    NoneOf,
    Scope,
    Term,
    Unit,
    Within,
)
from monitor.core.terms import TermError, parse_term

LISTS = {
    "crude_words": ("crude", "petróleo", "oil deal"),
    "one": ("solitary",),
    "energy": ("gas", "luz"),
}
VOCABULARY = "\n".join(f"{name}: {list(terms)}" for name, terms in LISTS.items())
SENSELESS = ("can never match", 'only "none" stands here')  # loads, and makes no sense


def of_list(name: str) -> tuple[Term, ...]:
    return tuple(parse_term(written, list_name=name) for written in LISTS[name])


def loaded(text: str) -> Condition | None:
    """What the loader makes of printed YAML; mistakes fail the test."""
    problems = Problems()
    top = scan("printed.yaml", text, problems)
    problems.raise_if_any()
    assert isinstance(top, Map)
    entries = {key.text: value for key, value in top.entries}
    lists = Lists(problems)
    for tree in (scan("lists.yaml", VOCABULARY, problems), entries.get("lists")):
        for key, node in tree.entries if isinstance(tree, Map) else ():
            assert isinstance(node, Items)
            lists.add(key, node)
    lists.check()
    problems.raise_if_any()
    outlets = frozenset({"a", "b"})
    condition = Conditions(Names(lists, outlet_names=outlets), problems).read(entries["when"])
    try:
        problems.raise_if_any()
    except ConfigurationError as error:
        for problem in error.problems:
            assert any(words in problem.message for words in SENSELESS), text
    return condition


def word(written: str) -> Term:
    return phrase_term(written)


def readable(written: str) -> Term | None:
    """A term that a rule may hold as one text; what begins with `$` is a list there."""
    if written.strip().startswith("$"):
        return None
    with suppress(TermError):
        return phrase_term(written)
    return None


def test_a_phrase_whose_first_word_is_a_dollar_sign_is_refused():
    with pytest.raises(TermError, match=r"begins with \$ names a list"):
        phrase_term("{$0")


odd_texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
usual_texts = st.sampled_from(
    ["oil", "oil deal", "tanker*", "strike~", "wom?n", "=US", "no", "on", "22:00", "1e3", "true",
     "#tag", "a: b", '"said"', "it's", "S&P", "[x]", "a, b", "- a", "y", "null", "& a", "12 words"]
)  # fmt: skip
plain_terms = st.one_of(usual_texts, odd_texts).map(readable).filter(lambda term: term is not None)
list_names = st.sampled_from(sorted(LISTS))


def of_one_list(name: str) -> Condition:
    terms = of_list(name)
    return terms[0] if len(terms) == 1 else AnyOf(terms)


leaves = st.one_of(plain_terms, list_names.map(of_one_list))
groups = st.lists(
    st.one_of(plain_terms.map(lambda term: (term,)), list_names.map(of_list)),
    min_size=1,
    max_size=3,
    unique=True,
).map(lambda parts: tuple(dict.fromkeys(term for part in parts for term in part)))
nears = st.builds(
    Near,
    st.lists(groups, min_size=2, max_size=4).map(tuple),
    st.one_of(st.integers(0, 200), st.sampled_from(Unit)),
    st.booleans(),
)


def grown(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        several.map(AllOf),
        several.map(AnyOf).filter(is_no_list),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: NoneOf(tuple(parts))),
        st.builds(Within, st.frozensets(st.sampled_from(Scope), min_size=1), inner),
    )


def is_no_list(condition: AnyOf) -> bool:
    """Not, as in `any: [$one, $one]`, the terms of a list by chance."""
    names = {part.list_name if isinstance(part, Term) else None for part in condition.parts}
    return len(names) > 1 or None in names


conditions = st.recursive(st.one_of(leaves, nears), grown, max_leaves=8)


@settings(max_examples=100, deadline=None)
@given(conditions)
def test_what_is_printed_is_read_back_as_an_equal_tree(condition: Condition) -> None:
    assert loaded(printed(condition)) == named(condition)[0]


def test_short_conditions_take_one_line() -> None:
    condition = AllOf((AnyOf((word("crude"), word("gas"))), NoneOf((word("palm oil"),))))
    assert printed(condition) == "when: {any: [crude, gas], none: [palm oil]}\n"


def test_long_conditions_are_broken_into_lines() -> None:
    long = AnyOf(tuple(word(f"a rather long phrase number {number}") for number in range(9)))
    text = printed(AllOf((long, word("talks"))))
    assert text.startswith("when:\n  all:\n    - any:\n        - a rather long phrase number 0\n")
    assert max(map(len, text.splitlines())) <= WIDTH


def test_several_terms_of_a_near_become_a_list_that_is_named_after_them() -> None:
    near = Near(((word("crude"), *of_list("one")), (word("talk*"),)), 5)
    assert printed(near) == (
        "lists: {crude_or_one: [crude, $one]}\n"
        "when: {near: {terms: [$crude_or_one, talk*], within: 5 words}}\n"
    )


def test_different_lists_have_different_names_and_equal_ones_are_named_once() -> None:
    first, second = (word("a-b"), word("c")), (word("a b"), word("c"))
    condition = AllOf((Near((first, second)), Near((first, (word("d"),)))))
    assert named(condition)[1] == {"a_b_or_c": ("a-b", "c"), "a_b_or_c_2": ("a b", "c")}


@pytest.mark.parametrize("written", ["no", "Y", "on", "null", "22:00", "#tag", "a: b"])
def test_what_yaml_might_take_for_something_else_stands_in_quotes(written: str) -> None:
    assert printed(word(written)) == f'when: "{written}"\n'


@pytest.mark.parametrize(
    "when",
    [
        "when: {all: [oil, 'regex:\\bGL ?[0-9]{1,2}''s\\b']}",
        "when: {all: ['regex:a\\b', talks]}",
        "when: {at_least: {n: 2, of: [$crude_words, {all: [a, b]}, oil]}}",
        "when: {repeat: {term: $energy, times: 3}}",
        "when: {repeat: {term: dron*, times: 3}}",
        "when: {ignore: [strike* a deal, $energy], all: [Strelsau, strike*]}",
        "when: {ignore: [sea], in: title, all: [oil, {ignore: [lake], any: [gas, luz*]}]}",
        "when: {ignore: [sea], all: [{in: title, all: [oil]}]}",
        (
            "when: {score_at_least: 5, boost: [{all: [oil], points: 3}, "
            "{in: title, any: [gas, sea], points: 2}, {tier: wire, points: -1}]}"
        ),
        "when: {language: [en, es], tier: wire, any: [oil, gas], none: [sea]}",
        "when: {any: [{country: GB, all: [oil]}, {all: [{outlet: [a, b]}, {in: body, all: [c]}]}]}",
    ],
)
def test_whatever_the_language_can_say_is_printed_and_read_back(when: str) -> None:
    condition = loaded(when)
    assert condition is not None
    assert loaded(printed(condition)) == condition


def test_a_term_is_printed_as_it_was_written() -> None:
    tree = scan("x.yaml", printed(word("=Ñandú")), Problems())
    assert isinstance(tree, Map)
    ((_, value),) = tree.entries
    assert isinstance(value, Scalar)
    assert value.text == "=Ñandú"
