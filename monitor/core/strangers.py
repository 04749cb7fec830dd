"""Strangers' words as a message may show them: readable, cut to length, and harmless."""

import re
import unicodedata
from urllib.parse import urlsplit

LINK_LIMIT = 2_000  # characters; longer ones are shown by none of the services

_BLANKS = re.compile(r" {2,}")
_STACKED = re.compile(r"([\u0300-\u036f]{2})[\u0300-\u036f]+")
# A dot that makes a bare address ("evil.example"): every chat links those. "EE.UU." is none.
_DOMAIN_DOT = re.compile(r"(?<=[^\W_])\.(?=[^\W\d_]{2,})(?![A-Z]{2}\b)")
UNLINKED_DOT = "․"  # U+2024: looks like one, and is none to a chat
_LOOKALIKES = str.maketrans({"@": "＠", "<": "‹", ">": "›"})
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})  # control, bidi, surrogate, private, none


def quiet(text: str) -> str:
    """`text` on one line, readable as before, but nothing in it pings, links or hides.

    Mentions lose their `@`, tags their angle brackets, markdown links and addresses their joint.
    """
    shown = text
    if not text.isprintable():  # printable: no blank but the usual one, and nothing unseen
        seen = (" " if c.isspace() else c for c in text)
        shown = "".join(c for c in seen if unicodedata.category(c) not in _UNSEEN)
    shown = _BLANKS.sub(" ", _STACKED.sub(r"\1", shown)).translate(_LOOKALIKES)
    shown = shown.replace("](", "] (").replace("://", ": //")
    return _DOMAIN_DOT.sub(UNLINKED_DOT, shown) if "." in shown else shown


def link(url: str | None) -> str | None:
    """The address as it may stand in a message, or None if it is not a plain web address."""
    if not url or len(url) > LINK_LIMIT:
        return None
    address = "".join(url.split())
    if any(unicodedata.category(c) in _UNSEEN for c in address):
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        return None
    return re.sub(r"[@<>\"'`\\^{|}\[\]()!*]", lambda m: f"%{ord(m[0]):02X}", address)


def shorten(text: str, *, limit: int) -> str:
    """At most `limit` characters, cut at the end of a line, sentence or word, then `…`.

    Never inside a word, so a link is there whole or not at all.
    """
    if len(text) <= limit:
        return text
    room = text[: max(limit - 1, 0)]
    if not text[len(room)].isspace():
        room = room[: max(room.rfind(" "), room.rfind("\n"), 0)]
    ends = [m.end() for m in re.finditer(r"[.!?](?=\s|$)|\S(?=\n)", room)]
    kept = room[: ends[-1]] if ends and ends[-1] >= len(room) * 0.8 else room
    kept = kept.rstrip()
    linked = "://" in kept[max(kept.rfind(" "), kept.rfind("\n")) + 1 :]  # chats link the sign too
    return f"{kept}{' ' if linked else ''}…"[:limit].rstrip()
