"""Messages in the form of their channel: mail in HTML, chats in what each of them marks up.

Templates lay out the pieces of `core.contents` in a sandbox; whatever a template puts in is escaped
for the channel unless one of the filters made it. What is too long loses pieces from the end, so
nothing is cut inside markup. docs/messages.md describes the pieces; docs/adr/0019 has the reasons.
"""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.core.contents import Content, of_notice
from monitor.core.facts import facts
from monitor.core.fitting import fewer
from monitor.core.messages import Dressed, Markup, Message, plain
from monitor.core.model import Channel
from monitor.core.strangers import link, shorten

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

HERE = Path(__file__).parent
SHORTEST = 200  # characters of a plain text that is still worth being sent in a chat's own form
_MARKED = re.compile(r"»([^»«]+)«")
_SIGNS = re.compile(r"([\\*_~`|\[\]#])")  # what makes something of the words around it


class Safe(str):
    """Text that is written in the channel's markup already."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Hand:
    """How one kind of channel writes: letters as they are, something strong, a link, a new line."""

    escape: Callable[[str], str]
    strong: str
    address: Callable[[str], str]
    newline: str
    markup: Markup
    template: str = "chat.j2"
    titled: bool = False  # the service shows the title itself

    def escaped(self, value: object) -> str:
        """What a template puts in."""
        return value if isinstance(value, Safe) else self.escape(str(value))

    def bold(self, value: object) -> Safe:
        """Something that catches the eye."""
        return Safe(self.strong.format(self.escaped(value)))

    def hits(self, value: object) -> Safe:
        """A quotation, the words that made the rule true as strong."""
        # The marks stay outside: before »**letters**« Markdown sees where something strong begins.
        words = self.escaped(value)
        return Safe(_MARKED.sub(lambda found: f"»{self.strong.format(found[1])}«", words))

    def linked(self, value: object) -> Safe:
        """An address as a link if it is a plain one of the web, else as letters."""
        found = link(str(value))
        return Safe(self.escaped(value) if found is None else self.address(found))

    def line(self, value: object) -> Safe:
        """A line of a notice: those that are an address alone become a link."""
        alone = str(value).startswith(("http://", "https://")) and " " not in str(value)
        return self.linked(value) if alone else self.hits(value)


def _html_link(address: str) -> str:
    shown = html.escape(address)
    return f'<a href="{shown}">{shown}</a>'


def _markdown(text: str) -> str:
    return _SIGNS.sub(r"\\\1", text)


_HTML = Hand(html.escape, "<b>{}</b>", _html_link, "<br/>", Markup.HTML)
_MARKDOWN = Hand(_markdown, "**{}**", str, "\n", Markup.TEXT)
_CARD = Hand(
    _markdown, "**{}**", "[{0}]({0})".format, "\n\n", Markup.MARKDOWN, titled=True
)  # Teams breaks lines at empty ones, and makes no link of a bare address
_MAIL = Hand(html.escape, "<b>{}</b>", _html_link, "", Markup.HTML, "mail.j2", titled=True)
HANDS = {
    "tgram": _HTML,
    "matrix": _HTML,
    "matrixs": _HTML,
    "discord": _MARKDOWN,
    "mmost": _MARKDOWN,
    "mmosts": _MARKDOWN,
    "workflow": _CARD,
    "workflows": _CARD,
    "mailto": _MAIL,
    "mailtos": _MAIL,
}
WEBHOOKS = frozenset({"json", "jsons"})


def dress(
    channel: Channel, content: Content, *, room: int, now: datetime, thread: tuple[str, ...] = ()
) -> Message:
    """The message as `channel` shows it, in at most `room` characters of a body."""
    scheme = channel.url.partition(":")[0].casefold()
    message = replace(plain(content, room=room), thread=thread)
    if scheme in WEBHOOKS:
        return replace(message, facts=facts(content, now=now, thread=thread))
    hand = HANDS.get(scheme)
    return message if hand is None else replace(message, dressed=_dressed(content, hand, room=room))


def _dressed(content: Content, hand: Hand, *, room: int) -> Dressed | None:
    title = hand.escaped(content.title) if hand.markup is Markup.MARKDOWN else content.title
    body = _fitted(content, hand, room=room)
    if body is None:
        return None
    return Dressed(title if hand.titled else "", body, hand.markup)


def _fitted(content: Content, hand: Hand, *, room: int) -> str | None:
    """The body with as many pieces as there is room for; None where not even the least has any."""
    left: Content | None = content
    while left is not None:
        if len(body := _laid_out(left, hand)) <= room:
            return body
        left = fewer(left)
    words, limit = plain(content, room=room).body, room
    while limit >= SHORTEST:
        short = of_notice(content.title, shorten(words, limit=limit), words=content.words)
        if len(body := _laid_out(short, hand)) <= room:
            return body
        limit //= 2
    return None


def _laid_out(content: Content, hand: Hand) -> str:
    template = _environment(hand).get_template(hand.template)
    lines = template.render(content=content, titled=hand.titled).strip("\n").split("\n")
    if hand.newline == "\n\n":  # each line is a paragraph of its own
        lines = [line for line in lines if line.strip()]
    return hand.newline.join(lines)


@cache
def _environment(hand: Hand) -> "ImmutableSandboxedEnvironment":
    # Late: some 100 ms that only processes that deliver should pay.
    from jinja2 import FileSystemLoader, StrictUndefined  # noqa: PLC0415
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

    # Autoescape knows HTML only: `finalize` sees every value that a template puts in.
    made = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(HERE),
        autoescape=False,
        finalize=hand.escaped,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "strong": hand.bold,
        "hits": hand.hits,
        "address": hand.linked,
        "line": hand.line,
    }
    return made
