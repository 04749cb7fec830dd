"""How far two readers agree: `python tests/eval/agreement.py` prints kappa per topic and column."""

import sys
from collections import Counter
from collections.abc import Hashable, Iterable
from pathlib import Path

LABELS = Path(__file__).with_name("labels")


def topics(path: Path) -> dict[str, dict[str, int]]:
    """Strength by topic, by id."""
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line)
    return {key: {part[0]: int(part[1]) for part in marks.split(",")} for key, marks in rows}


def events(path: Path) -> dict[str, list[list[str]]]:
    """Rows of type, source, target, status, speaker, by id."""
    found: dict[str, list[list[str]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        key, *row = line.split("\t")
        found.setdefault(key, []).append(row)
    return found


def kappa(pairs: Iterable[tuple[Hashable, Hashable]]) -> float:
    """Cohen's kappa; 1.0 where both always say the same one thing."""
    pairs = list(pairs)
    same = sum(one == other for one, other in pairs) / len(pairs)
    left, right = (Counter(side) for side in zip(*pairs, strict=True))
    chance = sum(left[key] * right[key] for key in left) / len(pairs) ** 2
    return 1.0 if chance == 1 else (same - chance) / (1 - chance)


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main() -> None:
    for name in ("topics", "late", "invented", "spring"):
        one, other = (topics(LABELS / f"{name}-{reader}.tsv") for reader in "ab")
        ids = sorted(one.keys() | other.keys())
        _tell(f"{name}: {len(ids)} headlines that a reader gave a label")
        for topic in "DKS":
            pairs = [(topic in one.get(key, {}), topic in other.get(key, {})) for key in ids]
            _tell(f"  {topic}: kappa {kappa(pairs):.2f}, both {sum(a and b for a, b in pairs)}")
    for name in ("events", "late-events", "spring-events"):
        _tell_events(name)


def _tell_events(name: str) -> None:
    one, other = (events(LABELS / f"{name}-{reader}.tsv") for reader in "ab")
    _tell(f"{name}: {len(one)} and {len(other)} headlines")
    both = sorted(one.keys() & other.keys())
    types = [({r[0] for r in one[key]} == {r[0] for r in other[key]}) for key in both]
    _tell(f"  the same types: {sum(types) / len(types):.2f}")
    shared = [
        (a, b) for key in both for a in one[key] for b in other[key] if a[0] == b[0] != "none"
    ]
    for column, part in enumerate(("source", "target", "status", "speaker"), start=1):
        pairs = [(a[column], b[column]) for a, b in shared]
        same = sum(a == b for a, b in pairs) / len(pairs)
        _tell(f"  {part}: {same:.2f} the same of {len(pairs)} shared events")


if __name__ == "__main__":
    main()
