"""What becomes of a message: from what a channel answered to the next state of its delivery."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.core import timing

UNCERTAIN_LIMIT = 5  # sends of one message that may or may not have arrived
GIVE_UP_AFTER = timedelta(days=5)  # of counted tries; by age, because counts die in an outage
# Before the next try after the n-th that no answer came to: a service that hangs for an hour must
# cost no message, and nobody shall get the same one every minute.
UNCERTAIN_PAUSES = tuple(timedelta(minutes=each) for each in (0.5, 2, 10, 60))


class Fate(StrEnum):
    """What became of one try. Unknown: sent, but no answer came; it may have arrived."""

    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Cause(StrEnum):
    """What a try that was not sent failed of, as far as the answer tells.

    What a person has to mend is tried again all the same: somebody may mend it.
    """

    PASSING = "may pass by itself"
    CHANNEL = "refuses whatever comes"
    MESSAGE = "refuses this message"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one try ended.

    `detail` is for a person: the provider's own words, no secrets. `retry_after` is asked for by
    the provider and at most 24 h.
    """

    state: Fate
    detail: str
    retry_after: timedelta | None = None
    cause: Cause = Cause.PASSING


class State(StrEnum):
    """How far a message has got. Unknown: the other side fell silent, it may have arrived."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    DEAD = "dead"


class Kind(StrEnum):
    """What a message is."""

    ALERT = "alert"
    UPDATE = "update"  # what is new of an incident
    DIGEST = "digest"
    OPS = "ops"  # about the watch itself
    VOLUME = "volume"  # a spike or a silence
    REVISION = "revision"  # a correction, a retraction or a deletion of what was told
    CANARY = "canary"  # an invented article, which shows that the whole chain works


@dataclass(frozen=True, slots=True)
class Tries:
    """The tries so far: failures in a row, sends cut short, when last, for how long counted."""

    attempts: int
    uncertain: int
    tried_at: datetime | None
    tried_for: timedelta


@dataclass(frozen=True, slots=True)
class Following:
    """The delivery after a try; `again_at` is None when no other follows."""

    state: State
    uncertain: int
    tried_for: timedelta
    again_at: datetime | None = None


def follow(outcome: Outcome, tries: Tries, *, now: datetime, chance: float) -> Following:
    """Decide what follows a try: done, again later with the same key, or given up."""
    tried_for = tries.tried_for + timing.counted_try(now, tried_at=tries.tried_at)
    uncertain = tries.uncertain + (outcome.state is Fate.UNKNOWN)
    if outcome.state is Fate.SENT:
        return Following(State.SENT, uncertain, tried_for)
    if uncertain >= UNCERTAIN_LIMIT or tried_for > GIVE_UP_AFTER:
        return Following(State.DEAD, uncertain, tried_for)
    if outcome.state is Fate.UNKNOWN:
        pause = UNCERTAIN_PAUSES[min(uncertain, len(UNCERTAIN_PAUSES)) - 1]
        return Following(State.UNKNOWN, uncertain, tried_for, now + pause)
    again_at = timing.retry_at(
        now, attempts=tries.attempts, chance=chance, after=outcome.retry_after
    )
    return Following(State.QUEUED, uncertain, tried_for, again_at)
