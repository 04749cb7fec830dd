"""A simulated day of 300 feeds, and the same day at a fixed interval: `python bench/day.py`.

The feeds have bursts, windows of 20 to 50 items, outages (of single hosts, and of all at once),
304s that lie for hours, and host-wide 429s (tests/e2e/newsday.py). The real polling goes through it
by a clock that steps to the next moment at which a feed is due. An item counts if it was in its
window at a moment when its host answered; each one that was not seen must lie in a recorded gap.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "e2e"))

import days
from days import Outcome

SEED, FEEDS, HOSTS, HOURS = 1, 300, 100, 24
FIXED = "{interval: 5 minutes, shortest: 5 minutes, longest: 5 minutes}"
GOAL = 0.999  # of the items that could be seen


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        steered = lived(Path(place) / "steered", poll="{}")
        show("steered", steered)
        fixed = lived(Path(place) / "fixed", poll=FIXED)
        show("every 5 minutes", fixed)
    ratio = steered.requests_per_item / fixed.requests_per_item
    print(f"requests per new item, steered to fixed: {ratio:.2f}")
    met = steered.share >= GOAL and not steered.unexplained
    print(f"goal {GOAL:.1%} seen, every miss in a recorded gap: {'met' if met else 'MISSED'}")


def lived(place: Path, *, poll: str) -> Outcome:
    return days.live_through(place, seed=SEED, feeds=FEEDS, hosts=HOSTS, hours=HOURS, poll=poll)


def show(name: str, day: Outcome) -> None:
    print(
        f"{name}: {day.seen:,} of {day.observable:,} items seen ({day.share:.3%}), "
        f"{len(day.unexplained)} missed outside of a gap; {day.requests_per_item:.2f} requests "
        f"per new item; {HOURS * 3_600 / day.seconds:.0f} times real time"
    )
    print("  answers: " + ", ".join(f"{name} {count:,}" for name, count in day.told.items()))
    print(
        "  gaps: " + (", ".join(f"{name}: {count}" for name, count in day.gaps.items()) or "none")
    )


if __name__ == "__main__":
    main()
