"""outlets/*.yaml: who publishes, and where their feeds are."""

from dataclasses import dataclass, field

from monitor.config import values
from monitor.config.access import ACCESS_KEYS, read_access
from monitor.config.fields import Fields, read_text
from monitor.config.problems import Problems, shown
from monitor.config.secrets import Secrets
from monitor.config.selectors import read_page_rules, read_selectors
from monitor.config.source import Node, Scalar
from monitor.core.errors import Place
from monitor.core.model import Feed, Outlet, OutletId, Tier

FILE_KEYS = ("version", "outlets")
OUTLET_KEYS = ("id", "name", "country", "language", "tier", "credits", "pages", "feeds")
FEED_KEYS = (
    "url", "source", "verified", "enabled", "interval", "page", "aggregator", *ACCESS_KEYS,
)  # fmt: skip
CREDIT_LEAST = 2  # characters; one letter signs nothing
CREDIT_LIMIT = 80  # characters

_tier = values.choice("tier", Tier)


@dataclass(slots=True)
class Outlets:
    """What the outlet files said so far; `places` tells where an id or an address stood first."""

    outlets: dict[str, Outlet] = field(default_factory=dict)
    feeds: list[Feed] = field(default_factory=list)
    names: dict[str, Place] = field(default_factory=dict)
    addresses: dict[str, Place] = field(default_factory=dict)
    credits: dict[str, Place] = field(default_factory=dict)


def read_outlets(tree: Node, into: Outlets, *, secrets: Secrets, problems: Problems) -> None:
    """Adds one file."""
    top = Fields(tree, problems, what="an outlet file", allowed=FILE_KEYS)
    top.optional("version", values.version, 1)
    if not top.broken and "outlets" not in top:
        problems.add(top.place, 'an outlet file needs the key "outlets"')
    for node in top.items("outlets", what="outlets"):
        _outlet(node, into, secrets, problems)


def _outlet(node: Node, into: Outlets, secrets: Secrets, problems: Problems) -> None:
    fields = Fields(node, problems, what="an outlet", allowed=OUTLET_KEYS)
    identifier = fields.required("id", values.identifier)
    name = fields.required("name", values.text)
    country = fields.required("country", values.country)
    language = fields.required("language", values.language)
    tier = fields.required("tier", _tier)
    signatures = _credits(fields, into.credits, problems)
    pages = read_page_rules(fields.node("pages"), problems)
    if identifier is None:
        return
    _tell_twice(identifier, fields.node("id"), into.names, "the outlet", problems)
    if name and country and language and tier:
        into.outlets[identifier] = Outlet(
            OutletId(identifier), name, country, language, tier, signatures, pages
        )
    for feed in fields.items("feeds", what="feeds"):
        _feed(feed, OutletId(identifier), into, secrets, problems)


def _credits(fields: Fields, seen: dict[str, Place], problems: Problems) -> tuple[str, ...]:
    """The names in `credits`; each belongs to one outlet only, whatever its case."""
    found: list[str] = []
    for node in fields.items("credits", what="names"):
        name = read_text(node, _credit, problems)
        if name:
            _tell_twice(name.casefold(), node, seen, "the credit", problems)
            found.append(name)
    return tuple(found)


def _credit(written: str) -> str:
    name = " ".join(written.split())
    if not CREDIT_LEAST <= len(name) <= CREDIT_LIMIT:
        raise ValueError(
            f"found {shown(written)}; a credit is a name of {CREDIT_LEAST} to {CREDIT_LIMIT} "
            'characters, as in "Associated Press"'
        )
    return name


def _feed(
    node: Node, outlet: OutletId, into: Outlets, secrets: Secrets, problems: Problems
) -> None:
    fields = Fields(node, problems, what="a feed", allowed=FEED_KEYS)
    url = fields.required("url", values.web_address)
    if url:
        _tell_twice(
            values.same_address(url), fields.node("url"), into.addresses, "the feed", problems
        )
    feed = Feed(
        url or "",
        outlet,
        fields.optional("interval", values.duration, None),
        fields.optional("source", values.text, ""),
        fields.optional("verified", values.boolean, False),  # noqa: FBT003 - a value
        read_selectors(fields.node("page"), problems),
        fields.optional("aggregator", values.boolean, False),  # noqa: FBT003 - a value
        read_access(fields, secrets, problems),
    )
    # What is switched off is checked all the same: it must load when it is switched on again.
    if fields.optional("enabled", values.boolean, True) and url:  # noqa: FBT003 - a value
        into.feeds.append(feed)


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
