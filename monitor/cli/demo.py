"""`monitor demo`: a bundled week through the real daemon, without network or account."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import life, trees
from monitor.cli.output import FAINT, STRONG, count, say
from monitor.core.errors import Permanent

if TYPE_CHECKING:
    from monitor.demo.replay import Replayed

RULE = "━" * 60


def demo(
    *,
    into: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where to leave configuration, database and messages."),
    ] = None,
    seconds: Annotated[float, typer.Option(min=0, help="How long the week takes at least.")] = 30.0,
) -> None:
    """Replay a week of invented news through the real daemon; no network, no account."""
    from monitor import log
    from monitor.demo.replay import MAILBOX, MESSAGES, replay

    if into is not None and into.exists() and any(into.iterdir()):
        raise Permanent(f"{into} is not empty; nothing was written")
    directory = into or Path(tempfile.mkdtemp(prefix="monitor-demo-"))
    log.configure(level="error", style="text")
    say(("A week of invented news, replayed through the real daemon.", STRONG))
    say("Invented outlets on 127.0.0.1, real feeds and pages, the starter rules, no network.")
    say("Each feed is polled every 90 minutes of that week, so that it passes quickly.\n")
    replayed = replay(directory, out=sys.stdout, seconds=seconds, seen=_Days())
    _summary(replayed)
    _explanations(replayed)
    state = replayed.configuration.settings.state
    say((f"\n{RULE}\nTo look at", STRONG))
    say(f"  {state / MAILBOX}  the messages as a mailbox")
    say(f"  {state / MESSAGES}/  each message as it was sent")
    say(f"  monitor --config {directory} status   (search, rules explain and the rest work too)")


class _Days:
    """Says when a new day begins in the replay."""

    def __init__(self) -> None:
        self._day: datetime | None = None

    def __call__(self, moment: datetime) -> None:
        day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        if day != self._day:
            self._day = day
            say((f"━━ {day:%A %d %B %Y} ".ljust(len(RULE), "━"), FAINT))


def _summary(replayed: "Replayed") -> None:
    told, feeds = replayed.counts, count(len(replayed.configuration.feeds), "feed")
    lines = [
        (
            "seen",
            f"{count(told['entries'], 'entry', 'entries')} in {replayed.polls:,} polls of {feeds}",
        ),
        ("folded", f"{count(told['copies'], 'exact copy', 'exact copies')} of other articles"),
        ("stories", f"{told['stories']} that a rule watches for"),
        ("alerts", f"{told['alerts']}, in {count(replayed.messages, 'message')}"),
        ("silent", f"{count(replayed.unmatched, 'article')} that no rule wants"),
        *(("", f"{count(n, 'match', 'matches')} {words}") for words, n in replayed.silences),
    ]
    say((f"{RULE}\nThe week in figures", STRONG))
    for name, words in lines:
        say((name.ljust(9), STRONG), words, indent=2)


def _explanations(replayed: "Replayed") -> None:
    titles = ("One alert, explained", "One silence, explained")
    for title, (article, rule) in zip(titles, replayed.explain, strict=True):
        say((f"\n{RULE}\n{title}: {rule.title}", STRONG))
        found, tree = life.explained(replayed.configuration, article, rule)
        life.show(found)
        trees.show(tree)
