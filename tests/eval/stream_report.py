"""What a replay of the recorded stream came to: read from its database, told as tables.

A message tells of an event if it names one of the event's items (or its copy), another article of
their story, or one of their incident; of the latter two only articles seen since the event's first
item appeared, so that what was told of an older event in the same incident is not counted, and
none that is an item of another picked event. Named is what stands in the message with its link:
what a long digest only counts ("and 3 more") is not.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from stream import read_stream
from stream_kept import Article, Kept, Message, read_kept

EVENTS = Path(__file__).parent / "labels" / "stream_events.tsv"
HERE_IS = timedelta(hours=-4)  # Caracas, from UTC
NIGHT = (22, 6)  # there
SOON = timedelta(minutes=2)
JUDGED = ("dialogue-offers", "strikes", "sanctions")  # the rules of the events
MOST_INTERRUPTIONS = 3  # of an incident and night
QUIETEST = 3  # days shown


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the labels: what happened, and the first items that tell it."""

    number: str
    topic: str
    urgency: str
    lines: tuple[int, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Told:
    """What became of an event. `how` is what the first message named: item, story, incident."""

    event: Event
    appeared: datetime
    seen: datetime | None
    first: Message | None
    how: str
    named_at: datetime | None  # the first message that names one of the items
    messages: int  # alerts and updates
    digests: int  # that list something of it
    interruptions: int  # in its worst night
    older: bool  # its incident was told before it happened
    why: str


# --- reading ------------------------------------------------------------------------------------


def read_events(path: Path) -> list[Event]:
    """The picked events: the lines that begin with a number. None where there is no such file."""
    found: list[Event] = []
    if not path.is_file():
        return found
    for line in path.read_text("utf-8").splitlines():
        if line.partition("\t")[0].isdigit():
            number, topic, urgency, _, lines, words = line.split("\t")[:6]
            told = tuple(int(each) for each in lines.replace(" ", "").split(",") if each)
            found.append(Event(number, topic, urgency.strip(), told, words))
    return found


# --- judging ------------------------------------------------------------------------------------


def told(
    event: Event, kept: Kept, appeared: Sequence[datetime], *, others: Iterable[int] = ()
) -> Told:
    """What became of one event; its lines appeared at those times. `others` tell other events."""
    items = [kept.by_line[line] for line in event.lines if line in kept.by_line]
    happened = min(appeared)
    # Only what the items themselves belong to, and their originals.
    named = {item.id for item in items} | {item.original for item in items if item.original}
    named |= {each.id for each in kept.articles.values() if each.original in named}
    apart = {kept.by_line[line].id for line in others if line in kept.by_line} - named
    stories = {item.story for item in items if item.story is not None}
    incidents = {key for item in items for _, key in kept.incidents.get(item.id, ())}
    since = [message for message in kept.messages if message.at >= happened]

    def way(message: Message) -> str:
        fresh = [
            alert
            for alert in message.alerts
            if alert.article not in apart and kept.articles[alert.article].seen >= happened
        ]
        if any(alert.article in named for alert in message.alerts):
            below = message.leads is not None and message.leads not in named
            return "item below another" if below else "item"
        if any(kept.articles[alert.article].story in stories for alert in fresh):
            return "story"
        return "incident" if any(alert.incident in incidents for alert in fresh) else ""

    ways = [(message, how) for message in since if (how := way(message))]
    first, how = ways[0] if ways else (None, "")
    of_it = [message for message in since if message.incidents & incidents]
    before = any(m.at < happened and m.incidents & incidents for m in kept.messages)
    nights = Counter(night for m in of_it if m.interrupts and (night := _night(m.at)))
    return Told(
        event=event,
        appeared=happened,
        seen=min((item.seen for item in items), default=None),
        first=first,
        how=how,
        named_at=next((message.at for message, by in ways if by.startswith("item")), None),
        messages=sum(1 for message in of_it if message.kind != "digest"),
        digests=sum(1 for message in of_it if message.kind == "digest"),
        interruptions=max(nights.values(), default=0),
        older=before,
        why="" if first else _why(items, kept),
    )


def _why(items: Sequence[Article], kept: Kept) -> str:
    if not items:
        return "no item was seen"
    found = [words for item in items for words in kept.decisions.get(item.id, ())]
    return found[0] if found else "no rule matched any of its items"


def _night(moment: datetime) -> date | None:
    """The evening of the night that a moment is in, in Caracas; None by day."""
    local = moment + HERE_IS
    if NIGHT[1] <= local.hour < NIGHT[0]:
        return None
    return (local - timedelta(hours=NIGHT[1])).date()


# --- telling ------------------------------------------------------------------------------------


def report(database: Path, since: datetime, until: datetime, *, events: Path) -> str:
    """All tables as markdown, with those of the events that were in the replayed days."""
    feeds = read_stream(since=since, until=until)
    items = {item.line: item for feed in feeds for item in feed.items}
    kept = read_kept(database, {item.url: item.line for item in items.values()})
    picked = read_events(events)
    others = {line for event in picked for line in event.lines}
    judged = [
        told(event, kept, [items[line].at for line in event.lines if line in items], others=others)
        for event in picked
        if any(line in items for line in event.lines)
    ]
    days = [since.date() + timedelta(days=n) for n in range((until - since).days)]
    seen = sum(1 for line in items if line in kept.by_line)
    parts = [
        (
            f"{seen:,} of {len(items):,} items of the stream were seen; {kept.unjudged} articles "
            f"could not be judged. Messages: {len(kept.messages):,}."
        ),
        _alerts_table(kept, days),
        _messages_table(kept, days),
        _interruptions(kept),
    ]
    if judged:
        parts += [_events_table(judged), _summary(judged, kept)]
    else:
        parts.append("No events: the file is absent, or has none of these days.")
    return "\n\n".join(parts)


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def _alerts_table(kept: Kept, days: Sequence[date]) -> str:
    counts = Counter((alert.rule, alert.decided.date()) for alert in kept.alerts)
    rules = sorted({rule for rule, _ in counts})
    rows = [
        [rule, *(counts[rule, day] for day in days), sum(counts[rule, day] for day in days)]
        for rule in rules
    ]
    return "Alerts a day (UTC), updates included:\n\n" + _table(
        ["rule", *(f"{day.day} Jan" for day in days), "all"], rows
    )


def _messages_table(kept: Kept, days: Sequence[date]) -> str:
    def kind(message: Message) -> str:
        return "update at once" if message.kind == "update" and message.at_once else message.kind

    counts = Counter((kind(message), message.at.date()) for message in kept.messages)
    kinds = sorted({name for name, _ in counts})
    rows = [
        [name, *(counts[name, day] for day in days), sum(counts[name, day] for day in days)]
        for name in kinds
    ]
    sums = [sum(counts[name, day] for name in kinds) for day in days]
    rows.append(["all", *sums, sum(sums)])
    quiet = sorted(zip(sums, days, strict=True))[:QUIETEST]
    told = ", ".join(f"{day.day} January {count}" for count, day in quiet)
    return (
        "Messages a day (UTC) by kind:\n\n"
        + _table(["kind", *(f"{day.day} Jan" for day in days), "all"], rows)
        + f"\n\nOn the quietest days: {told}."
    )


def _interruptions(kept: Kept) -> str:
    """The incidents and nights with the most interruptions."""
    counts: Counter[tuple[int, date]] = Counter()
    rule_of = {alert.incident: alert.rule for alert in kept.alerts}
    for message in kept.messages:
        if message.interrupts and (night := _night(message.at)):
            counts.update((incident, night) for incident in message.incidents)
    over = sum(1 for many in counts.values() if many > MOST_INTERRUPTIONS)
    worst = ", ".join(
        f"{many} ({rule_of[incident]}, incident {incident}, night of {night.day} {night:%b})"
        for (incident, night), many in counts.most_common(5)
    )
    return (
        f"Interruptions by night (22:00 to 06:00 in Caracas): {len(counts)} pairs of incident and "
        f"night, {over} of them with more than {MOST_INTERRUPTIONS}. Most: {worst or 'none'}."
    )


def _events_table(judged: Sequence[Told]) -> str:
    heads = ["", "topic", "urgency", "first item (UTC)", "seen after", "told after", "by",
             "named after", "messages", "digests", "night", "event"]  # fmt: skip
    rows = [
        [
            each.event.number,
            each.event.topic,
            each.event.urgency,
            f"{each.appeared.day} Jan {each.appeared:%H:%M}",
            _span(each.appeared, each.seen),
            _span(each.appeared, each.first and each.first.at),
            _by(each),
            _span(each.appeared, each.named_at),
            each.messages,
            each.digests,
            each.interruptions,
            each.event.words.replace("|", "/"),
        ]
        for each in judged
    ]
    return (
        "The picked events. By: what the first message was and what it named; + where an older "
        "event's incident took it in. Messages and digests: of its incidents, since. Night: "
        "interruptions in the worst night.\n\n" + _table(heads, rows)
    )


def _by(each: Told) -> str:
    if each.first is None:
        return f"MISSED: {each.why}"
    kind = "at once" if each.first.interrupts else each.first.kind
    return f"{kind}, {each.how}{' +' if each.older else ''}"


def _span(since: datetime, until: datetime | None) -> str:
    if until is None:
        return "-"
    minutes = (until - since).total_seconds() / 60
    return f"{minutes:.1f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def _summary(judged: Sequence[Told], kept: Kept) -> str:
    many = len(judged)
    single = sum(
        1
        for message in kept.messages
        if message.kind != "digest" and any(alert.rule in JUDGED for alert in message.alerts)
    )

    def share(count: int) -> str:
        return f"{count} of {many} ({count / many:.0%})"

    def soon(since: str, until: str) -> int:
        count = 0
        for each in judged:
            ends = each.named_at if until == "named" else each.first and each.first.at
            begins = each.seen if since == "seen" else each.appeared
            count += ends is not None and begins is not None and ends - begins <= SOON
        return count

    def missed(urgency: str) -> str:
        gone = [each for each in judged if each.event.urgency == urgency and each.first is None]
        of = sum(1 for each in judged if each.event.urgency == urgency)
        return f"{len(gone)} of {of} {urgency}" + (
            f" ({', '.join(each.event.number for each in gone)})" if gone else ""
        )

    lines = [
        (
            f"- told at all: {share(sum(1 for each in judged if each.first))}; named by one of the "
            f"items: {share(sum(1 for each in judged if each.named_at))}"
        ),
        (
            f"- told within 2 minutes of first sight: {share(soon('seen', 'told'))}; of the first "
            f"item's appearance, the wait for a poll included: {share(soon('appeared', 'told'))}"
        ),
        f"- named within 2 minutes of first sight: {share(soon('seen', 'named'))}",
        f"- first message interrupts: {share(_at_once(judged))}",
        f"- missed: {', '.join(missed(u) for u in ('critical', 'high', 'normal'))}",
        f"- taken in by an older event's incident: {share(sum(1 for e in judged if e.older))}",
        (
            f"- alerts and updates of {', '.join(JUDGED)}: {single}, {single / many:.1f} for each "
            f"of the events; most interruptions of one event and night: "
            f"{max(e.interruptions for e in judged)}"
        ),
    ]
    return "Summary:\n\n" + "\n".join(lines)


def _at_once(judged: Sequence[Told]) -> int:
    return sum(1 for each in judged if each.first is not None and each.first.interrupts)
