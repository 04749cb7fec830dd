"""Rules on trial: since when, what they would have told, and whether that was summed up."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select, update

from monitor.core.model import RuleId
from monitor.core.rules import Rule
from monitor.storage.schema import article, match, outlet, rule, rule_version


def ends(connection: Connection, rules: Iterable[Rule]) -> dict[RuleId, datetime]:
    """When the trials of these rules end or ended, of those that have begun one."""
    tried = {each.id: each for each in rules if each.trial is not None}
    if not tried:
        return {}
    asked = select(rule.c.id, rule.c.trial_since).where(rule.c.id.in_(tried))
    found = {row.id: tried[row.id].trial_ends(row.trial_since) for row in connection.execute(asked)}
    return {name: moment for name, moment in found.items() if moment is not None}


def begun(connection: Connection) -> dict[RuleId, datetime]:
    """Since when rules at work have been on trial; it may be over."""
    asked = select(rule.c.id, rule.c.trial_since).where(
        rule.c.live, rule.c.trial_since.is_not(None)
    )
    return {RuleId(row.id): row.trial_since for row in connection.execute(asked)}


def names(connection: Connection, rule_id: RuleId, *, began: datetime) -> frozenset[RuleId]:
    """The id of a rule, and what it was called before during a trial that `began` then.

    Who takes over another's trial has begun it at the same moment, and shares a version with it.
    """
    left = and_(rule.c.trial_since == began, ~rule.c.live, rule.c.id != rule_id)
    others = connection.execute(select(rule.c.id).where(left)).scalars().all()
    if not others:
        return frozenset({rule_id})
    versions: dict[str, set[str]] = {}
    asked = select(rule_version.c.rule_id, rule_version.c.version)
    for row in connection.execute(asked.where(rule_version.c.rule_id.in_([rule_id, *others]))):
        versions.setdefault(row.rule_id, set()).add(row.version)
    found, reached = {rule_id}, versions.pop(rule_id, set())
    while alike := [name for name, had in versions.items() if had & reached]:
        for name in alike:
            found.add(RuleId(name))
            reached |= versions.pop(name)
    return frozenset(found)


def matches(connection: Connection, rule_id: RuleId, *, since: datetime, until: datetime) -> int:
    """How many articles a rule matched in a trial of that time, by whatever name."""
    called = names(connection, rule_id, began=since)
    asked = select(func.count(match.c.article_id.distinct())).where(*_matched(called, since, until))
    return int(connection.execute(asked).scalar_one())


def untold(
    connection: Connection, rule_id: RuleId, *, since: datetime, until: datetime
) -> Sequence[Row[Any]]:
    """What a rule would have told in a trial of that time, by whatever name, oldest first.

    Rows of id, title, outlet_name, matched_at, would_tell.
    """
    called = names(connection, rule_id, began=since)
    columns = (article.c.id, article.c.title, outlet.c.name.label("outlet_name"))
    asked: Select[Any] = select(*columns, match.c.matched_at, match.c.would_tell)
    rows = connection.execute(
        asked.join(article, article.c.id == match.c.article_id)
        .join(outlet, outlet.c.id == article.c.outlet_id)
        .where(*_matched(called, since, until), match.c.would_tell.is_not(None))
        .order_by(match.c.matched_at, match.c.id)
    )
    first: dict[int, Row[Any]] = {}  # an article may have been judged again under another name
    for row in rows:
        first.setdefault(row.id, row)
    return [*first.values()]


def _matched(
    called: Collection[RuleId], since: datetime, until: datetime
) -> tuple[ColumnElement[bool], ...]:
    return match.c.rule_id.in_(called), match.c.matched_at >= since, match.c.matched_at < until


def began(connection: Connection, rule_id: RuleId) -> datetime | None:
    """When the trial of a rule began; None if it has none."""
    asked = select(rule.c.trial_since).where(rule.c.id == rule_id)
    found: datetime | None = connection.execute(asked).scalar_one_or_none()
    return found


def mark_told(connection: Connection, rule_id: RuleId, *, end: datetime) -> bool:
    """Note that the trial that ended then is summed up; False if it was already."""
    untold_yet = or_(rule.c.trial_told.is_(None), rule.c.trial_told < end)
    done = connection.execute(
        update(rule).where(and_(rule.c.id == rule_id, untold_yet)).values(trial_told=end)
    )
    return done.rowcount > 0
