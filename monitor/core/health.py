"""What kind of trouble a feed is in: what follows from it differs."""

from enum import StrEnum


class Trouble(StrEnum):
    """How a feed fails. Soft trouble may pass by itself; for the rest a person must look."""

    SOFT = "soft"  # a time-out, 5xx, 429, no such address, refused: asked again soon
    HARD = "hard"  # 404, 410, no feed behind the address: asked seldom
    WALL = "wall"  # a bot check stands before it: asking more often makes it worse
    RESTING = "resting"  # another feed of its host was refused, and all of them wait
