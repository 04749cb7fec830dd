"""What a rule that counts would have told of the past: its looks, one after the other. Pure."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.core import volume
from monitor.core.rules import Volume
from monitor.core.volume import Hit, Kind, Span, Turn


@dataclass(frozen=True, slots=True)
class Episode:
    """A spike or a silence that would have been told; `ended_at` is None where it lasts."""

    kind: Kind
    began_at: datetime
    reason: str
    ended_at: datetime | None = None


class Past:
    """What was counted, in the order of time, and when nothing could be."""

    def __init__(
        self, counted: Volume, hits: Sequence[Hit], *, known_from: datetime, blind: Sequence[Span]
    ) -> None:
        self._volume = counted
        self._hits = sorted(hits, key=lambda hit: hit.at)
        self._moments = [hit.at for hit in self._hits]
        self._known_from, self._blind = known_from, blind

    def episodes(self, span: Span) -> list[Episode]:
        """What looks at all times of a span would have told."""
        found: list[Episode] = []
        now, going_on = span.since, False
        while now <= span.until:
            verdict = self._look(now, under_way=going_on)
            if verdict.turn is Turn.BEGINS:
                found.append(Episode(volume.kind_of(self._volume), now, verdict.words))
                going_on = True
            elif verdict.turn is Turn.ENDS:
                found[-1] = replace(found[-1], ended_at=now)
                going_on = False
            now += volume.pause(self._volume)
        return found

    def _look(self, now: datetime, *, under_way: bool) -> volume.Verdict:
        span = volume.window(self._volume, now)
        number, usual = self._count(span), None
        if volume.wants_usual(self._volume, number, under_way=under_way):
            before = volume.same_hours(self._volume, now)
            usual = volume.usual([self._count(each) for each in before if self._known(each)])
        unsure = None if self._known(span) else "the watch was blind, or had not begun"
        return volume.judged(self._volume, number, known=usual, unsure=unsure, under_way=under_way)

    def _known(self, span: Span) -> bool:
        return span.since >= self._known_from and not any(each.meets(span) for each in self._blind)

    def _count(self, span: Span) -> int:
        begin = bisect_right(self._moments, span.since)
        end = bisect_right(self._moments, span.until)
        return volume.counted(self._hits[begin:end], self._volume.unit)
