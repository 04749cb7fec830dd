"""What an edit of the configuration changes, in words for those who watch over the watch."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

from monitor.core.model import RuleId
from monitor.core.rules import Rule

NAMED = 20  # rules that one message names; the rest are counted


class Kept(StrEnum):
    """Why a rule is in force in a version that the files do not hold."""

    HELD = "held"  # the version of the files fails its examples
    VANISHED = "vanished"  # with many others, which nobody has confirmed


@dataclass(frozen=True, slots=True)
class Trial:
    """What rules match of the latest articles: `hours` is how far these go back."""

    matches: Mapping[RuleId, int]
    articles: int = 0
    hours: int = 0


@dataclass(frozen=True, slots=True)
class CutShort:
    """What a trial had found when an edit ended it before its time; `matches` counts articles."""

    matches: int
    would_tell: int


@dataclass(frozen=True, slots=True)
class Trials:
    """Rules on trial: when it ends, of those that it goes on of; and what was ended by hand.

    `over` are those whose `trial` was taken out when it had ended by itself.
    """

    ends: Mapping[RuleId, datetime] = field(default_factory=dict)
    cut: Mapping[RuleId, CutShort] = field(default_factory=dict)
    over: Collection[RuleId] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """What an edit does to the rules.

    `live` match what they did not match before, or match it otherwise; `altered` match as before,
    but are told otherwise; `off` are switched off, `gone` are not in the files any more. `renamed`
    are the same under another id: the old one, and the rule as it is now. `untried` have no `trial`
    any more: the rule as it was, and its id by now.
    """

    live: tuple[Rule, ...] = ()
    altered: tuple[Rule, ...] = ()
    off: tuple[Rule, ...] = ()
    gone: tuple[RuleId, ...] = ()
    renamed: tuple[tuple[RuleId, Rule], ...] = ()
    untried: tuple[tuple[Rule, RuleId], ...] = ()

    def __bool__(self) -> bool:
        return self.count > 0

    @property
    def count(self) -> int:
        """How many rules are touched."""
        return sum(map(len, (self.live, self.altered, self.off, self.gone, self.renamed)))


def changes(before: Collection[Rule], after: Collection[Rule]) -> Changes:
    """What becomes of the rules; where in a file they stand is no change."""
    known = {rule.id: rule for rule in before}
    pairs = [(known.get(rule.id), rule) for rule in after]
    names = {rule.id for rule in after}
    missing = [rule for rule in before if rule.enabled and rule.id not in names]
    renamed = tuple(_renamed(missing, [rule for old, rule in pairs if old is None]))
    old_names, new_names = {old for old, _ in renamed}, {rule.id for _, rule in renamed}
    live = [rule for old, rule in pairs if rule.enabled and not _alike(old, rule)]
    return Changes(
        live=tuple(rule for rule in live if rule.id not in new_names),
        altered=tuple(
            rule for old, rule in pairs if old and _alike(old, rule) and not _same(old, rule)
        ),
        off=tuple(rule for old, rule in pairs if old and old.enabled and not rule.enabled),
        gone=tuple(rule.id for rule in missing if rule.id not in old_names),
        renamed=renamed,
        untried=tuple(_untried([*pairs, *((known[old], rule) for old, rule in renamed)])),
    )


def _untried(pairs: Iterable[tuple[Rule | None, Rule]]) -> Iterator[tuple[Rule, RuleId]]:
    for old, rule in pairs:
        if old is not None and old.trial is not None and rule.enabled and rule.trial is None:
            yield old, rule.id


def _renamed(missing: Collection[Rule], fresh: Collection[Rule]) -> Iterator[tuple[RuleId, Rule]]:
    """Rules that are back under another id, each as one rule; all else that counts is alike."""
    old_names: dict[str, list[RuleId]] = {}
    for rule in missing:
        old_names.setdefault(rule.version, []).append(rule.id)
    for rule in fresh:
        if rule.enabled and (found := old_names.get(rule.version)):
            yield found.pop(0), rule


def _alike(old: Rule | None, rule: Rule) -> bool:
    return old is not None and (old.version, old.enabled) == (rule.version, rule.enabled)


def _same(old: Rule, rule: Rule) -> bool:
    return replace(old, place=rule.place) == rule


def title(found: Changes, numbers: Mapping[RuleId, int], trials: Trials) -> str:
    """`oil v2 is live`, or how many rules an edit changes."""
    if found.count != 1:
        return f"{found.count:,} rules changed" if found else "The configuration changed"
    if found.live:
        (rule,) = found.live
        return f"{_named(rule.id, numbers)} is {'on trial' if rule.id in trials.ends else 'live'}"
    if found.altered:
        (rule,) = found.altered
        return (
            f"{_named(rule.id, numbers)} is live" if rule.id in trials.cut else f"{rule.id} changed"
        )
    if found.renamed:
        return f"{found.renamed[0][0]} is renamed"
    return f"{found.off[0].id} is switched off" if found.off else f"{found.gone[0]} is gone"


def sentences(
    found: Changes,
    numbers: Mapping[RuleId, int],
    trial: Trial,
    trials: Trials,
) -> list[str]:
    """One sentence a rule, for messages and for the log; after NAMED of them, how many more."""
    told = [*_sentences(found, numbers, trial, trials)]
    more = len(told) - NAMED
    return told if more <= 0 else [*told[:NAMED], f"and {_count(more, 'rule')} more"]


def _sentences(
    found: Changes,
    numbers: Mapping[RuleId, int],
    trial: Trial,
    trials: Trials,
) -> Iterator[str]:
    for name in found.gone:  # what is lost first: it is what nobody may overlook
        yield f"{name} is gone from the files: it matches nothing from now on"
    for rule in found.off:
        yield f"{rule.id} is switched off (enabled: false)"
    for old, rule in found.renamed:
        how = _untold(rule, trials, "; ") or _ended(rule, trials)
        yield f"{old} is now called {rule.id}; it matches as before{how}"
    for rule in found.live:
        state = _untold(rule, trials, " ") or " live"
        yield f"{_named(rule.id, numbers)}{state}: {_tried(rule.id, trial)}{_ended(rule, trials)}"
    for rule in found.altered:
        how = _untold(rule, trials, "; ") or _ended(rule, trials) or "; how it is told has changed"
        yield f"{_named(rule.id, numbers)} matches as before{how}"


def _untold(rule: Rule, trials: Trials, joint: str) -> str:
    """Until when a rule on trial tells nobody; nothing if it is not on trial."""
    if rule.id not in trials.ends:
        return ""
    end = trials.ends[rule.id].astimezone(UTC)
    return f"{joint}on trial until {end.day} {end:%b %H:%M} UTC, tells nobody until then"


def _ended(rule: Rule, trials: Trials) -> str:
    """What a trial had found that an edit has ended; nothing if it has ended none."""
    if rule.id in trials.over:
        return "; its trial was over"
    if (cut := trials.cut.get(rule.id)) is None:
        return ""
    matched = _count(cut.matches, "article")
    told = "once" if cut.would_tell == 1 else f"{cut.would_tell:,} times"
    said = f"it matched {matched} and would have told {told}"
    return f"; its trial was ended by hand: {said}; it tells from now on"


def _named(rule: RuleId, numbers: Mapping[RuleId, int]) -> str:
    return f"{rule} v{numbers[rule]}" if rule in numbers else rule


def _tried(rule: RuleId, trial: Trial) -> str:
    if not trial.articles:
        return "there is no article yet to try it on"
    return (
        f"matches {trial.matches.get(rule, 0):,} of {_count(trial.articles, 'article')} of the "
        f"last {trial.hours} h"
    )


def difference(what: str, before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    """How many feeds, channels … an edit adds, takes away and alters; nothing if none."""
    counts = {
        "new": len(after.keys() - before.keys()),
        "gone": len(before.keys() - after.keys()),
        "altered": sum(before[name] != after[name] for name in before.keys() & after.keys()),
    }
    said = ", ".join(f"{number:,} {word}" for word, number in counts.items() if number)
    return [f"{what}s: {said}"] if said else []


def secrets(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """What becomes of names that the process was started with other values for, by digests."""
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) == after.get(name):
            continue
        if name in after:
            yield (
                f"secrets.env: the new {name} takes effect at the next start; the process was "
                "started with another one in its environment"
            )
        else:
            yield f"secrets.env: {name} is again as the watch was started with"


def kept_sentence(names: Sequence[RuleId]) -> str:
    """What is to be done about rules that vanished together."""
    return (
        f"{_count(len(names), 'rule')} vanished from the files at once: {_listed(names)}. The last "
        "version stays in force until the rules are back, or `monitor rules accept` says that they "
        "shall go."
    )


def back_sentence(names: Sequence[RuleId]) -> str:
    """That rules which had vanished stand in the files again."""
    return f"{_count(len(names), 'rule')} back in the files: {_listed(names)}"


def _listed(names: Sequence[RuleId]) -> str:
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
