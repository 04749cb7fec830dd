"""A database with articles in stories, stored as triage does it."""

from datetime import UTC, datetime, timedelta

from monitor.core.alerts import Reason
from monitor.core.gist import Gist
from monitor.storage import articles, migrate
from monitor.storage.schema import alert, article, feed, outlet
from monitor.storage.upsert import insert_new

NOW = datetime(2026, 3, 14, 9, tzinfo=UTC)
WINDOW = timedelta(hours=72)
BRIDGE = Gist(dict.fromkeys(["bridg", "strelsau", "flood"], 1.0), "en")
BUDGET = Gist(dict.fromkeys(["budget", "parliament", "vote"], 1.0), "en")


def prepared(database):
    """The database, up to date and with one feed of one outlet."""
    migrate.upgrade(database.writer)

    def begin(tx):
        insert_new(tx, outlet, id="paper", name="Paper", country="VE", language="en", tier="wire")
        values = {
            "url": "https://paper.example/feed",
            "outlet_id": "paper",
            "host": "paper.example",
        }
        insert_new(tx, feed, id=1, interval=300, not_before=NOW, **values)

    database.write(begin)
    return database


def publish(archive, number, gist, story_id=None, *, title="Title"):
    """Store an article as triage does, in a story of its own or in another; its story."""
    row = {
        "id": number, "identity": str(number), "feed_id": 1, "outlet_id": "paper",
        "title": f"{title} {number}", "seen_at": NOW, "read_at": NOW, "completeness": "full",
        "quality": "ok", "origin": "live", "not_before": NOW, "due_at": None, "language": "en",
    }  # fmt: skip

    def work(tx):
        insert_new(tx, article, **row)
        stored = articles.by_id(tx, number)
        found = story_id or articles.open_story(tx, headline=stored.title, seen_at=NOW)
        articles.join_story(tx, stored, found, gist=gist)
        return found

    return archive.write(work)


def tell(archive, number, story_id):
    """An alert about an article of a story."""
    values = {
        "rule_id": "bridges", "subject": f"story:{story_id}:0", "reason": Reason.FIRST_REPORT,
        "story_id": story_id, "article_id": number, "decided_at": NOW,
    }  # fmt: skip
    archive.write(lambda tx: insert_new(tx, alert, id=number, **values))
