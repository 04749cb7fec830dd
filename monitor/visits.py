"""How the pages behind entries are asked for: robots.txt, access, and what a refusal means."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from monitor.adapters import robots as robots_files
from monitor.adapters.failures import UNHEARD, UNREACHED, Failure, FetchError, FetchRefused
from monitor.adapters.fetcher import Outcome, Request, Response
from monitor.core import reading, timing
from monitor.core.errors import Permanent, Temporary
from monitor.core.model import Access, Feed, Page, PageRules
from monitor.core.text import clean
from monitor.storage import hosts
from monitor.storage.types import AnyRow
from monitor.storage.work import Claim
from monitor.watch import Watch, access_to

PAGE_LIMIT = 3_000_000  # bytes, after decompression
PAGE_TYPES = "text/html, application/xhtml+xml, */*;q=0.5"
HOST_BUDGET = timedelta(seconds=40)  # for one host's pages in one go; hosts rarely have two
PAGE_PATIENCE = timedelta(minutes=5)  # for an entry that waits for its host: an alert must not
OUTAGE_PATIENCE = timedelta(days=30)  # while our own network is down: as good as for ever
ROBOTS_LIMIT = 2_000_000  # bytes; what is longer is no robots.txt but an attack
ROBOTS_KEPT = timedelta(hours=24)  # RFC 9309, 2.4
ROBOTS_RETRIED = timedelta(hours=1)  # where a server failed to give it
SERVER_ERROR = 500
TOO_MANY_REQUESTS = 429

_OUT_OF_REACH = UNREACHED | {Failure.CLOSED}


@dataclass(frozen=True, slots=True)
class Wanted:
    """An entry on its way to being an article."""

    claim: Claim
    feed: Feed  # that shows it
    outlet: AnyRow  # the feed's
    name: str  # the identity of its article
    known: AnyRow | None  # the article, if there is one
    began: datetime  # when its reading did
    etag: str | None = None  # of the page as it was, where it is read again
    last_modified: str | None = None

    @property
    def host(self) -> str | None:
        """Whom its page is asked of; None: nobody."""
        name: str | None = self.claim.row.host
        return name


Found = Response | Page | Permanent | Temporary  # an answer, or what stands for a page without one
Visit = tuple[Wanted, Found]
_Robots = str | None | Permanent | Temporary  # None: it cannot be had now


def visit(watch: Watch, wanted: Sequence[Wanted]) -> Iterator[list[Visit]]:
    """Ask for the pages behind entries, hosts beside each other; what comes in together, together.

    Hosts whose robots.txt has to be asked for first come last: they keep nobody waiting.
    """
    with watch.database.read() as connection:
        rows = hosts.by_name(connection, {each.host for each in wanted if each.host})
    kept: dict[str, _Robots] = {
        name: row.robots for name, row in rows.items() if _is_fresh(row, watch.now())
    }
    strangers = [
        each
        for each in wanted
        if each.host is not None and each.host not in kept and _respects_robots(watch, each)
    ]
    later = {each.claim.key for each in strangers}
    yield from _visit(watch, [each for each in wanted if each.claim.key not in later], kept)
    if strangers:
        yield from _visit(watch, strangers, _ask_robots(watch, strangers, rows))


def _visit(
    watch: Watch, wanted: Sequence[Wanted], robots: Mapping[str, _Robots]
) -> Iterator[list[Visit]]:
    barred: list[Visit] = []
    free: list[Wanted] = []
    for each in wanted:
        if (instead := _instead(watch, each, robots)) is not None:
            barred.append((each, instead))
        else:
            free.append(each)
    if barred:
        yield barred
    requests = [_request(watch, each) for each in free]
    for group in watch.fetch_all(requests, budget=HOST_BUDGET):
        yield [(free[number], _found(free[number], outcome)) for number, outcome in group]


def _instead(watch: Watch, each: Wanted, robots: Mapping[str, _Robots]) -> Found | None:
    """What an entry has to do with instead of its page; None: the page may be asked for."""
    if each.host is None:
        return reading.UNREAD
    if not _respects_robots(watch, each):
        return None
    told = robots[each.host]
    if isinstance(told, Permanent | Temporary):
        return told
    rules, url = watch.page_rules(each.feed.outlet), each.claim.row.url
    agent = rules.user_agent or each.feed.access.user_agent or watch.user_agent
    if told is None:
        return Page(url=url, quality="robots.txt could not be read")
    if watch.may_fetch(told, url, agent):
        return None
    return Page(url=url, quality="robots.txt forbids it")


def _request(watch: Watch, each: Wanted) -> Request:
    url = each.claim.row.url
    access = access_of(url, each.feed, watch.page_rules(each.feed.outlet))
    return Request(
        url,
        limit=PAGE_LIMIT,
        accept=PAGE_TYPES,
        etag=each.etag,
        last_modified=each.last_modified,
        access=access,
    )


def _found(each: Wanted, outcome: Outcome) -> Found:
    if outcome is None:
        return Temporary(f"{each.host} was asked for another page just now")
    url = each.claim.row.url
    if isinstance(outcome, Response) and _is_front(outcome.url) and not _is_front(url):
        return Page(url=outcome.url, quality="front page")
    return outcome


def _is_front(url: str) -> bool:
    """Whether an address is a site's front page: where articles that are gone often lead."""
    parts = urlsplit(url)
    return parts.path in {"", "/"} and not parts.query


def access_of(url: str, source: Feed, rules: PageRules) -> Access:
    """How a page is asked for: what the feed needs to get in goes to the feed's own origin only."""
    access = access_to(url, source)
    return replace(access, user_agent=rules.user_agent or access.user_agent)


# --- robots.txt -----------------------------------------------------------------------------------


def _respects_robots(watch: Watch, each: Wanted) -> bool:
    rules = watch.page_rules(each.feed.outlet)
    return watch.respect_robots if rules.respect_robots is None else rules.respect_robots


def _is_fresh(host: AnyRow, now: datetime) -> bool:
    kept_for = ROBOTS_KEPT if host.robots is not None else ROBOTS_RETRIED
    return host.robots_at is not None and host.robots_at > now - kept_for


def _ask_robots(
    watch: Watch, strangers: Sequence[Wanted], rows: Mapping[str, AnyRow]
) -> dict[str, _Robots]:
    """The robots.txt of hosts, asked for once a day; what hinders it where no page may be asked.

    One that breaks off twice counts as not there for an hour: some small servers drop whoever asks
    for what they do not know.
    """
    now = watch.now()
    requests = {each.host: _robots_request(watch, each) for each in strangers if each.host}
    outcomes = _asked(watch, requests)
    outcomes |= _asked(
        watch, {name: requests[name] for name, told in outcomes.items() if _broke_off(told)}
    )
    told = {name: _robots_in(outcome, rows[name]) for name, outcome in outcomes.items()}
    hourly = now - ROBOTS_KEPT + ROBOTS_RETRIED
    kept = [
        (name, each, hourly if _broke_off(outcomes[name]) else now)
        for name, each in told.items()
        if not isinstance(each, Permanent | Temporary)
    ]
    watch.database.write(lambda tx: hosts.keep_robots(tx, kept), announce=False)
    return told


def _robots_request(watch: Watch, each: Wanted) -> Request:
    url = each.claim.row.url
    access = replace(access_of(url, each.feed, watch.page_rules(each.feed.outlet)), headers={})
    return Request(robots_files.address(url), limit=ROBOTS_LIMIT, access=access)


def _asked(watch: Watch, requests: Mapping[str, Request]) -> dict[str, Outcome]:
    names = list(requests)
    return {
        names[number]: outcome
        for group in watch.fetch_all(list(requests.values()), budget=HOST_BUDGET)
        for number, outcome in group
    }


def _broke_off(outcome: Outcome) -> bool:
    return isinstance(outcome, FetchError) and outcome.kind is Failure.MALFORMED


def _robots_in(outcome: Outcome, host: AnyRow) -> _Robots:
    """What an answer says, as RFC 9309 has it; None where the host cannot give it now.

    One that is not there (4xx) allows everything, a failing server what it allowed before. An error
    where the host cannot be reached or wants to be left alone.
    """
    if outcome is None:
        return Temporary(f"{host.name} was asked for another robots.txt just now")
    if isinstance(outcome, Response):
        body = outcome.body[: robots_files.SIZE_LIMIT]  # all that RFC 9309 asks for
        return clean(body.decode("utf-8", "replace"))
    if isinstance(outcome, FetchRefused):
        return ""
    if outcome.kind in _OUT_OF_REACH or outcome.status == TOO_MANY_REQUESTS:
        return outcome
    failing = outcome.status is not None and outcome.status >= SERVER_ERROR
    before: str | None = host.robots
    return before if failing or outcome.kind is Failure.TOO_LARGE else ""


# --- a page that could not be had -----------------------------------------------------------------


def patience(watch: Watch) -> timedelta:
    """How long an entry waits for its page, before the feed's own words must do.

    While our own network is down nothing can be fetched, and hardly anything sent; what waited for
    its end has all the patience again.
    """
    lost = watch.reach.lost_since(watch.now() - PAGE_PATIENCE)
    return OUTAGE_PATIENCE if lost else PAGE_PATIENCE


def waits_for_network(watch: Watch, each: Wanted, error: Temporary | Permanent) -> bool:
    """Whether it is our own network that keeps a page from us, or may be, for all that is known.

    It is not if somebody has answered since the last try. Who cannot tell waits no longer than an
    alert may.
    """
    kind = error.kind if isinstance(error, FetchError | FetchRefused) else None
    with watch.reaching:
        lost = watch.reach.lost_since(each.began)
        heard = watch.reach.heard_since(each.began - timing.FIRST_RETRY / 2)  # the shortest pause
    if lost:
        return kind in UNHEARD
    overdue = watch.now() - each.claim.row.not_before >= PAGE_PATIENCE
    return kind in UNREACHED and not heard and not overdue


def may_help(error: Temporary | Permanent) -> bool:
    """Whether a page is worth another try: a bot check is not, it would only grow stricter."""
    if not isinstance(error, Temporary):
        return False
    walled = isinstance(error, FetchError) and error.kind is Failure.WALL
    return not walled and (error.retry_after or timedelta()) <= PAGE_PATIENCE


def leave_alone(watch: Watch, host: str, error: Temporary | Permanent) -> datetime:
    """Let a host rest that refused a page; when its next page may be asked for.

    A bot check often stands before the pages alone: the feeds are polled on.
    """
    now = watch.now()
    if not isinstance(error, FetchError) or not error.wants_rest:
        return now + watch.host_spacing
    if error.kind is Failure.WALL and not error.retry_after:
        return now + timing.WALL_PAUSE
    refused_by = error.host or host
    rested_until: datetime = watch.database.write(
        lambda tx: hosts.rest(tx, refused_by, after=error.retry_after, now=now),
        announce=False,
    )
    return rested_until
