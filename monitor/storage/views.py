"""What people ask: the content of a message, the life of an article, how the watch is doing."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, case, func, or_, select, text

from monitor.core.alerts import News, Origin, Reason
from monitor.core.corroboration import NOBODY, Standing
from monitor.core.credits import shown_credit
from monitor.core.incidents import IncidentId
from monitor.core.knowledge import Event, Status
from monitor.core.model import (
    ArticleId,
    Completeness,
    Document,
    Evidence,
    RuleId,
    Severity,
    StoryId,
    Strength,
    Tier,
)
from monitor.core.reports import Fired, Report
from monitor.storage import incidents
from monitor.storage.articles import outlets_of
from monitor.storage.schema import (
    alert,
    article,
    delivery,
    delivery_alert,
    entry,
    feed,
    hit,
    incident,
    match,
    outlet,
    revision,
    rule_version,
    story,
    watched,
)

NEWEST_AT_ONCE = 100  # articles that are held in memory while the newest are looked at


def reports(connection: Connection, delivery_id: int) -> list[Report]:
    """What a delivery tells: one report an article, with every alert it carries of it."""
    rows = connection.execute(_CARRIED, {"number": delivery_id}).all()
    by_article: dict[int, list[Row[Any]]] = {}
    for row in rows:
        by_article.setdefault(row.article_id, []).append(row)
    return [_report(connection, ArticleId(key), fired) for key, fired in by_article.items()]


# Statements that each message comes by are built once.
_CARRIED = (
    select(match, alert.c.reason, alert.c.detail, alert.c.story_id)
    .join(alert, alert.c.id == match.c.alert_id)
    .join(delivery_alert, delivery_alert.c.alert_id == alert.c.id)
    .where(delivery_alert.c.delivery_id == bindparam("number"))
    .order_by(match.c.article_id, match.c.id)
)
_INCIDENTS = (
    select(alert.c.incident_id)
    .join(delivery_alert, delivery_alert.c.alert_id == alert.c.id)
    .where(delivery_alert.c.delivery_id == bindparam("number"), alert.c.incident_id.is_not(None))
)
_ROOTS = select(incident.c.id, incident.c.opened_at).where(
    or_(incident.c.id == bindparam("own", type_=incident.c.id.type), incident.c.id.in_(_INCIDENTS))
)
_AGENCY = outlet.alias("agency")
_TOLD_ARTICLE: Select[Any] = (
    select(
        article,
        outlet.c.name.label("outlet_name"),
        _AGENCY.c.name.label("agency_name"),
        outlet.c.tier,
        outlet.c.country,
    )
    .join(outlet, outlet.c.id == article.c.outlet_id)
    .outerjoin(_AGENCY, _AGENCY.c.id == article.c.credit)
    .where(article.c.id == bindparam("number"))
)


def roots(connection: Connection, delivery_id: int, incident_id: int | None) -> list[str]:
    """What each incident that a delivery tells of is known by for good, its own first."""
    found = connection.execute(_ROOTS, {"number": delivery_id, "own": incident_id})
    rows = sorted(found, key=lambda row: (row.id != incident_id, row.id))
    return [f"{row.id} {row.opened_at.isoformat()}" for row in rows]


def _report(connection: Connection, article_id: ArticleId, fired: Sequence[Row[Any]]) -> Report:
    row = connection.execute(_TOLD_ARTICLE, {"number": article_id}).one()
    outlets, sources = outlets_of(connection, row.story_id) if row.story_id else (1, 1)
    incident_id = _incident(fired)
    return Report(
        headline=row.title,
        url=row.url,
        outlet=row.outlet_name,
        tier=Tier(row.tier),
        country=row.country,
        language=row.language,
        published_at=row.published_at,
        seen_at=row.seen_at,
        completeness=Completeness(row.completeness),
        quality=row.quality,
        fired=tuple(_fired(each) for each in fired),
        outlets=outlets,
        sources=sources,
        credit=shown_credit(
            row.credit, agency=row.agency_name, carrier=row.carrier, outlet=row.outlet_id
        ),
        publisher=row.publisher,
        missed=row.origin == Origin.MISSED,
        standing=_standing(connection, incident_id),
        folded=0 if incident_id is None else incidents.folded(connection, incident_id),
        title=row.title,
        summary=row.summary,
        text=row.text,
        story=None if row.story_id is None else StoryId(row.story_id),
    )


def _incident(fired: Sequence[Row[Any]]) -> IncidentId | None:
    """The incident of the most urgent of the rules that tell it; None for weak matches alone."""
    told = [row for row in fired if row.strength == Strength.STRONG and row.incident_id is not None]
    first = min(told, key=lambda row: Severity(row.severity).rank, default=None)
    return None if first is None else IncidentId(first.incident_id)


def _standing(connection: Connection, incident_id: IncidentId | None) -> Standing:
    """Who stands behind it, as far as articles said so."""
    incident = None if incident_id is None else incidents.by_id(connection, incident_id)
    if incident is None or incident.id is None:
        return NOBODY
    outlets, _ = incidents.carried(connection, incident.id)
    return replace(incident.standing, outlets=outlets)


def _fired(row: Row[Any]) -> Fired:
    return Fired(
        rule=RuleId(row.rule_id),
        title=row.rule_title,
        severity=Severity(row.severity),
        strength=Strength(row.strength),
        reason=str(News(Reason(row.reason), row.detail)),
        weight=Reason(row.reason).weight,
        evidence=tuple(map(_evidence, row.evidence)),
        event=_event(row.event) if row.event else None,
    )


def _evidence(stored: Mapping[str, Any]) -> Evidence:
    case = stored.get("case")  # rows of older versions have none
    return Evidence(**{**stored, "case": Severity(case) if case else None})


def _event(stored: Mapping[str, Any]) -> Event:
    return Event(**{**stored, "status": Status(stored["status"])})


def document_of(row: Row[Any], source: Row[Any]) -> Document:
    """An article row and its outlet's row, as rules look at them."""
    return Document(
        title=row.title,
        summary=row.summary,
        text=row.text,
        section=row.section,
        author=row.author,
        url=row.url,
        language=row.language or source.language,
        outlet=source.id,
        tier=source.tier,
        country=source.country,
        published=(row.published_at or row.seen_at).date(),
    )


def find_article(connection: Connection, wanted: str) -> Row[Any] | None:
    """The article with this number or this address."""
    if wanted.isdigit():
        return connection.execute(select(article).where(article.c.id == int(wanted))).first()
    by_entry = select(entry.c.article_id).where(entry.c.url == wanted)
    found = select(article).where(or_(article.c.url == wanted, article.c.id.in_(by_entry)))
    return connection.execute(found.order_by(article.c.id)).first()


def life(connection: Connection, row: Row[Any]) -> dict[str, Any]:
    """The life of an article: seen, read, copy of, story, matches, alerts, deliveries."""
    seen = select(entry.c.seen_at, entry.c.origin, entry.c.failure, feed.c.url)
    same = and_(
        rule_version.c.rule_id == match.c.rule_id, rule_version.c.version == match.c.rule_version
    )
    matched: Select[Any] = select(match, rule_version.c.number).where(match.c.article_id == row.id)
    matched = matched.outerjoin(rule_version, same)
    sent = (
        select(delivery, alert.c.rule_id)
        .join(delivery_alert, delivery_alert.c.delivery_id == delivery.c.id)
        .join(alert, alert.c.id == delivery_alert.c.alert_id)
        .where(alert.c.article_id == row.id)
    )
    told = select(story).where(story.c.id == row.story_id)
    return {
        "entries": connection.execute(
            seen.join(feed, feed.c.id == entry.c.feed_id).where(entry.c.article_id == row.id)
        ).all(),
        "revisions": connection.execute(
            select(revision).where(revision.c.article_id == row.id).order_by(revision.c.id)
        ).all(),
        "watched": connection.execute(
            select(watched).where(watched.c.article_id == row.id)
        ).first(),
        "story": connection.execute(told).first(),
        "matches": connection.execute(matched.order_by(match.c.id)).all(),
        "deliveries": connection.execute(sent.order_by(delivery.c.id)).all(),
    }


def newest(connection: Connection, *, limit: int) -> Iterator[tuple[datetime, Document]]:
    """The latest articles as rules look at them, with when they were seen; the newest first."""
    sources = {row.id: row for row in connection.execute(select(outlet))}
    asked = select(article).order_by(article.c.seen_at.desc(), article.c.id.desc()).limit(limit)
    for row in connection.execute(asked.execution_options(yield_per=NEWEST_AT_ONCE)):
        yield row.seen_at, document_of(row, sources[row.outlet_id])


def feed_count(connection: Connection) -> tuple[int, int]:
    """How many feeds are in use, and on how many hosts."""
    row = connection.execute(
        select(func.count(), func.count(func.distinct(feed.c.host))).where(
            feed.c.retired_at.is_(None)
        )
    ).one()
    return row[0], row[1]


def counts(connection: Connection, *, since: datetime) -> dict[str, int]:
    """What the watch did since a moment: entries, articles, copies, stories, matches, alerts."""
    asked = {
        "entries": (entry, entry.c.seen_at >= since),
        "articles": (article, article.c.seen_at >= since),
        "copies": (
            article,
            and_(article.c.seen_at >= since, article.c.duplicate_of.is_not(None)),
        ),
        "stories": (story, story.c.first_seen_at >= since),
        "matches": (match, match.c.matched_at >= since),
        "silent": (match, and_(match.c.matched_at >= since, match.c.alert_id.is_(None))),
        "alerts": (alert, alert.c.decided_at >= since),
    }
    return {
        name: connection.execute(select(func.count()).select_from(table).where(where)).scalar_one()
        for name, (table, where) in asked.items()
    }


def waiting_for(connection: Connection, channel: str) -> int:
    """How many messages wait for a channel, due now."""
    waiting = and_(delivery.c.channel == channel, delivery.c.due_at.is_not(None))
    return connection.execute(select(func.count()).where(waiting)).scalar_one()


def silences(connection: Connection, *, since: datetime) -> list[tuple[str, int]]:
    """Why matches were not told, with how often, most frequent first."""
    rows = connection.execute(
        select(match.c.decision, func.count().label("n"))
        .where(match.c.alert_id.is_(None), match.c.matched_at >= since)
        .group_by(match.c.decision)
        .order_by(func.count().desc())
    )
    return [(row.decision, row.n) for row in rows]


def by_rule(
    connection: Connection, *, since: datetime
) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """For each rule how many articles it matched, and how many alerts it raised."""
    matched = select(match.c.rule_id, func.count().label("n")).where(match.c.matched_at >= since)
    raised = select(alert.c.rule_id, func.count().label("n")).where(alert.c.decided_at >= since)
    matches = connection.execute(matched.group_by(match.c.rule_id))
    alerts = connection.execute(raised.group_by(alert.c.rule_id))
    return {row.rule_id: row.n for row in matches}, {row.rule_id: row.n for row in alerts}


def polls(connection: Connection) -> int:
    """How many polls there have been, failed ones included."""
    return int(connection.execute(select(func.coalesce(func.sum(feed.c.claims), 0))).scalar_one())


def unmatched(connection: Connection) -> int:
    """How many articles no rule wanted."""
    wanted = select(match.c.article_id).union(select(hit.c.article_id))
    judged = and_(article.c.triaged_at.is_not(None), article.c.duplicate_of.is_(None))
    silent = select(func.count()).where(judged, article.c.id.not_in(wanted))
    return connection.execute(silent).scalar_one()


def messages_sent(connection: Connection, *, channel: str) -> int:
    """How many messages a channel got."""
    sent = and_(delivery.c.channel == channel, delivery.c.sent_at.is_not(None))
    return connection.execute(select(func.count()).where(sent)).scalar_one()


def matched_at(
    connection: Connection, rules: Collection[RuleId], *, since: datetime
) -> Sequence[datetime]:
    """When articles of these rules came, one moment an article."""
    wanted = and_(match.c.rule_id.in_(rules), article.c.seen_at > since)
    asked = select(article.c.id, article.c.seen_at).join(match, match.c.article_id == article.c.id)
    return [row.seen_at for row in connection.execute(asked.where(wanted).distinct())]


def last_seen(connection: Connection) -> datetime | None:
    """When the newest entry was seen."""
    return connection.execute(select(func.max(entry.c.seen_at))).scalar()


def delivery_states(connection: Connection) -> Sequence[Row[Any]]:
    """For each channel and state: how many messages, and the newest one's failure in words."""
    grouped = (
        select(
            delivery.c.channel,
            delivery.c.state,
            func.count().label("n"),
            func.max(delivery.c.sent_at).label("last_sent_at"),
            func.max(case((delivery.c.failure.is_not(None), delivery.c.id))).label("failed_id"),
        )
        .group_by(delivery.c.channel, delivery.c.state)
        .subquery()
    )
    last = delivery.alias("last")
    columns = (grouped.c.channel, grouped.c.state, grouped.c.n, grouped.c.last_sent_at)
    asked: Select[Any] = select(*columns, last.c.failure)
    joined = asked.outerjoin(last, last.c.id == grouped.c.failed_id)
    return connection.execute(joined.order_by(grouped.c.channel, grouped.c.state)).all()


def backlog(connection: Connection, *, now: datetime) -> dict[str, int]:
    """How many rows each step still has to do now."""
    asked = {
        "to poll": and_(feed.c.due_at <= now, feed.c.not_before <= now),
        "to read": and_(entry.c.due_at.is_not(None), ~entry.c.again),
        "to triage": and_(article.c.due_at.is_not(None)),
        "to deliver": and_(delivery.c.due_at.is_not(None)),
    }
    return {
        name: connection.execute(select(func.count()).where(where)).scalar_one()
        for name, where in asked.items()
    }


def aside(connection: Connection, *, limit: int) -> list[tuple[str, int, str]]:
    """Rows that were given up, with the reason: for a person to look at."""
    found: list[tuple[str, int, str]] = []
    for table in (entry, article, delivery):
        rows = connection.execute(
            select(table.c.id, table.c.failure)
            .where(table.c.due_at.is_(None), table.c.failure.is_not(None))
            .order_by(table.c.id.desc())
            .limit(limit)
        )
        found += [(table.name, row.id, row.failure) for row in rows]
    return found


def size(connection: Connection) -> int:
    """Bytes the database takes on disk."""
    if connection.dialect.name == "sqlite":
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        return int(pages) * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())
    return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())


def age(connection: Connection, *, now: datetime) -> timedelta | None:
    """How long this database has been collecting."""
    first = connection.execute(select(func.min(entry.c.seen_at))).scalar()
    return None if first is None else now - first
