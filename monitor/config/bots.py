"""`answers:` and `telegram_api:` of a channel: its bot, and whether its chat may answer."""

from urllib.parse import urlsplit

from monitor.config import values
from monitor.config.fields import Fields
from monitor.config.problems import Problems, shown
from monitor.core.model import Bot

KEYS = ("answers", "telegram_api")
SCHEME = "tgram"
API = "https://api.telegram.org"


def read(fields: Fields, url: str | None, problems: Problems) -> Bot | None:
    """The bot of a channel; None for a channel of another kind. `url` is the channel's address."""
    answers = fields.optional("answers", values.boolean, False)  # noqa: FBT003 - a value
    api = fields.optional("telegram_api", _api, API)
    if url is None:
        return None
    if url.partition(":")[0].casefold() == SCHEME:
        return Bot(api, answers)
    for key in KEYS:
        node = fields.node(key)
        if node is not None and (key != "answers" or answers):
            problems.add(node.place, f"{key} is for Telegram channels ({SCHEME}://…) alone")
    return None


def _api(written: str) -> str:
    address = written.strip().rstrip("/")
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    plain = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    if not plain or parts.query or parts.fragment:
        raise ValueError(f'found {shown(written)}; write the address of the Bot API, as in "{API}"')
    return address
