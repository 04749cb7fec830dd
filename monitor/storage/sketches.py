"""Sketches: by which few hashes the copies of an article find it, kept by the week.

A row for each hash of an article. A week is one stretch of the table, so that it is dropped as one
stretch; what a hash says is only where to look, and the texts decide. Hashes that stand in CROWD
articles take no more: what lies there is bounded, and so is what a look-up reads.
"""

from collections import defaultdict
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, Row, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from monitor.core.alerts import Origin
from monitor.core.duplicates import (
    CROWD,
    MEMORY,
    Candidate,
    Related,
    likely,
    related,
    week_of,
    weeks_of,
)
from monitor.core.reading import poorer
from monitor.core.shingles import Features, features_of
from monitor.storage.schema import article, sketch

DROPPED = 20_000  # rows dropped in one transaction: they lie side by side

_FOUND = (
    select(sketch.c.hash, sketch.c.article_id)
    .where(sketch.c.week.in_(bindparam("weeks", expanding=True)))
    .where(sketch.c.hash.in_(bindparam("hashes", expanding=True)))
)
_EARLIER = select(article).where(
    article.c.id.in_(bindparam("ids", expanding=True)),
    article.c.id < bindparam("id"),
    article.c.duplicate_of.is_(None),
)

Found = dict[int, list[int]]


def features_of_row(row: Row[Any]) -> Features:
    """What the copies of a stored article are found by. Who published it is its outlet."""
    return features_of(row.title, row.text or row.summary, outlet=row.carrier or row.outlet_id)


def found_by(connection: Connection, features: Features, *, at: datetime) -> Found:
    """The articles under each hash of a new one, which was seen then; the oldest first."""
    found: Found = defaultdict(list)
    asked = {"weeks": list(weeks_of(at)), "hashes": sorted(features.hashes)}
    for row in connection.execute(_FOUND, asked) if features.hashes else ():
        found[row.hash].append(row.article_id)
    return {number: sorted(ids) for number, ids in found.items()}


def related_to(
    connection: Connection, row: Row[Any], features: Features, found: Found
) -> Related[Row[Any]] | None:
    """The earlier article that this one takes up, and how; None if it is news.

    An original that was silent because it is older than the watch hides nothing, and what counts
    as a copy was not read more fully than its original.
    """
    ids = likely(features, {number: _but(row.id, ids) for number, ids in found.items()})
    if not ids:
        return None
    rows = {each.id: each for each in connection.execute(_EARLIER, {"ids": ids, "id": row.id})}
    candidates = [
        Candidate(
            key=rows[number],
            features=features_of_row(rows[number]),
            at=_said_at(rows[number]),
            poorer=poorer(rows[number].completeness, row.completeness),
        )
        for number in ids
        if number in rows and _may_hide(rows[number], row)
    ]
    often = {number: len(found.get(number, ())) for number in features.subject}
    return related(features, candidates, at=_said_at(row), often=often)


def keep(connection: Connection, row: Row[Any], features: Features, found: Found) -> None:
    """Let the copies of an article find it. What its earlier text left here does no harm."""
    week = week_of(row.seen_at)
    rows = [
        {"hash": number, "week": week, "article_id": row.id}
        for number in sorted(features.hashes)
        if len(found.get(number, ())) < CROWD
    ]
    if rows:
        connection.execute(_insert(connection.dialect.name), rows)


@cache
def _insert(dialect: str) -> Insert:
    """Built once: it is done for each article. Triage is alone, so no two wait for each other."""
    make = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return make(sketch).on_conflict_do_nothing()


def forget(connection: Connection, *, now: datetime) -> int:
    """Drop a part of the sketches whose weeks are over; how many rows went."""
    over = week_of(now - MEMORY)
    oldest = select(sketch.c.week).where(sketch.c.week < over).order_by(sketch.c.week).limit(1)
    week = connection.execute(oldest).scalar()
    if week is None:
        return 0
    of_week = sketch.c.week == week
    hashes = select(sketch.c.hash).where(of_week).order_by(sketch.c.hash)
    last = connection.execute(hashes.offset(DROPPED).limit(1)).scalar()
    gone = delete(sketch).where(of_week)
    return connection.execute(gone if last is None else gone.where(sketch.c.hash <= last)).rowcount


def _but(own: int, ids: list[int]) -> list[int]:
    """The others: an article that is judged again finds itself here."""
    return [number for number in ids if number != own] if own in ids else ids


def _may_hide(earlier: Row[Any], row: Row[Any]) -> bool:
    return bool(row.origin == Origin.BASELINE or earlier.origin != Origin.BASELINE)


def _said_at(row: Row[Any]) -> datetime:
    """When an article came out, as far as that is known; never after it was seen."""
    seen: datetime = row.seen_at
    return min(row.published_at or seen, seen)
