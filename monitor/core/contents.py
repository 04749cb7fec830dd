"""What a message says, piece by piece, before a channel's own form lays it out.

Strangers write headlines, so every word of theirs passes `quiet` before it stands in a piece: it
cannot ping anybody, cannot become a link, cannot reorder or break a line. The only live link in a
message is the article's own. The parts of a quotation that made a rule true stand between »«.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby

from monitor.core.excerpts import excerpts
from monitor.core.model import Completeness, Severity, Strength
from monitor.core.reported import announced
from monitor.core.reports import Fired, Report
from monitor.core.strangers import link, quiet, shorten

TITLE_LIMIT = 180  # characters; the smallest title field of the usual services is 200 (ntfy)
RULES_SHOWN = 8  # rules told with evidence in one alert; the rest are counted
BESIDE_SHOWN = 6  # other articles with something new in one update; the rest are counted
EXCERPTS_SHOWN = 3  # excerpts under one rule; the rest are counted
CASE_WORDS_SHOWN = 2  # words that made a match so urgent, beside its severity
EVENT_LIMIT = 240  # characters of who did what to whom
CASE_WORD_LIMIT = 40  # characters of one of them
NAME_LIMIT = 100  # characters of a publisher's name, as an aggregator gives it
DIGEST_LIMIT = 20  # stories in one digest; the rest are counted
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


class Form(StrEnum):
    """What kind of message it is; the words stand in the JSON of webhooks."""

    ALERT = "alert"
    UPDATE = "update"  # what is new of an incident
    DIGEST = "digest"
    NOTICE = "notice"  # whose words were found when it was decided


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why people get it: one rule, and the words that made it true.

    `event` is who did what to whom, as the coder understood it; "" if the rule is about words.
    """

    opening: str
    rule: str
    urgency: str
    reason: str
    event: str
    quotes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One story: of an alert, beside it (what else is new), or in a digest.

    `source` is who reports it and `carried` how many do; `times` and `delays` are one line each;
    `standing` is who stands behind it. What does not apply is "".
    """

    mark: str
    headline: str
    source: str
    times: str
    link: str | None
    carried: str = ""
    missed: str = ""
    delays: str = ""
    standing: str = ""
    read: str = ""
    whys: tuple[Why, ...] = ()
    more_whys: int = 0
    reasons: str = ""  # of one beside: why it is told


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """All that one message says. `title` is one line, cut to length.

    `headed`: the title holds the headline whole. `preface` stands above all else: why it comes to
    this channel. `lines` are those of a notice, or what stands
    above a digest's stories; `more` of the items are counted only.
    """

    form: Form
    title: str
    severity: Severity | None = None
    headed: bool = True
    items: tuple[Item, ...] = ()
    beside: tuple[Item, ...] = ()
    more: int = 0
    lines: tuple[str, ...] = ()
    folded: str = ""
    preface: str = ""
    reports: tuple[Report, ...] = ()


# --- one alert ------------------------------------------------------------------------------


def of_alert(
    report: Report, *, now: datetime, beside: Sequence[Report] = (), update: bool = False
) -> Content:
    """One incident. `update`: people know of it; `beside` are other articles with more of it."""
    headline = _headline(report)
    told = ("UPDATE · " if update else "") + ("LATE · " if report.missed else "")
    title = f"{MARKS[report.severity]} · {told}{headline}"
    return Content(
        form=Form.UPDATE if update else Form.ALERT,
        severity=report.severity,
        title=shorten(title, limit=TITLE_LIMIT),
        headed=len(title) <= TITLE_LIMIT,
        items=(_alerted(report, now),),
        beside=tuple(_also(each, now) for each in beside[:BESIDE_SHOWN]),
        more=max(len(beside) - BESIDE_SHOWN, 0),
        folded=_folded(report) if update else "",
        reports=(report, *beside),
    )


def _alerted(report: Report, now: datetime) -> Item:
    times, delays = _times(report, now)
    ordered = _ordered(report.fired)
    return Item(
        mark=MARKS[report.severity],
        headline=_headline(report),
        source=_source(report),
        carried=_carried(report),
        missed=_missed(report) if report.missed else "",
        times=times,
        delays=delays,
        link=link(report.url),
        standing=quiet(report.standing),
        read=_read(report),
        whys=tuple(_why(report, fired) for fired in ordered[:RULES_SHOWN]),
        more_whys=max(len(ordered) - RULES_SHOWN, 0),
    )


def _also(report: Report, now: datetime) -> Item:
    reasons = dict.fromkeys(quiet(fired.reason) for fired in _ordered(report.fired))
    return Item(
        mark=MARKS[report.severity],
        headline=shorten(_headline(report), limit=TITLE_LIMIT),
        source=_source(report),
        times=clock(_published(report), now),
        link=link(report.url),
        reasons="; ".join(reasons),
    )


def _headline(report: Report) -> str:
    return quiet(report.headline).strip() or "(no headline)"


def _folded(report: Report) -> str:
    if not report.folded:
        return ""
    many = "1 more report" if report.folded == 1 else f"{report.folded:,} more reports"
    return f"{many} of this said nothing new"


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
        return f"{report.outlets} outlets so far"
    known = "source" if report.sources == 1 else "sources"
    return f"{report.outlets} outlets, {report.sources} independent {known}"


def _missed(report: Report) -> str:
    published, seen = report.published_at, report.seen_at
    found = f"; seen {_span(seen - published)} later" if published and published < seen else ""
    return f"LATE: the watch was blind when this came out{found}"


def _read(report: Report) -> str:
    why = "" if report.quality in {"", "ok"} else f": {quiet(report.quality)}"
    return READ[report.completeness] + why


def _times(report: Report, now: datetime) -> tuple[str, str]:
    """When it was published, seen and sent; how long that took."""
    published = report.published_at
    told = f"published {clock(published, now)}" if published else "publication time unknown"
    line = f"{told} · seen {clock(report.seen_at, now)} · sent {moment(now)}"
    since_seen = now - report.seen_at
    delays = [f"{_span(since_seen)} after it was seen"]
    if published and published > now:
        delays.append("published ahead of our clock")
    elif published:
        delays.insert(0, f"{_span(now - published)} after publication")
    late = "LATE: " if since_seen >= LATE else ""
    return f"{line[0].upper()}{line[1:]}", f"{late}{', '.join(delays)}"


def moment(now: datetime) -> str:
    """`03:02 UTC, 21 Nov 2026`."""
    return f"{now:%H:%M} UTC, {_day(now)} {now:%Y}"


def _day(at: datetime) -> str:
    return f"{at.day} {at:%b}"


def clock(at: datetime, now: datetime) -> str:
    """The time of day, with the day where it is not that of `now`."""
    if at.date() == now.date():
        return f"{at:%H:%M}"
    year = "" if at.year == now.year else f" {at.year}"
    return f"{_day(at)}{year} {at:%H:%M}"


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


def _why(report: Report, fired: Fired) -> Why:
    also = ""
    if fired.strength is Strength.WEAK:
        also = "Also, further down the text: " if _further_down(fired) else "Also: "
    return Why(
        opening=also,
        rule=quiet(fired.title),
        urgency=_severity(fired),
        reason=quiet(fired.reason),
        event=_event(fired),
        quotes=tuple(_quotes(report, fired)),
    )


def _event(fired: Fired) -> str:
    """Who did what to whom, and who says so."""
    told = quiet(announced(fired.event)).strip() if fired.event else ""
    return shorten(told, limit=EVENT_LIMIT)


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


def of_digest(
    reports: Sequence[Report], *, heading: str, now: datetime, limit: int = DIGEST_LIMIT
) -> Content:
    """Several stories: the most urgent first, then the newest; beyond `limit` they are counted.

    `heading` says what the list is ("what was already there when the watch began").
    """
    ranked = sorted(reports, key=_published, reverse=True)
    ranked.sort(key=lambda report: report.severity.rank)
    count = f"{len(ranked)} {'story' if len(ranked) == 1 else 'stories'}"
    return Content(
        form=Form.DIGEST,
        severity=ranked[0].severity if ranked else None,
        title=shorten(f"{quiet(heading).strip()}: {count}", limit=TITLE_LIMIT),
        lines=(f"Sent {moment(now)}; all times in UTC", *_blind(ranked, now)),
        items=tuple(_listed(report, now) for report in ranked[:limit]),
        more=max(len(ranked) - limit, 0),
        reports=tuple(ranked[:limit]),
    )


def _published(report: Report) -> datetime:
    return report.published_at or report.seen_at


def _blind(reports: Sequence[Report], now: datetime) -> list[str]:
    """Over what time news was missed, as far as the news itself shows."""
    missed = [report for report in reports if report.missed]
    if not missed:
        return []
    oldest = min(_published(report) for report in missed)
    seen = max(report.seen_at for report in missed)
    return [f"The oldest is from {clock(oldest, now)}, the last was seen {clock(seen, now)}"]


def _listed(report: Report, now: datetime) -> Item:
    known = report.published_at
    time = f"published {clock(known, now)}" if known else f"seen {clock(report.seen_at, now)}"
    if report.missed and known and known < report.seen_at:
        time += f", seen {_span(report.seen_at - known)} later"
    return Item(
        mark=MARKS[report.severity],
        headline=shorten(_headline(report), limit=TITLE_LIMIT),
        source=_source(report),
        times=time,
        read=_read(report),
        carried=_carried(report),
        link=link(report.url),
        whys=tuple(_in_short(report, fired) for fired in _ordered(report.fired)),
    )


def _in_short(report: Report, fired: Fired) -> Why:
    """A rule as a digest names it, with one quotation."""
    return Why(
        opening="",
        rule=quiet(fired.title) + (" (further down)" if _further_down(fired) else ""),
        urgency=_severity(fired),
        reason=quiet(fired.reason),
        event=_event(fired),
        quotes=tuple(_quotes(report, fired)[:1]),
    )


# --- what was put into words before ---------------------------------------------------------


def of_notice(title: str, body: str) -> Content:
    """A message whose words were found when it was decided; they are harmless already."""
    return Content(form=Form.NOTICE, title=title, lines=tuple(body.split("\n")))
