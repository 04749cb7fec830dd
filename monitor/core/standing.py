"""How a channel stands: what it has been given lately, and until when it is left alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.core.model import Channel
from monitor.core.outbox import Cause, Fate, Outcome

# One message that cannot be sent must not hold up others, three in a row are the channel's fault:
# then one message at a time tells when it is back, instead of each that waits.
REST_AFTER = 3  # failures in a row
FIRST_REST = timedelta(seconds=5)
LONGEST_REST = timedelta(minutes=1)  # so much later at most is a channel known to be back
MOST_DOUBLINGS = 8
TOLD_AFTER = timedelta(minutes=30)  # of failing, a person is told


@dataclass(frozen=True, slots=True)
class Standing:
    """`spent` tries since `spent_since`; `failures` in a row, none of them one message's own."""

    tried_at: datetime
    free_at: datetime  # nothing is sent before
    spent: int = 0
    spent_since: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None

    @property
    def rests(self) -> bool:
        """Whether so much has failed that only one message at a time is tried."""
        return self.failures >= REST_AFTER

    def told(self, now: datetime) -> bool:
        """Whether it has failed for so long that a person should know."""
        return self.failing_since is not None and now - self.failing_since >= TOLD_AFTER


def after_try(
    before: Standing | None, channel: Channel, outcome: Outcome, *, now: datetime
) -> Standing:
    """How the channel stands after one more try."""
    before = before or Standing(now, now)
    spent, since = before.spent + 1, before.spent_since
    if channel.budget is None or since is None or not since <= now < since + channel.budget.every:
        spent, since = 1, now
    failures, failing_since = before.failures, before.failing_since
    if outcome.state is Fate.SENT:
        failures, failing_since = 0, None
    elif outcome.cause is not Cause.MESSAGE:
        failures, failing_since = failures + 1, failing_since or now
    free_at = now + max(channel.pace, outcome.retry_after or timedelta(), _rest(failures))
    if channel.budget is not None and spent >= channel.budget.messages:
        free_at = max(free_at, since + channel.budget.every)
    return Standing(now, free_at, spent, since, failures, failing_since)


def _rest(failures: int) -> timedelta:
    if failures < REST_AFTER:
        return timedelta()
    rest: timedelta = FIRST_REST * 2 ** min(failures - REST_AFTER, MOST_DOUBLINGS)
    return min(rest, LONGEST_REST)
