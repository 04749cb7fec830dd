"""Runs the week: real servers, the real daemon, a clock that jumps from due time to due time."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import TextIO

from monitor import app
from monitor.config.directory import FOLDERS, read_directory
from monitor.config.load import Configuration
from monitor.config.starter import starter_path
from monitor.core.rules import Rule
from monitor.demo.site import FEED_PATH, Sites
from monitor.demo.week import Week, read_week
from monitor.runners.clock import ReplayClock
from monitor.storage import views
from monitor.storage.engine import Database

COUNTING = ("rules/coverage-spike.yaml", "rules/silence.yaml")  # left out
POLL_INTERVAL = timedelta(minutes=90)  # of replayed time
SECONDS = 30  # the week takes about this long
CONSOLE = "console"
MAILBOX = "alerts.mbox"
MESSAGES = "messages"


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the week came to. `explain` names articles by their address, each with a rule."""

    configuration: Configuration
    explain: tuple[tuple[str, Rule], ...]
    counts: Mapping[str, int]
    silences: Sequence[tuple[str, int]]
    polls: int
    unmatched: int
    messages: int


def replay(
    into: Path,
    *,
    out: TextIO,
    seconds: float = SECONDS,
    seen: Callable[[datetime], None] = lambda _: None,
) -> Replayed:
    """Replay the bundled week into an empty directory; messages go to `out`, a mailbox and files.

    `seen` is called with the replayed time now and then. `seconds` is how long the week takes at
    least; a slow machine takes longer.
    """
    week = read_week(starter_path() / "demo" / "week.yaml")
    speed = (week.ends - week.begins) / timedelta(seconds=seconds) if seconds else None
    clock = ReplayClock(begins=week.begins, ends=week.ends, speed=speed)
    dice = Random(7)  # noqa: S311 - the same in every demo
    with Sites(week, now=clock.now) as sites:
        write_configuration(into, week, sites)
        configuration = app.configure(into)
        with app.build(configuration, clock=clock, out=out, chance=dice.random) as monitor:

            def beat() -> None:
                seen(clock.now())
                if clock.over:
                    monitor.stop()

            monitor.run(beat=beat)
            monitor.flush()
            return _replayed(week, configuration, sites, monitor.database)


def _replayed(
    week: Week, configuration: Configuration, sites: Sites, database: Database
) -> Replayed:
    rules = {rule.id: rule for rule in configuration.rules}
    with database.read() as connection:
        return Replayed(
            configuration=configuration,
            explain=tuple(
                (sites.page_address(week.piece(article)), rules[rule])
                for article, rule in week.explain
            ),
            counts=views.counts(connection, since=week.begins),
            silences=views.silences(connection, since=week.begins),
            polls=views.polls(connection),
            unmatched=views.unmatched(connection),
            messages=views.messages_sent(connection, channel=CONSOLE),
        )


def write_configuration(into: Path, week: Week, sites: Sites) -> None:
    """The starter rules over the invented outlets, as files that a reader may look at.

    Without those that count: they need weeks of an archive, and are looked at every few minutes.
    """
    into.mkdir(parents=True, exist_ok=True)
    for name in read_directory(starter_path()):
        if name in COUNTING:
            continue
        if name.startswith(tuple(f"{folder}/" for folder in FOLDERS if folder != "outlets")):
            target = into / name
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(starter_path() / name, target)
    hosts = {outlet.id: sites.address(outlet.id) for outlet in week.outlets}
    allowed = ", ".join(f'"{host}:{port}"' for host, port in hosts.values())
    pause = f"{POLL_INTERVAL // timedelta(minutes=1)} minutes"
    (into / "monitor.yaml").write_text(
        "version: 1\nstate: var\n"
        f"poll: {{interval: {pause}, shortest: {pause}, longest: {pause}}}\n"
        f"fetch: {{allow: [{allowed}]}}\nlogging: {{level: error}}\n",
        "utf-8",
    )
    (into / "channels.yaml").write_text(
        f'{CONSOLE}: {{url: "console:", default: true}}\n'
        f'mailbox: {{url: "file:{MAILBOX}", default: true}}\n'
        f'messages: {{url: "file:{MESSAGES}/", default: true}}\n',
        "utf-8",
    )
    (into / "outlets").mkdir(exist_ok=True)
    lines = ["version: 1", "outlets:"]
    for outlet in week.outlets:
        host, port = hosts[outlet.id]
        lines += [
            f"  - id: {outlet.id}",
            f'    name: "{outlet.name}"',
            f"    country: {outlet.country}",
            f"    language: {outlet.language}",
            f"    tier: {outlet.tier}",
            f'    feeds: [{{url: "http://{host}:{port}{FEED_PATH}"}}]',
        ]
    (into / "outlets" / "demo.yaml").write_text("\n".join(lines) + "\n", "utf-8")
