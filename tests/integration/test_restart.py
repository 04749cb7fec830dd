"""What a killed process held, and the next one."""

from datetime import timedelta

import pytest

from monitor.pipeline import PIPELINE


def claim_everything(desk):
    """What a process has in its hands when it is killed: claimed, never finished."""
    for step in PIPELINE:
        desk.database.write(
            lambda tx, step=step: step.claim(tx, desk.monitor.watch, lease=step.lease, limit=9)
        )


# On PostgreSQL another process may be at work: there the leases must end by themselves.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_next_process_goes_on_at_once_with_what_a_killed_one_held(open_desk, newsroom):
    desk = open_desk()
    desk.sweep()
    newsroom.publish("Strelsau offers talks", published=desk.clock.now() + timedelta(minutes=4))
    desk.clock.pass_(minutes=6)
    claim_everything(desk)
    assert "Strelsau offers talks" in open_desk().sweep(), "it waited for the leases to end"
