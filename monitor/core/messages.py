"""What people are told as plain text: one alert, one digest, or a word about the watch itself.

`contents` finds the words and makes those of strangers harmless; here they become lines. Signs,
not indentation, tell the lines apart: Telegram loses indentation and empty lines.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.core.contents import (
    LATE,
    TITLE_LIMIT,
    Content,
    Form,
    Item,
    Why,
    of_alert,
)
from monitor.core.digests import of_digest
from monitor.core.hours import MOST_LISTED
from monitor.core.reports import Report
from monitor.core.strangers import UNLINKED_DOT, quiet, shorten
from monitor.core.wording import Wording
from monitor.core.wording.english import ENGLISH

DIGEST_ROOM = 32_000  # characters; what most services take where the channel knows no better


PICTURE = "chart.png"  # by what name a body shows the picture that comes with it


class Markup(StrEnum):
    """In what a text is written for the library that sends it."""

    TEXT = "text"
    HTML = "html"
    MARKDOWN = "markdown"


@dataclass(frozen=True, slots=True)
class Dressed:
    """A message in its channel's own form. Where the title is "" it stands in the body.

    `picture` is a PNG that the body shows as `PICTURE`.
    """

    title: str
    body: str
    markup: Markup
    picture: bytes | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel hands over. Plain text; lines end in a newline, the title is one line.

    `dressed` is the same where the kind of channel shows more than plain text. `thread` are the
    ids of the mail threads it belongs to; `facts` is it for programs, as webhooks get it.
    `failure`: why a template of the user's own could not be used.
    """

    title: str
    body: str
    dressed: Dressed | None = None
    thread: tuple[str, ...] = ()
    facts: Mapping[str, object] | None = None
    failure: str = ""


def unlinked(message: Message) -> Message:
    """The message where nothing makes links of bare words: a path in it can be pasted."""
    title, body = (each.replace(UNLINKED_DOT, ".") for each in (message.title, message.body))
    return Message(title=title, body=body)


def plain(content: Content, *, room: int = DIGEST_ROOM) -> Message:
    """The message in plain text; of a digest at most so many stories as have `room` characters."""
    if content.form is Form.NOTICE:
        answered = [content.answering] if content.answering else []
        body = "\n".join([*content.lines, *answered])
    elif content.form is Form.DIGEST:
        body = _digest(content, room=room)
    else:
        body = "\n".join(_alert(content))
    return Message(content.title, "\n".join(filter(None, (content.preface, body))))


# --- one alert ------------------------------------------------------------------------------


def render_alert(
    report: Report, *, now: datetime, beside: Sequence[Report] = (), update: bool = False
) -> Message:
    """The message about one incident, for somebody woken by it.

    `update`: people know of it; `beside` are other articles with something new about it.
    """
    return plain(of_alert(report, now=now, beside=beside, update=update))


def _alert(content: Content) -> list[str]:
    # The link stands before the evidence: a service that shows little cuts the end.
    (item,), words = content.items, content.words
    lines = [
        *([] if content.headed else [item.headline]),
        _joined(item.source, item.carried),
        *([item.missed] if item.missed else []),
        item.times,
        item.delays,
        item.link or words.no_link,
        *([content.answering] if content.answering else []),
        *([item.standing] if item.standing else []),
    ]
    for why in item.whys:
        lines += ["", *_why(why)]
    if item.more_whys:
        lines += ["", words.plural(words.more_rules, item.more_whys)]
    for each in content.beside:
        lines += ["", *_also(each, words)]
    if content.more:
        lines += ["", words.plural(words.more_articles, content.more)]
    folded = ["", content.folded] if content.folded else []
    return [*lines, *folded, "", f"{words.read}: {item.read}"]


def _why(why: Why) -> list[str]:
    reason = f": {why.reason}" if why.reason else ""
    said = (*([why.event] if why.event else []), *why.quotes)
    return [f"▪ {why.opening}{why.rule} ({why.urgency}){reason}", *(f"– {each}" for each in said)]


def _also(item: Item, words: Wording) -> list[str]:
    """What else is new of an incident, in another article."""
    lines = [
        f"▪ {words.also}: {item.headline}",
        f"– {_joined(item.reasons, item.source, item.times)}",
    ]
    return [*lines, *([item.link] if item.link else [])]


def _joined(*parts: str) -> str:
    return " · ".join(filter(None, parts))


# --- many stories ---------------------------------------------------------------------------


def render_digest(
    reports: Sequence[Report],
    *,
    heading: str,
    now: datetime,
    limit: int = MOST_LISTED,
    room: int = DIGEST_ROOM,
) -> Message:
    """Several stories in one message, the most telling first.

    At most `limit` stories in `room` characters are listed, and the others counted, so that no
    service cuts a story off unsaid; one is listed even where there is no room.
    """
    return plain(of_digest(reports, heading=heading, now=now, limit=limit), room=room)


def _digest(content: Content, *, room: int) -> str:
    answered = [content.answering] if content.answering else []
    body = "\n".join([*content.lines, *answered, *_charted(content), *_noticed(content)])
    listed, group = 0, ""
    for each in content.items:
        heading = [f"■ {each.group}"] if each.group != group else []
        item, group = "\n".join(["\n", *heading, *_listed(listed + 1, each)]), each.group
        if listed and len(body) + len(item) > room - len(_more(content, 10_000)):
            break
        body, listed = body + item, listed + 1
    more = content.more + len(content.items) - listed
    return body + _more(content, more) if more else body


def _more(content: Content, more: int) -> str:
    return f"\n\n{content.words.left(more)}"


def _charted(content: Content) -> list[str]:
    return [f"{content.chart.words} {content.chart.line}"] if content.chart else []


def _noticed(content: Content) -> list[str]:
    words, more = content.words, content.more_notices
    lines = [line for each in content.notices for line in ("", f"▪ {each.title}", *each.lines)]
    return [*lines, *(["", words.plural(words.more_notices, more)] if more else [])]


def _listed(number: int, item: Item) -> list[str]:
    rules = "; ".join(why.rule for why in item.whys if why.rule != item.group)
    event = next((why.event for why in item.whys if why.event), "")
    quote = next((quote for why in item.whys for quote in why.quotes), "")
    return [
        f"{number}. {item.mark} · {item.headline}",
        _joined(item.source, item.times, item.read, item.carried),
        *([rules] if rules else []),
        *(f"– {each}" for each in (event, quote) if each),
        *([item.link] if item.link else []),
        *(f"– {each}" for each in item.also),
    ]


# --- the watch itself -----------------------------------------------------------------------


def render_ops(
    title: str, body: str, *, noted_at: datetime, now: datetime, words: Wording = ENGLISH
) -> Message:
    """A message about the watch itself; addresses and failures in it are strangers' words too."""
    lines = [quiet(line).rstrip() for line in body.split("\n")]
    late = f" · {words.late}" if now - noted_at >= LATE else ""
    shown = shorten(f"[ops] {quiet(title).strip()}", limit=TITLE_LIMIT)
    noted = words.noted.format(words.clock(noted_at, now), words.moment(now)) + late
    return Message(title=shown, body="\n".join([*lines, noted]))
