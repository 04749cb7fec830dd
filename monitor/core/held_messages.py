"""What a replay's channels hold back and tell together, as `storage/holding.py` does it live.

The archive does not tell how long a service took, so messages are taken for sent when they are due.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from monitor.core import hours
from monitor.core.alerts import Way
from monitor.core.hours import Hold, Otherwise, RuleHours, Why
from monitor.core.model import Channel, ChannelName, RuleId, Severity
from monitor.core.reports import Report


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message as it would have been sent: put into words by `telling.py`.

    `update`: people know of its incident. `held`: why it was held back.
    """

    at: datetime
    channel: Channel
    way: Way
    reports: tuple[Report, ...]
    update: bool = False
    held: Why | None = None

    @property
    def waits(self) -> bool:
        """Whether it may be held back: critical messages pass, digests wait like any other."""
        if self.way not in (Way.AT_ONCE, Way.UPDATE):
            return True
        return all(report.severity is not Severity.CRITICAL for report in self.reports)


_APART = frozenset({Way.WELCOME, Way.MISSED})  # stay what they are


@dataclass(slots=True)
class _Held:
    hold: Hold
    messages: list[Outgoing] = field(default_factory=list)


class Doors:
    """Lets messages pass, or holds them back until their channel wants them."""

    def __init__(
        self,
        channels: Mapping[ChannelName, Channel],
        quiet: Mapping[RuleId, Sequence[RuleHours]] | None = None,
    ) -> None:
        """`quiet` are the hours of rules that have their own."""
        self._channels = channels
        self._quiet = quiet or {}
        # By channel; what is held by hours of rules apart, by when they end.
        self._held: dict[tuple[ChannelName, datetime | None], _Held] = {}
        self._sent: dict[ChannelName, list[datetime]] = defaultdict(list)

    def take(self, message: Outgoing) -> Iterator[Outgoing]:
        """What was to be sent before this message, and the message itself if nothing holds it."""
        yield from self.open(until=message.at)
        message = self._forwarded(message)
        own = self._held_by_rules(message)
        hold = own or (self._hold(message) if message.waits else None)
        if hold is None:
            yield self._pass(message)
            return
        key = (message.channel.name, own.until if own else None)
        held = self._held.setdefault(key, _Held(hold))
        held.messages.append(replace(message, held=held.hold.why))

    def open(self, *, until: datetime | None) -> Iterator[Outgoing]:
        """Send what was held until then; all of it at the end."""
        waiting = sorted(self._held.items(), key=lambda each: each[1].hold.until)
        for name, held in waiting:
            if until is None or held.hold.until <= until:
                del self._held[name]
                for message in _together(held):
                    yield self._pass(message)

    def _pass(self, message: Outgoing) -> Outgoing:
        if message.channel.peace.rate is not None:
            self._sent[message.channel.name].append(message.at)
        return message

    def _hold(self, message: Outgoing) -> Hold | None:
        peace, now = message.channel.peace, message.at
        found = hours.hold(peace, now)
        if found and not (found.why is Why.QUIET and self._wanted_by_rules(message)):
            return found
        if peace.rate is None:
            return None
        left, free_at = hours.room(peace.rate, self._sent[message.channel.name], now)
        return None if left > 0 else Hold(Why.BURST, free_at)

    def _hours_of_rules(self, message: Outgoing) -> list[Sequence[RuleHours]]:
        if not self._quiet or message.way not in (Way.AT_ONCE, Way.UPDATE):
            return []
        rules = {fired.rule for report in message.reports for fired in report.fired}
        return [self._quiet.get(rule, ()) for rule in rules]

    def _held_by_rules(self, message: Outgoing) -> Hold | None:
        spans = self._hours_of_rules(message) if message.waits else []
        if hours.wanted_by_rules(spans, message.at):
            return None
        until = hours.held_by_rules(spans, message.at)
        return None if until is None else Hold(Why.QUIET, until)

    def _wanted_by_rules(self, message: Outgoing) -> bool:
        return hours.wanted_by_rules(self._hours_of_rules(message), message.at)

    def _forwarded(self, message: Outgoing) -> Outgoing:
        channel = message.channel
        on_call, fallback = channel.peace.on_call, channel.fallback
        if on_call is None or fallback is None or on_call.otherwise is not Otherwise.FALLBACK:
            return message
        if message.way not in (Way.AT_ONCE, Way.UPDATE):
            return message
        to = self._channels.get(fallback.channel)
        if to is None or not hours.off_call(channel.peace, message.at):
            return message
        return replace(message, channel=to)


def _together(held: _Held) -> Iterator[Outgoing]:
    apart = [each for each in held.messages if each.way in _APART]
    rest = [each for each in held.messages if each.way not in _APART]
    at = held.hold.until
    if len(rest) > 1:
        reports = tuple(report for each in rest for report in each.reports)
        yield Outgoing(at, rest[0].channel, Way.TOGETHER, reports, held=held.hold.why)
        rest = []
    for each in (*rest, *apart):
        yield replace(each, at=at)
