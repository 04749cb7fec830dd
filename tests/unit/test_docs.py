"""The documents and the program say the same: nothing undocumented, nothing that does not run.

Code in a document is what stands in backticks or in a fenced block; prose does not count.
"""

import ast
import importlib
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer import Typer
from typer.main import get_command
from typer.testing import CliRunner

import monitor.config

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
CONFIGURATION = ROOT / "docs" / "configuration.md"
GLOSSARY = ROOT / "docs" / "glossary.md"
OPERATIONS = ROOT / "docs" / "operations.md"
RULES = ROOT / "docs" / "rules.md"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

LOG_CALLS = {"debug", "info", "warning", "error", "exception", "critical"}
LOG = re.compile(r"(?:^|[._])log(?:ger)?\b")  # log, self._log, log.bind(…)
EVENT = re.compile(r"[a-z_]+(?:\.[a-z_]+)+")
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
MARKED = re.compile(r"^```(\w*) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
REFERENCE = re.compile(r"\$\{(\w+)\}")


# --- reading documents


@cache
def text_of(document: Path) -> str:
    assert document.is_file(), f"{document.relative_to(ROOT)} is missing"
    return document.read_text(encoding="utf-8")


def blocks(document: Path, *languages: str) -> list[str]:
    """The fenced blocks in one of the languages, or all of them if none is named."""
    found = FENCE.findall(text_of(document))
    return [body for language, body in found if not languages or language in languages]


@cache
def code_of(document: Path) -> str:
    prose = FENCE.sub("", text_of(document))
    return "\n".join([*SPAN.findall(prose), *blocks(document)])


def names(document: Path, word: str) -> bool:
    """Whether the document's code holds the word, whole."""
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", code_of(document)) is not None


def section(document: Path, heading: str) -> str:
    """What stands under a heading of level two, up to the next."""
    found = re.search(
        rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text_of(document), re.MULTILINE | re.DOTALL
    )
    assert found, f"{document.relative_to(ROOT)} has no heading '## {heading}'"
    return found[1]


def first_cells(markdown: str) -> list[str]:
    """The first column of every table row, without backticks and stars."""
    cells = re.findall(r"^\|([^|\n]+)\|", markdown, re.MULTILINE)
    return [cell.strip().replace("`", "").replace("*", "") for cell in cells]


# --- log events


def log_events() -> dict[str, str]:
    """Every event name given to a log call in the package, and where."""
    found = {}
    for path in sorted((ROOT / "monitor").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and (event := logged(node)):
                found[event] = f"{path.relative_to(ROOT)}:{node.lineno}"
    return found


def logged(call: ast.Call) -> str | None:
    """The first argument of a call of a log's method; None for any other call."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in LOG_CALLS:
        return None
    if not LOG.search(ast.unparse(call.func.value)) or not call.args:
        return None
    first = call.args[0]
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def test_a_log_event_is_a_noun_and_what_happened_to_it() -> None:
    prose = [
        f"{place}: {event}" for event, place in log_events().items() if not EVENT.fullmatch(event)
    ]
    assert not prose, "\n".join(prose)


def test_every_log_event_is_documented() -> None:
    documented = set(first_cells(section(OPERATIONS, "Log events")))
    missing = [
        f"{event} ({place})" for event, place in log_events().items() if event not in documented
    ]
    assert not missing, "not under 'Log events' of docs/operations.md:\n" + "\n".join(missing)


def test_every_documented_log_event_exists() -> None:
    documented = [
        cell for cell in first_cells(section(OPERATIONS, "Log events")) if EVENT.fullmatch(cell)
    ]
    assert not set(documented) - set(log_events())


# --- settings


UNKNOWN = "no-such-key"
SHAPES = ("{%s: %s}", "{%s: [%s]}")  # a key holds a mapping, or a list of them
ROOTS = (
    ("monitor.yaml", "%s"),
    ("channels.yaml", "{some-channel: %s}"),
    ("outlets/document.yaml", "%s"),
    ("outlets/document.yaml", "{outlets: [{id: some-outlet, feeds: [%s]}]}"),
    ("knowledge/document.yaml", "%s"),
    ("rules/document.yaml", "%s"),
)


def allowed_keys(file: str, text: str, base: Path) -> tuple[str, ...]:
    """The keys that the loader offers where it meets one it does not know."""
    try:
        monitor.config.load({file: text}, base=base, environment={})
    except monitor.config.ConfigurationError as error:
        for problem in error.problems:
            if UNKNOWN in problem.message and (
                found := re.search(r"Allowed[^:]*: ([^;]+)", problem.message)
            ):
                assert " more" not in found[1], f"the loader does not list every key: {problem}"
                return tuple(found[1].split(", "))
    return ()


def settings(file: str, template: str, base: Path, seen: set[tuple[str, ...]]) -> set[str]:
    """Every key below a place in a file, asked of the loader itself, level by level."""
    keys = allowed_keys(file, template % f"{{{UNKNOWN}: 1}}", base)
    if not keys or keys in seen:  # conditions hold conditions
        return set()
    seen.add(keys)
    deeper = (
        settings(file, template % (shape % (key, "%s")), base, seen)
        for key in keys
        for shape in SHAPES
    )
    return set(keys).union(*deeper)


@pytest.mark.parametrize(("file", "template"), ROOTS)
def test_every_setting_is_documented(file: str, template: str, tmp_path: Path) -> None:
    keys = settings(file, template, tmp_path, set())
    assert keys, f"the loader names no key of {file}"
    missing = sorted(key for key in keys if not names(CONFIGURATION, key) and not names(RULES, key))
    assert not missing, f"neither in docs/configuration.md nor in docs/rules.md: {missing}"


# --- commands


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


# --- YAML


LEAST = {
    "channels.yaml": "the-default: {url: 'console:', default: true}\n",
    "rules/least.yaml": "rules: [{id: the-least, when: {all: [one, other]}}]\n",
}
TUTORIAL = "A rule step by step"  # of docs/rules.md: tests/integration/test_tutorial.py


def loading(document: Path) -> list[str]:
    """The blocks of YAML that must load, each by itself; what a tutorial builds up does not."""
    told = text_of(document)
    if document == RULES:
        told = told.replace(section(RULES, TUTORIAL), "")
    return [
        body for language, mark, body in MARKED.findall(told) if (language, mark) == ("yaml", "")
    ]


YAML_BLOCKS = [
    pytest.param(document, body, id=f"{document.name}-{number}")
    for document in DOCUMENTS
    for number, body in enumerate(loading(document), start=1)
]


def file_for(block: object) -> str:
    """Which configuration file a block of a document is (a part of)."""
    if isinstance(block, list) or (isinstance(block, dict) and {"id", "when"} & set(block)):
        return "rule"
    assert isinstance(block, dict), "a block of YAML is a mapping or a list of rules"
    if "rules" in block:
        return "rules/document.yaml"
    if "lists" in block:
        return "knowledge/document.yaml"
    if "outlets" in block:
        return "outlets/document.yaml"
    if any(isinstance(value, dict) and "url" in value for value in block.values()):
        return "channels.yaml"
    return "monitor.yaml"


def as_rules(body: str) -> str:
    """One rule, or a list of rules, as a whole file."""
    block = body if body.lstrip().startswith("-") else "- " + body.replace("\n", "\n  ").rstrip()
    if not re.search(r"\bid:", block):
        block = block.replace("- ", "- id: document\n  ", 1)
    return "version: 1\nrules:\n" + "\n".join(f"  {line}" for line in block.splitlines()) + "\n"


def around(name: str) -> dict[str, str]:
    """The files that make a block whole: the starter's outlets and lists, and the least else.

    The starter's rules stay out: a document may show one under the same name.
    """
    starter = monitor.config.read_directory(ROOT / "config")
    kept = {file: text for file, text in starter.items() if file.startswith(("outlets", "know"))}
    if name.startswith("outlets"):
        kept = {}  # an outlet that a document shows may stand in the starter too
    return LEAST | kept


@pytest.mark.parametrize(("document", "body"), YAML_BLOCKS)
def test_a_block_of_yaml_in_a_document_loads(document: Path, body: str, tmp_path: Path) -> None:
    name = file_for(yaml.safe_load(body))
    files = around(name)
    if name == "rule":
        name, body = "rules/document.yaml", as_rules(body)
    if name == "channels.yaml" and "default: true" not in body:
        body += "\nthe-default: {url: 'console:', default: true}\n"
    files[name] = body
    environment = {key: "1234" for text in files.values() for key in REFERENCE.findall(text)}
    configuration = monitor.config.load(files, base=tmp_path, environment=environment)
    assert not configuration.held


# --- links


def anchors(document: Path) -> set[str]:
    """The places in a document that a link may name, as GitHub makes them of headings."""
    told = FENCE.sub("", text_of(document))
    headings = re.findall(r"^#+ (.+)$", told, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


LINKS = [
    (document, link)
    for document in DOCUMENTS
    for link in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", text_of(document)))
    if not link.startswith(("http:", "https:", "mailto:"))
]


@pytest.mark.parametrize(("document", "link"), LINKS)
def test_a_link_leads_somewhere(document: Path, link: str) -> None:
    path, _, anchor = link.partition("#")
    target = (document.parent / path).resolve() if path else document
    assert target.exists(), f"{document.name}: {link}"
    if anchor:
        assert anchor in anchors(target), f"{document.name}: {link}"


# --- nouns


def nouns() -> list[str]:
    """The classes of model.py as words: ParsedFeed is "parsed feed"."""
    tree = ast.parse((ROOT / "monitor" / "core" / "model.py").read_text(encoding="utf-8"))
    classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    return [re.sub(r"(?<!^)(?=[A-Z])", " ", name).lower() for name in classes]


def test_every_noun_of_the_model_is_in_the_glossary() -> None:
    explained = {cell.split(" (")[0].lower() for cell in first_cells(text_of(GLOSSARY))}
    missing = [noun for noun in nouns() if noun not in explained]
    assert not missing, f"no row of their own in docs/glossary.md: {missing}"


# --- decisions


def test_every_decision_is_in_the_index() -> None:
    index = text_of(ROOT / "docs" / "adr" / "README.md")
    decisions = sorted(path.name for path in (ROOT / "docs" / "adr").glob("[0-9]*.md"))
    assert [name for name in decisions if f"({name})" not in index] == []
    numbers = [name[:4] for name in decisions]
    assert len(numbers) == len(set(numbers)), numbers
