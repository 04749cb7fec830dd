"""A real feed's history, poll by poll, through a daemon that is killed ten times on the way."""

import random
import re
import tarfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zlib import crc32

import desks
import pytest
import sites
from desks import Clock, Desk
from histories import History, invented, page
from sites import Receiver

HISTORY = desks.DATA / "feeds" / "poll_history_ap_reuters_2026-01-02_05.tar.xz"
SPEED = 10  # times real time: the welcome digest waits for two seconds, host spacing is 0.1 s
KILLS = 10
PAGE_HOSTS = 4  # the daemon asks each host for one page at a time

Snapshots = Callable[[list[str]], list[bytes]]  # from the addresses of the page hosts


def test_a_real_history_is_handled_exactly_once_though_killed_ten_times(tmp_path: Path) -> None:
    if not HISTORY.is_file():
        pytest.skip(f"needs {HISTORY.name} in ../shared/data/feeds")
    begins = datetime(2026, 1, 2, 22, 20, tzinfo=UTC)
    with situation(tmp_path, rewritten, begins=begins) as (desk, history, receiver):
        go_through(desk, history, chance=random.Random(20260103), seconds=600)
        check(desk, receiver, items=774)
        assert desk.number("SELECT count(*) FROM alert") > 10


def test_an_invented_history_is_handled_exactly_once_though_killed_ten_times(
    tmp_path: Path,
) -> None:
    begins = datetime(2026, 1, 5, 12, tzinfo=UTC)
    with situation(tmp_path, invented, begins=begins) as (desk, history, receiver):
        go_through(desk, history, chance=random.Random(7), seconds=300)
        check(desk, receiver, items=40)
        assert desk.number("SELECT count(*) FROM alert") >= 12


@contextmanager
def situation(
    tmp_path: Path, snapshots: Snapshots, *, begins: datetime
) -> Iterator[tuple[Desk, History, Receiver]]:
    """Servers and a desk for a history; its items are young enough to go the whole road."""
    with ExitStack() as stack:
        hosts = [stack.enter_context(sites.site(page)) for _ in range(PAGE_HOSTS)]
        history = History(snapshots([host.url for host in hosts]))
        feed = stack.enter_context(sites.site(history.answer))
        receiver = stack.enter_context(sites.receiver())
        desk = stack.enter_context(
            desks.desk(
                tmp_path / "desk",
                feeds=[f"{feed.url}/feed"],
                allow=[each.place for each in (feed, *hosts)],
                channels={"desk": receiver.channel},
                first_sight="90 days",
                digest="1 minute",  # six seconds of ours; weak matches wait for it
                clock=Clock(begins, SPEED),
            )
        )
        desk.tell_each_article()
        yield desk, history, receiver


def go_through(desk: Desk, history: History, *, chance: random.Random, seconds: float) -> None:
    """Let the daemon see the whole history, killed at moments that `chance` picks."""
    end = time.monotonic() + seconds
    for poll in sorted(chance.sample(range(len(history.snapshots)), KILLS)):
        process = desk.start()
        history.wait(poll, desk, seconds=end - time.monotonic())
        threading.Event().wait(chance.uniform(0, 0.5))  # anywhere in what a poll sets off
        desk.kill(process)
    process = desk.start()
    history.wait(len(history.snapshots), desk, seconds=end - time.monotonic(), anew=True)
    desk.wait_until_nothing_is_due()
    desk.end(process)


def check(desk: Desk, receiver: Receiver, *, items: int) -> None:
    """Each item was stored and triaged once, each alert told once."""
    assert desk.number("SELECT count(*) FROM entry") == items
    assert desk.number("SELECT count(DISTINCT url) FROM entry") == items
    assert desk.number("SELECT count(DISTINCT article_id) FROM entry") == items
    assert desk.number("SELECT count(*) FROM article WHERE triaged_at IS NOT NULL") == items
    assert desk.number("SELECT count(*) FROM article") == items
    assert desk.number("SELECT count(*) FROM entry WHERE failure IS NOT NULL") == 0

    revised = Counter(row[0] for row in desk.ask("SELECT article_id FROM revision"))
    triaged = Counter(event["article"] for event in desk.events("article.triaged"))
    assert {key: n for key, n in triaged.items() if n > 1 + revised[key]} == {}

    # Every alert stands in exactly one message, and every message arrived.
    carried = Counter(row[0] for row in desk.ask("SELECT alert_id FROM delivery_alert"))
    assert carried == {row[0]: 1 for row in desk.ask("SELECT id FROM alert")}
    sent = {
        row[0]: row[1]
        for row in desk.ask("SELECT key, uncertain FROM delivery WHERE state = 'sent'")
    }
    assert len(sent) == desk.number("SELECT count(*) FROM delivery") > 0
    arrived = Counter(post.key for post in receiver.posts)
    assert set(arrived) == set(sent)
    # Again only what a kill cut short, under the same key.
    assert {key: n for key, n in arrived.items() if n > 1 + int(str(sent[key]))} == {}
    # A match that nobody was told of says why.
    silent = desk.ask("SELECT DISTINCT decision FROM match WHERE alert_id IS NULL")
    assert {str(row[0]).partition(":")[0] for row in silent} <= {"already told"}


def rewritten(hosts: list[str]) -> list[bytes]:
    """The snapshots in order, each link led to a page host and otherwise as they were."""

    def local(found: re.Match[bytes]) -> bytes:
        path = crc32(found[1])
        return f"<link>{hosts[path % len(hosts)]}/{path:08x}</link>".encode()

    documents: dict[str, bytes] = {}
    with tarfile.open(HISTORY) as archive:
        for member in archive:
            if (file := archive.extractfile(member)) is not None:
                shown = re.sub(rb"<link>(https?://[^<]+)</link>", local, file.read())
                documents[member.name] = shown
    return [documents[name] for name in sorted(documents)]
