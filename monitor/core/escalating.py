"""Who is called when nobody acknowledges a message, and after how long."""

from collections.abc import Iterable
from datetime import timedelta

from monitor.core.model import Channel, ChannelName, Severity, Step

# What a channel calls others for; a rule that escalates itself means all that it tells at once.
URGENT = frozenset({Severity.CRITICAL, Severity.HIGH})


def steps_of(
    told: Iterable[tuple[tuple[Step, ...], Channel, bool]],
) -> set[tuple[timedelta, ChannelName]]:
    """Whom to call after how long, by the rule of each alert, else by its channel if it is urgent.

    Each alert as the steps of its rule, the channel it goes to, and whether it is urgent.
    """
    found: set[tuple[timedelta, ChannelName]] = set()
    for own, channel, urgent in told:
        for step in own or (channel.escalation if urgent else ()):
            found |= {(step.after, name) for name in step.to}
    return found
