"""`event` as an analyst writes it: YAML in, condition or exact messages out, and printed back."""

from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from test_conditions import FILES

import monitor.config
from monitor.config.alerting import Alerting
from monitor.config.conditions import Conditions
from monitor.config.definition import definition
from monitor.config.lists import Lists
from monitor.config.names import Names
from monitor.config.printing import printed
from monitor.config.problems import Problems
from monitor.config.schemas import document
from monitor.config.source import Map, scan
from monitor.config.versions import rule_version
from monitor.core.errors import Place
from monitor.core.implied import implies
from monitor.core.lint import Kind, findings, shown
from monitor.core.model import RuleId, Severity
from monitor.core.rules import (
    AllOf,
    AnyOf,
    Case,
    Condition,
    Happening,
    NoneOf,
    Rule,
)
from monitor.core.terms import parse_term

ACTORS = frozenset(
    {"freedonia", "freedonia.government", "sylvania.opposition", "united_states.government"}
)
STATUSES = "denied, hypothetical, threatened, planned, unconfirmed, claimed, attributed, asserted"
FORM = "{type: TYPE, source: ACTOR, target: ACTOR}"
KEYS = "type, family, source, target, between, status, speaker"
STRIKE = Happening(types=("strike",))


def read(when: str, *, complete: bool = True) -> tuple[Condition | None, list[str]]:
    """The condition, and the mistakes with their columns; that of `when` begins at 1."""
    problems = Problems()
    top = scan("a.yaml", when if when.startswith("when:") else f"when: {when}\n", problems)
    names = Names(
        Lists(problems),
        event_types=frozenset({"strike", "raid", "talks"}),
        event_families=frozenset({"force", "dialogue"}),
        actor_ids=ACTORS,
        knowledge_complete=complete,
    )
    assert isinstance(top, Map)
    found = Conditions(names, problems).read(top.entries[0][1])
    column = len("when: ")
    return found, [f"{each.place.column - column}: {each.message}" for each in problems.found]


def condition(when: str) -> Condition:
    found, mistakes = read(when)
    assert mistakes == []
    assert found is not None
    return found


WRITTEN = [
    ("{event: {type: strike}}", STRIKE),
    ("{event: {type: [strike, raid, strike]}}", Happening(types=("strike", "raid"))),
    ("{event: {family: force}}", Happening(families=("force",))),
    (
        "{event: {type: talks, source: freedonia, target: [sylvania.opposition, unknown]}}",
        Happening(
            types=("talks",), sources=("freedonia",), targets=("sylvania.opposition", "unknown")
        ),
    ),
    (
        "{event: {type: talks, between: [united_states, freedonia.government]}}",
        Happening(types=("talks",), between=("united_states", "freedonia.government")),
    ),
    (
        "{event: {type: talks, status: [claimed, denied], speaker: [freedonia, Rufus Firefly]}}",
        Happening(
            types=("talks",),
            statuses=("claimed", "denied"),
            speakers=("freedonia", "Rufus Firefly"),
        ),
    ),
    (
        "{all: [dock, {event: {type: strike}}], none: [{event: {family: dialogue}}]}",
        AllOf(
            (
                AllOf((parse_term("dock"), STRIKE)),
                NoneOf((Happening(families=("dialogue",)),)),
            )
        ),
    ),
]


@pytest.mark.parametrize(("when", "expected"), WRITTEN)
def test_an_event_is_read_as_written(when: str, expected: Condition):
    assert condition(when) == expected


@pytest.mark.parametrize("when", [when for when, _ in WRITTEN])
def test_what_is_printed_is_read_back_to_the_same(when: str):
    tree = condition(when)
    assert condition(printed(tree)) == tree


MISTAKES = [
    ("{event: strike}", f'9: event is {FORM}; found "strike"'),
    ("{event: [strike]}", f"9: event is {FORM}; found a list"),
    (
        "{event: {}}",
        '9: event needs the key "type": what happened; or "family", for all types of one',
    ),
    (
        "{event: {source: freedonia}}",
        '9: event needs the key "type": what happened; or "family", for all types of one',
    ),
    (
        "{event: {type: strik}}",
        '16: unknown event type "strik"; did you mean "strike"? Allowed: raid, strike, talks',
    ),
    ("{event: {type: []}}", "16: a list of names is expected here; found an empty list"),
    ('{event: {type: ""}}', "16: the name of an event type is missing here"),
    (
        "{event: {family: forces}}",
        '18: unknown family "forces"; did you mean "force"? Allowed: dialogue, force',
    ),
    (
        "{event: {type: strike, sorce: freedonia}}",
        f'24: unknown key of event "sorce"; did you mean "source"? Allowed: {KEYS}',
    ),
    (
        "{event: {type: strike, source: fredonia}}",
        (
            '32: unknown actor "fredonia"; did you mean "freedonia"? Allowed: freedonia, '
            "freedonia.government, sylvania, sylvania.opposition, united_states, "
            "united_states.government"
        ),
    ),
    (
        "{event: {type: strike, status: past_reference}}",
        f'32: "past_reference" is not news and never matches. Allowed: {STATUSES}',
    ),
    (
        "{event: {type: strike, status: claim}}",
        f'32: unknown status of an event "claim"; did you mean "claimed"? Allowed: {STATUSES}',
    ),
    (
        "{event: {type: talks, between: [freedonia, sylvania], target: sylvania}}",
        "63: between names source and target both, in either order; drop target",
    ),
    (
        "{event: {type: talks, between: freedonia}}",
        '32: between is two actors, as in [A, B]; found "freedonia"',
    ),
    (
        "{event: {type: talks, between: [freedonia]}}",
        "32: between is two actors, as in [A, B]; found 1",
    ),
    (
        "{event: {type: talks, between: [freedonia, freedonia]}}",
        '32: between names "freedonia" twice',
    ),
    (
        "{event: {type: talks, between: [freedonia, unknown]}}",
        (
            '44: unknown actor "unknown". Allowed: freedonia, freedonia.government, sylvania, '
            "sylvania.opposition, united_states, united_states.government"
        ),
    ),
    (
        "{event: {type: talks, speaker: united_states.goverment}}",
        (
            '32: unknown actor "united_states.goverment"; did you mean "united_states.government"? '
            "Allowed: freedonia, freedonia.government, sylvania, sylvania.opposition, "
            "united_states, united_states.government"
        ),
    ),
    ('{event: {type: talks, speaker: ""}}', "32: the name of a speaker is missing here"),
    (
        "{none: [{event: {type: strike}}]}",
        (
            '1: only "none" stands here, so nearly every article would match; say with all: or '
            "any: what must be there"
        ),
    ),
]


@pytest.mark.parametrize(("when", "expected"), MISTAKES)
def test_a_mistake_is_told_with_its_column(when: str, expected: str):
    assert read(when)[1] == [expected]


def test_a_name_that_a_broken_file_may_hold_is_not_unknown():
    found, mistakes = read("{event: {type: coup, source: osterlich}}", complete=False)
    assert mistakes == []
    assert found == Happening(types=("coup",), sources=("osterlich",))


# --- versions, definitions, lint, schema


def version(condition: Condition, *, cases: tuple[Case, ...] = (), knowledge: str = "") -> str:
    return rule_version(
        condition,
        Severity.HIGH,
        Alerting(),
        cases=cases,
        knowledge=knowledge,
    )


def test_the_version_of_a_rule_hashes_its_events_and_what_finds_them():
    others = [
        replace(STRIKE, sources=("freedonia",)),
        replace(STRIKE, targets=("freedonia",)),
        replace(STRIKE, statuses=("claimed",)),
        Happening(families=("strike",)),
    ]
    assert len({version(each) for each in (STRIKE, *others)}) == len(others) + 1
    assert version(STRIKE, knowledge="1") != version(STRIKE, knowledge="2")
    word = parse_term("dock")
    assert version(word, knowledge="1") == version(word, knowledge="2")
    cases = (Case(Severity.LOW, STRIKE),)
    assert version(word, cases=cases, knowledge="1") != version(word, cases=cases, knowledge="2")


def rule(condition: Condition, name: str = "r") -> Rule:
    return Rule(RuleId(name), name, condition, "1", Place("rules/test.yaml"))


def test_a_definition_shows_the_event():
    assert definition(rule(replace(STRIKE, sources=("freedonia",)))) == [
        "severity: normal",
        "when: {event: {type: strike, source: freedonia}}",
    ]


def test_lint_knows_events():
    assert shown(Happening(types=("strike", "raid"))) == "event strike | raid"
    assert implies(STRIKE, Happening(types=("strike",)))
    assert not implies(STRIKE, replace(STRIKE, sources=("freedonia",)))
    twice = [rule(AnyOf((STRIKE, parse_term("dock"))), "a"), rule(AllOf((STRIKE, STRIKE)), "b")]
    assert list(findings(twice, ())) == []
    kinds = [each.kind for each in findings([rule(STRIKE, "a"), rule(STRIKE, "b")], ())]
    assert kinds == [Kind.DUPLICATE]


def in_a_file(when: str) -> dict[str, object]:
    def plain(node: object) -> object:
        if isinstance(node, Map):
            return {key.text: plain(value) for key, value in node.entries}
        nodes = getattr(node, "nodes", None)
        return getattr(node, "text", None) if nodes is None else [plain(each) for each in nodes]

    problems = Problems()
    tree = plain(scan("a.yaml", f"rules: [{{id: a, when: {when}}}]\n", problems))
    assert isinstance(tree, dict)
    return tree


@pytest.mark.parametrize("when", [when for when, _ in WRITTEN])
def test_the_schema_takes_what_the_loader_takes(when: str):
    jsonschema.validate(in_a_file(when), document("rules"))


@pytest.mark.parametrize(
    "when",
    [
        "{event: strike}",
        "{event: {source: freedonia}}",
        "{event: {type: strike, sorce: freedonia}}",
        "{event: {type: strike, status: past_reference}}",
        "{event: {type: talks, between: [freedonia]}}",
        "{event: {type: talks, between: [freedonia, sylvania], source: freedonia}}",
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(when: str):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(in_a_file(when), document("rules"))


def test_a_query_holds_no_event(tmp_path: Path):

    files = FILES | {"rules/a.yaml": "rules: [{id: a, when: {query: 'oil event:strike'}}]\n"}
    with pytest.raises(monitor.config.ConfigurationError, match="write event: beside the query"):
        monitor.config.load(files, base=tmp_path, environment={})
