"""What the steps of the pipeline need, as they need it; app.py builds it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol, TypedDict
from urllib.parse import urlsplit

from monitor.adapters import fetcher
from monitor.adapters.bodies import Body, Extracted, PageBody, Parsed
from monitor.adapters.fetcher import Request, Response
from monitor.core import urls
from monitor.core.canaries import Schedule
from monitor.core.contents import Content
from monitor.core.gist import Gists
from monitor.core.hours import RuleHours
from monitor.core.knowledge import Knowledge
from monitor.core.matcher import Matcher
from monitor.core.messages import Message
from monitor.core.model import (
    Access,
    Channel,
    ChannelName,
    Feed,
    Outlet,
    OutletId,
    PageRules,
    RuleId,
)
from monitor.core.outbox import Outcome
from monitor.core.particulars import Reader
from monitor.core.reach import Reach
from monitor.core.rules import Rule
from monitor.core.timing import Bounds
from monitor.recent import Recent
from monitor.storage.engine import Database
from monitor.storage.grouping import LiveStories
from monitor.storage.work import Claim


class FetchAll(Protocol):
    """Asks many hosts beside each other, one host's addresses one after another.

    Yields groups of (index, outcome) as answers come in; None: not asked, its host took too long.
    """

    def __call__(
        self, requests: Sequence[Request], *, budget: timedelta
    ) -> Iterator[list[tuple[int, fetcher.Outcome]]]: ...


class Send(Protocol):
    """Hands a message to a channel and says what became of it."""

    def __call__(self, channel: Channel, message: Message, *, key: str) -> Outcome: ...


class Dress(Protocol):
    """Puts what is said into the form of a channel, in `room` characters of a body."""

    def __call__(
        self,
        channel: Channel,
        content: Content,
        *,
        room: int,
        now: datetime,
        thread: tuple[str, ...] = (),
    ) -> Message: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What the steps need, built in app.py. `now` and `chance` are the clock and the dice.

    An edit of the configuration makes another one; a step ends with the one it began with.
    """

    database: Database
    told: Recent  # what messages said a moment ago
    fetch: Callable[[Request], Response]  # raises FetchError or FetchRefused
    fetch_all: FetchAll
    parse_all: Callable[[Sequence[Body]], Sequence[Parsed]]  # in the order given
    extract_all: Callable[[Sequence[PageBody]], Sequence[Extracted]]  # the same
    send: Send
    dress: Dress
    room: Callable[[Channel], int]  # characters of a message's body that a channel shows
    identify: Callable[[str, str | None], str | None]  # text, language to expect
    may_fetch: Callable[[str, str, str], bool]  # robots.txt, address, user agent
    feeds: Mapping[str, Feed]  # by address
    outlets: Mapping[OutletId, Outlet]
    credits: Mapping[str, Sequence[str]]  # agency's outlet id -> the names that sign its copy
    bounds: Callable[[Feed], Bounds]  # of a feed's polling interval
    rules: Mapping[RuleId, Rule]
    quiet: Mapping[RuleId, Sequence[RuleHours]]  # of the rules that have hours of their own
    knowledge: Knowledge  # what finds events
    matcher: Matcher
    particulars: Reader  # what tells one event of a kind from another
    gists: Gists
    matching: Lock  # held while an article is matched: one thread at a time
    channels: Mapping[ChannelName, Channel]
    ops: Sequence[Channel]  # who hears how the watch itself is doing
    stories: LiveStories  # asked in triage's transaction alone
    reach: Reach
    reaching: Lock  # held while `reach` is asked or told
    now: Callable[[], datetime]
    chance: Callable[[], float]
    first_sight: timedelta
    user_agent: str
    respect_robots: bool
    host_spacing: timedelta
    story_window: timedelta
    canaries: Schedule

    def feed_at(self, url: str, outlet: str) -> Feed:
        """A configured feed; one that only another process is configured for has no wishes."""
        return self.feeds.get(url) or Feed(url, OutletId(outlet))

    def page_rules(self, outlet: OutletId) -> PageRules:
        """How the pages of an outlet are read."""
        found = self.outlets.get(outlet)
        return PageRules() if found is None else found.pages


class Configured(TypedDict):
    """What a watch takes from the configuration, so that an edit can replace it."""

    feeds: Mapping[str, Feed]
    outlets: Mapping[OutletId, Outlet]
    credits: Mapping[str, Sequence[str]]
    bounds: Callable[[Feed], Bounds]
    rules: Mapping[RuleId, Rule]
    quiet: Mapping[RuleId, Sequence[RuleHours]]  # of the rules that have hours of their own
    knowledge: Knowledge
    matcher: Matcher
    particulars: Reader
    gists: Gists
    matching: Lock
    channels: Mapping[ChannelName, Channel]
    ops: Sequence[Channel]
    first_sight: timedelta
    respect_robots: bool
    host_spacing: timedelta
    story_window: timedelta
    canaries: Schedule


def access_to(url: str, source: Feed) -> Access:
    """How an address is asked for that a feed led to: its headers are for its own origin only."""
    own = urlsplit(url).scheme.lower() == urlsplit(source.url).scheme.lower()
    own = own and urls.host(url) == urls.host(source.url)
    return source.access if own else replace(source.access, headers={})


@dataclass(frozen=True, slots=True)
class Share:
    """Part of the rows that one thread has claimed, and what ends the claims of any of them.

    It is called for all at once, and if that breaks, for each: one bad row must not spoil others.
    """

    claims: Sequence[Claim]
    end: Callable[[Sequence[Claim]], None]
