"""Knowledge files that load: what they become, `$actor:` in rules, the version of it all."""

from dataclasses import fields
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest

from monitor.config import (
    Configuration,
    actors,
    event_types,
    knowledge,
    load,
    read_directory,
)
from monitor.config.directory import Written
from monitor.config.force import Before, comes_into_force
from monitor.config.knowledge import Knowing
from monitor.config.lists import Lists
from monitor.config.problems import Problems
from monitor.config.source import scan
from monitor.config.whereabouts import Whereabouts
from monitor.core.events import Coder
from monitor.core.knowledge import (
    Actor,
    ActorId,
    Binding,
    CueGroup,
    EventType,
    Knowledge,
    Modifier,
    ModifierId,
    Notice,
    Office,
    Status,
    TypeId,
)
from monitor.core.lint import Kind, findings
from monitor.core.matcher import Matcher
from monitor.core.model import Document
from monitor.core.rules import AnyOf, Term

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DATA = Path(__file__).resolve().parents[1] / "data"
KNOWN = """
lists:
  ships: [tanker*, vessel]
  neighbours: [Sylvania, $actor:ruritania]
actors:
  ruritania:
    title: Ruritania
    names: [Ruritania, {names: [Rudolf], since: 1894-07-01, until: 1894-10-01}]
    adjectives: [Ruritanian]
  ruritania.court: {title: the court, names: [[Strelsau court, Black Michael]], acts_as: ruritania}
  fleet: {title: the fleet, names: [$ships], moves: false}
offices:
  government: [king]
  government.guard: {moves: false, alone: [marshal]}
bindings:
  agent: [by]
  not: [not]
planned_endings: [rá]
modifiers:
  threatens: {words: [threatens], status: threatened, behind: true}
types:
  raid:
    title: a raid
    labels: {es: redada}
    family: force
    cues:
      - [raid, raids]
      - {words: [boards], beside: [$ships], unless: [game], place: counts, needs: source}
    traps: [tax raid]
    becomes: {threatens: raid_threatened}
    by: [ruritania]
  raid_threatened: {title: a threat, family: force, said: true, arguable: true}
"""
OTHER = """
bindings: {agent: [por, by]}
planned_endings: [rán]
hypothetical_endings: [aría]
suffered_endings: [ed]
own_endings: [amos]
"""


def files(rules: str = "rules: [{id: a, when: raid}]\n", **written: str) -> dict[str, str]:
    return {
        "channels.yaml": 'console: {url: "console:", default: true}\n',
        "rules/a.yaml": rules,
        **{f"knowledge/{name}.yaml": text for name, text in written.items()},
    }


def loaded(given: dict[str, str]) -> Configuration:
    return load(given, base=DATA, environment={})


def known(**files_of_it: str) -> Knowledge:
    return loaded(files(**files_of_it)).knowledge


def written(terms: tuple[Term, ...]) -> list[str]:
    return [term.written for term in terms]


# --- what the files become


def test_an_actor_has_its_names_with_their_days() -> None:
    ruritania, court, fleet = known(a=KNOWN).actors
    assert [(n.term.written, n.since, n.until) for n in ruritania.names] == [
        ("Ruritania", None, None),
        ("Rudolf", date(1894, 7, 1), date(1894, 10, 1)),
    ]
    assert written(tuple(n.term for n in court.names)) == ["Strelsau court", "Black Michael"]
    assert written(tuple(n.term for n in fleet.names)) == ["tanker*", "vessel"]
    assert (ruritania.moves, fleet.moves) == (True, False)


def test_a_country_acts_as_its_government_unless_it_says_otherwise() -> None:
    ruritania, court, fleet = known(a=KNOWN).actors
    assert [each.acts_as for each in (ruritania, court, fleet)] == [
        ActorId("ruritania.government"),
        ActorId("ruritania"),
        None,
    ]
    assert known(a=KNOWN.replace("government", "crown")).actors[0].acts_as is None


def test_an_office_is_its_words_or_more() -> None:
    government, guard = known(a=KNOWN).offices
    assert (government.part, written(government.words), government.moves) == (
        "government",
        ["king"],
        True,
    )
    assert (written(guard.alone), guard.words, guard.moves) == (["marshal"], (), False)


def test_an_event_type_has_its_cues_and_what_it_becomes() -> None:
    raid, threat = known(a=KNOWN).types
    plain, boards = raid.cues
    assert written(plain.words) == ["raid", "raids"]
    assert (boards.place, boards.needs_source, boards.of_target) == (True, True, False)
    assert (written(boards.beside), written(boards.unless)) == (["tanker*", "vessel"], ["game"])
    assert raid.becomes == {ModifierId("threatens"): TypeId("raid_threatened")}
    assert (raid.by, raid.said, threat.said, threat.arguable) == (("ruritania",), False, True, True)
    assert (raid.labels, threat.labels) == ({"es": "redada"}, {})


def test_a_modifier_has_its_status() -> None:
    (threatens,) = known(a=KNOWN).modifiers
    assert (threatens.status, threatens.behind) == (Status.THREATENED, True)


def test_small_words_and_endings_of_several_files_add_up() -> None:
    found = known(a=KNOWN, b=OTHER)
    assert {key: written(terms) for key, terms in found.bindings.items()} == {
        Binding.AGENT: ["by", "por"],
        Binding.NOT: ["not"],
    }
    assert (found.planned_endings, found.suffered_endings) == (("rá", "rán"), ("ed",))
    assert (found.hypothetical_endings, found.own_endings) == (("aría",), ("amos",))


def test_without_knowledge_files_nothing_is_known() -> None:
    assert known() == Knowledge()


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        (Knowledge, {*knowledge.KEYS} - {"version", "lists"}),
        (Actor, {"id", *actors.ACTOR_KEYS}),
        (Office, {"part", *actors.OFFICE_KEYS}),
        (Modifier, {"id", *event_types.MODIFIER_KEYS}),
        (EventType, {"id", *event_types.TYPE_KEYS}),
    ],
)
def test_all_that_the_coder_can_know_has_a_key(kind: type, keys: set[str]) -> None:
    assert {field.name for field in fields(kind)} == keys


def test_every_condition_of_a_group_of_cues_has_a_key() -> None:
    assert len(fields(CueGroup)) == len(event_types.CUE_KEYS)


# --- $actor:


def fires(when: str, title: str) -> bool:
    rules = f"rules: [{{id: a, when: {when}}}]\n"
    return bool(Matcher(loaded(files(rules, a=KNOWN)).rules).match(Document(title)))


def test_an_actor_in_a_rule_is_every_name_of_it_and_its_parts() -> None:
    found = loaded(files("rules: [{id: a, when: $actor:ruritania}]\n", a=KNOWN)).rules[0].condition
    assert isinstance(found, AnyOf)
    assert [part.written for part in found.parts if isinstance(part, Term)] == [
        "Ruritania",
        "Rudolf",
        "Strelsau court",
        "Black Michael",
    ]
    assert {part.name for part in found.parts if isinstance(part, Term)} == {"$actor:ruritania"}


def test_an_actor_stands_wherever_a_list_may() -> None:
    assert fires("{all: [$actor:ruritania.court, duel]}", "Black Michael in a duel")
    assert fires("{near: {terms: [$actor:fleet, $actor:ruritania]}}", "Ruritania stops tankers")
    assert fires("{query: '$actor:ruritania AND duel'}", "A duel in Ruritania")
    assert fires("{any: [$neighbours]}", "Rudolf is back")
    assert not fires("{any: [duel], ignore: [$actor:ruritania]}", "Rudolf")


def test_a_list_that_only_knowledge_uses_is_not_called_unused() -> None:
    given = files("rules: [{id: a, when: $actor:fleet}]\n", a=KNOWN)
    whereabouts = Whereabouts(given)
    found = findings(loaded(given).rules, whereabouts.lists, used=whereabouts.used)
    assert [each.subject.listed for each in found] == ["neighbours"]


def test_a_finding_about_an_actor_has_its_place() -> None:
    given = files("rules: [{id: a, when: {any: [$actor:fleet, tankers]}}]\n", a=KNOWN)
    (dead,) = (each for each in findings(loaded(given).rules, ()) if each.kind is Kind.DEAD)
    assert str(Whereabouts(given).place(dead.subject)) == "rules/a.yaml:1:44"


# --- the version


def version(text: str) -> str:
    return loaded(files(a=text)).knowledge_version


def test_the_version_changes_with_what_decides() -> None:
    first = version(KNOWN)
    for edit in (
        ("king", "queen"),
        ("1894-07-01", "1894-07-02"),
        ("arguable: true", "arguable: false"),
    ):
        assert version(KNOWN.replace(*edit)) != first, edit
    assert version(KNOWN.replace("vessel", "ferry")) != first, "a list that a cue uses"


def test_the_version_does_not_change_with_titles_and_comments() -> None:
    assert version(f"# said\n{KNOWN.replace('a raid', 'an attack')}") == version(KNOWN)
    assert version(KNOWN.replace("    labels: {es: redada}\n", "")) == version(KNOWN)


# --- live edits


def after(edited: str) -> Configuration:
    given = files(a=KNOWN)
    before = Before(given, {})
    return comes_into_force(
        Written(given | {"knowledge/a.yaml": edited}), before, load=loaded, now=NOW
    )


def test_an_edit_of_knowledge_comes_into_force() -> None:
    assert written(after(KNOWN.replace("king", "queen")).knowledge.offices[0].words) == ["queen"]


def test_a_mistake_keeps_the_last_good_knowledge() -> None:
    found = after(KNOWN.replace("tax raid", "tax"))
    assert found.knowledge == known(a=KNOWN)
    (told,) = found.mistakes
    assert "holds no cue of its type" in str(told)


# --- the starter, and a second pack beside it


PACK = (DATA / "knowledge" / "iran.yaml").read_text("utf-8")


@cache
def both() -> Configuration:
    starter = read_directory(DATA.parents[1] / "config")
    return loaded(starter | {"knowledge/iran.yaml": PACK})


@pytest.mark.parametrize(
    ("sentence", "type_id"),
    [
        ("Iran and US hold round of nuclear talks in Oman", "nuclear_round"),
        ("Irán y Estados Unidos cierran una ronda sobre centrifugadoras", "nuclear_round"),
        ("Iran storms out of nuclear round with United States", "nuclear_breakdown"),
    ],
)
def test_a_second_pack_codes_what_the_starter_knows_no_word_for(
    sentence: str, type_id: str
) -> None:
    found = Coder(both().knowledge).code(Document(sentence), day=date(2026, 2, 6))
    assert ("iran.government", "united_states.government") in {
        (each.source, each.target) for each in found if each.type == type_id
    }


def test_a_trap_of_a_second_pack_keeps_its_cue_away() -> None:
    sentence = "Iran gives US a round of applause over enrichment"
    found = Coder(both().knowledge).code(Document(sentence), day=date(2026, 2, 6))
    assert [each for each in found if each.type == "nuclear_round"] == []


def test_the_second_pack_is_the_one_that_the_document_shows() -> None:
    assert PACK in (DATA.parents[1] / "docs" / "knowledge.md").read_text("utf-8")


def test_offices_make_parts_of_countries_that_rules_may_name() -> None:
    starter = read_directory(DATA.parents[1] / "config")
    problems = Problems()
    knowing = Knowing(lists := Lists(problems), problems)
    for name, text in starter.items():
        if name.startswith("knowledge/"):
            knowing.add(scan(name, text, problems))
    lists.check()
    knowing.check()
    assert not problems
    assert {"iran", "iran.government", "iran.government.forces"} <= knowing.actor_ids
    assert {"nuclear_round"}.isdisjoint(knowing.event_types)
    assert "Netanyahu" in written(knowing.actor_terms("israel"))


def test_the_words_of_notices_of_several_files_add_up() -> None:
    one = "notices: {correction: {opening: [Correction], anywhere: [we regret]}}\n"
    two = "notices: {correction: {opening: [Erratum, correction]}, update: {opening: [Updated]}}\n"
    found = known(a=one, b=two).notices
    assert list(found) == [Notice.CORRECTION, Notice.UPDATE]
    assert written(found[Notice.CORRECTION].opening) == ["Correction", "Erratum", "correction"]
    assert written(found[Notice.CORRECTION].anywhere) == ["we regret"]


def test_another_notice_makes_no_new_version_of_rules() -> None:
    def version(more: str) -> str:
        problems = Problems()
        knowing = Knowing(lists := Lists(problems), problems)
        knowing.add(scan("knowledge/a.yaml", KNOWN + more, problems))
        lists.check()
        knowing.check()
        return knowing.version

    assert version("") == version("notices: {correction: {opening: [Correction]}}\n")
