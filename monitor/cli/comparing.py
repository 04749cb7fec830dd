"""`monitor rules diff`: the files on disk beside the version in force, over the archive."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.cli import differences
from monitor.cli.backtesting import Advance, Archive, progress
from monitor.cli.differences import QUOTED, Change, Changed, Compared, Outcome, Told
from monitor.cli.naming import refuse_unknown
from monitor.core.comparison import Difference, Side, compare, manner
from monitor.core.errors import Permanent

if TYPE_CHECKING:
    from monitor.config.load import Configuration
    from monitor.core.rules import Rule
    from monitor.storage.engine import Database

AROUND = 2  # lines of a definition shown on each side of a change

Rules = Mapping[str, "Rule"]


def diff(
    on_disk: "Configuration",
    names: Sequence[str],
    *,
    base: Path,
    span: timedelta,
    now: datetime,
    as_json: bool,
) -> None:
    """Compare and print what differs. Writes nothing."""
    from monitor.cli.context import database_of

    with database_of(on_disk.settings) as database, progress(shown=not as_json) as bar:
        found = compared(on_disk, database, names, base=base, since=now - span, until=now, bar=bar)
    if as_json:
        differences.tell(found)
    else:
        differences.show(found)


def compared(
    on_disk: "Configuration",
    database: "Database | None",
    names: Sequence[str],
    *,
    base: Path,
    since: datetime,
    until: datetime,
    bar: Callable[[int], Advance] = lambda _: lambda _: None,
) -> Outcome:
    """What the files would change: in the rules, and from `since` on in what they tell.

    Rules that vanished from the files count as removed: that is what confirming it would change.

    Raises Permanent if a rule that was named is held back, or the version in force does not load.
    """
    in_force, loaded_at = _in_force(database, base)
    known = [*on_disk.rules, *(in_force.rules if in_force else ())]
    held = [name for name in on_disk.held if not names or name in names]
    if names and held:
        raise Permanent(f"{held[0]} is held back: `monitor rules test {held[0]}` says why")
    refuse_unknown(names, list(dict.fromkeys(rule.id for rule in known)))
    written = _chosen(on_disk, names)
    vanished = {name: rule for name, rule in written.items() if rule.id in on_disk.kept}
    before = vanished | _chosen(in_force, names)
    after = {name: rule for name, rule in written.items() if name not in vanished}
    after |= {name: before[name] for name in held if name in before}
    outcome = Outcome(
        loaded_at, _changed(before, after), held, [each.id for each in vanished.values()]
    )
    if database is not None and outcome.changed:
        sides = _side(in_force or on_disk, before), _side(on_disk, after)
        window = on_disk.settings.story_window
        archive = Archive(database, since=since, until=until, story_window=window)
        outcome.compared = _replayed(archive, *sides, since=since, until=until, bar=bar)
    return outcome


def _in_force(
    database: "Database | None", base: Path
) -> "tuple[Configuration | None, datetime | None]":
    """The configuration that a watch has taken last, and when; None where there is none yet."""
    from monitor import app
    from monitor.config.problems import ConfigurationError
    from monitor.storage.sync import last_good

    if database is None:
        return None, None
    with database.read() as connection:
        kept = last_good(connection)
    if kept is None:
        return None, None
    files, loaded_at = kept
    try:
        return app.configure_files(files, base=base), loaded_at
    except ConfigurationError as error:
        raise Permanent(f"the version in force does not load any more: {error}") from error


def _chosen(configuration: "Configuration | None", names: Sequence[str]) -> dict[str, "Rule"]:
    rules = configuration.rules if configuration else ()
    return {rule.id: rule for rule in rules if not names or rule.id in names}


def _changed(before: Rules, after: Rules) -> list[Changed]:
    """The rules that differ, in the order of the files; those that are gone come last."""
    from monitor.config.definition import definition

    found = [Changed(name, Change.ADDED, rule.title) for name, rule in after.items()]
    found += [Changed(name, Change.REMOVED, rule.title) for name, rule in before.items()]
    for name in before.keys() & after.keys():
        old, new = definition(before[name]), definition(after[name])
        lines = list(unified_diff(old, new, lineterm="", n=AROUND))[2:]  # without the two headings
        if not lines and before[name].version != after[name].version:
            lines = [" config/knowledge/ has changed, by which its events are found"]
        if lines:
            found.append(Changed(name, Change.CHANGED, after[name].title, lines))
    both = before.keys() & after.keys()
    places = {name: number for number, name in enumerate([*after, *before])}
    kept = [each for each in found if each.how is Change.CHANGED or each.rule not in both]
    return sorted(kept, key=lambda each: places[each.rule])


def _side(configuration: "Configuration", rules: Rules) -> Side:
    from monitor.core.backtest import Replay, Summary, live

    at_work = live(rules.values(), named=False)
    channels = {channel.name: channel for channel in configuration.channels}
    window = configuration.settings.story_window
    return Side(
        Replay(at_work, configuration.knowledge, channels=channels, story_window=window),
        Summary(at_work),
    )


def _replayed(
    archive: Archive,
    before: Side,
    after: Side,
    *,
    since: datetime,
    until: datetime,
    bar: Callable[[int], Advance],
) -> Compared:
    found = Compared(archive.since, until, before.summary, after.summary)
    quoted: Counter[tuple[str, str]] = Counter()
    for article in archive.walk(bar):
        counted = article.seen_at >= since
        found.articles += counted
        for each in compare(article, before, after, counted=counted):
            quoted[each.rule, each.how] += 1
            found.told.append(_kept(each, quote=quoted[each.rule, each.how] <= QUOTED))
    return found


def _kept(difference: Difference, *, quote: bool) -> Told:
    """What is shown of an alert; the texts of thousands of articles are not kept."""
    from monitor.cli.trees import quoted

    article, match = difference.article, difference.verdict.match
    return Told(
        how=difference.how,
        rule=difference.rule,
        article=article.id,
        seen_at=article.seen_at,
        outlet=article.outlet_name,
        title=article.document.title,
        url=article.document.url,
        manner=manner(difference.verdict),
        other=difference.other,
        evidence=match.evidence,
        quotes=quoted(match.evidence, article.document) if quote else [],
    )
