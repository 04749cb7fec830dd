"""What kind of trouble a feed is in: what follows from it differs."""

from enum import StrEnum


class Trouble(StrEnum):
    """How a feed fails. Soft trouble and a rest may pass by themselves; else a person must look."""

    SOFT = "soft"  # a time-out, 5xx, no such host, refused: asked again soon
    HARD = "hard"  # it is gone, not for us, or no feed: asked seldom
    WALL = "wall"  # a bot check stands before it: asking more often makes it worse
    RESTING = "resting"  # 429, 503 or a Retry-After: its host, with all its feeds, is left alone
