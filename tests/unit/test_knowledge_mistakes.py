"""Mistakes in knowledge files: each is told with its place, what was found and what is allowed."""

import re
from pathlib import Path

import pytest

from monitor.config import ConfigurationError, load

TABLE = Path(__file__).resolve().parents[1] / "data" / "knowledge" / "mistakes.txt"
LEAST = {
    "channels.yaml": 'console: {url: "console:", default: true}\n',
    "rules/least.yaml": "rules: [{id: the-least, when: Chevron}]\n",
}


def cases() -> list[tuple[str, dict[str, str], list[str]]]:
    """The table: name, files, the problems."""
    found = []
    for case in re.split(r"^=== ", TABLE.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        name, _, rest = case.partition("\n")
        written, _, expected = rest.partition("\n>>>\n")
        parts = re.split(r"^--- (?=\S)", written, flags=re.MULTILINE)[1:]
        files = {file: f"{text.rstrip()}\n" for file, _, text in (p.partition("\n") for p in parts)}
        found.append((name, files, expected.strip().split("\n")))
    return found


def mistakes(files: dict[str, str]) -> list[str]:
    try:
        load(LEAST | files, base=TABLE.parent, environment={})
    except ConfigurationError as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("files", "expected"), [pytest.param(files, told, id=name) for name, files, told in cases()]
)
def test_a_mistake_is_told_with_its_place(files: dict[str, str], expected: list[str]) -> None:
    assert mistakes(files) == expected


RIGHT = {
    "one name after the other": """
        actors:
          freedonia: {title: F, names: [{names: [Firefly], until: 2025-01-19}]}
          sylvania: {title: S, names: [{names: [Firefly], since: 2025-01-20}]}
        """,
    "one name twice of one actor": """
        actors:
          freedonia:
            {title: F, names: [Firefly, {names: [Firefly], since: 2025-01-20}, firefly]}
        """,
    "a cue of two families": """
        types:
          raid: {title: r, family: force, cues: [[blockade]]}
          ban: {title: b, family: trade, cues: [[blockade]]}
        """,
    "a cue of two types beside different words": """
        types:
          raid: {title: r, family: force, cues: [{words: [boards], beside: [ship]}]}
          flight: {title: f, family: force, cues: [{words: [boards], beside: [aircraft]}]}
        """,
    "two words that differ in an accent": """
        types:
          raid: {title: r, family: force, cues: [[asalto, asaltó]]}
        """,
    "a trap around a cue with a wildcard": """
        types:
          raid: {title: r, family: force, cues: [[bomb*, "w?r"]], traps: [bombshells, war on want]}
        """,
    "a part made of an office as a whole": """
        actors:
          freedonia: {title: F, adjectives: [Freedonian], acts_as: freedonia.king}
          freedonia.king.guard: {title: g, names: [Redcoats]}
        offices: {king: [king], king.guard: [guards]}
        """,
}


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_what_only_looks_like_a_mistake_is_none(text: str) -> None:
    assert mistakes({"knowledge/a.yaml": text}) == []


def test_an_id_that_may_stand_in_an_unreadable_file_is_not_told() -> None:
    files = {
        "knowledge/a.yaml": "actors: {a: {title: A, names: [Anna], acts_as: b}}\n"
        "types: {raid: {title: r, family: force, becomes: {may: other}}}\n",
        "knowledge/b.yaml": "actors: {b: [}\n",
    }
    assert [line.partition(":")[0] for line in mistakes(files)] == ["knowledge/b.yaml"]
