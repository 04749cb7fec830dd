"""`monitor alerts export` of a record of years: every row, and no more memory than for a day's."""

import csv
import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import shelves
from shelves import BRIDGE, NOW, publish

from monitor.core.alerts import Reason
from monitor.core.outbox import Kind, State
from monitor.storage.schema import alert, delivery, delivery_alert

MESSAGES = 20_000
TEXT = "Ñandú, said the harbour master of Strelsau.\n" * 25  # 1 kB: 22 MB in all
FEW = 100  # of the latest messages
ROOM = 8_000_000  # bytes of memory that the whole record may take beside what a few take
# The command, and then the most memory that it has taken; what the parent had counts in `rusage`.
MEASURED = """
import sys
from pathlib import Path
from monitor.cli import app
try:
    app()
finally:
    sys.stderr.write(Path("/proc/self/status").read_text())
"""


@pytest.fixture
def recorded(database, files, tmp_path, database_url):
    """A configuration on disk whose database has the record of many messages, a minute apart."""
    publish(shelves.prepared(database), 1, BRIDGE)
    numbers = range(1, MESSAGES + 1)
    made = {number: NOW - timedelta(minutes=MESSAGES - number) for number in numbers}

    def fill(tx):
        told = {"rule_id": "bridges", "reason": Reason.FIRST_REPORT, "story_id": 1, "article_id": 1}
        tx.execute(
            alert.insert(),
            [
                {"id": each, "subject": f"story:1:{each}", "decided_at": made[each], **told}
                for each in numbers
            ],
        )
        sent = {"channel": "desk", "kind": Kind.ALERT, "state": State.SENT, "body": TEXT}
        tx.execute(
            delivery.insert(),
            [
                {"id": each, "key": f"{each}", "title": f"Bridge {each}", **sent}
                | {"created_at": made[each], "sent_at": made[each], "not_before": made[each]}
                for each in numbers
            ],
        )
        tx.execute(
            delivery_alert.insert(),
            [{"delivery_id": each, "alert_id": each, "channel": "desk"} for each in numbers],
        )

    database.write(fill)
    directory = tmp_path / "desk"
    files["monitor.yaml"] = f"database: '{database_url}'\n{files['monitor.yaml']}"
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    return directory


@pytest.fixture
def export(recorded, tmp_path):
    """Runs the command by itself; what it wrote, and how many bytes of memory it took at most."""
    if not Path("/proc/self/status").exists():
        pytest.skip("only Linux tells the most memory that a process has taken")

    def run(form, *, since):
        words = ["alerts", "export", "--format", form, "--since", f"{since:%Y-%m-%d %H:%M}"]
        written = tmp_path / f"record.{form}"
        with written.open("wb") as file:
            done = subprocess.run(
                [sys.executable, "-c", MEASURED, *words, "--config", str(recorded)],
                check=True, stdout=file, stderr=subprocess.PIPE, text=True, timeout=120,
            )  # fmt: skip
        return written, 1024 * int(re.findall(r"VmHWM:\s*(\d+) kB", done.stderr)[0])

    return run


def read(written):
    """Row after row as other programs read them."""
    with written.open(encoding="utf-8", newline="") as file:
        if written.suffix == ".csv":
            yield from csv.DictReader(file)
        else:
            yield from map(json.loads, file)


def test_the_record_of_years_takes_no_more_memory_than_a_few_messages_of_it(export):
    few, usual = export("jsonl", since=NOW - timedelta(minutes=FEW - 1))
    assert len([*read(few)]) == FEW
    for form in ("jsonl", "csv"):
        every, most = export(form, since=NOW - timedelta(days=365))
        assert every.stat().st_size > 3 * ROOM
        for number, row in enumerate(read(every), 1):
            told = (int(row["delivery"]), int(row["alert"]), row["rule"], row["headline"])
            assert told == (number, number, "bridges", "Title 1")
            assert row["text"] == TEXT
        assert number == MESSAGES
        assert most - usual < ROOM, f"{form}: {most - usual:,} bytes more"
