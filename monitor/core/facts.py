"""A message for programs: what a webhook gets beside the text, under keys that stay.

`SCHEMA` describes it as JSON Schema; `VERSION` goes up when a key is renamed, goes, or means
something else, and not when one is added. Strangers' words are harmless here too: a receiver may
pass them on to a chat.
"""

from datetime import UTC, datetime
from typing import Any

from monitor.core.contents import Content, Form
from monitor.core.knowledge import Event, Status
from monitor.core.model import Completeness, Evidence, Severity, Strength, Tier
from monitor.core.reports import Fired, Report
from monitor.core.strangers import link, quiet
from monitor.core.wording import Wording

VERSION = 1
EVIDENCE_TOLD = 20  # of one rule; nobody's program needs more to show why

Shape = dict[str, Any]


def facts(content: Content, *, now: datetime, thread: tuple[str, ...] = ()) -> dict[str, object]:
    """The message as data that JSON can hold; a notice has no stories, its text says all."""
    return {
        "version": VERSION,
        "kind": content.form.value,
        "code": content.code or None,
        "severity": content.severity.value if content.severity else None,
        "sent_at": _instant(now),
        "threads": list(thread),
        "stories": [_story(report, content.words) for report in content.reports],
        "more": content.more if content.form is Form.DIGEST else 0,
    }


def _story(report: Report, words: Wording) -> dict[str, object]:
    return {
        "headline": quiet(report.headline),
        "url": link(report.url),
        "outlet": quiet(report.outlet),
        "tier": report.tier.value,
        "country": quiet(report.country),
        "language": quiet(report.language) if report.language else None,
        "publisher": quiet(report.publisher) if report.publisher else None,
        "copy_of": quiet(report.credit) if report.credit else None,
        "published_at": _instant(report.published_at) if report.published_at else None,
        "seen_at": _instant(report.seen_at),
        "missed": report.missed,
        "read": report.completeness.value,
        "outlets": report.outlets,
        "independent_sources": report.sources,
        "standing": quiet(words.standing(report.standing)),
        "severity": report.severity.value,
        "rules": [_rule(fired, words) for fired in report.fired],
    }


def _rule(fired: Fired, words: Wording) -> dict[str, object]:
    return {
        "id": str(fired.rule),
        "title": quiet(fired.title),
        "severity": fired.severity.value,
        "strength": fired.strength.value,
        "reason": quiet(words.reason(fired.reason)),
        "event": _event(fired.event) if fired.event else None,
        "evidence": [_evidence(each) for each in fired.evidence[:EVIDENCE_TOLD]],
    }


def _event(event: Event) -> dict[str, object]:
    return {
        "type": str(event.type),
        "source": str(event.source) if event.source else None,
        "target": str(event.target) if event.target else None,
        "status": event.status.value,
        "speaker": quiet(event.speaker) if event.speaker else None,
        "sentence": quiet(event.sentence),
    }


def _evidence(each: Evidence) -> dict[str, object]:
    return {
        "field": each.field,
        "start": each.start,
        "end": each.end,
        "quote": quiet(each.quote),
        "why": quiet(each.why),
    }


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


# --- the published shape --------------------------------------------------------------------


def _object(what: str, **keys: Shape) -> Shape:
    """All keys are always there; a receiver shall ignore those that it does not know."""
    return {"type": "object", "description": what, "properties": keys, "required": list(keys)}


def _text(what: str) -> Shape:
    return {"type": "string", "description": what}


def _maybe(shape: Shape) -> Shape:
    return {**shape, "type": [shape["type"], "null"]}


def _one_of(what: str, values: Any) -> Shape:
    return {"enum": [each.value for each in values], "description": what}


def _number(what: str) -> Shape:
    return {"type": "integer", "minimum": 0, "description": what}


def _list(what: str, items: Shape) -> Shape:
    return {"type": "array", "description": what, "items": items}


def _time(what: str) -> Shape:
    return {"type": "string", "format": "date-time", "description": what}


_EVENT = _object(
    "Who did what to whom, as the sentence says it.",
    type=_text("Of the knowledge."),
    source=_maybe(_text("An actor of the knowledge; null: the sentence names none.")),
    target=_maybe(_text("The same.")),
    status=_one_of("How sure that is.", Status),
    speaker=_maybe(_text("Who says so, as named.")),
    sentence=_text("The whole sentence."),
)
_EVIDENCE = _object(
    "Words that made the rule true.",
    field=_text("title, summary, text, section, author or url."),
    start=_number("Code points into that field as stored."),
    end=_number("The same; the first one behind."),
    quote=_text("The words."),
    why=_text("Which term, list or event."),
)
_RULE = _object(
    "Why you get it.",
    id=_text("Of the rule file."),
    title=_text("Of the rule file."),
    severity=_one_of("How urgent this match is.", Severity),
    strength=_one_of("weak: below the lead, or arguable.", Strength),
    reason=_text("Why now."),
    event=_maybe(_EVENT),
    evidence=_list(f"At most {EVIDENCE_TOLD}.", _EVIDENCE),
)
_STORY = _object(
    "One article: of an update, also those beside it; of a digest, one a story.",
    headline=_text("As people are shown it."),
    url=_maybe(_text("The article; null: the outlet gave no usable link.")),
    outlet=_text("Its name."),
    tier=_one_of("What kind of outlet.", Tier),
    country=_text("ISO 3166, or as the outlet files have it."),
    language=_maybe(_text("BCP 47.")),
    publisher=_maybe(_text("Whom an aggregator shows.")),
    copy_of=_maybe(_text("The agency whose text it is.")),
    published_at=_maybe(_time("UTC, as the outlet says.")),
    seen_at=_time("UTC, by our clock."),
    missed={"type": "boolean", "description": "It came out while the watch was blind."},
    read=_one_of("How much of it was read.", Completeness),
    outlets=_number("That carry the story so far."),
    independent_sources=_number("Those of them that are no copies."),
    standing=_text('Who stands behind it, who denies it; "" where nobody said.'),
    severity=_one_of("Of the most urgent rule.", Severity),
    rules=_list("The rules it satisfies.", _RULE),
)
SCHEMA: Shape = {
    "title": "media-monitor: what a webhook gets",
    "type": "object",
    "properties": {
        "title": _text("The message's title, as people get it."),
        "message": _text("The message's text, as people get it."),
        "monitor": _object(
            "The same for programs.",
            version={"const": VERSION, "description": "Goes up when a key changes its meaning."},
            kind=_one_of("notice: put into words before, all of it in the text.", Form),
            code=_maybe(_text("By which people answer it; null: there is nothing to answer.")),
            severity={"enum": [*(each.value for each in Severity), None]},
            sent_at=_time("UTC."),
            threads=_list("One id an incident it tells of; later messages have it too.", _text("")),
            stories=_list("The most urgent first in a digest.", _STORY),
            more=_number("Stories of a digest that are counted only."),
        ),
    },
    "required": ["title", "message", "monitor"],
}
