"""How an entry came to us: decided once, when a poll first shows it."""

from datetime import datetime, timedelta

from monitor.core.alerts import Origin

FRESH = timedelta(minutes=15)  # published this lately, a running watch had seen it no sooner


def origin_of(
    published: datetime | None,
    *,
    first_poll: bool,
    now: datetime,
    first_sight: timedelta,
    late_after: timedelta,
    blind_since: datetime | None,
) -> Origin:
    """How an entry that a poll shows for the first time came to us.

    What a feed lists at first sight is old unless dated recently. Later, what was published longer
    than `late_after` ago is an old item that the feed lists again. `blind_since` is set at the
    first poll after we, not the feed, could not look. What came out meanwhile was missed, and so
    was what is undated, or was dated a little before: nobody knows when the feed listed it.
    """
    if first_poll:
        young = published is not None and now - published <= first_sight
        return Origin.WELCOME if young else Origin.BASELINE
    if blind_since is not None and (
        published is None or blind_since - late_after <= published <= now - FRESH
    ):
        return Origin.MISSED
    late = published is not None and now - published > late_after
    return Origin.LATE if late else Origin.LIVE
