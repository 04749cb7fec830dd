"""The fetcher against real servers on the loopback interface."""

import gzip
import resource
import socket
import struct
import threading
import time
import traceback
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from ipaddress import IPv4Address, ip_address
from itertools import pairwise
from typing import Self

import pytest

from monitor.adapters.fetcher import (
    GROUP_BURST,
    GROUP_SPACING,
    Failure,
    Fetcher,
    FetchError,
    FetchRefused,
    Request,
    Response,
)
from monitor.core.model import Access

Behaviour = bytes | Callable[[socket.socket], None]

SOON = timedelta(seconds=0.4)
LIMIT = 100_000  # bytes


def answer(status: str = "200 OK", body: bytes = b"", **headers: str) -> bytes:
    fields = {"Content-Length": str(len(body)), **headers}
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items()]
    return f"HTTP/1.1 {status}\r\n{''.join(lines)}\r\n".encode() + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    return answer(status, Location=location)


def drip(start: bytes) -> Callable[[socket.socket], None]:
    """Send `start`, then one letter every 50 ms until the other side is gone (5 s at most)."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(start)
        for _ in range(100):
            time.sleep(0.05)
            connection.sendall(b"a")

    return behave


def gigabyte() -> bytes:
    """A gzip of nothing but zeros that would unpack to 1 GB; made of one block, many times."""
    packer = zlib.compressobj(wbits=31)
    start = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + block * 1000


class Site:
    """An HTTP server that answers each path exactly as told and remembers what it was asked."""

    def __init__(self, *, address: str = "127.0.0.1") -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.paths: dict[str, Behaviour] = {}
        self.requests: list[str] = []
        self.keeps = False  # whether a connection serves more than one request
        self.connections = 0
        self.asked = threading.Event()
        self._listener = socket.create_server((address, 0), family=family, backlog=128)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def url(self, path: str = "/", *, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, IndexError):
            while True:
                request = b""
                while b"\r\n\r\n" not in request:
                    more = connection.recv(65_536)
                    if not more:
                        return
                    request += more
                text = request.decode()
                self.requests.append(text)
                self.asked.set()
                behaviour = self.paths.get(text.split()[1], answer("404 Not Found"))
                if callable(behaviour):
                    behaviour(connection)
                else:
                    connection.sendall(behaviour)
                if not self.keeps:
                    return


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


@pytest.fixture
def fetcher(site: Site) -> Iterator[Fetcher]:
    """Allow the fetcher to talk to the site and to no other private address."""
    with allowing(("127.0.0.1", site.port)) as running:
        yield running


def allowing(*pairs: tuple[str, int], deadline: timedelta = timedelta(seconds=5)) -> Fetcher:
    return Fetcher(
        user_agent="monitor-test/1",
        deadline=deadline,
        connections=16,
        allow=frozenset(pairs),
    )


def failure(fetcher: Fetcher, url: str, *, limit: int = LIMIT) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetcher.get(Request(url, limit=limit))
    return caught.value


def refusal(fetcher: Fetcher, url: str) -> FetchRefused:
    with pytest.raises(FetchRefused) as caught:
        fetcher.get(Request(url, limit=LIMIT))
    return caught.value


# What a usable answer looks like


def test_an_answer_carries_address_status_headers_and_body(site: Site, fetcher: Fetcher) -> None:
    site.paths["/a?b=1"] = answer(body=b"hello", Content_Type="text/plain", ETag='"1"')
    response = fetcher.get(Request(site.url("/a?b=1#part"), limit=LIMIT))
    assert response.url == site.url("/a?b=1")
    assert response.status == 200
    assert response.body == b"hello"
    assert response.headers["content-type"] == "text/plain"
    assert response.headers["etag"] == '"1"'
    assert response.permanent_url is None


def test_requests_say_who_asks_and_take_gzip_only(site: Site, fetcher: Fetcher) -> None:
    site.paths["/"] = answer()
    fetcher.get(Request(site.url(), limit=LIMIT, accept="application/rss+xml"))
    (request,) = site.requests
    assert "User-Agent: monitor-test/1\r\n" in request
    assert "Accept-Encoding: gzip\r\n" in request
    assert "Accept: application/rss+xml\r\n" in request


def test_both_validators_are_sent_and_not_modified_is_an_answer(
    site: Site, fetcher: Fetcher
) -> None:
    site.paths["/"] = answer("304 Not Modified", ETag='W/"7"')
    when = "Mon, 05 Jan 2026 10:00:00 GMT"
    response = fetcher.get(Request(site.url(), limit=LIMIT, etag='W/"7"', last_modified=when))
    assert (response.status, response.body) == (304, b"")
    assert response.headers["etag"] == 'W/"7"'
    assert 'If-None-Match: W/"7"\r\n' in site.requests[0]
    assert f"If-Modified-Since: {when}\r\n" in site.requests[0]


def test_validators_reach_the_server_behind_a_redirect(site: Site, fetcher: Fetcher) -> None:
    site.paths |= {"/": redirect("/feed"), "/feed": answer("304 Not Modified")}
    assert fetcher.get(Request(site.url(), limit=LIMIT, etag='"7"')).status == 304


def test_not_modified_without_validators_is_a_failure(site: Site, fetcher: Fetcher) -> None:
    site.paths["/"] = answer("304 Not Modified")
    error = failure(fetcher, site.url())
    assert (error.status, str(error)) == (
        304,
        "127.0.0.1 answered 304, though nobody asked what has changed",
    )


def test_no_cookie_comes_back(site: Site, fetcher: Fetcher) -> None:
    site.paths["/"] = redirect("/next").replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=b\r\n\r\n")
    site.paths["/next"] = answer()
    fetcher.get(Request(site.url(), limit=LIMIT))
    assert "cookie" not in site.requests[1].lower()


def test_header_bytes_that_are_no_utf8_can_be_stored_and_sent_back(
    site: Site, fetcher: Fetcher
) -> None:
    site.paths["/"] = answer(ETag="X").replace(b"ETag: X", b'ETag: "\xf1\xff"')
    etag = fetcher.get(Request(site.url(), limit=LIMIT)).headers["etag"]
    etag.encode()
    assert fetcher.get(Request(site.url(), limit=LIMIT, etag=etag)).status == 200


# Compression and size


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
def test_gzip_is_unpacked(site: Site, fetcher: Fetcher, encoding: str) -> None:
    site.paths["/"] = answer(body=gzip.compress(b"news " * 1000), Content_Encoding=encoding)
    assert fetcher.get(Request(site.url(), limit=LIMIT)).body == b"news " * 1000


def test_gzip_in_several_members_is_one_body(site: Site, fetcher: Fetcher) -> None:
    packed = gzip.compress(b"one ") + gzip.compress(b"two") + b"\0\0padding"
    site.paths["/"] = answer(body=packed, Content_Encoding="gzip")
    assert fetcher.get(Request(site.url(), limit=LIMIT)).body == b"one two"


def test_an_empty_body_needs_no_gzip_header(site: Site, fetcher: Fetcher) -> None:
    site.paths["/"] = answer(Content_Encoding="gzip")
    assert fetcher.get(Request(site.url(), limit=LIMIT)).body == b""


def test_a_gzip_bomb_stops_at_the_limit(site: Site, fetcher: Fetcher) -> None:
    site.paths["/"] = answer(body=gigabyte(), Content_Encoding="gzip")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    error = failure(fetcher, site.url(), limit=3_000_000)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert error.kind is Failure.TOO_LARGE
    assert str(error) == "more than 3,000,000 bytes"
    assert grown < 40_000  # kB, of the million it unpacks to


def test_a_gzip_bomb_in_many_members_stops_at_the_limit(site: Site, fetcher: Fetcher) -> None:
    site.paths["/"] = answer(body=gzip.compress(bytes(1_000_000)) * 1000, Content_Encoding="gzip")
    tracemalloc.start()
    try:
        error = failure(fetcher, site.url(), limit=3_000_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert error.kind is Failure.TOO_LARGE
    assert peak < 20_000_000


def test_a_bomb_behind_an_error_status_leaves_the_status(site: Site, fetcher: Fetcher) -> None:
    site.paths["/"] = answer("503 Busy", gigabyte(), Content_Encoding="gzip")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert failure(fetcher, site.url()).status == 503
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # kB


def test_thousands_of_empty_gzip_members_are_refused(site: Site, fetcher: Fetcher) -> None:
    site.paths["/"] = answer(body=gzip.compress(b"") * 4000, Content_Encoding="gzip")
    assert failure(fetcher, site.url()).kind is Failure.MALFORMED


def test_a_body_at_the_limit_passes_and_one_byte_more_does_not(
    site: Site, fetcher: Fetcher
) -> None:
    site.paths["/fits"] = answer(body=b"x" * LIMIT)
    site.paths["/large"] = answer(body=b"x" * (LIMIT + 1))
    site.paths["/packed"] = answer(body=gzip.compress(b"x" * LIMIT), Content_Encoding="gzip")
    site.paths["/packed-large"] = answer(
        body=gzip.compress(b"x" * (LIMIT + 1)), Content_Encoding="gzip"
    )
    assert len(fetcher.get(Request(site.url("/fits"), limit=LIMIT)).body) == LIMIT
    assert len(fetcher.get(Request(site.url("/packed"), limit=LIMIT)).body) == LIMIT
    assert failure(fetcher, site.url("/large")).kind is Failure.TOO_LARGE
    assert failure(fetcher, site.url("/packed-large")).kind is Failure.TOO_LARGE


def test_an_endless_body_stops_at_the_limit(site: Site, fetcher: Fetcher) -> None:
    def pour(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(10_000):
            connection.sendall(bytes(65_536))

    site.paths["/"] = pour
    assert failure(fetcher, site.url()).kind is Failure.TOO_LARGE


def test_of_a_body_of_one_gigabyte_little_is_taken(site: Site, fetcher: Fetcher) -> None:
    poured = 0
    done = threading.Event()

    def pour(connection: socket.socket) -> None:
        nonlocal poured
        try:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            while poured < 1_000_000_000:
                connection.sendall(bytes(100_000))
                poured += 100_000
        finally:
            done.set()

    site.paths["/"] = pour
    assert failure(fetcher, site.url()).kind is Failure.TOO_LARGE
    assert done.wait(5)
    assert poured < 50_000_000  # what the sockets of both sides hold


@pytest.mark.parametrize("encoding", ["zstd", "br", "compress", "x" * 5000])
def test_an_encoding_we_did_not_ask_for_is_not_unpacked(
    site: Site, fetcher: Fetcher, encoding: str
) -> None:
    site.paths["/"] = answer(body=b"(\xb5/\xfd" + bytes(30_000), Content_Encoding=encoding)
    error = failure(fetcher, site.url())
    assert error.kind is Failure.MALFORMED
    assert len(str(error)) < 200


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        pytest.param("br", b"\x0b\x02\x80news\x03", id="brotli unasked"),
        pytest.param("deflate", zlib.compress(b"news"), id="deflate unasked"),
        pytest.param("gzip, gzip", gzip.compress(gzip.compress(b"news")), id="twice"),
        pytest.param("gzip", b"<rss>plain</rss>", id="plain text called gzip"),
        pytest.param("gzip", gzip.compress(b"news " * 1000)[:-12], id="gzip cut short"),
        pytest.param("gzip", gzip.compress(b"news")[:-8] + bytes(8), id="wrong checksum"),
    ],
)
def test_an_encoding_that_lies_is_a_malformed_answer(
    site: Site, fetcher: Fetcher, encoding: str, body: bytes
) -> None:
    site.paths["/"] = answer(body=body, Content_Encoding=encoding)
    assert failure(fetcher, site.url()).kind is Failure.MALFORMED


# Time


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nX-Slow: ", id="in the headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n", id="in the body"),
    ],
)
def test_a_dripping_server_ends_at_the_deadline(site: Site, start: bytes) -> None:
    site.paths["/"] = drip(start)
    with allowing(("127.0.0.1", site.port), deadline=SOON) as fetcher:
        began = time.monotonic()
        error = failure(fetcher, site.url())
        assert time.monotonic() - began < 1.0
    assert error.kind is Failure.TIMED_OUT
    assert str(error) == "127.0.0.1 gave no complete answer within 0.4 s"


def test_the_deadline_covers_all_redirects_together(site: Site) -> None:
    def slow(location: str) -> Callable[[socket.socket], None]:
        def behave(connection: socket.socket) -> None:
            time.sleep(0.15)
            connection.sendall(redirect(location))

        return behave

    site.paths |= {"/": slow("/1"), "/1": slow("/2"), "/2": slow("/3"), "/3": answer()}
    with allowing(("127.0.0.1", site.port), deadline=SOON) as fetcher:
        assert failure(fetcher, site.url()).kind is Failure.TIMED_OUT


def test_closing_ends_a_call_under_way_at_once(site: Site) -> None:
    site.paths["/"] = drip(b"HTTP/1.1 200 OK\r\n\r\n")
    with ThreadPoolExecutor(1) as threads:
        with allowing(("127.0.0.1", site.port)) as fetcher:
            call = threads.submit(failure, fetcher, site.url(), limit=LIMIT)
            assert site.asked.wait(5)
            began = time.monotonic()
        assert call.result(timeout=5).kind is Failure.CLOSED
        assert time.monotonic() - began < 1.0


def test_a_closed_fetcher_says_so(site: Site) -> None:
    fetcher = allowing(("127.0.0.1", site.port))
    fetcher.close()
    fetcher.close()
    assert failure(fetcher, site.url()).kind is Failure.CLOSED


def test_many_threads_fetch_at_once(site: Site, fetcher: Fetcher) -> None:
    for number in range(200):
        site.paths[f"/{number}"] = answer(body=b"%d" % number)
    with ThreadPoolExecutor(40) as threads:
        bodies = list(
            threads.map(
                lambda number: fetcher.get(Request(site.url(f"/{number}"), limit=LIMIT)).body,
                range(200),
            )
        )
    assert bodies == [b"%d" % number for number in range(200)]


def test_no_more_calls_are_under_way_than_connections(site: Site) -> None:
    under_way, most, lock = 0, 0, threading.Lock()

    def count(connection: socket.socket) -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.02)
        with lock:
            under_way -= 1
        connection.sendall(answer())

    site.paths["/"] = count
    pair = frozenset({("127.0.0.1", site.port)})
    with (
        Fetcher(user_agent="t", deadline=timedelta(seconds=5), connections=3, allow=pair) as few,
        ThreadPoolExecutor(12) as threads,
    ):
        list(threads.map(lambda _: few.get(Request(site.url(), limit=LIMIT)), range(24)))
    assert most <= 3


# Redirects


def test_a_redirect_is_followed_and_the_final_address_reported(
    site: Site, fetcher: Fetcher
) -> None:
    site.paths |= {"/": redirect("b/../c#x"), "/c": answer(body=b"here")}
    response = fetcher.get(Request(site.url(), limit=LIMIT))
    assert (response.url, response.body) == (site.url("/c"), b"here")
    assert response.permanent_url is None


def test_permanent_redirects_alone_report_a_permanent_address(site: Site, fetcher: Fetcher) -> None:
    site.paths |= {
        "/moved": redirect("/moved2", "301 Moved Permanently"),
        "/moved2": redirect("/new", "308 Permanent Redirect"),
        "/mixed": redirect("/moved", "307 Temporary Redirect"),
        "/new": answer(),
    }
    assert fetcher.get(Request(site.url("/moved"), limit=LIMIT)).permanent_url == site.url("/new")
    assert fetcher.get(Request(site.url("/mixed"), limit=LIMIT)).permanent_url is None


def test_five_redirects_are_followed_and_a_loop_is_not(site: Site, fetcher: Fetcher) -> None:
    site.paths |= {f"/{n}": redirect(f"/{n + 1}") for n in range(6)}
    site.paths |= {"/6": answer(), "/loop": redirect("/loop")}
    assert fetcher.get(Request(site.url("/1"), limit=LIMIT)).status == 200
    assert failure(fetcher, site.url("/0")).kind is Failure.TOO_MANY_REDIRECTS
    assert failure(fetcher, site.url("/loop")).kind is Failure.TOO_MANY_REDIRECTS


@pytest.mark.parametrize(
    "location",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "data:text/plain,x",
        "http://a b/",
        "http://user:secret@127.0.0.1/",
        "http://" + "a" * 70 + ".example/",
    ],
)
def test_a_redirect_to_something_that_is_no_web_address_is_refused(
    site: Site, fetcher: Fetcher, location: str
) -> None:
    site.paths["/"] = redirect(location)
    error = refusal(fetcher, site.url())
    assert error.kind is Failure.UNSUPPORTED_ADDRESS
    assert "secret" not in str(error)


@pytest.mark.parametrize("location", ["http://[", "http://h:99999/", "http://h:x/", ""])
def test_a_redirect_to_nowhere_is_a_malformed_answer(
    site: Site, fetcher: Fetcher, location: str
) -> None:
    site.paths["/"] = redirect(location)
    assert failure(fetcher, site.url()).kind is Failure.MALFORMED


@pytest.mark.parametrize(
    "url",
    [
        "",
        "news",
        "/feed",
        "//example.org/",
        "file:///etc/passwd",
        "http://[",
        "http://\0/",
        "ftp://h/",
    ],
)
def test_what_is_no_web_address_is_refused(fetcher: Fetcher, url: str) -> None:
    assert refusal(fetcher, url).kind is Failure.UNSUPPORTED_ADDRESS


# Private addresses

SPELLINGS = [
    "127.0.0.1",
    "0.0.0.0",
    "localhost",
    "LOCALHOST",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "169.254.169.254",
    "10.0.0.1",
    "[fe80::1]",
]
ODD_SPELLINGS = ["127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1"]


@pytest.mark.parametrize("host", SPELLINGS)
def test_a_private_address_is_refused_in_every_spelling(site: Site, host: str) -> None:
    with allowing() as guarded:
        error = refusal(guarded, site.url(host=host))
    assert error.kind is Failure.PRIVATE_ADDRESS
    assert site.requests == []


@pytest.mark.parametrize("host", SPELLINGS)
def test_a_redirect_to_a_private_address_is_refused(
    site: Site, fetcher: Fetcher, host: str
) -> None:
    with Site() as inside:
        site.paths["/"] = redirect(inside.url(host=host))
        assert refusal(fetcher, site.url()).kind is Failure.PRIVATE_ADDRESS
        assert inside.requests == []


@pytest.mark.parametrize("host", ODD_SPELLINGS)
def test_an_odd_spelling_of_a_private_address_is_refused(
    site: Site, fetcher: Fetcher, host: str
) -> None:
    """As private or as no address at all, as the version of aiohttp has it."""
    with Site() as inside:
        site.paths["/"] = redirect(inside.url(host=host))
        kind = refusal(fetcher, site.url()).kind
        assert kind in {Failure.PRIVATE_ADDRESS, Failure.UNSUPPORTED_ADDRESS}
        assert inside.requests == []


def test_the_exemption_is_for_one_spelling_of_the_host_only(site: Site, fetcher: Fetcher) -> None:
    site.paths["/"] = answer()
    assert refusal(fetcher, site.url(host="localhost")).kind is Failure.PRIVATE_ADDRESS
    with allowing(("LocalHost", site.port)) as by_name:
        assert by_name.get(Request(site.url(host="localhost"), limit=LIMIT)).status == 200
        assert refusal(by_name, site.url()).kind is Failure.PRIVATE_ADDRESS


def test_an_allowed_ipv6_address_is_reached() -> None:
    try:
        site = Site(address="::1")
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with site, allowing(("::1", site.port)) as fetcher:
        site.paths["/"] = answer(body=b"six")
        assert fetcher.get(Request(site.url(host="[::1]"), limit=LIMIT)).body == b"six"


def test_a_public_server_is_reached_and_cannot_send_us_inside() -> None:
    """127.0.0.1 stands for the public internet here, 127.0.0.2 for our own network."""
    with (
        Site() as outside,
        Site(address="127.0.0.2") as inside,
        Fetcher(
            user_agent="t",
            deadline=timedelta(seconds=5),
            connections=2,
            is_public=lambda address: address == IPv4Address("127.0.0.1"),
        ) as fetcher,
    ):
        outside.paths |= {"/": answer(body=b"news"), "/in": redirect(inside.url(host="127.0.0.2"))}
        assert fetcher.get(Request(outside.url(), limit=LIMIT)).body == b"news"
        assert refusal(fetcher, outside.url("/in")).kind is Failure.PRIVATE_ADDRESS
        assert inside.requests == []


def test_the_address_judged_is_the_one_connected_to() -> None:
    """A name whose answer changes between check and connection gains nothing."""
    judged = []

    def judge(address: object) -> bool:
        judged.append(address)
        return len(judged) == 1

    with (
        Site() as site,
        Fetcher(
            user_agent="t", deadline=timedelta(seconds=5), connections=2, is_public=judge
        ) as fetcher,
    ):
        site.paths |= {"/": redirect("/again"), "/again": answer()}
        assert refusal(fetcher, site.url()).kind is Failure.PRIVATE_ADDRESS
        assert judged == [ip_address("127.0.0.1")] * 2
        assert len(site.requests) == 1


# Failures


@pytest.mark.parametrize("status", ["404 Not Found", "410 Gone"])
def test_what_is_gone_is_refused_for_good(site: Site, fetcher: Fetcher, status: str) -> None:
    site.paths["/"] = answer(status)
    error = refusal(fetcher, site.url())
    assert (error.kind, error.status) == (Failure.HTTP_STATUS, int(status[:3]))


@pytest.mark.parametrize(
    "status", ["400 Bad", "401 No", "403 No", "429 Slow", "500 Oops", "503 Busy", "300 Many"]
)
def test_other_statuses_are_temporary(site: Site, fetcher: Fetcher, status: str) -> None:
    site.paths["/"] = answer(status)
    error = failure(fetcher, site.url())
    assert (error.kind, error.status) == (Failure.HTTP_STATUS, int(status[:3]))
    assert str(error) == f"127.0.0.1 answered {status[:3]}"
    assert error.retry_after is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("99999999999999999999", 86_400),
        ("Mon, 05 Jan 2026 10:02:00 GMT", 120),
        ("Mon, 05 Jan 2026 09:00:00 GMT", 0),
        ("Tue, 05 Jan 2027 10:00:00 -0000", 86_400),
        ("soon", None),
        ("-5", None),
        ("²", None),
    ],
)
def test_retry_after_is_read_and_clamped_to_a_day(
    site: Site, fetcher: Fetcher, value: str, seconds: int | None
) -> None:
    site.paths["/"] = answer(
        "429 Too Many Requests", Retry_After=value, Date="Mon, 05 Jan 2026 10:00:00 GMT"
    )
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert failure(fetcher, site.url()).retry_after == expected


def test_a_refused_connection_is_unreachable(site: Site) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with allowing(("127.0.0.1", port)) as fetcher:
            error = failure(fetcher, f"http://127.0.0.1:{port}/")
    assert error.kind is Failure.UNREACHABLE
    assert str(error) == "127.0.0.1 cannot be reached: Connection refused"


def test_an_unknown_name_is_unreachable(fetcher: Fetcher) -> None:
    error = failure(fetcher, "http://no-such-host.invalid/")
    assert error.kind is Failure.UNREACHABLE
    assert str(error) == "no address found for no-such-host.invalid"


def test_a_server_without_tls_is_a_tls_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                connection.recv(4096)

        threading.Thread(target=serve, daemon=True).start()
        with allowing(("127.0.0.1", port)) as plain:
            assert failure(plain, f"https://127.0.0.1:{port}/").kind is Failure.TLS


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", id="not HTTP"),
        pytest.param(b"", id="nothing at all"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\nhello",
            id="two lengths",
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhell", id="body cut short"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
            id="broken chunk",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            id="chunks cut short",
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000, id="endless header"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 100_000, id="endless headers"),
        pytest.param(b"<html>news</html>", id="HTTP/0.9"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\na",
            id="chunk of absurd size",
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Le", id="headers cut short"),
    ],
)
def test_what_is_not_proper_http_is_a_malformed_answer_and_no_status(
    site: Site, fetcher: Fetcher, sent: bytes
) -> None:
    site.paths["/"] = sent
    error = failure(fetcher, site.url())
    assert (error.kind, error.status) == (Failure.MALFORMED, None)


def reset(start: bytes) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        connection.sendall(start)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return behave


def test_a_connection_reset_in_the_body_is_a_malformed_answer(site: Site, fetcher: Fetcher) -> None:
    site.paths["/"] = reset(b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n" + b"a" * 5000)
    assert failure(fetcher, site.url()).kind is Failure.MALFORMED


def test_a_status_counts_though_its_page_drips_or_breaks_off(site: Site, fetcher: Fetcher) -> None:
    start = b"HTTP/1.1 429 Slow\r\nRetry-After: 60\r\nContent-Length: 9000\r\n\r\nwait"
    site.paths |= {"/drip": drip(start), "/reset": reset(start)}
    for path in ("/drip", "/reset"):
        began = time.monotonic()
        error = failure(fetcher, site.url(path))
        assert (error.status, error.retry_after) == (429, timedelta(seconds=60))
        assert time.monotonic() - began < 3.0


def test_a_server_that_is_silent_on_its_tls_port_ends_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with allowing(("127.0.0.1", port), deadline=SOON) as fetcher:
            began = time.monotonic()
            assert failure(fetcher, f"https://127.0.0.1:{port}/").kind is Failure.TIMED_OUT
            assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("status", ["204 No Content", "206 Partial Content", "299 Odd"])
def test_any_status_of_success_is_an_answer(site: Site, fetcher: Fetcher, status: str) -> None:
    site.paths["/"] = answer(status)
    assert fetcher.get(Request(site.url(), limit=LIMIT)).body == b""


# Own headers and proxies

OWN = Access(headers={"Authorization": "Basic c2VjcmV0", "X-Key": "secret", "user-agent": "own/1"})


def said(request: str, name: str) -> list[str]:
    lines = request.split("\r\n")[1:]
    return [line.partition(": ")[2] for line in lines if line.lower().startswith(name + ":")]


def test_own_headers_win_over_ours_but_for_the_validators(site: Site, fetcher: Fetcher) -> None:
    site.paths["/"] = answer()
    access = Access(headers={"accept": "a/b", "user-agent": "own/1", "if-none-match": '"theirs"'})
    fetcher.get(Request(site.url(), limit=LIMIT, accept="c/d", etag='"ours"', access=access))
    (request,) = site.requests
    assert said(request, "accept") == ["a/b"]
    assert said(request, "user-agent") == ["own/1"]
    assert said(request, "if-none-match") == ['"ours"']


def test_a_feed_may_name_itself(site: Site, fetcher: Fetcher) -> None:
    site.paths["/"] = answer()
    fetcher.get(Request(site.url(), limit=LIMIT, access=Access(user_agent="Reader/2")))
    assert said(site.requests[0], "user-agent") == ["Reader/2"]


def test_own_headers_follow_a_redirect_within_the_site_only(site: Site) -> None:
    with Site() as other, allowing(*pairs(site, other)) as fetcher:
        site.paths |= {"/": redirect("/next"), "/next": redirect(other.url("/there"))}
        other.paths |= {"/there": redirect(site.url("/back"))}
        site.paths["/back"] = answer()
        fetcher.get(Request(site.url(), limit=LIMIT, access=OWN))
        first, second, back = site.requests
        (there,) = other.requests
    for request in (first, second):
        assert said(request, "x-key") == ["secret"]
        assert said(request, "authorization") == ["Basic c2VjcmV0"]
    for request in (there, back):  # once away, what comes back was chosen by the other site
        assert said(request, "x-key") == said(request, "authorization") == []
        assert said(request, "user-agent") == ["monitor-test/1"]


def pairs(*sites: Site) -> list[tuple[str, int]]:
    return [("127.0.0.1", site.port) for site in sites]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Key": "secret\r\nX-Other: a"},
        {"X Key": "secret"},
        {"X-Key": "secret\ud800"},
        {"": "secret"},
    ],
)
def test_own_headers_that_http_does_not_take_are_refused(
    site: Site, fetcher: Fetcher, headers: dict[str, str]
) -> None:
    with pytest.raises(FetchRefused) as caught:
        fetcher.get(Request(site.url(), limit=LIMIT, access=Access(headers=headers)))
    assert caught.value.kind is Failure.UNSENDABLE
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "sent",
    [answer("403 No"), b"junk", redirect("/"), redirect("http://10.0.0.1/"), redirect("file:///x")],
)
def test_secrets_never_reach_an_error(site: Site, fetcher: Fetcher, sent: bytes) -> None:
    site.paths["/"] = sent
    with pytest.raises((FetchError, FetchRefused)) as caught:
        fetcher.get(Request(site.url(), limit=LIMIT, access=OWN))
    printed = "".join(traceback.format_exception(caught.value))
    assert "c2VjcmV0" not in printed
    assert "X-Key" not in printed


def test_a_proxy_may_be_private_and_connects_for_us(site: Site) -> None:
    site.paths["http://news.invalid/feed"] = answer(body=b"by proxy")
    access = Access(proxy=f"http://user:secret@127.0.0.1:{site.port}")
    with allowing() as fetcher:
        response = fetcher.get(Request("http://news.invalid/feed", limit=LIMIT, access=access))
    assert response.body == b"by proxy"
    assert said(site.requests[0], "proxy-authorization") == ["Basic dXNlcjpzZWNyZXQ="]


@pytest.mark.parametrize(
    "host", [*SPELLINGS, *ODD_SPELLINGS, "0x7f000001", "a.localhost", "localhost."]
)
def test_through_a_proxy_no_literal_private_address_is_asked_for(site: Site, host: str) -> None:
    site.paths["http://news.invalid/"] = redirect(f"http://{host}/")
    access = Access(proxy=site.url())
    with allowing() as fetcher:
        for url in (f"http://{host}/", "http://news.invalid/"):
            with pytest.raises(FetchRefused) as caught:
                fetcher.get(Request(url, limit=LIMIT, access=access))
            assert caught.value.kind in {Failure.PRIVATE_ADDRESS, Failure.UNSUPPORTED_ADDRESS}
    assert len(site.requests) == 1


def test_an_allowed_private_address_is_asked_for_through_a_proxy(site: Site) -> None:
    site.paths["http://127.0.0.1:81/"] = answer(body=b"ours")
    with allowing(("127.0.0.1", 81)) as fetcher:
        access = Access(proxy=site.url())
        assert (
            fetcher.get(Request("http://127.0.0.1:81/", limit=LIMIT, access=access)).body == b"ours"
        )


def test_what_goes_wrong_at_a_proxy_says_so_without_its_password(site: Site) -> None:
    site.paths["news.invalid:443"] = answer("407 Proxy Authentication Required")
    proxy = f"http://user:secret@127.0.0.1:{site.port}"
    with socket.socket() as unused, allowing() as fetcher:
        unused.bind(("127.0.0.1", 0))
        closed = f"http://user:secret@127.0.0.1:{unused.getsockname()[1]}"
        said_by = []
        for address in (proxy, closed, "http://user:secret@no-such-host.invalid:3128"):
            with pytest.raises(FetchError) as caught:
                fetcher.get(
                    Request("https://news.invalid/", limit=LIMIT, access=Access(proxy=address))
                )
            said_by.append(str(caught.value))
            assert caught.value.kind is Failure.UNREACHABLE
            assert "secret" not in "".join(traceback.format_exception(caught.value))
    assert said_by == [
        "the proxy for news.invalid answered 407",
        "the proxy for news.invalid cannot be reached: Connection refused",
        "no address found for the proxy for news.invalid",
    ]


@pytest.mark.parametrize("proxy", ["socks5://u:secret@h:1", "secret", "http://[secret", ""])
def test_a_proxy_that_is_no_http_address_is_refused(fetcher: Fetcher, proxy: str) -> None:
    with pytest.raises(FetchRefused) as caught:
        fetcher.get(Request("http://news.invalid/", limit=LIMIT, access=Access(proxy=proxy)))
    assert str(caught.value) == "the proxy for news.invalid is no http address"
    assert "secret" not in "".join(traceback.format_exception(caught.value))


# Many at once

LONG = timedelta(seconds=60)


def all_of(fetcher: Fetcher, requests: list[Request], *, budget: timedelta = LONG) -> list[object]:
    outcomes: dict[int, object] = {}
    for group in fetcher.get_all(requests, budget=budget):
        assert group
        for index, outcome in group:
            assert index not in outcomes
            outcomes[index] = outcome
    return [outcomes[index] for index in range(len(requests))]


def kinds(outcomes: list[object]) -> list[object]:
    return [
        outcome.status if isinstance(outcome, Response) else getattr(outcome, "kind", None)
        for outcome in outcomes
    ]


def test_every_request_gets_its_own_outcome(site: Site, fetcher: Fetcher) -> None:
    site.paths |= {
        "/ok": answer(body=gzip.compress(b"news"), Content_Encoding="gzip"),
        "/same": answer("304 Not Modified"),
        "/junk": b"junk",
        "/bomb": answer(body=gigabyte(), Content_Encoding="gzip"),
        "/in": redirect("http://10.0.0.1/"),
    }
    outcomes = all_of(
        fetcher,
        [
            Request(site.url("/ok"), LIMIT),
            Request("ftp://news.invalid/", LIMIT),
            Request(site.url("/same"), LIMIT, etag='"7"'),
            Request(site.url("/junk"), LIMIT),
            Request(site.url("/gone"), LIMIT),
            Request(site.url("/bomb"), LIMIT),
            Request(site.url("/in"), LIMIT),
            Request("http://no-such-host.invalid/", LIMIT),
        ],
    )
    assert kinds(outcomes) == [
        200,
        Failure.UNSUPPORTED_ADDRESS,
        304,
        Failure.MALFORMED,
        Failure.HTTP_STATUS,
        Failure.TOO_LARGE,
        Failure.PRIVATE_ADDRESS,
        Failure.UNREACHABLE,
    ]
    assert isinstance(outcomes[0], Response)
    assert outcomes[0].body == b"news"


def test_nothing_asked_is_nothing_answered(fetcher: Fetcher) -> None:
    assert list(fetcher.get_all([], budget=LONG)) == []


def test_one_host_is_asked_one_after_another_over_one_connection(
    site: Site, fetcher: Fetcher
) -> None:
    site.keeps = True
    for number in range(4):
        site.paths[f"/{number}"] = answer(body=b"%d" % number)
    outcomes = all_of(fetcher, [Request(site.url(f"/{number}"), LIMIT) for number in range(4)])
    assert [outcome.body for outcome in outcomes if isinstance(outcome, Response)] == [
        b"%d" % number for number in range(4)
    ]
    assert [request.split()[1] for request in site.requests] == [f"/{n}" for n in range(4)]
    assert site.connections == 1


def test_a_host_gets_a_breath_between_two_requests_and_no_other_waits_for_it(site: Site) -> None:
    times: list[float] = []

    def note(connection: socket.socket) -> None:
        times.append(time.monotonic())
        connection.sendall(answer())

    site.keeps = True
    several = range(GROUP_BURST + 3)
    site.paths |= {f"/{number}": note for number in several}
    with Site() as other, allowing(*pairs(site, other)) as fetcher:
        other.paths["/"] = answer()
        requests = [Request(site.url(f"/{number}"), LIMIT) for number in several]
        groups = list(fetcher.get_all([*requests, Request(other.url(), LIMIT)], budget=LONG))
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert all(gap >= GROUP_SPACING for gap in gaps[GROUP_BURST - 1 :])
    assert site.connections == 1
    assert len(requests) in {index for index, _ in groups[0]}


@pytest.mark.parametrize(
    ("refusal", "asked"),
    [
        (answer("429 Too Many Requests"), 1),
        (answer("503 Service Unavailable"), 1),
        (answer("500 Internal Server Error", Retry_After="60"), 1),
        (answer("403 Forbidden", body=b"<html><script>window._cf_chl_opt={}</script></html>"), 1),
        (answer("500 Internal Server Error", Retry_After="0"), 3),
        (answer("404 Not Found"), 3),
    ],
)
def test_a_host_that_asks_to_be_left_alone_is_asked_no_further(
    site: Site, fetcher: Fetcher, refusal: bytes, asked: int
) -> None:
    site.paths |= {"/1": refusal, "/2": answer(), "/3": answer()}
    outcomes = all_of(fetcher, [Request(site.url(f"/{number}"), LIMIT) for number in (1, 2, 3)])
    assert len(site.requests) == asked
    assert outcomes.count(None) == 3 - asked


def test_a_refusal_is_the_host_s_that_a_redirect_led_to(site: Site) -> None:
    with Site() as other, allowing(*pairs(site, other)) as fetcher:
        other.paths["/busy"] = answer("429 Too Many Requests", Retry_After="60")
        site.paths |= {"/1": redirect(other.url("/busy")), "/2": answer()}
        sent_on, own = all_of(fetcher, [Request(site.url(path), LIMIT) for path in ("/1", "/2")])
        with pytest.raises(FetchError) as caught:
            fetcher.get(Request(other.url("/busy"), LIMIT))
    assert isinstance(sent_on, FetchError)
    assert (sent_on.host, sent_on.wants_rest) == (f"127.0.0.1:{other.port}", True)
    assert isinstance(own, Response), "the host that was asked has refused nothing"
    assert caught.value.host is None


def test_the_connection_is_closed_when_its_host_is_done(site: Site, fetcher: Fetcher) -> None:
    ended = threading.Event()

    def last(connection: socket.socket) -> None:
        connection.sendall(answer())
        connection.settimeout(5)
        if connection.recv(1) == b"":
            ended.set()

    site.keeps = True
    site.paths |= {"/1": answer(), "/2": last}
    all_of(fetcher, [Request(site.url("/1"), LIMIT), Request(site.url("/2"), LIMIT)])
    assert ended.wait(1.5)  # before the connection would be too old to keep


def test_a_slow_host_holds_no_other_up(site: Site) -> None:
    site.paths["/"] = drip(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
    with Site() as quick, allowing(*pairs(site, quick), deadline=timedelta(seconds=1)) as fetcher:
        quick.paths["/"] = answer(body=b"news")
        requests = [Request(site.url(), LIMIT), Request(quick.url(), LIMIT)]
        groups = list(fetcher.get_all(requests, budget=LONG))
    assert [[index for index, _ in group] for group in groups] == [[1], [0]]


def test_a_host_that_used_up_its_budget_is_asked_no_further(site: Site) -> None:
    site.paths["/slow"] = drip(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
    with Site() as quick, allowing(*pairs(site, quick), deadline=SOON) as fetcher:
        quick.paths["/"] = answer()
        requests = [Request(site.url("/slow"), LIMIT) for _ in range(4)]
        outcomes = all_of(
            fetcher, [*requests, Request(quick.url(), LIMIT)], budget=timedelta(seconds=0.7)
        )
    assert kinds(outcomes) == [Failure.TIMED_OUT, Failure.TIMED_OUT, None, None, 200]


def test_a_smuggled_second_answer_is_nobody_s_answer(site: Site, fetcher: Fetcher) -> None:
    site.keeps = True
    site.paths |= {
        "/1": answer(body=b"first") + answer(body=b"smuggled"),
        "/2": answer(body=b"second"),
    }
    outcomes = all_of(fetcher, [Request(site.url("/1"), LIMIT), Request(site.url("/2"), LIMIT)])
    assert isinstance(outcomes[1], Response)
    assert outcomes[1].body == b"second"


def test_a_body_longer_than_it_says_ends_where_it_said(site: Site, fetcher: Fetcher) -> None:
    site.paths["/"] = answer(body=b"news and more", Content_Length="4")
    (outcome,) = all_of(fetcher, [Request(site.url(), LIMIT)])
    assert kinds([outcome]) in ([200], [Failure.MALFORMED])
    assert not isinstance(outcome, Response) or outcome.body == b"news"


def test_each_connection_of_a_host_is_judged_anew() -> None:
    """A name that means another address on the second connection gains nothing."""
    judged = []

    def judge(address: object) -> bool:
        judged.append(address)
        return len(judged) == 1

    with (
        Site() as site,
        Fetcher(
            user_agent="t", deadline=timedelta(seconds=5), connections=2, is_public=judge
        ) as fetcher,
    ):
        site.paths |= {"/1": answer(body=b"out", Connection="close"), "/2": answer(body=b"in")}
        outcomes = all_of(fetcher, [Request(site.url("/1"), LIMIT), Request(site.url("/2"), LIMIT)])
    assert kinds(outcomes) == [200, Failure.PRIVATE_ADDRESS]


def test_a_single_call_is_served_while_a_batch_holds_its_connections(site: Site) -> None:
    stuck = [Site() for _ in range(8)]
    for other in stuck:
        other.paths["/"] = drip(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
    site.paths["/"] = answer(body=b"page")
    pair = frozenset(pairs(site, *stuck))
    with (
        Fetcher(user_agent="t", deadline=timedelta(seconds=3), connections=4, allow=pair) as few,
        ThreadPoolExecutor(1) as threads,
    ):
        batch = threads.submit(all_of, few, [Request(other.url(), LIMIT) for other in stuck])
        assert stuck[0].asked.wait(5)
        began = time.monotonic()
        assert few.get(Request(site.url(), limit=LIMIT)).body == b"page"
        assert time.monotonic() - began < 1.0
        few.close()
        assert kinds(batch.result(timeout=5)) == [Failure.CLOSED] * 8
    for other in stuck:
        other.__exit__()


def test_closing_ends_a_batch_at_once_and_later_ones_before_they_begin(site: Site) -> None:
    site.paths["/"] = drip(b"HTTP/1.1 200 OK\r\n\r\n")
    requests = [Request(site.url(), LIMIT)] * 3
    with ThreadPoolExecutor(1) as threads:
        fetcher = allowing(("127.0.0.1", site.port))
        batch = threads.submit(all_of, fetcher, requests)
        assert site.asked.wait(5)
        began = time.monotonic()
        fetcher.close()
        assert kinds(batch.result(timeout=5)) == [Failure.CLOSED] * 3
        assert time.monotonic() - began < 1.0
    assert kinds(all_of(fetcher, requests)) == [Failure.CLOSED] * 3


def test_a_batch_that_nobody_listens_to_any_more_ends(site: Site) -> None:
    gone = threading.Event()

    def wait(connection: socket.socket) -> None:
        connection.settimeout(5)
        if connection.recv(1) == b"":
            gone.set()

    site.paths["/"] = wait
    with Site() as quick, allowing(*pairs(site, quick)) as fetcher:

        def once_asked(connection: socket.socket) -> None:
            site.asked.wait(5)
            connection.sendall(answer())

        quick.paths["/"] = once_asked
        batch = fetcher.get_all(
            [Request(site.url(), LIMIT), Request(quick.url(), LIMIT)], budget=LONG
        )
        assert [index for index, _ in next(batch)] == [1]
        del batch
        assert gone.wait(2)


def test_many_small_answers_arrive_in_few_groups(fetcher: Fetcher) -> None:
    """Refused at once, all of them: the first group holds every one."""
    requests = [Request("http://[", LIMIT)] * 500
    assert [len(group) for group in fetcher.get_all(requests, budget=LONG)] == [500]


def test_what_breaks_one_host_unexpectedly_leaves_the_others_alone(
    site: Site,
) -> None:
    def broken(address: object) -> bool:
        raise LookupError(address)

    site.paths["/"] = answer(body=b"news")
    with (
        Site() as other,
        Fetcher(
            user_agent="t",
            deadline=timedelta(seconds=5),
            connections=4,
            allow=frozenset(pairs(site)),
            is_public=broken,
        ) as fetcher,
    ):
        outcomes = all_of(fetcher, [Request(other.url(), LIMIT), Request(site.url(), LIMIT)])
    assert kinds(outcomes) == [Failure.MALFORMED, 200]
    assert str(outcomes[0]) == "the request broke: LookupError"
    assert isinstance(outcomes[0], FetchError)
    assert isinstance(outcomes[0].__cause__, LookupError)
