"""`monitor schema`: the JSON Schemas of the configuration files and of what webhooks get."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

from pathlib import Path
from typing import Annotated, Literal, get_args

import typer

from monitor.cli.exits import MisuseError
from monitor.cli.output import emit, say

Name = Literal["rules", "outlets", "knowledge", "channels", "monitor", "webhook"]


def schema(
    name: Annotated[
        Name | None, typer.Argument(metavar="[KIND]", help=f"One of {', '.join(get_args(Name))}.")
    ] = None,
    *,
    into: Annotated[
        Path | None,
        typer.Option(
            "--write",
            metavar="DIR",
            help="Write all into .schemas of a configuration directory.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
) -> None:
    """Print the JSON Schema of a kind of configuration file, or of what a webhook gets."""
    from monitor.config.schemas import document, write_schemas

    if (name is None) == (into is None):
        raise MisuseError("say which schema to print, or --write DIR for all of them")
    if name is not None:
        emit(document(name))
    if into is not None:
        for file in write_schemas(into):
            say(f"written: {file}")
