"""What `monitor check` warns of: messages that escalate, and that no chat can acknowledge."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from monitor.config.channels import FILE
from monitor.config.source import Map, scan
from monitor.core.errors import Place, Problem

if TYPE_CHECKING:
    from monitor.config.load import Configuration
    from monitor.core.model import Channel

STOPS = "`monitor alerts ack` is all that stops it; give a Telegram channel `answers: true`"


def remarks(configuration: "Configuration") -> "Iterator[Problem]":
    """One for each rule and channel that escalates to people who cannot answer."""
    from monitor.core.alerts import channels_of  # noqa: PLC0415 - see monitor.cli

    known = {each.name: each for each in configuration.channels}
    for rule in configuration.rules:
        if not (rule.escalation and rule.enabled):
            continue
        told = channels_of(rule, known)
        called = [known[name] for step in rule.escalation for name in step.to if name in known]
        if not any(map(_answers, (*told, *called))):
            names = ", ".join(dict.fromkeys(each.name for each in (*told, *called)))
            said = f"{rule.id} escalates, and none of {names} takes answers: {STOPS}"
            yield Problem(rule.place, said)
    places = _places(configuration)
    for channel in configuration.channels:
        called = [known[name] for step in channel.escalation for name in step.to if name in known]
        if called and not any(map(_answers, (channel, *called))):
            names = ", ".join(dict.fromkeys(each.name for each in (channel, *called)))
            said = f"{channel.name} escalates, and none of {names} takes answers: {STOPS}"
            yield Problem(places.get(channel.name, Place(FILE)), said)


def _answers(channel: "Channel") -> bool:
    return channel.bot is not None and channel.bot.answers


def _places(configuration: "Configuration") -> dict[str, Place]:
    from monitor.config.problems import Problems  # noqa: PLC0415 - see monitor.cli

    tree = scan(FILE, configuration.files.get(FILE, ""), Problems())
    entries = tree.entries if isinstance(tree, Map) else ()
    return {key.text: key.place for key, _ in entries}
