"""channels.yaml: whom to tell, and through which service."""

from collections.abc import Collection
from datetime import timedelta

from monitor.config import values
from monitor.config.fields import Fields, describe, read_text
from monitor.config.problems import Problems, unknown
from monitor.config.secrets import Secrets
from monitor.config.settings import refuse_written_password
from monitor.config.source import Broken, Map, Node, Scalar
from monitor.core.errors import Place
from monitor.core.model import Channel, ChannelName

FILE = "channels.yaml"
OWN_SCHEMES = ("console", "file")  # every other one is the notification library's
KEYS = ("url", "default", "digest", "ops")
DIGEST_KEYS = ("every",)
PLANNED = ("quiet_hours", "language", "rate", "fallback", "canary", "kind")


def read_channels(
    tree: Node | None,
    *,
    secrets: Secrets,
    known_schemes: Collection[str] | None,
    problems: Problems,
) -> tuple[Channel, ...]:
    """The channels; at least one must be the default."""
    if tree is None:
        problems.add(Place(FILE), "the file is missing; it names the channels to tell people by")
        return ()
    if not isinstance(tree, Map):
        if not isinstance(tree, Broken):
            problems.add(tree.place, f"{FILE} is one key per channel; found {describe(tree)}")
        return ()
    channels: list[Channel] = []
    for key, node in tree.entries:
        if key.text == "version":
            read_text(node, values.version, problems)
        else:
            channels += _channel(key, node, secrets, known_schemes, problems)
    whole = all(isinstance(node, Map) for key, node in tree.entries if key.text != "version")
    if whole and not any(channel.default for channel in channels):
        problems.add(Place(FILE), 'no channel is the default; write "default: true" in one of them')
    return tuple(channels)


def _channel(
    key: Scalar,
    node: Node,
    secrets: Secrets,
    known_schemes: Collection[str] | None,
    problems: Problems,
) -> list[Channel]:
    name = read_text(key, values.identifier, problems)
    fields = Fields(
        node,
        problems,
        what="a channel",
        allowed=KEYS,
        planned=PLANNED,
    )
    default = fields.optional("default", values.boolean, False)  # noqa: FBT003 - a value
    ops = fields.optional("ops", values.boolean, False)  # noqa: FBT003 - a value
    every = timedelta(minutes=30)
    if (digest := fields.node("digest")) is not None:
        section = Fields(
            digest, problems, what="digest", allowed=DIGEST_KEYS, planned=("max_items",)
        )
        every = section.optional("every", values.duration, every)

    def address(written: str) -> str:
        return _address(written, secrets, known_schemes)

    url = fields.required("url", address)
    # A broken one is returned too: rules may name it, and it may be the default.
    return (
        [Channel(ChannelName(name), url or "", default=default, digest_every=every, ops=ops)]
        if name
        else []
    )


def _address(written: str, secrets: Secrets, known_schemes: Collection[str] | None) -> str:
    """Messages never repeat the address beyond its scheme: the rest may be secret."""
    refuse_written_password(written)
    url = secrets.address(written).strip()
    scheme, colon, rest = url.partition(":")
    scheme = scheme.lower()
    if scheme == "console":
        if rest:
            raise ValueError('the console has no address; write "console:"')
        return "console:"
    if scheme == "file":
        if not rest.strip("/"):
            raise ValueError('a file channel needs a path, as in "file:alerts.log"')
        return f"file:{rest}"
    if not colon or not rest.startswith("//") or not rest.strip("/"):
        raise ValueError(
            "a channel's address is scheme://…, as in "
            '"tgram://${TELEGRAM_TOKEN}/${TELEGRAM_CHAT}", or "console:" or "file:alerts.log"'
        )
    _check_scheme(scheme if written.lower().startswith(scheme) else "", known_schemes, scheme)
    return url


def _check_scheme(said: str, known_schemes: Collection[str] | None, scheme: str) -> None:
    """`said` is the scheme if the file shows it: one out of a secret is not repeated."""
    if known_schemes is None or scheme in known_schemes:
        return
    if not said:
        raise ValueError("the address that this reference stands for has an unknown scheme")
    raise ValueError(unknown("kind of channel", said, [*OWN_SCHEMES, *sorted(known_schemes)]))
