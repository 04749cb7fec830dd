"""Calls that come again and again beside the rest of the program."""

import subprocess
import sys
import threading

from monitor.runners.recurring import every

NEVER_ENDS = """\
import threading
from monitor.runners.recurring import every

began = threading.Event()

def call():
    began.set()
    threading.Event().wait()

with every(0.01, call, patience=0.1):
    began.wait()
print("ended")
"""


def test_a_call_under_way_is_waited_for():
    began, go, done = threading.Event(), threading.Event(), []

    def call():
        began.set()
        go.wait()
        done.append(1)

    with every(0.01, call):
        began.wait()
        go.set()
    assert done


def test_a_call_that_fails_is_made_again():
    calls = []
    twice = threading.Event()

    def call():
        calls.append(1)
        if len(calls) == 2:
            twice.set()
        raise ValueError("as it happens")

    with every(0.01, call):
        assert twice.wait(10)


def test_a_call_that_never_ends_does_not_keep_the_program_from_ending():
    command = [sys.executable, "-c", NEVER_ENDS]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert found.stdout.splitlines()[-1] == "ended"
