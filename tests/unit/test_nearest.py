"""Why not: the branch that failed and the nearest miss, in words a desk understands."""

import pytest
from hypothesis import given
from test_matcher import near, rule, terms
from test_matcher_agrees import articles, at_random, conditions, matcher_of

from monitor.core.matcher import Matcher
from monitor.core.misses import misses, nearness
from monitor.core.model import Document, RuleId
from monitor.core.rules import (
    AllOf,
    AnyOf,
    AtLeast,
    Boost,
    Condition,
    From,
    Ignoring,
    NoneOf,
    Regex,
    Repeat,
    Scope,
    Scored,
    Unit,
    Within,
)
from monitor.core.terms import parse_term

TITLE = frozenset({Scope.TITLE})
TOP = frozenset({Scope.TITLE, Scope.LEAD})
FAR = "US officials said on a long and quiet Monday in an old harbour of Ruritania that a strike"


def why(condition: Condition, document: Document | str) -> list[str]:
    """`branch: why` of every miss."""
    document = Document(title=document) if isinstance(document, str) else document
    tree = Matcher([rule(condition)]).explain(RuleId("r"), document)
    return [f"{' > '.join((*miss.within, miss.branch))}: {miss.why}" for miss in misses(tree)]


def test_a_near_miss_tells_how_far_apart_the_words_are():
    (told,) = why(near("=US", "strike", within=12), FAR)
    assert told == (
        "near: =US + strike within 12 words: »US« and »strike« are 16 words apart, "
        "at most 12 allowed"
    )


def test_of_three_words_the_two_that_are_furthest_apart_are_told():
    (told,) = why(near("oil", "talks", "deal", within=1), "Oil talks and then at last a deal")
    assert told.endswith("»talks« and »deal« are 5 words apart, at most 1 allowed")


def test_the_closest_pair_counts_and_not_the_first():
    (told,) = why(near("oil", "deal", within=1), "Oil is up; the oil and gas deal is off")
    assert told.endswith("»oil« and »deal« are 2 words apart, at most 1 allowed")


def test_words_in_two_sentences_are_told_as_such():
    (told,) = why(near("oil", "deal", within=Unit.SENTENCE), "Oil is up. Is there a deal?")
    assert told.endswith("»Oil« and »deal« are 5 words apart, not in one sentence")


def test_words_in_the_other_order_are_told_as_such():
    (told,) = why(near("oil", "deal", ordered=True), "A deal on oil")
    assert told.endswith("are 1 word apart, and they do not stand in the order of the rule")


def test_words_in_two_fields_are_not_near():
    (told,) = why(near("oil", "deal"), Document(title="Oil", text="A deal"))
    assert told.endswith("»Oil« in title, »deal« in body: near looks within one field")


def test_one_word_cannot_stand_for_two():
    (told,) = why(near("oil deal", "deal"), "An oil deal")
    assert told.endswith("they share words, and near takes no word twice")


def test_an_absent_word_of_a_near_is_the_miss():
    assert why(near("oil", "deal"), "Oil") == [
        "near: oil + deal within 10 words > deal: not in title, lead, body"
    ]


def test_a_word_that_stands_only_in_the_body_is_told_where_a_branch_looks_higher():
    found = Document(title="Prices rise", summary="They do.", text="A tanker burns")
    assert why(Within(TOP, parse_term("tanker")), found) == [
        "in title, lead > tanker: »tanker« stands only in body; this looks at title, lead"
    ]


@pytest.mark.parametrize(
    ("term", "title", "told"),
    [
        ("Maduro", "Los Maduros", '"Maduro" is missing; nearest written form: »Maduros«'),
        ("negotiat*", "They negociate", "nearest written form: »negociate«"),
        ("strike~", "Two strikers", "nearest written form: »strikers«"),
        ("=US", "Give us oil", '"=US" minds capitals and accents; written is »us«'),
        ("oil deal", "A deal on oil", 'the words of "oil deal" stand there, but not side by side'),
        ("oil deal", "Oil deals", '"oil deal" is missing; nearest written form: »deals«'),
        ("oil", "Gas", "not in title, lead, body"),
        ("talk", "A tall man", "not in title, lead, body"),
    ],
)  # fmt: skip
def test_the_nearest_written_form_is_told(term, title, told):
    (said,) = why(parse_term(term), title)
    assert said.endswith(told)


def test_of_a_list_the_nearest_of_all_its_terms_is_told():
    (said,) = why(AnyOf(terms("crude", "tanker", list_name="oils")), "A tankers' union")
    assert said == '$oils: "tanker" is missing; nearest written form: »tankers«'


def test_a_phrase_that_blanks_the_word_is_named():
    condition = Ignoring(terms("strike* a deal"), parse_term("strike"))
    (told,) = why(condition, "Caracas and Chevron strike a deal")
    assert told == (
        'without strike* a deal > strike: »strike« stands in title, but ignore: "strike* a deal" '
        "blanks it"
    )


def test_a_regex_without_its_companion_is_told_beside_what_is_missing():
    condition = AllOf((parse_term("licence"), Regex(r"\bGL ?[0-9]+")))
    assert why(condition, "Treasury extends GL 41") == [
        "licence: not in title, lead, body",
        r"regex: \bGL ?[0-9]+: »GL 41« in title: the regex has no companion here",
    ]


def test_a_regex_that_finds_something_elsewhere_says_where():
    condition = AllOf((parse_term("oil"), Within(TITLE, Regex("GL[0-9]"))))
    assert why(condition, Document(title="Oil", text="GL8")) == [
        "in title > regex: GL[0-9]: »GL8« stands only in body"
    ]


def test_what_a_none_found_is_what_blocks():
    blocked = AllOf(
        (parse_term("oil"), NoneOf((Within(frozenset({Scope.SECTION}), parse_term("sport*")),)))
    )
    assert why(blocked, Document(title="Oil", section="Sports")) == [
        "none: in section: blocked by »Sports« in section"
    ]


def test_a_source_that_blocks_is_told_by_its_condition():
    blocked = AllOf((parse_term("oil"), NoneOf((From(countries=("RU",)),))))
    assert why(blocked, Document(title="Oil", country="RU")) == [
        "none: country: ru: blocked by country: ru"
    ]


def test_a_wrong_source_is_told():
    assert why(AllOf((parse_term("oil"), From(tiers=("wire",)))), "Oil") == [
        "tier: wire: tier is unknown"
    ]


def test_of_alternatives_the_nearest_is_told():
    alternatives = AnyOf((near("gas", "deal"), near("oil", "talks", within=0), parse_term("war")))
    (told,) = why(alternatives, "Oil and talks")
    assert told.startswith("near: oil + talks within 0 words: »Oil« and »talks« are 1 word apart")


def test_every_part_that_is_needed_and_missing_is_told():
    assert len(why(AllOf(terms("oil", "gas", "coal")), "Gas")) == 2


def test_a_count_and_a_score_tell_what_is_short_and_what_would_help():
    assert why(AtLeast(2, terms("oil", "tanker")), "Oil and tankers") == [
        "at least 2 of 2: 1 of 2 held",
        'at least 2 of 2 > tanker: "tanker" is missing; nearest written form: »tankers«',
    ]
    graded = Scored(5, (Boost(parse_term("oil"), 3), Boost(parse_term("talks"), 3)))
    assert why(graded, "Oil") == [
        "score 3 of 5: 2 short",
        "score 3 of 5 > +3 points > talks: not in title, lead, body",
    ]


def test_a_repeated_word_tells_how_often_it_stands_there():
    assert why(Repeat(terms("oil"), 3), "Oil, oil") == ["repeat: oil 3 times: 2 of 3 times"]


def test_a_match_misses_nothing():
    assert why(parse_term("oil"), "Oil") == []


@at_random()
@given(conditions, articles)
def test_why_not_has_an_answer_exactly_where_the_matcher_finds_nothing(condition, article):
    matcher = matcher_of([condition])
    tree = matcher.explain(RuleId("0"), article)
    found = misses(tree)
    assert tree.held is bool(matcher.match(article))
    assert bool(found) is not tree.held
    assert all(miss.why for miss in found)
    assert (nearness(tree) == 1) is tree.held


@at_random(0.3)
@given(conditions, articles)
def test_what_is_told_of_a_part_never_says_that_it_held(condition, article):
    def check(tree):
        assert not (tree.held and tree.near)
        for child in tree.children:
            check(child)

    check(matcher_of([condition]).explain(RuleId("0"), article))
