"""An event on its way: matched, stored with the match, told in the message, shown again."""

from dataclasses import replace
from datetime import timedelta

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
    Modifier,
    ModifierId,
    Name,
    Status,
    TypeId,
)
from monitor.core.model import RuleId, Severity
from monitor.core.rules import Happening, Rule
from monitor.core.terms import parse_term
from monitor.storage import views
from monitor.storage.schema import match


def terms(*written):
    return tuple(map(parse_term, written))


def actor(identifier, *names):
    return Actor(ActorId(identifier), identifier, tuple(Name(each) for each in terms(*names)))


KNOWN = Knowledge(
    actors=(actor("northland", "Northland", "Duke Michael"), actor("ruritania", "Strelsau")),
    modifiers=(Modifier(ModifierId("may"), terms("may"), Status.HYPOTHETICAL),),
    types=(
        EventType(TypeId("air_strike"), "a strike", "force", (CueGroup(terms("bombs", "bomb")),)),
    ),
    bindings={Binding.SAYS: terms("says")},
)
ATTACKS = Rule(
    id=RuleId("attacks"),
    title="Attacks",
    condition=Happening(types=("air_strike",), targets=("ruritania",)),
    version="1",
    place=Place("rules/r.yaml"),
    severity=Severity.HIGH,
)


@pytest.fixture
def desk(open_desk, files, tmp_path):
    found = load(files, base=tmp_path, environment={})
    return open_desk(replace(found, rules=(ATTACKS,), knowledge=KNOWN))


def matches(desk):
    with desk.database.read() as connection:
        return connection.execute(select(match).order_by(match.c.id)).all()


def test_a_message_says_who_did_what_to_whom_and_who_says_so(desk, newsroom):
    desk.sweep()
    newsroom.publish("Northland bombs Strelsau, Duke Michael says")
    sent = desk.sweep(minutes=6)
    first, second = [line for line in sent.splitlines() if line.startswith("– ")][:2]
    said = "claimed by Duke Michael, not confirmed in this article"
    assert first == f"– Northland → Strelsau: air strike · {said}"
    assert second == "– headline: »Northland bombs Strelsau«, Duke Michael says"
    (row,) = matches(desk)
    assert (row.event["source"], row.event["target"]) == ("northland", "ruritania")
    assert (row.event["status"], row.event["speaker"]) == ("claimed", "Duke Michael")
    assert row.evidence[0]["why"] == (
        "event air strike: Northland → Strelsau, claimed by Duke Michael"
    )


def test_what_may_happen_waits_for_the_digest_and_says_so(desk, newsroom):
    desk.sweep()
    newsroom.publish("Northland may bomb Strelsau")
    assert desk.sweep(minutes=6) == ""
    digest = desk.sweep(hours=1)
    assert "– Northland → Strelsau: air strike · hypothetical" in digest
    assert [row.strength for row in matches(desk)] == ["weak"]


def test_a_revision_renews_the_event(desk, newsroom):
    desk.sweep()
    item = newsroom.publish("Northland bombs Strelsau")
    assert "Northland → Strelsau: air strike\n" in desk.sweep(minutes=6)
    item.title = "Northland bombs Strelsau, Duke Michael says"
    desk.sweep(minutes=6)
    (row,) = matches(desk)
    assert row.event["status"] == "claimed"


def test_rules_look_at_an_article_with_the_day_it_came_out(desk, newsroom):
    desk.sweep()
    came_out = desk.clock.now() - timedelta(days=2)
    newsroom.publish("Northland bombs Strelsau", published=came_out)
    newsroom.publish("Rain in Zenda", published=None)
    desk.sweep(minutes=6)
    with desk.database.read() as connection:
        days = {told.title: told.published for _, told in views.newest(connection, limit=10)}
    assert days["Northland bombs Strelsau"] == came_out.date()
    assert days["Rain in Zenda"] == desk.clock.now().date()
