"""`monitor stories`: what an analyst sees of the grouping, and how it is corrected."""

import json

import pytest
import shelves
from shelves import BRIDGE, BUDGET, NOW, publish, tell
from typer.testing import CliRunner

from monitor import app
from monitor.cli import app as commands
from monitor.config.load import load
from monitor.storage.schema import revision
from monitor.storage.upsert import insert_new

LONG = ("--since", "10000d")  # the articles are of a fixed day


@pytest.fixture
def desk(files, tmp_path):
    """A configuration on disk, and its database with two stories of one article each."""
    directory = tmp_path / "desk"
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    settings = load(files, base=directory, environment={}).settings
    database = shelves.prepared(app.open_database(settings))
    publish(database, 1, BRIDGE, title="Bridge")
    publish(database, 2, BUDGET, title="Budget")
    yield directory, database
    database.close()


@pytest.fixture
def call(desk):
    def run(*words: str):
        done = CliRunner().invoke(commands, ["stories", *words, "--config", str(desk[0])])
        return done.exit_code, f"{done.output}{done.exception or ''}"

    return run


def told(call, *words: str):
    return json.loads(call(*words, "--json")[1])


def test_the_list_has_the_latest_stories_with_who_carries_them(call):
    listed = told(call, "list", *LONG)
    assert [(each["story"], each["headline"]) for each in listed] == [
        (2, "Budget 2"), (1, "Bridge 1"),
    ]  # fmt: skip
    assert len(told(call, "list", *LONG, "--limit", "1")) == 1
    code, said = call("list", *LONG)
    assert code == 0
    assert "Bridge 1" in said


def test_a_list_of_too_short_a_time_says_when_the_latest_story_was(call):
    code, said = call("list", "--since", "1h")
    assert code == 1
    assert "no story got anything in that time" in said
    assert NOW.astimezone().strftime("%d") in said
    assert "--since" in said


def test_a_story_shows_its_articles_and_the_headlines_they_had(call, desk):
    _, database = desk
    for title in ("Bridge closed", "Bridge shut"):
        values = {"article_id": 1, "recorded_at": NOW, "title": title}
        database.write(lambda tx, values=values: insert_new(tx, revision, **values))
    tell(database, 1, 1)
    story = told(call, "show", "1")
    (article,) = story["timeline"]
    edits = [(each["before"], each["after"]) for each in article["headline_edits"]]
    assert edits == [("Bridge closed", "Bridge shut"), ("Bridge shut", "Bridge 1")]
    assert [each["rule"] for each in story["told"]] == ["bridges"]
    said = call("show", "1")[1]
    assert "Bridge closed" in said
    assert "Bridge shut" in said


def test_two_stories_are_made_one_and_the_old_number_leads_to_it(call):
    assert told(call, "merge", "2", "1") == {"story": 1}
    code, said = call("show", "2")
    assert code == 0
    assert "story 2 was merged into 1" in said
    assert [each["story"] for each in told(call, "list", *LONG)] == [1]


def test_an_article_that_does_not_belong_there_gets_a_story_of_its_own(call):
    call("merge", "1", "2")
    new = told(call, "split", "1", "2")["story"]
    assert [each["article"] for each in told(call, "show", str(new))["timeline"]] == [2]
    assert [each["article"] for each in told(call, "show", "1")["timeline"]] == [1]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("show", "7"), "there is no story 7"),
        (("merge", "1", "7"), "there is no story 7"),
        (("split", "7", "1"), "there is no story 7"),
        (("split", "1", "2"), "article 2"),
        (("split", "1", "1"), "all of story 1"),
    ],
)
def test_what_is_not_there_is_said_by_name(call, words, why):
    code, said = call(*words)
    assert code != 0
    assert why in said
