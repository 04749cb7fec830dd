"""What `monitor check` warns of: rules that load, and are hardly meant so."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from monitor.cli.output import count
from monitor.core.errors import Permanent, Problem

if TYPE_CHECKING:
    from monitor.config.load import Configuration
    from monitor.core.census import Census
    from monitor.core.lint import Finding
    from monitor.core.model import RuleId
    from monitor.core.rules import Rule
    from monitor.storage.engine import Database
    from monitor.storage.sample import Extent

SAMPLE = 1_000  # articles of the archive that are counted: some 2 s
LEAST_DAYS = 1.0  # of an archive, before its silence about a rule says anything
A_DAY = 86_400.0  # seconds
LEFT_OUT = "not looked for broad terms, rules that never fired, words of one language"


@dataclass(frozen=True, slots=True)
class Lint:
    """The warnings, sorted by place, and why some kinds of them could not be looked for."""

    warnings: tuple[Problem, ...]
    left_out: str | None = None


def lint(configuration: "Configuration", *, now: datetime, shown: bool) -> Lint:
    """Look at the rules, and at what they find in the archive where there is one.

    `shown`: with a progress bar.
    """
    from monitor.cli.context import database_of
    from monitor.cli.presence import ElsewhereError
    from monitor.config.whereabouts import Whereabouts
    from monitor.core.lint import findings
    from monitor.storage.engine import Broken

    whereabouts = Whereabouts(configuration.files)
    found = list(findings(configuration.rules, whereabouts.lists, used=whereabouts.used))
    left_out: str | None = f"{LEFT_OUT}: there is no archive yet"
    try:
        with database_of(configuration.settings) as database:
            if database is not None:
                counted, left_out = _counted(configuration, database, now=now, shown=shown)
                found += counted
    except (ElsewhereError, Permanent, Broken) as error:  # the files can be right all the same
        reason = " ".join(str(getattr(error, "orig", error)).split())
        left_out = f"{LEFT_OUT}: {reason}"
    warnings = {Problem(whereabouts.place(each.subject), each.message) for each in found}
    return Lint(tuple(sorted(warnings)), left_out)


def _counted(
    configuration: "Configuration", database: "Database", *, now: datetime, shown: bool
) -> "tuple[list[Finding], str | None]":
    """What the archive says, and what it is too small to say."""
    from monitor.cli.backtesting import progress
    from monitor.core.census import LEAST_ARTICLES, Census
    from monitor.storage import sample

    rules = [rule for rule in configuration.rules if rule.enabled and not rule.ended(now)]
    with database.read() as connection, progress(shown=shown) as bar:
        extent = sample.extent(connection)
        days = _days(extent)
        if extent.articles < LEAST_ARTICLES or days < LEAST_DAYS:
            small = f"{count(extent.articles, 'article')} of {days:.1f} days"
            return [], f"{LEFT_OUT}: the archive is too small ({small})"
        advance = bar(min(SAMPLE, extent.articles))
        census = Census(
            rules, configuration.knowledge, languages={rule.id: _claimed(rule) for rule in rules}
        )
        for document in sample.documents(connection, most=SAMPLE, of=extent.articles):
            census.add(document)
            advance(1)
        fired = sample.fired(connection)
    return [*census.findings(), *_silent(rules, census, fired, extent)], None


def _silent(
    rules: "list[Rule]", census: "Census", fired: "frozenset[RuleId]", extent: "Extent"
) -> "Iterator[Finding]":
    """The rules that matched when no article of the archive came, and match none of it now."""
    from monitor.core.lint import Finding, Kind, Subject

    for rule in rules:
        if rule.id in fired or not census.silent(rule.id):
            continue
        said = (
            f"{rule.id} has matched none of the {extent.articles:,} articles of "
            f"{_days(extent):.0f} days, and matches none of {census.articles:,} of them as it "
            f"stands now; `monitor rules explain ARTICLE {rule.id}` says of one that it should "
            "match what it lacks"
        )
        yield Finding(Kind.NEVER_FIRED, Subject(rule=rule.id), said)


def _days(extent: "Extent") -> float:
    if extent.first is None or extent.last is None:
        return 0.0
    return (extent.last - extent.first).total_seconds() / A_DAY


def _claimed(rule: "Rule") -> frozenset[str]:
    """The languages that a rule is for: those of its `language:`, else of its match examples."""
    from monitor.adapters.languages import identify, primary
    from monitor.core.census import languages_of

    named = languages_of(rule.condition)
    if named:
        return frozenset(filter(None, map(primary, named)))
    told = (
        each.document.language or identify(each.document.title)
        for each in rule.examples
        if each.matches
    )
    return frozenset(found for each in told if (found := primary(each)))
