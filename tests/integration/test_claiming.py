"""What is due is found among what is due, not among all that was ever sent."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from monitor.pipeline import PIPELINE

DELIVER = next(step for step in PIPELINE if step.name == "deliver")


Asked = list[tuple[str, tuple[object, ...]]]


@contextmanager
def listening(desk) -> Iterator[Asked]:
    """Every statement that is put to SQLite meanwhile, with what it was given."""
    if desk.database.dialect != "sqlite":
        pytest.skip("PostgreSQL keeps figures by which it plans")
    found: Asked = []

    def note(_connection, _cursor, statement, given, _context, _many):
        if statement.startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
            found.append((statement, given))

    event.listen(desk.database.writer, "before_cursor_execute", note)
    yield found
    event.remove(desk.database.writer, "before_cursor_execute", note)


def walks(desk, asked: Asked) -> list[str]:
    """The plans that go through all there is."""
    with desk.database.read() as connection:
        plans = [
            row.detail
            for statement, given in asked
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
        ]
    return [
        plan
        for plan in plans
        for table in ("delivery", "stand_in", "article", "entry")
        if plan.startswith(f"SCAN {table}") or f"{table} USING INDEX ix_{table}_channel" in plan
    ]


def test_messages_are_claimed_without_a_walk_through_all_that_was_sent_or_read(desk):
    watch = desk.monitor.watch
    with listening(desk) as asked:
        desk.database.write(lambda tx: DELIVER.claim(tx, watch, lease=DELIVER.lease, limit=5))
    assert asked
    assert walks(desk, asked) == []


def test_a_message_that_arrives_is_ended_by_one_statement_without_a_walk(desk, newsroom):
    desk.sweep()
    newsroom.publish("Strelsau offers talks")
    with listening(desk) as asked:
        assert "Strelsau offers talks" in desk.sweep(minutes=20)
    ends = [(words, given) for words, given in asked if "sent_at=" in words]
    assert len(ends) == 1
    assert walks(desk, ends) == []
    assert not [words for words, _ in asked if words.startswith("DELETE FROM delivery ")]
