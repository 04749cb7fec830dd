"""The life of one process: noted in the tables, and told to those who want to hear of it."""

import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import Connection

from monitor import __version__
from monitor.core import lives as words
from monitor.core.errors import Temporary
from monitor.core.identity import digest
from monitor.core.lives import Former
from monitor.core.model import Channel
from monitor.pipeline import PIPELINE, perform
from monitor.storage import deliveries, lives
from monitor.storage.work import Claim
from monitor.watch import Watch

BOOT = Path("/proc/sys/kernel/random/boot_id")  # of Linux: another one after each start
LEASE = timedelta(minutes=2)
DELIVER = next(step for step in PIPELINE if step.name == "deliver")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Life:
    """One process at work. `former` is the one before it on this machine."""

    number: int
    former: Former | None


def begin(watch: Watch, *, alone: bool) -> Life:
    """Note the start, and tell it to the channels with `notes`."""
    boot = ""
    with suppress(OSError):
        boot = BOOT.read_text("ascii").strip()

    def commit(tx: Connection) -> Life:
        now = watch.now()
        number, former = lives.begin(
            tx, host=socket.gethostname(), boot=boot, version=__version__, alone=alone, now=now
        )
        deliveries.recall(tx, title=words.STOPPED)  # what was not sent then is said here
        body = words.started(now, version=__version__, watching=_watching(watch), former=former)
        key = f"start {number}"
        deliveries.notify(tx, _told(watch), key=key, title=words.STARTED, body=body, now=now)
        return Life(number, former)

    return watch.database.write(commit)


def beat(watch: Watch, life: Life) -> None:
    """Note that the process lives."""
    seen = partial(lives.seen, number=life.number, now=watch.now())
    try:
        watch.database.write(seen, announce=False)
    except Temporary as error:
        log.warning("step.unrecorded", failure=str(error))


def end(watch: Watch, life: Life) -> None:
    """Note the end, and tell it at once: nobody else will send it now."""
    channels = _told(watch)

    def commit(tx: Connection) -> Sequence[Channel]:
        now = watch.now()
        body = words.stopped(now, since=lives.began(tx, life.number))
        lives.end(tx, life.number, now=now)
        key = _key(life)
        deliveries.notify(tx, channels, key=key, title=words.STOPPED, body=body, now=now)
        return channels

    try:
        watch.database.write(commit)
        for channel in channels:
            _send(watch, life, channel)
    except Temporary as error:  # it ends all the same
        log.warning("step.unrecorded", failure=str(error))


def _send(watch: Watch, life: Life, channel: Channel) -> None:
    def claim(tx: Connection) -> Sequence[Claim]:
        return deliveries.claim_one(
            tx, digest("ops", channel.name, _key(life)), now=watch.now(), lease=LEASE
        )

    if claims := watch.database.write(claim, announce=False):
        perform(watch, DELIVER, claims)


def _key(life: Life) -> str:
    return f"stop {life.number}"


def _told(watch: Watch) -> list[Channel]:
    return [channel for channel in watch.channels.values() if channel.proof.notes]


def _watching(watch: Watch) -> str:
    rules = sum(rule.enabled for rule in watch.rules.values())
    many = [(rules, "rule"), (len(watch.feeds), "feed"), (len(watch.outlets), "outlet")]
    counted = [f"{number:,} {noun}{'s' if number != 1 else ''}" for number, noun in many]
    return f"{counted[0]}, {counted[1]} of {counted[2]}"
