"""A rule as YAML with all that it takes from elsewhere, for a person who compares two versions."""

from collections.abc import Iterable, Iterator, Mapping

from monitor.config.calendars import DAYS
from monitor.config.printing import Value, laid_out, named, value
from monitor.core.hours import EVERY_DAY, RuleHours
from monitor.core.rules import (
    USUAL_UPDATES,
    WINDOW,
    OncePer,
    Rule,
    Update,
    WeakPolicy,
    terms_of,
)
from monitor.core.timing import in_words

NARROW = 60  # characters of a line: two versions differ in few short lines rather than a long one


def definition(rule: Rule) -> list[str]:
    """The lines of a rule: what it says itself, what its file's defaults say, its lists' terms.

    What it leaves to the program is not there, nor are its examples, which change nothing.
    """
    return [
        line
        for key, said in (*_settings(rule), ("when", _when(rule)))
        for line in laid_out(key, said, width=NARROW)
    ] + [line for name, terms in sorted(_lists(rule).items()) for line in _terms(name, terms)]


def _notify(rule: Rule) -> dict[str, Value]:
    notify: dict[str, Value] = {}
    if rule.channels:
        notify["channels"] = list(rule.channels)
    if rule.quiet:
        own = [_hours(each) for each in rule.quiet]
        notify["quiet_hours"] = own[0] if len(own) == 1 else own
    if rule.escalation:
        notify["escalate"] = [
            {"after": in_words(step.after), "to": list(step.to)} for step in rule.escalation
        ]
    return notify


def _hours(own: RuleHours) -> Value:
    span = own.hours
    said: dict[str, Value] = {"from": f"{span.begins:%H:%M}", "to": f"{span.ends:%H:%M}"}
    if span.days != EVERY_DAY:
        said["days"] = [DAYS[day] for day in sorted(span.days)]
    return said | {"timezone": str(span.zone), "then": own.then.value}


def _settings(rule: Rule) -> Iterator[tuple[str, Value]]:
    if rule.title != rule.id:
        yield "title", rule.title
    yield "severity", _severity(rule)
    alert: dict[str, Value] = dict(_of_incidents(rule))
    if rule.once_per is not OncePer.INCIDENT:
        alert["once_per"] = rule.once_per.value
    if rule.weak is not WeakPolicy.DIGEST:
        alert["weak"] = rule.weak.value
    if alert:
        yield "alert", alert
    if notify := _notify(rule):
        yield "notify", notify
    if not rule.enabled:
        yield "enabled", "false"
    if rule.expires is not None:
        yield "expires", rule.expires.isoformat()
    if rule.trial is not None:
        yield "trial", in_words(rule.trial)


def _of_incidents(rule: Rule) -> Iterator[tuple[str, Value]]:
    if rule.window != WINDOW:
        yield "window", in_words(rule.window)
    if rule.updates != USUAL_UPDATES or rule.outlets is not None:
        told: list[Value] = [each.value for each in Update if each in rule.updates]
        if rule.outlets is not None:
            told.append({"outlets": str(rule.outlets)})
        yield "update_on", told
    if rule.sources > 1:
        yield "sources", str(rule.sources)
    if rule.digest is not None:
        digest: dict[str, Value] = {}
        if rule.digest.every is not None:
            digest["every"] = in_words(rule.digest.every)
        if rule.digest.max_items is not None:
            digest["max_items"] = str(rule.digest.max_items)
        yield "digest", digest


def _when(rule: Rule) -> Value:
    condition = value(named(rule.condition)[0])
    volume = rule.volume
    if volume is None:
        return condition
    counted: dict[str, Value] = {"of": condition, "window": in_words(volume.window)}
    if volume.at_least is not None:
        counted["at_least"] = f"{volume.at_least} {volume.unit}"
    if volume.at_most is not None:
        counted["at_most"] = f"{volume.at_most} {volume.unit}"
    if volume.ratio is not None and volume.baseline is not None:
        counted |= {"ratio": f"{volume.ratio:g}", "baseline": in_words(volume.baseline)}
    return {"volume": counted}


def _severity(rule: Rule) -> Value:
    if not rule.cases:
        return rule.severity.value
    cases: list[Value] = []
    for case in rule.cases:
        when = {} if case.condition is None else {"when": value(named(case.condition)[0])}
        cases.append({**when, "is": case.severity.value})
    return cases


def _terms(name: str, terms: Iterable[str]) -> list[str]:
    """One term a line: one more is one line more."""
    return [f"${name}:", *(f"  - {each}" for each in terms)]


def _lists(rule: Rule) -> dict[str, Iterable[str]]:
    """The terms of every list that the rule reaches, as written."""
    found: dict[str, dict[str, None]] = {}
    for condition in (rule.condition, *(case.condition for case in rule.cases if case.condition)):
        for name, written in named(condition)[1].items():
            found[name] = dict.fromkeys(written)
        for term in terms_of(condition):
            if term.list_name:
                found.setdefault(term.list_name, {})[term.written] = None
    return {name: _with_uses(name, found) for name in found}


def _with_uses(name: str, lists: Mapping[str, Mapping[str, None]]) -> list[str]:
    """The terms of a list, where another one is wholly in it by name: a change is shown once.

    A rule knows the terms of its lists, and not which list brought them.
    """
    own = lists[name].keys()
    within = {
        other: terms.keys()
        for other, terms in lists.items()
        if len(terms) > 1 and terms.keys() < own
    }
    uses = [
        other
        for other, terms in within.items()
        if not any(terms < larger for larger in within.values())
    ]
    brought = {written for other in uses for written in lists[other]}
    return [f"${other}" for other in sorted(uses)] + [each for each in own if each not in brought]
