"""A webhook receiver in a process of its own: `python receiver.py`, which prints its port.

It answers 200 to whatever comes, and tells on a GET how much that was.
"""

import asyncio
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LIMIT = 2**20  # bytes of a head


async def serve() -> None:
    """Answer until the process is ended."""
    taken = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                length = head.partition("content-length:")[2].split("\r\n", 1)[0].strip()
                await reader.readexactly(int(length or 0))
                taken += head.startswith("post")
                said = str(taken).encode()
                ends = f"Content-Length: {len(said)}\r\n\r\n".encode()
                writer.write(b"HTTP/1.1 200 OK\r\n" + ends + said)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, limit=LIMIT)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def receiving() -> Iterator[int]:
    """A receiver at work; its port."""
    file = Path(__file__).resolve()
    process = subprocess.Popen([sys.executable, str(file)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def taken(port: int) -> int:
    """How many messages a receiver has been given."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
        return int(answer.read())


if __name__ == "__main__":
    asyncio.run(serve())
