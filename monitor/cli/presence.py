"""Whether a watch runs, and on the database that the configuration names."""

from pathlib import Path
from typing import TYPE_CHECKING

from monitor.core.errors import Temporary
from monitor.runners import lock

if TYPE_CHECKING:
    from monitor.config.settings import Settings


class ElsewhereError(Temporary):
    """A watch runs, and what a command would look into is not what it works on."""

    def __init__(self) -> None:
        super().__init__(
            "a watch of this configuration runs, but not on the database that monitor.yaml names "
            "by now: its `state` or `database` was changed, which takes effect at the next start. "
            "Restart the watch, or put the old words back, to see what it does"
        )


def running(state: Path) -> bool:
    """Whether a monitor works on the database in `state`; only SQLite has a lock to tell by."""
    return lock.held(state / lock.FILE)


def elsewhere(settings: "Settings") -> bool:
    """Whether a watch of this configuration was started with another database.

    From one PostgreSQL to another cannot be told: neither has a lock here.
    """
    sqlite = settings.database_url.startswith("sqlite")
    if settings.directory is None or not lock.held(settings.directory):
        return False
    return running(settings.state) != sqlite
