import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.config.grammar import PARENTHESES_LIMIT
from monitor.config.printing import printed
from monitor.config.query import QUERY_LIMIT, QueryError, parse_query
from monitor.core.rules import AllOf, AnyOf, Condition, Near, NoneOf, Scope, Term, Within
from monitor.core.terms import parse_term

LISTS = {"crude_words": ("crude", "petróleo"), "one": ("solitary",), "none_yet": ()}


def terms_of_list(name: str) -> tuple[Term, ...]:
    if name not in LISTS:
        raise ValueError(f'unknown list "${name}"')
    return tuple(parse_term(written, list_name=name) for written in LISTS[name])


def read(query: str) -> Condition:
    return parse_query(query, term=parse_term, terms_of_list=terms_of_list)


def mistakes(query: str) -> list[tuple[int, str]]:
    with pytest.raises(QueryError) as raised:
        read(query)
    return list(raised.value.mistakes)


def t(written: str) -> Term:
    return parse_term(written)


def title(part: Condition) -> Within:
    return Within(frozenset({Scope.TITLE}), part)


CRUDE = terms_of_list("crude_words")
A, B, C, D = map(t, "ABCD")

MEANINGS: dict[str, Condition] = {
    "oil": t("oil"),
    '"oil deal"': t("oil deal"),
    "tanker*": t("tanker*"),
    "wom?n": t("wom?n"),
    "strike~": t("strike~"),
    "=US": t("=US"),
    '="United States"': t("=United States"),
    "AT&T": t("AT&T"),
    '"AND"': t("AND"),
    "$crude_words": AnyOf(CRUDE),
    "$one": terms_of_list("one")[0],
    "((A))": A,
    "A AND B AND C": AllOf((A, B, C)),
    "A OR B": AnyOf((A, B)),
    "A OR $crude_words": AnyOf((A, AnyOf(CRUDE))),
    "(A AND B) OR C": AnyOf((AllOf((A, B)), C)),
    "A AND (B OR C)": AllOf((A, AnyOf((B, C)))),
    "A NOT B": AllOf((A, NoneOf((B,)))),
    "A AND NOT B": AllOf((A, NoneOf((B,)))),
    "NOT B AND A": AllOf((A, NoneOf((B,)))),
    "A NOT B AND C NOT D": AllOf((AllOf((A, C)), NoneOf((B, D)))),
    "A NOT (B OR C)": AllOf((A, NoneOf((B, C)))),
    "A NOT (B AND C)": AllOf((A, NoneOf((AllOf((B, C)),)))),
    "A NOT $crude_words": AllOf((A, NoneOf((AnyOf(CRUDE),)))),
    "A AND (NOT B)": AllOf((A, NoneOf((B,)))),
    "A OR (B NOT C)": AnyOf((A, AllOf((B, NoneOf((C,)))))),
    "A NEAR B": Near(((A,), (B,)), 10),
    "A NEAR/0 B": Near(((A,), (B,)), 0),
    "A ONEAR/3 B": Near(((A,), (B,)), 3, ordered=True),
    "A NEAR/3 B NEAR/3 C": Near(((A,), (B,), (C,)), 3),
    "(A OR B) NEAR $crude_words": Near(((A, B), CRUDE), 10),
    "(A OR $crude_words) NEAR C": Near(((A, *CRUDE), (C,)), 10),
    "A OR B NEAR C": AnyOf((A, Near(((B,), (C,)), 10))),
    "title:A": title(A),
    'title: "oil deal"': title(t("oil deal")),
    "title:A AND B": AllOf((title(A), B)),
    "lead:(A OR B)": Within(frozenset({Scope.LEAD}), AnyOf((A, B))),
    "body:A": Within(frozenset({Scope.BODY}), A),
    "title:(A NEAR B)": title(Near(((A,), (B,)), 10)),
    "A NOT title:B": AllOf((A, NoneOf((title(B),)))),
    "(A OR B) AND C NEAR/10 D NOT title:A": AllOf(
        (AllOf((AnyOf((A, B)), Near(((C,), (D,)), 10))), NoneOf((title(A),)))
    ),
    "A\n  AND B": AllOf((A, B)),
}


@pytest.mark.parametrize("query", MEANINGS)
def test_a_query_means(query: str) -> None:
    assert read(query) == MEANINGS[query]


# What is wrong -> column, and what the message suggests.
REFUSED: dict[str, tuple[int, str]] = {
    # structure
    "A AND B OR C": (8, "AND and OR stand side by side; write (A AND B) OR C or A AND (B OR C)"),
    "A OR B NOT C": (7, "write (A OR B) AND NOT C or A OR (B AND NOT C)"),
    "oil deal": (4, 'write "oil deal" for the phrase, or oil AND deal'),
    '"oil deal" Chevron': (11, "write AND or OR"),
    "A (B OR C)": (2, "write AND or OR"),
    "(A OR B": (0, 'never closed; add a ")"'),
    "A OR B)": (6, "closes nothing"),
    "A AND ()": (6, "these parentheses are empty"),
    "A AND": (2, 'nothing stands behind "AND"'),
    "(A AND) OR B": (3, 'nothing stands behind "AND"'),
    "AND A": (0, 'nothing stands before "AND"'),
    "A AND OR B": (6, '"OR" follows "AND"; keep one of the two'),
    "A NEAR NOT B": (7, "write A NOT B"),
    "   ": (0, "the query is empty"),
    # negatives
    "NOT A": (0, "only NOT stands here"),
    "title:(NOT A)": (7, "only NOT stands here"),
    "A OR NOT B": (5, "write A OR (B NOT C)"),
    "A NOT (NOT B)": (2, "two NOT undo each other"),
    # near
    "(A AND B) NEAR C": (0, "write A NEAR B AND A NEAR C"),
    "A NEAR (B NEAR C)": (7, "write A NEAR B NEAR C"),
    "title:A NEAR B": (0, "write title:(A NEAR B)"),
    "A NEAR/3 B NEAR C": (11, "write A NEAR/3 B AND B NEAR C"),
    "A NEAR/3 B ONEAR/3 C": (11, "write A NEAR/3 B AND B ONEAR/3 C"),
    "A NEAR/201 B": (2, "allowed: NEAR/0 to NEAR/200"),
    "A NEAR/x B": (2, "a whole number from 0 to 200"),
    " NEAR ".join("ABCDEFGHI"): (0, "at most 8; found 9"),
    # words
    "A AND $nothing": (6, 'unknown list "$nothing"'),
    'A AND "$one"': (6, '"$one" is a list; write it without quotes'),
    "A AND ta*": (6, "at least 3 letters"),
    'A AND "..."': (6, "no letters or digits"),
    'A AND "regex:b"': (6, '"regex:…" beside the query'),
    'A AND "oil deal': (6, "opens a quote that is never closed"),
    "(oil, gas)": (1, "holds a comma"),
    # operators of others
    "A && B": (2, "write AND"),
    "A || B": (2, "write OR"),
    "A | B": (2, "write OR"),
    "A AND !B": (6, "write NOT"),
    "A -B": (2, "write NOT"),
    'A -"B C"': (2, "write NOT"),
    "A AND +B": (6, "leave it out"),
    "A and B": (2, "write AND in capitals"),
    "A Or B": (2, "write OR in capitals"),
    "A not B": (2, "write NOT in capitals"),
    "A near B": (2, "write NEAR in capitals"),
    "A near/5 B": (2, "write NEAR/5"),
    "A NEAR5 B": (2, "write NEAR/5"),
    "A W/5 B": (2, "write NEAR/5"),
    "A w/s B": (2, "within: sentence"),
    "A /p B": (2, "within: paragraph"),
    "A PRE/5 B": (2, "write ONEAR/5"),
    "A ADJ B": (2, "write ONEAR/0"),
    "A ADJ3 B": (2, "write ONEAR/3"),
    "A SAME B": (2, "within: paragraph"),
    "A WITHIN B": (2, "write NEAR/n"),
    "A AROUND(4) B": (2, "write NEAR/4"),
    "A ANDNOT B": (2, "write AND NOT"),
    "A XOR B": (2, "write (A NOT B) OR (B NOT A)"),
    '"A B"~5': (5, "write its words as A NEAR/5 B"),
    "strike~2": (0, "write strike* or strike~"),
    "A^3 AND B": (0, "write boost: beside the query"),
    '"A B"^3': (5, "write boost: beside the query"),
    "deport! AND B": (0, "write deport*"),
    "A AND /b.*c/": (6, '"regex:…" beside the query'),
    "A AND “B C”": (6, 'only straight double quotes (")'),
    "A AND 'B'": (6, 'only straight double quotes (")'),
    # fields of others
    "headline:A": (0, '"headline:" is no field here; write title:'),
    "intitle:A": (0, "write title:"),
    "Title:A": (0, "write title:"),
    "text:A": (0, "write body:"),
    "A AND site:example.org": (6, "write outlet: beside the query"),
    "A AND source:example": (6, "write outlet: beside the query"),
    "A AND lang:es": (6, "write language: beside the query"),
    "A AND language:es": (6, "write language: beside the query"),
    "A AND colour:red": (6, "allowed: title:, lead:, body:"),
    "title:body:A": (6, "write title:word OR body:word"),
}  # fmt: skip


@pytest.mark.parametrize("query", REFUSED)
def test_a_mistake_is_told_once_with_its_column_and_what_to_write(query: str) -> None:
    column, suggestion = REFUSED[query]
    ((found, said),) = mistakes(query)
    assert found == column
    assert suggestion in said


def test_all_mistakes_are_told_at_once_in_the_order_of_the_text() -> None:
    found = mistakes('oil W/5 gas and title:$nothing tax OR (headline:x AND ta* "never closed')
    assert [column for column, _ in found] == [4, 12, 22, 31, 38, 39, 54, 58]


def test_a_mistake_does_not_breed_others() -> None:
    assert len(mistakes("A ADJ B ADJ C && D")) == 3


def test_the_error_itself_counts_columns_from_1() -> None:
    with pytest.raises(QueryError, match=r"^column 3: .*write NEAR/5; column 9: "):
        read("A W/5 B /5 C")


def test_a_list_whose_mistake_is_told_elsewhere_adds_none() -> None:
    assert mistakes("A AND $none_yet") == []
    assert [column for column, _ in mistakes("A W/5 $none_yet")] == [2]


def test_parentheses_have_a_limit() -> None:
    deepest = "(" * PARENTHESES_LIMIT + "A" + ")" * PARENTHESES_LIMIT
    assert read(deepest) == A
    assert mistakes(f"({deepest})")[0][0] == PARENTHESES_LIMIT


def test_a_query_has_a_limit() -> None:
    assert "characters" in mistakes("A" * (QUERY_LIMIT + 1))[0][1]


def test_a_long_query_is_read() -> None:
    query = " OR ".join(f"word{number}" for number in range(500))
    condition = read(query)
    assert isinstance(condition, AnyOf)
    assert len(condition.parts) == 500


pieces = st.lists(
    st.sampled_from(
        ["AND", "OR", "NOT", "NEAR", "ONEAR/3", "(", ")", "oil", "gas", '"a b"', "$one", "title:",
         "W/3", "-", '"', "and", "$nothing", "body:x", "~5", "|", "\n"]
    ),
    max_size=14,
)  # fmt: skip


def outcome(query: str) -> Condition | tuple[tuple[int, str], ...]:
    """What it means, or what is wrong with it; no other error."""
    try:
        return read(query)
    except QueryError as error:
        return error.mistakes


def check_outcome(query: str) -> None:
    found = outcome(query)
    if not isinstance(found, tuple):
        assert printed(found)
        return
    assert found
    assert all(0 <= column <= len(query) for column, _ in found)
    assert all(re.search(r"\w", said) for _, said in found)


@settings(max_examples=100, deadline=None)
@given(pieces)
def test_whatever_is_written_is_read_or_refused_in_its_place(written: list[str]) -> None:
    check_outcome(" ".join(written))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(query: str) -> None:
    check_outcome(query)
