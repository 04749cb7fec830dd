"""Messages as a duty editor reads them, and headlines written to do harm."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.contents import TITLE_LIMIT, of_alert
from monitor.core.excerpts import CONTEXT, SENTENCE_LIMIT, excerpts
from monitor.core.hours import MOST_LISTED
from monitor.core.knowledge import ActorId, Event, Status, TypeId
from monitor.core.messages import render_alert, render_digest, render_ops
from monitor.core.model import Completeness, Evidence, RuleId, Severity, Strength, Tier
from monitor.core.reports import Fired, Report
from monitor.core.strangers import link, quiet, shorten

NOW = datetime(2026, 11, 21, 3, 2, tzinfo=UTC)
HEADLINE = "US strikes a dock in northern Venezuela, officials say"
TEXT = (
    "WASHINGTON — US forces struck a dock on Friday, the president said. It was the first raid "
    "of its kind.\n\nAn envoy had offered talks the week before."
)


def hit(field: str, text: str, quote: str) -> Evidence:
    start = text.index(quote)
    return Evidence(field, start, start + len(quote), quote, f"term {quote}")


STRIKES = Fired(
    rule=RuleId("strikes"),
    title="Strikes",
    severity=Severity.CRITICAL,
    strength=Strength.STRONG,
    reason="new story",
    evidence=(
        hit("text", TEXT, "struck"),
        hit("title", HEADLINE, "strikes"),
        hit("title", HEADLINE, "dock"),
    ),
)
TALKS = Fired(
    rule=RuleId("dialogue-offers"),
    title="Dialogue offers",
    severity=Severity.HIGH,
    strength=Strength.WEAK,
    reason="",
    evidence=(hit("text", TEXT, "offered talks"),),
)


DOCK = Fired(
    rule=RuleId("docks"),
    title="Docks",
    severity=Severity.CRITICAL,
    strength=Strength.STRONG,
    reason="",
    evidence=(
        Evidence("title", 3, 10, "strikes", "list $attack via “strikes”", Severity.CRITICAL),
        Evidence("title", 13, 17, "dock", "term", Severity.CRITICAL),
        Evidence("text", 27, 33, "struck", "term", Severity.CRITICAL),
    ),
)


def a_report(**changes: object) -> Report:
    story: dict[str, object] = {
        "headline": HEADLINE,
        "title": HEADLINE,
        "url": "https://wire.example/a/1",
        "outlet": "Example Wire",
        "tier": Tier.STATE_MEDIA,
        "country": "US",
        "language": "en",
        "published_at": NOW - timedelta(minutes=4),
        "seen_at": NOW - timedelta(minutes=2),
        "completeness": Completeness.FULL,
        "fired": (TALKS, STRIKES),
        "outlets": 3,
        "sources": 3,
        "text": TEXT,
    }
    return Report(**{**story, **changes})  # type: ignore[arg-type]


def test_an_alert_says_everything_in_the_order_it_is_needed() -> None:
    message = render_alert(a_report(), now=NOW)
    assert message.title == f"🔴 CRITICAL · {HEADLINE}"
    assert message.body == (
        "Example Wire (state media, US, en) · 3 outlets so far\n"
        "Published 02:58 · seen 03:00 · sent 03:02 UTC, 21 Nov 2026\n"
        "4 min after publication, 2 min after it was seen\n"
        "https://wire.example/a/1\n"
        "\n"
        "▪ Strikes (critical): new story\n"
        "– headline: US »strikes« a »dock« in northern Venezuela, officials say\n"
        "– text: WASHINGTON — US forces »struck« a dock on Friday, the president said.\n"
        "\n"
        "▪ Also, further down the text: Dialogue offers (high)\n"
        "– text: An envoy had »offered talks« the week before.\n"
        "\n"
        "Read: full article"
    )


def test_the_urgency_is_the_strong_rules_own() -> None:
    calm = Fired(
        rule=RuleId("oil"),
        title="Oil",
        severity=Severity.NORMAL,
        strength=Strength.STRONG,
        reason="new story",
    )
    assert render_alert(a_report(fired=(TALKS, calm)), now=NOW).title.startswith("🔵 NORMAL")
    assert render_alert(a_report(fired=(TALKS,)), now=NOW).title.startswith("🟠 HIGH")


def test_an_alert_names_the_words_that_made_it_so_urgent() -> None:
    lines = render_alert(a_report(fired=(DOCK,)), now=NOW).body.split("\n")
    assert "▪ Docks (critical: »strikes« »dock«)" in lines, "two are enough"
    assert "– headline: US »strikes« a »dock« in northern Venezuela, officials say" in lines


def test_the_words_of_a_case_cannot_imitate_another_message() -> None:
    hostile = Evidence("title", 0, 2, "a\n@all evil.example " + "x" * 80, "term", Severity.CRITICAL)
    body = render_alert(a_report(fired=(replace(DOCK, evidence=(hostile,)),)), now=NOW).body
    (line,) = [line for line in body.split("\n") if line.startswith("▪ Docks")]
    assert len(line) < 70
    assert "@" not in line
    assert "l.e" not in line


def test_a_late_alert_says_so() -> None:
    body = render_alert(a_report(seen_at=NOW - timedelta(minutes=45)), now=NOW).body
    assert "\nLATE: 4 min after publication, 45 min after it was seen\n" in body


def test_an_update_that_waited_for_its_turn_is_not_late() -> None:
    def told(minutes: int) -> str:
        seen_at = NOW - timedelta(minutes=minutes)
        return render_alert(a_report(seen_at=seen_at), now=NOW, update=True).body

    assert "\n4 min after publication, 35 min after it was seen\n" in told(35)
    assert "\nLATE: 4 min after publication, 45 min after it was seen\n" in told(45)


def test_an_alert_of_what_was_missed_says_so_before_anything_else() -> None:
    published = NOW - timedelta(hours=3)
    message = render_alert(a_report(missed=True, published_at=published), now=NOW)
    assert message.title == f"🔴 CRITICAL · LATE · {HEADLINE}"
    assert message.body.split("\n")[1:4] == [
        "LATE: the watch was blind when this came out; seen 2 h later",
        "Published 00:02 · seen 03:00 · sent 03:02 UTC, 21 Nov 2026",
        "3 h after publication, 2 min after it was seen",
    ]


@pytest.mark.parametrize("published", [None, NOW])
def test_how_late_is_not_said_where_it_is_not_known(published: datetime | None) -> None:
    body = render_alert(a_report(missed=True, published_at=published), now=NOW).body
    assert "\nLATE: the watch was blind when this came out\n" in body


@pytest.mark.parametrize(
    ("outlets", "sources", "words"),
    [
        (1, 1, "en)\n"),
        (3, 3, "en) · 3 outlets so far\n"),
        (3, 2, "en) · 3 outlets, 2 independent sources\n"),
        (2, 1, "en) · 2 outlets, 1 independent source\n"),
    ],
)
def test_copies_are_not_counted_as_sources(outlets: int, sources: int, words: str) -> None:
    assert words in render_alert(a_report(outlets=outlets, sources=sources), now=NOW).body


def test_an_alert_says_whose_words_an_outlet_prints() -> None:
    body = render_alert(a_report(credit="Agency <b>One</b>", outlets=1), now=NOW).body
    assert body.startswith(
        "Example Wire (state media, US, en) · copy of Agency ‹b›One‹/b›\nPublished"
    )


def test_an_alert_says_whom_an_aggregator_shows() -> None:
    body = render_alert(a_report(publisher=" The Strelsau Times"), now=NOW).body
    assert body.startswith("The Strelsau Times via Example Wire (state media, US, en) · 3 outlets")
    long = render_alert(a_report(publisher="Times and " * 90), now=NOW).body
    assert len(long.split("\n")[0]) < 200


@pytest.mark.parametrize(
    ("published", "words"),
    [
        (None, "Publication time unknown · seen 03:00"),
        (NOW - timedelta(days=1), "Published 20 Nov 03:02 · seen 03:00"),
        (NOW - timedelta(days=400), "Published 17 Oct 2025 03:02 · seen 03:00"),
        (NOW + timedelta(hours=9), "published ahead of our clock"),
        (datetime.min.replace(tzinfo=UTC), "Published 1 Jan 1 00:00"),
        (datetime.max.replace(tzinfo=UTC), "published ahead of our clock"),
    ],
)
def test_every_publication_time_can_be_told(published: datetime | None, words: str) -> None:
    assert words in render_alert(a_report(published_at=published), now=NOW).body


@pytest.mark.parametrize(
    ("completeness", "quality", "words"),
    [
        (Completeness.SUMMARY, "paywall", "Read: summary only: paywall"),
        (Completeness.TITLE, "ok", "Read: headline only"),
    ],
)
def test_an_alert_says_how_much_was_read(
    completeness: Completeness, quality: str, words: str
) -> None:
    report = a_report(completeness=completeness, quality=quality)
    assert render_alert(report, now=NOW).body.endswith(words)


def test_a_long_headline_is_whole_in_the_body() -> None:
    headline = "A very long headline indeed " * 20
    message = render_alert(a_report(headline=headline), now=NOW)
    assert len(message.title) <= TITLE_LIMIT
    assert message.title.endswith("…")
    assert message.body.startswith(headline.strip())


def test_evidence_in_a_field_that_messages_lack_is_the_hit_alone() -> None:
    fired = Fired(
        rule=RuleId("x"),
        title="X",
        severity=Severity.LOW,
        strength=Strength.STRONG,
        reason="",
        evidence=(Evidence("author", 3, 7, "Lee @here", "term"),),
    )
    assert "– author: »Lee ＠here«" in render_alert(a_report(fired=(fired,)), now=NOW).body


# --- excerpts -------------------------------------------------------------------------------


def spans(text: str, *quotes: str) -> list[tuple[int, int]]:
    return [(text.index(quote), text.index(quote) + len(quote)) for quote in quotes]


def test_hits_in_one_sentence_make_one_excerpt() -> None:
    text = "First one. The envoy offered talks to the government on Friday. Last one."
    assert excerpts(text, spans(text, "talks", "envoy")) == [
        "The »envoy« offered »talks« to the government on Friday."
    ]


def test_a_long_sentence_is_cut_at_word_ends_around_each_hit() -> None:
    text = f"{'before and ' * 40}the envoy spoke {'between and ' * 40}of talks {'after and ' * 40}"
    [shown] = excerpts(text, spans(text, "envoy", "talks"))
    assert len(shown) < 4 * CONTEXT + 80
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert "»envoy«" in shown
    assert "»talks«" in shown
    words = set(text.split()) | {"»envoy«", "»talks«", "…"}
    assert set(shown.split()) <= words


def test_a_text_full_of_hits_makes_a_short_excerpt() -> None:
    text = "word after word " * 10_000
    shown = excerpts(text, [(start, start + 4) for start in range(0, len(text), 16)])
    assert sum(map(len, shown)) < 1_000


def test_a_heading_without_a_stop_is_not_shown_as_cut() -> None:
    text = "Intro.\n\nThree pillars of talks\n\nThe first is oil."
    assert excerpts(text, spans(text, "talks")) == ["Three pillars of »talks«"]


def test_an_initial_does_not_end_a_sentence() -> None:
    text = "Officials of the U.S. Southern Command struck a boat."
    assert excerpts(text, spans(text, "struck")) == [
        "Officials of the U.S. Southern Command »struck« a boat."
    ]


def test_the_texts_own_guillemets_are_not_taken_for_marks() -> None:
    text = "Dijo que fue «un ataque» ayer."
    assert excerpts(text, spans(text, "ataque")) == ["Dijo que fue “un »ataque«” ayer."]


def test_spans_outside_the_text_are_left_out() -> None:
    assert excerpts("short", [(3, 99), (-1, 2), (2, 2)]) == []


@given(st.text(max_size=600), st.lists(st.tuples(st.integers(0, 600), st.integers(1, 40))))
def test_an_excerpt_shows_every_hit_and_stays_short(
    text: str, wanted: list[tuple[int, int]]
) -> None:
    hits = [(start, start + length) for start, length in wanted if start + length <= len(text)]
    shown = excerpts(text, hits)
    assert sum(e.count("»") for e in shown) <= len(hits)
    assert bool(shown) == bool(hits)
    assert all("»" in excerpt for excerpt in shown)
    for excerpt in shown:
        held = excerpt.count("»")
        assert len(excerpt) <= 3 * SENTENCE_LIMIT + held * (2 * CONTEXT + 50)


# --- hostile words --------------------------------------------------------------------------

HOSTILE = [
    ("@everyone wake up", "＠everyone wake up"),
    ("@here and @channel", "＠here and ＠channel"),
    ("<!channel> now", "‹!channel› now"),
    ("<!here|here>", "‹!here|here›"),
    ("<@123456> and <@&77>", "‹＠123456› and ‹＠&77›"),
    ("<#C0123>", "‹#C0123›"),
    ("<https://evil.example|Reuters>", "‹https: //evil․example|Reuters›"),
    ("[Reuters](https://evil.example)", "[Reuters] (https: //evil․example)"),
    ("![](http://evil.example/p.png)", "![] (http: //evil․example/p․png)"),
    ("<script>alert(1)</script>", "‹script›alert(1)‹/script›"),
    ('<img src=x onerror="a()">', '‹img src=x onerror="a()"›'),
    ("<a href='tg://user?id=1'>x</a>", "‹a href='tg: //user?id=1'›x‹/a›"),
    ("go to evil.com today", "go to evil․com today"),
    ("EVIL.COM and пример.рф", "EVIL․COM and пример․рф"),
    ("mail a@evil.example", "mail a＠evil․example"),
    ("one\ntwo\r\nthree\u2028four\tfive", "one two three four five"),
    ("Subject: x\r\nBcc: all@x", "Subject: x Bcc: all＠x"),
    ("safe\u202egnp.exe", "safegnp․exe"),
    ("a\u2066b\u2069c\u200bd\ufeffe", "abcde"),
    ("\x1b[31mred\x07\x00", "[31mred"),
    ("half \ud83d a pair", "half a pair"),
    ("Z\u0301\u0302\u0303\u0304\u0305\u0306algo", "Z\u0301\u0302algo"),
    ("@\u200beveryone", "＠everyone"),
    ("\U000e0041tagged", "tagged"),
]
HARMLESS = [
    "EE.UU. y Rusia, S.A.: «sí» — U.S. says 3.5% (a.m.)",
    "¿Qué pasó en Cúcuta? Niño, año, pingüino",
    "[Update] Talks #Live & more: 50/50",
    "委内瑞拉 · Венесуэла · فنزويلا 🔴",
]


@pytest.mark.parametrize(("written", "shown"), HOSTILE)
def test_a_hostile_headline_is_shown_harmless_and_readable(written: str, shown: str) -> None:
    assert quiet(written) == shown
    message = render_alert(a_report(headline=written, title=written), now=NOW)
    assert message.title.endswith(shown)
    assert "\n" not in message.title


@pytest.mark.parametrize("written", HARMLESS)
def test_an_ordinary_headline_stays_as_it_is(written: str) -> None:
    assert quiet(written) == written


@given(st.text(alphabet=st.sampled_from("@<>[](): /.ahtps\n\u202e\u200b!x")))
def test_nothing_that_a_stranger_writes_pings_or_links(text: str) -> None:
    shown = quiet(text)
    assert not re.search(r"[@<>\n\u202e\u200b]|\]\(|://", shown)
    assert quiet(shown) == shown


def test_the_articles_link_is_the_only_one() -> None:
    bad = "see https://evil.example [x](http://evil.example) <http://evil.example>"
    fired = Fired(
        rule=RuleId("x"),
        title=bad,
        severity=Severity.LOW,
        strength=Strength.STRONG,
        reason=bad,
        evidence=(hit("summary", bad, "see"), hit("title", bad, "see")),
    )
    story = a_report(headline=bad, title=bad, outlet=bad, summary=bad, fired=(fired,), quality=bad)
    for message in (
        render_alert(story, now=NOW),
        render_digest([story], heading=bad, now=NOW),
    ):
        text = f"{message.title}\n{message.body}"
        assert re.findall(r"\S+://\S+", text) == ["https://wire.example/a/1"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/x?y=1&z=ñ#p", "https://a.example/x?y=1&z=ñ#p"),
        ("https://a.example/@user/(x)", "https://a.example/%40user/%28x%29"),
        ("https://a.example/>@everyone", "https://a.example/%3E%40everyone"),
        ("  https://a.example/\n x ", "https://a.example/x"),
        ("https://bank.example@evil.example/", None),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("https://", None),
        ("https://[bad", None),
        ("https://a.example/\u202ex", None),
        ("https://a.example/" + "x" * 3_000, None),
        ("", None),
        (None, None),
    ],
)
def test_only_a_plain_web_address_is_a_link(url: str | None, shown: str | None) -> None:
    assert link(url) == shown


def test_an_alert_without_a_usable_link_says_so() -> None:
    body = render_alert(a_report(url="javascript:alert(1)"), now=NOW).body
    assert "(the outlet gave no usable link)" in body


# --- digests and cutting --------------------------------------------------------------------


def test_a_digest_lists_the_urgent_first_then_the_newest() -> None:
    old = a_report(headline="old", published_at=NOW - timedelta(days=2))
    new = a_report(headline="new", published_at=None)
    calm = a_report(headline="calm", fired=(TALKS,))
    message = render_digest([calm, old, new], heading="Weak matches", now=NOW)
    assert message.title == "Weak matches: 3 stories"
    headlines = re.findall(r"^\d+\. \S+ \w+ · (\w+)$", message.body, re.MULTILINE)
    assert headlines == ["new", "old", "calm"]


def test_a_digest_counts_what_it_leaves_out() -> None:
    many = [a_report()] * (MOST_LISTED + 5)
    body = render_digest(many, heading="Many", now=NOW).body
    assert body.endswith("\n\nand 5 more")
    assert body.count("https://") == MOST_LISTED


@pytest.mark.parametrize(("room", "listed"), [(2_000, 6), (0, 1), (1_000_000, 20)])
def test_a_digest_lists_whole_stories_within_the_room_there_is(room: int, listed: int) -> None:
    body = render_digest([a_report()] * 30, heading="Many", now=NOW, room=room).body
    assert len(body) <= room or listed == 1
    assert body.count("https://") == listed
    assert body.endswith(f"\n\nand {30 - listed} more")


def test_a_digest_names_rules_reading_and_evidence() -> None:
    message = render_digest([a_report()], heading="Already there", now=NOW)
    assert message.title == "Already there: 1 story"
    assert message.body == (
        "Sent 03:02 UTC, 21 Nov 2026; all times in UTC\n"
        "\n"
        f"1. 🔴 CRITICAL · {HEADLINE}\n"
        "Example Wire (state media, US, en) · published 02:58 · full article · 3 outlets so far\n"
        "Strikes; Dialogue offers (further down)\n"
        "– headline: US »strikes« a »dock« in northern Venezuela, officials say\n"
        "https://wire.example/a/1"
    )


def test_a_digest_of_what_was_missed_says_from_when_and_how_late() -> None:
    first = a_report(missed=True, published_at=NOW - timedelta(hours=5))
    undated = a_report(missed=True, published_at=None, seen_at=NOW)
    body = render_digest([first, undated], heading="Late", now=NOW).body
    assert body.startswith(
        "Sent 03:02 UTC, 21 Nov 2026; all times in UTC\n"
        "The oldest is from 20 Nov 22:02, the last was seen 03:02\n"
    )
    assert " · published 20 Nov 22:02, seen 4 h later · " in body
    assert " · seen 03:02 · " in body


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("fits", 4, "fits"),
        ("two words", 8, "two…"),
        ("A sentence. Another that goes on", 14, "A sentence.…"),
        ("a line\nhttps://a.example/long", 20, "a line…"),
        ("unbroken", 4, "…"),
        ("anything", 0, ""),
    ],
)
def test_a_text_is_cut_at_a_sentence_or_word(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit=limit) == short


@given(st.text(), st.integers(0, 200))
def test_a_cut_text_is_never_too_long(text: str, limit: int) -> None:
    assert len(shorten(text, limit=limit)) <= limit or len(text) <= limit


# --- the watch itself -----------------------------------------------------------------------


def test_a_notice_says_when_it_was_noted_and_sent() -> None:
    noted = NOW - timedelta(minutes=2)
    message = render_ops("Quiet feed", "One.\n\nTwo.", noted_at=noted, now=NOW)
    assert message.title == "[ops] Quiet feed"
    assert message.body == "One.\n\nTwo.\nNoted 03:00 · sent 03:02 UTC, 21 Nov 2026"


@pytest.mark.parametrize(("written", "shown"), HOSTILE)
def test_a_notice_shows_strangers_words_harmless(written: str, shown: str) -> None:
    message = render_ops(written, written.replace("\n", " "), noted_at=NOW, now=NOW)
    assert message.title == f"[ops] {shown}"
    assert message.body.split("\n")[0] == shown
    assert message.body.count("\n") == 1


# --- events

STRUCK = replace(
    STRIKES,
    event=Event(
        TypeId("threat_of_force"),
        ActorId("us"),
        ActorId("venezuela"),
        Status.CLAIMED,
        "Trump @everyone",
        HEADLINE,
        "text",
        0,
        10,
        source_name="US",
        target_name="dock",
    ),
)


def test_an_alert_says_who_did_what_to_whom_and_quotes_that_sentence_first():
    lines = render_alert(a_report(fired=(STRUCK,)), now=NOW).body.splitlines()
    place = lines.index("▪ Strikes (critical): new story")
    assert lines[place + 1] == (
        "– US → dock: threat of force · claimed by Trump ＠everyone, not confirmed in this article"
    )
    assert lines[place + 2].startswith("– text: ")
    assert lines[place + 3].startswith("– headline: ")


def test_a_digest_says_the_event_of_a_story():
    told = render_digest([a_report(fired=(STRUCK,))], heading="Digest", now=NOW).body
    assert "– US → dock: threat of force · claimed by" in told


def test_a_message_without_an_event_has_no_arrow():
    assert "→" not in render_alert(a_report(fired=(STRIKES,)), now=NOW).body


def test_what_is_weak_in_the_headline_is_not_told_to_stand_further_down() -> None:
    arguable = replace(TALKS, evidence=(hit("title", HEADLINE, "officials"),))
    alert = render_alert(a_report(fired=(STRIKES, arguable)), now=NOW)
    assert "▪ Also: Dialogue offers (high)\n" in alert.body
    digest = render_digest([a_report(fired=(arguable,))], heading="Arguable", now=NOW)
    assert "\nDialogue offers\n" in digest.body


def test_a_cut_after_a_link_leaves_the_link_as_it_is() -> None:
    body = "One line\nhttps://wire.example/a/1\nwords that have no room"
    assert shorten(body, limit=37) == "One line\nhttps://wire.example/a/1 …"
    assert shorten(body, limit=34) == "One line\nhttps://wire.example/a/1"


def test_what_stands_beside_names_its_own_rules_and_the_highest_severity_leads():
    first, other = a_report(fired=(TALKS,)), a_report(fired=(replace(STRIKES, reason="denied"),))
    content = of_alert(first, now=NOW, beside=[other])
    assert content.beside[0].reasons == "Strikes: denied"
    assert content.severity is Severity.CRITICAL
    assert content.title.startswith("🔴 CRITICAL · ")
    assert content.items[0].mark == "🔴 CRITICAL"
    again = of_alert(other, now=NOW, beside=[other])
    assert again.beside[0].reasons == "denied"
