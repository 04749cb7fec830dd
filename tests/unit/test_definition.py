"""A rule as a person compares it with another version of itself."""

from pathlib import Path

from monitor.config.definition import definition
from monitor.config.load import load

FILES = {
    "channels.yaml": 'console: {url: "console:", default: true}\nduty: {url: "console:"}\n',
    "outlets/a.yaml": (
        "outlets: [{id: a, name: A, country: GB, language: en, tier: wire, "
        'feeds: [{url: "https://example.org/rss"}]}]\n'
    ),
}


def lines_of(text: str) -> list[str]:
    rules = load(FILES | {"rules/a.yaml": text}, base=Path("/nowhere"), environment={}).rules
    return definition(rules[0])


def test_the_least_rule_is_two_lines() -> None:
    assert lines_of("rules: [{id: oil, when: oil}]\n") == ["severity: normal", "when: oil"]


def test_what_a_rule_takes_from_the_defaults_of_its_file_is_there() -> None:
    assert lines_of(
        "defaults: {severity: high, enabled: false, expires: 2030-01-31,\n"
        "  alert: {once_per: article, weak: log}, notify: {channels: [duty]}}\n"
        "rules: [{id: oil, title: Oil, when: oil, alert: {weak: alert}}]\n"
    ) == [
        "title: Oil",
        "severity: high",
        "alert: {once_per: article, weak: alert}",
        "notify: {channels: [duty]}",
        "enabled: false",
        'expires: "2030-01-31"',
        "when: oil",
    ]


def test_the_hours_of_a_rule_are_there_with_their_zone() -> None:
    assert lines_of(
        "rules: [{id: oil, when: oil, notify: {quiet_hours: {from: '23:00', to: '07:00', "
        "days: mon-tue, timezone: Europe/Madrid}}}]\n"
    ) == [
        "severity: normal",
        "notify:",
        "  quiet_hours:",
        '    from: "23:00"',
        '    to: "07:00"',
        "    days: [mon, tue]",
        '    timezone: "Europe/Madrid"',
        "    then: hold",
        "when: oil",
    ]


def test_every_list_that_a_rule_reaches_is_there_wherever_it_is_used() -> None:
    assert lines_of(
        "lists: {a: [one, two], b: [$a, three], c: [four], d: [five], e: [six], f: [seven]}\n"
        "rules:\n"
        "  - id: all\n"
        "    severity: [{when: $f, is: high}]\n"
        "    when:\n"
        "      all: [{near: {terms: [$b, gas]}}, {repeat: {term: $c, times: 2}}]\n"
        "      ignore: [$d]\n"
        "      score_at_least: 1\n"
        "      boost: [{in: title, at_least: {n: 1, of: [$e, eight]}, points: 1}]\n"
    )[-12:] == [
        "$b:", "  - three", "  - one", "  - two",
        "$c:", "  - four",
        "$d:", "  - five",
        "$e:", "  - six",
        "$f:", "  - seven",
    ]  # fmt: skip


def test_comments_layout_and_examples_are_not_compared() -> None:
    plain = "rules: [{id: oil, when: {all: [oil, gas]}}]\n"
    dressed = (
        "# oil\nrules:\n  - id: oil\n    when:\n      all: [oil, gas]\n"
        "    examples: {match: [Oil and gas]}\n"
    )
    assert lines_of(plain) == lines_of(dressed)


def test_a_list_inside_of_another_is_named_so_that_a_change_of_it_shows_once() -> None:
    assert lines_of(
        "lists: {a: [one, two], b: [$a, three], c: [$b, four], one: [six]}\n"
        "rules: [{id: all, when: {all: [$a, $b, $c, $one]}}]\n"
    )[2:] == [
        "$a:", "  - one", "  - two",
        "$b:", "  - $a", "  - three",
        "$c:", "  - $b", "  - four",
        "$one:", "  - six",
    ]  # fmt: skip
