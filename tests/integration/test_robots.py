"""What robots.txt lets us read, and what a hostile one costs."""

import time

import pytest

from monitor.adapters import robots

US = "monitor/1.0 (+https://example.org/bot)"

SITE = """
# everybody
User-agent: *
Disallow: /private/
Allow: /private/press
Disallow: /*.pdf$
Crawl-delay: 2
Sitemap: https://example.org/sitemap.xml

User-agent: Rude
User-agent: Monitor
Disallow: /search
Crawl-delay: 90

User-agent: monitoring
Disallow: /
"""


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/news/1", True),
        ("/private/x", False),
        ("/private/press/1", True),
        ("/report.pdf", False),
        ("/report.pdf?x=1", True),
        ("/search", True),
        ("/robots.txt", True),
    ],
)
def test_the_group_for_everybody_holds_for_who_is_not_named(
    path: str,
    allowed: object,
) -> None:
    url = f"https://example.org{path}"
    assert robots.allows(SITE, url=url, user_agent="Other/2") is allowed


def test_the_group_that_names_us_replaces_the_one_for_everybody() -> None:
    assert robots.allows(SITE, url="https://example.org/private/x", user_agent=US)
    assert not robots.allows(SITE, url="https://example.org/search?q=a", user_agent=US)


def test_a_longer_or_shorter_name_is_another_robot() -> None:
    text = "User-agent: moni\nDisallow: /\nUser-agent: monitor-x\nDisallow: /\n"
    assert robots.allows(text, url="https://example.org/", user_agent=US)


def test_groups_of_one_name_are_one_group() -> None:
    text = (
        "User-agent: *\nDisallow: /a\n\nUser-agent: x\nDisallow: /\n\nUser-agent: *\nDisallow: /b"
    )
    for path, allowed in {"/a": False, "/b": False, "/c": True}.items():
        url = "https://example.org" + path
        assert robots.allows(text, url=url, user_agent=US) is allowed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0\0\0",
        "Disallow: /",
        "<html>not found</html>",
        "User-agent: *\nDisallow:",
        "\ud800: a",
    ],
)
def test_without_a_rule_for_us_everything_is_allowed(text: str) -> None:
    assert robots.allows(text, url="https://example.org/a", user_agent=US)


def test_a_byte_order_mark_hides_no_group() -> None:
    text = "\ufeffUser-agent: *\r\nDisallow: /\r\n"
    assert not robots.allows(text, url="https://example.org/a", user_agent=US)


def test_without_a_name_the_group_for_everybody_holds() -> None:
    assert not robots.allows(SITE, url="https://example.org/private/", user_agent="")


def test_what_is_no_address_is_not_allowed() -> None:
    assert not robots.allows(SITE, url="http://[", user_agent=US)


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("https://example.org/a/b?c#d", "https://example.org/robots.txt"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/robots.txt"),
        ("https://user:secret@example.org/a", "https://example.org/robots.txt"),
        ("http://[::1]:81/a", "http://[::1]:81/robots.txt"),
    ],
)
def test_robots_txt_lies_at_the_root_of_its_host_and_port(url: str, where: str) -> None:
    assert robots.address(url) == where


EVERYBODY = "User-agent: *\n"
HOSTILE = {
    "a megabyte of rules": EVERYBODY + "Disallow: /abcdefgh\n" * 50_000,
    "100,000 rules": EVERYBODY + "Allow:/é\n" * 100_000,
    "agents times rules": "".join(f"User-agent: {n}\n" for n in range(14_000))
    + "Disallow: /x\n" * 19_000,
    "thousands of groups": (EVERYBODY + "Disallow: /x\n") * 19_000,
    "nested wildcards": EVERYBODY + ("Disallow: /" + "*a" * 990 + "*b\n") * 240,
    "one line of wildcards": EVERYBODY + "Disallow: /" + "*a" * 240_000 + "b\n",
    "short wildcards": EVERYBODY + "".join(f"Disallow:/*a*a*a*{n}b\n" for n in range(20_000)),
    "escapes": EVERYBODY + "Disallow:/" + "%41" * 160_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_is_done_with_in_bounded_time(text: str) -> None:
    began = time.process_time()
    robots.allows(text, url="https://example.org/" + "a/" * 1000, user_agent=US)
    assert time.process_time() - began < 3.0  # 0.4 here; what it is to prevent took minutes


def test_a_second_look_at_the_same_file_costs_next_to_nothing() -> None:
    text = EVERYBODY + "".join(f"Disallow: /{n}/\n" for n in range(2_000))
    assert not robots.allows(text, url="https://example.org/1999/", user_agent=US)
    began = time.process_time()
    for number in range(100):
        robots.allows(text, url=f"https://example.org/{number}", user_agent=US)
    assert time.process_time() - began < 1.0
