"""Locks: one keeps a second process off a SQLite database, one says what a watch follows."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Self

from monitor.core.errors import Permanent, Temporary

FILE = "monitor.lock"  # in the state directory


class Lock:
    """Holds a lock file as long as this process works on a SQLite database."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        self._file = self._path.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            raise Permanent(
                f"another monitor works on {self._path.parent} already; stop it first, or use "
                "PostgreSQL to share the work"
            ) from error
        return self

    def check(self) -> None:
        """Raise Temporary if the state directory was taken away: another may have begun anew."""
        mine = os.fstat(self._file.fileno()).st_ino
        if not self._path.exists() or self._path.stat().st_ino != mine:
            raise Temporary(f"{self._path.parent} was taken away while the monitor was running")

    def __exit__(self, *_: object) -> None:
        self._file.close()


class Followed:
    """Shows that a watch follows a configuration directory, whatever that says by now.

    The directory itself is locked: nothing is written there, a service may be forbidden to, and the
    end of the process ends it. Where a file system has no such locks, nobody is told.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._held: int | None = None

    def __enter__(self) -> Self:
        self.take()
        return self

    def take(self) -> None:
        """Take the lock if nobody has it: another watch, or somebody who just looks."""
        if self._held is not None:
            return
        with suppress(OSError):
            opened = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(opened)
            else:
                self._held = opened

    def __exit__(self, *_: object) -> None:
        if self._held is not None:
            os.close(self._held)


def held(path: Path) -> bool:
    """Whether a process holds the lock on a file or a directory."""
    try:
        opened = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(opened)
    return False
