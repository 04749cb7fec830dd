"""What an HTTP answer means: whether it is of use, packed bodies, the wish to be left alone."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from monitor.adapters.failures import Failure, FetchError, FetchRefused, malformed, too_large
from monitor.adapters.walls import START_LIMIT, wall
from monitor.core import urls
from monitor.core.timing import LONGEST_REQUEST_PAUSE

GZIP_MEMBER_LIMIT = 100  # each one costs a copy of the rest: thousands of empty ones would stall

_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_PLAIN_ENCODINGS = frozenset({"", "identity"})
_GZIP_ENCODINGS = frozenset({"gzip", "x-gzip"})
_GZIP_WINDOW = 31  # zlib's word for "with a gzip header and checksum"
_GZIP_MAGIC = b"\x1f\x8b"


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


class BrokenGzip(ValueError):  # noqa: N818 - the name says what it is
    """The bytes are no gzip, are cut short, or fail their checksum."""


def usable(answer: Response, *, asked: str, limit: int, conditional: bool) -> Response:
    """The answer with its body unpacked to at most `limit` bytes.

    `asked` is the address before all redirects. `conditional`: validators were sent, and 304 is an
    answer. Raises FetchError or FetchRefused for an error status, a bot check, a body that is too
    large or packed as we did not ask.
    """
    if conditional and answer.status == HTTPStatus.NOT_MODIFIED:
        return answer
    success = HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES
    body = _unpacked(answer, limit=limit) if success else _start(answer)
    service = wall(answer.status, answer.headers, body[:START_LIMIT])
    if success and service is None:
        return answer if body is answer.body else replace(answer, body=body)
    raise _failure(answer, service, asked=asked)


def _failure(answer: Response, service: str | None, *, asked: str) -> FetchError | FetchRefused:
    status, said = answer.status, f"{_host(answer)} answered"
    if service is None and status in _GONE:
        return FetchRefused(f"{said} {status}", kind=Failure.HTTP_STATUS, status=status)
    walled = service is not None
    unasked = ", though nobody asked what has changed" if status == HTTPStatus.NOT_MODIFIED else ""
    by = urls.host(answer.url)
    return FetchError(
        f"{said} with a bot check ({service})" if walled else f"{said} {status}{unasked}",
        kind=Failure.WALL if walled else Failure.HTTP_STATUS,
        status=status,
        retry_after=retry_after(answer.headers),
        host=None if by == urls.host(asked) else by,
    )


def _unpacked(answer: Response, *, limit: int) -> bytes:
    encoding = _encoding(answer)
    if encoding in _PLAIN_ENCODINGS or not answer.body:
        return answer.body
    if encoding not in _GZIP_ENCODINGS:
        raise malformed(_host(answer), f"the encoding {encoding[:40]!r}, which we do not read")
    try:
        body = gunzip(answer.body, limit=limit)
    except BrokenGzip as error:
        raise malformed(_host(answer), str(error)) from error
    if len(body) > limit:
        raise too_large(limit)
    return body


def _start(answer: Response) -> bytes:
    if _encoding(answer) in _GZIP_ENCODINGS:
        return gunzip_start(answer.body, limit=START_LIMIT)
    return answer.body


def _encoding(answer: Response) -> str:
    return answer.headers.get("content-encoding", "").strip().lower()


def _host(answer: Response) -> str | None:
    return urlsplit(answer.url).hostname


def gunzip(packed: bytes, *, limit: int) -> bytes:
    """Unpack, giving up one byte past `limit`, so that a longer result says "too long".

    Several gzip members in a row are one body; padding after them is ignored.
    """
    body = bytearray()
    for _ in range(GZIP_MEMBER_LIMIT):
        member = zlib.decompressobj(_GZIP_WINDOW)
        try:
            body += member.decompress(packed, limit + 1 - len(body))
        except zlib.error as error:
            raise BrokenGzip("broken gzip") from error
        if len(body) > limit:
            return bytes(body)
        if not member.eof:
            raise BrokenGzip("gzip cut short")
        packed = member.unused_data
        if not packed.startswith(_GZIP_MAGIC):
            return bytes(body)
    raise BrokenGzip("gzip in too many pieces")


def gunzip_start(packed: bytes, *, limit: int) -> bytes:
    """The first `limit` bytes, or as many as can be had: the bytes may be cut short or broken."""
    try:
        return zlib.decompressobj(_GZIP_WINDOW).decompress(packed, limit)
    except zlib.error:
        return b""


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """How long the server wants to be left alone, from nothing to 24 h; None if it does not say.

    A date counts from the server's own `Date`, so that neither clock needs to be right.
    `headers` have their names in lower case.
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        seconds = int(value[:9])  # 9 digits are far beyond the limit already
        return min(timedelta(seconds=seconds), LONGEST_REQUEST_PAUSE)
    until, sent = _http_date(value), _http_date(headers.get("date", ""))
    if until is None or sent is None:
        return None
    return max(timedelta(), min(until - sent, LONGEST_REQUEST_PAUSE))


def _http_date(value: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
