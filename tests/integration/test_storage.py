"""The tables: migrations, claims, the writer, retention and search, on both databases."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, select, text, update

from monitor.core.alerts import Origin
from monitor.core.errors import Temporary
from monitor.core.identity import KeyMode, Keys
from monitor.core.model import Entry, Feed, FeedId, Outlet, OutletId, Tier
from monitor.core.timing import Bounds
from monitor.storage import entries, feeds, hosts, migrate, retention, search, sync, work
from monitor.storage.engine import Database
from monitor.storage.entries import Listed
from monitor.storage.schema import article, entry, feed, metadata, task, tombstone
from monitor.storage.upsert import insert_new

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LEASE = timedelta(minutes=2)
OUTLET = Outlet(OutletId("paper"), "The Paper", "GB", "en", Tier.NATIONAL)
FEED = Feed("http://paper.example/rss", OutletId("paper"))
FIVE_MINUTES = Bounds(**dict.fromkeys(("shortest", "usual", "longest"), timedelta(minutes=5)))


@pytest.fixture
def stocked(database):
    """A database with one outlet and one feed."""
    configure(database, FEED)
    return database


def configure(database, *feeds):
    bounded = [(each, FIVE_MINUTES) for each in feeds]
    database.write(lambda tx: sync.sync(tx, outlets=[OUTLET], feeds=bounded, rules=[], now=NOW))


def plan(database, *names):
    database.write(lambda tx: [sync.plan_task(tx, name, at=NOW) for name in names])


def claim(database, *, now=NOW, limit=10):
    return database.write(lambda tx: work.claim(tx, task, now=now, lease=LEASE, limit=limit))


def add_article(database, number, **values):
    row = {
        "id": number, "identity": str(number), "feed_id": 1, "outlet_id": "paper",
        "title": f"Title {number}", "seen_at": NOW, "read_at": NOW, "completeness": "full",
        "quality": "ok", "origin": "live", "not_before": NOW, "due_at": None,
    }  # fmt: skip
    database.write(lambda tx: insert_new(tx, article, **(row | values)))


def test_migrations_make_the_schema_of_the_code(database):
    with database.reader.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_object": lambda _, name, *__: "search" not in (name or "")},
        )
        assert compare_metadata(context, metadata) == []


def test_migrations_can_be_undone(database):
    migrate.downgrade(database.writer, revision="base")
    left = set(inspect(database.writer).get_table_names())
    assert left <= {"alembic_version"}
    migrate.upgrade(database.writer)
    assert set(metadata.tables) <= set(inspect(database.writer).get_table_names())


def test_nothing_is_pending_after_an_upgrade(database):
    assert not migrate.pending(database.reader)


def test_a_row_is_claimed_once_until_its_lease_ends(database):
    plan(database, "a")
    assert [each.key for each in claim(database)] == ["a"]
    assert claim(database) == []
    again = claim(database, now=NOW + LEASE)
    assert [each.claims for each in again] == [2]


def test_a_late_worker_cannot_overwrite_the_result_of_the_next_one(database):
    plan(database, "a")
    late = claim(database)[0]
    current = claim(database, now=NOW + LEASE)[0]
    assert not database.write(lambda tx: work.finish(tx, late))
    assert database.write(lambda tx: work.finish(tx, current))


def test_a_postponed_row_comes_back_with_its_failure_counted(database):
    plan(database, "a")
    taken = claim(database)[0]
    later = NOW + timedelta(minutes=1)
    database.write(lambda tx: work.postpone(tx, taken, until=later, failure="no answer"))
    assert claim(database) == []
    again = claim(database, now=later)[0]
    assert (again.attempts, again.row.failure) == (1, "no answer")


def test_a_clock_set_back_cannot_park_work(database):
    plan(database, "a")
    claim(database, now=NOW + timedelta(days=1))
    database.write(lambda tx: work.clamp(tx, now=NOW, cap=timedelta(minutes=20)))
    assert claim(database, now=NOW + timedelta(minutes=20))


def test_the_next_due_time_is_the_later_of_calendar_and_lease(database):
    plan(database, "a")
    with database.read() as connection:
        assert work.next_due(connection, now=NOW, patience=LEASE)[task] == NOW
    claim(database)
    with database.read() as connection:
        assert work.next_due(connection, now=NOW, patience=LEASE)[task] == NOW + LEASE


def test_many_claimers_share_rows_without_overlap(database_url, database):
    plan(database, *[f"task {number}" for number in range(200)])
    taken, others = [], [Database(database_url) for _ in range(3)]

    def take(mine):
        while found := claim(mine, limit=7):
            taken.extend(each.key for each in found)

    threads = [threading.Thread(target=take, args=(mine,)) for mine in others]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    [mine.close() for mine in others]
    assert sorted(taken) == sorted({f"task {number}" for number in range(200)})


def test_a_failed_write_does_not_undo_the_ones_committed_with_it(database):
    answers = []

    def add(name):
        try:
            database.write(lambda tx: sync.plan_task(tx, name, at=NOW) or (1 / len(name[1:])))
        except ZeroDivisionError:
            answers.append(name)

    threads = [threading.Thread(target=add, args=(name,)) for name in ("x", "aa", "bb", "y", "cc")]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(answers) == ["x", "y"]
    assert sorted(each.key for each in claim(database)) == ["aa", "bb", "cc"]


def test_a_full_disk_is_a_temporary_failure(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'monitor.db'}")
    migrate.upgrade(database.writer)
    pages = database.write(lambda tx: tx.execute(text("PRAGMA page_count")).scalar_one())
    database.write(lambda tx: tx.execute(text(f"PRAGMA max_page_count={pages}")).all())
    with pytest.raises(Temporary, match="could not be written: database or disk is full"):
        database.write(lambda tx: sync.remember(tx, {"a.yaml": "x" * 100_000}, now=NOW))
    database.write(lambda tx: tx.execute(text("PRAGMA max_page_count=100000")).all())
    database.write(lambda tx: sync.remember(tx, {"a.yaml": "x" * 100_000}, now=NOW))
    database.close()


def test_a_naive_time_is_refused(database):
    plan_at = datetime(2026, 3, 2, 12, 0)  # noqa: DTZ001 - that is the point
    with pytest.raises(Exception, match="naive time"):
        database.write(lambda tx: sync.plan_task(tx, "a", at=plan_at))


def test_the_feeds_of_one_host_are_asked_by_one_at_a_time(stocked):
    names = ("sport", "arts", "money")
    others = [Feed(f"http://paper.example/{name}", OutletId("paper")) for name in names]
    configure(stocked, FEED, *others)

    def take():
        return stocked.write(
            lambda tx: feeds.claim_by_host(tx, feed, now=NOW, lease=LEASE, limit=10, each=3)
        )

    assert len(take()) == 3
    assert take() == []
    stocked.write(lambda tx: hosts.release(tx, ["paper.example"]))
    assert len(take()) == 1


def test_the_feeds_of_a_host_are_taken_together(stocked):
    hosts = ("north.example", "south.example", "west.example")
    configure(stocked, *(Feed(f"http://{h}/{n}", OutletId("paper")) for h in hosts for n in "abc"))

    def take(limit):
        taken = stocked.write(
            lambda tx: feeds.claim_by_host(tx, feed, now=NOW, lease=LEASE, limit=limit, each=3)
        )
        return sorted(claim.row.host for claim in taken)

    assert take(4) == ["north.example"] * 3 + ["south.example"] * 3
    assert take(4) == ["west.example"] * 3


def test_a_write_that_fails_alone_leaves_nothing_behind(database):
    def half(tx):
        sync.plan_task(tx, "a", at=NOW)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.write(half)
    assert claim(database) == []


def test_of_two_processes_that_wait_for_each_other_both_get_their_way(database_url, database):
    if database.dialect != "postgresql":
        pytest.skip("SQLite's writers wait for the whole database")
    plan(database, "a", "b")
    other = Database(database_url)
    both_hold_one = threading.Barrier(2, timeout=10)

    def touch(database, first, second):
        met = []

        def both(tx):
            for name in (first, second):
                tx.execute(update(task).where(task.c.name == name).values(claims=task.c.claims + 1))
                if not met:
                    met.append(both_hold_one.wait())

        database.write(both)

    threads = [
        threading.Thread(target=touch, args=(database, "a", "b")),
        threading.Thread(target=touch, args=(other, "b", "a")),
    ]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    other.close()
    assert sorted(each.claims for each in claim(database)) == [3, 3]


def test_feeds_that_failed_go_their_own_way(stocked):
    configure(stocked, FEED, Feed("http://dead.example/rss", OutletId("paper")))
    stocked.write(
        lambda tx: tx.execute(update(feed).where(feed.c.host == "dead.example").values(attempts=1))
    )

    def take(lane):
        taken = stocked.write(
            lambda tx: feeds.claim_by_host(tx, feed, now=NOW, lease=LEASE, limit=10, lane=lane)
        )
        return [claim.row.host for claim in taken]

    assert take("healthy") == ["paper.example"]
    assert take("failing") == ["dead.example"]


def test_a_host_that_asks_for_peace_gets_it(stocked):
    an_hour = timedelta(hours=1)
    later = stocked.write(lambda tx: hosts.rest(tx, "paper.example", after=an_hour, now=NOW))
    assert later >= NOW + an_hour

    def take(now):
        return stocked.write(
            lambda tx: feeds.claim_by_host(tx, feed, now=now, lease=LEASE, limit=10)
        )

    assert take(NOW) == []
    assert len(take(later)) == 1


def add_entry(database, *, seen_at):
    keys = Keys(guid="g" * 40, link="l" * 40, content="c" * 40)
    item = Entry(guid="1", url="http://paper.example/1", title="Old news")
    database.write(
        lambda tx: entries.add_entries(
            tx,
            [(FeedId(1), Listed(item, keys, str(keys.guid), Origin.LIVE, host_name=None))],
            now=seen_at,
        )
    )
    database.write(lambda tx: tx.execute(entry.update().values(due_at=None)))
    return keys


def cutoffs_at(days, *, tombstones):
    before = NOW - timedelta(days=days)
    return retention.Cutoffs(
        articles=before,
        deliveries=before,
        tombstones=NOW - timedelta(days=tombstones),
        ledger=before,
    )


def test_what_is_forgotten_leaves_a_tombstone_by_which_it_is_known(stocked):
    keys = add_entry(stocked, seen_at=NOW - timedelta(days=400))
    add_article(stocked, 1, seen_at=NOW - timedelta(days=400))
    cutoffs = cutoffs_at(365, tombstones=730)
    while stocked.write(lambda tx: retention.forget(tx, cutoffs, now=NOW)):
        pass
    with stocked.read() as connection:
        assert not connection.execute(select(entry)).all()
        assert not connection.execute(select(article)).all()
        present = {keys.present(mode): keys for mode in KeyMode}
        known = entries.known(connection, FeedId(1), present)
    assert known.by_key == {keys.present(mode): None for mode in KeyMode}


def test_tombstones_do_not_last_for_ever(stocked):
    add_entry(stocked, seen_at=NOW - timedelta(days=900))
    cutoffs = cutoffs_at(365, tombstones=730)
    stocked.write(lambda tx: retention.forget(tx, cutoffs, now=NOW - timedelta(days=800)))
    while stocked.write(lambda tx: retention.forget(tx, cutoffs, now=NOW)):
        pass
    with stocked.read() as connection:
        assert not connection.execute(select(tombstone)).all()


def test_young_things_are_kept(stocked):
    add_entry(stocked, seen_at=NOW)
    add_article(stocked, 1)
    cutoffs = cutoffs_at(365, tombstones=365)
    assert stocked.write(lambda tx: retention.forget(tx, cutoffs, now=NOW)) == 0


@pytest.fixture
def archive(stocked):
    add_article(stocked, 1, title="La acción del Gobierno", text="Un petrolero en Strelsau.")
    add_article(stocked, 2, title="Tankers leave Strelsau", summary="Crude oil again.")
    add_article(stocked, 3, title="Rain in Zenda", text="Nothing about oil.")
    return stocked


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("strelsau", [2, 1]),
        ("accion", [1]),
        ("ACCIÓN gobierno", [1]),
        ("tanker*", [2]),
        ('"crude oil"', [2]),
        ('"oil crude"', []),
        ("oil", [3, 2]),
        ("strelsau zenda", []),
        ("o'neil); DROP TABLE", []),
        ('"unclosed', []),
    ],
)
def test_search_finds_words_phrases_and_prefixes_newest_first(archive, wanted, found):
    with archive.read() as connection:
        assert [row.id for row in search.search(connection, wanted, limit=10)] == found


def test_search_follows_a_changed_article(archive):
    archive.write(
        lambda tx: tx.execute(article.update().values(text="Gold").where(article.c.id == 3))
    )
    with archive.read() as connection:
        assert [row.id for row in search.search(connection, "gold", limit=10)] == [3]
        assert [row.id for row in search.search(connection, "oil", limit=10)] == [2]


def test_search_for_nothing_is_refused(archive):
    with archive.read() as connection, pytest.raises(ValueError, match="at least one word"):
        search.search(connection, '"" ---', limit=10)


def test_the_last_good_configuration_is_kept(database):
    database.write(lambda tx: sync.remember(tx, {"monitor.yaml": "version: 1"}, now=NOW))
    newer = NOW + timedelta(hours=1)
    database.write(lambda tx: sync.remember(tx, {"monitor.yaml": "version: 1\n"}, now=newer))
    with database.read() as connection:
        assert sync.last_good(connection) == ({"monitor.yaml": "version: 1\n"}, newer)
