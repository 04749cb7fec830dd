"""The languages that messages can be in."""

from collections.abc import Mapping

from monitor.core.model import Channel, Language
from monitor.core.wording import Wording
from monitor.core.wording.english import ENGLISH
from monitor.core.wording.spanish import SPANISH

WORDINGS: Mapping[Language, Wording] = {Language.ENGLISH: ENGLISH, Language.SPANISH: SPANISH}


def wording_of(channel: Channel) -> Wording:
    """The words of a channel's messages."""
    return WORDINGS[channel.style.language]
