"""What people are told, by other channels, of a channel in trouble: title and body."""

from datetime import datetime, timedelta

from monitor.core.outbox import GIVE_UP_AFTER
from monitor.core.wording import Wording

Said = tuple[str, str]


def refuses(channel: str, detail: str, *, everything: bool, words: Wording) -> Said:
    """Its service refuses for good: one message, or `everything`."""
    title = words.channel_takes_none if everything else words.channel_refuses
    body = words.channel_refusal.format(detail, words.duration(GIVE_UP_AFTER), channel)
    return title.format(channel), body


def fails(channel: str, detail: str, *, since: datetime, words: Wording) -> Said:
    """Nothing has arrived for a while."""
    body = words.channel_failure.format(words.dated(since), detail)
    return words.channel_fails.format(channel), body


def given_up(
    channel: str, detail: str, *, number: int, kind: str, made_at: datetime, words: Wording
) -> Said:
    """A message is dead."""
    body = words.message_death.format(number, kind, words.dated(made_at), detail)
    return words.message_given_up.format(channel), body


def silent(
    channel: str,
    *,
    since: datetime | None,
    allowed: timedelta,
    clocked: bool,
    waiting: int,
    words: Wording,
) -> Said:
    """It has taken nothing for longer than `silent_after`; `clocked`: its quiet hours apart."""
    lately = words.taken_none if since is None else words.taken_none_since
    expected = words.expected_beside_quiet if clocked else words.expected
    lines = [
        lately.format("" if since is None else words.dated(since))
        + expected.format(words.duration(allowed))
        + words.plural(words.wait_for_it, waiting),
        words.test_it.format(channel),
    ]
    return words.channel_silent.format(channel), "\n".join(lines)
