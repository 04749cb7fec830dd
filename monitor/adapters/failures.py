"""How a fetch fails, in words that hold no secrets: no header, no password, no proxy."""

from datetime import timedelta
from enum import StrEnum

from monitor.core.errors import Permanent, Temporary


class Failure(StrEnum):
    """Why a fetch failed."""

    UNREACHABLE = "unreachable"  # no such name, refused, no route: their network or ours
    TIMED_OUT = "timed out"
    HTTP_STATUS = "http status"
    WALL = "bot check"  # an anti-bot service answered instead of the site
    TOO_LARGE = "too large"
    PRIVATE_ADDRESS = "private address"
    UNSUPPORTED_ADDRESS = "unsupported address"  # no web address, or one with a password in it
    UNSENDABLE = "unsendable request"  # headers or a proxy of our own that HTTP does not take
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


def unusable(written: str) -> FetchRefused:
    """No web address; long ones are cut."""
    return FetchRefused(f"not a web address: {written[:200]!r}", kind=Failure.UNSUPPORTED_ADDRESS)


def private(host: str | None) -> FetchRefused:
    """An address that only our own network has."""
    return FetchRefused(
        f"{host} has a private address, which fetch.allow does not name",
        kind=Failure.PRIVATE_ADDRESS,
    )


def malformed(host: str | None, what: str) -> FetchError:
    """An answer that cannot be read; `what` is no text of theirs but a few letters."""
    return FetchError(f"{host} sent {what}", kind=Failure.MALFORMED)


def too_large(limit: int) -> FetchError:
    """More bytes than `limit`, as sent or unpacked."""
    return FetchError(f"more than {limit:,} bytes", kind=Failure.TOO_LARGE)


def closed() -> FetchError:
    """Asked of a fetcher that ends."""
    return FetchError("the program is shutting down", kind=Failure.CLOSED)
