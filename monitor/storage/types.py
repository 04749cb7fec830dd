"""The column types that both databases share, and a row of either."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Row
from sqlalchemy.types import TypeDecorator

AnyRow = Row[tuple[object, ...]]


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC instant; a naive one is refused, because it would be a guess."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        """Aware instants in, in one go: four of them come with each entry that is stored."""
        if dialect.name != "sqlite":
            return _instant

        last: tuple[datetime | None, str | None] = (None, None)

        def written(value: datetime | None) -> str | None:
            nonlocal last
            if value is not last[0]:  # a row's "now" stands in many columns, and in many rows
                last = value, _written(value)
            return last[1]

        return written

    def result_processor(
        self,
        dialect: Dialect,
        coltype: object,  # noqa: ARG002  SQLAlchemy gives it
    ) -> Callable[[Any], datetime | None]:
        """UTC instants out, in one go as well: a backtest reads some of every article."""
        return _read if dialect.name == "sqlite" else _moved


def _read(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(f"{value}+00:00")


def _moved(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


def _written(value: datetime | None) -> str | None:
    instant = _instant(value)
    return instant.replace(tzinfo=None).isoformat(" ", "microseconds") if instant else None


def _instant(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError(f"a naive time cannot be stored: {value!r}")
    return value.astimezone(UTC)
