"""What a webhook or a mail server may do, what becomes of the message, and when it is tried next.

The servers are real and so is the waiting, only shorter: `rto` in the address is the time that a
channel waits for an answer, twenty seconds unless it says so.
"""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from sqlalchemy import select

from monitor.core.outbox import UNCERTAIN_PAUSES, State
from monitor.core.timing import FIRST_RETRY
from monitor.storage.schema import delivery

HALF_THE_DICE = 0.5  # the desk's chance
SOON = FIRST_RETRY * (1 - HALF_THE_DICE / 2)  # after a first failure
LATER = UNCERTAIN_PAUSES[0]  # after a first try without an answer
ANSWERS_AFTER = 25  # seconds, of a service that is slow beyond patience
PATIENCE = 0.5  # seconds that these tests wait for an answer


@dataclass
class Service:
    """A webhook receiver that does what `act` does with each message."""

    act: Callable[["Door"], None]
    keys: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    port: int = 0


class Door(BaseHTTPRequestHandler):
    service: Service

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.service.keys.append(self.headers["Idempotency-Key"])
        with suppress(OSError):  # who has waited long enough has hung up
            self.service.act(self)

    def say(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(act: Callable[["Door"], None]) -> Iterator[Service]:
    made = Service(act)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Its", (Door,), {"service": made}))
    server.daemon_threads = True
    made.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    made.over.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def service() -> Iterator[Service]:
    with serving(says(200)) as made:
        yield made


def says(status: int, body: bytes = b"", **headers: str) -> Callable[[Door], None]:
    return lambda door: door.say(status, body, **headers)


def nothing(door: Door) -> None:
    """Hangs up on a message that it has taken."""
    door.close_connection = True


def half_an_answer(status: int) -> Callable[[Door], None]:
    """The head says more than the body holds."""

    def answer(door: Door) -> None:
        head = f"HTTP/1.1 {status} Hm\r\nContent-Length: 500\r\n\r\n"
        door.connection.sendall(head.encode() + b'{"half')
        door.close_connection = True

    return answer


def half_a_head(door: Door) -> None:
    door.connection.sendall(b"HTTP/1.1 20")
    door.close_connection = True


def too_late(door: Door) -> None:
    door.service.over.wait(ANSWERS_AFTER)
    door.say(200)


TELEGRAM = b'{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 7"}'
DATED = {"Date": "Mon, 02 Mar 2026 12:00:00 GMT", "Retry_After": "Mon, 02 Mar 2026 12:03:00 GMT"}
ELSEWHERE = {"Location": "http://127.0.0.1:1/"}
NEVER, S = None, State

# What it does; the state of the message, its failures and uncertain tries, the pause before the
# next try, and what a person is told by another channel.
TABLE: dict[str, tuple[Callable[[Door], None], State, int, int, timedelta | None, str]] = {
    "200": (says(200), S.SENT, 0, 0, NEVER, ""),
    "204": (says(204), S.SENT, 0, 0, NEVER, ""),
    "301": (says(301, **ELSEWHERE), S.QUEUED, 1, 0, SOON, "takes no messages"),
    "302": (says(302, **ELSEWHERE), S.QUEUED, 1, 0, SOON, "takes no messages"),
    "400": (says(400), S.QUEUED, 1, 0, SOON, "refuses a message"),
    "401": (says(401), S.QUEUED, 1, 0, SOON, "takes no messages"),
    "404": (says(404), S.QUEUED, 1, 0, SOON, "takes no messages"),
    "429": (says(429), S.QUEUED, 1, 0, SOON, ""),
    "429 for two minutes": (
        says(429, Retry_After="120"), S.QUEUED, 1, 0, timedelta(minutes=2), "",
    ),
    "429 until a time": (says(429, **DATED), S.QUEUED, 1, 0, timedelta(minutes=3), ""),
    "429 of Telegram": (says(429, TELEGRAM), S.QUEUED, 1, 0, timedelta(seconds=7), ""),
    "500": (says(500), S.QUEUED, 1, 0, SOON, ""),
    "503 for a minute": (
        says(503, Retry_After="60"), S.QUEUED, 1, 0, timedelta(minutes=1), "",
    ),
    "nothing": (nothing, S.UNKNOWN, 1, 1, LATER, ""),
    "half a head": (half_a_head, S.UNKNOWN, 1, 1, LATER, ""),
    "half of a 200": (half_an_answer(200), S.SENT, 0, 0, NEVER, ""),
    "half of a 500": (half_an_answer(500), S.QUEUED, 1, 0, SOON, ""),
    "after 25 seconds": (too_late, S.UNKNOWN, 1, 1, LATER, ""),
}  # fmt: skip


@pytest.fixture
def tell(open_desk, newsroom):
    """Opens a desk with a channel beside the console, and lets it tell of one alert."""

    def told(url: str):
        desk = open_desk(
            channels='console: {url: "console:", default: true, ops: true}\n'
            f'other: {{url: "{url}", default: true}}\n'
        )
        desk.sweep()
        newsroom.publish("Strelsau offers talks")
        return desk, desk.sweep(minutes=6)

    return told


def at(desk) -> dict[str, Any]:
    """The first delivery of each channel but the console."""
    with desk.database.read() as connection:
        found = connection.execute(select(delivery).order_by(delivery.c.id.desc())).all()
    return {row.channel: row for row in found if row.channel != "console"}


def test_every_answer_has_its_outcome_and_its_next_try(open_desk, newsroom):
    with ExitStack() as stack:
        services = {case: stack.enter_context(serving(TABLE[case][0])) for case in TABLE}
        names = {case: f"c-{number}" for number, case in enumerate(TABLE)}
        hooks = {case: f"json://127.0.0.1:{each.port}/" for case, each in services.items()}
        told = "".join(
            f'{names[case]}: {{url: "{hook}?rto={PATIENCE}", default: true}}\n'
            for case, hook in hooks.items()
        )
        desk = open_desk(channels=f'console: {{url: "console:", default: true, ops: true}}\n{told}')
        desk.sweep()
        newsroom.publish("Strelsau offers talks")
        said = desk.sweep(minutes=6)
        rows = at(desk)
        for case, (_, state, failures, uncertain, pause, notice) in TABLE.items():
            row = rows[names[case]]
            found = (row.state, row.attempts, row.uncertain)
            assert found == (state, failures, uncertain), (case, row.failure)
            assert services[case].keys == [row.key], case
            assert (row.due_at and row.due_at - desk.clock.now()) == pause, case
            told_of = [line for line in said.splitlines() if f"channel {names[case]} " in line]
            assert [notice in line for line in told_of[:1]] == [True] * bool(notice), (
                case,
                told_of,
            )
        for each in services.values():
            each.over.set()
            each.act = says(200)
        desk.sweep(minutes=4)
        for case, row in at(desk).items():
            assert row.state == State.SENT, (case, row.failure)
        for case, each in services.items():
            assert len(each.keys) == 1 + (TABLE[case][4] is not NEVER), case
            assert len(set(each.keys)) == 1, "a repeated message has the same key"


def test_what_a_service_refuses_for_good_is_told_once_and_tried_on(tell, service, newsroom):
    service.act = says(401)
    desk, said = tell(f"json://127.0.0.1:{service.port}/")
    assert said.count("takes no messages") == 1
    for number in range(4):
        newsroom.publish(f"Ruritania bombed at dawn, day {number}")
        said += desk.sweep(minutes=15)
    assert said.count("takes no messages") == 1
    assert len(service.keys) > 5, "somebody may mend it: it is tried on"
    service.act = says(200)
    desk.sweep(minutes=15)
    newsroom.publish("Strelsau offers another dialogue to the Duke of Zenda")
    desk.sweep(minutes=6)
    service.act = says(401)
    newsroom.publish("Airstrikes near the lake of Strelsau, says the harbour master")
    assert "takes no messages" in desk.sweep(minutes=6), "another spell is told anew"


# --- mail ---


@dataclass
class Post:
    """A mail server that wants STARTTLS and a password, and what it was sent."""

    port: int = 0
    letters: list[bytes] = field(default_factory=list)
    accounts: list[tuple[bytes, bytes]] = field(default_factory=list)
    over_tls: list[bool] = field(default_factory=list)
    answer: str = "250 kept"

    async def handle_DATA(self, _server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        self.letters.append(envelope.content)
        self.over_tls.append(session.ssl is not None)
        return self.answer

    def let_in(self, _server: Any, _session: Any, _envelope: Any, _how: str, who: Any) -> Any:
        assert isinstance(who, LoginPassword)
        self.accounts.append((who.login, who.password))
        return AuthResult(success=who.password == b"zenda", handled=False)


@pytest.fixture
def post(certificate: Path) -> Iterator[Post]:
    made = Post()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as free:
        made.port = free.server_port
    controller = Controller(
        made,
        hostname="127.0.0.1",
        port=made.port,
        tls_context=context,
        require_starttls=True,
        authenticator=made.let_in,
        auth_required=True,
    )
    controller.start()
    yield made
    controller.stop()


@pytest.fixture
def mail(post: Post, tmp_path: Path) -> Callable[..., str]:
    """The address of the mail server, with a password from a file."""

    def address(password: str = "zenda") -> str:
        (tmp_path / "password").write_text(password)
        ends = "from=monitor@example.org&to=duty@example.org"
        server = f"127.0.0.1:{post.port}?smtp=127.0.0.1&mode=starttls"
        return f"mailtos://rudolf:${{file:{tmp_path / 'password'}}}@{server}&{ends}"

    return address


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine trusts the certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "certificate.pem"))


@pytest.mark.usefixtures("trusted")
def test_a_mail_goes_by_starttls_and_password_with_its_key(tell, post, mail):
    desk, _ = tell(mail())
    row = at(desk)["other"]
    assert row.state == State.SENT, row.failure
    [letter] = post.letters
    assert f"X-Idempotency-Key: {row.key}".encode() in letter
    assert post.over_tls == [True]
    assert post.accounts == [(b"rudolf", b"zenda")]


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(
    ("answer", "state", "notice"),
    [
        ("451 4.7.1 Greylisted, come back", State.QUEUED, ""),
        ("554 5.7.1 Looks like spam", State.QUEUED, "refuses a message"),
    ],
)
def test_a_mail_refused_after_its_text_is_tried_again(tell, post, mail, answer, state, notice):
    post.answer = answer
    desk, said = tell(mail())
    row = at(desk)["other"]
    assert (row.state, row.failure, row.due_at - desk.clock.now()) == (state, answer, SOON)
    assert ("The channel other" in said, notice in said) == (bool(notice), True)
    post.answer = "250 kept"
    desk.sweep(minutes=1)
    assert at(desk)["other"].state == State.SENT


@pytest.mark.usefixtures("trusted")
def test_a_wrong_password_is_told_by_another_channel_and_not_shown(tell, post, mail):
    desk, said = tell(mail("black-michael"))
    assert at(desk)["other"].state == State.QUEUED
    assert "The channel other takes no messages" in said
    assert "535" in said
    assert "black-michael" not in said
    assert not post.letters


def test_a_mail_server_whose_certificate_nobody_knows_gets_no_password(tell, post, mail):
    desk, _ = tell(mail())
    assert at(desk)["other"].state == State.QUEUED
    assert (post.accounts, post.letters) == ([], [])
