"""The messages of a replay are cut as the watch would have cut them."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from monitor.core.alerts import Decision, Origin, Reason, Way
from monitor.core.backtest import Archived, Judged, Verdict
from monitor.core.errors import Place
from monitor.core.hours import (
    Digests,
    Hours,
    OnCall,
    Otherwise,
    Peace,
    Rate,
    RuleHours,
    Slots,
    Then,
)
from monitor.core.incidents import IncidentId
from monitor.core.model import (
    ArticleId,
    Channel,
    ChannelName,
    Completeness,
    Document,
    Fallback,
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


def judged(
    number: int,
    at: datetime,
    way: Way,
    *,
    channel: Channel = DESK,
    severity: Severity = Severity.NORMAL,
) -> Judged:
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
    match = Match(RULE.id, RULE.version, severity, Strength.STRONG, ())
    verdict = Verdict(
        match, Decision(Reason.FIRST_REPORT, way), ((way, channel),), IncidentId(number)
    )
    return Judged(article, StoryId(number), (verdict,), 1, 1)


def test_a_replayed_message_tells_the_language_of_the_article_and_not_of_its_outlet() -> None:
    one = judged(1, NOON, Way.AT_ONCE)
    unknown = one.article._replace(document=replace(one.article.document, language="en"))
    (sent,) = Outbox([RULE]).add(replace(one, article=unknown))
    assert sent.reports[0].language is None
    (sent,) = Outbox([RULE]).add(replace(one, article=unknown._replace(language="es")))
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


def replayed(
    peace: Peace, minutes: list[int], rule: Rule = RULE, **rest: object
) -> list[tuple[datetime, str, int]]:
    """When which channel gets a message of how many articles, for alerts at these minutes."""
    channel = replace(DESK, peace=peace, fallback=Fallback(OTHER.name, timedelta(minutes=10)))
    outbox = Outbox([rule], {DESK.name: channel, OTHER.name: OTHER})
    sent = [
        message
        for number, minute in enumerate(minutes)
        for message in outbox.add(
            judged(number, NOON + timedelta(minutes=minute), Way.AT_ONCE, channel=channel, **rest)  # type: ignore[arg-type]
        )
    ]
    return [(each.at, each.channel.name, len(each.reports)) for each in (*sent, *outbox.rest())]


OTHER = Channel(name=ChannelName("other"), url="console:")
TO_ONE = (Hours(time(12), time(13)),)
FROM_ONE = (Hours(time(13), time(18)),)


def test_a_replay_holds_what_comes_in_quiet_hours() -> None:
    told = replayed(Peace(quiet=TO_ONE), [5, 10, 70])
    one = NOON + timedelta(hours=1)
    assert told == [(one, "desk", 2), (NOON + timedelta(minutes=70), "desk", 1)]


def test_a_replay_holds_what_a_rule_wants_to_wait() -> None:
    quiet = (RuleHours(Hours(time(12), time(13))),)
    told = replayed(Peace(), [5, 70], replace(RULE, quiet=quiet))
    assert [each[0] for each in told] == [NOON + timedelta(minutes=each) for each in (60, 70)]


def test_a_replay_tells_in_quiet_hours_what_a_rule_wants_all_the_same() -> None:
    quiet = (RuleHours(Hours(time(12), time(13)), Then.DELIVER),)
    told = replayed(Peace(quiet=TO_ONE), [5], replace(RULE, quiet=quiet))
    assert told == [(NOON + timedelta(minutes=5), "desk", 1)]


def test_a_replay_lets_critical_messages_pass() -> None:
    told = replayed(Peace(quiet=TO_ONE), [5, 10], severity=Severity.CRITICAL)
    assert [len_ for _, _, len_ in told] == [1, 1]


def test_a_replay_passes_messages_on_outside_of_a_shift_or_holds_them() -> None:
    passed = replayed(Peace(on_call=OnCall(FROM_ONE, Otherwise.FALLBACK)), [5, 70])
    assert [name for _, name, _ in passed] == ["other", "desk"]
    held = replayed(Peace(on_call=OnCall(FROM_ONE)), [5, 10, 70])
    assert [(name, many) for _, name, many in held] == [("desk", 2), ("desk", 1)]


def test_a_replay_turns_a_burst_into_one_message() -> None:
    told = replayed(Peace(rate=Rate(2, timedelta(minutes=30))), [0, 1, 2, 3, 4, 60])
    assert [many for _, _, many in told] == [1, 1, 3, 1]
    assert told[2][0] == NOON + timedelta(minutes=30)


def test_a_replay_closes_digests_at_their_times_of_the_day() -> None:
    peace = Peace(Digests(slots=Slots((time(14),))))
    outbox = Outbox([RULE])
    channel = replace(DESK, peace=peace)
    sent = [*outbox.add(judged(1, NOON, Way.DIGEST, channel=channel)), *outbox.rest()]
    assert [(each.at, each.held) for each in sent] == [(NOON + timedelta(hours=2), None)]
