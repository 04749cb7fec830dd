"""Conditions as an analyst writes them: file in, tree or exact messages out."""

from pathlib import Path

import pytest

from monitor.config import ConfigurationError, load
from monitor.core.matcher import Matcher
from monitor.core.model import Document
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
    Term,
    Within,
    Word,
)
from monitor.core.terms import parse_term

FILES = {
    "channels.yaml": 'desk: {url: "console:", default: true}\n',
    "outlets/o.yaml": (
        "outlets: [{id: example, name: Example, country: US, language: en, tier: wire, "
        'feeds: [{url: "https://example.org/rss"}]}]\n'
    ),
}
WITHOUT_OF = 'volume needs the key "of": the condition to count'
THE_TWO = "at_least for a spike, as in 8 stories; at_most for a silence, as in 0 stories"
ALONE = (
    '"volume" stands alone at the top of the when: of a rule; it counts articles, and cannot be '
    "one condition among others"
)
LISTS = "lists: {fuels: [oil, gas], heavy: [coal~, oil]}\n"
KEYS = (
    "all, any, none, near, at_least, repeat, event, score_at_least, boost, query, ignore, in, "
    "outlet, tier, country, language"
)


def condition(when: str) -> Condition:
    text = f"{LISTS}rules:\n- id: a\n  when: {when}\n"
    files = FILES | {"rules/a.yaml": text}
    return load(files, base=Path("/nowhere"), environment={}).rules[0].condition


def told(when: str) -> list[str]:
    """The problems: those of `when` as column and message, column 1 being its first character."""
    with pytest.raises(ConfigurationError) as raised:
        condition(when)
    found = []
    for problem in raised.value.problems:
        assert (problem.place.file, problem.place.line) == ("rules/a.yaml", 4)
        found.append(f"{problem.place.column - len('  when: ')}: {problem.message}")
    return found


def term(written: str, list_name: str | None = None) -> Term:
    return parse_term(written, list_name=list_name)


# --- what is read


def test_a_tilde_takes_any_inflection_of_its_word() -> None:
    assert condition("drill~") == Term((Word("drill", inflected=True),), "drill~")
    found = condition("Petróleo~ with Mad*")
    assert isinstance(found, Term)
    assert found.words == (Word("petroleo", inflected=True), Word("with"), Word("mad*"))


def test_a_tilde_may_stand_in_a_list() -> None:
    assert condition("$heavy") == AnyOf((term("coal~", "heavy"), term("oil", "heavy")))


def test_a_regex_stands_beside_a_plain_term() -> None:
    assert condition("{all: [oil, 'regex:B-?52s?']}") == AllOf((term("oil"), Regex("B-?52s?")))
    assert condition("{all: ['regex: B-?52s?', oil]}") == AllOf((Regex("B-?52s?"), term("oil")))


@pytest.mark.parametrize(
    "when",
    [
        "{all: ['regex:x'], any: [oil, gas]}",
        "{all: ['regex:x'], near: {terms: [oil, gas]}}",
        "{all: [$fuels, {any: ['regex:x', 'regex:y']}]}",
        "{all: [oil], none: ['regex:x']}",
        "{any: [{all: [oil, 'regex:x']}, gas]}",
        "{all: [{repeat: {term: oil, times: 2}}, {in: title, any: ['regex:x']}]}",
        "{any: ['regex:x'], at_least: {n: 2, of: [oil, gas, coal]}}",
        "{at_least: {n: 2, of: [oil, gas, 'regex:x']}}",
        "{score_at_least: 3, boost: [{any: [oil], points: 2}, {any: ['regex:x'], points: 2}]}",
        "{all: [{any: [oil], ignore: [oil price]}, 'regex:x']}",
        "{outlet: example, all: [{tier: wire}, oil, 'regex:x']}",
    ],
)
def test_a_companion_is_whatever_cannot_hold_without_a_term(when: str) -> None:
    assert condition(when)


def test_at_least_counts_each_term_of_a_list_and_each_once() -> None:
    assert condition("{at_least: {n: 2, of: [$fuels, Oil, {all: [a, b]}]}}") == AtLeast(
        2, (term("oil", "fuels"), term("gas", "fuels"), AllOf((term("a"), term("b"))))
    )


def test_at_least_one_is_any() -> None:
    assert condition("{at_least: {n: 1, of: [a, b]}}") == AnyOf((term("a"), term("b")))


def test_repeat_takes_a_term_or_a_list() -> None:
    assert condition("{repeat: {term: dron*, times: 3}}") == Repeat((term("dron*"),), 3)
    assert condition("{repeat: {term: $fuels, times: 2}}") == Repeat(
        (term("oil", "fuels"), term("gas", "fuels")), 2
    )


def test_ignore_wraps_the_conditions_beside_it_and_not_the_source() -> None:
    found = condition('{tier: wire, in: title, all: [strike*, a], ignore: ["strike* a deal"]}')
    inner = Ignoring((term("strike* a deal"),), AllOf((term("strike*"), term("a"))))
    assert found == AllOf((From(tiers=("wire",)), Within(frozenset({Scope.TITLE}), inner)))


def test_ignore_takes_one_phrase_or_several_and_lists() -> None:
    assert condition("{any: [a], ignore: b c}") == Ignoring((term("b c"),), term("a"))
    assert condition("{any: [a], ignore: [b, $fuels]}") == Ignoring(
        (term("b"), term("oil", "fuels"), term("gas", "fuels")), term("a")
    )


def test_ignore_in_a_branch_is_for_this_branch_alone() -> None:
    found = condition("{any: [{any: [a], ignore: [a b]}, {any: [c]}]}")
    assert found == AnyOf((Ignoring((term("a b"),), term("a")), term("c")))


def test_boosts_are_conditions_with_points() -> None:
    found = condition(
        "{score_at_least: 5, boost: [{any: [a, b], points: 3}, {in: title, all: [c], points: 2}, "
        "{tier: wire, points: +1}, {none: [d], points: -100}]}"
    )
    assert found == Scored(
        5,
        (
            Boost(AnyOf((term("a"), term("b"))), 3),
            Boost(Within(frozenset({Scope.TITLE}), term("c")), 2),
            Boost(From(tiers=("wire",)), 1),
            Boost(NoneOf((term("d"),)), -100),
        ),
    )


def test_a_graded_condition_holds_together_with_what_stands_beside_it() -> None:
    found = condition("{in: title, any: [a], score_at_least: 1, boost: [{any: [b], points: 1}]}")
    scored = Scored(1, (Boost(term("b"), 1),))
    assert found == Within(frozenset({Scope.TITLE}), AllOf((term("a"), scored)))


@pytest.mark.parametrize(
    "when",
    [
        "{at_least: {n: 2, of: [a, b, c]}, none: [a]}",
        "{at_least: {n: 1, of: [{language: en, any: [a]}, {language: es, any: [b]}]}}",
        "{all: [strike, {none: [strike], ignore: [strike a deal]}]}",
        "{any: [strike], ignore: [strike a deal]}",
        "{any: [strike*], ignore: [strikes]}",
        "{any: [strike, deal], ignore: [strike talks]}",
        "{any: [strike], ignore: [=Strike, strike~]}",
        "{any: ['oil deal'], ignore: [deal talks]}",
        "{all: [{in: title, any: [a]}], none: [{in: section, any: [a]}], ignore: [b]}",
        "{score_at_least: 3, boost: [{none: [a], points: 2}, {any: [b], points: 1}]}",
        "{repeat: {term: oil, times: 2}, none: [gas]}",
    ],
)
def test_a_condition_that_can_match_is_read(when: str) -> None:
    assert condition(when)


# --- what is refused

COMPANION = (
    "needs a plain companion term, so that few articles are searched with it; write "
    "all: [TERM, 'regex:…'], or near: beside it"
)
NEGATIVE = (
    'only "none" stands here, so nearly every article would match; say with all: or any: what '
    "must be there"
)
NEVER = "this can never match:"


def in_the_body(term: str) -> str:
    return (
        f'{NEVER} "{term}" is required, and none: excludes it from title and lead; where it may '
        f"stand in the body only, write {{in: body, any: [{term}]}} under all:"
    )


REGEX_ALONE = (
    "`regex:` is a condition of its own, under all, any or none; it cannot be part of a list, "
    "near, repeat or ignore, nor stand behind `=` (`(?-i)` minds capitals)"
)
BOOST = "a condition with points, as in {any: […], points: 3}"

MISTAKES = [
    # inflections
    (
        "'=US~'",
        "1: `=US~`: `=` (exactly so) and `~` (any inflection) exclude each other; drop one",
    ),
    (
        "dril*~",
        "1: `dril*~`: a wildcard and `~` (any inflection) exclude each other in one word; drop one",
    ),
    ("dr~ill", "1: `dr~ill`: `~` may stand only at the end of a word"),
    (
        "oil ab~",
        "1: `oil ab~`: at least 3 letters, and nothing but letters, must come before `~`",
    ),
    # regexes
    ("'regex:oi.'", f'1: "regex:oi." {COMPANION}'),
    ("{any: [oil, 'regex:oi.']}", f'13: "regex:oi." {COMPANION}'),
    ("{outlet: example, none: [a], all: ['regex:x']}", f'36: "regex:x" {COMPANION}'),
    (
        "{score_at_least: 2, boost: [{any: [a], points: 2}, {any: ['regex:x'], points: 2}]}",
        f'59: "regex:x" {COMPANION}',
    ),
    (
        "{any: [regex: oi.]}",
        (
            '8: "regex" is no key, YAML makes one of a colon and a space; write the pattern as one '
            "text in single quotes: 'regex:…'"
        ),
    ),
    ("'regex:'", "1: a pattern is missing behind `regex:`"),
    (
        "{all: [oil, 'regex:a(?!b)']}",
        (
            "13: `regex:a(?!b)` looks around with `(?!`, which RE2 does not know; say with near: "
            "or none: what must stand beside it, or must not"
        ),
    ),
    (
        r"{all: [oil, 'regex:(a)\1']}",
        (
            r"13: `regex:(a)\1` refers back with `\1`, which RE2 does not know; write out what may "
            "be repeated"
        ),
    ),
    (
        "{all: [oil, 'regex:(a']}",
        "13: `regex:(a` is no valid RE2 pattern: missing ): (a",
    ),
    (
        "{all: [oil, 'regex:a*']}",
        (
            "13: `regex:a*` is satisfied by nothing at all, so it would hold everywhere; require "
            "at least one character, as `+` does instead of `*`"
        ),
    ),
    (
        r'{all: [oil, "regex:\bdrill"]}',
        (
            "13: the pattern contains the invisible character U+0008; in double quotes YAML turns "
            r"`\b` into one: write single quotes around it"
        ),
    ),
    (
        f"{{all: [oil, 'regex:{'a' * 501}']}}",
        (
            "13: a pattern has at most 500 characters; found 501. Words that can stand for each "
            "other belong in a list"
        ),
    ),
    ("{near: {terms: [oil, 'regex:a']}}", f"22: {REGEX_ALONE}"),
    ("{repeat: {term: 'regex:a', times: 2}}", f"17: {REGEX_ALONE}"),
    ("{any: [oil], ignore: ['regex:a']}", f"23: {REGEX_ALONE}"),
    ("'=regex:a'", f"1: {REGEX_ALONE}"),
    # a companion may be in what is broken
    ("{all: [ab*, 'regex:x']}", "8: `ab*`: at least 3 letters must come before `*`"),
    # at_least
    ("{at_least: [a, b]}", "12: at_least is {n: 2, of: [A, B, C]}; found a list"),
    ("{at_least: {n: 2}}", '12: at_least needs the key "of"'),
    ("{at_least: {of: [a, b]}}", '12: at_least needs the key "n"'),
    (
        "{at_least: {n: 2, of: [a, b], off: c}}",
        '31: unknown key of at_least "off"; did you mean "of"? Allowed: n, of',
    ),
    (
        "{at_least: {n: two, of: [a, b]}}",
        '16: found "two"; allowed: a whole number from 1 to 100',
    ),
    (
        "{at_least: {n: 2, of: a}}",
        '23: a list of conditions is expected here; found "a"; write [a]',
    ),
    (
        "{at_least: {n: 3, of: [a, b, A]}}",
        f"12: {NEVER} 3 different ones are asked for, and of: has 2",
    ),
    (
        "{at_least: {n: 4, of: [$fuels, a]}}",
        f"12: {NEVER} 4 different ones are asked for, and of: has 3",
    ),
    ("{at_least: {n: 4, of: [ab*, a]}}", "24: `ab*`: at least 3 letters must come before `*`"),
    ("{at_least: {n: 2, of: [a, {none: [b]}, c]}}", f"27: {NEGATIVE}"),
    (
        "{at_least: {n: 2, of: [a, b]}, none: [b]}",
        f"1: {in_the_body('b')}",
    ),
    (
        "{language: es, at_least: {n: 2, of: [a, {language: en, any: [b]}]}}",
        f"41: {NEVER} language is en inside language es",
    ),
    # repeat
    ("{repeat: drone}", '10: repeat is {term: A, times: 3}; found "drone"'),
    ("{repeat: {times: 3}}", '10: repeat needs the key "term"'),
    ("{repeat: {term: drone}}", '10: repeat needs the key "times"'),
    (
        "{repeat: {term: [a, b], times: 2}}",
        (
            "17: repeat takes terms and lists ($name); found a list; put several words for one "
            "thing under lists:"
        ),
    ),
    (
        "{repeat: {term: drone, times: 101}}",
        '31: found "101"; allowed: a whole number from 1 to 100',
    ),
    (
        "{repeat: {term: oil, times: 2}, none: [oil]}",
        f"1: {in_the_body('oil')}",
    ),
    # ignore
    (
        "{ignore: [a b]}",
        '1: "ignore" is for the conditions beside it, and there is none; add any: […]',
    ),
    (
        "{outlet: example, ignore: [a b]}",
        '1: "ignore" is for the conditions beside it, and there is none; add any: […]',
    ),
    (
        "{any: [a], ignore: []}",
        "20: a list of words and phrases is expected here; found an empty list",
    ),
    (
        "{any: [a], ignore: [{any: [b]}]}",
        (
            "21: ignore takes terms and lists ($name); found a mapping (keys with values); put "
            "several words for one thing under lists:"
        ),
    ),
    (
        "{any: [strike, strikes], ignore: ['strike*']}",
        f'1: {NEVER} "strike" is required, and ignore: blanks it wherever it stands',
    ),
    (
        "{all: [oil deal, gas], ignore: [deal]}",
        f'1: {NEVER} "oil deal" is required, and ignore: blanks it wherever it stands',
    ),
    (
        "{any: [$fuels], ignore: [$fuels]}",
        f'1: {NEVER} "$fuels" is required, and ignore: blanks it wherever it stands',
    ),
    ("{none: [a], ignore: [a b]}", f"1: {NEGATIVE}"),
    ("{any: [strike, deal], ignore: [strike]}", '1: "strike" never counts: ignore: blanks it'),
    (
        "{in: title, all: [a], none: [a]}",
        f'1: {NEVER} "a" is required and excluded by none:',
    ),
    (
        "{all: [{any: [a], ignore: [a b]}], none: [a]}",
        f"1: {in_the_body('a')}",
    ),
    # boost
    (
        "{score_at_least: 5}",
        "1: score_at_least needs boost: beside it, as in boost: [{any: […], points: 3}]",
    ),
    (
        "{boost: [{any: [a], points: 3}]}",
        "1: boost needs score_at_least: beside it, which says how many points are enough",
    ),
    ("{score_at_least: 1, boost: [a]}", f'29: a boost is {BOOST}; found "a"'),
    (
        "{score_at_least: 1, boost: {}}",
        (
            "28: a list of boosts is expected here; found a mapping (keys with values); "
            'begin each item with "- "'
        ),
    ),
    (
        "{score_at_least: 1, boost: [{points: 3}]}",
        f"29: a boost needs a condition beside points: {BOOST}",
    ),
    (
        "{score_at_least: 1, boost: [{any: [a]}]}",
        f'29: a boost needs the key "points": {BOOST}',
    ),
    (
        "{score_at_least: 1, boost: [{any: [a], points: 0}]}",
        '48: found "0"; allowed: a whole number from -100 to 100, but not 0',
    ),
    (
        "{score_at_least: 1, boost: [{any: [a], points: 101}]}",
        '48: found "101"; allowed: a whole number from -100 to 100, but not 0',
    ),
    (
        "{score_at_least: 0, boost: [{any: [a], points: 1}]}",
        '18: found "0"; allowed: a whole number from 1 to 1000',
    ),
    (
        (
            "{score_at_least: 6, boost: [{any: [a], points: 3}, {any: [b], points: 2}, "
            "{any: [c], points: -4}]}"
        ),
        f"1: {NEVER} score_at_least is 6, and the boosts reach 5 points at most",
    ),
    ("{score_at_least: 1, boost: [{none: [a], points: 1}]}", f"1: {NEGATIVE}"),
    (
        "{score_at_least: 1, boost: [{any: [a], points: 1}, {all: [b], none: [b], points: 1}]}",
        f"52: {in_the_body('b')}",
    ),
    (
        "{country: US, score_at_least: 1, boost: [{country: GB, any: [a], points: 1}]}",
        f"42: {NEVER} country is GB inside country US",
    ),
    (
        "{any: [a], points: 3}",
        '12: "points" belongs in an item of boost:, as in boost: [{any: […], points: 3}]',
    ),
    # queries
    (
        "{query: 'a OR b AND c'}",
        (
            "9: column 8 of the query: OR and AND stand side by side; "
            "write (a OR b) AND c or a OR (b AND c)"
        ),
    ),
    (
        r'{query: "a OR b\n  OR c\n  AND d"}',
        (
            "9: line 3, column 3 of the query: OR and AND stand side by side; "
            "write (b OR c) AND d or b OR (c AND d)"
        ),
    ),
    ("{query: [a, b]}", "9: query: '(A OR B) AND C' is one text; found a list"),
    ("{}", "1: a condition is missing here; write all: […] or any: […]"),
    # keys of other languages
    ("{and: [a, b]}", '2: "and" is no key of a condition; write all: […]'),
    ("{AND: [a, b]}", '2: "AND" is no key of a condition; write all: […]'),
    ("{must: [a]}", '2: "must" is no key of a condition; write all: […]'),
    ("{or: [a, b]}", '2: "or" is no key of a condition; write any: […]'),
    ("{any: [a], not: [b]}", '12: "not" is no key of a condition; write none: […]'),
    ("{any: [a], exclude: [b]}", '12: "exclude" is no key of a condition; write none: […]'),
    ("{title: a}", '2: "title" is no key of a condition; write {in: title, any: […]}'),
    ("{Headline: a}", '2: "Headline" is no key of a condition; write {in: title, any: […]}'),
    ("{source: a}", '2: "source" is no key of a condition; write {outlet: […], any: […]}'),
    *(
        (
            f"{{{key}: a}}",
            (
                f'2: "{key}" is no key of a condition; a word or phrase stands by itself, as in '
                "any: [oil deal]"
            ),
        )
        for key in ("word", "phrase", "actor")
    ),
    # outlets that are elsewhere
    ("{outlet: example, country: GB, any: [a]}", f"1: {NEVER} example is wire in US"),
    ("{outlet: example, tier: national, any: [a]}", f"1: {NEVER} example is wire in US"),
    (
        "{country: GB, all: [{outlet: [example], any: [a]}]}",
        f"21: {NEVER} example is wire in US",
    ),
    # volumes
    (
        "{volume: x}",
        '10: volume is {of: CONDITION, window: 1 hour, at_least: 8 stories}; found "x"',
    ),
    ("{volume: {window: 1 hour, at_least: 8 stories}}", f"10: {WITHOUT_OF}"),
    ("{volume: {of: oil, at_least: 8 stories}}", '10: volume needs the key "window"'),
    ("{volume: {of: oil, window: 1 hour}}", f"10: volume needs one of the two: {THE_TWO}"),
    (
        "{volume: {of: oil, window: 1 hour, at_least: 8 stories, at_most: 0 stories}}",
        f"10: volume takes one of the two, not both: {THE_TWO}",
    ),
    (
        "{volume: {of: oil, window: 1 hour, at_least: 8}}",
        '46: found "8"; write a number of articles, stories, outlets, as in 8 stories',
    ),
    (
        "{volume: {of: oil, window: 1 hour, at_least: 0 stories}}",
        '46: found "0"; allowed: a whole number from 1 to 100000',
    ),
    (
        "{volume: {of: oil, window: 5 minutes, at_most: 0 stories}}",
        '28: found "5 minutes"; a window is 10 minutes to 7 days long',
    ),
    (
        "{volume: {of: oil, window: 1 hour, at_most: 0 stories, ratio: 3}}",
        "63: a silence has no ratio: at_most alone says how few",
    ),
    (
        "{volume: {of: oil, window: 1 hour, at_least: 1 story, ratio: 1}}",
        (
            '62: found "1"; allowed: how many times what is usual, above 1 and up to 1000, as in '
            "3 or 2.5"
        ),
    ),
    (
        "{volume: {of: oil, window: 1 hour, at_least: 1 story, baseline: 14 days}}",
        "65: baseline needs ratio beside it, as in ratio: 3",
    ),
    (
        "{volume: {of: oil, window: 1 hour, at_least: 1 story, ratio: 3, baseline: 7 days}}",
        (
            '75: found "7 days"; a baseline is 14 to 56 days long: it compares with the same '
            "weekday and hour of the weeks before"
        ),
    ),
    (
        "{volume: {of: oil, window: 1 hour, at_least: 1 story}, none: [gas]}",
        '56: volume stands alone under when: put "none" into its of:',
    ),
    ("{any: [{volume: {of: oil}}]}", f"9: {ALONE}"),
    ("{volume: {of: {volume: {of: oil}}, window: 1 hour, at_most: 0 stories}}", f"16: {ALONE}"),
    ("{volume: {of: {none: [oil]}, window: 1 hour, at_most: 0 stories}}", f"15: {NEGATIVE}"),
]


@pytest.mark.parametrize(("when", "expected"), MISTAKES)
def test_a_mistake_is_told_with_its_column(when: str, expected: str) -> None:
    assert told(when) == [expected]


def test_all_mistakes_of_a_condition_come_together() -> None:
    assert told("{at_least: {n: 0, of: [ab*]}, repeat: {term: a, times: x}, boost: [b]}") == [
        "1: boost needs score_at_least: beside it, which says how many points are enough",
        '16: found "0"; allowed: a whole number from 1 to 100',
        "24: `ab*`: at least 3 letters must come before `*`",
        '56: found "x"; allowed: a whole number from 1 to 100',
        f'68: a boost is {BOOST}; found "b"',
    ]


def test_a_regex_in_a_list_is_told_where_it_stands() -> None:
    files = FILES | {"rules/a.yaml": "lists: {a: ['regex:x']}\nrules: [{id: a, when: oil}]\n"}
    with pytest.raises(ConfigurationError) as raised:
        load(files, base=Path("/nowhere"), environment={})
    assert str(raised.value) == f"rules/a.yaml:1:13: {REGEX_ALONE}"


# --- what it finds


@pytest.mark.parametrize(
    ("when", "match", "silent"),
    [
        ("negotiate~", "They negotiated", "Their negligence"),
        ("{all: [gas, 'regex:B-?52s?']}", "Gas for B-52s", "B-52s fly"),
        ("{at_least: {n: 2, of: [$fuels, deal]}}", "Oil and gas", "Oil, oil, oil"),
        ("{at_least: {n: 1, of: [deal, talks]}}", "Talks", "Walks"),
        ("{repeat: {term: dron*, times: 3}}", "Drone, drones, dron", "Drone, drones"),
        ("{any: [strike*], ignore: ['strike* a deal']}", "Strike!", "Both strike a deal"),
        ("{any: [strike*], ignore: 'strike* a deal'}", "Strikes after they strike a deal", "Deal"),
        (
            "{score_at_least: 4, boost: [{any: [oil], points: 4}, {any: [olive], points: -3}]}",
            "Oil",
            "Olive oil",
        ),
    ],
)
def test_a_condition_finds_what_it_says(when: str, match: str, silent: str) -> None:
    text = f"{LISTS}rules:\n- id: a\n  when: {when}\n"
    rules = load(FILES | {"rules/a.yaml": text}, base=Path("/nowhere"), environment={}).rules
    matcher = Matcher(rules)
    assert [found.rule for found in matcher.match(Document(match, language="en"))] == ["a"]
    assert matcher.match(Document(silent, language="en")) == []
