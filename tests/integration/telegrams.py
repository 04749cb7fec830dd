"""Telegram on 127.0.0.1: keeps updates until they are confirmed, as the real one does."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CHAT, STRANGER = -1001234, 666
TOKEN = "123456789:AAF-abcdefghijklmnopqrstuvwxyz01234"


@dataclass
class Telegram:
    """The service; `answer` is what it says to getUpdates instead, as status and body."""

    sent: list[dict[str, Any]] = field(default_factory=list)  # by the bot
    updates: list[dict[str, Any]] = field(default_factory=list)
    offsets: list[int | None] = field(default_factory=list)
    answer: tuple[int, bytes] | None = None
    refuses: int = 0  # so many replies are refused
    next_id: int = 700
    port: int = 0

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def channel(self) -> str:
        return (
            f'{{url: "tgram://{TOKEN}/{CHAT}", default: true, answers: true, '
            f'telegram_api: "{self.api}"}}'
        )

    def write(self, text: str, *, to: str | None = None, chat: int = CHAT, **more: Any) -> None:
        """Somebody writes into a chat, as a reply to a message of the bot if `to` is its text."""
        said: dict[str, Any] = {
            "message_id": 5000 + self.next_id,
            "date": 1772452800,
            "chat": {"id": chat, "type": "supergroup"},
            "from": {"id": 1, "first_name": "Ana", "last_name": "Pérez", "username": "ana"},
            "text": text,
        }
        if to is not None:
            said["reply_to_message"] = {"message_id": 1, "text": to, "from": {"is_bot": True}}
        self.updates.append({"update_id": self.next_id, "message": said | more})
        self.next_id += 1

    @property
    def alerts(self) -> list[str]:
        return [each["text"] for each in self.sent if "reply_parameters" not in each]

    @property
    def replies(self) -> list[str]:
        return [each["text"] for each in self.sent if "reply_parameters" in each]

    def call(self, method: str, asked: dict[str, Any]) -> tuple[int, bytes]:
        if method == "getUpdates":
            offset = asked.get("offset")
            self.offsets.append(offset)
            if self.answer is not None:
                return self.answer
            if offset is not None and offset - 1 in [each["update_id"] for each in self.updates]:
                known = [each["update_id"] for each in self.updates].index(offset - 1)
                del self.updates[: known + 1]
            return 200, json.dumps({"ok": True, "result": self.updates[:50]}).encode()
        if "reply_parameters" in asked and self.refuses > 0:
            self.refuses -= 1
            return 500, b'{"ok": false, "description": "Internal Server Error"}'
        self.sent.append(asked)
        return 200, b'{"ok": true, "result": {"message_id": 1}}'


@contextmanager
def telegram() -> Iterator[Telegram]:
    made = Telegram()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            method = self.path.rpartition("/")[2]
            status, said = made.call(method, json.loads(body))
            with suppress(OSError):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    made.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()
