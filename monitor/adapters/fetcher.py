"""The one place that speaks HTTP for the program: `Fetcher.get` (aiohttp).

aiohttp runs in an event loop of its own, in one daemon thread; callers see a plain function that
any number of threads may call. A call has one total deadline, one cap on bytes, at most five
redirects, and reaches public addresses only.
"""

import asyncio
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from errno import EACCES
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, ip_address
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL  # aiohttp's own: the address we judge is the very one it connects to

from monitor.adapters import networks
from monitor.adapters.answers import BrokenGzip, gunzip, retry_after
from monitor.core.errors import Permanent, Temporary

REDIRECT_LIMIT = 5  # hops after the first request
HEADER_LIMIT = 32_768  # bytes a line; the content policies of some newspapers pass 8 kB
VALIDATOR_LIMIT = 1_000  # characters of an ETag or Last-Modified
NAME_THREADS = 64  # name look-ups at once; the loop's default of 6 starves behind slow resolvers

_PERMANENT_REDIRECTS = frozenset({HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT})
_REDIRECTS = _PERMANENT_REDIRECTS | {
    HTTPStatus.FOUND,
    HTTPStatus.SEE_OTHER,
    HTTPStatus.TEMPORARY_REDIRECT,
}
_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_PLAIN_ENCODINGS = frozenset({"", "identity"})
_GZIP_ENCODINGS = frozenset({"gzip", "x-gzip"})


class Failure(StrEnum):
    """Why a fetch failed."""

    UNREACHABLE = "unreachable"  # no such name, refused, no route: their network or ours
    TIMED_OUT = "timed out"
    HTTP_STATUS = "http status"
    TOO_LARGE = "too large"
    PRIVATE_ADDRESS = "private address"
    UNSUPPORTED_ADDRESS = "unsupported address"  # no web address, or one with a password in it
    TOO_MANY_REDIRECTS = "too many redirects"
    MALFORMED = "malformed answer"  # no HTTP, broken off, or encoded as we did not ask
    TLS = "tls"
    CLOSED = "shutting down"


class FetchError(Temporary):
    """The answer could not be had now; `status` is the HTTP status if there was one."""

    def __init__(
        self,
        message: str,
        *,
        kind: Failure,
        status: int | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message, retry_after=retry_after)
        self.kind = kind
        self.status = status


class FetchRefused(Permanent):
    """Asking again is useless: 404 and 410, a private address, something that is no web address."""

    def __init__(self, message: str, *, kind: Failure, status: int | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status


@dataclass(frozen=True, slots=True)
class Response:
    """A usable answer: 2xx, or 304 when validators were sent.

    `url` is the final address without fragment. `headers` are as sent, names in lower case, the
    first of repeated ones. `body` is decompressed. `permanent_url` is the final address if there
    were redirects and all of them were permanent (301, 308).
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    permanent_url: str | None = None


class Fetcher:
    """Fetches for the whole program, from any thread; close it, or use it in a `with`.

    `deadline` is the total time of one call, from the first name look-up to the last byte, all
    redirects included; waiting for one of the `connections` comes before it. `allow` holds exact
    (host, port) pairs, the host as the address writes it, that may be private.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        deadline: timedelta,
        connections: int,
        allow: frozenset[tuple[str, int]] = frozenset(),
        is_public: Callable[[IPv4Address | IPv6Address], bool] = networks.is_public,
    ) -> None:
        self._user_agent = user_agent
        self._deadline = deadline
        self._allow = frozenset((host.lower(), port) for host, port in allow)
        self._is_public = is_public
        self._slots = threading.BoundedSemaphore(connections)
        self._closed = False
        self._submitting = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(ThreadPoolExecutor(NAME_THREADS, "fetcher-names"))
        self._guarded = self._loop.run_until_complete(_session(self._public_socket))
        self._exempt = self._loop.run_until_complete(_session(None))
        self._thread = threading.Thread(target=self._serve, name="fetcher", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End at once; calls under way and later ones raise FetchError (shutting down)."""
        with self._submitting:
            if not self._closed:
                self._closed = True
                self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def get(
        self,
        url: str,
        *,
        limit: int,
        accept: str | None = None,
        etag: str | None = None,
        last_modified: str | None = None,
    ) -> Response:
        """Fetch `url`; `limit` caps the body in bytes, as sent and as decompressed.

        Raises FetchError (try again) or FetchRefused (never).
        """
        wanted = {
            "User-Agent": self._user_agent,
            "Accept-Encoding": "gzip",
            "Accept": accept,
            "If-None-Match": _sendable(etag),
            "If-Modified-Since": _sendable(last_modified),
        }
        headers = {name: value for name, value in wanted.items() if value is not None}
        address = _web_address(url)
        with self._slots:
            try:
                response = self._submit(address, headers, limit).result()
            except CancelledError:
                raise _closed() from None
        # Here and not in the loop: inflating costs this caller milliseconds, nobody else.
        return replace(response, body=_decoded(response, limit=limit))

    def _submit(self, url: URL, headers: Mapping[str, str], limit: int) -> Future[Response]:
        # Under the lock, so that nothing is handed to a loop that has stopped: it would wait on.
        with self._submitting:
            if self._closed:
                raise _closed()
            return asyncio.run_coroutine_threadsafe(
                self._within_deadline(url, headers, limit), self._loop
            )

    def _serve(self) -> None:
        self._loop.run_forever()
        self._loop.run_until_complete(self._wind_up())
        self._loop.close()  # leaves name look-ups that hang to themselves

    async def _wind_up(self) -> None:
        calls = asyncio.all_tasks() - {asyncio.current_task()}
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await self._guarded.close()
        await self._exempt.close()

    def _public_socket(self, address: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, where = address
        try:
            public = self._is_public(ip_address(where[0]))
        except ValueError as error:  # a spelling such as 127.1, which the system would understand
            raise _NotPublicError from error
        if not public:
            raise _NotPublicError
        return socket.socket(family, kind, protocol)

    async def _within_deadline(self, url: URL, headers: Mapping[str, str], limit: int) -> Response:
        try:
            async with asyncio.timeout(self._deadline.total_seconds()):
                return await self._follow(url, headers, limit)
        except TimeoutError as error:
            seconds = f"{self._deadline.total_seconds():g}"
            raise FetchError(
                f"{url.host} gave no complete answer within {seconds} s", kind=Failure.TIMED_OUT
            ) from error

    async def _follow(self, first: URL, headers: Mapping[str, str], limit: int) -> Response:
        url, permanent = first, True
        for _ in range(1 + REDIRECT_LIMIT):
            # Two sessions share no connection: what the exempt one opened for an allowed pair,
            # the next hop cannot borrow.
            allowed = (url.host, url.port) in self._allow
            session = self._exempt if allowed else self._guarded
            with _explained(url):
                async with session.get(url, headers=headers, allow_redirects=False) as answer:
                    if answer.status not in _REDIRECTS:
                        response = await _read(answer, headers, limit=limit)
                        moved = response.url if permanent and url != first else None
                        return replace(response, permanent_url=moved)
                    permanent = permanent and answer.status in _PERMANENT_REDIRECTS
                    url = _destination(answer)
        raise FetchError(
            f"{first.host} sent us on more than {REDIRECT_LIMIT} times",
            kind=Failure.TOO_MANY_REDIRECTS,
        )


class _NotPublicError(OSError):
    """Raised where the socket would be opened.

    An OSError, so that a name with several addresses is still reached over a public one; always
    the same words, so that aiohappyeyeballs keeps the class when it joins several of them.
    """

    def __init__(self) -> None:
        super().__init__(EACCES, "not a public address")


async def _session(socket_factory: aiohttp.SocketFactoryType | None) -> aiohttp.ClientSession:
    # force_close: idle TLS connections are not bounded by any limit and cost 300 kB each.
    connector = aiohttp.TCPConnector(
        limit=0,  # the slots are the limit
        force_close=True,
        resolver=aiohttp.ThreadedResolver(),
        socket_factory=socket_factory,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),  # the one deadline is ours
        auto_decompress=False,
        max_line_size=HEADER_LIMIT,
        max_field_size=HEADER_LIMIT,
        trust_env=False,
    )


def _sendable(validator: str | None) -> str | None:
    """A validator that may stand in a header; a server's broken one must not end its feed."""
    if validator is None or len(validator) > VALIDATOR_LIMIT:
        return None
    return validator if validator.isascii() and validator.isprintable() else None


def _web_address(written: str) -> URL:
    try:
        url = URL(written.strip()).with_fragment(None)
    except ValueError as error:
        raise _unusable(written) from error
    host = url.host or " "
    if url.scheme not in {"http", "https"} or not url.port or " " in host or not host.isprintable():
        raise _unusable(written)
    if url.raw_user is not None or url.raw_password is not None:
        # Such an address would carry the password into logs, messages and the database.
        raise FetchRefused(
            f"the address of {url.host} has a user name or password in it",
            kind=Failure.UNSUPPORTED_ADDRESS,
        )
    return url


def _destination(answer: aiohttp.ClientResponse) -> URL:
    location = answer.headers.get("Location")
    if not location:
        raise _malformed(answer.url, "a redirect that leads nowhere")
    try:
        joined = answer.url.join(URL(location))
    except ValueError as error:
        raise _malformed(answer.url, "a redirect to something that is no address") from error
    return _web_address(str(joined))


async def _read(
    answer: aiohttp.ClientResponse, asked: Mapping[str, str], *, limit: int
) -> Response:
    status = answer.status
    conditional = "If-None-Match" in asked or "If-Modified-Since" in asked
    unchanged = conditional and status == HTTPStatus.NOT_MODIFIED
    if not unchanged and not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        raise _status_failure(answer)
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return Response(str(answer.url), status, _clean_headers(answer), bytes(body))


def _clean_headers(answer: aiohttp.ClientResponse) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in answer.headers.items():
        # Bytes that are no UTF-8 arrive as surrogates, which no database and no request takes.
        headers.setdefault(name.lower(), value.encode("utf-8", "replace").decode())
    return headers


def _decoded(response: Response, *, limit: int) -> bytes:
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding in _PLAIN_ENCODINGS or not response.body:
        return response.body
    if encoding not in _GZIP_ENCODINGS:
        raise _malformed(URL(response.url), f"the encoding {encoding[:40]!r}, which we do not read")
    try:
        body = gunzip(response.body, limit=limit)
    except BrokenGzip as error:
        raise _malformed(URL(response.url), str(error)) from error
    if len(body) > limit:
        raise _too_large(limit)
    return body


def _status_failure(answer: aiohttp.ClientResponse) -> FetchError | FetchRefused:
    message = f"{answer.url.host} answered {answer.status}"
    if answer.status in _GONE:
        return FetchRefused(message, kind=Failure.HTTP_STATUS, status=answer.status)
    return FetchError(
        message,
        kind=Failure.HTTP_STATUS,
        status=answer.status,
        retry_after=retry_after(answer.headers),
    )


@contextmanager
def _explained(url: URL) -> Iterator[None]:
    """Turn aiohttp's errors into ours."""
    try:
        yield
    except (aiohttp.InvalidURL, UnicodeError) as error:  # such as a label over 63 letters
        raise _unusable(str(url)) from error
    except aiohttp.ClientConnectorError as error:
        raise _connection_failure(url, error) from error
    except aiohttp.ClientResponseError as error:
        # aiohttp calls it status 400, but it is its parser giving up on the server's answer.
        raise _malformed(url, "something that is not HTTP") from error
    except (aiohttp.ClientError, OSError) as error:
        raise _malformed(url, "an answer that broke off") from error


def _connection_failure(url: URL, error: aiohttp.ClientConnectorError) -> FetchError | FetchRefused:
    if isinstance(error, aiohttp.ClientSSLError):
        reason = error.os_error.reason if isinstance(error.os_error, ssl.SSLError) else "broken off"
        return FetchError(f"no secure connection to {url.host}: {reason}", kind=Failure.TLS)
    if isinstance(error.os_error, _NotPublicError):
        return FetchRefused(
            f"{url.host} has a private address, which fetch.allow does not name",
            kind=Failure.PRIVATE_ADDRESS,
        )
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return FetchError(f"no address found for {url.host}", kind=Failure.UNREACHABLE)
    cause = os.strerror(error.errno) if error.errno else "no connection"
    return FetchError(f"{url.host} cannot be reached: {cause}", kind=Failure.UNREACHABLE)


def _unusable(written: str) -> FetchRefused:
    return FetchRefused(f"not a web address: {written[:200]!r}", kind=Failure.UNSUPPORTED_ADDRESS)


def _malformed(url: URL, what: str) -> FetchError:
    return FetchError(f"{url.host} sent {what}", kind=Failure.MALFORMED)


def _too_large(limit: int) -> FetchError:
    return FetchError(f"more than {limit:,} bytes", kind=Failure.TOO_LARGE)


def _closed() -> FetchError:
    return FetchError("the program is shutting down", kind=Failure.CLOSED)
