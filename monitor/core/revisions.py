"""What changed between two versions of an article, and whether it is worth keeping. Pure.

Only prose counts: a line without a stop is a caption, a link or a counter, and what says when the
page was touched changes with every visit. Order, case, accents and quotation marks are no change.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from monitor.core.knowledge import Notice
from monitor.core.notices import STAMP_LIMIT, Noticed, Notices
from monitor.core.strangers import shorten
from monitor.core.text import tokenise

PROSE = 4  # words of the shortest line that says something
ALIKE = 0.5  # of two sentences' words, from which one is the other rewritten
SENTENCES_PAIRED = 60  # of a text, on each side; who changes more wrote another text
LOST = 0.6  # of a text's words, below which what is left is a poorer reading
SHOWN = 240  # characters of a sentence that a diff shows
CONTEXT = 8  # words beside a change that are shown of a longer sentence
_ENDS = ".!?…:;\"'”’»)]"


@dataclass(frozen=True, slots=True)
class Version:
    """What an article said at some time."""

    title: str
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """A sentence before and after; None: it was not there."""

    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """What changed. `share` is how much of the prose did, 0–1; `notices` are new in it."""

    title: Edit | None = None
    edits: tuple[Edit, ...] = ()
    share: float = 0.0
    notices: tuple[Noticed, ...] = ()

    @property
    def significant(self) -> bool:
        """Whether anything changed that somebody said."""
        return bool(self.title or self.edits or self.notices)

    @property
    def notice(self) -> Noticed | None:
        """What the outlet says of the change; that it takes all back before what it corrects."""
        back = (each for each in self.notices if each.kind is Notice.RETRACTION)
        return next(back, self.notices[0] if self.notices else None)


class _Sentence(NamedTuple):
    key: tuple[str, ...]
    shown: str


def compare(old: Version, new: Version, notices: Notices) -> Change:
    """What is different in a new version; a text that is missing on either side says nothing."""
    title = None
    if _words(old.title) != _words(new.title):
        title = Edit(old.title, new.title)
    before, after = old.text or "", new.text or ""
    said_before = {each.said for part in (old.title, before) for each in notices.find(part)}
    found = [each for part in (new.title, after) for each in notices.find(part)]
    fresh = tuple(each for each in found if each.said not in said_before)
    if not before or not after:
        return Change(title, notices=() if not before and not title else fresh)
    edits, share = _edits(_prose(before, notices), _prose(after, notices))
    return Change(title, edits, share, fresh)


def is_poorer(old: str | None, new: str | None) -> bool:
    """Whether a new reading lost much of a text: a paywall, or an extraction that went worse."""
    return len(_words(new or "")) < LOST * len(_words(old or ""))


def _words(text: str) -> list[str]:
    return [token.folded for token in tokenise(text)]


def _prose(text: str, notices: Notices) -> list[_Sentence]:
    """The sentences of a text that say something."""
    tokens = tokenise(text)
    starts = [
        n for n, token in enumerate(tokens) if not n or token.sentence != tokens[n - 1].sentence
    ]
    found = []
    for first, end in zip(starts, [*starts[1:], len(tokens)], strict=True):
        until = tokens[end].start if end < len(tokens) else len(text)
        shown = text[tokens[first].start : until].strip()
        key = tuple(token.folded for token in tokens[first:end])
        stamp = len(key) <= STAMP_LIMIT and notices.is_stamp(shown)
        if len(key) >= PROSE and shown[-1] in _ENDS and not stamp:
            found.append(_Sentence(key, shown))
    return found


def _edits(old: Sequence[_Sentence], new: Sequence[_Sentence]) -> tuple[tuple[Edit, ...], float]:
    """Sentences that came, went or were rewritten; which share of the words that is."""
    gone, come = _without(old, new), _without(new, old)
    words = max(sum(len(each.key) for each in side) for side in (old, new)) or 1
    touched = max(sum(len(each.key) for each in side) for side in (gone, come))
    edits: list[Edit] = []
    left = list(come)
    for each in gone:
        other = _rewritten(each, left[:SENTENCES_PAIRED]) if len(edits) < SENTENCES_PAIRED else None
        if other is not None:
            left.remove(other)
        edits.append(Edit(each.shown, other.shown if other else None))
    edits += [Edit(None, each.shown) for each in left]
    return tuple(edits), min(touched / words, 1.0)


def _without(these: Sequence[_Sentence], those: Iterable[_Sentence]) -> list[_Sentence]:
    had = Counter(each.key for each in those)
    rest = []
    for each in these:
        if had[each.key]:
            had[each.key] -= 1
        else:
            rest.append(each)
    return rest


def _rewritten(sentence: _Sentence, others: Sequence[_Sentence]) -> _Sentence | None:
    """The one of some sentences that is most likely this one rewritten."""
    mine = Counter(sentence.key)

    def likeness(other: _Sentence) -> float:
        shared = sum((mine & Counter(other.key)).values())
        return 2 * shared / (len(sentence.key) + len(other.key))

    best = max(others, key=likeness, default=None)
    return best if best is not None and likeness(best) >= ALIKE else None


# --- as people see it -----------------------------------------------------------------------------


def shown(edit: Edit, *, limit: int = SHOWN) -> Edit:
    """An edit cut to what differs, with some words beside it, where its sentences are long."""
    if edit.before is None or edit.after is None:
        return Edit(_cut(edit.before, limit), _cut(edit.after, limit))
    if max(len(edit.before), len(edit.after)) <= limit:
        return edit
    old, new = edit.before.split(), edit.after.split()
    most = min(len(old), len(new))
    front = next((n for n in range(most) if old[n] != new[n]), most)
    most -= front
    back = next((n for n in range(most) if old[-1 - n] != new[-1 - n]), most)
    before, after = (_around(words, front, back) for words in (old, new))
    return Edit(_cut(before, limit), _cut(after, limit))


def _around(words: Sequence[str], front: int, back: int) -> str:
    start, end = max(front - CONTEXT, 0), min(len(words) - back + CONTEXT, len(words))
    opened, closed = "… " if start else "", " …" if end < len(words) else ""
    return f"{opened}{' '.join(words[start:end])}{closed}"


def _cut(text: str | None, limit: int) -> str | None:
    return None if text is None else shorten(" ".join(text.split()), limit=limit)


def weight(edit: Edit) -> tuple[bool, int]:
    """How much an edit matters to a reader, the least first: changed figures, then rewritten.

    A person reads a few: what says another number says another thing.
    """
    if edit.before is None or edit.after is None:
        return True, 1
    figures = [
        Counter(word for word in _words(side) if any(map(str.isdigit, word)))
        for side in (edit.before, edit.after)
    ]
    return figures[0] == figures[1], 0
