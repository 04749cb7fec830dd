"""What the steps of the pipeline need, as they need it; app.py builds it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from monitor.adapters.fetcher import Response
from monitor.core.matcher import Matcher
from monitor.core.messages import Message
from monitor.core.model import Channel, ChannelName, Page, ParsedFeed, RuleId
from monitor.core.outbox import Outcome
from monitor.core.reach import Reach
from monitor.core.rules import Rule
from monitor.storage.engine import Database


class Fetch(Protocol):
    """Fetches one address; raises FetchError or FetchRefused."""

    def __call__(
        self,
        url: str,
        *,
        limit: int,
        accept: str | None = None,
        etag: str | None = None,
        last_modified: str | None = None,
    ) -> Response: ...


class Parse(Protocol):
    """Parses a feed's body; raises Permanent if it is none."""

    def __call__(self, body: bytes, *, url: str, content_type: str | None) -> ParsedFeed: ...


class Extract(Protocol):
    """Reads a page's body; raises Permanent if there is nothing to read."""

    def __call__(self, body: bytes, *, url: str, content_type: str | None) -> Page: ...


class Send(Protocol):
    """Hands a message to a channel and says what became of it."""

    def __call__(self, channel: Channel, message: Message, *, key: str) -> Outcome: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What the steps need, built in app.py. `now` and `chance` are the clock and the dice."""

    database: Database
    fetch: Fetch
    parse: Parse
    extract: Extract
    send: Send
    room: Callable[[Channel], int]  # characters of a message's body that a channel shows
    identify: Callable[[str, str | None], str | None]  # text, language to expect
    rules: Mapping[RuleId, Rule]
    matcher: Matcher
    channels: Mapping[ChannelName, Channel]
    reach: Reach
    now: Callable[[], datetime]
    chance: Callable[[], float]
    first_sight: timedelta
    host_spacing: timedelta
    story_window: timedelta
