"""The two errors that cross floors, and what a user's mistake looks like."""

from dataclasses import dataclass
from datetime import timedelta


class Temporary(Exception):  # noqa: N818 - the design names it so
    """Could not be done now and may succeed later."""

    def __init__(self, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Permanent(Exception):  # noqa: N818 - the same
    """Could not be done and never will be as it stands."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in the configuration something stands; line and column count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in the configuration, in words for the person who made it."""

    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"
