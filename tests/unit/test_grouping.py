"""Stories found in a row are those that `stories.assign` finds one by one."""

import random
from datetime import UTC, datetime, timedelta

from monitor.core import stories
from monitor.core.grouping import Grouping
from monitor.core.model import StoryId

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
WINDOW = timedelta(hours=72)


def test_a_row_of_articles_gets_the_stories_that_each_by_itself_gets() -> None:
    chance = random.Random(7)
    grouping, by_hand = Grouping(WINDOW), dict[StoryId, stories.Candidate]()
    now, joined, revived = NOON, 0, 0
    for number in range(1, 400):
        now += timedelta(minutes=chance.randrange(300))
        topic = chance.randrange(12)
        words = frozenset(
            f"{chance.choice([topic, 'common'])}{chance.randrange(9)}" for _ in range(14)
        )
        live = [each for each in by_hand.values() if each.last_seen >= now - WINDOW]
        expected = stories.assign(words, live, now=now)
        assert grouping.assign(words, now=now) == expected
        joined += expected is not None
        story = expected or StoryId(number)
        members = by_hand[story].articles if story in by_hand else ()
        by_hand[story] = stories.Candidate(story, (*members, words), now)
        grouping.add(story, words, seen_at=now)
        copied = chance.choice(list(by_hand))  # a copy comes in, of an ended story perhaps
        if chance.random() < 0.1:
            revived += by_hand[copied].last_seen < now - WINDOW
            by_hand[copied] = stories.Candidate(copied, by_hand[copied].articles, now)
            grouping.touch(copied, seen_at=now)
    assert joined > 50
    assert len(by_hand) > 20
    assert revived > 3
