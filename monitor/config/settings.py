"""monitor.yaml: how the program runs. docs/configuration.md explains every key."""

from collections.abc import Callable, Iterator
from datetime import UTC, timedelta, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from monitor import __version__
from monitor.config import calendars, proof, values
from monitor.config.fields import Fields, read_items, read_text
from monitor.config.problems import Problems, shown, unknown
from monitor.config.secrets import Secrets
from monitor.config.source import Broken, Node, Scalar
from monitor.core.errors import Place
from monitor.core.timing import in_words

FILE = "monitor.yaml"
DATABASE_SCHEMES = ("sqlite", "postgresql+psycopg")
CONNECTIONS_LIMIT = 256
WORKERS_LIMIT = 64  # processes


# A step holds its rows for two minutes. Reading speaks for three deadlines at most, of the page and
# of robots.txt, twice; polling for 40 s and two: of the last feed, and whether it lies.
LONGEST_DEADLINE = timedelta(seconds=30)


class LogLevel(StrEnum):
    """The least urgent event that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How a log line looks."""

    TEXT = "text"
    JSON = "json"


class Settings(BaseModel):
    """How the program runs, with the documented defaults. `state` is absolute."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    state: Path
    database_url: str = Field(repr=False)  # may hold a password
    directory: Path | None = None  # of the configuration; None for one that was read from nowhere
    poll_interval: timedelta = timedelta(minutes=5)  # where a feed begins
    poll_shortest: timedelta = timedelta(minutes=2)
    poll_longest: timedelta = timedelta(minutes=10)
    first_sight: timedelta = timedelta(hours=6)
    fetch_user_agent: str = f"media-monitor/{__version__}"
    fetch_deadline: timedelta = timedelta(seconds=20)
    host_spacing: timedelta = timedelta(seconds=1)
    fetch_connections: int = 64
    fetch_workers: int = 2
    fetch_allow: frozenset[tuple[str, int]] = frozenset()
    respect_robots: bool = True
    story_window: timedelta = timedelta(hours=72)
    retention_articles: timedelta = timedelta(days=365)
    retention_deliveries: timedelta = timedelta(days=365)
    retention_tombstones: timedelta = timedelta(days=730)
    retention_ledger: timedelta = timedelta(days=90)
    timezone: tzinfo = UTC  # of times of the day that name no other
    canary_every: timedelta = proof.CANARY_EVERY
    canary_within: timedelta = proof.CANARY_WITHIN
    heartbeat_url: str | None = Field(default=None, repr=False)  # often a secret by itself
    heartbeat_every: timedelta = proof.HEARTBEAT_EVERY
    log_level: LogLevel = LogLevel.INFO
    log_format: LogFormat = LogFormat.TEXT


def _deadline(written: str) -> timedelta:
    span = values.duration(written)
    if span > LONGEST_DEADLINE:
        raise ValueError(f"found {shown(written)}; allowed: up to 30 seconds")
    return span


# Section, key, field of Settings, reader. `fetch.allow` is a list and read by itself.
KEYS: tuple[tuple[str, str, str, Callable[[str], object]], ...] = (
    ("poll", "interval", "poll_interval", values.duration),
    ("poll", "shortest", "poll_shortest", values.duration),
    ("poll", "longest", "poll_longest", values.duration),
    ("poll", "first_sight", "first_sight", values.duration),
    ("fetch", "user_agent", "fetch_user_agent", values.user_agent),
    ("fetch", "deadline", "fetch_deadline", _deadline),
    ("fetch", "host_spacing", "host_spacing", values.duration),
    ("fetch", "connections", "fetch_connections", values.number(least=1, most=CONNECTIONS_LIMIT)),
    ("fetch", "workers", "fetch_workers", values.number(least=1, most=WORKERS_LIMIT)),
    ("fetch", "respect_robots", "respect_robots", values.boolean),
    ("story", "window", "story_window", values.duration),
    ("retention", "articles", "retention_articles", values.duration),
    ("retention", "deliveries", "retention_deliveries", values.duration),
    ("retention", "tombstones", "retention_tombstones", values.duration),
    ("retention", "ledger", "retention_ledger", values.duration),
    ("canary", "every", "canary_every", proof.canary_every),
    ("canary", "within", "canary_within", proof.canary_within),
    ("heartbeat", "every", "heartbeat_every", proof.heartbeat_every),
    ("logging", "level", "log_level", values.choice("level", LogLevel)),
    ("logging", "format", "log_format", values.choice("format", LogFormat)),
)
# What an edit changes while the watch runs; the rest is built at the start, and waits for the next.
LIVE = frozenset(
    {
        "poll_interval",
        "poll_shortest",
        "poll_longest",
        "first_sight",
        "host_spacing",
        "respect_robots",
        "story_window",
        "timezone",
        "retention_articles",
        "retention_deliveries",
        "retention_tombstones",
        "retention_ledger",
        "canary_every",
        "canary_within",
        "heartbeat_url",
        "heartbeat_every",
    }
)
SECTIONS = tuple(dict.fromkeys(section for section, *_ in KEYS))
TOP_KEYS = ("version", "state", "database", "timezone", *SECTIONS)
_WRITTEN = {field: f"{section}.{key}" for section, key, field, _ in KEYS} | {
    "state": "state",
    "timezone": "timezone",
    "database_url": "database",
    "fetch_allow": "fetch.allow",
    "heartbeat_url": "heartbeat.url",
}


def effective(wanted: Settings, *, started_with: Settings) -> Settings:
    """What the settings come to in a process that was started with others."""
    fixed = {name: getattr(started_with, name) for name in _WRITTEN if name not in LIVE}
    return wanted.model_copy(update=fixed)


def edited(before: Settings, after: Settings, *, started_with: Settings) -> Iterator[str]:
    """What becomes of each key of monitor.yaml that an edit changes, in words."""
    for name, key in sorted(_WRITTEN.items(), key=lambda pair: pair[1]):
        value = getattr(after, name)
        if value == getattr(before, name) or (
            name == "database_url" and _both_in_state(before, after)
        ):
            continue
        if name in LIVE:
            yield f"{FILE}: the new {key} is in force"
        elif value != getattr(started_with, name):
            yield f"{FILE}: the new {key} takes effect at the next start"
        else:
            yield f"{FILE}: {key} is again as the watch was started with"


def _both_in_state(before: Settings, after: Settings) -> bool:
    """Whether a SQLite database moves with its `state`, which is told."""
    return all(each.database_url.startswith("sqlite") for each in (before, after))


def read_settings(
    tree: Node | None, *, base: Path, secrets: Secrets, problems: Problems
) -> Settings:
    """The settings of monitor.yaml; without the file, the defaults."""
    top = Fields(
        Broken(Place(FILE)) if tree is None else tree, problems, what=FILE, allowed=TOP_KEYS
    )
    top.optional("version", values.version, 1)
    base = base.absolute()
    state = (base / top.optional("state", values.text, "../var")).resolve()
    found: dict[str, Any] = {"state": state, "database_url": f"sqlite:///{state / 'monitor.db'}"}
    found["directory"] = base
    if (database := top.node("database")) is not None:
        found["database_url"] = _database_url(database, found["database_url"], secrets, problems)
    found["timezone"] = top.optional("timezone", calendars.timezone, UTC)
    for name in SECTIONS:
        if (node := top.node(name)) is not None:
            found |= _section(name, node, secrets, problems)
    return _bounded(Settings(**found), top, problems)


def _bounded(settings: Settings, top: Fields, problems: Problems) -> Settings:
    """The interval between its bounds: one that was written widens them, the default gives way."""
    interval, shortest = settings.poll_interval, settings.poll_shortest
    longest = settings.poll_longest
    if shortest > longest:
        problems.add(
            (top.node("poll") or Broken(top.place)).place,
            f"shortest ({_said('poll_shortest', settings)}) is longer than longest "
            f"({_said('poll_longest', settings)}); a feed is asked at intervals between the two",
        )
        return settings
    if settings.canary_within > settings.canary_every:
        problems.add(
            (top.node("canary") or Broken(top.place)).place,
            f"within ({_said('canary_within', settings)}) is longer than every "
            f"({_said('canary_every', settings)}); one canary is on its way at a time",
        )
    if "poll_interval" in settings.model_fields_set:
        bounds = {"poll_shortest": min(shortest, interval), "poll_longest": max(longest, interval)}
    else:
        bounds = {"poll_interval": min(max(interval, shortest), longest)}
    return settings.model_copy(update=bounds)


def _said(field: str, settings: Settings) -> str:
    """A duration in words, marked where it is the default and stands in no file."""
    default = "" if field in settings.model_fields_set else ", the default"
    return in_words(getattr(settings, field)) + default


def _section(name: str, node: Node, secrets: Secrets, problems: Problems) -> dict[str, object]:
    keys = [(key, field, parse) for section, key, field, parse in KEYS if section == name]
    extra = {"fetch": ["allow"], "heartbeat": [proof.URL]}.get(name, [])
    section = Fields(node, problems, what=name, allowed=[key for key, *_ in keys] + extra)
    found: dict[str, object] = {}
    for key, field, parse in keys:
        if (value := section.optional(key, parse, None)) is not None:
            found[field] = value
    if name == "heartbeat":
        found["heartbeat_url"] = section.required(
            proof.URL, lambda written: proof.heartbeat_url(written, secrets)
        )
    if (allow := section.node("allow")) is not None:
        items = read_items(allow, problems, what="host:port pairs")
        read = [read_text(item, values.host_and_port, problems) for item in items]
        found["fetch_allow"] = frozenset(pair for pair in read if pair is not None)
    return found


def _database_url(node: Node, sqlite: str, secrets: Secrets, problems: Problems) -> str:
    """Messages never repeat the address: it may hold a password."""

    def parse(written: str) -> str:
        refuse_written_password(written)
        url = secrets.address(written)
        if url == "sqlite":
            return sqlite
        scheme, separator, _ = url.partition("://")
        if not separator or scheme not in DATABASE_SCHEMES:
            said = scheme if isinstance(node, Scalar) and written.startswith(scheme) else ""
            raise ValueError(
                f"{unknown('kind of database', said.partition(':')[0], DATABASE_SCHEMES)}; "
                'write "sqlite" or "postgresql+psycopg://user:${PGPASSWORD}@host/name"'
            )
        return url

    return read_text(node, parse, problems) or sqlite


def refuse_written_password(written: str) -> None:
    """A password in an address must be a reference. Raises ValueError."""
    try:
        password = urlsplit(written).password
    except ValueError:
        return  # told where the address is understood
    if password and "${" not in password:
        raise ValueError(
            "a password is written out here; put it into the environment and write ${NAME} in "
            "its place (or ${file:/path}, ${cred:name})"
        )
