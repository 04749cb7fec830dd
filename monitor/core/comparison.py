"""Two sets of rules over one archive: which alerts the second gains and loses."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from monitor.core.alerts import Way
from monitor.core.backtest import Archived, Judged, Replay, Summary, Verdict
from monitor.core.model import RuleId


class Effect(StrEnum):
    """What becomes of an alert."""

    GAINED = "gained"
    LOST = "lost"
    OTHERWISE = "told otherwise"  # more or less urgently


@dataclass(frozen=True, slots=True)
class Difference:
    """One alert that only one of the two sets raises, or each in another way.

    An alert is one rule telling of one article. `verdict` is that of the side that tells it, of
    the second where both do; `other` says what the other side makes of the article.
    """

    how: Effect
    rule: RuleId
    article: Archived
    verdict: Verdict
    other: str


class Side:
    """One of the two sets, and what it did so far."""

    def __init__(self, replay: Replay, summary: Summary) -> None:
        self._replay = replay
        self.summary = summary

    def judge(self, article: Archived, *, counted: bool) -> Judged | None:
        """What this set makes of an article; `counted`: it is part of the span looked at."""
        judged = self._replay.judge(article)
        if judged is not None and counted:
            self.summary.add(judged)
        return judged

    def why_not(self, rule: RuleId, article: Archived, verdict: Verdict | None) -> str:
        """Why this set does not tell of an article that the other one tells of."""
        if verdict is not None:
            return str(verdict.decision.silence)
        if rule not in self.summary.rules:
            return "not at work"
        if any(match.rule == rule for match in self._replay.matches(article)):
            return "a copy of an article that matches, and not judged by itself"
        return "no match"


def compare(article: Archived, before: Side, after: Side, *, counted: bool) -> Iterator[Difference]:
    """Let both sets judge an article; how their alerts differ, if it is `counted`."""
    old = _verdicts(before.judge(article, counted=counted))
    new = _verdicts(after.judge(article, counted=counted))
    if not counted:
        return
    for rule in sorted(old.keys() | new.keys()):
        was, now = old.get(rule), new.get(rule)
        if now is not None and _tells(now):
            if was is None or not _tells(was):
                why = before.why_not(rule, article, was)
                yield Difference(Effect.GAINED, rule, article, now, why)
            elif manner(was) != manner(now):
                yield Difference(Effect.OTHERWISE, rule, article, now, manner(was))
        elif was is not None and _tells(was):
            why = after.why_not(rule, article, now)
            yield Difference(Effect.LOST, rule, article, was, why)


def _verdicts(judged: Judged | None) -> dict[RuleId, Verdict]:
    return {} if judged is None else {each.match.rule: each for each in judged.verdicts}


def _tells(verdict: Verdict) -> bool:
    return verdict.decision.reason is not None


def manner(verdict: Verdict) -> str:
    """How urgently an alert is told: its severity, and whether somebody hears it at once."""
    at_once = any(way is Way.AT_ONCE for way, _ in verdict.sent)
    return f"{verdict.match.severity}, {'at once' if at_once else 'in a digest'}"
