"""The garbage collector of a process that makes much and keeps little of it."""

import gc

COLLECTED_AFTER = (20_000, 20, 20)  # new objects, and rounds of the younger generation


def settle() -> None:
    """From now on look only at what is new, and less often.

    Looking for cycles took a sixth of the time of a poll that finds nothing new
    (`bench/polling.py`) and of a backtest (`bench/backtest.py`). What is there by now is never
    looked at again: nor touched, and so not copied where processes that are forked share it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)
