"""What must not lose, wipe, double or block anything: cases found by attacking the watch."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from monitor.adapters.fetcher import Failure, FetchError
from monitor.core.errors import Temporary
from monitor.core.outbox import State
from monitor.pipeline import PIPELINE, perform
from monitor.storage import articles, feeds, migrate
from monitor.storage.engine import Database
from monitor.storage.schema import article, delivery, entry, feed, match

BOMBED = "Strelsau was bombed by Northland in May, as readers of this column will remember."


def rows(desk, table):
    with desk.database.read() as connection:
        return connection.execute(select(table).order_by(table.c.id)).all()


def same_address(newsroom):
    """Let feed b list the first article of feed a."""
    made = newsroom._rss
    newsroom._rss = lambda name: made(name).replace("/b/0", "/a/0")


def test_two_items_with_one_guid_are_two_entries(desk, newsroom):
    for number in range(12):
        newsroom.publish(f"Rain in Zenda, day {number}")
    newsroom.publish("Sun in Zenda", guid="shared")
    newsroom.publish("Snow in Zenda", guid="shared")
    desk.sweep()
    assert len(rows(desk, entry)) == 14
    before = newsroom.requests.count("/a/12")
    desk.sweep(minutes=6)
    assert newsroom.requests.count("/a/12") == before, "it flapped between two titles"


def test_a_revision_whose_page_is_gone_keeps_the_text(desk, newsroom):
    desk.sweep()
    item = newsroom.publish("Sun in Zenda")
    desk.sweep(minutes=6)
    item.title, item.page_status = "Sun and wind in Zenda", 404
    desk.sweep(minutes=6)
    (kept,) = rows(desk, article)
    assert (kept.title, kept.completeness) == ("Sun and wind in Zenda", "full")
    assert kept.text


def test_a_revision_is_fetched_again_however_old_its_entry_is(desk, newsroom):
    desk.sweep()
    item = newsroom.publish("Sun in Zenda")
    desk.sweep(minutes=6)
    item.title = "Sun and wind in Zenda"
    desk.sweep(hours=3)
    assert newsroom.requests.count("/a/0") == 2


def test_a_weak_match_that_an_edit_makes_strong_is_told(desk, newsroom, paragraphs_of):
    desk.sweep()
    item = newsroom.publish("Diary of the week", text=paragraphs_of("", closing=BOMBED))
    assert desk.sweep(minutes=6) == ""
    item.title = "Strelsau bombed: the diary of the week"
    assert "Strelsau bombed" in desk.sweep(minutes=6)
    assert desk.sweep(minutes=31) == "", "the digest told the weak match after the strong one"


def test_an_old_undated_item_does_not_hide_the_dated_one_of_another_feed(desk, newsroom):
    newsroom.publish("Strelsau offers talks", published=None)
    desk.sweep()
    newsroom.publish("Strelsau offers talks", feed="b")
    same_address(newsroom)
    assert "Strelsau offers talks" in desk.sweep(minutes=6)


def test_a_strangers_headline_does_not_hide_the_publishers(desk, newsroom):
    desk.sweep()
    own = newsroom.publish("Strelsau bombed at dawn")
    newsroom.publish("Nothing of interest here", feed="b")
    same_address(newsroom)
    made = newsroom._rss
    newsroom._rss = lambda name: (
        made(name) if name == "b" else "<rss version='2.0'><channel/></rss>"
    )
    desk.sweep(minutes=6)
    newsroom._rss = made
    assert own.title in desk.sweep(minutes=6)


def test_a_headline_from_an_aggregator_gives_way_to_the_article_itself(
    open_desk, newsroom, files, paragraphs_of
):
    outlets = files["outlets/papers.yaml"].replace(
        "name: Paper B, country: GB, language: en, tier: national",
        "name: Paper B, country: GB, language: en, tier: aggregator",
    )
    desk = open_desk(outlets__papers=outlets)
    desk.sweep()
    newsroom.publish("Diary of the week", feed="b")
    same_address(newsroom)
    newsroom.feeds["a"].append(replace(newsroom.feeds["b"][0], guid="own"))
    newsroom.feeds["a"][0].text = paragraphs_of("", closing=BOMBED)
    desk.sweep(minutes=6)
    (found,) = rows(desk, article)
    assert (found.completeness, found.outlet_id) == ("full", "a")
    assert len(rows(desk, match)) == 1


def test_the_copy_of_something_no_rule_wanted_is_judged(open_desk, newsroom, files, paragraphs_of):
    rules = files["rules/rules.yaml"] + (
        "  - {id: only-b, title: Paper B on roses, when: {outlet: b, any: [roses]}}\n"
    )
    desk = open_desk(rules__rules=rules)
    desk.sweep()
    words = paragraphs_of("Roses of the palace")
    newsroom.publish("Roses of the palace", text=words, summary="Roses.")
    newsroom.publish("Roses of the palace", feed="b", text=words, summary="Roses.")
    assert "Paper B on roses" in desk.sweep(minutes=6)


def test_a_weak_match_rides_along_only_where_the_strong_one_is_told(
    open_desk, newsroom, files, paragraphs_of
):
    rules = files["rules/rules.yaml"].replace(
        "airstrike*, bombed]}]}", "airstrike*, bombed]}]}\n    notify: {channels: [quiet]}"
    )
    channels = 'console: {url: "console:", default: true}\nquiet: {url: "file:quiet.mbox"}\n'
    desk = open_desk(channels=channels, rules__rules=rules)
    desk.sweep()
    newsroom.publish("Strelsau offers talks", text=paragraphs_of("", closing=BOMBED))
    assert "Strelsau offers talks" in desk.sweep(minutes=6)
    told = {row.channel: row.kind for row in rows(desk, delivery)}
    assert told == {"console": "alert", "quiet": "digest"}


def test_a_revision_during_its_triage_is_judged_again(desk, newsroom):
    desk.sweep()
    newsroom.publish("Sun in Zenda")
    desk.sweep(minutes=6)
    now = desk.clock.now()
    (row,) = rows(desk, article)
    with desk.database.writer.begin() as tx:
        tx.execute(update(article).values(due_at=now))
    triage = next(step for step in PIPELINE if step.name == "triage")
    (claim,) = desk.database.write(
        lambda tx: triage.claim(tx, desk.monitor.watch, lease=timedelta(minutes=2), limit=1)
    )
    desk.database.write(
        lambda tx: articles.revise_article(tx, row.id, now=now, title="Strelsau bombed")
    )
    perform(desk.monitor.watch, triage, [claim])
    assert "Strelsau bombed" in desk.sweep()


@pytest.mark.parametrize(
    ("name", "table", "due"), [("read", entry, {"again": False}), ("triage", article, {})]
)
def test_whoever_took_longer_than_the_lease_does_its_work_in_vain(
    desk, newsroom, capsys, name, table, due
):
    desk.sweep()
    newsroom.publish("Strelsau offers talks")
    desk.sweep(minutes=6)
    with desk.database.writer.begin() as tx:
        now = desk.clock.now()
        tx.execute(update(table).values(due_at=now, not_before=now, **due))
    step = next(step for step in PIPELINE if step.name == name)

    def claim(tx):
        return step.claim(tx, desk.monitor.watch, lease=timedelta(minutes=2), limit=1)

    (late,) = desk.database.write(claim)
    desk.clock.pass_(minutes=3)
    (later,) = desk.database.write(claim)
    before = rows(desk, article)
    capsys.readouterr()
    perform(desk.monitor.watch, step, [late])
    assert rows(desk, article) == before
    done = ("entry.read", "article.triaged")
    said = capsys.readouterr().out
    assert not any(event in said for event in (*done, "step.failed"))
    perform(desk.monitor.watch, step, [later])
    said = capsys.readouterr().out
    assert any(event in said for event in done)


def test_a_clock_set_back_a_day_does_not_stop_the_watch(desk, newsroom):
    desk.sweep()
    newsroom.publish("Sun in Zenda")
    desk.sweep(minutes=6)
    desk.clock.pass_(days=-1)
    newsroom.publish("Strelsau offers talks")
    assert "Strelsau offers talks" in desk.sweep(minutes=30) + desk.sweep(minutes=30)


def test_a_pass_ends_although_a_host_asks_to_be_left_alone_for_an_hour(desk, newsroom):
    newsroom.status, newsroom.retry_after = 429, "3600"
    passing = threading.Thread(target=desk.monitor.drain, daemon=True)
    passing.start()
    passing.join(20)
    ended = not passing.is_alive()
    desk.monitor.stop()
    assert ended


def test_a_message_that_breaks_its_sender_goes_dead_and_blocks_no_other(desk, newsroom):
    desk.sweep()
    send = desk.monitor.watch.send

    def break_down(channel, message, *, key):
        if "Strelsau" in message.title:
            raise RuntimeError("boom")
        return send(channel, message, key=key)

    desk.monitor.watch = replace(desk.monitor.watch, send=break_down)
    newsroom.publish("Strelsau offers talks")
    desk.sweep(minutes=6)
    newsroom.publish("Ruritania bombed at dawn")
    assert "Ruritania bombed at dawn" in desk.sweep(minutes=6)
    for _ in range(6):
        desk.sweep(minutes=16)
    assert {row.state for row in rows(desk, delivery)} == {State.SENT, State.DEAD}


def test_an_outage_of_our_own_grows_no_interval_and_ends_at_once(desk, newsroom):
    desk.sweep()
    fetch_all = desk.monitor.watch.fetch_all

    def unreachable(requests, *, budget):
        del budget
        gone = FetchError("no address found", kind=Failure.UNREACHABLE)
        yield [(number, gone) for number, _ in enumerate(requests)]

    for number in range(5):
        desk.monitor.watch.reach.failed(f"host {number}", hosts=9, now=desk.clock.now())
    desk.monitor.watch = replace(desk.monitor.watch, fetch_all=unreachable)
    for _ in range(20):
        desk.sweep(minutes=8)
    waits = [row.not_before - desk.clock.now() for row in rows(desk, feed)]
    assert max(waits) <= timedelta(minutes=1)
    desk.monitor.watch = replace(desk.monitor.watch, fetch_all=fetch_all)
    newsroom.publish("Strelsau offers talks", published=desk.clock.now())
    assert "Strelsau offers talks" in desk.sweep(minutes=1)


def test_an_old_item_that_a_known_feed_lists_comes_in_a_digest(desk, newsroom):
    desk.sweep()
    newsroom.publish("Strelsau offers talks", published=desk.clock.now() - timedelta(days=90))
    assert desk.sweep(minutes=6) == ""
    assert "Strelsau offers talks" in desk.sweep(minutes=31)


def test_a_story_that_goes_on_is_told_again_after_two_days_of_silence(desk, newsroom):
    desk.sweep()
    for day in range(4):
        newsroom.publish(f"Ruritania offers Northland talks on border and gold, day {day}")
        sent = desk.sweep(days=1)
        assert ("talks on border" in sent) == (day in {0, 3}), day


def test_a_state_directory_that_is_taken_away_ends_the_watch(desk, tmp_path):
    if desk.database.dialect != "sqlite":
        pytest.skip("only SQLite has a state directory to lose")
    (desk.monitor.configuration.settings.state / "monitor.lock").unlink()
    with pytest.raises(Temporary, match="taken away"):
        desk.monitor.run()


def test_a_lost_connection_fails_what_was_written_with_it_and_nothing_else(postgresql_server):
    database = Database(postgresql_server())
    migrate.upgrade(database.writer)

    def lose(tx):
        mine = tx.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with database.reader.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": mine})
        for _ in range(100):
            tx.execute(text("SELECT 1"))

    with pytest.raises(Temporary, match="could not be written"):
        database.write(lose)
    assert database.write(lambda tx: tx.execute(text("SELECT 7")).scalar_one()) == 7
    database.close()


def test_a_held_host_is_let_go_when_its_entry_cannot_be_read(desk, newsroom):
    desk.sweep()
    newsroom.publish("Sun in Zenda", page_status=503)
    desk.sweep(minutes=6)
    with desk.database.read() as connection:
        assert not connection.execute(
            select(feeds.host.c.name).where(feeds.host.c.busy_until.is_not(None))
        ).all()


def test_a_feed_whose_guids_change_from_poll_to_poll_brings_nothing_twice(desk, newsroom):
    items = [newsroom.publish(f"Sun over Zenda, day {day}") for day in range(6)]
    for turn in range(4):
        for number, item in enumerate(items):
            item.guid = f"{turn}-{number}"
        desk.sweep(minutes=6)
    assert len(rows(desk, entry)) == 6
    newsroom.publish("Strelsau offers talks")
    assert "Strelsau offers talks" in desk.sweep(minutes=6)


def test_a_feed_that_floods_us_keeps_no_other_feeds_news_waiting(desk, newsroom):
    desk.sweep()
    for number in range(200):
        newsroom.publish(f"Sun over Zenda, hour {number}")
    newsroom.publish("Strelsau offers talks", feed="b")
    desk.sweep(minutes=6)
    with desk.database.writer.begin() as tx:
        tx.execute(update(article).values(due_at=desk.clock.now()))
    first = desk.database.write(
        lambda tx: articles.claim_fairly(
            tx, now=desk.clock.now(), lease=timedelta(minutes=2), limit=4
        )
    )
    assert "Strelsau offers talks" in {claim.row.title for claim in first}


def test_a_pass_over_a_full_disk_ends_with_an_error_and_loses_nothing(desk, newsroom):
    if desk.database.dialect != "sqlite":
        pytest.skip("only SQLite has a file that this test may limit")
    desk.sweep()
    for number in range(40):
        newsroom.publish(f"Strelsau offers talks, day {number}")

    def limit(pages):
        desk.database.write(lambda tx: tx.execute(text(f"PRAGMA max_page_count={pages}")).all())

    limit(desk.database.write(lambda tx: tx.execute(text("PRAGMA page_count")).scalar_one()))
    desk.clock.pass_(minutes=6)
    with pytest.raises(Temporary, match="disk is full"):
        desk.monitor.drain()
    limit(1_000_000)
    assert "Strelsau offers talks, day 0" in desk.sweep(minutes=20)
    assert {row.title for row in rows(desk, article)} == {
        f"Strelsau offers talks, day {number}" for number in range(40)
    }
