"""What commands print: colour on a terminal, plain lines in a pipe, JSON on request."""

import dataclasses
import json
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from monitor.core.text import clean

if TYPE_CHECKING:
    from rich.console import Console

Cell = str | tuple[str, str]  # words, or words and a style of Rich

GOOD, BAD, DOUBT, FAINT, STRONG = "green", "bold red", "yellow", "dim", "bold"
HIT = "bold yellow"
GAP = "  "  # between columns in a pipe


def console() -> "Console":
    """Standard output; strangers' words are never taken for markup."""
    from rich.console import Console  # noqa: PLC0415 - 100 ms that JSON does not need

    return Console(file=sys.stdout, markup=False, highlight=False, emoji=False)


def say(*cells: Cell, indent: int = 0) -> None:
    """Print one line. In a pipe it is never wrapped; what stands between »« shines."""
    from rich.text import Text  # noqa: PLC0415 - see console

    out = console()
    line = Text(" " * indent)
    for each in cells:
        words, style = (each, "") if isinstance(each, str) else each
        line.append(clean(words), style=style or None)
    line.highlight_regex(r"»[^«]*«", HIT)
    out.print(line, soft_wrap=not out.is_terminal)


def table(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Print rows under headings; in a pipe as aligned columns."""
    out, found = console(), [list(row) for row in rows]
    if not out.is_terminal:
        _columns([list(headings), *found])
        return
    from rich import box  # noqa: PLC0415 - see console
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    drawn = Table(*headings, box=box.SIMPLE_HEAD, header_style=STRONG, pad_edge=False)
    for row in found:
        drawn.add_row(*(Text(*((each,) if isinstance(each, str) else each)) for each in row))
    out.print(drawn)


def _columns(rows: list[list[Cell]]) -> None:
    plain = [[clean(each if isinstance(each, str) else each[0]) for each in row] for row in rows]
    widths = [max(len(row[n]) for row in plain) for n in range(len(plain[0]))]
    for row in plain:
        line = GAP.join(word.ljust(width) for word, width in zip(row, widths, strict=True))
        write(line.rstrip())


def write(line: str) -> None:
    """Print a line as it is."""
    sys.stdout.write(f"{line}\n")


def emit(value: object, *, indent: int | None = 2) -> None:
    """Print JSON in UTF-8: enums and dates as text, dataclasses as objects."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=_plain)
    # Half of a surrogate pair has no UTF-8; its escape is what JSON has for it.
    text = re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)
    sys.stdout.flush()
    sys.stdout.buffer.write(f"{text}\n".encode())
    sys.stdout.buffer.flush()


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)


def rfc3339(moment: datetime | None) -> str | None:
    """An instant as `2026-01-03T14:02:00Z`."""
    if moment is None:
        return None
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def at(moment: datetime | None) -> str:
    """An instant for a person: `2026-01-03 14:02 UTC`."""
    return "never" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def count(number: int, singular: str, plural: str = "") -> str:
    """`1 feed`, `251 feeds`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
