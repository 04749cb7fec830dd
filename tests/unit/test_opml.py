"""Lists of feeds as OPML: what we write we read again, and strangers' lists do no harm."""

from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from monitor.adapters import opml
from monitor.config import load
from monitor.config.written import outlet_file
from monitor.core.model import Access, Feed, Outlet, OutletId, PageRules, Selectors, Tier

WIRE = Outlet(
    OutletId("wire"),
    'The "Wire" & <Sons>: 100% ñandú',
    "NO",
    "es-419",
    Tier.STATE_MEDIA,
    credits=("WIRE", "The Wire; Agency"),
    pages=PageRules(
        keep="article > div.body",
        drop=("aside", 'p[class="x"]'),
        user_agent="Mozilla/5.0 (a: b)",
        feed_text_full=True,
        respect_robots=False,
    ),
)
SILENT = Outlet(OutletId("silent"), "yes", "US", "en", Tier.OFFICIAL)
FEEDS = (
    Feed(
        "https://wire.example/rss?a=1&b=2",
        WIRE.id,
        timedelta(minutes=90),
        "seen on: its page # of feeds",
        verified=True,
        aggregator=True,
    ),
    Feed(
        "https://wire.example/news",
        WIRE.id,
        page=Selectors(
            items="ul.news > li", title="h2", date="span.date", date_format="%d/%m/%Y", summary="p"
        ),
    ),
)
REST = {
    "channels.yaml": 'console: {url: "console:", default: true}\n',
    "rules/least.yaml": "rules: [{id: least, when: {all: [one, other]}}]\n",
}


def plain(*outlines: str) -> bytes:
    body = "\n".join(outlines)
    return f'<?xml version="1.0"?>\n<opml version="2.0"><body>\n{body}\n</body></opml>'.encode()


def refusal(body: bytes) -> opml.BadOpml:
    with pytest.raises(opml.BadOpml) as caught:
        opml.read(body)
    return caught.value


# --- ours


def test_what_is_written_is_read_again_with_every_field():
    found = opml.read(opml.write([WIRE, SILENT], FEEDS))
    assert found.outlets == (WIRE, SILENT)
    assert found.feeds == FEEDS
    assert not found.assumed
    assert not found.unusable


def test_outlets_as_yaml_are_loaded_again_with_every_field(tmp_path: Path):
    text = outlet_file([WIRE, SILENT], FEEDS, opening="a list\nof two lines", fill_in={})
    found = load(REST | {"outlets/list.yaml": text}, base=tmp_path, environment={})
    assert found.outlets == (WIRE, SILENT)
    assert found.feeds == FEEDS


def test_what_gives_access_is_never_written():
    secret = Access(headers={"Authorization": "Basic s3cretword"}, proxy="http://u:s3cretword@p")
    written = opml.write([WIRE], [Feed("https://wire.example/rss", WIRE.id, access=secret)])
    assert b"s3cretword" not in written


def test_other_readers_see_the_feeds_and_not_the_plain_pages():
    tree = etree.fromstring(opml.write([WIRE], FEEDS))
    assert tree.get("version") == "2.0"
    assert tree.xpath("//outline[@type='rss']/@xmlUrl") == [FEEDS[0].url]
    assert tree.xpath("//outline[@type='link']/@url") == [FEEDS[1].url]


# --- strangers'


def test_a_plain_list_gets_defaults_and_says_which():
    found = opml.read(plain('<outline text="The Paper" xmlUrl="https://www.paper.example/rss"/>'))
    assert found.outlets == (
        Outlet(OutletId("paper-example"), "The Paper", "UN", "en", Tier.INDEPENDENT),
    )
    assert found.assumed == {"paper-example": ("country", "language", "tier")}


def test_feeds_of_one_site_are_one_outlet_and_folders_become_the_source():
    found = opml.read(
        plain(
            '<outline text="World"><outline text="Press">',
            '<outline text="A" xmlurl="https://a.example/1"/>',
            '<outline title="B" xmlUrl="https://a.example/2"/>',
            '<outline text="C" xmlUrl="https://feeds.example/c" htmlUrl="http://www.c.example/"/>',
            "</outline></outline>",
        )
    )
    assert [(each.id, each.name) for each in found.outlets] == [
        ("a-example", "a.example"),
        ("c-example", "C"),
    ]
    assert {each.source for each in found.feeds} == {"OPML, in World / Press"}


def test_a_language_that_the_list_names_is_taken():
    line = '<outline text="X" language="es_VE" xmlUrl="https://x.example/"/>'
    found = opml.read(plain(line))
    assert found.outlets[0].language == "es-VE"
    assert found.assumed[found.outlets[0].id] == ("country", "tier")


def test_an_address_of_another_kind_is_left_out_with_its_line():
    found = opml.read(
        plain(
            '<outline text="X" xmlUrl="feed://x.example/"/>',
            '<outline text="Y" xmlUrl="javascript:alert(1)"/>',
            '<outline text="Z" xmlUrl="https://z.example/"/>',
        )
    )
    assert [each.url for each in found.feeds] == ["https://z.example/"]
    assert [line for line, _ in found.unusable] == [3, 4]


def test_values_that_mean_nothing_are_as_good_as_absent():
    line = (
        f'<outline xmlns:m="{opml.NAMESPACE}" text="X" xmlUrl="https://x.example/" m:outlet="x" '
        'm:country="Utopia" m:tier="best" m:credits="[[[" m:interval="-5" m:verified="1"/>'
    )
    found = opml.read(plain(line))
    assert found.assumed == {"x": ("country", "language", "tier")}
    assert found.outlets[0].credits == ()
    assert found.feeds[0].interval is None
    assert not found.feeds[0].verified


# --- broken and hostile ones


@pytest.mark.parametrize(
    ("line", "column", "last"),
    [
        (4, 4, '<outline text="a"\n<'),
        (3, 44, '<outline text="a" xmlUrl="https://x.example/?a&b"/>'),
    ],
)
def test_a_broken_list_is_told_with_line_and_column(line: int, column: int, last: str):
    error = refusal(plain(last))
    assert error.line == line
    assert abs(error.column - column) <= 5
    assert "line" not in str(error)


@pytest.mark.parametrize("body", [b"", b"hello", b"<rss><channel/></rss>", b"<opml/>", b"\0" * 99])
def test_what_is_no_list_is_refused(body: bytes):
    assert refusal(body).line == 1


def test_a_billion_laughs_are_refused_unread():
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    body = (
        f'<?xml version="1.0"?>\n<!DOCTYPE opml [<!ENTITY l0 "lol">{laughs}]>\n'
        '<opml><body><outline text="&l9;" xmlUrl="https://x.example/"/></body></opml>'
    )
    for encoding in ("utf-8", "utf-16"):
        error = refusal(body.encode(encoding))
        assert "entities" in str(error)
        assert (error.line, error.column) == (2, 17)


def test_no_file_of_ours_gets_into_a_list(tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_text("s3cretword")
    doctype = f'<!DOCTYPE opml SYSTEM "{secret.as_uri()}">'
    body = f'{doctype}<opml><body><outline text="a" xmlUrl="https://a.example/"/></body></opml>'
    found = opml.read(body.encode())
    assert "s3cretword" not in repr(found)


def test_too_deep_too_long_and_too_large_lists_are_refused():
    deep = plain("<outline text='a'>" * 25 + "</outline>" * 25)
    assert "inside each other" in str(refusal(deep))
    deeper = plain("<outline text='a'>" * 5_000 + "</outline>" * 5_000)
    assert refusal(deeper).line >= 1
    long = plain("<outline/>" * (opml.OUTLINE_LIMIT + 1))
    assert "outlines" in str(refusal(long))
    assert "bytes" in str(refusal(b" " * (opml.SIZE_LIMIT + 1)))
