"""A rules file cut off at any byte: an error, or rules of which a comparison tells what differs."""

from dataclasses import replace
from pathlib import Path

import pytest

from monitor.config.load import Configuration, load
from monitor.config.problems import ConfigurationError
from monitor.config.source import CUT_OFF, SIZE_LIMIT, cut_off
from monitor.core.errors import Place
from monitor.core.model import RuleId
from monitor.core.rules import Rule

OTHERS = {
    "channels.yaml": 'console: {url: "console:", default: true}\n',
    "outlets/wire.yaml": "outlets: [{id: wire, name: W, country: GB, language: en, tier: wire}]\n",
}

RULES = """\
rules:
  - id: oil
    title: "Oil: the deal"
    when:
      all:
        - $energy
        - near: {terms: [deal, $fuels], within: 15 words, ordered: true}
      none:
        - {in: section, any: [sport*]}   # no sport
    examples:
      match: ["Oil: a «deal» on oil"]
      silent: [Gas]
  - {id: gas, when: {any: [gas, gasoline], none: [gas mask]}, expires: 2030-12-31}
  - id: graded
    severity:
      - {when: crude, is: critical}
      - {is: low}
    when:
      score_at_least: 15
      boost:
        - {any: [$fuels], points: 12}
        - {tier: wire, points: 30}
      ignore: ["crude joke*"]
  - id: numbers
    when:
      all:
        - licen*
        - 'regex:GL ?[0-9]{1,2}'
      language: [en, es]
  - id: counted
    when:
      at_least:
        n: 2
        of: [$fuels, refin*]
      repeat: {term: barrel~, times: 2}
    alert:
      once_per: article
      weak: log
    notify: {channels: [console]}
    enabled: false
  - id: asked
    when:
      any:
        - query: 'Chevron AND (oil OR gas)'
        - tankers
"""
LISTS = """\
lists:
  fuels: [oil, 'petróleo', "tanker*",
    "oil deal", =US]
  energy:
    - $fuels
    - electricid*
"""
DEFAULTS = """\
defaults:
  severity: high
  alert: {once_per: story}
"""
FILES = {
    "as people write it": f"version: 1\n{DEFAULTS}{LISTS}{RULES}",
    "upside down": f"{RULES}{LISTS}{DEFAULTS}version: 1\n",
    "in one line": "rules: [{id: oil, when: {any: [oil, 'oil deal']}}, {id: gas, when: gas}]\n",
    "of Windows": f"version: 1\n{LISTS}{RULES}".replace("\n", "\r\n"),
}


def loaded(text: str) -> Configuration:
    return load(OTHERS | {"rules/a.yaml": text}, base=Path("/nowhere"), environment={})


def decides(rule: Rule) -> tuple[object, ...]:
    """All of a rule that makes a difference to anybody, spelled out."""
    return (
        rule.title, rule.condition, rule.cases, rule.severity, rule.once_per, rule.weak,
        rule.channels, rule.enabled, rule.expires,
    )  # fmt: skip


def differing(before: Configuration, after: Configuration) -> set[RuleId]:
    """The rules that are gone, held back or altered: as a live reload compares them."""
    now = {rule.id: rule for rule in after.rules}
    return {
        rule.id
        for rule in before.rules
        if rule.id not in now or replace(rule, place=now[rule.id].place) != now[rule.id]
    }


@pytest.mark.parametrize("whole", FILES.values(), ids=FILES.keys())
def test_a_file_cut_at_any_byte_never_loads_as_something_else_silently(whole: str) -> None:
    before = loaded(whole)
    expected = {rule.id: decides(rule) for rule in before.rules}
    written = whole.encode()
    for end in range(len(written)):
        cut = written[:end].decode("utf-8", errors="surrogateescape")
        try:
            after = loaded(cut)
        except ConfigurationError:
            continue
        assert cut.rstrip(" ")[-1] in "\r\n]}\"'", cut[-40:]  # else a word may have been longer
        # No rule appears that was not there, and whatever is not the same is told.
        found = {rule.id: decides(rule) for rule in after.rules}
        same = {name for name in found if found[name] == expected.get(name)}
        assert found.keys() <= expected.keys(), cut[-40:]
        assert expected.keys() - same == differing(before, after), cut[-40:]


def test_a_word_that_may_have_been_longer_is_refused_with_its_place() -> None:
    with pytest.raises(ConfigurationError) as raised:
        loaded("rules:\n  - id: oil\n    when: oil")
    assert str(raised.value) == f"rules/a.yaml:3:14: {CUT_OFF}"
    assert "end it with a line break" in CUT_OFF


@pytest.mark.parametrize(
    "text",
    ["", "a: b\n", "a: [b]", "a: {b: c}", 'a: "b"', "a: 'b'", "a: b\r\n", "a: b\n  ", "a: [b]  "],
)
def test_a_file_that_ends_as_whole_ones_do_is_read(text: str) -> None:
    assert cut_off("rules/a.yaml", text) is None


@pytest.mark.parametrize(
    ("text", "line", "column"), [("a: b", 1, 5), ("a: [b]  # no", 1, 13), ("a:\n  - b", 2, 6)]
)
def test_a_file_that_ends_in_a_word_or_a_comment_is_cut_off(
    text: str, line: int, column: int
) -> None:
    assert cut_off("rules/a.yaml", text) == Place("rules/a.yaml", line, column)


def test_a_list_of_another_file_that_is_cut_off_is_refused_too() -> None:
    files = OTHERS | {
        "rules/a.yaml": "rules: [{id: a, when: $fuels}]\n",
        "knowledge/b.yaml": "lists:\n  fuels:\n    - oil\n    - petr",
    }
    with pytest.raises(ConfigurationError, match=r"knowledge/b\.yaml:4:11: the file ends in the"):
        load(files, base=Path("/nowhere"), environment={})


def test_of_a_file_that_is_too_long_nobody_says_that_it_is_cut_off() -> None:
    text = "\ufeffrules: [] #" + "o" * (SIZE_LIMIT - 13)
    with pytest.raises(ConfigurationError) as told:
        load(OTHERS | {"rules/r.yaml": text}, base=Path(), environment={})
    said = [each.message for each in told.value.problems]
    assert said == ["the file is over 2,000,000 bytes; split it"]
