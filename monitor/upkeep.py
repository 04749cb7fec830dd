"""What recurs beside the pipeline: a task is a row, its calendar is a trigger."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import structlog
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import Connection, Row

from monitor import proving
from monitor.core import rhythm
from monitor.core.alerts import channels_of
from monitor.core.rules import Rule
from monitor.core.silences import LINES_TOLD, ended
from monitor.core.trials import Trial, Untold, summary
from monitor.pipeline import Step, one_by_one
from monitor.storage import canaries, deliveries, ledger, silences, trials, work
from monitor.storage.entries import in_parts
from monitor.storage.retention import Cutoffs, forget
from monitor.storage.schema import task
from monitor.storage.sync import plan_task
from monitor.storage.work import Claim
from monitor.watch import Watch

RETENTION, QUIET_FEEDS = "retention", "quiet feeds"
ENDED_RULES, TRIALS = "ended rules", "trials"
SILENCES = silences.TASK
SILENT_CHANNELS, CANARY = "silent channels", canaries.TASK
CALENDAR = {
    RETENTION: CronTrigger(hour=3, minute=30, timezone=UTC),  # when newsrooms of the Americas rest
    QUIET_FEEDS: CronTrigger(minute=7, timezone=UTC),  # when the hour before is complete
    ENDED_RULES: CronTrigger(hour=0, minute=1, timezone=UTC),  # `expires` counts days of UTC
    # What a new trial may wait for until its end is known here; at its end the task is due as well.
    TRIALS: CronTrigger(minute=17, timezone=UTC),
    SILENCES: CronTrigger(minute="*/5", timezone=UTC),  # where the next end is not known
    SILENT_CHANNELS: CronTrigger(minute="*/10", timezone=UTC),
}
HISTORY = timedelta(weeks=8)  # from which a feed's rhythm is learnt
SILENT_FOR = timedelta(hours=2)  # the least silence that is looked at
FEEDS_AT_ONCE = 200  # whose history is loaded at once
NAMED = 20  # quiet feeds that one notice names
# A rule that ended longer ago is not told any more: its notice may be forgotten by retention, and
# would be told again. `monitor check` goes on to name it.
ENDED_LATELY = timedelta(days=7)

log = structlog.get_logger()


def next_time(name: str, now: datetime) -> datetime:
    """When a task is due again."""
    moment: datetime = CALENDAR[name].get_next_fire_time(None, now + timedelta(seconds=1))
    return moment.astimezone(UTC)


def plan(connection: Connection, *, now: datetime) -> None:
    """Give every recurring task its row."""
    for name in CALENDAR:
        plan_task(connection, name, at=next_time(name, now))
    plan_task(connection, CANARY, at=now)


def upkeep(cutoffs: Callable[[datetime], Cutoffs]) -> Step:
    """The step that does the recurring tasks; `cutoffs` says what is too old at a moment."""

    def run(watch: Watch, claim: Claim) -> None:
        if claim.key == RETENTION:
            _forget(watch, cutoffs)
        elif claim.key == QUIET_FEEDS:
            tell_quiet_feeds(watch)
        elif claim.key == ENDED_RULES:
            tell_ended_rules(watch)
        elif claim.key == TRIALS:
            tell_ended_trials(watch)
        elif claim.key == SILENCES:
            tell_ended_silences(watch)
        elif claim.key == SILENT_CHANNELS:
            proving.tell_silent_channels(watch)
        again = proving.prove(watch) if claim.key == CANARY else None
        now = watch.now()
        following = {"due_at": now, "not_before": again or _following(watch, claim.key, now)}
        watch.database.write(lambda tx: work.finish(tx, claim, **following))

    def due(tx: Connection, watch: Watch, *, lease: timedelta, limit: int) -> list[Claim]:
        return work.claim(tx, task, now=watch.now(), lease=lease, limit=limit)

    return Step("upkeep", task, timedelta(minutes=15), due, one_by_one(run))


def _following(watch: Watch, name: str, now: datetime) -> datetime:
    """When a task of a running watch is due again: by its calendar, or when a trial ends."""
    ends = [end for _, end in _trial_ends(watch)] if name == TRIALS else []
    if name == SILENCES:
        with watch.database.read() as connection:
            ends = [end] if (end := silences.next_end(connection)) is not None else []
    return min([next_time(name, now), *(end for end in ends if end > now)])


def _trial_ends(watch: Watch) -> list[tuple[Rule, datetime]]:
    """The rules at work that are or were on trial, and until when."""
    rules = {rule.id: rule for rule in watch.rules.values() if rule.enabled}
    with watch.database.read() as connection:
        return [(rules[name], end) for name, end in trials.ends(connection, rules.values()).items()]


def _forget(watch: Watch, cutoffs: Callable[[datetime], Cutoffs]) -> None:
    now, gone = watch.now(), 0
    while batch := watch.database.write(lambda tx: forget(tx, cutoffs(now), now=now)):
        gone += batch
    log.info("retention.done", rows=gone)


def tell_quiet_feeds(watch: Watch) -> None:
    """Tell people of feeds that are quieter than their own rhythm allows, each once."""
    now = watch.now()
    with watch.database.read() as connection:
        silent = ledger.silent_feeds(connection, since=now - SILENT_FOR)
        parts = in_parts(silent, of=FEEDS_AT_ONCE)
        quiet = [row for part in parts for row in _overdue(connection, part, now=now)]
    if not quiet:
        return
    for row in quiet:
        log.warning("feed.quiet", url=row.url, since=row.news_at)

    def commit(tx: Connection) -> None:
        ledger.mark_quiet(tx, [row.id for row in quiet])
        deliveries.notify(
            tx,
            watch.ops,
            key=f"quiet {now:%Y-%m-%dT%H}",
            title="A feed is quiet" if len(quiet) == 1 else f"{len(quiet)} feeds are quiet",
            body=_quiet_words(quiet),
            now=now,
        )

    watch.database.write(commit)


def tell_ended_rules(watch: Watch) -> None:
    """Tell people of rules whose last day is over, each once."""
    now = watch.now()
    oldest = (now - ENDED_LATELY).date()
    ended = [
        (rule, rule.expires)
        for rule in watch.rules.values()
        if rule.enabled and rule.ended(now) and rule.expires and rule.expires >= oldest
    ]

    def commit(tx: Connection) -> None:
        for rule, last_day in ended:
            deliveries.notify(
                tx,
                watch.ops,
                key=f"ended {rule.id} {last_day}",
                title=f"The rule {rule.id} has ended",
                body=f"{rule.title}: its last day was {last_day}, and it matches nothing any "
                "more. Give its `expires` a later day, or take the rule out.",
                now=now,
            )

    if ended:
        watch.database.write(commit)
    for rule, last_day in ended:
        log.info("rule.ended", rule=rule.id, last_day=last_day.isoformat())


def tell_ended_trials(watch: Watch) -> None:
    """Sum up the trials that are over, each once, to those whom the rule tells from now on."""
    now = watch.now()
    for rule, end in _trial_ends(watch):
        if end <= now:
            told = watch.database.write(partial(_sum_up, watch, rule, end))
            if told is not None:
                log.info("rule.tried", rule=rule.id, ended=end, would_tell=told)


def tell_ended_silences(watch: Watch) -> None:
    """Tell people of silences that are over, each once, with what they kept back."""
    now = watch.now()

    def commit(tx: Connection) -> list[int]:
        over = silences.over(tx, now=now)
        for each, by in over:
            lines = [
                f"{row.severity}: {row.title} ({row.outlet_name})"
                for row in silences.kept_back(tx, each.id, limit=LINES_TOLD)
            ]
            on = next((s for s in silences.in_force(tx, now=now) if s.scope == each.scope), None)
            kept = silences.kept(tx, each.id)
            title, body = ended(each, by=by, kept=kept, lines=lines, on=on)
            key = f"silence {each.id}"
            deliveries.notify(tx, watch.ops, key=key, title=title, body=body, now=now)
            silences.mark_told(tx, each.id, now=now)
        return [each.id for each, _ in over]

    for number in watch.database.write(commit):
        log.info("silence.ended", silence=number)


def _sum_up(watch: Watch, rule: Rule, end: datetime, tx: Connection) -> int | None:
    """Queue the summary of a trial; how often the rule would have told, None if it was summed up.

    The trial of a rule that an edit took it from meanwhile has none.
    """
    began = trials.began(tx, rule.id)
    if began is None or not trials.mark_told(tx, rule.id, end=end):
        return None
    now = watch.now()
    rows = trials.untold(tx, rule.id, since=began, until=end)
    found = Trial(
        rule=rule.id,
        title=rule.title,
        began=began,
        ended=end,
        matches=trials.matches(tx, rule.id, since=began, until=end),
        untold=[Untold(row.title, row.outlet_name, row.matched_at) for row in rows],
        live=not rule.ended(now),
    )
    title, body = summary(found)
    key = f"trial {rule.id} {end.isoformat()}"
    channels = channels_of(rule, watch.channels)
    deliveries.notify(tx, channels, key=key, title=title, body=body, now=now)
    return len(rows)


def _overdue(connection: Connection, rows: Sequence[Row[Any]], *, now: datetime) -> list[Row[Any]]:
    begun = now - HISTORY
    counts = ledger.counts_by_hour(connection, [row.id for row in rows], since=begun)
    return [
        row
        for row in rows
        if rhythm.overdue(
            counts.get(row.id, {}),
            first_hour=ledger.hour_of(max(row.first_polled_at, begun)),
            now_hour=ledger.hour_of(now),
            last_news_hour=ledger.hour_of(row.news_at),
        )
    ]


def _quiet_words(quiet: Sequence[Row[Any]]) -> str:
    lines = [
        f"{row.outlet_name}: nothing since {row.news_at:%d %b %H:%M} UTC, unlike what this feed "
        f"usually brings at these hours. {row.url}"
        for row in quiet[:NAMED]
    ]
    if len(quiet) > NAMED:
        lines.append(f"and {len(quiet) - NAMED} more: monitor feeds list")
    return "\n".join(lines)
