"""What people write to a Telegram bot, asked for by long polling, and what it writes back.

Messages to people go through `channels`; this is the other direction, which Apprise has none for.
No port is opened. The token stands in each address, so no error repeats one.
"""

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.core.errors import Temporary
from monitor.core.text import clean
from monitor.core.timing import LONGEST_REQUEST_PAUSE

UPDATES_AT_ONCE = 50  # the service allows 100; some 10 kB each at most
ANSWER_BYTES = 4_000_000  # of one answer
CONNECT_SECONDS = 10
GRACE_SECONDS = 15  # beyond the wait that was asked for, for one read and for all of it
TEXT_LIMIT = 4_096  # characters of a message; what Telegram allows
WORDS_LIMIT = 200  # characters of a refusal that a person is shown
BIGGEST = 2**63 - 1  # ids of theirs have at most 52 bits
OK = 200


class RefusedError(Temporary):
    """The service did not answer as it should. `status` is that of HTTP; None: no answer at all."""

    def __init__(
        self, words: str, *, status: int | None = None, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(words, retry_after=retry_after)
        self.status = status


@dataclass(frozen=True, slots=True)
class Update:
    """One message to the bot. What is no message, or no text, has `text` ""."""

    id: int
    chat: int = 0
    chat_name: str = ""  # with its @, where it has one
    private: bool = False
    message: int = 0
    who: str = ""
    text: str = ""
    quoted: str | None = None  # the message that it replies to
    at: datetime | None = None


def updates(api: str, token: str, *, first: int | None, wait: int) -> list[Update]:
    """What came since, in its order; waits up to `wait` seconds for something. Raises RefusedError.

    `first` is the first update wanted: those before it count as received from now on.
    """
    asked: dict[str, Any] = {
        "timeout": wait,
        "limit": UPDATES_AT_ONCE,
        "allowed_updates": ["message"],
    }
    if first is not None:
        asked["offset"] = first
    found = _call(api, token, "getUpdates", asked, wait=wait)
    if not isinstance(found, list):
        raise RefusedError("it answered with something else than a list of updates")
    return [_update(each) for each in found]


def say(api: str, token: str, *, chat: int, message: int, text: str) -> None:
    """Write into a chat, as a reply to a message if that is still there. Raises RefusedError."""
    reply = {"message_id": message, "allow_sending_without_reply": True}
    told = {"chat_id": chat, "text": text[:TEXT_LIMIT], "reply_parameters": reply}
    shown = {"link_preview_options": {"is_disabled": True}}
    _call(api, token, "sendMessage", told | shown, wait=0)


def _call(api: str, token: str, method: str, asked: dict[str, Any], *, wait: int) -> Any:
    import requests  # noqa: PLC0415  # late: only a process that listens needs it

    limit = wait + GRACE_SECONDS
    until = time.monotonic() + limit
    try:
        with requests.post(
            f"{api}/bot{token}/{method}",
            json=asked,
            timeout=(CONNECT_SECONDS, limit),
            allow_redirects=False,
            stream=True,
        ) as response:
            body = _read(response, until)
            status = response.status_code
    except requests.RequestException as error:
        raise RefusedError(_network_words(error)) from None  # the error names the address
    except (OSError, ValueError) as error:  # urllib3's own, while the body is read
        raise RefusedError(f"its answer broke off ({type(error).__name__})") from None
    return _result(status, body, token)


def _read(response: Any, until: float) -> bytes:
    body = b""
    while chunk := response.raw.read1(65_536, decode_content=True):
        body += chunk
        if len(body) > ANSWER_BYTES:
            raise RefusedError("its answer is too long")
        if time.monotonic() > until:
            raise RefusedError("its answer came too slowly")
    return body


def _result(status: int, body: bytes, token: str) -> Any:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        told = None
    if status == OK and isinstance(told, dict) and told.get("ok") is True and "result" in told:
        return told["result"]
    said = told if isinstance(told, dict) else {}
    words = " ".join(clean(str(said.get("description") or "no JSON of its own")).split())
    words = words.replace(token, "…")[:WORDS_LIMIT]
    more = said.get("parameters")
    after = more.get("retry_after") if isinstance(more, dict) else None
    pause = None
    if isinstance(after, int) and after > 0:
        longest = int(LONGEST_REQUEST_PAUSE.total_seconds())
        pause = timedelta(seconds=min(after, longest))
    raise RefusedError(f"{status} {words}", status=status, retry_after=pause)


def _network_words(error: Exception) -> str:
    kinds = {
        "ConnectTimeout": "no connection in time",
        "ReadTimeout": "no answer in time",
        "SSLError": "its certificate cannot be trusted",
        "ProxyError": "the proxy does not let us through",
    }
    return kinds.get(type(error).__name__, f"it cannot be reached ({type(error).__name__})")


def _update(found: Any) -> Update:
    if not isinstance(found, dict) or (number := _id(found.get("update_id"))) is None:
        raise RefusedError("it answered with something else than updates")
    said = _map(found.get("message"))
    chat, sender = _map(said.get("chat")), _map(said.get("from"))
    chat_id, message_id = _id(chat.get("id")), _id(said.get("message_id"))
    if chat_id is None or message_id is None:
        return Update(number)
    answered = _map(said.get("reply_to_message"))
    name = chat.get("username")
    return Update(
        id=number,
        chat=chat_id,
        chat_name=f"@{name}" if isinstance(name, str) else "",
        private=chat.get("type") == "private",
        message=message_id,
        who=_name(sender),
        text=_text(said.get("text")),
        quoted=(_text(answered.get("text")) or _text(answered.get("caption"))) or None,
        at=_moment(said.get("date")),
    )


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _id(value: Any) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and abs(value) < BIGGEST else None


def _text(value: Any) -> str:
    return clean(value)[:TEXT_LIMIT] if isinstance(value, str) else ""


def _name(sender: dict[str, Any]) -> str:
    """`Ana Pérez (@ana)`."""
    parts = (_text(sender.get(each)) for each in ("first_name", "last_name"))
    shown = " ".join(" ".join(filter(None, parts)).split())
    known = _text(sender.get("username"))
    return " ".join(filter(None, [shown, f"(@{known})" if known else ""])) or "somebody"


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(value, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
