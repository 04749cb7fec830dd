"""Texts and rules made to take long: time follows the size of the text, whatever the rule.

CPU time of this thread is a guard with a wide margin: where time grew with the ways in which words
can be combined, these cases took seconds to hours.
"""

import time

import pytest

from monitor.core.errors import Place
from monitor.core.matcher import Matcher
from monitor.core.model import Document, RuleId
from monitor.core.rules import (
    AllOf,
    AtLeast,
    Condition,
    Ignoring,
    Near,
    Regex,
    Repeat,
    Rule,
    Term,
    Unit,
)
from monitor.core.terms import parse_term

ARTICLE = 5_000  # characters
GUARD = 1.0  # seconds of CPU; goal 0.1


def terms(*written: str) -> tuple[Term, ...]:
    return tuple(map(parse_term, written))


def near(*written: str, within: int | Unit = 200, ordered: bool = False) -> Near:
    return Near(tuple(terms(each) for each in written), within, ordered)


REGEXES = (
    r"(a+)+$",
    r"^(a|aa)+$",
    r"(a*)*b",
    r"(x+x+)+y",
    r"(.*a){25}$",
    r"((a{1,9}){1,9}){1,9}$",
    "(" + "|".join("a" * n + "b" for n in range(1, 29)) + ")+$",
)
RULES: tuple[Condition, ...] = (
    *map(Regex, REGEXES),
    near(*["aaa"] * 7, "zzz"),
    near(*["aaa"] * 7, "zzz", ordered=True),
    near(*["aaa"] * 7, "zzz", within=0),
    near(*["aaa"] * 7, "zzz", within=Unit.SENTENCE),
    near(*["aaa"] * 7, "zzz", within=Unit.PARAGRAPH),
    near("aaa", "aaa*", "aa?", "a?a", "?aa", "aaa~", "=aaa", "zzz"),
    near("aaa aaa", "aaa aaa aaa", "aaa aaa aaa aaa", "zzz"),
    Repeat(terms("aaa", "aaa*", "aa?a*"), 100),
    Repeat(terms("aaa aaa aaa aaa aaa aaa aaa aaa zzz"), 100),
    AtLeast(100, terms(*(f"aaa{n}*" for n in range(1_000)), *(f"aaa {n}" for n in range(1_000)))),
    Ignoring(terms("aaa aaa", "aaa*"), AllOf((*terms("zzz"), Regex("aaa.*zzz")))),
)
TEXTS = ("aaa ", "aaa-", "aaa.\n", "a", "U. S. ")


@pytest.mark.parametrize("unit", TEXTS)
def test_no_rule_takes_long_on_text_that_repeats_itself(unit):
    text = f"{unit * (ARTICLE // len(unit))}! zzz"
    for condition in RULES:
        matcher = Matcher([Rule(RuleId("r"), "", condition, "1", Place("rules/test.yaml"))])
        started = time.thread_time()
        matcher.match(Document("zzz", text=text))
        assert time.thread_time() - started < GUARD, condition
