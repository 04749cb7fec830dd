"""The summary of a rule's trial: what people would have been told."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitor.core.backtest import days
from monitor.core.charts import bar
from monitor.core.model import RuleId
from monitor.core.strangers import shorten

HEADLINES_SHOWN = 20  # the rest is counted
HEADLINE_LIMIT = 120  # characters
BAR = 16  # characters of the longest bar; a telephone shows some 30 in a line


@dataclass(frozen=True, slots=True)
class Untold:
    """One alert that a rule on trial did not raise."""

    headline: str
    outlet: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One trial that is over; `matches` counts articles. `live`: the rule tells from now on."""

    rule: RuleId
    title: str
    began: datetime
    ended: datetime
    matches: int
    untold: Sequence[Untold]
    live: bool


def summary(trial: Trial) -> tuple[str, str]:
    """Title and body of the message that ends a trial; strangers' words in it are as they came."""
    number = len(trial.untold)
    title = f"Trial over: {trial.title} would have told {_times(number)}"
    span = max((trial.ended - trial.began) / timedelta(days=1), 1.0)  # less is not projected
    after = (
        "From now on it tells. What it would have told is not told again; what follows it is."
        if trial.live
        else "Its last day is over: it tells nothing."
    )
    articles = f"{trial.matches:,} {'article' if trial.matches == 1 else 'articles'}"
    told = f"would have told {_times(number)}: {number / span:.1f} a day"
    time = f"From {_clock(trial.began)} to {_clock(trial.ended)} UTC"
    lines = [
        f"{time} the rule {trial.rule} matched {articles} and {told}. {after}",
        "",
        *bars(trial.untold, since=trial.began, until=trial.ended),
    ]
    if trial.untold:
        lines.append("")
    newest = sorted(trial.untold, key=lambda each: each.at, reverse=True)
    lines += [
        f"{_clock(each.at)} · {' '.join(each.outlet.split())}: "
        f"{shorten(' '.join(each.headline.split()), limit=HEADLINE_LIMIT)}"
        for each in newest[:HEADLINES_SHOWN]
    ]
    if number > HEADLINES_SHOWN:
        lines.append(f"and {number - HEADLINES_SHOWN:,} before")
    return title, "\n".join(lines)


def bars(untold: Sequence[Untold], *, since: datetime, until: datetime) -> list[str]:
    """A line for each UTC day, with a bar; at least one character for anything at all."""
    by_day = Counter(each.at.astimezone(UTC).date() for each in untold)
    most = max(by_day.values(), default=1)
    return [
        f"{day.day} {day:%b} " + f"{bar(by_day[day], most, width=BAR)} {by_day[day]}".strip()
        for day in days(since, until)
    ]


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"


def _clock(moment: datetime) -> str:
    moment = moment.astimezone(UTC)
    return f"{moment.day} {moment:%b %H:%M}"
