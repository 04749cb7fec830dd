"""The publisher's address that a search service wraps in one of its own."""

import pytest

from monitor.core.urls import publisher_address


@pytest.mark.parametrize(
    ("wrapped", "publisher"),
    [
        (
            "https://www.google.com/url?rct=j&sa=t&url=https://paper.example/a%3Fb%3D1&ct=ga",
            "https://paper.example/a?b=1",
        ),
        (
            "http://www.bing.com/news/apiclick.aspx?ref=x&url=https%3a%2f%2fpaper.example%2fx&c=1",
            "https://paper.example/x",
        ),
        ("https://search.example/l.php?u=http%3A%2F%2Fpaper.example%2F1", "http://paper.example/1"),
        ("https://search.example/url?q=https://paper.example/1&q=x", "https://paper.example/1"),
    ],
)
def test_the_publishers_address_is_taken_out_of_a_search_services(wrapped: str, publisher: str):
    assert publisher_address(wrapped) == publisher


@pytest.mark.parametrize(
    "address",
    [
        "https://news.google.com/rss/articles/CBMiabc?oc=5",
        "https://paper.example/story?id=7",
        "https://search.example/?q=strikes+at+the+port",
        "https://paper.example/share?url=https://www.paper.example/story",
        "https://search.example/url?url=javascript:alert(1)",
        "https://search.example/url?url=file:///etc/passwd",
        "https://search.example/url?url=/relative",
        "https://search.example/url?url=http://[",
        "ftp://search.example/url?url=https://paper.example/1",
        "http://[",
        "",
    ],
)
def test_an_address_that_wraps_no_other_gives_none(address: str):
    assert publisher_address(address) is None
