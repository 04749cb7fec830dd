"""Which reports are one incident, what is new in each, and who stands behind it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from norland import DAY, knowledge

from monitor.core import alerts
from monitor.core.alerts import Decision, Origin, Reason, Silence, Way
from monitor.core.corroboration import Voice, Voices
from monitor.core.errors import Place
from monitor.core.incidents import Incident, account_of, joined, known
from monitor.core.matcher import Matcher
from monitor.core.model import Document, RuleId, Severity, StoryId
from monitor.core.particulars import Reader
from monitor.core.rules import AnyOf, Case, Happening, OncePer, Rule, Update
from monitor.core.terms import parse_term
from monitor.core.wording.english import ENGLISH

KNOWLEDGE = knowledge()
FORCE = Happening(families=("force",))
RULE = Rule(
    RuleId("force"), "Force", FORCE, "1", Place("rules/a.yaml", 1, 1), severity=Severity.HIGH
)
ALL = replace(RULE, updates=frozenset(Update), outlets=3)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Desk:
    """Somebody who hears of one rule, one headline after the other."""

    def __init__(self, rule: Rule = RULE) -> None:
        self.rule = rule
        self.incidents: list[Incident] = []
        self.told: dict[int, frozenset[Reason]] = {}
        self._matcher = Matcher([rule], KNOWLEDGE)
        self._reader = Reader(KNOWLEDGE)

    def hears(
        self,
        title: str,
        *,
        story: int = 1,
        hours: float = 0,
        outlet: str = "bell",
        outlets: int = 1,
        lead: str | None = None,
    ) -> Decision:
        document = Document(title, lead, published=DAY)
        (match,) = self._matcher.match(document)
        account = account_of(
            match,
            self._reader.of(document, match.event, self._matcher.events(match, document)),
            story=StoryId(story),
            at=NOON + timedelta(hours=hours),
            publisher=(outlet, outlet.title()),
        )
        incident = joined(account, self.incidents, self.rule)
        if incident is None:
            incident = Incident.opened_by(account)
            self.incidents.append(incident)
        told = self.told.get(id(incident), frozenset())
        decision = alerts.decide(
            strength=match.strength,
            severity=match.severity,
            origin=Origin.LIVE,
            rule=self.rule,
            known=known(incident, account, self.rule, told=told, outlets=outlets),
            beside_strong=False,
        )
        incident.absorb(account)
        if decision.reason is not None:
            incident.tell(decision, severity=match.severity, at=account.at)
            self.told[id(incident)] = told | {decision.reason}
        return decision


# --- which incident ---


def test_two_stories_of_one_event_are_one_incident():
    desk = Desk()
    assert desk.hears("Norland bombs Sudania").reason is Reason.FIRST_REPORT
    later = desk.hears("Norlandia ataca Sudania", story=2, hours=1)
    assert (later.reason, later.way) == (Reason.DEVELOPMENT, Way.DIGEST)
    assert len(desk.incidents) == 1


def test_other_stories_of_what_is_critical_are_updates_while_it_unfolds_then_digested():
    desk = Desk(replace(RULE, severity=Severity.CRITICAL))
    desk.hears("Norland bombs Sudania")
    later = desk.hears("Norlandia ataca Sudania", story=2, hours=5)
    assert (later.reason, later.way) == (Reason.DEVELOPMENT, Way.UPDATE)
    last = desk.hears("Norland bombs Sudania: an actor misses his prize", story=3, hours=7)
    assert (last.reason, last.way) == (Reason.DEVELOPMENT, Way.DIGEST)


def test_what_is_more_urgent_than_all_that_was_told_is_an_incident_of_its_own():
    cases = (Case(Severity.CRITICAL, parse_term("missiles")), Case(Severity.HIGH))
    desk = Desk(replace(RULE, cases=cases))
    desk.hears("Norland bombs Sudania")
    worse = desk.hears("Norland bombs Sudania with missiles", story=2, hours=1)
    assert worse.reason is Reason.FIRST_REPORT
    less = desk.hears("Norland bombs Sudania", story=3, hours=2)
    assert less.reason is Reason.DEVELOPMENT


def test_a_second_strike_on_the_same_day_is_an_incident_of_its_own():
    desk = Desk()
    desk.hears("Norland bombs Sudania")
    second = desk.hears("Norland carries out second strike in Sudania", hours=3)
    assert second.reason is Reason.FIRST_REPORT
    assert len(desk.incidents) == 2


def test_more_on_the_second_strike_joins_the_second():
    desk = Desk()
    desk.hears("Norland bombs Sudania")
    desk.hears("Norland carries out second strike in Sudania", hours=3)
    more = desk.hears("Another strike by Norland in Sudania", story=5, hours=4)
    assert more.reason is Reason.DEVELOPMENT
    assert len(desk.incidents) == 2


def test_a_strike_in_another_place_is_another_incident():
    desk = Desk()
    desk.hears("Norland bombs Sudania, explosions in Sudabad")
    elsewhere = desk.hears("Norland strikes Sudania in the Lakes", story=2, hours=1)
    assert elsewhere.reason is Reason.FIRST_REPORT


def test_a_report_that_names_no_place_may_be_about_any():
    desk = Desk()
    desk.hears("Norland bombs Sudania, explosions in Sudabad")
    assert desk.hears("Norland bombs Sudania", story=2).reason is Reason.DEVELOPMENT


def test_other_parties_are_another_incident():
    desk = Desk()
    desk.hears("Norland bombs Sudania")
    assert desk.hears("Norland seizes tanker", story=2).reason is Reason.FIRST_REPORT


def test_a_follow_up_joins_as_long_as_the_window_of_its_rule_is_open():
    desk = Desk(replace(RULE, window=timedelta(hours=2)))
    desk.hears("Norland bombs Sudania")
    assert desk.hears("Norland ataca Sudania", story=2, hours=2).reason is Reason.DEVELOPMENT
    assert desk.hears("Norland bombs Sudania", story=3, hours=3.9).reason is Reason.DEVELOPMENT
    assert desk.hears("Norland bombs Sudania", story=4, hours=6).reason is Reason.FIRST_REPORT


def test_the_same_story_joins_longer_but_not_for_ever():
    desk = Desk()
    desk.hears("Norland bombs Sudania")
    assert desk.hears("Norland bombs Sudania", hours=47).silence is Silence.ALREADY_TOLD
    assert desk.hears("Norland bombs Sudania", hours=49).reason is Reason.FIRST_REPORT


def test_a_rule_that_tells_stories_tells_each():
    desk = Desk(replace(RULE, once_per=OncePer.STORY))
    desk.hears("Norland bombs Sudania")
    assert desk.hears("Norland bombs Sudania", story=2).reason is Reason.FIRST_REPORT
    assert desk.hears("Second strike by Norland in Sudania").silence is Silence.ALREADY_TOLD


def test_a_rule_that_tells_articles_tells_each():
    desk = Desk(replace(RULE, once_per=OncePer.ARTICLE))
    desk.hears("Norland bombs Sudania")
    assert desk.hears("Norland bombs Sudania").reason is Reason.FIRST_REPORT


def test_a_match_by_words_joins_the_incident_that_goes_on():
    desk = Desk(replace(RULE, condition=AnyOf((FORCE, parse_term("warplanes")))))
    desk.hears("Norland bombs Sudania")
    assert desk.hears("Warplanes over the city", story=2, hours=1).reason is Reason.DEVELOPMENT


def test_what_only_words_tell_of_takes_no_event_in():
    desk = Desk(replace(RULE, condition=AnyOf((FORCE, parse_term("warplanes")))))
    desk.hears("Warplanes over the city")
    assert desk.hears("Norland bombs Sudania", story=2, hours=1).reason is Reason.FIRST_REPORT
    assert desk.hears("Norland seizes tanker", story=3, hours=2).reason is Reason.FIRST_REPORT


def test_the_parties_of_an_incident_are_those_of_the_event_it_began_with():
    desk = Desk()
    desk.hears("Norland bombs Sudania")
    desk.hears("Norland bombs Sudania: tanker attacked by Norland", hours=1)
    assert desk.hears("Norland seizes tanker", story=3, hours=2).reason is Reason.FIRST_REPORT


def test_what_is_hypothetical_hides_no_strike():
    desk = Desk()
    assert desk.hears("Norland may strike Sudania").reason is Reason.WEAK_MATCH
    assert desk.hears("Norland bombs Sudania", story=2, hours=1).reason is Reason.FIRST_REPORT


# --- what is new ---


def test_the_same_again_is_silent():
    desk = Desk(ALL)
    desk.hears("Norland bombs Sudania")
    assert desk.hears("Norland bombs Sudania", hours=1).silence is Silence.ALREADY_TOLD


def test_another_type_of_event_is_news():
    desk = Desk()
    desk.hears("Norland bombs Sudania")
    decision = desk.hears("Norland captures Karim of Sudania: capture of Karim by Norland", hours=1)
    assert decision.words == "another type of event: raid"


def test_that_something_is_done_is_news_to_who_heard_of_the_plan():
    desk = Desk(replace(RULE, severity=Severity.CRITICAL))
    desk.hears("Norland plans strike on Sudania")
    done = desk.hears("Norland strikes Sudania", hours=1)
    assert (done.words, done.way) == ("another type of event: strike", Way.AT_ONCE)


def test_that_it_is_not_done_after_all_is_news():
    desk = Desk()
    desk.hears("Norland plans strike on Sudania")
    desk.hears("Norland strikes Sudania", story=2, hours=1)
    off = desk.hears("Norland has not bombed Sudania again", story=3, hours=2)
    assert off.words.startswith("another type of event: strike, not done")
    assert off.way is Way.UPDATE


def test_that_a_threat_is_taken_back_is_news():
    rule = replace(RULE, condition=Happening(families=("dialogue",)))
    desk = Desk(rule)
    desk.hears("Norland offers talks to Sudania")
    back = desk.hears("Olsen says Norland never offers talks to Sudania", story=2, hours=1)
    assert back.words.startswith("another type of event: dialogue offer, not done")


def test_what_becomes_critical_comes_at_once():
    cases = (Case(Severity.CRITICAL, parse_term("missiles")), Case(Severity.HIGH))
    desk = Desk(replace(RULE, cases=cases, severity=Severity.HIGH))
    desk.hears("Norland bombs Sudania")
    decision = desk.hears("Norland bombs Sudania with missiles", hours=1)
    assert (decision.reason, decision.way) == (Reason.ESCALATION, Way.AT_ONCE)
    assert decision.detail == "critical, before high"


def test_a_story_that_grows_is_told_once():
    desk = Desk(ALL)
    desk.hears("Norland bombs Sudania")
    assert desk.hears("Norland bombs Sudania", outlets=2).reason is None
    assert desk.hears("Norland bombs Sudania", outlets=3).words == (
        "the story grew: 3 independent outlets"
    )
    assert desk.hears("Norland bombs Sudania", outlets=4).reason is None


def test_new_figures_are_news_where_a_rule_asks_for_them():
    desk = Desk(ALL)
    desk.hears("Norland bombs Sudania, 4 dead")
    assert desk.hears("Norland bombs Sudania, 9 dead").words == "new figures: 9"
    desk = Desk()
    desk.hears("Norland bombs Sudania, 4 dead")
    assert desk.hears("Norland bombs Sudania, 9 dead").reason is None


@pytest.mark.parametrize(
    "more",
    [
        "7 takeaways",
        "35 years after Westmark",
        "poet aged 96 dies",
        "el 3 de enero",
        "bettor wins $400,000",
    ],
)
def test_a_figure_that_counts_nothing_of_the_event_is_no_news(more):
    desk = Desk(ALL)
    desk.hears("Norland bombs Sudania")
    assert desk.hears(f"Norland bombs Sudania: {more}").reason is None


def test_a_year_is_no_figure():
    desk = Desk(ALL)
    desk.hears("Norland bombs Sudania")
    assert desk.hears("Norland bombs Sudania, first time since 1998").reason is None


@pytest.mark.parametrize("update", [Update.DENIAL, Update.CONFIRMATION])
def test_what_a_rule_does_not_ask_for_is_not_told(update):
    desk = Desk(replace(RULE, updates=RULE.updates - {update}))
    desk.hears("Olsen says Norland struck Sudania")
    headline = {
        Update.DENIAL: "Karim denies that Norland struck Sudania",
        Update.CONFIRMATION: "Karim says Norland struck Sudania",
    }
    assert desk.hears(headline[update], hours=1).reason is None


# --- who stands behind it ---


def test_a_claimant_never_confirms_himself():
    desk = Desk()
    desk.hears("Olsen says Norland struck Sudania")
    assert desk.hears("Norland struck Sudania, says Ministry of War", hours=1).reason is None
    assert desk.incidents[0].standing.confirmed_by == ""


def test_two_names_of_one_actor_are_one_source():
    desk = Desk(replace(RULE, sources=2))
    desk.hears("Olsen says Norland struck Sudania")
    again = desk.hears("Norland struck Sudania, says Ministry of War", hours=1)
    assert again.silence is Silence.FEW_SOURCES


def test_each_paper_that_is_quoted_is_a_source_of_its_own():
    desk = Desk(replace(RULE, sources=2))
    desk.hears("According to Daily Bell, Norland struck Sudania")
    told = desk.hears("According to Evening Horn, Norland struck Sudania", hours=1)
    assert told.reason is Reason.FIRST_REPORT


def test_speakers_whom_nobody_knows_count_as_one():
    desk = Desk(replace(RULE, sources=2))
    for number, name in enumerate(("Ann Plurabelle", "Sam Nobody", "They")):
        said = desk.hears(f"{name} says Norland struck Sudania", hours=number)
        assert said.silence is Silence.FEW_SOURCES
    assert ENGLISH.standing(replace(desk.incidents[0].standing, outlets=1)) == (
        "1 source: others · not confirmed by another party"
    )


def test_the_other_party_confirms():
    desk = Desk()
    desk.hears("Olsen says Norland struck Sudania")
    decision = desk.hears("Karim says Norland struck Sudania", hours=1)
    assert (decision.words, decision.way) == ("confirmed: Karim", Way.AT_ONCE)


def test_a_party_confirms_what_papers_wrote_in_their_own_name():
    desk = Desk()
    desk.hears("Norland bombs Sudania")
    assert desk.hears("Olsen says Norland struck Sudania").reason is Reason.CONFIRMATION


def test_who_says_that_he_did_what_nobody_knew_the_author_of_confirms_it():
    desk = Desk()
    desk.hears("Attack against Sudania")
    owned = desk.hears("Olsen says Norland bombed Sudania", story=2, hours=1)
    assert (owned.reason, owned.detail.partition(";")[0]) == (Reason.CONFIRMATION, "Olsen")
    assert desk.incidents[0].parties == {"norland", "sudania"}


def test_who_speaks_of_it_beside_words_that_matched_is_heard_too():
    ours = replace(FORCE, sources=("norland",))
    desk = Desk(replace(RULE, condition=AnyOf((ours, parse_term("harbour")))))
    desk.hears("Norland bombs Sudania")
    heard = desk.hears("Harbour burns: attack against Sudania, Karim says", story=2, hours=1)
    assert heard.words.startswith("confirmed: Karim")


def test_what_was_seen_is_confirmed():
    desk = Desk()
    desk.hears("Olsen says Norland struck Sudania")
    decision = desk.hears("Norland strike hits Sudania, witnesses report", hours=1)
    assert decision.words == "confirmed: on the ground"


def test_what_was_seen_wakes_nobody_for_who_saw_it_knows_not_who_did_it():
    desk = Desk(replace(RULE, severity=Severity.CRITICAL))
    desk.hears("Attack against Sudania")
    seen = desk.hears("Attack against Sudania, witnesses by the road", hours=1)
    assert (seen.reason, seen.way) == (Reason.CONFIRMATION, Way.UPDATE)
    owned = desk.hears("Olsen says Norland struck Sudania", hours=2)
    assert (owned.reason, owned.way) == (Reason.CONFIRMATION, Way.AT_ONCE)


def test_a_party_confirms_what_was_seen_already():
    desk = Desk()
    desk.hears("Attack against Sudania")
    assert desk.hears("Attack against Sudania, witnesses by the road", hours=1).words == (
        "confirmed: on the ground"
    )
    assert desk.hears("Olsen says Norland struck Sudania", hours=2).words == "confirmed: Olsen"
    third = desk.hears("Karim says Norland struck Sudania", hours=3)
    assert third.silence is Silence.ALREADY_TOLD


def test_the_denial_of_a_bystander_is_no_denial():
    desk = Desk()
    desk.hears("Olsen says Norland struck Sudania")
    assert desk.hears("Westmark denies that Norland struck Sudania", hours=1).reason is None


def test_who_offers_talks_says_so_himself_and_nobody_confirms_it():
    talks = replace(RULE, condition=Happening(families=("dialogue",)))
    desk = Desk(talks)
    desk.hears("Sudania offers talks with Norland")
    assert desk.hears("Karim says Sudania offers talks with Norland", hours=1).reason is None
    assert ENGLISH.standing(replace(desk.incidents[0].standing, outlets=9)).startswith(
        "9 outlets, 1 source: "
    )


def test_a_confirmation_of_what_is_not_urgent_wakes_nobody():
    desk = Desk(replace(RULE, severity=Severity.NORMAL))
    desk.hears("Olsen says Norland struck Sudania")
    decision = desk.hears("Karim says Norland struck Sudania", hours=1)
    assert (decision.reason, decision.way) == (Reason.CONFIRMATION, Way.UPDATE)


def test_another_type_of_event_comes_at_once_where_it_is_critical():
    desk = Desk(replace(RULE, severity=Severity.CRITICAL))
    desk.hears("Norland bombs Sudania")
    decision = desk.hears("Capture of Karim by Norland in Sudania", hours=1)
    assert (decision.reason, decision.way) == (Reason.NEW_TYPE, Way.AT_ONCE)


def test_the_first_type_of_what_only_words_told_of_wakes_nobody():
    ours = replace(FORCE, sources=("norland",))
    rule = replace(RULE, condition=AnyOf((ours, parse_term("harbour"))))
    desk = Desk(replace(rule, severity=Severity.CRITICAL))
    desk.hears("Harbour burns")
    named = desk.hears("Norland bombs harbour", hours=1)
    assert (named.reason, named.way) == (Reason.NEW_TYPE, Way.UPDATE)
    other = desk.hears("Capture of Karim by Norland", hours=2)
    assert (other.reason, other.way) == (Reason.NEW_TYPE, Way.AT_ONCE)


def test_a_denial_stands_beside_the_claim():
    desk = Desk()
    desk.hears("Olsen says Norland struck Sudania")
    assert desk.hears("Karim denies that Norland struck Sudania", hours=1).words == "denied: Karim"
    standing = ENGLISH.standing(replace(desk.incidents[0].standing, outlets=40))
    assert standing == (
        "40 outlets, 1 source: Olsen · not confirmed by another party · denied by Karim"
    )


def test_only_the_first_denial_interrupts():
    desk = Desk()
    desk.hears("Olsen says Norland struck Sudania")
    desk.hears("Karim denies that Norland struck Sudania", hours=1)
    assert desk.hears("Karim denies that Norland struck Sudania", hours=2).reason is None


def test_forty_outlets_that_repeat_one_speaker_are_one_source():
    desk = Desk(replace(RULE, sources=2))
    for number in range(40):
        decision = desk.hears("Olsen says Norland struck Sudania", outlet=f"paper{number}")
        assert decision.silence is Silence.FEW_SOURCES
    assert desk.hears("Norland struck Sudania, says Karim").reason is Reason.FIRST_REPORT


def test_where_nobody_is_named_each_outlet_is_a_source():
    desk = Desk(replace(RULE, sources=2))
    assert desk.hears("Norland bombs Sudania", outlet="bell").silence is Silence.FEW_SOURCES
    assert desk.hears("Norland bombs Sudania", outlet="bell").silence is Silence.FEW_SOURCES
    assert desk.hears("Norland bombs Sudania", outlet="horn").reason is Reason.FIRST_REPORT


def test_who_was_heard_is_kept_as_stored():
    voices = Voices()
    for voice in (
        Voice("a", "A", "norland"),
        Voice("b", "B", "sudania", denies=True),
        Voice.on_the_ground(),
    ):
        voices.hear(voice)
    assert Voices.from_stored(voices.stored()) == voices
    assert ENGLISH.standing(replace(voices.standing({"sudania"}), outlets=1)) == (
        "2 sources: A, on the ground · confirmed on the ground · denied by B"
    )


def test_what_matched_by_words_is_about_none_of_the_events_beside_them():
    document = Document("Norland bombs Sudania", None, published=DAY)
    matcher = Matcher(
        [RULE, replace(RULE, id=RuleId("words"), condition=parse_term("Sudania"))], KNOWLEDGE
    )
    about = {match.rule: matcher.events(match, document) for match in matcher.match(document)}
    assert [each.type for each in about["force"]] == ["strike"]
    assert about["words"] == ()
