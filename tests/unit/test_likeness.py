"""Stories found in a row are those that their definition gives, but for a hair."""

import math
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from monitor.core.gist import WATCHED, Gist
from monitor.core.model import StoryId
from monitor.core.stories import (
    CROWD,
    CROWDING,
    DECAY,
    DRIFT,
    LEAST_WEIGHT,
    LIKE,
    NAMING,
    OTHER_LANGUAGE,
    UNWRITTEN,
    Stories,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
WINDOW = timedelta(hours=72)


@dataclass
class Members:
    last_seen: datetime
    gists: list[Gist] = field(default_factory=list)


def of_one_matter(gist, members):
    """Whether they have in common two words that name nobody, or what happened and an actor."""
    common = gist.features.keys() & {name for each in members for name in each.features}
    words = [name for name in common if name[0] not in "@#=~"]
    actors = [name for name in common if name[0] == "@"]
    matters = [name for name in common if name[0] in "#~"]
    return len(words) > 1 or len(matters) > 1 or bool(actors and matters)


def likenesses(gist, live, *, now):
    """Cosine of TF-IDF vectors with the mean of each story's articles, aged; to what is wanted."""
    everywhere = Counter(
        name for story in live.values() for g in story.gists for name in g.features
    )
    total = UNWRITTEN + sum(len(story.gists) for story in live.values())
    wanted = LIKE * (1 + CROWDING * math.log((UNWRITTEN + len(live)) / CROWD))

    def weight(name):
        articles = everywhere[name] + (NAMING if name[0] in WATCHED else 0)
        return max(LEAST_WEIGHT, math.log((total + 2) / (articles + 0.5)))

    def likeness(story):
        centre = Counter()
        for each in story.gists:
            for name, value in each.features.items():
                centre[name] += value * weight(name) / len(story.gists)
        own = {name: value * weight(name) for name, value in gist.features.items()}
        shared = math.fsum(value * centre[name] for name, value in own.items())
        cosine = shared / math.hypot(*own.values()) / math.hypot(*centre.values())
        foreign = gist.language not in {each.language for each in story.gists}
        age = 1 + max(timedelta(), now - story.last_seen) / DECAY
        return cosine * (OTHER_LANGUAGE if foreign else 1.0) / age / wanted

    return {key: likeness(story) for key, story in live.items() if of_one_matter(gist, story.gists)}


def test_a_row_of_articles_gets_the_stories_that_the_definition_gives() -> None:
    chance = random.Random(7)
    kept, by_hand = Stories(window=WINDOW), dict[StoryId, Members]()
    now, joined, revived = NOON, 0, 0
    for number in range(1, 400):
        now += timedelta(minutes=chance.randrange(300))
        topic = chance.randrange(12)
        features = {
            f"{chance.choice([topic, 'common', '=name'])}{chance.randrange(9)}": chance.choice(
                [0.5, 1.0]
            )
            for _ in range(14)
        }
        gist = Gist(features, chance.choice(["en", "es"]))
        live = {key: each for key, each in by_hand.items() if each.last_seen >= now - WINDOW}
        like = likenesses(gist, live, now=now)
        best = max(like.values(), default=0.0)
        found = kept.assign(gist, now=now)
        if found is None:
            assert best < 1 + DRIFT
        else:
            assert like[found] > max(best, 1) - DRIFT
        joined += found is not None
        story = found or StoryId(number)
        by_hand.setdefault(story, Members(now)).gists.append(gist)
        by_hand[story].last_seen = now
        kept.add(story, gist, seen_at=now)
        copied = chance.choice(list(by_hand))  # a copy comes in, of an ended story perhaps
        if chance.random() < 0.1:
            revived += by_hand[copied].last_seen < now - WINDOW
            by_hand[copied].last_seen = now
            kept.touch(copied, seen_at=now)
    assert joined > 50
    assert len(by_hand) > 20
    assert revived > 3


def test_of_two_stories_as_near_the_one_that_was_opened_first_goes_on() -> None:
    first, second = (
        dict.fromkeys(["talks", "strelsau"], 1.0),
        dict.fromkeys(["strike", "zenda"], 1.0),
    )
    for older, younger in [(first, second), (second, first)]:
        live = Stories()
        live.add(StoryId(9), Gist(older), seen_at=NOON)
        live.add(StoryId(2), Gist(younger), seen_at=NOON)
        assert live.assign(Gist(first | second), now=NOON) == 9
