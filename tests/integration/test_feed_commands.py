"""`monitor feeds` and the health of feeds: real rows, real files, the commands in this process."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Table, select, update
from typer.testing import CliRunner, Result

from monitor.cli import app
from monitor.cli.exits import Exit, MisuseError
from monitor.config import load, read_directory
from monitor.config.problems import ConfigurationError
from monitor.core.errors import Permanent
from monitor.storage import health, ledger
from monitor.storage.engine import Database
from monitor.storage.health import State
from monitor.storage.migrate import upgrade
from monitor.storage.schema import feed, gap, host, outlet, poll, tally

NOON = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
FREE = {"not_before": datetime(2000, 1, 1, tzinfo=UTC), "next_page_at": NOON}
NAMES = ("calm", "new", "soft", "gone", "wall", "gap", "quiet")


def address(name: str) -> str:
    return f"https://{name}.paper.example/rss"


def stock(database: Database, *, now: datetime) -> dict[str, int]:
    """One feed of each kind of health; their numbers by name."""
    paper = {"id": "paper", "name": "The Paper", "country": "GB", "language": "en"}
    add(database, outlet, paper | {"tier": "national"})
    add(database, host, *({"name": f"{name}.paper.example"} | FREE for name in NAMES))
    feeds = (
        {"url": address(name), "outlet_id": "paper", "host": f"{name}.paper.example"}
        for name in NAMES
    )
    add(database, feed, *(each | {"interval": 300, "not_before": now} for each in feeds))
    with database.read() as connection:
        rows = connection.execute(select(feed.c.id, feed.c.host)).all()
    ids = {row.host.partition(".")[0]: row.id for row in rows}
    polled = {"polled_at": now, "succeeded_at": now, "news_at": now}
    failing = {"polled_at": now, "succeeded_at": now - timedelta(hours=3), "attempts": 2}
    fill(database, ids["calm"], **polled, etag='"1"', flow=1.5)
    fill(database, ids["soft"], **failing, trouble="soft", failure="answered 503")
    fill(database, ids["gone"], **failing, trouble="hard", failure="answered 404")
    fill(database, ids["wall"], **failing, trouble="wall", failure="a bot check")
    fill(database, ids["gap"], **polled)
    fill(database, ids["quiet"], **polled, quiet_since=now - timedelta(hours=9))
    add_gap(database, ids["gap"], until=now - timedelta(hours=1), most=7)
    add_gap(database, ids["calm"], until=now - timedelta(hours=25), most=900)
    count_new(database, ids["calm"], {now: 3, now - timedelta(hours=23): 1})
    count_new(database, ids["calm"], {now - timedelta(hours=24): 50, now - timedelta(days=40): 9})
    return ids


def add(database: Database, table: Table, *rows: dict[str, object]) -> None:
    database.write(lambda tx: tx.execute(table.insert(), list(rows)))


def fill(database: Database, number: int, **values: object) -> None:
    database.write(lambda tx: tx.execute(update(feed).where(feed.c.id == number).values(**values)))


def add_gap(database: Database, number: int, *, until: datetime, most: int) -> None:
    row = {"feed_id": number, "since": until - timedelta(hours=2), "until": until, "most": most}
    add(database, gap, row | {"cause": "its window was full"})


def count_new(database: Database, number: int, counts: dict[datetime, int]) -> None:
    rows = [
        {"feed_id": number, "hour": ledger.hour_of(when), "new": new}
        for when, new in counts.items()
    ]
    add(database, tally, *rows)


def rest(database: Database, name: str, *, until: datetime) -> None:
    resting = update(host).where(host.c.name == name).values(not_before=until)
    database.write(lambda tx: tx.execute(resting))


# --- the questions, on both databases


def test_feeds_are_sorted_by_how_badly_they_do(database: Database):
    ids = stock(database, now=NOON)
    with database.read() as connection:
        found = health.feeds(connection, now=NOON)
    states = {each.row.id: each.state for each in found}
    assert list(states.values()) == [
        State.HARD, State.WALL, State.SOFT, State.GAP, State.QUIET, State.NEW, State.OK,
    ]  # fmt: skip
    assert states[ids["gone"]] is State.HARD
    assert states[ids["calm"]] is State.OK


def test_only_the_last_day_counts_as_new_and_as_a_gap_of_late(database: Database):
    ids = stock(database, now=NOON)
    with database.read() as connection:
        found = {each.row.id: each for each in health.feeds(connection, now=NOON)}
    calm = found[ids["calm"]]
    assert (calm.hours[0], calm.hours[-1], sum(calm.hours)) == (1, 3, 4)
    assert (calm.gaps, calm.missed) == (0, 0)
    assert (found[ids["gap"]].gaps, found[ids["gap"]].missed) == (1, 7)


def test_the_days_of_one_feed_are_those_of_utc(database: Database):
    ids = stock(database, now=NOON)
    with database.read() as connection:
        hours, days = health.news(connection, ids["calm"], now=NOON)
    assert sum(hours) == 4
    assert days[-2:] == (51, 3)
    assert sum(days) == 54


def test_only_hosts_of_feeds_in_use_that_must_wait_are_resting(database: Database):
    ids = stock(database, now=NOON)
    for name in ("soft", "wall"):
        rest(database, f"{name}.paper.example", until=NOON + timedelta(minutes=5))
    rest(database, "gone.paper.example", until=NOON)
    fill(database, ids["wall"], retired_at=NOON)
    with database.read() as connection:
        assert health.hosts_resting(connection, now=NOON) == ["soft.paper.example"]


def test_it_is_our_network_when_many_hosts_failed_since_anybody_answered(database: Database):
    ids = stock(database, now=NOON)
    later, lost = NOON + timedelta(minutes=10), {"trouble": "soft", "failure": "no route"}
    for name in NAMES[:4]:
        fill(database, ids[name], polled_at=later, **lost)
    with database.read() as connection:
        assert health.network_lost_since(health.feeds(connection, now=later)) is None
    fill(database, ids["gap"], polled_at=later, **lost)
    with database.read() as connection:
        assert health.network_lost_since(health.feeds(connection, now=later)) == NOON
    fill(database, ids["quiet"], succeeded_at=later)
    with database.read() as connection:
        assert health.network_lost_since(health.feeds(connection, now=later)) is None


def test_a_feed_is_named_by_number_address_or_part_of_it(database: Database):
    ids = stock(database, now=NOON)
    fill(database, ids["calm"], adopted_url="https://moved.example/rss")
    with database.read() as connection:

        def named(wanted: str) -> list[int]:
            return [row.id for row in health.named(connection, wanted)]

        assert named(str(ids["soft"])) == [ids["soft"]]
        assert named(address("soft")) == [ids["soft"]]
        assert named("SOFT.paper") == [ids["soft"]]
        assert named("https://moved.example/rss") == [ids["calm"]]
        assert len(named("paper.example")) == len(NAMES)
        assert named("100%_") == []
        assert named("9" * 40) == []


# --- the commands


Call = Callable[..., Result]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A configuration directory with one outlet of two feeds."""
    made = tmp_path / "config"
    (made / "outlets").mkdir(parents=True)
    (made / "rules").mkdir()
    (made / "monitor.yaml").write_text("state: ../var\n")
    (made / "channels.yaml").write_text('log: {url: "file:alerts.log", default: true}\n')
    (made / "rules" / "least.yaml").write_text("rules: [{id: a, when: {all: [one, other]}}]\n")
    (made / "outlets" / "paper.yaml").write_text(
        "outlets:\n  - {id: paper, name: The Paper, country: GB, language: en, tier: national,\n"
        f'     feeds: [{{url: "{address("calm")}", aggregator: true}},\n'
        f'             {{url: "{address("soft")}", proxy: "http://p.example:1"}}]}}\n'
    )
    return made


@pytest.fixture
def monitor(base: Path) -> Call:
    """Calls `monitor WORDS…` on the configuration; raises what the command raises."""

    def call(*words: str | Path) -> Result:
        called = ["--config", str(base), *map(str, words)]
        return CliRunner().invoke(app, called, catch_exceptions=False)

    return call


@pytest.fixture
def stocked(base: Path) -> dict[str, int]:
    """Feeds in the database of the configuration; their numbers by name."""
    (base.parent / "var").mkdir()
    database = Database(f"sqlite:///{base.parent / 'var' / 'monitor.db'}")
    upgrade(database.writer)
    now = datetime.now(UTC)
    ids = stock(database, now=now)
    fill(
        database, ids["calm"], adopted_url="https://new.example/rss", lied_at=now, interval=300,
    )  # fmt: skip
    records = [
        {"feed_id": ids["calm"], "polled_at": now - timedelta(minutes=minutes), "status": 200,
         "unchanged": minutes, "listed": 30, "known": 29, "new": 1, "overlapped": overlapped}
        for minutes, overlapped in ((5, True), (50, False))
    ]  # fmt: skip
    add(database, poll, *records)
    database.close()
    return ids


def test_list_shows_one_line_a_feed_worst_first_and_totals(stocked: dict[str, int], monitor: Call):
    lines = monitor("feeds", "list").stdout.splitlines()
    assert len(lines) == 1 + len(NAMES) + 1
    assert [line.split()[0] for line in lines[1:-1]] == [
        "hard", "wall", "soft", "gap", "quiet", "new", "ok",
    ]  # fmt: skip
    assert "answered 404" in lines[1]
    assert "5 min" in lines[-2]
    assert lines[-1].startswith("7 feeds: 1 ok, 1 new, 1 quiet, 1 gap, 1 soft, 1 wall, 1 hard; ")
    assert lines[-1].endswith("1 gap in 24 h (up to 7 items)")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(150, "2.5 min"), (119, "119 s"), (120, "2 min"), (659, "10 min"), (9_000, "2.5 h")],
)
def test_a_pause_is_shown_to_a_tenth_where_that_says_something(
    stocked: dict[str, int], base: Path, monitor: Call, seconds: int, shown: str
):
    database = Database(f"sqlite:///{base.parent / 'var' / 'monitor.db'}")
    fill(database, stocked["calm"], interval=seconds)
    database.close()
    assert f"every {shown}," in monitor("feeds", "show", "calm").stdout


def test_list_can_be_narrowed(stocked: dict[str, int], monitor: Call):
    failing = json.loads(monitor("feeds", "list", "--failing", "--json").stdout)
    assert [each["state"] for each in failing] == ["hard", "wall", "soft"]
    assert len(monitor("feeds", "list", "--outlet", "paper").stdout.splitlines()) == 9
    with pytest.raises(Permanent, match="no feed in use"):
        monitor("feeds", "list", "--outlet", "papre")


def test_list_without_a_database_says_how_to_get_one(monitor: Call):
    with pytest.raises(Permanent, match="monitor run"):
        monitor("feeds", "list")


def test_show_tells_the_story_of_one_feed(stocked: dict[str, int], monitor: Call):
    told = monitor("feeds", "show", "calm").stdout
    for words in (
        "The Paper (paper)", "aggregator", "https://new.example/rss", "edit the outlet's YAML",
        "every 5 min", "1.5 new an hour", "does not trust its 304s since",
        "up to 900 items may have been missed between", ": its window was full",
    ):  # fmt: skip
        assert words in told
    table = [line.split() for line in told.splitlines() if " 30  " in line]
    assert [row[-1] for row in table] == ["yes", "no"]


def test_show_as_json_has_the_polls_newest_first(stocked: dict[str, int], monitor: Call):
    story = json.loads(monitor("feeds", "show", str(stocked["calm"]), "--json").stdout)
    assert [each["unchanged"] for each in story["polls"]] == [5, 50]
    assert sum(story["by_hour"]) == 4
    assert story["kind"] == "aggregator"
    assert story["gaps"][0]["items_at_most"] == 900


def test_show_asks_which_feed_is_meant(stocked: dict[str, int], monitor: Call):
    with pytest.raises(MisuseError, match=r"more than one feed.*\n.*calm\.paper"):
        monitor("feeds", "show", "paper.example")
    with pytest.raises(Permanent, match="no feed has"):
        monitor("feeds", "show", "nowhere.example")


def test_status_shows_the_same_totals(stocked: dict[str, int], monitor: Call):
    told = monitor("status").stdout
    assert "states: 1 ok, 1 new, 1 quiet, 1 gap, 1 soft, 1 wall, 1 hard" in told
    assert "1 gap in 24 h (up to 7 items)" in told
    facts = json.loads(monitor("status", "--json").stdout)["feeds"]
    assert facts["states"]["wall"] == 1
    assert facts["gaps_24_hours"] == {"count": 1, "items_at_most": 7}
    assert facts["hosts_resting"] == []
    assert facts["network_lost_since"] is None


# --- import and export


def listed(*outlines: str) -> str:
    return f"<opml version='2.0'><body>\n{''.join(outlines)}\n</body></opml>"


def outline(host_name: str) -> str:
    return f'<outline text="{host_name}" xmlUrl="https://{host_name}/rss"/>'


def test_what_is_exported_is_all_known_when_imported(base: Path, monitor: Call):
    done = monitor("feeds", "export", base / "feeds.opml")
    assert "1 outlet and 2 feeds" in done.stdout
    assert "left out of 1 feed: headers, credentials and proxies" in done.stderr
    answer = monitor("feeds", "import", base / "feeds.opml")
    assert "no file was written" in answer.stdout
    assert "skipped: 2 feeds" in answer.stdout


def test_an_import_that_writes_nothing_answers_no(base: Path, monitor: Call):
    monitor("feeds", "export", base / "feeds.opml")
    assert monitor("feeds", "import", base / "feeds.opml").exit_code == Exit.NO
    exported = (base / "feeds.opml").read_text()
    (base / "more.opml").write_text(exported.replace("calm.paper.example", "more.paper.example"))
    assert monitor("feeds", "import", base / "more.opml").exit_code == Exit.NO
    (base / "new.opml").write_text(listed(outline("new.example")))
    assert monitor("feeds", "import", base / "new.opml").exit_code == Exit.FINE


def test_an_export_brings_the_same_outlets_and_feeds_to_another_desk(base: Path, monitor: Call):
    exported = monitor("feeds", "export").stdout_bytes
    before = load(read_directory(base), base=base, environment={})
    (base / "feeds.opml").write_bytes(exported)
    (base / "outlets" / "paper.yaml").unlink()
    monitor("feeds", "import", base / "feeds.opml")
    after = load(read_directory(base), base=base, environment={})
    assert after.outlets == before.outlets
    assert [(each.url, each.aggregator) for each in after.feeds] == [
        (each.url, each.aggregator) for each in before.feeds
    ]


def test_a_plain_list_becomes_a_file_that_says_what_to_fill_in(base: Path, monitor: Call):
    file = base.parent / "My List.opml"
    file.write_text(listed(outline("a.example"), outline("b.example"), outline("a.example")))
    told = monitor("feeds", "import", file).stdout
    assert "skipped: 1 feed" in told
    assert "fill in: 2 outlets" in told
    written = (base / "outlets" / "my-list.yaml").read_text()
    assert written.count("# a guess: fill in") == 6
    assert 'source: "OPML file My List.opml"' in written
    assert len(load(read_directory(base), base=base, environment={}).feeds) == 4


def test_a_file_that_exists_is_never_rewritten(base: Path, monitor: Call):
    before = (base / "outlets" / "paper.yaml").read_text()
    file = base.parent / "paper.opml"
    file.write_text(listed(outline("a.example")))
    for words in (("feeds", "import", file), ("feeds", "import", file, "--into", "paper.yaml")):
        with pytest.raises(Permanent, match="exists"):
            monitor(*words)
    assert (base / "outlets" / "paper.yaml").read_text() == before
    with pytest.raises(MisuseError, match=r"ends in \.yaml"):
        monitor("feeds", "import", file, "--into", "paper.txt")


def test_feeds_of_an_outlet_that_exists_are_printed_to_be_pasted(base: Path, monitor: Call):
    exported = monitor("feeds", "export").stdout
    file = base.parent / "more.opml"
    file.write_text(exported.replace("calm.paper.example", "more.paper.example"))
    told = monitor("feeds", "import", file).stdout
    assert "the outlet paper exists" in told
    assert f'- url: "{address("more")}"' in told
    assert not (base / "outlets" / "more.yaml").exists()


def test_what_the_loader_refuses_is_not_put_in_place(base: Path, monitor: Call):
    exported = monitor("feeds", "export").stdout
    (base / "outlets" / "paper.yaml").unlink()
    file = base.parent / "odd.opml"
    file.write_text(exported.replace('country="GB"', 'country="XX"'))
    with pytest.raises(ConfigurationError, match=r"outlets/odd.yaml:\d+:\d+: .*\"XX\""):
        monitor("feeds", "import", file)
    assert list((base / "outlets").iterdir()) == []


def test_a_broken_list_is_told_with_its_place(base: Path, monitor: Call):
    file = base.parent / "bad.opml"
    file.write_text(listed("<outline text='a'>"))
    with pytest.raises(Permanent, match=r"bad\.opml:3:\d+: "):
        monitor("feeds", "import", file)
    with pytest.raises(MisuseError, match="cannot be read"):
        monitor("feeds", "import", base.parent / "none.opml")
