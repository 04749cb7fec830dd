"""Every command is documented, and what a document shows of commands is what the program takes."""

import importlib
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from documents import DOCUMENTS, ROOT, blocks, names, text_of
from typer import Typer
from typer.main import get_command
from typer.testing import CliRunner

README = ROOT / "README.md"
OPERATIONS = ROOT / "docs" / "operations.md"


@cache
def application() -> Typer:
    found: Typer = importlib.import_module("monitor.cli").app
    return found


def below(command: Any) -> dict[str, Any]:
    """The commands of a group by name; a command that is no group has none."""
    found: dict[str, Any] = getattr(command, "commands", {})
    return found


def commands(group: Any, *above: str) -> Iterator[tuple[str, ...]]:
    for name, command in below(group).items():
        if below(command):
            yield from commands(command, *above, name)
        else:
            yield (*above, name)


def test_every_command_is_documented() -> None:
    missing = [
        " ".join(command)
        for command in commands(get_command(application()))
        if not names(OPERATIONS, " ".join(("monitor", *command)))
    ]
    assert not missing, f"not in docs/operations.md as `monitor …`: {missing}"


def command_lines(document: Path) -> list[str]:
    """The lines of shell blocks, continued lines joined, prompts and comments taken off."""
    joined = "\n".join(blocks(document, "sh", "bash", "shell")).replace("\\\n", " ")
    shown = "\n".join(blocks(document, "console")).splitlines()  # commands and what they print
    lines = [line.strip() for line in joined.splitlines()]
    lines += [line.removeprefix("$ ") for line in shown if line.startswith("$ ")]
    return [line for line in lines if line and not line.startswith("#")]


def words_after(program_name: str, line: str) -> list[str] | None:
    """What the line hands to the program, up to a pipe; None if it does not call it."""
    words = shlex.split(line, comments=True)
    places = [i for i, word in enumerate(words) if Path(word).name == program_name]
    # Only at the front, or behind sudo: `sudo useradd … monitor` is no call.
    fronts = {(), ("sudo",), ("sudo", "-u", "monitor")}
    called = [i for i in places if tuple(words[:i]) in fronts]
    if not called:
        return None
    rest = words[called[0] + 1 :]
    ends = [i for i, word in enumerate(rest) if word in {"|", "&&", ";", ">", ">>", "<", "&"}]
    return rest[: ends[0]] if ends else rest


def calls(program_name: str) -> list[tuple[str, tuple[str, ...]]]:
    return [
        (str(document.relative_to(ROOT)), tuple(words))
        for document in DOCUMENTS
        for line in command_lines(document)
        if (words := words_after(program_name, line)) is not None
    ]


@pytest.mark.parametrize(("document", "words"), calls("monitor"))
def test_a_command_line_in_a_document_is_one_the_program_takes(
    document: str, words: tuple[str, ...]
) -> None:
    path, known = find_command(words)
    flags = {word.split("=")[0] for word in words if word.startswith("-") and word != "-"}
    assert not flags - known - {"--help"}, f"{document}: monitor {' '.join(words)}"
    result = CliRunner().invoke(application(), [*path, "--help"])
    assert result.exit_code == 0, f"{document}: monitor {' '.join(path)} --help"


def find_command(words: tuple[str, ...]) -> tuple[list[str], set[str]]:
    """The names of the command that the words reach, and every flag known on the way."""
    command: Any = get_command(application())
    path: list[str] = []
    known = flags_of(command)
    for word in words:
        if word in below(command):
            command = below(command)[word]
            path.append(word)
            known |= flags_of(command)
    wanted = not below(command) or all(word.startswith("-") for word in words)
    assert wanted, f"no such command: monitor {' '.join(words)}"
    return path, known


def flags_of(command: Any) -> set[str]:
    return {
        flag
        for parameter in command.params
        for flag in (*parameter.opts, *parameter.secondary_opts)
    }


@pytest.mark.parametrize(("document", "words"), calls("make"))
def test_a_make_target_in_a_document_exists(document: str, words: tuple[str, ...]) -> None:
    makefile = text_of(ROOT / "Makefile")
    for target in (word for word in words if "=" not in word and not word.startswith("-")):
        assert re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE), (
            f"{document}: make {target}"
        )


def test_readme_shows_the_two_commands() -> None:
    lines = command_lines(README)
    assert "make run" in lines
    assert "make test" in lines
