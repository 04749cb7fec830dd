"""Calls something again and again beside the rest of the program."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from apscheduler.schedulers.background import BackgroundScheduler


@contextmanager
def every(seconds: float, call: Callable[[], object]) -> Iterator[None]:
    """Call something in a thread every so often; never twice at once, and not again to catch up.

    What it raises is logged with its traceback, and the next call comes all the same.
    """
    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.add_job(
        call,
        "interval",
        seconds=seconds,
        max_instances=1,
        coalesce=True,
        misfire_grace_time=None,
    )
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=True)
