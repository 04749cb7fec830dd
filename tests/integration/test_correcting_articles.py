"""Watched articles are read again: what changes in them is kept, what is taken back is told."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from presses import rows
from typer.testing import CliRunner

from monitor.cli import app
from monitor.cli.exits import Exit
from monitor.core.alerts import Reason
from monitor.core.errors import Permanent
from monitor.core.timing import LOOKS
from monitor.storage.schema import alert, article, delivery, entry, revision, watched

NOTICES = Path(__file__).resolve().parents[2] / "config" / "knowledge" / "notices.yaml"
NEWS = "Strelsau offers talks"
OPENING = "Ruritania offered talks for 12 days, the marshal said on Monday."
NOTE = "Correction: Ruritania offered talks for 21 days, not 12."


@pytest.fixture
def files(files):
    """The words of notices, as the starter configuration has them."""
    return files | {"knowledge/notices.yaml": NOTICES.read_text("utf-8")}


@pytest.fixture
def told(desk, newsroom, paragraphs_of):
    """A desk whose people were told of one article."""
    desk.sweep()
    item = newsroom.publish(NEWS, text=paragraphs_of(OPENING, closing="Nobody else was there."))
    assert NEWS in desk.sweep(minutes=6)
    return desk, newsroom, item


def looks(room, path="/a/0"):
    """How often the page was asked for after it was first read."""
    return room.requests.count(path) - 1


def only(desk, table):
    (found,) = rows(desk, table)
    return found


# --- when they are read again ---------------------------------------------------------------------


def test_an_article_that_was_told_is_read_again_at_growing_intervals_and_no_longer(told):
    desk, room, _ = told
    began = desk.clock.now()
    for number, after in enumerate(LOOKS, 1):
        desk.clock.moment = began + after - timedelta(minutes=1)
        desk.sweep()
        assert looks(room) == number - 1
        desk.sweep(minutes=1)
        assert looks(room) == number
    desk.sweep(hours=30)
    assert looks(room) == len(LOOKS)
    assert not only(desk, entry).again


def test_an_article_that_nobody_was_told_of_is_not_read_again(desk, newsroom):
    desk.sweep()
    newsroom.publish("Rain in Zenda")
    desk.sweep(minutes=6)
    desk.sweep(hours=2)
    assert looks(newsroom) == 0


def test_the_next_look_survives_a_restart(told, open_desk):
    _, room, _ = told
    desk = open_desk()
    desk.sweep(minutes=4)
    assert looks(room) == 0
    desk.sweep(minutes=7)
    assert looks(room) == 1


def test_who_joins_the_story_later_is_watched_too(told, paragraphs_of):
    desk, room, _ = told
    text = paragraphs_of("Strelsau offers talks at once, the marshal said again.")
    room.publish("Strelsau offers talks at once", feed="b", text=text)
    assert "CRITICAL" not in desk.sweep(hours=1)
    assert {row.article_id for row in rows(desk, watched)} == {1, 2}
    desk.sweep(minutes=11)
    assert looks(room, "/b/0") == 1


# --- what changed ---------------------------------------------------------------------------------


def test_an_edited_text_is_kept_as_a_revision_and_nobody_is_told(told):
    desk, _, item = told
    old = item.text
    item.text = item.text.replace("12 days", "14 days")
    assert desk.sweep(minutes=11) == ""
    kept = only(desk, revision)
    assert (kept.kind, kept.said) == ("edit", None)
    assert "12 days" in kept.text
    assert "14 days" in only(desk, article).text
    assert kept.text.split("\n")[-1] == old.split("\n")[-1]


def test_a_headline_edited_on_the_page_alone_is_the_articles_from_then_on(told):
    desk, room, item = told
    shown, number = item.title, room.feeds["a"].index(item)
    desk.sweep(minutes=11)
    room.documents["/a/0"] = page("Strelsau breaks talks off", item.text)
    desk.sweep(minutes=21)
    assert (only(desk, revision).title, only(desk, article).title) == (
        shown,
        "Strelsau breaks talks off",
    )
    room.documents["/a/0"] = page(shown, item.text)
    desk.sweep(hours=1)
    assert only(desk, article).title == "Strelsau breaks talks off", "a flip is no new headline"
    assert number == 0


def test_a_headline_that_the_page_showed_before_the_feed_is_one_revision(told):
    desk, room, item = told
    desk.sweep(minutes=11)
    room.documents["/a/0"] = page("Strelsau breaks talks off", item.text)
    desk.sweep(minutes=21)
    item.title = "Strelsau breaks talks off"
    desk.sweep(minutes=6)
    assert only(desk, revision).title == NEWS


def test_a_page_that_only_says_when_it_was_touched_has_not_changed(told):
    desk, _, item = told
    item.text += "\nUpdated on 2 March 2026 at 12:40.\nMore from the palace"
    desk.sweep(minutes=11)
    assert rows(desk, revision) == []


def test_a_fuller_text_is_never_lost_to_a_poorer_reading(told):
    desk, _, item = told
    full = only(desk, article).text
    item.text = "\n".join(item.text.split("\n")[:2])
    desk.sweep(minutes=11)
    item.page_status = 500
    desk.sweep(minutes=21)
    assert only(desk, article).text == full
    assert rows(desk, revision) == []


def test_a_headline_that_the_feed_changes_does_not_end_the_watch(told):
    desk, room, item = told
    item.title = "Strelsau offers talks in March"
    desk.sweep(minutes=6)
    assert only(desk, revision).kind is None
    asked = looks(room)
    desk.sweep(minutes=25)
    assert looks(room) == asked + 1


# --- what is told ---------------------------------------------------------------------------------


def page(title, text):
    body = "".join(f"<p>{each}</p>" for each in text.split("\n"))
    return "text/html; charset=utf-8", (
        f"<html><body><article><h1>{title}</h1>{body}</article></body></html>"
    )


def test_a_correction_is_told_at_once_to_who_got_the_article_with_what_changed(told):
    desk, _, item = told
    item.text = item.text.replace("12 days", "21 days") + f"\n{NOTE}"
    sent = desk.sweep(minutes=11)
    assert "HIGH · CORRECTION · Strelsau offers talks" in sent
    assert "Paper A: corrected by its outlet" in sent
    assert f"It says: »{NOTE}«" in sent
    assert "– before: Ruritania offered talks for 12 days" in sent
    assert "– now: Ruritania offered talks for 21 days" in sent
    assert sent.count("Correction: Ruritania") == 1
    assert "You were told of it for: Talks with Ruritania" in sent
    assert [row.reason for row in rows(desk, alert)] == [Reason.FIRST_REPORT, Reason.CORRECTION]
    assert only(desk, revision).kind == "correction"


def test_one_correction_is_told_once(told):
    desk, _, item = told
    item.text += f"\n{NOTE}"
    assert "CORRECTION" in desk.sweep(minutes=11)
    item.text = item.text.replace("Nobody else", "Nobody")
    for _ in range(6):
        assert desk.sweep(hours=8) == ""
    assert len(rows(desk, delivery)) == 2


def test_a_second_correction_is_told_again(told):
    desk, _, item = told
    item.text += f"\n{NOTE}"
    desk.sweep(minutes=11)
    item.text += "\nCorrection: The marshal was not in Strelsau."
    assert "The marshal was not in Strelsau" in desk.sweep(minutes=30)


def test_who_got_it_is_told_though_the_rule_tells_others_now(told, open_desk, files):
    _, _, item = told
    item.text += f"\n{NOTE}"
    desk = open_desk(
        channels='console: {url: "console:", default: true}\nother: {url: "file:other.log"}\n',
        rules__rules=files["rules/rules.yaml"].replace(
            "severity: high\n", "severity: high\n    notify: {channels: [other]}\n"
        ),
    )
    assert "CORRECTION" in desk.sweep(minutes=11)
    assert {row.channel for row in rows(desk, delivery)} == {"console"}


def test_a_rule_may_leave_corrections_out(told, open_desk, files):
    _, _, item = told
    item.text += f"\n{NOTE}"
    rules = files["rules/rules.yaml"].replace(
        "severity: high\n", "severity: high\n    alert: {update_on: [denial]}\n"
    )
    desk = open_desk(rules__rules=rules)
    assert desk.sweep(minutes=11) == ""
    assert only(desk, revision).kind == "correction"


def test_a_retraction_that_stands_in_place_of_the_article_is_told_and_the_text_is_kept(told):
    desk, _, item = told
    full = only(desk, article).text
    item.text = (
        "This article has been retracted because the marshal never said what it quoted, and it "
        "should not have been published. We apologise to our readers."
    )
    sent = desk.sweep(minutes=11)
    assert "RETRACTED · Strelsau offers talks" in sent
    assert "This article has been retracted" in sent
    assert only(desk, article).text == full
    assert only(desk, revision).kind == "retraction"


def test_a_correction_in_spanish_is_told(told):
    desk, _, item = told
    item.text += "\nFe de errores: fueron 21 días, no 12."
    assert "Fe de errores: fueron 21 días" in desk.sweep(minutes=11)


def test_a_page_that_is_gone_at_two_looks_is_told_as_taken_down(told):
    desk, room, item = told
    item.page_status = 404
    assert desk.sweep(minutes=11) == ""
    sent = desk.sweep(minutes=31)
    assert "GONE · Strelsau offers talks" in sent
    assert "taken down by its outlet" in sent
    assert "12:17 and 12:48 UTC" in sent
    for _ in range(4):
        assert desk.sweep(hours=6) == ""
    assert only(desk, article).text
    assert looks(room) >= 5


def test_a_page_that_is_back_at_the_second_look_was_never_gone(told):
    desk, _, item = told
    item.page_status = 404
    desk.sweep(minutes=11)
    item.page_status = 200
    assert desk.sweep(minutes=31) == ""
    assert only(desk, watched).gone_at is None


@pytest.mark.parametrize("status", [403, 429, 500, 503])
def test_an_error_is_no_deletion(told, status):
    desk, _, item = told
    item.page_status = status
    for _ in range(5):
        assert "GONE" not in desk.sweep(hours=2)
    assert only(desk, watched).failure
    assert only(desk, article).text


def test_a_site_whose_pages_are_all_gone_has_moved(desk, newsroom, paragraphs_of):
    desk.sweep()
    places = ("harbour", "bridge", "station")
    for place in places:
        text = paragraphs_of(f"Planes bombed the {place} of Strelsau in the night of Sunday.")
        newsroom.publish(f"Strelsau {place} bombed, {place} burns", text=text)
    assert desk.sweep(minutes=6).count("CRITICAL") >= 1
    for item in newsroom.feeds["a"]:
        item.page_status = 404
    assert "GONE" not in desk.sweep(minutes=11) + desk.sweep(minutes=31) + desk.sweep(hours=3)


def test_an_article_of_its_own_that_corrects_an_earlier_one_is_told(told, paragraphs_of):
    desk, room, _ = told
    text = paragraphs_of("Ruritania offered talks for 21 days, the marshal said on Monday.")
    room.publish("CORRECTED: Strelsau offers talks", text=text)
    sent = desk.sweep(minutes=6)
    assert "CORRECTION · Strelsau offers talks" in sent
    assert "Headline now: CORRECTED: Strelsau offers talks" in sent


def test_a_correction_by_another_outlet_is_not_this_ones(told, paragraphs_of):
    desk, room, _ = told
    text = paragraphs_of("Ruritania offered talks for 21 days, the marshal said on Monday.")
    room.publish("CORRECTED: Strelsau offers talks", feed="b", text=text)
    assert "CORRECTION" not in desk.sweep(minutes=6)


def test_a_headline_that_the_feed_marks_as_corrected_is_told(told):
    desk, _, item = told
    item.title = "CORRECTED: Strelsau offers no talks"
    sent = desk.sweep(minutes=6)
    assert "CORRECTION · Strelsau offers talks" in sent
    assert "CORRECTED: Strelsau offers no talks" in sent


def test_who_gets_the_article_in_a_digest_hears_of_the_correction_behind_it(
    desk, newsroom, paragraphs_of
):
    desk.sweep()
    text = paragraphs_of("The palace was open.", closing="Strelsau was bombed, the guards said.")
    item = newsroom.publish("A quiet day at the palace", text=text)
    assert desk.sweep(minutes=6) == ""
    item.text += "\nCorrection: Strelsau was not bombed."
    assert desk.sweep(minutes=11) == ""
    sent = desk.sweep(minutes=30)
    assert 0 <= sent.index("Digest") < sent.index("CORRECTION")


# --- politely -------------------------------------------------------------------------------------


def test_a_page_is_asked_for_with_the_validators_it_came_with(told):
    desk, room, _ = told
    room.headers = {"ETag": '"one"'}
    desk.sweep(minutes=11)
    desk.sweep(minutes=21)
    etags = [each.etag for each in room.asked if each.path == "/a/0"]
    assert etags == [None, None, '"one"']


def test_a_page_that_robots_txt_forbids_by_now_is_not_asked_for(told):
    desk, room, _ = told
    room.robots = "User-agent: *\nDisallow: /"
    desk.sweep(hours=25)
    asked = looks(room)
    desk.sweep(hours=24)
    assert looks(room) == asked


# --- what commands say ----------------------------------------------------------------------------


@pytest.fixture
def command(told, files, tmp_path, database_url):
    """Commands beside a watch that has told one article."""

    def run(*said, ends=Exit.FINE):
        given = [*map(str, said), "--config", str(tmp_path / "config")]
        result = CliRunner().invoke(app, given, catch_exceptions=False)
        assert result.exit_code == ends, result.output
        return result.stdout

    written = files | {"monitor.yaml": f"database: '{database_url}'\n{files['monitor.yaml']}"}
    for name, text in written.items():
        path = tmp_path / "config" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return run


LONG = ("--since", "9000d")


def test_alerts_are_listed_with_rule_reason_story_and_channels(told, command):
    desk, _, item = told
    item.text += f"\n{NOTE}"
    desk.sweep(minutes=11)
    correction, first = command("alerts", "list", *LONG).split("\n")[1:3]
    for part in ("2026-03-02 12:06 UTC", "high", "talks", "first report", NEWS, "console (sent)"):
        assert part in first
    assert "corrected by its outlet" in correction
    listed = json.loads(command("alerts", "list", *LONG, "--json"))
    assert [each["reason"] for each in listed] == [Reason.CORRECTION, Reason.FIRST_REPORT]


def test_alerts_can_be_listed_by_rule_channel_and_time(told, command):
    assert command("alerts", "list", *LONG, "--rule", "talks", "--channel", "console")
    for other in (("--rule", "strikes"), ("--channel", "nobody"), ("--since", "1h")):
        given = other if other[0] == "--since" else (*LONG, *other)
        assert command("alerts", "list", *given, ends=Exit.NO) == "nothing was told\n"


def test_the_record_of_an_alert_shows_evidence_message_silent_edits_and_corrections(told, command):
    desk, _, item = told
    item.text = item.text.replace("12 days", "14 days")
    desk.sweep(minutes=11)
    item.text = item.text.replace("14 days", "21 days") + f"\n{NOTE}"
    desk.sweep(minutes=21)
    shown = command("alerts", "show", 1)
    for part in (
        "»talks« in title",
        "read again 2 times",
        "edit, ",
        "- Ruritania offered talks for 12 days",
        "+ Ruritania offered talks for 14 days",
        f"it says: {NOTE}",
        "+ Ruritania offered talks for 21 days",
        " to console: sent 2026-03-02 12:06 UTC",
        "HIGH · Strelsau offers talks",
        "corrected by its outlet (alert 2)",
    ):
        assert part in shown
    (article_shown,) = json.loads(command("alerts", "show", 1, "--json"))["articles"]
    assert [each["kind"] for each in article_shown["revisions"]] == ["edit", "correction"]
    assert re.search(r"revision \w+ to console: sent", command("alerts", "show", 2))


def test_the_record_of_an_alert_whose_article_never_changed_shows_no_revision(told, command):
    shown = command("alerts", "show", 1)
    assert "read again 0 times" in shown
    assert "revised" not in shown


def test_of_an_alert_that_is_not_there_is_said_how_to_find_one(told, command):
    with pytest.raises(Permanent, match="monitor alerts list"):
        command("alerts", "show", 99)


def test_the_life_of_an_article_shows_its_revisions_and_how_it_is_watched(told, command):
    desk, _, item = told
    item.text = item.text.replace("12 days", "14 days")
    desk.sweep(minutes=11)
    shown = command("rules", "explain", 1, "talks")
    assert "revised   2026-03-02 12:17 UTC: edit" in shown
    assert "+ Ruritania offered talks for 14 days" in shown
    assert "watched   until 2026-03-05 12:06 UTC: 1 look" in shown
