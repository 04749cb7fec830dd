"""Values as a person writes them.

Each function takes the text, or raises a ValueError that says what was found and what is allowed.
"""

import difflib
import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit, urlunsplit

from monitor.config.codes import COUNTRIES, MISTAKEN_COUNTRIES
from monitor.config.problems import shown, unknown
from monitor.core.timing import in_words

Choice = TypeVar("Choice", bound=StrEnum)

URL_LIMIT = 2_048  # characters; longer ones break proxies and old servers
NAME_LIMIT = 80  # characters of an id
DAYS_LIMIT = 36_500  # a duration beyond a century is a slip, and timedelta overflows at some point
TRIAL_SHORTEST = timedelta(hours=1)  # less shows nothing
TRIAL_LONGEST = timedelta(days=30)  # a rule that nobody hears for longer is forgotten
WORDS_LIMIT = 200  # words that `near` may span

UNITS = {
    "second": "seconds", "seconds": "seconds", "s": "seconds",
    "minute": "minutes", "minutes": "minutes", "m": "minutes",
    "hour": "hours", "hours": "hours", "h": "hours",
    "day": "days", "days": "days", "d": "days",
}  # fmt: skip
_DURATION = re.compile(r"([0-9]{1,9}) ?([a-z]+)")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = re.compile(r"[0-9]{1,9}")
_PORT = re.compile(r"[0-9]{1,5}")
ID = re.compile(r"[a-z0-9][a-z0-9_-]*")
LIST_NAME = re.compile(r"[a-z][a-z0-9_]*")
ACTOR_ID = re.compile(r"[a-z][a-z0-9_]*(?:[.][a-z][a-z0-9_]*)*")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}")
_PORT_LIMIT = 65_535


def text(written: str) -> str:
    """Any text but none."""
    if not written.strip():
        raise ValueError("a text is missing here")
    return written.strip()


def boolean(written: str) -> bool:
    """`true` or `false`; no other word is one."""
    if written not in ("true", "false"):
        raise ValueError(f"found {shown(written)}; allowed: true, false")
    return written == "true"


def version(written: str) -> int:
    """The version of the file format."""
    if written != "1":
        raise ValueError(f"found version {shown(written)}; this program reads version 1")
    return 1


def duration(written: str) -> timedelta:
    """`5 minutes`, `6 hours`, `90 days`, `20 seconds`, also `5m 6h 90d 20s`; above zero."""
    span = _measured(written)
    if not timedelta() < span <= timedelta(days=DAYS_LIMIT):
        raise ValueError(f"found {shown(written)}; allowed: above 0, up to {DAYS_LIMIT} days")
    return span


def trial(written: str) -> timedelta:
    """How long a rule is on trial, as `3 days`."""
    span = _measured(written)
    if not TRIAL_SHORTEST <= span <= TRIAL_LONGEST:
        raise ValueError(
            f"found {shown(written)}; a trial lasts from {in_words(TRIAL_SHORTEST)} to "
            f"{in_words(TRIAL_LONGEST)}; a rule without one leaves the key out"
        )
    return span


def _measured(written: str) -> timedelta:
    """A span of time, also none; one beyond the limit is cut."""
    found = _DURATION.fullmatch(written)
    if not found:
        raise ValueError(
            f'found {shown(written)}; write a whole number and a unit, as in "5 minutes" or "5m"'
        )
    unit = UNITS.get(found[2])
    if not unit:
        near = difflib.get_close_matches(found[2], UNITS, n=1)
        hint = f'; did you mean "{found[1]} {UNITS[near[0]]}"?' if near else "."
        raise ValueError(
            f"unknown unit in {shown(written)}{hint} Allowed: seconds (s), minutes (m), hours (h), "
            "days (d)"
        )
    if int(found[1]) > DAYS_LIMIT * 86_400:
        return timedelta(days=DAYS_LIMIT + 1)
    return timedelta(**{unit: int(found[1])})


def day(written: str) -> date:
    """`2026-12-31`: a day of the calendar."""
    if not _DAY.fullmatch(written):
        raise ValueError(f"found {shown(written)}; write a day as year-month-day, as in 2026-12-31")
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise ValueError(f"found {shown(written)}; the calendar has no such day") from None


def number(*, least: int, most: int) -> Callable[[str], int]:
    """A reader of whole numbers from `least` to `most`."""

    def read(written: str) -> int:
        if not _NUMBER.fullmatch(written) or not least <= int(written) <= most:
            raise ValueError(
                f"found {shown(written)}; allowed: a whole number from {least} to {most}"
            )
        return int(written)

    return read


def choice(what: str, closed: type[Choice]) -> Callable[[str], Choice]:
    """A reader of one word out of a closed set."""

    def read(written: str) -> Choice:
        return closed(one_of(what, [member.value for member in closed])(written))

    return read


def one_of(what: str, allowed: Iterable[str]) -> Callable[[str], str]:
    """A reader of one of some names."""
    names = list(allowed)
    known = frozenset(names)

    def read(written: str) -> str:
        if written not in known:
            raise ValueError(unknown(what, written, names))
        return written

    return read


def identifier(written: str) -> str:
    """The id of an outlet or a rule, or the name of a channel."""
    if not ID.fullmatch(written) or len(written) > NAME_LIMIT:
        raise ValueError(
            f"found {shown(written)}; allowed: lower-case letters, digits, - and _, up to "
            f"{NAME_LIMIT} of them{_repaired(written)}"
        )
    return written


def _repaired(written: str) -> str:
    near = re.sub(r"[^a-z0-9_]+", "-", written.lower()).strip("-_")[:NAME_LIMIT]
    return f'; did you mean "{near}"?' if near else ""


def list_name(written: str) -> str:
    """The name of a list, without `$`."""
    if not LIST_NAME.fullmatch(written) or len(written) > NAME_LIMIT:
        near = _repaired(written.lstrip("$").replace("-", "_").replace(" ", "_"))
        raise ValueError(
            f"found {shown(written)}; the name of a list is lower-case letters, digits and _, "
            f"beginning with a letter{near}"
        )
    return written


def actor_id(written: str) -> str:
    """The id of an actor, or the part that an office is: names with dots, the whole first."""
    if not ACTOR_ID.fullmatch(written) or len(written) > NAME_LIMIT:
        near = re.sub(r"[^a-z0-9_.]+", "_", written.lower())[:NAME_LIMIT].strip("_.")
        hint = f'; did you mean "{near}"?' if ACTOR_ID.fullmatch(near) else ""
        raise ValueError(
            f"found {shown(written)}; an id is lower-case letters, digits and _, beginning with a "
            f"letter, with a dot before each part, as in country.government{hint}"
        )
    return written


def plain_id(written: str) -> str:
    """The id of an event type or a modifier."""
    if not LIST_NAME.fullmatch(written) or len(written) > NAME_LIMIT:
        near = _repaired(re.sub(r"[-. ]+", "_", written))
        raise ValueError(
            f"found {shown(written)}; an id is lower-case letters, digits and _, beginning with a "
            f"letter{near}"
        )
    return written


def country(written: str) -> str:
    """ISO 3166 alpha-2, with the reserved EU and UN."""
    if written in COUNTRIES:
        return written
    near = MISTAKEN_COUNTRIES.get(written.upper(), written.upper())
    hint = f'; did you mean "{near}"?' if near in COUNTRIES else ""
    raise ValueError(
        f"found {shown(written)}; a country is two capital letters of ISO 3166, as in US{hint}"
    )


def language(written: str) -> str:
    """BCP 47, the primary subtag in lower case."""
    if LANGUAGE.fullmatch(written):
        return written
    primary, dash, rest = written.replace("_", "-").partition("-")
    near = f"{primary.lower()}{dash}{rest}"
    hint = f'; did you mean "{near}"?' if LANGUAGE.fullmatch(near) else ""
    raise ValueError(f"found {shown(written)}; a language is a BCP 47 tag, as in en or es-VE{hint}")


def web_address(written: str) -> str:
    """An http or https address with a host, without a password."""
    parts = _split(written)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        hint = ""
        if "://" not in written and "." in written:
            hint = f"; did you mean {shown('https://' + written)}?"
        raise ValueError(
            f"found {shown(written)}; an address begins with http:// or https:// and has a host"
            f"{hint}"
        )
    if "@" in parts.netloc:
        raise ValueError("an address must not carry a user name or a password")
    return written


def user_agent(written: str) -> str:
    """What the program calls itself; it becomes a header."""
    if not written.isascii() or not written.isprintable() or not written.strip():
        raise ValueError("a user agent is printable ASCII on one line")
    return written.strip()


def _split(written: str) -> SplitResult | None:
    if len(written) > URL_LIMIT or re.search(r"\s", written):
        return None
    try:
        parts = urlsplit(written)
        parts.port  # noqa: B018 - it raises where the port is no number
    except ValueError:
        return None
    return parts


def same_address(written: str) -> str:
    """What two spellings of one address share: host in lower case, no fragment, no empty path."""
    parts = urlsplit(written)
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path or "/", parts.query, ""))


def host_and_port(written: str) -> tuple[str, int]:
    """`127.0.0.1:8080`, `[::1]:8080` or `name:8080`."""
    host, _, port = written.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]").lower()
    valid = _PORT.fullmatch(port) and 0 < int(port) <= _PORT_LIMIT
    if not bare or not valid or not re.fullmatch(r"[a-z0-9.:-]+", bare):
        raise ValueError(f'found {shown(written)}; write host and port, as in "127.0.0.1:8080"')
    return bare, int(port)
