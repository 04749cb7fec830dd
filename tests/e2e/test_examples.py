"""Two real articles, as pages behind a feed: told by mail and by webhook, with good evidence."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import desks
import pytest
import sites
from desks import Clock, Desk
from sites import Answer, Item, Mailbox, Receiver

EXAMPLES = sorted((desks.DATA / "examples").glob("*.txt"))
# What stands around the two articles; none of it may be taken for their text.
AROUND = (
    "Table of Contents",
    "Leave a Comment",
    "Required fields are marked",
    "Scroll to Top",
    "All rights reserved",
)
DIALOGUE = "Talks between the Venezuelan and the US government"
STRIKES = "US military force against Venezuela"

pytestmark = pytest.mark.skipif(not EXAMPLES, reason="needs ../shared/data/examples")


@dataclass
class Newsroom:
    """A feed of the examples that it has been told to show, and their pages."""

    host: str = ""
    shown: tuple[Path, ...] = ()

    def answer(self, path: str, _: Mapping[str, str]) -> Answer:
        if path == "/feed":
            items = [
                Item(headline(each), f"{self.host}/{each.stem}", published=datetime.now(UTC))
                for each in self.shown
            ]
            return Answer(sites.rss(items), headers={"Content-Type": sites.RSS})
        found = next(each for each in EXAMPLES if each.stem == path.strip("/"))
        return Answer(article_page(found), headers={"Content-Type": sites.HTML})


def headline(example: Path) -> str:
    """The example's first line; the one that begins with its text names itself in its contents."""
    lines = example.read_text("utf-8").splitlines()
    if len(lines[0]) < 120:
        return lines[0]
    return next(line for line in lines if line.startswith("- "))[2:]


def article_page(example: Path) -> bytes:
    """The text as a content system shows it: contents, headings, lists, comment form and all."""
    lines = [line for line in example.read_text("utf-8").splitlines() if line.strip()]
    if lines[0] == headline(example):
        lines = lines[1:]
    body = "\n".join(_marked_up(line) for line in lines)
    body = re.sub(r"((?:<li>.*</li>\n?)+)", r"<ul>\1</ul>", body)
    page = sites.page(headline(example), [])
    return page.replace(
        b"<div class='entry-content'>", b"<div class='entry-content'>" + body.encode()
    )


def _marked_up(line: str) -> str:
    if line.startswith("- "):
        return f"<li>{escape(line[2:])}</li>"
    heading = len(line) < 80 and not line.endswith((".", "*", ":"))
    return f"<h2>{escape(line)}</h2>" if heading else f"<p>{escape(line)}</p>"


@contextmanager
def situation(
    tmp_path: Path, *, clock: Clock | None = None
) -> Iterator[tuple[Desk, Newsroom, Receiver, Mailbox]]:
    """A desk with the starter rules that tells by webhook and by mail."""
    with ExitStack() as stack:
        newsroom = Newsroom()
        site = stack.enter_context(sites.site(newsroom.answer))
        newsroom.host = site.url
        receiver = stack.enter_context(sites.receiver())
        mailbox = stack.enter_context(sites.mailbox())
        desk = stack.enter_context(
            desks.desk(
                tmp_path / "desk",
                feeds=[f"{site.url}/feed"],
                allow=[site.place],
                channels={"web": receiver.channel, "mail": mailbox.channel},
                clock=clock,
            )
        )
        yield desk, newsroom, receiver, mailbox


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.stem[:3])
def test_an_example_is_told_once_a_channel_with_both_rules(tmp_path: Path, example: Path) -> None:
    with situation(tmp_path) as (desk, newsroom, receiver, mailbox):
        desk.start()
        desk.wait(lambda: desk.events("feed.polled"))
        newsroom.shown = (example,)
        posts = receiver.wait(bool, seconds=desks.PATIENCE)
        desk.wait(lambda: mailbox.letters)
        desk.wait_until_nothing_is_due()

        assert len(posts) == len(receiver.posts) == len(mailbox.letters) == 1
        letter = mailbox.letters[0]
        content = letter.get_body(("plain", "html"))
        assert content is not None
        for title, text in (
            (posts[0].title, posts[0].text),
            (letter["subject"], content.get_content()),
        ):
            assert headline(example).split(":")[0] in title
            assert DIALOGUE in text
            assert STRIKES in text
        check_evidence(desk, read=1)


def test_examples_that_were_there_before_the_watch_come_as_one_digest(tmp_path: Path) -> None:
    clock = Clock(datetime.now(UTC), speed=5)  # the welcome waits twenty seconds of it
    with situation(tmp_path, clock=clock) as (desk, newsroom, receiver, mailbox):
        newsroom.shown = tuple(EXAMPLES)
        desk.start()
        posts = receiver.wait(bool, seconds=desks.PATIENCE)
        desk.wait(lambda: mailbox.letters)
        desk.wait_until_nothing_is_due()

        assert len(receiver.posts) == len(mailbox.letters) == 1
        assert "2 stories" in posts[0].title
        assert DIALOGUE in posts[0].text
        assert STRIKES in posts[0].text
        check_evidence(desk, read=2)


def check_evidence(desk: Desk, *, read: int) -> None:
    """Each article was read clean and in full, and each quote stands where it says it does."""
    articles = {
        row[0]: {"title": row[1], "text": row[2], "summary": row[3]}
        for row in desk.ask("SELECT id, title, text, summary FROM article")
    }
    assert len(articles) == read
    for fields in articles.values():
        assert len(str(fields["text"]).split()) > 400
        assert [words for words in AROUND if words in str(fields["text"])] == []
    matches = desk.ask("SELECT article_id, rule_id, strength, evidence FROM match")
    found = {(row[0], row[1]): row[2] for row in matches}
    for article in articles:
        assert found[article, "dialogue-offers"] == "strong"
        assert (article, "strikes") in found
    for article, _, _, evidence in matches:
        quotes = json.loads(evidence) if isinstance(evidence, str) else evidence
        assert quotes
        for each in quotes:
            text = str(articles[article][each["field"]])
            assert text[each["start"] : each["end"]] == each["quote"]
