"""Headlines written to do harm, as they really leave for each service."""

import email
import email.policy
import html
import io
import json
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from monitor.adapters import channels, dressing
from monitor.core.contents import of_alert
from monitor.core.model import (
    Channel,
    ChannelName,
    Completeness,
    Evidence,
    RuleId,
    Severity,
    Strength,
    Tier,
)
from monitor.core.outbox import Fate
from monitor.core.reports import Fired, Report

HEADLINES = Path(__file__).resolve().parents[1] / "data" / "hostile_headlines.json"
HOSTILE: list[str] = json.loads(HEADLINES.read_text("utf-8"))
NOW = datetime(2026, 11, 21, 3, 2, tzinfo=UTC)
LINK = "https://wire.example/a/1"
UNSEEN = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
ANSWER = {
    "ok": True, "access_token": "t", "user_id": "@u:h", "home_server": "h", "room_id": "!r:h",
    "event_id": "$1", "device_id": "d", "joined_rooms": ["!r:h"],
}  # fmt: skip


class Service(ThreadingHTTPServer):
    """Any of the services: says yes to whatever comes, and keeps what it was sent."""

    daemon_threads = True

    def __init__(self, certificate: Path | None) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.received: list[str] = []
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")
            self.socket = context.wrap_socket(self.socket, server_side=True)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _Door(BaseHTTPRequestHandler):
    server: Service

    def _answer(self) -> None:
        length = int(self.headers["Content-Length"] or 0)
        self.server.received.append(self.rfile.read(length).decode())
        # Slack answers "ok", the others JSON.
        payload = b"ok" if self.path.startswith("/slack") else json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    do_GET = do_POST = do_PUT = _answer  # noqa: N815 - as the standard library calls them

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def service(certificate: Path | None = None) -> Iterator[Service]:
    server = Service(certificate)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def an_alert(words: str) -> Report:
    """`words` wherever a stranger's may stand."""
    text = f"First. {words} was said. Last."
    fired = Fired(
        rule=RuleId("strikes"),
        title="Strikes",
        severity=Severity.CRITICAL,
        strength=Strength.STRONG,
        reason=f"a new voice: {words}",
        evidence=(Evidence("text", 7, 7 + len(words), words, "term"),),
    )
    return Report(
        headline=f"Alarm {words} ended",
        title=f"Alarm {words} ended",
        url=LINK,
        outlet=words,
        publisher=words,
        credit=words,
        tier=Tier.WIRE,
        country="US",
        language="en",
        published_at=NOW - timedelta(minutes=4),
        seen_at=NOW - timedelta(minutes=2),
        completeness=Completeness.FULL,
        fired=(fired,),
        text=text,
    )


def hand_over(url: str, words: str) -> None:
    channel = Channel(ChannelName("desk"), url)
    content = of_alert(an_alert(words), now=NOW)
    message = dressing.dress(channel, content, room=channels.room(channel), now=NOW)
    done = channels.send(channel, message, key="k", state=Path("/nonexistent"), out=io.StringIO())
    assert done.state is Fate.SENT, done.detail


def texts(sent: object) -> Iterator[str]:
    """Every text of what was sent, wherever it stands."""
    if isinstance(sent, str):
        yield sent
    elif isinstance(sent, dict):
        for each in sent.values():
            yield from texts(each)
    elif isinstance(sent, list):
        for each in sent:
            yield from texts(each)


# What is left of ours: a tag, the link, a sign that is escaped.
_TAGS = re.compile(r"</?(?:b|br|p|div|span|html|head|body|meta|strong)(?: (?:style|name|charset|"
                   r"content)=\"[^\"<>]*\")*\s*/?>|<!DOCTYPE html>|<a href=\"" + re.escape(LINK)
                   + r"\">|</a>", re.IGNORECASE)  # fmt: skip
_CARD_LINK = f"[{LINK}]({LINK})"


def harmless(text: str, *, marked_up: str) -> None:
    """Nothing in it pings, links, marks up or hides, as its service would read it."""
    seen = text.replace(_CARD_LINK, "").replace(LINK, "LINK") if marked_up != "html" else text
    if marked_up == "html":
        seen = html.unescape(_TAGS.sub(" ", text)).replace(LINK, "LINK")
        assert not re.search(r"<(?!\s)", _TAGS.sub(" ", text)), text
    if marked_up == "markdown":
        bare = re.sub(r"\\[\\*_~`|\[\]#]", "", seen).replace("**", "")
        assert not re.search(r"[*_~`|\[\]#\\]", bare), text
    assert not re.search(UNSEEN, seen), text
    assert not re.search(r"[@<>]", seen), text
    assert "](" not in seen, text
    assert "://" not in seen, text
    assert not re.search(r"\bevil\.|EVIL\.|пример\.", seen), text


SERVICES = [
    ("json://{host}/hook", "plain", ("title", "message")),
    ("discord://1234567890/abcdefghijklmnopqrstuvwxyz", "markdown", ("content",)),
    ("tgram://123456789:abcdefghijklmnopqrstuvwxyz012345678/42", "html", ("text",)),
    ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#desk", "plain", ("title", "text")),
    ("mmost://{host}/abcdefghijklmnopqrstuvwxyz", "markdown", ("text",)),
    ("ntfy://{host}/desk", "plain", ("title", "message")),
    ("matrix://user:pass@{host}/!room:h", "html", ("formatted_body",)),
]


def picked(sent: object, keys: tuple[str, ...]) -> Iterator[str]:
    """The texts under these keys, wherever they stand."""
    if isinstance(sent, dict):
        for key, value in sent.items():
            yield from texts(value) if key in keys else picked(value, keys)
    elif isinstance(sent, list):
        for each in sent:
            yield from picked(each, keys)


@pytest.mark.parametrize(
    ("url", "marked_up", "keys"), SERVICES, ids=[url.partition(":")[0] for url, *_ in SERVICES]
)
def test_nothing_dangerous_leaves_for_a_service(
    url: str, marked_up: str, keys: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    from apprise.plugins.discord import NotifyDiscord  # noqa: PLC0415 - slow to import
    from apprise.plugins.matrix import NotifyMatrix  # noqa: PLC0415
    from apprise.plugins.slack import NotifySlack  # noqa: PLC0415
    from apprise.plugins.telegram import NotifyTelegram  # noqa: PLC0415

    with service() as server:
        # These three know no address but their own on the net.
        monkeypatch.setattr(NotifyDiscord, "notify_url", f"http://{server.host}/discord")
        monkeypatch.setattr(NotifyTelegram, "notify_url", f"http://{server.host}/bot")
        monkeypatch.setattr(NotifySlack, "webhook_url", f"http://{server.host}/slack")
        monkeypatch.setattr(NotifyMatrix, "request_rate_per_sec", 0)
        for words in HOSTILE:
            server.received.clear()
            hand_over(url.format(host=server.host), words)
            sent = [json.loads(body) for body in server.received if body]
            shown = [text for each in sent for text in picked(each, keys)]
            assert any("Alarm" in html.unescape(text) for text in shown), words
            for text in shown:
                harmless(text, marked_up=marked_up)


def test_nothing_dangerous_leaves_for_a_team(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The address of a workflow is https whatever is before it; the machine trusts this one.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate / "certificate.pem"))
    with service(certificate) as server:
        for words in [*HOSTILE, "<at>everyone</at> and @everyone"]:
            server.received.clear()
            hand_over(f"workflow://{server.host}/abcdefghijkl/signature", words)
            [card] = [json.loads(body)["attachments"][0]["content"] for body in server.received]
            title, body = (block["text"] for block in card["body"])
            assert "Alarm" in title
            assert _CARD_LINK in body or body.endswith("…"), "it says where it is from"
            for text in (title, body):
                harmless(text, marked_up="markdown")
            assert "entities" not in card["msteams"], "it mentions somebody"


class Postbox:
    """What a mail server was given."""

    def __init__(self) -> None:
        self.received: list[tuple[list[str], bytes]] = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - as aiosmtpd calls it
        self.received.append((envelope.rcpt_tos, envelope.content))
        return "250 OK"


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


def test_nothing_dangerous_leaves_as_mail() -> None:
    box = Postbox()
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        port = server.server.sockets[0].getsockname()[1]
        for words in HOSTILE:
            hand_over(f"mailto://127.0.0.1:{port}?from=a@x.example&to=b@x.example", words)
    finally:
        server.stop()
    assert len(box.received) == len(HOSTILE)
    for recipients, content in box.received:
        mail = email.message_from_bytes(content, policy=email.policy.default)
        assert recipients == ["b@x.example"]
        assert [len(mail.get_all(name, [])) for name in ("Subject", "To", "Bcc", "Cc")] == [
            1, 1, 0, 0,
        ]  # fmt: skip
        harmless(str(mail["Subject"]), marked_up="plain")
        plain, page = mail.get_body(("plain",)), mail.get_body(("html",))
        assert plain is not None
        assert page is not None
        assert "Alarm" in page.get_content()
        harmless(plain.get_content(), marked_up="plain")
        harmless(page.get_content(), marked_up="html")
