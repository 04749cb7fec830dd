"""Log events, links, nouns and decisions: the documents and the program say the same."""

import ast
import re
from pathlib import Path

import pytest
from documents import DOCUMENTS, FENCE, ROOT, first_cells, section, text_of

GLOSSARY = ROOT / "docs" / "glossary.md"
OPERATIONS = ROOT / "docs" / "operations.md"
LOG_CALLS = {"debug", "info", "warning", "error", "exception", "critical"}
LOG = re.compile(r"(?:^|[._])log(?:ger)?\b")  # log, self._log, log.bind(…)
EVENT = re.compile(r"[a-z_]+(?:\.[a-z_]+)+")


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
