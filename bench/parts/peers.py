"""The same feeds through other programs: the `reader` library and `newsboat`.

`reader` is installed by pip into an environment of its own in the user's cache directory, so that
nothing of it touches ours; newsboat is used if the command is there. As a program, in reader's
environment: `python peers.py ADDRESSES DATABASE`, one reload for each line on standard input.
"""

import json
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

# reader carries a feedparser of its own, which needs the standard library's lost sgmllib.
READER = ("reader", "sgmllib3k")
READER_OPTIONS = "update_feeds(workers=2, scheduled=False)"
NEWSBOAT_OPTIONS = "-x reload; reload-threads 2, no notifications"

Reload = Callable[[], float]  # CPU seconds of one reload


class Missing(Exception):  # noqa: N818 - the name says what it is
    """The peer cannot be had on this machine; the message says what to do."""


@contextmanager
def reader(place: Path, urls: Sequence[str]) -> Iterator[tuple[str, Reload]]:
    """Name with version, and how to let it reload everything."""
    python = _environment() / "bin" / "python"
    addresses = place / "reader.json"
    addresses.write_text(json.dumps(list(urls)))
    words, pipe = [str(python), __file__, str(addresses), str(place / "reader.db")], subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        into, out = process.stdin, process.stdout

        def reload() -> float:
            into.write("go\n")
            into.flush()
            return float(out.readline())

        yield f"reader {out.readline().strip()}, {READER_OPTIONS}", reload
        into.close()


@contextmanager
def newsboat(place: Path, urls: Sequence[str]) -> Iterator[tuple[str, Reload]]:
    """The same; each reload is a process of its own, whose start counts."""
    command = shutil.which("newsboat")
    if command is None:
        raise Missing("newsboat is not installed: apt-get install newsboat")
    addresses, settings = place / "urls", place / "newsboat.conf"
    addresses.write_text("\n".join(urls) + "\n")
    settings.write_text("reload-threads 2\nmax-items 0\n")
    words = [command, "-u", addresses, "-C", settings, "-c", place / "newsboat.db", "-x", "reload"]

    def reload() -> float:
        before = _children()
        subprocess.run(
            words, check=True, capture_output=True, env={**os.environ, "HOME": str(place)}
        )
        return _children() - before

    said = subprocess.run([command, "-v"], capture_output=True, text=True, check=True).stdout
    yield f"{said.split(' - ')[0]}, {NEWSBOAT_OPTIONS}", reload


def _children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _environment() -> Path:
    """The environment with reader, made if need be."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    found = home / "media-monitor-bench" / "reader"
    if not (found / "complete").exists():
        venv.create(found, clear=True, with_pip=True)
        install = [found / "bin" / "python", "-m", "pip", "install", "--quiet", *READER]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Missing(f"reader cannot be installed: {done.stderr.strip().splitlines()[-1]}")
        (found / "complete").touch()
    return found


def _read(addresses: str, database: str) -> None:
    from reader import __version__, make_reader  # noqa: PLC0415 # type: ignore[import-not-found]

    print(__version__, flush=True)
    made = make_reader(database)
    for url in json.loads(Path(addresses).read_text()):
        made.add_feed(url)
    for _ in sys.stdin:
        began = time.process_time()
        made.update_feeds(workers=2, scheduled=False)
        print(time.process_time() - began, flush=True)


if __name__ == "__main__":
    _read(*sys.argv[1:])
