"""What `monitor check` warns of once there is an archive, and where it says it stands."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from monitor.cli.linting import Lint, lint
from monitor.config.directory import read_directory
from monitor.config.load import load
from monitor.config.whereabouts import Whereabouts
from monitor.core.lint import findings
from monitor.storage.sample import documents, extent
from monitor.storage.schema import article

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
COPIES = 300  # articles of the archive

WATCHED = """
version: 1
lists:
  fuels: [oil, petróleo]
rules:
  - id: broad
    when:
      any:
        - unicorn
        - Strelsau
  - id: silent
    when: {all: [unicorn, $fuels]}
  - id: fired
    when: {all: [palace, burns]}
  - id: idle
    enabled: false
    when: {all: [mermaid]}
"""


def fill(desk, newsroom, *, days: int) -> None:
    """An archive of `days`, made of one article that the watch read and copies of it."""
    newsroom.publish("The palace burns")
    desk.sweep()
    with desk.database.read() as connection:
        row = connection.execute(select(article)).one()._asdict()
    copies = [
        row
        | {
            "id": row["id"] + number,
            "identity": f"copy {number}",
            "title": "News from Strelsau" if (row["id"] + number) % 5 == 0 else "Bakers bake bread",
            "text": None,
            "summary": None,
            "seen_at": row["seen_at"] + timedelta(days=days) * number / COPIES,
        }
        for number in range(1, COPIES)
    ]
    desk.database.write(lambda tx: tx.execute(article.insert(), copies))


def linted(desk) -> Lint:
    return lint(desk.monitor.configuration, now=desk.clock.now(), shown=False)


def test_an_archive_tells_of_broad_and_of_silent_rules(open_desk, newsroom):
    desk = open_desk(rules__rules=WATCHED)
    fill(desk, newsroom, days=9)
    found = linted(desk)
    assert found.left_out is None
    broad, silent = map(str, found.warnings)
    assert broad == (
        'rules/rules.yaml:10:11: broad: "Strelsau" alone makes broad match, and stands in 20% of '
        "300 articles; say with all: or near: what stands beside it"
    )
    assert silent == (
        "rules/rules.yaml:11:5: never fired: silent has matched none of the 300 articles of 9 "
        "days, and matches none of 300 of them as it stands now; `monitor rules explain ARTICLE "
        "silent` says of one that it should match what it lacks"
    )


def test_a_small_archive_says_nothing_and_that_is_said(open_desk, newsroom):
    desk = open_desk(rules__rules=WATCHED)
    newsroom.publish("News from Strelsau")
    desk.sweep()
    assert linted(desk) == Lint(
        (),
        "not looked for broad terms, rules that never fired, words of one language: the archive is "
        "too small (1 article of 0.0 days)",
    )


def test_a_sample_is_spread_over_the_archive(open_desk, newsroom):
    desk = open_desk(rules__rules=WATCHED)
    fill(desk, newsroom, days=9)
    with desk.database.read() as connection:
        assert extent(connection).articles == COPIES
        few = [each.title for each in documents(connection, most=30, of=COPIES)]
        many = [each.title for each in documents(connection, most=COPIES * 2 // 3, of=COPIES)]
    assert len(few) == 30
    assert set(few) == {"News from Strelsau"}  # every tenth is
    assert len(many) == COPIES * 2 // 3, "never more than asked for"
    assert 35 <= many.count("News from Strelsau") <= 45, "every fifth is, and half of them early"
    assert 17 <= many[: len(many) // 2].count("News from Strelsau") <= 23


def places(text: str) -> list[str]:
    files = {"channels.yaml": 'c: {url: "console:", default: true}\n', "rules/a.yaml": text}
    configuration = load(files, base=Path("/nowhere"), environment={})
    whereabouts = Whereabouts(configuration.files)
    found = findings(configuration.rules, whereabouts.lists)
    return [str(whereabouts.place(each.subject)) for each in found]


def test_a_branch_is_pointed_at_where_it_stands():
    text = (
        "rules:\n  - id: a\n    when:\n      all:\n        - Oil\n        - any:\n"
        "            - near: {terms: [oil, deal], within: 3 words}\n"
        "            - near: {terms: [oil, deal], within: 9 words}\n"
        "            - {in: title, any: [oil, oil deal]}\n"
    )
    assert places(text) == ["rules/a.yaml:7:15", "rules/a.yaml:9:38"]


def test_of_two_equal_branches_the_second_is_pointed_at():
    text = (
        "rules:\n  - id: a\n    when:\n      any:\n        - {all: [oil, deal]}\n        - gas\n"
        "        - {all: [oil, deal]}\n"
    )
    assert places(text) == ["rules/a.yaml:7:11"]


def test_a_branch_of_a_query_is_pointed_at_where_its_rule_stands():
    assert places("rules:\n  - {id: a, when: {query: 'oil OR \"oil deal\"'}}\n") == [
        "rules/a.yaml:2:5"
    ]


def test_a_use_of_a_list_is_pointed_at():
    text = (
        "lists: {a: [oil, gas], b: [$a, coal]}\nrules:\n  - id: a\n    when:\n      any:\n"
        "        - $a\n        - $b\n"
    )
    assert places(text) == ["rules/a.yaml:6:11"]


def test_nothing_of_the_starter_is_hardly_meant():
    base = Path(__file__).resolve().parents[2] / "config"
    files = read_directory(base)
    configuration = load(files, base=base, environment={})
    places = Whereabouts(files)
    assert list(findings(configuration.rules, places.lists, used=places.used)) == []


def test_files_are_checked_though_the_database_cannot_be_asked(open_desk, tmp_path):
    configuration = open_desk(rules__rules=WATCHED).monitor.configuration
    (tmp_path / "monitor.db").write_bytes(
        b"no database at all, and longer than its header would be"
    )
    away = configuration.settings.model_copy(
        update={"database_url": f"sqlite:///{tmp_path / 'monitor.db'}"}
    )
    found = lint(replace(configuration, settings=away), now=NOON, shown=False)
    assert found.left_out.endswith("words of one language: file is not a database")
