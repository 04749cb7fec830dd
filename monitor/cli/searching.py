"""One discovery: which addresses are tried, in which order, and when it is enough."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from monitor.core.errors import Permanent, Temporary

if TYPE_CHECKING:
    from monitor.adapters.discovery import How, Lead
    from monitor.adapters.fetcher import Fetcher, Response
    from monitor.adapters.workers import Workers
    from monitor.config.settings import Settings
    from monitor.core.model import ParsedFeed, Selectors

REQUEST_LIMIT = 25  # requests of one discovery
TIME_LIMIT = timedelta(minutes=2)  # of one discovery; the request under way may end after it
SAMPLE = 80  # characters of a headline that is shown
PAGE = "plain page"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address that was tried: what it gave, or why it is no feed."""

    url: str
    how: str
    kind: str = ""
    parsed: "ParsedFeed | None" = None
    selectors: "Selectors | None" = None
    failure: str | None = None

    @property
    def newest(self) -> datetime | None:
        dates = [each.published for each in self.parsed.entries] if self.parsed else []
        return max((each for each in dates if each), default=None)

    @property
    def sample(self) -> str:
        titles = (each.title for each in self.parsed.entries) if self.parsed else iter(())
        return next(filter(None, titles), "")[:SAMPLE]


class Search:
    """One discovery: asks one address after the other, with a `pause` before each but the first."""

    def __init__(self, fetcher: "Fetcher", pool: "Workers", *, pause: Callable[[], object]) -> None:
        self._fetcher = fetcher
        self._pool = pool
        self.pause = pause
        self._ends = time.monotonic() + TIME_LIMIT.total_seconds()
        self._seen: set[str | bytes] = set()  # addresses asked, and bodies that came
        self.requests = 0

    @property
    def exhausted(self) -> bool:
        """Whether more might have been found with more requests or time."""
        return self.requests >= REQUEST_LIMIT or time.monotonic() >= self._ends

    def run(self, url: str) -> list[Candidate]:
        """Every address tried, in that order; raises what fetching `url` itself raises.

        The usual addresses are tried only where the site itself shows no feed, and ways to read
        the page as a list only where there is none at all.
        """
        from monitor.adapters import discovery

        page = self.get(url)
        itself = self.read(page, how=discovery.How.GIVEN)
        if itself.parsed is not None:
            return [itself]
        kind = page.headers.get("content-type")
        found = list(self._follow(self._seen_in(page, discovery.page_leads, content_type=kind)))
        found += self._sitemaps(page.url)
        if not any(each.parsed for each in found):
            found += self._until_one_works(discovery.usual_leads(page.url))
        if not any(each.parsed for each in found):
            found += self._layouts(page)
        return found

    def get(self, url: str) -> "Response":
        """Fetch an address as the daemon fetches feeds. Raises Temporary or Permanent."""
        from monitor.adapters.fetcher import Request
        from monitor.polling import FEED_LIMIT, FEED_TYPES

        if self.requests:
            self.pause()
        self.requests += 1
        self._seen.add(url)
        response = self._fetcher.get(Request(url, limit=FEED_LIMIT, accept=FEED_TYPES))
        self._seen.add(response.url)
        return response

    def read(
        self, response: "Response", *, how: "How", selectors: "Selectors | None" = None
    ) -> Candidate:
        """What the daemon would read in an answer."""
        from monitor.adapters import discovery, workers

        url, told = response.permanent_url or response.url, response.headers.get("content-type")
        kind = PAGE if selectors else discovery.kind(response.body)
        try:
            parsed = self._pool.run(
                workers.parse_feed,
                response.body,
                url=response.url,
                content_type=told,
                selectors=selectors,
            )
        except (Permanent, Temporary) as error:
            return Candidate(url, how, kind, failure=str(error))
        if not parsed.entries:
            return Candidate(url, how, kind, failure="it lists nothing")
        return Candidate(url, how, kind, parsed=parsed, selectors=selectors)

    def _follow(self, leads: Iterable["Lead"]) -> Iterator[Candidate]:
        """Try addresses; a sitemap index is answered by the news sitemaps that it lists."""
        from monitor.adapters import discovery

        for lead in leads:
            if lead.url in self._seen or self.exhausted:
                continue
            try:
                response = self.get(lead.url)
            except (Permanent, Temporary) as error:
                yield Candidate(lead.url, lead.how, failure=str(error))
                continue
            if response.body in self._seen:
                continue
            self._seen.add(response.body)
            children: tuple[Lead, ...] = ()
            if lead.how is not discovery.How.INDEX:  # an index in an index: no further
                children = self._seen_in(response, discovery.index_leads)
            if children:
                yield from self._follow(children)
            else:
                yield self.read(response, how=lead.how)

    def _seen_in(
        self, response: "Response", look: Callable[..., tuple[T, ...]], **how: Any
    ) -> tuple[T, ...]:
        """What a function sees in a body, in a worker; nothing where it is too much for it."""
        try:
            return self._pool.run(look, response.body, url=response.url, **how)
        except (Permanent, Temporary):
            return ()

    def _until_one_works(self, leads: Iterable["Lead"]) -> Iterator[Candidate]:
        for candidate in self._follow(leads):
            yield candidate
            if candidate.parsed is not None:
                return

    def _sitemaps(self, url: str) -> list[Candidate]:
        """News sitemaps: those that robots.txt lists, else the usual ones."""
        from monitor.adapters import discovery, robots

        listed: tuple[Lead, ...] = ()
        try:
            listing = self.get(robots.address(url))
        except (Permanent, Temporary):
            pass  # most sites have one, none must
        else:
            listed = self._seen_in(listing, discovery.robots_leads)
        found = list(self._follow(listed))
        if not any(each.parsed for each in found):
            found += self._until_one_works(discovery.sitemap_leads(url))
        return found

    def _layouts(self, page: "Response") -> list[Candidate]:
        from monitor.adapters import discovery, layouts

        kind = page.headers.get("content-type")
        proposed = self._seen_in(page, layouts.layouts, content_type=kind)
        tried = (
            self.read(page, how=discovery.How.GIVEN, selectors=each.selectors) for each in proposed
        )
        return [each for each in tried if each.parsed is not None]


@contextmanager
def searching(settings: "Settings") -> Iterator[Search]:
    """A search with a fetcher and a worker process of its own."""
    from monitor.adapters.fetcher import Fetcher
    from monitor.adapters.workers import Workers

    spacing = settings.host_spacing.total_seconds()
    pool = Workers(1)
    try:
        with Fetcher(
            user_agent=settings.fetch_user_agent,
            deadline=settings.fetch_deadline,
            connections=1,
            allow=settings.fetch_allow,
        ) as fetcher:
            yield Search(fetcher, pool, pause=lambda: time.sleep(spacing))
    finally:
        pool.close()
