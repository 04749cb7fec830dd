"""Whether it is a feed that fails, or our own network."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Change(StrEnum):
    """A turn worth one line."""

    LOST = "lost"
    BACK = "back"


@dataclass(slots=True)
class Reach:
    """Counts hosts that could not be reached since one last could.

    One host may be down by itself; when `several` different ones (or all, but at least two) fail
    and none answers, it is us.
    """

    several: int = 5
    failing: set[str] = field(default_factory=set)
    since: datetime | None = None
    lost: bool = False
    proven: bool = False  # some host has answered since the start

    def failed(self, host: str, *, hosts: int, now: datetime) -> Change | None:
        """One host could not be reached; `hosts` is how many there are in all."""
        self.failing.add(host)
        self.since = self.since or now
        if not self.lost and len(self.failing) >= min(self.several, max(hosts, 2)):
            self.lost = True
            return Change.LOST
        return None

    def answered(self) -> Change | None:
        """Some host answered, whatever it said: the network works."""
        change = Change.BACK if self.lost else None
        self.failing.clear()
        self.since, self.lost, self.proven = None, False, True
        return change
