"""Full-text search over the archive: FTS5 on SQLite, a tsvector on PostgreSQL."""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from monitor.core.text import fold
from monitor.storage.types import UtcDateTime

_SQLITE = """
SELECT article.id, article.title, article.url, article.seen_at, article.published_at,
       outlet.name AS outlet_name,
       snippet(article_search, -1, '»', '«', '…', 16) AS excerpt
FROM article_search
JOIN article ON article.id = article_search.rowid
JOIN outlet ON outlet.id = article.outlet_id
WHERE article_search MATCH :query
ORDER BY article_search.rowid DESC LIMIT :limit
"""
_POSTGRESQL = """
SELECT article.id, article.title, article.url, article.seen_at, article.published_at,
       outlet.name AS outlet_name,
       ts_headline('simple', concat_ws(' · ', article.summary, article.text),
                   to_tsquery('simple', :query),
                   'StartSel=», StopSel=«, MaxFragments=1, MaxWords=16, MinWords=8') AS excerpt
FROM article
JOIN outlet ON outlet.id = article.outlet_id
WHERE article.search @@ to_tsquery('simple', :query)
ORDER BY article.id DESC LIMIT :limit
"""


def search(connection: Connection, wanted: str, *, limit: int) -> Sequence[Row[Any]]:
    """Articles that hold every word of `wanted`, newest first; "…" is a phrase, `word*` a prefix.

    Accents and case do not count. Raises ValueError if there is no word to look for.
    """
    parts = [part for part in re.findall(r'"[^"]*"|\S+', wanted) if re.search(r"\w", part)]
    if not parts:
        raise ValueError("nothing to look for: give at least one word")
    sqlite = connection.dialect.name == "sqlite"
    terms = [_fts5(part) if sqlite else _tsquery(part) for part in parts]
    query = (" AND " if sqlite else " & ").join(terms)
    statement = text(_SQLITE if sqlite else _POSTGRESQL).columns(
        seen_at=UtcDateTime, published_at=UtcDateTime
    )
    return connection.execute(statement, {"query": query, "limit": limit}).all()


def _words(part: str) -> list[str]:
    return re.findall(r"\w+", fold(part))


def _fts5(part: str) -> str:
    return f'"{" ".join(_words(part))}"' + ("*" if part.endswith("*") else "")


def _tsquery(part: str) -> str:
    return " <-> ".join(_words(part)) + (":*" if part.endswith("*") else "")
