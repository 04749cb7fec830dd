"""What people are told: one alert or one digest as plain text, safe whatever the news wrote.

Strangers write headlines, so every word of theirs passes `quiet` before it stands in a message:
it cannot ping anybody, cannot become a link, cannot reorder or break a line. The only live link
in a message is the article's own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from monitor.core.excerpts import excerpts
from monitor.core.knowledge import Event
from monitor.core.model import Completeness, Evidence, RuleId, Severity, Strength, Tier
from monitor.core.reported import announced
from monitor.core.strangers import UNLINKED_DOT, link, quiet, shorten

TITLE_LIMIT = 180  # characters; the smallest title field of the usual services is 200 (ntfy)
RULES_SHOWN = 8  # rules told with evidence in one alert; the rest are counted
BESIDE_SHOWN = 6  # other articles with something new in one update; the rest are counted
EXCERPTS_SHOWN = 3  # excerpts under one rule; the rest are counted
CASE_WORDS_SHOWN = 2  # words that made a match so urgent, beside its severity
EVENT_LIMIT = 240  # characters of who did what to whom
CASE_WORD_LIMIT = 40  # characters of one of them
NAME_LIMIT = 100  # characters of a publisher's name, as an aggregator gives it
DIGEST_LIMIT = 20  # stories in one digest; the rest are counted
DIGEST_ROOM = 32_000  # characters; what most services take where the channel knows no better
LATE = timedelta(minutes=10)  # from seen to sent; later than this is said aloud

MARKS = {
    Severity.CRITICAL: "🔴 CRITICAL",
    Severity.HIGH: "🟠 HIGH",
    Severity.NORMAL: "🔵 NORMAL",
    Severity.LOW: "⚪ LOW",
}
READ = {
    Completeness.FULL: "full article",
    Completeness.SUMMARY: "summary only",
    Completeness.TITLE: "headline only",
}
FIELDS = ("title", "summary", "text", "section", "author", "url")  # in the order people read


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel hands over. Plain text; lines end in a newline, the title is one line."""

    title: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """One rule that fired or weakly matched; `reason` is why people are told now.

    `weight`: how much that counts among several articles, the least most.
    """

    rule: RuleId
    title: str
    severity: Severity
    strength: Strength
    reason: str
    evidence: tuple[Evidence, ...] = ()
    event: Event | None = None
    weight: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything a message about one story says. Times are aware UTC.

    `headline` is what people are shown; `title`, `summary` and `text` are the stored fields that
    the evidence points into. `outlets` counts who carries the story so far, this one included, and
    `sources` those of them that are no copies. `credit` names the agency whose text it is,
    `publisher` whom an aggregator shows. `missed`: it came out while the watch was blind.
    `standing`: who stands behind what is told, and who denied it. So many reports were `folded`,
    as they said nothing new.
    `quality` says why no more was read, in the words of `Page.quality`.
    """

    headline: str
    url: str | None
    outlet: str
    tier: Tier
    country: str
    language: str | None
    published_at: datetime | None
    seen_at: datetime
    completeness: Completeness
    fired: tuple[Fired, ...]
    outlets: int = 1
    sources: int = 1
    credit: str | None = None
    publisher: str | None = None
    missed: bool = False
    standing: str = ""
    folded: int = 0
    quality: str = "ok"
    title: str = ""
    summary: str | None = None
    text: str | None = None

    @property
    def severity(self) -> Severity:
        """The most urgent of the rules that fired; of the weak ones only if none is strong."""
        strong = [fired.severity for fired in self.fired if fired.strength is Strength.STRONG]
        told = strong or [fired.severity for fired in self.fired]
        return min(told, key=lambda severity: severity.rank, default=Severity.LOW)


def unlinked(message: Message) -> Message:
    """The message where nothing makes links of bare words: a path in it can be pasted."""
    title, body = (each.replace(UNLINKED_DOT, ".") for each in (message.title, message.body))
    return Message(title=title, body=body)


# --- one alert ------------------------------------------------------------------------------


def render_alert(
    report: Report, *, now: datetime, beside: Sequence[Report] = (), update: bool = False
) -> Message:
    """The message about one incident, for somebody woken by it.

    `update`: people know of it; `beside` are other articles with something new about it. The link
    stands before the evidence: a service that shows little cuts the end. Signs, not indentation,
    tell the lines apart: Telegram loses indentation and empty lines.
    """
    headline = quiet(report.headline).strip() or "(no headline)"
    told = ("UPDATE · " if update else "") + ("LATE · " if report.missed else "")
    title = f"{MARKS[report.severity]} · {told}{headline}"
    heading = [headline] if len(title) > TITLE_LIMIT else []
    body = [
        *heading,
        f"{_source(report)}{_carried(report)}",
        *([_missed(report)] if report.missed else []),
        _times(report, now),
        link(report.url) or "(the outlet gave no usable link)",
        *([quiet(report.standing)] if report.standing else []),
        *_rules(report),
        *_beside(beside, now),
        *(_folded(report) if update else []),
        "",
        f"Read: {_read(report)}",
    ]
    return Message(title=shorten(title, limit=TITLE_LIMIT), body="\n".join(body))


def _beside(reports: Sequence[Report], now: datetime) -> list[str]:
    """What else is new of an incident, in other articles: two lines each."""
    lines: list[str] = []
    for report in reports[:BESIDE_SHOWN]:
        headline = quiet(report.headline).strip() or "(no headline)"
        reasons = dict.fromkeys(quiet(fired.reason) for fired in _ordered(report.fired))
        lines += [
            "",
            f"▪ Also: {shorten(headline, limit=TITLE_LIMIT)}",
            f"– {'; '.join(reasons)} · {_source(report)} · {_clock(_published(report), now)}",
            *filter(None, [link(report.url)]),
        ]
    if len(reports) > BESIDE_SHOWN:
        lines += ["", f"and {len(reports) - BESIDE_SHOWN} more articles"]
    return lines


def _folded(report: Report) -> list[str]:
    if not report.folded:
        return []
    many = "1 more report" if report.folded == 1 else f"{report.folded:,} more reports"
    return ["", f"{many} of this said nothing new"]


def _source(report: Report) -> str:
    known = (report.tier.value.replace("_", " "), report.country, report.language)
    name, written = quiet(report.outlet), quiet(report.publisher or "").strip()
    via = f"{shorten(written, limit=NAME_LIMIT)} via {name}" if written else name
    copied = f" · copy of {quiet(report.credit)}" if report.credit else ""
    return f"{via} ({', '.join(quiet(word) for word in known if word)}){copied}"


def _carried(report: Report) -> str:
    # Of one outlet nothing is said: others may report it in words that no story joins yet.
    if report.outlets <= 1:
        return ""
    if report.sources == report.outlets:
        return f" · {report.outlets} outlets so far"
    known = "source" if report.sources == 1 else "sources"
    return f" · {report.outlets} outlets, {report.sources} independent {known}"


def _missed(report: Report) -> str:
    published, seen = report.published_at, report.seen_at
    found = f"; seen {_span(seen - published)} later" if published and published < seen else ""
    return f"LATE: the watch was blind when this came out{found}"


def _read(report: Report) -> str:
    why = "" if report.quality in {"", "ok"} else f": {quiet(report.quality)}"
    return READ[report.completeness] + why


def _times(report: Report, now: datetime) -> str:
    published = report.published_at
    told = f"published {_clock(published, now)}" if published else "publication time unknown"
    line = (
        f"{told} · seen {_clock(report.seen_at, now)} · sent {now:%H:%M} UTC, {_day(now)} {now:%Y}"
    )
    since_seen = now - report.seen_at
    delays = [f"{_span(since_seen)} after it was seen"]
    if published and published > now:
        delays.append("published ahead of our clock")
    elif published:
        delays.insert(0, f"{_span(now - published)} after publication")
    late = "LATE: " if since_seen >= LATE else ""
    return f"{line[0].upper()}{line[1:]}\n{late}{', '.join(delays)}"


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%b}"


def _clock(moment: datetime, now: datetime) -> str:
    if moment.date() == now.date():
        return f"{moment:%H:%M}"
    year = "" if moment.year == now.year else f" {moment.year}"
    return f"{_day(moment)}{year} {moment:%H:%M}"


def _span(span: timedelta) -> str:
    seconds = max(int(span.total_seconds()), 0)
    for size, most, unit in ((1, 90, "s"), (60, 90, "min"), (3_600, 48, "h")):
        if seconds // size < most:
            return f"{seconds // size} {unit}"
    return f"{seconds // 86_400} days"


def _ordered(fired: Iterable[Fired]) -> list[Fired]:
    return sorted(fired, key=lambda f: (f.strength is Strength.WEAK, f.severity.rank, f.title))


def _further_down(fired: Fired) -> bool:
    """Whether it is weak because of where it stands; what is arguable is weak in a headline too."""
    fields = {each.field for each in fired.evidence}
    return fired.strength is Strength.WEAK and (not fields or "text" in fields)


def _rules(report: Report) -> list[str]:
    lines: list[str] = []
    ordered = _ordered(report.fired)
    for fired in ordered[:RULES_SHOWN]:
        also = ""
        if fired.strength is Strength.WEAK:
            also = "Also, further down the text: " if _further_down(fired) else "Also: "
        reason = f": {quiet(fired.reason)}" if fired.reason else ""
        lines += ["", f"▪ {also}{quiet(fired.title)} ({_severity(fired)}){reason}"]
        lines += [f"– {line}" for line in _event(fired)]
        lines += [f"– {quote}" for quote in _quotes(report, fired)]
    if len(ordered) > RULES_SHOWN:
        lines += ["", f"and {len(ordered) - RULES_SHOWN} more rules"]
    return lines


def _event(fired: Fired) -> list[str]:
    """Who did what to whom, and who says so."""
    told = quiet(announced(fired.event)).strip() if fired.event else ""
    return [shorten(told, limit=EVENT_LIMIT)] if told else []


def _severity(fired: Fired) -> str:
    """How urgent it is, and the words that made it so where the rule tells cases apart."""
    words = [quiet(each.quote).strip() for each in fired.evidence if each.case is not None]
    shown = dict.fromkeys(f"»{shorten(word, limit=CASE_WORD_LIMIT)}«" for word in words)
    named = " ".join(list(shown)[:CASE_WORDS_SHOWN])
    return f"{fired.severity}: {named}" if named else f"{fired.severity}"


def _quotes(report: Report, fired: Fired) -> list[str]:
    """`headline: the »hit« in its sentence`, one line an excerpt, the headline's first.

    The sentence of an event comes before all others.
    """
    texts = {"title": report.title or report.headline, "summary": report.summary}
    texts["text"] = report.text
    quotes: list[str] = []
    first = fired.event.field if fired.event else ""
    placed = sorted(fired.evidence, key=lambda e: (e.field != first, _place(e.field), e.start))
    for field, hits in groupby(placed, key=lambda e: e.field):
        told = "headline" if field == "title" else quiet(field)
        found = list(hits)
        text = texts.get(field)
        if text is None:  # a field that messages do not carry whole: the hit alone
            shown = [f"»{quiet(hit.quote)}«" for hit in found]
        else:
            shown = excerpts(text, [(hit.start, hit.end) for hit in found], quiet=quiet)
        quotes += [f"{told}: {quote}" for quote in shown]
    more = len(quotes) - EXCERPTS_SHOWN
    return quotes[:EXCERPTS_SHOWN] + ([f"and {more} more"] if more > 0 else [])


def _place(field: str) -> int:
    return FIELDS.index(field) if field in FIELDS else len(FIELDS)


# --- many stories ---------------------------------------------------------------------------


def render_digest(
    reports: Sequence[Report],
    *,
    heading: str,
    now: datetime,
    limit: int = DIGEST_LIMIT,
    room: int = DIGEST_ROOM,
) -> Message:
    """Several stories in one message: the most urgent first, then the newest.

    `heading` says what the list is ("what was already there when the watch began"). At most
    `limit` stories in `room` characters are listed, and the others counted, so that no service
    cuts a story off unsaid; one is listed even where there is no room.
    """
    ranked = sorted(reports, key=_published, reverse=True)
    ranked.sort(key=lambda report: report.severity.rank)
    count = f"{len(ranked)} {'story' if len(ranked) == 1 else 'stories'}"
    body = f"Sent {now:%H:%M} UTC, {_day(now)} {now:%Y}; all times in UTC{_blind(ranked, now)}"
    listed = 0
    for report in ranked[:limit]:
        item = "\n".join(["\n", *_item(listed + 1, report, now)])
        if listed and len(body) + len(item) > room - len("\n\nand 10,000 more"):
            break
        body, listed = body + item, listed + 1
    if len(ranked) > listed:
        body += f"\n\nand {len(ranked) - listed:,} more"
    title = shorten(f"{quiet(heading).strip()}: {count}", limit=TITLE_LIMIT)
    return Message(title=title, body=body)


def _published(report: Report) -> datetime:
    return report.published_at or report.seen_at


def _blind(reports: Sequence[Report], now: datetime) -> str:
    """Over what time news was missed, as far as the news itself shows."""
    missed = [report for report in reports if report.missed]
    if not missed:
        return ""
    oldest = min(_published(report) for report in missed)
    seen = max(report.seen_at for report in missed)
    return f"\nThe oldest is from {_clock(oldest, now)}, the last was seen {_clock(seen, now)}"


def _item(number: int, report: Report, now: datetime) -> list[str]:
    headline = quiet(report.headline).strip() or "(no headline)"
    known = report.published_at
    time = f"published {_clock(known, now)}" if known else f"seen {_clock(report.seen_at, now)}"
    if report.missed and known and known < report.seen_at:
        time += f", seen {_span(report.seen_at - known)} later"
    ordered = _ordered(report.fired)
    rules = "; ".join(
        quiet(fired.title) + (" (further down)" if _further_down(fired) else "")
        for fired in ordered
    )
    event = next((each for fired in ordered for each in _event(fired)), None)
    quote = next((q for fired in ordered for q in _quotes(report, fired)), None)
    return [
        f"{number}. {MARKS[report.severity]} · {shorten(headline, limit=TITLE_LIMIT)}",
        f"{_source(report)} · {time} · {_read(report)}{_carried(report)}",
        *([rules] if rules else []),
        *(f"– {each}" for each in (event, quote) if each),
        *filter(None, [link(report.url)]),
    ]


# --- the watch itself -----------------------------------------------------------------------


def render_ops(title: str, body: str, *, noted_at: datetime, now: datetime) -> Message:
    """A message about the watch itself; addresses and failures in it are strangers' words too."""
    lines = [quiet(line).rstrip() for line in body.split("\n")]
    late = " · LATE" if now - noted_at >= LATE else ""
    noted = f"Noted {_clock(noted_at, now)} · sent {now:%H:%M} UTC, {_day(now)} {now:%Y}{late}"
    shown = shorten(f"[ops] {quiet(title).strip()}", limit=TITLE_LIMIT)
    return Message(title=shown, body="\n".join([*lines, noted]))
