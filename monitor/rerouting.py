"""What becomes of messages whose channel is gone from the configuration."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from monitor.core.alerts import ops_channels
from monitor.core.model import Channel
from monitor.storage import deliveries, removed
from monitor.storage.removed import Left


def reroute(tx: Connection, channels: Sequence[Channel], *, now: datetime) -> None:
    """Give what waits for channels that are gone to the fallbacks they had, and tell people."""
    names = [channel.name for channel in channels]
    removed.note_routes(tx, channels, now=now)
    for left in removed.settle(tx, channels=names, now=now):
        key = f"gone {left.channel} {left.to} {left.last if left.kept else now.isoformat()}"
        title = f"The channel {left.channel} is gone"
        ops = ops_channels(channels)
        deliveries.notify(tx, ops, key=key, title=title, body=_words(left), now=now)


def _words(left: Left) -> str:
    many = left.moved or left.kept
    waited = "1 message waited" if many == 1 else f"{many:,} messages waited"
    if left.moved:
        told = "goes" if many == 1 else "go"
        return f"{waited} for it, and {told} to its fallback, {left.to}."
    return (
        f"{waited} for it, and it had no fallback: nobody gets {'it' if many == 1 else 'them'} "
        f"as it stands.\n`monitor deliveries list --channel {left.channel}` shows what waits, "
        f'`monitor deliveries drop --channel {left.channel} --reason "…"` gives it up. It is sent '
        "if the channel comes back."
    )
