"""`monitor rules accept`: rules that vanished from the files shall go."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.exits import Exit, MisuseError
from monitor.cli.options import Config, Json, directory
from monitor.cli.output import GOOD, count, emit, say, table
from monitor.cli.presence import running
from monitor.core.changes import Kept
from monitor.core.errors import Permanent

if TYPE_CHECKING:
    from monitor.config.settings import Settings

SHOWN = 20  # rules before the question


def accept(
    context: typer.Context,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Let the rules go that vanished from the files and are kept in force."""
    from monitor.cli.context import coming_into_force, database_of
    from monitor.storage import versions

    if as_json and not yes:
        raise MisuseError("--json asks nothing: say --yes too, or leave it out to be asked")
    found = coming_into_force(context, directory(context, config))
    gone = [rule for rule in found.rules if found.kept.get(rule.id) is Kept.VANISHED]
    if not as_json and gone:
        table(("rule", "title"), [(str(rule.id), rule.title) for rule in gone[:SHOWN]])
        if len(gone) > SHOWN:
            say(f"and {count(len(gone) - SHOWN, 'rule')} more; `monitor rules list` names all")
    if gone and not yes and not typer.confirm(f"Let {count(len(gone), 'rule')} go?"):
        raise typer.Exit(Exit.NO)
    with database_of(found.settings) as database:
        if database is None:
            raise Permanent("there is no database yet: nothing is in force")
        names = [rule.id for rule in gone]
        database.write(lambda tx: versions.retire(tx, names))
    if as_json:
        emit({"accepted": names})
    elif gone:
        say((f"{count(len(gone), 'rule')} gone.", GOOD), f" {_taken_up(found.settings)}")
    else:
        say("no rule waits to be let go")
    if not gone:
        raise typer.Exit(Exit.NO)


def _taken_up(settings: "Settings") -> str:
    """When it takes effect; on PostgreSQL nobody knows whether a watch runs."""
    if settings.database_url.startswith("sqlite") and not running(settings.state):
        return "No watch runs: they match nothing from its next start on."
    return "A running watch takes it up within 5 s."
