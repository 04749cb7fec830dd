"""What a killed process held, and the next one."""

from datetime import timedelta

from monitor.pipeline import PIPELINE


def claim_everything(desk):
    """What a process has in its hands when it is killed: claimed, never finished."""
    for step in PIPELINE:
        desk.database.write(
            lambda tx, step=step: step.claim(tx, desk.monitor.watch, lease=step.lease, limit=9)
        )


def test_the_next_process_on_sqlite_goes_on_at_once(open_desk, newsroom):
    desk = open_desk()
    if desk.database.dialect != "sqlite":
        claim_everything(desk)
        assert newsroom.requests == []
        open_desk().sweep()
        assert newsroom.requests == [], "another process may be at work on a shared database"
        return
    desk.sweep()
    newsroom.publish("Strelsau offers talks", published=desk.clock.now() + timedelta(minutes=4))
    desk.clock.pass_(minutes=6)
    claim_everything(desk)
    assert "Strelsau offers talks" in open_desk().sweep(), "it waited for the leases to end"
