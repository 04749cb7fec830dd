"""Two processes share one PostgreSQL, one is killed: the alerts are those of one on SQLite."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import desks
import sites
from desks import Clock, Desk
from histories import History, invented, page
from sites import Receiver

SPEED = 20  # times real time: what a killed process held is due again after six seconds
KILLED_AT = 5  # of ten polls
Told = list[tuple[object, ...]]  # rule, headline and reason of each alert


@contextmanager
def situation(directory: Path, *, database: str) -> Iterator[tuple[Desk, History, Receiver]]:
    """The invented history, and a desk with a webhook; the feed waits for its first snapshot."""
    with ExitStack() as stack:
        host = stack.enter_context(sites.site(page))
        history = History(invented([host.url]), open=0)
        feed = stack.enter_context(sites.site(history.answer))
        receiver = stack.enter_context(sites.receiver())
        desk = stack.enter_context(
            desks.desk(
                directory,
                feeds=[f"{feed.url}/feed"],
                allow=[feed.place, host.place],
                channels={"desk": receiver.channel},
                first_sight="90 days",
                database=database,
                clock=Clock(datetime(2026, 1, 5, 12, tzinfo=UTC), SPEED),
            )
        )
        desk.tell_each_article()
        yield desk, history, receiver


def replay(desk: Desk, history: History, *, after_opening: Callable[[int], None]) -> Told:
    """Show the snapshots one by one, each when the work on the last is done; what was decided."""
    for poll in range(len(history.snapshots)):
        history.show(poll + 1)
        after_opening(poll)
        history.wait(poll + 1, desk, seconds=desks.PATIENCE)
        desk.wait_until_nothing_is_due()
    return desk.ask(
        "SELECT alert.rule_id, article.title, alert.reason FROM alert "
        "JOIN article ON article.id = alert.article_id ORDER BY 1, 2, 3"
    )


def nothing(poll: int) -> None:
    """Nobody is killed."""


def test_two_processes_one_of_them_killed_tell_what_one_alone_tells(
    tmp_path: Path, postgresql_server: Callable[[], str]
) -> None:
    (tmp_path / "alone").mkdir()
    with situation(tmp_path / "alone" / "desk", database="sqlite") as (desk, history, receiver):
        desk.start()
        alone = replay(desk, history, after_opening=nothing)
        heard_alone = sorted(post.title for post in receiver.posts)

    (tmp_path / "shared").mkdir()
    address = postgresql_server()
    with situation(tmp_path / "shared" / "desk", database=address) as (desk, history, receiver):
        first, second = desk.start(), desk.start()

        def kill_one(poll: int) -> None:
            if poll == KILLED_AT:
                history.wait(poll, desk, seconds=desks.PATIENCE, anew=True)
                threading.Event().wait(0.1)  # in the middle of what the poll sets off
                desk.kill(first)

        shared = replay(desk, history, after_opening=kill_one)
        desk.end(second)

        assert shared == alone
        assert len(shared) >= 12
        assert sorted({post.title for post in receiver.posts}) == heard_alone
        assert desk.number("SELECT count(*) FROM entry") == 40
        assert desk.number("SELECT count(*) FROM article WHERE triaged_at IS NOT NULL") == 40
        assert all(desk.events("entry.read", of=number) for number in (0, 1))  # both worked
