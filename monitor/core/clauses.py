"""A sentence cut into clauses: what each says, and who is said to say it."""

from collections.abc import Sequence
from typing import NamedTuple

from monitor.core.knowledge import SPOKEN, ActorId, Binding
from monitor.core.mentions import Mention
from monitor.core.text import Token

SPEAKER_LIMIT = 6  # words before a colon or a word of saying that may be nothing but the speaker
TITLE_LIMIT = 4  # of them beside the name: who says more in front of a colon tells something
TAIL_LIMIT = 3  # words behind a word of saying that ends a sentence: "…, X said on Monday"
LABEL_LIMIT = 4  # words before a colon, or behind the last one, that may be a label

_CUTS = frozenset(";:—–|")
_DASHES = frozenset("—–")
_QUOTES = frozenset("\"'“‘«„")
_UNQUOTES = frozenset("\"'”’»“")


class Clause(NamedTuple):
    """Tokens `start` to `end`. `dates`: it only says when something else is.

    `speaker` says what stands here, by `speaker_name` as written; `denied`: he says it is not so.
    `inherits`: whose deed it is if nobody else is named. `reacted`: somebody only has an opinion
    of what stands here.
    """

    start: int
    end: int
    dates: bool = False
    speaker: ActorId | None = None
    speaker_name: str | None = None
    denied: bool = False
    inherits: Mention | None = None
    label: Mention | None = None
    reacted: bool = False


class Small(NamedTuple):
    """A small word or phrase at tokens `start` to `end`."""

    start: int
    end: int
    binding: Binding


def clauses(
    text: str,
    tokens: Sequence[Token],
    smalls: Sequence[Small],
    named: Sequence[Mention],
    cues: Sequence[int],
) -> list[Clause]:
    """The clauses of one sentence, in order.

    `tokens` are those of the sentence; `cues` says where an event is told, so that no speaker is.
    """
    segments = _segments(text, tokens, smalls)
    return _Saying(text, tokens, smalls, named, cues).of(segments)


class _Segment(NamedTuple):
    start: int
    end: int
    opened: str = ""  # the sign that it stands behind, or "" for a small word
    dates: bool = False


def _segments(text: str, tokens: Sequence[Token], smalls: Sequence[Small]) -> list[_Segment]:
    """Cut at signs, and at words that open another clause; a comma ends what such a word opened."""
    breaks = {s.start: s.binding for s in smalls if s.binding in (Binding.BREAK, Binding.TIME)}
    found: list[_Segment] = []
    start, opened, dates, aside = 0, "", False, False
    for position in range(1, len(tokens) + 1):
        if position == 1 and 0 in breaks:
            dates, aside = breaks[0] is Binding.TIME, True
        if position == len(tokens):
            found.append(_Segment(start, position, opened, dates))
            break
        gap = text[tokens[position - 1].end : tokens[position].start]
        sign = "" if gap == " " else _sign(gap, comma=aside)
        if sign or position in breaks:
            found.append(_Segment(start, position, opened, dates))
            start, opened = position, sign
            aside = position in breaks
            dates = breaks.get(position) is Binding.TIME
    return found


def _sign(gap: str, *, comma: bool) -> str:
    """The sign in a gap that cuts a sentence, "" without one. A lone hyphen needs its blanks."""
    for character in gap:
        if character in _CUTS or (comma and character == ","):
            return character
    return "-" if " - " in gap or " -- " in gap else ""


class _Saying:
    """Who says what, over the segments of one sentence."""

    def __init__(
        self,
        text: str,
        tokens: Sequence[Token],
        smalls: Sequence[Small],
        named: Sequence[Mention],
        cues: Sequence[int],
    ) -> None:
        self._text, self._tokens, self._named, self._cues = text, tokens, named, cues
        self._spoken = [small for small in smalls if small.binding in SPOKEN]
        self._according = [s for s in smalls if s.binding is Binding.ACCORDING]
        self._that = {small.start for small in smalls if small.binding is Binding.THAT}

    def of(self, segments: Sequence[_Segment]) -> list[Clause]:
        found: list[Clause] = []
        label: Clause | None = None
        for number, segment in enumerate(segments):
            following = segments[number + 1].opened if number + 1 < len(segments) else ""
            if following == ":" and not found and (label := self._labelled(segment)):
                continue
            last = number == len(segments) - 1
            if last and found and (speaker := self._closing(segment)):
                found = [self._said(clause, speaker) for clause in found]
                continue
            made = self._spoken_in(segment)
            if label is not None:
                made = [self._under(clause, label) for clause in made]
            found += made
        return found

    def _labelled(self, segment: _Segment) -> Clause | None:
        """What stands before a colon: a speaker or a topic, if it is nothing more."""
        if segment.end - segment.start > SPEAKER_LIMIT:
            return None
        if self._tells(segment):
            return None
        own = self._within(segment.start, segment.end)
        if not own:
            return (
                None
                if segment.end - segment.start > LABEL_LIMIT
                else Clause(segment.start, segment.end)
            )
        who = own[0]
        spoken = any(segment.start <= s.start < segment.end for s in self._spoken)
        if (len(own) > 1 or spoken) and not (
            self._quoted(segment.end) and who.start <= segment.start + 1
        ):
            return None
        label = Clause(segment.start, segment.end, label=who)
        titles = segment.end - segment.start - (who.end - who.start)
        if titles > TITLE_LIMIT or self._quotation(segment):
            return label  # what is said or told of it, by somebody else
        return label._replace(speaker=who.actor, speaker_name=self._words(who.start, who.end))

    def _quoted(self, position: int) -> bool:
        """Whether a quotation begins at a token."""
        return not _QUOTES.isdisjoint(self._gap(position - 1))

    def _quotation(self, segment: _Segment) -> bool:
        """Whether all of it is quoted."""
        before = self._text[max(0, self._tokens[segment.start].start - 1)]
        return before in _QUOTES and self._gap(segment.end - 1)[:1] in _UNQUOTES

    def _tells(self, segment: _Segment) -> bool:
        """Whether an event is told in it, so that it is no mere name."""
        return any(segment.start <= cue < segment.end for cue in self._cues)

    def _under(self, clause: Clause, label: Clause) -> Clause:
        if clause.speaker_name is not None or label.speaker_name is None:
            return clause._replace(label=label.label)
        return clause._replace(
            speaker=label.speaker,
            speaker_name=label.speaker_name,
            inherits=label.label,
            label=label.label,
        )

    def _closing(self, segment: _Segment) -> Clause | None:
        """The speaker at the end: ": report", or ", Reuters says" behind what only dates."""
        start, end = self._closing_name(segment)
        if not 0 < end - start <= LABEL_LIMIT or self._tells(segment):
            return None
        own = self._within(start, end)
        if not own or own[0].start > start + 1:
            return None
        if segment.opened in _DASHES and own[0].end < end:  # or it is a clause
            return None
        return Clause(start, end, speaker=own[0].actor, speaker_name=self._words(start, end))

    def _closing_name(self, segment: _Segment) -> tuple[int, int]:
        """The tokens of the last segment that may name a speaker; none: an empty range."""
        start, end = segment.start, segment.end
        if segment.opened == ":" or segment.opened in _DASHES:
            return start, end
        if segment.opened == ",":
            says = [s for s in self._spoken if s.binding is Binding.SAYS] + self._according
            small = next((s for s in says if start <= s.start < end), None)
            if small and small.start == start:  # "says Reuters", "according to Reuters"
                return small.end, end
            if small and small.binding is Binding.SAYS and end - small.end <= TAIL_LIMIT:
                return start, small.start
        return start, start

    def _said(self, clause: Clause, by: Clause) -> Clause:
        if clause.speaker_name is not None:
            return clause
        return clause._replace(speaker=by.speaker, speaker_name=by.speaker_name)

    def _spoken_in(self, segment: _Segment) -> list[Clause]:
        """The segment cut at its words of saying."""
        plain = Clause(segment.start, segment.end, segment.dates)
        for small in self._according:
            if segment.start <= small.start < segment.end:
                return [self._quoted_after(plain, small)]
        inside = [s for s in self._spoken if segment.start <= s.start < segment.end]
        if not inside:
            return [plain]
        small = inside[0]
        parted = self._parted(plain, small)
        if parted is not None:
            return parted
        behind = segment.end - small.end
        if behind == 0:
            return [plain]
        own = self._within(small.end, segment.end)
        alone = own and own[0].start <= small.end + 1 and own[0].end >= segment.end - 1
        if small.start == segment.start or (alone and small.binding is not Binding.DENIES):
            after_comma = segment.opened == ","
            if after_comma or (behind <= LABEL_LIMIT and own):  # "… dice Smith"
                speaker = (own[0] if own else None, self._words(small.end, segment.end))
                before = plain._replace(end=small.start)
                return (
                    [self._spoken_by(before, speaker, small)] if small.start > segment.start else []
                )
        speaker = self._speaker(segment.start, small.start)
        left = plain._replace(end=small.start)
        right = plain._replace(start=small.end)
        return [left, self._spoken_by(right, speaker, small)]

    def _parted(self, plain: Clause, small: Small) -> list[Clause] | None:
        """Where a comma parts a speaker at the end from what he says, whichever way round."""
        own = self._within(small.end, plain.end)
        turned = (
            small.binding is Binding.SAYS
            and plain.start < small.start
            and plain.end - small.end <= LABEL_LIMIT
            and "," in self._gap(small.start - 1)
        )
        if turned and own and own[0].start <= small.end + 1:  # "…, says Smith's brother"
            said = plain._replace(end=small.start)
            speaker = own[0], self._words(small.end, plain.end)
            return [self._spoken_by(said, speaker, small)]
        start = self._after_comma(plain.start, small.start)
        stop = self._comma(small.end, plain.end)
        if start is None or stop - small.end > TAIL_LIMIT:
            return None
        said = plain._replace(end=start)  # "…, Smith says"
        rest = [plain._replace(start=stop)] if stop < plain.end else []
        return [self._spoken_by(said, self._speaker(start, small.start), small), *rest]

    def _quoted_after(self, plain: Clause, small: Small) -> Clause:
        """Who is behind "according to", which ends the sentence or opens it."""
        own = self._within(small.end, plain.end)
        if small.start > plain.start:
            who = own[0] if own else None
            name = self._words(who.start, who.end) if who else self._words(small.end, plain.end)
            return plain._replace(
                end=small.start, speaker=who.actor if who else None, speaker_name=name
            )
        who = own[0] if own else None
        end = self._comma(small.end, plain.end)
        if end == plain.end:
            end = min(small.end + 1, plain.end)
        name = self._words(small.end, end)
        return plain._replace(start=end, speaker=who.actor if who else None, speaker_name=name)

    def _comma(self, start: int, end: int) -> int:
        """Where the first comma stands from the token `start` on; `end` without one."""
        return next((n + 1 for n in range(start, end - 1) if "," in self._gap(n)), end)

    def _after_comma(self, start: int, end: int) -> int | None:
        """Where a short speaker begins that a comma parts from what he says."""
        for position in range(end - 1, max(start, end - SPEAKER_LIMIT) - 1, -1):
            if position > start and "," in self._gap(position - 1):
                return position
        return None

    def _gap(self, position: int) -> str:
        return self._text[self._tokens[position].end : self._tokens[position + 1].start]

    def _speaker(self, start: int, end: int) -> tuple[Mention | None, str | None]:
        own = [m for m in self._within(start, end) if not m.aside] or self._within(start, end)
        if own:
            return own[0], self._words(own[0].start, own[0].end)
        return None, self._words(start, end) if 0 < end - start <= SPEAKER_LIMIT else None

    def _spoken_by(
        self, clause: Clause, speaker: tuple[Mention | None, str | None], small: Small
    ) -> Clause:
        who, name = speaker
        if small.binding is Binding.REACTS:
            return clause._replace(reacted=True)
        return clause._replace(
            speaker=who.actor if who else None,
            speaker_name=name,
            denied=small.binding is Binding.DENIES,
            inherits=who,
        )

    def _within(self, start: int, end: int) -> list[Mention]:
        return [m for m in self._named if start <= m.start and m.end <= end]

    def _words(self, start: int, end: int) -> str | None:
        if end <= start:
            return None
        return self._text[self._tokens[start].start : self._tokens[end - 1].end]
