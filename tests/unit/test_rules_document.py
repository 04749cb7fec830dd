"""docs/rules.md: what it calls refused is refused, in the words that it shows; no key is left out.

Its YAML is loaded by test_documented_settings.py, its tutorial done by
tests/integration/test_tutorial.py.
"""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from documents import first_cells, section, text_of
from test_documented_commands import application
from test_documented_settings import LEAST, MARKED, RULES, TUTORIAL
from typer.testing import CliRunner

import monitor.config
from monitor.config.conditions import KEYS as CONDITION_KEYS
from monitor.config.rules import KEYS as RULE_KEYS
from monitor.config.volumes import KEYS as VOLUME_KEYS

LEAST_OUTLET = """\
outlets:
  - {id: ap, name: AP, country: US, language: en, tier: wire, feeds: [{url: "https://ap.example/rss"}]}
"""


def one_rule(condition: str) -> str:
    """A file with a rule, and another, so that a command shows misses and not the whole tree."""
    return f"rules: [{{id: one, when: {condition}}}, {{id: other, when: Caracas}}]\n"


# --- mistakes


def mistakes(body: str, base: Path) -> list[str]:
    """What `monitor check` says of a rule file; nothing if it loads."""
    files = LEAST | {"rules/yours.yaml": body}
    try:
        monitor.config.load(files, base=base, environment={})
    except monitor.config.ConfigurationError as error:
        return [str(problem) for problem in error.problems]
    return []


def reference() -> list[tuple[str, str, str]]:
    """The blocks of docs/rules.md behind the tutorial and before it: language, mark, text."""
    return MARKED.findall(text_of(RULES).replace(section(RULES, TUTORIAL), ""))


REFUSED = [
    (body, behind)
    for (language, mark, body), behind in pairwise([*reference(), ("", "", "")])
    if (language, mark) == ("yaml", "refused")
]


@pytest.mark.parametrize(("body", "behind"), REFUSED)
def test_what_a_document_calls_refused_is_refused_in_these_words(
    body: str, behind: tuple[str, str, str], tmp_path: Path
) -> None:
    language, _, said = behind
    assert language == "text", "behind a block that is refused stands what is said of it"
    assert mistakes(body, tmp_path) == said.splitlines()


def test_every_block_of_the_rule_language_is_tested() -> None:
    kinds = [(language, mark) for language, mark, _ in reference()]
    assert kinds.count(("text", "")) == kinds.count(("yaml", "refused"))
    assert set(kinds) == {("yaml", ""), ("yaml", "refused"), ("text", "")}
    told = text_of(RULES)
    assert told.count("\n```") == 2 * len(MARKED.findall(told)), "a fence has another form"


TRAPS = re.findall(
    r"^\| `([^`\n]+)` \| `([^`\n]+)` \| [^|\n]+ \|$", section(RULES, "Mistakes"), re.MULTILINE
)


@pytest.mark.parametrize(("wrong", "right"), TRAPS)
def test_a_trap_of_yaml_is_told_and_what_to_write_instead_loads(
    wrong: str, right: str, tmp_path: Path
) -> None:
    def rule(term: str) -> str:
        return f"rules:\n  - id: a\n    when:\n      all:\n        - Caracas\n        - {term}\n"

    assert mistakes(rule(wrong.removeprefix("- ")), tmp_path)
    assert mistakes(rule(right.removeprefix("- ")), tmp_path) == []


# --- the nearest miss


MISSES = {  # what is said, the condition, and the text of which it is said
    "»US« and »strike« are 14 words apart, at most 12 allowed": (
        "{near: {terms: [US, strike], within: 12 words}}",
        "US one two three four five six seven eight nine ten eleven twelve more words strike",
    ),
    "»oil« and »deal« are 5 words apart, not in one sentence": (
        "{near: {terms: [oil, deal], within: sentence}}",
        "They sell oil for less. Nobody saw the deal",
    ),
    "they do not stand in the order of the rule": (
        "{near: {terms: [tanker, seized], ordered: true}}",
        "Seized off the coast: a tanker",
    ),
    "»oil« in title, »deal« in body: near looks within one field": (
        "{near: {terms: [oil, deal]}}",
        f"Prices of oil\n{'Nothing else was said that day. ' * 40}\nA deal is near.",
    ),
    "»tanker« stands only in body; this looks at title, lead": (
        "{in: [title, lead], any: [tanker]}",
        f"A quiet day\n{'Nothing else was said that day. ' * 40}\nThere was a tanker.",
    ),
    '"Maduro" is missing; nearest written form: »Maduros«': ("Maduro", "The Maduros leave"),
    '"=US" minds capitals and accents; written is »us«': ("=US", "They told us so"),
    'the words of "oil deal" stand there, but not side by side': ("oil deal", "A deal over oil"),
    '»strike« stands in title, but ignore: "strike* a deal" blanks it': (
        '{any: [strike*], ignore: ["strike* a deal"]}',
        "Caracas and London strike a deal",
    ),
    "»GL 41« in title: the regex has no companion here": (
        "{all: [licen*, 'regex:GL [0-9]+']}",
        "Treasury extends GL 41",
    ),
    "blocked by »Sports« in title": ("{all: [goal], none: [sport*]}", "Sports: a goal in Caracas"),
    "1 of 2 held": ("{at_least: {n: 2, of: [oil, gas, coal]}}", "Oil is dear"),
    "2 of 3 times": ("{repeat: {term: drone*, times: 3}}", "A drone meets a drone"),
    "2 short": (
        "{score_at_least: 5, boost: [{any: [oil], points: 3}, {any: [gas], points: 2}]}",
        "Oil is dear",
    ),
}


@pytest.mark.parametrize("said", MISSES)
def test_the_nearest_miss_is_said_as_the_document_has_it(said: str, tmp_path: Path) -> None:
    condition, text = MISSES[said]
    files = LEAST | {"monitor.yaml": "state: var\n", "outlets/least.yaml": LEAST_OUTLET}
    for name, body in (files | {"rules/least.yaml": one_rule(condition)}).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(body, encoding="utf-8")
    given = ["rules", "test", "--text", text, "--config", str(tmp_path)]
    assert said in CliRunner().invoke(application(), given).stdout


def test_every_miss_in_the_document_is_tried() -> None:
    rows = "\n".join(first_cells(section(RULES, "Why not")))
    assert [said for said in MISSES if said.replace("*", "") not in rows] == []
    assert len(rows.splitlines()) - 2 == len(MISSES) - 2, "one row holds three"


# --- the reference of the rule language


def test_every_key_of_a_rule_has_one_row_or_one_paragraph() -> None:
    cells = [name for cell in first_cells(section(RULES, "A rule")) for name in cell.split()]
    assert sorted(cells) == sorted([*RULE_KEYS, "key", "---"])
    cells = first_cells(section(RULES, "Spikes and silences"))
    assert sorted(cells) == sorted([*VOLUME_KEYS, "key", "---"])


def test_every_condition_has_one_row() -> None:
    forms = " ".join(first_cells(section(RULES, "Conditions")))
    words = re.findall(r"\b[a-z_]+\b", re.sub(r"\{(?!…)[^}]*\}", "", forms))
    for key in CONDITION_KEYS:
        assert words.count(key) == 1, f"{key} in {words}"
