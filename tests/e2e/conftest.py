"""A small news site on loopback, a configuration that watches it, and the installed command."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60  # seconds that one command may take on a busy machine

STORY = (
    "<html lang=en><head><title>{title}</title></head><body><article><h1>{title}</h1>"
    "<p>{lead} The two ministers met for three hours in the capital on Monday, officials said.</p>"
    "<p>Neither side gave details of the agenda. A second round is planned for next week, and both "
    "delegations said that they would consult their governments first.</p>"
    "<p>Trade between the two countries has fallen by a third since the border was closed, and the "
    "shops on both banks of the river wait for the customers who used to come across the bridge on "
    "market days. The ferry, which carried lorries and buses, has lain in the harbour since spring."
    "</p>"
    "</article></body></html>"
)


@dataclass
class Site:
    """Serves `pages` (path to type and body); a path that is not there answers 404."""

    port: int = 0
    pages: dict[str, tuple[str, str]] = field(default_factory=dict)
    received: list[str] = field(default_factory=list)  # bodies of POST requests
    answer: int = 200  # to a POST

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def publish(self, name: str, title: str, lead: str) -> None:
        """One more article, in the feed and as a page."""
        self.pages[f"/{name}"] = ("text/html", STORY.format(title=title, lead=lead))
        items = "".join(
            f"<item><title>{self._title(path)}</title><link>{self.url}{path}</link>"
            f"<guid>{path}</guid><pubDate>{format_datetime(datetime.now(UTC))}</pubDate></item>"
            for path, (kind, _) in self.pages.items()
            if kind == "text/html"
        )
        feed = f"<rss version='2.0'><channel><title>Wire</title>{items}</channel></rss>"
        self.pages["/feed"] = ("application/rss+xml", feed)

    def _title(self, path: str) -> str:
        return self.pages[path][1].split("<title>")[1].split("</title>")[0]


@contextmanager
def serving() -> Iterator[Site]:
    """A site that answers on loopback."""
    made = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, text = made.pages.get(self.path, ("text/plain", ""))
            self.send_response(200 if self.path in made.pages else 404)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            made.received.append(self.rfile.read(length).decode())
            words = b"" if made.answer < 300 else b"this room is closed"
            self.send_response(made.answer)
            self.send_header("Content-Length", str(len(words)))
            self.end_headers()
            self.wfile.write(words)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as made:
        yield made


RULES = """\
version: 1
rules:
  - id: talks
    title: Talks between Freedonia and Sylvania
    severity: high
    when:
      all: [Freedonia, Sylvania, {any: [talks, meeting]}]
    examples:
      match: ["Freedonia offers talks to Sylvania"]
      silent: ["Freedonia wins the cup"]
"""


def furnish(made: Path, site: Site) -> Path:
    """Write a configuration that watches the site; its state lies beside it in `var`."""
    site.publish("one", "Freedonia offers talks to Sylvania", "The president of Freedonia spoke.")
    site.publish("two", "Freedonia wins the cup", "It was the third title in a row.")
    (made / "rules").mkdir(parents=True)
    (made / "outlets").mkdir()
    (made / "monitor.yaml").write_text(
        f'version: 1\nstate: ../var\nfetch: {{allow: ["127.0.0.1:{site.port}"], workers: 1}}\n'
    )
    (made / "channels.yaml").write_text('log: {url: "file:alerts.log", default: true}\n')
    (made / "rules" / "talks.yaml").write_text(RULES)
    (made / "outlets" / "wire.yaml").write_text(
        "outlets:\n  - {id: wire, name: The Wire, country: US, language: en, tier: wire, "
        f'feeds: [{{url: "{site.url}/feed"}}]}}\n'
    )
    return made


@pytest.fixture
def desk(tmp_path: Path, site: Site) -> Path:
    """A configuration that watches the site."""
    return furnish(tmp_path / "desk", site)


@pytest.fixture(scope="module")
def desk_of_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One for all tests of a module, which copy what they change."""
    with serving() as made:
        yield furnish(tmp_path_factory.mktemp("desk") / "desk", made)


Called = subprocess.CompletedProcess[str]


def call(*words: str | Path, cwd: Path | None = None, said: str = "") -> Called:
    """Call `monitor WORDS…` and wait for its end."""
    return subprocess.run(
        [sys.executable, "-m", "monitor", *map(str, words)],
        cwd=cwd,
        env=surroundings(),
        input=said,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.fixture(scope="module")
def monitor_of_all() -> Callable[..., Called]:
    """Calls `monitor WORDS…`, for what all tests of a module share."""
    return call


@pytest.fixture
def monitor(tmp_path: Path) -> Callable[..., Called]:
    """Calls `monitor WORDS…` in an empty directory and waits for its end."""
    return partial(call, cwd=tmp_path)


def surroundings() -> dict[str, str]:
    """The environment without what would point at another configuration or colour the output."""
    hidden = {"MONITOR_CONFIG", "FORCE_COLOR", "NOTIFY_SOCKET", "COLUMNS"}
    kept = {key: value for key, value in os.environ.items() if key not in hidden}
    return kept | {"PYTHONPATH": str(ROOT)}  # from another directory the checkout is still found


@dataclass
class Daemon:
    """A running `monitor run`."""

    process: subprocess.Popen[str]
    heard: list[str] = field(default_factory=list)

    def until(self, words: str) -> str:
        """The first line of its log that holds the words; fails if the log ends without it."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.heard.append(line)
            if words in line:
                return line
        pytest.fail(f"the log ended without {words!r}:\n" + "".join(self.heard))

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal to its whole group, as a terminal does, and wait; its exit code."""
        os.killpg(self.process.pid, number)
        rest = self.process.communicate(timeout=PATIENCE)[1]
        self.heard.append(rest)
        return self.process.returncode


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    """Starts `monitor WORDS…` and leaves it running; killed at the end of the test."""
    started: list[Daemon] = []

    def begin(*words: str | Path, environment: dict[str, str] | None = None) -> Daemon:
        process = subprocess.Popen(
            [sys.executable, "-m", "monitor", *map(str, words)],
            cwd=tmp_path,
            env=surroundings() | (environment or {}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        # A daemon that hangs ends the wait for its log.
        alarm = threading.Timer(PATIENCE, process.kill)
        alarm.daemon = True
        alarm.start()
        started.append(Daemon(process))
        return started[-1]

    yield begin
    for daemon in started:
        if daemon.process.poll() is None:
            os.killpg(daemon.process.pid, signal.SIGKILL)
            daemon.process.communicate()
