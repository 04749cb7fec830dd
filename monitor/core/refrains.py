"""Lines that an outlet repeats on page after page: newsletter boxes, disclaimers, teasers. Pure.

What is remembered of an outlet is a ring of its latest pages: for each a count (one byte), then
that many hashes (eight bytes each), of its address and of its lines. At most
20 × (1 + 61 × 8) = 9,780 bytes.
"""

from collections import Counter
from hashlib import blake2b
from itertools import chain

PAGES = 20  # latest pages of one outlet
LINES = 60  # lines of each; an article's own furniture stands at its ends
HASH = 8  # bytes; two lines of one outlet are confused once in 10^15
OFTEN = 3  # earlier pages on which a line must have stood: two may be one article under two links
MOST = 0.5  # share of the words; where more would go, the page is a copy or a live page


def without_refrains(text: str, *, seen: bytes) -> tuple[str, float]:
    """The text without the lines that stood on `OFTEN` earlier pages of its outlet, and their part.

    The part is their share of the text's words, 0-1. Where it is more than half, all of the text
    stays.
    """
    known = _known(seen)
    lines = text.split("\n")
    kept = [line for line in lines if _mark(line) not in known] if known else lines
    if len(kept) == len(lines):
        return text, 0.0
    words = _words(lines)
    part = (words - _words(kept)) / max(words, 1)
    return (text if part > MOST else "\n".join(kept)), part


def remember(seen: bytes, text: str, *, address: str) -> bytes:
    """The ring with one more page in it, and the oldest left out when there are too many.

    The page of an `address` takes the place of its earlier version: a live page that is reported
    again and again is one page, and its own news no refrain.
    """
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines:
        return seen
    if len(lines) > LINES:
        lines = lines[: LINES // 2] + lines[-LINES // 2 :]
    name, marks = _mark(address), dict.fromkeys(map(_mark, lines))
    others = [page for page in _pages(seen) if not page.startswith(name)]
    pages = [*others, name + b"".join(marks)][-PAGES:]
    return b"".join(bytes([len(page) // HASH]) + page for page in pages)


def _known(seen: bytes) -> frozenset[bytes]:
    """Hashes of the lines that stood on enough pages."""
    counted = Counter(
        chain.from_iterable(
            {page[at : at + HASH] for at in range(HASH, len(page), HASH)} for page in _pages(seen)
        )
    )
    return frozenset(mark for mark, pages in counted.items() if pages >= OFTEN)


def _pages(seen: bytes) -> list[bytes]:
    """The pages of a ring, oldest first; what is broken at its end is left out."""
    pages, at = [], 0
    while at < len(seen):
        end = at + 1 + seen[at] * HASH
        if end > len(seen):
            break
        pages.append(seen[at + 1 : end])
        at = end
    return pages


def _mark(line: str) -> bytes:
    """A hash of a line as extraction leaves it: trimmed, one space between words; in any case."""
    return blake2b(line.casefold().encode("utf-8", "replace"), digest_size=HASH).digest()


def _words(lines: list[str]) -> int:
    return sum(len(line.split()) for line in lines)
