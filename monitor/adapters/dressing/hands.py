"""How each kind of channel writes: what it escapes, what is strong there, what makes a link."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass

from monitor.core.messages import Markup
from monitor.core.strangers import link

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
    hit: str = ""  # the words that made a rule true; "": as what is strong

    def escaped(self, value: object) -> str:
        """What a template puts in."""
        return value if isinstance(value, Safe) else self.escape(str(value))

    def bold(self, value: object) -> Safe:
        """Something that catches the eye."""
        return Safe(self.strong.format(self.escaped(value)))

    def hits(self, value: object) -> Safe:
        """A quotation, the words that made the rule true as strong."""
        # The marks stay outside: before »**letters**« Markdown sees where something strong begins.
        words, hit = self.escaped(value), self.hit or self.strong
        return Safe(_MARKED.sub(lambda found: f"»{hit.format(found[1])}«", words))

    def linked(self, value: object) -> Safe:
        """An address as a link if it is a plain one of the web, else as letters."""
        found = link(str(value))
        return Safe(self.escaped(value) if found is None else self.address(found))

    def line(self, value: object) -> Safe:
        """A line of a notice: those that are an address alone become a link."""
        alone = str(value).startswith(("http://", "https://")) and " " not in str(value)
        return self.linked(value) if alone else self.hits(value)

    @property
    def filters(self) -> dict[str, Callable[[object], Safe]]:
        """What makes markup in a template."""
        return {"strong": self.bold, "hits": self.hits, "address": self.linked, "line": self.line}


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
_MAIL = Hand(
    html.escape,
    "<b>{}</b>",
    _html_link,
    "",
    Markup.HTML,
    "mail.j2",
    titled=True,
    hit='<b style="background:#fde293;color:#202124">{}</b>',  # readable on light and on dark
)
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
# The text of every other channel, for templates of the user's own.
PLAIN = Hand(str, "{}", str, "\n", Markup.TEXT, titled=True)


def hand_of(url: str) -> Hand | None:
    """How the channel behind an address writes; None where plain text is all."""
    return HANDS.get(url.partition(":")[0].casefold())
