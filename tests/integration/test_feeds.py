"""Feeds, as they come: pairs of a file and what it must become, hostile ones, and real ones."""

import gzip
import io
import json
import tarfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import pytest

from monitor.adapters import feeds, languages

PAIRS = Path(__file__).parents[1] / "data" / "feeds"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "feeds"
ADDRESS = "https://gazette.example/feed.xml"


def item(inner: str, *, times: int = 1) -> bytes:
    inside = f"<item>{inner}</item>" * times
    return f'<rss version="2.0"><channel><title>t</title>{inside}</channel></rss>'.encode()


def only(body: bytes, **how: str):
    (entry,) = feeds.parse_feed(body, url=ADDRESS, **how).entries
    return entry


@pytest.mark.parametrize("path", sorted(PAIRS.glob("*.xml")), ids=lambda path: path.stem)
def test_a_feed_becomes_what_its_pair_says(path: Path):
    parsed = feeds.parse_feed(path.read_bytes(), url=ADDRESS)
    written = json.loads(json.dumps(asdict(parsed), default=datetime.isoformat))
    assert written == json.loads(path.with_suffix(".json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<!doctype html><html><body>Not found</body></html>", "an HTML page"),
        (b"<!doctype html><title>Not found</title>", "an HTML page"),
        (b"  \n ", "empty"),
        (b"%PDF-1.7 ...", "a PDF"),
        (b"\x89PNG\r\n...", "an image"),
        (b'{"version": "https://jsonfeed.org/version/1.1"}', "JSON"),
        (b"<?xml version='1.0'?><opml><body/></opml>", "XML of another kind"),
        (b"Service unavailable", "plain text"),
    ],
)
def test_what_is_no_feed_is_refused_in_plain_words(body: bytes, words: str):
    with pytest.raises(feeds.NotAFeed, match=f"this is {words}, not a feed"):
        feeds.parse_feed(body, url=ADDRESS)


@pytest.mark.parametrize(
    ("encoding", "declared", "content_type"),
    [
        ("utf-8", "utf-8", None),
        ("utf-8-sig", "iso-8859-1", None),
        ("utf-16", "utf-16", None),
        ("utf-8", "iso-8859-1", "text/xml; charset=iso-8859-1"),
        ("cp1252", "iso-8859-1", None),
        ("cp1252", "utf-8", "application/rss+xml; charset=windows-1252"),
        ("cp1252", "unicode_escape", None),
        ("iso-8859-2", "iso-8859-2", None),
    ],
)
def test_every_encoding_is_read_whatever_is_declared(encoding, declared, content_type):
    text = f'<?xml version="1.0" encoding="{declared}"?>' + item("<title>Señor</title>").decode()
    if encoding == "iso-8859-2":
        text = text.replace("Señor", "Łódź")
    entry = only(text.encode(encoding), content_type=content_type)
    assert entry.title in {"Señor", "Łódź"}


def test_text_that_was_encoded_twice_is_repaired():
    once = "Elección en año de sanción: “no habrá tregua”"
    twice = once.encode().decode("cp1252", "ignore")
    assert "año de sanción" in only(item(f"<title>{twice}</title>")).title


def test_portuguese_capitals_are_no_broken_text():
    title = "A IRMÃ e a MANHÃ: não há razão"
    assert only(item(f"<title>{title}</title>")).title == title


def test_entities_of_a_document_type_are_not_expanded():
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    body = f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]>'.encode() + item("<title>&l9;</title>")
    assert only(body).title == "&l9;"


def test_external_entities_are_not_read(tmp_path: Path):
    (tmp_path / "secret").write_text("the secret")
    kind = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{(tmp_path / "secret").as_uri()}">]>'
    assert "secret" not in only(kind.encode() + item("<title>a&e;</title>")).title


def test_a_body_that_is_the_path_of_a_file_is_not_opened(tmp_path: Path):
    path = tmp_path / "feed.xml"
    path.write_bytes(item("<title>local</title>"))
    with pytest.raises(feeds.NotAFeed):
        feeds.parse_feed(str(path).encode(), url=ADDRESS)


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "file:///etc/passwd", "http://[", "data:,x"]
)
def test_links_that_are_not_of_the_web_are_dropped(link: str):
    assert only(item(f"<title>a</title><link>{link}</link>")).url is None


@pytest.mark.parametrize(
    "date",
    ["-0001-11-30T00:00:00Z", "292277026596-12-04T15:30:07Z", "1970-01-01T00:00:00Z", "soon"],
)
def test_a_senseless_date_does_not_hide_the_entry(date: str):
    entry = only(item(f"<title>a</title><pubDate>{date}</pubDate>"))
    assert (entry.title, entry.published) == ("a", None)


def test_invisible_and_reversing_characters_are_removed():
    assert only(item("<title>ab\u202ecd\u200b \x07 e</title>")).title == "abcd e"


def test_a_feed_that_lists_too_much_keeps_the_newest_and_says_so():
    items = "".join(
        f"<item><title>n{n}</title><pubDate>{n // 365 + 2000}-01-{n % 28 + 1:02}T00:00:00Z"
        "</pubDate></item>" for n in range(feeds.ITEM_LIMIT + 500)
    )  # fmt: skip
    parsed = feeds.parse_feed(f"<rss><channel>{items}</channel></rss>".encode(), url=ADDRESS)
    assert (len(parsed.entries), parsed.cut) == (feeds.ITEM_LIMIT, 500)
    assert parsed.entries[-1].title == f"n{feeds.ITEM_LIMIT + 499}"
    assert "n0" not in {entry.title for entry in parsed.entries}


@pytest.mark.parametrize(
    "body",
    [
        item("<title>a</title><author>" + "a@" * 500_000 + "</author>"),
        item("<title " + " ".join(f'a{n}="1"' for n in range(100_000)) + ">a</title>"),
        item("<title>a</title>" + "<category>c</category>" * 10_000),
        item("<title>a</title><description>" + "<div>" * 50_000 + "</description>"),
        item("<title>a</title><description>" + "&lt;a &quot;" * 100_000 + "</description>"),
        item("<title>a</title>" + "<![CDATA[" * 200_000),
    ],
    ids=["author of 1 MB", "attributes", "categories", "nesting", "open tags", "open CDATA"],
)
def test_hostile_feeds_are_read_in_little_time(body: bytes):
    began = time.process_time()
    assert only(body).title.startswith("a")
    assert time.process_time() - began < 2


def test_the_feeds_language_decides_for_short_headlines():
    body = (
        b"<rss><channel><language>es-VE</language><item><title>Final</title></item></channel></rss>"
    )
    assert only(body).language == "es"


def test_the_text_overrules_a_feed_that_claims_the_wrong_language():
    claims = (
        "<rss><channel><language>en-US</language><item><title>{}</title></item></channel></rss>"
    )
    title = "El ministro anunció ayer que el puerto volverá a abrir sus puertas este lunes"
    assert only(claims.format(title).encode()).language == "es"
    assert languages.identify("2026", prior="pt_BR") == "pt"
    assert languages.identify("") is None


def real() -> Iterator[tuple[str, bytes]]:
    for path in sorted(SHARED.rglob("*")):
        if "feed_lists" in path.parts or not path.is_file():
            continue
        if ".tar." in path.name:
            with tarfile.open(path) as archive:
                members = [member for member in archive if member.isfile()][::25]
                yield from ((one.name, archive.extractfile(one).read()) for one in members)
        elif path.suffix == ".gz":
            yield path.name, gzip.decompress(path.read_bytes())


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data folder is not on this machine")
def test_real_feeds_give_what_feedparser_finds_and_never_fail():
    import feedparser  # noqa: PLC0415 - only as a yardstick

    fewer = []
    for name, body in list(real())[::10]:
        found = len(feedparser.parse(io.BytesIO(body)).entries)
        try:
            ours = len(feeds.parse_feed(body, url=ADDRESS).entries)
        except feeds.NotAFeed:
            ours = 0
        if ours < found:
            fewer.append(name)
    assert not fewer
