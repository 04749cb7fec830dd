"""Messages about nothing that happened: what a layout is tried on, and what a preview shows."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.core.alerts import News, Reason, Way
from monitor.core.contents import Chart, Content, Form, Notice, of_alert, of_notice
from monitor.core.corroboration import NOBODY, Standing
from monitor.core.digests import chart, of_digest
from monitor.core.knowledge import ActorId, Event, Status, TypeId
from monitor.core.messages import render_ops
from monitor.core.model import Completeness, Evidence, RuleId, Severity, Strength, Tier
from monitor.core.reports import Fired, Report
from monitor.core.wording import Wording

_HEADLINE = "Norland strikes a Sudanian harbour, the admiral says"
_TEXT = (
    "Norland's navy struck the harbour of Port Karim at dawn, the admiral said. Nobody was "
    "hurt.\n\nTalks had been offered the week before."
)


def sample(form: Form, *, now: datetime, words: Wording) -> Content:
    """An invented message of a kind."""
    match form:
        case Form.ALERT:
            return of_alert(_report(now), now=now, words=words)
        case Form.UPDATE:
            return of_alert(_update(now), now=now, beside=[_bare(now)], update=True, words=words)
        case Form.DIGEST:
            told = [_report(now), _update(now), _bare(now)]
            heading = words.headings[Way.DIGEST]
            return of_digest(told, heading=heading, now=now, chart=_chart(now, words), words=words)
        case Form.NOTICE:
            body = "https://wire.example/rss brings news again. It had been silent for 9 h."
            said = render_ops("A feed is back", body, noted_at=now, now=now)
            return of_notice(said.title, said.body, words=words)


def samples(*, now: datetime, words: Wording) -> Iterator[Content]:
    """Every kind, with all that may stand in it and with as little as may."""
    yield from (sample(form, now=now, words=words) for form in Form)
    least = _bare(now)
    yield of_alert(least, now=now, words=words)
    long = replace(_report(now), headline=" ".join([_HEADLINE] * 5), missed=True, folded=3)
    full = replace(long, fired=long.fired * 9)
    alert = of_alert(full, now=now, beside=[long] * 9, update=True, words=words)
    yield replace(alert, preface=words.stands_in.format("desk", "03:02"))
    digest = of_digest([long, least] * 20, heading="…", now=now, words=words)
    notices, chart = (Notice("…", ("…",)),) * 2, Chart((0, 3, 1), "…", "·█▃")
    digest = replace(digest, notices=notices, more_notices=2, chart=chart)
    yield replace(digest, preface=words.stands_in.format("desk", "03:02"))
    yield of_notice("…", "…", words=words)


def _chart(now: datetime, words: Wording) -> Chart | None:
    moments = [now - timedelta(hours=ago) for ago in (0, 0, 0, 1, 1, 3, 6, 7, 7, 12, 18)]
    return chart(moments, since=now - timedelta(days=1), now=now, words=words)


def _report(now: datetime) -> Report:
    event = Event(
        TypeId("strike"), ActorId("norland"), ActorId("sudania"), Status.CLAIMED, "the admiral",
        "Norland's navy struck the harbour of Port Karim at dawn, the admiral said.", "text", 15,
        21, "Norland", "Sudania",
    )  # fmt: skip
    fired = Fired(
        rule=RuleId("strikes"),
        title="Strikes",
        severity=Severity.CRITICAL,
        strength=Strength.STRONG,
        reason=str(News(Reason.FIRST_REPORT)),
        evidence=(_hit("text", _TEXT, "struck"), _hit("title", _HEADLINE, "strikes")),
        event=event,
    )
    further = Fired(
        rule=RuleId("dialogue"),
        title="Dialogue",
        severity=Severity.HIGH,
        strength=Strength.WEAK,
        reason=str(News(Reason.WEAK_MATCH)),
        evidence=(_hit("text", _TEXT, "Talks"),),
    )
    return Report(
        headline=_HEADLINE,
        title=_HEADLINE,
        text=_TEXT,
        url="https://wire.example/norland/harbour",
        outlet="Example Wire",
        tier=Tier.WIRE,
        country="US",
        language="en",
        published_at=now - timedelta(minutes=4),
        seen_at=now - timedelta(minutes=2),
        completeness=Completeness.FULL,
        fired=(fired, further),
        outlets=5,
        sources=2,
        standing=Standing(("the admiral",), claimed=True, outlets=5),
    )


def _update(now: datetime) -> Report:
    told = _report(now)
    denied = News(Reason.DENIAL, "Sudania")
    evidence = (_hit("text", _TEXT, "struck"),)
    first = replace(told.fired[0], reason=str(denied), severity=Severity.HIGH, evidence=evidence)
    standing = replace(told.standing, denied_by="Sudania")
    headline = "Sudania denies that its harbour was struck"
    return replace(
        told, headline=headline, title=headline, fired=(first,), standing=standing, folded=2
    )


def _bare(now: datetime) -> Report:
    """As little as is ever known."""
    fired = replace(_report(now).fired[0], evidence=(), event=None, reason="")
    return replace(
        _report(now),
        headline="A headline alone",
        url=None,
        published_at=None,
        completeness=Completeness.TITLE,
        quality="paywall",
        fired=(replace(fired, severity=Severity.NORMAL),),
        outlets=1,
        sources=1,
        standing=NOBODY,
    )


def _hit(field: str, text: str, quote: str) -> Evidence:
    start = text.index(quote)
    return Evidence(field, start, start + len(quote), quote, "term")
