"""Short quotations around the hits of a match: »strike« in its sentence, cut at word ends."""

import re
from collections.abc import Callable, Iterable, Sequence

Span = tuple[int, int]  # start and end, code points

SENTENCE_LIMIT = 260  # characters; a longer sentence is shown in parts around its hits
HITS_SHOWN = 4  # hits shown of a longer sentence
HITS_LIMIT = 100  # hits of one text that are looked at; nobody reads more
CONTEXT = 80  # characters shown on either side of a hit in a longer sentence

# The end of a sentence: a stop that no single letter precedes ("U.S. forces"), closing quotes,
# then space and something that opens a sentence; or a line end.
_END = re.compile(r"(?<!\b[^\W\d_])[.!?…][\"'”’»)\]]*\s+(?=[\"'“‘«(¿¡\-–—]*[^\Wa-zà-ÿ_])|\n+")
_OWN_MARKS = str.maketrans({"«": "“", "»": "”"})  # so that ours are the only ones


def excerpts(text: str, spans: Iterable[Span], *, quiet: Callable[[str], str] = str) -> list[str]:
    """One excerpt a sentence that holds a hit, in the order of the text, hits marked »so«.

    `quiet` is applied to every piece of `text` shown. Spans outside the text are left out.
    """
    hits = _merged(s for s in spans if 0 <= s[0] < s[1] <= len(text))[:HITS_LIMIT]
    if not hits:
        return []
    sentences = _merged(_sentence(text, hit) for hit in hits)
    return [
        _excerpt(text, sentence, [h for h in hits if sentence[0] <= h[0] < sentence[1]], quiet)
        for sentence in sentences
    ]


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, those that overlap joined."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _sentence(text: str, hit: Span) -> Span:
    """Where the sentence around a hit begins and ends, looked for within SENTENCE_LIMIT."""
    start, end = hit
    floor, roof = max(start - SENTENCE_LIMIT, 0), min(end + SENTENCE_LIMIT, len(text))
    left, right = floor, roof
    for stop in _END.finditer(text, floor, roof):
        if stop.end() <= start:
            left = stop.end()
        elif stop.start() >= end:
            right = stop.end()
            break
    return left, right


def _excerpt(text: str, sentence: Span, hits: Sequence[Span], quiet: Callable[[str], str]) -> str:
    left, right = sentence
    parts = [sentence]
    if right - left > SENTENCE_LIMIT:
        parts = _merged(
            (max(h[0] - CONTEXT, left), min(h[1] + CONTEXT, right)) for h in hits[:HITS_SHOWN]
        )
    parts = [_at_words(text, part, hits) for part in parts]
    shown = " … ".join(_marked(text, part, hits, quiet) for part in parts)
    before = "… " if _cut_before(text, parts[0][0]) else ""
    after = " …" if _cut_after(text, parts[-1][1]) else ""
    return f"{before}{shown}{after}"


def _at_words(text: str, part: Span, hits: Sequence[Span]) -> Span:
    """`part` without the halves of words at its ends, but never without a hit."""
    inside = [h for h in hits if part[0] <= h[0] and h[1] <= part[1]]
    left, right = part
    while left and left < inside[0][0] and not text[left - 1].isspace():
        left += 1
    while right < len(text) and right > inside[-1][1] and not text[right - 1].isspace():
        right -= 1
    return left, right


def _cut_before(text: str, at: int) -> bool:
    before = text[max(at - SENTENCE_LIMIT, 0) : at]
    return bool(before.strip()) and not any(
        stop.end() == at for stop in _END.finditer(text, max(at - SENTENCE_LIMIT, 0), at + 2)
    )


def _cut_after(text: str, at: int) -> bool:
    shown = text[max(at - SENTENCE_LIMIT, 0) : at]
    ended = shown.rstrip()
    at_line_end = "\n" in shown[len(ended) :]
    closed = ended[-1:] in {".", "!", "?", "…", '"', "”", "»", ")"}
    return not (at_line_end or closed) and bool(text[at:].strip())


def _marked(text: str, part: Span, hits: Sequence[Span], quiet: Callable[[str], str]) -> str:
    def shown(start: int, end: int) -> str:
        return quiet(text[start:end].translate(_OWN_MARKS))

    pieces: list[str] = []
    at = part[0]
    for start, end in hits:
        if part[0] <= start and end <= part[1]:
            pieces += [shown(at, start), f"»{shown(start, end)}«"]
            at = end
    return "".join([*pieces, shown(at, part[1])]).strip()
