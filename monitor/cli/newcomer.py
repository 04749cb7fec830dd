"""What `monitor init` asks, tries and writes."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from monitor.cli.channels import test_message
from monitor.cli.exits import Exit, MisuseError
from monitor.cli.output import BAD, DOUBT, GOOD, say
from monitor.core.errors import Permanent

if TYPE_CHECKING:
    from monitor.core.outbox import Outcome

TAKEN_NAMES = frozenset({"console", "log", "version"})  # what the starter's channels.yaml has
QUESTION = (
    "Where shall alerts go? An address such as tgram://TOKEN/CHAT (docs/channels.md has more); "
    "empty for this console and a file"
)
AGAIN = "Another address; empty for this console and a file"


def refuse_if_taken(target: Path) -> None:
    """Raises Permanent before anything is asked, rather than overwrite."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise Permanent(f"{target} exists and is not an empty directory; nothing was written")


def refuse_name(name: str) -> None:
    """Raises a usage error for a name that channels.yaml could not hold."""
    from monitor.config.values import identifier

    try:
        identifier(name)
    except ValueError as error:
        raise MisuseError(f"--channel-name: {error}") from error
    if name in TAKEN_NAMES:
        raise MisuseError(f"--channel-name: {name} is taken")


def channel(url: str | None, name: str, *, ask: bool) -> str | None:
    """The address of a channel that took a test message; None for console and file alone.

    Exits with NO if it is refused and nobody may be asked.
    """
    if url is None and ask:
        url = _asked(QUESTION)
    while url:
        if _works(url, name):
            return url
        if not ask:
            raise typer.Exit(Exit.NO)
        url = _asked(AGAIN)
    return None


def _asked(question: str) -> str:
    return str(typer.prompt(question, default="", show_default=False)).strip()


def _works(url: str, name: str) -> bool:
    """Send a test message and say what the service said."""
    from monitor.adapters.services import check_url

    problem = check_url(url) if url.isprintable() else "an address has no control characters"
    if problem is not None:
        say(("refused: ", BAD), problem)
        return False
    outcome = _tried(url, name)
    styles = {"sent": GOOD, "failed": BAD, "unknown": DOUBT}
    say((f"test message {outcome.state}: ", styles[outcome.state.value]), outcome.detail)
    return outcome.state != "failed"


def _tried(url: str, name: str) -> "Outcome":
    from uuid import uuid4

    from monitor.adapters.channels import send
    from monitor.core.model import Channel, ChannelName

    with tempfile.TemporaryDirectory() as state:  # a file: address begins where nothing stays
        return send(
            Channel(ChannelName(name), url),
            test_message(name),
            key=f"test-{uuid4()}",
            state=Path(state),
            out=sys.stdout,
        )


def write(target: Path, *, url: str | None, name: str, state: Path | None) -> None:
    """The starter configuration with this channel; its address goes to secrets.env."""
    from monitor.config.starter import copy_starter

    copy_starter(target)
    try:
        _set_state(target / "monitor.yaml", state)
        if url is not None:
            _add_channel(target, url, name)
    except OSError as error:
        raise Permanent(f"{target} cannot be written: {error}") from error


def _set_state(file: Path, state: Path | None) -> None:
    written = "var" if state is None else str(state.absolute())
    line = f"state: {json.dumps(written, ensure_ascii=False)}"
    text, changed = re.subn(
        r"^state:.*$", lambda _: line, file.read_text("utf-8"), count=1, flags=re.MULTILINE
    )
    file.write_text(text if changed else f"{text.rstrip()}\n{line}\n", "utf-8")


def _add_channel(target: Path, url: str, name: str) -> None:
    from monitor.adapters.services import OWN_SCHEMES
    from monitor.config.secrets import SECRETS_FILE

    written, remark = json.dumps(url, ensure_ascii=False), ""
    scheme = url.partition(":")[0]
    if scheme not in OWN_SCHEMES:
        variable = re.sub(r"\W", "_", f"{name}_url").upper()
        variable = variable if variable[0].isalpha() else f"CHANNEL_{variable}"
        _keep_secret(target / SECRETS_FILE, f"{variable}={url}\n")
        written = f'"${{{variable}}}"'
        # Of an address nothing but its scheme is surely no secret: not even its host.
        remark = f"    # {scheme}://…; {SECRETS_FILE} has it"
    file = target / "channels.yaml"
    line = f"{name}: {{url: {written}, default: true}}{remark}"
    text = _without_twin(file.read_text("utf-8"), url)
    file.write_text(f"{text.rstrip()}\n{line}\n", "utf-8")


def _without_twin(channels: str, url: str) -> str:
    """The starter's channels but one with this address: each alert would come there twice."""
    twin = f'{{url: "{url}",'
    return "".join(line for line in channels.splitlines(keepends=True) if twin not in line)


def _keep_secret(file: Path, text: str) -> None:
    """A file that only its owner can read, from its first byte on."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
