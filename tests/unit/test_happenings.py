"""Conditions about events: what fits, how strong it is, what is quoted, and why not."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.census import LEAST_ARTICLES, Census
from monitor.core.errors import Place
from monitor.core.events import Coder
from monitor.core.evidence import Explanation
from monitor.core.happenings import fits
from monitor.core.knowledge import (
    Actor,
    ActorId,
    Binding,
    CueGroup,
    Event,
    EventType,
    Knowledge,
    Modifier,
    ModifierId,
    Name,
    Office,
    Status,
    TypeId,
)
from monitor.core.lint import Kind
from monitor.core.matcher import Matcher
from monitor.core.misses import misses
from monitor.core.model import Document, Match, RuleId, Severity, Strength
from monitor.core.reported import summed_up
from monitor.core.rules import (
    UNKNOWN,
    AllOf,
    AnyOf,
    AtLeast,
    Case,
    Condition,
    Happening,
    Ignoring,
    NoneOf,
    Rule,
    Scope,
    Term,
    Within,
)
from monitor.core.terms import parse_term
from monitor.core.wording.english import ENGLISH


def terms(*written: str) -> tuple[Term, ...]:
    return tuple(map(parse_term, written))


def actor(identifier: str, *names: str, adjective: str = "", since: date | None = None) -> Actor:
    return Actor(
        ActorId(identifier),
        identifier,
        names=tuple(Name(term, since=since) for term in terms(*names)),
        adjectives=terms(adjective) if adjective else (),
        acts_as=ActorId(f"{identifier}.government") if adjective else None,
    )


NEWCOMER = date(2026, 5, 1)
KNOWN = Knowledge(
    actors=(
        actor("freedonia", "Freedonia", adjective="Freedonian"),
        actor("freedonia.government", "Firefly"),
        actor("freedonia.government", "Pinky", since=NEWCOMER),
        actor("freedonia.opposition", "Teasdale"),
        actor("sylvania", "Sylvania", adjective="Sylvanian"),
        actor("sylvania.government", "Trentino"),
    ),
    offices=(Office("government", terms("president")),),
    modifiers=(Modifier(ModifierId("may"), terms("may", "could"), Status.HYPOTHETICAL),),
    types=(
        EventType(
            TypeId("strike"),
            "a strike",
            "force",
            cues=(CueGroup(terms("strikes", "struck", "bombs"), place=True),),
        ),
        EventType(
            TypeId("boat_strike"),
            "a strike on a boat",
            "force",
            cues=(CueGroup(terms("sinks")),),
            arguable=True,
        ),
        EventType(
            TypeId("talks"),
            "talks",
            "dialogue",
            cues=(CueGroup(terms("meets", "talks")),),
            two_parties=True,
        ),
    ),
    bindings={
        Binding.SAYS: terms("says", "said"),
        Binding.DENIES: terms("denies"),
        Binding.WITH: terms("with"),
        Binding.TIME: terms("since", "after"),
        Binding.PLACE: terms("in"),
        Binding.AGENT: terms("by"),
    },
)
STRIKE = Happening(types=("strike",))
BODY = f"{'Nothing else was said that day. ' * 30}\n"


def rule(condition: Condition, name: str = "r") -> Rule:
    return Rule(RuleId(name), name, condition, "1", Place("rules/test.yaml"))


def article(title: str, *, body: str = "", summary: str | None = None) -> Document:
    return Document(title, summary=summary, text=body or None, language="en")


def match(condition: Condition, told: Document | str) -> Match | None:
    told = article(told) if isinstance(told, str) else told
    found = Matcher([rule(condition)], KNOWN).match(told)
    return found[0] if found else None


def strength(condition: Condition, told: Document | str) -> Strength | None:
    found = match(condition, told)
    return found.strength if found else None


def explained(condition: Condition, told: Document | str) -> Explanation:
    told = article(told) if isinstance(told, str) else told
    return Matcher([rule(condition)], KNOWN).explain(RuleId("r"), told)


# --- what fits


@pytest.mark.parametrize(
    ("wanted", "fitting"),
    [
        (STRIKE, True),
        (Happening(types=("talks",)), False),
        (Happening(types=("talks", "strike")), True),
        (Happening(families=("force",)), True),
        (Happening(types=("talks",), families=("force",)), True),
        (replace(STRIKE, sources=("freedonia",)), True),
        (replace(STRIKE, sources=("freedonia.government",)), True),
        (replace(STRIKE, sources=("freedonia.opposition",)), False),
        (replace(STRIKE, sources=("free",)), False),
        (replace(STRIKE, sources=("sylvania", "freedonia")), True),
        (replace(STRIKE, targets=("sylvania",)), True),
        (replace(STRIKE, targets=(UNKNOWN,)), False),
        (replace(STRIKE, between=("sylvania", "freedonia")), True),
        (replace(STRIKE, between=("freedonia.government", "sylvania")), True),
        (replace(STRIKE, between=("freedonia", "freedonia")), False),
        (replace(STRIKE, statuses=("asserted",)), True),
        (replace(STRIKE, statuses=("claimed", "denied")), False),
        (replace(STRIKE, speakers=("sylvania",)), False),
    ],
)
def test_types_actors_and_status_narrow_what_fits(wanted: Happening, *, fitting: bool):
    assert (match(wanted, "Freedonia strikes Sylvania") is not None) is fitting


def test_unknown_is_whom_the_sentence_does_not_name():
    by_nobody = replace(STRIKE, sources=(UNKNOWN,))
    assert match(by_nobody, "Planes struck Sylvania")
    assert not match(by_nobody, "Freedonia strikes Sylvania")
    assert match(replace(STRIKE, sources=("freedonia", UNKNOWN)), "Freedonia strikes Sylvania")


def of(**fields: object) -> Event:
    event = Event(TypeId("strike"), None, None, Status.ASSERTED, None, "", "title", 0, 1)
    return replace(event, **fields)  # type: ignore[arg-type]


def test_a_speaker_is_an_actor_or_a_name():
    said = of(status=Status.CLAIMED, speaker="El Firefly", speaker_actor="freedonia.government")
    for name in ("freedonia", "freedonia.government", "EL FIREFLY"):
        assert fits(replace(STRIKE, speakers=(name,)), said, family="force")
    for name in ("sylvania", "Firefly", UNKNOWN):
        assert not fits(replace(STRIKE, speakers=(name,)), said, family="force")
    assert fits(replace(STRIKE, speakers=(UNKNOWN,)), of(), family="force")


def test_a_past_reference_never_fits():
    past = of(status=Status.PAST_REFERENCE)
    assert not fits(STRIKE, past, family="force")
    assert not fits(replace(STRIKE, statuses=("past_reference",)), past, family="force")


def test_a_past_event_that_the_news_is_about_fits_unless_a_status_is_asked_for():
    judged = of(status=Status.PAST_REFERENCE, revisited=True)
    assert fits(STRIKE, judged, family="force")
    assert not fits(replace(STRIKE, statuses=("asserted", "claimed")), judged, family="force")


def test_names_age_with_the_article():
    pinky = article("Pinky meets Trentino")
    talks = Happening(types=("talks",), sources=("freedonia.government",))
    assert match(talks, pinky)
    assert match(talks, replace(pinky, published=NEWCOMER))
    assert not match(talks, replace(pinky, published=date(2026, 4, 30)))


# --- how strong


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (article("Freedonia strikes Sylvania"), Strength.STRONG),
        (article("Sylvania is struck: Planes struck Sylvania"), Strength.STRONG),
        (article("News", summary="Freedonia strikes Sylvania."), Strength.STRONG),
        (article("News", summary="Planes struck Sylvania."), Strength.WEAK),
        (article("News", body="Freedonia strikes Sylvania."), Strength.STRONG),
        (article("News", body=f"{BODY}Freedonia strikes Sylvania."), Strength.WEAK),
        (
            article("News", summary="No news.", body="Freedonia strikes Sylvania."),
            Strength.WEAK,
        ),
        (article("Freedonia may bomb: Freedonia could strike, may have struck Sylvania"), None),
        (article("Nothing happened in Sylvania"), None),
    ],
)
def test_title_and_lead_with_both_parties_are_strong(told: Document, expected: Strength | None):
    if expected is None:
        assert strength(STRIKE, told) is not Strength.STRONG
    else:
        assert strength(STRIKE, told) is expected


def test_what_may_happen_is_weak_even_in_a_headline_without_a_text():
    found = match(STRIKE, "Freedonia may say it struck Sylvania")
    assert found is not None
    assert found.strength is Strength.WEAK
    assert found.event is not None
    assert found.event.status is Status.HYPOTHETICAL


def test_an_arguable_type_is_weak():
    assert strength(Happening(families=("force",)), "Freedonia sinks Sylvania") is Strength.WEAK


def test_in_narrows_where_an_event_is_looked_for():
    title, body = frozenset({Scope.TITLE}), frozenset({Scope.BODY})
    said_below = article("News", body=f"{BODY}Freedonia strikes Sylvania.")
    assert not match(Within(title, STRIKE), said_below)
    assert strength(Within(body, STRIKE), said_below) is Strength.WEAK
    assert strength(Within(title, STRIKE), "Freedonia strikes Sylvania") is Strength.STRONG
    may = "Freedonia may say it struck Sylvania"
    assert strength(Within(title, STRIKE), may) is Strength.WEAK


def test_none_looks_at_title_and_lead_whatever_the_strength():
    but_no_strike = AllOf((parse_term("Sylvania"), NoneOf((STRIKE,))))
    assert not match(but_no_strike, "Freedonia strikes Sylvania")
    assert not match(but_no_strike, "Freedonia may say it struck Sylvania")
    assert match(but_no_strike, "Freedonia meets Sylvania")
    below = article("Sylvania sings", body=f"{BODY}Freedonia strikes Sylvania.")
    assert strength(but_no_strike, below) is Strength.STRONG
    anywhere = NoneOf((Within(frozenset({Scope.BODY}), STRIKE),))
    assert not match(AllOf((parse_term("Sylvania"), anywhere)), below)


def test_an_event_with_a_word_to_ignore_does_not_count():
    ignoring = Ignoring(terms("struck a deal"), Happening(types=("strike",)))
    assert match(STRIKE, "Freedonia struck a deal with Sylvania")
    assert not match(ignoring, "Freedonia struck a deal with Sylvania")
    assert match(ignoring, "Freedonia struck Sylvania")


def test_words_and_events_go_together():
    both = AllOf((parse_term("dock"), STRIKE))
    assert match(both, "Freedonia strikes a dock in Sylvania")
    assert not match(both, "Freedonia strikes Sylvania")
    either = AnyOf((parse_term("dock"), STRIKE))
    assert match(either, "Freedonia strikes Sylvania")
    assert match(either, "A dock")


def test_a_case_may_ask_for_an_event():
    urgent = replace(
        rule(parse_term("Sylvania")), cases=(Case(Severity.CRITICAL, STRIKE), Case(Severity.LOW))
    )
    matcher = Matcher([urgent], KNOWN)
    assert matcher.match(article("Freedonia strikes Sylvania"))[0].severity is Severity.CRITICAL
    assert matcher.match(article("Freedonia meets Sylvania"))[0].severity is not Severity.CRITICAL


def test_a_matcher_without_knowledge_finds_no_event():
    assert Matcher([rule(STRIKE)]).match(article("Freedonia strikes Sylvania")) == []


# --- what is told


def test_the_evidence_is_the_event_and_reads_like_a_sentence():
    told = article(
        "News", summary="All is well. Freedonia strikes a dock in Sylvania, says Firefly."
    )
    found = match(STRIKE, told)
    assert found is not None
    (evidence,) = found.evidence
    assert told.summary is not None
    assert evidence.field == "summary"
    assert told.summary[evidence.start : evidence.end] == evidence.quote
    assert evidence.quote.startswith("Freedonia strikes")
    assert evidence.why == "event strike: Freedonia → Sylvania, claimed by Firefly"
    assert found.event is not None
    assert (found.event.source, found.event.target) == ("freedonia.government", "sylvania")
    assert found.event.sentence == "Freedonia strikes a dock in Sylvania, says Firefly"


@pytest.mark.parametrize(
    "told",
    [
        article("Freedonia strikes Sylvania"),
        article("News", summary="All is well. Freedonia strikes Sylvania."),
        article("News", body=f"{BODY}Planes struck Sylvania. Firefly meets Trentino."),
    ],
)
def test_coding_where_the_evidence_stands_gives_the_match_again(told: Document):
    wanted = Happening(types=("strike", "talks"))
    found = match(wanted, told)
    assert found is not None
    coded = Coder(KNOWN).code(told)
    for evidence in found.evidence:
        span = evidence.field, evidence.start, evidence.end
        assert any((each.field, each.start, each.end) == span for each in coded)
        assert match(wanted, evidence.quote)


def test_a_match_about_words_has_no_event():
    found = match(parse_term("Sylvania"), "Freedonia strikes Sylvania")
    assert found is not None
    assert found.event is None


@pytest.mark.parametrize(
    ("status", "speaker", "summed", "told"),
    [
        (Status.ASSERTED, None, "", ""),
        (
            Status.CLAIMED,
            "Firefly",
            ", claimed by Firefly",
            " · claimed by Firefly, not confirmed in this article",
        ),
        (Status.CLAIMED, None, ", claimed", " · claimed, not confirmed in this article"),
        (
            Status.ATTRIBUTED,
            "Wire",
            ", according to Wire",
            " · according to Wire, not confirmed in this article",
        ),
        (Status.DENIED, "Firefly", ", denied by Firefly", " · denied by Firefly"),
        (Status.PLANNED, "Firefly", ", planned, says Firefly", " · planned, says Firefly"),
        (Status.HYPOTHETICAL, None, ", hypothetical", " · hypothetical"),
    ],
)
def test_an_event_in_words(status: Status, speaker: str | None, summed: str, told: str):
    event = of(status=status, speaker=speaker, source_name="US", target="sylvania")
    event = replace(event, type=TypeId("boat_strike"))
    assert summed_up(event) == f"boat strike: US → sylvania{summed}"
    assert ENGLISH.event(event) == f"US → sylvania: boat strike{told}"


# --- why not


@pytest.mark.parametrize(
    ("wanted", "told", "why"),
    [
        (
            Happening(types=("talks",), sources=("freedonia.government",)),
            "Teasdale meets Trentino",
            (
                "found talks Teasdale → Trentino in title: "
                "source is freedonia.opposition, not freedonia.government"
            ),
        ),
        (
            Happening(types=("talks",)),
            "Freedonia strikes Sylvania",
            "found strike Freedonia → Sylvania in title: type is strike, not talks",
        ),
        (
            replace(STRIKE, statuses=("asserted", "planned")),
            "Freedonia strikes Sylvania, says Firefly",
            (
                "found strike Freedonia → Sylvania in title: "
                "status is claimed, not asserted or planned"
            ),
        ),
        (
            Happening(types=("talks",), between=("sylvania", "freedonia.government")),
            "Teasdale meets Trentino",
            (
                "found talks Teasdale → Trentino in title: it is between freedonia.opposition and "
                "sylvania.government, not sylvania and freedonia.government"
            ),
        ),
        (
            replace(STRIKE, speakers=("sylvania",)),
            "Freedonia strikes Sylvania, says Firefly",
            "found strike Freedonia → Sylvania in title: speaker is Firefly, not sylvania",
        ),
        (
            Within(frozenset({Scope.LEAD}), STRIKE),
            "Freedonia strikes Sylvania",
            "found strike Freedonia → Sylvania in title: this looks at lead",
        ),
        (
            Ignoring(terms("struck a deal"), STRIKE),
            "Freedonia struck a deal with Sylvania",
            "found strike Freedonia → Sylvania in title: ignore: blanks a word of it",
        ),
        (STRIKE, "Nothing happened", "no such event in title, lead, body"),
    ],
)
def test_the_nearest_event_is_told_and_in_what_it_differs(wanted: Condition, told: str, why: str):
    (miss,) = misses(explained(wanted, told))
    assert miss.why == why


def test_a_past_reference_is_told_as_such():
    (miss,) = misses(explained(STRIKE, "Firefly sings since Freedonia struck Sylvania"))
    assert miss.why.endswith("a past reference never matches")


def test_the_tree_says_what_was_looked_for():
    wanted = Happening(
        types=("strike", "boat_strike"),
        sources=("freedonia",),
        targets=("sylvania", UNKNOWN),
        statuses=("claimed",),
        speakers=("Firefly",),
    )
    tree = explained(wanted, "Nothing happened").children[0]
    assert tree.label == (
        "event strike | boat_strike: freedonia → sylvania | unknown, claimed, said by Firefly"
    )
    held = explained(STRIKE, "Freedonia strikes Sylvania")
    assert held.label == "r: strong match"
    assert held.children[0].evidence[0].quote == "Freedonia strikes Sylvania"


# --- among other conditions

SENTENCES = (
    "Freedonia strikes a dock in Sylvania",
    "Planes struck Sylvania",
    "Teasdale meets Trentino",
    "Freedonia may say it struck Sylvania",
    "Freedonia sinks Sylvania",
    "The dock sings",
)
told = st.lists(st.sampled_from(SENTENCES), max_size=2).map(". ".join)
documents = st.builds(
    Document,
    st.sampled_from(SENTENCES),
    summary=st.none() | told,
    text=st.none() | told | told.map(BODY.__add__),
)
leaves = st.sampled_from(
    (
        parse_term("dock"),
        parse_term("Sylvania"),
        STRIKE,
        replace(STRIKE, sources=("freedonia",)),
        Happening(families=("force",), statuses=("hypothetical",)),
        Happening(types=("talks",), between=("freedonia", "sylvania")),
    )
)
parts = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(AllOf, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(NoneOf, st.lists(inner, min_size=1, max_size=2).map(tuple)),
        st.builds(AtLeast, st.integers(1, 2), st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Within, st.frozensets(st.sampled_from(Scope), min_size=1), inner),
        st.builds(Ignoring, st.just(terms("Planes")), inner),
    ),
    max_leaves=6,
)


@given(st.lists(parts, min_size=1, max_size=4), documents)
def test_what_is_found_by_words_first_is_what_is_found_rule_by_rule(
    conditions: list[Condition], document: Document
):
    rules = [rule(condition, str(number)) for number, condition in enumerate(conditions)]
    matcher = Matcher(rules, KNOWN)
    found = {each.rule: each for each in matcher.match(document)}
    for each in rules:
        tree = matcher.explain(each.id, document)
        match = found.get(each.id)
        assert tree.held is (match is not None)
        verdict = f"{match.strength} match" if match else "no match"
        assert tree.label == f"{each.id}: {verdict}"
        for evidence in match.evidence if match else ():
            text = getattr(document, evidence.field)
            assert text[evidence.start : evidence.end] == evidence.quote


def test_a_census_counts_rules_with_events():
    asked = rule(AnyOf((Happening(types=("talks",)), STRIKE)))
    counted = Census([asked], KNOWN, languages={asked.id: frozenset({"en", "es"})})
    for number in range(LEAST_ARTICLES):
        counted.add(article(SENTENCES[number % 2]))
    assert not counted.silent(asked.id)
    assert [each.kind for each in counted.findings()] == [Kind.BROAD]
