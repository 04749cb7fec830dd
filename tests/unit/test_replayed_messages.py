"""The messages of a replay are cut as the watch would have cut them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.alerts import Decision, Origin, Reason, Way
from monitor.core.backtest import Archived, Judged, Verdict
from monitor.core.errors import Place
from monitor.core.hours import Digests, Peace
from monitor.core.incidents import IncidentId
from monitor.core.model import (
    ArticleId,
    Channel,
    ChannelName,
    Completeness,
    Document,
    Match,
    RuleId,
    Severity,
    StoryId,
    Strength,
)
from monitor.core.postings import Outbox
from monitor.core.rules import Rule
from monitor.core.terms import parse_term

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DESK = Channel(
    name=ChannelName("desk"), url="console:", peace=Peace(Digests(every=timedelta(minutes=30)))
)
RULE = Rule(
    id=RuleId("talks"),
    title="Talks",
    condition=parse_term("talks"),
    version="1",
    place=Place("a.yaml"),
)


def judged(number: int, at: datetime, way: Way) -> Judged:
    origin = Origin.WELCOME if way is Way.WELCOME else Origin.LIVE
    article = Archived(
        id=ArticleId(number),
        document=Document(f"Talks {number}"),
        seen_at=at,
        origin=origin,
        completeness=Completeness.FULL,
        quality="ok",
        outlet_id="paper",
        outlet_name="Paper",
    )
    match = Match(RULE.id, RULE.version, Severity.NORMAL, Strength.STRONG, ())
    verdict = Verdict(match, Decision(Reason.FIRST_REPORT, way), ((way, DESK),), IncidentId(number))
    return Judged(article, StoryId(number), (verdict,), 1, 1)


def test_a_replayed_message_tells_the_language_of_the_article_and_not_of_its_outlet() -> None:
    one = judged(1, NOON, Way.AT_ONCE)
    unknown = replace(one.article, document=replace(one.article.document, language="en"))
    (sent,) = Outbox([RULE]).add(replace(one, article=unknown))
    assert sent.reports[0].language is None
    (sent,) = Outbox([RULE]).add(replace(one, article=replace(unknown, language="es")))
    assert sent.reports[0].language == "es"


def sizes(way: Way, *, apart: timedelta, articles: int) -> list[int]:
    outbox = Outbox([RULE])
    sent = [
        message
        for number in range(articles)
        for message in outbox.add(judged(number, NOON + number * apart, way))
    ]
    return [len(each.reports) for each in (*sent, *outbox.rest())]


@pytest.mark.parametrize(
    ("way", "minutes", "expected"),
    [
        (Way.AT_ONCE, 1, [1, 1, 1, 1]),
        (Way.DIGEST, 5, [4]),
        (Way.DIGEST, 20, [2, 2]),
        (Way.WELCOME, 1, [4]),  # as long as a start may take to be read
        (Way.WELCOME, 10, [2, 2]),
    ],
)
def test_a_replay_collects_in_one_message_what_the_watch_would(
    way: Way, minutes: int, expected: list[int]
) -> None:
    assert sizes(way, apart=timedelta(minutes=minutes), articles=4) == expected
