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


# Nobody was reached: it is their network, or ours.
UNREACHED = frozenset({Failure.UNREACHABLE, Failure.TIMED_OUT, Failure.TLS})
# The host itself has not been heard. A captive portal or a proxy on the way answers like this too.
UNHEARD = UNREACHED | {Failure.MALFORMED, Failure.PRIVATE_ADDRESS}
# A host answered, whatever it said: the network works.
HEARD = frozenset(
    {Failure.HTTP_STATUS, Failure.WALL, Failure.TOO_LARGE, Failure.TOO_MANY_REDIRECTS}
)
# Statuses by which a host asks to be left alone, even where it does not say for how long.
_REFUSALS = frozenset({429, 503})


class FetchError(Temporary):
    """The answer could not be had now; `status` is the HTTP status if there was one.

    `host` is the host that said so, where redirects led to another than the one asked.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: Failure,
        status: int | None = None,
        retry_after: timedelta | None = None,
        host: str | None = None,
    ) -> None:
        super().__init__(message, retry_after=retry_after)
        self.kind = kind
        self.status = status
        self.host = host

    @property
    def wants_rest(self) -> bool:
        """Whether a host asks to be left alone with all its addresses; "in 0 seconds" asks not."""
        later = self.retry_after is not None and self.retry_after > timedelta()
        return self.kind is Failure.WALL or self.status in _REFUSALS or later


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
