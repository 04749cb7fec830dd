"""Web addresses as the fetcher uses them. yarl is aiohttp's own: what we judge is what it asks."""

from yarl import URL

from monitor.adapters.failures import Failure, FetchRefused, malformed, unusable

_SCHEMES = frozenset({"http", "https"})


def web_address(written: str) -> URL:
    """The address without fragment; raises FetchRefused for what is no web address."""
    try:
        url = URL(written.strip())
    except ValueError as error:
        raise unusable(written) from error
    host = url.host or " "
    if url.scheme not in _SCHEMES or not url.port or " " in host or not host.isprintable():
        raise unusable(written)
    if url.raw_user is not None or url.raw_password is not None:
        # Such an address would carry the password into logs, messages and the database.
        raise FetchRefused(
            f"the address of {url.host} has a user name or password in it",
            kind=Failure.UNSUPPORTED_ADDRESS,
        )
    return url.with_fragment(None) if url.raw_fragment else url


def destination(source: URL, location: str | None) -> URL:
    """Where a redirect of `source` leads; raises FetchError or FetchRefused."""
    if not location:
        raise malformed(source.host, "a redirect that leads nowhere")
    try:
        joined = source.join(URL(location))
    except ValueError as error:
        raise malformed(source.host, "a redirect to something that is no address") from error
    return web_address(str(joined))


def proxy_address(written: str, *, host: str | None) -> URL:
    """The proxy for `host`; the words of FetchRefused leave it out, as it may hold a password."""
    try:
        url = URL(written.strip())
    except ValueError:
        # Not chained: yarl's words quote the address.
        raise _no_proxy(host) from None
    if url.scheme not in _SCHEMES or not url.host or not url.port:
        raise _no_proxy(host)
    return url


def same_origin(one: URL, other: URL) -> bool:
    """Whether scheme, host and port are the same."""
    return (one.scheme, one.host, one.port) == (other.scheme, other.host, other.port)


def _no_proxy(host: str | None) -> FetchRefused:
    return FetchRefused(f"the proxy for {host} is no http address", kind=Failure.UNSENDABLE)
