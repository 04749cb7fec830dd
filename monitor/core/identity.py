"""Who is who among entries and articles: keys that make the same thing the same."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from monitor.core import urls
from monitor.core.model import Entry
from monitor.core.text import fold

BODY_WORDS = 25  # shorter texts are shared by unrelated briefs ("Developing story")


class KeyMode(StrEnum):
    """By what a feed's entries are told apart; a feed degrades when its guids are unfit."""

    GUID = "guid"
    LINK = "link"
    CONTENT = "content"


@dataclass(frozen=True, slots=True)
class Keys:
    """The three keys of one entry, hashed; a key that the entry cannot have is None."""

    guid: str | None
    link: str | None
    content: str

    def present(self, mode: KeyMode) -> str:
        """The key that counts in this mode: the mode's own, else the next weaker one."""
        candidates = {
            KeyMode.GUID: (self.guid, self.link),
            KeyMode.LINK: (self.link,),
            KeyMode.CONTENT: (),
        }[mode]
        return next((key for key in candidates if key), self.content)


def digest(*parts: str) -> str:
    """A key of 40 hexadecimal characters for any texts."""
    joined = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(joined, digest_size=20).hexdigest()


def keys_of(entry: Entry) -> Keys:
    """The three keys of an entry as its feed showed it."""
    content = digest("content", fold(entry.title), fold((entry.summary or "")[:500]))
    return Keys(
        guid=digest("guid", entry.guid) if entry.guid else None,
        link=digest("link", urls.same_address(entry.url)) if entry.url else None,
        content=content,
    )


def key_mode(entries: Sequence[Keys], *, mode: KeyMode, listed: int = 0) -> KeyMode:
    """The mode this poll's entries ask for: weaker than `mode` if its keys repeat, never stronger.

    Guids or links that two different items of one document share tell nothing apart. `listed`
    counts the items of the document where `entries` are only those that need a look.
    """
    of = max(listed, len(entries))
    if mode is KeyMode.GUID and _repeats([each.guid for each in entries], entries, of=of):
        mode = KeyMode.LINK
    if mode is KeyMode.LINK and _repeats([each.link for each in entries], entries, of=of):
        mode = KeyMode.CONTENT
    return mode


def present_keys(entries: Sequence[Keys], *, mode: KeyMode) -> list[str]:
    """The key by which each entry of one document goes; one that two items share tells nothing."""
    contents: dict[str, set[str]] = {}
    for each in entries:
        contents.setdefault(each.present(mode), set()).add(each.content)
    return [
        each.present(mode)
        if len(contents[each.present(mode)]) == 1
        else each.present(KeyMode.LINK if mode is KeyMode.GUID else KeyMode.CONTENT)
        for each in entries
    ]


def _repeats(values: Sequence[str | None], entries: Sequence[Keys], *, of: int) -> bool:
    """True if over one in ten values, `of` in all, stands for items of different content."""
    contents: dict[str, set[str]] = {}
    for value, entry in zip(values, entries, strict=True):
        if value is not None:
            contents.setdefault(value, set()).add(entry.content)
    shared = Counter(value for value in values if value and len(contents[value]) > 1)
    return sum(shared.values()) * 10 > of > 1


def body_hash(text: str | None) -> str | None:
    """A key for texts that say the same word for word; None if there is too little to compare."""
    words = fold(text or "").split()
    return digest("body", " ".join(words)) if len(words) >= BODY_WORDS else None
