"""Every key of the configuration is documented, and the YAML that a document shows loads."""

import re
from pathlib import Path

import pytest
import yaml
from documents import DOCUMENTS, ROOT, names, section, text_of

import monitor.config
from monitor.config.knowledge import KEYS as KNOWLEDGE_KEYS

CONFIGURATION = ROOT / "docs" / "configuration.md"
KNOWLEDGE = ROOT / "docs" / "knowledge.md"
RULES = ROOT / "docs" / "rules.md"
MARKED = re.compile(r"^```(\w*) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
REFERENCE = re.compile(r"\$\{(\w+)\}")


# --- keys


UNKNOWN = "no-such-key"
SHAPES = ("{%s: %s}", "{%s: [%s]}")  # a key holds a mapping, or a list of them
ROOTS = (
    ("monitor.yaml", "%s"),
    ("channels.yaml", "{some-channel: %s}"),
    ("outlets/document.yaml", "%s"),
    ("outlets/document.yaml", "{outlets: [{id: some-outlet, feeds: [%s]}]}"),
    ("knowledge/document.yaml", "%s"),
    ("knowledge/document.yaml", "{actors: {someone: %s}}"),
    ("knowledge/document.yaml", "{offices: {some: %s}}"),
    ("knowledge/document.yaml", "{modifiers: {some: %s}}"),
    ("knowledge/document.yaml", "{types: {some: %s}}"),
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
                # Where ids are expected, there may be none, and they are no settings.
                return () if found[1] == "none is defined" else tuple(found[1].split(", "))
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
    told_in = [KNOWLEDGE] if file.startswith("knowledge/") else [CONFIGURATION, RULES]
    missing = sorted(key for key in keys if not any(names(each, key) for each in told_in))
    assert not missing, f"not in {[each.name for each in told_in]}: {missing}"


# --- blocks


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
    if set(block) & set(KNOWLEDGE_KEYS) - {"version"}:
        return "knowledge/document.yaml"
    if "outlets" in block:
        return "outlets/document.yaml"
    if any(isinstance(v, dict) and "url" in v for k, v in block.items() if k != "heartbeat"):
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
