"""docs/rules.md, "A rule step by step": its files load, its commands print what it shows.

A block of YAML is the rule file as it stands from then on, a diff an edit of the last whole one. A
`console` block holds commands and what they print, a `text` block what the watch sends to its
channel. `live` behind the name of a block's language: the watch runs, and the file is saved.
"""

import re
import shlex
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from test_reload import Person
from typer.testing import CliRunner

from monitor.cli import app

RULES = Path(__file__).resolve().parents[2] / "docs" / "rules.md"
TUTORIAL = "## A rule step by step"
BLOCK = re.compile(r"^```(\w+) ?(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TIMES = (
    re.compile(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?=\d)"),
    re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d(?: UTC)?)?"),
    re.compile(r"\d{1,2} [A-Z][a-z]{2}(?: \d{4})?(?:,? \d\d:\d\d)?(?: UTC)?"),
    re.compile(r"\d\d:\d\d(?: UTC)?"),
    re.compile(r"\b\d+\.\d+\b"),
    re.compile(r"in (?:\d+|…) days\b"),
    re.compile(r"https?://[^\s)]+"),
)
OTHER = "rules:\n  - {id: prices, title: Prices, when: {all: [Venezuela, inflation]}}\n"
OUTLETS = """\
outlets:
  - id: courier
    name: Gulf Courier
    country: US
    language: en
    tier: national
    feeds: [{{url: "http://{address}/feed/a"}}]
  - id: puerto
    name: Diario del Puerto
    country: ES
    language: es
    tier: national
    feeds: [{{url: "http://{address}/feed/b"}}]
"""
A_WEEK = (  # days before today, feed, headline
    (5, "a", "Harvest festival opens in the valley"),
    (4, "a", "US seizes tanker off Venezuela"),
    (3, "a", "Venezuela: tanker drivers strike over pay"),
    (3, "b", "La marina abordó otro buque frente a Venezuela"),
    (2, "a", "Trinidad escorts a tanker convoy past Venezuela"),
)
NEWS = {  # what comes under a heading, and how many minutes later
    "On trial, then live": [(6, "a", "Marines board a vessel in a port of Venezuela", "")],
    "What an alert says": [
        (3 * 24 * 60, "a", "Orchestra tours the highlands", ""),
        (6, "a", "US boards tanker off Venezuela, two wounded", ""),
        (6, "b", "Suben los seguros marítimos", "Frente a Venezuela, la marina incautó un buque."),
        (6 * 60, "a", "A quiet evening at the theatre", ""),
    ],
    "Many reports, or none": [
        (6, "a", "Tanker queue grows in a port of Venezuela", ""),
        (6, "b", "Un petrolero cargado sale de Venezuela hacia la India", ""),
        (6, "a", "Insurers raise their rates for every vessel near Venezuela", ""),
        (15, "a", "A short night in the valley", ""),
    ],
}
SPANISH = "La tarde fue tranquila y los vecinos hablaron del tiempo en la plaza del pueblo. " * 12


@dataclass(frozen=True)
class Step:
    """One block, and the heading above it."""

    heading: str
    language: str
    live: bool
    body: str


def steps() -> list[Step]:
    """The blocks of the tutorial, in order."""
    told = RULES.read_text(encoding="utf-8")
    start = told.index(f"\n{TUTORIAL}\n")
    told = told[start : told.index("\n## ", start + 1)]
    opening, *parts = re.split(r"^### (.*)\n", told, flags=re.MULTILINE)
    found = [
        Step(heading, language, mark == "live", body)
        for heading, part in zip(parts[::2], parts[1::2], strict=True)
        for language, mark, body in BLOCK.findall(part)
    ]
    assert "```" not in opening
    assert len(found) * 2 == told.count("\n```"), "a fence has another form"
    assert {step.language for step in found} == {"yaml", "diff", "console", "text"}
    assert set(NEWS) <= {step.heading for step in found}
    return found


def edited(file: str, diff: str) -> str:
    """A file with the lines of a diff taken out and put in, in its place."""
    lines = diff.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] in " -")
    after = "".join(line[1:] for line in lines if line[0] in " +")
    assert file.count(before) == 1, f"the file holds these lines once:\n{before}"
    return file.replace(before, after)


def timeless(told: str) -> str:
    """What was told, with every instant, and what follows from it, left open."""
    told = told.replace("\N{ONE DOT LEADER}", ".")  # a channel makes no link of a file's name
    for pattern in TIMES:
        told = pattern.sub("…", told)
    lines = (re.sub(r" {2,}", "  ", line).rstrip() for line in told.strip().splitlines())
    return "\n".join(lines)


@dataclass
class Reader:
    """Does what the tutorial says, block by block."""

    person: Person
    newsroom: Any
    name: str = ""
    whole: str = ""  # the file as it stands
    heading: str = ""
    sent: str = ""  # since it was saved last
    news: list[Any] = field(default_factory=list)

    def take(self, step: Step) -> None:
        if step.heading != self.heading:
            self.heading, self.sent = step.heading, ""
            self.news = list(NEWS.get(step.heading, ()))
            if self.name:
                self.person.write(**{self.name: self.whole})
        if step.language in {"yaml", "diff"}:
            self._save(step)
            return
        for minutes, feed, headline, closing in self.news:
            self.publish(headline, feed, closing)
            self.sent += self.person.desk.sweep(minutes=minutes)
        self.news = []
        if step.language == "console":
            assert timeless(self._ran(step.body)) == timeless(step.body)
        else:
            assert timeless(step.body) in timeless(self.sent)

    def _save(self, step: Step) -> None:
        if step.language == "yaml":
            named = re.match(r"# (\S+)\.yaml\n", step.body)
            assert named, "a block begins with the name of its file"
            self.name, text = named[1].replace("/", "__"), step.body
            self.whole = text
        else:
            text = edited(self.whole, step.body)
        if step.live:
            self.sent = self.person.edit(**{self.name: text})
            self.whole = self.whole if "is not in force" in self.sent else text
        else:
            self.person.write(**{self.name: text})

    def publish(self, headline: str, feed: str, closing: str) -> None:
        text = f"{headline}.\n{SPANISH}\n{closing}" if feed == "b" else ""
        self.newsroom.publish(headline, feed=feed, text=text)

    def _ran(self, body: str) -> str:
        """The commands of a block, each with what it printed."""
        printed = ""
        for line in body.splitlines():
            if line.startswith("$ monitor "):
                said = shlex.split(line)[2:]
                given = [*said, "--config", str(self.person.directory)]
                result = CliRunner().invoke(app, given, catch_exceptions=False)
                structlog.reset_defaults()  # the command has set up a log of its own
                printed += f"{line}\n{result.output}"
        return printed


@pytest.fixture
def reader(open_desk, newsroom, files, tmp_path, database_url) -> Reader:
    """Someone beside a watch that has seen a few days of news under another rule."""
    files["outlets/papers.yaml"] = OUTLETS.format(address=newsroom.address)
    files["monitor.yaml"] = f"database: '{database_url}'\n{files['monitor.yaml']}"
    del files["rules/rules.yaml"]
    directory = tmp_path / "config"
    for name, text in (files | {"rules/prices.yaml": OTHER}).items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text, encoding="utf-8")
    desk = open_desk(rules__prices=OTHER)
    made = Reader(Person(desk, directory), newsroom)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for days, feed, headline in A_WEEK:
        desk.clock.moment = max(desk.clock.moment, today - timedelta(days=days))
        made.publish(headline, feed, "")
        desk.sweep(hours=2)
    # Not today, so that neither bars nor instants depend on the hour in which this runs.
    desk.clock.moment = today - timedelta(hours=4)
    made.person.edit()
    return made


def test_every_block_of_the_tutorial_is_true(reader):
    for step in steps():
        reader.take(step)
