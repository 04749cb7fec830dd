"""The options that several commands share, and the configuration directory they lead to."""

import getpass
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

VARIABLE = "MONITOR_CONFIG"
PLACES = (Path("config"), Path("/etc/monitor"))  # looked at when nothing is said
MARKER = "channels.yaml"  # the one file that no configuration can be without

LogFormat = Literal["text", "json"]


@dataclass(slots=True)
class Globals:
    """What stands before the command's name."""

    config: Path | None = None
    log_format: LogFormat | None = None
    verbose: bool = False


Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="DIR",
        help="Configuration directory; else $MONITOR_CONFIG, ./config or /etc/monitor.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for a program to read.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Log more; show tracebacks.")]
Since = Annotated[str, typer.Option(metavar="SPAN", help="How far back: 30d, 12h, 90 days.")]
SINCE = "30d"
Who = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who; else your login.")]


def chosen(context: typer.Context) -> Globals:
    """What stood before the command's name."""
    found = context.find_root().obj
    return found if isinstance(found, Globals) else Globals()


def named_by(said: str | None) -> str:
    """Who does something, for the record."""
    try:
        name = said or getpass.getuser()
    except (OSError, KeyError):  # a container may have no name for whoever runs it
        name = ""
    return " ".join(name.split())[:80] or "somebody"


def directory(context: typer.Context, config: Path | None) -> Path:
    """The configuration directory: as said behind the command, before it, or else where it lies.

    Raises ConfigurationError, which names every place, if nothing is said and none has one.
    """
    said = config or chosen(context).config
    if said is None and (variable := os.environ.get(VARIABLE)):
        said = Path(variable)
    if said is None:
        said = next(filter(_holds_one, PLACES), PLACES[0])
        if not said.exists():
            raise _nowhere()
    return said


def _holds_one(place: Path) -> bool:
    try:
        return (place / MARKER).is_file()
    except PermissionError:  # there is something; reading it tells what is wrong
        return True


def _nowhere() -> Exception:
    # Late: they bring pydantic, which `monitor --help` shall not wait for.
    from monitor.config.problems import ConfigurationError, Whole  # noqa: PLC0415
    from monitor.core.errors import Problem  # noqa: PLC0415

    first, *others = PLACES
    words = (
        f"no such directory, no {MARKER} in {', '.join(map(str, others))} either, and "
        f"${VARIABLE} is not set; `monitor init {first}` makes one, --config DIR names another"
    )
    return ConfigurationError((Problem(Whole(str(first)), words),))
