"""Messages handed to real SMTP and HTTP servers on 127.0.0.1."""

import base64
import email
import email.policy
import io
import json
import logging
import mailbox
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import structlog
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from monitor import log
from monitor.adapters.channels import send
from monitor.core.messages import Dressed, Markup, Message, render_ops
from monitor.core.model import Channel, ChannelName
from monitor.core.outbox import Fate, Outcome

KEY = "alert-17-desk"
PASSWORD = "hunter2 sécret@x"  # needs percent-encoding in a URL
QUOTED = "hunter2%20s%C3%A9cret%40x"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HEADER = "Bearer-tok-4711"
MESSAGE = Message(title="🔴 CRITICAL · Ataque en el puerto", body="One line.\n¿Qué pasó?")


def hand_over(url: str, message: Message = MESSAGE, secrets: tuple[str, ...] = ()) -> Outcome:
    channel = Channel(name=ChannelName("desk"), url=url)
    return send(
        channel, message, key=KEY, state=Path("/nonexistent"), out=io.StringIO(), secrets=secrets
    )


class Receiver(ThreadingHTTPServer):
    """A webhook receiver that answers what the test says and keeps what it was sent."""

    daemon_threads = True

    def __init__(self, answer: Callable[["Door"], None]) -> None:
        super().__init__(("127.0.0.1", 0), Door)
        self.answer = answer
        self.received: list[tuple[dict[str, str], dict[str, str]]] = []
        self.done = threading.Event()

    def url(self, query: str = "") -> str:
        port = self.server_address[1]
        return f"json://ops:{QUOTED}@127.0.0.1:{port}/hook?+X-Token={HEADER}{query}"


class Door(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.received.append((dict(self.headers), body))
        self.server.answer(self)

    def log_message(self, *_: object) -> None:
        pass


def answering(code: int, body: str = "", **headers: str) -> Callable[[Door], None]:
    def answer(door: Door) -> None:
        payload = body.encode()
        door.send_response(code)
        for name, value in headers.items():
            door.send_header(name.replace("_", "-"), value)
        door.send_header("Content-Length", str(len(payload)))
        door.end_headers()
        door.wfile.write(payload)

    return answer


@contextmanager
def receiver(answer: Callable[[Door], None]) -> Iterator[Receiver]:
    server = Receiver(answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.done.set()
        server.shutdown()
        server.server_close()
        thread.join()


def closed_port() -> int:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


def says_no_secret(outcome: Outcome) -> bool:
    words = (PASSWORD, QUOTED, HEADER)
    return not any(word in outcome.detail for word in words)


# --- webhooks -------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [200, 204])
def test_a_webhook_that_accepts_got_the_message_and_the_key(code: int) -> None:
    with receiver(answering(code)) as server:
        outcome = hand_over(server.url())
    [(headers, body)] = server.received
    assert outcome.state is Fate.SENT
    assert headers["Idempotency-Key"] == KEY
    assert headers["X-Token"] == HEADER
    assert (body["title"], body["message"]) == (MESSAGE.title, MESSAGE.body)
    assert says_no_secret(outcome)


def test_a_webhook_gets_the_facts_beside_the_text() -> None:
    facts = {"version": 1, "stories": [{"headline": "Ñandú"}]}
    with receiver(answering(200)) as server:
        hand_over(server.url("&:desk=night"), Message("title", "body", facts=facts))
    [(_, body)] = server.received
    assert body["monitor"] == facts
    assert (body["message"], body["desk"]) == ("body", "night")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (301, "301 Moved Permanently"),
        (302, "302 Found"),
        (400, "400 Bad Request: chat not found"),
        (401, "401 Unauthorized: chat not found"),
        (404, "404 Not Found: chat not found"),
        (429, "429 Too Many Requests: chat not found"),
        (500, "500 Internal Server Error: chat not found"),
        (503, "503 Service Unavailable: chat not found"),
    ],
)
def test_a_webhook_that_refuses_is_a_failure_in_its_own_words(code: int, words: str) -> None:
    body = json.dumps({"ok": False, "description": "chat not found"})
    with receiver(answering(code, body, Location="http://127.0.0.1:1/")) as server:
        outcome = hand_over(server.url())
    assert outcome.state is Fate.FAILED
    assert outcome.detail.startswith(words.partition(":")[0])
    assert "chat not found" in outcome.detail
    assert outcome.retry_after is None
    assert len(server.received) == 1
    assert says_no_secret(outcome)


@pytest.mark.parametrize(
    ("headers", "body", "wait"),
    [
        ({"Retry_After": "7"}, "", timedelta(seconds=7)),
        ({"Retry_After": "999999999"}, "", timedelta(hours=24)),
        ({"Retry_After": "soon"}, "", None),
        ({"Retry_After": "-5"}, "", None),
        ({"Retry_After": "nan"}, "", None),
        ({}, '{"parameters": {"retry_after": 9}}', timedelta(seconds=9)),
        ({}, '{"retry_after": 0.5}', timedelta(seconds=0.5)),
        ({"Retry_After": "Fri, 31 Dec 9999 23:59:59 GMT"}, "", timedelta(hours=24)),
    ],
)
def test_the_wait_a_provider_asks_for_is_kept(
    headers: dict[str, str], body: str, wait: timedelta | None
) -> None:
    with receiver(answering(429, body, **headers)) as server:
        outcome = hand_over(server.url())
    assert (outcome.state, outcome.retry_after) == (Fate.FAILED, wait)


def test_a_connection_closed_without_an_answer_leaves_it_unknown() -> None:
    def hang_up(door: Door) -> None:
        linger = struct.pack("ii", 1, 0)
        door.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        door.connection.shutdown(socket.SHUT_RDWR)
        door.close_connection = True

    with receiver(hang_up) as server:
        outcome = hand_over(server.url())
    assert outcome.state is Fate.UNKNOWN
    assert "may have arrived" in outcome.detail
    assert says_no_secret(outcome)


def test_an_answer_later_than_we_wait_leaves_it_unknown() -> None:
    def dawdle(door: Door) -> None:
        door.server.done.wait(5)

    with receiver(dawdle) as server:
        outcome = hand_over(server.url("&rto=0.2"))
        assert len(server.received) == 1
        server.done.set()
    assert outcome.state is Fate.UNKNOWN
    assert "no answer within 0.2 s" in outcome.detail


def test_a_refused_connection_is_a_failure() -> None:
    outcome = hand_over(f"json://ops:{QUOTED}@127.0.0.1:{closed_port()}/hook")
    assert outcome.state is Fate.FAILED
    assert "Connection refused" in outcome.detail
    assert says_no_secret(outcome)


def test_a_host_that_does_not_exist_is_a_failure() -> None:
    outcome = hand_over("json://no-such-host.invalid/hook")
    assert outcome.state is Fate.FAILED
    assert outcome.detail


def test_a_provider_that_repeats_the_password_is_not_quoted() -> None:
    said = json.dumps({"error": f"bad login ops:{PASSWORD} ({QUOTED}) with {HEADER}, or abcd1234"})
    with receiver(answering(401, said)) as server:
        outcome = hand_over(server.url(), secrets=("abcd1234",))
    assert says_no_secret(outcome)
    assert outcome.detail == "401 Unauthorized: bad login ops:*** (***) with ***, or ***"


@pytest.mark.parametrize(
    "spelled",
    [
        "tok/aZ9/+x",
        "tok/aZ9%2F+x",
        "tok%2faZ9%2F%2bx",
        "tok%2FaZ9%2F%2Bx",
        "%74ok/aZ9/+x",
        r"tok\/aZ9\/+x",
        "tok/\033aZ9/+x",
    ],
)
def test_a_secret_recited_in_a_mixed_spelling_is_not_quoted(spelled: str) -> None:
    with receiver(answering(500, f"no: {spelled}!")) as server:
        outcome = hand_over(server.url(), secrets=("tok/aZ9/+x",))
    assert outcome.detail == "500 Internal Server Error: no: ***!"


def test_a_secret_at_the_edge_of_what_is_shown_is_hidden_before_the_words_are_cut() -> None:
    with receiver(answering(500, "x" * 260 + "abcdefgh" * 8)) as server:
        outcome = hand_over(server.url(), secrets=("abcdefgh" * 8,))
    assert "abcd" not in outcome.detail


def test_a_receiver_that_recites_the_authorization_is_not_quoted() -> None:
    def recite(door: Door) -> None:
        answering(401, f"you sent {door.headers['Authorization']}")(door)

    with receiver(recite) as server:
        outcome = hand_over(server.url().replace(QUOTED, "hunter2%2Fsecret"))
        [(headers, _)] = server.received
    assert headers["Authorization"].split()[1] == base64.b64encode(b"ops:hunter2/secret").decode()
    assert outcome.detail == "401 Unauthorized: you sent Basic ***"


def test_control_characters_of_an_answer_reach_no_terminal() -> None:
    with receiver(answering(500, "no\033[2J\x9b31m\u202eevil\x00")) as server:
        outcome = hand_over(server.url())
    assert outcome.detail == "500 Internal Server Error: no[2J31mevil"


@pytest.mark.parametrize(
    "body", ["[" * 60_000, '{"retry_after": 1' + "0" * 4_000 + "}", '{"error": {"a": "\\ud800"}}']
)
def test_an_answer_made_to_break_its_reader_is_a_plain_failure(body: str) -> None:
    with receiver(answering(429, body)) as server:
        outcome = hand_over(server.url())
    assert outcome.state is Fate.FAILED
    assert outcome.detail.startswith("429 Too Many Requests")
    outcome.detail.encode()


def pouring(head: bytes, piece: bytes, *, pause: float, sent: list[int]) -> Callable[[Door], None]:
    """Answers `head`, then `piece` again and again until the other side hangs up."""

    def answer(door: Door) -> None:
        door.close_connection = True
        with suppress(OSError):
            door.connection.sendall(head)
            while sum(sent) < 50_000_000 and not door.server.done.wait(pause):
                door.connection.sendall(piece)
                sent.append(len(piece))

    return answer


@pytest.mark.parametrize(("code", "fate"), [(200, Fate.SENT), (500, Fate.FAILED)])
@pytest.mark.parametrize("head", ["", "Content-Length: 99999999999\r\n"])
def test_an_endless_answer_is_read_to_a_limit_and_its_status_counts(
    code: int, fate: Fate, head: str
) -> None:
    sent: list[int] = []
    start = f"HTTP/1.1 {code} Yes or no\r\n{head}\r\n".encode()
    with receiver(pouring(start, b"x" * 65_536, pause=0, sent=sent)) as server:
        outcome = hand_over(server.url())
    assert (outcome.state, outcome.detail[:3]) == (fate, str(code))
    assert sum(sent) < 50_000_000
    assert len(outcome.detail) < 400


def test_an_endless_redirect_is_read_to_a_limit() -> None:
    sent: list[int] = []
    start = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n"
    with receiver(pouring(start, b"x" * 65_536, pause=0, sent=sent)) as server:
        outcome = hand_over(server.url())
    assert (outcome.state, outcome.detail[:9]) == (Fate.FAILED, "302 Found")
    assert sum(sent) < 50_000_000


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 500 No\r\n\r\n",
        b"HTTP/1.1 500 No\r\nContent-Length: 500\r\n\r\n",
        b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 500 No\r\nX-Drip: ",
    ],
)
def test_an_answer_that_drips_is_left_when_its_time_is_over(head: bytes) -> None:
    sent: list[int] = []
    with receiver(pouring(head, b"1", pause=0.05, sent=sent)) as server:
        outcome = hand_over(server.url("&rto=0.3"))
    assert (outcome.state, outcome.detail[:6]) == (Fate.FAILED, "500 No")
    assert len(sent) < 40


def test_an_answer_that_breaks_off_counts_by_its_status() -> None:
    def break_off(door: Door) -> None:
        door.connection.sendall(b"HTTP/1.1 500 No\r\nContent-Length: 500\r\n\r\nfull disk")
        door.close_connection = True

    with receiver(break_off) as server:
        outcome = hand_over(server.url())
    assert (outcome.state, outcome.detail) == (Fate.FAILED, "500 No: full disk")


@pytest.fixture
def running_log(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    log.configure(level="info", style="text")
    yield capsys
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


def test_a_failed_delivery_writes_no_line_of_apprise(
    running_log: pytest.CaptureFixture[str],
) -> None:
    with receiver(answering(500)) as server:
        assert hand_over(server.url()).state is Fate.FAILED
    assert hand_over("tgram://123/").state is Fate.FAILED
    logging.getLogger("another").warning("is heard")
    assert [line for line in running_log.readouterr().err.splitlines() if "heard" not in line] == []


def test_an_address_that_would_hide_a_failure_is_not_used() -> None:
    with receiver(answering(500)) as server:
        outcome = hand_over(server.url("&optional=yes"))
    assert outcome.state is Fate.FAILED
    assert server.received == []


def test_an_error_page_is_not_recited() -> None:
    page = "<html><body>nginx" + "x" * 90_000
    with receiver(answering(502, page, Content_Type="text/html")) as server:
        outcome = hand_over(server.url())
    assert outcome.detail == "502 Bad Gateway"


def test_messages_sent_at_once_keep_their_own_outcomes() -> None:
    codes = [200, 404, 500, 204] * 3
    with ExitStack() as open_doors, ThreadPoolExecutor(len(codes)) as pool:
        servers = [open_doors.enter_context(receiver(answering(code))) for code in codes]
        outcomes = list(pool.map(hand_over, [server.url() for server in servers]))
    assert [int(outcome.detail[:3]) for outcome in outcomes] == codes
    assert [outcome.state is Fate.SENT for outcome in outcomes] == [c < 300 for c in codes]


def test_a_phone_gets_the_words_as_they_are() -> None:
    with receiver(answering(200, "{}")) as server:
        outcome = hand_over(f"ntfy://127.0.0.1:{server.server_address[1]}/desk")
    [(headers, body)] = server.received
    assert outcome.state is Fate.SENT
    assert (body["title"], body["message"]) == (MESSAGE.title, MESSAGE.body)
    assert headers["User-Agent"] == "Monitor"


def test_a_message_too_long_for_the_service_ends_at_a_word() -> None:
    long = Message(title="title " * 100, body="A sentence of some words. " * 3_000)
    with receiver(answering(200)) as server:
        assert hand_over(server.url(), long).state is Fate.SENT
    [(_, body)] = server.received
    assert len(body["title"]) <= 250
    assert len(body["message"]) <= 32_768
    assert body["message"].endswith("words.…")
    assert body["title"].endswith("title…")


# --- mail -----------------------------------------------------------------------------------


class Mailroom:
    """What an SMTP server is told to say, and the messages it took."""

    def __init__(self, *, recipient: str = "250 ok", data: str = "250 queued as 77") -> None:
        self.recipient = recipient
        self.data = data
        self.taken: list[bytes] = []

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # type: ignore[no-untyped-def]  # noqa: N802  # aiosmtpd calls it so
        if self.recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient

    async def handle_DATA(self, server, _session, envelope):  # type: ignore[no-untyped-def]  # noqa: N802
        self.taken.append(envelope.content)
        if self.data == "hang up":
            server.transport.abort()
        return self.data


@contextmanager
def mail_server(room: Mailroom, **options: object) -> Iterator[int]:
    controller = Controller(room, hostname="127.0.0.1", port=closed_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def mail_url(port: int, account: str = "") -> str:
    return (
        f"mailto://{account}127.0.0.1:{port}?smtp=127.0.0.1&from=monitor@example.org"
        "&to=duty@example.org"
    )


def test_a_mail_arrives_as_plain_text_with_its_key() -> None:
    mails = Mailroom()
    with mail_server(mails) as port:
        outcome = hand_over(mail_url(port))
    [taken] = mails.taken
    assert outcome == Outcome(Fate.SENT, "250 queued as 77")
    assert f"X-Idempotency-Key: {KEY}".encode() in taken
    assert b"text/plain" in taken
    assert b"text/html" not in taken


def test_a_mail_in_html_says_the_same_as_text_and_belongs_to_its_threads() -> None:
    line = "Ataque «en» el puerto &amp; más"
    page = f"<html><body><div>{line}</div><div>Read: full article</div></body></html>"
    form = Dressed("¿Qué pasó?", page, Markup.HTML)
    told = Message("title", "body", dressed=form, thread=("<1@a.invalid>", "<2@a.invalid>"))
    mails = Mailroom()
    with mail_server(mails) as port:
        outcome = hand_over(mail_url(port), told)
    assert outcome.state is Fate.SENT
    mail = email.message_from_bytes(mails.taken[0], policy=email.policy.default)
    assert mail["Subject"] == "¿Qué pasó?"
    assert mail["In-Reply-To"] == "<1@a.invalid>"
    assert mail["References"] == "<1@a.invalid> <2@a.invalid>"
    words, markup = (part.get_content() for part in mail.iter_parts())  # type: ignore[attr-defined]
    assert words.splitlines() == ["Ataque «en» el puerto & más", "Read: full article"]
    assert markup.strip() == page


@pytest.mark.parametrize("reply", ["550 5.1.1 No such user here", "450 4.2.0 Greylisted"])
def test_a_recipient_that_the_mail_server_refuses_is_a_failure(reply: str) -> None:
    mails = Mailroom(recipient=reply)
    with mail_server(mails) as port:
        outcome = hand_over(mail_url(port))
    assert (outcome.state, outcome.detail) == (Fate.FAILED, reply)
    assert mails.taken == []


def test_a_mail_refused_after_its_text_is_a_failure() -> None:
    mails = Mailroom(data="554 5.7.1 Looks like spam")
    with mail_server(mails) as port:
        outcome = hand_over(mail_url(port))
    assert (outcome.state, outcome.detail) == (Fate.FAILED, "554 5.7.1 Looks like spam")


def test_a_mail_server_that_hangs_up_after_the_text_leaves_it_unknown() -> None:
    mails = Mailroom(data="hang up")
    with mail_server(mails) as port:
        outcome = hand_over(mail_url(port))
    assert outcome.state is Fate.UNKNOWN
    assert len(mails.taken) == 1


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # on loopback, to see the password refused
@pytest.mark.parametrize(
    ("password", "words"), [("hunter2-secret", "535"), (QUOTED, "plain ASCII letters")]
)
def test_a_wrong_mail_password_is_a_failure_that_does_not_say_it(password: str, words: str) -> None:
    def refuse(*_: object) -> AuthResult:
        return AuthResult(success=False, handled=False)

    guarded = {"authenticator": refuse, "auth_require_tls": False, "auth_required": True}
    with mail_server(Mailroom(), **guarded) as port:
        outcome = hand_over(mail_url(port, account=f"monitor:{password}@"))
    assert outcome.state is Fate.FAILED
    assert words in outcome.detail
    assert password not in outcome.detail
    assert says_no_secret(outcome)


def test_a_mail_server_that_is_down_is_a_failure() -> None:
    outcome = hand_over(mail_url(closed_port()))
    assert (outcome.state, outcome.detail) == (Fate.FAILED, "Connection refused")


# --- console and file -----------------------------------------------------------------------


def test_the_console_shows_the_whole_message(tmp_path: Path) -> None:
    out = io.StringIO()
    channel = Channel(name=ChannelName("console"), url="console:")
    outcome = send(channel, MESSAGE, key=KEY, state=tmp_path, out=out)
    assert outcome.state is Fate.SENT
    assert MESSAGE.title in out.getvalue()
    assert MESSAGE.body in out.getvalue()
    assert "\033" not in out.getvalue()


def test_what_was_unlinked_for_chats_can_be_pasted_from_the_console_and_a_file(
    tmp_path: Path,
) -> None:
    notice = render_ops("An edit", "rules/oil.yaml:7:12: no", noted_at=NOON, now=NOON)
    out = io.StringIO()
    for url in ("console:", "file:alerts.log", "file:each/"):
        channel = Channel(name=ChannelName("desk"), url=url)
        send(channel, notice, key=KEY, state=tmp_path, out=out)
    (each,) = (tmp_path / "each").iterdir()
    for text in (out.getvalue(), (tmp_path / "alerts.log").read_text(), each.read_text()):
        assert "rules/oil.yaml:7:12: no" in text
    with receiver(answering(200, "ok")) as server:
        hand_over(server.url(), notice)
    assert "rules/oil․yaml:7:12: no" in server.received[0][1]["message"]


def test_a_console_without_the_letters_shows_question_marks(tmp_path: Path) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    channel = Channel(name=ChannelName("console"), url="console:")
    assert send(channel, MESSAGE, key=KEY, state=tmp_path, out=out).state is Fate.SENT


def test_a_closed_console_is_a_failure(tmp_path: Path) -> None:
    out = io.StringIO()
    out.close()
    channel = Channel(name=ChannelName("console"), url="console:")
    assert send(channel, MESSAGE, key=KEY, state=tmp_path, out=out).state is Fate.FAILED


def test_a_file_takes_message_after_message_and_opens_as_a_mailbox(tmp_path: Path) -> None:
    channel = Channel(name=ChannelName("log"), url="file:sent/alerts.log")
    tricky = Message(title="Second", body="From here on it is text.\nFrom again")
    for message in (MESSAGE, tricky):
        outcome = send(channel, message, key=KEY, state=tmp_path, out=io.StringIO())
        assert outcome.state is Fate.SENT
    with closing(mailbox.mbox(tmp_path / "sent" / "alerts.log")) as box:
        assert [letter["X-Idempotency-Key"] for letter in box] == [KEY, KEY]
        assert "From here on" in box[1].get_payload()


def test_a_file_that_cannot_be_written_is_a_failure(tmp_path: Path) -> None:
    channel = Channel(name=ChannelName("log"), url="file:.")
    outcome = send(channel, MESSAGE, key=KEY, state=tmp_path, out=io.StringIO())
    assert outcome.state is Fate.FAILED
    assert "Is a directory" in outcome.detail
