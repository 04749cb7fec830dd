"""Finding feeds: what a real site on loopback is asked for, and what is proposed of its pages."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from monitor.adapters import feeds, layouts
from monitor.adapters.fetcher import Fetcher
from monitor.adapters.workers import Workers
from monitor.cli.searching import REQUEST_LIMIT, Search
from monitor.core.errors import Permanent

HERE = "https://paper.example/world/"


def headline(number: int) -> str:
    return f"The ministry announces measure number {number} of its plan"


def page(body: str, *, head: str = "") -> bytes:
    return f"<html><head>{head}</head><body>{body}</body></html>".encode()


def named(*addresses: str) -> str:
    """What a page's head says of its feeds."""
    return "".join(
        f'<link rel="alternate" type="application/rss+xml" href="{each}">' for each in addresses
    )


def rss(title: str) -> bytes:
    item = f"<item><title>{title}</title><link>https://paper.example/1</link></item>"
    return f'<rss version="2.0"><channel><title>Paper</title>{item}</channel></rss>'.encode()


def sitemap(title: str) -> bytes:
    return (
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url>'
        "<loc>https://paper.example/1</loc><news:news><news:publication><news:name>Paper"
        "</news:name><news:language>en</news:language></news:publication>"
        "<news:publication_date>2026-03-02T10:00:00Z</news:publication_date>"
        f"<news:title>{title}</news:title></news:news></url></urlset>"
    ).encode()


@dataclass
class Site:
    """A server whose pages a test writes; a path that is not there answers 404."""

    pages: dict[str, bytes] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            body = made.pages.get(self.path, b"")
            moved = made.moved.get(self.path)
            self.send_response(301 if moved else 200 if body else 404)
            if moved:
                self.send_header("Location", moved)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def pool() -> Iterator[Workers]:
    made = Workers(1)
    yield made
    made.close()


@dataclass
class Pauses:
    """Counts the pauses between requests instead of waiting."""

    made: int = 0

    def __call__(self) -> None:
        self.made += 1


@pytest.fixture
def search(site: Site, pool: Workers) -> Iterator[Search]:
    with Fetcher(
        user_agent="test",
        deadline=timedelta(seconds=5),
        connections=1,
        allow=frozenset({("127.0.0.1", site.port)}),
    ) as fetcher:
        yield Search(fetcher, pool, pause=Pauses())


# --- which addresses are tried


def test_an_address_that_is_a_feed_is_all_there_is_to_find(site: Site, search: Search):
    site.pages["/rss"] = rss("A headline")
    (found,) = search.run(f"{site.url}rss")
    assert (found.kind, found.sample, found.how) == ("RSS", "A headline", "the address itself")
    assert site.asked == ["/rss"]


def test_feeds_that_the_page_names_are_tried_and_nothing_is_guessed(site: Site, search: Search):
    site.pages["/"] = page("", head=named("/world.xml", "/gone.xml"))
    site.pages["/world.xml"] = rss("A headline")
    found = search.run(site.url)
    assert [
        (each.url.removeprefix(site.url), each.how, bool(each.parsed)) for each in found[:2]
    ] == [
        ("world.xml", "named by the page", True),
        ("gone.xml", "named by the page", False),
    ]
    assert "404" in str(found[1].failure)
    assert "/feed" not in site.asked


def test_a_news_sitemap_is_found_through_robots_txt_and_an_index(site: Site, search: Search):
    site.pages["/"] = page("nothing here")
    site.pages["/robots.txt"] = b"Sitemap: /sitemap.xml"
    site.pages["/sitemap.xml"] = (
        b"<?xml version='1.0'?><sitemapindex><sitemap><loc>"
        + site.url.encode()
        + b"posts.xml</loc></sitemap><sitemap><loc>"
        + site.url.encode()
        + b"news-1.xml</loc></sitemap></sitemapindex>"
    )
    site.pages["/news-1.xml"] = sitemap("A headline")
    found = [each for each in search.run(site.url) if each.parsed]
    assert [(each.kind, each.how) for each in found] == [
        ("news sitemap", "listed in a sitemap index")
    ]
    assert f"{found[0].newest:%Y-%m-%d}" == "2026-03-02"
    assert "/posts.xml" not in site.asked


def test_usual_addresses_are_tried_last_until_one_works(site: Site, search: Search):
    site.pages["/"] = page("nothing here")
    site.pages["/rss.xml"] = rss("A headline")
    site.pages["/feed.json"] = b'{"version": "https://jsonfeed.org/version/1.1", "items": []}'
    found = search.run(site.url)
    assert [each.url for each in found if each.parsed] == [f"{site.url}rss.xml"]
    assert "/feed.json" not in site.asked
    assert site.asked.index("/robots.txt") < site.asked.index("/rss.xml")


def test_one_feed_under_two_addresses_is_told_once_where_it_lies_for_good(
    site: Site, search: Search
):
    site.pages["/"] = page("", head=named("/old", "/new"))
    site.moved["/old"] = "/new"
    site.pages["/new"] = rss("A headline")
    found = [each for each in search.run(site.url) if each.parsed]
    assert [each.url for each in found] == [f"{site.url}new"]


def test_a_page_is_read_as_a_list_only_where_there_is_no_feed(site: Site, search: Search):
    items = "".join(f'<li><a href="/n/{n}">{headline(n)}</a></li>' for n in range(1, 9))
    site.pages["/news"] = page(f'<ul class="releases">{items}</ul>')
    (found,) = [each for each in search.run(f"{site.url}news") if each.parsed]
    assert found.selectors is not None
    assert (found.kind, found.selectors.items) == ("plain page", "ul.releases > li")
    assert found.sample == headline(1)


def test_a_hostile_site_gets_no_more_than_the_agreed_requests(site: Site, search: Search):
    links = "".join(f'<a href="/rss/{n}">RSS</a>' for n in range(1_000))
    site.pages["/"] = page(links, head=named(*(f"/feed/{n}" for n in range(1_000))))
    site.pages["/robots.txt"] = "\n".join(f"Sitemap: /{n}.xml" for n in range(1_000)).encode()
    index = "".join(f"<sitemap><loc>{site.url}news{n}</loc></sitemap>" for n in range(1_000))
    for number in range(1_000):
        site.pages[f"/{number}.xml"] = (
            f"<sitemapindex><!--{number}-->{index}</sitemapindex>".encode()
        )
    found = search.run(site.url)
    assert not any(each.parsed for each in found)
    assert len(site.asked) == search.requests == REQUEST_LIMIT
    assert search.exhausted


def test_there_is_a_pause_between_requests(site: Site, search: Search):
    site.pages["/"] = page("", head=named("/a", "/b"))
    search.run(site.url)
    assert isinstance(search.pause, Pauses)
    assert search.pause.made == len(site.asked) - 1


def test_an_address_that_does_not_answer_says_why(site: Site, search: Search):
    with pytest.raises(Permanent, match="404"):
        search.run(f"{site.url}nowhere")


# --- plain pages, as the reader of feeds reads what is proposed


def best(body: bytes) -> layouts.Layout:
    return layouts.layouts(body, url=HERE)[0]


def read(body: bytes, layout: layouts.Layout) -> list[tuple[str, str | None, str | None]]:
    parsed = feeds.parse_feed(body, url=HERE, selectors=layout.selectors)
    return [
        (each.title, each.url, each.published and f"{each.published:%Y-%m-%d}")
        for each in parsed.entries
    ]


def expected(days: str = "2026-03-{:02}") -> list[tuple[str, str | None, str | None]]:
    return [
        (headline(n), f"https://paper.example/n/{n}", days.format(n) if days else None)
        for n in range(1, 9)
    ]


def test_a_list_of_cards_is_found_beside_a_longer_menu():
    menu = "".join(
        f'<li><a href="/m/{n}">A long entry of the menu, number {n}</a></li>' for n in range(40)
    )
    cards = "".join(
        f'<div class="row row-{n} {"odd" if n % 2 else "even"}"><a href="/n/{n}"><img></a>'
        f'<a href="/press">Press</a><h3><a href="/n/{n}">{headline(n)}</a></h3>'
        f'<span class="when">{n} March 2026</span><p>And some words more.</p></div>'
        for n in range(1, 9)
    )
    body = page(f'<nav><ul class="menu">{menu}</ul></nav><div id="news">{cards}</div>')
    layout = best(body)
    assert layout.selectors.items == "div.row"
    assert read(body, layout) == expected()


def test_a_table_whose_dates_are_figures_gets_their_order():
    rows = "".join(
        f'<tr><td>03/{n + 12}/2026</td><td><a href="/n/{n}">{headline(n)}</a></td></tr>'
        for n in range(1, 9)
    )
    body = page(f'<table class="actions"><tbody>{rows}</tbody></table>')
    layout = best(body)
    assert layout.selectors.date_format == "%m/%d/%Y"
    assert [date for _, _, date in read(body, layout)] == [f"2026-03-{n + 12}" for n in range(1, 9)]


def test_cards_that_are_one_link_as_a_whole_get_the_heading_as_title():
    cards = "".join(
        f'<article><a href="/n/{n}"><h2>{headline(n)}</h2><time datetime="2026-03-0{n}">today'
        f"</time><p>{'And many words more. ' * 20}</p></a></article>"
        for n in range(1, 9)
    )
    body = page(f'<section id="latest">{cards}</section>')
    layout = best(body)
    assert layout.selectors.title == "h2"
    assert read(body, layout) == expected()


def test_a_list_without_dates_is_found_too():
    items = "".join(f'<li><a href="/n/{n}">{headline(n)}</a></li>' for n in range(1, 9))
    body = page(f'<ul class="releases">{items}</ul>')
    assert read(body, best(body)) == expected(days="")


def test_a_page_that_lists_nothing_gives_no_proposal():
    text = "".join(f"<p>{headline(n)}, as <a href='/n'>said</a>.</p>" for n in range(30))
    assert layouts.layouts(page(text), url=HERE) == ()
    assert layouts.layouts(b"", url=HERE) == ()
    assert layouts.layouts(b"%PDF-1.7 \x00\xff", url=HERE) == ()


def test_tags_and_classes_that_css_does_not_know_are_passed_over():
    items = "".join(
        f'<li class="a:b {{x}} 9"><o:p class="x"><a href="/n/{n}">{headline(n)}</a></o:p></li>'
        for n in range(1, 9)
    )
    body = page(f'<ul class="a:b good">{items}</ul>')
    assert read(body, best(body)) == expected(days="")
