"""Spikes and silences, end to end: what is counted, what people are told, and what they are not."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, select
from typer.testing import CliRunner

from monitor.cli import app
from monitor.core.coverage import Cause
from monitor.core.volume import Span
from monitor.storage import ledger, volumes
from monitor.storage.schema import article, blindness, episode, hit, rule
from monitor.storage.volumes import Found

SPIKE = """
rules:
  - id: talk-of-it
    title: Talk of Ruritania
    severity: high
    when:
      volume: {of: Ruritania*, window: 20 minutes, at_least: 3 articles}
"""
USUAL = SPIKE.replace("3 articles", "3 articles, ratio: 2, baseline: 14 days")
SILENCE = """
rules:
  - id: no-word
    title: Word from Ruritania
    when:
      volume: {of: Ruritania*, window: 20 minutes, at_most: 0 articles}
"""


def publish(newsroom, clock, *titles, feed="a"):
    for title in titles:
        newsroom.publish(title, feed=feed, published=clock.now())


def row_of(desk, name):
    with desk.database.read() as connection:
        return connection.execute(select(rule).where(rule.c.id == name)).one()


def rows(desk, table):
    with desk.database.read() as connection:
        return connection.execute(select(table)).all()


def live(desk, *, minutes):
    """Let time pass as a watch lives through it: five minutes at a time."""
    return "".join(desk.sweep(minutes=5) for _ in range(minutes // 5))


def archived(desk, clock, *, ago, number, title="Ruritania in the news", **values):
    """Put articles into the archive that came some time ago."""
    at = clock.now() - ago

    def commit(tx):
        known = len(tx.execute(select(article.c.id)).all())
        feed_id = tx.execute(select(article.c.feed_id)).scalars().first() or 1
        common = {
            "feed_id": feed_id,
            "outlet_id": "a",
            "title": title,
            "seen_at": at,
            "read_at": at,
            "not_before": at,
            "triaged_at": at,
            "completeness": "title",
            "quality": "ok",
            "origin": "live",
        }
        tx.execute(
            insert(article),
            [common | {"identity": f"old-{known + n}"} | values for n in range(number)],
        )

    desk.database.write(commit)


@pytest.fixture
def watching(open_desk, newsroom, clock):
    """Opens a desk with these rules that has seen its feeds once."""

    def watch(rules):
        desk = open_desk(rules__rules=rules)
        desk.sweep()
        return desk

    return watch


# What does not hang on the database is tried on one.
on_one = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


# --- a spike --------------------------------------------------------------------------------------


def test_a_spike_is_told_once_with_a_chart_and_once_more_when_it_is_over(watching, newsroom, clock):
    desk = watching(SPIKE)
    publish(newsroom, clock, "Ruritania one", "Ruritania two")
    assert desk.sweep(minutes=5) == ""
    publish(newsroom, clock, "Ruritania three", "Weather")
    sent = desk.sweep(minutes=5) + desk.sweep(minutes=5)
    assert "🟠 HIGH · Talk of Ruritania: 3 articles in 20 minutes" in sent
    assert "11:55 ████████████████ 3" in sent
    assert "– Ruritania three (Paper A, Mon 2 Mar 12:10 UTC)\nhttp://127.0.0.1" in sent
    publish(newsroom, clock, "Ruritania four")
    assert desk.sweep(minutes=5) == "", "it lasts, and has been told"
    over = live(desk, minutes=30)
    assert over.count("OVER · Talk of Ruritania: the spike is over") == 1
    assert "The spike told Mon 2 Mar 12:15 UTC is over: 1 article in 20 minutes" in over
    assert live(desk, minutes=10) == ""


def test_an_article_that_counts_raises_no_alert_and_says_what_it_counts_for(
    watching, newsroom, clock
):
    desk = watching(SPIKE)
    publish(newsroom, clock, "Ruritania one")
    desk.sweep(minutes=5)
    (counted,) = rows(desk, hit)
    assert counted.rule_id == "talk-of-it"
    with desk.database.read() as connection:
        assert volumes.counted_by(connection, counted.article_id) == [("talk-of-it", clock.now())]


@on_one
def test_a_body_that_mentions_it_does_not_count_unless_the_rule_says_so(
    watching, newsroom, clock, paragraphs_of
):
    body = paragraphs_of("Football.", closing="The team goes on to Ruritania.")
    newsroom.publish("Football", text=body, summary="Football.", published=clock.now())
    desk = watching(SPIKE)
    newsroom.publish("More football", text=body + "!", summary="More.", published=clock.now())
    desk.sweep(minutes=5)
    assert rows(desk, hit) == []
    weak = SPIKE.replace("severity: high", "alert: {weak: alert}")
    desk = watching(weak)
    newsroom.publish("Even more football", text=body + "?", summary="Yes.", published=clock.now())
    desk.sweep(minutes=5)
    assert len(rows(desk, hit)) == 3, "two of them out of the archive"


@on_one
def test_what_a_feed_lists_late_or_at_first_sight_makes_no_spike(watching, newsroom, clock):
    for number in range(4):
        ago = clock.now() - timedelta(hours=3, minutes=number)
        newsroom.publish(f"Ruritania {number}", published=ago)
    desk = watching(SPIKE)
    for number in range(4, 8):
        newsroom.publish(f"Ruritania {number}", published=clock.now() - timedelta(days=9))
    assert "Talk of" not in desk.sweep(minutes=5) + desk.sweep(hours=1)
    assert len(rows(desk, hit)) == 8, "they count, on the day they were published"


def test_copies_of_one_agency_are_one_article_and_one_source(
    watching, newsroom, clock, files, paragraphs_of
):
    files["outlets/agency.yaml"] = (
        "outlets: [{id: agency, name: Agency, country: GB, language: en, tier: wire, "
        f"credits: [Agency], feeds: [{{url: 'http://{newsroom.address}/feed/agency'}}]}}]\n"
    )
    newsroom.feeds["agency"] = []
    desk = watching(SPIKE.replace("3 articles", "2 outlets"))
    for feed, words in (("a", "Talks go on"), ("b", "They still talk"), ("agency", "More talks")):
        text = paragraphs_of(f"STRELSAU (Agency) - {words} in Ruritania.")
        newsroom.publish(f"{words} in Ruritania", feed=feed, text=text, published=clock.now())
    assert desk.sweep(minutes=5) + desk.sweep(minutes=5) == ""
    assert row_of(desk, "talk-of-it").verdict == "1 outlet in 20 minutes; it takes 2"
    publish(newsroom, clock, "Our own reporter in Ruritania", feed="b")
    assert "2 outlets in 20 minutes" in desk.sweep(minutes=5) + desk.sweep(minutes=5)


@on_one
def test_a_story_counts_once_whoever_carries_it(watching, newsroom, clock):
    desk = watching(SPIKE.replace("3 articles", "2 stories"))
    publish(newsroom, clock, "Ruritania signs the treaty of Strelsau", feed="a")
    publish(newsroom, clock, "Ruritania signs the treaty of Strelsau at last", feed="b")
    assert desk.sweep(minutes=5) + desk.sweep(minutes=5) == ""
    assert row_of(desk, "talk-of-it").verdict == "1 story in 20 minutes; it takes 2"
    publish(newsroom, clock, "Earthquake shakes the mountains east of Ruritania")
    assert "2 stories in 20 minutes" in desk.sweep(minutes=5) + desk.sweep(minutes=5)


# --- what is usual --------------------------------------------------------------------------------


@on_one
def test_without_two_known_weeks_no_spike_is_told_where_it_takes_a_ratio(watching, newsroom, clock):
    desk = watching(USUAL)
    publish(newsroom, clock, *(f"Ruritania {number}" for number in range(5)))
    assert desk.sweep(minutes=5) + desk.sweep(minutes=5) == ""
    assert row_of(desk, "talk-of-it").verdict == (
        "5 articles in 20 minutes, not told: what is usual at this hour takes 2 weeks to know"
    )


def test_a_spike_is_measured_by_the_same_hour_of_the_weeks_before(watching, newsroom, clock):
    desk = watching("rules: [{id: other, when: nothing}]")
    archived(desk, clock, ago=timedelta(days=20), number=1, title="The archive begins")
    later = timedelta(minutes=6)
    archived(desk, clock, ago=timedelta(days=7) - later, number=3)
    archived(desk, clock, ago=timedelta(days=14) - later, number=1)
    archived(desk, clock, ago=timedelta(days=3) - later, number=50)
    desk = watching(USUAL)
    publish(newsroom, clock, *(f"Ruritania {number}" for number in range(4)))
    desk.sweep(minutes=5)
    assert desk.sweep(minutes=5) == ""
    usual = "usual at this hour of the week: 2 (3, 1 in the weeks before)"
    assert row_of(desk, "talk-of-it").verdict == f"4 articles in 20 minutes; {usual}; it takes 5"
    publish(newsroom, clock, "Ruritania 5")
    sent = desk.sweep(minutes=5) + desk.sweep(minutes=5)
    assert "HIGH · Talk of Ruritania: 5 articles in 20 minutes" in sent
    assert "Usual at this hour of the week: 2 (3, 1 in the weeks before)" in sent


@on_one
def test_a_week_in_which_the_watch_was_blind_says_nothing_of_what_is_usual(
    watching, newsroom, clock
):
    desk = watching("rules: [{id: other, when: nothing}]")
    archived(desk, clock, ago=timedelta(days=20), number=1)
    last_week = clock.now() - timedelta(days=7)
    span = Span(last_week - timedelta(hours=2), last_week + timedelta(hours=2))
    desk.database.write(lambda tx: ledger.record_blindness(tx, span, Cause.NETWORK))
    desk = watching(USUAL)
    publish(newsroom, clock, *(f"Ruritania {number}" for number in range(5)))
    assert desk.sweep(minutes=5) + desk.sweep(minutes=5) == ""
    assert "not told" in row_of(desk, "talk-of-it").verdict


# --- silence --------------------------------------------------------------------------------------


def test_a_silence_is_told_once_and_once_more_when_it_ends(watching, newsroom, clock):
    publish(newsroom, clock, "Ruritania one")
    desk = watching(SILENCE)
    publish(newsroom, clock, "Ruritania two")
    assert "no article" not in live(desk, minutes=30)
    sent = live(desk, minutes=20)
    assert sent.count("NORMAL · Word from Ruritania: no article for 20 minutes") == 1
    assert "The watch was not blind: 2 of 2 feeds answered meanwhile" in sent
    assert "– Ruritania two (Paper A" in sent
    publish(newsroom, clock, "Ruritania three")
    over = live(desk, minutes=15)
    assert over.count("OVER · Word from Ruritania: the silence is over") == 1


def test_a_silence_is_told_while_articles_that_were_told_are_read_again(watching, newsroom, clock):
    hour = SILENCE.replace("20 minutes", "1 hour")
    desk = watching(f"{hour}  - {{id: rain, when: rain}}\n")
    live(desk, minutes=40)
    publish(newsroom, clock, "Rain all day")
    assert "Rain all day" in live(desk, minutes=10)
    assert "Word from Ruritania: no article for 1 hour" in live(desk, minutes=30)


def test_a_silence_that_lasts_through_a_restart_is_not_told_again(
    watching, newsroom, clock, open_desk
):
    desk = watching(SILENCE)
    assert (
        live(desk, minutes=45).count("NORMAL · Word from Ruritania: no article for 20 minutes") == 1
    )
    again = open_desk(rules__rules=SILENCE)
    assert "no article" not in live(again, minutes=20)
    assert len(rows(again, episode)) == 1


@on_one
def test_nothing_is_told_before_a_whole_window_is_known(watching, newsroom, clock):
    desk = watching(SILENCE)
    assert live(desk, minutes=25) == ""
    assert "what came is known since 2026-03-02 12:00 UTC only" in row_of(desk, "no-word").verdict


def test_no_silence_is_told_of_a_time_in_which_nobody_ran(watching, newsroom, clock, open_desk):
    desk = watching(SILENCE)
    publish(newsroom, clock, "Ruritania one")
    live(desk, minutes=10)
    clock.pass_(hours=5)
    desk = open_desk(rules__rules=SILENCE)
    assert desk.sweep() + live(desk, minutes=20) == ""
    assert row_of(desk, "no-word").verdict == (
        "0 articles in 20 minutes, not told: the watch was blind from 2026-03-02 12:10 UTC to "
        "2026-03-02 17:10 UTC: the watch was not running"
    )
    told = live(desk, minutes=20)
    assert "no article for 20 minutes" in told, "a whole window later it is told"
    assert "– (blind)" in told, "the chart does not say that nothing came then"


@pytest.fixture
def two_houses(open_newsroom, files, newsroom):
    """Two newsrooms on hosts of their own, and a configuration that watches both."""
    rooms = [open_newsroom() for _ in range(2)]
    files["monitor.yaml"] = files["monitor.yaml"].replace(
        f'["{newsroom.address}"]', str([room.address for room, _ in rooms]).replace("'", '"')
    )
    files["outlets/papers.yaml"] = "outlets:\n" + "".join(
        f"  - {{id: p{number}, name: P, country: GB, language: en, tier: national, "
        f'feeds: [{{url: "http://{room.address}/feed/a"}}]}}\n'
        for number, (room, _) in enumerate(rooms)
    )
    return rooms


@on_one
def test_no_silence_is_told_while_our_own_network_is_down(watching, two_houses):
    rooms = two_houses
    desk = watching(SILENCE)
    live(desk, minutes=15)
    for _, door in rooms:
        door.shut()
    sent = live(desk, minutes=60)
    assert "[ops] The network is down" in sent
    assert "no article" not in sent
    assert "not told" in row_of(desk, "no-word").verdict
    for _, door in rooms:
        door.open()
    sent = live(desk, minutes=15)
    assert "The network is back" in sent
    assert "no article" not in sent
    assert [each.cause for each in rows(desk, blindness)] == [Cause.NETWORK]


@on_one
def test_a_chart_shows_an_outage_under_way_as_blind(watching, two_houses, clock):
    desk = watching(SPIKE)
    live(desk, minutes=60)
    for _, door in two_houses:
        door.shut()
    assert "[ops] The network is down" in live(desk, minutes=60)
    archived(desk, clock, ago=timedelta(minutes=1), number=3, title="Ruritania", outlet_id="p0")
    with desk.database.read() as connection:
        found = [Found(row.id, row.seen_at) for row in connection.execute(select(article))]
    watched = desk.monitor.watch.rules["talk-of-it"]
    desk.database.write(
        lambda tx: volumes.add_hits(tx, watched, found, known_from=row_of(desk, "talk-of-it").since)
    )
    sent = live(desk, minutes=5)
    assert "3 articles in 20 minutes" in sent
    assert "12:45 0\n13:05 – (blind)\n13:25 – (blind)\n13:45 " in sent
    assert "3 (partly blind)" in sent


@on_one
def test_no_silence_is_told_where_the_feeds_that_could_break_it_do_not_answer(
    watching, newsroom, clock
):
    newsroom.statuses["/feed/b"] = 404
    desk = watching(SILENCE.replace("of: Ruritania*", "of: {outlet: b, any: [Ruritania*]}"))
    assert "no article" not in live(desk, minutes=45)
    assert "only 0 of 1 feeds that could bring it answered" in row_of(desk, "no-word").verdict


@on_one
def test_an_outage_whose_end_nobody_saw_is_a_time_of_blindness(
    watching, newsroom, clock, open_desk
):
    desk = watching(SILENCE)
    start = clock.now()
    newsroom.status = 503
    desk.sweep(minutes=5)
    newsroom.status = 200
    clock.pass_(minutes=40)
    again = open_desk(rules__rules=SILENCE)
    assert "no article" not in again.sweep() + live(again, minutes=15)
    (blind,) = rows(again, blindness)
    assert (blind.since, blind.cause) == (start, Cause.STOPPED)


# --- edits ----------------------------------------------------------------------------------------


def test_a_new_rule_counts_what_the_archive_holds(watching, newsroom, clock):
    desk = watching("rules: [{id: other, when: nothing}]")
    archived(desk, clock, ago=timedelta(days=5), number=2)
    archived(desk, clock, ago=timedelta(days=1), number=3)
    archived(desk, clock, ago=timedelta(days=1), number=1, title="Weather")
    desk = watching(USUAL)
    assert len(rows(desk, hit)) == 5
    assert row_of(desk, "talk-of-it").recounted
    assert row_of(desk, "talk-of-it").counted_from == clock.now() - timedelta(days=5)


def test_an_edited_condition_counts_anew(watching, newsroom, clock):
    desk = watching(SPIKE)
    publish(newsroom, clock, "Ruritania one", "Strelsau two")
    desk.sweep(minutes=5)
    desk = watching(SPIKE.replace("Ruritania*,", "Strelsau,"))
    with desk.database.read() as connection:
        titles = select(article.c.title).join(hit, hit.c.article_id == article.c.id)
        assert connection.execute(titles).scalars().all() == ["Strelsau two"]


@on_one
@pytest.mark.parametrize("gone", ["rules: [{id: other, when: nothing}]", None])
def test_a_rule_that_goes_or_is_disabled_looks_no_more(watching, newsroom, clock, gone):
    desk = watching(SILENCE)
    live(desk, minutes=40)
    desk = watching(gone or SILENCE.replace("title:", "enabled: false\n    title:"))
    assert row_of(desk, "no-word").due_at is None
    assert [each.ending for each in rows(desk, episode)] == ["the rule is out of work"]
    assert live(desk, minutes=10) == ""


@on_one
def test_a_rule_whose_last_day_is_over_looks_no_more(watching, newsroom, clock):
    desk = watching(SILENCE.replace("title:", "expires: 2026-03-02\n    title:"))
    live(desk, minutes=40)
    sent = desk.sweep(hours=12)
    assert "no article" not in sent
    assert row_of(desk, "no-word").due_at is None
    assert [each.ending for each in rows(desk, episode)] == ["the rule has ended"]


def test_a_revision_that_no_longer_satisfies_the_condition_counts_no_more(
    watching, newsroom, clock
):
    desk = watching(SPIKE)
    item = newsroom.publish("Ruritania one", published=clock.now())
    desk.sweep(minutes=5)
    assert len(rows(desk, hit)) == 1
    item.title = item.summary = "Weather instead"
    desk.sweep(minutes=5)
    assert rows(desk, hit) == []


def test_what_a_rule_counted_goes_with_its_articles(watching, newsroom, clock):
    desk = watching(SPIKE)
    publish(newsroom, clock, "Ruritania one")
    desk.sweep(minutes=5)
    (counted,) = rows(desk, hit)
    gone = delete(article).where(article.c.id == counted.article_id)
    desk.database.write(lambda tx: tx.execute(gone))
    assert rows(desk, hit) == []


# --- commands -------------------------------------------------------------------------------------


@pytest.fixture
def command(watching, newsroom, clock, files, tmp_path, database_url):
    """Commands of a desk on which a spike is told at this moment; JSON comes as what it holds."""
    clock.moment = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    desk = watching(SPIKE + "  - {id: weather, when: weather}\n")
    publish(newsroom, clock, *(f"Ruritania {number}" for number in range(3)))
    live(desk, minutes=60)
    directory = tmp_path / "config"
    files["monitor.yaml"] = f"database: '{database_url}'\n{files['monitor.yaml']}"
    files["rules/rules.yaml"] = SPIKE + "  - {id: weather, when: weather}\n"
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def run(*said):
        given = [*said, "--config", str(directory)]
        told = CliRunner().invoke(app, given, catch_exceptions=False).stdout
        return json.loads(told) if "--json" in said else told

    return run


@on_one
def test_the_backtest_tells_when_a_rule_that_counts_would_have_told(command):
    assert "talk-of-it: 1 time told" in command("rules", "backtest")
    (told,) = command("rules", "backtest", "talk-of-it", "--json")["counting"]
    (spike,) = told["episodes"]
    assert (spike["kind"], spike["reason"]) == ("spike", "3 articles in 20 minutes: a spike")
    both = command("rules", "backtest", "--json")
    assert [each["rule"] for each in both["rules"]] == ["weather"]
    assert [each["rule"] for each in both["counting"]] == ["talk-of-it"]


@on_one
def test_an_explanation_says_for_which_rules_an_article_counts(command):
    told = command("rules", "explain", "1", "talk-of-it")
    assert "counts    for talk-of-it" in told
    assert "last look 0 articles in 20 minutes; it takes 3, 20" in " ".join(told.split())
    found = command("rules", "explain", "1", "weather", "--json")["article"]
    assert [each["rule"] for each in found["counts"]] == ["talk-of-it"]
    assert found["counting"] is None


@on_one
def test_the_status_shows_the_last_look_of_a_rule_that_counts(command):
    assert "talk-of-it: 0 articles in 20 minutes; it takes 3" in command("status")
    (counting,) = command("status", "--json")["counting"]
    assert (counting["rule"], counting["episode"]) == ("talk-of-it", None)


@on_one
def test_a_text_that_is_tried_says_that_it_counts(command):
    assert "✓ talk-of-it: strong match, counts" in command("rules", "test", "--text", "Ruritania!")
