"""Incidents on their way: one message for one event, then what is new about it, in bundles."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from monitor.config import load
from monitor.core.errors import Place
from monitor.core.knowledge import (
    Actor,
    ActorId,
    Binding,
    CueGroup,
    EventType,
    Knowledge,
    Name,
    TypeId,
)
from monitor.core.model import RuleId, Severity
from monitor.core.rules import Happening, Rule
from monitor.core.terms import parse_term
from monitor.storage.schema import alert, delivery, incident, incident_story, match, story


def terms(*written):
    return tuple(map(parse_term, written))


def actor(identifier, *names):
    return Actor(ActorId(identifier), identifier, tuple(Name(each) for each in terms(*names)))


KNOWN = Knowledge(
    actors=(
        actor("northland", "Northland", "Duke Michael"),
        actor("ruritania", "Strelsau", "Rudolf"),
    ),
    types=(
        EventType(TypeId("air_strike"), "a strike", "force", (CueGroup(terms("bombs", "bombed")),)),
        EventType(TypeId("raid"), "a raid", "force", (CueGroup(terms("raids", "raided")),)),
    ),
    bindings={
        Binding.SAYS: terms("says"),
        Binding.DENIES: terms("denies"),
        Binding.THAT: terms("that"),
    },
    places={"castle": terms("Zenda castle"), "bridge": terms("Tarlenheim bridge")},
    another=terms("again", "second"),
)
ATTACKS = Rule(
    id=RuleId("attacks"),
    title="Attacks",
    condition=Happening(families=("force",), targets=("ruritania",)),
    version="1",
    place=Place("rules/r.yaml"),
    severity=Severity.HIGH,
    outlets=2,
)


@pytest.fixture
def open_watch(open_desk, files, tmp_path):
    def open_one(rule=ATTACKS, *more):
        found = load(files, base=tmp_path, environment={})
        return open_desk(replace(found, rules=(rule, *more), knowledge=KNOWN))

    return open_one


@pytest.fixture
def desk(open_watch):
    desk = open_watch()
    desk.sweep()
    return desk


def rows(desk, table):
    with desk.database.read() as connection:
        return connection.execute(select(table)).all()


def told(desk):
    return [(row.reason, row.detail) for row in rows(desk, alert)]


def kinds(desk):
    return [row.kind for row in rows(desk, delivery)]


def test_the_same_event_in_other_words_wakes_nobody(desk, newsroom):
    newsroom.publish("Northland bombs Strelsau")
    assert "first report of this story" in desk.sweep(minutes=6)
    newsroom.publish(
        "Fires over the old capital all night as Duke Michael bombed Strelsau", feed="b"
    )
    assert desk.sweep(minutes=6) == ""
    assert (
        len(rows(desk, incident)) == len(rows(desk, incident_story)) == len(rows(desk, story)) == 1
    )


def test_a_denial_comes_at_once_and_says_what_is_new_and_who_stands_where(desk, newsroom):
    newsroom.publish("Northland bombs Strelsau, Duke Michael says")
    desk.sweep(minutes=6)
    newsroom.publish("Rudolf denies that Northland bombed Strelsau", feed="b")
    sent = desk.sweep(minutes=6)
    assert "🟠 HIGH · UPDATE · Rudolf denies" in sent
    assert "▪ Attacks (high): denied: Rudolf" in sent
    standing = "1 source: Duke Michael · not confirmed by another party · denied by Rudolf"
    assert f"2 outlets, {standing}" in sent
    assert kinds(desk) == ["alert", "update"]


def test_what_is_new_is_bundled_half_an_hour_after_the_last_message(desk, newsroom):
    newsroom.publish("Northland bombs Strelsau")
    desk.sweep(minutes=6)
    newsroom.publish("Northland raids Strelsau")
    newsroom.publish("Northland bombs Strelsau by night", feed="b")
    assert desk.sweep(minutes=6) == ""
    sent = desk.sweep(minutes=25)
    assert sent.count("UPDATE ·") == 1
    assert "another type of event: raid" in sent
    assert "the story grew: 2 independent outlets" in sent
    assert kinds(desk) == ["alert", "update"]


def test_a_message_at_once_takes_the_waiting_bundle_in(desk, newsroom):
    newsroom.publish("Northland bombs Strelsau, Duke Michael says")
    desk.sweep(minutes=6)
    newsroom.publish("Northland raids Strelsau, Duke Michael says")
    desk.sweep(minutes=6)
    newsroom.publish("Rudolf denies that Northland bombed Strelsau", feed="b")
    sent = desk.sweep(minutes=6)
    assert "denied: Rudolf" in sent
    assert "another type of event: raid" in sent
    assert desk.sweep(hours=2) == ""
    assert kinds(desk) == ["alert", "update"]


def test_a_second_strike_in_the_same_story_is_told_at_once(desk, newsroom):
    newsroom.publish("Northland bombs Strelsau")
    desk.sweep(minutes=6)
    newsroom.publish("Northland bombs Strelsau again", feed="b")
    assert "first report" in desk.sweep(minutes=6)
    assert len(rows(desk, story)) == 1
    assert len(rows(desk, incident)) == 2


def test_two_places_are_two_incidents(desk, newsroom):
    newsroom.publish("Zenda castle in ruins, dozens of prisoners flee: Northland bombs Strelsau")
    newsroom.publish(
        "Trains stand still behind Tarlenheim bridge, which Duke Michael bombed with Strelsau",
        feed="b",
    )
    assert desk.sweep(minutes=6).count("first report of this story") == 2  # in one message or two


def test_an_incident_goes_on_across_a_restart(desk, open_watch, newsroom):
    newsroom.publish("Northland bombs Strelsau, Duke Michael says")
    desk.sweep(minutes=6)
    again = open_watch()
    newsroom.publish("Strelsau: Northland bombs it, Duke Michael says", feed="b")
    assert "first report" not in again.sweep(minutes=6)
    newsroom.publish("Rudolf denies that Northland bombed Strelsau", feed="b")
    assert "denied: Rudolf" in again.sweep(minutes=6)


def test_more_of_the_same_is_folded_and_counted(desk, newsroom):
    newsroom.publish("Northland bombs Strelsau, Duke Michael says")
    desk.sweep(minutes=6)
    for number in range(3):
        newsroom.publish(f"Northland bombs Strelsau, Duke Michael says: picture {number}")
    assert desk.sweep(minutes=6) == ""
    newsroom.publish("Rudolf denies that Northland bombed Strelsau")
    assert "3 more reports of this said nothing new" in desk.sweep(minutes=6)


def test_a_rule_may_wait_for_a_second_source(open_watch, newsroom):
    desk = open_watch(replace(ATTACKS, sources=2))
    desk.sweep()
    newsroom.publish("Northland bombs Strelsau, Duke Michael says")
    assert desk.sweep(minutes=6) == ""
    assert [row.decision for row in rows(desk, match)] == [
        "too few independent sources stand behind it as yet"
    ]
    newsroom.publish("Northland bombs Strelsau, Rudolf says", feed="b")
    sent = desk.sweep(minutes=6)
    assert "first report" in sent
    assert "2 sources: Duke Michael, Rudolf · confirmed by Rudolf" in sent


def test_a_rule_that_asks_for_no_updates_tells_the_first_report_alone(open_watch, newsroom):
    desk = open_watch(replace(ATTACKS, updates=frozenset(), outlets=None))
    desk.sweep()
    newsroom.publish("Northland bombs Strelsau, Duke Michael says")
    desk.sweep(minutes=6)
    newsroom.publish("Rudolf denies that Northland bombed Strelsau", feed="b")
    newsroom.publish("Northland raids Strelsau")
    assert desk.sweep(hours=2) == ""


def test_a_revision_that_only_repeats_is_not_told_again(desk, newsroom):
    newsroom.publish("Northland bombs Strelsau, Duke Michael says")
    item = newsroom.publish("Rudolf denies that Northland bombed Strelsau", feed="b")
    desk.sweep(minutes=6)
    before = told(desk)
    item.title = "Rudolf denies once more that Northland bombed Strelsau"
    assert desk.sweep(minutes=6) == ""
    assert told(desk) == before


RUINS = Rule(
    id=RuleId("ruins"),
    title="Ruins",
    condition=parse_term("ruins"),
    version="1",
    place=Place("rules/r.yaml"),
    severity=Severity.CRITICAL,
)


@pytest.fixture
def slow_desk(open_desk, files, tmp_path):
    """Its channel has just taken a message and takes the next one in half an hour."""
    slow = {"channels.yaml": 'console: {url: "console:", default: true, pace: 30 minutes}\n'}
    found = load(files | slow, base=tmp_path, environment={})
    rules = (replace(ATTACKS, outlets=None), RUINS)
    desk = open_desk(replace(found, rules=rules, knowledge=KNOWN))
    desk.sweep()
    return desk


def told_before(desk, newsroom):
    newsroom.publish("An old mill by the sea stands in ruins since last spring")
    assert "old mill" in desk.sweep(minutes=6)


def test_articles_of_a_story_that_wait_together_are_one_message_with_all_their_rules(
    slow_desk, newsroom
):
    told_before(slow_desk, newsroom)
    newsroom.publish("Northland bombs Strelsau, Duke Michael says")
    assert slow_desk.sweep(minutes=6) == ""
    newsroom.publish("Northland bombs Strelsau, Duke Michael says: the town in ruins", feed="b")
    assert slow_desk.sweep(minutes=6) == ""
    sent = slow_desk.sweep(minutes=31)
    assert kinds(slow_desk) == ["alert", "alert"]
    assert len(rows(slow_desk, story)) == 2
    assert sent.count("🔴 CRITICAL ·") == 1  # the highest severity stands in the title
    assert "HIGH ·" not in sent
    assert "Ruins" in sent
    assert "Attacks" in sent
    assert slow_desk.sweep(hours=2) == ""


def test_stories_that_wait_together_are_a_message_each(slow_desk, newsroom):
    told_before(slow_desk, newsroom)
    newsroom.publish("Northland bombs Strelsau, Duke Michael says")
    newsroom.publish("Harvest festival of Hentzau ends among castle ruins and wine", feed="b")
    slow_desk.sweep(minutes=6)
    assert len(rows(slow_desk, story)) == 3
    assert kinds(slow_desk) == ["alert", "alert", "alert"]


def test_what_is_on_its_way_takes_in_nothing_more(open_watch, newsroom):
    desk = open_watch(replace(ATTACKS, outlets=None), RUINS)
    desk.sweep()
    newsroom.publish("Northland bombs Strelsau, Duke Michael says")
    assert "🟠 HIGH ·" in desk.sweep(minutes=6)
    newsroom.publish("Northland bombs Strelsau, Duke Michael says: the town in ruins", feed="b")
    assert "🔴 CRITICAL ·" in desk.sweep(minutes=6)
    assert kinds(desk) == ["alert", "alert"]
