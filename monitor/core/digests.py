"""What a digest says: stories ranked, grouped by rule, capped; notices; how much came when."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.core.charts import sparkline
from monitor.core.contents import (
    TITLE_LIMIT,
    Chart,
    Content,
    Form,
    Item,
    Notice,
    blind,
    listed,
    ordered,
    published_or_seen,
)
from monitor.core.hours import MOST_LISTED
from monitor.core.model import RuleId
from monitor.core.reports import Report
from monitor.core.strangers import quiet, shorten
from monitor.core.wording import Wording
from monitor.core.wording.english import ENGLISH

ALSO_SHOWN = 3  # other articles of one story; the rest are counted
NOTICES_SHOWN = 10
NOTICE_LINES = 6  # of one notice
BARS = 24
BAR_STEPS = tuple(timedelta(hours=each) for each in (1, 2, 6, 12, 24))
LEAST_CHARTED = 2  # matches; of one there is nothing to see


@dataclass(frozen=True, slots=True)
class _Told:
    """One story of a digest: by its most telling article, the others beside it."""

    lead: Report
    beside: tuple[Report, ...]

    @property
    def rank(self) -> tuple[int, int, int, float]:
        return _rank(self.lead)


def of_digest(
    reports: Sequence[Report],
    *,
    heading: str,
    now: datetime,
    limit: int = MOST_LISTED,
    notices: Sequence[Notice] = (),
    lines: Sequence[str] = (),
    chart: Chart | None = None,
    words: Wording = ENGLISH,
) -> Content:
    """Several stories: by severity, independent outlets and novelty, those of a rule together.

    Beyond `limit` they are counted. `heading` says what the list is, `lines` what is to be known of
    it before.
    """
    told = sorted(_stories(reports), key=lambda each: each.rank)
    shown = _grouped(told[:limit])
    amounts = ((words.stories, len(told)), (words.notices, len(notices)))
    counted = [words.plural(phrase, number) for phrase, number in amounts if number]
    said = ", ".join(counted) or words.nothing_to_tell
    return Content(
        form=Form.DIGEST,
        severity=told[0].lead.severity if told else None,
        title=shorten(words.digest_title.format(quiet(heading).strip(), said), limit=TITLE_LIMIT),
        lines=(
            words.all_in_utc.format(words.moment(now)),
            *lines,
            *blind(reports, now, words),
        ),
        items=tuple(_items(shown, now, words)),
        more=max(len(told) - limit, 0),
        notices=tuple(notices[:NOTICES_SHOWN]),
        more_notices=max(len(notices) - NOTICES_SHOWN, 0),
        chart=chart,
        reports=tuple(each.lead for each in shown),
        words=words,
    )


def _stories(reports: Iterable[Report]) -> list[_Told]:
    by_story: dict[object, list[Report]] = {}
    for number, report in enumerate(reports):
        key = ("alone", number) if report.story is None else report.story
        by_story.setdefault(key, []).append(report)
    return [
        _Told(first, tuple(rest))
        for first, *rest in (sorted(same, key=_rank) for same in by_story.values())
    ]


def _rank(report: Report) -> tuple[int, int, int, float]:
    """The most urgent first, then by independent outlets, then what is new, then the newest."""
    weight = min((fired.weight for fired in report.fired), default=0)
    newest = -published_or_seen(report).timestamp()
    return report.severity.rank, -report.sources, weight, newest


def _rule(told: _Told) -> tuple[RuleId | None, str]:
    """The rule under which a story stands."""
    fired = ordered(told.lead.fired)
    return (fired[0].rule, quiet(fired[0].title)) if fired else (None, "")


def _grouped(told: Sequence[_Told]) -> list[_Told]:
    """The stories of a rule together, the rules in the order of their first ones."""
    place: Mapping[object, int] = {
        rule: number for number, (rule, _) in enumerate(dict.fromkeys(map(_rule, told)))
    }
    return sorted(told, key=lambda each: place[_rule(each)[0]])


def _items(told: Sequence[_Told], now: datetime, words: Wording) -> Iterable[Item]:
    titles = [title for _, title in map(_rule, told)]
    several = len(set(titles)) > 1
    for each, title in zip(told, titles, strict=True):
        yield replace(
            listed(each.lead, now, words),
            group=title if several else "",
            also=tuple(_also(each.beside, now, words)),
        )


def _also(beside: Sequence[Report], now: datetime, words: Wording) -> Iterable[str]:
    for each in beside[:ALSO_SHOWN]:
        headline = shorten(quiet(each.headline).strip() or words.no_headline, limit=TITLE_LIMIT)
        at = words.clock(published_or_seen(each), now)
        yield f"{words.also}: {headline} · {quiet(each.outlet)} · {at}"
    if (more := len(beside) - ALSO_SHOWN) > 0:
        yield words.plural(words.more_articles, more)


def notice(title: str, body: str, *, at: datetime, now: datetime, words: Wording) -> Notice:
    """A message that was put into words before, in short; its words are harmless already."""
    lines = [line for line in body.split("\n") if line.strip()]
    more = len(lines) - NOTICE_LINES
    counted = [words.left(more)] if more > 1 else lines[NOTICE_LINES:]
    return Notice(f"{words.clock(at, now)} · {title}", (*lines[:NOTICE_LINES], *counted))


def chart(
    moments: Sequence[datetime], *, since: datetime, now: datetime, words: Wording = ENGLISH
) -> Chart | None:
    """How much matched when, up to `now`; None if there is hardly anything to see.

    At least a day in bars of an hour, so that what is usual can be seen beside what is told.
    """
    step = next((each for each in BAR_STEPS if now - since <= each * BARS), BAR_STEPS[-1])
    begins = now - step * BARS
    counts = [0] * BARS
    for at in moments:
        if begins < at <= now:
            counts[min(int((at - begins) / step), BARS - 1)] += 1
    total = sum(counts)
    if total < LEAST_CHARTED:
        return None
    told = words.charted.format(
        words.clock(begins, now),
        words.number(total),
        words.number(max(counts)),
        words.duration(step),
    )
    return Chart(tuple(counts), told, sparkline(counts))
