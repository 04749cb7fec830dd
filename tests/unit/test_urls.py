"""Which addresses are of one publisher."""

import pytest

from monitor.core import urls


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://news.search.example/rss", "https://www.search.example/articles/1"),
        ("https://feeds.gazette.com.ar/rss", "https://www.gazette.com.ar/1"),
        ("https://gazette.com.ar/rss", "https://amp.gazette.com.ar/1"),
        ("http://127.0.0.1:8080/a", "http://127.0.0.1:8080/b"),
        ("http://localhost/a", "http://localhost/b"),
        ("http://[2001:db8::1]/a", "http://[2001:db8::1]/b"),
    ],
)
def test_hosts_under_one_registered_name_are_one_site(one, other):
    assert urls.same_site(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://search.com.ar/rss", "https://gazette.com.ar/1"),
        ("https://search.co.uk/rss", "https://gazette.co.uk/1"),
        ("https://search.gob.ve/rss", "https://gazette.gob.ve/1"),
        ("https://search.example/rss", "https://gazette.example/1"),
        ("http://10.0.0.1/a", "http://10.9.0.1/a"),
        ("http://127.0.0.1:8080/a", "http://127.0.0.1:8081/a"),
        ("http://[2001:db8::1]/a", "http://[2001:db8::2]/a"),
    ],
)
def test_names_that_were_registered_apart_are_two_sites(one, other):
    assert not urls.same_site(one, other)


def test_a_short_name_under_a_country_is_itself_a_registered_name():
    assert urls.same_site("https://news.t.co/rss", "https://www.t.co/1")
    assert urls.same_site("https://a.com.de.example/1", "https://b.com.de.example/1")
