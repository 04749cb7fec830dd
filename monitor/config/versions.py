"""The version of a rule: a hash of all that decides what it matches and tells."""

import hashlib
from collections.abc import Sequence

from monitor.config.alerting import Alerting
from monitor.core.model import Severity
from monitor.core.rules import (
    AllOf,
    AnyOf,
    AtLeast,
    Case,
    Condition,
    From,
    Happening,
    Ignoring,
    Near,
    NoneOf,
    Regex,
    Repeat,
    Scored,
    Term,
    Volume,
    Within,
    has_events,
)

VERSION_LENGTH = 12  # hexadecimal digits: 48 bits, no clash among the versions of one rule


def rule_version(
    condition: Condition,
    severity: Severity,
    alert: Alerting,
    *,
    cases: Sequence[Case] = (),
    volume: Volume | None = None,
    knowledge: str = "",
) -> str:
    """A hash of what decides: the condition with every term its lists reach, severity, alert.

    For a rule with events also the version of the `knowledge` that finds them.
    What comes from the defaults of the file counts as if the rule said it. Title, channels,
    examples, the last day, the trial, comments and layout do not count.
    """
    digest = hashlib.sha256()
    for part in (severity, alert.once_per, alert.weak):
        digest.update(f"{part.value}\n".encode())
    usual = Alerting(once_per=alert.once_per, weak=alert.weak, digest=alert.digest)
    if alert != usual:  # what is usual was not there to be said in former versions
        told = (alert.window, sorted(alert.updates), alert.outlets, alert.sources)
        digest.update(f"{told}\n".encode())
    if alert.digest is not None:
        digest.update(f"{alert.digest}\n".encode())
    digest.update(_canonical(condition).encode())
    for case in cases:
        when = "" if case.condition is None else _canonical(case.condition)
        digest.update(f"\n{case.severity.value}: {when}".encode())
    if volume is not None:
        amounts = (volume.at_least, volume.at_most, volume.ratio)
        digest.update(
            f"\n{volume.unit} {amounts} {volume.window} {volume.baseline}".encode(),
        )
    if has_events(condition) or any(
        each.condition and has_events(each.condition) for each in cases
    ):
        digest.update(f"\n{knowledge}".encode())
    return digest.hexdigest()[:VERSION_LENGTH]


def _canonical(condition: Condition) -> str:  # noqa: C901, PLR0911 - one line a condition
    match condition:
        case Term():
            return repr((condition.list_name, condition.written))
        case Regex(pattern=pattern):
            return f"Regex({pattern!r})"
        case AllOf(parts=parts) | AnyOf(parts=parts) | NoneOf(parts=parts):
            return f"{type(condition).__name__}({_listed(parts)})"
        case AtLeast(n=n, parts=parts):
            return f"AtLeast({n},{_listed(parts)})"
        case Repeat(terms=terms, times=times):
            return f"Repeat({_listed(terms)},{times})"
        case Near(groups=groups, within=within, ordered=ordered):
            return f"Near({list(map(_listed, groups))},{within},{ordered})"
        case Ignoring(phrases=phrases, part=part):
            return f"Ignoring([{_listed(phrases)}],{_canonical(part)})"
        case Scored(least=least, boosts=boosts):
            points = [f"{boost.points}:{_canonical(boost.part)}" for boost in boosts]
            return f"Scored({least},{','.join(points)})"
        case Within(scopes=scopes, part=part):
            return f"Within({sorted(scopes)},{_canonical(part)})"
        case From():
            return (
                f"From({condition.outlets},{condition.tiers},"
                f"{condition.countries},{condition.languages})"
            )
        case Happening():
            return repr(condition)


def _listed(parts: Sequence[Condition]) -> str:
    return ",".join(map(_canonical, parts))
