"""The bundled week: which invented outlet publishes what, and when it changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from monitor.config.problems import Problems
from monitor.config.source import Items, Map, Node, Scalar, scan
from monitor.core.model import Outlet, OutletId, RuleId, Tier


@dataclass(frozen=True, slots=True)
class Version:
    """An article as it stands from `at` on. Paragraphs are separated by blank lines."""

    at: datetime
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Piece:
    """One invented article with all its versions, the first one as published."""

    id: str
    outlet: OutletId
    published: datetime
    summary: str | None
    author: str | None
    section: str | None
    versions: tuple[Version, ...]

    def at(self, moment: datetime) -> Version | None:
        """How the article stands at a moment; None before it is published."""
        shown = [version for version in self.versions if version.at <= moment]
        return shown[-1] if shown else None


@dataclass(frozen=True, slots=True)
class Week:
    """All of it."""

    begins: datetime
    ends: datetime
    outlets: tuple[Outlet, ...]
    pieces: tuple[Piece, ...]
    explain: tuple[tuple[str, RuleId], ...]  # an article told and one kept silent, with a rule each

    def piece(self, wanted: str) -> Piece:
        """The article of this id."""
        return next(piece for piece in self.pieces if piece.id == wanted)


Fields = dict[str, Node]


def read_week(path: Path) -> Week:
    """Read a week file; raises ConfigurationError with its mistakes."""
    problems = Problems()
    top = _fields(scan(path.name, path.read_text("utf-8"), problems))
    problems.raise_if_any()
    sources = [_fields(node) for node in _items(top["articles"])]
    texts = {_text(each, "id"): _text(each, "text") for each in sources if "text" in each}
    return Week(
        begins=_time(_text(top, "begins")),
        ends=_time(_text(top, "ends")),
        outlets=tuple(_outlet(_fields(node)) for node in _items(top["outlets"])),
        pieces=tuple(_piece(each, texts) for each in sources),
        explain=tuple(
            (_text(each, "article"), RuleId(_text(each, "rule")))
            for each in map(_fields, _items(top["explain"]))
        ),
    )


def _outlet(fields: Fields) -> Outlet:
    return Outlet(
        id=OutletId(_text(fields, "id")),
        name=_text(fields, "name"),
        country=_text(fields, "country"),
        language=_text(fields, "language"),
        tier=Tier(_text(fields, "tier")),
    )


def _piece(fields: Fields, texts: dict[str, str]) -> Piece:
    published = _time(_text(fields, "published"))
    first = Version(published, _text(fields, "title"), _body(fields, texts))
    versions = [first]
    for node in _items(fields["edits"]) if "edits" in fields else ():
        edit, last = _fields(node), versions[-1]
        title = _text(edit, "title") if "title" in edit else last.title
        text = _text(edit, "text") if "text" in edit else last.text
        versions.append(Version(_time(_text(edit, "at")), title, text))
    return Piece(
        id=_text(fields, "id"),
        outlet=OutletId(_text(fields, "outlet")),
        published=published,
        summary=_optional(fields, "summary"),
        author=_optional(fields, "author"),
        section=_optional(fields, "section"),
        versions=tuple(versions),
    )


def _body(fields: Fields, texts: dict[str, str]) -> str:
    """An article's own text, or that of the one it copies: whole, or its first half if cut."""
    if "text" in fields:
        return _text(fields, "text")
    paragraphs = texts[_text(fields, "of")].strip().split("\n\n")
    if _text(fields, "kind") == "cut":
        paragraphs = paragraphs[: (len(paragraphs) + 1) // 2]
    if "credit" in fields:
        paragraphs.append(_text(fields, "credit"))
    return "\n\n".join(paragraphs)


def _fields(node: Node) -> Fields:
    if not isinstance(node, Map):
        raise TypeError(f"{node.place}: expected keys and values")
    return {key.text: value for key, value in node.entries}


def _items(node: Node) -> Sequence[Node]:
    if not isinstance(node, Items):
        raise TypeError(f"{node.place}: expected a list")
    return node.nodes


def _text(fields: Fields, name: str) -> str:
    node = fields[name]
    if not isinstance(node, Scalar):
        raise TypeError(f"{node.place}: expected a text")
    return node.text


def _optional(fields: Fields, name: str) -> str | None:
    return _text(fields, name) if name in fields else None


def _time(written: str) -> datetime:
    return datetime.fromisoformat(written).astimezone(UTC)
