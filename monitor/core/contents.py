"""What a message says, piece by piece, before a channel's own form lays it out.

Strangers write headlines, so every word of theirs passes `quiet` before it stands in a piece: it
cannot ping anybody, cannot become a link, cannot reorder or break a line. The only live link in a
message is the article's own. The parts of a quotation that made a rule true stand between »«.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby

from monitor.core.alerts import UPDATES_APART
from monitor.core.excerpts import excerpts
from monitor.core.model import Severity, Strength
from monitor.core.reports import Fired, Report
from monitor.core.strangers import link, quiet, shorten
from monitor.core.wording import Wording
from monitor.core.wording.english import ENGLISH

TITLE_LIMIT = 180  # characters; the smallest title field of the usual services is 200 (ntfy)
RULES_SHOWN = 8  # rules told with evidence in one alert; the rest are counted
BESIDE_SHOWN = 6  # other articles with something new in one update; the rest are counted
EXCERPTS_SHOWN = 3  # excerpts under one rule; the rest are counted
CASE_WORDS_SHOWN = 2  # words that made a match so urgent, beside its severity
EVENT_LIMIT = 240  # characters of who did what to whom
CASE_WORD_LIMIT = 40  # characters of one of them
NAME_LIMIT = 100  # characters of a publisher's name, as an aggregator gives it
LATE = timedelta(minutes=10)  # from seen to sent; later than this is said aloud

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
    group: str = ""  # in a digest: the rule under which it stands, if there are several
    also: tuple[str, ...] = ()  # in a digest: other articles of the story, a line each


@dataclass(frozen=True, slots=True)
class Notice:
    """What a digest tells beside stories: a correction, a spike, news of the watch itself."""

    title: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """How much came when: `counts` from the oldest to the newest, in `words`, and as a `line`."""

    counts: tuple[int, ...]
    words: str
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """All that one message says. `title` is one line, cut to length.

    `headed`: the title holds the headline whole. `preface` stands above all else: why it comes to
    this channel. `code` names it in an answer, which its chat takes if it is `answerable`. `lines`
    are those of a notice, or what stands above a digest's stories; `more` of the items are counted
    only, as are `more_notices`. `roots`: by what each incident it tells of is known
    for good, its own first. `words` are those that a layout adds.
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
    notices: tuple[Notice, ...] = ()
    more_notices: int = 0
    chart: Chart | None = None
    code: str = ""
    answerable: bool = False
    reports: tuple[Report, ...] = ()
    roots: tuple[str, ...] = ()
    words: Wording = ENGLISH

    @property
    def answering(self) -> str:
        """By which code the message is answered, and how; "" where it is not."""
        if not self.code:
            return ""
        named = self.words.code.format(self.code)
        return f"{named} · {self.words.how_to_answer}" if self.answerable else named


# --- one alert ------------------------------------------------------------------------------


def of_alert(
    report: Report,
    *,
    now: datetime,
    beside: Sequence[Report] = (),
    update: bool = False,
    words: Wording = ENGLISH,
) -> Content:
    """One incident. `update`: people know of it; `beside` are other articles with more of it."""
    headline = _headline(report, words)
    told = ([words.update] if update else []) + ([words.late] if report.missed else [])
    severity = min((each.severity for each in (report, *beside)), key=lambda each: each.rank)
    title = " · ".join([words.marks[severity], *told, headline])
    folded = report.folded if update else 0
    late = LATE + (UPDATES_APART if update else timedelta())  # that long it waits by design
    item = _alerted(report, now, words, late=late)
    return Content(
        form=Form.UPDATE if update else Form.ALERT,
        severity=severity,
        title=shorten(title, limit=TITLE_LIMIT),
        headed=len(title) <= TITLE_LIMIT,
        items=(replace(item, mark=words.marks[severity]),),
        beside=tuple(_also(each, report, now, words) for each in beside[:BESIDE_SHOWN]),
        more=max(len(beside) - BESIDE_SHOWN, 0),
        folded=words.plural(words.nothing_new, folded) if folded else "",
        reports=(report, *beside),
        words=words,
    )


def _alerted(report: Report, now: datetime, words: Wording, *, late: timedelta) -> Item:
    times, delays = _times(report, now, words, late=late)
    told = ordered(report.fired)
    return Item(
        mark=words.marks[report.severity],
        headline=_headline(report, words),
        source=_source(report, words),
        carried=_carried(report, words),
        missed=_missed(report, words) if report.missed else "",
        times=times,
        delays=delays,
        link=link(report.url),
        standing=quiet(words.standing(report.standing)),
        read=_read(report, words),
        whys=tuple(_why(report, fired, words) for fired in told[:RULES_SHOWN]),
        more_whys=max(len(told) - RULES_SHOWN, 0),
    )


def _also(report: Report, first: Report, now: datetime, words: Wording) -> Item:
    """An article beside the first; of its rules those are named that the first does not satisfy."""
    named = {fired.rule for fired in first.fired}
    told = (
        _joined(
            ": ",
            "" if fired.rule in named else quiet(fired.title),
            quiet(words.reason(fired.reason)),
        )
        for fired in ordered(report.fired)
    )
    return Item(
        mark=words.marks[report.severity],
        headline=shorten(_headline(report, words), limit=TITLE_LIMIT),
        source=_source(report, words),
        times=words.clock(published_or_seen(report), now),
        link=link(report.url),
        reasons="; ".join(dict.fromkeys(filter(None, told))),
    )


def _joined(joint: str, *parts: str) -> str:
    return joint.join(filter(None, parts))


def _headline(report: Report, words: Wording) -> str:
    return quiet(report.headline).strip() or words.no_headline


def _source(report: Report, words: Wording) -> str:
    known = (words.tiers[report.tier], report.country, report.language)
    name, written = quiet(report.outlet), quiet(report.publisher or "").strip()
    via = words.via.format(shorten(written, limit=NAME_LIMIT), name) if written else name
    copied = f" · {words.copy_of.format(quiet(report.credit))}" if report.credit else ""
    return f"{via} ({', '.join(quiet(word) for word in known if word)}){copied}"


def _carried(report: Report, words: Wording) -> str:
    # Of one outlet nothing is said: others may report it in words that no story joins yet.
    if report.outlets <= 1:
        return ""
    if report.sources == report.outlets:
        return words.plural(words.outlets_so_far, report.outlets)
    outlets = words.plural(words.outlets, report.outlets)
    return f"{outlets}, {words.plural(words.independent, report.sources)}"


def _missed(report: Report, words: Wording) -> str:
    published, seen = report.published_at, report.seen_at
    if published and published < seen:
        return words.missed_seen_later.format(words.span(seen - published))
    return words.missed


def _read(report: Report, words: Wording) -> str:
    ok = report.quality in {"", "ok"}
    why = "" if ok else f": {quiet(words.quality(report.quality))}"
    return words.completeness[report.completeness] + why


def _times(report: Report, now: datetime, words: Wording, *, late: timedelta) -> tuple[str, str]:
    """When it was published, seen and sent; how long that took, which may be `late`."""
    published = report.published_at
    told = words.unpublished
    if published is not None:
        told = words.published.format(words.clock(published, now))
    seen = words.seen.format(words.clock(report.seen_at, now))
    line = " · ".join([told, seen, words.sent.format(words.moment(now))])
    since_seen = now - report.seen_at
    delays = [words.after_seen.format(words.span(since_seen))]
    if published and published > now:
        delays.append(words.ahead)
    elif published:
        delays.insert(0, words.after_published.format(words.span(now - published)))
    label = f"{words.late}: " if since_seen >= late else ""
    return f"{line[0].upper()}{line[1:]}", f"{label}{', '.join(delays)}"


def ordered(fired: Iterable[Fired]) -> list[Fired]:
    """The strong ones first, the most urgent before all."""
    return sorted(fired, key=lambda f: (f.strength is Strength.WEAK, f.severity.rank, f.title))


def _further_down(fired: Fired) -> bool:
    """Whether it is weak because of where it stands; what is arguable is weak in a headline too."""
    fields = {each.field for each in fired.evidence}
    return fired.strength is Strength.WEAK and (not fields or "text" in fields)


def _why(report: Report, fired: Fired, words: Wording) -> Why:
    also = ""
    if fired.strength is Strength.WEAK:
        also = f"{words.further_down if _further_down(fired) else words.also}: "
    return Why(
        opening=also,
        rule=quiet(fired.title),
        urgency=_severity(fired, words),
        reason=quiet(words.reason(fired.reason)),
        event=_event(fired, words),
        quotes=tuple(_quotes(report, fired, words)),
    )


def _event(fired: Fired, words: Wording) -> str:
    """Who did what to whom, and who says so."""
    told = quiet(words.event(fired.event, fired.label)).strip() if fired.event else ""
    return shorten(told, limit=EVENT_LIMIT)


def _severity(fired: Fired, words: Wording) -> str:
    """How urgent it is, and the words that made it so where the rule tells cases apart."""
    cases = [quiet(each.quote).strip() for each in fired.evidence if each.case is not None]
    shown = dict.fromkeys(f"»{shorten(case, limit=CASE_WORD_LIMIT)}«" for case in cases)
    named, urgent = " ".join(list(shown)[:CASE_WORDS_SHOWN]), words.severities[fired.severity]
    return f"{urgent}: {named}" if named else urgent


def _quotes(report: Report, fired: Fired, words: Wording) -> list[str]:
    """`headline: the »hit« in its sentence`, one line an excerpt, the headline's first.

    The sentence of an event comes before all others.
    """
    texts = {"title": report.title or report.headline, "summary": report.summary}
    texts["text"] = report.text
    quotes: list[str] = []
    first = fired.event.field if fired.event else ""
    placed = sorted(fired.evidence, key=lambda e: (e.field != first, _place(e.field), e.start))
    for field, hits in groupby(placed, key=lambda e: e.field):
        found = list(hits)
        text = texts.get(field)
        if text is None:  # a field that messages do not carry whole: the hit alone
            shown = [f"»{quiet(hit.quote)}«" for hit in found]
        else:
            shown = excerpts(text, [(hit.start, hit.end) for hit in found], quiet=quiet)
        quotes += [f"{quiet(words.field(field))}: {quote}" for quote in shown]
    more = len(quotes) - EXCERPTS_SHOWN
    left = [words.left(more)] if more > 0 else []
    return quotes[:EXCERPTS_SHOWN] + left


def _place(field: str) -> int:
    return FIELDS.index(field) if field in FIELDS else len(FIELDS)


# --- many stories ---------------------------------------------------------------------------


def published_or_seen(report: Report) -> datetime:
    """When it came out, as far as anybody says."""
    return report.published_at or report.seen_at


def blind(reports: Sequence[Report], now: datetime, words: Wording) -> list[str]:
    """Over what time news was missed, as far as the news itself shows."""
    missed = [report for report in reports if report.missed]
    if not missed:
        return []
    oldest = min(published_or_seen(report) for report in missed)
    seen = max(report.seen_at for report in missed)
    return [words.blind_from.format(words.clock(oldest, now), words.clock(seen, now))]


def listed(report: Report, now: datetime, words: Wording) -> Item:
    """A story as a digest names it."""
    known = report.published_at
    time = words.seen.format(words.clock(report.seen_at, now))
    if known is not None:
        time = words.published.format(words.clock(known, now))
    if report.missed and known and known < report.seen_at:
        time += f", {words.seen_later.format(words.span(report.seen_at - known))}"
    return Item(
        mark=words.marks[report.severity],
        headline=shorten(_headline(report, words), limit=TITLE_LIMIT),
        source=_source(report, words),
        times=time,
        read=_read(report, words),
        carried=_carried(report, words),
        link=link(report.url),
        whys=tuple(_in_short(report, fired, words) for fired in ordered(report.fired)),
    )


def _in_short(report: Report, fired: Fired, words: Wording) -> Why:
    """A rule as a digest names it, with one quotation."""
    where = f" ({words.is_further_down})" if _further_down(fired) else ""
    return Why(
        opening="",
        rule=quiet(fired.title) + where,
        urgency=_severity(fired, words),
        reason=quiet(words.reason(fired.reason)),
        event=_event(fired, words),
        quotes=tuple(_quotes(report, fired, words)[:1]),
    )


# --- what was put into words before ---------------------------------------------------------


def of_notice(title: str, body: str, *, words: Wording = ENGLISH) -> Content:
    """A message whose words were found when it was decided; they are harmless already."""
    return Content(form=Form.NOTICE, title=title, lines=tuple(body.split("\n")), words=words)
