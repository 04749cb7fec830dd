"""What of the files on disk comes into force, and what stays as it was.

    files on disk ─without those with mistakes─▶ files that load ─and kept rules─▶ in force

A mistake leaves the last good version of what it touches: of its file, or of the rule that fails
its own examples. Rules that vanish from the files are kept if they are many, because a file that
was cut short or deleted by accident looks like that; `monitor rules accept` confirms it.
"""

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime

from monitor.config.directory import FILES, FOLDERS, Written
from monitor.config.load import Configuration
from monitor.config.problems import ConfigurationError, Whole
from monitor.config.secrets import SECRETS_FILE
from monitor.core.changes import Kept
from monitor.core.errors import Problem
from monitor.core.model import ChannelName, RuleId
from monitor.core.rules import Rule

VANISHING_LIMIT = 3  # rules that may vanish by one edit with no more than a notice
ROUNDS = 4  # tries without the files with mistakes; without one file another's may show
OUTLETS = "outlets"
ALONE_LIMIT = 20  # changed files that are tried one by one; each costs a load
# One that uses what another brings comes after it; what is not listed comes last.
_ORDER = ("knowledge", "outlets", "channels.yaml", "monitor.yaml", "rules")

Load = Callable[[Mapping[str, str]], Configuration]  # raises ConfigurationError


@dataclass(frozen=True, slots=True)
class Before:
    """What is in force: files that load, the rules at work, and those of them that vanished."""

    files: Mapping[str, str]
    rules: Mapping[RuleId, Rule] = field(default_factory=dict)
    waiting: AbstractSet[RuleId] = frozenset()  # kept until somebody confirms that they are gone


def comes_into_force(
    written: Written, before: Before | None, *, load: Load, now: datetime
) -> Configuration:
    """The next configuration, from what stands on disk and what is in force.

    Raises ConfigurationError with every mistake if nothing loads, not even what was in force.
    """
    found, mistakes = _loaded(written, before, load)
    if before is not None:
        found = _with_kept_rules(found, before, now)
    return replace(found, mistakes=mistakes)


# --- files ----------------------------------------------------------------------------------------


def _loaded(
    written: Written, before: Before | None, load: Load
) -> tuple[Configuration, tuple[Problem, ...]]:
    """What loads, and the mistakes of what stands on disk."""
    earlier = {} if before is None else before.files
    mistakes = written.problems
    if not _astray(mistakes, {*written.files, *earlier}):
        mistakes = (*mistakes, *_emptied(written, earlier))
    tried = _without(written.files, mistakes, earlier)
    try:
        found = load(tried)
    except ConfigurationError as error:
        # What is told is wrong with the files as they stand, not with what is made of them.
        mistakes = tuple(sorted({*mistakes, *error.problems}, key=str))
        if before is None:
            raise ConfigurationError(mistakes) from error
        try:
            found = _mended(tried, error.problems, earlier, load)
        except ConfigurationError as last:  # nor does what was in force: a secret is gone
            raise ConfigurationError(mistakes) from last
    if before is None and mistakes:
        raise ConfigurationError(mistakes)
    return found, (*mistakes, *_waiting(written, found, mistakes))


def _emptied(written: Written, earlier: Mapping[str, str]) -> list[Problem]:
    """Without any outlet nothing is watched: that is no wish, but a folder that went astray."""
    gone = any(_folder(name) == OUTLETS for name in earlier)
    gone = gone and not any(_folder(name) == OUTLETS for name in written.files)
    return [Problem(Whole(OUTLETS), "all outlets are gone; put a file back")] if gone else []


def _mended(
    files: Mapping[str, str],
    problems: tuple[Problem, ...],
    earlier: Mapping[str, str],
    load: Load,
) -> Configuration:
    """What loads once the files that problems name are as they were."""
    tried = files
    for _ in range(ROUNDS):
        following = _without(tried, problems, earlier)
        if following == tried:  # the mistake shows where nothing was changed
            break
        tried = following
        try:
            return load(tried)
        except ConfigurationError as error:
            problems = error.problems
    return _one_by_one(tried, earlier, load)


def _waiting(
    written: Written, found: Configuration, mistakes: tuple[Problem, ...]
) -> Iterator[Problem]:
    """The changed files that have no mistakes, but do not go together with what stays."""
    told = {problem.place.file for problem in mistakes}
    if _astray(written.problems, {*written.files, *found.files}):
        return  # its one mistake says it all
    for name in sorted({*written.files, *found.files}):
        changed = written.files.get(name) != found.files.get(name)
        if mistakes and changed and not told & {name, _folder(name)}:
            yield Problem(
                Whole(name), "this edit waits too: alone it does not load, or was not tried"
            )


def _without(
    files: Mapping[str, str], problems: tuple[Problem, ...], earlier: Mapping[str, str]
) -> dict[str, str]:
    """The files, but those that problems name as they were; a folder's name means all in it."""
    names = {*files, *earlier}
    named = {problem.place.file for problem in problems}
    if _astray(problems, names):
        return dict(earlier)
    return {
        name: text
        for name in sorted(names)
        if (text := (earlier if named & {name, _folder(name)} else files).get(name)) is not None
    }


def _astray(problems: tuple[Problem, ...], names: AbstractSet[str]) -> bool:
    """Whether a problem is of the whole directory: it names nothing that may stand in it."""
    named = {problem.place.file for problem in problems}
    return any(_folder(name) not in (*FOLDERS, *FILES) for name in named - names - {SECRETS_FILE})


def _folder(name: str) -> str:
    return name.partition("/")[0]


def _one_by_one(wanted: Mapping[str, str], earlier: Mapping[str, str], load: Load) -> Configuration:
    """What was in force, with each change that loads by itself or upon those before it.

    For mistakes that show in a file that did not change, because of one that did.
    """
    changed = [name for name in {*wanted, *earlier} if wanted.get(name) != earlier.get(name)]
    found, files = load(earlier), dict(earlier)
    if len(changed) > ALONE_LIMIT:
        return found
    for name in sorted(changed, key=_turn):
        kept = {key: text for key, text in files.items() if key != name}
        tried = kept | ({name: wanted[name]} if name in wanted else {})
        try:
            found, files = load(tried), tried
        except ConfigurationError:
            continue
    return found


def _turn(name: str) -> tuple[int, str]:
    folder = _folder(name)
    return (_ORDER.index(folder) if folder in _ORDER else len(_ORDER)), name


# --- rules ----------------------------------------------------------------------------------------


def _with_kept_rules(found: Configuration, before: Before, now: datetime) -> Configuration:
    """Add the rules that stay although the files do not hold them, or hold them wrongly."""
    lost = _lost(found, before, now)
    waiting = [each.id for each in lost if each.id in before.waiting]
    many = len(lost) > VANISHING_LIMIT or len(lost) == len(before.rules)
    vanished = [each.id for each in lost] if many else waiting
    held = [each for each in found.held if each not in found.switched_off]
    kept = dict.fromkeys(vanished, Kept.VANISHED) | dict.fromkeys(held, Kept.HELD)
    names = frozenset(channel.name for channel in found.channels)
    stay = {each: rule for each in kept if (rule := before.rules.get(each)) is not None}
    return replace(
        found,
        rules=(*found.rules, *(_told_by(rule, names) for rule in stay.values())),
        kept={each: kept[each] for each in stay},
        gone=tuple(each.id for each in lost if each.id not in kept),
    )


def _lost(found: Configuration, before: Before, now: datetime) -> list[Rule]:
    """The rules at work that the files do not hold any more, not even under another name."""
    written = {rule.id for rule in found.rules} | set(found.held)
    fresh = {rule.version for rule in found.rules if rule.id not in before.rules}
    missing = (before.rules.get(each) for each in before.rules if each not in written)
    return [
        rule
        for rule in missing
        if rule is not None and not rule.ended(now) and rule.version not in fresh
    ]


def _told_by(rule: Rule, channels: AbstractSet[ChannelName]) -> Rule:
    """A rule that is kept, without the channels that are gone."""
    return replace(rule, channels=tuple(name for name in rule.channels if name in channels))
