"""Takes secrets out of what people and logs are shown, however the other side spelled them."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from urllib.parse import unquote

SECRET_LEAST = 4  # characters; shorter ones ("25", "no") stand in half of every log line
MASK = "***"


def redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    """A function that masks every secret in a text, the longest first.

    Each character is known as itself, percent-encoded and escaped as in JSON, in any mixture.
    """
    forms = {form for secret in secrets for form in _forms(secret)}
    ordered = sorted((f for f in forms if len(f) >= SECRET_LEAST), key=len, reverse=True)
    patterns = [re.compile("".join(map(_spelled, form))) for form in ordered]

    def redact(text: str) -> str:
        for pattern in patterns:
            text = pattern.sub(MASK, text)
        return text

    return redact


def _forms(secret: str) -> set[str]:
    """The secret as written and decoded, and both as `text.clean` composes them."""
    plain = {secret, unquote(secret)}
    return plain | {unicodedata.normalize("NFC", form) for form in plain}


def _spelled(character: str) -> str:
    """A pattern for every way to write one character."""
    octets = "".join(f"%{octet:02x}" for octet in character.encode("utf-8", "replace"))
    ways = [re.escape(character), f"(?i:{octets})"]
    if not (character.isascii() and character.isalnum()):
        escaped = re.escape(json.dumps(character)[1:-1])
        ways = [rf"\\?{ways[0]}", ways[1], f"(?i:{escaped})"]
    if character == " ":
        ways.append(r"\+")  # as in forms
    return f"(?:{'|'.join(ways)})"
