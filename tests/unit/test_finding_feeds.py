"""Where a site keeps its feeds: addresses read from bodies, without network."""

import pytest

from monitor.adapters import discovery
from monitor.adapters.discovery import How

HERE = "https://paper.example/world/"


def page(body: str, *, head: str = "") -> bytes:
    return f"<html><head>{head}</head><body>{body}</body></html>".encode()


def found(body: bytes) -> list[tuple[str, How]]:
    return [(each.url, each.how) for each in discovery.page_leads(body, url=HERE)]


# --- addresses


def test_feeds_that_a_page_names_come_first_and_comment_feeds_never():
    head = (
        '<link rel="alternate" type="application/rss+xml" href="/comments/feed/">'
        '<link rel="Alternate home" type="application/atom+xml; charset=utf-8" href="atom">'
        '<link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/1">'
        '<link rel="alternate" hreflang="es" href="/es/">'
    )
    body = '<a href="https://feeds.paper.example/x">All</a><a href="/feedback">Feedback</a>'
    assert found(page(body, head=head)) == [
        ("https://paper.example/world/atom", How.NAMED),
        ("https://feeds.paper.example/x", How.LINKED),
    ]


def test_a_headline_about_rss_is_no_feed():
    link = '<a href="/2026/rss-is-back.html">RSS is back, and this time it will stay with us</a>'
    assert found(page(link)) == []


def test_relative_addresses_count_from_the_base_of_the_page():
    head = (
        '<base href="https://www.paper.example/"><link rel="alternate" '
        'type="application/rss+xml" href="rss.xml">'
    )
    assert found(page("", head=head)) == [("https://www.paper.example/rss.xml", How.NAMED)]


def test_a_page_cannot_name_more_than_a_few_and_only_on_the_web():
    head = "".join(
        f'<link rel="alternate" type="application/rss+xml" href="{scheme}x.example/{n}">'
        for n in range(50)
        for scheme in ("file://", "https://")
    )
    leads = found(page("", head=head))
    assert len(leads) == discovery.NAMED_LIMIT
    assert all(url.startswith("https://") for url, _ in leads)


def test_robots_txt_lists_sitemaps_and_those_of_news_come_first():
    robots = b"User-agent: *\nDisallow: /x\nSitemap: /all.xml\nsitemap: https://n.example/news.xml"
    leads = discovery.robots_leads(robots, url="https://paper.example/robots.txt")
    assert [each.url for each in leads] == [
        "https://n.example/news.xml",
        "https://paper.example/all.xml",
    ]


def test_an_index_of_sitemaps_gives_those_of_news_and_a_sitemap_gives_none():
    locations = "".join(
        f"<sitemap><loc>https://paper.example/{name}</loc></sitemap>"
        for name in ("posts.xml", "sitemap-news.xml?a=1&amp;b=2", "pages.xml")
    )
    index = f"<?xml version='1.0'?><sitemapindex>{locations}</sitemapindex>".encode()
    leads = discovery.index_leads(index, url=HERE)
    assert [each.url for each in leads] == ["https://paper.example/sitemap-news.xml?a=1&b=2"]
    urls = index.replace(b"sitemapindex", b"urlset")
    assert discovery.index_leads(urls, url=HERE) == ()


def test_the_usual_addresses_are_those_of_the_section_and_of_the_site():
    urls = [each.url for each in discovery.usual_leads("https://paper.example/world/?page=2")]
    assert urls[0] == "https://paper.example/world/feed"
    assert "https://paper.example/rss.xml" in urls
    assert len(urls) == len(set(urls))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<?xml version='1.0'?><rss version='2.0'>", "RSS"),
        (b"<rdf:RDF xmlns:rdf='x'>", "RDF"),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'>", "Atom"),
        (b"<urlset>", "news sitemap"),
        (b'{"version": "https://jsonfeed.org/version/1.1"}', "JSON Feed"),
        (b"<html>", "plain page"),
    ],
)
def test_the_kind_of_a_document_is_told_by_its_root(body: bytes, kind: str):
    assert discovery.kind(body) == kind
