"""Hearing at once what another process commits to a shared PostgreSQL."""

import threading
from collections.abc import Callable

from sqlalchemy import URL

LOOK_EVERY = 1.0  # seconds between looks at whether we are to stop
AGAIN_AFTER = 5.0  # seconds before connecting anew; the sweep's own fallback bridges them


class Listener:
    """Calls `heard` whenever a process announces a commit; close it to stop."""

    def __init__(self, url: URL, *, channel: str, heard: Callable[[], None]) -> None:
        self._address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._channel = channel
        self._heard = heard
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._stopping.set()
        self._thread.join()

    def _listen(self) -> None:
        import psycopg  # noqa: PLC0415 - an extra: only PostgreSQL needs it

        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._address, autocommit=True) as connection:
                    connection.execute(f"LISTEN {self._channel}".encode())
                    while not self._stopping.is_set():
                        for _ in connection.notifies(timeout=LOOK_EVERY, stop_after=1):
                            self._heard()
            except psycopg.OperationalError:  # the sweep says what is wrong with the database
                self._stopping.wait(AGAIN_AFTER)
