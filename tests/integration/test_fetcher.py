"""The fetcher against real servers on the loopback interface."""

import gzip
import resource
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from ipaddress import IPv4Address, ip_address
from typing import Self

import pytest

from monitor.adapters.fetcher import Failure, Fetcher, FetchError, FetchRefused

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


class Site:
    """An HTTP server that answers each path exactly as told and remembers what it was asked."""

    def __init__(self, *, address: str = "127.0.0.1") -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.paths: dict[str, Behaviour] = {}
        self.requests: list[str] = []
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
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, IndexError):
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
        fetcher.get(url, limit=limit)
    return caught.value


def refusal(fetcher: Fetcher, url: str) -> FetchRefused:
    with pytest.raises(FetchRefused) as caught:
        fetcher.get(url, limit=LIMIT)
    return caught.value


# What a usable answer looks like


def test_an_answer_carries_address_status_headers_and_body(site: Site, fetcher: Fetcher) -> None:
    site.paths["/a?b=1"] = answer(body=b"hello", Content_Type="text/plain", ETag='"1"')
    response = fetcher.get(site.url("/a?b=1#part"), limit=LIMIT)
    assert response.url == site.url("/a?b=1")
    assert response.status == 200
    assert response.body == b"hello"
    assert response.headers["content-type"] == "text/plain"
    assert response.headers["etag"] == '"1"'
    assert response.permanent_url is None


def test_requests_say_who_asks_and_take_gzip_only(site: Site, fetcher: Fetcher) -> None:
    site.paths["/"] = answer()
    fetcher.get(site.url(), limit=LIMIT, accept="application/rss+xml")
    (request,) = site.requests
    assert "User-Agent: monitor-test/1\r\n" in request
    assert "Accept-Encoding: gzip\r\n" in request
    assert "Accept: application/rss+xml\r\n" in request


def test_both_validators_are_sent_and_not_modified_is_an_answer(
    site: Site, fetcher: Fetcher
) -> None:
    site.paths["/"] = answer("304 Not Modified", ETag='W/"7"')
    when = "Mon, 05 Jan 2026 10:00:00 GMT"
    response = fetcher.get(site.url(), limit=LIMIT, etag='W/"7"', last_modified=when)
    assert (response.status, response.body) == (304, b"")
    assert response.headers["etag"] == 'W/"7"'
    assert 'If-None-Match: W/"7"\r\n' in site.requests[0]
    assert f"If-Modified-Since: {when}\r\n" in site.requests[0]


def test_validators_reach_the_server_behind_a_redirect(site: Site, fetcher: Fetcher) -> None:
    site.paths |= {"/": redirect("/feed"), "/feed": answer("304 Not Modified")}
    assert fetcher.get(site.url(), limit=LIMIT, etag='"7"').status == 304


def test_not_modified_without_validators_is_a_failure(site: Site, fetcher: Fetcher) -> None:
    site.paths["/"] = answer("304 Not Modified")
    assert failure(fetcher, site.url()).status == 304


def test_no_cookie_comes_back(site: Site, fetcher: Fetcher) -> None:
    site.paths["/"] = redirect("/next").replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=b\r\n\r\n")
    site.paths["/next"] = answer()
    fetcher.get(site.url(), limit=LIMIT)
    assert "cookie" not in site.requests[1].lower()


def test_header_bytes_that_are_no_utf8_can_be_stored_and_sent_back(
    site: Site, fetcher: Fetcher
) -> None:
    site.paths["/"] = answer(ETag="X").replace(b"ETag: X", b'ETag: "\xf1\xff"')
    etag = fetcher.get(site.url(), limit=LIMIT).headers["etag"]
    etag.encode()
    assert fetcher.get(site.url(), limit=LIMIT, etag=etag).status == 200


# Compression and size


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
def test_gzip_is_unpacked(site: Site, fetcher: Fetcher, encoding: str) -> None:
    site.paths["/"] = answer(body=gzip.compress(b"news " * 1000), Content_Encoding=encoding)
    assert fetcher.get(site.url(), limit=LIMIT).body == b"news " * 1000


def test_gzip_in_several_members_is_one_body(site: Site, fetcher: Fetcher) -> None:
    packed = gzip.compress(b"one ") + gzip.compress(b"two") + b"\0\0padding"
    site.paths["/"] = answer(body=packed, Content_Encoding="gzip")
    assert fetcher.get(site.url(), limit=LIMIT).body == b"one two"


def test_an_empty_body_needs_no_gzip_header(site: Site, fetcher: Fetcher) -> None:
    site.paths["/"] = answer(Content_Encoding="gzip")
    assert fetcher.get(site.url(), limit=LIMIT).body == b""


def test_a_gzip_bomb_stops_at_the_limit(site: Site, fetcher: Fetcher) -> None:
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join(packer.compress(bytes(1_000_000)) for _ in range(100)) + packer.flush()
    site.paths["/"] = answer(body=bomb, Content_Encoding="gzip")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    error = failure(fetcher, site.url(), limit=3_000_000)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert error.kind is Failure.TOO_LARGE
    assert str(error) == "more than 3,000,000 bytes"
    assert grown < 40_000  # kB, of the 100,000 it unpacks to


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
    assert len(fetcher.get(site.url("/fits"), limit=LIMIT).body) == LIMIT
    assert len(fetcher.get(site.url("/packed"), limit=LIMIT).body) == LIMIT
    assert failure(fetcher, site.url("/large")).kind is Failure.TOO_LARGE
    assert failure(fetcher, site.url("/packed-large")).kind is Failure.TOO_LARGE


def test_an_endless_body_stops_at_the_limit(site: Site, fetcher: Fetcher) -> None:
    def pour(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(10_000):
            connection.sendall(bytes(65_536))

    site.paths["/"] = pour
    assert failure(fetcher, site.url()).kind is Failure.TOO_LARGE


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
                lambda number: fetcher.get(site.url(f"/{number}"), limit=LIMIT).body, range(200)
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
        list(threads.map(lambda _: few.get(site.url(), limit=LIMIT), range(24)))
    assert most <= 3


# Redirects


def test_a_redirect_is_followed_and_the_final_address_reported(
    site: Site, fetcher: Fetcher
) -> None:
    site.paths |= {"/": redirect("b/../c#x"), "/c": answer(body=b"here")}
    response = fetcher.get(site.url(), limit=LIMIT)
    assert (response.url, response.body) == (site.url("/c"), b"here")
    assert response.permanent_url is None


def test_permanent_redirects_alone_report_a_permanent_address(site: Site, fetcher: Fetcher) -> None:
    site.paths |= {
        "/moved": redirect("/moved2", "301 Moved Permanently"),
        "/moved2": redirect("/new", "308 Permanent Redirect"),
        "/mixed": redirect("/moved", "307 Temporary Redirect"),
        "/new": answer(),
    }
    assert fetcher.get(site.url("/moved"), limit=LIMIT).permanent_url == site.url("/new")
    assert fetcher.get(site.url("/mixed"), limit=LIMIT).permanent_url is None


def test_five_redirects_are_followed_and_a_loop_is_not(site: Site, fetcher: Fetcher) -> None:
    site.paths |= {f"/{n}": redirect(f"/{n + 1}") for n in range(6)}
    site.paths |= {"/6": answer(), "/loop": redirect("/loop")}
    assert fetcher.get(site.url("/1"), limit=LIMIT).status == 200
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
        assert by_name.get(site.url(host="localhost"), limit=LIMIT).status == 200
        assert refusal(by_name, site.url()).kind is Failure.PRIVATE_ADDRESS


def test_an_allowed_ipv6_address_is_reached() -> None:
    try:
        site = Site(address="::1")
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with site, allowing(("::1", site.port)) as fetcher:
        site.paths["/"] = answer(body=b"six")
        assert fetcher.get(site.url(host="[::1]"), limit=LIMIT).body == b"six"


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
        assert fetcher.get(outside.url(), limit=LIMIT).body == b"news"
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
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Le", id="headers cut short"),
    ],
)
def test_what_is_not_proper_http_is_a_malformed_answer_and_no_status(
    site: Site, fetcher: Fetcher, sent: bytes
) -> None:
    site.paths["/"] = sent
    error = failure(fetcher, site.url())
    assert (error.kind, error.status) == (Failure.MALFORMED, None)
