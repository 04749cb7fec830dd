"""Incidents: what was said of them, which stories they have, what was told."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    delete,
    exists,
    func,
    select,
    update,
)

from monitor.core.alerts import Reason
from monitor.core.corroboration import Voices
from monitor.core.credits import counted
from monitor.core.incidents import Incident, IncidentId
from monitor.core.model import ArticleId, RuleId, Severity, StoryId
from monitor.storage.schema import alert, article, incident, incident_story, match
from monitor.storage.upsert import insert_new


def going(
    connection: Connection,
    called: Collection[RuleId],
    story_id: StoryId,
    *,
    others_since: datetime | None,
) -> list[Incident]:
    """The incidents of a rule that an article may join: those of its story, and others that go on.

    `called` are the names that the rule has had. Others are those with an article since then;
    None for none of them.
    """
    of_story = select(incident_story.c.incident_id).where(incident_story.c.story_id == story_id)
    joinable: ColumnElement[bool] = incident.c.id.in_(of_story)
    if others_since is not None:
        joinable |= and_(incident.c.strong, incident.c.last_at >= others_since)
    asked = select(incident).where(incident.c.rule_id.in_(called), joinable)
    rows = connection.execute(asked.order_by(incident.c.id)).all()
    stories: dict[int, set[StoryId]] = {row.id: set() for row in rows}
    if rows:
        told = select(incident_story).where(incident_story.c.incident_id.in_(list(stories)))
        for each in connection.execute(told):
            stories[each.incident_id].add(StoryId(each.story_id))
    return [_incident(row, stories[row.id]) for row in rows]


def by_id(connection: Connection, incident_id: IncidentId) -> Incident | None:
    """One incident, without its stories."""
    row = connection.execute(_BY_ID, {"number": incident_id}).first()
    return None if row is None else _incident(row, set())


# Statements that each message comes by are built once, here and below.
_BY_ID = select(incident).where(incident.c.id == bindparam("number"))


def _incident(row: Row[Any], stories: set[StoryId]) -> Incident:
    state = row.state
    return Incident(
        id=IncidentId(row.id),
        opened_at=row.opened_at,
        last_at=row.last_at,
        told_at=row.told_at,
        stories=stories,
        family=state.get("family", ""),
        strong=row.strong,
        # One that was told before this was kept is as urgent as can be: it is told once.
        severity=Severity(state.get("severity", Severity.CRITICAL)),
        types=set(state.get("types", ())),
        parties=set(state.get("parties", ())),
        places=set(state.get("places", ())),
        numbers=list(state.get("numbers", ())),
        another=state.get("another", False),
        grown=state.get("grown", False),
        voices=Voices.from_stored(state.get("voices", ())),
    )


def keep(connection: Connection, rule_id: RuleId, kept: Incident, *, story: StoryId) -> IncidentId:
    """Store what is known of an incident now, and that a story is part of it."""
    values: dict[str, Any] = {
        "rule_id": rule_id,
        "last_at": kept.last_at,
        "told_at": kept.told_at,
        "strong": kept.strong,
        "state": {
            "family": kept.family,
            "severity": kept.severity,
            "types": sorted(kept.types),
            "parties": sorted(kept.parties),
            "places": sorted(kept.places),
            "numbers": kept.numbers,
            "another": kept.another,
            "grown": kept.grown,
            "voices": kept.voices.stored(),
        },
    }
    if kept.id is None:
        opened = incident.insert().values(opened_at=kept.opened_at, **values)
        found = connection.execute(opened.returning(incident.c.id)).scalar_one()
        kept.id = IncidentId(found)
    else:
        connection.execute(update(incident).where(incident.c.id == kept.id).values(**values))
    insert_new(connection, incident_story, incident_id=kept.id, story_id=story)
    return kept.id


def told(connection: Connection, incident_id: IncidentId) -> frozenset[Reason]:
    """The reasons for which people heard of an incident."""
    reasons = select(alert.c.reason).where(alert.c.incident_id == incident_id)
    return frozenset(Reason(each) for each in connection.execute(reasons).scalars())


def foregone(
    connection: Connection, incident_id: IncidentId, *, beside: ArticleId
) -> frozenset[Reason]:
    """Why a rule on trial would have told of an incident, but for the article `beside`."""
    reasons = select(match.c.would_tell).where(
        match.c.incident_id == incident_id,
        match.c.article_id != beside,
        match.c.would_tell.is_not(None),
    )
    return frozenset(Reason(each) for each in connection.execute(reasons).scalars())


def carried(
    connection: Connection, incident_id: IncidentId, *, beside: Row[Any] | None = None
) -> tuple[int, int]:
    """How many outlets carry an incident, and from how many independent sources.

    Copies of its articles count as outlets too; and an article that is about to join, `beside`.
    """
    rows = list(connection.execute(_CARRIED, {"number": incident_id}))
    return counted([*rows, *([beside] if beside is not None else [])])


_ORIGINAL = select(match.c.article_id).where(match.c.incident_id == bindparam("number"))
_CARRIED = select(
    article.c.outlet_id,
    article.c.carrier,
    article.c.credit,
    article.c.duplicate_of,
    article.c.relates_to,
).where(article.c.id.in_(_ORIGINAL) | article.c.duplicate_of.in_(_ORIGINAL))


def folded(connection: Connection, incident_id: IncidentId) -> int:
    """How many reports of an incident said nothing new; what people have silenced may have."""
    return connection.execute(_SILENT, {"number": incident_id}).scalar_one()


_SILENT = select(func.count()).where(
    match.c.incident_id == bindparam("number"),
    match.c.alert_id.is_(None),
    match.c.silence_id.is_(None),
)


def merge_stories(connection: Connection, merged: StoryId, *, into: StoryId) -> None:
    """Let the incidents of a story that was merged be those of the other one."""
    ids = select(incident_story.c.incident_id).where(incident_story.c.story_id == merged)
    for incident_id in connection.execute(ids).scalars().all():
        insert_new(connection, incident_story, incident_id=incident_id, story_id=into)
    connection.execute(delete(incident_story).where(incident_story.c.story_id == merged))


def forget(connection: Connection, *, before: datetime, limit: int) -> int:
    """Delete incidents that nothing refers to any more."""
    told_of = exists().where(alert.c.incident_id == incident.c.id)
    matched = exists().where(match.c.incident_id == incident.c.id)
    old = select(incident.c.id).where(incident.c.last_at < before, ~told_of, ~matched).limit(limit)
    ids: Collection[int] = connection.execute(old).scalars().all()
    connection.execute(delete(incident_story).where(incident_story.c.incident_id.in_(ids)))
    connection.execute(delete(incident).where(incident.c.id.in_(ids)))
    return len(ids)
