"""The road from a feed to a message, on both databases."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Lock

from sqlalchemy import func, select, update

from monitor.core.errors import Temporary
from monitor.core.matcher import Matcher
from monitor.pipeline import PIPELINE
from monitor.storage.schema import alert, article, delivery, entry, feed, match, story

BOMBED = "Strelsau was bombed by Northland in May, as readers of this column will remember."


def rows(desk, table):
    with desk.database.read() as connection:
        return connection.execute(select(table).order_by(table.c.id)).all()


def count(desk, table):
    with desk.database.read() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_new_item_becomes_one_message_with_its_evidence(desk, newsroom):
    assert desk.sweep() == ""
    newsroom.publish("Strelsau offers talks", published=desk.clock.now() + timedelta(minutes=4))
    sent = desk.sweep(minutes=6)
    assert "Strelsau offers talks" in sent
    assert "»Strelsau« offers »talks«" in sent
    assert "Paper A" in sent
    assert "full article" in sent
    assert f"http://127.0.0.1:{newsroom.port}/a/0" in sent
    assert desk.sweep(minutes=6) == ""


def test_an_item_that_nothing_matches_is_stored_and_silent(desk, newsroom):
    desk.sweep()
    newsroom.publish("Rain in Zenda")
    assert desk.sweep(minutes=6) == ""
    assert [row.title for row in rows(desk, article)] == ["Rain in Zenda"]
    assert count(desk, story) == 0


def test_what_stood_in_a_feed_before_the_watch_is_never_told(desk, newsroom):
    newsroom.publish("Strelsau offers talks", published=desk.clock.now() - timedelta(hours=7))
    newsroom.publish("Talks in Ruritania", published=None)
    assert desk.sweep() == ""
    assert desk.sweep(hours=1) == ""
    assert [row.decision.split(":")[0] for row in rows(desk, match)] == ["older than the watch"] * 2
    assert not [path for path in newsroom.requests if path.startswith("/a/")], "it was fetched"


def test_young_items_at_first_sight_arrive_as_one_welcome_digest(desk, newsroom):
    young = desk.clock.now() - timedelta(hours=1)
    newsroom.publish("Strelsau offers talks", published=young)
    newsroom.publish("Ruritania bombed by its neighbour", feed="b", published=young)
    sent = desk.sweep() + desk.sweep(minutes=1)
    assert sent.count("Already in the news when the watch began") == 1
    assert "2 stories" in sent
    assert [row.kind for row in rows(desk, delivery)] == ["digest"]


def test_a_second_report_of_a_story_is_folded_and_says_why(desk, newsroom):
    desk.sweep()
    newsroom.publish("Ruritania offers Northland talks on border and gold")
    newsroom.publish("Ruritania offers talks on gold and border to Northland", feed="b")
    sent = desk.sweep(minutes=6)
    assert sent.count("first report of this story") == 1
    assert count(desk, story) == 1
    silent = [row.decision for row in rows(desk, match) if row.alert_id is None]
    assert len(silent) == 1
    assert silent[0].startswith("already told")


def test_two_different_events_are_two_stories_and_two_messages(desk, newsroom):
    desk.sweep()
    newsroom.publish("Ruritania bombed: bridge at Strelsau falls", guid="one")
    newsroom.publish("Striking miners in Ruritania welcome talks with ministry", guid="two")
    sent = desk.sweep(minutes=6)
    assert sent.count("first report of this story") == 2
    assert count(desk, story) == 2


def test_an_exact_copy_at_another_outlet_joins_without_being_judged_again(desk, newsroom):
    text = "Ruritania and Northland will hold talks on Sunday, officials said. " * 10
    desk.sweep()
    newsroom.publish("Ruritania to hold talks", text=text)
    desk.sweep(minutes=6)
    newsroom.publish("Ruritania to hold talks", feed="b", text=text)
    assert desk.sweep(minutes=6) == ""
    first, copy = rows(desk, article)
    assert copy.duplicate_of == first.id
    assert copy.story_id == first.story_id
    assert count(desk, match) == 1


def test_a_copy_under_another_headline_is_judged_and_folded(desk, newsroom):
    text = "Ruritania and Northland will hold talks on Sunday, officials said. " * 10
    desk.sweep()
    newsroom.publish("Ruritania to hold talks", text=text)
    desk.sweep(minutes=6)
    newsroom.publish("Talks in Ruritania: what we know", feed="b", text=text)
    assert desk.sweep(minutes=6) == ""
    first, copy = rows(desk, article)
    assert (copy.duplicate_of, copy.story_id) == (first.id, first.story_id)
    assert [row.decision.split(":")[0] for row in rows(desk, match)][1:] == ["already told"]


def test_one_text_under_two_headlines_of_one_outlet_is_boilerplate_not_a_copy(desk, newsroom):
    notice = "We value your privacy and so do our partners in this country and abroad. " * 10
    desk.sweep()
    newsroom.publish("Rain in Zenda", text=notice)
    newsroom.publish("Strelsau offers talks", text=notice)
    assert "Strelsau offers talks" in desk.sweep(minutes=6)


def test_two_rules_that_one_article_fires_make_one_message(desk, newsroom):
    desk.sweep()
    newsroom.publish("Ruritania bombed hours before talks")
    sent = desk.sweep(minutes=6)
    assert "Talks with Ruritania" in sent
    assert "Strikes on Ruritania" in sent
    assert count(desk, alert) == 2
    assert count(desk, delivery) == 1


def test_a_weak_match_rides_along_with_a_strong_one(desk, newsroom, paragraphs_of):
    desk.sweep()
    newsroom.publish("Strelsau offers talks", text=paragraphs_of("", closing=BOMBED))
    sent = desk.sweep(minutes=6)
    assert "further down" in sent
    assert "Strikes on Ruritania" in sent
    assert count(desk, delivery) == 1


def test_a_weak_match_by_itself_waits_for_the_digest(desk, newsroom, paragraphs_of):
    desk.sweep()
    newsroom.publish("Diary of the week", text=paragraphs_of("", closing=BOMBED))
    assert desk.sweep(minutes=6) == ""
    sent = desk.sweep(minutes=31)
    assert "Digest: weak and late matches, more on what was told" in sent
    assert "Diary of the week" in sent


def test_a_changed_headline_is_a_revision_and_judged_again(desk, newsroom):
    desk.sweep()
    item = newsroom.publish("Blasts heard in the capital")
    assert desk.sweep(minutes=6) == ""
    item.title = "Ruritania bombed: blasts heard in the capital"
    assert "Ruritania bombed" in desk.sweep(minutes=6)
    item.title = "Ruritania bombed by Northland, blasts heard in the capital"
    assert desk.sweep(minutes=6) == ""
    assert count(desk, article) == 1
    assert count(desk, entry) == 1


def test_one_address_in_two_feeds_is_read_and_told_once(desk, newsroom):
    desk.sweep()
    item = newsroom.publish("Strelsau offers talks")
    desk.sweep(minutes=6)
    shared = newsroom.publish("Strelsau offers talks", feed="b")
    shared.guid = "other"
    rss = newsroom._rss("b").replace("/b/0", "/a/0")
    newsroom._rss = lambda name, made=newsroom._rss: rss if name == "b" else made(name)
    assert item is not shared
    assert desk.sweep(minutes=6) == ""
    assert count(desk, article) == 1
    assert count(desk, entry) == 2
    assert newsroom.requests.count("/a/0") == 1


def test_a_page_that_cannot_be_had_does_not_hold_up_the_alert(desk, newsroom):
    desk.sweep()
    newsroom.publish("Strelsau offers talks", page_status=404, summary="Envoys meet on Sunday.")
    sent = desk.sweep(minutes=6)
    assert "Strelsau offers talks" in sent
    assert "summary only" in sent


def test_a_page_that_fails_for_a_moment_is_tried_once_more_and_then_done_without(desk, newsroom):
    desk.sweep()
    newsroom.publish("Strelsau offers talks", page_status=503, summary="")
    assert desk.sweep(minutes=6) == ""
    assert "headline only" in desk.sweep(minutes=3)
    assert newsroom.requests.count("/a/0") == 2


def test_a_failing_feed_says_why_and_comes_back(desk, newsroom):
    newsroom.status = 500
    desk.sweep()
    assert {row.failure for row in rows(desk, feed)} == {"127.0.0.1 answered 500"}
    newsroom.status = 200
    desk.sweep(minutes=11)
    newsroom.publish("Strelsau offers talks")
    assert "Strelsau offers talks" in desk.sweep(minutes=6)


def test_a_restart_neither_repeats_nor_forgets(open_desk, newsroom):
    desk = open_desk()
    desk.sweep()
    newsroom.publish("Strelsau offers talks")
    assert "Strelsau" in desk.sweep(minutes=6)
    newsroom.publish("Ruritania bombed at dawn")
    again = open_desk()
    sent = again.sweep(minutes=6)
    assert "Ruritania bombed at dawn" in sent
    assert "Strelsau offers talks" not in sent


def test_a_feed_taken_out_of_the_configuration_rests_and_comes_back_without_a_flood(
    open_desk, newsroom, files
):
    newsroom.publish("Strelsau offers talks")
    open_desk().sweep()
    without_b = files["outlets/papers.yaml"].splitlines()[:3]
    desk = open_desk(outlets__papers="\n".join(without_b) + "\n")
    newsroom.publish("Ruritania bombed at dawn", feed="b")
    assert desk.sweep(minutes=6) == ""
    assert "Ruritania bombed at dawn" in open_desk().sweep(minutes=6)


def test_a_feed_with_one_guid_for_all_items_still_shows_new_ones(desk, newsroom):
    for number in range(4):
        newsroom.publish(f"Rain in Zenda, day {number}", guid="same")
    desk.sweep()
    newsroom.publish("Strelsau offers talks", guid="same")
    assert "Strelsau offers talks" in desk.sweep(minutes=6)
    newsroom.publish("Ruritania bombed at dawn", guid="same")
    assert "Ruritania bombed at dawn" in desk.sweep(minutes=6)
    assert count(desk, entry) == 6


def test_guids_that_change_at_every_poll_do_not_tell_anything_twice(desk, newsroom):
    desk.sweep()
    item = newsroom.publish("Strelsau offers talks")
    assert "Strelsau" in desk.sweep(minutes=6)
    item.guid = "another"
    assert desk.sweep(minutes=6) == ""
    assert count(desk, article) == 1


def test_a_live_page_that_reports_again_under_another_headline_is_heard(desk, newsroom):
    desk.sweep()
    newsroom.publish("Live: rain in Zenda")
    desk.sweep(minutes=6)
    newsroom.publish("Live: Ruritania bombed at dawn")
    made = newsroom._rss
    newsroom._rss = lambda name: made(name).replace("/a/1<", "/a/0<")
    assert "Ruritania bombed at dawn" in desk.sweep(minutes=6)


def test_a_host_that_asks_to_be_left_alone_does_not_hold_up_the_alert(desk, newsroom):
    desk.sweep()
    newsroom.publish("Strelsau offers talks", page_status=429)
    newsroom.publish("Ruritania bombed at dawn", page_status=429)
    newsroom.retry_after = "3600"
    sent = desk.sweep(minutes=6)
    assert "Strelsau offers talks" in sent
    assert "Ruritania bombed at dawn" in sent
    assert len([path for path in newsroom.requests if path.startswith("/a/")]) == 1


def test_news_is_judged_before_what_is_older_than_the_watch(desk, newsroom):
    for number in range(5):
        newsroom.publish(f"Rain in Zenda, day {number}")
    young = desk.clock.now() - timedelta(minutes=5)
    newsroom.publish("Strelsau offers talks", published=young)
    desk.sweep()
    triage = next(step for step in PIPELINE if step.name == "triage")

    def claim_again(tx):
        tx.execute(update(article).values(due_at=desk.clock.now()))
        return triage.claim(tx, desk.monitor.watch, lease=timedelta(minutes=2), limit=1)

    (first,) = desk.database.write(claim_again)
    assert first.row.title == "Strelsau offers talks"


@dataclass
class Watched:
    """A matcher that notes whether others were kept out while it matched."""

    matcher: Matcher
    matching: Lock
    alone: list[bool] = field(default_factory=list)

    def match(self, document):
        self.alone.append(self.matching.locked())
        return self.matcher.match(document)


def test_articles_are_matched_one_at_a_time_though_several_threads_judge_them(desk, newsroom):
    desk.sweep()
    watch = desk.monitor.watch
    watched = Watched(watch.matcher, watch.matching)
    desk.monitor.watch = replace(watch, matcher=watched)
    for number in range(12):  # more than one thread takes
        newsroom.publish(f"Strelsau offers talks for the {number}th time")
    desk.sweep(minutes=6)
    assert watched.alone == [True] * 12


def test_a_page_that_breaks_its_reader_spoils_no_other_that_is_read_with_it(open_desk, press):
    made = press(4)
    desk = open_desk(**made.files())
    desk.sweep()
    for number, room in enumerate(made.rooms):
        room.publish(f"Rain of the {number}th kind")
    watch = desk.monitor.watch

    def extract_all(bodies):
        if any(b"Rain of the 2th kind" in body.content for body in bodies):
            raise ValueError("a reader that nobody thought of")
        return watch.extract_all(bodies)

    desk.monitor.watch = replace(watch, extract_all=extract_all)
    desk.sweep(minutes=6)
    assert sorted(row.title for row in rows(desk, article)) == [
        f"Rain of the {number}th kind" for number in (0, 1, 3)
    ]
    (broken,) = [row for row in rows(desk, entry) if row.article_id is None]
    assert broken.failure == "ValueError: a reader that nobody thought of"


def test_readers_that_had_to_be_stopped_are_asked_once_more(open_desk, press):
    made = press(2)
    desk = open_desk(**made.files())
    desk.sweep()
    for number, room in enumerate(made.rooms):
        room.publish(f"Rain of the {number}th kind")
    watch, stopped = desk.monitor.watch, []

    def extract_all(bodies):
        if len(stopped) < 1:
            stopped.append(bodies)
            return [Temporary("reading was stopped before it ended") for _ in bodies]
        return watch.extract_all(bodies)

    desk.monitor.watch = replace(watch, extract_all=extract_all)
    desk.sweep(minutes=6)
    desk.sweep(minutes=2)
    assert [row.completeness for row in rows(desk, article)] == ["full"] * 2
