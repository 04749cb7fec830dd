"""Copies, updates and revisions through the real watch, and the sketches that find them."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select

from monitor.core.duplicates import CROWD, week_of
from monitor.core.shingles import features_of
from monitor.storage import replay, sketches
from monitor.storage.schema import alert, article, sketch, story

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LEAD = "Ruritania and Northland will hold talks in Strelsau on Sunday, said the foreign minister."
BODY = """The two countries have not spoken since the frontier was closed, and traders on both \
sides had asked for a new beginning for months.
Some 40 delegates are expected in the old town hall, where the first treaty between the \
neighbours was signed by their grandparents.
Farmers hope that the bridge over the river will be opened for the harvest, as it was in the \
years before the quarrel about the lake.
The opposition wants the agenda to be published before the delegates meet, and has asked \
parliament to sit on Saturday."""
TEXT = f"{LEAD}\n{BODY}"


def rows(desk, table):
    with desk.database.read() as connection:
        return connection.execute(select(table).order_by(table.c.id)).all()


def published(desk, newsroom, title, text, *, feed="b", first="Ruritania to hold talks"):
    """The article that comes six minutes after a first one, and what was sent for it."""
    desk.sweep()
    newsroom.publish(first, text=TEXT)
    desk.sweep(minutes=6)
    newsroom.publish(title, feed=feed, text=text)
    sent = desk.sweep(minutes=6)
    return rows(desk, article)[-1], sent


def test_a_shortened_copy_joins_its_original_without_being_judged(desk, newsroom):
    half = "\n".join(TEXT.split("\n")[:3])
    copy, sent = published(desk, newsroom, "Ruritania to hold talks", half)
    first = rows(desk, article)[0]
    assert sent == ""
    assert (copy.relation, copy.relates_to, copy.containment) == ("copy", first.id, 1.0)
    assert (copy.duplicate_of, copy.story_id) == (first.id, first.story_id)


def test_an_update_is_judged_in_the_story_of_what_it_updates(desk, newsroom):
    more = f"{LEAD}\nThe meeting was put off by a week on Friday night.\n{BODY}".replace("40", "60")
    update, _ = published(desk, newsroom, "Sunday's meeting in Strelsau, talks put off", more)
    first = rows(desk, article)[0]
    assert (update.relation, update.relates_to) == ("update", first.id)
    assert update.difference == "other numbers"
    assert (update.duplicate_of, update.story_id) == (None, first.story_id)
    assert len(rows(desk, story)) == 1


def test_the_same_article_under_another_address_and_headline_is_a_revision(desk, newsroom):
    title = "Talks in Ruritania: what is known so far"
    revision, sent = published(desk, newsroom, title, TEXT, feed="a")
    first = rows(desk, article)[0]
    assert sent == ""
    assert (revision.relation, revision.relates_to) == ("revision", first.id)
    assert (revision.duplicate_of, revision.story_id) == (None, first.story_id)


def test_the_copy_of_what_nothing_matched_is_known_as_one(desk, newsroom):
    other = TEXT.replace("talks", "games")
    half = "\n".join(other.split("\n")[:3])
    desk.sweep()
    newsroom.publish("Games in Strelsau on a sunny Sunday", text=other)
    desk.sweep(minutes=6)
    newsroom.publish("Games in Strelsau on a sunny Sunday", feed="b", text=half)
    desk.sweep(minutes=6)
    first, copy = rows(desk, article)
    assert (copy.relation, copy.duplicate_of, copy.story_id) == ("copy", first.id, None)


def test_an_original_older_than_the_watch_hides_no_copy(desk, newsroom):
    newsroom.publish("Ruritania to hold talks", text=TEXT, published=NOW - timedelta(days=2))
    desk.sweep()
    newsroom.publish("Ruritania to hold talks", feed="b", text="\n".join(TEXT.split("\n")[:3]))
    assert "first report of this story" in desk.sweep(minutes=6)


def test_a_fuller_text_is_no_copy_of_a_poorer_one(desk, newsroom):
    desk.sweep()
    newsroom.publish("Ruritania to hold talks", summary=TEXT, page_status=404)
    desk.sweep(minutes=6)
    newsroom.publish("Ruritania to hold talks", feed="b", text=TEXT)
    desk.sweep(minutes=6)
    first, fuller = rows(desk, article)
    assert (first.completeness, fuller.completeness) == ("summary", "full")
    assert (fuller.relation, fuller.duplicate_of) == ("update", None)
    assert fuller.story_id == first.story_id


def test_a_replay_knows_what_triage_found(desk, newsroom):
    published(desk, newsroom, "Ruritania to hold talks", "\n".join(TEXT.split("\n")[:3]))
    with desk.database.read() as connection:
        first, copy = replay.archived(connection, since=NOW, until=NOW + timedelta(days=1))
    assert (first.relation, first.relates_to) == ("new", None)
    assert (copy.relation, copy.relates_to) == ("copy", first.id)


# --- the table ----------------------------------------------------------------------------------


@pytest.fixture
def sketched(desk, newsroom):
    """A desk that has read one article."""
    desk.sweep()
    newsroom.publish("Ruritania to hold talks", text=TEXT)
    desk.sweep(minutes=6)
    return desk


def test_a_copy_leaves_no_sketch(sketched, newsroom):
    before = sketches_of(sketched)
    newsroom.publish("Ruritania to hold talks", feed="b", text="\n".join(TEXT.split("\n")[:3]))
    sketched.sweep(minutes=6)
    assert 0 < sketches_of(sketched) == before


def test_sketches_of_weeks_that_are_over_are_dropped(sketched):
    def forget(days):
        later = NOW + timedelta(days=days)
        return sketched.database.write(lambda tx: sketches.forget(tx, now=later))

    there = sketches_of(sketched)
    assert forget(20) == 0
    assert forget(35) == there
    assert sketches_of(sketched) == 0


def test_a_hash_that_a_crowd_shares_takes_no_more(sketched):
    row = rows(sketched, article)[0]
    features = sketches.features_of_row(row)
    crowded = min(features.sketch)
    more = [
        {"week": week_of(NOW), "hash": crowded, "article_id": row.id + number}
        for number in range(1, CROWD)
    ]
    sketched.database.write(lambda tx: tx.execute(sketch.insert(), more))
    other = features_of("Another headline of the same day", TEXT, outlet="mirror")
    with sketched.database.read() as connection:
        found = sketches.found_by(connection, other, at=NOW)
    assert len(found[crowded]) == CROWD
    before = sketches_of(sketched)
    later = SimpleNamespace(id=row.id + CROWD, seen_at=row.seen_at)
    sketched.database.write(lambda tx: sketches.keep(tx, later, other, found))
    assert sketches_of(sketched) - before == len(other.hashes) - 1


def sketches_of(desk):
    with desk.database.read() as connection:
        return connection.execute(select(func.count()).select_from(sketch)).scalar_one()


def test_nobody_is_told_twice_of_twenty_copies(desk, newsroom):
    desk.sweep()
    for number in range(20):
        kept = TEXT.split("\n")[: 3 + number % 3]
        newsroom.publish("Ruritania to hold talks", feed="ab"[number % 2], text="\n".join(kept))
    sent = desk.sweep(minutes=6) + desk.sweep(minutes=6)
    assert sent.count("first report of this story") == 1
    assert len(rows(desk, alert)) == 1
