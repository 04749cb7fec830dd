"""How a command ends; docs/operations.md explains the codes."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes; those from 70 on are named by sysexits.h, and systemd knows 78."""

    FINE = 0
    NO = 1  # the answer is no: a check found mistakes, a channel refused, nothing was found
    USAGE = 2
    UNEXPECTED = 70
    TEMPORARY = 75
    CONFIGURATION = 78


class MisuseError(Exception):
    """The command was called in a way that cannot work; the text says what to write instead."""
