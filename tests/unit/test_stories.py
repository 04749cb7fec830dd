"""Which story an article continues, by what it is about."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.gist import Gists, headline
from monitor.core.knowledge import Actor, ActorId, Knowledge, Name
from monitor.core.model import Document, StoryId
from monitor.core.rules import Term, Word
from monitor.core.stories import Stories

NOW = datetime(2026, 3, 14, 9, tzinfo=UTC)
BRIDGE, BUDGET, FAIR = StoryId(1), StoryId(2), StoryId(3)


def term(written):
    return Term(tuple(Word(word) for word in written.split()), written)


RURITANIA = Actor(
    ActorId("ruritania"), "Ruritania", names=(Name(term("ruritania")),),
    adjectives=(term("ruritanian"), term("ruritano")),
)  # fmt: skip
HENTZAU = Actor(ActorId("hentzau"), "Hentzau", names=(Name(term("hentzau")),))
KNOWN = Knowledge(
    actors=(RURITANIA, HENTZAU),
    meanings=(
        (term("bridge"), term("puente")),
        (term("flood"), term("inundacion")),
        (term("collapse*"), term("derrumb*")),
        (term("oil"), term("petroleo")),
        (term("oil tanker"), term("petrolero")),
    ),
)
GISTS = Gists(KNOWN)


def gist(title, *, lead=None, language="en"):
    return GISTS.of(Document(title=title, summary=lead, language=language))


def stories(*articles, hours=0.0):
    """Live stories of (id, title) pairs, last seen so long ago."""
    live = Stories()
    for key, title in articles:
        live.add(key, gist(title), seen_at=NOW - timedelta(hours=hours))
    return live


def test_a_report_joins_the_story_that_shares_its_particular_words():
    live = stories(
        (BRIDGE, "Bridge at Strelsau falls after flood"),
        (BRIDGE, "Strelsau bridge falls, two hurt"),
        (BUDGET, "Parliament of Ruritania votes on budget"),
    )
    assert live.assign(gist("Two hurt as bridge falls in Strelsau"), now=NOW) == BRIDGE


def test_the_first_reports_of_a_watch_are_told_apart_though_all_name_the_same_two():
    live = stories((BRIDGE, "Ruritania strikes a dock in Hentzau, Duke says"))
    live.add(BUDGET, gist("Ruritania seizes a tanker off Hentzau"), seen_at=NOW)
    for other in (
        "Hentzau frees four prisoners of war, Ruritania says",
        "Ruritania and Hentzau reopen embassies after seven years",
    ):
        assert live.assign(gist(other), now=NOW) is None
    assert live.assign(gist("Ruritania strikes Hentzau dock, says the Duke"), now=NOW) == BRIDGE


def test_a_new_event_opens_a_new_story():
    live = stories((BRIDGE, "Bridge at Strelsau falls after flood"))
    assert live.assign(gist("Mayor of Hentzau wins a chess prize"), now=NOW) is None
    assert Stories().assign(gist("Mayor of Hentzau wins a chess prize"), now=NOW) is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Drones over the castle of Zenda", "Strelsau sends its drones home"),
        ("Court blocks the merger", "Court frees a reporter"),
        ("Ruritania goes fishing", "Horse of Ruritania wins"),
    ],
)
def test_one_word_or_a_name_in_common_is_no_story_even_among_few(first, second):
    assert stories((BRIDGE, first)).assign(gist(second), now=NOW) is None


def test_an_old_story_takes_a_closer_likeness():
    title, other = (
        "Strelsau bridge falls, mayor resigns",
        "Strelsau mayor to be heard by the police",
    )
    assert stories((BRIDGE, title)).assign(gist(other), now=NOW) == BRIDGE
    assert stories((BRIDGE, title), hours=71).assign(gist(other), now=NOW) is None


def test_a_story_ends_that_got_nothing_for_a_window():
    live = Stories(window=timedelta(hours=72))
    title = gist("Bridge at Strelsau falls after flood")
    live.add(BRIDGE, title, seen_at=NOW)
    assert live.assign(title, now=NOW + timedelta(hours=72)) == BRIDGE
    assert live.assign(title, now=NOW + timedelta(hours=73)) is None


def test_a_late_copy_revives_the_story_of_its_original():
    live = Stories(window=timedelta(hours=72))
    title = gist("Bridge at Strelsau falls after flood")
    live.add(BRIDGE, title, seen_at=NOW)
    later = NOW + timedelta(hours=80)
    assert live.assign(title, now=later) is None
    live.touch(BRIDGE, seen_at=later)
    assert live.assign(title, now=later) == BRIDGE


def test_other_forms_of_its_words_tell_the_same():
    live = stories((BRIDGE, "Bridges of Strelsau are collapsing"))
    assert live.assign(gist("A bridge in Strelsau collapsed"), now=NOW) == BRIDGE


def test_an_article_finds_its_story_in_the_other_language():
    live = stories(
        (BRIDGE, "Bridge collapses in Strelsau after flood"),
        (FAIR, "Strelsau fair opens with music"),
    )
    spanish = gist("Se derrumba un puente en Estrelsau por la inundación", language="es")
    assert live.assign(spanish, now=NOW) == BRIDGE


def test_of_two_meanings_the_longer_words_count():
    features = gist("Oil tanker sails").features
    assert "~oil tanker" in features
    assert "~oil" not in features


def test_who_is_named_is_the_same_in_every_language():
    assert "@ruritania" in gist("Ruritanian minister resigns").features
    assert "@ruritania" in gist("Renuncia un ministro ruritano", language="es").features


def test_words_of_the_lead_weigh_half():
    told = gist("Bridge falls", lead="The mayor of Strelsau resigns").features
    assert told["strelsau"] == told["bridg"] / 2


def test_names_of_sites_are_no_part_of_a_headline():
    assert headline("Bridge falls after the flood - The Strelsau Post") == (
        "Bridge falls after the flood"
    )
    assert headline("Bridge falls after the flood | News - The Post") == (
        "Bridge falls after the flood"
    )
    assert headline("Flood - what we know so far") == "Flood - what we know so far"


def test_an_article_that_two_like_stories_share_makes_them_one():
    live = stories(
        (BRIDGE, "Bridge at Strelsau falls after flood"),
        (BUDGET, "Strelsau bridge falls after great flood"),
        (FAIR, "Fair opens with music and dancing"),
    )
    place = live.place(gist("Bridge at Strelsau falls after flood"), now=NOW)
    assert place == (BRIDGE, (BUDGET,))


def test_stories_made_one_have_the_articles_of_both():
    live = stories(
        (BRIDGE, "Bridge at Strelsau falls after flood"),
        (BUDGET, "Mayor resigns over rotten pillars"),
    )
    live.merge(BUDGET, BRIDGE)
    assert BUDGET not in live
    assert live.assign(gist("Rotten pillars: mayor resigns"), now=NOW) == BRIDGE


def test_the_order_of_words_and_stories_decides_nothing_by_chance():
    first = stories((BRIDGE, "Bridge falls in Strelsau"), (BUDGET, "Bridge falls in Strelsau"))
    assert first.assign(gist("Strelsau: bridge falls"), now=NOW) == BRIDGE
