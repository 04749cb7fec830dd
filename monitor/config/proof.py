"""The keys that show that the watch lives: canaries, the heartbeat, notes, silent channels."""

from collections.abc import Callable
from datetime import timedelta

from monitor.config import values
from monitor.config.fields import Fields, flag
from monitor.config.problems import shown
from monitor.config.secrets import Secrets
from monitor.core.model import Proof
from monitor.core.timing import in_words

CHANNEL_KEYS = ("canary", "notes", "silent_after")
URL = "url"  # of the heartbeat
CANARY_EVERY = timedelta(hours=1)
CANARY_WITHIN = timedelta(minutes=5)
HEARTBEAT_EVERY = timedelta(minutes=1)
LEAST_SILENCE = timedelta(minutes=10)  # between two looks at the channels


def of_channel(fields: Fields) -> Proof:
    """What a channel has to do with proof of life."""
    return Proof(
        canary=flag(fields, "canary"),
        notes=flag(fields, "notes"),
        silent_after=fields.optional("silent_after", _silent_after, None),
    )


def _between(least: timedelta, most: timedelta) -> Callable[[str], timedelta]:
    def read(written: str) -> timedelta:
        span = values.duration(written)
        if not least <= span <= most:
            raise ValueError(
                f"found {shown(written)}; allowed: from {in_words(least)} to {in_words(most)}"
            )
        return span

    return read


_silent_after = _between(LEAST_SILENCE, timedelta(days=365))
canary_every = _between(timedelta(minutes=5), timedelta(days=7))
canary_within = _between(timedelta(seconds=30), timedelta(hours=1))
heartbeat_every = _between(timedelta(seconds=10), timedelta(hours=1))


def heartbeat_url(written: str, secrets: Secrets) -> str:
    """The address that is asked; it may be a secret, so no message repeats it."""
    url = secrets.address(written).strip()
    try:
        values.web_address(url)
    except ValueError:
        raise ValueError(
            "a heartbeat's address begins with http:// or https://, has a host, and holds no user "
            "name; it may be a reference, ${HEARTBEAT_URL}"
        ) from None
    secrets.hide(url)
    return url
