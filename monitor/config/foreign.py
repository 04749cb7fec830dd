"""What other search languages write and `query:` does not: named, with the nearest equivalent."""

import re
from dataclasses import dataclass

from monitor.config.problems import choices, shown
from monitor.core.rules import Scope

AND, OR, NOT, NEAR, WORD, NOTHING = "AND", "OR", "NOT", "NEAR", "WORD", ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a piece of a query is refused, and what reading goes on with, to find other mistakes."""

    said: str
    stands_for: str


_UNIT = "has no sign; write near: {terms: […], within: %s} beside the query"
_PARAGRAPH = "write near: {terms: […], within: paragraph} beside the query"
_LOWER = r'is a word like any other; write %s in capitals, or "\g<0>" in quotes'
_OUTSIDE = "; in quotes it is a word"
_QUOTES = 'only straight double quotes (") hold a phrase; write "two words"'

# The first that fits the whole piece wins; \1 is what its parentheses caught.
_TABLE: tuple[tuple[str, str, str], ...] = (
    # words apart
    (r"[WwNnFf]/(\d+)", NEAR, r"is no operator here; write NEAR/\1"),
    (r"(?i:near)[-:~/]?(\d{1,3})", NEAR, r"is no operator here; write NEAR/\1"),
    (r"(?i:onear)[-:~/]?(\d{1,3})", NEAR, r"is no operator here; write ONEAR/\1"),
    (r"AROUND\s?\((\d+)\)", NEAR, r"is no operator here; write NEAR/\1"),
    (r"[Pp](?i:re)?/(\d+)", NEAR, r"is no operator here; write ONEAR/\1"),
    (r"/(\d+)", NEAR, r"is no operator here; write NEAR/\1"),
    (r"(?:ADJ|NEXT)/?(\d+)", NEAR, r"is no operator here; write ONEAR/\1" + _OUTSIDE),
    (r"ADJ|NEXT", NEAR, 'is no operator here; write ONEAR/0, or both words as "a phrase"'),
    (r"(?i:w|near|onear|pre|)/(?i:s|sent|sentence)", NEAR, _UNIT % "sentence"),
    (r"(?i:w|near|onear|pre|)/(?i:p|para|paragraph)", NEAR, _UNIT % "paragraph"),
    (r"SAME", NEAR, f"is no operator here; {_PARAGRAPH}{_OUTSIDE}"),
    (r"WITHIN(?:/(\d+))?", NEAR, "is no operator here; write NEAR/n, n words between" + _OUTSIDE),
    (r"O?NEAR/.*", NEAR, 'needs a whole number from 0 to 200 behind the "/", as in NEAR/5'),
    (r"(?i:near)", NEAR, _LOWER % "NEAR"),
    (r"(?i:onear)", NEAR, _LOWER % "ONEAR"),
    # and, or, not
    (r"&&?", AND, "is no operator here; write AND"),
    (r"\|\|?", OR, "is no operator here; write OR"),
    (r"[-!]", NOT, "is no operator here; write NOT"),
    (r"\+", NOTHING, "is no operator here; what AND joins must be there anyway: leave it out"),
    (r"(?i:and)", AND, _LOWER % "AND"),
    (r"(?i:or)", OR, _LOWER % "OR"),
    (r"(?i:not)", NOT, _LOWER % "NOT"),
    (r"(?:AND|BUT)-?NOT", NOT, "is no operator here; write AND NOT"),
    (r"XOR", OR, "is no operator here; write (A NOT B) OR (B NOT A)"),
    # marks on a word or a phrase
    (r"~(\d+)", NOTHING, r"does not follow a phrase here; write its words as A NEAR/\1 B"),
    (r"(.*[^\W_])~[\d.]+", WORD, r"asks for words spelt alike; write \1* or \1~"),
    (r"\^[\d.]*", NOTHING, "gives no weight here; write boost: beside the query"),
    (r"(.+)\^[\d.]+", WORD, "gives no weight here; write boost: beside the query"),
    (r"(\w{2,})!", WORD, r"ends in no wildcard; write \1*"),
    (r"/[^\s/]+/[a-z]*", WORD, 'is no regular expression here; write "regex:…" beside the query'),
    (r"(?i:atleast)/?\d*", NOTHING, "is no operator here; write repeat: beside the query"),
    (r"(?s:[“”„‟«»‘].*)", WORD, f"opens with a quote that is not straight; {_QUOTES}"),
    (r"'.*", WORD, f"opens with a single quote; {_QUOTES}"),
    (r'(?s:=?".*)', WORD, "opens a quote that is never closed"),
    (r".*[^\W\d][,;].*", WORD, "holds a comma; write AND or OR, or quotes around a phrase"),
    (r"\$.*", WORD, "is no list; a list is $name"),
)  # fmt: skip
_COMPILED = tuple((re.compile(pattern), kind, said) for pattern, kind, said in _TABLE)

# What others call a field, and where we have it: in the query, or as a key beside it.
_FIELDS = {
    **dict.fromkeys(("headline", "intitle", "allintitle", "head", "hl", "titulo"), "title"),
    **dict.fromkeys(("text", "intext", "allintext", "content", "fulltext", "texto"), "body"),
    **dict.fromkeys(("summary", "intro", "hlead", "description"), "lead"),
    **dict.fromkeys(("inurl", "allinurl", "link"), "url"),
    "byline": "author",
}
_KEYS_BESIDE = {
    **dict.fromkeys(("site", "source", "domain", "publication", "outlet"), "outlet"),
    **dict.fromkeys(("lang", "language"), "language"),
    **dict.fromkeys(("country", "location"), "country"),
    "tier": "tier",
    "event": "event",
}


def refusal(piece: str) -> Refusal | None:
    """Why `piece` is refused as another language's; None if it is a word of ours."""
    for pattern, stands_for, said in _COMPILED:
        if found := pattern.fullmatch(piece):
            return Refusal(f"{shown(piece)} {found.expand(said)}", stands_for)
    return None


def field_refusal(name: str) -> Refusal | None:
    """Why `name`, as in `name:word`, is refused; None if it is a field of ours.

    `stands_for` is the field that was meant, if there is one.
    """
    if name in tuple(Scope):
        return None
    opening = f"{shown(name + ':')} is no field here; "
    meant = _FIELDS.get(name.lower(), name.lower())
    if meant in tuple(Scope):
        return Refusal(f"{opening}write {meant}:", meant)
    if key := _KEYS_BESIDE.get(name.lower()):
        return Refusal(f"{opening}write {key}: beside the query", NOTHING)
    if name.lower() in ("regex", "re"):
        return Refusal(f'{opening}write "regex:…" beside the query', NOTHING)
    fields = choices(f"{scope}:" for scope in Scope)
    return Refusal(f"{opening}allowed: {fields}. A text with a colon needs quotes", NOTHING)


def key_meant(name: str) -> str | None:
    """How a condition says what others say with `name:`, or with a key `name`; None if nothing."""
    key = name.lower()
    field = _FIELDS.get(key, key)
    if field in tuple(Scope):
        return f"{{in: {field}, any: […]}}"
    if (beside := _KEYS_BESIDE.get(key)) in ("outlet", "tier", "country", "language"):
        return f"{{{beside}: […], any: […]}}"
    return None
