"""What a digest says: stories ranked, grouped by rule and capped; how much came when; the gaps."""

import struct
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.core import outages, pictures
from monitor.core.contents import Notice
from monitor.core.coverage import Cause
from monitor.core.digests import BARS, chart, notice, of_digest
from monitor.core.messages import plain
from monitor.core.model import Completeness, RuleId, Severity, StoryId, Strength, Tier
from monitor.core.outages import Missed, Outage
from monitor.core.reports import Fired, Report
from monitor.core.volume import Span
from monitor.core.wording.english import ENGLISH
from monitor.core.wording.spanish import SPANISH

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def told(
    headline, *, rule="oil", severity=Severity.NORMAL, story=None, sources=1, hour=11, weight=0
):
    fired = Fired(
        rule=RuleId(rule), title=f"About {rule}", severity=severity, strength=Strength.STRONG,
        reason="first report of this story", weight=weight,
    )  # fmt: skip
    return Report(
        headline=headline, url=None, outlet="The Wire", tier=Tier.WIRE, country="GB",
        language="en", published_at=NOW.replace(hour=hour), seen_at=NOW.replace(hour=hour),
        completeness=Completeness.FULL, fired=(fired,), sources=sources, outlets=sources,
        story=None if story is None else StoryId(story),
    )  # fmt: skip


def headlines(content):
    return [item.headline for item in content.items]


def test_stories_stand_by_severity_then_sources_then_what_is_new_then_time():
    found = of_digest(
        [
            told("old", hour=8),
            told("more on what was told", weight=3),
            told("new", hour=10),
            told("carried by many", sources=4, hour=7),
            told("urgent", severity=Severity.HIGH, hour=1),
        ],
        heading="Digest",
        now=NOW,
    )
    assert headlines(found) == ["urgent", "carried by many", "new", "old", "more on what was told"]


def test_stories_of_a_rule_stand_together_below_its_name():
    found = of_digest(
        [
            told("first", severity=Severity.HIGH),
            told("second", rule="gas"),
            told("third", hour=3),
        ],
        heading="Digest",
        now=NOW,
    )
    assert headlines(found) == ["first", "third", "second"]
    body = plain(found).body
    assert body.count("■ About oil") == body.count("■ About gas") == 1
    assert body.index("■ About oil") < body.index("third") < body.index("■ About gas")
    assert "\nAbout oil\n" not in body, "the name of the rule stands above already"


def test_a_story_is_told_once_with_its_other_articles_below():
    found = of_digest(
        [told(f"version {hour}", story=7, hour=hour) for hour in (1, 2, 3, 4, 5)] + [told("other")],
        heading="Digest",
        now=NOW,
    )
    assert found.title == "Digest: 2 stories"
    body = plain(found).body
    assert "Also: version 4 · The Wire · 04:00" in body
    assert "and 1 more article" in body


def test_beyond_its_limit_stories_are_counted():
    found = of_digest([told(f"story {n}") for n in range(5)], heading="Digest", now=NOW, limit=2)
    assert (len(found.items), found.more, len(found.reports)) == (2, 3, 2)
    assert plain(found).body.endswith("and 3 more")


def test_an_empty_digest_says_so():
    assert of_digest([], heading="Digest", now=NOW).title == "Digest: nothing new"
    assert of_digest([], heading="Resumen", now=NOW, words=SPANISH).title == "Resumen: nada nuevo"


def test_notices_stand_before_the_stories_and_are_cut_short():
    long = notice("A spike", "\n".join("abcdefghij"), at=NOW, now=NOW, words=ENGLISH)
    assert long.lines[-1] == "and 4 more"
    found = of_digest([told("news")], heading="Held", now=NOW, notices=[Notice("one"), long])
    assert found.title == "Held: 1 story, 2 notices"
    body = plain(found).body
    assert body.index("▪ 12:00 · A spike") < body.index("news")


def test_the_chart_has_a_bar_an_hour_for_a_day_and_wider_ones_for_longer():
    moments = [NOW - timedelta(minutes=10)] * 3 + [NOW - timedelta(hours=23, minutes=30)]
    found = chart(moments, since=NOW - timedelta(hours=2), now=NOW)
    assert found is not None
    assert (found.counts[0], found.counts[-1], sum(found.counts)) == (1, 3, 4)
    assert found.words == "Matches since 1 Mar 12:00: 4, at most 3 in 1 hour"
    assert len(found.line) == BARS
    longer = chart(moments, since=NOW - timedelta(days=3), now=NOW)
    assert longer is not None
    assert longer.words.endswith("at most 3 in 6 hours")


def test_of_a_single_match_there_is_no_chart():
    assert chart([NOW], since=NOW - timedelta(hours=2), now=NOW) is None


def test_the_picture_is_a_png_with_a_bar_a_number():
    counts = (0, 1, 4)
    png = pictures.bars(counts)
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(png) < 1_000
    width, height = struct.unpack(">II", png[16:24])
    assert width == 2 * pictures.width(counts)
    start = png.index(b"IDAT")
    (size,) = struct.unpack(">I", png[start - 4 : start])
    pixels = zlib.decompress(png[start + 4 : start + 4 + size])
    lines = [pixels[at + 1 : at + width + 1] for at in range(0, len(pixels), width + 1)]
    assert len(lines) == height
    columns = [at * width // 3 for at in range(3)]
    tall = [sum(line[column] == 1 for line in lines) for column in columns]
    assert tall[0] == 0
    assert tall[2] == height - 4 > 3 * tall[1] > 0


def test_an_outage_is_told_with_the_feeds_that_may_have_lost_something():
    span = Span(NOW - timedelta(hours=5), NOW - timedelta(hours=1))
    missed = [
        Missed("The Wire", "wire.example", span, 20),
        Missed("Daily", "daily.example", span, 3),
    ]
    found = Outage([(span, Cause.STOPPED)], missed, ["Far Away"])
    first, second, third = outages.lines(found, now=NOW, words=ENGLISH)
    assert [first, third] == [
        "Nobody looked from 07:00 to 11:00: the watch was not running",
        "Not back yet, so more may follow: Far Away",
    ]
    assert second.startswith("Up to 23 items may have come and gone unseen: The Wire (wire\u2024ex")
    assert "): 20, from 07:00 to 11:00; Daily" in second
    whole = replace(found, missed=(), blind=())
    assert outages.lines(whole, now=NOW, words=ENGLISH)[1].startswith("No feed shows a gap")
    assert outages.lines(Outage(), now=NOW, words=ENGLISH) == []
