"""Web pages: a pair, realistic wrappings, walls, and hostile sizes."""

import html
import json
import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import pytest

from monitor.adapters import pages
from monitor.adapters.boilerplate import without_boilerplate
from monitor.core.model import Completeness

PAIRS = Path(__file__).parents[1] / "data" / "pages"
EXAMPLES = Path(__file__).parents[3] / "shared" / "data" / "examples"
ADDRESS = "https://gazette.example/?p=7"
PARAGRAPH = "<p>" + "El puerto volvió a abrir el lunes tras una semana de niebla y de espera. " * 6


def page(head: str = "", body: str = PARAGRAPH) -> bytes:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode()


def read(body: bytes, **how: str):
    return pages.extract(body, url=ADDRESS, **how)


@pytest.mark.parametrize("path", sorted(PAIRS.glob("*.html")), ids=lambda path: path.stem)
def test_a_page_becomes_what_its_pair_says(path: Path):
    written = json.loads(json.dumps(asdict(read(path.read_bytes())), default=datetime.isoformat))
    assert written == json.loads(path.with_suffix(".json").read_text("utf-8"))


def wrapped(text: str) -> bytes:
    """An article's text in a content system's page, its lists as lists, its labels as headings."""
    parts, listed = [], False
    for line in filter(None, map(str.strip, text.split("\n"))):
        entry = line.startswith("- ")
        if entry != listed:
            parts.append("<ul>" if entry else "</ul>")
            listed = entry
        tag = "li" if entry else "p" if len(line) > 90 else "h2"
        parts.append(f"<{tag}>{html.escape(line.removeprefix('- '))}</{tag}>")
    return (
        "<!doctype html><html lang='en'><head><title>A page - Site</title></head><body>"
        "<nav><a href='/'>Home</a> <a href='/about'>About</a></nav><div class='site-content'>"
        f"<article><h1>A page</h1><div class='entry-content'>{''.join(parts)}</div></article></div>"
        "<footer><p>All rights reserved</p></footer></body></html>"
    ).encode()


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the shared data folder is not on this machine")
def test_real_texts_come_out_without_the_boilerplate_they_carry():
    for path in sorted(EXAMPLES.glob("*.txt")):
        source = path.read_text("utf-8")
        found = read(wrapped(source))
        lines = (found.text or "").split("\n")
        assert (found.completeness, found.quality) == (Completeness.FULL, "ok")
        for furniture in ("Leave a Comment", "Scroll to Top", "Table of Contents", "All rights"):
            assert furniture not in (found.text or "")
        assert len(lines) == len(set(lines))
        long = [line for line in source.split("\n") if len(line) > 200 and line[0] != "-"]
        assert [line for line in long if " ".join(line.split()) not in found.text] == []


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
@pytest.mark.parametrize("declared", ["", "<meta charset='utf-8'>", "<meta charset='iso-8859-1'>"])
def test_spanish_pages_are_decoded_whatever_they_declare(encoding: str, declared: str):
    body = (
        f"<html><head>{declared}<title>Año del señor</title></head><body>{PARAGRAPH}</body></html>"
    )
    found = read(body.encode(encoding))
    assert (found.title, found.language) == ("Año del señor", "es")
    assert "volvió" in (found.text or "")


@pytest.mark.parametrize(
    ("canonical", "accepted"),
    [
        ("https://www.gazette.example/a", True),
        ("/a", True),
        ("https://evil.example/a", False),
        ("javascript:alert(1)", False),
    ],
)
def test_a_canonical_address_counts_only_within_the_domain(canonical, accepted):
    found = read(page(f"<link rel='canonical' href='{canonical}'>"))
    assert (found.canonical_url is not None) == accepted


def test_domains_are_those_of_the_public_suffix_list():
    assert pages.registrable_domain("https://news.bbc.co.uk/x") == "bbc.co.uk"
    assert pages.registrable_domain("http://127.0.0.1:8080/") == "127.0.0.1:8080"


def test_the_outlets_name_is_cut_off_a_title_and_a_headlines_own_dash_stays():
    site = "<meta property='og:site_name' content='El Faro'>"
    own = "<title>Oil for food - the deal explained at length - El Faro</title>"
    assert read(page(site + own)).title == "Oil for food - the deal explained at length"


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [(b"%PDF-1.7", None, "a PDF"), (b"GIF89a", None, "an image"), (b"x", "video/mp4", "a video")],
)
def test_what_is_no_page_is_refused_in_plain_words(body, content_type, words):
    with pytest.raises(pages.NotAPage, match=f"this is {words}, not a web page"):
        pages.extract(body, url=ADDRESS, content_type=content_type)


WALLS = json.loads((PAIRS / "walls" / "expected.json").read_text("utf-8"))


@pytest.mark.parametrize("name", WALLS)
def test_walls_teasers_errors_and_briefs_are_told_apart(name: str):
    spanish = name.endswith(("-es", "-spanish-outlet"))
    body = (PAIRS / "walls" / f"{name}.html").read_bytes()
    found = read(body, expected="es" if spanish else "en")
    assert {"completeness": found.completeness, "quality": found.quality} == WALLS[name]


def test_every_page_of_the_walls_is_expected_to_be_something():
    assert {path.stem for path in (PAIRS / "walls").glob("*.html")} == set(WALLS)


BOX = (
    "<div class='box'><p>Diez consejos para ahorrar agua en el jardín durante el verano.</p></div>"
)


def test_a_dropped_part_is_no_text_and_a_kept_part_is_all_of_it():
    body = page("<title>La niebla</title>", f"<h1>La niebla</h1><main>{PARAGRAPH}</main>{BOX * 4}")
    assert "consejos" not in (read(body, drop=[".box"]).text or "")
    kept = read(body, keep="main")
    assert (kept.title, kept.text) == ("La niebla", PARAGRAPH.removeprefix("<p>").strip())
    assert "puerto" not in (read(body, keep="div.box").text or "")


@pytest.mark.parametrize("selector", [".absent", "html", "p[", "::before", ""])
def test_a_selector_that_finds_nothing_is_as_if_it_were_not_there(selector: str):
    body = page("<title>La niebla</title>")
    assert read(body, keep=selector, drop=[selector]) == read(body)


@pytest.mark.parametrize(
    ("head", "body", "url", "published", "by"),
    [
        ("<meta property='article:published_time' content='2026-01-03T09:30:00Z'>", "",
         "/2026/01/02/x", "2026-01-03T09:30:00+00:00", "page"),
        ("<meta name='date' content='2026-01-03'>", "", "/x", "2026-01-03T00:00:00+00:00", "page"),
        ("", "<time datetime='2026-01-03T09:30:00Z'>3 Jan</time>", "/2026/01/03/x",
         "2026-01-03T09:30:00+00:00", "markup"),
        ("", "<time datetime='2019-05-05T09:30:00Z'>2019</time>", "/2026/01/03/x",
         "2026-01-03T00:00:00+00:00", "address"),
        ("", "<span class='date'>2026-01-03</span>", "/x", "2026-01-03T00:00:00+00:00", "markup"),
        ("", "", "/x", None, None),
    ],
    ids=["meta", "day in meta", "hour of the address's day", "address", "markup", "none"],
)  # fmt: skip
def test_the_time_of_publication_says_where_it_comes_from(head, body, url, published, by):
    found = pages.extract(page(head, body + PARAGRAPH), url=f"https://gazette.example{url}")
    written = found.published and found.published.isoformat()
    assert (written, found.published_by) == (published, by)


def test_a_cookie_wall_is_recognised_and_its_words_are_not_used():
    wall = (
        "<p>We use cookies. We and our partners store personal data to show advertising. You can "
        "accept all or manage preferences, and withdraw your consent at any time in our policy.</p>"
    )
    found = read(page("<title>The pilots return to work on Monday</title>", wall * 2))
    assert (found.quality, found.text) == ("cookie wall", None)
    assert found.title == "The pilots return to work on Monday"


def test_a_table_of_contents_goes_and_an_ordinary_list_stays():
    text = "Opening words.\nÍndice\n- Uno\n- Dos\nUno\nThree things:\n- a\n- b\nContents\nEnd."
    expected = "Opening words.\nUno\nThree things:\n- a\n- b\nContents\nEnd."
    assert without_boilerplate(text, title=None) == expected


@pytest.mark.parametrize(
    "body",
    [
        page(body="<br>" * 1_000_000 + PARAGRAPH),
        page(body=PARAGRAPH * 23_000),
        page(body="<div>" * 15_000 + PARAGRAPH),
        page(body="<time datetime='2020-01-01'>01/02/2020</time> " * 15_000),
        page("<script type='application/ld+json'>" + "[" * 100_000 + "</script>"),
    ],
    ids=["a million <br>", "10 MB", "nesting", "dates", "JSON nesting"],
)
def test_hostile_pages_are_read_in_little_time(body: bytes):
    began = time.process_time()
    read(body)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("root", ["", ' prefix="article:author http://ogp.me/ns/article#"'])
@pytest.mark.parametrize(
    ("body", "authors"),
    [
        ('<div><p class="byline">By Jane Roe</p></div>', ("Jane Roe",)),
        ('<div class="card"><a rel="author" href="/people/7">Jane Roe</a></div>', ("Jane Roe",)),
        ('<div class="byline"><span class="author">Jane Roe</span></div>', ("Jane Roe",)),
        ('<div id="comments"><p class="author">Jane Roe</p></div>', ()),  # who wrote a comment
        ("<p>Jane Roe was there.</p>", ()),
    ],
)
def test_authors_are_found_where_a_page_marks_them(
    root: str, body: str, authors: tuple[str, ...]
) -> None:
    marked = page(body=body + PARAGRAPH).replace(b"<html>", f"<html{root}>".encode())
    assert read(marked).authors == authors
