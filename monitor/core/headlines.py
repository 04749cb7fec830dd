"""The headline among the titles that a page gives itself. Pure.

JSON-LD's `headline` is the desk's own field, or a copy of the <h1>; <title> carries the site's
name, and an <h1> may hold the kicker, or be the site's logo.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

LEAST = 3  # words that what remains of a title must have when something is cut off
SECTION = 3  # words of a suffix after "|" that may be a section or a site

SLUG = 4  # words in an address that make it a spelled-out headline
SPELLED = 0.75  # share of them in the title that it was made of
UNLIKE = 0.5  # share of them, below which a title was not

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_MARK = re.compile("[\u0300-\u036f]")
_ASCII_WORD = re.compile("[a-z0-9]+")
_SEPARATED = re.compile(r"\s+[|–—·»•:‐-]\s+|\s*\|\s*")
_KICKER = re.compile(r"\s*(?:[|/:]|\s[–—·»•-])\s+")
_CUT_SHORT = re.compile(r"\s*(?:…|\.\.\.)$")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Titles:
    """What a page calls itself, in the order of trust. `sites` are names of its outlet."""

    linked: str | None = None  # JSON-LD
    shared: Sequence[str] = ()  # Open Graph, Twitter
    shown: Sequence[str] = ()  # <h1>, in order
    window: str | None = None  # <title>
    sites: Sequence[str] = ()
    address: str = ""


def headline(titles: Titles) -> str | None:
    """The article's headline without site and kicker, or None.

    The claim that the address spells out wins; else what JSON-LD or Open Graph claims and an <h1>
    or <title> repeats; else any claim; else the <h1> that <title> repeats.
    """
    shown = [title for title in titles.shown if title]
    window = without_site(titles.window or "", titles.sites)
    repeated = [title for title in shown if title in window and len(title.split()) > 1]
    claimed = _claimed(titles, shown, window)
    ordered = [title for title in (*claimed, *repeated, *shown[:1], window) if title]
    if not ordered:
        return None
    return _bare(_whole(without_site(ordered[0], titles.sites), ordered), ordered + shown)


def _claimed(titles: Titles, shown: Sequence[str], window: str) -> list[str]:
    """The claims of JSON-LD and Open Graph, the best first.

    A JSON-LD headline that shares no word with any other title is another article's.
    """
    shared = [without_site(title, titles.sites) for title in titles.shared]
    linked = [titles.linked] if titles.linked else []
    own = _akin(titles.linked, [*shared, *shown, window])
    claims = [*linked, *shared] if own else [*shared, *linked]
    claims.sort(key=lambda title: not (title in shown or window.startswith(title)))
    slug = _slug_words(titles.address)
    spelled = [title for title in claims if _overlap(title, slug) >= SPELLED]
    if spelled and claims[0] not in spelled and _overlap(claims[0], slug) < UNLIKE:
        claims = [spelled[0], *claims]
    return claims


def _slug_words(address: str) -> set[str]:
    """The words of the longest part of an address's path."""
    parts = address.partition("?")[0].partition("#")[0].split("/")[3:]
    longest = unquote(max(parts, key=len, default=""))
    return {word for word in _plain_words(longest.partition(".")[0]) if not word.isdigit()}


def _overlap(title: str, slug: set[str]) -> float:
    """Share of an address's words, 0-1, that stand in a title; 0.0 of an address without words."""
    return len(_plain_words(title) & slug) / len(slug) if len(slug) >= SLUG else 0.0


def _plain_words(text: str) -> set[str]:
    """Words as addresses spell them."""
    letters = unicodedata.normalize("NFD", text.casefold().translate(_UMLAUTS))
    return {word for word in _ASCII_WORD.findall(_MARK.sub("", letters)) if len(word) >= LEAST}


def _akin(title: str | None, others: Sequence[str]) -> bool:
    """Whether a title shares a word with the others: else it is another article's."""
    known = set(_WORD.findall(" ".join(others).casefold()))
    return not known or bool(_words(title or "") & known)


def _whole(title: str, others: Iterable[str]) -> str:
    """A title that was cut short, from the others that begin with its words."""
    stem = _CUT_SHORT.sub("", title)
    if stem == title:
        return title
    return next((other for other in others if len(other) > len(title) and other.startswith(stem)),
                title)  # fmt: skip


def _bare(title: str, others: Sequence[str]) -> str:
    """Cut off what another title shows to be no part of the headline.

    A site after it, if the rest is a title of its own; a kicker before it, if the rest stands
    after another kicker elsewhere.
    """
    kept = _SEPARATED.split(title)[0]
    if kept != title and kept in others and _long_enough(kept):
        return kept
    kicker, rest = _parted(title)
    if rest and any(_shows_apart(other, kicker, rest) for other in others):
        return rest
    return title


def _shows_apart(other: str, kicker: str, rest: str) -> bool:
    """Whether another title is the same rest under another kicker."""
    theirs, same = _parted(other)
    return same == rest and not _words(theirs) & _words(kicker)


def _parted(title: str) -> tuple[str, str]:
    """A title's kicker and what follows it; both empty where there is none."""
    found = _KICKER.search(title)
    if not found or not _long_enough(title[found.end() :]):
        return "", ""
    return title[: found.start()], title[found.end() :]


def _words(title: str) -> set[str]:
    return {word for word in _WORD.findall(title.casefold()) if len(word) >= LEAST}


def _long_enough(title: str) -> bool:
    return len(title.split()) >= LEAST


def without_site(title: str, sites: Sequence[str]) -> str:
    """Cut " | Outlet" off, at most twice, and only what names the outlet."""
    for _ in range(2):
        cuts = list(_SEPARATED.finditer(title))
        if not cuts:
            break
        kept, suffix = title[: cuts[-1].start()], title[cuts[-1].end() :]
        if not _long_enough(kept) or not _names_site(suffix, sites, cuts[-1][0]):
            break
        title = kept.strip()
    return title


def _names_site(suffix: str, sites: Sequence[str], separator: str) -> bool:
    plain = "".join(_WORD.findall(suffix.casefold()))
    names = ("".join(_WORD.findall(name.casefold())) for name in sites)
    if any(name and plain and (plain in name or name in plain) for name in names):
        return True
    return "|" in separator and len(suffix.split()) <= SECTION
