"""What an edit has not touched is not read again: of thousands of rules that takes seconds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from monitor.config.directory import TEMPLATES
from monitor.config.source import Node, Scalar
from monitor.core.errors import Place
from monitor.core.model import RuleId
from monitor.core.rules import Rule

FOLDER = "rules/"

Entries = tuple[tuple[Scalar, Node], ...]


@dataclass(frozen=True, slots=True)
class Read:
    """What came of one file of rules without mistakes: its rules and lists, and where ids stand."""

    text: str
    rules: tuple[Rule, ...]
    lists: Entries = ()
    ids: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of all of them, and what else that hangs on: the other files, all lists.

    `passed` are the rules whose examples are as they should be.
    """

    files: Mapping[str, Read] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    passed: Mapping[RuleId, Rule] = field(default_factory=dict)

    def unchanged(self, files: Mapping[str, str]) -> dict[str, Read]:
        """The files of rules that mean the same as before, so long as the lists do."""
        if beside(files) != self.beside:
            return {}
        return {name: read for name, read in self.files.items() if files.get(name) == read.text}

    def has_passed(self, rule: Rule) -> bool:
        """Whether the same examples were tried on the same condition."""
        known = self.passed.get(rule.id)
        return known is rule or (
            known is not None
            and known.version == rule.version
            and _examples(known) == _examples(rule)
        )


def beside(files: Mapping[str, str]) -> dict[str, str]:
    """The files that hold no rules, and that a rule may hang on."""
    return {
        name: text for name, text in files.items() if not name.startswith((FOLDER, f"{TEMPLATES}/"))
    }


def by_file(
    rules: Iterable[Rule],
    files: Mapping[str, str],
    lists: Mapping[str, Entries],
    ids: Mapping[str, Place],
) -> dict[str, Read]:
    """What to remember of each file that has rules."""
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        found.setdefault(rule.place.file, []).append(rule)
    places: dict[str, dict[str, Place]] = {}
    for name, place in ids.items():
        places.setdefault(place.file, {})[name] = place
    return {
        name: Read(files[name], tuple(own), lists.get(name, ()), places.get(name, {}))
        for name, own in found.items()
    }


def _examples(rule: Rule) -> list[object]:
    return [(each.document, each.matches) for each in rule.examples]
