"""channels.yaml: whom to tell, and through which service."""

from collections.abc import Collection, Sequence
from datetime import UTC, timedelta, tzinfo

from monitor.config import bots, calendars, escalation, proof, values
from monitor.config.fields import Fields, describe, read_text
from monitor.config.problems import Problems, shown, unknown
from monitor.config.secrets import Secrets
from monitor.config.settings import refuse_written_password
from monitor.config.source import Broken, Map, Node, Scalar
from monitor.config.styles import STYLE_KEYS, Templates, read_style
from monitor.core.errors import Place
from monitor.core.model import Budget, Channel, ChannelName, Fallback

FILE = "channels.yaml"
OWN_SCHEMES = ("console", "file")  # every other one is the notification library's
KEYS = (
    "url", "default", "ops", "pace", "budget", "fallback", "escalate", *bots.KEYS,
    *calendars.KEYS, *STYLE_KEYS, *proof.CHANNEL_KEYS,
)  # fmt: skip
BUDGET_KEYS = ("messages", "every")
FALLBACK_KEYS = ("channel", "after")
MOST_MESSAGES = 10_000  # of a budget
LONGEST_PACE = timedelta(hours=1)
FALLBACK_AFTER = timedelta(minutes=10)
PLANNED = ("kind",)


def read_channels(
    tree: Node | None,
    *,
    secrets: Secrets,
    known_schemes: Collection[str] | None,
    templates: Templates,
    problems: Problems,
    zone: tzinfo = UTC,
) -> tuple[Channel, ...]:
    """The channels; at least one must be the default. `zone` is that of times that name none."""
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
            channels += _channel(key, node, secrets, known_schemes, templates, problems, zone)
    _check_fallbacks(tree, channels, problems)
    _check_escalations(tree, channels, problems)
    whole = all(isinstance(node, Map) for key, node in tree.entries if key.text != "version")
    if whole and not any(channel.default for channel in channels):
        problems.add(Place(FILE), 'no channel is the default; write "default: true" in one of them')
    return tuple(channels)


def _channel(
    key: Scalar,
    node: Node,
    secrets: Secrets,
    known_schemes: Collection[str] | None,
    templates: Templates,
    problems: Problems,
    zone: tzinfo,
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
    fallback = _fallback(fields.node("fallback"), problems)
    peace = calendars.read(fields, problems, zone=zone, has_fallback="fallback" in fields)

    def address(written: str) -> str:
        return _address(written, secrets, known_schemes)

    url = fields.required("url", address)
    # A broken one is returned too: rules may name it, and it may be the default.
    if not name:
        return []
    return [
        Channel(
            ChannelName(name),
            url or "",
            default=default,
            peace=peace,
            ops=ops,
            pace=fields.optional("pace", _pace, timedelta()),
            budget=_budget(fields.node("budget"), problems),
            fallback=fallback,
            style=read_style(fields, templates, url or "", problems),
            escalation=escalation.read(fields.node("escalate"), values.identifier, problems),
            bot=bots.read(fields, url, problems),
            proof=proof.of_channel(fields),
        )
    ]


def _pace(written: str) -> timedelta:
    pace = values.duration(written)
    if pace > LONGEST_PACE:
        raise ValueError(f"found {shown(written)}; at most 1 hour may lie between two messages")
    return pace


def _budget(node: Node | None, problems: Problems) -> Budget | None:
    if node is None:
        return None
    fields = Fields(node, problems, what="a budget", allowed=BUDGET_KEYS)
    messages = fields.required("messages", values.number(least=1, most=MOST_MESSAGES))
    every = fields.required("every", values.duration)
    return None if messages is None or every is None else Budget(messages, every)


def _fallback(node: Node | None, problems: Problems) -> Fallback | None:
    if node is None:
        return None
    fields = Fields(node, problems, what="a fallback", allowed=FALLBACK_KEYS)
    name = fields.required("channel", values.identifier)
    after = fields.optional("after", values.duration, FALLBACK_AFTER)
    return None if name is None else Fallback(ChannelName(name), after)


def _check_fallbacks(tree: Map, channels: Sequence[Channel], problems: Problems) -> None:
    """A fallback is another channel of the file."""
    places = {key.text: node.place for key, node in tree.entries}
    names = [str(channel.name) for channel in channels]
    for channel in channels:
        if channel.fallback is None:
            continue
        place = _place_of_fallback(tree, channel.name) or places[channel.name]
        if channel.fallback.channel == channel.name:
            problems.add(place, "a channel cannot be its own fallback")
        elif channel.fallback.channel not in names:
            problems.add(place, unknown("channel", channel.fallback.channel, names))


def _check_escalations(tree: Map, channels: Sequence[Channel], problems: Problems) -> None:
    """Who is called is another channel of the file."""
    places = {key.text: node.place for key, node in tree.entries}
    names = [str(channel.name) for channel in channels]
    for channel in channels:
        place = _place_of(tree, channel.name, "escalate") or places[channel.name]
        for name in dict.fromkeys(name for step in channel.escalation for name in step.to):
            if name == channel.name:
                problems.add(place, "a channel cannot escalate to itself")
            elif name not in names:
                problems.add(place, unknown("channel", name, names))


def _place_of_fallback(tree: Map, name: str) -> Place | None:
    return _place_of(tree, name, "fallback", "channel")


def _place_of(tree: Map, *path: str) -> Place | None:
    node: Node | None = tree
    for wanted in path:
        entries = node.entries if isinstance(node, Map) else ()
        node = next((each for key, each in entries if key.text == wanted), None)
    return None if node is None else node.place


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
