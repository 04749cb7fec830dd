"""Bring a database to the schema of this version, from a checkout or from an installed wheel."""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, inspect, text

from monitor.storage.schema import metadata

PACKAGE = Path(__file__).parent.parent


def migrations_path() -> Path:
    """The migrations shipped in the wheel, else those of the checkout."""
    shipped = PACKAGE / "_migrations"
    return shipped if shipped.is_dir() else PACKAGE.parent / "migrations"


def upgrade(engine: Engine, *, revision: str = "head") -> None:
    """Run every migration that the database has not seen."""
    from alembic import command  # noqa: PLC0415 - 200 ms that only this needs

    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":  # several processes may start at once
            connection.execute(text("SELECT pg_advisory_xact_lock(7041777)"))
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def downgrade(engine: Engine, *, revision: str) -> None:
    """Undo migrations down to `revision`, `base` for an empty database."""
    from alembic import command  # noqa: PLC0415 - 200 ms that only this needs

    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def pending(engine: Engine) -> bool:
    """True if the database lacks a migration of this version."""
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return current != ScriptDirectory.from_config(_config()).get_current_head()


def holds_rows(engine: Engine) -> bool:
    """True if there is something a failed migration could destroy."""
    names = set(inspect(engine).get_table_names()) & set(metadata.tables)
    with engine.connect() as connection:
        return any(
            connection.execute(metadata.tables[name].select().limit(1)).first() for name in names
        )


def back_up(database: Path, *, now: datetime) -> Path:
    """Copy a live SQLite database beside itself; a plain file copy of one may be broken."""
    target = database.with_name(f"{database.stem}-{now:%Y%m%dT%H%M%SZ}.db")
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    return target


def _config() -> "Config":  # type: ignore[name-defined] # noqa: F821 - imported late
    from alembic.config import Config  # noqa: PLC0415 - see upgrade

    config = Config()
    config.set_main_option("script_location", str(migrations_path()))
    return config
