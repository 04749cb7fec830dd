"""Precision and recall with their 95 % intervals, and how they are printed."""

import math
import os
import sys
from dataclasses import dataclass, field

Z = 1.96  # standard deviations around 95 % of a normal distribution


def interval(hits: int, of: int) -> tuple[float, float]:
    """Wilson's score interval of a share, 95 % (E. B. Wilson, 1927); 0 to 1 without any case."""
    if not of:
        return 0.0, 1.0
    share, square = hits / of, Z * Z / of
    middle = (share + square / 2) / (1 + square)
    around = Z * math.sqrt(share * (1 - share) / of + square / of / 4) / (1 + square)
    return max(0.0, middle - around), min(1.0, middle + around)


@dataclass
class Score:
    """Counts for one topic; `errors` in words. What is weak does not fire and is counted apart."""

    right: int = 0
    false: int = 0
    missed: int = 0
    weak: int = 0
    errors: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.false) if self.right + self.false else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    def count(self, text: str, *, wanted: str | None, fires: bool) -> None:
        """One text that must fire, may, or (None) must not."""
        if wanted == "must" and fires:
            self.right += 1
        elif wanted == "must":
            self.missed += 1
            self.errors.append(f"missed       {text}")
        elif wanted is None and fires:
            self.false += 1
            self.errors.append(f"false alarm  {text}")

    def __str__(self) -> str:
        precise = interval(self.right, self.right + self.false)
        found = interval(self.right, self.right + self.missed)
        return (
            f"{self.precision:.3f} ({precise[0]:.2f}-{precise[1]:.2f})"
            f"  {self.recall:.3f} ({found[0]:.2f}-{found[1]:.2f})"
            f"  {self.right:5}  {self.false:5}  {self.missed:6}  {self.weak:4}"
        )


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def tell_errors(errors: list[str]) -> None:
    """Each error, if `MONITOR_EVAL_ERRORS` is set."""
    if os.environ.get("MONITOR_EVAL_ERRORS"):
        for error in errors:
            tell(f"{'':14}{error}")
