"""Edits of the configuration while the watch runs: what comes into force, and who hears of it."""

import os
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from monitor.adapters.dressing import check_template
from monitor.config.directory import Edits
from monitor.config.force import Before, comes_into_force
from monitor.config.load import load
from monitor.config.problems import ConfigurationError
from monitor.config.secrets import read_secrets_file
from monitor.core.changes import Kept
from monitor.core.outbox import State
from monitor.storage import deliveries, sync, versions
from monitor.storage.retention import Cutoffs, forget
from monitor.storage.schema import alert, delivery, feed, match, rule, rule_version

TALKS = """\
rules:
  - id: talks
    title: Talks with Ruritania
    when: {all: [Ruritania, talks]}
"""
BROKEN = TALKS.replace("talks]}", "talks}")
NAMES = ("one", "two", "three", "four", "five", "six")


def crowd(*names):
    return "rules:\n" + "".join(f"  - {{id: {n}, when: {n}}}\n" for n in names)


class Person:
    """Edits a directory of files and lets the watch look at it, as its own thread would."""

    def __init__(self, desk, directory):
        self.desk, self.directory = desk, directory
        self.reload = reload_of(desk.monitor, directory)

    def write(self, **files):
        for name, text in files.items():
            path = self.directory / (name.replace("__", "/") + ".yaml")
            path.parent.mkdir(exist_ok=True)
            if text is None:
                path.unlink()
            else:
                path.write_text(text, "utf-8")

    def edit(self, **files):
        """Change files, and wait until they have been looked at twice; what was sent."""
        self.write(**files)
        self.reload.look()
        self.reload.look()
        return self.desk.sweep()


def reload_of(monitor, directory):
    """A reload whose settings are those that the test's monitor was started with."""

    def loaded(files):
        found = load(files, base=directory, environment={}, check_template=check_template)
        return replace(found, settings=tuned(found.settings))

    def tuned(settings):
        started = monitor.configuration.settings
        fixed = {"database_url": started.database_url, "state": started.state}
        return settings.model_copy(update=fixed | {"host_spacing": timedelta()})

    return replace(monitor.reload(directory), load=loaded)


def rows(desk, table):
    with desk.database.read() as connection:
        return connection.execute(select(table).order_by(*table.primary_key.columns)).all()


@pytest.fixture
def directory(tmp_path, files):
    made = tmp_path / "config"
    for name, text in files.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(text, "utf-8")
    return made


@pytest.fixture
def person(open_desk, directory):
    (directory / "rules" / "rules.yaml").write_text(TALKS, "utf-8")
    made = Person(open_desk(rules__rules=TALKS), directory)
    assert made.edit() == ""
    return made


# --- looking --------------------------------------------------------------------------------------


def test_a_file_is_given_out_once_it_stands_still(directory):
    edits = Edits(directory)
    assert edits.look() is None
    assert edits.look().files["rules/rules.yaml"]
    assert edits.look() is None


def test_a_file_that_is_being_saved_waits(directory):
    edits = Edits(directory)
    for half in ("rules:", "rules:\n  - id: a", TALKS):
        (directory / "rules" / "rules.yaml").write_text(half, "utf-8")
        assert edits.look() is None
    assert edits.look().files["rules/rules.yaml"] == TALKS


def test_a_file_put_in_the_place_of_another_is_seen(directory):
    edits = Edits(directory)
    edits.look()
    edits.look()
    beside = directory / "rules" / ".rules.yaml.swp"
    beside.write_text(TALKS, "utf-8")
    assert edits.look() is None
    assert edits.look() is None, "an editor's own file is no change"
    beside.rename(directory / "rules" / "rules.yaml")
    assert edits.look() is None
    assert edits.look().files["rules/rules.yaml"] == TALKS


def test_secrets_that_change_are_a_change(directory):
    edits = Edits(directory)
    edits.look()
    edits.look()
    (directory / "secrets.env").write_text("TOKEN=1\n", "utf-8")
    assert edits.look() is None
    assert edits.look() is not None


def test_a_pipe_in_the_place_of_a_file_is_refused_at_once(directory):
    os.mkfifo(directory / "rules" / "pipe.yaml")
    os.mkfifo(directory / "secrets.env")
    edits = Edits(directory)
    edits.look()
    (problem,) = edits.look().problems
    assert str(problem) == "rules/pipe.yaml: cannot be read: it is no file"
    with pytest.raises(ConfigurationError, match=r"secrets\.env: cannot be read: it is no file"):
        read_secrets_file(directory)


# --- good edits -----------------------------------------------------------------------------------


def test_an_edit_is_in_force_for_what_comes_next(person, newsroom):
    newsroom.publish("Ruritania opens a bridge")
    assert person.desk.sweep(minutes=6) == ""
    sent = person.edit(rules__rules=TALKS.replace("talks]", "bridge]"))
    assert "[ops] talks v2 is live" in sent
    assert "talks v2 live: matches 1 of 1 article of the last 1 h" in sent
    newsroom.publish("Ruritania closes a bridge")
    sent = person.desk.sweep(minutes=6)
    assert "Ruritania closes a bridge" in sent
    (found,) = rows(person.desk, match)
    assert [each.number for each in rows(person.desk, rule_version)] == [1, 2]
    assert found.rule_version == rows(person.desk, rule_version)[1].version
    assert [each.rule_version for each in rows(person.desk, alert)] == [found.rule_version]


def test_several_rules_changed_by_one_edit_are_one_notice(person):
    sent = person.edit(rules__rules=TALKS.replace("talks]", "x]"), rules__more=crowd("one", "two"))
    assert sent.count("[ops]") == 1
    assert "[ops] 3 rules changed" in sent
    assert "one v1 live" in sent


def test_a_comment_is_no_news(person):
    assert person.edit(rules__rules=f"# ours\n{TALKS}") == ""
    assert rows(person.desk, rule)[0].version == rows(person.desk, rule_version)[0].version


def test_a_version_that_comes_back_has_its_number_again(person):
    person.edit(rules__rules=TALKS.replace("talks]", "bridge]"))
    assert "[ops] talks v1 is live" in person.edit(rules__rules=TALKS)
    assert len(rows(person.desk, rule_version)) == 2


def test_feeds_and_channels_come_and_go(person, newsroom, files):
    newsroom.feeds["c"] = []
    more = files["outlets/papers.yaml"].replace("/feed/b", "/feed/c")
    sent = person.edit(outlets__papers=more)
    assert "feeds: 1 new, 1 gone" in sent
    assert "/feed/c" in newsroom.requests
    assert [row.retired_at is None for row in rows(person.desk, feed)] == [True, False, True]
    sent = person.edit(channels='other: {url: "console:", default: true}\n')
    assert "channels: 1 new, 1 gone" in sent


def test_a_message_that_comes_late_for_a_channel_that_is_gone_waits_for_it(person):
    desk, (gone,) = person.desk, person.desk.monitor.watch.ops
    person.edit(channels='other: {url: "file:other.log", default: true}\n')
    now = desk.clock.now()
    late = {"key": "late", "title": "Late", "body": "by a step that was under way", "now": now}
    desk.database.write(lambda tx: deliveries.notify(tx, [gone], **late))
    person.reload.look()
    (row,) = (row for row in rows(desk, delivery) if row.channel == "console")
    assert (row.due_at, row.state) == (None, State.QUEUED)
    assert "Late" in person.edit(channels='console: {url: "console:", default: true}\n')


def test_settings_are_live_or_wait_for_the_next_start(person, files):
    written = files["monitor.yaml"].replace(
        "state: var\n", "state: var\nstory: {window: 2 hours}\n"
    )
    sent = person.edit(monitor=written.replace("fetch: {", "fetch: {workers: 1, "))
    assert "monitor.yaml: the new story.window is in force" in sent
    assert "monitor.yaml: the new fetch.workers takes effect at the next start" in sent
    assert person.desk.monitor.watch.story_window == timedelta(hours=2)


def test_a_rule_on_trial_that_is_renamed_goes_on_with_its_trial(person):
    tried = TALKS.replace("    when:", "    trial: 2 days\n    when:")
    sent = person.edit(rules__rules=tried)
    assert "talks v1 matches as before; on trial until 4 Mar 12:" in sent
    person.desk.clock.pass_(hours=30)
    sent = person.edit(rules__rules=tried.replace("id: talks", "id: offers"))
    assert "[ops] talks is renamed" in sent
    assert "talks is now called offers; it matches as before; on trial until 4 Mar 12:" in sent


def test_a_trial_that_is_taken_out_was_ended_by_hand_and_says_what_it_found(person, newsroom):
    tried = TALKS.replace("    when:", "    trial: 2 days\n    when:")
    person.edit(rules__rules=tried)
    newsroom.publish("Ruritania offers talks")
    assert person.desk.sweep(minutes=6) == ""
    renamed = tried.replace("id: talks", "id: offers")
    person.edit(rules__rules=renamed)
    newsroom.publish("In Ruritania the bakers want talks as well", feed="b")
    assert person.desk.sweep(minutes=6) == ""
    person.desk.clock.pass_(minutes=1)
    sent = person.edit(rules__rules=renamed.replace("    trial: 2 days\n", ""))
    assert "[ops] offers v1 is live" in sent
    assert (
        "offers v1 matches as before; its trial was ended by hand: it matched 2 articles and would "
        "have told once; it tells from now on"
    ) in sent


def test_a_trial_that_is_taken_out_while_nobody_runs_is_told_at_the_start(
    person, newsroom, open_desk
):
    person.edit(rules__rules=TALKS.replace("    when:", "    trial: 2 days\n    when:"))
    newsroom.publish("Ruritania offers talks")
    person.desk.sweep(minutes=6)
    person.desk.clock.pass_(minutes=1)
    person.write(rules__rules=TALKS)
    again = Person(open_desk(rules__rules=TALKS), person.directory)
    assert "ended by hand: it matched 1 article and would have told once" in again.edit()


def test_a_trial_that_is_taken_out_after_its_end_was_over(person):
    person.edit(rules__rules=TALKS.replace("    when:", "    trial: 2 days\n    when:"))
    assert "Trial over" in person.desk.sweep(days=3)
    assert "talks v1 matches as before; its trial was over" in person.edit(rules__rules=TALKS)


# --- bad edits ------------------------------------------------------------------------------------


def test_a_bad_edit_is_told_once_and_changes_nothing(person):
    sent = person.edit(rules__rules=BROKEN)
    assert "[ops] An edit is not in force" in sent
    assert (
        'rules/rules.yaml:4:34: this "[" is closed by "}"' in sent or "rules/rules.yaml:4:" in sent
    )
    assert person.desk.monitor.watch.rules["talks"].condition
    assert person.edit() == ""
    assert person.edit(rules__rules=f"{BROKEN}# really\n") == ""
    assert len(rows(person.desk, rule_version)) == 1


def test_the_same_mistake_made_again_later_is_told_again(person):
    person.edit(rules__rules=BROKEN)
    person.desk.clock.pass_(minutes=1)
    sent = person.edit(rules__rules=TALKS)
    assert "[ops] All edits are in force" in sent
    assert "mended: rules/rules.yaml" in sent
    person.desk.clock.pass_(minutes=1)
    assert "[ops] An edit is not in force" in person.edit(rules__rules=BROKEN)


def test_a_mistake_that_is_open_is_not_told_again_with_the_next_one(person, open_desk):
    person.edit(rules__rules=BROKEN)
    sent = person.edit(rules__more="rules: [}\n")
    assert "rules/more.yaml:1:9" in sent
    assert "rules/rules" not in sent
    assert "1 told before is still open" in sent
    person.desk.clock.pass_(minutes=1)
    sent = person.edit(rules__more=crowd("one"))
    assert "[ops] Some mistakes are mended" in sent
    assert "mended: rules/more.yaml" in sent
    again = Person(restarted(person, open_desk), person.directory)
    assert again.edit() == ""
    assert "[ops] All edits are in force" in again.edit(rules__rules=TALKS)


def test_one_bad_file_does_not_hold_back_the_others(person):
    sent = person.edit(rules__rules=BROKEN, rules__more=crowd("one"))
    assert "one v1 is live" in sent
    assert "An edit is not in force" in sent
    assert set(person.desk.monitor.watch.rules) == {"talks", "one"}


def test_a_rule_that_fails_its_examples_keeps_its_version_also_after_a_restart(
    person, open_desk, newsroom
):
    failing = TALKS.replace("talks]}", "gold]}\n    examples: {match: [Ruritania talks]}")
    sent = person.edit(rules__rules=failing)
    assert "is held back" in sent
    again = restarted(person, open_desk)
    assert again.monitor.configuration.kept == {"talks": Kept.HELD}
    newsroom.publish("Ruritania offers talks")
    assert "Ruritania offers talks" in again.sweep(minutes=6)


def restarted(person, open_desk):
    """Start again with what stands in the directory, as `monitor run` does."""
    reload = person.reload
    with person.desk.database.read() as connection:
        files, _ = sync.last_good(connection)
        at_work = versions.at_work(connection)
    before = Before(files, at_work, at_work.waiting)
    written = Edits(person.directory)
    written.look()
    found = comes_into_force(written.look(), before, load=reload.load, now=person.desk.clock.now())
    return open_desk(configuration=found)


# --- rules that vanish ----------------------------------------------------------------------------


def test_a_few_rules_that_vanish_are_named(person):
    person.edit(rules__more=crowd("one", "two"))
    sent = person.edit(rules__more=None)
    assert "one is gone from the files" in sent
    assert set(person.desk.monitor.watch.rules) == {"talks"}


@pytest.fixture
def bereft(person, newsroom):
    """Six rules vanish from the files at once."""
    person.edit(rules__more=crowd(*NAMES))
    sent = person.edit(rules__more=None)
    assert "[ops] Rules vanished" in sent
    assert "6 rules vanished from the files at once: five, four, one" in sent
    newsroom.publish("Six and one are seven")
    assert "Six and one are seven" in person.desk.sweep(minutes=6)
    return person


def test_many_rules_that_vanish_are_kept_until_they_are_back(bereft):
    sent = bereft.edit(rules__more=crowd(*NAMES))
    assert "v1" not in sent, "they were never away"
    assert "6 rules back in the files: five, four, one, six, three, two" in sent
    assert bereft.reload.present.kept == {}


def test_many_rules_that_vanish_are_kept_until_somebody_confirms_it(bereft):
    waiting = bereft.reload.present.kept
    bereft.desk.database.write(lambda tx: versions.retire(tx, list(waiting)))
    bereft.reload.look()
    sent = bereft.desk.sweep()
    assert "[ops] 6 rules changed" in sent
    assert set(bereft.desk.monitor.watch.rules) == {"talks"}


def test_rules_that_vanished_are_kept_over_a_restart_and_told_once(bereft, open_desk):
    again = restarted(bereft, open_desk)
    assert set(again.monitor.watch.rules) == {"talks", *NAMES}
    assert Person(again, bereft.directory).edit() == ""


def test_what_was_confirmed_while_nobody_ran_is_gone_at_the_next_start(bereft, open_desk):
    waiting = list(bereft.reload.present.kept)
    bereft.desk.database.write(lambda tx: versions.retire(tx, waiting))
    assert set(restarted(bereft, open_desk).monitor.watch.rules) == {"talks"}


def test_rules_that_stay_vanished_are_not_told_again_when_one_of_them_is_back(bereft, open_desk):
    sent = bereft.edit(rules__more=crowd("one"))
    assert "1 rule back in the files: one" in sent
    again = Person(restarted(bereft, open_desk), bereft.directory)
    assert again.edit() == ""
    assert len(again.reload.present.kept) == 5


def test_a_few_rules_that_vanished_while_nobody_ran_are_told(person, open_desk):
    person.edit(rules__more=crowd("one"))
    person.write(rules__more=None)
    again = restarted(person, open_desk)
    assert "one is gone from the files" in Person(again, person.directory).edit()


def test_what_was_edited_while_nobody_ran_is_told_at_the_next_start(person, open_desk, files):
    person.edit(rules__more=crowd("one", "two"))
    more = crowd("one", "three").replace("when: one", "when: uno")
    written = files["monitor.yaml"].replace(
        "state: var\n", "state: var\nstory: {window: 2 hours}\n"
    )
    person.write(rules__more=more, monitor=written)
    again = Person(restarted(person, open_desk), person.directory)
    sent = again.edit()
    assert "[ops] 3 rules changed" in sent
    for line in ("one v2 live", "three v1 live", "two is gone", "the new story.window is in force"):
        assert line in sent
    assert Person(restarted(again, open_desk), person.directory).edit() == ""


def test_what_was_confirmed_while_nobody_ran_is_told_at_the_next_start(bereft, open_desk):
    waiting = list(bereft.reload.present.kept)
    bereft.desk.database.write(lambda tx: versions.retire(tx, waiting))
    again = Person(restarted(bereft, open_desk), bereft.directory)
    assert "one is gone from the files" in again.edit()
    assert Person(restarted(again, open_desk), bereft.directory).edit() == ""


def test_a_confirmation_is_not_undone_by_a_decision_made_before_it(bereft):
    kept = bereft.reload.present
    bereft.desk.database.write(lambda tx: versions.retire(tx, list(kept.kept)))
    now = bereft.desk.clock.now()
    bereft.desk.database.write(
        lambda tx: versions.put_in_force(tx, kept.rules, kept=kept.kept, packed={}, now=now)
    )
    with bereft.desk.database.read() as connection:
        assert set(versions.at_work(connection)) == {"talks"}


def test_old_versions_are_forgotten_but_the_one_in_force_and_the_newest(person):
    for word in ("bridge", "tower", "talks"):
        person.edit(rules__rules=TALKS.replace("talks]", f"{word}]"))
    later = person.desk.clock.now() + timedelta(days=400)
    before = Cutoffs(later, later, later, later)
    person.desk.database.write(lambda tx: forget(tx, before, now=later))
    assert [row.number for row in rows(person.desk, rule_version)] == [1, 3]


def test_what_is_wrong_at_the_start_is_told_and_not_logged_again(person, open_desk, capsys):
    person.write(rules__rules=BROKEN)
    again = Person(restarted(person, open_desk), person.directory)
    capsys.readouterr()
    assert "An edit is not in force" in again.edit()
    assert "configuration.wrong" not in capsys.readouterr().out
    again.edit(rules__rules=BROKEN.replace("Ruritania", "Strelsau,"))
    assert "configuration.wrong" in capsys.readouterr().out


STYLED = """\
console: {url: "console:", default: true, template: templates/desk.j2}
"""
LAYOUT = """\
{{ content.title }}
{% for item in content.items %}
{{ item.headline }}
{% endfor %}
{% for line in content.lines %}
{{ line|line }}
{% endfor %}
"""


def test_an_edited_template_is_in_force_and_a_broken_one_leaves_the_last_good_one(
    person, directory, newsroom
):
    template = directory / "templates" / "desk.j2"
    template.parent.mkdir()
    template.write_text(f"FIRST {LAYOUT}", "utf-8")
    person.edit(channels=STYLED)
    newsroom.publish("Ruritania opens talks")
    assert "FIRST 🔵 NORMAL · Ruritania opens talks" in person.desk.sweep(minutes=6)
    template.write_text(f"SECOND {LAYOUT}", "utf-8")
    assert "SECOND [ops]" in person.edit(rules__rules=TALKS + "  - {id: more, when: bridge}\n")
    template.write_text("THIRD {{ content.titel }}\n", "utf-8")
    told = person.edit()
    assert 'templates/desk.j2:1:1: tried on an alert: there is no "titel" in content' in told
    assert "SECOND" in told  # the notice of it, in the layout that is still in force
