"""`monitor canary`: one canary now, through the running watch, and how long each stage took."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.exits import Exit
from monitor.cli.options import Config, Json
from monitor.cli.output import BAD, FAINT, GOOD, emit, say
from monitor.core.errors import Permanent, Temporary

if TYPE_CHECKING:
    from monitor.core.canaries import Journey
    from monitor.storage.engine import Database

LOOK_EVERY = 0.2  # seconds
NOBODY = "nothing is running; start `monitor run`, then send a canary through it"
TAKEN_UP_WITHIN = 30.0  # seconds, if a watch runs


def canary(
    context: typer.Context,
    *,
    within: Annotated[
        int, typer.Option(metavar="SECONDS", min=5, max=3_600, help="How long it may take.")
    ] = 120,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Send a canary through the running watch now, and tell how long each stage took."""
    from monitor.cli.context import database_of, in_force
    from monitor.cli.presence import running

    found = in_force(context, config)
    channels = [channel.name for channel in found.channels if channel.proof.canary]
    if not channels:
        raise Permanent('no channel is for canaries; write "canary: true" in one of channels.yaml')
    settings = found.settings
    if settings.database_url.startswith("sqlite") and not running(settings.state):
        raise Temporary(NOBODY)
    with database_of(settings) as database:
        if database is None:
            raise Temporary(NOBODY)
        journey = _send(database, channels, within=timedelta(seconds=within), shown=not as_json)
    if as_json:
        emit(_fields(journey))
    elif journey.arrived:
        say(("The canary arrived.", GOOD))
    else:
        say(("The canary has not arrived.", BAD), f" {journey.failure}" if journey.failure else "")
    if not journey.arrived:
        raise typer.Exit(Exit.NO)


def _send(
    database: "Database", channels: Sequence[str], *, within: timedelta, shown: bool
) -> "Journey":
    """Ask the watch for a canary, and follow it."""
    from monitor.storage import canaries

    now = datetime.now(UTC)
    number = database.write(lambda tx: canaries.ask_for(tx, now=now, within=within))
    began, told = time.monotonic(), 0
    while True:
        with database.read() as connection:
            journey = canaries.journey(connection, number, channels)
        passed = [(name, at) for name, at in journey.stages if at is not None]
        for name, at in passed[told:] if shown else ():
            say(f"{(at - journey.begun_at).total_seconds():8.2f} s  ", (name, GOOD))
        told = len(passed)
        waited = time.monotonic() - began
        if journey.arrived or waited > within.total_seconds():
            return journey
        if not passed and waited > TAKEN_UP_WITHIN:
            if shown:
                say(("no watch has taken it up: is one running on this database?", FAINT))
            return journey
        time.sleep(LOOK_EVERY)


def _fields(journey: "Journey") -> dict[str, object]:
    stages = {
        name: None if at is None else round((at - journey.begun_at).total_seconds(), 3)
        for name, at in journey.stages
    }
    return {
        "canary": journey.number,
        "begun": journey.begun_at,
        "arrived": journey.arrived,
        "seconds": stages,
        "failure": journey.failure or None,
    }
