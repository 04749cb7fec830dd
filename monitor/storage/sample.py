"""A little of the archive, evenly, for what `monitor check` says of the rules."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from monitor.core.model import Document, RuleId
from monitor.storage.schema import article, hit, match, outlet
from monitor.storage.views import document_of

BATCH = 200  # articles in one statement; each may have some 10 kB of text


@dataclass(frozen=True, slots=True)
class Extent:
    """How many articles the archive holds, and between which moments they were seen."""

    articles: int
    first: datetime | None
    last: datetime | None


def extent(connection: Connection) -> Extent:
    """What the archive spans."""
    asked = select(func.count(), func.min(article.c.seen_at), func.max(article.c.seen_at))
    articles, first, last = connection.execute(asked.select_from(article)).one()
    return Extent(articles, first, last)


def fired(connection: Connection) -> frozenset[RuleId]:
    """The rules that have matched or counted an article of the archive, in whatever version."""
    rows = connection.execute(select(match.c.rule_id).union(select(hit.c.rule_id)))
    return frozenset(RuleId(row.rule_id) for row in rows)


def documents(connection: Connection, *, most: int, of: int) -> Iterator[Document]:
    """At most `most` of the `of` articles, evenly spread over time, as rules look at them."""
    sources = {row.id: row for row in connection.execute(select(outlet))}
    step = max(of // most, 1)
    # Numbers first: an index holds them, while a scan of the table would pass all texts.
    spaced = select(article.c.id).where(article.c.id % step == 0).order_by(article.c.seen_at)
    found = connection.execute(spaced).scalars().all()
    kept = min(most, len(found))  # a step leaves up to twice as many
    numbers = [found[each * len(found) // kept] for each in range(kept)]
    for start in range(0, len(numbers), BATCH):
        asked = select(article).where(article.c.id.in_(numbers[start : start + BATCH]))
        for row in connection.execute(asked).all():
            yield document_of(row, sources[row.outlet_id])
