"""A replay of an archive that the real monitor made: the same decisions, and nothing written."""

import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from monitor.cli import app
from monitor.cli.backtesting import Outcome, in_days, replayed
from monitor.cli.exits import MisuseError
from monitor.config.load import load
from monitor.core.alerts import Way
from monitor.core.backtest import live
from monitor.core.outbox import Kind
from monitor.storage.schema import alert, article, delivery, match, metadata

OTHER_RULES = """
version: 1
rules:
  - id: roses
    title: Roses of Strelsau
    when: {all: [Strelsau, rose*]}
    alert: {once_per: article, weak: alert}
  - id: nothing
    when: {all: [unicorn, Strelsau]}
"""


def publish_a_week(desk, newsroom, paragraphs_of) -> None:
    """Six days: news, the same news elsewhere, an exact copy, late and weak ones, what is over."""
    newsroom.publish("Envoys return to Strelsau after the old talks", published=None)
    desk.sweep()
    newsroom.publish("Ruritania opens dialogue with the northern envoys in Strelsau")
    desk.sweep(hours=5)
    newsroom.publish("Ruritania opens dialogue with northern envoys in Strelsau today", feed="b")
    desk.sweep(hours=1)
    text = paragraphs_of("The palace burns.", closing="Near Strelsau, two depots were bombed.")
    newsroom.publish("The palace of the queen burns", text=text)
    desk.sweep(hours=3)
    newsroom.publish("The palace of the queen burns", feed="b", text=text)
    desk.sweep(hours=3)
    newsroom.publish("Planes bombed the harbour of Ruritania during talks", feed="b")
    desk.sweep(hours=2)
    newsroom.publish("Bakers bake bread")
    desk.sweep(hours=80)
    newsroom.publish("Ruritania: northern envoys open a new dialogue in Strelsau")
    desk.sweep(hours=1)
    desk.sweep(hours=2)


def replay_of(desk, *, rules=None, span=timedelta(days=30), messages=False) -> Outcome:
    configuration = desk.monitor.configuration
    if rules is not None:
        files = {**configuration.files, "rules/rules.yaml": rules}
        base = desk.monitor.configuration.settings.state.parent
        configuration = load(files, base=base, environment={})
    now = desk.clock.now()
    return replayed(
        configuration,
        live(configuration.rules, named=False),
        desk.database,
        since=now - span,
        until=now,
        messages=messages,
    )


def told(desk) -> Counter[str]:
    """How many alerts the monitor really raised, by rule."""
    with desk.database.read() as connection:
        return Counter(connection.execute(select(alert.c.rule_id)).scalars())


def rows(desk) -> dict[str, list[tuple[object, ...]]]:
    with desk.database.read() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table)).all()))
            for table in metadata.sorted_tables
        }


def test_the_same_rules_give_the_alerts_that_were_really_told(desk, newsroom, paragraphs_of):
    publish_a_week(desk, newsroom, paragraphs_of)
    found = replay_of(desk)
    assert told(desk)  # or the rest says nothing
    assert Counter({k: v.alerts for k, v in found.summary.rules.items()}) == told(desk)
    with desk.database.read() as connection:
        matched = Counter(connection.execute(select(match.c.rule_id)).scalars())
    assert Counter({k: v.matches for k, v in found.summary.rules.items()}) == matched


def test_stories_that_were_never_stored_are_found_as_triage_finds_them(
    desk, newsroom, paragraphs_of
):
    publish_a_week(desk, newsroom, paragraphs_of)
    desk.database.write(lambda tx: tx.execute(article.update().values(story_id=None)))
    found = replay_of(desk)
    assert Counter({k: v.alerts for k, v in found.summary.rules.items()}) == told(desk)


def test_the_messages_are_those_that_were_sent(desk, newsroom, paragraphs_of):
    publish_a_week(desk, newsroom, paragraphs_of)
    found = replay_of(desk, messages=True)
    with desk.database.read() as connection:
        sent = connection.execute(select(delivery.c.kind, delivery.c.title, delivery.c.body)).all()
    titles = [message.title for _, message in found.messages]
    assert Counter(titles) == Counter(row.title for row in sent if row.title is not None)
    bodies = {message.body for sent, message in found.messages if sent.way is Way.AT_ONCE}
    # What was sent has a code to answer it by, which a projected message has not.
    told = {re.sub(r"\nCode \w+", "", row.body) for row in sent if row.kind == Kind.ALERT}
    assert bodies == told
    assert any("»bombed«" in body for body in bodies)


def test_other_rules_give_what_they_would_have_told(desk, newsroom, paragraphs_of):
    publish_a_week(desk, newsroom, paragraphs_of)
    found = replay_of(desk, rules=OTHER_RULES)
    roses = found.summary.rules["roses"]
    with desk.database.read() as connection:
        read = connection.execute(select(article.c.title, article.c.text)).all()
    both = [
        row for row in read if "Strelsau" in f"{row.title} {row.text}" and "roses" in str(row.text)
    ]
    assert roses.matches == len(both) - 1 > 3  # the exact copy is not judged
    assert roses.alerts == roses.matches - roses.silent.total()
    assert found.summary.rules["nothing"].matches == 0
    assert roses.languages == {"en": roses.matches}
    assert set(roses.outlets) == {"a", "b"}


def test_nothing_is_written(desk, newsroom, paragraphs_of):
    publish_a_week(desk, newsroom, paragraphs_of)
    before = rows(desk)
    replay_of(desk, messages=True)
    replay_of(desk, rules=OTHER_RULES, messages=True)
    assert rows(desk) == before
    assert before["article"]


def test_only_what_was_seen_in_the_span_is_counted_but_its_past_is_known(
    desk, newsroom, paragraphs_of
):
    publish_a_week(desk, newsroom, paragraphs_of)
    newsroom.publish("Ruritania: northern envoys open their new dialogue in Strelsau", feed="b")
    desk.sweep(hours=1)
    found = replay_of(desk, span=timedelta(hours=2))
    assert found.articles == 1
    assert found.summary.rules["talks"].matches == 1
    assert found.summary.alerts == 0  # its story was told three hours ago


def test_an_archive_that_nobody_has_begun_holds_nothing(desk):
    found = replay_of(desk)
    assert (found.articles, found.summary.alerts) == (0, 0)


@pytest.fixture
def command(desk, newsroom, files, paragraphs_of, tmp_path, database_url) -> Callable[..., str]:
    """`monitor rules backtest` on news of the last six days."""
    desk.clock.moment = datetime.now(UTC) - timedelta(days=6)
    publish_a_week(desk, newsroom, paragraphs_of)
    directory = tmp_path / "config"
    files["monitor.yaml"] = f"database: '{database_url}'\n{files['monitor.yaml']}"
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def run(*said: str) -> str:
        given = ["rules", "backtest", *said, "--config", str(directory)]
        return CliRunner().invoke(app, given, catch_exceptions=False).stdout

    return run


def test_the_command_says_how_much_would_have_been_told(command):
    told = command("--since", "6 days", "--messages")
    assert "alerts a day" in told
    assert "█" in told
    assert "Talks with Ruritania" in told
    assert any(line.startswith("talks ") and "en " in line for line in told.split("\n"))
    assert "\x1b" not in told  # no colour and no progress bar in a pipe


def test_a_program_reads_the_same_as_json(command):
    found = json.loads(command("strikes", "--since", "30d", "--json"))
    (strikes,) = found["rules"]
    assert strikes["rule"] == "strikes"
    assert sum(each["alerts"] for each in found["days"]) == found["alerts"] == strikes["alerts"] > 0
    assert found["alerts_a_day"] == pytest.approx(found["alerts"] / 6, abs=0.3)
    assert "messages" not in found


def test_a_span_that_is_none_is_refused(command):
    with pytest.raises(MisuseError, match="--since"):
        command("--since", "a while")


def test_days_are_as_exact_as_alerts_a_day():
    assert [in_days(each) for each in (1.0, 2.5, 7.0, 2.04)] == [
        "1 day", "2.5 days", "7 days", "2 days",
    ]  # fmt: skip
