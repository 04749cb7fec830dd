"""The service behind a channel's address, by Apprise; and what of the address is secret.

docs/adr/0005 has the reasons. Nothing here speaks to a network.
"""

import base64
import copy
import functools
import logging
import re
from collections.abc import Callable, Collection, Iterator
from typing import Any
from urllib.parse import unquote

from monitor.adapters.exchanges import ANSWER_SECONDS
from monitor.core.errors import Permanent
from monitor.core.model import Channel
from monitor.core.secrets import MASK, redactor
from monitor.core.text import clean

CONNECT_SECONDS = 10
LOG_BYTES = 65_536  # of Apprise's own log kept for one delivery; 0 (its default) keeps none
SENDER = "Monitor"  # the name that chats and mail show where the address names none
OWN_SCHEMES = frozenset({"console", "file"})
TELEGRAM = "tgram"
KEPT = 256  # addresses of which something is remembered, and sets of secrets
MAIL_SCHEMES = frozenset({"mailto", "mailtos"})


class Refused(Permanent):
    """A channel URL that cannot be used; the text says why, without its secrets."""


class KnownSchemes(Collection[str]):
    """Everything that may stand before the colon of a channel's URL.

    Apprise's table takes a second to load, so it is asked only about schemes that are not ours.
    """

    def __contains__(self, scheme: object) -> bool:
        return scheme in OWN_SCHEMES or scheme in _schemes()

    def __iter__(self) -> Iterator[str]:
        return iter(_schemes())

    def __len__(self) -> int:
        return len(_schemes())


@functools.cache
def _schemes() -> frozenset[str]:
    return OWN_SCHEMES | frozenset(_plugins().schemas(include_disabled=False))


def describe(channel: Channel, *, secrets: tuple[str, ...] = ()) -> str:
    """The channel's URL as people may see it: credentials masked, options left out."""
    scheme = channel.url.partition(":")[0]
    if scheme in OWN_SCHEMES:
        return channel.url
    try:
        service = build(channel.url, key="")
    except Refused:
        return f"{scheme}://{MASK}"
    masked = str(service.url(privacy=True)).partition("?")[0]
    return redact(masked, (*secrets, *secrets_of(channel.url)))


def check_url(url: str) -> str | None:
    """Why `url` cannot be a channel, for the person who wrote it; None if it can. No network."""
    scheme, _, rest = url.partition(":")
    if scheme == "console":
        return f"console: takes nothing behind it, found {rest!r}" if rest else None
    if scheme == "file":
        return None if rest.strip("/") else "file: needs a path, e.g. file:alerts.log"
    try:
        service = build(url, key="")
    except Refused as refusal:
        return redact(str(refusal), pieces(url))
    return unfit(service, url)


def account(channel: Channel) -> tuple[str, str] | None:
    """The token of a Telegram bot, a secret, and the chat that it writes to; None for others."""
    if channel.url.partition(":")[0].casefold() != TELEGRAM:
        return None
    try:
        service = build(channel.url, key="")
    except Refused:  # `send` says why
        return None
    return str(service.bot_token), str(service.targets[0][0]) if service.targets else ""


# --- Apprise ----------------------------------------------------------------------------------


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


def build(url: str, *, key: str, thread: tuple[str, ...] = ()) -> Any:
    """The Apprise plugin behind `url`, built anew. Raises Refused."""
    import apprise  # noqa: PLC0415

    scheme = url.partition(":")[0]
    if scheme.casefold() not in KnownSchemes():
        raise Refused(f"no service is called {scheme!r}; see docs/channels.md")
    parsed = copy.deepcopy(_parsed(url))  # plugins keep what they are given
    if not parsed:
        raise Refused(f"this is no complete {scheme}:// address; see docs/channels.md")
    wait = ANSWER_SECONDS if parsed["schema"] in MAIL_SCHEMES else CONNECT_SECONDS
    options = {"redirect": False, "rto": ANSWER_SECONDS, "cto": wait} | parsed
    if key:
        _add_key(options, key)
    if thread and parsed["schema"] in MAIL_SCHEMES:
        ids = {"In-Reply-To": thread[0], "References": " ".join(thread)}
        options["headers"] = ids | (options.get("headers") or {})
    try:
        service = apprise.Apprise.instantiate(options, asset=asset(), suppress_exceptions=False)
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        # What plugins raise for values they do not accept; Apprise's own error is a TypeError.
        raise Refused(f"{scheme}:// does not accept this: {error}") from error
    if service is None:
        raise Refused(f"{scheme}:// cannot be used on this machine")
    return service


@functools.cache
def asset() -> Any:
    """What all services have in common."""
    import apprise  # noqa: PLC0415

    return apprise.AppriseAsset(
        app_id=SENDER,
        app_desc=SENDER,
        image_url_mask=None,  # else chats show Apprise's logo, fetched from its repository
        result_log_memory_size=LOG_BYTES,
        service_timeout=0,
    )


@functools.lru_cache(maxsize=KEPT)
def _parsed(url: str) -> dict[str, Any] | None:
    import apprise  # noqa: PLC0415

    return apprise.plugins.url_to_dict(url, secure_logging=True)  # type: ignore[no-any-return, no-untyped-call]


def _add_key(options: dict[str, Any], key: str) -> None:
    """The idempotency key as a header, where the service lets us set one."""
    if "headers" in _plugins()[options["schema"]].template_kwargs:
        name = "X-Idempotency-Key" if options["schema"] in MAIL_SCHEMES else "Idempotency-Key"
        options["headers"] = {name: key} | (options.get("headers") or {})


def unfit(service: Any, url: str) -> str | None:
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


# --- secrets --------------------------------------------------------------------------------


def pieces(url: str) -> tuple[str, ...]:
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


@functools.lru_cache(maxsize=KEPT)
def secrets_of(url: str) -> tuple[str, ...]:
    """What a log or a person must not see of an address that can be built, however written."""
    service = build(url, key="")
    return (*_written_secrets(url), *_masked_secrets(service), *_basic_credentials(service))


def _masked_secrets(service: Any) -> tuple[str, ...]:
    """What Apprise itself masks in this service's URL."""
    shown = set(pieces(service.url(privacy=True)))
    return tuple(set(pieces(service.url(privacy=False))) - shown)


def _basic_credentials(service: Any) -> tuple[str, ...]:
    """User and password as HTTP and SMTP send them; a receiver may recite what it got."""
    user, password = getattr(service, "user", None), getattr(service, "password", None)
    accounts = (f"{user}:{password}", f"\0{user}\0{password}", str(password))
    plain = [
        account.encode(code, "replace") for account in accounts for code in ("utf-8", "latin-1")
    ]
    sent = [base64.b64encode(account).decode() for account in plain]
    return (*sent, *(code.rstrip("=") for code in sent))


def redact(text: str, secrets: tuple[str, ...]) -> str:
    """`text` on clean lines, every secret masked however it is spelled."""
    return _redactor(secrets)(clean(text))


@functools.lru_cache(maxsize=KEPT)
def _redactor(secrets: tuple[str, ...]) -> Callable[[str], str]:
    return redactor(secrets)
