"""`monitor rules list`: every rule, its state, and how often it matched and told."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from monitor.cli.output import BAD, DOUBT, FAINT, STRONG, Cell, at, count, emit, rfc3339, say, table
from monitor.cli.trying import OnTrial

if TYPE_CHECKING:
    from monitor.config.load import Configuration
    from monitor.core.rules import Rule

SHOWN = 20  # headlines of one rule on trial
VANISHED = "vanished, kept in force"
# By how a state begins.
STYLES = {"on trial": DOUBT, "held back": BAD, "ended": BAD, "vanished": BAD, "off": FAINT}


@dataclass(frozen=True, slots=True)
class Line:
    """One rule: `matches` are articles. A rule that is held back has no severity."""

    rule: str
    state: str
    severities: tuple[str, ...] = ()
    matches: int = 0
    alerts: int = 0
    trial: OnTrial | None = None
    noise: int = 0  # incidents that people called false alarms


def list_rules(
    configuration: "Configuration",
    names: Sequence[str],
    *,
    since: datetime,
    now: datetime,
    as_json: bool,
) -> None:
    """Print the rules, and of those that are named what they would have told on trial."""
    lines = [
        line
        for line in listed(configuration, since=since, now=now)
        if not names or line.rule in names
    ]
    if as_json:
        emit([_fields(line) for line in lines])
        return
    table(
        ("rule", "severity", "state", "matches", "alerts", "noise", "would tell"),
        [_cells(line) for line in lines],
    )
    say((f"matches, alerts and false alarms since {at(since)}", FAINT))
    for line in lines:
        if line.trial is not None and line.rule in names:
            _show_untold(line.trial)


def listed(configuration: "Configuration", *, since: datetime, now: datetime) -> list[Line]:
    """The rules in the order of the files, those that vanished, then those that are held back."""
    from monitor.cli.context import database_of
    from monitor.cli.trying import on_trial
    from monitor.storage import answers, views

    noise: Mapping[str, int] = {}
    matches: Mapping[str, int] = {}
    alerts: Mapping[str, int] = {}
    tried: Mapping[str, OnTrial] = {}
    with database_of(configuration.settings) as database:
        if database is not None:
            with database.read() as connection:
                matches, alerts = views.by_rule(connection, since=since)
                noise = answers.false_alarms(connection, since=since)
            tried = on_trial(database, configuration.rules, now=now)
    lines = [
        Line(
            rule.id,
            VANISHED
            if rule.id in configuration.kept
            else _state(rule, tried.get(rule.id), now=now),
            tuple(dict.fromkeys(case.severity for case in rule.cases)) or (rule.severity,),
            matches.get(rule.id, 0),
            alerts.get(rule.id, 0),
            tried.get(rule.id),
            noise.get(rule.id, 0),
        )
        for rule in configuration.rules
    ]
    return lines + [Line(name, "held back: an example fails") for name in configuration.held]


def _state(rule: "Rule", trial: OnTrial | None, *, now: datetime) -> str:
    if not rule.enabled:
        return "off"
    if rule.ended(now):
        return f"ended {rule.expires}"
    return "live" if trial is None else str(trial)


def _cells(line: Line) -> tuple[Cell, ...]:
    style = next((style for start, style in STYLES.items() if line.state.startswith(start)), "")
    would = "" if line.trial is None else f"{len(line.trial.untold):,}"
    severities = ", ".join(line.severities)
    counts = f"{line.matches:,}", f"{line.alerts:,}", f"{line.noise:,}" if line.noise else ""
    return line.rule, severities, (line.state, style), *counts, would


def _fields(line: Line) -> dict[str, Any]:
    trial = line.trial
    return {
        "rule": line.rule,
        "severities": line.severities,
        "state": line.state,
        "matches": line.matches,
        "alerts": line.alerts,
        "false_alarms": line.noise,
        "trial": trial and trial.fields(),
        "would_tell": [
            {
                "article": row.id,
                "title": row.title,
                "outlet": row.outlet_name,
                "at": rfc3339(row.matched_at),
                "reason": row.would_tell,
            }
            for row in (trial.untold if trial else ())
        ],
    }


def _show_untold(trial: OnTrial) -> None:
    number, matched = len(trial.untold), count(trial.matches, "article")
    say("")
    say((f"{trial.rule}, {trial}", STRONG), f": {matched} matched, {number:,} would have been told")
    for row in reversed(trial.untold[-SHOWN:]):
        say(row.title, indent=2)
        told = f"{at(row.matched_at)} · {row.outlet_name} · article {row.id} · {row.would_tell}"
        say((told, FAINT), indent=4)
    if number > SHOWN:
        say((f"and {number - SHOWN:,} before: --json lists all", FAINT), indent=2)
