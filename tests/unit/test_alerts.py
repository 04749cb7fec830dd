"""How an entry came to us, and whether, why and how its match is told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import alerts, origins
from monitor.core.alerts import Known, News, Origin, Reason, Silence, Way
from monitor.core.errors import Place
from monitor.core.model import Channel, ChannelName, RuleId, Severity, Strength
from monitor.core.rules import Rule, WeakPolicy
from monitor.core.terms import parse_term

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DARK = NOW - 5 * HOUR  # when the watch went blind


# --- how it came to us ---


def origin(published=None, **changed):
    situation = {
        "first_poll": False,
        "now": NOW,
        "first_sight": timedelta(hours=6),
        "late_after": timedelta(hours=72),
        "blind_since": None,
    }
    return origins.origin_of(published, **(situation | changed))


@pytest.mark.parametrize(
    ("first", "hours", "found"),
    [
        (True, 1, Origin.WELCOME),
        (True, 7, Origin.BASELINE),
        (True, None, Origin.BASELINE),
        (False, 71, Origin.LIVE),
        (False, 73, Origin.LATE),
        (False, None, Origin.LIVE),
    ],
)
def test_first_sight_decides_what_is_old(first, hours, found):
    published = None if hours is None else NOW - hours * HOUR
    assert origin(published, first_poll=first) is found


@pytest.mark.parametrize("hours", [None, 1, 7, 100])
def test_at_first_sight_it_does_not_matter_that_we_were_blind(hours):
    published = None if hours is None else NOW - hours * HOUR
    assert origin(published, first_poll=True, blind_since=DARK) is origin(
        published, first_poll=True
    )


@pytest.mark.parametrize("published", [DARK, NOW - HOUR, NOW - origins.FRESH, None])
def test_what_came_out_while_we_were_blind_was_missed(published):
    assert origin(published, blind_since=DARK) is Origin.MISSED


@pytest.mark.parametrize("published", [NOW - timedelta(minutes=14), NOW, NOW + HOUR])
def test_what_just_came_out_was_not_missed(published):
    assert origin(published, blind_since=DARK) is Origin.LIVE


def test_what_was_dated_before_the_dark_but_listed_in_it_was_missed():
    assert origin(DARK - HOUR, blind_since=DARK) is Origin.MISSED


def test_an_old_item_listed_again_after_the_dark_is_late():
    assert origin(DARK - 73 * HOUR, blind_since=DARK) is Origin.LATE


def test_after_a_week_in_the_dark_nothing_of_that_week_is_old():
    assert origin(NOW - 150 * HOUR, blind_since=NOW - 160 * HOUR) is Origin.MISSED


# --- whether and how it is told ---


RULE = Rule(RuleId("raids"), "Raids", parse_term("raid"), "1", Place("rules/a.yaml", 1, 1))


def decide(*, weak=WeakPolicy.DIGEST, told=frozenset(), news=(), sources=1, **changed):
    situation = {
        "strength": Strength.STRONG,
        "severity": Severity.HIGH,
        "origin": Origin.LIVE,
        "rule": replace(RULE, weak=weak),
        "known": Known(frozenset(told), tuple(news), sources),
        "beside_strong": False,
    }
    return alerts.decide(**(situation | changed))


def test_the_first_strong_match_is_told_at_once():
    assert decide() == alerts.Decision(reason=Reason.FIRST_REPORT, way=Way.AT_ONCE)


def test_the_second_is_not():
    assert decide(told={Reason.FIRST_REPORT}).silence is Silence.ALREADY_TOLD


def test_a_weak_match_told_before_does_not_hide_a_strong_one():
    assert decide(told={Reason.WEAK_MATCH}).reason is Reason.FIRST_REPORT


@pytest.mark.parametrize(
    ("weak", "way"),
    [(WeakPolicy.ALERT, Way.AT_ONCE), (WeakPolicy.DIGEST, Way.DIGEST), (WeakPolicy.LOG, None)],
)
def test_a_weak_match_goes_where_its_rule_says(weak, way):
    assert decide(strength=Strength.WEAK, weak=weak).way is way


@pytest.mark.parametrize("origin", [Origin.LIVE, Origin.MISSED])
def test_a_weak_match_rides_along_whatever_its_rule_says(origin):
    weak = {"strength": Strength.WEAK, "weak": WeakPolicy.LOG, "origin": origin}
    decision = decide(**weak, beside_strong=True)
    assert (decision.reason, decision.way) == (Reason.WEAK_MATCH, Way.AT_ONCE)
    assert decision.rides_along


def test_what_is_older_than_the_watch_is_never_told():
    assert decide(origin=Origin.BASELINE).silence is Silence.BASELINE


def test_what_is_young_at_first_sight_waits_for_the_welcome():
    assert decide(origin=Origin.WELCOME).way is Way.WELCOME


def test_an_old_item_listed_again_waits_for_a_digest():
    assert decide(origin=Origin.LATE, severity=Severity.CRITICAL).way is Way.DIGEST


@pytest.mark.parametrize("severity", Severity)
def test_only_what_is_critical_gets_a_message_of_its_own_when_it_was_missed(severity):
    way = Way.AT_ONCE if severity is Severity.CRITICAL else Way.MISSED
    assert decide(origin=Origin.MISSED, severity=severity).way is way


@pytest.mark.parametrize(
    ("weak", "way"),
    [(WeakPolicy.ALERT, Way.AT_ONCE), (WeakPolicy.DIGEST, Way.MISSED), (WeakPolicy.LOG, None)],
)
def test_a_weak_match_that_was_missed_goes_where_its_rule_says(weak, way):
    missed = {"origin": Origin.MISSED, "severity": Severity.CRITICAL, "strength": Strength.WEAK}
    assert decide(**missed, weak=weak).way is way


def test_what_was_told_before_the_dark_is_not_told_again_after_it():
    missed = {"origin": Origin.MISSED, "severity": Severity.CRITICAL}
    assert decide(**missed, told={Reason.FIRST_REPORT}).silence is Silence.ALREADY_TOLD


# --- what is new about what people know of ---

FIRST = {Reason.FIRST_REPORT}


@pytest.mark.parametrize(
    "reason",
    [Reason.CONFIRMATION, Reason.DENIAL, Reason.CORRECTION, Reason.RETRACTION, Reason.DELETION],
)
def test_what_changes_what_was_told_interrupts(reason):
    decision = decide(told=FIRST, news=[News(reason, "by whom")])
    assert (decision.reason, decision.way) == (reason, Way.AT_ONCE)
    assert decision.words == f"{reason}: by whom"


@pytest.mark.parametrize(
    "reason",
    [Reason.ESCALATION, Reason.NEW_TYPE, Reason.OUTLETS, Reason.NEW_SPEAKER, Reason.NEW_NUMBER],
)
def test_all_else_waits_for_the_next_update(reason):
    assert decide(told=FIRST, news=[News(reason)]).way is Way.UPDATE


def test_what_becomes_critical_interrupts():
    news = [News(Reason.ESCALATION, "critical, before high")]
    assert decide(told=FIRST, news=news, severity=Severity.CRITICAL).way is Way.AT_ONCE


@pytest.mark.parametrize(
    ("severity", "unfolding", "way"),
    [
        (Severity.CRITICAL, True, Way.UPDATE),
        (Severity.CRITICAL, False, Way.DIGEST),
        (Severity.HIGH, True, Way.DIGEST),
    ],
)
def test_another_story_alone_waits_for_the_digest_unless_something_critical_unfolds(
    severity, unfolding, way
):
    known = Known(FIRST, (News(Reason.DEVELOPMENT),), unfolding=unfolding)
    assert decide(known=known, severity=severity).way is way


def test_several_things_are_new_at_once_and_the_message_names_them_all():
    news = [News(Reason.NEW_SPEAKER, "Zapp"), News(Reason.DEVELOPMENT)]
    decision = decide(told=FIRST, news=news)
    assert decision.way is Way.UPDATE
    assert decision.words == "a new voice: Zapp; another story of this incident"


def test_a_weak_match_adds_nothing_to_what_people_know_of():
    decision = decide(strength=Strength.WEAK, told=FIRST, news=[News(Reason.DENIAL)])
    assert decision.silence is Silence.ALREADY_TOLD


@pytest.mark.parametrize(
    ("origin", "way"),
    [(Origin.WELCOME, Way.WELCOME), (Origin.LATE, Way.DIGEST), (Origin.MISSED, Way.AT_ONCE)],
)
def test_news_that_came_late_waits_as_a_first_report_would(origin, way):
    assert decide(told=FIRST, news=[News(Reason.DENIAL)], origin=origin).way is way


def test_nothing_is_told_before_enough_sources_stand_behind_it():
    rule = replace(RULE, sources=2)
    waiting = decide(rule=rule)
    assert waiting.silence is Silence.FEW_SOURCES
    assert decide(rule=rule, known=Known(sources=2)).reason is Reason.FIRST_REPORT


@given(
    st.sampled_from(Strength), st.sampled_from(Severity), st.sampled_from(Origin),
    st.sampled_from(WeakPolicy), st.frozensets(st.sampled_from(Reason)), st.booleans(),
    st.lists(st.builds(News, st.sampled_from(Reason))),
)  # fmt: skip
def test_every_decision_is_a_reason_or_a_silence(
    strength, severity, origin, weak, told, beside, news
):
    decision = decide(
        strength=strength,
        severity=severity,
        origin=origin,
        weak=weak,
        told=told,
        news=news,
        beside_strong=beside,
    )
    assert (decision.reason is None) == (decision.way is None) == (decision.silence is not None)
    assert not decision.rides_along or decision.way is Way.AT_ONCE


# --- who hears of the watch itself ---


def channel(name, **rest):
    return Channel(name=ChannelName(name), url="console:", **rest)


def test_notices_about_the_watch_go_to_the_channels_made_for_them():
    desk, night = channel("desk", default=True), channel("night", ops=True)
    assert alerts.ops_channels([desk, night]) == [night]


def test_without_such_a_channel_they_go_to_the_default_ones():
    desk, quiet = channel("desk", default=True), channel("quiet")
    assert alerts.ops_channels([desk, quiet]) == [desk]
