"""Numbers as pictures made of letters, for terminals and messages."""

from collections.abc import Sequence

HEIGHTS = "▁▂▃▄▅▆▇█"
NONE = "·"  # in a sparkline


def sparkline(counts: Sequence[int]) -> str:
    """One character a number, its height by the highest; a dot where there is nothing."""
    top = max(counts, default=0)
    return "".join(
        HEIGHTS[(each * len(HEIGHTS) - 1) // top] if each > 0 else NONE for each in counts
    )


def bar(number: int, most: int, *, width: int) -> str:
    """A bar of `width` characters for `most`; at least one character for anything at all."""
    return "█" * (-(-number * width // most) if number else 0)
