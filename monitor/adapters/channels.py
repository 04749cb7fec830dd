"""Hands one message to one channel and says what became of it. docs/adr/0005 has the reasons.

A channel is an Apprise URL, `console:` or `file:PATH`. Every delivery builds an Apprise object of
its own: two sends of one object are throttled by seconds. Nothing here waits or tries again.
"""

import base64
import functools
import logging
import os
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import unquote

from monitor.adapters.exchanges import ANSWER_SECONDS, Exchange, listening
from monitor.core.contents import TITLE_LIMIT
from monitor.core.errors import Permanent
from monitor.core.messages import PICTURE, Dressed, Markup, Message, unlinked
from monitor.core.model import Channel
from monitor.core.outbox import Cause, Fate, Outcome
from monitor.core.secrets import MASK, redactor
from monitor.core.strangers import shorten
from monitor.core.text import clean

CONNECT_SECONDS = 10
LOG_BYTES = 65_536  # of Apprise's own log kept for one delivery; 0 (its default) keeps none
WORDS_LIMIT = 300  # characters of a provider's answer that a person is shown
SENDER = "Monitor"  # the name that chats and mail show where the address names none
RULE = "─" * 60  # fits a terminal of 80 columns and most phones turned sideways
OWN_SCHEMES = frozenset({"console", "file"})
OWN_ROOM = 100_000  # characters of a body on a console or in a file
TELEGRAM = "tgram"
ROOMS_KEPT = 256  # addresses whose room is remembered, and sets of secrets
MAIL_SCHEMES = frozenset({"mailto", "mailtos"})
# Services that count bytes, and less than Apprise says: ntfy makes a file of a longer message.
BYTES = {"ntfy": 4_096}


class Refused(Permanent):
    """A channel URL that cannot be used; the text says why, without its secrets."""


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
    hidden = (*secrets, *_written_secrets(channel.url))
    try:
        service = _service(channel.url, key=key, thread=message.thread)
    except Refused as refusal:
        said = redact(str(refusal), (*hidden, *_pieces(channel.url)))
        return Outcome(Fate.FAILED, said, cause=Cause.CHANNEL)
    if problem := _unfit(service, channel.url):  # a message must not depend on `monitor check`
        return Outcome(Fate.FAILED, problem, cause=Cause.CHANNEL)
    if channel.bot is not None:
        service.notify_url = f"{channel.bot.api}/bot"
    hidden += (*_masked_secrets(service), *_basic_credentials(service))
    return _notify(service, message, hidden)


def check_url(url: str) -> str | None:
    """Why `url` cannot be a channel, for the person who wrote it; None if it can. No network."""
    scheme, _, rest = url.partition(":")
    if scheme == "console":
        return f"console: takes nothing behind it, found {rest!r}" if rest else None
    if scheme == "file":
        return None if rest.strip("/") else "file: needs a path, e.g. file:alerts.log"
    try:
        service = _service(url, key="")
    except Refused as refusal:
        return redact(str(refusal), _pieces(url))
    return _unfit(service, url)


def account(channel: Channel) -> tuple[str, str] | None:
    """The token of a Telegram bot, a secret, and the chat that it writes to; None for others."""
    if channel.url.partition(":")[0].casefold() != TELEGRAM:
        return None
    try:
        service = _service(channel.url, key="")
    except Refused:  # `send` says why
        return None
    return str(service.bot_token), str(service.targets[0][0]) if service.targets else ""


def room(channel: Channel) -> int:
    """How many characters of a body the channel shows beside the longest title of ours."""
    return _room(channel.url)


@functools.lru_cache(maxsize=ROOMS_KEPT)
def _room(url: str) -> int:
    """Of an address; kept, because the service is built for it."""
    if url.partition(":")[0] in OWN_SCHEMES:
        return OWN_ROOM
    try:
        service = _service(url, key="")
    except Refused:
        return OWN_ROOM  # nothing will be shown; `send` says why
    title = min(TITLE_LIMIT, service.body_maxlen // 2) + 2 if _joined(service) else 0
    return _longest(service) - title


class KnownSchemes(Collection[str]):
    """Everything that may stand before the colon of a channel's URL.

    Apprise's table takes a second to load, so it is asked only about schemes that are not ours.
    """

    def __contains__(self, scheme: object) -> bool:
        return scheme in OWN_SCHEMES or scheme in self._all()

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> frozenset[str]:
        return OWN_SCHEMES | frozenset(_plugins().schemas(include_disabled=False))


def describe(channel: Channel, *, secrets: tuple[str, ...] = ()) -> str:
    """The channel's URL as people may see it: credentials masked, options left out."""
    scheme = channel.url.partition(":")[0]
    if scheme in OWN_SCHEMES:
        return channel.url
    try:
        service = _service(channel.url, key="")
    except Refused:
        return f"{scheme}://{MASK}"
    masked = str(service.url(privacy=True)).partition("?")[0]
    return redact(masked, (*secrets, *_written_secrets(channel.url), *_masked_secrets(service)))


def as_text(html: str) -> str:
    """HTML as Apprise writes it out for programs that show none."""
    from apprise.common import NotifyFormat  # noqa: PLC0415
    from apprise.conversion import convert_between  # noqa: PLC0415

    text = convert_between(NotifyFormat.HTML, NotifyFormat.TEXT, html)  # type: ignore[no-untyped-call]
    return str(text)


def redact(text: str, secrets: tuple[str, ...]) -> str:
    """`text` on clean lines, every secret masked however it is spelled."""
    return _redactor(secrets)(clean(text))


@functools.lru_cache(maxsize=ROOMS_KEPT)
def _redactor(secrets: tuple[str, ...]) -> Callable[[str], str]:
    return redactor(secrets)


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


@functools.cache
def _hush() -> None:
    # At DEBUG Apprise and urllib3 write tokens and addresses into the log.
    for name in ("apprise", "urllib3", "requests"):
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.INFO))


def _plugins() -> Any:
    """Apprise's table of services by scheme."""
    # Late, here and below: 110-280 ms that only processes that deliver should pay.
    from apprise.manager_plugins import NotificationManager  # noqa: PLC0415

    _hush()
    return NotificationManager()  # type: ignore[no-untyped-call]


def _service(url: str, *, key: str, thread: tuple[str, ...] = ()) -> Any:
    """The Apprise plugin behind `url`, built anew. Raises Refused."""
    import apprise  # noqa: PLC0415

    scheme = url.partition(":")[0]
    if scheme.casefold() not in KnownSchemes():
        raise Refused(f"no service is called {scheme!r}; see docs/channels.md")
    parsed = apprise.plugins.url_to_dict(url, secure_logging=True)  # type: ignore[no-untyped-call]
    if not parsed:
        raise Refused(f"this is no complete {scheme}:// address; see docs/channels.md")
    wait = ANSWER_SECONDS if parsed["schema"] in MAIL_SCHEMES else CONNECT_SECONDS
    options = {"redirect": False, "rto": ANSWER_SECONDS, "cto": wait} | parsed
    if key:
        _add_key(options, key)
    if thread and parsed["schema"] in MAIL_SCHEMES:
        ids = {"In-Reply-To": thread[0], "References": " ".join(thread)}
        options["headers"] = ids | (options.get("headers") or {})
    asset = apprise.AppriseAsset(
        app_id=SENDER,
        app_desc=SENDER,
        image_url_mask=None,  # else chats show Apprise's logo, fetched from its repository
        result_log_memory_size=LOG_BYTES,
        service_timeout=0,
    )
    try:
        service = apprise.Apprise.instantiate(options, asset=asset, suppress_exceptions=False)
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        # What plugins raise for values they do not accept; Apprise's own error is a TypeError.
        raise Refused(f"{scheme}:// does not accept this: {error}") from error
    if service is None:
        raise Refused(f"{scheme}:// cannot be used on this machine")
    return service


def _add_key(options: dict[str, Any], key: str) -> None:
    """The idempotency key as a header, where the service lets us set one."""
    if "headers" in _plugins()[options["schema"]].template_kwargs:
        name = "X-Idempotency-Key" if options["schema"] in MAIL_SCHEMES else "Idempotency-Key"
        options["headers"] = {name: key} | (options.get("headers") or {})


def _unfit(service: Any, url: str) -> str | None:
    """What Apprise would accept but cannot deliver exactly once, or would deliver unsafely."""
    scheme = url.partition(":")[0]
    copies = len(getattr(service, "cc", ()) or ()) + len(getattr(service, "bcc", ()) or ())
    targets = len(service) + copies
    if re.search(r"[?&]format=(?!text\b)", url, re.IGNORECASE):
        return "format= is not allowed: messages are plain text, and markdown can ping everybody"
    if service.optional:
        return "optional= is not allowed: a failed message would count as sent"
    if re.search(r"[?&]retry=(?!0\b)", url, re.IGNORECASE):
        return "retry= is not allowed: the daemon itself tries again, without repeating itself"
    if targets > 1:
        return (
            f"this {scheme}:// address has {targets} targets: make one channel per target, "
            "so that one refusal cannot repeat the message at the others"
        )
    return None


def _notify(service: Any, message: Message, hidden: tuple[str, ...]) -> Outcome:
    import apprise  # noqa: PLC0415

    if message.facts is not None:
        service.payload_extras = {"monitor": message.facts} | service.payload_extras
    fitted = _fitted(message, service)
    shown = message.dressed or Dressed(fitted.title, fitted.body, Markup.TEXT)
    carrier = apprise.Apprise(asset=service.asset)
    carrier.add(service)
    with listening() as exchange:
        result = carrier.notify(
            title=shown.title,
            body=shown.body,
            body_format=apprise.NotifyFormat(shown.markup.value),
            attach=_picture(service, shown),
        )
    # Masked before it is cut: half a secret is not known for one.
    exchange.words = _short(redact(exchange.words, hidden))
    log = _short(redact("; ".join(entry.message for entry in result.logs()), hidden))
    late = result.status == apprise.AppriseResultStatus.TIMEOUT
    return _outcome(exchange, accepted=bool(result), late=late, log=log)


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


# --- secrets --------------------------------------------------------------------------------


def _pieces(url: str) -> tuple[str, ...]:
    """Everything in `url` that could be a credential: what stands between its signs, decoded."""
    path, _, query = url.partition("://")[2].partition("?")
    values = [pair.partition("=")[2] for pair in query.split("&")]
    written = [*re.split(r"[/:@]", path), *values]
    return tuple(piece for part in written for piece in {part, unquote(part)})


def _written_secrets(url: str) -> tuple[str, ...]:
    """The password and the header values, as `url` has them and decoded."""
    account, at, _ = url.partition("://")[2].partition("?")[0].rpartition("@")
    _, colon, password = account.partition(":")
    headers = re.findall(r"[?&][+][^=&]*=([^&]*)", url)
    written = [password, *headers] if at and colon else headers
    return tuple(secret for part in written for secret in {part, unquote(part)})


def _masked_secrets(service: Any) -> tuple[str, ...]:
    """What Apprise itself masks in this service's URL."""
    shown = set(_pieces(service.url(privacy=True)))
    return tuple(set(_pieces(service.url(privacy=False))) - shown)


def _basic_credentials(service: Any) -> tuple[str, ...]:
    """User and password as HTTP and SMTP send them; a receiver may recite what it got."""
    user, password = getattr(service, "user", None), getattr(service, "password", None)
    accounts = (f"{user}:{password}", f"\0{user}\0{password}", str(password))
    plain = [
        account.encode(code, "replace") for account in accounts for code in ("utf-8", "latin-1")
    ]
    sent = [base64.b64encode(account).decode() for account in plain]
    return (*sent, *(code.rstrip("=") for code in sent))
