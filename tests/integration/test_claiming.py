"""What is due is found among what is due, not among all that was ever sent."""

import pytest
from sqlalchemy import event

from monitor.pipeline import PIPELINE

DELIVER = next(step for step in PIPELINE if step.name == "deliver")


@pytest.fixture
def asked(desk):
    """Every statement that claiming messages puts to SQLite, with what it was given."""
    if desk.database.dialect != "sqlite":
        pytest.skip("PostgreSQL keeps figures by which it plans")
    found = []

    def note(_connection, _cursor, statement, given, _context, _many):
        if statement.startswith(("SELECT", "UPDATE", "WITH")):
            found.append((statement, given))

    event.listen(desk.database.writer, "before_cursor_execute", note)
    watch = desk.monitor.watch
    desk.database.write(lambda tx: DELIVER.claim(tx, watch, lease=DELIVER.lease, limit=5))
    event.remove(desk.database.writer, "before_cursor_execute", note)
    return found


def test_messages_are_claimed_without_a_walk_through_all_that_was_sent_or_read(desk, asked):
    assert asked
    with desk.database.read() as connection:
        plans = [
            row.detail
            for statement, given in asked
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
        ]
    walked = [
        plan
        for plan in plans
        for table in ("delivery", "article", "entry")
        if plan.startswith(f"SCAN {table}") or f"{table} USING INDEX ix_{table}_channel" in plan
    ]
    assert walked == []
