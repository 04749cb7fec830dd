"""Telling a service manager how we are: systemd's notification protocol, sd_notify(3)."""

import os
import socket
import time


class Service:
    """Speaks to systemd if it started us with Type=notify; silent otherwise."""

    def __init__(self) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET", "")
        interval = int(os.environ.get("WATCHDOG_USEC", "0")) / 1_000_000  # seconds
        self._every = interval / 3
        self._last = 0.0

    def ready(self, status: str) -> None:
        self._notify(f"READY=1\nSTATUS={status}")

    def beat(self) -> None:
        """Proof of life; call it often, it speaks only three times per watchdog interval."""
        now = time.monotonic()
        if self._every and now - self._last >= self._every:
            self._last = now
            self._notify("WATCHDOG=1")

    def stopping(self) -> None:
        self._notify("STOPPING=1")

    def _notify(self, message: str) -> None:
        if not self._address:
            return
        address = self._address.replace("@", "\0", 1)  # an abstract socket is written with @
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaker:
            speaker.sendto(message.encode(), address)
