"""Worker processes, real ones: they hang, crash, eat memory, and the pool goes on."""

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from monitor.adapters import workers
from monitor.core.errors import Permanent, Temporary
from monitor.core.model import Selectors

FEED = b"<rss><channel><item><title>a%d</title></item></channel></rss>"


@pytest.fixture(scope="module")
def pool() -> Iterator[workers.Workers]:
    started = workers.Workers(2, memory_limit=600_000_000)
    yield started
    started.close()


def test_many_threads_share_the_workers(pool):
    def title(number: int) -> str:
        body = FEED.replace(b"%d", str(number).encode())
        return pool.run(workers.parse_feed, body, url="http://a.example/").entries[0].title

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(title, range(40))) == [f"a{number}" for number in range(40)]


def test_a_worker_reads_a_feed_with_what_was_seen_before(pool):
    first = pool.run(workers.parse_feed, FEED, url="http://a.example/")
    seen = {"marks": first.marks, "newest": first.newest}
    again = pool.run(workers.parse_feed, FEED, url="http://a.example/", **seen)
    assert (len(first.entries), again.entries, again.marks) == (1, (), first.marks)


def test_a_worker_reads_a_page_by_its_selectors(pool):
    page = b"<ul><li><a href='/1'>One</a></li></ul>"
    rules = Selectors(items="li")
    parsed = pool.run(workers.parse_feed, page, url="http://a.example/", selectors=rules)
    assert parsed.entries[0].url == "http://a.example/1"


def test_a_broken_selector_arrives_as_a_permanent_error(pool):
    with pytest.raises(Permanent, match="the selector 'li:' cannot be read"):
        pool.run(
            workers.parse_feed, b"<p>", url="http://a.example/", selectors=Selectors(items="li:")
        )


def test_our_own_errors_arrive_as_they_were_raised(pool):
    with pytest.raises(Permanent, match="this is a PDF, not a web page") as caught:
        pool.run(workers.extract, b"%PDF-1.7", url="http://a.example/")
    assert type(caught.value).__name__ == "NotAPage"


def test_a_temporary_error_keeps_its_retry_after_across_processes():
    error = pickle.loads(pickle.dumps(Temporary("later", retry_after=timedelta(seconds=7))))
    assert (str(error), error.retry_after) == ("later", timedelta(seconds=7))


def test_a_worker_that_hangs_is_killed_and_the_next_task_runs(pool):
    with pytest.raises(Permanent, match="took longer than 0"):
        pool.run(time.sleep, 60, timeout=timedelta(seconds=0.2))
    assert pool.run(len, "abc") == 3


def test_a_worker_that_crashes_is_replaced(pool):
    with pytest.raises(Permanent, match="crashed"):
        pool.run(os._exit, 11)
    assert pool.run(len, "abc") == 3


def test_a_task_that_needs_too_much_memory_is_refused(pool):
    with pytest.raises(Permanent, match="needed more than 600 MB"):
        pool.run(bytearray, 10**9)


def test_workers_see_no_environment(pool):
    assert "PATH" in os.environ
    assert pool.run(os.getenv, "PATH") is None


def test_the_main_process_does_not_load_the_parsers():
    code = (
        "import sys; from monitor.adapters import workers;"
        "w = workers.Workers(1);"
        "body = b'<rss><channel><item><title>a</title></item></channel></rss>';"
        "assert w.run(workers.parse_feed, body, url='http://a.example/').entries; w.close();"
        "print([m for m in ('trafilatura', 'feedparser', 'lxml') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_closed_workers_say_so():
    closed = workers.Workers(1)
    closed.close()
    with pytest.raises(Temporary, match="stopped"):
        closed.run(len, "abc")
