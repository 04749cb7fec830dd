"""Every word of ours that a message shows, in the languages that a channel may speak.

`Wording` holds the phrases and what is done with them: numbers, dates, plurals. `ENGLISH` and
`SPANISH` are the languages, each in a file of its own; a phrase that one of them lacks is an error
of types. What the database keeps in English (why people are told) is found again by its form.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.core.alerts import Reason, Way
from monitor.core.corroboration import GROUND, NAMED_SHOWN, OTHERS, Standing
from monitor.core.coverage import Cause
from monitor.core.hours import Why
from monitor.core.knowledge import Event, Status
from monitor.core.model import Completeness, Severity, Tier
from monitor.core.rules import UNKNOWN, Counted

_CHANGED = re.compile(r"(critical|high|normal|low), before (critical|high|normal|low)")
_INDEPENDENT = re.compile(r"([\d,]+) independent outlets")
_REASON = re.compile(
    rf"({'|'.join(re.escape(each) for each in sorted(Reason, key=len, reverse=True))})(?:: (.*))?",
    re.DOTALL,
)
_OPEN = frozenset({Status.CLAIMED, Status.ATTRIBUTED})  # what an article leaves to a speaker
# What these say is the outlet's own, so no word of it is taken for one of ours.
_QUOTED = frozenset({Reason.CORRECTION, Reason.RETRACTION, Reason.DELETION})


@dataclass(frozen=True, slots=True)
class Plural:
    """A phrase for one and one for several; both may hold `{}` for the number."""

    one: str
    many: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wording:
    """One language. Phrases with `{}` are filled in by the methods, or by who uses them.

    The names say what a phrase is for; `english.py` shows how it reads.
    """

    language: str  # ISO 639-1
    months: tuple[str, ...]
    weekdays: tuple[str, ...]  # Monday first
    seconds: str
    minutes: str
    hours: str
    days: str
    units: tuple[Plural, ...]  # of spans written out: days, hours, minutes, seconds
    decimal: str
    thousands: str
    thousands_from: int  # the least number that is divided

    marks: Mapping[Severity, str]
    severities: Mapping[Severity, str]
    tiers: Mapping[Tier, str]
    completeness: Mapping[Completeness, str]
    qualities: Mapping[str, str]
    fields: Mapping[str, str]  # of an article, where a quotation is from
    reasons: Mapping[Reason, str]
    statuses: Mapping[Status, str]
    by_a_speaker: Mapping[Status, str]
    headings: Mapping[Way, str]
    corrected: Mapping[Reason, str]
    unknown: str  # an actor that nobody names
    ground: str
    others: str

    update: str
    late: str
    over: str
    no_headline: str
    no_link: str
    via: str
    copy_of: str
    outlets_so_far: Plural
    independent: Plural
    reporters: str
    missed: str
    seen_later: str
    missed_seen_later: str
    published: str
    unpublished: str
    seen: str
    sent: str
    when_sent: str
    after_published: str
    after_seen: str
    ahead: str
    moment_form: str  # the time of day, the day, the year
    weekday_form: str
    day_form: str
    also: str
    further_down: str
    is_further_down: str
    read: str
    more: str
    more_rules: Plural
    more_articles: Plural
    more_changes: Plural
    nothing_new: Plural
    digest_title: str
    stories: Plural
    all_in_utc: str
    blind_from: str
    sources: Plural
    and_more: str
    confirmed_by: str
    confirmed_on_the_ground: str
    unconfirmed: str
    denied_by: str
    not_confirmed_here: str
    says: str
    outlets: Plural
    independent_outlets: str
    severity_changed: str

    counted: Mapping[Counted, Plural]
    none_for: Mapping[Counted, str]
    amount: str
    only: str
    spike_begins: str
    silence_begins: str
    spike_over: str
    silence_over: str
    spike_over_title: str
    silence_over_title: str
    usual: str
    in_the_weeks_before: str
    not_blind: str
    partly_blind: str
    blind: str
    latest: str
    sent_late: str

    it_says: str
    headline_now: str
    before: str
    now: str
    taken_out: str
    told_for: str
    page_gone: str
    stands_in: str
    called: str  # … from which channel, how long it went unanswered there
    code: str
    how_to_answer: str

    # What people are told of a channel in trouble, and of canaries; `{}` first is which.
    noted: str  # when, when it was sent
    channel_takes_none: str
    channel_refuses: str
    channel_refusal: str  # what was said, for how long it is tried, the channel
    channel_fails: str
    channel_failure: str  # since when, what was said
    message_given_up: str
    message_death: str  # its number, kind, when it was made, what was said
    channel_silent: str
    taken_none: str
    taken_none_since: str
    expected: str
    expected_beside_quiet: str
    wait_for_it: Plural
    test_it: str
    canary_title: str
    canary_told: str  # its number, when it set out, its way
    canary_stages: Mapping[str, str]
    canary_invented: str
    canary_missed: str
    canary_missing: str  # when it set out, how far it came
    canary_stuck: Mapping[str, str]
    canary_stuck_advice: str
    canary_untaken: str  # by which channels, why
    canary_untaken_advice: str
    canary_back: str
    canary_came: str

    # Why the bot does nothing about an answer.
    verbs: Mapping[str, str]  # how each is written in an answer
    not_understood: str  # a word, how to answer
    nothing_said: str
    which_message: str  # a verb
    which_story: str  # how many there are
    no_code: str  # a word, how to answer
    code_forgotten: str
    rules_elsewhere: str
    strange_behind: str  # a word, a verb, how to answer
    strange_span: str
    span_limits: str  # a verb, a span
    over_already: str  # a time of the day
    # What the bot says to an answer; `{}` is until when.
    answered_ack: str
    answered_snooze: str
    answered_mute: str
    answered_noise: str
    muted_already: str
    muted_wholly: str
    spared: str
    with_code: str  # a headline, and the codes
    besides: str  # a headline, and how many more
    had_before: str  # who, since when
    usage: str

    held: Mapping[Why, str]
    held_since: str
    off_call: str
    oldest_held: str
    digest: str
    nothing_to_tell: str
    notices: Plural
    more_notices: Plural
    charted: str
    causes: Mapping[Cause, str]
    nobody_looked: str
    unseen: Plural
    gap: str
    no_gap: str
    not_back: str
    late_gaps: Plural
    late_unmatched: str
    late_told_apart: str
    stands_in_for_good: str
    new_here: str

    # --- numbers and times ------------------------------------------------------------------

    def number(self, number: int) -> str:
        """`1,234`."""
        if abs(number) < self.thousands_from:
            return str(number)
        return f"{number:,}".replace(",", self.thousands)

    def real(self, number: float) -> str:
        """`2.5`; no decimal where it is whole."""
        return f"{number:.1f}".removesuffix(".0").replace(".", self.decimal)

    def plural(self, phrase: Plural, number: int, *rest: object) -> str:
        """The phrase for so many, with the number in it."""
        form = phrase.one if number == 1 else phrase.many
        return form.format(self.number(number), *rest)

    def day(self, at: datetime) -> str:
        """`21 Nov`."""
        return self.day_form.format(day=at.day, month=self.months[at.month - 1])

    def moment(self, now: datetime) -> str:
        """`03:02 UTC, 21 Nov 2026`."""
        return self.moment_form.format(f"{now:%H:%M}", self.day(now), now.year)

    def weekday(self, at: datetime) -> str:
        """`Sat 21 Nov 03:02`."""
        return self.weekday_form.format(self.weekdays[at.weekday()], self.day(at), f"{at:%H:%M}")

    def dated(self, at: datetime) -> str:
        """`02 Mar 14:06`."""
        return f"{at:%d} {self.months[at.month - 1]} {at:%H:%M}"

    def clock(self, at: datetime, now: datetime) -> str:
        """The time of day, with the day where it is not that of `now`."""
        if at.date() == now.date():
            return f"{at:%H:%M}"
        year = "" if at.year == now.year else f" {at.year}"
        return f"{self.day(at)}{year} {at:%H:%M}"

    def span(self, span: timedelta) -> str:
        """`4 min`, in the largest unit that is not too coarse."""
        seconds = max(int(span.total_seconds()), 0)
        sizes = ((1, 90, self.seconds), (60, 90, self.minutes), (3_600, 48, self.hours))
        for size, most, unit in sizes:
            if seconds // size < most:
                return f"{seconds // size} {unit}"
        return f"{self.number(seconds // 86_400)} {self.days}"

    def duration(self, span: timedelta) -> str:
        """A span as a whole number of the largest unit that fits: `90 minutes`, `1 hour`."""
        seconds = int(span.total_seconds())
        sizes = zip((86_400, 3_600, 60, 1), self.units, strict=True)
        size, unit = next((size, unit) for size, unit in sizes if seconds % size == 0)
        return self.plural(unit, seconds // size)

    def left(self, number: int) -> str:
        """`and 3 more`."""
        return self.more.format(self.number(number))

    # --- alerts -----------------------------------------------------------------------------

    def quality(self, said: str) -> str:
        """Why no more was read."""
        return self.qualities.get(said, said)

    def field(self, name: str) -> str:
        """Where a quotation is from."""
        return self.fields.get(name, name)

    def reason(self, told: str) -> str:
        """Why people are told, from what the database keeps of it: `str(News(…))`."""
        first = _REASON.fullmatch(told)
        if first is not None and Reason(first[1]) in _QUOTED:
            return self._news(first)
        parts = (_REASON.fullmatch(part) or part for part in told.split("; "))
        return "; ".join(part if isinstance(part, str) else self._news(part) for part in parts)

    def _news(self, found: re.Match[str]) -> str:
        reason, detail = Reason(found[1]), found[2]
        if not detail:
            return self.reasons[reason]
        return f"{self.reasons[reason]}: {self._detail(reason, detail)}"

    def _detail(self, reason: Reason, detail: str) -> str:
        if reason is Reason.ESCALATION and (changed := _CHANGED.fullmatch(detail)):
            now, before = (self.severities[Severity(each)] for each in changed.groups())
            return self.severity_changed.format(now, before)
        if reason is Reason.OUTLETS and (many := _INDEPENDENT.fullmatch(detail)):
            return self.independent_outlets.format(self.number(int(many[1].replace(",", ""))))
        if reason in (Reason.CONFIRMATION, Reason.DENIAL):
            return self.voice(detail)
        return detail

    def voice(self, name: str) -> str:
        """Somebody who stands behind an event."""
        return {GROUND: self.ground, OTHERS: self.others}.get(name, name)

    def standing(self, found: Standing) -> str:
        """`40 outlets, 1 source: A`, `2 sources: A, B · confirmed by B · denied by C`."""
        parts = [self._originators(found)] if found.originators else []
        if found.originators or found.denied_by:
            if found.confirmed_by == GROUND:
                parts.append(self.confirmed_on_the_ground)
            elif found.confirmed_by:
                parts.append(self.confirmed_by.format(self.voice(found.confirmed_by)))
            elif found.claimed:
                parts.append(self.unconfirmed)
        if found.denied_by:
            parts.append(self.denied_by.format(self.voice(found.denied_by)))
        return " · ".join(parts)

    def _originators(self, found: Standing) -> str:
        count = len(found.originators)
        shown = ", ".join(map(self.voice, found.originators[:NAMED_SHOWN]))
        more = count - NAMED_SHOWN
        told = self.and_more.format(shown, self.number(more)) if more > 0 else shown
        carried = f"{self.plural(self.outlets, found.outlets)}, " if found.outlets > 1 else ""
        return f"{carried}{self.plural(self.sources, count, told)}"

    def event(self, event: Event, label: str = "") -> str:
        """`A → B: strike · claimed by A, not confirmed in this article`; `label` names its type.

        The article confirms nothing that it leaves to a speaker.
        """
        source, target = event.source_name or event.source, event.target_name or event.target
        parties = " → ".join(
            str(each) if each and each != UNKNOWN else self.unknown for each in (source, target)
        )
        said = self.status(event)
        if event.status in _OPEN:
            said += f", {self.not_confirmed_here}"
        return " · ".join(
            filter(None, [f"{parties}: {label or event.type.replace('_', ' ')}", said])
        )

    def status(self, event: Event) -> str:
        """`claimed by A`, `planned, says A`; "" for what is plainly said."""
        words = self.statuses[event.status]
        if not event.speaker or not words:
            return words
        if (form := self.by_a_speaker.get(event.status)) is not None:
            return form.format(event.speaker)
        return self.says.format(words, event.speaker)

    # --- what counts ------------------------------------------------------------------------

    def amount_in(self, number: int, unit: Counted, span: timedelta) -> str:
        """`14 stories in 1 hour`."""
        counted = self.plural(self.counted[unit], number)
        return self.amount.format(counted, self.duration(span))
