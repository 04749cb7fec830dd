"""What the database of a replay holds: messages, articles, and what was decided of them."""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from monitor.core.strangers import link


@dataclass(slots=True)
class Message:
    """One message that the desk was sent."""

    id: int
    kind: str
    at: datetime
    at_once: bool
    title: str
    alerts: list["Alert"] = field(default_factory=list)
    leads: int | None = None  # the article whose link stands first

    @property
    def interrupts(self) -> bool:
        return self.kind == "alert" or (self.kind == "update" and self.at_once)

    @property
    def incidents(self) -> set[int]:
        return {alert.incident for alert in self.alerts if alert.incident is not None}


@dataclass(frozen=True, slots=True)
class Alert:
    rule: str
    incident: int | None
    article: int
    decided: datetime


@dataclass(frozen=True, slots=True)
class Article:
    id: int
    line: int
    seen: datetime
    story: int | None
    original: int | None


@dataclass(slots=True)
class Kept:
    """What the database holds of a replay; `incidents` and `decisions` are those of articles."""

    messages: list[Message]  # each with the alerts whose articles stand in it
    alerts: list[Alert]
    articles: dict[int, Article]
    by_line: dict[int, Article]
    unjudged: int  # articles that triage failed on
    incidents: dict[int, list[tuple[str, int]]]
    decisions: dict[int, list[str]]


def read_kept(database: Path, lines: Mapping[str, int]) -> Kept:
    """Everything that is asked of the database; `lines` are the stream's by address."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        articles = {}
        for row in connection.execute(
            "SELECT a.id, e.url, min(e.seen_at), a.story_id, a.duplicate_of "
            "FROM article a JOIN entry e ON e.article_id = a.id GROUP BY a.id, e.url"
        ):
            line = lines.get(row[1], -1)
            articles[(row[0], line)] = Article(row[0], line, _at(row[2]), *row[3:])
        incidents, decisions = defaultdict(list), defaultdict(list)
        for article, rule, incident, strength, decision in connection.execute(
            "SELECT article_id, rule_id, incident_id, strength, decision FROM match ORDER BY id"
        ):
            decisions[article].append(f"{rule} ({strength}): {decision}")
            if incident is not None and strength == "strong":
                incidents[article].append((rule, incident))
        alerts = {
            row[0]: Alert(row[1], row[2], row[3], _at(row[4]))
            for row in connection.execute(
                "SELECT id, rule_id, incident_id, article_id, decided_at FROM alert"
            )
        }
        return Kept(
            messages=_messages(connection, alerts),
            alerts=list(alerts.values()),
            articles={article.id: article for article in articles.values()},
            by_line={article.line: article for article in articles.values()},
            unjudged=connection.execute(
                "SELECT count(*) FROM article WHERE triaged_at IS NULL OR failure IS NOT NULL"
            ).fetchone()[0],
            incidents=incidents,
            decisions=decisions,
        )


def _messages(connection: sqlite3.Connection, alerts: Mapping[int, Alert]) -> list[Message]:
    found = {
        row[0]: Message(row[0], row[1], _at(row[2]), row[3] is None, row[4] or "")
        for row in connection.execute(
            "SELECT id, kind, sent_at, collection, title FROM delivery "
            "WHERE sent_at IS NOT NULL ORDER BY sent_at, id"
        )
    }
    first: dict[int, int] = {}  # where a message's first link stands
    for message, alert, url, body in connection.execute(
        "SELECT d.id, x.alert_id, a.url, d.body FROM delivery d "
        "JOIN delivery_alert x ON x.delivery_id = d.id JOIN alert l ON l.id = x.alert_id "
        "JOIN article a ON a.id = l.article_id WHERE d.sent_at IS NOT NULL"
    ):
        if (shown := link(url)) and shown in body:
            found[message].alerts.append(alerts[alert])
            if (place := body.find(shown)) < first.get(message, len(body)):
                first[message], found[message].leads = place, alerts[alert].article
    return list(found.values())


def _at(kept: str) -> datetime:
    return datetime.fromisoformat(kept).replace(tzinfo=UTC)
