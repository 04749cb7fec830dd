"""Bytes to text, and markup to plain text: what feeds and pages share. Pure; knows no library."""

import codecs
import html
import re
import zlib
from collections.abc import Iterator
from itertools import islice
from urllib.parse import urljoin

from monitor.core.text import clean
from monitor.core.urls import is_web

LINK_LIMIT = 2_000  # characters; longer "links" are embedded images or attacks
DECLARATION = 2_048  # bytes in which a page or feed may name its encoding (HTML asks for 1,024)
MOJIBAKE_SAMPLE = 200_000  # characters in which those have to stand
MOJIBAKE_LIMIT = 3  # broken sequences before we believe a text was encoded twice

# Only real text encodings: Python also knows "unicode_escape", "idna" and others that are
# transformations, and some of those take quadratic time.
_ENCODING = re.compile(
    r"(?:us-?)?ascii$|utf-?(?:8|16|32)(?:-?[lb]e)?$|iso-?8859-?\d+|latin-?[19]$|windows-\d+$|"
    r"cp\d+$|koi8|gb\d|gbk$|big5|shift_?jis|sjis$|euc-?|iso-2022-|mac|tis-620$",
    re.IGNORECASE,
)
_DECLARED = re.compile(rb"""(?:encoding|charset)\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""")
_HTTP_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9_.:-]+)""", re.IGNORECASE)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark begins it
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\0?\0", "utf-16-le"),
    (b"\0<\0?", "utf-16-be"),
)
_GZIP = b"\x1f\x8b"
_GZIP_FORMAT = 16 + zlib.MAX_WBITS
_MAGIC = (
    (b"%PDF-", "a PDF"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"PK\x03\x04", "a ZIP archive"),
    (_GZIP, "a compressed file"),
    (b"ID3", "a sound recording"),
    (b"OggS", "a sound recording"),
)
_MEDIA = {"image": "an image", "audio": "a sound recording", "video": "a video"}

# More than a single space: matching each of those, to put another in its place, takes ten times
# as long.
_SPACES = re.compile(r"[^\S\n ][^\S\n]*| [^\S\n]+")
_BREAKS = re.compile(r"\n\s+")

_HIDDEN = re.compile(
    r"<(?:!--.*?(?:-->|\Z)|(script|style|noscript|iframe|template|svg)\b.*?(?:</\1\s*>|\Z))",
    re.IGNORECASE | re.DOTALL,
)
_INSIDE = r"""(?:\s(?:[^<>"']|"[^"<]*"|'[^'<]*')*|/)?"""  # cannot pass a "<": linear
_BLOCK = re.compile(
    r"</?(?:address|article|aside|blockquote|br|center|dd|div|dl|dt|figcaption|figure|footer|form|"
    rf"h[1-6]|header|hr|li|main|nav|ol|p|pre|section|table|tbody|td|th|thead|tr|ul){_INSIDE}>",
    re.IGNORECASE,
)
_INLINE = re.compile(
    r"</?(?:a|abbr|acronym|audio|b|big|body|button|cite|code|del|dfn|em|embed|fieldset|font|head|"
    r"html|i|img|input|ins|kbd|label|link|mark|meta|object|param|q|s|samp|small|source|span|"
    rf"strike|strong|sub|sup|time|title|tt|u|var|video|wbr){_INSIDE}>",
    re.IGNORECASE,
)
_STILL_ENCODED = re.compile(
    r"&(?:#\d{2,7}|#x[0-9a-f]{2,6}|[lr][ds]quo|amp|nbsp|quot|hellip);", re.IGNORECASE
)

# UTF-8 read as Windows-1252 or Latin-1: a lead byte's letter, then as many "continuation" letters.
# "Ã" or "Â" before a no-break space is left alone after a capital: it may be Portuguese.
_CONTINUATION = "\x80-\xbf" + "".join(
    bytes([byte]).decode("cp1252", "ignore") for byte in range(0x80, 0xA0)
)
_MOJIBAKE = re.compile(
    f"(?<![A-Z])(?:[\xc2-\xdf][{_CONTINUATION}]|[\xe0-\xef][{_CONTINUATION}]{{2}}"
    f"|[\xf0-\xf4][{_CONTINUATION}]{{3}})"
)


def unpacked(body: bytes, *, limit: int) -> bytes:
    """The body, at most `limit` bytes of it, as it was before a server packed it as a gzip file.

    What is damaged is given back as it came.
    """
    if not body.startswith(_GZIP):
        return body[:limit]
    try:
        return zlib.decompressobj(wbits=_GZIP_FORMAT).decompress(body, limit)
    except zlib.error:
        return body


def kind(body: bytes, content_type: str | None) -> str | None:
    """Say what a body is that cannot be text ("a PDF", "an image"), or None."""
    for magic, name in _MAGIC:
        if body.startswith(magic):
            return name
    declared = (content_type or "").partition(";")[0].strip().lower()
    if declared == "application/pdf":
        return "a PDF"
    if declared != "image/svg+xml" and body[:1] != b"<":
        return _MEDIA.get(declared.partition("/")[0])
    return None


def decode(body: bytes, content_type: str | None) -> str:
    """Decode by byte-order mark, valid UTF-8, the HTTP charset, the document's own, or cp1252.

    UTF-8 goes before the declarations because text in another encoding practically never is
    valid UTF-8 by chance, while declarations are often wrong. Text that was encoded twice
    ("Ã©" for "é") is repaired. Never fails.
    """
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body.decode(encoding, "replace").lstrip("\ufeff")
    for encoding in _candidates(body, content_type):
        try:
            return unscrambled(body.decode(encoding))
        except (LookupError, UnicodeError):
            continue
    return unscrambled(_western(body))


def _candidates(body: bytes, content_type: str | None) -> Iterator[str]:
    declared = [match[1] for match in [_HTTP_CHARSET.search(content_type or "")] if match]
    if match := _DECLARED.search(body[:DECLARATION]):
        declared.append(match[1].decode("ascii"))
    known = [name.lower() for name in declared if _ENCODING.match(name)]
    seven_bit = [name for name in known if name.startswith("iso-2022")]  # valid as UTF-8, too
    yield from (*seven_bit, "utf-8")
    for name in known:  # browsers read Latin-1 as cp1252, and so do we
        yield "cp1252" if name in {"iso-8859-1", "latin-1", "latin1", "ascii", "us-ascii"} else name


def _western(body: bytes) -> str:
    """Decode as UTF-8 where a few bytes are broken, as cp1252 where there is no UTF-8 at all."""
    guess = body.decode("utf-8", "replace")
    broken = guess.count("\ufffd")
    if broken * 10 < sum(1 for _ in re.finditer(r"[\x80-\uffff]", guess)):
        return guess
    return body.decode("cp1252", "replace")


def unscrambled(text: str) -> str:
    """Undo UTF-8 that was read as a Western encoding and encoded again, where it is evident."""
    if not any(sign in text for sign in ("Ã", "Â", "â€", "Å", "Ä")):
        return text
    broken = islice(_MOJIBAKE.finditer(text, 0, MOJIBAKE_SAMPLE), MOJIBAKE_LIMIT)
    if len(list(broken)) < MOJIBAKE_LIMIT:
        return text
    return _MOJIBAKE.sub(_restored, text)


def _restored(match: re.Match[str]) -> str:
    written = match[0]
    try:
        octets = b"".join(
            bytes([ord(letter)]) if letter < "\u0100" else letter.encode("cp1252")
            for letter in written
        )
        return octets.decode("utf-8")
    except UnicodeError:
        return written


def tidy(text: str) -> str:
    """Remove what cannot be seen, fold white space, keep single line breaks."""
    if text.isascii() and text.isprintable():  # most titles, and nothing in them is unseen
        return " ".join(text.split())
    text = _SPACES.sub(" ", clean(text)).strip()
    return _BREAKS.sub("\n", text.replace(" \n", "\n")) if "\n" in text else text


def one_line(text: str, *, limit: int) -> str:
    """Plain text of a title or a name: no markup, one line, at most `limit` characters."""
    return clip(" ".join(plain(text).split()), limit=limit)


def plain(markup: str) -> str:
    """HTML as plain text: tags out, entities decoded, blocks on lines of their own.

    Feeds often escape twice, so that entities or tags show up after decoding: two rounds.
    """
    text = markup
    for _ in range(2):
        if "<" in text:
            text = _INLINE.sub("", _BLOCK.sub("\n", _HIDDEN.sub(" ", text)))
        text = html.unescape(text) if "&" in text else text
        if not _encoded_again(text):
            break
    return tidy(text)


def _encoded_again(text: str) -> bool:
    tagged = "<" in text and (_BLOCK.search(text) or _INLINE.search(text))
    return bool(tagged or ("&" in text and _STILL_ENCODED.search(text)))


def escape(text: str) -> str:
    """Plain text as HTML."""
    return html.escape(text, quote=False)


def clip(text: str, *, limit: int) -> str:
    """At most `limit` characters, cut between words where one ends in the last tenth."""
    if len(text) <= limit:
        return text
    cut = text.rfind(" ", limit - limit // 10, limit)
    return text[: cut if cut > 0 else limit].rstrip()


def link(written: str | None, *, base: str) -> str | None:
    """The absolute http(s) address that `written` means on `base`, or None."""
    if not written:
        return None
    text = written.strip()
    if not (text.isascii() and text.isprintable()):
        text = "".join(clean(text).splitlines()).strip()
    try:
        absolute = text if _is_whole(text) else urljoin(base, text)
    except ValueError:  # "http://[" and the like
        return None
    usable = len(absolute) <= LINK_LIMIT and is_web(absolute)
    return absolute.replace(" ", "%20") if usable else None


def _is_whole(address: str) -> bool:
    """True for what urljoin would give back as it is."""
    return address.startswith(("https://", "http://")) and address[-1] not in "?#"
