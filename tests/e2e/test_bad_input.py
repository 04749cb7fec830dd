"""Bad feeds, bad pages, a channel that refuses: each is named, and the good ones go on."""

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import desks
import sites
from desks import Desk
from sites import Answer, Item

COOKIES = (
    "We use cookies. Accept all cookies or manage preferences. Our partners use personal data."
)
GARBAGE = random.Random(4).randbytes(5_000)

NEVER = threading.Event()


def hang(out: Any) -> None:
    """Never say a word more."""
    NEVER.wait()


def pour(out: Any, *, megabytes: int) -> None:
    """Write a body without end, or until nobody listens any more."""
    for _ in range(megabytes):
        out.write(b"<p>" + b"a" * 999_997)


# What each bad feed answers, and words by which a person knows what is wrong with it.
FEEDS: dict[str, tuple[Answer, str]] = {
    "a page": (
        Answer(sites.page("News", ["Welcome."]), headers={"Content-Type": sites.HTML}),
        "this is an HTML page, not a feed",
    ),
    "empty": (Answer(headers={"Content-Type": sites.RSS}), "this is empty, not a feed"),
    "100 MB": (Answer(drip=lambda out: pour(out, megabytes=100)), "more than 5,000,000 bytes"),
    "no XML": (Answer(b"Service is down for maintenance."), "plain text, not a feed"),
    "not found": (Answer(status=404), "answered 404"),
    "broken": (Answer(status=500), "answered 500"),
    "garbage": (Answer(GARBAGE, headers={"Content-Type": sites.RSS}), "not a feed"),
    "a loop": (Answer(status=302, headers={"Location": "/feed"}), "sent us on more than 5 times"),
}
# What stands behind items of the good feed, and what is said of it.
PAGES: dict[str, tuple[Answer, str]] = {
    "pdf": (Answer(b"%PDF-1.7\n" + GARBAGE, headers={"Content-Type": "application/pdf"}), "PDF"),
    "wall": (
        Answer(sites.page("Your privacy", [COOKIES] * 3), headers={"Content-Type": sites.HTML}),
        "cookie",
    ),
    "huge": (Answer(drip=lambda out: pour(out, megabytes=10)), "more than 3,000,000 bytes"),
    "hangs": (Answer(drip=hang), "no complete answer within 1 s"),
}
HEADLINES = {
    "pdf": "Maduro says Venezuela is open to dialogue with the United States",
    "wall": "Chevron ships more oil as the US eases sanctions on Venezuela",
    "huge": "US strikes a dock in Venezuela, Trump says",
    "hangs": "US seizes tanker Lucero off the coast of Trinidad",
}


def fixed(answer: Answer, path: str, headers: Mapping[str, str]) -> Answer:
    return answer


def good(host: Callable[[], str], path: str, headers: Mapping[str, str]) -> Answer:
    """The good feed: its bad pages appear with the second poll, when the watch is live."""
    if path != "/feed":
        return PAGES.get(path.strip("/"), (Answer(status=404), ""))[0]
    known = headers.get("if-none-match") == '"1"'
    items = [Item("Baker wins the bread prize", f"{host()}/bread", published=datetime.now(UTC))]
    if known:
        items = [
            Item(title, f"{host()}/{name}", title, datetime.now(UTC))
            for name, title in HEADLINES.items()
        ]
    return Answer(sites.rss(items), headers={"Content-Type": sites.RSS, "ETag": '"1"'})


def news(posts: Sequence[Any]) -> list[Any]:
    """The messages without those about the watch itself: that a channel takes none is told too."""
    return [post for post in posts if not post.title.startswith("[ops]")]


def test_bad_feeds_pages_and_channels_are_named_and_the_good_ones_go_on(tmp_path: Path) -> None:
    with ExitStack() as stack:
        bad = {
            name: stack.enter_context(sites.site(partial(fixed, answer)))
            for name, (answer, _) in FEEDS.items()
        }
        hanging = Answer(drip=hang)
        bad["hangs"] = stack.enter_context(sites.site(partial(fixed, hanging)))
        host = stack.enter_context(sites.site(fixed))
        host.answer = partial(good, lambda: host.url)
        willing = stack.enter_context(sites.receiver())
        refusing = stack.enter_context(sites.receiver(status=403, words="this room is closed"))
        desk = stack.enter_context(
            desks.desk(
                tmp_path / "desk",
                feeds=[f"{each.url}/feed" for each in (*bad.values(), host)],
                allow=[each.place for each in (*bad.values(), host)],
                channels={"willing": willing.channel, "refusing": refusing.channel},
                deadline="1 second",
            )
        )
        process = desk.start()
        posts = willing.wait(lambda posts: len(news(posts)) >= 4, seconds=desks.PATIENCE)
        desk.wait(lambda: len(failed(desk)) >= len(bad))
        status = desk.status()

        # Every headline was told, with what could be read and why no more.
        told = {post.title.partition(" · ")[2]: post.text for post in news(posts)}
        assert set(told) == set(HEADLINES.values())
        for name, (_, words) in PAGES.items():
            assert words in told[HEADLINES[name]], name

        # Every bad feed is named in the log, in the words of its own mistake.
        words_of = {name: words for name, (_, words) in FEEDS.items()}
        words_of["hangs"] = "no complete answer within 1 s"
        for name, site in bad.items():
            said = failed(desk)[f"{site.url}/feed"]
            assert words_of[name] in said, (name, said)
        rows = dict(desk.ask("SELECT url, failure FROM feed WHERE failure IS NOT NULL"))
        assert set(rows) == {f"{site.url}/feed" for site in bad.values()}
        # Status counts them all and shows the worst.
        feeds: Any = status["feeds"]
        assert (feeds["in_use"], feeds["ok"]) == (len(bad) + 1, 1)
        assert feeds["failing"] + feeds["never_reached"] == len(bad)
        assert all(each["failure"] == rows[each["url"]] for each in feeds["worst"])

        # What was refused waits, and says in whose words.
        deliveries: Any = status["deliveries"]
        states = {(each["channel"], each["state"]): each for each in deliveries}
        assert states["willing", "sent"]["count"] == 5, "the headlines, and that the other refuses"
        waiting = states["refusing", "queued"]
        assert waiting["count"] == 4
        assert "403 Forbidden: this room is closed" in waiting["failure"]
        assert any("403" in str(event["failure"]) for event in desk.events("delivery.failed"))
        desk.end(process)

        # Nothing is lost.
        assert desk.number("SELECT count(*) FROM delivery WHERE state IN ('queued', 'sent')") == 9
        assert desk.number("SELECT count(*) FROM entry") == 5
        assert desk.number("SELECT count(*) FROM article WHERE triaged_at IS NOT NULL") == 5


def failed(desk: Desk) -> dict[str, str]:
    """The log's words about each feed that failed."""
    return {str(event["url"]): str(event["failure"]) for event in desk.events("feed.failed")}
