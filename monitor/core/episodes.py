"""What people are told of a spike or a silence, with a chart of the latest windows. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.core.charts import bar
from monitor.core.contents import LATE, TITLE_LIMIT
from monitor.core.messages import Message
from monitor.core.rules import Rule, Volume
from monitor.core.strangers import link, quiet, shorten
from monitor.core.volume import Kind, Span, Usual, kind_of
from monitor.core.wording import Wording
from monitor.core.wording.english import ENGLISH

BAR = 16  # characters of the longest bar: a telephone shows a line of them whole
HEADLINES = 3  # of the latest articles
HEADLINE_LIMIT = 160  # characters
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Headline:
    """One of the latest articles that were counted."""

    title: str
    outlet: str
    url: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Picture:
    """What a message shows: the windows with their numbers, oldest first, and what came last.

    `feeds` are how many of those that could bring it answered, and how many there are; in `blind`
    spans nobody looked, and what came then is not known.
    """

    windows: Sequence[tuple[Span, int]]
    latest: Sequence[Headline] = ()
    feeds: tuple[int, int] = (0, 0)
    blind: Sequence[Span] = ()


def begun(
    rule: Rule,
    volume: Volume,
    number: int,
    *,
    usual: Usual | None,
    picture: Picture,
    now: datetime,
    words: Wording = ENGLISH,
) -> Message:
    """The message at the beginning of a spike or a silence."""
    if kind_of(volume) is Kind.SPIKE:
        form, told = words.spike_begins, words.amount_in(number, volume.unit, volume.window)
    else:
        form, told = words.silence_begins, _few(number, volume, words)
    opening = form.format(told, words.weekday(now))
    lines = [opening, *_why(volume, usual, picture, words), "", *_chart(picture, volume, words)]
    title = f"{words.marks[rule.severity]} · {quiet(rule.title)}: {told}"
    return Message(shorten(title, limit=TITLE_LIMIT), "\n".join([*lines, *_latest(picture, words)]))


def ended(
    rule: Rule,
    volume: Volume,
    number: int,
    *,
    since: datetime,
    picture: Picture,
    now: datetime,
    words: Wording = ENGLISH,
) -> Message:
    """The message at the end of one that was told at `since`."""
    spike = kind_of(volume) is Kind.SPIKE
    over = words.spike_over_title if spike else words.silence_over_title
    title = shorten(f"{words.over} · {quiet(rule.title)}: {over}", limit=TITLE_LIMIT)
    opening = (words.spike_over if spike else words.silence_over).format(
        words.weekday(since),
        words.amount_in(number, volume.unit, volume.window),
        words.weekday(now),
    )
    lines = [opening, "", *_chart(picture, volume, words), *_latest(picture, words)]
    return Message(title, "\n".join(lines))


def sent(
    title: str, body: str, *, decided_at: datetime, now: datetime, words: Wording = ENGLISH
) -> Message:
    """A message as it goes out: its words were found when it was decided."""
    late = words.sent_late.format(words.weekday(decided_at))
    shown = f" · {late}" if now - decided_at >= LATE else ""
    return Message(title, f"{body}\n{words.when_sent.format(words.weekday(now))}{shown}")


def _few(number: int, volume: Volume, words: Wording) -> str:
    if number == 0:
        return words.none_for[volume.unit].format(words.duration(volume.window))
    return words.only.format(words.amount_in(number, volume.unit, volume.window))


def _why(volume: Volume, usual: Usual | None, picture: Picture, words: Wording) -> list[str]:
    lines = []
    if usual is not None:
        weeks = ", ".join(map(words.number, usual.counts))
        known = words.in_the_weeks_before.format(words.real(usual.mean), weeks)
        lines.append(words.usual.format(known))
    if kind_of(volume) is Kind.SILENCE:
        lines.append(words.not_blind.format(*map(words.number, picture.feeds)))
    return lines


def _chart(picture: Picture, volume: Volume, words: Wording) -> list[str]:
    """A line a window, named by its beginning."""
    most = max((number for _, number in picture.windows), default=0)
    days = volume.window * len(picture.windows) > DAY
    return [
        " ".join(filter(None, (began, bar(number, most, width=BAR), told)))
        for span, number in picture.windows
        for told in [_known(number, words, blind=any(map(span.meets, picture.blind)))]
        for began in [
            f"{words.day(span.since)} {span.since:%H:%M}" if days else f"{span.since:%H:%M}"
        ]
    ]


def _known(number: int, words: Wording, *, blind: bool) -> str:
    """A number; where the watch was blind, nothing seen does not mean that nothing came."""
    if not blind:
        return str(number)
    return words.partly_blind.format(number) if number else words.blind


def _latest(picture: Picture, words: Wording) -> list[str]:
    lines = []
    for each in picture.latest[:HEADLINES]:
        title = shorten(quiet(each.title).strip() or words.no_headline, limit=HEADLINE_LIMIT)
        lines.append(f"– {title} ({quiet(each.outlet)}, {words.weekday(each.at)} UTC)")
        lines += filter(None, [link(each.url)])
    return ["", words.latest, *lines] if lines else []
