"""Why a rule did not match: the branches that failed, and how close each came."""

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.core.evidence import PATTERN, Explanation, Kind, quotes

QUOTES_SHOWN = 2  # of what stands where it must not
NEARLY = 0.9  # nearness of a part that failed, however much of it stands there


@dataclass(frozen=True, slots=True)
class Miss:
    """A branch without which the rule cannot hold, or the nearest of several; `why` it failed.

    `within` names what it stands in, from the outside in.
    """

    branch: str
    why: str
    within: tuple[str, ...] = ()


def misses(tree: Explanation) -> tuple[Miss, ...]:
    """What would have to change for the explained rule to match; nothing where it does.

    Of alternatives only the nearest is told.
    """
    found = (miss for child in tree.children for miss in _misses(child, ()))
    return tuple(dict.fromkeys(found))


def nearness(tree: Explanation) -> float:
    """How close a part came to holding, 0–1: the share of its children's nearness."""
    if tree.held:
        return 1.0
    if tree.kind is Kind.NONE:  # what stands there is what must not
        return 1 - sum(child.held for child in tree.children) / (len(tree.children) or 1)
    if not tree.children:
        return NEARLY if tree.near else 0.0
    held = sum(nearness(child) for child in tree.children) / len(tree.children)
    return min(held, NEARLY)


def _misses(tree: Explanation, within: tuple[str, ...]) -> Iterator[Miss]:
    if tree.held:
        return
    failed = [child for child in tree.children if not child.held]
    if tree.kind is Kind.NONE:
        yield from _blockers(tree, within)
    elif tree.kind is Kind.ANY and failed:
        yield from _misses(max(failed, key=nearness), within)
    elif tree.kind is Kind.SOME:
        yield Miss(tree.label, tree.missing, within)
        lacking = [child for child in failed if child.kind is not Kind.NONE]
        if lacking:
            yield from _misses(max(lacking, key=nearness), (*within, tree.label))
    elif failed:
        yield from _lacking(tree, within)
    else:
        yield Miss(tree.label, tree.near or tree.missing, within)


def _blockers(tree: Explanation, within: tuple[str, ...]) -> Iterator[Miss]:
    """What stands there and must not."""
    for child in tree.children:
        if child.held:
            yield Miss(tree.label, f"blocked by {_seen(child)}", within)


def _lacking(tree: Explanation, within: tuple[str, ...]) -> Iterator[Miss]:
    """Each part that is needed and failed, and a regex that they leave alone."""
    joined = tree.kind is Kind.ALL and tree.label == "all"  # which says nothing about where
    inner = within if joined else (*within, tree.label)
    for child in tree.children:
        yield from _misses(child, inner)
    for child in tree.children:
        if child.held and child.label.startswith(PATTERN):
            yield Miss(child.label, f"{_seen(child)}: the regex has no companion here", within)


def _seen(tree: Explanation) -> str:
    """What was found, in quotes; the condition itself where it is none about words."""
    found = [f"»{each.quote}« in {each.field}" for each in quotes(tree)[:QUOTES_SHOWN]]
    return " and ".join(dict.fromkeys(found)) or tree.label
