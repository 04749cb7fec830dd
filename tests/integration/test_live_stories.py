"""Stories in the database and in memory: whoever changes one, the next article finds it so."""

import pytest
import shelves
from shelves import BRIDGE, BUDGET, NOW, WINDOW, publish, tell
from sqlalchemy import select

from monitor.core.errors import Permanent
from monitor.storage import articles, grouping, regrouping, stories
from monitor.storage.schema import alert, article, story


@pytest.fixture
def archive(database):
    """A database with one feed of one outlet."""
    return shelves.prepared(database)


def assigned(archive, live, gist):
    """The story that the next article would continue."""

    def work(tx):
        return live.now_in(tx, at=NOW, window=WINDOW).assign(gist, now=NOW)

    return archive.write(work)


def test_what_another_process_stored_is_found(archive):
    live = grouping.LiveStories()
    bridge = publish(archive, 1, BRIDGE)
    assert assigned(archive, live, BUDGET) is None
    budget = publish(archive, 2, BUDGET)  # by somebody else: memory has not heard of it
    assert assigned(archive, live, BUDGET) == budget
    assert assigned(archive, live, BRIDGE) == bridge


def test_what_was_undone_is_forgotten(archive):
    live = grouping.LiveStories()
    publish(archive, 1, BRIDGE)

    def undone(tx):
        row = articles.by_id(tx, 1)
        found = articles.open_story(tx, headline="Budget", seen_at=NOW)
        articles.join_story(tx, row, found, gist=BUDGET)
        assert live.now_in(tx, at=NOW, window=WINDOW).assign(BUDGET, now=NOW) == found
        raise Permanent("the disk is full")

    with pytest.raises(Permanent):
        archive.write(undone)
    assert assigned(archive, live, BUDGET) is None
    budget = publish(archive, 2, BUDGET)
    assert assigned(archive, live, BUDGET) == budget


def test_articles_and_alerts_follow_into_the_story_that_is_left(archive):
    live = grouping.LiveStories()
    bridge, budget = publish(archive, 1, BRIDGE), publish(archive, 2, BUDGET)
    tell(archive, 2, budget)
    assert assigned(archive, live, BUDGET) == budget
    archive.write(lambda tx: regrouping.join(tx, budget, bridge, now=NOW))
    assert assigned(archive, live, BUDGET) == bridge
    with archive.read() as connection:
        assert connection.execute(select(alert.c.story_id)).scalar_one() == bridge
        assert regrouping.current(connection, budget) == bridge
        assert stories.one(connection, bridge).articles == 2
        assert [row.into_id for row in stories.changes(connection, bridge)] == [bridge]


def test_later_articles_like_the_part_that_was_split_off_go_to_it(archive):
    live = grouping.LiveStories()
    bridge = publish(archive, 1, BRIDGE)
    publish(archive, 2, BUDGET, bridge)
    tell(archive, 2, bridge)
    assert assigned(archive, live, BUDGET) == bridge
    new = archive.write(lambda tx: regrouping.split(tx, bridge, [2], now=NOW))
    assert assigned(archive, live, BUDGET) == new
    assert assigned(archive, live, BRIDGE) == bridge
    with archive.read() as connection:
        assert connection.execute(select(alert.c.story_id)).scalar_one() == new
        assert connection.execute(select(story.c.headline).where(story.c.id == new)).scalar_one()


def test_what_was_split_is_kept_apart_also_after_a_merge(archive):
    bridge = publish(archive, 1, BRIDGE)
    publish(archive, 2, BUDGET, bridge)
    third = publish(archive, 3, BUDGET)
    new = archive.write(lambda tx: regrouping.split(tx, bridge, [2], now=NOW))
    archive.write(lambda tx: regrouping.merge(tx, new, third, now=NOW))
    with archive.read() as connection:
        assert regrouping.are_apart(connection, bridge, third)
        assert regrouping.are_apart(connection, third, bridge)


def test_a_merge_by_hand_ends_that_they_are_kept_apart(archive):
    bridge = publish(archive, 1, BRIDGE)
    publish(archive, 2, BUDGET, bridge)
    new = archive.write(lambda tx: regrouping.split(tx, bridge, [2], now=NOW))
    assert archive.write(lambda tx: regrouping.join(tx, new, bridge, now=NOW)) == bridge
    with archive.read() as connection:
        assert not regrouping.are_apart(connection, bridge, new)


def test_a_story_is_never_left_without_articles(archive):
    bridge = publish(archive, 1, BRIDGE)
    with pytest.raises(Permanent, match=f"all of story {bridge}"):
        archive.write(lambda tx: regrouping.split(tx, bridge, [1], now=NOW))
    with pytest.raises(Permanent, match="article 7"):
        archive.write(lambda tx: regrouping.split(tx, bridge, [7], now=NOW))


def test_stories_are_listed_with_who_carries_them(archive):
    bridge = publish(archive, 1, BRIDGE)
    publish(archive, 2, BRIDGE, bridge)
    with archive.read() as connection:
        (told,) = stories.latest(connection, since=NOW - WINDOW, limit=5)
        timeline = [row.id for row in stories.timeline(connection, bridge)]
    assert (told.id, told.articles, told.outlets, told.sources) == (bridge, 2, 1, 1)
    assert told.languages == ("en",)
    assert timeline == [1, 2]


def test_words_from_before_gists_had_weights_count_in_full(archive):
    live = grouping.LiveStories()
    bridge = publish(archive, 1, BRIDGE)
    old = article.update().values(words=sorted(BRIDGE.features))
    archive.write(lambda tx: tx.execute(old))
    assert assigned(archive, live, BRIDGE) == bridge
