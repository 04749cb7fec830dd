"""The one place that speaks HTTP for the program: `Fetcher.get` and `Fetcher.get_all` (aiohttp).

aiohttp runs in an event loop of its own, in one daemon thread; callers see plain functions that
any number of threads may call. A request has one total deadline, one cap on bytes, at most five
redirects, and reaches public addresses only.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
from yarl import URL

from monitor.adapters import networks
from monitor.adapters.addresses import destination, proxy_address, same_origin, web_address
from monitor.adapters.answers import Response, usable
from monitor.adapters.failures import (
    Failure,
    FetchError,
    FetchRefused,
    closed,
    private,
    too_large,
)
from monitor.adapters.handover import Handover
from monitor.adapters.headers import validators, with_own
from monitor.adapters.sessions import IsPublic, Sessions, explained
from monitor.adapters.walls import START_LIMIT
from monitor.core.model import Access

__all__ = ["Failure", "FetchError", "FetchRefused", "Fetcher", "Outcome", "Request", "Response"]

REDIRECT_LIMIT = 5  # hops after the first request
REFUSAL_TIME = 1.0  # seconds for the page that comes with an error status
GROUP_BURST = 3  # requests to one host without pauses, as any browser makes them …
GROUP_SPACING = 0.2  # … then seconds between two, well within what it keeps open
NAME_THREADS = 64  # name look-ups at once; the loop's default of 6 starves behind slow resolvers

_USUAL = Access()
_GOOD = frozenset({HTTPStatus.OK, HTTPStatus.NOT_MODIFIED})  # of nearly all answers
_PERMANENT_REDIRECTS = frozenset({HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT})
_REDIRECTS = _PERMANENT_REDIRECTS | {
    HTTPStatus.FOUND,
    HTTPStatus.SEE_OTHER,
    HTTPStatus.TEMPORARY_REDIRECT,
}


@dataclass(frozen=True, slots=True)
class Request:
    """One address to ask for; `limit` caps the body in bytes, as sent and as decompressed."""

    url: str
    limit: int
    accept: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    access: Access = _USUAL


Outcome = Response | FetchError | FetchRefused | None


@dataclass(frozen=True, slots=True)
class _Ask:
    """A request made ready. `headers` are for its own origin, `bare` for where it is sent on."""

    url: URL
    headers: Mapping[str, str]
    bare: Mapping[str, str]
    limit: int
    conditional: bool
    proxy: URL | None


T = TypeVar("T")
_Group = list[tuple[int, _Ask]]
_Put = Callable[[tuple[int, Outcome]], None]


class Fetcher:
    """Fetches for the whole program, from any thread; close it, or use it in a `with`.

    `deadline` is the total time of one request, from the first name look-up to the last byte, all
    redirects included; waiting for one of the `connections` comes before it. A quarter of them is
    left to `get` while `get_all` is busy. `allow` holds exact (host, port) pairs, the host as the
    address writes it, that may be private.

    With `Access.proxy` the proxy connects, not we: it may be private itself, and of the target
    only the spelling can be judged. Literal private addresses and localhost are refused; what a
    name means there is the administrator's to know.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        deadline: timedelta,
        connections: int,
        allow: frozenset[tuple[str, int]] = frozenset(),
        is_public: IsPublic = networks.is_public,
    ) -> None:
        self._user_agent = user_agent
        self._deadline = deadline.total_seconds()
        self._allow = frozenset((host.lower(), port) for host, port in allow)
        self._is_public = is_public
        self._slots = asyncio.Semaphore(connections)
        self._group_slots = asyncio.Semaphore(connections - connections // 4)
        self._single = Sessions(is_public, keep=False)
        self._kept: set[Sessions] = set()  # of the groups under way
        self._closed = False
        self._submitting = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(ThreadPoolExecutor(NAME_THREADS, "fetcher-names"))
        self._thread = threading.Thread(target=self._serve, name="fetcher", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End at once; requests under way and later ones fail with FetchError (shutting down)."""
        with self._submitting:
            if not self._closed:
                self._closed = True
                self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def get(self, request: Request) -> Response:
        """Fetch one address; raises FetchError (try again) or FetchRefused (never)."""
        ask = self._ready(request)
        try:
            answer = self._submit(self._ask_alone(ask)).result()
        except CancelledError:
            raise closed() from None
        # Here and not in the loop: inflating costs this caller milliseconds, nobody else.
        return _usable(answer, ask)

    def get_all(
        self, requests: Sequence[Request], *, budget: timedelta
    ) -> Iterator[list[tuple[int, Outcome]]]:
        """Fetch all; yields what is ready as (index, outcome), until every index was yielded.

        Requests to one host and port go one after another over a kept connection, in the order
        given and with a short pause between them; different ones beside each other. None: not
        asked, because the earlier requests to that host took `budget`, or it answered one of them
        with the wish to be left alone. Outcomes are returned, never raised. Asking begins with the
        first group taken, and ends when the iterator is closed.
        """
        groups: dict[tuple[str | None, int | None], _Group] = {}
        refused: list[tuple[int, Outcome]] = []
        for index, request in enumerate(requests):
            try:
                ask = self._ready(request)
            except FetchRefused as refusal:
                refused.append((index, refusal))
            else:
                groups.setdefault((ask.url.host, ask.url.port), []).append((index, ask))
        if refused:
            yield refused
        if groups:
            yield from self._arriving(list(groups.values()), budget.total_seconds())

    def _arriving(self, groups: list[_Group], budget: float) -> Iterator[list[tuple[int, Outcome]]]:
        asks = {index: ask for group in groups for index, ask in group}
        handover: Handover[tuple[int, Outcome]] = Handover(self._loop)
        try:
            batch = self._submit(self._ask_groups(groups, budget, handover.put))
        except FetchError as error:
            yield [(index, error) for index in asks]
            return
        batch.add_done_callback(lambda _: handover.end())
        try:
            while asks:
                arrived, ended = handover.take()
                if arrived:
                    yield [(index, _settled(got, asks.pop(index))) for index, got in arrived]
                if ended and asks:
                    yield [(index, _unanswered(batch)) for index in asks]
                    return
        finally:
            if asks:  # else only its connections are being closed
                batch.cancel()

    def _ready(self, request: Request) -> _Ask:
        url = web_address(request.url)
        access = request.access
        bare = {
            "User-Agent": access.user_agent or self._user_agent,
            "Accept-Encoding": "gzip",
        }
        if request.accept is not None:
            bare["Accept"] = request.accept
        conditions = validators(request.etag, request.last_modified)
        bare |= conditions
        proxy = None if access.proxy is None else proxy_address(access.proxy, host=url.host)
        headers = with_own(bare, access.headers, host=url.host) if access.headers else bare
        return _Ask(url, headers, bare, request.limit, bool(conditions), proxy)

    def _submit(self, asking: Coroutine[Any, Any, T]) -> Future[T]:
        # Under the lock, so that nothing is handed to a loop that has stopped: it would wait on.
        with self._submitting:
            if self._closed:
                asking.close()
                raise closed()
            return asyncio.run_coroutine_threadsafe(asking, self._loop)

    def _serve(self) -> None:
        self._loop.run_forever()
        self._loop.run_until_complete(self._wind_up())
        self._loop.close()  # leaves name look-ups that hang to themselves

    async def _wind_up(self) -> None:
        calls = asyncio.all_tasks() - {asyncio.current_task()}
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        for sessions in (self._single, *self._kept):  # also where closing was cut short
            await sessions.close()

    async def _ask_groups(
        self, groups: list[_Group], budget: float, put: _Put
    ) -> list[BaseException | None]:
        """One task a group; what broke a group is its result, and leaves the others alone."""
        tasks = (self._ask_group(group, budget, put) for group in groups)
        return await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask_group(self, group: _Group, budget: float, put: _Put) -> None:
        async with self._group_slots, self._slots:
            if len(group) == 1:
                index, ask = group[0]
                put((index, await self._outcome(ask, self._single)))
                return
            sessions = Sessions(self._is_public, keep=True)
            self._kept.add(sessions)
            until = self._loop.time() + budget - GROUP_SPACING
            ended = False
            try:
                for place, (index, ask) in enumerate(group):
                    if ended:
                        put((index, None))
                        continue
                    if place >= GROUP_BURST:
                        await asyncio.sleep(GROUP_SPACING)
                    outcome = _refusal(await self._outcome(ask, sessions), ask)
                    put((index, outcome))
                    ended = self._loop.time() >= until or _wants_rest(outcome)
            finally:
                await sessions.close()
                self._kept.discard(sessions)

    async def _outcome(self, ask: _Ask, sessions: Sessions) -> Response | FetchError | FetchRefused:
        try:
            return await self._within_deadline(ask, sessions)
        except (FetchError, FetchRefused) as failure:
            return failure

    async def _ask_alone(self, ask: _Ask) -> Response:
        async with self._slots:
            return await self._within_deadline(ask, self._single)

    async def _within_deadline(self, ask: _Ask, sessions: Sessions) -> Response:
        try:
            async with asyncio.timeout(self._deadline):
                return await self._follow(ask, sessions)
        except TimeoutError as error:
            raise FetchError(
                f"{ask.url.host} gave no complete answer within {self._deadline:g} s",
                kind=Failure.TIMED_OUT,
            ) from error

    async def _follow(self, ask: _Ask, sessions: Sessions) -> Response:
        url, headers, permanent = ask.url, ask.headers, True
        for _ in range(1 + REDIRECT_LIMIT):
            session = sessions.session(exempt=self._is_exempt(url, proxied=ask.proxy is not None))
            try:
                async with session.get(
                    url, headers=headers, allow_redirects=False, proxy=ask.proxy
                ) as answer:
                    if answer.status not in _REDIRECTS:
                        moved = str(url) if permanent and url != ask.url else None
                        return await _read(answer, url, ask, permanent_url=moved)
                    permanent = permanent and answer.status in _PERMANENT_REDIRECTS
                    target = destination(url, answer.headers.get("Location"))
            except (aiohttp.ClientError, OSError, ValueError) as error:
                failure = explained(error, url, proxied=ask.proxy is not None)
                # aiohttp's own words may quote the proxy with its password.
                raise failure from (error if ask.proxy is None else None)
            # What was meant for one site must not reach the one it sends us to.
            headers = headers if same_origin(url, target) else ask.bare
            url = target
        raise FetchError(
            f"{ask.url.host} sent us on more than {REDIRECT_LIMIT} times",
            kind=Failure.TOO_MANY_REDIRECTS,
        )

    def _is_exempt(self, url: URL, *, proxied: bool) -> bool:
        """Whether the connection for `url` is not judged; raises FetchRefused for a private one."""
        if (url.host, url.port) in self._allow:
            return True
        if proxied and networks.is_inside(url.host or "", is_public=self._is_public):
            raise private(url.host)
        return proxied


async def _read(
    answer: aiohttp.ClientResponse, url: URL, ask: _Ask, *, permanent_url: str | None
) -> Response:
    status = answer.status
    if ask.conditional and status == HTTPStatus.NOT_MODIFIED:
        body = b""
    elif HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        body = await _whole(answer, limit=ask.limit)
    else:
        body = await _start(answer)
    return Response(str(url), status, _clean_headers(answer), body, permanent_url)


async def _whole(answer: aiohttp.ClientResponse, *, limit: int) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise too_large(limit)
    return bytes(body)


async def _start(answer: aiohttp.ClientResponse) -> bytes:
    """What can quickly be had of a page that explains an error: the status counts without it."""
    body = bytearray()
    with suppress(aiohttp.ClientError, OSError):
        async with asyncio.timeout(REFUSAL_TIME):
            while len(body) < START_LIMIT and (chunk := await answer.content.readany()):
                body += chunk
    return bytes(body[:START_LIMIT])


def _clean_headers(answer: aiohttp.ClientResponse) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in answer.headers.items():
        # Bytes that are no UTF-8 arrive as surrogates, which no database and no request takes.
        clean = value if value.isascii() else value.encode("utf-8", "replace").decode()
        headers.setdefault(name.lower(), clean)
    return headers


def _refusal(outcome: Outcome, ask: _Ask) -> Outcome:
    """The failure that an error status is, told at once; what is large is left to the caller."""
    good = not isinstance(outcome, Response) or outcome.status in _GOOD
    return outcome if good else _settled(outcome, ask)


def _wants_rest(outcome: Outcome) -> bool:
    """Whether the host that was asked, not one that it sent us to, wants to be left alone."""
    return isinstance(outcome, FetchError) and outcome.wants_rest and outcome.host is None


def _usable(answer: Response, ask: _Ask) -> Response:
    return usable(answer, asked=str(ask.url), limit=ask.limit, conditional=ask.conditional)


def _settled(outcome: Outcome, ask: _Ask) -> Outcome:
    if not isinstance(outcome, Response):
        return outcome
    try:
        return _usable(outcome, ask)
    except (FetchError, FetchRefused) as failure:
        return failure


def _unanswered(batch: Future[list[BaseException | None]]) -> FetchError:
    """Why some got no outcome: the fetcher was closed, or something broke that never should."""
    if batch.cancelled():
        return closed()
    crash = next(crash for crash in batch.result() if crash is not None)
    error = FetchError(f"the request broke: {type(crash).__name__}", kind=Failure.MALFORMED)
    error.__cause__ = crash
    return error
