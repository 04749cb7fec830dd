"""What an edit changes, in words; and a rule as it is kept."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from monitor.config.load import load
from monitor.core import changes, definitions
from monitor.core.changes import CutShort, Trial, Trials
from monitor.core.model import ChannelName, RuleId

FILES = {
    "channels.yaml": 'desk: {url: "console:", default: true}\n',
    "outlets/o.yaml": (
        "outlets: [{id: example, name: Example, country: US, language: en, tier: wire, "
        'feeds: [{url: "https://example.org/rss"}]}]\n'
    ),
}


def rule(text):
    files = FILES | {"rules/r.yaml": f"lists: {{fuels: [oil, gas~, =BP]}}\nrules: [{text}]\n"}
    return load(files, base=Path("/nowhere"), environment={}).rules[0]


OIL, GAS = rule("{id: oil, when: oil}"), rule("{id: gas, when: gas}")
OTHER = rule("{id: oil, when: crude}")


NO_TRIAL = Trial({})


THURSDAY = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


def told(before, after, *, trial=NO_TRIAL, on_trial=(), **ended):
    found = changes.changes(before, after)
    numbers = dict.fromkeys((each.id for each in after), 2)
    tried = Trials(dict.fromkeys(map(RuleId, on_trial), THURSDAY), **ended)
    return changes.title(found, numbers, tried), changes.sentences(found, numbers, trial, tried)


def test_a_new_version_says_what_it_matches():
    trial = Trial({RuleId("oil"): 3}, articles=412, hours=27)
    assert told([OIL], [OTHER], trial=trial) == (
        "oil v2 is live",
        ["oil v2 live: matches 3 of 412 articles of the last 27 h"],
    )


def test_without_an_archive_there_is_nothing_to_try_it_on():
    assert told([], [OIL])[1] == ["oil v2 live: there is no article yet to try it on"]


@pytest.mark.parametrize(
    ("after", "title", "sentence"),
    [
        ([replace(OIL, enabled=False)], "oil is switched off", "oil is switched off"),
        ([], "oil is gone", "oil is gone from the files"),
        ([replace(OIL, channels=(ChannelName("desk"),))], "oil changed", "oil v2 matches as"),
    ],
)
def test_what_becomes_of_a_rule_is_told(after, title, sentence):
    found, (line,) = told([OIL], after)
    assert found == title
    assert line.startswith(sentence)


def test_a_rule_that_only_moved_in_its_file_is_no_news():
    assert not changes.changes([OIL], [replace(OIL, place=GAS.place)])


def test_a_rule_that_is_switched_on_again_is_live():
    assert changes.changes([replace(OIL, enabled=False)], [OIL]).live == (OIL,)


def test_several_rules_are_one_notice():
    title, lines = told([OIL, GAS], [OTHER])
    assert title == "2 rules changed"
    assert len(lines) == 2


def test_a_rule_that_begins_on_trial_tells_nobody_until_its_end():
    trial = Trial({RuleId("oil"): 3}, articles=412, hours=27)
    assert told([], [OIL], trial=trial, on_trial=["oil"]) == (
        "oil v2 is on trial",
        [
            (
                "oil v2 on trial until 5 Mar 12:00 UTC, tells nobody until then: "
                "matches 3 of 412 articles of the last 27 h"
            )
        ],
    )


def test_a_live_rule_that_is_put_on_trial_tells_nobody_until_its_end():
    assert told([OIL], [replace(OIL, trial=timedelta(days=3))], on_trial=["oil"])[1] == [
        "oil v2 matches as before; on trial until 5 Mar 12:00 UTC, tells nobody until then"
    ]


BY_HAND = "its trial was ended by hand: it matched 12 articles and would have told once"


def test_a_trial_that_is_taken_out_was_ended_by_hand():
    tried, cut = replace(OIL, trial=timedelta(days=3)), {RuleId("oil"): CutShort(12, 1)}
    assert changes.changes([tried], [OIL]).untried == ((tried, "oil"),)
    assert told([tried], [OIL], cut=cut) == (
        "oil v2 is live",
        [f"oil v2 matches as before; {BY_HAND}; it tells from now on"],
    )
    assert told([tried], [OTHER], cut=cut) == (
        "oil v2 is live",
        [f"oil v2 live: there is no article yet to try it on; {BY_HAND}; it tells from now on"],
    )
    renamed = replace(OIL, id=RuleId("crude"))
    assert changes.changes([tried], [renamed]).untried == ((tried, "crude"),)
    assert told([tried], [renamed], cut={RuleId("crude"): CutShort(12, 1)})[1] == [
        f"oil is now called crude; it matches as before; {BY_HAND}; it tells from now on"
    ]


def test_a_trial_that_is_taken_out_when_it_is_over_was_not_ended_by_hand():
    tried = replace(OIL, trial=timedelta(days=3))
    assert told([tried], [OIL], over=["oil"]) == (
        "oil changed",
        ["oil v2 matches as before; its trial was over"],
    )


def test_a_rule_that_is_switched_off_with_its_trial_taken_out_is_off():
    tried = replace(OIL, trial=timedelta(days=3))
    assert changes.changes([tried], [replace(OIL, enabled=False)]).untried == ()


def test_a_rule_that_is_renamed_is_not_gone():
    renamed = replace(OIL, id=RuleId("crude"))
    assert told([OIL, GAS], [renamed, GAS]) == (
        "oil is renamed",
        ["oil is now called crude; it matches as before"],
    )
    assert told([OIL], [renamed], on_trial=["crude"])[1] == [
        (
            "oil is now called crude; it matches as before; "
            "on trial until 5 Mar 12:00 UTC, tells nobody until then"
        )
    ]


def test_a_copy_of_a_rule_is_another_rule():
    copies = [replace(OIL, id=RuleId(name)) for name in ("a", "b")]
    found = changes.changes([OIL], copies)
    assert (found.renamed, found.live) == ((("oil", copies[0]),), (copies[1],))


def test_of_many_rules_the_first_are_told_and_the_rest_counted():
    many = [replace(OIL, id=RuleId(f"r{number}")) for number in range(5_000)]
    title, lines = told([], many)
    assert title == "5,000 rules changed"
    assert len(lines) == changes.NAMED + 1
    assert lines[-1] == "and 4,980 rules more"


def test_feeds_that_come_and_go_are_counted():
    assert changes.difference("feed", {"a": 1, "b": 1}, {"b": 2, "c": 1, "d": 1}) == [
        "feeds: 2 new, 1 gone, 1 altered"
    ]
    assert changes.difference("feed", {"a": 1}, {"a": 1}) == []


@pytest.mark.parametrize(
    "text",
    [
        "when: oil",
        "title: Fuels, severity: high, when: {any: [$fuels, {in: [title, url], any: [x]}]}",
        "expires: 2026-12-31, enabled: false, alert: {once_per: story, weak: log}, when: oil",
        "when: {all: [{near: {terms: [oil, gas], within: sentence, ordered: true}}, coal]}",
        "when: {all: [oil, {none: [gas]}, {tier: wire}, {language: en}]}",
        "when: {at_least: {n: 2, of: [oil, gas, coal]}}",
        "when: {repeat: {term: oil, times: 3}, ignore: ['oil paint']}",
        "when: {all: [oil, 'regex:o.l']}",
        "when: {score_at_least: 2, boost: [{any: [oil], points: 2}, {any: [gas], points: -1}]}",
        "severity: [{when: strike, is: critical}, {is: high}], when: oil",
        "trial: 3 days, when: oil",
        "when: oil, notify: {quiet_hours: [{from: '22:00', to: '7:00', then: deliver, days: sun}]}",
        "when: oil, notify: {quiet_hours: [{from: '9:00', to: '12:00', timezone: Europe/Madrid}]}",
    ],
)
def test_a_rule_that_was_kept_is_the_same_rule(text):
    given = rule(f"{{id: a, {text}}}")
    kept = json.loads(json.dumps(definitions.written(given)))
    assert definitions.read(kept) == given
    assert definitions.read(kept).version == given.version


def test_what_another_version_of_the_program_wrote_is_refused():
    kept = definitions.written(OIL)
    for broken in ({**kept, "surprise": 1}, {**kept, "condition": {"is": "Telepathy"}}, {}):
        with pytest.raises(ValueError, match="another version"):
            definitions.read(broken)


def test_a_day_is_kept_as_a_day():
    given = replace(OIL, expires=date(2026, 3, 2))
    assert definitions.written(given)["expires"] == {"is": "date", "on": "2026-03-02"}
