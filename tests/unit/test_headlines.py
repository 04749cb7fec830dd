"""The headline among a page's titles, without site and kicker."""

from monitor.core.headlines import Titles, headline

TALKS = "Harbour talks resume after a week"


def test_the_outlets_name_is_cut_off_and_a_headlines_own_dash_stays():
    title = "Oil for food - the deal explained at length - El Faro"
    assert headline(Titles(window=title, sites=["El Faro"])) == title[: -len(" - El Faro")]


def test_what_a_heading_shows_alone_is_the_headline_whatever_follows_it_elsewhere():
    found = headline(Titles(shared=[f"{TALKS} – HG – 03.01.2026"], shown=[TALKS]))
    assert found == TALKS


def test_a_kicker_that_differs_from_place_to_place_is_cut_off():
    titles = Titles(shared=[f"Strike in the port: {TALKS}"], shown=[f"Pilots - {TALKS}"])
    assert headline(titles) == TALKS


def test_a_part_before_a_colon_stays_where_all_titles_have_it():
    title = f"Live: {TALKS}"
    assert headline(Titles(linked=title, shared=[title], shown=[title])) == title


def test_an_article_of_another_object_is_not_this_headline():
    titles = Titles(linked="Cookies baked by grandmothers", shared=[TALKS], shown=[TALKS])
    assert headline(titles) == TALKS


def test_the_claim_that_is_shown_wins_over_one_that_is_not():
    assert headline(Titles(linked="Talks: what we know", shared=[TALKS], shown=[TALKS])) == TALKS


def test_the_claim_that_the_address_spells_out_wins_over_the_shown_one():
    titles = Titles(
        linked=TALKS,
        shared=["Breaking: pilots are back, says union"],
        shown=["Breaking: pilots are back, says union"],
        address="https://gazette.example/news/harbour-talks-resume-after-a-week-123.html",
    )
    assert headline(titles) == TALKS


def test_a_claim_that_was_cut_short_is_completed():
    titles = Titles(linked="Harbour talks resume…", shared=[TALKS], shown=["The Gazette"])
    assert headline(titles) == TALKS


def test_a_logo_in_the_first_heading_is_passed_over():
    titles = Titles(shown=["The Gazette", TALKS], window=f"{TALKS} | The Gazette")
    assert headline(titles) == TALKS


def test_a_page_without_titles_has_no_headline():
    assert headline(Titles(shown=["", ""], window="")) is None
