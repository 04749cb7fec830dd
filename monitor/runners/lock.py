"""The lock file that keeps a second process off a SQLite database."""

import fcntl
import os
from pathlib import Path
from typing import Self

from monitor.core.errors import Permanent, Temporary


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
