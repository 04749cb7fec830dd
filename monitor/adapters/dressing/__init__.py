"""Messages in the form of their channel: mail in HTML, chats in what each of them marks up.

Templates lay out the pieces of `core.contents` in a sandbox; whatever a template puts in is escaped
for the channel unless one of the filters made it. What is too long loses pieces from the end, so
nothing is cut inside markup. docs/messages.md describes the pieces; docs/adr/0019 has the reasons.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.adapters.dressing.hands import HANDS, PLAIN, Hand, hand_of
from monitor.core.contents import Content, of_notice
from monitor.core.facts import facts
from monitor.core.fitting import fewer
from monitor.core.messages import PICTURE, Dressed, Markup, Message, plain
from monitor.core.model import Channel, Template
from monitor.core.pictures import bars
from monitor.core.strangers import shorten

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

__all__ = ["HANDS", "SHORTEST", "check_template", "dress"]

HERE = Path(__file__).parent
SHORTEST = 200  # characters of a plain text that is still worth being sent in a chat's own form
WEBHOOKS = frozenset({"json", "jsons"})


def dress(
    channel: Channel, content: Content, *, room: int, now: datetime, thread: tuple[str, ...] = ()
) -> Message:
    """The message as `channel` shows it, in at most `room` characters of a body.

    A template of the user's own that breaks costs nobody a message: it comes in the built-in form,
    and `failure` says why.
    """
    scheme = channel.url.partition(":")[0].casefold()
    message = replace(plain(content, room=room), thread=thread)
    if scheme in WEBHOOKS:
        message = replace(message, facts=facts(content, now=now, thread=thread))
    hand, template = hand_of(channel.url), channel.style.template
    if template is not None:
        body, failure = _own(content, hand or PLAIN, template, room=room)
        message = replace(message, failure=failure)
        if body is not None:
            return _with(message, content, hand, body)
    return message if hand is None else _with(message, content, hand, _fitted(content, hand, room))


def _with(message: Message, content: Content, hand: Hand | None, body: str | None) -> Message:
    """The message with a body in the form of its channel, if there is one."""
    if body is None:
        return message
    if hand is None:
        return replace(message, body=body)
    title = hand.escaped(content.title) if hand.markup is Markup.MARKDOWN else content.title
    shown = content.chart if f"cid:{PICTURE}" in body else None
    picture = None if shown is None else bars(shown.counts)
    dressed = Dressed(title if hand.titled else "", body, hand.markup, picture)
    return replace(message, dressed=dressed)


def _own(content: Content, hand: Hand, template: Template, *, room: int) -> tuple[str | None, str]:
    """What a template of the user's own makes of it; None with the reason if it does not serve."""
    from monitor.adapters.dressing.checks import line_of  # noqa: PLC0415
    from monitor.adapters.dressing.sandbox import BROKEN, Budget, rendered  # noqa: PLC0415

    budget = Budget()

    def lay_out(left: Content) -> str:
        given = replace(left, reports=())  # whose words are not made harmless
        shown = rendered(template.source, given, hand, name=template.name, budget=budget)
        return _lines(shown, hand)

    try:
        body = _as_fits(content, lay_out, room)
    except BROKEN as error:
        return None, f"{template.name}:{line_of(error, template)}: {' '.join(str(error).split())}"
    if body is None:
        return None, f"{template.name}: does not fit into {room:,} characters"
    if not body.strip():
        return None, f"{template.name}: shows nothing of this message"
    if content.preface and hand.escaped(content.preface) not in body:
        return None, ""  # that it stands in for another channel has to be said
    return body, ""


def _fitted(content: Content, hand: Hand, room: int) -> str | None:
    """The body with as many pieces as there is room for; None where not even the least has any."""

    def lay_out(left: Content) -> str:
        return _lines(_built_in(left, hand), hand)

    if (body := _as_fits(content, lay_out, room)) is not None:
        return body
    words, limit = plain(content, room=room).body, room
    while limit >= SHORTEST:
        short = of_notice(content.title, shorten(words, limit=limit), words=content.words)
        if len(body := lay_out(short)) <= room:
            return body
        limit //= 2
    return None


def _as_fits(content: Content, lay_out: Callable[[Content], str], room: int) -> str | None:
    left: Content | None = content
    while left is not None:
        if len(body := lay_out(left)) <= room:
            return body
        left = fewer(left)
    return None


def _built_in(content: Content, hand: Hand) -> str:
    template = _environment(hand).get_template(hand.template)
    return template.render(content=content, titled=hand.titled)


def _lines(laid_out: str, hand: Hand) -> str:
    lines = laid_out.strip("\n").split("\n")
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
    made.filters |= hand.filters
    return made


def check_template(channel: Channel, template: Template) -> Sequence[tuple[int, str]]:
    """Lines of a template of the user's own, and what is wrong there."""
    from monitor.adapters.dressing import checks  # noqa: PLC0415

    return checks.check_template(channel, template)
