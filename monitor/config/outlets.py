"""outlets/*.yaml: who publishes, and where their feeds are."""

from dataclasses import dataclass, field
from datetime import timedelta

from monitor.config import values
from monitor.config.fields import Fields
from monitor.config.problems import Problems, shown
from monitor.config.source import Node, Scalar
from monitor.core.errors import Place
from monitor.core.model import Feed, Outlet, OutletId, Tier

OUTLET_KEYS = ("id", "name", "country", "language", "tier", "feeds")
FEED_KEYS = ("url", "source", "verified", "interval")
FEED_PLANNED = ("headers", "credentials", "proxy", "selector", "enabled")

_tier = values.choice("tier", Tier)


@dataclass(slots=True)
class Outlets:
    """What the outlet files said so far; `places` tells where an id or an address stood first."""

    outlets: dict[str, Outlet] = field(default_factory=dict)
    feeds: list[Feed] = field(default_factory=list)
    names: dict[str, Place] = field(default_factory=dict)
    addresses: dict[str, Place] = field(default_factory=dict)


def read_outlets(tree: Node, into: Outlets, *, interval: timedelta, problems: Problems) -> None:
    """Adds one file. `interval` is that of a feed that does not say its own."""
    top = Fields(tree, problems, what="an outlet file", allowed=("version", "outlets"))
    top.optional("version", values.version, 1)
    if not top.broken and "outlets" not in top:
        problems.add(top.place, 'an outlet file needs the key "outlets"')
    for node in top.items("outlets", what="outlets"):
        _outlet(node, into, interval, problems)


def _outlet(node: Node, into: Outlets, interval: timedelta, problems: Problems) -> None:
    fields = Fields(node, problems, what="an outlet", allowed=OUTLET_KEYS)
    identifier = fields.required("id", values.identifier)
    name = fields.required("name", values.text)
    country = fields.required("country", values.country)
    language = fields.required("language", values.language)
    tier = fields.required("tier", _tier)
    if identifier is None:
        return
    _tell_twice(identifier, fields.node("id"), into.names, "the outlet", problems)
    if name and country and language and tier:
        into.outlets[identifier] = Outlet(OutletId(identifier), name, country, language, tier)
    for feed in fields.items("feeds", what="feeds"):
        _feed(feed, OutletId(identifier), into, interval, problems)


def _feed(
    node: Node, outlet: OutletId, into: Outlets, interval: timedelta, problems: Problems
) -> None:
    fields = Fields(node, problems, what="a feed", allowed=FEED_KEYS, planned=FEED_PLANNED)
    url = fields.required("url", values.web_address)
    source = fields.optional("source", values.text, "")
    verified = fields.optional("verified", values.boolean, False)  # noqa: FBT003 - a value
    own = fields.optional("interval", values.duration, interval)
    if url:
        same = values.same_address(url)
        _tell_twice(same, fields.node("url"), into.addresses, "the feed", problems)
        into.feeds.append(Feed(url, outlet, own, source, verified))


def _tell_twice(
    name: str, node: Node | None, seen: dict[str, Place], what: str, problems: Problems
) -> None:
    if not isinstance(node, Scalar):
        return
    if name in seen:
        message = f"{what} {shown(node.text)} is already defined at {seen[name]}"
        problems.add(node.place, message)
    else:
        seen[name] = node.place
