"""How the messages of a channel look: their language."""

from monitor.config import values
from monitor.config.fields import Fields
from monitor.core.model import Language, Style

STYLE_KEYS = ("language",)

_language = values.choice("language of messages", Language)


def read_style(fields: Fields) -> Style:
    """What the keys of a channel say of it."""
    return Style(language=fields.optional("language", _language, Language.ENGLISH))
