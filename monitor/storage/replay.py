"""The archive in the order in which it came, for a replay; nothing is written."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select

from monitor.core.alerts import Origin
from monitor.core.backtest import Archived
from monitor.core.differences import Difference
from monitor.core.duplicates import Relation
from monitor.core.model import Completeness
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
    document = document_of(row, source)
    # All at once, as _COLUMNS has them: one by one, by their names, they take twice as long.
    (
        number, outlet_id, _, canonical_key, _, _, _, body_hash, language,
        _, _, publisher, carrier, credit, published_at, seen_at,
        completeness, quality, origin, story_id, relation, relates_to,
        difference,
    ) = tuple(row)  # fmt: skip
    agency = outlets.get(credit) if credit else None
    return Archived(
        id=number,
        document=document,
        seen_at=seen_at,
        origin=Origin(origin),
        completeness=Completeness(completeness),
        quality=quality,
        outlet_id=outlet_id,
        outlet_name=source.name,
        language=language,
        canonical_key=canonical_key,
        body_hash=body_hash,
        published_at=published_at,
        publisher=publisher,
        carrier=carrier,
        credit=credit,
        agency=agency.name if agency is not None else None,
        story_id=story_id,
        relation=Relation(relation) if relation is not None else None,
        relates_to=relates_to,
        difference=Difference(difference) if difference is not None else None,
    )
