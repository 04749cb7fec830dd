"""The keys of a rule beside its condition: severity by what happened, defaults, a last day."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from monitor.config.definition import definition
from monitor.config.load import load
from monitor.config.problems import ConfigurationError
from monitor.core.evidence import QUOTES_LIMIT
from monitor.core.matcher import Matcher
from monitor.core.model import Document, Severity, Strength
from monitor.core.rules import Case, Counted, OncePer, Rule, Volume, WeakPolicy
from monitor.storage.schema import article, delivery, match
from monitor.upkeep import ENDED_LATELY, tell_ended_rules

FILES = {
    "channels.yaml": 'console: {url: "console:", default: true}\nduty: {url: "console:"}\n',
    "outlets/a.yaml": (
        "outlets: [{id: a, name: A, country: GB, language: en, tier: wire, "
        'feeds: [{url: "https://example.org/rss"}]}]\n'
    ),
}


def rules_of(text: str) -> tuple[Rule, ...]:
    files = FILES | {"rules/a.yaml": text}
    return load(files, base=Path("/nowhere"), environment={}).rules


def problems_of(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        rules_of(text)
    return [str(problem).removeprefix("rules/a.yaml:") for problem in raised.value.problems]


# --- severity by what happened --------------------------------------------------------------------

CASES = """
rules:
  - id: strikes
    title: Strikes on Ruritania
    severity:
      - {when: {any: [bombed, airstrike*]}, is: critical}
      - {when: anniversary, is: low}
      - {is: high}
    when: Ruritania
"""


def test_severity_is_a_list_of_cases_of_which_the_last_may_always_hold() -> None:
    (rule,) = rules_of(CASES)
    assert [case.severity for case in rule.cases] == ["critical", "low", "high"]
    assert rule.cases[2] == Case(Severity.HIGH)
    assert rule.severity is Severity.HIGH


def test_where_no_case_holds_a_rule_is_normal() -> None:
    (rule,) = rules_of("rules: [{id: r, severity: [{when: raid, is: critical}], when: oil}]\n")
    assert rule.severity is Severity.NORMAL
    found = Matcher([rule]).match(Document("Oil"))
    assert [each.severity for each in found] == [Severity.NORMAL]


def test_a_case_uses_the_lists_of_the_rule() -> None:
    text = (
        "lists: {raids: [raid, strike]}\n"
        "rules: [{id: r, severity: [{when: $raids, is: low}], when: oil}]\n"
    )
    assert Matcher(rules_of(text)).match(Document("Oil raid"))[0].severity is Severity.LOW
    assert 'unknown list "$raid"' in problems_of(text.replace("when: $raids", "when: $raid"))[0]


MISTAKES = {
    "a mapping": (
        "severity: {when: raid, is: high}",
        (
            "1:27: severity is one word, or a list of cases, as in [{when: raid*, is: critical}, "
            "{is: high}]; found a mapping (keys with values)"
        ),
    ),
    "no case": (
        "severity: []",
        (
            "1:27: a list of cases ({when: CONDITION, is: SEVERITY}) is expected here; "
            "found an empty list"
        ),
    ),
    "a word as a case": (
        "severity: [critical]",
        '1:28: a case of severity is keys with values (when, is); found "critical"',
    ),
    "no severity in a case": (
        "severity: [{when: raid}]",
        '1:28: a case of severity needs the key "is"',
    ),
    "another word for is": (
        "severity: [{when: raid, then: high}]",
        '1:28: a case of severity needs the key "is"',
        '1:41: unknown key of a case of severity "then"; did you mean "when"? Allowed: when, is',
    ),
    "no such severity": (
        "severity: [{when: raid, is: hihg}]",
        '1:45: unknown severity "hihg"; did you mean "high"? Allowed: critical, high, normal, low',
    ),
    "one that always holds before others": (
        "severity: [{is: high}, {when: raid, is: critical}]",
        (
            '1:28: a case without "when" always holds, so the cases behind it never decide; '
            "put it last"
        ),
    ),
    "the same case twice": (
        "severity: [{when: raid, is: high}, {when: raid, is: low}]",
        "1:59: this case can never decide: the case at rules/a.yaml:1:35 asks the same",
    ),
    "a case that the rule excludes": (
        "severity: [{when: {in: title, any: [sport]}, is: high}]",
        (
            "1:35: this case can never decide: of the rule and the case, one requires and the "
            'other excludes "sport"'
        ),
    ),
    "a case for another source": (
        "severity: [{when: {all: [raid], language: es}, is: high}]",
        "1:35: this case can never decide: language is es inside language en",
    ),
    "a case that always holds": (
        "severity: [{when: {all: [oil], none: [sport], language: en}, is: high}, {is: low}]",
        (
            "1:35: the condition of the rule itself always holds, so the cases behind it never "
            "decide; put it last"
        ),
    ),
    "cases as a key": (
        "cases: [{is: high}]",
        '1:17: "cases" is no key: severity takes the list of cases itself',
    ),
    "defaults in a rule": (
        "defaults: {severity: high}",
        '1:17: "defaults" stands at the top of a file, beside rules',
    ),
    "a condition outside of when": (
        "near: {terms: [a, b]}",
        '1:17: "near" is a condition: write it under when:',
    ),
    "a day of another order": (
        "expires: 31.12.2026",
        '1:26: found "31.12.2026"; write a day as year-month-day, as in 2026-12-31',
    ),
    "a day that is none": (
        "expires: 2026-02-30",
        '1:26: found "2026-02-30"; the calendar has no such day',
    ),
}


@pytest.mark.parametrize(("key", "told"), [(v[0], v[1:]) for v in MISTAKES.values()], ids=MISTAKES)
def test_a_mistake_in_a_key_of_a_rule_is_told(key: str, told: tuple[str, ...]) -> None:
    when = "{all: [oil], none: [sport], language: en}"
    assert problems_of(f"rules: [{{id: r, {key}, when: {when}}}]\n") == list(told)


STRUCK = "Northland bombed Ruritania"
TOLL = "Ruritania counts what the raid cost"


def test_one_rule_is_critical_for_one_article_and_high_for_another() -> None:
    matcher = Matcher(rules_of(CASES))
    (struck,) = matcher.match(Document(STRUCK))
    (toll,) = matcher.match(Document(TOLL))
    assert (struck.severity, toll.severity) == (Severity.CRITICAL, Severity.HIGH)
    told = [(each.quote, each.why, each.case) for each in struck.evidence]
    assert told == [("bombed", "term", Severity.CRITICAL), ("Ruritania", "term", None)]
    assert [each.quote for each in toll.evidence] == ["Ruritania"]


def test_the_first_case_that_holds_decides() -> None:
    matcher = Matcher(rules_of(CASES))
    (both,) = matcher.match(Document("Anniversary: Ruritania was bombed a year ago"))
    assert both.severity is Severity.CRITICAL
    (later,) = matcher.match(Document("An anniversary in Ruritania"))
    assert later.severity is Severity.LOW
    assert ("anniversary", Severity.LOW) in [(e.quote, e.case) for e in later.evidence]


def test_a_case_looks_where_the_rule_matched() -> None:
    matcher = Matcher(rules_of(CASES))
    (strong,) = matcher.match(Document("Ruritania", text=f"Rain. {'x' * 700}\n\nIt was bombed."))
    (weak,) = matcher.match(Document("Rain", text=f"Sun. {'x' * 700}\n\n{STRUCK}."))
    assert (strong.strength, strong.severity) == (Strength.STRONG, Severity.HIGH)
    assert (weak.strength, weak.severity) == (Strength.WEAK, Severity.CRITICAL)


def test_the_words_of_a_case_are_evidence_even_if_the_rule_found_them_too() -> None:
    text = "rules: [{id: r, severity: [{when: raid, is: low}], when: {all: [oil, raid]}}]\n"
    (found,) = Matcher(rules_of(text)).match(Document("Oil raid"))
    assert [(e.quote, e.why, e.case) for e in found.evidence] == [
        ("Oil", "term", None), ("raid", "term", Severity.LOW),
    ]  # fmt: skip


def test_the_words_of_a_case_stand_in_reading_order_and_within_the_limit_of_quotes() -> None:
    words = ", ".join(f"w{number}" for number in range(20))
    text = f"rules: [{{id: r, severity: [{{when: raid, is: low}}], when: {{any: [{words}]}}}}]\n"
    spoken = f"Raid {words}".replace(",", "")
    (found,) = Matcher(rules_of(text.replace("any", "all"))).match(Document(spoken))
    assert [e.quote for e in found.evidence][:2] == ["Raid", "w0"]
    assert len(found.evidence) == 21, "all are needed"
    each = text.replace(
        f"{{any: [{words}]}}",
        f"{{any: [{{any: [{words.replace(', ', '], in: title}, {any: [')}], in: title}}]}}",
    )
    (found,) = Matcher(rules_of(each)).match(Document(spoken))
    assert [(e.quote, e.case) for e in found.evidence][:2] == [("Raid", Severity.LOW), ("w0", None)]
    assert len(found.evidence) == QUOTES_LIMIT


def test_an_explanation_shows_the_cases_as_branches() -> None:
    rules = rules_of(CASES)
    tree = Matcher(rules).explain(rules[0].id, Document("An anniversary in Ruritania"))
    assert tree.held
    severity = tree.children[-1]
    assert severity.label == "severity: low"
    assert [(each.label, each.held) for each in severity.children] == [
        ("critical", False),
        ("low", True),
    ], "those that were tried"
    otherwise = Matcher(rules).explain(rules[0].id, Document("Ruritania")).children[-1]
    assert [(each.label, each.held) for each in otherwise.children] == [
        ("critical", False),
        ("low", False),
        ("high, otherwise", True),
    ]
    silent = Matcher(rules).explain(rules[0].id, Document("An anniversary"))
    assert not silent.held
    assert len(silent.children) == 1


def test_the_alert_shows_which_case_made_it_so_urgent(open_desk, newsroom):
    desk = open_desk(rules__rules=CASES)
    desk.sweep()
    newsroom.publish(STRUCK)
    newsroom.publish(TOLL, feed="b")
    sent = desk.sweep(minutes=6)
    assert "▪ Strikes on Ruritania (critical: »bombed«)" in sent
    assert "▪ Strikes on Ruritania (high)" in sent
    assert [row.severity for row in stored(desk, match)] == ["critical", "high"]


def test_cases_change_the_version_and_one_word_in_a_list_does_too() -> None:
    plain = version("severity: high")
    assert version("severity: [{when: raid, is: critical}, {is: high}]") != plain
    assert version("severity: [{when: raid, is: low}, {is: high}]") != version(
        "severity: [{when: raid, is: critical}, {is: high}]"
    )
    cases = "severity: [{when: $x, is: low}]"
    assert version(cases, "lists: {x: [raid]}\n") != version(cases, "lists: {x: [strike]}\n")


def version(key: str, top: str = "") -> str:
    return rules_of(f"{top}rules: [{{id: r, {key}, when: oil}}]\n")[0].version


# --- defaults -------------------------------------------------------------------------------------


def test_defaults_hold_for_the_rules_of_their_file_unless_they_say_otherwise() -> None:
    first, second = rules_of(
        "defaults:\n  severity: high\n  enabled: false\n  expires: 2030-01-31\n"
        "  alert: {once_per: article, weak: log}\n  notify: {channels: [duty]}\n"
        "rules:\n  - {id: first, when: oil}\n"
        "  - {id: second, when: oil, severity: low, enabled: true, expires: 2031-01-31,\n"
        "     alert: {weak: alert}, notify: {channels: [console]}}\n"
    )
    assert (first.severity, first.enabled, first.expires) == ("high", False, date(2030, 1, 31))
    assert (first.once_per, first.weak) == (OncePer.ARTICLE, WeakPolicy.LOG)
    assert first.channels == ("duty",)
    assert (second.severity, second.enabled, second.expires) == ("low", True, date(2031, 1, 31))
    assert (second.once_per, second.weak) == (OncePer.ARTICLE, WeakPolicy.ALERT)
    assert second.channels == ("console",)


def test_a_rule_that_is_switched_off_does_not_mind_the_trial_of_the_defaults() -> None:
    first, second = rules_of(
        "defaults: {trial: 3 days}\n"
        "rules: [{id: a, when: oil, enabled: false}, {id: b, when: oil, trial: 2h}]\n"
    )
    assert (first.enabled, first.trial) == (False, timedelta(days=3))
    assert (second.enabled, second.trial) == (True, timedelta(hours=2))
    (told,) = problems_of("defaults: {enabled: false}\nrules: [{id: a, when: oil, trial: 2h}]\n")
    assert told.startswith('2:35: "trial" lets a rule match and tell nobody')


def test_a_rules_own_severity_replaces_all_cases_of_the_defaults() -> None:
    first, second = rules_of(
        "defaults: {severity: [{when: raid, is: critical}]}\n"
        "rules: [{id: a, when: oil}, {id: b, when: oil, severity: low}]\n"
    )
    assert [case.severity for case in first.cases] == ["critical"]
    assert (second.severity, second.cases) == (Severity.LOW, ())


def test_what_comes_from_the_defaults_counts_in_the_version_as_if_the_rule_said_it() -> None:
    plain, own = version("title: R"), version("severity: high")
    assert version("title: R", "defaults: {severity: high}\n") == own != plain
    assert version("title: R", "defaults: {alert: {weak: log}}\n") == version("alert: {weak: log}")
    assert version("severity: high", "defaults: {severity: low}\n") == own
    assert version("title: R", "defaults: {notify: {channels: [duty]}}\n") == plain


@pytest.mark.parametrize(
    ("defaults", "told"),
    [
        (
            "high",
            (
                "1:11: defaults is keys with values (severity, alert, notify, enabled, expires, "
                'trial); found "high"'
            ),
        ),
        (
            "{when: oil}",
            (
                '1:12: "when" is every rule\'s own, so it cannot stand in defaults. Allowed in '
                "defaults: severity, alert, notify, enabled, expires, trial"
            ),
        ),
        (
            "{severty: high}",
            (
                '1:12: unknown key of defaults "severty"; did you mean "severity"? Allowed: '
                "severity, alert, notify, enabled, expires, trial"
            ),
        ),
        (
            "{trial: 3 days, enabled: false}",
            (
                '1:19: "trial" lets a rule match and tell nobody, "enabled: false" keeps it from '
                "matching; drop one of them"
            ),
        ),
        (
            "{severity: hihg}",
            (
                '1:22: unknown severity "hihg"; did you mean "high"? Allowed: critical, high, '
                "normal, low"
            ),
        ),
        (
            "{alert: {weak: never}}",
            '1:26: unknown value of weak "never". Allowed: alert, digest, log',
        ),
        (
            "{alert: {once_pre: story}}",
            (
                '1:20: unknown key of alert "once_pre"; did you mean "once_per"? Allowed: '
                "once_per, window, update_on, sources, weak, digest"
            ),
        ),
        (
            "{notify: {channels: [nobody]}}",
            '1:32: unknown channel "nobody". Allowed: console, duty',
        ),
    ],
)
@pytest.mark.parametrize(
    "rule", ["", ", severity: low, alert: {weak: log}, notify: {channels: [duty]}"]
)
def test_a_mistake_in_the_defaults_is_told_once_and_where_it_is(
    defaults: str, told: str, rule: str
) -> None:
    rules = f"rules: [{{id: a, when: oil{rule}}}, {{id: b, when: gas{rule}}}]\n"
    assert problems_of(f"defaults: {defaults}\n{rules}") == [told]


# --- the last day ---------------------------------------------------------------------------------


def test_a_rule_matches_to_the_end_of_its_last_day_in_utc() -> None:
    (rule,) = rules_of("rules: [{id: r, when: oil, expires: 2026-12-31}]\n")
    assert not rule.ended(datetime(2026, 12, 31, 23, 59, tzinfo=UTC))
    assert rule.ended(datetime(2027, 1, 1, tzinfo=UTC))
    assert not rules_of("rules: [{id: r, when: oil}]\n")[0].ended(datetime(2199, 1, 1, tzinfo=UTC))


ENDING = """
rules:
  - {id: talks, title: Talks, expires: 2026-03-02, when: talks}
  - {id: rain, title: Rain, when: rain}
  - {id: off, title: Off, expires: 2026-03-02, enabled: false, when: talks}
  - {id: old, title: Old, expires: 2020-03-02, when: talks}
"""


def stored(desk, table):
    with desk.database.read() as connection:
        return connection.execute(select(table).order_by(table.c.id)).all()


def test_a_rule_stops_after_its_last_day_and_that_is_told_once(open_desk, newsroom, clock):
    desk = open_desk(rules__rules=ENDING)
    desk.sweep()
    newsroom.publish("Strelsau offers talks")
    assert "Strelsau offers talks" in desk.sweep(minutes=6)
    clock.pass_(hours=11, minutes=50)
    newsroom.publish("Zenda offers talks in rain")
    sent = "".join(desk.sweep(minutes=6) for _ in range(3))
    assert "Rain" in sent
    assert sent.count("The rule talks has ended") == 1
    assert "Talks: its last day was 2026-03-02, and it matches nothing any more" in sent
    assert [row.rule_id for row in stored(desk, match)] == ["talks", "rain"]
    again = open_desk(rules__rules=ENDING)
    tell_ended_rules(again.monitor.watch)
    assert "has ended" not in again.sweep(hours=25)


def test_what_an_ended_rule_matched_silently_is_not_forgotten_over_a_new_headline(
    open_desk, newsroom, clock
):
    desk = open_desk(rules__rules=ENDING)
    desk.sweep()
    newsroom.publish("Strelsau offers talks to Ruritania over the border")
    desk.sweep(minutes=6)
    silent = newsroom.publish("Strelsau offers talks to Ruritania on the border", feed="b")
    desk.sweep(minutes=6)
    assert [row.alert_id is None for row in stored(desk, match)] == [False, True]
    clock.pass_(hours=12)
    silent.title = "Strelsau offers talks to Ruritania on the border: sources"
    desk.sweep(minutes=6)
    assert [row.title for row in stored(desk, article)][1].endswith("sources")
    assert len(stored(desk, match)) == 2


def test_a_rule_that_ended_long_ago_is_not_told_of(open_desk, clock):
    desk = open_desk(rules__rules=ENDING)
    clock.pass_(days=ENDED_LATELY.days + 1)
    tell_ended_rules(desk.monitor.watch)
    assert stored(desk, delivery) == []


def test_a_rule_that_ended_while_the_watch_was_down_is_told_of_at_the_start(open_desk, clock):
    open_desk(rules__rules=ENDING).sweep()
    clock.pass_(days=2)
    assert "The rule talks has ended" in open_desk(rules__rules=ENDING).sweep()


@pytest.mark.parametrize(
    "case",
    [
        "{none: [Chevron]}",  # tried only where the rule matched: not on nearly every article
        "'regex:GL ?[0-9]+'",  # the rule is its companion
        "sport",  # excluded from title and lead; a weak match may have it in the body
    ],
)
def test_a_case_needs_less_than_a_rule_does(case: str) -> None:
    text = f"rules: [{{id: r, severity: [{{when: {case}, is: low}}, {{is: high}}], when: WHEN}}]\n"
    (rule,) = rules_of(text.replace("WHEN", "{all: [oil], none: [sport]}"))
    assert [each.severity for each in rule.cases] == ["low", "high"]


def test_cases_of_the_defaults_need_not_be_able_to_decide_for_every_rule() -> None:
    text = (
        "defaults: {severity: [{when: {in: title, any: [gas]}, is: high}, {is: low}]}\n"
        "rules: [{id: a, when: oil}, {id: b, when: {all: [oil], none: [gas]}}]\n"
    )
    assert [len(rule.cases) for rule in rules_of(text)] == [2, 2]


# --- rules that count -----------------------------------------------------------------------------

COUNTING = """
rules:
  - id: spike
    when: {volume: {of: oil, window: 1 hour, at_least: 8 stories, ratio: 3}}
"""


def test_a_rule_that_counts_has_a_condition_like_any_other() -> None:
    (rule,) = rules_of(COUNTING)
    assert rule.volume == Volume(
        window=timedelta(hours=1),
        unit=Counted.STORIES,
        at_least=8,
        ratio=3.0,
        baseline=timedelta(days=28),
    )
    assert Matcher([rule]).match(Document("Oil"))


def test_what_is_counted_may_be_a_query() -> None:
    text = COUNTING.replace("of: oil", "of: {query: 'oil AND gas'}")
    (rule,) = rules_of(text)
    assert not Matcher([rule]).match(Document("Oil"))


def test_a_change_of_what_is_counted_or_how_is_a_new_version() -> None:
    changes = (("oil", "gas"), ("8", "9"), ("3", "4"), ("stories", "outlets"), ("hour", "day"))
    texts = [COUNTING, *(COUNTING.replace(*change) for change in changes)]
    assert len({rules_of(text)[0].version for text in texts}) == len(texts)


def test_the_outlets_that_a_condition_asks_for_are_those_that_could_break_a_silence() -> None:
    text = COUNTING.replace("of: oil", "of: {outlet: a, any: [oil]}")
    volume = rules_of(text)[0].volume
    assert volume is not None
    assert volume.outlets == ("a",)


def test_a_rule_that_counts_has_no_cases_no_once_per_and_no_trial() -> None:
    text = COUNTING + "    severity: [{is: high}]\n    alert: {once_per: article}\n"
    text += "    trial: 3 days\n"
    assert problems_of(text) == [
        "5:15: a rule with volume has one severity: cases ask articles, and it tells none",
        "6:13: a rule with volume tells every spike and every silence once; take once_per out",
        (
            "7:5: a rule with volume has no trial: `monitor rules backtest` says what it would "
            "have told"
        ),
    ]


def test_defaults_that_only_articles_have_do_not_hurt_a_rule_that_counts() -> None:
    cases = "[{when: raid, is: low}, {is: high}]"
    text = f"defaults: {{severity: {cases}, alert: {{once_per: article}}}}\n" + COUNTING
    (rule,) = rules_of(text)
    assert (rule.severity, rule.cases, rule.once_per) == (Severity.HIGH, (), OncePer.INCIDENT)


def test_examples_of_a_rule_that_counts_try_its_condition() -> None:
    files = FILES | {"rules/a.yaml": COUNTING + "    examples: {match: [Gas]}\n"}
    assert list(load(files, base=Path("/nowhere"), environment={}).held) == ["spike"]


def test_a_rule_that_needs_more_than_retention_keeps_is_told() -> None:
    files = FILES | {"rules/a.yaml": COUNTING, "monitor.yaml": "retention: {articles: 7 days}\n"}
    with pytest.raises(ConfigurationError) as raised:
        load(files, base=Path("/nowhere"), environment={})
    assert str(raised.value) == (
        'rules/a.yaml:3:5: the rule "spike" counts what came within 29 days, and retention: '
        "articles keeps them for 7 days"
    )


def test_two_versions_of_a_rule_that_counts_differ_in_what_is_shown_of_them() -> None:
    shown = "\n".join(definition(rules_of(COUNTING)[0]))
    for part in ("volume:", "of: oil", "window: 1 hour", "at_least: 8 stories", "ratio:"):
        assert part in shown
    silent = COUNTING.replace("at_least: 8 stories, ratio: 3", "at_most: 0 stories")
    assert "at_most: 0 stories" in "\n".join(definition(rules_of(silent)[0]))
