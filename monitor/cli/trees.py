"""Evidence and explanations, as people read them."""

from collections.abc import Sequence
from itertools import groupby

from monitor.cli.output import BAD, FAINT, GOOD, count, say
from monitor.core.evidence import FIELDS, Explanation, Kind
from monitor.core.excerpts import excerpts
from monitor.core.misses import misses, nearness
from monitor.core.model import Document, Evidence

QUOTES_SHOWN = 3  # pieces of evidence beside one part of an explanation
MISSES_SHOWN = 2  # branches of an alternative that came nearest; the others are counted


def show(tree: Explanation, *, depth: int = 0) -> None:
    """Print an explanation: what held, with its evidence; what did not, the nearest miss first."""
    mark, style = ("✓ ", GOOD) if tree.held else ("✗ ", BAD)
    # What a part lacks is said at the part itself, not again by all that hold it.
    lacks = [tree.missing] if tree.missing and not tree.children else []
    said = "; ".join(filter(None, [*lacks, tree.near]))
    missing = f"  {said}" if said else ""
    found_there = list(dict.fromkeys(f"»{each.quote}« in {each.field}" for each in tree.evidence))
    hits = ", ".join(found_there[:QUOTES_SHOWN])
    more = len(found_there) - QUOTES_SHOWN
    hits += f" and {more} more" if more > 0 else ""
    found = f"  {hits}" if hits else ""
    say((mark, style), tree.label, found, (missing, FAINT), indent=2 * depth)
    shown = _telling(tree)
    for child in shown:
        show(child, depth=depth + 1)
    if tree.kind is Kind.ANY and (left := len(tree.children) - len(shown)):
        others = count(left, "other branch", "other branches")
        what = "not needed" if tree.held else "further from it"
        say((f"… {others}, {what}", FAINT), indent=2 * depth + 2)


def _telling(tree: Explanation) -> Sequence[Explanation]:
    """The children that decide: of an alternative the ones that held, or that came nearest."""
    if tree.kind is Kind.NONE and tree.held:
        return ()
    if tree.kind is not Kind.ANY:
        return tree.children
    if tree.held:
        return [child for child in tree.children if child.held]
    return sorted(tree.children, key=nearness, reverse=True)[:MISSES_SHOWN]


def show_misses(tree: Explanation) -> None:
    """Print which branches of a rule failed, and how close they came."""
    say(("✗ ", BAD), tree.label)
    for miss in misses(tree):
        place = " > ".join((*miss.within, miss.branch))
        say((f"{place}: ", FAINT), miss.why, indent=4)


def reasons(evidence: Sequence[Evidence]) -> list[str]:
    """`»strike« list $force via “strike*”`, each once, in reading order."""
    return list(
        dict.fromkeys(
            f"»{each.quote}« {f'{each.case}: ' if each.case else ''}{each.why}" for each in evidence
        )
    )


def quoted(evidence: Sequence[Evidence], document: Document) -> list[str]:
    """`title: the »hit« in its sentence`, one line an excerpt, in reading order."""
    lines = []
    placed = sorted(evidence, key=lambda each: (FIELDS.index(each.field), each.start))
    for field, hits in groupby(placed, key=lambda each: each.field):
        spans = [(hit.start, hit.end) for hit in hits]
        text = getattr(document, field) or ""
        lines += [f"{field}: {excerpt}" for excerpt in excerpts(text, spans)]
    return lines
