"""Calls something again and again beside the rest of the program."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.background import BackgroundScheduler

PATIENCE = 20.0  # seconds that a call under way has to end; less than systemd waits

log = structlog.get_logger()


@contextmanager
def every(
    seconds: float, call: Callable[[], object], *, patience: float = PATIENCE
) -> Iterator[None]:
    """Call something in a thread every so often; never twice at once, and not again to catch up.

    What it raises is logged with its traceback, and the next call comes all the same.
    At the end a call under way is waited for, but not longer than `patience`, in seconds: a disk
    that does not answer must not keep the program from ending.
    """
    # Called in the scheduler's own thread: unlike those of a pool, no process waits for its end.
    scheduler = BackgroundScheduler(timezone="UTC", executors={"default": DebugExecutor()})
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
        ending = threading.Thread(target=scheduler.shutdown, name="ending", daemon=True)
        ending.start()
        ending.join(patience)
        if ending.is_alive():
            log.warning("call.abandoned", said="a call that does not end is left behind")
