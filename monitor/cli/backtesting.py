"""`monitor rules backtest`: what the rules would have told over the archive."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from monitor.cli.exits import MisuseError
from monitor.cli.output import (
    FAINT,
    GOOD,
    STRONG,
    Cell,
    at,
    console,
    count,
    emit,
    rfc3339,
    say,
    table,
)
from monitor.core import charts

if TYPE_CHECKING:
    from collections import Counter

    from monitor.config.load import Configuration
    from monitor.core.backtest import Archived, RuleCounts, Summary
    from monitor.core.held_messages import Outgoing
    from monitor.core.messages import Message
    from monitor.core.rules import Rule
    from monitor.storage.engine import Database

BAR = 40  # characters of the longest bar
SHOWN = 4  # outlets or languages of one rule in the table
QUIET_DAYS = 10  # in a row, and more, are one line
STEP = 200  # articles between two movements of the progress bar
A_DAY = timedelta(days=1)

Advance = Callable[[int], object]


@dataclass(slots=True)
class Outcome:
    """What a replay gave; `messages` only where they were asked for."""

    since: datetime
    until: datetime
    summary: "Summary"
    articles: int = 0
    messages: list[tuple["Outgoing", "Message"]] = field(default_factory=list)

    @property
    def days(self) -> float:
        """How long the archive covers, at least one day: less is not projected."""
        return max((self.until - self.since) / A_DAY, 1.0)


def backtest(
    configuration: "Configuration",
    rules: list["Rule"],
    *,
    span: timedelta,
    now: datetime,
    messages: bool,
    as_json: bool,
    beside: Mapping[str, object],
) -> None:
    """Replay the archive and print what it gave, for a program with what stands `beside` it.

    Writes nothing.
    """
    from monitor.cli.context import database_of

    with database_of(configuration.settings) as database, progress(shown=not as_json) as bar:
        found = replayed(
            configuration, rules, database, since=now - span, until=now, messages=messages, bar=bar
        )
    if as_json:
        emit(_told(found, messages=messages) | dict(beside))
    else:
        _show(found)


def replayed(
    configuration: "Configuration",
    rules: list["Rule"],
    database: "Database | None",
    *,
    since: datetime,
    until: datetime,
    messages: bool = False,
    bar: Callable[[int], Advance] = lambda _: lambda _: None,
) -> Outcome:
    """What the rules would have told from `since` on."""
    from monitor.core.backtest import Replay, Summary
    from monitor.core.postings import Outbox

    outcome = Outcome(since, until, Summary(rules))
    if database is None:
        return outcome
    window = configuration.settings.story_window
    channels = {channel.name: channel for channel in configuration.channels}
    outbox = Outbox(rules, channels)
    work = Replay(rules, configuration.knowledge, channels=channels, story_window=window)
    archive = Archive(database, since=since, until=until, story_window=window)
    outcome.since = archive.since
    for article in archive.walk(bar):
        judged = work.judge(article)
        if article.seen_at < since:
            continue
        outcome.articles += 1
        if judged is not None:
            outcome.summary.add(judged)
            if messages:
                outcome.messages += map(_worded, outbox.add(judged))
    outcome.messages += map(_worded, outbox.rest())
    return outcome


class Archive:
    """What was seen in a time, and in the run-up to it: stories and incidents were under way."""

    def __init__(
        self, database: "Database", *, since: datetime, until: datetime, story_window: timedelta
    ) -> None:
        from monitor.core.incidents import LONGEST
        from monitor.storage import replay

        self._database = database
        self._begin = since - max(story_window, LONGEST)
        self._until = until
        with database.read() as connection:
            begun = replay.first_seen(connection)
        self.since = min(max(since, begun or until), until)  # since when there is something

    def walk(self, bar: Callable[[int], Advance]) -> Iterator["Archived"]:
        """The articles, oldest first, while the bar moves."""
        from monitor.garbage import settle
        from monitor.storage import replay

        settle()
        with self._database.read() as connection:
            advance = bar(replay.size(connection, since=self._begin, until=self._until))
            found = replay.archived(connection, since=self._begin, until=self._until)
            for number, article in enumerate(found, 1):
                if number % STEP == 0:
                    advance(STEP)
                yield article


def spanned(since: str) -> timedelta:
    """How far back a person wants to look."""
    from monitor.config.values import duration

    try:
        return duration(since)
    except ValueError as error:
        raise MisuseError(f"--since: {error}") from error


def _worded(sent: "Outgoing") -> tuple["Outgoing", "Message"]:
    from monitor.adapters import channels
    from monitor.core.alerts import Way
    from monitor.core.messages import plain
    from monitor.core.wording.languages import wording_of
    from monitor.telling import at_once, together

    words = wording_of(sent.channel)
    if sent.way in (Way.AT_ONCE, Way.UPDATE):  # follow-ups come as updates
        return sent, plain(at_once(sent.reports, now=sent.at, update=sent.update, words=words))
    room = channels.room(sent.channel)
    content = together(
        sent.reports,
        channel=sent.channel,
        way=sent.way,
        now=sent.at,
        held=sent.held,
        words=words,
    )
    return sent, plain(content, room=room)


@contextmanager
def progress(*, shown: bool) -> Iterator[Callable[[int], Advance]]:
    """A bar that goes when the work is done; none in a pipe."""
    out = console()
    if not (shown and out.is_terminal):
        yield lambda _: lambda _: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    drawn = Progress(
        "articles", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=out, transient=True,
    )  # fmt: skip

    def begin(total: int) -> Advance:
        task = drawn.add_task("", total=total)
        return lambda number: drawn.advance(task, number)

    with drawn:
        yield begin


# --- for a program --------------------------------------------------------------------------


def _told(found: Outcome, *, messages: bool) -> dict[str, Any]:
    summary = found.summary
    told: dict[str, Any] = {
        "since": rfc3339(found.since),
        "until": rfc3339(found.until),
        "articles": found.articles,
        "matched": summary.matched,
        "alerts": summary.alerts,
        "at_once": summary.at_once,
        "alerts_a_day": round(summary.alerts / found.days, 2),
        "days": [{"day": day, "alerts": number} for day, number in _days(found)],
        "rules": [_rule(name, each) for name, each in summary.rules.items()],
    }
    if messages:
        told["messages"] = [
            {
                "at": rfc3339(sent.at),
                "channel": sent.channel.name,
                "way": sent.way,
                "title": message.title,
                "body": message.body,
            }
            for sent, message in found.messages
        ]
    return told


def _rule(name: str, counts: "RuleCounts") -> dict[str, Any]:
    return {
        "rule": name,
        "matches": counts.matches,
        "weak": counts.weak,
        "alerts": counts.alerts,
        "at_once": counts.at_once,
        "outlets": dict(counts.outlets.most_common()),
        "languages": dict(counts.languages.most_common()),
        "silent": {str(why): number for why, number in counts.silent.most_common()},
    }


def in_days(number: float) -> str:
    """As exact as alerts a day are: `2.5 days`, `1 day`."""
    written = f"{number:,.1f}".removesuffix(".0")
    return f"{written} {'day' if written == '1' else 'days'}"


def _days(found: Outcome) -> list[tuple[str, int]]:
    from monitor.core.backtest import days

    by_day = found.summary.by_day
    return [(day.isoformat(), by_day[day]) for day in days(found.since, found.until)]


# --- for a person ---------------------------------------------------------------------------


def _show(found: Outcome) -> None:
    summary = found.summary
    span = f"seen from {at(found.since)} to {at(found.until)}"
    for sent, message in found.messages:
        say((f"{at(sent.at)} · {sent.channel.name} · {sent.way}", FAINT))
        say((message.title, STRONG))
        for line in message.body.split("\n"):
            say(line, indent=2)
        say("")
    say(f"{count(found.articles, 'article')}, {span}: {summary.matched:,} matched")
    if not found.articles:
        return
    digests = summary.alerts - summary.at_once
    say(
        (f"{summary.alerts / found.days:.1f} alerts a day", STRONG),
        f": {summary.alerts:,} in {in_days(found.days)}, {summary.at_once:,} of them "
        f"at once, {digests:,} in digests",
    )
    say("")
    daily = _days(found)
    most = max(number for _, number in daily)
    for loud, group in groupby(daily, key=lambda each: each[1] > 0):
        say_days(
            [
                (f"{day}  ", (charts.bar(number, most, width=BAR), GOOD), f" {number}")
                for day, number in group
            ],
            quiet=not loud,
        )
    say("")
    table(
        ("rule", "matches", "weak", "alerts", "at once", "outlets", "languages"),
        [
            (
                name, str(each.matches), str(each.weak), str(each.alerts), str(each.at_once),
                _most(each.outlets), _most(each.languages),
            )
            for name, each in summary.rules.items()
        ],
    )  # fmt: skip
    for name, each in summary.rules.items():
        for why, number in each.silent.most_common():
            say((f"{name}: {count(number, 'match', 'matches')} silent: {why}", FAINT))


def say_days(lines: Sequence[Sequence[Cell]], *, quiet: bool) -> None:
    """Print a line a day; of a long time without alerts how many days it has."""
    if quiet and len(lines) >= QUIET_DAYS:
        say((f"…           {len(lines):,} days without alerts", FAINT))
        return
    for cells in lines:
        say(*cells)


def _most(counted: "Counter[str]") -> str:
    shown = ", ".join(f"{name} {number}" for name, number in counted.most_common(SHOWN))
    rest = len(counted) - SHOWN
    return f"{shown}, {rest} more" if rest > 0 else shown
