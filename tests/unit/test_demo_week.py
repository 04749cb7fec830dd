"""The bundled demo week is complete, consistent and honest about what copies what."""

import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.core.model import Tier

WEEK = Path(__file__).parents[2] / "config" / "demo" / "week.yaml"

KINDS = {
    *{"original", "copy", "cut", "rewrite", "brief", "noise"},
    *{"denial", "correction", "weak", "baseline", "welcome"},
}
DERIVED = {"copy", "cut", "rewrite", "denial", "correction"}
ARTICLE_KEYS = {
    *{"id", "outlet", "published", "kind", "of", "title", "summary"},
    *{"author", "section", "text", "credit", "edits", "expect"},
}
STARTER_RULES = {"dialogue-offers", "strikes", "sanctions"}
FIRST_SIGHT = timedelta(hours=6)  # the default of `poll.first_sight`

# Office-holders and politicians whose words nobody may invent; the week speaks of offices only.
REAL_PEOPLE = re.compile(
    r"\b(maduro|trump|rubio|hegseth|bessent|grenell|rodríguez|cabello|padrino|machado|gonzález"
    r"|petro|lula|biden|noboa|sheinbaum|sánchez|starmer|persad|putin|guaidó|chávez)\b",
    re.IGNORECASE,
)

Article = dict[str, Any]


@pytest.fixture(scope="module")
def week() -> dict[str, Any]:
    return yaml.load(WEEK.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)


@pytest.fixture(scope="module")
def articles(week: dict[str, Any]) -> dict[str, Article]:
    return {article["id"]: article for article in week["articles"]}


def when(written: str) -> datetime:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", written), written
    return datetime.fromisoformat(written).astimezone(UTC)


def paragraphs(article: Article) -> list[str]:
    return [part.strip() for part in article["text"].split("\n\n")]


def of_kind(articles: dict[str, Article], *kinds: str) -> list[Article]:
    return [article for article in articles.values() if article["kind"] in kinds]


def origin(articles: dict[str, Article], article: Article) -> Article:
    while "of" in article:
        article = articles[article["of"]]
    return article


def test_the_week_is_seven_days_and_has_fourteen_outlets_in_two_languages(week):
    assert week["version"] == "1"
    assert when(week["ends"]) - when(week["begins"]) == timedelta(days=7)
    outlets = week["outlets"]
    assert len(outlets) == len({outlet["id"] for outlet in outlets}) == 14
    assert {outlet["language"] for outlet in outlets} == {"en", "es"}
    for outlet in outlets:
        assert set(outlet) == {"id", "name", "country", "language", "tier"}
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", outlet["id"])
        assert outlet["tier"] in set(Tier)


def test_every_article_is_written_once_by_a_known_outlet_with_known_keys(week, articles):
    assert 55 <= len(week["articles"]) <= 70
    assert len(articles) == len(week["articles"])
    outlets = {outlet["id"] for outlet in week["outlets"]}
    assert {article["outlet"] for article in articles.values()} == outlets
    for name, article in articles.items():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
        assert set(article) <= ARTICLE_KEYS, name
        assert article["title"].strip() == article["title"] != ""
        assert set(article["expect"]) <= STARTER_RULES, name


def test_articles_stand_in_the_order_of_their_day(week):
    in_week = [a for a in week["articles"] if a["kind"] != "baseline"]
    published = [when(article["published"]) for article in in_week]
    assert published == sorted(published)


def test_every_kind_is_present(articles):
    assert {article["kind"] for article in articles.values()} == KINDS


def test_times_lie_inside_the_week_except_what_the_feeds_already_list(week, articles):
    begins, ends = when(week["begins"]), when(week["ends"])
    for article in articles.values():
        published = when(article["published"])
        if article["kind"] == "baseline":
            assert published < begins - FIRST_SIGHT
        elif article["kind"] == "welcome":
            assert begins - FIRST_SIGHT < published < begins
        else:
            assert begins <= published < ends


def test_several_feeds_begin_with_a_baseline_and_two_articles_are_welcomed(articles):
    assert len({article["outlet"] for article in of_kind(articles, "baseline")}) >= 3
    welcomed = of_kind(articles, "welcome")
    assert len(welcomed) == 2
    assert all(article["expect"] for article in welcomed)


def test_what_derives_from_an_article_names_it_and_comes_later_from_another_outlet(articles):
    for article in articles.values():
        assert ("of" in article) == (article["kind"] in DERIVED), article["id"]
        if "of" in article:
            source = articles[article["of"]]
            assert article["outlet"] != source["outlet"]
            assert article["published"] > source["published"]


def test_copies_and_cuts_follow_within_ninety_minutes_of_a_text_that_is_written_out(articles):
    for article in of_kind(articles, "copy", "cut"):
        source = articles[article["of"]]
        behind = when(article["published"]) - when(source["published"])
        assert timedelta(minutes=5) <= behind <= timedelta(minutes=90), article["id"]
        assert "text" in source
        assert "text" not in article
        assert article["expect"] == source["expect"]


def test_copies_keep_the_language_of_what_they_copy(week, articles):
    language = {outlet["id"]: outlet["language"] for outlet in week["outlets"]}
    for article in of_kind(articles, "copy", "cut"):
        assert language[article["outlet"]] == language[articles[article["of"]]["outlet"]]


def test_some_rewrites_cross_from_one_language_to_the_other(week, articles):
    language = {outlet["id"]: outlet["language"] for outlet in week["outlets"]}
    crossings = Counter(
        (language[articles[article["of"]]["outlet"]], language[article["outlet"]])
        for article in of_kind(articles, "rewrite")
    )
    assert crossings["en", "es"] >= 3
    assert crossings["es", "en"] >= 1


def test_some_copies_carry_a_credit_and_some_do_not(articles):
    credited = Counter("credit" in article for article in of_kind(articles, "copy"))
    assert credited[True] >= 3
    assert credited[False] >= 3


def test_articles_have_realistic_lengths(articles):
    for article in articles.values():
        if "text" not in article:
            continue
        words = len(article["text"].split())
        if article["kind"] == "brief":
            assert len(paragraphs(article)) == 2
        elif article["kind"] == "baseline":
            assert words >= 50
        else:
            assert 4 <= len(paragraphs(article)) <= 9, article["id"]
            assert 75 <= words <= 350, (article["id"], words)


def test_edits_come_after_publication_inside_the_week_and_change_something(week, articles):
    edited = [article for article in articles.values() if "edits" in article]
    assert len(edited) >= 3
    for article in edited:
        shown = article
        moment = when(article["published"])
        for edit in article["edits"]:
            assert set(edit) <= {"at", "title", "text"}
            assert moment < when(edit["at"]) < when(week["ends"])
            moment = when(edit["at"])
            after = {**shown, **edit}
            assert (after["title"], after["text"]) != (shown["title"], shown["text"])
            shown = after


def test_a_headline_changes_and_a_correction_says_so_in_its_text(articles):
    edits = [edit for article in articles.values() for edit in article.get("edits", [])]
    assert sum("text" not in edit for edit in edits) >= 3
    for article in of_kind(articles, "correction"):
        last = article["edits"][-1]["text"]
        assert "Correction:" in last
        assert "Correction:" not in article["text"]


def test_at_least_eight_events_are_covered_by_two_to_six_outlets(articles):
    outlets = defaultdict(set)
    for article in of_kind(articles, *(KINDS - {"noise", "baseline", "weak"})):
        outlets[origin(articles, article)["id"]].add(article["outlet"])
    covered = [names for names in outlets.values() if len(names) >= 2]
    assert len(covered) >= 8
    assert max(len(names) for names in covered) <= 6


def test_each_starter_rule_is_expected_in_both_languages(week, articles):
    language = {outlet["id"]: outlet["language"] for outlet in week["outlets"]}
    expected = Counter(
        (rule, language[article["outlet"]])
        for article in articles.values()
        for rule in article["expect"]
    )
    for rule in STARTER_RULES:
        assert expected[rule, "en"] >= 3
        assert expected[rule, "es"] >= 3


def test_noise_is_expected_to_stay_silent_and_everything_else_in_the_week_is_not(articles):
    assert len(of_kind(articles, "noise")) >= 10
    for article in articles.values():
        if article["kind"] != "baseline":
            assert bool(article["expect"]) == (article["kind"] != "noise"), article["id"]


def test_the_subject_of_a_weak_article_stands_only_deep_in_its_body(articles):
    weak = of_kind(articles, "weak")
    assert len(weak) == 2
    for article in weak:
        first, rest = paragraphs(article)[:4], paragraphs(article)[4:]
        top = " ".join([article["title"], article["summary"], *first])
        assert "venezuela" not in top.casefold()
        assert "venezuela" in " ".join(rest).casefold()


def test_no_real_person_is_named():
    assert REAL_PEOPLE.findall(WEEK.read_text(encoding="utf-8")) == []
