"""Logging: events with fields, not prose; no secret gets through."""

import logging
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import structlog

from monitor.core.secrets import redactor


class _Hidden:
    """The secrets that no line shows; an edit of the configuration may bring more."""

    def __init__(self) -> None:
        self._secrets: frozenset[str] = frozenset()
        self.redact = redactor(())

    def set(self, secrets: Iterable[str]) -> None:
        self._secrets = frozenset(secrets)
        self.redact = redactor(self._secrets)

    def add(self, secrets: Iterable[str]) -> None:
        if more := frozenset(secrets) - self._secrets:
            self.set(self._secrets | more)


_hidden = _Hidden()


def hide(secrets: Iterable[str]) -> None:
    """Keep these secrets out of the log too, from now on."""
    _hidden.add(secrets)


def configure(*, level: str, style: str, secrets: Iterable[str] = ()) -> None:
    """Send every log event, ours and the libraries', to standard error."""
    _hidden.set(secrets)

    def without_secrets(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
        # structlog's own entries, for its formatter, begin with an underscore.
        return {k: v if k.startswith("_") else _plain(v, _hidden.redact) for k, v in event.items()}

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        without_secrets,
    ]
    last = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=24)
    )
    said: Any = _fields_only if style == "json" else _as_said
    structlog.configure(
        processors=[*shared, said, last],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),  # a line at once: threads log
        cache_logger_on_first_use=False,
    )
    # Libraries speak only when something is wrong; apprise shows tokens at DEBUG.
    forward = _Forward(last, shared)
    forward.setLevel(logging.WARNING)  # apprise's own logger is set to INFO, whose words we read
    forward.addFilter(_not_told_by_us)
    logging.basicConfig(level=logging.WARNING, handlers=[forward], force=True)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def _plain(value: object, redact: Callable[[str], str]) -> object:
    """A field's value as both styles write it: times as ISO 8601 in UTC, members by value."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {key: _plain(each, redact) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each, redact) for each in value]
    return redact(str(value))


def _not_told_by_us(record: logging.LogRecord) -> bool:
    """Whether no event of ours says it: what Apprise logs stands in `delivery.failed`."""
    return record.name.partition(".")[0] != "apprise"


def _as_said(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """People read the sentence of an event that has one (`said=`), instead of its fields."""
    if "said" not in event:
        return event
    kept = {key: event[key] for key in ("timestamp", "level") if key in event}
    return kept | {"event": event["said"]}


def _fields_only(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Programs read the fields: the sentence says nothing that they do not."""
    return {key: value for key, value in event.items() if key != "said"}


class _Forward(logging.Handler):
    """Turns a library's log record into one of our events."""

    def __init__(self, last: Any, shared: list[Any]) -> None:
        super().__init__()
        self._formatter = structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
        )

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(f"{self._formatter.format(record)}\n")
