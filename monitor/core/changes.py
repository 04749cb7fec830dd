"""What an edit of the configuration changes, in words for those who watch over the watch."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from monitor.core.model import RuleId
from monitor.core.rules import Rule

NAMED = 20  # rules that one sentence names; the rest are counted


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
class Changes:
    """What an edit does to the rules.

    `live` match what they did not match before, or match it otherwise; `altered` match as before,
    but are told otherwise; `off` are switched off, `gone` are not in the files any more.
    """

    live: tuple[Rule, ...] = ()
    altered: tuple[Rule, ...] = ()
    off: tuple[Rule, ...] = ()
    gone: tuple[RuleId, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.live or self.altered or self.off or self.gone)

    @property
    def count(self) -> int:
        """How many rules are touched."""
        return sum(map(len, (self.live, self.altered, self.off, self.gone)))


def changes(before: Collection[Rule], after: Collection[Rule]) -> Changes:
    """What becomes of the rules; where in a file they stand is no change."""
    known = {rule.id: rule for rule in before}
    pairs = [(known.get(rule.id), rule) for rule in after]
    names = {rule.id for rule in after}
    return Changes(
        live=tuple(rule for old, rule in pairs if rule.enabled and not _alike(old, rule)),
        altered=tuple(
            rule for old, rule in pairs if old and _alike(old, rule) and not _same(old, rule)
        ),
        off=tuple(rule for old, rule in pairs if old and old.enabled and not rule.enabled),
        gone=tuple(rule.id for rule in before if rule.enabled and rule.id not in names),
    )


def _alike(old: Rule | None, rule: Rule) -> bool:
    return old is not None and (old.version, old.enabled) == (rule.version, rule.enabled)


def _same(old: Rule, rule: Rule) -> bool:
    return replace(old, place=rule.place) == rule


def title(found: Changes, numbers: Mapping[RuleId, int]) -> str:
    """`oil v2 is live`, or how many rules an edit changes."""
    if found.count != 1:
        return f"{found.count} rules changed" if found else "The configuration changed"
    if found.live:
        return f"{_named(found.live[0].id, numbers)} is live"
    if found.altered:
        return f"{found.altered[0].id} changed"
    return f"{found.off[0].id} is switched off" if found.off else f"{found.gone[0]} is gone"


def sentences(found: Changes, numbers: Mapping[RuleId, int], trial: Trial) -> Iterator[str]:
    """One sentence a rule, for messages and for the log."""
    for rule in found.live:
        yield f"{_named(rule.id, numbers)} live: {_tried(rule.id, trial)}"
    for rule in found.altered:
        yield f"{_named(rule.id, numbers)} matches as before; how it is told has changed"
    for rule in found.off:
        yield f"{rule.id} is switched off (enabled: false)"
    for name in found.gone:
        yield f"{name} is gone from the files: it matches nothing from now on"


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


def kept_sentence(names: Sequence[RuleId]) -> str:
    """What is to be done about rules that vanished together."""
    shown = ", ".join(names[:NAMED])
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return (
        f"{_count(len(names), 'rule')} vanished from the files at once: {shown}{more}. The last "
        "version stays in force until the rules are back, or `monitor rules accept` says that they "
        "shall go."
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
