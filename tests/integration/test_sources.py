"""How many outlets an alert says carry a story, where aggregators show what others publish."""

from html import escape

import pytest
from sqlalchemy import select

from monitor.cli import life
from monitor.storage import views
from monitor.storage.articles import outlets_of
from monitor.storage.schema import article, delivery

TITLE = "Ruritania offers Northland talks on gold and border"


@pytest.fixture
def outlets(files) -> str:
    """Paper A, and a search of the news that shows its articles too."""
    return files["outlets/papers.yaml"].replace(
        "name: Paper B, country: GB, language: en, tier: national",
        "name: News Search, country: GB, language: en, tier: aggregator",
    )


@pytest.fixture
def searching(open_desk, outlets):
    desk = open_desk(outlets__papers=outlets)
    desk.sweep()
    return desk


def show(newsroom, *, source: str, link: str = "") -> None:
    """Let the search list the article, with its source if it names one."""
    address = link or f"http://{newsroom.address}/articles/{source}"
    named = f"<source>{escape(source)}</source>" if source else ""
    item = f"<item><title>{TITLE}</title><link>{escape(address)}</link>{named}</item>"
    body = f'<rss version="2.0"><channel><title>s</title>{item}</channel></rss>'
    newsroom.documents["/feed/b"] = ("application/rss+xml", body)


def counts(desk) -> tuple[int, int]:
    with desk.database.read() as connection:
        stories = connection.execute(select(article.c.story_id).distinct()).scalars().all()
        assert len(stories) == 1
        return outlets_of(connection, stories[0])


def reported(desk):
    with desk.database.read() as connection:
        (number,) = connection.execute(select(delivery.c.id)).scalars()
        return views.reports(connection, number)[0]


@pytest.mark.parametrize("name", ["Paper A", "PAPER  Á"])
def test_an_outlet_and_a_search_that_shows_its_article_are_one_outlet(searching, newsroom, name):
    newsroom.publish(TITLE)
    show(newsroom, source=name)
    sent = searching.sweep(minutes=6)
    assert counts(searching) == (1, 1)
    assert "outlets" not in sent


def test_a_search_that_shows_a_paper_we_do_not_have_counts_as_that_paper(searching, newsroom):
    newsroom.publish(TITLE)
    show(newsroom, source="Paper C")
    searching.sweep(minutes=6)
    assert counts(searching) == (2, 1), "under the same headline it is a copy"


def test_an_agencys_line_in_a_search_is_the_agencys_and_no_copy(open_desk, newsroom, outlets):
    desk = open_desk(outlets__papers=outlets.replace("national", "wire, credits: [TWA]"))
    desk.sweep()
    show(newsroom, source="TWA")
    assert "TWA via News Search" in desk.sweep(minutes=6)
    assert reported(desk).credit is None


def test_a_page_behind_a_search_says_whose_it_is_where_the_search_does_not(
    open_desk, newsroom, open_newsroom, outlets, files, paragraphs_of
):
    publisher, _ = open_newsroom()
    both = files["monitor.yaml"].replace("allow: [", f'allow: ["{publisher.address}", ')
    desk = open_desk(outlets__papers=outlets, monitor=both)
    desk.sweep()
    text = "".join(f"<p>{each}</p>" for each in paragraphs_of(TITLE).split("\n"))
    head = '<meta property="og:site_name" content="Paper C">'
    page = f"<html><head>{head}</head><body><article>{text}</article></body></html>"
    publisher.documents["/own"] = ("text/html", page)
    show(newsroom, source="", link=f"http://search.example/?url=http://{publisher.address}/own")
    desk.sweep(minutes=6)
    assert reported(desk).publisher == "Paper C"


def test_the_life_of_an_article_names_its_publisher_and_what_dated_it(searching, newsroom, capsys):
    newsroom.publish(TITLE, published=searching.clock.now())
    show(newsroom, source="Paper C")
    searching.sweep(minutes=6)
    configuration = searching.monitor.configuration
    lives = [life.explained(configuration, number, configuration.rules[0])[0] for number in "12"]
    capsys.readouterr()
    for each in lives:
        life.show(each)
    told = capsys.readouterr().out
    assert {(each["outlet"], each["publisher"]) for each in lives} == {
        ("a", None),
        ("b", "Paper C"),
    }
    assert "publisher Paper C\n" in told
    assert "published 2026-03-02 12:00 UTC, as the feed says\n" in told
