"""What the parts of an HTTP answer mean: packed bodies and the wish to be left alone."""

import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

RETRY_AFTER_LIMIT = timedelta(hours=24)  # a server may not silence itself for longer
GZIP_MEMBER_LIMIT = 100  # each one costs a copy of the rest: thousands of empty ones would stall

_GZIP_WINDOW = 31  # zlib's word for "with a gzip header and checksum"
_GZIP_MAGIC = b"\x1f\x8b"


class BrokenGzip(ValueError):  # noqa: N818 - the name says what it is
    """The bytes are no gzip, are cut short, or fail their checksum."""


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


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """How long the server wants to be left alone, from nothing to 24 h; None if it does not say.

    A date counts from the server's own `Date`, so that neither clock needs to be right.
    `headers` finds names in any case, as the clients' own header types do.
    """
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        seconds = int(value[:9])  # 9 digits are far beyond the limit already
        return min(timedelta(seconds=seconds), RETRY_AFTER_LIMIT)
    until, sent = _http_date(value), _http_date(headers.get("Date", ""))
    if until is None or sent is None:
        return None
    return max(timedelta(), min(until - sent, RETRY_AFTER_LIMIT))


def _http_date(value: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
