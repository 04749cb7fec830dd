"""Every real feed we have, and real feeds and pages through the real daemon to mail and webhook."""

import gzip
import io
import json
import re
import tarfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import desks
import pytest
import sites
from desks import Desk
from sites import Answer, Item, Mailbox, Receiver, Site

from monitor.adapters import feeds
from monitor.core.model import ParsedFeed

FEEDS = desks.DATA / "feeds"
RAW = {"sanitize_html": False, "resolve_relative_uris": False}  # four times faster, as many items
SECOND = 1.0  # of processor time that one feed may take
ROOM = 100_000  # kB that reading one feed may need beside what the process holds
SNAPSHOTS = 12  # of each polling history
OUTLETS = desks.DATA / "feeds" / "news_outlets"
PAGES = desks.DATA / "pages"
SHOWN = 5  # items of each feed, so that two busy cores read all their pages in a minute
PATIENCE = 240  # seconds, on a machine that does other work beside
ALONE = "Maduro offers talks to Trump over the lighthouse at Quillmouth"  # for a starter rule
BROAD = "rules: [{id: rulers, title: Those who rule, when: {any: [president*, gobierno]}}]\n"
RSS_OR_ATOM_ITEM = re.compile(rb"<(item|entry)[\s>].*?</\1>", re.DOTALL)
# What an address in an item begins with: in an element's text, with or without CDATA, or in href.
ADDRESS = re.compile(
    rb"(<(?:link|guid|id|feedburner:origLink)\b[^>]*>\s*(?:<!\[CDATA\[\s*)?|"
    rb"<(?:atom:)?link\b[^>]*?\bhref=[\"'])https?://[^/<\"'\s\]]+"
)

pytestmark = pytest.mark.skipif(
    not (OUTLETS / "index.json").is_file() or not (PAGES / "gold.jsonl").is_file(),
    reason="needs ../shared/data/feeds/news_outlets and ../shared/data/pages",
)


def test_real_feeds_and_pages_go_the_whole_road_to_mail_and_webhook(tmp_path: Path) -> None:
    listed = json.loads((OUTLETS / "index.json").read_text("utf-8"))
    late: list[Item] = []
    with situation(tmp_path, [each["file"] for each in listed], late) as (desk, web, mail):
        process = desk.start()
        desk.wait(lambda: desk.events("watch.started"))
        assert desk.number("SELECT count(*) FROM feed") == len(listed) + 1
        desk.wait(
            lambda: desk.number("SELECT count(*) FROM feed WHERE polled_at IS NULL") == 0,
            seconds=PATIENCE,
        )
        desk.wait_until_nothing_is_due(seconds=PATIENCE)
        check_road(desk, holding={outlet_id(each["file"]) for each in listed if each["items"]})
        assert len(web.posts) == len(mail.letters) == 1
        assert "stories" in web.posts[0].title
        assert "Those who rule" in web.posts[0].text

        late.append(Item(ALONE, "/quillmouth", published=datetime.now(UTC)))
        posts = web.wait(lambda posts: len(posts) > 1, seconds=desks.PATIENCE)
        desk.wait(lambda: len(mail.letters) > 1)
        desk.wait_until_nothing_is_due()
        desk.end(process)

        check_road(desk, holding={"late"})
        assert ALONE in posts[1].title
        assert [letter["subject"] for letter in mail.letters] == [post.title for post in posts]
        assert desk.ask("SELECT DISTINCT state FROM delivery") == [("sent",)]


def test_every_feed_is_read_at_least_as_well_as_by_feedparser_in_bounded_time_and_room() -> None:
    import feedparser  # noqa: PLC0415 - only as a yardstick

    fewer, slow, large, count = [], [], [], 0
    for name, body in documents():
        count += 1
        before = peak(anew=True)
        spent, listed = read(body)
        if peak() - before > ROOM:
            large.append(name)
        if spent > SECOND and read(body)[0] > SECOND:  # twice: other work shares the cores
            slow.append(name)
        try:
            theirs = len(feedparser.parse(io.BytesIO(body), **RAW).entries)
        except Exception:  # noqa: BLE001 - whatever it raises, it found nothing
            theirs = 0
        if listed < theirs:
            fewer.append((name, listed, theirs))
    assert count > 3_000
    assert (fewer, slow, large) == ([], [], [])


@pytest.mark.parametrize(
    "archive", sorted(FEEDS.glob("poll_history_*")), ids=lambda path: path.name
)
def test_real_polls_overlap_and_read_only_what_changed(archive: Path) -> None:
    with tarfile.open(archive) as stored:
        members = sorted((one for one in stored if one.isfile()), key=lambda one: one.name)
        bodies = [stored.extractfile(one).read() for one in members[:SNAPSHOTS]]
    for earlier, later in pairwise(bodies):
        known, whole = parsed(earlier), parsed(later)
        new = parsed(later, marks=known.marks, newest=known.newest)
        assert new.overlapped is True
        assert len(new.entries) < len(whole.entries) / 2
        assert set(new.entries) >= set(whole.entries) - set(known.entries)
        assert (new.marks, new.newest) == (whole.marks, whole.newest)


def parsed(body: bytes, **seen: bytes) -> ParsedFeed:
    return feeds.parse_feed(body, url="https://gazette.example/feed", **seen)


def read(body: bytes) -> tuple[float, int]:
    """Seconds of processor time, and how many items the document lists for us."""
    began = time.process_time()
    try:
        found = parsed(body)
        listed = len(found.entries) + found.cut
    except feeds.NotAFeed:
        listed = 0
    return time.process_time() - began, listed


def peak(*, anew: bool = False) -> int:
    """The most memory that this process held, in kB, since it was last counted anew."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5", "ascii")
    found = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text("ascii"))
    assert found
    return int(found[1])


def documents() -> Iterator[tuple[str, bytes]]:
    """Every document beside lists and histories: two suites, and feeds as outlets served them."""
    for path in sorted(FEEDS.rglob("*")):
        if "feed_lists" in path.parts or "poll_history" in path.name or not path.is_file():
            continue
        if ".tar." in path.name:
            with tarfile.open(path) as archive:
                for one in archive:
                    if one.isfile():
                        yield f"{path.name}/{one.name}", archive.extractfile(one).read()
        else:
            body = path.read_bytes()
            yield path.name, gzip.decompress(body) if path.suffix == ".gz" else body


def check_road(desk: Desk, *, holding: set[str]) -> None:
    """Every feed that holds items gave entries, each entry became a judged article, no bug."""
    gave = "SELECT DISTINCT outlet_id FROM feed JOIN entry ON entry.feed_id = feed.id"
    assert holding <= {row[0] for row in desk.ask(gave)}
    assert desk.events("step.failed") == []
    assert desk.ask("SELECT url, failure FROM entry WHERE article_id IS NULL") == []
    assert desk.ask("SELECT url, failure FROM entry WHERE failure IS NOT NULL") == []
    assert desk.ask("SELECT url FROM article WHERE triaged_at IS NULL") == []
    assert desk.ask("SELECT url FROM entry WHERE url NOT LIKE 'http://127.0.0.1:%'") == []
    read = desk.number("SELECT count(*) FROM article WHERE completeness = 'full'")
    assert int(str(read)) > int(str(desk.number("SELECT count(*) FROM article"))) / 2


@contextmanager
def situation(
    tmp_path: Path, files: Sequence[str], late: list[Item]
) -> Iterator[tuple[Desk, Receiver, Mailbox]]:
    """Each feed is that of an outlet with a site of its own; one more shows what is in `late`."""
    with ExitStack() as stack:
        served = {outlet_id(file): stack.enter_context(outlet(file)) for file in files}
        served["late"] = stack.enter_context(sites.site(lambda path, _: late_answer(path, late)))
        web = stack.enter_context(sites.receiver())
        mail = stack.enter_context(sites.mailbox())
        desk = stack.enter_context(
            desks.desk(
                tmp_path / "desk",
                feeds=[],
                allow=[site.place for site in served.values()],
                channels={"web": web.channel, "mail": mail.channel},
                interval="1 hour",
                first_sight="36500 days",
            )
        )
        (desk.directory / "outlets" / "wire.yaml").write_text(listing(served))
        # The starter rules meet nothing in these feeds.
        (desk.directory / "rules" / "broad.yaml").write_text(BROAD)
        yield desk, web, mail


def listing(served: Mapping[str, Site]) -> str:
    """The outlets as their file names them; only the late one is asked again within the test."""
    outlets = [
        {
            "id": name,
            "name": name,
            "country": "US",
            "language": "en",
            "tier": "national",
            "feeds": [
                {"url": f"{site.url}/feed"} | ({"interval": "1 second"} if name == "late" else {})
            ],
        }
        for name, site in served.items()
    ]
    return json.dumps({"outlets": outlets})


def outlet_id(file: str) -> str:
    return file.removesuffix(".xml.gz").replace(".", "-").lower()


@contextmanager
def outlet(file: str) -> Iterator[Site]:
    """A site with one real feed, led to itself, and a real page at every other address."""
    made: list[Site] = []

    def answer(path: str, _: Mapping[str, str]) -> Answer:
        if path != "/feed":
            return Answer(real_page(path), headers={"Content-Type": "text/html"})
        body = local(gzip.decompress((OUTLETS / file).read_bytes()), made[0].url)
        return Answer(body, headers={"Content-Type": "application/xml"})

    with sites.site(answer) as site:
        made.append(site)
        yield site


def local(feed: bytes, site: str) -> bytes:
    """A feed with a few of its items, those on the starter rules' subject first, led to a site."""
    items = [found[0] for found in RSS_OR_ATOM_ITEM.finditer(feed)]
    chosen = sorted(items, key=lambda item: b"venezuela" not in item.lower())[:SHOWN]
    for item in items:
        if item not in chosen:
            feed = feed.replace(item, b"")
    return RSS_OR_ATOM_ITEM.sub(
        lambda item: ADDRESS.sub(lambda at: at[1] + site.encode(), item[0]), feed
    )


def real_page(path: str) -> bytes:
    pages = page_files()
    return gzip.decompress(pages[crc32(path.encode()) % len(pages)].read_bytes())


@cache
def page_files() -> tuple[Path, ...]:
    """The pages of the gold set."""
    lines = (PAGES / "gold.jsonl").read_text("utf-8").splitlines()
    return tuple(PAGES / json.loads(line)["file"] for line in lines)


def late_answer(path: str, late: Sequence[Item]) -> Answer:
    if path == "/feed":
        return Answer(sites.rss(list(late)), headers={"Content-Type": sites.RSS})
    text = ["The keeper of the lighthouse at Quillmouth heard it on the radio, he said."] * 5
    return Answer(sites.page(ALONE, text), headers={"Content-Type": sites.HTML})
