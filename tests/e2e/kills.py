"""The kill harness: a real daemon, real receivers, SIGKILL again and again, and what came of it.

A feed shows invented news in portions, each of which is an alert of its own to a webhook and to a
mailbox; both refuse every fifth message. The daemon is killed at random moments and started anew.
What the database calls "sending" right after a kill was in flight: only that may be repeated.
"""

import random
import re
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import create_server
from typing import Any

import desks
import sites
from desks import Clock, Desk
from sites import RSS, Answer, Item

SPEED = 10  # times real time: back-off and polls pass faster, network deadlines do not
SEED = 7
LONGEST_LIFE = 6.0  # seconds that a daemon lives at most before it is killed
SYLLABLES = [a + b for a in "bcdfghklmnprstvz" for b in "aeiou"]

RULES = """\
version: 1
rules:
  - id: talks
    title: Talks
    severity: high
    when: {all: [Freedonia, talks]}
    alert: {once_per: article}
"""


@dataclass
class Taker:
    """What one receiver was handed: keys that it refused and, with their text, that it took."""

    dice: random.Random
    refused_share: float
    refused: list[str] = field(default_factory=list)
    taken: list[tuple[str, str]] = field(default_factory=list)  # key and text
    lock: threading.Lock = field(default_factory=threading.Lock)

    def takes(self, key: str, text: str) -> bool:
        with self.lock:
            if self.dice.random() < self.refused_share:
                self.refused.append(key)
                return False
            self.taken.append((key, text))
            return True


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is killed breaks its connections: that is the point here."""


@contextmanager
def webhook(taker: Taker) -> Iterator[str]:
    """A webhook receiver on loopback; its address as a channel has it."""

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            with suppress(OSError):  # who is killed hangs up
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if len(body) < int(self.headers["Content-Length"]):
                    return
                taken = taker.takes(self.headers["Idempotency-Key"], body.decode())
                self.send_response(200 if taken else 503)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with _Quiet(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"json://127.0.0.1:{server.server_port}/"
        server.shutdown()


@contextmanager
def mailbox(taker: Taker) -> Iterator[str]:
    """A mail server on loopback; its address as a channel has it."""
    from aiosmtpd.controller import Controller  # noqa: PLC0415 - only the tests with mail need it

    class Room:
        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
            letter = message_from_bytes(envelope.content, policy=policy.default)
            plain = letter.get_body(("plain",))  # type: ignore[attr-defined]
            text = f"{letter['Subject']}\n{plain.get_content()}"
            key = str(letter["X-Idempotency-Key"])
            return "250 kept" if taker.takes(key, text) else "451 come back later"

    with closing(create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    controller = Controller(Room(), hostname="127.0.0.1", port=port)
    controller.start()
    ends = "from=monitor@desk.test&to=duty@desk.test"
    yield f"mailto://127.0.0.1:{port}?smtp=127.0.0.1&{ends}"
    controller.stop()


def headline(number: int) -> str:
    """A headline like no other; its last word says which one it is."""
    dice = random.Random(f"{SEED} {number}")
    words = ["".join(dice.choices(SYLLABLES, k=3)) for _ in range(7)]
    return f"Freedonia talks: {' '.join(words)} matter{number:05d}x"


@dataclass
class News:
    """A feed that shows the portions up to one, and nothing that was shown long ago."""

    url: str = ""
    shown: int = 0
    window: int = 0
    began: datetime = field(default_factory=lambda: datetime(2026, 1, 5, 12, tzinfo=UTC))

    def answer(self, path: str, _headers: object) -> Answer:
        if path != "/feed":
            return Answer(status=404)
        numbers = range(max(0, self.shown - self.window), self.shown)
        items = [Item(headline(n), f"{self.url}/{n}", summary=f"{headline(n)}.") for n in numbers]
        return Answer(sites.rss(items), headers={"Content-Type": RSS})


@dataclass
class Result:
    """What came of it; `repeated` and `in_flight` are keys."""

    alerts: int
    kills: int
    lost: list[str]  # channel and news
    repeated: set[str]
    in_flight: set[str]
    twice_named: list[str]  # news that one channel got under two keys
    refused: int
    dead: int
    seconds: float

    def __str__(self) -> str:
        unexplained = self.repeated - self.in_flight
        return (
            f"{self.alerts} alerts to 2 channels, {self.kills} kills, {self.refused} refused: "
            f"lost {len(self.lost)}, dead {self.dead}, in flight at a kill {len(self.in_flight)}, "
            f"repeated {len(self.repeated)} (not in flight: {len(unexplained)}), "
            f"under two keys {len(self.twice_named)}; {self.seconds:.0f} s"
        )


def run(directory: Path, *, alerts: int, kills: int, refused: float = 0.2) -> Result:
    """Kill the daemon `kills` times while `alerts` are told; ends when all is delivered."""
    dice, began = random.Random(SEED), time.monotonic()
    takers = [Taker(random.Random(n), refused) for n in range(2)]
    portion = -(-alerts // kills)
    news = News(window=3 * portion)
    with ExitStack() as stack:
        feed = stack.enter_context(sites.site(news.answer))
        news.url = feed.url
        desk = stack.enter_context(_desk(directory, feed, takers, stack))
        in_flight: set[str] = set()
        process = desk.start()
        desk.wait(lambda: polled(desk))  # the first sight of a feed is told in another way
        for number in range(kills):
            news.shown = min(alerts, (number + 1) * portion)
            _live_a_while(desk, takers, dice)
            desk.kill(process)
            in_flight |= {
                str(key) for (key,) in desk.ask("SELECT key FROM delivery WHERE state = 'sending'")
            }
            process = desk.start()
            if news.shown >= news.window:  # what was shown must be seen before it goes
                seen = news.shown - 2 * portion
                _wait_until_seen(desk, seen)
        _wait_until_seen(desk, alerts)
        desk.wait_until_nothing_is_due(seconds=desks.PATIENCE * 5)
        dead = int(str(desk.number("SELECT count(*) FROM delivery WHERE state = 'dead'")))
        desk.end(process)
    return _result(takers, alerts, kills, in_flight, dead, time.monotonic() - began)


def _desk(directory: Path, feed: sites.Site, takers: list[Taker], stack: ExitStack) -> Any:
    hook, mail = stack.enter_context(webhook(takers[0])), stack.enter_context(mailbox(takers[1]))
    clock = Clock(datetime(2026, 1, 5, 12, tzinfo=UTC), SPEED)
    return plain_desk(directory, feed, {"hook": hook, "mail": mail}, clock)


@contextmanager
def plain_desk(
    directory: Path, feed: sites.Site, channels: Mapping[str, str], clock: Clock
) -> Iterator[Desk]:
    """A desk with one rule, for news that is headlines alone."""
    with desks.desk(
        directory,
        feeds=[f"{feed.url}/feed"],
        allow=[feed.place],
        channels=channels,
        interval="5 seconds",
        clock=clock,
    ) as desk:
        shutil.rmtree(directory / "knowledge")  # this rule needs none, and a start is faster
        for file in (directory / "rules").iterdir():
            file.unlink()
        (directory / "rules" / "talks.yaml").write_text(RULES)
        outlets = directory / "outlets" / "wire.yaml"
        bare = outlets.read_text().replace(
            "tier: wire,", "tier: wire, pages: {headline_only: true},"
        )
        outlets.write_text(bare)
        yield desk


def polled(desk: Desk) -> bool:
    with suppress(Exception):  # there is no table yet
        return bool(desk.ask("SELECT 1 FROM feed WHERE first_polled_at IS NOT NULL"))
    return False


def _seen(desk: Desk) -> int:
    return int(str(desk.number("SELECT count(*) FROM alert")))


def _wait_until_seen(desk: Desk, least: int) -> None:
    """A kill leaves claims behind, whose leases have to end first."""
    desk.wait(lambda: _seen(desk) >= least, seconds=desks.PATIENCE * 2)


def _live_a_while(desk: Desk, takers: list[Taker], dice: random.Random) -> None:
    """Until a random number of messages has come in since, or a while has passed."""
    end = time.monotonic() + LONGEST_LIFE
    wanted = sum(len(each.taken) for each in takers) + dice.randrange(1, 25)
    pause, came = threading.Event(), lambda: sum(len(each.taken) for each in takers)
    while came() < wanted and time.monotonic() < end:
        assert desk.processes[-1].poll() is None, desk.log[-3_000:]
        pause.wait(0.002)
    pause.wait(dice.random() * 0.05)


def _result(
    takers: list[Taker], alerts: int, kills: int, in_flight: set[str], dead: int, seconds: float
) -> Result:
    lost, twice, repeated = [], [], set()
    for number, taker in enumerate(takers):
        keys: dict[str, set[str]] = {}
        for key, text in taker.taken:
            for name in set(re.findall(r"matter\d{5}x", text)):
                keys.setdefault(name, set()).add(key)
        named = [f"matter{each:05d}x" for each in range(alerts)]
        lost += [f"{number} {name}" for name in named if name not in keys]
        twice += [f"{number} {name}" for name in named if len(keys.get(name, ())) > 1]
        repeated |= {key for key, times in Counter(k for k, _ in taker.taken).items() if times > 1}
    refused = sum(len(each.refused) for each in takers)
    return Result(alerts, kills, lost, repeated, in_flight, twice, refused, dead, seconds)
