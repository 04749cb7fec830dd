"""The nouns of the program, one dataclass each; docs/glossary.md explains them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NewType

from monitor.core.hours import PEACE, Peace

if TYPE_CHECKING:
    from monitor.core.knowledge import Event  # which knows terms, and these know documents

FeedId = NewType("FeedId", int)
EntryId = NewType("EntryId", int)
ArticleId = NewType("ArticleId", int)
StoryId = NewType("StoryId", int)
AlertId = NewType("AlertId", int)
DeliveryId = NewType("DeliveryId", int)
OutletId = NewType("OutletId", str)
RuleId = NewType("RuleId", str)
ChannelName = NewType("ChannelName", str)


class Tier(StrEnum):
    """What kind of publisher an outlet is."""

    OFFICIAL = "official"
    WIRE = "wire"
    NATIONAL = "national"
    INDEPENDENT = "independent"
    STATE_MEDIA = "state_media"
    THINK_TANK = "think_tank"
    AGGREGATOR = "aggregator"


class Completeness(StrEnum):
    """How much of an article we got."""

    FULL = "full"
    SUMMARY = "summary"
    TITLE = "title"


class Severity(StrEnum):
    """How urgent a rule is; `rank` orders them, 0 is the most urgent."""

    CRITICAL = "critical"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


class Strength(StrEnum):
    """Strong: title and lead carry the match. Weak: only the body does."""

    STRONG = "strong"
    WEAK = "weak"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRules:
    """How the pages of one outlet are read, where the usual way does not do.

    `keep` and `drop` are CSS selectors: the part of the page that holds the article, and parts
    that do not belong to it.
    """

    keep: str | None = None
    drop: tuple[str, ...] = ()
    user_agent: str | None = None
    feed_text_full: bool = False  # the feed carries the whole text: no page is fetched
    headline_only: bool = False  # no page is fetched, the feed's words are all there is
    respect_robots: bool | None = None  # None: as fetch.respect_robots says


@dataclass(frozen=True, slots=True)
class Outlet:
    """Who publishes. `country` is ISO 3166 alpha-2, `language` BCP 47.

    `credits` are the names by which others sign its copy ("AP", "Associated Press").
    """

    id: OutletId
    name: str
    country: str
    language: str
    tier: Tier
    credits: tuple[str, ...] = ()
    pages: PageRules = PageRules()


@dataclass(frozen=True, slots=True, kw_only=True)
class Selectors:
    """Where a plain page lists its items, as CSS selectors.

    `items` is asked of the page, the others of each item. `date_format` is strptime's; without it
    common forms and a `datetime` attribute are understood.
    """

    items: str
    link: str = "a"
    title: str | None = None  # None: the text of the link
    date: str | None = None
    date_format: str | None = None
    summary: str | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """How an address is asked for, beyond the usual. `headers` and `proxy` may hold secrets."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    proxy: str | None = field(default=None, repr=False)
    user_agent: str | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """One address of an outlet that lists items.

    `interval` is the longest between two polls that the feed asks for itself, None where it is
    left to the settings. Entries of an `aggregator` stay headlines unless the publisher's own
    address is in them.
    """

    url: str
    outlet: OutletId
    interval: timedelta | None = None
    source: str = ""  # where the address was found, for the person who keeps the list
    verified: bool = False
    page: Selectors | None = None
    aggregator: bool = False
    access: Access = Access()


@dataclass(frozen=True, slots=True)
class Entry:
    """One item as a feed showed it. Absent values are None; times are aware UTC."""

    guid: str | None
    url: str | None
    title: str
    summary: str | None = None
    author: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    language: str | None = None
    text: str | None = None  # the whole text, where the feed carries it and it was asked for
    publisher: str | None = None  # whom an aggregator names as the source


@dataclass(frozen=True, slots=True)
class Page:
    """What reading one web page gave. `completeness` and `quality` say how well it went.

    `quality` is "ok", or why the text was not used: "empty", "too short", "cookie wall",
    "paywall", "error page", "bot check", "login page", "front page", "wrong language" (the text is
    kept), "boilerplate", "not a page".
    """

    url: str
    canonical_url: str | None = None
    title: str | None = None
    text: str | None = None
    language: str | None = None
    published: datetime | None = None
    published_by: str | None = None  # what said so: "page", "markup" or "address"
    modified: datetime | None = None
    authors: tuple[str, ...] = ()
    outlet: str | None = None
    section: str | None = None
    completeness: Completeness = Completeness.TITLE
    quality: str = "empty"


@dataclass(frozen=True, slots=True)
class Document:
    """The fields of an article that rules look at, exactly as stored (spans point into them).

    `published`: the day in UTC, for names that age.
    """

    title: str
    summary: str | None = None
    text: str | None = None
    section: str | None = None
    author: str | None = None
    url: str | None = None
    language: str | None = None
    outlet: str | None = None  # the outlet's id
    tier: str | None = None
    country: str | None = None
    published: date | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What made a match true. `start` and `end` are code points into the stored `field`.

    `case`: it also decided that the match is so urgent.
    """

    field: str
    start: int
    end: int
    quote: str
    why: str
    case: Severity | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """One article satisfying one rule, with its evidence, and the event that it is about.

    That is the first that made a rule with `event` true; rules about words alone have none.
    """

    rule: RuleId
    version: str
    severity: Severity
    strength: Strength
    evidence: tuple[Evidence, ...]
    event: "Event | None" = None


class Language(StrEnum):
    """In what our own words of a message are; headlines and quotations stay as they are."""

    ENGLISH = "en"
    SPANISH = "es"


@dataclass(frozen=True, slots=True)
class Template:
    """A layout of the user's own: the file it stands in, for messages, and its text."""

    name: str
    source: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Style:
    """How a channel's messages look."""

    language: Language = Language.ENGLISH
    template: Template | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a channel has to do with showing that the watch lives.

    `canary`: gets the canaries. `notes`: hears when the watch starts and stops. After so long
    without a message, `silent_after`, people are told by another channel.
    """

    canary: bool = False
    notes: bool = False
    silent_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """One target of notifications. `url` holds secrets: it is never shown or logged.

    `ops`: hears how the watch itself is doing. `peace`: when it wants its messages. `pace` lies
    between two messages at least; `fallback` gets what this one could not be given; the steps of
    `escalation` follow what nobody acknowledges; `style` is how messages look.
    """

    name: ChannelName
    url: str = field(repr=False)
    default: bool = False
    peace: Peace = PEACE
    ops: bool = False
    pace: timedelta = timedelta()
    budget: "Budget | None" = None
    fallback: "Fallback | None" = None
    style: Style = Style()
    escalation: "tuple[Step, ...]" = ()
    bot: "Bot | None" = None
    proof: Proof = Proof()


@dataclass(frozen=True, slots=True)
class Budget:
    """At most so many messages in any span that begins with one: a provider's own limit."""

    messages: int
    every: timedelta


@dataclass(frozen=True, slots=True)
class Fallback:
    """Who gets a message that another channel has not taken `after` so long."""

    channel: ChannelName
    after: timedelta


@dataclass(frozen=True, slots=True)
class Step:
    """Who is told `after` a message that nobody has acknowledged by then."""

    after: timedelta
    to: tuple[ChannelName, ...]


@dataclass(frozen=True, slots=True)
class Bot:
    """A Telegram bot behind a channel: where its API is, and whether its chat may answer."""

    api: str
    answers: bool = False


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """What one poll's body held.

    `entries` are those that need a look, because their `marks` were not known; `cut` counts items
    left out because the feed lists too many. `marks` are fingerprints of the whole content of all
    items not cut, eight bytes each, in the order of the feed; `newest` say who the newest few are,
    by guid and by address, by their marks where these tell nothing; eight bytes each. `overlapped`:
    one of the newest of an earlier poll is still listed; None where none were given.
    """

    entries: tuple[Entry, ...]
    title: str | None = None
    language: str | None = None
    cut: int = 0
    marks: bytes = b""
    newest: bytes = b""
    overlapped: bool | None = None
