"""What becomes of the page behind an entry, from a feed on real servers to the message."""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from monitor import visits
from monitor.core.model import Access, Feed, OutletId, PageRules
from monitor.storage import articles
from monitor.storage.schema import article, entry, host

WALLS = Path(__file__).resolve().parents[1] / "data" / "pages" / "walls"
NEWS = "Strelsau offers talks"
FORBID = "User-agent: *\nDisallow: /"
CHECK = (
    "<html><head><title>Just a moment...</title></head><body><script>window._cf_chl_opt={}"
    "</script><noscript>Enable JavaScript and cookies to continue</noscript></body></html>"
)


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Reading commits through the same statements as everything else: one database will do."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'monitor.db'}"
    create: Callable[[], str] = request.getfixturevalue("postgresql_server")
    return create()


@dataclass
class Answer:
    """What a server says to one path."""

    body: str | bytes = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/html"})


@dataclass
class Site:
    """A web server that answers as told, and remembers the path and headers of each request."""

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, Message]] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def home(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def headers_of(self, path: str) -> Message:
        return next(headers for asked, headers in reversed(self.asked) if asked == path)

    def answer(self, path: str) -> Answer:
        if not path.startswith("/feed"):
            return self.answers.get(path, Answer("no such page", 404))
        items = "".join(self.items) if path == "/feed" else ""
        feed = (
            '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>News</title>'
            f"{items}</channel></rss>"
        )
        return Answer(feed, headers={"Content-Type": "application/rss+xml"})

    def lists(
        self,
        title: str,
        *,
        at: str,
        summary: str = "",
        published: datetime | None = None,
        more: str = "",
    ) -> None:
        """Put an item into the feed; `at` is a path of this site or a whole address."""
        link = at if at.startswith("http") else f"{self.home}{at}"
        dated = f"<pubDate>{format_datetime(published)}</pubDate>" if published else ""
        self.items.append(
            f"<item><title>{escape(title)}</title><guid>{link}#{len(self.items)}</guid>"
            f"<link>{link}</link><description>{escape(summary)}</description>{dated}{more}</item>"
        )

    def shows(self, path: str, text: str, *, title: str = "News", head: str = "") -> None:
        """Put an article there."""
        self.answers[path] = Answer(page(text, title=title, head=head))


def page(text: str, *, title: str = "News", head: str = "") -> str:
    parts = "".join(f"<p>{escape(part)}</p>" for part in text.split("\n"))
    return (
        f'<html lang="en"><head><title>{title}</title>{head}</head><body><article>'
        f"<h1>{title}</h1>{parts}</article></body></html>"
    )


@contextmanager
def serving(respond: Callable[[BaseHTTPRequestHandler], Answer]) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = respond(self)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            body = answer.body
            self.wfile.write(body.encode() if isinstance(body, str) else body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def opened_site() -> Iterator[Site]:
    site = Site()

    def respond(request: BaseHTTPRequestHandler) -> Answer:
        site.asked.append((request.path, request.headers))
        return site.answer(request.path)

    with serving(respond) as site.port:
        yield site


@pytest.fixture
def site() -> Iterator[Site]:
    """The outlet's own server, with its feed at /feed."""
    with opened_site() as site:
        yield site


@pytest.fixture
def elsewhere() -> Iterator[Site]:
    """A server of somebody else."""
    with opened_site() as site:
        yield site


@pytest.fixture
def watch_site(open_desk, site: Site, elsewhere: Site):
    """Opens a desk whose outlet has the site's feed, polled once while it was empty."""

    def open_it(*, pages: str = "{}", feed: str = "", fetch: str = "", more: str = ""):
        allowed = ", ".join(f'"127.0.0.1:{each.port}"' for each in (site, elsewhere))
        desk = open_desk(
            monitor="version: 1\nstate: var\n"
            "poll: {interval: 5 minutes, shortest: 5 minutes, longest: 5 minutes}\n"
            f"fetch: {{allow: [{allowed}]{fetch}}}\n",
            outlets__papers="version: 1\noutlets:\n"
            "  - {id: paper, name: The Paper, country: GB, language: en, tier: national, "
            f'pages: {pages}, feeds: [{{url: "{site.home}/feed"{feed}}}]}}\n{more}',
        )
        desk.sweep()
        return desk

    return open_it


@pytest.fixture
def text(paragraphs_of) -> str:
    return paragraphs_of("The palace was open to visitors on Sunday.")


def rows(desk, table):
    with desk.database.read() as connection:
        return connection.execute(select(table).order_by(table.c.id)).all()


def only(desk):
    (found,) = rows(desk, article)
    return found


# --- robots.txt ----------------------------------------------------------------------------------


def test_a_page_that_robots_txt_forbids_is_told_from_the_feeds_words(watch_site, site, text):
    desk = watch_site()
    site.answers["/robots.txt"] = Answer(FORBID)
    site.shows("/one", text)
    site.lists(NEWS, at="/one", summary="The minister spoke of talks.")
    sent = desk.sweep(minutes=6)
    assert NEWS in sent
    assert "summary only: robots.txt forbids it" in sent
    assert "/one" not in site.paths()
    assert only(desk).quality == "robots.txt forbids it"


def test_a_page_that_robots_txt_leaves_free_is_read(watch_site, site, text):
    desk = watch_site()
    site.answers["/robots.txt"] = Answer("User-agent: *\nDisallow: /private/")
    site.shows("/one", text)
    site.lists(NEWS, at="/one")
    assert "full article" in desk.sweep(minutes=6)


def test_robots_txt_is_asked_for_once_a_day_and_host(watch_site, site, elsewhere, text):
    desk = watch_site()
    for number, where in enumerate((site, elsewhere, site, elsewhere)):
        where.shows(f"/{number}", text)
        site.lists(f"Rain in Zenda {number}", at=f"{where.home}/{number}")
    desk.sweep(minutes=6)
    assert [each.paths().count("/robots.txt") for each in (site, elsewhere)] == [1, 1]
    assert [row.completeness for row in rows(desk, article)] == ["full"] * 4
    for hours, asked in ((23, 1), (2, 2)):
        site.shows(f"/later/{hours}", text)
        site.lists(f"Sun in Zenda {hours}", at=f"/later/{hours}")
        desk.sweep(hours=hours)
        assert site.paths().count("/robots.txt") == asked


def test_where_no_robots_txt_can_be_had_for_a_server_error_no_page_is_fetched(
    watch_site, site, text
):
    desk = watch_site()
    site.answers["/robots.txt"] = Answer("down", 503)
    site.shows("/one", text)
    site.lists(NEWS, at="/one")
    sent = desk.sweep(minutes=6)
    assert "robots" in sent
    assert "could not be read" in sent
    assert "/one" not in site.paths()
    site.answers["/robots.txt"] = Answer("", 404)
    site.shows("/two", text)
    site.lists("Rain in Zenda", at="/two")
    desk.sweep(minutes=61)
    assert rows(desk, article)[1].completeness == "full", "it was not asked for again in an hour"


def test_a_robots_txt_that_fails_later_is_obeyed_as_it_was(watch_site, site, text):
    desk = watch_site()
    site.answers["/robots.txt"] = Answer("User-agent: *\nDisallow: /private/")
    for path in ("/one", "/two", "/private/three"):
        site.shows(path, text)
    site.lists("Rain in Zenda", at="/one")
    desk.sweep(minutes=6)
    site.answers["/robots.txt"] = Answer("down", 500)
    site.lists("Sun in Zenda", at="/two")
    site.lists("Snow in Zenda", at="/private/three")
    desk.sweep(hours=25)
    assert [row.quality for row in rows(desk, article)] == ["ok", "ok", "robots.txt forbids it"]


def test_a_host_that_answers_no_robots_txt_with_too_many_requests_is_left_alone(
    watch_site, site, text
):
    desk = watch_site()
    site.answers["/robots.txt"] = Answer("slow down", 429, {"Retry-After": "3600"})
    site.shows("/one", text)
    site.lists(NEWS, at="/one")
    assert NEWS in desk.sweep(minutes=6)
    assert "/one" not in site.paths()
    asked = len(site.asked)
    desk.sweep(minutes=30)
    assert len(site.asked) == asked, "the host was not left alone"


def test_a_robots_txt_that_breaks_off_each_time_is_asked_for_again_within_the_hour(
    watch_site, site, text
):
    desk = watch_site()
    site.answers["/robots.txt"] = Answer(FORBID, headers={"Content-Length": "1000"})
    site.shows("/one", text)
    site.lists(NEWS, at="/one")
    desk.sweep(minutes=6)
    assert "/one" in site.paths()
    site.answers["/robots.txt"] = Answer(FORBID)
    site.shows("/two", text)
    site.lists("Rain over Zenda", at="/two")
    desk.sweep(minutes=61)
    assert "/two" not in site.paths()


def test_an_outlet_can_be_read_in_spite_of_robots_txt(watch_site, site, text):
    desk = watch_site(pages="{respect_robots: false}")
    site.answers["/robots.txt"] = Answer(FORBID)
    site.shows("/one", text)
    site.lists(NEWS, at="/one")
    assert "full article" in desk.sweep(minutes=6)
    assert "/robots.txt" not in site.paths()


def test_an_outlet_can_be_obeyed_where_robots_txt_is_ignored(watch_site, site, text):
    desk = watch_site(pages="{respect_robots: true}", fetch=", respect_robots: false")
    site.answers["/robots.txt"] = Answer(FORBID)
    site.shows("/one", text)
    site.lists(NEWS, at="/one")
    desk.sweep(minutes=6)
    assert only(desk).quality == "robots.txt forbids it"


def test_robots_txt_is_asked_for_and_read_in_the_outlets_name(watch_site, site, text):
    desk = watch_site(pages='{user_agent: "gazetteer/2"}')
    site.answers["/robots.txt"] = Answer(f"{FORBID}\n\nUser-agent: gazetteer\nDisallow: /b")
    for path in ("/a", "/b"):
        site.shows(path, text)
        site.lists(f"Rain in Zenda {path}", at=path)
    desk.sweep(minutes=6)
    assert [row.quality for row in rows(desk, article)] == ["ok", "robots.txt forbids it"]
    assert site.headers_of("/robots.txt")["User-Agent"] == "gazetteer/2"
    assert site.headers_of("/a")["User-Agent"] == "gazetteer/2"


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_a_robots_txt_of_strange_bytes_stops_nothing(watch_site, site, text):
    desk = watch_site()
    site.answers["/robots.txt"] = Answer(
        b"\x00\xff\xfe\xed\xa0\x80 User-agent\x00: *\nDisallow: /x"
    )
    site.shows("/one", text)
    site.lists(NEWS, at="/one")
    assert "full article" in desk.sweep(minutes=6)


def test_only_the_host_that_a_link_names_is_asked_for_its_robots_txt(
    watch_site, site, elsewhere, text
):
    desk = watch_site()
    elsewhere.answers["/robots.txt"] = Answer(FORBID)
    elsewhere.shows("/moved", text)
    site.answers["/one"] = Answer(status=302, headers={"Location": f"{elsewhere.home}/moved"})
    site.lists(NEWS, at="/one")
    assert "full article" in desk.sweep(minutes=6)
    assert elsewhere.paths() == ["/moved"], "docs/feeds.md says otherwise"


# --- what an outlet's pages ask for --------------------------------------------------------------


def test_selectors_say_what_of_a_page_is_kept_and_dropped(watch_site, site, text, paragraphs_of):
    desk = watch_site(pages='{keep: ".story", drop: [".teasers"]}')
    other = paragraphs_of("The opera has a new director.")
    tease = "Read on: the ten best cafés of the old town, chosen by those who drink there."
    site.answers["/one"] = Answer(
        f"<html><body><main><p>{other}</p></main><div class='story'><p>{text}</p>"
        f"<div class='teasers'><p>{tease}</p></div></div></body></html>"
    )
    site.lists(NEWS, at="/one")
    desk.sweep(minutes=6)
    kept = only(desk)
    assert kept.text.startswith("The palace was open")
    assert "opera" not in kept.text
    assert "cafés" not in kept.text


def test_a_feed_that_carries_the_whole_text_is_read_without_its_pages(watch_site, site, text):
    desk = watch_site(pages="{feed_text: full}")
    site.shows("/one", "Something else.")
    whole = f"<content:encoded><![CDATA[{page(text)}]]></content:encoded>"
    site.lists(NEWS, at="/one", summary="In short.", more=whole)
    assert "full article" in desk.sweep(minutes=6)
    found = only(desk)
    assert (found.completeness, found.quality) == ("full", "ok")
    assert "The palace was open to visitors" in found.text
    assert set(site.paths()) == {"/feed"}


def test_where_a_full_feed_gives_no_text_the_page_is_read(watch_site, site, text):
    desk = watch_site(pages="{feed_text: full}")
    site.shows("/one", text)
    site.lists(NEWS, at="/one", summary="In short.")
    assert "full article" in desk.sweep(minutes=6)


def test_a_headline_only_outlet_is_asked_for_no_page(watch_site, site, text):
    desk = watch_site(pages="{headline_only: true}")
    site.shows("/one", text)
    site.lists(NEWS, at="/one")
    assert "headline only" in desk.sweep(minutes=6)
    assert set(site.paths()) == {"/feed"}


# --- how a feed is asked for ---------------------------------------------------------------------


@pytest.fixture
def secret(tmp_path: Path) -> str:
    """An access that stands in files; what configuration refers to."""
    for name, said in (("user", "gazette"), ("password", "opensesame"), ("key", "k-4711-z")):
        (tmp_path / name).write_text(said)
    where = f"${{file:{tmp_path}"
    return (
        f', credentials: "{where}/user}}:{where}/password}}", '
        f'headers: {{X-Api-Key: "{where}/key}}"}}'
    )


BASIC = "Basic Z2F6ZXR0ZTpvcGVuc2VzYW1l"


def test_credentials_and_headers_reach_the_feeds_own_host_and_no_other(
    watch_site, site, elsewhere, text, secret
):
    desk = watch_site(feed=secret)
    site.shows("/own", text)
    elsewhere.shows("/theirs", text)
    elsewhere.shows("/moved", text)
    site.answers["/sent-on"] = Answer(status=302, headers={"Location": f"{elsewhere.home}/moved"})
    for at in ("/own", f"{elsewhere.home}/theirs", "/sent-on"):
        site.lists(f"Rain in Zenda {at}", at=at)
    desk.sweep(minutes=6)
    assert [row.completeness for row in rows(desk, article)] == ["full"] * 3
    for path in ("/feed", "/own", "/sent-on"):
        asked = site.headers_of(path)
        assert (asked["Authorization"], asked["X-Api-Key"]) == (BASIC, "k-4711-z")
    for path, asked in elsewhere.asked:
        assert "Authorization" not in asked, path
        assert "X-Api-Key" not in asked, path
    assert {"/theirs", "/moved"} <= set(elsewhere.paths())


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("https://news.example/one", True),
        ("https://news.example:443/one", True),
        ("http://news.example/one", False),
        ("https://news.example:8443/one", False),
        ("https://www.news.example/one", False),
    ],
)
def test_an_access_is_for_the_feeds_scheme_host_and_port(url, own):
    key = {"X-Api-Key": "k-4711-z"}
    feed = Feed("https://news.example/feed", OutletId("paper"), access=Access(headers=key))
    assert visits.access_of(url, feed, PageRules()).headers == (key if own else {})


def test_an_access_is_written_nowhere(watch_site, site, text, secret, tmp_path, capfd):
    desk = watch_site(feed=secret)
    site.answers["/one"] = Answer("no", 401)
    site.lists(NEWS, at="/one")
    site.shows("/two", text)
    site.lists("Rain in Zenda", at="/two")
    sent = desk.sweep(minutes=6) + desk.sweep(minutes=1)
    desk.monitor.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("monitor.db*"))
    logged = "".join(capfd.readouterr())
    assert "entry.read" in logged
    for word in ("opensesame", "k-4711-z", BASIC.split()[1]):
        assert word.encode() not in kept
        assert word not in logged
        assert word not in sent


@dataclass
class Proxy:
    port: int
    asked: list[tuple[str, Message]]


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """An HTTP proxy that passes requests on."""
    asked: list[tuple[str, Message]] = []

    def respond(request: BaseHTTPRequestHandler) -> Answer:
        asked.append((request.path, request.headers))
        parts = urlsplit(request.path)
        connection = http.client.HTTPConnection(parts.netloc)
        connection.request("GET", parts.path, headers={"Accept-Encoding": "identity"})
        answer = connection.getresponse()
        kind = {"Content-Type": answer.getheader("Content-Type", "")}
        return Answer(answer.read(), answer.status, kind)

    with serving(respond) as port:
        yield Proxy(port, asked)


def test_feed_robots_txt_and_page_come_through_the_feeds_proxy(
    watch_site, site, text, proxy, secret, tmp_path
):
    del secret
    where = f"${{file:{tmp_path}"
    known = f"{where}/user}}:{where}/password}}"
    desk = watch_site(feed=f', proxy: "http://{known}@127.0.0.1:{proxy.port}"')
    site.shows("/one", text)
    site.lists(NEWS, at="/one")
    assert "full article" in desk.sweep(minutes=6)
    through = [path.removeprefix(site.home) for path, _ in proxy.asked]
    assert sorted(through) == ["/feed", "/feed", "/one", "/robots.txt"]
    assert len(site.asked) == len(proxy.asked), "something went past the proxy"
    assert {headers["Proxy-Authorization"] for _, headers in proxy.asked} == {BASIC}
    assert not any("Proxy-Authorization" in headers for _, headers in site.asked)


# --- times, authors, sections --------------------------------------------------------------------

HOUR = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
META = '<meta property="article:published_time" content="2026-03-02T09:30:00Z">'


@pytest.mark.parametrize(
    ("feed", "head", "path", "published", "by"),
    [
        (HOUR, META.replace("09:30", "08:00"), "/one", HOUR, "feed"),
        (None, META, "/one", HOUR, "page"),
        (datetime(2026, 3, 2, tzinfo=UTC), META, "/one", HOUR, "page"),
        (None, "", "/2026/03/01/one", datetime(2026, 3, 1, tzinfo=UTC), "address"),
        (HOUR + timedelta(days=30), META, "/one", HOUR, "page"),
        (None, "", "/one", None, None),
    ],
    ids=[
        "an hour of the feed",
        "an hour of the page",
        "a day of the feed, an hour of the page",
        "a day in the address",
        "a feed in the future",
        "nothing",
    ],
)
def test_the_best_time_of_feed_page_and_address_is_kept_with_its_source(
    watch_site, site, text, feed, head, path, published, by
):
    desk = watch_site()
    site.shows(path, text, head=head)
    site.lists("Rain in Zenda", at=path, published=feed)
    desk.sweep(minutes=6)
    found = only(desk)
    assert (found.published_at, found.published_by) == (published, by)


def test_author_section_and_outlet_are_kept(watch_site, site, text):
    desk = watch_site()
    linked = (
        '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "News", '
        '"articleSection": "World", "author": {"@type": "Person", "name": "Ana Reed"}}</script>'
    )
    site.shows("/one", text, head=linked)
    site.lists("Rain in Zenda", at="/one")
    site.shows("/two", text, head=linked)
    site.lists("Sun in Zenda", at="/two", more="<dc:creator>Rudolf Hale</dc:creator>")
    desk.sweep(minutes=6)
    kept = {(row.author, row.section, row.outlet_id) for row in rows(desk, article)}
    assert kept == {("Ana Reed", "World", "paper"), ("Rudolf Hale", "World", "paper")}


# --- agencies ------------------------------------------------------------------------------------


@pytest.fixture
def agency(site) -> str:
    """An outlet whose copy others print."""
    return (
        "  - {id: wire, name: The Wire, country: GB, language: en, tier: wire, credits: [TWA, "
        f'"The Wire Agency"], feeds: [{{url: "{site.home}/feed/of/none"}}]}}\n'
    )


@pytest.mark.parametrize(
    ("opening", "head", "more"),
    [
        ("STRELSAU (TWA) — The palace was open to visitors on Sunday.", "", ""),
        ("The palace was open.", "", "<dc:creator>TWA</dc:creator>"),
        (
            "The palace was open.",
            '<script type="application/ld+json">{"@type": "NewsArticle", "author": "TWA"}</script>',
            "<dc:creator>newsroom</dc:creator>",
        ),
    ],
    ids=["dateline", "byline of the feed", "page behind the feed's desk"],
)
def test_an_agencys_copy_is_credited_to_it(
    watch_site, site, paragraphs_of, agency, opening, head, more
):
    desk = watch_site(more=agency)
    site.shows("/one", paragraphs_of(opening), head=head)
    site.lists("Rain in Zenda", at="/one", more=more)
    desk.sweep(minutes=6)
    assert only(desk).credit == "wire"


def test_an_agencys_signature_counts_however_often_the_outlet_prints_it(
    watch_site, site, paragraphs_of, agency
):
    desk = watch_site(more=agency)
    for number in range(6):
        signed = paragraphs_of(f"Visit number {number} to the palace.", closing="Source: TWA")
        site.shows(f"/{number}", signed)
        site.lists(f"Rain in Zenda {number}", at=f"/{number}")
        desk.sweep(minutes=6)
    assert [row.credit for row in rows(desk, article)] == ["wire"] * 6


def test_an_agencys_copies_are_one_independent_source(
    watch_site, site, elsewhere, paragraphs_of, agency
):
    theirs = (
        "  - {id: other, name: The Other, country: GB, language: en, tier: national, "
        f'feeds: [{{url: "{elsewhere.home}/feed"}}]}}\n'
    )
    desk = watch_site(more=agency + theirs)
    told = "Ruritania offers Northland talks on gold and border"
    for where, place in ((site, "STRELSAU"), (elsewhere, "ZENDA")):
        where.shows("/one", paragraphs_of(f"{place} (TWA) — {told}."))
        where.lists(told, at="/one")
    sent = desk.sweep(minutes=6)
    found = rows(desk, article)
    assert [row.credit for row in found] == ["wire", "wire"]
    assert len({row.story_id for row in found}) == 1
    with desk.database.read() as connection:
        assert articles.outlets_of(connection, found[0].story_id) == (2, 1)
    assert "copy of The Wire" in sent


# --- what an outlet repeats ----------------------------------------------------------------------

BOX = "Subscribe to the morning letter of this paper and never again miss a word from the palace."


def test_what_an_outlet_prints_on_every_page_is_left_out_from_the_fourth_on(
    watch_site, site, paragraphs_of
):
    desk = watch_site()
    for number in range(5):
        site.shows(f"/{number}", paragraphs_of(f"Visit number {number} began.", closing=BOX))
        site.lists(f"Rain in Zenda {number}", at=f"/{number}")
        desk.sweep(minutes=6)
    found = rows(desk, article)
    assert [BOX in row.text for row in found] == [True, True, True, False, False]
    assert [row.quality for row in found] == ["ok"] * 5


@pytest.mark.parametrize("always", ["one item", "new items"])
def test_a_live_page_that_is_read_again_and_again_is_not_its_own_refrain(
    watch_site, site, paragraphs_of, always
):
    desk = watch_site()
    news = [paragraphs_of("The day began.")]
    for number in range(7):
        site.shows("/live", "\n".join(news))
        if always == "one item":
            site.items.clear()
        site.lists(f"Live: visit number {number} begins", at="/live")
        desk.sweep(minutes=6)
        news.append(f"At {number + 9} o'clock another group of visitors went into the red room.")
    found = rows(desk, article)
    assert [row.completeness for row in found] == ["full"] * len(found)
    assert "The day began." in found[-1].text
    assert "At 14 o'clock" in found[-1].text


# --- pages that are no articles ------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 403, 503])
def test_a_bot_check_is_never_an_article(watch_site, site, status):
    desk = watch_site()
    site.answers["/one"] = Answer(CHECK, status)
    site.lists(NEWS, at="/one", summary="The minister spoke of talks.")
    sent = desk.sweep(minutes=6) + desk.sweep(minutes=1)
    assert NEWS in sent
    found = only(desk)
    assert (found.text, found.completeness, found.title) == (None, "summary", NEWS)
    assert "bot check (Cloudflare)" in found.quality


def test_a_bot_check_is_not_asked_a_second_time(watch_site, site):
    desk = watch_site()
    site.answers["/one"] = Answer(CHECK, 403)
    site.lists(NEWS, at="/one")
    assert NEWS in desk.sweep(minutes=6), "the alert waited for another look at the wall"
    desk.sweep(minutes=1)
    assert site.paths().count("/one") == 1


def test_behind_a_bot_check_no_other_page_is_asked_for_and_the_feed_is_polled_on(watch_site, site):
    desk = watch_site()
    site.answers["/one"] = site.answers["/two"] = Answer(CHECK, 403)
    site.lists("Rain in Zenda", at="/one")
    desk.sweep(minutes=6)
    (walled,) = [row for row in rows_of_hosts(desk) if row.name.endswith(str(site.port))]
    assert walled.next_page_at == desk.clock.now() + timedelta(minutes=30)
    site.lists(NEWS, at="/two")
    assert NEWS in desk.sweep(minutes=6), "the alert waited for a page that nobody asks for"
    assert "/two" not in site.paths()


@pytest.mark.parametrize(
    ("name", "completeness", "quality"),
    [
        ("consent-partners-en.html", "headline only", "cookie wall"),
        ("consent-partners-es.html", "headline only", "cookie wall"),
        ("hard-paywall-en.html", "only", "paywall"),
        ("not-found-en.html", "headline only", "error page"),
        ("login-en.html", "headline only", "login page"),
        ("bot-press-and-hold-en.html", "headline only", "bot check"),
    ],
)
def test_the_message_says_how_much_was_read_and_why_not_more(
    watch_site, site, name, completeness, quality
):
    desk = watch_site()
    site.answers["/one"] = Answer((WALLS / name).read_bytes())
    site.lists(NEWS, at="/one")
    sent = desk.sweep(minutes=6)
    assert f"{completeness}: {quality}" in sent
    found = only(desk)
    assert found.text is None
    assert found.title == NEWS


def test_a_text_in_another_language_is_kept_and_marked(watch_site, site):
    desk = watch_site()
    spanish = "\n".join(
        f"En la sala número {number} del palacio los visitantes vieron los jardines y el guía les "
        f"contó cómo habían llegado las rosas hace más de {number + 100} años desde muy lejos."
        for number in range(8)
    )
    site.shows("/one", spanish)
    site.lists(NEWS, at="/one")
    assert "full article: wrong language" in desk.sweep(minutes=6)
    assert only(desk).language == "es"


def test_a_page_over_the_limit_is_told_from_the_feeds_words(watch_site, site, text):
    desk = watch_site()
    site.shows("/one", text + " " * 3_000_000)
    site.lists(NEWS, at="/one")
    sent = desk.sweep(minutes=6) + desk.sweep(minutes=1)
    assert NEWS in sent
    assert only(desk).quality == "more than 3,000,000 bytes"


def test_what_is_no_page_is_told_from_the_feeds_words(watch_site, site):
    desk = watch_site()
    site.answers["/one"] = Answer(b"%PDF-1.7 " * 100, headers={"Content-Type": "application/pdf"})
    site.lists(NEWS, at="/one")
    assert "not a web page" in desk.sweep(minutes=6)


def test_a_link_that_ends_at_the_front_page_brings_no_article(watch_site, site, text):
    desk = watch_site()
    site.shows("/", text)
    site.answers["/gone"] = Answer(status=302, headers={"Location": "/"})
    site.lists(NEWS, at="/gone")
    assert NEWS in desk.sweep(minutes=6)
    assert (only(desk).text, only(desk).quality) == (None, "front page")


def test_a_short_notice_without_a_summary_is_matched_in_its_own_words(watch_site, site):
    desk = watch_site()
    said = "The ministry announces that talks on Ruritania begin on Monday in the red room."
    site.shows("/one", said)
    site.lists("Notice 12", at="/one")
    assert "summary only: too short" in desk.sweep(minutes=6)
    assert only(desk).summary == said


# --- hosts that ask for patience -----------------------------------------------------------------


def test_a_page_that_asks_for_patience_rests_its_whole_host(watch_site, site, text):
    desk = watch_site()
    for number in range(3):
        site.answers[f"/{number}"] = Answer("busy", 429, {"Retry-After": "120"})
        site.lists(f"Rain in Zenda {number}", at=f"/{number}")
    desk.sweep(minutes=6)
    pages = [path for path in site.paths() if path not in {"/feed", "/robots.txt"}]
    assert len(pages) == 1, "other pages of the host were asked for all the same"
    (resting,) = [row for row in rows_of_hosts(desk) if row.name.endswith(str(site.port))]
    assert resting.not_before == desk.clock.now() + timedelta(minutes=2)


def rows_of_hosts(desk):
    with desk.database.read() as connection:
        return connection.execute(select(host)).all()


def test_no_entry_is_left_behind(watch_site, site, text):
    desk = watch_site()
    for number, status in enumerate((200, 404, 500, 403, 204)):
        site.answers[f"/{number}"] = Answer(page(text) if status != 204 else "", status)
        site.lists(f"Rain in Zenda {number}", at=f"/{number}")
    for _ in range(3):
        desk.sweep(minutes=6)
    assert len(rows(desk, article)) == 5
    assert [row.due_at for row in rows(desk, entry)] == [None] * 5
