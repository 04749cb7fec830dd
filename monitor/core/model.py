"""The nouns of the program, one dataclass each; docs/glossary.md explains them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

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


@dataclass(frozen=True, slots=True)
class Outlet:
    """Who publishes. `country` is ISO 3166 alpha-2, `language` BCP 47."""

    id: OutletId
    name: str
    country: str
    language: str
    tier: Tier


@dataclass(frozen=True, slots=True)
class Feed:
    """One address of an outlet that lists items."""

    url: str
    outlet: OutletId
    interval: timedelta
    source: str = ""  # where the address was found, for the person who keeps the list
    verified: bool = False


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


@dataclass(frozen=True, slots=True)
class Page:
    """What reading one web page gave. `completeness` and `quality` say how well it went.

    `quality` is "ok", or why the text was not used: "empty", "too short", "cookie wall",
    "paywall", "error page", "not a page".
    """

    url: str
    canonical_url: str | None = None
    title: str | None = None
    text: str | None = None
    language: str | None = None
    published: datetime | None = None
    modified: datetime | None = None
    authors: tuple[str, ...] = ()
    outlet: str | None = None
    section: str | None = None
    completeness: Completeness = Completeness.TITLE
    quality: str = "empty"


@dataclass(frozen=True, slots=True)
class Document:
    """The fields of an article that rules look at, exactly as stored (spans point into them)."""

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


@dataclass(frozen=True, slots=True)
class Evidence:
    """What made a match true. `start` and `end` are code points into the stored `field`."""

    field: str
    start: int
    end: int
    quote: str
    why: str


@dataclass(frozen=True, slots=True)
class Match:
    """One article satisfying one rule, with its evidence."""

    rule: RuleId
    version: str
    severity: Severity
    strength: Strength
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Channel:
    """One target of notifications. `url` holds secrets: it is never shown or logged."""

    name: ChannelName
    url: str = field(repr=False)
    default: bool = False
    digest_every: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """What one poll's body held. `cut` counts items left out because the feed lists too many."""

    entries: tuple[Entry, ...]
    title: str | None = None
    language: str | None = None
    cut: int = 0
