"""CPU time of polling, database included: `python bench/polling.py [--feeds N] [--peers N]`.

A real monitor does nothing but its poll step, on feeds of 30 realistic items that a server on
loopback shows on 200 ports, each a host of its own. Four rounds: all feeds new; nothing changed
(304); two new items in each; all 30 new. Beside it the bare libraries on the same bytes, and the
same rounds through reader and newsboat. Then once more with 5 ms of sleep in each commit.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from parts import bare, loopback, peers, watched

FEEDS, PEERS = 2_000, 500
HOSTS = 200
DELAY = 0.005  # seconds in each commit: a disk that really confirms
ROUNDS = (("first", 0, loopback.ITEMS), ("unchanged", 0, 0), ("two new", 2, 2), ("30 new", 30, 30))
GOALS = "goals: unchanged >= 3 x reader; 30 new <= 0.5 x reader and <= 1 x newsboat"
PARSING_GOAL = 1.3  # times feedparser's own CPU, where two of thirty items are new


@dataclass(frozen=True)
class Round:
    """One round of polls through the monitor."""

    cost: watched.Cost
    polls: int
    unchanged: int


def rounds(
    site: loopback.Site, directory: Path, urls: Sequence[str], *, delay: float = 0.0
) -> dict[str, Round]:
    """All rounds through a monitor; where the directory has seen the feeds, all but the first."""
    found, seen = {}, directory.exists()
    if not seen:
        watched.configure(directory, feeds=urls, allow=site.places)
    with watched.watched(directory, step="poll", delay=delay) as monitor:
        for name, new, items in ROUNDS[seen:]:
            site.publish(new)
            cost, told = monitor.work(), site.told()
            found[name] = Round(cost, told["polls"], told["unchanged"])
            show(name, found[name], len(urls) * items)
    return found


def show(name: str, done: Round, stored: int) -> None:
    cost, each = done.cost, done.cost.cpu / done.polls
    print(
        f"  {name:10} {done.polls:6} polls ({done.unchanged} 304s)  cpu {cost.cpu:7.2f} s "
        f"(main {cost.shares['main']:.2f})  wall {cost.wall:6.1f} s  {each * 1e3:6.2f} ms a poll  "
        f"{1 / each:6.0f} polls a CPU-second"
        + (f"  {cost.cpu / stored * 1e6:5.0f} us an item" if stored else "")
        + f"  {cost.commits} commits: {cost.commits / done.polls:.3f} a poll"
        + (f", {cost.commits / stored:.4f} an item" if stored else ""),
        flush=True,
    )


def alone(site: loopback.Site, feeds: int) -> dict[str, float]:
    """CPU seconds of the libraries alone; also what the ratios are taken to."""
    urls = site.feeds(feeds)
    changed, bodies, etags = bare.fetched(urls, {}, keep=False)
    unchanged, _, _ = bare.fetched(urls, etags, keep=False)
    kept, _, _ = bare.fetched(urls, etags, keep=True)
    reading, entries = bare.parsed(bodies)
    size = sum(map(len, bodies.values())) / feeds / 1_000
    print(
        f"bare libraries: {bare.versions('aiohttp', 'feedparser')}; {feeds} feeds of {size:.0f} kB"
    )
    print(f"  aiohttp: {bare.CONNECTIONS} connections, gzip, one connection a request: ")
    print(f"    304 {unchanged:.2f} s = {feeds / unchanged:.0f} a CPU-second; 200 {changed:.2f} s")
    print(f"    304 with connections kept alive {kept:.2f} s = {feeds / kept:.0f} a CPU-second")
    print(f"  feedparser: {bare.FEEDPARSER}: {reading:.2f} s, {entries} entries")
    return {"304": unchanged, "200": changed, "parse": reading}


def against(found: dict[str, Round], without: dict[str, float]) -> None:
    """The ratios to the bare libraries."""
    cpu = {name: each.cost.cpu for name, each in found.items()}
    print(f"  unchanged: {cpu['unchanged'] / without['304']:.2f} x aiohttp alone")
    for name in ("two new", "30 new"):
        both = without["200"] + without["parse"]
        print(
            f"  {name}: {cpu[name] / both:.2f} x aiohttp and feedparser alone, "
            f"{cpu[name] / without['parse']:.2f} x feedparser alone"
            + (f"; goal {PARSING_GOAL}" if name == "two new" else "")
        )


Peer = Callable[[Path, list[str]], AbstractContextManager[tuple[str, peers.Reload]]]


def peer(site: loopback.Site, start: Peer, urls: list[str]) -> dict[str, float]:
    """CPU seconds of each round through a peer; empty if it cannot be had."""
    found = {}
    with tempfile.TemporaryDirectory() as place:
        try:
            with start(Path(place), urls) as (name, reload):
                for round_, new, _ in ROUNDS:
                    site.publish(new)
                    found[round_] = reload()
        except peers.Missing as missing:
            print(f"  skipped: {missing}")
            return {}
    times = ", ".join(f"{round_} {spent:.2f} s" for round_, spent in found.items())
    print(f"  {name}: {times}", flush=True)
    return found


def compare(site: loopback.Site, directory: Path, urls: list[str]) -> None:
    """The monitor and its peers on the same feeds."""
    _, bodies, _ = bare.fetched(urls, {}, keep=False)
    size = sum(map(len, bodies.values())) / len(urls) / 1_000
    parsing, _ = bare.parsed(bodies)
    print(
        f"monitor and peers, {len(urls)} feeds of {size:.0f} kB; "
        f"feedparser alone {parsing:.2f} s; {GOALS}"
    )
    ours = {name: each.cost.cpu for name, each in rounds(site, directory, urls).items()}
    for start in (peers.reader, peers.newsboat):
        if theirs := peer(site, start, urls):
            ratios = ", ".join(f"{name} {ours[name] / theirs[name]:.2f}" for name in ours)
            speed = theirs["unchanged"] / ours["unchanged"]
            print(f"    monitor's CPU to it: {ratios}; unchanged feeds {speed:.1f} x as many")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--feeds", type=int, default=FEEDS, help="0: only with the peers")
    asked.add_argument("--peers", type=int, default=PEERS, help="feeds for the peers; 0: none")
    sizes = asked.parse_args()
    with loopback.site(hosts=HOSTS) as site, tempfile.TemporaryDirectory() as made:
        place = Path(made)
        if sizes.feeds:
            without, urls = alone(site, sizes.feeds), site.feeds(sizes.feeds)
            print(f"monitor: {sizes.feeds} feeds on {HOSTS} hosts, poll step only")
            against(rounds(site, place / "all" / "desk", urls), without)
            print(f"monitor, {DELAY * 1e3:g} ms in each commit:")
            rounds(site, place / "all" / "desk", urls, delay=DELAY)
        if sizes.peers:
            print("plain items (title, link, guid, date, 300 letters):")
            compare(site, place / "plain" / "desk", site.feeds(sizes.peers, plain=True))
            print("the same items as above:")
            compare(site, place / "rich" / "desk", site.feeds(sizes.peers))


if __name__ == "__main__":
    main()
