"""What of the files on disk comes into force: pairs of what was, and what stands there now."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from monitor.config.directory import Written
from monitor.config.force import VANISHING_LIMIT, Before, comes_into_force
from monitor.config.load import Configuration, load
from monitor.config.problems import ConfigurationError, Whole
from monitor.core.changes import Kept
from monitor.core.errors import Problem
from monitor.core.model import RuleId

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
OUTLETS = (
    "outlets: [{id: example, name: Example, country: US, language: en, tier: wire, "
    'feeds: [{url: "https://example.org/rss"}]}]\n'
)
GOOD = {
    "channels.yaml": 'desk: {url: "console:", default: true}\nnight: {url: "file:night.log"}\n',
    "outlets/o.yaml": OUTLETS,
    "knowledge/k.yaml": "lists: {fuels: [oil, gas]}\n",
    "rules/a.yaml": "rules: [{id: oil, when: $fuels}]\n",
    "rules/b.yaml": "rules: [{id: coal, when: coal, notify: {channels: [night]}}]\n",
}
NAMES = ("one", "two", "three", "four", "five", "six")
BROKEN = "rules: [{id: oil, when: [}]\n"


def loaded(files):
    return load(files, base=Path("/nowhere"), environment={})


def before(files=GOOD, *, waiting=()):
    rules = {rule.id: rule for rule in loaded(files).rules if rule.enabled}
    return Before(files, rules, frozenset(map(RuleId, waiting)))


def after(changed, was=None, *, problems=(), now=NOW) -> Configuration:
    """Change some files (None takes one away) and see what comes into force."""
    was = before() if was is None else was
    files = {name: text for name, text in (dict(was.files) | changed).items() if text is not None}
    return comes_into_force(Written(files, problems), was, load=loaded, now=now)


def told(found):
    return [str(problem) for problem in found.mistakes]


def words_of(found, name):
    return next(rule.condition for rule in found.rules if rule.id == name)


def many(*names):
    return {
        "rules/a.yaml": "rules:\n" + "".join(f"  - {{id: {n}, when: {n}}}\n" for n in names)
    } | {"rules/b.yaml": None}


def crowd(*, waiting=()):
    files = {name: text for name, text in (GOOD | many(*NAMES)).items() if text is not None}
    return before(files, waiting=waiting)


# --- files ----------------------------------------------------------------------------------------


def test_a_good_edit_comes_into_force():
    found = after({"rules/b.yaml": "rules: [{id: coal, when: lignite}]\n"})
    assert words_of(found, "coal").written == "lignite"
    assert (told(found), found.kept, found.gone) == ([], {}, ())


def test_one_bad_file_does_not_hold_back_the_others():
    found = after({"rules/a.yaml": BROKEN, "rules/b.yaml": "rules: [{id: coal, when: lignite}]\n"})
    assert words_of(found, "coal").written == "lignite"
    assert words_of(found, "oil") == words_of(loaded(GOOD), "oil")
    assert found.files["rules/a.yaml"] == GOOD["rules/a.yaml"]
    assert [line.partition(": ")[0] for line in told(found)] == ["rules/a.yaml:1:26"]


def test_a_new_file_with_a_mistake_is_left_out():
    found = after({"rules/c.yaml": BROKEN.replace("oil", "new")})
    assert {rule.id for rule in found.rules} == {"oil", "coal"}
    assert "rules/c.yaml" not in found.files


def test_a_mistake_that_shows_in_an_unchanged_file_holds_back_the_file_that_made_it():
    found = after(
        {
            "knowledge/k.yaml": "lists: {metals: [gold]}\n",
            "rules/b.yaml": "rules: [{id: coal, when: lignite}]\n",
        }
    )
    assert words_of(found, "coal").written == "lignite"
    assert found.files["knowledge/k.yaml"] == GOOD["knowledge/k.yaml"]
    assert told(found)[0].startswith("rules/a.yaml:1:25: unknown list")
    assert told(found)[1].startswith("knowledge/k.yaml: this edit waits too")


def test_a_channel_that_rules_still_use_does_not_go():
    found = after({"channels.yaml": 'desk: {url: "console:", default: true}\n'})
    assert [channel.name for channel in found.channels] == ["desk", "night"]


def test_a_list_and_the_rule_that_uses_it_may_come_together_with_a_bad_file():
    found = after(
        {
            "knowledge/k.yaml": "lists: {fuels: [oil, gas], metals: [gold]}\n",
            "rules/b.yaml": "rules: [{id: coal, when: $metals}]\n",
            "outlets/o.yaml": "outlets: [}\n",
        }
    )
    assert found.files["rules/b.yaml"] == "rules: [{id: coal, when: $metals}]\n"
    assert [feed.url for feed in found.feeds] == ["https://example.org/rss"]


def test_a_rule_may_move_to_another_file_while_a_third_one_is_wrong():
    found = after(
        {
            "rules/a.yaml": None,
            "rules/moved.yaml": GOOD["rules/a.yaml"],
            "rules/b.yaml": BROKEN.replace("oil", "coal"),
        }
    )
    assert {rule.id: rule.place.file for rule in found.rules} == {
        "coal": "rules/b.yaml",
        "oil": "rules/moved.yaml",
    }


@pytest.mark.parametrize("folder", ["rules", "outlets"])
def test_a_folder_that_went_astray_stays_in_force(folder):
    found = after({name: None for name in GOOD if name.startswith(folder)})
    assert (found.files, found.gone) == (GOOD, ())
    assert told(found)[0].startswith(folder)


def test_a_directory_that_is_gone_changes_nothing():
    gone = Problem(Whole("/etc/monitor"), "no such directory")
    found = after(dict.fromkeys(GOOD), problems=(gone,))
    assert found.files == GOOD
    assert told(found) == ["/etc/monitor: no such directory"]


def test_a_file_that_cannot_be_read_stays_as_it_was():
    found = after(
        {"rules/a.yaml": None, "rules/b.yaml": "rules: [{id: coal, when: lignite}]\n"},
        problems=(Problem(Whole("rules/a.yaml"), "cannot be read: Permission denied"),),
    )
    assert {rule.id for rule in found.rules} == {"oil", "coal"}
    assert words_of(found, "coal").written == "lignite"


def test_a_mistake_shows_beside_a_new_file_that_cannot_be_read():
    folder = Problem(Whole("rules/x.yaml"), "cannot be read: Is a directory")
    edit = {"rules/a.yaml": BROKEN, "rules/b.yaml": "rules: [{id: coal, when: lignite}]\n"}
    found = after(edit, problems=(folder,))
    assert [line.partition(": ")[0] for line in told(found)] == [
        "rules/a.yaml:1:26",
        "rules/x.yaml",
    ]
    assert words_of(found, "coal").written == "lignite"


def test_mistakes_of_files_that_can_be_read_are_told_beside_those_that_cannot():
    gone = Problem(Whole("rules/b.yaml"), "cannot be read: Permission denied")
    found = after({"rules/a.yaml": BROKEN, "rules/b.yaml": None}, problems=(gone,))
    assert [line.partition(": ")[0] for line in told(found)] == [
        "rules/a.yaml:1:26",
        "rules/b.yaml",
    ]


def test_where_nothing_was_in_force_every_mistake_is_told():
    files = GOOD | {"rules/a.yaml": BROKEN, "channels.yaml": "desk: {}\n", "rules/b.yaml": ""}
    with pytest.raises(ConfigurationError) as raised:
        comes_into_force(Written(files), None, load=loaded, now=NOW)
    assert {problem.place.file for problem in raised.value.problems} == {
        "channels.yaml",
        "rules/a.yaml",
        "rules/b.yaml",
    }


# --- rules that fail their examples ---------------------------------------------------------------


FAILING = "rules: [{id: coal, when: lignite, examples: {match: [Coal]}}]\n"


def test_a_rule_that_fails_its_examples_stays_as_it_was():
    found = after({"rules/b.yaml": FAILING})
    assert words_of(found, "coal").written == "coal"
    assert found.kept == {"coal": Kept.HELD}
    assert "rules/b.yaml" in str(found.failed_examples[0])


def test_a_new_rule_that_fails_its_examples_does_not_go_live():
    found = after({"rules/c.yaml": FAILING.replace("id: coal", "id: new")})
    assert {rule.id for rule in found.rules} == {"oil", "coal"}
    assert found.kept == {}


def test_a_rule_that_is_switched_off_is_off_whatever_its_examples_say():
    found = after({"rules/b.yaml": FAILING.replace("when:", "enabled: false, when:")})
    assert not any(rule.enabled for rule in found.rules if rule.id == "coal")
    assert found.kept == {}


# --- rules that vanish ----------------------------------------------------------------------------


def test_a_few_rules_may_vanish():
    found = after(many(*NAMES[:-VANISHING_LIMIT]), crowd())
    assert found.gone == NAMES[-VANISHING_LIMIT:]
    assert {rule.id for rule in found.rules} == set(NAMES[:-VANISHING_LIMIT])


def test_many_rules_that_vanish_at_once_are_kept():
    found = after(many(*NAMES[:2]), crowd())
    assert {rule.id for rule in found.rules} == set(NAMES)
    assert found.kept == dict.fromkeys(NAMES[2:], Kept.VANISHED)
    assert found.gone == ()


def test_all_rules_are_never_few():
    found = after({"rules/a.yaml": "rules: [{id: new, when: new}]\n", "rules/b.yaml": None})
    assert found.kept == {"oil": Kept.VANISHED, "coal": Kept.VANISHED}


def test_what_waits_for_confirmation_waits_on_when_some_of_it_is_back():
    found = after(many(*NAMES[:4]), crowd(waiting=NAMES[2:]))
    assert found.kept == dict.fromkeys(NAMES[4:], Kept.VANISHED)


def test_a_rule_that_is_back_is_the_one_of_the_files():
    found = after(many(*NAMES), crowd(waiting=NAMES[2:]))
    assert (found.kept, found.gone) == ({}, ())
    assert len(found.rules) == len(NAMES)


def test_switching_off_is_no_vanishing():
    off = [f"{name}, enabled: false" for name in NAMES]
    text = "rules:\n" + "".join(
        f"  - {{id: {n}, when: {w}}}\n" for n, w in zip(off, NAMES, strict=True)
    )
    found = after({"rules/a.yaml": text}, crowd())
    assert (found.kept, found.gone) == ({}, ())
    assert not any(rule.enabled for rule in found.rules)


def test_rules_that_were_off_or_over_may_all_go():
    files = GOOD | {
        "rules/b.yaml": "rules:\n"
        + "".join(f"  - {{id: {n}, when: {n}, expires: 2026-02-01}}\n" for n in NAMES[:5])
        + "  - {id: six, when: six, enabled: false}\n"
    }
    found = after({"rules/b.yaml": None}, before(files))
    assert (found.kept, found.gone) == ({}, ())


def test_a_rule_under_another_name_has_not_vanished():
    renamed = many(*NAMES)["rules/a.yaml"]
    for name in NAMES:
        renamed = renamed.replace(f"id: {name}", f"id: new-{name}")
    found = after({"rules/a.yaml": renamed}, crowd())
    assert (found.kept, found.gone) == ({}, ())
    assert {rule.id for rule in found.rules} == {f"new-{name}" for name in NAMES}


def test_a_rule_that_is_kept_tells_the_channels_that_are_left():
    was = before(GOOD | {"rules/c.yaml": many(*NAMES)["rules/a.yaml"]})
    channels = 'desk: {url: "console:", default: true}\n'
    found = after({"channels.yaml": channels, "rules/b.yaml": None, "rules/c.yaml": None}, was)
    (coal,) = (rule for rule in found.rules if rule.id == "coal")
    assert (found.kept["coal"], coal.channels) == (Kept.VANISHED, ())


def test_a_rule_whose_last_day_was_today_still_counts():
    files = GOOD | {"rules/a.yaml": "rules: [{id: oil, when: oil, expires: 2026-03-02}]\n"}
    found = after({"rules/a.yaml": None}, before(files))
    assert found.gone == ("oil",)
    assert before(files).rules["oil"].expires == date(2026, 3, 2)


def test_a_file_cut_anywhere_never_loses_more_rules_than_a_few_without_asking():
    was = crowd()
    whole = was.files["rules/a.yaml"]
    for end in range(len(whole)):
        found = after({"rules/a.yaml": whole[:end]}, was)
        lost = set(NAMES) - {rule.id for rule in found.rules}
        assert len(lost) <= VANISHING_LIMIT, whole[:end]
        assert set(found.gone) == lost
