"""What the rules themselves tell of what is hardly meant so."""

import time
from dataclasses import replace

import pytest
from hypothesis import given
from test_matcher import near, rule, terms
from test_matcher_agrees import EVERYTHING, TOP, Look, articles, at_random, conditions, truth

from monitor.core.census import EXPECTED, LEAST_ARTICLES, Census
from monitor.core.implied import implies, meaning
from monitor.core.knowledge import Knowledge
from monitor.core.lint import Finding, Kind, Listed, findings
from monitor.core.model import Document, RuleId, Severity
from monitor.core.rules import (
    AllOf,
    AnyOf,
    AtLeast,
    Case,
    Condition,
    From,
    Ignoring,
    NoneOf,
    Regex,
    Scope,
    Within,
)
from monitor.core.terms import parse_term

TITLE, BODY = frozenset({Scope.TITLE}), frozenset({Scope.BODY})


def term(written: str, list_name: str | None = None):
    return parse_term(written, list_name=list_name)


def told(condition: Condition, *lists: Listed) -> list[str]:
    return [each.message for each in findings([rule(condition)], lists)]


def dead(*parts: Condition) -> list[Condition | None]:
    """The alternatives that are told to be dead."""
    found = findings([rule(AnyOf(parts))], ())
    return [each.subject.part for each in found if each.kind is Kind.DEAD]


# --- dead branches


def test_a_word_beside_a_wildcard_that_finds_it_is_dead():
    assert dead(*terms("crude", "crud*")) == [term("crude")]
    assert told(AnyOf(terms("crude", "crud*"))) == [
        'dead branch: "crude" holds only where "crud*" beside it does; drop it'
    ]


def test_a_phrase_beside_a_word_of_it_is_dead():
    assert dead(*terms("oil deal", "oil")) == [term("oil deal")]


def test_an_exact_word_beside_the_same_in_any_writing_is_dead():
    assert dead(*terms("US", "=US")) == [term("=US")]


def test_of_two_words_that_say_the_same_the_second_is_dead():
    assert dead(*terms("petróleo", "gas", "petroleo")) == [term("petroleo")]


def test_words_that_differ_are_all_alive():
    assert dead(*terms("oil", "oils", "gas", "oil*")[:3]) == []


def test_a_branch_that_asks_for_more_than_another_is_dead():
    both = AllOf(terms("oil", "deal"))
    assert dead(both, term("oil")) == [both]
    assert dead(near("oil", "deal"), both) == [near("oil", "deal")]


def test_a_narrower_near_is_dead_beside_a_wider_one():
    narrow, wide = near("oil", "deal", within=3), near("oil|gas", "deal*", within=9)
    assert dead(narrow, wide) == [narrow]
    assert dead(near("oil", "deal", within=9), near("oil", "deal", within=9, ordered=True)) == [
        near("oil", "deal", within=9, ordered=True)
    ]


def test_a_longer_phrase_in_a_near_reaches_further_and_lives():
    assert dead(near("oil", "talks", within=0), near("oil deal", "talks", within=0)) == []


def test_a_branch_in_the_title_is_dead_beside_the_same_anywhere():
    narrow = Within(TITLE, term("oil"))
    assert dead(narrow, term("oil")) == [narrow]
    assert dead(Within(BODY, term("oil")), term("oil")) == []


def test_inside_an_in_another_in_is_not_compared():
    whole = Within(BODY, AnyOf((Within(TITLE, term("oil")), term("oil"))))
    assert told(whole) == []


def test_an_exclusion_that_another_covers_is_dead():
    condition = AllOf((term("oil"), NoneOf(terms("palm oil", "palm"))))
    assert told(condition) == [
        'dead branch: "palm oil" holds only where "palm" beside it does; drop it'
    ]


def test_an_alternative_that_a_none_beside_it_excludes_is_dead():
    whole = AllOf((AnyOf(terms("crude oil", "gas")), NoneOf(terms("crud*"))))
    (said,) = told(whole)
    assert said == (
        'dead branch: "crude oil" cannot hold in title and lead, where none: excludes "crud*"; '
        "drop one"
    )
    (said,) = told(Within(TITLE, whole))
    assert '"crude oil" cannot hold, where none:' in said
    apart = AllOf((AnyOf(terms("crude", "gas")), NoneOf((Within(TITLE, term("crude")),))))
    assert told(apart) == []


def test_a_list_beside_one_that_uses_it_is_dead():
    oils = AnyOf(terms("crude", "brent", list_name="oils"))
    energy = AnyOf(terms("crude", "brent", "gas", list_name="energy"))
    lists = (
        Listed("oils", terms("crude", "brent", list_name="oils")),
        Listed("energy", terms("gas", list_name="energy"), ("oils",)),
    )
    assert told(AnyOf((oils, energy)), *lists) == [
        "dead branch: $oils holds only where $energy beside it does; drop it"
    ]


def test_the_cases_of_a_severity_are_looked_at_too():
    cases = (Case(Severity.HIGH, AnyOf(terms("crude", "crud*"))),)
    (found,) = findings([replace(rule(term("oil")), cases=cases)], ())
    assert found.kind is Kind.DEAD


@at_random()
@given(conditions, conditions, articles)
def test_where_a_condition_holds_all_that_it_implies_holds(one, other, article):
    pairs = ((AllOf((one, other)), one), (one, AnyOf((one, other))), (one, other), (other, one))
    for stronger, weaker in pairs:
        if implies(stronger, weaker):
            for scopes in (TOP, EVERYTHING):
                look = Look(article, scopes)
                assert truth(weaker, look) or not truth(stronger, look)


# --- lists


def listed(*written: str, uses: tuple[str, ...] = ()) -> Listed:
    return Listed("oils", terms(*written, list_name="oils"), uses)


def of_list(*written: str) -> Condition:
    return AnyOf(terms(*written, list_name="oils"))


def test_a_term_of_a_list_that_another_finds_is_dead():
    words = ("crude", "crud*", "oil deal", "oil")
    assert told(of_list(*words), listed(*words)) == [
        'dead branch: "crud*" finds all that "crude" finds in $oils; drop the latter',
        'dead branch: "oil" finds all that "oil deal" finds in $oils; drop the latter',
    ]


def test_in_a_list_for_near_a_longer_phrase_lives():
    words = ("crude", "crud*", "oil deal", "oil")
    condition = replace(near("a", "b"), groups=(terms("a"), terms(*words, list_name="oils")))
    assert [each[:25] for each in told(condition, listed(*words))] == ['dead branch: "crud*" find']


def test_a_list_of_thousands_of_terms_is_looked_through_in_time():
    words = tuple(f"{chr(97 + n % 26)}{n}x end{n}" for n in range(2_000))
    started = time.monotonic()
    assert told(of_list(*words), listed(*words)) == []
    assert time.monotonic() - started < 10  # about 1 s; machines of a test farm are slow


def test_in_a_list_that_is_counted_every_term_lives():
    words = ("crude", "crud*")
    assert told(AtLeast(2, terms(*words, list_name="oils")), listed(*words)) == []


def test_in_a_list_of_phrases_to_ignore_a_longer_one_blanks_more():
    words = ("strike", "strike a deal")
    condition = Ignoring(terms(*words, list_name="oils"), term("strike"))
    assert told(condition, listed(*words)) == []


def test_a_list_that_no_rule_reaches_is_unused():
    used, inner = Listed("used", (), ("oils",)), listed("oil")
    condition = AnyOf(terms("oil", list_name="used"))
    lost = Listed("lost", terms("gas", list_name="lost"), ("oils",))
    assert told(condition, used, inner, lost) == [
        "unused list: no rule uses $lost, nor does a list that a rule uses; use it or drop it"
    ]


# --- patterns and duplicates


@pytest.mark.parametrize("pattern", [r"oil.{0,200}talks", r"[\p{L}]{3,40} deal"])
def test_a_pattern_that_counts_far_is_slow(pattern):
    (said,) = told(AllOf((term("oil"), Regex(pattern))))
    assert said.startswith(f"slow pattern: regex:{pattern} takes ")


@pytest.mark.parametrize("pattern", [r"\bGL ?[0-9]{1,2}[A-Z]?\b", r"(a+)+$", r"(oil|gas)s? deal"])
def test_a_usual_pattern_is_not_slow(pattern):
    assert told(AllOf((term("oil"), Regex(pattern)))) == []


def test_rules_that_say_the_same_in_another_order_are_duplicates():
    one = rule(AllOf((AnyOf(terms("oil", "gas")), term("deal"))))
    other = AllOf((term("deal"), AnyOf(terms("gas", "oil", list_name="fuels"))))
    twin = replace(rule(other), id=RuleId("twin"))
    (found,) = findings([one, twin], ())
    assert (found.kind, found.subject.rule) == (Kind.DUPLICATE, "twin")
    assert found.said.startswith("twin has the same condition as r (rules/test.yaml:1:1)")


def test_a_rule_that_is_switched_off_may_be_a_twin():
    one = rule(term("oil"))
    assert list(findings([one, replace(one, id=RuleId("twin"), enabled=False)], ())) == []


def test_rules_that_differ_in_scope_are_none():
    one, other = rule(term("oil")), rule(Within(TITLE, term("oil")))
    assert list(findings([one, replace(other, id=RuleId("x"))], ())) == []


def test_order_matters_where_a_near_says_so():
    assert meaning(near("a", "b")) == meaning(near("b", "a"))
    assert meaning(near("a", "b", ordered=True)) != meaning(near("b", "a", ordered=True))


# --- what only an archive tells


def census(condition: Condition, titles: dict[str, int], **languages: int) -> list[Finding]:
    """What is found where each title stands in so many articles, "es: …" in Spanish."""
    claims = frozenset(languages) or frozenset({"en"})
    counted = Census([rule(condition)], Knowledge(), languages={RuleId("r"): claims})
    for title, times in titles.items():
        language = "es" if title.startswith("es: ") else "en"
        for _ in range(times):
            counted.add(Document(title=title.removeprefix("es: "), language=language))
    return list(counted.findings())


def test_a_word_that_suffices_and_stands_in_too_many_articles_is_broad():
    (found,) = census(AnyOf(terms("oil", "tanker")), {"Oil": 30, "Gas": 270})
    assert found.subject.part == term("oil")
    assert found.said == (
        '"oil" alone makes r match, and stands in 10% of 300 articles; say with all: or near: '
        "what stands beside it"
    )


def test_a_word_that_stands_in_most_articles_narrows_nothing():
    (found,) = census(AllOf(terms("the", "tanker")), {"The end": 200, "Gas": 100})
    assert found.said.startswith('"the" stands in 67% of 300 articles, so it hardly narrows r')


def test_common_words_close_together_are_fine():
    assert census(near("the", "a"), {"The end": 200, "A gas": 100}) == []


def test_a_rule_that_matches_too_many_articles_is_broad():
    (found,) = census(near("oil", "gas"), {"Oil and gas": 60, "Coal": 240})
    assert found.said.startswith("r matches 20% of 300 articles")


def test_a_few_articles_say_nothing():
    assert census(term("oil"), {"Oil": LEAST_ARTICLES - 1}) == []


BILINGUAL = {"Oil talks": 10, "es: Charla de petróleo": 10, "Coal": 190, "es: Carbón": 190}


def test_a_branch_with_words_of_one_language_is_told_where_the_rule_is_for_two():
    condition = near("oil|petróleo", "talks")
    (found,) = census(condition, BILINGUAL, en=1, es=1)
    assert found.kind is Kind.ONE_LANGUAGE
    assert found.said == (
        'r is for en and es, but "talks" stands in none of 200 articles in es; add words of that '
        "language, or a branch for it"
    )


def test_a_rule_for_one_language_may_have_words_of_one():
    assert census(near("oil", "talks"), BILINGUAL, en=1) == []


def test_a_branch_for_each_language_is_fine():
    condition = AnyOf((near("oil", "talks"), near("petróleo", "charla")))
    assert census(condition, BILINGUAL, en=1, es=1) == []


def test_a_branch_whose_words_another_branch_widens_is_fine():
    condition = AnyOf((near("oil", "talks", within=1), near("oil|petróleo", "talks|charla")))
    assert census(condition, BILINGUAL, en=1, es=1) == []


def test_a_rare_word_is_not_said_to_be_of_one_language():
    rare = BILINGUAL | {"Oil talks": EXPECTED - 1}
    assert census(near("oil|petróleo", "talks"), rare, en=1, es=1) == []


def test_a_rule_knows_whether_it_stayed_silent():
    counted = Census(
        [rule(AllOf((term("oil"), From(countries=("US",)))))], Knowledge(), languages={}
    )
    counted.add(Document(title="Oil"))
    assert counted.silent(RuleId("r"))
    counted.add(Document(title="Oil", country="US"))
    assert not counted.silent(RuleId("r"))
