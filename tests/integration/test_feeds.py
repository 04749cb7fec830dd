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

from monitor.adapters import feeds, languages, listings, markup, windows
from monitor.adapters.calendar_words import read_date
from monitor.adapters.windows import ITEM_LIMIT, MARK_SIZE
from monitor.core.errors import Permanent
from monitor.core.model import ParsedFeed, Selectors

PAIRS = Path(__file__).parents[1] / "data" / "feeds"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "feeds"
ADDRESS = "https://gazette.example/feed.xml"


def item(inner: str, *, times: int = 1) -> bytes:
    inside = f"<item>{inner}</item>" * times
    return f'<rss version="2.0"><channel><title>t</title>{inside}</channel></rss>'.encode()


def only(body: bytes, **how: str):
    (entry,) = feeds.parse_feed(body, url=ADDRESS, **how).entries
    return entry


PAGE = Selectors(items=".notas li", title="h3", date=".fecha", summary="p")
MARKS = {"marks", "newest"}  # bytes, and other tests ask what they are for
PAIRED = sorted(path for path in PAIRS.iterdir() if path.suffix != ".json")


@pytest.mark.parametrize("path", PAIRED, ids=lambda path: path.stem)
def test_a_document_becomes_what_its_pair_says(path: Path):
    parsed = feeds.parse_feed(
        path.read_bytes(),
        url=ADDRESS,
        selectors=PAGE if path.suffix == ".html" else None,
        whole="whole" in path.stem,
    )
    assert len(parsed.marks) == len(parsed.entries) * MARK_SIZE
    told = {name: value for name, value in asdict(parsed).items() if name not in MARKS}
    written = json.loads(json.dumps(told, default=datetime.isoformat))
    assert written == json.loads(path.with_suffix(".json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<!doctype html><html><body>Not found</body></html>", "an HTML page"),
        (b"<!doctype html><title>Not found</title>", "an HTML page"),
        (b"  \n ", "empty"),
        (b"%PDF-1.7 ...", "a PDF"),
        (b"\x89PNG\r\n...", "an image"),
        (b'{"status": "ok", "items": [{"id": 1}, 2]}', "JSON"),
        (b"[]", "JSON"),
        (b'{"items": [}', "damaged JSON"),
        (b"[" * 100_000, "JSON nested too deeply"),
        (b"<?xml version='1.0'?><opml><body/></opml>", "XML of another kind"),
        (b"Service unavailable", "plain text"),
    ],
)
def test_what_is_no_feed_is_refused_in_plain_words(body: bytes, words: str):
    with pytest.raises(feeds.NotAFeed, match=f"this is {words}, not a feed"):
        feeds.parse_feed(body, url=ADDRESS)


@pytest.mark.parametrize("strange", ["NaN", "9" * 10_000, "1e400", "-Infinity"])
def test_a_strange_number_in_a_json_feed_costs_no_item(strange: str):
    items = f'[{{"id": 1, "title": "One", "size": {strange}}}, {{"id": {strange}, "title": "Two"}}]'
    body = f'{{"version": "https://jsonfeed.org/version/1.1", "items": {items}}}'
    parsed = feeds.parse_feed(body.encode(), url=ADDRESS)
    assert [entry.title for entry in parsed.entries] == ["One", "Two"]


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


@pytest.mark.parametrize(
    "body",
    [
        item("<guid>ab\u202ecd\u200b 1</guid>"),
        '{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "ab\u202ecd\u200b 1"}]}',
    ],
    ids=["RSS", "JSON Feed"],
)
def test_a_guid_loses_what_cannot_be_seen_and_keeps_all_else(body: bytes | str):
    assert only(body if isinstance(body, bytes) else body.encode()).guid == "abcd 1"
    clean = "tag:gazette.example,2026:é?a=1&amp;b=%20~{2}"
    assert only(item(f"<guid>{clean}</guid>")).guid == clean.replace("&amp;", "&")


def test_a_sitemap_that_lies_packed_on_its_server_is_unpacked():
    plain = item("<title>Rain in Zenda</title>")
    assert only(gzip.compress(plain)).title == "Rain in Zenda"
    with pytest.raises(feeds.NotAFeed, match="a compressed file"):
        parse(gzip.compress(plain)[:10] + b"\xff damaged")
    with pytest.raises(feeds.NotAFeed, match="a PDF"):
        parse(gzip.compress(b"%PDF-1.7"))


def test_a_small_file_that_unpacks_to_a_huge_one_is_cut():
    start = b"<rss><channel><item><title>Rain in Zenda</title></item>"
    bomb = gzip.compress(start + b" " * 20 * feeds.BODY_LIMIT)
    began = time.process_time()
    assert only(bomb).title == "Rain in Zenda"
    assert time.process_time() - began < 1


def test_a_feed_that_lists_too_much_keeps_the_newest_and_says_so():
    items = "".join(
        f"<item><title>n{n}</title><pubDate>{n // 365 + 2000}-01-{n % 28 + 1:02}T00:00:00Z"
        "</pubDate></item>" for n in range(ITEM_LIMIT + 500)
    )  # fmt: skip
    parsed = feeds.parse_feed(f"<rss><channel>{items}</channel></rss>".encode(), url=ADDRESS)
    assert (len(parsed.entries), parsed.cut) == (ITEM_LIMIT, 500)
    assert parsed.entries[-1].title == f"n{ITEM_LIMIT + 499}"
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
        item("<title>a</title>" + "<source>" * 50_000),
        item("<title>a &#xD800; &#0; &#1114112; &bogus; & <</title>" + "&#xD800;" * 100_000),
        item("<title>a</title>" + "<creator>" + "(a@" * 300_000 + "</creator>"),
    ],
    ids=[
        "author of 1 MB",
        "attributes",
        "categories",
        "nesting",
        "open tags",
        "open CDATA",
        "nested sources",
        "invalid references",
        "creator of 1 MB",
    ],
)
def test_hostile_feeds_are_read_in_little_time(body: bytes):
    began = time.process_time()
    assert only(body).title.startswith("a")
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "body",
    [
        item("<title>a</title><link>/1</link>", times=100_000),
        b"<urlset>" + b"<url><loc>/1</loc><n:news><n:title>a</n:title></n:news></url>" * 100_000,
        json.dumps({"items": [{"id": "1", "url": "/1", "title": "a"}] * 100_000}).encode(),
    ],
    ids=["RSS", "sitemap", "JSON"],
)
def test_of_a_hundred_thousand_items_the_newest_are_read_in_bounded_time(body: bytes):
    began = time.process_time()
    parsed = feeds.parse_feed(body, url=ADDRESS, marks=bytes(16), newest=bytes(80))
    assert (len(parsed.entries), parsed.cut) == (ITEM_LIMIT, 100_000 - ITEM_LIMIT)
    assert len(parsed.marks) == ITEM_LIMIT * MARK_SIZE
    assert parsed.overlapped is False
    assert time.process_time() - began < 8


def test_the_feeds_language_decides_for_short_headlines():
    body = (
        b"<rss><channel><language>es-VE</language><item><title>Final</title></item></channel></rss>"
    )
    assert only(body).language == "es"


def test_the_text_overrules_a_feed_that_claims_the_wrong_language():
    title = "El ministro anunció ayer que el puerto volverá a abrir sus puertas este lunes"
    assert languages.identify(title, prior="en-US") == "es"
    assert languages.identify("2026", prior="pt_BR") == "pt"
    assert languages.identify("") is None


def three(*, titles: str = "abc", extra: str = "") -> bytes:
    """Three dated items, the newest first; `extra` goes in front of them."""
    listed = "".join(
        f"<item><guid>{number}</guid><title>{title}</title><link>/{number}</link>"
        f"<pubDate>2026-03-0{3 - number}T10:00:00Z</pubDate></item>"
        for number, title in enumerate(titles)
    )
    return f"<rss><channel>{extra}{listed}</channel></rss>".encode()


def parse(body: bytes, **how: bytes) -> ParsedFeed:
    return feeds.parse_feed(body, url=ADDRESS, **how)


def test_items_seen_unchanged_are_marked_and_not_read_again():
    first = parse(three())
    again = parse(three(titles="aBc", extra="<item><title>new</title></item>"), marks=first.marks)
    assert [entry.title for entry in again.entries] == ["new", "B"]
    assert len(again.marks) == 4 * MARK_SIZE
    assert parse(three(), marks=first.marks).entries == ()
    assert parse(three(), marks=first.marks).marks == first.marks


@pytest.mark.parametrize(
    "inside",
    [
        "<title>other</title>",
        "<link>https://gazette.example/other</link>",
        "<guid>other</guid>",
        "<description>other</description>",
        "<pubDate>Mon, 02 Mar 2026 08:00:00 GMT</pubDate>",
        "<author>other</author>",
        "<source>other</source>",
        "<content>other<b>nested</b></content>",
        "<link href='https://gazette.example/other'/>",
    ],
)
def test_a_change_of_anything_that_is_read_changes_the_mark(inside: str):
    assert parse(item(inside)).marks != parse(item("")).marks


def test_what_is_not_read_does_not_change_the_mark():
    def of(comments: str) -> bytes:
        return parse(item(f"<title>a</title><comments>{comments}</comments>")).marks

    assert of("12") == of("13")


@pytest.mark.parametrize(
    ("later", "overlapped"),
    [
        (three(), True),
        (three(titles="xyz"), True),  # the guids are the old ones
        (item("<guid>0</guid><title>a</title>"), True),
        (item("<guid>9</guid><title>b</title>"), False),
        (item("<guid>0</guid>", times=2), False),  # a guid that two items share tells nothing
        (item("<guid>9</guid><link>https://gazette.example/2</link>"), True),
        (item("<guid>9</guid><link>/2?utm_source=feed&amp;utm_id=9</link>"), True),
        (b"<rss><channel/></rss>", False),
    ],
)
def test_a_window_knows_whether_it_overlaps_an_earlier_one(later, overlapped):
    first = parse(three())
    assert first.overlapped is None
    assert parse(later, newest=first.newest).overlapped is overlapped


ALIKE = "<guid>news</guid><link>/news</link>"
PLAIN = "<title>{}</title><description>what the feed calls {}</description>"


@pytest.mark.parametrize("shared", [ALIKE, "", "<link>/live?utm_content={}</link>"])
def test_items_without_a_guid_or_an_address_of_their_own_overlap_by_their_content(shared: str):
    def window(*names: str) -> bytes:
        listed = "".join(f"<item>{shared}{PLAIN}</item>".format(*[name] * 3) for name in names)
        return f"<rss><channel>{listed}</channel></rss>".encode()

    first = parse(window("a", "b", "c"))
    assert parse(window("c", "d", "e"), newest=first.newest).overlapped is True
    assert parse(window("a"), newest=first.newest).overlapped is True
    assert parse(window("d", "e"), newest=first.newest).overlapped is False


def test_only_the_newest_count_for_the_overlap_so_a_pinned_item_does_not():
    pinned = "<item><guid>pinned</guid><pubDate>2001-01-01T00:00:00Z</pubDate></item>"
    many = "".join(
        f"<item><guid>{n}</guid><pubDate>2026-03-02T10:00:0{n}Z</pubDate></item>" for n in range(6)
    )
    first = parse(f"<rss><channel>{pinned}{many}</channel></rss>".encode())
    assert len(first.newest) == windows.NEWEST * MARK_SIZE
    gone = parse(f"<rss><channel>{pinned}</channel></rss>".encode(), newest=first.newest)
    assert gone.overlapped is False
    fifth = parse(item("<guid>1</guid>"), newest=first.newest)
    assert fifth.overlapped is True


def test_undated_items_are_new_in_the_order_of_the_document():
    first = parse(
        f"<rss>{''.join(f'<item><guid>{n}</guid></item>' for n in range(9))}</rss>".encode()
    )
    assert parse(item("<guid>4</guid>"), newest=first.newest).overlapped
    assert not parse(item("<guid>5</guid>"), newest=first.newest).overlapped


@pytest.mark.parametrize("path", PAIRED, ids=lambda path: path.stem)
def test_every_kind_of_feed_remembers_what_it_listed(path: Path):
    how = {"url": ADDRESS, "selectors": PAGE if path.suffix == ".html" else None}
    first = feeds.parse_feed(path.read_bytes(), **how)
    again = feeds.parse_feed(path.read_bytes(), marks=first.marks, newest=first.newest, **how)
    assert (again.entries, again.marks) == ((), first.marks)
    assert again.overlapped is True
    assert (again.title, again.language) == (first.title, first.language)


def test_a_sitemap_without_titles_is_refused_with_its_count():
    places = "".join(f"<url><loc>https://a.example/{n}</loc></url>" for n in range(1_200))
    with pytest.raises(feeds.NotAFeed, match="a sitemap of 1,200 addresses without one news title"):
        parse(f"<urlset>{places}</urlset>".encode())


def test_an_index_of_sitemaps_is_refused_and_names_the_first():
    places = "".join(
        f"<sitemap><loc>https://a.example/{n}.xml</loc></sitemap>" for n in range(1_200)
    )
    words = r"https://a.example/0.xml, https://a.example/1.xml, \S+/2.xml and 1,197 more"
    with pytest.raises(feeds.NotAFeed, match=words):
        parse(f"<sitemapindex>{places}</sitemapindex>".encode())


def test_an_empty_sitemap_is_a_feed_without_items():
    assert parse(b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'/>").entries == ()


def listing(page: str, **selectors: str) -> ParsedFeed:
    return feeds.parse_feed(page.encode(), url=ADDRESS, selectors=Selectors(**selectors))


@pytest.mark.parametrize(
    ("selectors", "words"),
    [
        ({"items": "article"}, "the selector 'article' finds nothing on this page"),
        ({"items": "li", "link": "b"}, "the selector 'b' finds no link in any of 2 items"),
        ({"items": "li::before"}, "the selector 'li::before' cannot be read"),
        ({"items": "li["}, r"the selector 'li\[' cannot be read"),
        ({"items": "x|li"}, r"the selector 'x\|li' cannot be read"),
        ({"items": "li", "date": ":nonsense"}, "the selector ':nonsense' cannot be read"),
    ],
)
def test_selectors_that_find_nothing_or_are_broken_say_so(selectors: dict[str, str], words: str):
    page = "<ul><li><a href='/1'>One</a></li><li><b>Two</b></li></ul>"
    with pytest.raises(Permanent, match=words):
        listing(page, **selectors)


def test_an_item_may_be_the_link_itself():
    (entry,) = listing(
        "<p><a class=n href='/1'>5 &lt; 6 &amp; so</a><a href='/2'>No</a>", items="a.n"
    ).entries
    assert (entry.title, entry.url) == ("5 < 6 & so", "https://gazette.example/1")


def test_two_links_to_one_page_are_one_item_with_the_title():
    page = "<a href='/1'><img></a><a href='/1'>One</a><a href='/1'>More</a><a href='/2'>Two</a>"
    assert [entry.title for entry in listing(page, items="a").entries] == ["One", "Two"]


@pytest.mark.parametrize(
    ("written", "form", "read"),
    [
        ("22 de noviembre de 2026", None, "2026-11-22 00:00"),
        ("Publicado el sábado, 22 de Noviembre del 2026 a las 14:05", None, "2026-11-22 14:05"),
        ("November 22, 2026", None, "2026-11-22 00:00"),
        ("Posted: Nov. 2nd, 2026 at 3:07 p.m. EST", None, "2026-11-02 15:07"),
        ("Sept. 2, 2026, 12:30 am", None, "2026-09-02 00:30"),
        ("22 November 2026 | 09:15", None, "2026-11-22 09:15"),
        ("2026-11-22", None, "2026-11-22 00:00"),
        ("2026-11-22T10:00:00-04:00", None, "2026-11-22 14:00"),
        ("Sun, 22 Nov 2026 10:00:00 +0100", None, "2026-11-22 09:00"),
        ("22/11/2026", "%d/%m/%Y", "2026-11-22 00:00"),
        ("11.22.26 17:30", "%m.%d.%y %H:%M", "2026-11-22 17:30"),
        ("22 de noviembre de 2026", "%d de %B de %Y", "2026-11-22 00:00"),
        ("3/4/2026", None, None),
        ("31 de febrero de 2026", None, None),
        ("Mayor 3, 2026", None, None),
        ("22/11/2026", "%Y", None),
        ("soon", None, None),
        ("9" * 100_000, None, None),
    ],
)
def test_dates_of_pages_are_read_where_they_mean_one_day(written, form, read):
    date = read_date(written, form=form)
    assert (date and date.strftime("%Y-%m-%d %H:%M")) == read


def test_a_page_of_too_many_tags_is_refused():
    page = "<div><p>" * (listings.TAG_LIMIT // 2 + 1)
    with pytest.raises(feeds.NotAFeed, match="more than 50,000 tags"):
        listing(page, items="p")


@pytest.mark.parametrize(
    "page",
    [
        "<p><a href='/1'>One</a></p>" * 12_000,
        "<a href='/1'>One</a>" + "<div>" * 40_000,
        "<a href='/1'>One</a>" + "<p " + " ".join(f'a{n}="1"' for n in range(100_000)) + ">",
        "<a href='/1'>One</a>" + "x" * 3_000_000,
        "<p><a href='/1'>" + "One " * 700_000,
    ],
    ids=["many items", "deep", "attributes", "long", "long item"],
)
def test_selectors_take_bounded_time_on_hostile_pages(page: str):
    began = time.process_time()
    parsed = listing(page, items="body a, body p a", date=":not(b) a")
    assert 0 < len(parsed.entries) <= ITEM_LIMIT
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "hostile",
    [
        {"items": [{"id": "1", "url": "/1", "title": ["no", "text"]}] * 5_000},
        {"items": [{"id": "1", "url": "/1", "authors": [{"name": "a@" * 100}] * 10_000}]},
        {"items": [{"id": "1", "url": "/1", "date_published": "-0001-11-30T00:00:00Z"}]},
        {"items": [{"id": "1", "url": "/1", "date_published": "2999-01-01T00:00:00Z"}]},
        {"items": [{"id": "1", "url": "/1", "title": "\ud800 half a pair"}]},
        {"items": [{"id": 10**400, "url": "/1"}, 7, None, [], "x"]},
        {"items": [{"id": 1.5, "url": "/1", "content_html": "<p" * 500_000}]},
    ],
)
def test_hostile_json_is_read_within_bounds(hostile: dict):
    began = time.process_time()
    parsed = parse(json.dumps(hostile).encode())
    assert 1 <= len(parsed.entries) <= ITEM_LIMIT
    assert all(entry.published is None and entry.guid for entry in parsed.entries)
    assert time.process_time() - began < 3


def test_the_last_of_two_equal_keys_counts_in_json():
    body = b'{"items": [{"id": 1, "id": 2, "url": "/1", "title": "a", "title": "b"}]}'
    (entry,) = parse(body).entries
    assert (entry.guid, entry.title) == ("2", "b")


@pytest.mark.parametrize("year", ["-0001", "0000", "0001", "1989", "2100", "2999", "99999"])
@pytest.mark.parametrize(
    "body",
    [
        "<rss><item><title>a</title><pubDate>{}-11-30T00:00:00Z</pubDate></item></rss>",
        "<urlset><url><lastmod>{}-11-30</lastmod><news><title>a</title></news></url></urlset>",
    ],
)
def test_no_year_hides_an_item_or_is_believed(body: str, year: str):
    assert only(body.format(year).encode()).published is None


def test_a_publisher_at_the_end_of_a_title_is_cut_only_where_it_is_named():
    named = "<source>The Post</source>"
    assert only(item(f"<title>News - THE POST</title>{named}")).title == "News"
    assert only(item(f"<title>News - Other</title>{named}")).title == "News - Other"
    assert only(item(f"<title> - The Post</title>{named}")).title == "- The Post"
    assert only(item("<title>News - The Post</title>")).title == "News - The Post"


def test_the_whole_text_is_kept_only_where_it_is_asked_for():
    body = item("<title>a</title><description>short</description><body>" + "long " * 90 + "</body>")
    assert only(body).text is None
    assert only(body, whole=True).text == ("long " * 90).strip()
    assert only(item("<description>One.<br/>Two.</description>"), whole=True).text == "One.\nTwo."
    endless = item(f"<description>{'long ' * 100_000}</description>")
    assert len(only(endless, whole=True).text) <= windows.WHOLE_LIMIT


def test_values_taken_from_the_tree_are_those_that_feedparser_gives():
    import feedparser  # noqa: PLC0415 - only as a yardstick

    inside = (
        "<title>  Señor &amp;amp; <![CDATA[<b>x</b>]]>\x93q </title>"
        "<link> https://a.example/?a=1&amp;b=2 </link><guid>https://a.example/other</guid>"
        "<author>Ada Lark</author>"
        "<description>One &lt;i&gt;two&lt;/i&gt; \xc3\xa9</description>"
    )
    (entry,) = feedparser.parse(io.BytesIO(item(inside)), sanitize_html=False).entries
    ours = only(item(inside))
    assert ours.title == markup_of(entry.title)
    assert ours.summary == markup_of(entry.summary)
    assert (ours.url, ours.author) == (entry.link, entry.author)


def markup_of(value: str) -> str:
    return markup.one_line(value, limit=500)


def test_a_beginning_in_another_language_than_the_feeds_is_looked_at_twice():
    quoted = "The house by the sea and the old man in it, said the review of the year"
    rest = "El ministro anunció ayer que el puerto volverá a abrir este lunes. " * 4
    assert languages.identify(f"{quoted}. {rest}", prior="es") == "es"


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
