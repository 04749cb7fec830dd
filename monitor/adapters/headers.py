"""The headers of our requests: what we know of the address, and what was set for it."""

from collections.abc import Mapping

from monitor.adapters.failures import Failure, FetchRefused

VALIDATOR_LIMIT = 1_000  # characters of an ETag or Last-Modified

_VALIDATORS = frozenset({"if-none-match", "if-modified-since"})


def validators(etag: str | None, last_modified: str | None) -> dict[str, str]:
    """The conditions of a request, without those that HTTP does not take.

    A server's broken one must not end its feed.
    """
    known = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    return {name: value for name, value in known.items() if value and _is_sendable(value)}


def with_own(
    ours: Mapping[str, str], own: Mapping[str, str], *, host: str | None
) -> dict[str, str]:
    """Own headers in place of ours of the same name; validators are what we know, not theirs.

    Raises FetchRefused, without quoting them, for what HTTP does not take.
    """
    for name, value in own.items():
        plain = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
        if not plain or not (value.isascii() and value.isprintable()):
            raise FetchRefused(f"a header set for {host} cannot be sent", kind=Failure.UNSENDABLE)
    theirs = {name: value for name, value in own.items() if name.lower() not in _VALIDATORS}
    names = {name.lower() for name in theirs}
    return {name: value for name, value in ours.items() if name.lower() not in names} | theirs


def _is_sendable(value: str) -> bool:
    return len(value) <= VALIDATOR_LIMIT and value.isascii() and value.isprintable()
