"""What commands work on: the configuration in force, and its database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
import typer

from monitor import app, log
from monitor.cli.options import chosen, directory
from monitor.config import settings as monitor_file
from monitor.config.directory import read_directory
from monitor.config.load import Configuration
from monitor.config.problems import ConfigurationError, Problems
from monitor.config.secrets import Secrets, read_secrets_file
from monitor.config.settings import Settings, read_settings
from monitor.config.source import scan
from monitor.core.errors import Permanent, Problem, Temporary
from monitor.runners.clock import SystemClock
from monitor.storage import migrate, sync
from monitor.storage.engine import Database

logger = structlog.get_logger()


def configured(context: typer.Context, config: Path | None) -> Configuration:
    """The configuration of a command that people call; its log shows warnings only."""
    _speak(context, level="warning")
    found = app.configure(directory(context, config))
    _speak(context, level="warning", secrets=found.secrets)
    return found


def in_force(context: typer.Context, config: Path | None) -> Configuration:
    """The configuration of a watch: as it stands, else the database's last good one.

    Raises ConfigurationError, with every mistake of the files, where there is none to fall back on.
    """
    _speak(context, level="info")
    base = directory(context, config)
    try:
        found = app.configure(base)
    except ConfigurationError as error:
        found = _last_good(base, error)
    settings = found.settings
    style = chosen(context).log_format or settings.log_format
    level = "debug" if chosen(context).verbose else settings.log_level
    log.configure(level=level, style=style, secrets=found.secrets)
    for problem in read_secrets_file(base).problems:
        logger.warning("configuration.wrong", **_told(problem))
    for problem in found.failed_examples:
        logger.warning("rule.held", **_told(problem))
    return found


def settings_of(context: typer.Context, config: Path | None) -> Settings:
    """How the program runs, even while the rest of the configuration is wrong."""
    _speak(context, level="warning")
    base = directory(context, config)
    return _settings(base, read_directory(base))


@contextmanager
def database_of(settings: Settings) -> Iterator[Database | None]:
    """The database to look something up; None if nobody has made it yet.

    Raises Permanent if it is of another version.
    """
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


def _last_good(base: Path, error: ConfigurationError) -> Configuration:
    """The newest configuration that loaded, with a warning; raises `error` without one."""
    files = read_directory(base) if base.is_dir() else {}
    if not files:  # a directory that never was a configuration has no last good version
        raise error
    settings = _settings(base, files)
    if not _made(settings):
        raise error
    database = app.open_database(settings)
    try:
        app.bring_up_to_date(database, now=SystemClock().now())
        with database.read() as connection:
            kept = sync.last_good(connection)
        if kept is None:
            raise error
        files, loaded_at = kept
        found = app.configure_files(files, base=base)
    except (ConfigurationError, Temporary) as failure:
        raise error from failure
    finally:
        database.close()
    for problem in error.problems:
        logger.warning("configuration.wrong", **_told(problem))
    logger.warning(
        "configuration.kept",
        loaded_at=loaded_at,
        said=f"the configuration loaded at {loaded_at:%Y-%m-%d %H:%M} UTC stays in force until "
        "these mistakes are mended",
    )
    return found
