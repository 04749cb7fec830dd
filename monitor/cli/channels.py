"""`monitor channels`: whom to tell."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

import json
import sys
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.exits import Exit, MisuseError
from monitor.cli.options import Config, Json
from monitor.cli.output import BAD, DOUBT, GOOD, emit, table
from monitor.core.contents import Form
from monitor.core.model import Language

if TYPE_CHECKING:
    from monitor.config.load import Configuration
    from monitor.core.messages import Message
    from monitor.core.model import Channel
    from monitor.core.outbox import Outcome

PICTURED = "(with the chart as a picture; --html FILE shows it)"

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


@group.command("preview")
def preview(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A channel.")],
    *,
    kind: Annotated[
        Form | None, typer.Option(help="One kind of message; all if none.", case_sensitive=False)
    ] = None,
    language: Annotated[
        Language | None, typer.Option(help="Another language than the channel's own.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the HTML of one message goes.")
    ] = None,
    config: Config = None,
) -> None:
    """Show what messages to a channel look like, by invented ones; nothing is sent."""
    from monitor.cli.context import configured

    if html is not None and kind is None:
        kind = Form.ALERT
    configuration = configured(context, config)
    (channel,) = _named(configuration, [name])
    if language is not None:
        channel = replace(channel, style=replace(channel.style, language=language))
    for form in [kind] if kind is not None else Form:
        message = _sample(channel, form)
        if message.failure:
            typer.echo(f"{message.failure}: the built-in form is shown", err=True)
        if html is not None:
            _write_html(html, message)
        else:
            _show(message)


def _sample(channel: "Channel", form: Form) -> "Message":
    from monitor.adapters.channels import room
    from monitor.adapters.dressing import dress
    from monitor.core.samples import sample
    from monitor.core.wording.languages import wording_of

    now = datetime.now(UTC)
    content = sample(form, now=now, words=wording_of(channel))
    return dress(channel, content, room=room(channel), now=now)


def _show(message: "Message") -> None:
    """The message as it goes to the service; HTML as the text that people read."""
    from monitor.adapters.channels import RULE, as_text
    from monitor.core.messages import Markup

    title, body = message.title, message.body
    if (shown := message.dressed) is not None:
        html = shown.markup is Markup.HTML
        title, body = shown.title, as_text(shown.body) if html else shown.body
        if shown.picture is not None:
            body += f"\n{PICTURED}"
    typer.echo("\n".join(filter(None, (RULE, title, body))))
    if message.facts is not None:
        typer.echo(json.dumps({"monitor": message.facts}, ensure_ascii=False, indent=2))


def _write_html(file: Path, message: "Message") -> None:
    from monitor.core.messages import PICTURE, Markup

    if message.dressed is None or message.dressed.markup is not Markup.HTML:
        raise MisuseError("this channel gets no HTML; --html is for mail, Telegram and Matrix")
    page = message.dressed.body
    if message.dressed.picture is not None:  # a part of the mail, which a file does not have
        drawn = b64encode(message.dressed.picture).decode("ascii")
        page = page.replace(f"cid:{PICTURE}", f"data:image/png;base64,{drawn}")
    if "<meta charset" not in page:
        page = f'<!DOCTYPE html><meta charset="utf-8">{page}'
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise MisuseError(f"cannot write {file}: {error.strerror or error}") from error


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
