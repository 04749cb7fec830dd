"""Inserts that meet what is already there; the dialects differ only in whose `insert` it is."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Column, Connection, Row, Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert


def insert_new(connection: Connection, table: Table, **values: Any) -> Row[Any] | None:
    """Insert a row unless a unique key of it exists; the new row's key, or None."""
    statement = _new(connection.dialect.name, table, tuple(values))
    return connection.execute(statement, values).first()


@cache
def _new(dialect: str, table: Table, names: tuple[str, ...]) -> ReturningInsert[Any]:
    """Built once for each set of columns."""
    make = sqlite.insert if dialect == "sqlite" else postgresql.insert
    given = {name: bindparam(name, type_=table.c[name].type) for name in names}
    statement = make(table).values(given).on_conflict_do_nothing()
    return statement.returning(*table.primary_key.columns)


def insert_several(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], key: Column[Any]
) -> Sequence[Row[Any]]:
    """Insert the rows whose keys are not there yet; primary and given key of those that were not.

    All have the same columns. In the order of the key, as `insert_missing`.
    """
    ordered = sorted(rows, key=lambda row: str(row[key.name]))
    return connection.execute(_several(connection.dialect.name, table, key), ordered).all()


@cache
def _several(dialect: str, table: Table, key: Column[Any]) -> ReturningInsert[Any]:
    make = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return make(table).on_conflict_do_nothing().returning(*table.primary_key.columns, key)


def insert_missing(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows whose keys are not there yet; all have the same columns, a key the first.

    In the order of that key: two transactions that insert the same rows wait for each other, and
    in different orders would do so for ever.
    """
    if rows:
        make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        ordered = sorted(rows, key=lambda row: str(next(iter(row.values()))))
        connection.execute(make(table).on_conflict_do_nothing(), ordered)


def insert_or_update(connection: Connection, table: Table, *, key: str, **values: Any) -> None:
    """Insert a row, or give the row of the same `key` these values."""
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    changed = {name: value for name, value in values.items() if name != key}
    statement = make(table).values(**values)
    connection.execute(statement.on_conflict_do_update(index_elements=[key], set_=changed))
