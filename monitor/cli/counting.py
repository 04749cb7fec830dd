"""What rules that count would have told over the archive: part of `monitor rules backtest`."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from monitor.cli import output
from monitor.cli.output import FAINT, STRONG, count, say

if TYPE_CHECKING:
    from monitor.config.load import Configuration
    from monitor.core.model import RuleId
    from monitor.core.projection import Episode
    from monitor.core.rules import Rule
    from monitor.core.volume import Hit, Span
    from monitor.storage.engine import Database

SHOWN = 10  # episodes of one rule; the rest are counted

Projected = dict[str, list["Episode"]]


def projected(
    configuration: "Configuration", rules: list["Rule"], *, span: timedelta, now: datetime
) -> Projected:
    """The spikes and silences that looks at all times would have told, by rule. Writes nothing."""
    from monitor.cli.context import database_of
    from monitor.core.projection import Past
    from monitor.core.volume import Span, history
    from monitor.storage import ledger, replay

    counting = [(rule, rule.volume) for rule in rules if rule.volume is not None]
    if not counting:
        return {}
    told: Projected = {str(rule.id): [] for rule, _ in counting}
    with database_of(configuration.settings) as database:
        if database is None:
            return told
        with database.read() as connection:
            begun = replay.first_seen(connection) or now
            reach = max(history(volume) for _, volume in counting)
            whole = Span(now - span - reach, now)
            blind = [each for each, _ in ledger.blind_spells(connection, since=whole.since)]
        hits = _hits(configuration, database, [rule for rule, _ in counting], whole)
    looked = Span(max(now - span, begun), now)
    for rule, volume in counting:
        past = Past(volume, hits[rule.id], known_from=max(begun, whole.since), blind=blind)
        told[str(rule.id)] = past.episodes(looked)
    return told


def _hits(
    configuration: "Configuration", database: "Database", rules: list["Rule"], span: "Span"
) -> dict["RuleId", list["Hit"]]:
    from monitor.core.matcher import Matcher
    from monitor.core.volume import Hit, counted_at, counts
    from monitor.storage import replay, volumes

    named, found = {rule.id: rule for rule in rules}, defaultdict["RuleId", list["Hit"]](list)
    matcher = Matcher(rules, configuration.knowledge)
    with database.read() as connection:
        copied = volumes.copies(connection, span)
        for article in replay.archived(connection, since=span.since, until=span.until):
            at = counted_at(article.origin, published=article.published_at, seen=article.seen_at)
            if at is None:
                continue
            hit = Hit(
                article=article.id,
                at=at,
                story=article.story_id,
                outlet_id=article.outlet_id,
                carrier=article.carrier,
                credit=article.credit,
                duplicate_of=copied.get(article.id),
            )
            for match in matcher.match(article.document):
                if counts(named[match.rule], match):
                    found[match.rule].append(hit)
    return found


def fields(found: Projected) -> list[dict[str, Any]]:
    """The same for a program."""
    return [
        {
            "rule": name,
            "episodes": [
                {
                    "kind": each.kind,
                    "began": each.began_at,
                    "ended": each.ended_at,
                    "reason": each.reason,
                }
                for each in episodes
            ],
        }
        for name, episodes in found.items()
    ]


def show(found: Projected) -> None:
    """Print what each rule would have told."""
    for name, episodes in found.items():
        say((f"{name}: ", STRONG), f"{count(len(episodes), 'time')} told")
        for each in episodes[:SHOWN]:
            until = f"until {output.at(each.ended_at)}" if each.ended_at else "lasts"
            say(f"{output.at(each.began_at)}  {each.reason} ({until})", indent=2)
        if len(episodes) > SHOWN:
            say((f"and {len(episodes) - SHOWN} more", FAINT), indent=2)
