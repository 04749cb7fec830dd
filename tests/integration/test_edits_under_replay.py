"""A person edits the rules again and again while the watch runs through a replayed time."""

import io
import random
import re
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from conftest import NOON
from sqlalchemy import func, select

from monitor import app
from monitor.config.load import load
from monitor.runners.clock import ReplayClock
from monitor.storage.schema import alert, article, delivery, match, rule, rule_version

EDITS = {"sqlite": 200, "postgresql": 40}  # a commit of the latter takes longer
PATIENCE = 60  # seconds for what the watch should do at once, on a busy machine
STEADY = "steady"  # the rule that every version of it lets match every article
OTHERS = ("one", "two", "three", "four", "five")


def whole(word):
    """A file that loses one to three rules when it is cut loses others than the steady one.

    Its `alert` comes before its `when`: without an end it does not load, with one it is whole.
    """
    others = "".join(f"  - {{id: {name}, when: {name}}}\n" for name in OTHERS)
    return (
        f"rules:\n  - id: {STEADY}\n    alert: {{once_per: article}}\n"
        f"    when: {{any: [Ruritania, {word}]}}\n{others}"
    )


@dataclass
class Person:
    """Edits a directory with dice; `expected` is the word of the steady rule that must be in force.

    A mistake is always mended by a later edit: the texts that are good stand in `good`.
    """

    directory: object
    dice: random.Random
    good: dict[str, str]
    expected: str = "w0"
    words: int = 0
    made: Counter[str] = field(default_factory=Counter)

    def edit(self, look):
        """One edit, good or bad, with as many looks as it takes."""
        kind = self.dice.choice(sorted(KINDS))
        self.made[kind] += 1
        for files in KINDS[kind](self):
            self._write(files)
            look()
        look()
        self._write(self.good)
        look()
        look()

    def _write(self, files):
        for path in [*self.directory.rglob("*.yaml")]:
            if path.relative_to(self.directory).as_posix() not in files:
                path.unlink()
        for name, text in files.items():
            path = self.directory / name
            path.parent.mkdir(exist_ok=True)
            if not path.exists() or path.read_text("utf-8") != text:
                path.write_text(text, "utf-8")

    # --- kinds of edits: each gives what stands on disk, look by look, before it is good again

    def new_word(self):
        self.words += 1
        self.expected = f"w{self.words}"
        self.good |= {"rules/rules.yaml": whole(self.expected)}
        yield self.good

    def half_saved(self):
        self.words += 1
        self.expected = f"w{self.words}"
        text = whole(self.expected)
        for end in sorted(self.dice.sample(range(len(text)), 3)):
            yield self.good | {"rules/rules.yaml": text[:end]}
        self.good |= {"rules/rules.yaml": text}
        yield self.good

    def cut(self):
        text = self.good["rules/rules.yaml"]
        yield self.good | {"rules/rules.yaml": text[: self.dice.randrange(len(text))]}

    def broken(self):
        text = self.good["rules/rules.yaml"].replace("]}", "}", 1)
        yield self.good | {"rules/rules.yaml": text}

    def wrong_name(self):
        text = self.good["rules/rules.yaml"]
        yield self.good | {
            "rules/rules.yaml": text.replace(
                "    when", "    notify: {channels: [nobody]}\n    when"
            )
        }

    def failing(self):
        text = self.good["rules/rules.yaml"].replace("Ruritania,", "Zenda,")
        yield self.good | {
            "rules/rules.yaml": text.replace(
                "    when", "    examples: {match: [Ruritania]}\n    when"
            )
        }

    def renamed(self):
        files = dict(self.good)
        files["rules/renamed.yaml"] = files.pop("rules/rules.yaml")
        yield files

    def vanished(self):
        yield self.good | {"rules/rules.yaml": "rules:\n  - {id: new, when: new}\n"}

    def deleted(self):
        folder = self.dice.choice(["rules", "outlets", "channels"])
        yield {name: text for name, text in self.good.items() if not name.startswith(folder)}

    def no_text(self):
        yield self.good | {"rules/other.yaml": "rules: [{id: other, when: a\u0007}]\n"}

    def more_rules(self):
        more = "".join(
            f"  - {{id: more-{n}, when: more}}\n" for n in range(self.dice.randint(1, 3))
        )
        yield self.good | {"rules/more.yaml": f"rules:\n{more}"}


KINDS = {
    name: getattr(Person, name)
    for name in (
        "new_word", "half_saved", "cut", "broken", "wrong_name", "failing", "renamed", "vanished",
        "deleted", "no_text", "more_rules",
    )
}  # fmt: skip


@contextmanager
def running(monitor, clock):
    """The watch in a thread of its own."""
    thread = threading.Thread(target=monitor.run, name="watch")
    thread.start()
    try:
        yield
    finally:
        monitor.stop()
        thread.join()
    assert not clock.over, "the replay ended before the person did"


@pytest.fixture
def replay():
    return ReplayClock(begins=NOON, ends=NOON + timedelta(days=3_650))


@pytest.fixture
def person(files, tmp_path):
    good = {name: text for name, text in files.items() if not name.startswith("rules/")}
    made = Person(tmp_path / "config", random.Random(4), good)
    made.directory.mkdir()
    made.good |= {"rules/rules.yaml": whole("w0")}
    made._write(made.good)
    return made


def number_of(database, *where):
    with database.read() as connection:
        return connection.execute(select(func.count()).where(*where)).scalar_one()


def wait(what):
    """Wait for what the watch is about to do."""
    pause = threading.Event()
    for _ in range(PATIENCE * 50):
        if what():
            return
        pause.wait(0.02)
    pytest.fail("the watch did not get there")


def test_no_article_is_lost_or_told_twice_over_200_random_edits(
    person, newsroom, replay, database_url, tmp_path
):
    def loaded(given):
        found = load(given, base=person.directory, environment={})
        changed = {"database_url": database_url, "state": tmp_path, "host_spacing": timedelta()}
        return replace(found, settings=found.settings.model_copy(update=changed))

    out = io.StringIO()
    dice = random.Random(7)
    with app.build(loaded(person.good), clock=replay, out=out, chance=dice.random) as monitor:
        database = monitor.database
        reload = replace(monitor.reload(person.directory), load=loaded)
        titles = []

        def seen():
            return number_of(database, article.c.triaged_at.is_not(None))

        with running(monitor, replay):
            wait(lambda: "/feed/b" in newsroom.requests)
            for number in range(EDITS[database.dialect]):
                titles.append(f"Ruritania reports event {number} of {number * 7919 % 1000}")
                newsroom.publish(titles[-1], feed=person.dice.choice("ab"))
                person.edit(reload.look)
                now = monitor.watch.rules[STEADY]
                assert now.version == loaded(person.good).rules[0].version, person.made
                wait(lambda: seen() >= len(titles) - 5)
            wait(lambda: seen() == len(titles))
            wait(lambda: number_of(database, delivery.c.due_at.is_not(None)) == 0)

        with database.read() as connection:
            stored = connection.execute(select(article.c.title)).scalars().all()
            matched = connection.execute(select(match).where(match.c.rule_id == STEADY)).all()
            told = connection.execute(select(alert).where(alert.c.rule_id == STEADY)).all()
            versions = connection.execute(select(rule_version)).all()
            rules = connection.execute(select(rule).where(rule.c.live)).all()

    assert sorted(stored) == sorted(titles)
    assert Counter(row.article_id for row in matched) == dict.fromkeys(
        (row.article_id for row in matched), 1
    )
    assert len(matched) == len(titles)
    assert sorted(row.article_id for row in told) == sorted(row.article_id for row in matched)
    sent = out.getvalue()
    # Those that wait for the same delivery are one message, which names the others below.
    told_as = re.findall(r"^(?:🔵 NORMAL · |▪ Also: )(.+)$", sent, re.MULTILINE)
    assert Counter(told_as) == dict.fromkeys(titles, 1)
    known = {row.version for row in versions if row.rule_id == STEADY}
    assert {row.rule_version for row in matched} <= known
    assert {row.rule_version for row in told} <= known
    assert len({row.rule_version for row in matched}) >= 5, "the edits hardly ever took effect"
    assert {row.id for row in rules} == {STEADY, *OTHERS}
    assert len(person.made) > len(KINDS) / 2
