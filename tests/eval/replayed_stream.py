"""Replays the recorded news stream through the real daemon with the starter rules.

`python tests/eval/replayed_stream.py [--since DAY] [--until DAY] [--every MINUTES] [--into DIR]`
prints the tables of docs/evaluation.md, "A replayed stream": what the desk was sent from the first
DAY until before the other, and how soon it heard of the picked events. The files are kept in DIR,
and read again without a replay if it holds a finished one. Titles and summaries are all there is:
no page is fetched. Every feed is empty at first, as if all that it shows were new.
"""

import argparse
import json
import random
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

import yaml  # noqa: E402 - the checkout comes first, whatever is installed
from stream import STREAM, Listed, domain, midnight, read_stream  # noqa: E402
from stream_report import EVENTS, report  # noqa: E402

from monitor import app, log  # noqa: E402
from monitor.runners.clock import ReplayClock  # noqa: E402

COUNTING = ("coverage-spike.yaml", "silence.yaml")  # left out, as in the demo: they count for weeks
POLLED_EVERY = 5  # minutes
STEPS = 5  # of the clock between two polls of a feed
FIRST_DAY, LAST_DAY = "2026-01-01", "2026-01-11"
LONGEST = timedelta(hours=3)  # of real time
LATEST = timedelta(minutes=45)  # after the last item, for what is bundled or collected
FINISHED = "finished.json"
COUNTRIES = {"au": "AU", "br": "BR", "fr": "FR", "ca": "CA", "nz": "NZ", "ar": "AR", "uk": "GB"}
TONGUES = {"gb": "GB", "uk": "GB", "au": "AU"}  # region of the feeds' language


class ToldClock(ReplayClock):
    """A stepping clock that tells the servers what time it is before anybody acts on it."""

    PATIENCE = 0.01  # of what the daemon's work takes, the waiting is the most

    def __init__(self, *, begins: datetime, ends: datetime, step: timedelta, control: int) -> None:
        super().__init__(begins=begins, ends=ends)
        self.STEP = step
        self._told = begins
        self._line = socket.create_connection(("127.0.0.1", control)).makefile("rw")
        self.heard: dict[str, int] = {}  # requests so far, by the servers

    def close(self) -> None:
        """Hang up, so that the servers may end."""
        self._line.close()

    def wait_until(self, moment: datetime | None, *, wake: threading.Event, idle: bool) -> None:
        super().wait_until(moment, wake=wake, idle=idle)
        if (now := self.now()) != self._told:
            self._told = now
            self._line.write(f"at {now.isoformat()}\n")
            self._line.flush()
            self.heard = json.loads(self._line.readline())


@dataclass(frozen=True)
class Ran:
    """What a replay took."""

    since: str
    until: str
    every: int  # minutes
    seconds: float
    polls: int
    documents: int
    memory: int  # MB at most, of the daemon's process
    whole: bool


@contextmanager
def served(since: datetime, until: datetime) -> Iterator[list[int]]:
    """The ports of the feeds, and the one for control."""
    words = [sys.executable, str(HERE / "stream_site.py"), since.isoformat(), until.isoformat()]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.stdin.close()


def write_configuration(
    into: Path, feeds: Sequence[Listed], ports: Sequence[int], *, every: int
) -> None:
    """The starter rules and knowledge over the outlets of the stream, one for each domain."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    shutil.copytree(ROOT / "config" / "knowledge", into / "knowledge")
    left_out = shutil.ignore_patterns(*COUNTING)
    shutil.copytree(ROOT / "config" / "rules", into / "rules", ignore=left_out)
    pause, allow = f"{every} minutes", [f"127.0.0.1:{port}" for port in ports]
    (into / "monitor.yaml").write_text(
        "state: var\n"
        f"poll: {{interval: {pause}, shortest: {pause}, longest: {pause}}}\n"
        f"fetch: {{allow: {json.dumps(allow)}}}\n"
    )
    (into / "channels.yaml").write_text('desk: {url: "file:messages/", default: true}\n')
    (into / "outlets").mkdir()
    listed = json.dumps({"outlets": outlets(feeds, ports)}, ensure_ascii=False, indent=1)
    (into / "outlets" / "stream.yaml").write_text(listed)


def outlets(feeds: Sequence[Listed], ports: Sequence[int]) -> list[dict[str, object]]:
    """An outlet for each domain: the starter's where it has one, and all who sign others' copy."""
    starter = [
        outlet
        for path in sorted((ROOT / "config" / "outlets").glob("*.yaml"))
        for outlet in yaml.safe_load(path.read_text("utf-8"))["outlets"]
    ]
    known: dict[str, dict[str, object]] = {}
    for outlet in starter:
        for feed in outlet.get("feeds", []):
            if not feed.get("aggregator"):
                known.setdefault(domain(feed["url"]), outlet)
    made: dict[object, dict[str, object]] = {
        outlet["id"]: without_feeds(outlet) for outlet in starter if outlet.get("credits")
    }
    for feed in feeds:
        found = known.get(feed.publisher) or known.get(domain(feed.url)) or unknown(feed)
        outlet = made.setdefault(found["id"], without_feeds(found))
        port = ports[feed.number]
        address = {"url": f"http://127.0.0.1:{port}/feed", "aggregator": feed.aggregates}
        outlet["feeds"].append(address)  # type: ignore[attr-defined]
    for outlet in made.values():
        if not outlet["feeds"]:
            del outlet["feeds"]  # it only signs
    return list(made.values())


def without_feeds(outlet: dict[str, object]) -> dict[str, object]:
    """An outlet of the starter before feeds of the stream are added; no page of it is fetched."""
    kept = {key: outlet[key] for key in ("id", "name", "country", "language", "tier")}
    signs = {"credits": outlet["credits"]} if outlet.get("credits") else {}
    return {**kept, **signs, "pages": {"headline_only": True}, "feeds": []}


def unknown(feed: Listed) -> dict[str, object]:
    """An outlet that the starter does not have; its country as far as its addresses tell it."""
    name = "google.com" if feed.aggregates else feed.publisher
    region = feed.language.lower().partition("-")[2]
    return {
        "id": "stream-" + name.replace(".", "-").lower(),
        "name": name,
        "country": COUNTRIES.get(name.rpartition(".")[2]) or TONGUES.get(region, "US"),
        "language": feed.language.partition("-")[0],
        "tier": "aggregator" if feed.aggregates else "national",
    }


def replay(into: Path, *, since: datetime, until: datetime, every: int) -> Ran:
    """Let the daemon live through the days; it keeps what it did in `into`."""
    feeds, began = read_stream(since=since, until=until), time.monotonic()
    with served(since, until) as (*ports, control):
        write_configuration(into, feeds, ports, every=every)
        configuration = app.configure(into)
        log.configure(level="warning", style="json", secrets=configuration.secrets)
        clock = ToldClock(
            begins=since,
            ends=until + LATEST,
            step=timedelta(minutes=every) / STEPS,
            control=control,
        )
        day = since
        with app.build(configuration, clock=clock, chance=random.Random(1).random) as monitor:

            def beat() -> None:
                nonlocal day
                took = time.monotonic() - began
                if clock.now() >= day:
                    sys.stderr.write(f"{day:%d %b}: {took:.0f} s {clock.heard}\n")
                    day += timedelta(days=1)
                if clock.over or took > LONGEST.total_seconds():
                    monitor.stop()

            monitor.run(beat=beat)
        clock.close()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        ran = Ran(
            since=f"{since:%Y-%m-%d}",
            until=f"{min(clock.now(), until):%Y-%m-%d}",
            every=every,
            seconds=time.monotonic() - began,
            polls=clock.heard["polls"],
            documents=clock.heard["documents"],
            memory=memory,
            whole=clock.over,
        )
    (into / FINISHED).write_text(json.dumps(asdict(ran)))
    return ran


def main() -> None:
    """Replay unless it has been done, and print the tables."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--since", default=FIRST_DAY, help="the first day")
    asked.add_argument("--until", default=LAST_DAY, help="the first day that is not replayed")
    asked.add_argument("--every", type=int, default=POLLED_EVERY, help="minutes between two polls")
    asked.add_argument("--into", type=Path, help="keep configuration, database and messages here")
    asked.add_argument("--events", type=Path, default=EVENTS, help="the picked events")
    words = asked.parse_args()
    if not STREAM.is_file():
        sys.exit(f"skipped: needs {STREAM}, which is not public")
    with tempfile.TemporaryDirectory() as passing:
        into: Path = words.into or Path(passing) / "desk"
        if (into / FINISHED).is_file():
            ran = Ran(**json.loads((into / FINISHED).read_text()))
        else:
            since, until = midnight(words.since), midnight(words.until)
            ran = replay(into, since=since, until=until, every=words.every)
        days = (midnight(ran.since), midnight(ran.until))
        tables = report(into / "var" / "monitor.db", *days, events=words.events)
        sys.stdout.write(f"{summary(ran)}\n\n{tables}\n")


def summary(ran: Ran) -> str:
    """What was replayed, and what it took."""
    how = "" if ran.whole else f" (broken off after {LONGEST})"
    return (
        f"Replayed {ran.since} until before {ran.until}{how}, each feed polled every {ran.every} "
        f"minutes: {ran.polls:,} polls, {ran.documents:,} of them brought a document; "
        f"{ran.seconds / 60:.0f} minutes, {ran.memory} MB."
    )


if __name__ == "__main__":  # the workers' fork server imports this file again
    main()
