"""What people are told of a spike or a silence, with a chart of the latest windows. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.core.charts import bar
from monitor.core.contents import LATE, MARKS, TITLE_LIMIT
from monitor.core.messages import Message
from monitor.core.rules import Rule, Volume
from monitor.core.strangers import link, quiet, shorten
from monitor.core.timing import in_words
from monitor.core.volume import SINGULAR, Kind, Span, Usual, amount, kind_of

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
    rule: Rule, volume: Volume, number: int, *, usual: Usual | None, picture: Picture, now: datetime
) -> Message:
    """The message at the beginning of a spike or a silence."""
    mark = MARKS[rule.severity]
    if kind_of(volume) is Kind.SPIKE:
        told, opening = amount(number, volume), f"A spike: {amount(number, volume)}"
    else:
        told, opening = _few(number, volume), f"Silence: {_few(number, volume)}"
    lines = [f"{opening}, up to {_moment(now)} UTC", *_why(volume, usual, picture)]
    title = shorten(f"{mark} · {quiet(rule.title)}: {told}", limit=TITLE_LIMIT)
    return Message(title, "\n".join([*lines, "", *_chart(picture, volume), *_latest(picture)]))


def ended(
    rule: Rule, volume: Volume, number: int, *, since: datetime, picture: Picture, now: datetime
) -> Message:
    """The message at the end of one that was told at `since`."""
    kind = kind_of(volume)
    title = shorten(f"OVER · {quiet(rule.title)}: the {kind} is over", limit=TITLE_LIMIT)
    opening = f"The {kind} told {_moment(since)} UTC is over: {amount(number, volume)}"
    lines = [f"{opening}, up to {_moment(now)} UTC", "", *_chart(picture, volume)]
    return Message(title, "\n".join([*lines, *_latest(picture)]))


def sent(title: str, body: str, *, decided_at: datetime, now: datetime) -> Message:
    """A message as it goes out: its words were found when it was decided."""
    late = f" · LATE: decided {_moment(decided_at)} UTC" if now - decided_at >= LATE else ""
    return Message(title, f"{body}\nSent {_moment(now)} UTC{late}")


def _few(number: int, volume: Volume) -> str:
    if number == 0:
        return f"no {SINGULAR[volume.unit]} for {in_words(volume.window)}"
    return f"only {amount(number, volume)}"


def _why(volume: Volume, usual: Usual | None, picture: Picture) -> list[str]:
    lines = []
    if usual is not None:
        lines.append(f"Usual at this hour of the week: {usual}")
    if kind_of(volume) is Kind.SILENCE:
        answered, feeds = picture.feeds
        lines.append(f"The watch was not blind: {answered:,} of {feeds:,} feeds answered meanwhile")
    return lines


def _chart(picture: Picture, volume: Volume) -> list[str]:
    """A line a window, named by its beginning."""
    most = max((number for _, number in picture.windows), default=0)
    form = "%d %b %H:%M" if volume.window * len(picture.windows) > DAY else "%H:%M"
    return [
        " ".join(filter(None, (f"{span.since:{form}}", bar(number, most, width=BAR), told)))
        for span, number in picture.windows
        for told in [_known(number, blind=any(map(span.meets, picture.blind)))]
    ]


def _known(number: int, *, blind: bool) -> str:
    """A number; where the watch was blind, nothing seen does not mean that nothing came."""
    if not blind:
        return str(number)
    return f"{number} (partly blind)" if number else "– (blind)"


def _latest(picture: Picture) -> list[str]:
    lines = []
    for each in picture.latest[:HEADLINES]:
        title = shorten(quiet(each.title).strip() or "(no headline)", limit=HEADLINE_LIMIT)
        lines.append(f"– {title} ({quiet(each.outlet)}, {_moment(each.at)} UTC)")
        lines += filter(None, [link(each.url)])
    return ["", "The latest:", *lines] if lines else []


def _moment(moment: datetime) -> str:
    return f"{moment:%a} {moment.day} {moment:%b %H:%M}"
