"""Spikes and silences as decisions: what counts, what is usual, what begins and what ends."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.core import episodes, volume
from monitor.core.alerts import Origin
from monitor.core.census import LEAST_ARTICLES, Census
from monitor.core.charts import bar, sparkline
from monitor.core.episodes import Headline, Picture
from monitor.core.errors import Place
from monitor.core.knowledge import Knowledge
from monitor.core.lint import findings
from monitor.core.model import Document, RuleId, Severity
from monitor.core.projection import Past
from monitor.core.rules import Counted, Rule, Term, Volume, Word
from monitor.core.volume import Hit, Span, Turn, Usual

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SPIKE = Volume(window=HOUR, unit=Counted.STORIES, at_least=8)
RATIO = replace(SPIKE, ratio=3.0, baseline=timedelta(days=28))
SILENCE = Volume(window=6 * HOUR, unit=Counted.STORIES, at_most=0)
RULE = Rule(RuleId("talk"), "Talk", Term((), "x"), "v1", Place("rules/a.yaml"), Severity.HIGH)


def hit(number: int, **given: object) -> Hit:
    values: dict[str, object] = {"at": NOON, "story": None, "outlet_id": f"paper-{number}"}
    return Hit(article=number, **(values | given))  # type: ignore[arg-type]


def judged(
    counted: Volume,
    number: int,
    *,
    weeks: tuple[int, ...] = (),
    unsure: str | None = None,
    under_way: bool = False,
) -> volume.Verdict:
    usual = volume.usual(weeks)
    return volume.judged(counted, number, known=usual, unsure=unsure, under_way=under_way)


# --- what counts ----------------------------------------------------------------------------------


def test_what_came_live_counts_when_it_was_seen_and_all_else_when_it_was_published() -> None:
    early = NOON - DAY
    assert volume.counted_at(Origin.LIVE, published=early, seen=NOON) == NOON
    for origin in (Origin.BASELINE, Origin.LATE, Origin.MISSED, Origin.WELCOME):
        assert volume.counted_at(origin, published=early, seen=NOON) == early
        assert volume.counted_at(origin, published=None, seen=NOON) is None
        assert volume.counted_at(origin, published=NOON + HOUR, seen=NOON) is None


def test_articles_are_counted_without_copies() -> None:
    hits = [
        hit(1, story=1, credit="agency"),
        hit(2, story=1, credit="agency"),
        hit(3, story=1, duplicate_of=1),
        hit(4, story=1),
        hit(5, story=1, outlet_id="searches", carrier="paper-4"),
        hit(6, story=2, credit="agency"),
    ]
    assert volume.counted(hits, Counted.ARTICLES) == 3
    assert volume.counted(hits, Counted.STORIES) == 2
    assert volume.counted(hits, Counted.OUTLETS) == 2, "the agency, and the one that wrote itself"
    assert volume.counted([], Counted.OUTLETS) == 0


def test_what_is_in_no_story_is_one_of_its_own() -> None:
    assert volume.counted([hit(1), hit(2), hit(3, story=1)], Counted.STORIES) == 3


# --- when -----------------------------------------------------------------------------------------


def test_usual_is_learnt_from_the_same_weekday_and_hour() -> None:
    spans = volume.same_hours(RATIO, NOON)
    assert [span.until for span in spans] == [NOON - n * timedelta(days=7) for n in (1, 2, 3, 4)]
    assert {span.until - span.since for span in spans} == {HOUR}
    assert volume.same_hours(SPIKE, NOON) == []


def test_the_window_of_a_silence_leaves_time_to_read_what_came_last() -> None:
    assert volume.window(SPIKE, NOON) == Span(NOON - HOUR, NOON)
    assert volume.window(SILENCE, NOON) == Span(NOON - 6 * HOUR - volume.SETTLING, NOON)


@pytest.mark.parametrize(
    ("window", "pause"), [(timedelta(minutes=10), 1), (HOUR, 5), (6 * HOUR, 15), (7 * DAY, 15)]
)
def test_looks_come_a_dozen_to_a_window_within_reason(window: timedelta, pause: int) -> None:
    assert volume.pause(replace(SPIKE, window=window)) == timedelta(minutes=pause)


def test_a_chart_shows_no_window_that_is_not_known() -> None:
    spans = volume.shown(SPIKE, NOON, known_from=NOON - 3 * HOUR)
    assert [span.since for span in spans] == [NOON - n * HOUR for n in (3, 2, 1)]
    assert volume.shown(SPIKE, NOON, known_from=NOON) == [Span(NOON - HOUR, NOON)]
    assert len(volume.shown(SPIKE, NOON, known_from=NOON - 9 * DAY)) == volume.WINDOWS_SHOWN


# --- a spike --------------------------------------------------------------------------------------


def test_a_spike_begins_with_enough() -> None:
    assert judged(SPIKE, 7).turn is None
    assert judged(SPIKE, 8).turn is Turn.BEGINS
    assert judged(SPIKE, 7).words == "7 stories in 1 hour; it takes 8"


def test_a_spike_with_a_ratio_is_so_many_times_the_usual() -> None:
    assert judged(RATIO, 11, weeks=(4, 4, 4, 4)).turn is None
    assert judged(RATIO, 12, weeks=(4, 4, 4, 4)).turn is Turn.BEGINS
    assert judged(RATIO, 8, weeks=(0, 0)).turn is Turn.BEGINS, "at_least is the floor"
    assert judged(RATIO, 7, weeks=(0, 0)).turn is None


def test_what_swings_from_week_to_week_takes_more() -> None:
    steady, unsteady = Usual((5, 5, 5, 5)), Usual((0, 0, 0, 20))
    assert steady.mean == unsteady.mean
    assert volume.needed(RATIO, steady) == 15
    assert volume.needed(RATIO, unsteady) == 25


def test_without_enough_weeks_a_ratio_tells_nothing_and_says_so() -> None:
    verdict = judged(RATIO, 50, weeks=(4,))
    assert verdict.turn is None
    assert verdict.words.endswith("not told: what is usual at this hour takes 2 weeks to know")


def test_a_spike_ends_at_half_of_what_it_takes_and_not_before() -> None:
    assert judged(SPIKE, 5, under_way=True).turn is None
    assert judged(SPIKE, 4, under_way=True).turn is None
    assert judged(SPIKE, 3, under_way=True).turn is Turn.ENDS
    assert judged(SPIKE, 90, under_way=True).words == "90 stories in 1 hour: the spike goes on"


def test_a_spike_does_not_end_because_we_went_blind() -> None:
    assert judged(SPIKE, 0, under_way=True, unsure="blind").turn is None


# --- a silence ------------------------------------------------------------------------------------


def test_a_silence_begins_where_nothing_came() -> None:
    assert judged(SILENCE, 1).turn is None
    assert judged(SILENCE, 0).turn is Turn.BEGINS


def test_no_silence_is_told_of_a_window_that_cannot_be_trusted() -> None:
    verdict = judged(SILENCE, 0, unsure="the watch was blind")
    assert verdict.turn is None
    assert verdict.words == "0 stories in 6 hours, not told: the watch was blind"


def test_a_silence_ends_with_the_first_that_comes_and_with_some_more_where_some_are_allowed() -> (
    None
):
    assert judged(SILENCE, 0, under_way=True).turn is None
    assert judged(SILENCE, 1, under_way=True).turn is Turn.ENDS
    few = replace(SILENCE, at_most=4)
    assert judged(few, 6, under_way=True).turn is None
    assert judged(few, 7, under_way=True).turn is Turn.ENDS


# --- the past -------------------------------------------------------------------------------------


def test_a_projection_tells_each_episode_once() -> None:
    days = [hit(n, at=NOON - DAY + timedelta(minutes=n)) for n in range(9)]
    past = Past(SPIKE, days, known_from=NOON - 3 * DAY, blind=[])
    (told,) = past.episodes(Span(NOON - 2 * DAY, NOON))
    assert told.began_at == NOON - DAY + timedelta(minutes=10)
    assert told.ended_at == NOON - DAY + timedelta(minutes=65)


def test_a_projection_tells_no_silence_while_the_watch_was_blind() -> None:
    blind = [Span(NOON - DAY, NOON)]
    assert (
        Past(SILENCE, [], known_from=NOON - 9 * DAY, blind=blind).episodes(
            Span(NOON - DAY + HOUR, NOON)
        )
        == []
    )
    (told,) = Past(SILENCE, [], known_from=NOON - DAY, blind=[]).episodes(Span(NOON - DAY, NOON))
    assert told.began_at == NOON - DAY + timedelta(hours=6, minutes=15)


# --- messages -------------------------------------------------------------------------------------


def picture(*numbers: int) -> Picture:
    windows = [
        (Span(NOON - (len(numbers) - n) * HOUR, NOON - (len(numbers) - n - 1) * HOUR), number)
        for n, number in enumerate(numbers)
    ]
    latest = (Headline("Up <@everyone> and [away](x)", "Paper", "https://a.example/1", NOON),)
    return Picture(windows, latest, feeds=(11, 12))


def test_the_message_of_a_spike() -> None:
    usual = Usual((3, 1))
    said = episodes.begun(RULE, RATIO, 16, usual=usual, picture=picture(1, 0, 16), now=NOON)
    assert said.title == "🟠 HIGH · Talk: 16 stories in 1 hour"
    assert said.body.split("\n") == [
        "A spike: 16 stories in 1 hour, up to Mon 2 Mar 12:00 UTC",
        "Usual at this hour of the week: 2 (3, 1 in the weeks before)",
        "",
        "09:00 █ 1",
        "10:00 0",
        "11:00 ████████████████ 16",
        "",
        "The latest:",
        "– Up ‹＠everyone› and [away] (x) (Paper, Mon 2 Mar 12:00 UTC)",
        "https://a.example/1",
    ]


def test_a_chart_shows_no_number_of_a_time_in_which_the_watch_was_blind() -> None:
    seen = replace(picture(1, 0, 0, 2), blind=(Span(NOON - 3 * HOUR, NOON - HOUR / 2),))
    said = episodes.begun(RULE, SPIKE, 2, usual=None, picture=seen, now=NOON)
    assert said.body.split("\n")[2:6] == [
        "08:00 ████████ 1",
        "09:00 – (blind)",
        "10:00 – (blind)",
        "11:00 ████████████████ 2 (partly blind)",
    ]


def test_the_message_of_a_silence_says_that_the_watch_was_not_blind() -> None:
    said = episodes.begun(RULE, SILENCE, 0, usual=None, picture=picture(0), now=NOON)
    assert said.title == "🟠 HIGH · Talk: no story for 6 hours"
    assert "The watch was not blind: 11 of 12 feeds answered meanwhile" in said.body
    few = episodes.begun(
        RULE, replace(SILENCE, at_most=2), 1, usual=None, picture=Picture([]), now=NOON
    )
    assert few.title == "🟠 HIGH · Talk: only 1 story in 6 hours"


def test_the_message_of_an_end_says_when_it_began() -> None:
    said = episodes.ended(RULE, SPIKE, 2, since=NOON - 5 * HOUR, picture=picture(2), now=NOON)
    assert said.title == "OVER · Talk: the spike is over"
    assert said.body.startswith("The spike told Mon 2 Mar 07:00 UTC is over: 2 stories in 1 hour")


def test_a_message_that_waited_says_that_it_is_late() -> None:
    body = episodes.sent("T", "B", decided_at=NOON, now=NOON + timedelta(minutes=1)).body
    assert body == "B\nSent Mon 2 Mar 12:01 UTC"
    late = episodes.sent("T", "B", decided_at=NOON, now=NOON + HOUR).body
    assert late == "B\nSent Mon 2 Mar 13:00 UTC · LATE: decided Mon 2 Mar 12:00 UTC"


def test_a_sparkline_is_as_high_as_its_highest() -> None:
    assert sparkline((0, 1, 4, 8)) == "·▁▄█"
    assert sparkline((0, 0)) == "··"
    assert sparkline(()) == ""


def test_a_bar_shows_anything_at_all() -> None:
    assert bar(0, 100, width=10) == ""
    assert bar(1, 100, width=10) == "█"
    assert bar(100, 100, width=10) == "█" * 10


# --- warnings -------------------------------------------------------------------------------------


def test_two_rules_that_count_the_same_in_other_ways_are_no_duplicates() -> None:
    condition = Term((Word("oil"),), "oil")
    telling = replace(RULE, id=RuleId("tells"), condition=condition)
    rules = [telling] + [
        replace(telling, id=RuleId(f"counts-{n}"), volume=counted)
        for n, counted in enumerate((SPIKE, SILENCE, SPIKE))
    ]
    (found,) = findings(rules, [])
    assert found.message.startswith("duplicate rule: counts-2 has the same condition as counts-0")


def test_what_is_counted_may_be_broad() -> None:
    condition = Term((Word("oil"),), "oil")
    for counted, warnings in ((None, 1), (SPIKE, 0)):
        census = Census(
            [replace(RULE, condition=condition, volume=counted)], Knowledge(), languages={}
        )
        for _ in range(LEAST_ARTICLES):
            census.add(Document("Oil"))
        assert len(list(census.findings())) == warnings
