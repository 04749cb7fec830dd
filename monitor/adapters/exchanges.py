"""What the wire said during one delivery: status, words, and whether the message may have arrived.

Apprise reports 404, 503 and a refused connection with the same failure, and an answer that came
too late like one that never came. It sends through requests and smtplib, so we listen there: the
listening costs nothing outside `listening()`, because only then a context variable is set.
"""

import functools
import http.client
import json
import re
import smtplib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from monitor.adapters.deadlines import Deadline, Watchman
from monitor.core.outbox import Cause
from monitor.core.text import clean
from monitor.core.timing import LONGEST_REQUEST_PAUSE

ANSWER_SECONDS = 20  # Apprise gives up at 4 s; a receiver that took 9 s was told twice
GRACE_SECONDS = 0.5  # a server that says nothing meets the socket's own time limit first
ANSWER_BYTES = 65_536  # of an answer that are read; one worth reading is far shorter
GO_AHEAD = 354  # SMTP: "start mail input"; after it the message is on its way
# HTTP statuses below 500 that may pass by themselves, and those that speak of one message.
PASSING = frozenset({408, 409, 423, 425, 429})
OF_MESSAGE = frozenset({400, 413, 414, 415, 422, 431})
OF_MAIL = frozenset({552, 554})  # SMTP, after the text: too large, looks like spam
_ASKED = re.compile(r"\bretry[ _-]after:? *(\d{1,6})\b", re.IGNORECASE)


@dataclass(slots=True)
class Exchange:
    """Filled in while one message is handed over; the last answer wins."""

    code: int | None = None
    words: str = ""
    retry_after: timedelta | None = None
    cause: Cause = Cause.PASSING  # of a refusal
    in_doubt: bool = False  # the message was sent, and no answer came
    deadline: Deadline | None = None  # of an HTTP answer that does not end by itself


_heard: ContextVar[Exchange | None] = ContextVar("exchange", default=None)
_installing = threading.Lock()
_watchman = Watchman()


@contextmanager
def listening() -> Iterator[Exchange]:
    """Notes every HTTP and SMTP exchange that this thread makes inside the block."""
    _install()
    exchange = Exchange()
    token = _heard.set(exchange)
    try:
        yield exchange
    finally:
        _heard.reset(token)


def _install() -> None:
    with _installing:
        _install_once()


@functools.cache
def _install_once() -> None:
    import requests  # noqa: PLC0415  # late: only a process that sends needs it

    # Apprise offers no hook for its sessions; wrapping the class is the one place all plugins pass.
    requests.Session.send = _listened_http(requests.Session.send)  # type: ignore[method-assign]
    # Below the session, which reads a redirect's whole body before it returns.
    adapter, connection = requests.adapters.HTTPAdapter, http.client.HTTPConnection
    adapter.send = _limited_http(adapter.send)  # type: ignore[method-assign]
    connection.getresponse = _timed_answer(connection.getresponse)  # type: ignore[method-assign]
    smtplib.SMTP.getreply = _listened_reply(smtplib.SMTP.getreply)  # type: ignore[method-assign]
    for step in ("connect", "starttls", "login", "sendmail"):
        setattr(smtplib.SMTP, step, _listened_smtp(getattr(smtplib.SMTP, step)))


# --- HTTP -----------------------------------------------------------------------------------


def _listened_http(send: Callable[..., Any]) -> Callable[..., Any]:
    import requests  # noqa: PLC0415

    @functools.wraps(send)
    def listened(session: Any, request: Any, **kwargs: Any) -> Any:
        exchange = _heard.get()
        if exchange is None:
            return send(session, request, **kwargs)
        exchange.code, exchange.words, exchange.retry_after = None, "", None
        exchange.in_doubt, exchange.cause = False, Cause.PASSING
        try:
            response = send(session, request, **kwargs)
        except requests.RequestException as error:
            exchange.in_doubt = not _before_request(error)
            exchange.words = _network_words(error, kwargs.get("timeout"))
            raise
        _note_answer(exchange, response)
        return response

    return listened


def _limited_http(send: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(send)
    def limited(adapter: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        exchange = _heard.get()
        if exchange is None:
            return send(adapter, request, *args, **kwargs)
        try:
            response = send(adapter, request, *args, **kwargs)
            _read_beginning(response)
        finally:
            if exchange.deadline:
                exchange.deadline.cancel()
        return response

    return limited


def _read_beginning(response: Any) -> None:
    """Gives `response` at most ANSWER_BYTES of its body; what came before a break is kept."""
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    body = bytearray()
    with suppress(HTTPError, OSError):  # the status is known: how the body ends decides nothing
        while piece := response.raw.read1(ANSWER_BYTES - len(body), decode_content=True):
            body += piece
    response.raw.close()
    # As requests itself leaves a body that it has read.
    response._content, response._content_consumed = bytes(body), True  # noqa: SLF001


def _timed_answer(getresponse: Callable[..., Any]) -> Callable[..., Any]:
    """A socket's time limit starts again with every byte; this one holds for the whole answer."""

    @functools.wraps(getresponse)
    def timed(connection: Any) -> Any:
        exchange = _heard.get()
        if exchange is not None:
            allowed = (connection.sock.gettimeout() or ANSWER_SECONDS) + GRACE_SECONDS
            exchange.deadline = _watchman.hang_up_after(allowed, connection.sock)
        return getresponse(connection)

    return timed


def _before_request(error: Exception) -> bool:
    """Whether the request cannot have reached the server."""
    import requests  # noqa: PLC0415
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError  # noqa: PLC0415

    if isinstance(error, requests.Timeout):
        return isinstance(error, requests.ConnectTimeout)
    if isinstance(error, requests.exceptions.SSLError | requests.exceptions.ProxyError):
        return True
    if isinstance(error, requests.ConnectionError):
        reason = getattr(error.args[0] if error.args else None, "reason", None)
        return isinstance(reason, NewConnectionError | ConnectTimeoutError)
    return True  # the address itself is wrong: nothing was sent


def _network_words(error: Exception, timeout: Any) -> str:
    import requests  # noqa: PLC0415

    if isinstance(error, requests.ConnectTimeout):
        return "could not connect in time"
    if isinstance(error, requests.Timeout):
        waited = timeout[1] if isinstance(timeout, tuple) else timeout
        return f"no answer within {waited:g} s" if waited else "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return f"no secure connection: {_line(str(error))}"
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if cause := getattr(reason, "__cause__", None):
        return f"could not connect: {getattr(cause, 'strerror', None) or _line(str(cause))}"
    if not _before_request(error):
        return "the connection was closed before an answer came"
    return _line(str(error)) or type(error).__name__


def _note_answer(exchange: Exchange, response: Any) -> None:
    exchange.code = response.status_code
    body = _body(response)
    exchange.words = _provider_words(body, response)
    exchange.cause = _http_cause(response.status_code)
    exchange.retry_after = _retry_after(response.headers, body, exchange.words)


def _http_cause(code: int) -> Cause:
    if code in OF_MESSAGE:
        return Cause.MESSAGE
    # A redirect too: the new address has to be put in by a person.
    return Cause.CHANNEL if 300 <= code < 500 and code not in PASSING else Cause.PASSING  # noqa: PLR2004


def _body(response: Any) -> Any:
    """The answer's JSON if it is some, else its text."""
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):  # RecursionError: thousands of open brackets
        return response.content.decode("utf-8", "replace")


def _provider_words(body: Any, response: Any) -> str:
    phrase = _line(response.reason or _phrase(response.status_code))
    said = body
    if isinstance(body, dict):
        keys = ("description", "message", "error", "errors", "detail")
        said = next((body[key] for key in keys if body.get(key)), "")
    elif response.headers.get("Content-Type", "").startswith("text/html"):
        said = ""  # an error page says nothing that the status does not
    words = _line(said if isinstance(said, str) else json.dumps(said, ensure_ascii=False))
    return f"{phrase}: {words}" if words and words.casefold() != phrase.casefold() else phrase


def _phrase(code: int) -> str:
    try:
        return HTTPStatus(code).phrase
    except ValueError:
        return "unknown status"


def _retry_after(headers: Mapping[str, str], body: Any, words: str) -> timedelta | None:
    """The wait asked for: the header (seconds, or a date beside the server's own), or the body.

    `words` are what a person is shown of the body.
    """
    written = headers.get("Retry-After", "")
    asked = _seconds(written)
    if asked is None and written:
        try:  # the server's own Date, not our clock: their difference is what it means
            until, date = (parsedate_to_datetime(d) for d in (written, headers.get("Date", "")))
            asked = (until - date).total_seconds()
        except (ValueError, TypeError, OverflowError):
            asked = None
    if asked is None and isinstance(body, dict):
        inner = body.get("parameters")  # Telegram
        asked = _seconds((inner if isinstance(inner, dict) else body).get("retry_after"))
    if asked is None and (said := _ASKED.search(words)):  # Telegram, where it sends words only
        asked = _seconds(said[1])
    if asked is None or asked < 0:
        return None
    return timedelta(seconds=min(asked, LONGEST_REQUEST_PAUSE.total_seconds()))


def _seconds(written: object) -> float | None:
    if not isinstance(written, str | int | float) or isinstance(written, bool):
        return None
    try:
        seconds = float(written)
    except (ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds < float("inf") else None


# --- SMTP -----------------------------------------------------------------------------------


def _listened_reply(getreply: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(getreply)
    def listened(connection: Any) -> Any:
        code, words = getreply(connection)
        exchange = _heard.get()
        if exchange is not None:
            _note_reply(exchange, code, _line(words.decode("utf-8", "replace")))
        return code, words

    return listened


def _note_reply(exchange: Exchange, code: int, words: str) -> None:
    """Keeps the answer to the message, or the first refusal; RSET and QUIT say nothing of it."""
    final = exchange.in_doubt and code >= 200  # noqa: PLR2004  # SMTP: 2xx and up are final
    refused = code >= 400 and (exchange.code or 0) < 400  # noqa: PLR2004  # 4xx and 5xx refuse
    if final or refused:
        exchange.code, exchange.words = code, words
        lasting = Cause.MESSAGE if final and code in OF_MAIL else Cause.CHANNEL
        exchange.cause = lasting if code >= 500 else Cause.PASSING  # noqa: PLR2004  # 5xx is final
    exchange.in_doubt = code == GO_AHEAD


def _listened_smtp(step: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(step)
    def listened(connection: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return step(connection, *args, **kwargs)
        except (OSError, UnicodeError) as error:  # SMTPException is an OSError
            exchange = _heard.get()
            if exchange is not None and not exchange.words:
                exchange.words = _smtp_words(error)
            raise

    return listened


def _smtp_words(error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError):  # its own words would recite the password
        return "user name, password and addresses of a mail account must be plain ASCII letters"
    if isinstance(error, TimeoutError):
        return "no answer from the mail server in time"
    return _line(error.strerror or str(error)) or type(error).__name__


def _line(words: str) -> str:
    """One clean line. Whoever shows it masks the secrets in it and cuts it, in this order."""
    return " ".join(clean(words).split())
