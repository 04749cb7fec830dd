"""What recurs beside the pipeline: a task is a row, its calendar is a trigger."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import Connection

from monitor.pipeline import Step
from monitor.storage import work
from monitor.storage.retention import Cutoffs, forget
from monitor.storage.schema import task
from monitor.storage.sync import plan_task
from monitor.storage.work import Claim
from monitor.watch import Watch

RETENTION = "retention"
NIGHTLY = CronTrigger(hour=3, minute=30, timezone=UTC)  # when newsrooms of both Americas are quiet

log = structlog.get_logger()


def next_night(now: datetime) -> datetime:
    """The next time for work that can wait."""
    moment: datetime = NIGHTLY.get_next_fire_time(None, now + timedelta(seconds=1))
    return moment.astimezone(UTC)


def plan(connection: Connection, *, now: datetime) -> None:
    """Give every recurring task its row."""
    plan_task(connection, RETENTION, at=next_night(now))


def upkeep(cutoffs: Callable[[datetime], Cutoffs]) -> Step:
    """The step that does the recurring tasks; `cutoffs` says what is too old at a moment."""

    def run(watch: Watch, claim: Claim) -> None:
        now, gone = watch.now(), 0
        while batch := watch.database.write(lambda tx: forget(tx, cutoffs(now), now=now)):
            gone += batch
        following = {"due_at": now, "not_before": next_night(now)}
        watch.database.write(lambda tx: work.finish(tx, claim, **following))
        log.info("retention.done", rows=gone)

    def due(tx: Connection, watch: Watch, *, lease: timedelta, limit: int) -> list[Claim]:
        return work.claim(tx, task, now=watch.now(), lease=lease, limit=limit)

    return Step("upkeep", task, timedelta(minutes=15), due, run)
