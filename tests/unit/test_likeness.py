"""Stories found in a row, or each anew, are those that their definition gives."""

import math
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

from monitor.core.model import StoryId
from monitor.core.stories import DECAY, SIMILARITY, Candidate, Stories, assign

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
WINDOW = timedelta(hours=72)


def by_definition(words, candidates, *, now):
    """Cosine of TF-IDF vectors between an article and the mean of a story's articles, aged."""
    everywhere = Counter(
        word for each in candidates for article in each.articles for word in article
    )
    total = sum(len(each.articles) for each in candidates)

    def weight(word):
        return math.log((total + 2) / (everywhere[word] + 0.5))

    def likeness(story):
        mean = Counter(word for article in story.articles for word in article)
        centre = {word: weight(word) * n / len(story.articles) for word, n in mean.items()}
        shared = math.fsum(weight(word) * centre.get(word, 0.0) for word in words)
        length = math.hypot(*map(weight, words)) * math.hypot(*centre.values())
        return shared / length / (1 + max(timedelta(), now - story.last_seen) / DECAY)

    near = [(likeness(each), each.id) for each in candidates]
    best = max(near, key=lambda found: found[0], default=(0.0, None))
    return best[1] if best[0] >= SIMILARITY else None


def test_a_row_of_articles_gets_the_stories_that_each_by_itself_gets() -> None:
    chance = random.Random(7)
    kept, by_hand = Stories(window=WINDOW), dict[StoryId, Candidate]()
    now, joined, revived = NOON, 0, 0
    for number in range(1, 400):
        now += timedelta(minutes=chance.randrange(300))
        topic = chance.randrange(12)
        words = frozenset(
            f"{chance.choice([topic, 'common'])}{chance.randrange(9)}" for _ in range(14)
        )
        live = [each for each in by_hand.values() if each.last_seen >= now - WINDOW]
        expected = by_definition(words, live, now=now)
        assert kept.assign(words, now=now) == assign(words, live, now=now) == expected
        joined += expected is not None
        story = expected or StoryId(number)
        members = by_hand[story].articles if story in by_hand else ()
        by_hand[story] = Candidate(story, (*members, words), now)
        kept.add(story, words, seen_at=now)
        copied = chance.choice(list(by_hand))  # a copy comes in, of an ended story perhaps
        if chance.random() < 0.1:
            revived += by_hand[copied].last_seen < now - WINDOW
            by_hand[copied] = Candidate(copied, by_hand[copied].articles, now)
            kept.touch(copied, seen_at=now)
    assert joined > 50
    assert len(by_hand) > 20
    assert revived > 3


def test_of_two_stories_as_near_the_one_that_was_opened_first_goes_on() -> None:
    first, second = frozenset({"talks", "strelsau"}), frozenset({"strike", "zenda"})
    for older, younger in [(first, second), (second, first)]:
        live = [Candidate(StoryId(9), [older], NOON), Candidate(StoryId(2), [younger], NOON)]
        assert assign(first | second, live, now=NOON) == 9
