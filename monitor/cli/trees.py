"""Evidence and explanations, as people read them."""

from collections.abc import Sequence
from itertools import groupby

from monitor.cli.output import BAD, FAINT, GOOD, say
from monitor.core.evidence import FIELDS, Explanation
from monitor.core.excerpts import excerpts
from monitor.core.model import Document, Evidence

QUOTES_SHOWN = 3  # pieces of evidence beside one part of an explanation


def show(tree: Explanation, *, depth: int = 0) -> None:
    """Print an explanation: what held, with its evidence, and what was missing."""
    mark, style = ("✓ ", GOOD) if tree.held else ("✗ ", BAD)
    # What a part lacks is said at the part itself, not again by all that hold it.
    missing = f"  {tree.missing}" if tree.missing and not tree.children else ""
    hits = ", ".join(f"»{each.quote}« in {each.field}" for each in tree.evidence[:QUOTES_SHOWN])
    more = len(tree.evidence) - QUOTES_SHOWN
    hits += f" and {more} more" if more > 0 else ""
    found = f"  {hits}" if hits else ""
    say((mark, style), tree.label, found, (missing, FAINT), indent=2 * depth)
    for child in tree.children:
        show(child, depth=depth + 1)


def quoted(evidence: Sequence[Evidence], document: Document) -> list[str]:
    """`title: the »hit« in its sentence`, one line an excerpt, in reading order."""
    lines = []
    placed = sorted(evidence, key=lambda each: (FIELDS.index(each.field), each.start))
    for field, hits in groupby(placed, key=lambda each: each.field):
        spans = [(hit.start, hit.end) for hit in hits]
        text = getattr(document, field) or ""
        lines += [f"{field}: {excerpt}" for excerpt in excerpts(text, spans)]
    return lines
