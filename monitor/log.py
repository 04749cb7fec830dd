"""Logging: events with fields, not prose; no secret gets through."""

import logging
import sys
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

import structlog

SHORTEST_SECRET = 4  # characters; shorter values would blank ordinary words

Redact = Callable[[str], str]


def redactor(secrets: Iterable[str]) -> Redact:
    """A function that blanks every secret in a text, raw and percent-encoded."""
    spelled = {form for each in secrets for form in (each, quote(each, safe=""), quote(each))}
    ordered = sorted((s for s in spelled if len(s) >= SHORTEST_SECRET), key=len, reverse=True)

    def redact(text: str) -> str:
        for secret in ordered:
            text = text.replace(secret, "***")
        return text

    return redact


def configure(*, level: str, style: str, secrets: Iterable[str] = ()) -> None:
    """Send every log event, ours and the libraries', to standard error."""
    redact = redactor(secrets)

    def without_secrets(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
        return {
            key: redact(value) if isinstance(value, str) else value for key, value in event.items()
        }

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
    logging.basicConfig(level=logging.WARNING, handlers=[forward], force=True)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


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
