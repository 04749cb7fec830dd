"""The archive in the order in which it came, for a replay; nothing is written."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select

from monitor.core.alerts import Origin
from monitor.core.backtest import Archived
from monitor.core.differences import Difference
from monitor.core.duplicates import Relation
from monitor.core.model import ArticleId, Completeness, StoryId
from monitor.storage.schema import article, outlet
from monitor.storage.views import document_of

BATCH = 500  # articles in one statement; each may have some 10 kB of text

_COLUMNS = (
    "id", "outlet_id", "url", "canonical_key", "title", "summary", "text", "body_hash", "language",
    "author", "section", "publisher", "carrier", "credit", "published_at", "seen_at",
    "completeness", "quality", "origin", "story_id", "relation", "relates_to",
    "difference",
)  # fmt: skip


def size(connection: Connection, *, since: datetime, until: datetime) -> int:
    """How many articles were seen in that time."""
    asked = select(func.count()).where(article.c.seen_at >= since, article.c.seen_at <= until)
    return int(connection.execute(asked).scalar_one())


def first_seen(connection: Connection) -> datetime | None:
    """When the oldest article of the archive was seen."""
    found: datetime | None = connection.execute(select(func.min(article.c.seen_at))).scalar_one()
    return found


def archived(connection: Connection, *, since: datetime, until: datetime) -> Iterator[Archived]:
    """The articles seen in that time, oldest first."""
    sources = select(outlet.c.id, outlet.c.name, outlet.c.country, outlet.c.language, outlet.c.tier)
    outlets = {row.id: row for row in connection.execute(sources)}
    columns = [article.c[name] for name in _COLUMNS]
    place, number = since, 0
    while True:
        later = or_(
            article.c.seen_at > place, and_(article.c.seen_at == place, article.c.id > number)
        )
        # The first condition says nothing new, but lets the index find the place.
        asked = select(*columns).where(article.c.seen_at >= place, later)
        ordered = asked.where(article.c.seen_at <= until).order_by(article.c.seen_at, article.c.id)
        rows = connection.execute(ordered.limit(BATCH)).all()
        for row in rows:
            yield _archived(row, outlets)
        if len(rows) < BATCH:
            return
        place, number = rows[-1].seen_at, rows[-1].id


def _archived(row: Row[Any], outlets: Mapping[str, Any]) -> Archived:
    source = outlets[row.outlet_id]
    agency = outlets.get(row.credit) if row.credit else None
    return Archived(
        id=ArticleId(row.id),
        document=document_of(row, source),
        seen_at=row.seen_at,
        origin=Origin(row.origin),
        completeness=Completeness(row.completeness),
        quality=row.quality,
        outlet_id=row.outlet_id,
        outlet_name=source.name,
        language=row.language,
        canonical_key=row.canonical_key,
        body_hash=row.body_hash,
        published_at=row.published_at,
        publisher=row.publisher,
        carrier=row.carrier,
        credit=row.credit,
        agency=agency.name if agency is not None else None,
        story_id=StoryId(row.story_id) if row.story_id is not None else None,
        relation=Relation(row.relation) if row.relation is not None else None,
        relates_to=ArticleId(row.relates_to) if row.relates_to is not None else None,
        difference=Difference(row.difference) if row.difference is not None else None,
    )
