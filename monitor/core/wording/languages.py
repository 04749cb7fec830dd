"""The languages that messages can be in."""

from collections.abc import Iterable, Iterator, Mapping

from monitor.core.model import Channel, Language
from monitor.core.wording import Wording
from monitor.core.wording.english import ENGLISH
from monitor.core.wording.spanish import SPANISH

WORDINGS: Mapping[Language, Wording] = {Language.ENGLISH: ENGLISH, Language.SPANISH: SPANISH}


def wording_of(channel: Channel) -> Wording:
    """The words of a channel's messages."""
    return WORDINGS[channel.style.language]


def by_language(channels: Iterable[Channel]) -> Iterator[tuple[Wording, list[Channel]]]:
    """Channels together with the words of their messages, those of a language together."""
    spoken: dict[Language, list[Channel]] = {}
    for channel in channels:
        spoken.setdefault(channel.style.language, []).append(channel)
    for language, same in spoken.items():
        yield WORDINGS[language], same
