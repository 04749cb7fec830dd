"""A bar chart as a PNG of a few hundred bytes, with the standard library alone (docs/adr/0021)."""

import struct
import zlib
from collections.abc import Sequence

BAR, GAP, HEIGHT = 16, 4, 64  # pixels
SCALE = 2  # mail is read on screens with two pixels for one
_PALETTE = bytes.fromhex("ffffff 5b84b1 b8bcc4".replace(" ", ""))  # nothing, a bar, the ground
_CLEAR = b"\x00"  # how solid the first colour is: dark mail shows through


def width(counts: Sequence[int]) -> int:
    """How wide the chart is shown, in pixels."""
    return (BAR + GAP) * len(counts)


def bars(counts: Sequence[int]) -> bytes:
    """A PNG with one bar a number, the highest as high as the picture; at least one number."""
    top = max(*counts, 1)
    heights = [-(-each * (HEIGHT - 2) // top) for each in counts]
    lines = []
    for level in range(HEIGHT, 0, -1):
        if level == 1:
            line = b"\x02" * (BAR + GAP) * SCALE * len(counts)
        else:
            line = b"".join(
                (b"\x01" if height >= level - 1 else b"\x00") * BAR * SCALE + b"\x00" * GAP * SCALE
                for height in heights
            )
        lines += [b"\x00" + line] * SCALE  # no filter
    size = struct.pack(">IIBBBBB", width(counts) * SCALE, HEIGHT * SCALE, 8, 3, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", size),
            _chunk(b"PLTE", _PALETTE),
            _chunk(b"tRNS", _CLEAR),
            _chunk(b"IDAT", zlib.compress(b"".join(lines), 9)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)
