"""Hands one message to one channel and says what became of it. docs/adr/0005 has the reasons.

A channel is an Apprise URL, `console:` or `file:PATH`. Every delivery builds an Apprise object of
its own: two sends of one object are throttled by seconds. Nothing here waits or tries again.
"""

import functools
import os
import re
import threading
from pathlib import Path
from typing import Any, TextIO

from monitor.adapters import services
from monitor.adapters.exchanges import Exchange, listening
from monitor.core.contents import TITLE_LIMIT
from monitor.core.messages import PICTURE, Dressed, Markup, Message, unlinked
from monitor.core.model import Channel
from monitor.core.outbox import Cause, Fate, Outcome
from monitor.core.strangers import shorten

WORDS_LIMIT = 300  # characters of a provider's answer that a person is shown
RULE = "─" * 60  # fits a terminal of 80 columns and most phones turned sideways
OWN_ROOM = 100_000  # characters of a body on a console or in a file
# Services that count bytes, and less than Apprise says: ntfy makes a file of a longer message.
BYTES = {"ntfy": 4_096}

_own = threading.local()


def send(
    channel: Channel,
    message: Message,
    *,
    key: str,
    state: Path,
    out: TextIO,
    secrets: tuple[str, ...] = (),
) -> Outcome:
    """Hands `message` over once. Takes up to about 30 s; raises nothing that a network can cause.

    `key` is the idempotency key: it travels as a header with webhooks and mail. `state` is where
    relative `file:` paths begin, `out` where `console:` writes; `secrets` never reach the detail.
    """
    scheme, _, rest = channel.url.partition(":")
    if scheme == "console":
        return _print(unlinked(message), out)
    if scheme == "file":
        keep = _file if rest.endswith("/") else _append
        return keep(unlinked(message), state / rest, key=key)
    try:
        service = services.build(channel.url, key=key, thread=message.thread)
    except services.Refused as refusal:
        said = services.redact(str(refusal), (*secrets, *services.pieces(channel.url)))
        return Outcome(Fate.FAILED, said, cause=Cause.CHANNEL)
    # A message must not depend on `monitor check`.
    if problem := services.unfit(service, channel.url):
        return Outcome(Fate.FAILED, problem, cause=Cause.CHANNEL)
    if channel.bot is not None:
        service.notify_url = f"{channel.bot.api}/bot"
    return _notify(service, message, (*secrets, *services.secrets_of(channel.url)))


def room(channel: Channel) -> int:
    """How many characters of a body the channel shows beside the longest title of ours."""
    return _room(channel.url)


@functools.lru_cache(maxsize=services.KEPT)
def _room(url: str) -> int:
    """Of an address; kept, because the service is built for it."""
    if url.partition(":")[0] in services.OWN_SCHEMES:
        return OWN_ROOM
    try:
        service = services.build(url, key="")
    except services.Refused:
        return OWN_ROOM  # nothing will be shown; `send` says why
    title = min(TITLE_LIMIT, service.body_maxlen // 2) + 2 if _joined(service) else 0
    return _longest(service) - title


def as_text(html: str) -> str:
    """HTML as Apprise writes it out for programs that show none."""
    from apprise.common import NotifyFormat  # noqa: PLC0415
    from apprise.conversion import convert_between  # noqa: PLC0415

    text = convert_between(NotifyFormat.HTML, NotifyFormat.TEXT, html)  # type: ignore[no-untyped-call]
    return str(text)


# --- console and file -----------------------------------------------------------------------


def _print(message: Message, out: TextIO) -> Outcome:
    try:
        title = f"\033[1m{message.title}\033[0m" if out.isatty() else message.title
        text = f"{RULE}\n{title}\n{message.body}\n\n"
        encoding = out.encoding or "utf-8"
        out.write(text.encode(encoding, "replace").decode(encoding))
        out.flush()
    except (OSError, ValueError) as error:  # ValueError: somebody closed it
        return Outcome(Fate.FAILED, f"cannot print: {error}")
    return Outcome(Fate.SENT, "printed")


def _append(message: Message, path: Path, *, key: str) -> Outcome:
    """One mbox entry, so that a pager, grep and a mail reader all open the file."""
    body = re.sub(r"^(>*From )", r">\1", message.body, flags=re.MULTILINE)
    entry = (
        f"From monitor@localhost\nSubject: {message.title}\nX-Idempotency-Key: {key}\n"
        f"Content-Type: text/plain; charset=utf-8\n\n{body}\n\n"
    )
    return _write(path, entry, mode="ab")


def _file(message: Message, directory: Path, *, key: str) -> Outcome:
    """A file for each message, numbered; a repeated message gets its former file."""
    former = next(iter(directory.glob(f"*-{key[:12]}.txt")), None)
    number = sum(1 for _ in directory.glob("*.txt")) + 1
    path = former or directory / f"{number:05d}-{key[:12]}.txt"
    return _write(path, f"{message.title}\n\n{message.body}\n", mode="wb")


def _write(path: Path, text: str, *, mode: str) -> Outcome:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(mode) as file:
            file.write(text.encode("utf-8", "replace"))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return Outcome(Fate.FAILED, f"cannot write {path}: {error.strerror or error}")
    return Outcome(Fate.SENT, f"written to {path}")


# --- Apprise --------------------------------------------------------------------------------


def _notify(service: Any, message: Message, hidden: tuple[str, ...]) -> Outcome:
    import apprise  # noqa: PLC0415

    if message.facts is not None:
        service.payload_extras = {"monitor": message.facts} | service.payload_extras
    fitted = _fitted(message, service)
    shown = message.dressed or Dressed(fitted.title, fitted.body, Markup.TEXT)
    carrier = _carrier()
    carrier.add(service)
    with listening() as exchange:
        result = carrier.notify(
            title=shown.title,
            body=shown.body,
            body_format=apprise.NotifyFormat(shown.markup.value),
            attach=_picture(service, shown),
        )
    # Masked before it is cut: half a secret is not known for one.
    exchange.words = _short(services.redact(exchange.words, hidden))
    log = _short(services.redact("; ".join(entry.message for entry in result.logs()), hidden))
    late = result.status == apprise.AppriseResultStatus.TIMEOUT
    return _outcome(exchange, accepted=bool(result), late=late, log=log)


def _carrier() -> Any:
    """The Apprise object of this thread, empty; each looks for translations when it is made."""
    if not hasattr(_own, "carrier"):
        import apprise  # noqa: PLC0415

        _own.carrier = apprise.Apprise(asset=services.asset())
    _own.carrier.clear()
    return _own.carrier


def _picture(service: Any, shown: Dressed) -> Any:
    """The picture that a mail shows in its text; None if it has none."""
    if shown.picture is None:
        return None
    from apprise.attachment.memory import AttachMemory  # noqa: PLC0415

    service.inline = True
    return AttachMemory(  # type: ignore[no-untyped-call]
        content=shown.picture, name=PICTURE, mimetype="image/png"
    )


def _fitted(message: Message, service: Any) -> Message:
    """The message within the service's limits; Apprise's own default cuts nothing."""
    title, most = message.title, _longest(service)
    if service.title_maxlen > 0:
        title = shorten(title, limit=service.title_maxlen)
    if _joined(service):
        title = shorten(title, limit=most // 2)  # a text message of 160 shall hold more than that
        most -= len(title) + 2  # the line break Apprise joins them with
    body = shorten(message.body, limit=max(most, 0))
    counted = BYTES.get(str(service.protocol))
    while counted and len(body.encode("utf-8", "replace")) > counted:
        body = shorten(body, limit=len(body) * 7 // 8)
    return Message(title=title, body=body)


def _longest(service: Any) -> int:
    """Characters of a body that the service shows."""
    counted = BYTES.get(str(service.protocol))
    # An eighth for accents and signs, which take more than one byte.
    return int(service.body_maxlen) if counted is None else counted * 7 // 8


def _joined(service: Any) -> bool:
    """Whether title and body share one limit."""
    return bool(service.title_maxlen <= 0 or service.overflow_amalgamate_title)


def _outcome(exchange: Exchange, *, accepted: bool, late: bool, log: str) -> Outcome:
    heard = " ".join(str(part) for part in (exchange.code, exchange.words) if part)
    redirected = exchange.code is not None and 300 <= exchange.code < 400  # noqa: PLR2004
    if redirected:
        detail = f"{heard} (the address has moved: put the new one into channels.yaml)"
        return Outcome(Fate.FAILED, detail, exchange.retry_after, Cause.CHANNEL)
    if accepted:
        return Outcome(Fate.SENT, heard or "accepted")
    detail = heard or log or "the service gave no reason"
    if exchange.in_doubt or late:
        return Outcome(Fate.UNKNOWN, f"{detail}; the message may have arrived", None)
    return Outcome(Fate.FAILED, detail, exchange.retry_after, exchange.cause)


def _short(words: str) -> str:
    words = " ".join(words.split())
    return words if len(words) <= WORDS_LIMIT else f"{words[: WORDS_LIMIT - 1]}…"
