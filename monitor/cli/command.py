"""Runs one command, and turns what went wrong into one line and an exit code."""

import sys
import traceback
from types import TracebackType
from typing import NoReturn

import typer.main

from monitor.cli import app
from monitor.cli.exits import Exit, MisuseError
from monitor.cli.options import Globals
from monitor.core.errors import Permanent, Temporary

# PEP 249 names the errors of every driver: for "cannot be reached now", and for any at all.
DATABASE_NOW, DATABASE_ANY = "OperationalError", "DatabaseError"
DAMAGED = ("file is not a database", "disk image is malformed")  # what SQLite says


def main() -> None:
    """Run one command and exit."""
    chosen = Globals()

    def unexpected(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> NoReturn:
        if chosen.verbose:
            traceback.print_exception(kind, error, trace)
        names = {each.__name__ for each in kind.__mro__}
        reason = str(error)
        if DATABASE_ANY in names:  # the driver's own words, without SQLAlchemy's statement and link
            reason = " ".join(str(getattr(error, "orig", None) or error).split())
        if any(words in reason for words in DAMAGED):
            damaged = "monitor.db is damaged or not a database: restore a backup"
            _end(damaged, Exit.UNEXPECTED)
        if DATABASE_NOW in names:
            _end(f"the database cannot be used now: {reason}", Exit.TEMPORARY)
        hint = "" if chosen.verbose else " (monitor -v … shows where)"
        _end(f"unexpected {kind.__name__}: {reason}{hint}", Exit.UNEXPECTED)

    # A hook rather than a catch-all: SystemExit raised in it ends the process with its code.
    sys.excepthook = unexpected
    try:
        typer.main.get_command(app)(prog_name="monitor", obj=chosen)
    except MisuseError as error:
        _end(str(error), Exit.USAGE)
    except (Permanent, Temporary) as error:
        if chosen.verbose:
            traceback.print_exception(error)
        _end(str(error), _code(error))


def _code(error: Permanent | Temporary) -> Exit:
    if isinstance(error, Temporary):
        return Exit.TEMPORARY
    # Late: it brings pydantic, which `monitor --help` shall not wait for.
    from monitor.config.problems import ConfigurationError  # noqa: PLC0415

    return Exit.CONFIGURATION if isinstance(error, ConfigurationError) else Exit.NO


def _end(words: str, code: Exit) -> NoReturn:
    sys.stderr.write(f"{words.rstrip()}\n")
    sys.exit(code)
