"""`monitor channels`: whom to tell."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

import sys
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.exits import Exit, MisuseError
from monitor.cli.options import Config, Json
from monitor.cli.output import BAD, DOUBT, GOOD, emit, table

if TYPE_CHECKING:
    from monitor.config.load import Configuration
    from monitor.core.messages import Message
    from monitor.core.model import Channel
    from monitor.core.outbox import Outcome

group = typer.Typer(help="Whom to tell.", no_args_is_help=True)


@group.command("test")
def try_channels(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME…]", help="Channels; all if none.")
    ] = None,
    *,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Send a test message and print what each service said."""
    from monitor.cli.context import configured

    configuration = configured(context, config)
    told = [(each, _send(each, configuration)) for each in _named(configuration, names or [])]
    if as_json:
        emit([{"channel": c.name, "state": o.state, "detail": o.detail} for c, o in told])
    else:
        styles = {"sent": GOOD, "failed": BAD, "unknown": DOUBT}
        rows = [(c.name, (o.state.value, styles[o.state.value]), o.detail) for c, o in told]
        table(("channel", "outcome", "the service said"), rows)
    if any(outcome.state != "sent" for _, outcome in told):
        raise typer.Exit(Exit.NO)


def test_message(name: str) -> "Message":
    """What a test sends: nobody shall take it for news."""
    from monitor.core.messages import Message

    return Message(
        title=f"TEST of the channel {name}",
        body="This is a test message of the media monitor, sent by hand. Nothing has happened.\n"
        "Alerts will arrive here.",
    )


def _send(channel: "Channel", configuration: "Configuration") -> "Outcome":
    from uuid import uuid4

    from monitor.adapters.channels import send

    return send(
        channel,
        test_message(channel.name),
        key=f"test-{uuid4()}",
        state=configuration.settings.state,
        out=sys.stdout,
        secrets=configuration.secrets,
    )


def _named(configuration: "Configuration", names: list[str]) -> list["Channel"]:
    channels = {str(each.name): each for each in configuration.channels}
    for name in names:
        if name not in channels:
            near = get_close_matches(name, channels, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise MisuseError(
                f"there is no channel {name!r}.{hint} Channels: {', '.join(channels)}"
            )
    return [channels[name] for name in names] if names else list(channels.values())
