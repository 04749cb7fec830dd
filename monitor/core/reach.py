"""Whether it is a feed that fails, or our own network."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

SPAN = timedelta(minutes=30)  # past the longest usual pause, so that every host has its turn
SEVERAL = 5  # hosts that must fall together; one may fall by itself …
SHARE = 10  # … or a tenth of all: what many share (a CDN, a country's name servers) may fall too
LEAST = 2  # hosts that say anything about the network: one speaks for itself
FEW = 9  # falls for one host that still answers: it may stand in our own house


class Change(StrEnum):
    """A turn worth one line."""

    LOST = "lost"
    BACK = "back"


@dataclass(slots=True)
class Reach:
    """Remembers since when each host has been failing, and when it last answered.

    A host falls when it cannot be reached though its last try went well (or it is the first
    try); one that stays dead says nothing about us. The network is lost when several hosts (or
    all, but at least two) have fallen within half an hour and hardly any has answered since the
    first of them fell. It is back with the first answer of a host that fell with it, or when so
    many others have answered (at least two) that it would not be taken for lost.
    """

    since: datetime | None = None  # when the first of those hosts fell, while the network is lost
    proven: bool = False  # some host has answered since the start
    _back_at: datetime | None = None  # when it was found to work again
    _fallen: dict[str, datetime] = field(default_factory=dict)  # in the order of falling
    _answered: dict[str, datetime] = field(default_factory=dict)  # in the order of answering
    _others: set[str] = field(default_factory=set)  # that answered while it was lost

    @property
    def lost(self) -> bool:
        """Whether our own network is down, as far as we know."""
        return self.since is not None

    def lost_since(self, moment: datetime) -> bool:
        """Whether our own network has been down at any time since then."""
        return self.lost or (self._back_at is not None and self._back_at >= moment)

    def heard_since(self, moment: datetime) -> bool:
        """Whether some host has answered since then; half an hour is remembered."""
        newest = next(self._answers(), None)
        return newest is not None and newest >= moment

    def failed(self, host: str, *, hosts: int, now: datetime) -> Change | None:
        """One host could not be reached; `hosts` is how many there are in all."""
        self._answered.pop(host, None)
        self._others.discard(host)
        self._fallen.setdefault(host, now)
        if self.lost:
            return None
        self.since = self._fell_together(several=several_of(hosts), now=now)
        return Change.LOST if self.lost else None

    def answered(self, host: str, *, now: datetime) -> Change | None:
        """One host answered, whatever it said."""
        self.proven = True
        fell = self._fallen.pop(host, None)
        self._answered.pop(host, None)
        self._answered[host] = now
        self._forget(now)
        if self.since is None:
            return None
        if fell is None or fell < self.since:
            self._others.add(host)
            fallen = sum(at >= self.since for at in self._fallen.values())
            if len(self._others) < LEAST or len(self._others) * FEW <= fallen:
                return None
        self._fallen = {name: at for name, at in self._fallen.items() if at < self.since}
        self._others.clear()
        self.since, self._back_at = None, now
        return Change.BACK

    def _fell_together(self, *, several: int, now: datetime) -> datetime | None:
        """When the first of `several` hosts fell since which hardly any has answered."""
        answers = self._answers()
        answer = next(answers, None)
        answering = 0
        for fallen, at in enumerate(reversed(self._fallen.values()), start=1):
            if now - at > SPAN:
                return None
            while answer is not None and answer >= at:
                answering += 1
                answer = next(answers, None)
            if fallen >= several and answering * FEW <= fallen:
                return at
        return None

    def _answers(self) -> Iterator[datetime]:
        """When hosts last answered, the newest first."""
        return iter(reversed(self._answered.values()))

    def _forget(self, now: datetime) -> None:
        """Drop answers that no decision will look at."""
        while self._answered:
            oldest = next(iter(self._answered))
            if now - self._answered[oldest] <= SPAN:
                return
            del self._answered[oldest]


def several_of(hosts: int) -> int:
    """How many hosts must fall together, of as many, to say that it is us."""
    return max(LEAST, min(hosts, max(SEVERAL, hosts // SHARE)))
