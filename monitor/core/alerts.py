"""Whether a match is told, and why: a pure decision over what has been told before."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from monitor.core.model import Strength
from monitor.core.rules import WeakPolicy


class Origin(StrEnum):
    """How an entry came to us: in the running watch, or with the first sight of its feed."""

    LIVE = "live"
    WELCOME = "welcome"  # young at first sight: told in one digest
    BASELINE = "baseline"  # old at first sight: stored, never told
    LATE = "late"  # old when a known feed listed it: told in a digest


class Reason(StrEnum):
    """Why people are told; the words reach the message and the log."""

    FIRST_REPORT = "first report of this story"
    WEAK_MATCH = "weak match, below the lead"


class Silence(StrEnum):
    """Why people are not told; the words answer "why did I not get it?"."""

    BASELINE = "older than the watch: it stood in the feed before we first looked"
    ALREADY_TOLD = "already told: an earlier article of this story raised this alert"
    LOGGED = "weak match, below the lead, and the rule only logs those"


class Way(StrEnum):
    """How an alert reaches a channel."""

    AT_ONCE = "at once"
    DIGEST = "digest"
    WELCOME = "welcome"


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one match. With a reason it is told by `way`; else `silence` says why not."""

    reason: Reason | None = None
    way: Way | None = None
    silence: Silence | None = None
    rides_along: bool = False  # a weak match in the message of a strong one

    @property
    def words(self) -> str:
        return str(self.reason or self.silence)


def decide(
    *,
    strength: Strength,
    origin: Origin,
    weak: WeakPolicy,
    told: AbstractSet[Reason],
    beside_strong: bool,
) -> Decision:
    """Decide one match: `told` are the reasons this rule has given for the incident so far.

    `beside_strong`: another rule tells this very article at once, so a weak match rides along in
    that message instead of waiting for a digest.
    """
    if origin is Origin.BASELINE:
        return Decision(silence=Silence.BASELINE)
    strong = strength is Strength.STRONG or weak is WeakPolicy.ALERT
    reason = Reason.FIRST_REPORT if strong else Reason.WEAK_MATCH
    if Reason.FIRST_REPORT in told or reason in told:
        return Decision(silence=Silence.ALREADY_TOLD)
    if not strong and not beside_strong and weak is WeakPolicy.LOG:
        return Decision(silence=Silence.LOGGED)
    if origin is Origin.WELCOME:
        return Decision(reason=reason, way=Way.WELCOME)
    if origin is Origin.LATE:
        return Decision(reason=reason, way=Way.DIGEST)
    way = Way.AT_ONCE if strong or beside_strong else Way.DIGEST
    return Decision(reason=reason, way=way, rides_along=beside_strong and not strong)
