"""`monitor run` and `monitor once`: the daemon, and one pass of it."""

# ruff: noqa: PLC0415 - the daemon's libraries take 2 s to import: not before help and mistakes

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

import typer

from monitor.cli.options import Config, directory
from monitor.cli.output import count, say
from monitor.core.errors import Permanent, Temporary

if TYPE_CHECKING:
    from monitor.app import Monitor
    from monitor.config.load import Configuration


def run(context: typer.Context, *, config: Config = None) -> None:
    """Watch in the foreground until Ctrl-C."""
    import structlog

    from monitor.cli.context import in_force
    from monitor.runners.service import Service

    _save_memory()
    log = structlog.get_logger()
    base = directory(context, config)
    configuration, service, stop = in_force(context, base), Service(), Stop()
    with stop.on_signals(), _monitor(configuration) as monitor:
        sentence = _sentence(configuration)
        log.info(
            "watch.started",
            feeds=len(configuration.feeds),
            outlets=len(configuration.outlets),
            rules=len(configuration.rules),
            channels=[channel.name for channel in configuration.channels],
            said=sentence,
        )
        service.ready(sentence)

        def beat() -> None:
            service.beat()
            stop.pass_on()

        stop.monitor = monitor
        with monitor.follow(base):
            monitor.run(beat=beat)
        service.stopping()
    log.info("watch.ended", said="ended")


def _save_memory() -> None:
    """Let glibc keep two heaps instead of eight per core: saves about 25 MB with our threads.

    M_ARENA_MAX is -8 in malloc.h; other C libraries have no such call, and no such habit.
    """
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(-8, 2)


def once(context: typer.Context, *, config: Config = None) -> None:
    """Do everything that is due, then end."""
    from monitor.cli.context import in_force
    from monitor.storage import views

    configuration, stop = in_force(context, config), Stop()
    with stop.on_signals(), _monitor(configuration) as monitor:
        stop.monitor = monitor
        began = monitor.clock.now()
        monitor.once()
        with monitor.database.read() as connection:
            done = views.counts(connection, since=began)
    say(", ".join(f"{what} {number:,}" for what, number in done.items()))


@contextmanager
def _monitor(configuration: "Configuration") -> Iterator["Monitor"]:
    """A monitor at work. What keeps it from starting may be over soon: another one, or a disk."""
    from monitor.app import build

    try:
        monitor = build(configuration)
    except Permanent as error:
        raise Temporary(str(error)) from error
    except OSError as error:
        raise Temporary(f"{configuration.settings.state} cannot be used: {error}") from error
    with monitor:
        yield monitor


def _sentence(configuration: "Configuration") -> str:
    feeds = count(len(configuration.feeds), "feed")
    outlets = count(len(configuration.outlets), "outlet")
    rules = count(len(configuration.rules), "rule")
    told = ", ".join(channel.name for channel in configuration.channels)
    return f"watching {feeds} of {outlets} with {rules}; telling {told}"


class Stop:
    """Ends a monitor at Ctrl-C or SIGTERM, when the rows in work are done; a second one forces."""

    def __init__(self) -> None:
        self.monitor: Monitor | None = None
        self._wanted = False

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        before = {each: signal.signal(each, self._caught) for each in SIGNALS}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def pass_on(self) -> None:
        """Stop the monitor if a signal came: also one that came before it ran."""
        if self._wanted and self.monitor is not None:
            self.monitor.stop()

    def _caught(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._wanted = True
        for each in SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        # In a thread: the handler may have interrupted the very lock that stopping takes.
        threading.Thread(target=self.pass_on, name="stop", daemon=True).start()


SIGNALS = (signal.SIGINT, signal.SIGTERM)
