"""aiohttp set up for us: public addresses only, no cookies, no environment; and its errors."""

import os
import socket
import ssl
from collections.abc import Callable
from errno import EACCES
from ipaddress import IPv4Address, IPv6Address, ip_address

import aiohttp
from yarl import URL

from monitor.adapters.failures import (
    Failure,
    FetchError,
    FetchRefused,
    malformed,
    private,
    unusable,
)

HEADER_LIMIT = 32_768  # bytes a line; the content policies of some newspapers pass 8 kB
IDLE_LIMIT = 2.0  # seconds a kept connection waits for the next request of its host

IsPublic = Callable[[IPv4Address | IPv6Address], bool]


class Sessions:
    """Two sessions that share no connection: one reaches public addresses only, one any.

    What the exempt one opened for an allowed address, the next hop cannot borrow. Made where they
    are first needed, inside the loop. Connections are kept only with `keep`, and then until
    `close`: idle TLS connections are bounded by no limit of aiohttp and cost 300 kB each.
    """

    def __init__(self, is_public: IsPublic, *, keep: bool) -> None:
        self._is_public = is_public
        self._keep = keep
        self._made: dict[bool, aiohttp.ClientSession] = {}

    def session(self, *, exempt: bool) -> aiohttp.ClientSession:
        made = self._made.get(exempt)
        if made is None:
            made = _session(None if exempt else self._public_socket, keep=self._keep)
            self._made[exempt] = made
        return made

    async def close(self) -> None:
        for session in self._made.values():
            await session.close()
        self._made.clear()

    def _public_socket(self, address: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, where = address
        try:
            public = self._is_public(ip_address(where[0]))
        except ValueError as error:  # a spelling such as 127.1, which the system would understand
            raise _NotPublicError from error
        if not public:
            raise _NotPublicError
        return socket.socket(family, kind, protocol)


class _NotPublicError(OSError):
    """Raised where the socket would be opened.

    An OSError, so that a name with several addresses is still reached over a public one; always
    the same words, so that aiohappyeyeballs keeps the class when it joins several of them.
    """

    def __init__(self) -> None:
        super().__init__(EACCES, "not a public address")


def _session(
    socket_factory: aiohttp.SocketFactoryType | None, *, keep: bool
) -> aiohttp.ClientSession:
    resolver = aiohttp.ThreadedResolver()
    connector = (
        aiohttp.TCPConnector(
            limit=0,  # the fetcher's slots are the limit
            keepalive_timeout=IDLE_LIMIT,
            resolver=resolver,
            socket_factory=socket_factory,
        )
        if keep
        else aiohttp.TCPConnector(
            limit=0, force_close=True, resolver=resolver, socket_factory=socket_factory
        )
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),  # the one deadline is the fetcher's
        auto_decompress=False,
        max_line_size=HEADER_LIMIT,
        max_field_size=HEADER_LIMIT,
        trust_env=False,
    )


def explained(error: Exception, url: URL, *, proxied: bool) -> FetchError | FetchRefused:
    """What an error of aiohttp means to us."""
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return FetchError(
            f"the proxy for {url.host} answered {error.status}", kind=Failure.UNREACHABLE
        )
    if isinstance(error, aiohttp.InvalidURL | ValueError):  # such as a label over 63 letters
        return unusable(str(url))
    if isinstance(error, aiohttp.ClientConnectorError):
        return _connection_failure(url, error, proxied=proxied)
    if isinstance(error, aiohttp.ClientResponseError):
        # aiohttp calls it status 400, but it is its parser giving up on the server's answer.
        return malformed(url.host, "something that is not HTTP")
    return malformed(url.host, "an answer that broke off")


def _connection_failure(
    url: URL, error: aiohttp.ClientConnectorError, *, proxied: bool
) -> FetchError | FetchRefused:
    if isinstance(error, aiohttp.ClientSSLError):
        reason = error.os_error.reason if isinstance(error.os_error, ssl.SSLError) else "broken off"
        return FetchError(f"no secure connection to {url.host}: {reason}", kind=Failure.TLS)
    if isinstance(error.os_error, _NotPublicError):
        return private(url.host)
    where = f"the proxy for {url.host}" if proxied else url.host
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return FetchError(f"no address found for {where}", kind=Failure.UNREACHABLE)
    cause = os.strerror(error.errno) if error.errno else "no connection"
    return FetchError(f"{where} cannot be reached: {cause}", kind=Failure.UNREACHABLE)
