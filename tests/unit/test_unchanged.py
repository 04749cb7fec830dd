"""What an edit has not touched is not read again, and nobody can tell but by the time it takes."""

from pathlib import Path

import pytest

from monitor.config.load import Configuration, load
from monitor.config.problems import ConfigurationError

FILES = {
    "channels.yaml": 'desk: {url: "console:", default: true}\nnight: {url: "file:night"}\n',
    "outlets/o.yaml": (
        "outlets: [{id: example, name: Example, country: US, language: en, tier: wire, "
        'feeds: [{url: "https://example.org/rss"}]}]\n'
    ),
    "knowledge/k.yaml": (
        "lists: {metals: [gold, tin]}\n"
        "actors: {mint: {title: the mint, names: [mint]}, dealers: {title: d, names: [$fuels]}}\n"
        "types: {strike: {title: gold is struck, family: mining, cues: [[strikes gold]]}}\n"
    ),
    "rules/a.yaml": (
        "lists: {fuels: [oil, gas]}\n"
        "rules:\n"
        "  - {id: fuel, when: $fuels, examples: {match: [Oil is dear], silent: [Gold is dear]}}\n"
        "  - {id: metal, when: $metals, notify: {channels: [night]}}\n"
    ),
    "rules/b.yaml": (
        "rules:\n"
        "  - {id: both, when: {all: [$fuels, $metals]}}\n"
        "  - {id: wire, when: {outlet: example, any: [$actor:mint, tin]}}\n"
    ),
}


def read(files: dict[str, str], before: Configuration | None = None) -> Configuration:
    reading = None if before is None else before.reading
    return load(files, base=Path("/nowhere"), environment={}, before=reading)


def outcome(files: dict[str, str], before: Configuration | None = None) -> object:
    """All that a load says."""
    try:
        found = read(files, before)
    except ConfigurationError as error:
        return error.problems
    return found, [rule.examples for rule in found.rules], found.reading


def edited(name: str, old: str, new: str) -> dict[str, str]:
    assert old in FILES[name]
    return FILES | {name: FILES[name].replace(old, new)}


EDITS = {
    "nothing": FILES,
    "a rule": edited("rules/a.yaml", "notify: {channels: [night]}", "severity: high"),
    "a title above": edited("rules/a.yaml", "rules:\n", "rules:\n  - {id: new, when: iron}\n"),
    "an example": edited("rules/a.yaml", "Oil is dear", "Gold is cheap"),
    "a list of the file": edited("rules/a.yaml", "oil, gas", "oil, coal"),
    "a list of another file": edited("knowledge/k.yaml", "gold, tin", "gold, zinc"),
    "an actor": edited("knowledge/k.yaml", "names: [mint]", "names: [royal mint]"),
    "an event type": edited("knowledge/k.yaml", "strikes gold", "finds gold"),
    "a list that is used is gone": edited("rules/a.yaml", "fuels: [oil, gas]", "coals: [coal]"),
    "the outlet": edited("outlets/o.yaml", "id: example", "id: other"),
    "the channels": edited("channels.yaml", "night:", "day:"),
    "an id that stands elsewhere": edited("rules/a.yaml", "id: metal", "id: both"),
    "a file that is gone": {name: text for name, text in FILES.items() if name != "rules/b.yaml"},
    "a file that is new": FILES | {"rules/0.yaml": "rules: [{id: first, when: iron}]\n"},
    "a file that is renamed": {name.replace("a.yaml", "c.yaml"): FILES[name] for name in FILES},
    "a file that is broken": edited("rules/a.yaml", "rules:\n", "rules: [\n"),
    "a file that is cut off": edited("rules/b.yaml", "tin]}}\n", "ti"),
    "no rules": {name: text for name, text in FILES.items() if not name.startswith("rules/")},
}


@pytest.mark.parametrize("files", EDITS.values(), ids=EDITS)
def test_an_edit_comes_to_what_a_start_with_the_same_files_comes_to(files: dict[str, str]):
    assert outcome(files, read(FILES)) == outcome(files)


@pytest.mark.parametrize("files", EDITS.values(), ids=EDITS)
def test_taking_an_edit_back_comes_to_what_there_was(files: dict[str, str]):
    try:
        before = read(files, read(FILES))
    except ConfigurationError:
        return  # nothing of it is in force
    assert outcome(FILES, before) == outcome(FILES)


def test_rules_of_files_that_are_not_edited_are_the_same_objects():
    before = read(FILES)
    after = read(EDITS["a rule"], before)
    kept = [a is b for a, b in zip(before.rules, after.rules, strict=True)]
    assert kept == [False, False, True, True]
    again = read(EDITS["a list of another file"], before)
    assert not any(a is b for a, b in zip(before.rules, again.rules, strict=True))


def test_a_rule_that_failed_its_examples_is_tried_again():
    held = read(EDITS["an example"], read(FILES))
    assert set(held.held) == {"fuel"}
    still = read(EDITS["an example"] | {"rules/z.yaml": "rules: [{id: z, when: z}]\n"}, held)
    assert set(still.held) == {"fuel"}
    assert read(FILES, still).held == {}
