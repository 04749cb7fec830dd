"""What may have been missed while the watch was blind, in the words of its digest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.core.coverage import Cause
from monitor.core.strangers import quiet
from monitor.core.volume import Span
from monitor.core.wording import Wording

SPELLS_SHOWN = 3
FEEDS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Missed:
    """A feed of which up to `most` items may have come and gone unseen."""

    outlet: str
    host: str
    span: Span
    most: int


@dataclass(frozen=True, slots=True)
class Outage:
    """When nobody looked, what may have been missed, and the feeds that are not back."""

    spells: Sequence[tuple[Span, Cause]] = ()
    missed: Sequence[Missed] = ()
    blind: Sequence[str] = ()  # outlets of feeds that have not answered since


def lines(outage: Outage, *, now: datetime, words: Wording) -> list[str]:
    """From when to when nobody looked, and of which feeds something may be missing."""
    found = [
        words.nobody_looked.format(
            words.clock(span.since, now), words.clock(span.until, now), words.causes[cause]
        )
        for span, cause in outage.spells[-SPELLS_SHOWN:]
    ]
    if outage.missed:
        found.append(_missed(outage.missed, now, words))
    elif outage.spells:
        found.append(words.no_gap)
    if outage.blind:
        names = sorted({quiet(each) for each in outage.blind})
        more = len(names) - FEEDS_SHOWN
        listed = ", ".join(names[:FEEDS_SHOWN])
        told = words.and_more.format(listed, words.number(more)) if more > 0 else listed
        found.append(words.not_back.format(told))
    return found


def alone(outage: Outage, *, matched: bool, now: datetime, words: Wording) -> tuple[str, list[str]]:
    """Title and lines where nothing is told beside what may have been missed.

    `matched`: a rule has matched what was seen late, and it is told, or kept back, elsewhere.
    """
    title = words.plural(words.late_gaps, sum(each.most for each in outage.missed))
    said = words.late_told_apart if matched else words.late_unmatched
    return title, [*lines(outage, now=now, words=words), said]


def _missed(missed: Sequence[Missed], now: datetime, words: Wording) -> str:
    ranked = sorted(missed, key=lambda each: (-each.most, each.outlet))
    total = sum(each.most for each in ranked)
    named = [
        words.gap.format(
            quiet(each.outlet),
            quiet(each.host),
            words.number(each.most),
            words.clock(each.span.since, now),
            words.clock(each.span.until, now),
        )
        for each in ranked[:FEEDS_SHOWN]
    ]
    more = len(ranked) - FEEDS_SHOWN
    rest = [words.left(more)] if more > 0 else []
    return words.plural(words.unseen, total, "; ".join([*named, *rest]))
