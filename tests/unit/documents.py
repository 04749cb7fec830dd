"""Reading the documents of the project, for tests that compare them with the program.

Code in a document is what stands in backticks or in a fenced block; prose does not count.
"""

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")


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
