"""`monitor alerts ack`, `snooze`, `mute`, `noise`: what a chat can answer, at the command line."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.exits import MisuseError
from monitor.cli.options import Config, Json, Who, named_by
from monitor.cli.output import emit, say
from monitor.core.errors import Permanent

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    from monitor.core.answers import Verb

HERE = "command line"

Codes = Annotated[
    list[str],
    typer.Argument(metavar="CODE…", help="The codes of messages, or the numbers of alerts."),
]
Span = Annotated[str | None, typer.Option("--for", metavar="SPAN", help="How long: 30m, 2h, 3d.")]
Note = Annotated[str, typer.Option("--reason", metavar="WORDS", help="Why; it is kept.")]


def ack(
    context: typer.Context,
    codes: Codes,
    *,
    reason: Note = "",
    by: Who = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Somebody has it: nobody else is called."""
    from monitor.core.answers import Verb

    _answer(context, config, Verb.ACK, codes, None, reason=reason, by=by, as_json=as_json)


def snooze(
    context: typer.Context,
    codes: Codes,
    *,
    span: Span = None,
    reason: Note = "",
    by: Who = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Let follow-ups of the incident wait (1 hour); what is critical comes all the same."""
    from monitor.core.answers import Verb

    _answer(context, config, Verb.SNOOZE, codes, span, reason=reason, by=by, as_json=as_json)


def mute(
    context: typer.Context,
    codes: Codes,
    *,
    span: Span = None,
    reason: Note = "",
    by: Who = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Silence the story (3 days); what is critical comes all the same."""
    from monitor.core.answers import Verb

    _answer(context, config, Verb.MUTE, codes, span, reason=reason, by=by, as_json=as_json)


def noise(
    context: typer.Context,
    codes: Codes,
    *,
    reason: Note = "",
    by: Who = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Call it a false alarm of its rule, and silence the story for 3 days."""
    from monitor.core.answers import Verb

    _answer(context, config, Verb.NOISE, codes, None, reason=reason, by=by, as_json=as_json)


def add_to(group: typer.Typer) -> None:
    """Make them commands of a group."""
    for run in (ack, snooze, mute, noise):
        group.command(run.__name__)(run)


def _answer(
    context: typer.Context,
    config: "Path | None",
    verb: "Verb",
    codes: list[str],
    span: str | None,
    *,
    reason: str,
    by: str | None,
    as_json: bool,
) -> None:
    from monitor import answering
    from monitor.cli.context import database_of, settings_of
    from monitor.core.answers import Asked, UnclearError
    from monitor.core.codes import number_of
    from monitor.runners.clock import SystemClock
    from monitor.storage import answers

    now, who = SystemClock().now(), named_by(by)
    asked = Asked(verb, (), _span(verb, span))
    given = answering.Answer(who, HERE, reason or f"{verb} {' '.join(codes)}", now)

    def commit(tx: Any) -> str:
        subjects = []
        for code in codes:
            if code.isdigit():
                found = answers.subjects_of_alert(tx, int(code))
            else:
                number = number_of(code)
                if number is None:
                    raise Permanent(f"{code} is no code: look at the message again")
                found = answers.subjects_of_delivery(tx, number) or []
            if not found:
                raise Permanent(f"no alert is known by {code}; `monitor alerts list` shows them")
            subjects += found
        try:
            return answering.answer_to(tx, given, asked, subjects, now=now)
        except UnclearError as error:
            raise Permanent(str(error)) from error

    with database_of(settings_of(context, config)) as database:
        if database is None:
            raise Permanent("there is no database yet: `monitor run` makes one")
        said = database.write(commit)
    if as_json:
        emit({"answer": verb, "by": who, "said": said})
    else:
        for line in said.split("\n"):
            say(line)


def _span(verb: "Verb", written: str | None) -> "timedelta | None":
    from monitor.cli.backtesting import spanned
    from monitor.core.answers import UnclearError, limited

    try:
        return limited(verb, None if written is None else spanned(written))
    except UnclearError as error:
        raise MisuseError(str(error)) from error
