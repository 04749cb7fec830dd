"""Processes that share one PostgreSQL hear of each other's commits at once."""

import threading
from datetime import UTC, datetime

import pytest

from monitor.storage import migrate, sync
from monitor.storage.engine import COMMITS, Database
from monitor.storage.listen import Listener


@pytest.fixture
def shared(postgresql_server):
    """Two connections to one migrated database."""
    url = postgresql_server()
    one, other = Database(url), Database(url)
    migrate.upgrade(one.writer)
    yield one, other
    one.close()
    other.close()


def test_a_commit_of_one_process_wakes_the_other(shared):
    one, other = shared
    ready, heard = threading.Event(), threading.Event()
    listener = Listener(other.url, channel=COMMITS, heard=lambda: (ready.set(), heard.set()))
    for number in range(100):  # the listener may not be connected yet
        one.write(lambda tx, n=number: sync.plan_task(tx, f"task {n}", at=datetime.now(UTC)))
        if ready.wait(0.1):
            break
    listener.close()
    assert heard.is_set()


def test_a_claim_wakes_nobody(shared):
    one, other = shared
    heard = threading.Semaphore(0)
    listener = Listener(other.url, channel=COMMITS, heard=heard.release)
    for number in range(100):
        one.write(lambda tx, n=number: sync.plan_task(tx, f"task {n}", at=datetime.now(UTC)))
        if heard.acquire(timeout=0.1):
            break
    while heard.acquire(timeout=0.2):
        pass
    one.write(lambda tx: sync.plan_task(tx, "quiet", at=datetime.now(UTC)), announce=False)
    assert not heard.acquire(timeout=0.3)
    listener.close()
