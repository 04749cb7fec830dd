"""When a channel wants its messages: digests by the clock, quiet hours, hours on call, a cap."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import hours
from monitor.core.hours import (
    Digests,
    Hold,
    Hours,
    OnCall,
    Otherwise,
    Peace,
    Rate,
    RuleHours,
    Slots,
    Then,
    Why,
    awake,
    held_by_rules,
    hold,
    moment,
    next_digest,
    next_slot,
    off_call,
    room,
    wanted_by_rules,
)

CARACAS, MADRID, YORK = map(ZoneInfo, ("America/Caracas", "Europe/Madrid", "America/New_York"))
WEEKDAYS = frozenset(range(5))


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def clock(text):
    return time.fromisoformat(text)


@pytest.mark.parametrize(
    ("zone", "day", "shown", "expected"),
    [
        (CARACAS, "2026-03-08", "02:30", "2026-03-08T06:30"),
        (CARACAS, "2026-11-01", "01:30", "2026-11-01T05:30"),
        (YORK, "2026-03-07", "02:30", "2026-03-07T07:30"),
        (YORK, "2026-03-08", "01:59", "2026-03-08T06:59"),
        (YORK, "2026-03-08", "02:00", "2026-03-08T07:00"),  # skipped: the clocks go to three
        (YORK, "2026-03-08", "02:30", "2026-03-08T07:00"),
        (YORK, "2026-03-08", "03:00", "2026-03-08T07:00"),
        (YORK, "2026-03-08", "07:30", "2026-03-08T11:30"),
        (YORK, "2026-11-01", "01:30", "2026-11-01T05:30"),  # shown twice: the first time
        (YORK, "2026-11-01", "02:00", "2026-11-01T07:00"),
        (YORK, "2026-11-01", "07:30", "2026-11-01T12:30"),
        (MADRID, "2026-03-29", "02:30", "2026-03-29T01:00"),
        (MADRID, "2026-03-29", "07:30", "2026-03-29T05:30"),
        (MADRID, "2026-10-25", "02:30", "2026-10-25T00:30"),
        (MADRID, "2026-10-25", "07:30", "2026-10-25T06:30"),
    ],
)
def test_a_time_of_the_day_is_one_moment_also_when_clocks_change(zone, day, shown, expected):
    assert moment(date.fromisoformat(day), clock(shown), zone) == at(expected)


@pytest.mark.parametrize(
    ("zone", "days", "after", "expected"),
    [
        (CARACAS, hours.EVERY_DAY, "2026-03-02T11:00", "2026-03-02T11:30"),
        (CARACAS, hours.EVERY_DAY, "2026-03-02T11:30", "2026-03-02T22:00"),
        (CARACAS, hours.EVERY_DAY, "2026-03-02T22:00", "2026-03-03T11:30"),
        (CARACAS, WEEKDAYS, "2026-03-06T22:00", "2026-03-09T11:30"),
        (YORK, hours.EVERY_DAY, "2026-03-07T23:00", "2026-03-08T11:30"),
        (YORK, hours.EVERY_DAY, "2026-10-31T22:00", "2026-11-01T12:30"),
        (MADRID, hours.EVERY_DAY, "2026-03-28T17:00", "2026-03-29T05:30"),
        (MADRID, hours.EVERY_DAY, "2026-10-24T16:00", "2026-10-25T06:30"),
    ],
)
def test_the_next_slot_follows_the_clocks_of_its_zone(zone, days, after, expected):
    slots = Slots((clock("07:30"), clock("18:00")), zone, days)
    assert next_slot(slots, at(after)) == at(expected)


def test_a_slot_that_the_clocks_show_twice_comes_once():
    slots = Slots((clock("01:30"),), YORK)
    first = next_slot(slots, at("2026-11-01T00:00"))
    assert (first, next_slot(slots, first)) == (at("2026-11-01T05:30"), at("2026-11-02T06:30"))


def test_without_slots_a_digest_goes_out_so_long_after_its_first_item():
    digests = Digests(every=timedelta(minutes=20))
    assert next_digest(digests, at("2026-03-02T11:00")) == at("2026-03-02T11:20")


NIGHT = Hours(clock("23:00"), clock("06:30"), YORK)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-03-02T03:59", None),
        ("2026-03-02T04:00", "2026-03-02T11:30"),
        ("2026-03-02T11:29:59", "2026-03-02T11:30"),
        ("2026-03-02T11:30", None),
        ("2026-03-08T04:30", "2026-03-08T10:30"),  # the night that is an hour shorter
        ("2026-11-01T03:30", "2026-11-01T11:30"),  # and the one that is longer
    ],
)
def test_quiet_hours_last_past_midnight_and_through_a_change_of_clocks(now, until):
    found = hold(Peace(quiet=(NIGHT,)), at(now))
    assert found == (None if until is None else Hold(Why.QUIET, at(until)))


def test_quiet_hours_of_some_days_are_those_that_begin_on_them():
    peace = Peace(quiet=(Hours(clock("23:00"), clock("06:30"), UTC, frozenset({4})),))
    assert hold(peace, at("2026-03-07T03:00")) == Hold(Why.QUIET, at("2026-03-07T06:30"))
    assert hold(peace, at("2026-03-06T03:00")) is None


def test_spans_that_follow_each_other_are_one():
    weekend = Hours(clock("06:00"), clock("10:00"), UTC, frozenset({5, 6}))
    peace = Peace(quiet=(Hours(clock("23:00"), clock("06:30")), weekend))
    assert hold(peace, at("2026-03-07T03:00")) == Hold(Why.QUIET, at("2026-03-07T10:00"))
    assert hold(peace, at("2026-03-06T03:00")) == Hold(Why.QUIET, at("2026-03-06T06:30"))


SHIFT = OnCall((Hours(clock("09:00"), clock("17:00"), MADRID, WEEKDAYS),))


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-03-02T08:00", None),
        ("2026-03-02T15:59", None),
        ("2026-03-02T16:00", "2026-03-03T08:00"),
        ("2026-03-06T16:00", "2026-03-09T08:00"),
        ("2026-03-27T16:00", "2026-03-30T07:00"),  # clocks change at the weekend
    ],
)
def test_outside_of_the_hours_on_call_messages_wait_for_the_next_shift(now, until):
    peace = Peace(on_call=SHIFT)
    found = hold(peace, at(now))
    assert found == (None if until is None else Hold(Why.OFF_CALL, at(until)))
    assert off_call(peace, at(now)) is (until is not None)


def test_what_waits_for_a_shift_waits_for_the_end_of_quiet_hours_in_it():
    siesta = Hours(clock("08:30"), clock("10:00"), MADRID)
    found = hold(Peace(quiet=(siesta,), on_call=SHIFT), at("2026-03-02T16:00"))
    assert found == Hold(Why.OFF_CALL, at("2026-03-03T09:00"))


def test_hours_that_leave_no_time_at_all_still_end_somewhere():
    always = (Hours(clock("00:00"), clock("12:00")), Hours(clock("12:00"), clock("00:00")))
    found = hold(Peace(quiet=always), at("2026-03-02T16:00"))
    assert found is not None
    assert found.until > at("2026-03-20T00:00")


def test_a_channel_without_any_of_it_is_never_left_in_peace():
    assert not Peace().keeps
    assert not Peace(digests=Digests(empty=True)).keeps
    assert Peace(on_call=OnCall((NIGHT,), Otherwise.FALLBACK)).keeps


@pytest.mark.parametrize(
    ("sent", "left", "free"),
    [
        ([], 3, "2026-03-02T12:00"),
        (["11:50", "11:55"], 3, "2026-03-02T12:00"),  # a span ago is over
        (["11:51", "11:55"], 1, "2026-03-02T12:00"),
        (["11:51", "11:55", "11:59"], 0, "2026-03-02T12:01"),
        (["11:51", "11:52", "11:55", "11:59"], -1, "2026-03-02T12:02"),
        (["12:01", "12:02"], 3, "2026-03-02T12:00"),  # by a clock that was set back since
    ],
)
def test_a_cap_leaves_room_until_so_many_went_out_in_its_span(sent, left, free):
    moments = [at(f"2026-03-02T{each}") for each in sent]
    if sent[:1] == ["11:50"]:
        moments[1] = at("2026-03-02T11:50")
    rate = Rate(3, timedelta(minutes=10))
    assert room(rate, moments, at("2026-03-02T12:00")) == (left, at(free))


ZONES = st.sampled_from([CARACAS, MADRID, YORK, ZoneInfo("Asia/Kathmandu"), UTC])
MOMENTS = st.integers(0, 364 * 86_400).map(
    lambda seconds: at("2026-01-01T00:00") + timedelta(seconds=seconds)
)
TIMES = st.times().map(lambda each: each.replace(second=0, microsecond=0))
DAYS = st.frozensets(st.integers(0, 6), min_size=1)


@given(after=MOMENTS, times=st.lists(TIMES, min_size=1, max_size=3), zone=ZONES, days=DAYS)
def test_the_next_slot_is_always_ahead_and_within_eight_days(after, times, zone, days):
    slots = Slots(tuple(times), zone, days)
    found = next_slot(slots, after)
    assert after < found <= after + timedelta(days=8, hours=1)
    assert next_slot(slots, found) > found
    assert next_slot(slots, found - timedelta(seconds=1)) == found


@given(now=MOMENTS, begins=TIMES, ends=TIMES, zone=ZONES, days=DAYS, on_call=st.booleans())
def test_what_is_held_is_held_until_a_later_moment_at_which_nothing_holds_it(
    now, begins, ends, zone, days, on_call
):
    if begins == ends:
        return
    span = (Hours(begins, ends, zone, days),)
    peace = Peace(on_call=OnCall(span)) if on_call else Peace(quiet=span)
    found = hold(peace, now)
    if found is not None:
        assert found.until > now
        assert hold(peace, found.until) is None


OWN = Hours(time(22), time(7), CARACAS)
AT_NIGHT, AT_NOON = datetime(2026, 3, 2, 6, tzinfo=UTC), datetime(2026, 3, 2, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rules", "until"),
    [
        ([[RuleHours(OWN)]], datetime(2026, 3, 2, 11, tzinfo=UTC)),
        ([[RuleHours(OWN)], []], None),  # the other rule does not wait
        ([[RuleHours(OWN)], [RuleHours(Hours(time(0), time(5), CARACAS))]],
         datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ([[RuleHours(OWN, Then.DELIVER)]], None),
        ([], None),
    ],
)  # fmt: skip
def test_a_message_waits_while_all_its_rules_want_it(rules, until):
    assert held_by_rules(rules, AT_NIGHT) == until
    assert held_by_rules(rules, AT_NOON) is None


def test_a_message_comes_where_one_of_its_rules_wants_it():
    wanted = [[RuleHours(OWN)], [RuleHours(OWN, Then.DELIVER)]]
    assert wanted_by_rules(wanted, AT_NIGHT)
    assert not wanted_by_rules(wanted, AT_NOON)
    assert not wanted_by_rules([[RuleHours(OWN)]], AT_NIGHT)


NIGHTS = (Hours(clock("23:00"), clock("07:00")),)
SHIFTS = (Hours(clock("09:00"), clock("17:00"), days=WEEKDAYS),)


@pytest.mark.parametrize(
    ("peace", "since", "now", "hours_awake"),
    [
        (Peace(), "2026-03-02T12:00", "2026-03-03T12:00", 24),
        (Peace(quiet=NIGHTS), "2026-03-02T22:00", "2026-03-03T07:00", 1),
        (Peace(quiet=NIGHTS), "2026-03-02T23:30", "2026-03-03T06:00", 0),
        (Peace(quiet=NIGHTS), "2026-03-02T12:00", "2026-03-04T12:00", 32),
        (Peace(on_call=OnCall(SHIFTS)), "2026-03-06T16:00", "2026-03-09T10:00", 2),  # a weekend
        (Peace(on_call=OnCall(SHIFTS), quiet=NIGHTS), "2026-03-03T16:30", "2026-03-04T09:30", 1),
        (Peace(quiet=(Hours(clock("00:00"), clock("00:00")),)), "2026-03-02T12:00",
         "2026-03-12T12:00", 0),
        (Peace(), "2026-03-03T12:00", "2026-03-02T12:00", 0),  # a clock set back
    ],
)  # fmt: skip
def test_only_the_time_counts_in_which_its_own_hours_held_nothing(peace, since, now, hours_awake):
    found = awake(peace, at(since), at(now), enough=timedelta(days=9))
    assert found == timedelta(hours=hours_awake)


def test_time_is_counted_no_further_than_asked():
    years = awake(
        Peace(quiet=NIGHTS),
        at("2020-01-01T12:00"),
        at("2026-01-01T12:00"),
        enough=timedelta(days=1),
    )
    assert timedelta(days=1) <= years < timedelta(days=2)
