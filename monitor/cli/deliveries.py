"""`monitor deliveries`: the messages, what waits, what was given up, and what becomes of it."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.exits import Exit, MisuseError
from monitor.cli.options import Config, Json, Since
from monitor.cli.output import BAD, DOUBT, FAINT, GOOD, Cell, at, count, emit, say, table
from monitor.core.errors import Permanent
from monitor.core.outbox import State

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from monitor.storage.engine import Database

LIMIT = 50  # deliveries listed unless told
MOST = 10_000  # deliveries in one answer
WORDS = 60  # characters of a message's title or failure in the list
LIST_SINCE = "30d"
STYLES = {State.SENT: GOOD, State.DEAD: BAD, State.UNKNOWN: DOUBT}
WAITING = (State.QUEUED, State.UNKNOWN)
GIVEN_UP = (State.DEAD, State.UNKNOWN)

group = typer.Typer(help="Messages: what waits, what was given up.", no_args_is_help=True)

States = Annotated[
    list[State] | None,
    typer.Option("--state", metavar="STATE", help="queued, sending, sent, unknown or dead."),
]
OfChannel = Annotated[
    str | None, typer.Option("--channel", metavar="NAME", help="Only those of this channel.")
]
Numbers = Annotated[
    list[int] | None,
    typer.Argument(metavar="[DELIVERY…]", help="Their numbers, as listed.", min=1),
]
OnlySince = Annotated[
    str | None, typer.Option("--since", metavar="SPAN", help="Only those made since: 12h, 30d.")
]


@group.command("list")
def show_all(
    context: typer.Context,
    *,
    state: States = None,
    channel: OfChannel = None,
    since: Since = LIST_SINCE,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many at most.")] = LIMIT,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """List messages, the newest first: to whom, how far they have got, and why no further."""
    from monitor.storage import postbag

    with _opened(context, config) as database, database.read() as connection:
        begin = _begin(since)
        rows = postbag.found(
            connection, states=state or (), channel=channel, since=begin, limit=limit
        )
        shown = [_fields(row) for row in rows]
    if as_json:
        emit(shown)
    elif shown:
        headings = ("", "made", "channel", "kind", "state", "tries", "next", "message", "failure")
        table(headings, [_line(each) for each in shown])
        more = f": the newest, --limit {2 * limit} shows more" if len(shown) == limit else ""
        say((count(len(shown), "delivery", "deliveries") + more, FAINT))
    else:
        say("no such delivery")
    if not shown:
        raise typer.Exit(Exit.NO)


@group.command("retry")
def retry(
    context: typer.Context,
    numbers: Numbers = None,
    *,
    state: States = None,
    channel: OfChannel = None,
    since: OnlySince = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Send messages again now, with the same key: those named, or all dead and unknown ones."""
    from monitor.runners.clock import SystemClock
    from monitor.storage import postbag

    if not (numbers or state or channel or since):
        raise MisuseError("say which: numbers, or --state, --channel, --since")

    def commit(tx: Any) -> list[int]:
        default = () if numbers else GIVEN_UP
        chosen = postbag.found(
            tx,
            numbers=numbers or (),
            states=state or default,
            channel=channel,
            since=None if since is None else _begin(since),
        )
        return postbag.retry(tx, [row.id for row in chosen], now=SystemClock().now())

    with _opened(context, config) as database:
        _answer("retried", database.write(commit), numbers or [], as_json=as_json)


@group.command("drop")
def drop(
    context: typer.Context,
    numbers: Numbers = None,
    *,
    reason: Annotated[str, typer.Option(metavar="WORDS", help="Why; it is kept with them.")],
    state: States = None,
    channel: OfChannel = None,
    since: OnlySince = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Give messages up: those named, or all that wait. One that is on its way stays."""
    from monitor.core.text import clean
    from monitor.storage import postbag

    words = " ".join(clean(reason).split())
    if not words:
        raise MisuseError("--reason needs words: they say later why nobody was told")
    if not (numbers or state or channel or since):
        raise MisuseError("say which: numbers, or --state, --channel, --since")

    def commit(tx: Any) -> list[int]:
        default = () if numbers else WAITING
        chosen = postbag.found(
            tx,
            numbers=numbers or (),
            states=state or default,
            channel=channel,
            since=None if since is None else _begin(since),
        )
        return postbag.drop(tx, [row.id for row in chosen], reason=words)

    with _opened(context, config) as database:
        _answer("dropped", database.write(commit), numbers or [], as_json=as_json)


def _answer(done: str, changed: list[int], named: list[int], *, as_json: bool) -> None:
    left = sorted(set(named) - set(changed))
    if as_json:
        emit({done: changed, "left": left})
    else:
        say((f"{count(len(changed), 'delivery', 'deliveries')} {done}", GOOD if changed else ""))
        if left:
            listed = ", ".join(map(str, left))
            say((f"left as they are (sent, on their way, or no such number): {listed}", DOUBT))
    if not changed or left:
        raise typer.Exit(Exit.NO)


@contextmanager
def _opened(context: typer.Context, config: "Path | None") -> Iterator["Database"]:
    """The database. Raises Permanent if nobody has made one."""
    from monitor.cli.context import database_of, settings_of

    with database_of(settings_of(context, config)) as database:
        if database is None:
            raise Permanent("there is no database yet: `monitor run` makes one")
        yield database


def _begin(since: str) -> "datetime":
    from monitor.cli.backtesting import spanned
    from monitor.runners.clock import SystemClock

    return SystemClock().now() - spanned(since)


def _fields(row: Any) -> dict[str, Any]:
    return {
        "delivery": row.id,
        "made": row.created_at,
        "channel": row.channel,
        "kind": row.kind,
        "state": row.state,
        "alerts": row.alerts,
        "failures": row.attempts,
        "uncertain": row.uncertain,
        "next": None if row.due_at is None else max(row.due_at, row.not_before),
        "sent": row.sent_at,
        "failure": row.failure,
        "title": row.title,
        "stands_in_for": row.fallback_of,
        "severity": row.severity,
        "held": row.held,
        "told_in": row.part_of,
        "forwarded_from": row.forwarded_from,
        "key": row.key,
    }


def _line(each: dict[str, Any]) -> tuple[Cell, ...]:
    tries = str(each["failures"])
    if each["uncertain"]:
        tries += f" ({each['uncertain']} uncertain)"
    kind = each["kind"]
    if each["stands_in_for"]:
        kind += f" for {each['stands_in_for']}"
    if each["told_in"]:
        kind += f" told in {each['told_in']}"
    state = each["state"]
    if each["held"] and state == State.QUEUED:
        state += f", held: {each['held']}"
    return (
        str(each["delivery"]),
        at(each["made"]),
        each["channel"],
        kind,
        (state, STYLES.get(each["state"], "")),
        tries,
        at(each["next"]) if each["next"] else "",
        _short(each["title"] or "(not put into words yet)"),
        _short(each["failure"] or ""),
    )


def _short(words: str) -> str:
    return words if len(words) <= WORDS else f"{words[: WORDS - 1]}…"
