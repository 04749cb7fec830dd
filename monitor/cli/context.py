"""What commands work on: the configuration in force, and its database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import structlog
import typer

from monitor import app, log
from monitor.cli.options import chosen, directory
from monitor.cli.presence import ElsewhereError, elsewhere, running
from monitor.config import settings as monitor_file
from monitor.config.directory import Written, read_directory, read_written
from monitor.config.force import Before, comes_into_force
from monitor.config.load import Configuration
from monitor.config.problems import ConfigurationError, Problems
from monitor.config.secrets import Secrets, read_secrets_file
from monitor.config.settings import Settings, read_settings
from monitor.config.source import scan
from monitor.core.changes import Kept
from monitor.core.errors import Permanent, Problem
from monitor.runners.clock import SystemClock
from monitor.storage import migrate, sync, versions
from monitor.storage.engine import Broken, Database

logger = structlog.get_logger()


def configured(context: typer.Context, config: Path | None) -> Configuration:
    """The configuration of a command that people call; its log shows warnings only."""
    _speak(context, level="warning")
    found = app.configure(directory(context, config))
    _speak(context, level="warning", secrets=found.secrets)
    return found


def with_vanished(context: typer.Context, config: Path | None) -> Configuration:
    """As `configured`, and the rules that vanished from the files and match all the same.

    These stand under `rules` too, and `kept` names them. A database that cannot be asked knows of
    none: the files can be looked at all the same.
    """
    found = configured(context, config)
    try:
        with database_of(found.settings) as database:
            before = None if database is None else _last_in_force(database)
    except (ElsewhereError, Permanent, Broken):
        return found
    now, written = SystemClock().now(), Written(found.files)
    coming = comes_into_force(written, before, load=lambda _: found, now=now)
    kept = {name: why for name, why in coming.kept.items() if why is Kept.VANISHED}
    stay = (rule for rule in coming.rules if rule.id in kept)
    return replace(found, rules=(*found.rules, *stay), kept=kept)


def in_force(context: typer.Context, config: Path | None) -> Configuration:
    """The configuration of a watch: the files as they stand, and as they were where they are wrong.

    Raises ConfigurationError, with every mistake of the files, where there is nothing to fall back
    on.
    """
    _speak(context, level="info")
    base = directory(context, config)
    found = _next_in_force(base)
    settings = found.settings
    style = chosen(context).log_format or settings.log_format
    level = "debug" if chosen(context).verbose else settings.log_level
    log.configure(level=level, style=style, secrets=found.secrets)
    for problem in (*read_secrets_file(base).problems, *found.mistakes):
        logger.warning("configuration.wrong", **_told(problem))
    if found.mistakes:
        logger.warning(
            "configuration.kept",
            mistakes=len(found.mistakes),
            said="what these mistakes touch stays in force as it was, until they are mended",
        )
    for problem in found.failed_examples:
        logger.warning("rule.held", **_told(problem))
    for name, why in found.kept.items():
        end = "; `monitor rules accept` lets it go" if why is Kept.VANISHED else ""
        said = f"{name} ({why}) stays in force in its last version{end}"
        logger.warning("rule.kept", rule=name, why=why, said=said)
    return found


def coming_into_force(context: typer.Context, base: Path) -> Configuration:
    """What would come into force if the watch were started now, for a command that people call."""
    _speak(context, level="warning")
    found = _next_in_force(base)
    _speak(context, level="warning", secrets=found.secrets)
    return found


def _next_in_force(base: Path) -> Configuration:
    written = read_written(base)
    load = partial(app.configure_files, base=base)
    before = _before(base, written)
    return comes_into_force(written, before, load=load, now=SystemClock().now())


def settings_of(context: typer.Context, config: Path | None) -> Settings:
    """How the program runs, even while the rest of the configuration is wrong."""
    _speak(context, level="warning")
    base = directory(context, config)
    return _settings(base, read_directory(base))


@contextmanager
def database_of(settings: Settings) -> Iterator[Database | None]:
    """The database to look something up; None if nobody has made it yet.

    Raises Permanent if it is of another version, and ElsewhereError if it is not the one that a
    watch of this configuration works on.
    """
    if elsewhere(settings):
        raise ElsewhereError
    if not _made(settings):
        yield None
        return
    database = app.open_database(settings)
    try:
        if migrate.pending(database.reader):
            raise Permanent(
                "the database is not of this version: `monitor migrate` brings it up to date"
            )
        yield database
    finally:
        database.close()


def _speak(context: typer.Context, *, level: str, secrets: tuple[str, ...] = ()) -> None:
    given = chosen(context)
    level = "debug" if given.verbose else level
    log.configure(level=level, style=given.log_format or "text", secrets=secrets)


def _made(settings: Settings) -> bool:
    sqlite = settings.database_url.startswith("sqlite")
    return not sqlite or Path(settings.database_url.removeprefix("sqlite:///")).is_file()


def _settings(base: Path, files: dict[str, str]) -> Settings:
    problems = Problems()
    secrets = Secrets(base=base, environment=app.environment(base))
    text = files.get(monitor_file.FILE)
    tree = None if text is None else scan(monitor_file.FILE, text, problems)
    return read_settings(tree, base=base, secrets=secrets, problems=problems)


def _told(problem: Problem) -> dict[str, str]:
    return {"place": str(problem.place), "failure": problem.message, "said": str(problem)}


def _before(base: Path, written: Written) -> Before | None:
    """What the database says is in force; None if there is none that could be asked."""
    try:
        settings = _settings(base, dict(written.files)) if written.files else None
    except ConfigurationError:  # nobody knows where the database is
        return None
    if settings is None or not _made(settings):
        return None
    database = app.open_database(settings)
    try:
        if migrate.pending(database.reader):
            if running(settings.state):  # it is another process's, which is told elsewhere
                return None
            app.bring_up_to_date(database, now=SystemClock().now())
        return _last_in_force(database)
    finally:
        database.close()


def _last_in_force(database: Database) -> Before | None:
    with database.read() as connection:
        kept = sync.last_good(connection)
        at_work = versions.at_work(connection)
    return None if kept is None else Before(kept[0], at_work, at_work.waiting)
