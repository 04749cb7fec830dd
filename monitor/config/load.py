"""All files of a configuration, turned into what the program works with, or into its mistakes."""

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from pathlib import Path

from monitor.config import settings as monitor_file
from monitor.config.channels import FILE as CHANNELS_FILE
from monitor.config.channels import read_channels
from monitor.config.directory import FOLDERS, TEMPLATE, TEMPLATES
from monitor.config.fields import Fields
from monitor.config.knowledge import Knowing
from monitor.config.lists import LISTS, Lists
from monitor.config.names import Names
from monitor.config.outlets import Outlets, read_outlets
from monitor.config.problems import Problems, shown
from monitor.config.rules import FILE_KEYS, RuleReader
from monitor.config.secrets import Secrets
from monitor.config.settings import Settings, read_settings
from monitor.config.source import CUT_OFF, Broken, Map, Node, cut_off, scan
from monitor.config.styles import Check, Templates
from monitor.config.unchanged import FOLDER, Entries, Reading, beside, by_file
from monitor.config.volumes import tell_forgotten
from monitor.core.changes import Kept
from monitor.core.errors import Place, Problem
from monitor.core.happenings import Events
from monitor.core.knowledge import Knowledge
from monitor.core.matcher import Matcher
from monitor.core.misses import misses
from monitor.core.model import Channel, Feed, Outlet, RuleId
from monitor.core.rules import Example, Rule

_PLACES = [f"{folder}/*{TEMPLATE if folder == TEMPLATES else '.yaml'}" for folder in FOLDERS]
RULE_FOLDERS = ("knowledge/", "rules/")  # whose files change what is watched for, if cut off
QUOTES_SHOWN = 3  # of an example that should be silent


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a user wants watched. `rules` go live; `held` says which do not, by id, and why.

    `force.py` adds what stays as it was: `mistakes` of the files on disk that are not in force,
    rules that are `kept` (they stand under `rules` too), and rules that are `gone` by this edit.
    """

    settings: Settings
    outlets: tuple[Outlet, ...]
    feeds: tuple[Feed, ...]
    rules: tuple[Rule, ...]
    channels: tuple[Channel, ...]
    held: Mapping[RuleId, tuple[Problem, ...]] = field(default_factory=dict)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    files: Mapping[str, str] = field(default_factory=dict, repr=False)
    knowledge: Knowledge = field(default_factory=Knowledge, repr=False)
    knowledge_version: str = ""
    switched_off: frozenset[RuleId] = frozenset()  # `enabled: false`, held back or not
    mistakes: tuple[Problem, ...] = ()
    kept: Mapping[RuleId, Kept] = field(default_factory=dict)
    gone: tuple[RuleId, ...] = ()
    reading: Reading = field(default_factory=Reading, repr=False, compare=False)

    @property
    def failed_examples(self) -> tuple[Problem, ...]:
        """Why rules are held back, in the order of the files."""
        return tuple(sorted(problem for problems in self.held.values() for problem in problems))


def load(
    files: Mapping[str, str],
    *,
    base: Path,
    environment: Mapping[str, str],
    known_schemes: Collection[str] | None = None,
    check_template: Check | None = None,
    before: Reading | None = None,
) -> Configuration:
    """The configuration that `files` (relative name to text) describe.

    `base` is the configuration directory, which relative paths start from; `known_schemes` are the
    services that channels may name, None for any; `check_template` says what is wrong with a
    template. `before` is what was read the last time: what an
    edit has not touched need not be read again. Raises ConfigurationError with all mistakes.
    """
    problems = Problems()
    secrets = Secrets(base=base, environment=environment)
    before = before or Reading()
    same = before.unchanged(files)
    trees = _scan({name: text for name, text in files.items() if name not in same}, problems)
    settings = read_settings(
        trees.get(monitor_file.FILE), base=base, secrets=secrets, problems=problems
    )
    outlets = Outlets()
    for tree in _folder(trees, "outlets"):
        read_outlets(tree, outlets, secrets=secrets, problems=problems)
    templates = {name: text for name, text in files.items() if _is_template(name)}
    channels = read_channels(
        trees.get(CHANNELS_FILE),
        secrets=secrets,
        known_schemes=known_schemes,
        templates=Templates(templates, check_template),
        problems=problems,
        zone=settings.timezone,
    )
    reading, knowing = _read(
        files, trees, outlets, channels, problems, before=before, zone=settings.timezone
    )
    rules = [rule for read in reading.files.values() for rule in read.rules]
    tell_forgotten(rules, settings.retention_articles, problems)
    problems.raise_if_any()
    live, held = _tried(rules, before, knowing.knowledge())
    return Configuration(
        settings=settings,
        outlets=tuple(outlets.outlets.values()),
        feeds=tuple(outlets.feeds),
        rules=live,
        channels=channels,
        held=held,
        secrets=secrets.values,
        files=dict(files),
        knowledge=knowing.knowledge(),
        knowledge_version=knowing.version,
        switched_off=frozenset(rule.id for rule in rules if not rule.enabled),
        reading=replace(reading, passed={rule.id: rule for rule in live}),
    )


def _scan(files: Mapping[str, str], problems: Problems) -> dict[str, Node]:
    trees: dict[str, Node] = {}
    for name in sorted(files):
        if _is_template(name):
            continue
        if _belongs(name):
            trees[name] = scan(name, files[name], problems)
            if name.startswith(RULE_FOLDERS) and (place := cut_off(name, files[name])):
                problems.add(place, CUT_OFF)
        else:
            problems.add(Place(name), _stray_message(name))
            trees[name] = Broken(Place(name))
    return trees


def _is_template(name: str) -> bool:
    return name.startswith(f"{TEMPLATES}/") and name.endswith(TEMPLATE)


def _belongs(name: str) -> bool:
    folder, slash, file = name.rpartition("/")
    if folder == TEMPLATES:
        return False
    if slash:
        return folder in FOLDERS and file.endswith(".yaml")
    return name in (monitor_file.FILE, CHANNELS_FILE)


def _stray_message(name: str) -> str:
    proper = name.removesuffix(".yml") + ".yaml" if name.endswith(".yml") else name
    if not _belongs(proper):
        known = [monitor_file.FILE, CHANNELS_FILE, *_PLACES]
        near = difflib.get_close_matches(proper, known, n=1)
        hint = f'; did you mean "{near[0]}"?' if near else "."
        return f"the file {shown(name)} would not be read{hint} Allowed: {', '.join(known)}"
    return f"this file would not be read: its name must end in .yaml; rename it {shown(proper)}"


def _folder(trees: Mapping[str, Node], folder: str) -> list[Node]:
    return [tree for name, tree in trees.items() if name.startswith(f"{folder}/")]


def _complete(*trees: Node) -> bool:
    """False where a file could not be read, so that what is missing may be in it."""
    return not any(isinstance(tree, Broken) for tree in trees)


def _read(
    files: Mapping[str, str],
    trees: dict[str, Node],
    outlets: Outlets,
    channels: tuple[Channel, ...],
    problems: Problems,
    *,
    before: Reading,
    zone: tzinfo,
) -> tuple[Reading, Knowing]:
    """Read knowledge and rules; `trees` are missing of files that are as they were."""
    same = {name: read for name, read in before.files.items() if name in files.keys() - trees}
    names = sorted(name for name in files if name.startswith(FOLDER))
    listed = {
        name: same[name].lists if name in same else _lists_of_rules(trees[name], problems)
        for name in names
    }
    lists, knowing = _words(trees, listed, problems)
    if same and lists.written != before.lists:  # the other rules may mean something else by now
        trees = trees | _scan({name: files[name] for name in same}, problems)
        same = {}
    known = Names(
        lists,
        outlets.outlets,
        frozenset(outlets.names),
        outlets_complete=_complete(*_folder(trees, "outlets")),
        event_types=knowing.event_types,
        event_families=knowing.event_families,
        actor_ids=knowing.actor_ids,
        knowledge_complete=knowing.complete,
        knowledge_version=knowing.version,
    )
    names_of_channels = [channel.name for channel in channels]
    reader = RuleReader(known, names_of_channels, problems, zone=zone)
    for name in names:
        if name in same:
            reader.take(same[name])
        else:
            reader.read_file(trees[name])
    if not reader.attempted:
        problems.add(Place("rules"), "there is no rule; write one, as in docs/rules.md")
    read = by_file(reader.rules, files, listed, reader.ids)
    return Reading(read, beside(files), lists.written), knowing


def _words(
    trees: Mapping[str, Node], listed: Mapping[str, Entries], problems: Problems
) -> tuple[Lists, Knowing]:
    """What knowledge files say, and all lists: theirs, and those `listed` in files of rules."""
    knowledge = _folder(trees, "knowledge")
    lists = Lists(problems, complete=_complete(*knowledge, *_folder(trees, "rules")))
    knowing = Knowing(lists, problems, complete=_complete(*knowledge))
    for tree in knowledge:
        knowing.add(tree)
    for entries in listed.values():
        for key, node in entries:
            lists.add(key, node)
    lists.check()
    knowing.check()
    return lists, knowing


def _lists_of_rules(tree: Node, problems: Problems) -> Entries:
    if not isinstance(tree, Map):  # RuleReader tells what is wrong with it
        return ()
    top = Fields(tree, problems, what="a rule file", allowed=FILE_KEYS)
    return tuple(top.mapping("lists", what=LISTS))


def _tried(
    rules: list[Rule], before: Reading, knowledge: Knowledge
) -> tuple[tuple[Rule, ...], dict[RuleId, tuple[Problem, ...]]]:
    """The rules that pass their own examples, and what the others fail."""
    events = Events(knowledge)
    failures = {
        rule.id: () if before.has_passed(rule) else tuple(_failures(rule, events)) for rule in rules
    }
    live = tuple(rule for rule in rules if not failures[rule.id])
    return live, {name: found for name, found in failures.items() if found}


def _failures(rule: Rule, events: Events) -> list[Problem]:
    """A match example must match somehow; a silent one must not match at all, not even weakly."""
    if not rule.examples:
        return []
    matcher = Matcher([replace(rule, enabled=True)], events=events)
    return [
        Problem(
            example.place,
            f"the rule {shown(rule.id)} is held back: its example "
            f"{shown(example.document.title)} "
            + ("should match and does not" if example.matches else "should be silent and matches")
            + f" ({_reason(matcher, rule.id, example)})",
        )
        for example in rule.examples
        if bool(matcher.match(example.document)) != example.matches
    ]


def _reason(matcher: Matcher, rule: RuleId, example: Example) -> str:
    """What an example that should match lacks, or what one that should be silent holds."""
    if example.matches:
        first = misses(matcher.explain(rule, example.document))[0]
        return f"{first.branch}: {first.why}"
    (match,) = matcher.match(example.document)
    quotes = dict.fromkeys(f"»{each.quote}«" for each in match.evidence)
    return ", ".join(list(quotes)[:QUOTES_SHOWN]) or "whatever its words are"
