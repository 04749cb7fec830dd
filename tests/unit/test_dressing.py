"""Messages in the form of each kind of channel, and headlines written to do harm there."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from monitor.adapters.dressing import HANDS, SHORTEST, dress
from monitor.config.schemas import document
from monitor.core.contents import Content, of_alert, of_notice
from monitor.core.corroboration import Standing
from monitor.core.digests import of_digest
from monitor.core.fitting import fewer
from monitor.core.knowledge import ActorId, Event, Status, TypeId
from monitor.core.messages import Markup, Message, plain
from monitor.core.model import (
    Channel,
    ChannelName,
    Completeness,
    Evidence,
    RuleId,
    Severity,
    Strength,
    Tier,
)
from monitor.core.reports import Fired, Report

NOW = datetime(2026, 11, 21, 3, 2, tzinfo=UTC)
LINK = "https://wire.example/a/1"
PLAIN = ("slack", "ntfys", "console")
KINDS = ("mailto", "tgram", "matrixs", "discord", "mmosts", "workflows", "json", *PLAIN)
UNSEEN = "[@<>\\x00-\\x09\\x0b-\\x1f\\u200b-\\u200f\\u202a-\\u202e\\u2066-\\u2069]"
ROOM = 30_000  # characters: more than any of these messages has

HEADLINES = Path(__file__).resolve().parents[1] / "data" / "hostile_headlines.json"
HOSTILE: list[str] = json.loads(HEADLINES.read_text("utf-8"))


def a_report(words: str, *, rule: str = "Strikes") -> Report:
    """`words` wherever a stranger's may stand."""
    text = f"First. {words} was said. Last."
    event = Event(
        TypeId("strike"), ActorId("us"), None, Status.CLAIMED, words, words, "text", 0, 9, words
    )
    fired = Fired(
        rule=RuleId("strikes"),
        title=rule,
        severity=Severity.CRITICAL,
        strength=Strength.STRONG,
        reason=f"a new voice: {words}",
        evidence=(
            Evidence("text", 7, 7 + len(words), words, f"term {words}", Severity.CRITICAL),
            Evidence("author", 0, 5, words, "term"),
        ),
        event=event,
    )
    return Report(
        headline=f"Alarm {words} ended",
        title=f"Alarm {words} ended",
        url=LINK,
        outlet=words,
        publisher=words,
        credit=words,
        tier=Tier.WIRE,
        country="US",
        language="en",
        published_at=NOW - timedelta(minutes=4),
        seen_at=NOW - timedelta(minutes=2),
        completeness=Completeness.FULL,
        fired=(fired,),
        standing=Standing((words, words), words, words, claimed=True, outlets=3),
        quality=words,
        text=text,
        folded=2,
    )


def forms(words: str) -> list[Content]:
    report = a_report(words)
    beside = [a_report(words), a_report(words)]
    return [
        of_alert(report, now=NOW),
        of_alert(report, now=NOW, beside=beside, update=True),
        of_digest([report, *beside], heading="Digest", now=NOW),
    ]


def dressed(kind: str, content: Content, *, room: int = ROOM) -> Message:
    channel = Channel(ChannelName("x"), f"{kind}://somewhere")
    return dress(channel, content, room=room, now=NOW)


class Page(HTMLParser):
    """Tags with their attributes, and what people see."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.seen = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name == "href"}
        self.seen += "\n" if tag in {"br", "div"} else ""

    def handle_data(self, data: str) -> None:
        self.seen += data


def seen_in_markdown(text: str) -> str:
    """What people see; fails on a sign that is neither escaped nor ours."""
    links = re.sub(rf"\[{re.escape(LINK)}\]\({re.escape(LINK)}\)", LINK, text)
    bare = re.sub(r"\\[\\*_~`|\[\]#]", "", links).replace("**", "")
    assert not re.findall(r"[*_~`|\[\]#\\]", bare)
    return re.sub(r"\\([\\*_~`|\[\]#])", r"\1", links.replace("**", ""))


def shown(kind: str, message: Message) -> str:
    """What people see of a message; fails on markup that is not ours."""
    form = message.dressed
    if form is None:
        return f"{message.title}\n{message.body}"
    if form.markup is Markup.HTML:
        page = Page(form.body)
        chat = {"b", "a", "br"}
        mail = {"html", "head", "meta", "body", "div", "span", "b", "a"}
        assert page.tags <= (mail if kind.startswith("mailto") else chat)
        assert page.attributes <= {"style", "href", "charset", "name", "content"}
        assert page.links <= {LINK}
        return f"{form.title}\n{page.seen}"
    return seen_in_markdown(f"{form.title}\n{form.body}")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("words", HOSTILE)
def test_nothing_dangerous_in_a_headline_passes_and_it_stays_readable(
    kind: str, words: str
) -> None:
    for content in forms(words):
        message = dressed(kind, content)
        seen = shown(kind, message)
        assert not re.search(
            r"[@<>\x00-\x09\x0b-\x1f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", seen
        )
        assert not re.search(r"\]\(", seen)
        assert set(re.findall(r"\S*://\S*", seen)) == {LINK}
        assert "Alarm" in seen
        assert "\n" not in message.title
        json.dumps([seen, message.facts], ensure_ascii=False).encode()  # no half a letter


@pytest.mark.parametrize("words", HOSTILE)
def test_what_a_webhook_gets_fits_its_schema_and_harms_nobody_who_passes_it_on(words: str) -> None:
    check = Draft7Validator(document("webhook"))
    for content in [*forms(words), of_notice("Title", "Body")]:
        message = dressed("jsons", content)
        sent = {"title": message.title, "message": message.body, "monitor": message.facts}
        assert [each.message for each in check.iter_errors(sent)] == []
        told = json.dumps(message.facts, ensure_ascii=False).replace(LINK, "")
        assert not re.search(r"[@<>]|://|\]\(", told)


def test_a_webhook_gets_what_the_message_says_under_keys_that_stay() -> None:
    [alert, update, digest] = forms("words")
    facts = dressed("json", alert).facts
    assert facts is not None
    assert (facts["version"], facts["kind"], facts["severity"]) == (1, "alert", "critical")
    [story] = facts["stories"]  # type: ignore[misc]
    assert story["published_at"] == "2026-11-21T02:58:00Z"
    [rule] = story["rules"]
    assert rule["event"]["status"] == "claimed"
    assert rule["evidence"][0]["start"] == 7
    assert [len((dressed("json", each).facts or {})["stories"]) for each in (update, digest)] == [  # type: ignore[arg-type]
        3,
        3,
    ]


def test_a_hit_is_marked_in_what_each_service_marks_up() -> None:
    content = forms("words")[0]
    bodies = {kind: dressed(kind, content).dressed for kind in HANDS}
    assert all(form is not None for form in bodies.values())
    for kind, form in bodies.items():
        assert form is not None
        html = form.markup is Markup.HTML
        assert re.search(r"»<b[^>]*>words</b>«" if html else r"»\*\*words\*\*«", form.body), kind


@pytest.mark.parametrize("kind", ["tgram", "discord", "workflows", "mailto"])
@pytest.mark.parametrize("room", [4_000, 2_000, 1_000, 600])
def test_what_is_too_long_loses_pieces_from_its_end_and_breaks_no_markup(
    kind: str, room: int
) -> None:
    for content in forms("*some* <b>words</b> & more of them " * 6):
        form = dressed(kind, content, room=room).dressed
        if form is None:  # a mail's own frame has no room in it
            assert room < 2 * SHORTEST or kind == "mailto"
            continue
        assert len(form.body) <= room
        if form.markup is Markup.HTML:
            assert len(re.findall(r"<b[ >]", form.body)) == form.body.count("</b>")
        else:
            seen_in_markdown(form.body)
            assert form.body.count("**") % 2 == 0


def test_what_is_left_out_is_counted_and_the_last_goes_first() -> None:
    content = forms("words")[2]
    first = fewer(content)
    assert first is not None
    assert (len(first.items), first.more) == (2, 1)
    assert plain(first).body.endswith("and 1 more")
    alert: Content | None = forms("words")[1]
    while alert is not None:
        least, alert = alert, fewer(alert)
    assert least.beside == ()
    assert least.more == 2
    assert [why.quotes for why in least.items[0].whys] == [()]


def test_why_a_message_comes_to_another_channel_stands_above_all_else() -> None:
    content = replace(forms("words")[0], preface="Sent here because desk is down.")
    assert plain(content).body.startswith("Sent here because desk is down.\n")
    for kind in HANDS:
        seen = shown(kind, dressed(kind, content))
        assert seen.index("Sent here") < seen.index("Published")


def test_a_notice_keeps_its_lines_and_its_link() -> None:
    content = of_notice("OVER · *Oil*", f"It is *over*\n\n{LINK}\nhttps://evil.example and more")
    body = dressed("discord", content).dressed
    assert body is not None
    assert body.body.split("\n") == [
        r"**OVER · \*Oil\***",
        r"It is \*over\*",
        "",
        LINK,
        "https://evil.example and more",
    ]
    mail = dressed("mailto", content).dressed
    assert mail is not None
    assert Page(mail.body).links == {LINK}
