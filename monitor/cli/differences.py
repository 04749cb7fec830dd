"""What `monitor rules diff` found, as a person and as a program reads it."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Any

from monitor.cli.backtesting import A_DAY, BAR, in_days, say_days
from monitor.cli.output import (
    BAD,
    DOUBT,
    FAINT,
    GOOD,
    STRONG,
    Cell,
    at,
    count,
    emit,
    rfc3339,
    say,
    table,
)
from monitor.core import charts
from monitor.core.changes import kept_sentence
from monitor.core.comparison import Effect

if TYPE_CHECKING:
    from monitor.core.backtest import Summary
    from monitor.core.model import Evidence, RuleId

QUOTED = 10  # alerts of one rule, gained or lost, that are shown with their evidence


class Change(StrEnum):
    """What becomes of a rule."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Changed:
    """A rule that differs; `lines` is how its definition does, in the form of `diff -u`."""

    rule: str
    how: Change
    title: str
    lines: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An alert that is gained, lost or told otherwise; `other` is what the other version does.

    Only the first of each rule have `quotes`.
    """

    how: Effect
    rule: str
    article: int
    seen_at: datetime
    outlet: str
    title: str
    url: str | None
    manner: str
    other: str
    evidence: "tuple[Evidence, ...]"
    quotes: list[str]


@dataclass(slots=True)
class Compared:
    """What a replay of both versions gave."""

    since: datetime
    until: datetime
    before: "Summary"
    after: "Summary"
    articles: int = 0
    told: list[Told] = field(default_factory=list)

    @property
    def days(self) -> float:
        """How long the archive covers, at least one day: less is not projected."""
        return max((self.until - self.since) / A_DAY, 1.0)

    def by_day(self) -> list[tuple[str, int, int]]:
        """Every day with the alerts before and after."""
        from monitor.core.backtest import days

        before, after = self.before.by_day, self.after.by_day
        return [(d.isoformat(), before[d], after[d]) for d in days(self.since, self.until)]

    def by_rule(self) -> list[tuple[str, dict[str, int]]]:
        """Every rule at work before or after, with its alerts and what becomes of them."""
        effects = Counter((each.rule, each.how) for each in self.told)
        sides = {"before": self.before.rules, "after": self.after.rules}
        names = dict.fromkeys([*self.after.rules, *self.before.rules])
        return [
            (
                name,
                {key: side[name].alerts if name in side else 0 for key, side in sides.items()}
                | {how.value: effects[name, how] for how in Effect},
            )
            for name in names
        ]


@dataclass(slots=True)
class Outcome:
    """What differs; `compared` is None where no rule does, or there is no archive.

    `held`: rules on disk that fail their examples; they are compared as they are in force.
    `vanished`: rules that the files lack, and that stay in force until somebody confirms it.
    """

    in_force_since: datetime | None
    changed: list[Changed]
    held: Sequence[str]
    vanished: "Sequence[RuleId]"
    compared: Compared | None = None


# --- for a program --------------------------------------------------------------------------


def tell(found: Outcome) -> None:
    """Print it as JSON."""
    emit(
        {
            "in_force_since": rfc3339(found.in_force_since),
            "rules": [
                {"rule": each.rule, "change": each.how, "title": each.title, "diff": each.lines}
                for each in found.changed
            ],
            "held": found.held,
            "vanished": found.vanished,
            "archive": None if found.compared is None else _archive(found.compared),
        }
    )


def _archive(found: Compared) -> dict[str, Any]:
    return {
        "since": rfc3339(found.since),
        "until": rfc3339(found.until),
        "articles": found.articles,
        "before": _projected(found.before, found),
        "after": _projected(found.after, found),
        "days": [{"day": d, "before": old, "after": new} for d, old, new in found.by_day()],
        "rules": [{"rule": name, **counts} for name, counts in found.by_rule()],
        "alerts": [
            {
                "change": each.how,
                "rule": each.rule,
                "article": each.article,
                "seen": rfc3339(each.seen_at),
                "outlet": each.outlet,
                "title": each.title,
                "url": each.url,
                "told": each.manner,
                "other": each.other,
                "evidence": each.evidence,
            }
            for each in found.told
        ],
    }


def _projected(summary: "Summary", found: Compared) -> dict[str, Any]:
    return {
        "alerts": summary.alerts,
        "at_once": summary.at_once,
        "alerts_a_day": round(summary.alerts / found.days, 2),
    }


# --- for a person ---------------------------------------------------------------------------

_STYLES = {"+": GOOD, "-": BAD, "@": FAINT}
_SIGNS = {
    Change.ADDED: ("+", GOOD),
    Change.REMOVED: ("-", BAD),
    Change.CHANGED: ("~", DOUBT),
    Effect.GAINED: ("+", GOOD),
    Effect.LOST: ("-", BAD),
    Effect.OTHERWISE: ("~", DOUBT),
}


def show(found: Outcome) -> None:
    """Print it for a person: the rules, the alerts, then how many a day."""
    since = found.in_force_since
    version = "nothing is in force yet" if since is None else f"in force since {at(since)}"
    say((version, FAINT))
    for name in found.held:
        say((f"{name} fails its examples: its version on disk would not go live", BAD))
    if found.vanished:
        say((kept_sentence(found.vanished), BAD))
    if not found.changed:
        say("no rule differs")
        return
    for each in found.changed:
        titled = f" ({each.title})" if each.title != each.rule else ""
        say(_SIGNS[each.how], f" {each.rule}{titled}: {each.how}")
        for line in each.lines:
            say(("…" if line[0] == "@" else line, _STYLES.get(line[0], "")), indent=4)
    if found.compared is not None:
        _show_alerts(found.compared)
        _show_counts(found.compared)


def _show_alerts(found: Compared) -> None:
    for name, counts in found.by_rule():
        for how in Effect:
            if number := counts[how.value]:
                say("")
                say((f"{name}: {count(number, 'alert')} {how}", STRONG))
                alike = [each for each in found.told if (each.rule, each.how) == (name, how)]
                for each in alike[:QUOTED]:
                    _show_alert(each)
                if number > QUOTED:
                    say((f"and {number - QUOTED:,} more: --json lists all", FAINT), indent=2)


def _show_alert(each: Told) -> None:
    other = {Effect.GAINED: "before", Effect.LOST: "now", Effect.OTHERWISE: "before"}[each.how]
    say(_SIGNS[each.how], f" {each.title}")
    say((f"{at(each.seen_at)} · {each.outlet} · article {each.article}", FAINT), indent=4)
    said = each.other if each.how is Effect.LOST else f"{each.manner}; {other}: {each.other}"
    say((f"{other}: {said}" if each.how is Effect.LOST else said, FAINT), indent=4)
    for quote in each.quotes:
        say(quote, indent=4)


def _show_counts(found: Compared) -> None:
    span = f"seen from {at(found.since)} to {at(found.until)}"
    old, new = found.before, found.after
    say("")
    say(f"{count(found.articles, 'article')}, {span}: {old.matched:,} matched, now {new.matched:,}")
    if not found.articles:
        return
    say(
        (f"{old.alerts / found.days:.1f} → {new.alerts / found.days:.1f} alerts a day", STRONG),
        f": {old.alerts:,} → {new.alerts:,} in {in_days(found.days)}, "
        f"{old.at_once:,} → {new.at_once:,} of them at once",
    )
    say("")
    daily = found.by_day()
    most = max(max(before, after) for _, before, after in daily)
    for loud, group in groupby(daily, key=lambda each: max(each[1:]) > 0):
        say_days([_day(*each, most=most) for each in group], quiet=not loud)
    say("")
    headings = ("before", "after", *(how.value for how in Effect))
    rows = [(name, *(str(counts[key]) for key in headings)) for name, counts in found.by_rule()]
    table(("rule", *headings), rows)


def _day(day: str, before: int, after: int, *, most: int) -> tuple[Cell, ...]:
    """A bar of what both tell, and of what is gained or lost."""
    same, longer = (charts.bar(each(before, after), most, width=BAR) for each in (min, max))
    sign, style = ("+", GOOD) if after > before else ("-", BAD)
    numbers = f" {before}" if before == after else f" {before} → {after}"
    return f"{day}  ", same, (sign * (len(longer) - len(same)), style), numbers
