"""Rules on trial, as commands show them."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from monitor.cli.output import at
from monitor.core.errors import Permanent, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.config.load import Configuration
    from monitor.core.rules import Rule
    from monitor.storage.engine import Database


@dataclass(frozen=True, slots=True)
class OnTrial:
    """One rule that tells nobody yet; `untold` is what it would have told so far."""

    rule: str
    until: datetime
    matches: int
    untold: tuple[Any, ...]

    def fields(self) -> dict[str, Any]:
        """For a program."""
        return {
            "rule": self.rule,
            "until": self.until,
            "matches": self.matches,
            "would_tell": len(self.untold),
        }

    def __str__(self) -> str:
        return f"on trial until {at(self.until)}"


def on_trial(database: "Database", rules: "Iterable[Rule]", *, now: datetime) -> dict[str, OnTrial]:
    """The rules at work whose trial has begun and is not over.

    `rules` are those of the files; of what is in force and not there, the database knows.
    """
    from monitor.storage import trials, versions

    known = {rule.id: rule for rule in rules}
    found: dict[str, OnTrial] = {}
    with database.read() as connection:
        if elsewhere := trials.begun(connection).keys() - known.keys():
            in_force = versions.at_work(connection)
            known |= {name: rule for name in elsewhere if (rule := in_force.get(name)) is not None}
        at_work = [rule for rule in known.values() if rule.enabled]
        for name, end in trials.ends(connection, at_work).items():
            began = trials.began(connection, name)
            if now < end and began is not None:
                matched = trials.matches(connection, name, since=began, until=end)
                untold = trials.untold(connection, name, since=began, until=end)
                found[name] = OnTrial(name, end, matched, tuple(untold))
    return found


def remarks(configuration: "Configuration", *, now: datetime) -> list[Problem]:
    """Of each rule with a trial how far it is, and whether its last day comes before the end."""
    tried = [rule for rule in configuration.rules if rule.enabled and rule.trial is not None]
    begun = _begun(configuration, tried) if tried else {}
    found = []
    for rule in tried:
        since, span = begun.get(rule.id), rule.trial or timedelta()
        end = rule.trial_ends(since or now)
        if rule.ended(now) or end is None or end <= now:
            continue
        if end < (since or now) + span:
            words = f"its last day is {rule.expires}, before the end of its trial: it tells nobody"
        elif since is None:
            words = "its trial begins when the watch takes it up: until its end it tells nobody"
        else:
            words = f"on trial until {at(end)}: until then it tells nobody"
        found.append(Problem(rule.place, f"the rule {rule.id}: {words}"))
    return found


def _begun(configuration: "Configuration", rules: "list[Rule]") -> dict[str, datetime | None]:
    """Since when rules are on trial; nothing where no database says so."""
    from monitor.cli.context import database_of
    from monitor.cli.presence import ElsewhereError
    from monitor.storage import trials

    try:
        with database_of(configuration.settings) as database:
            if database is None:
                return {}
            with database.read() as connection:
                return {rule.id: trials.began(connection, rule.id) for rule in rules}
    except (ElsewhereError, Permanent):  # of another version, which the watch mends at its start
        return {}
