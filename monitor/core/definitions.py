"""A rule as plain JSON values and back, so that a version can be kept and put in force again.

A dataclass is an object of its name (`is`) and of the fields that differ from their defaults; so
a version that was kept before a field was added is still read.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import MISSING, Field
from datetime import UTC, date, time, timedelta, tzinfo
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.core import errors, hours, model, rules
from monitor.core.rules import Rule

_KINDS: Mapping[str, type] = {
    name: found
    for module in (errors, hours, model, rules)
    for name, found in vars(module).items()
    if isinstance(found, type) and (dataclasses.is_dataclass(found) or issubclass(found, Enum))
}
_LEFT_OUT = {"examples"}  # they are tried when a file is loaded, and decide nothing afterwards


def written(rule: Rule) -> dict[str, Any]:
    """All of a rule but its examples."""
    found: dict[str, Any] = _write(rule)
    return found


def read(definition: Mapping[str, Any]) -> Rule:
    """The rule that `written` gave. Raises ValueError for what this version cannot know."""
    try:
        found = _read(definition)
    except (KeyError, TypeError, ZoneInfoNotFoundError) as error:
        raise ValueError(f"a rule of another version of the program: {error}") from error
    if isinstance(found, Rule):
        return found
    raise ValueError("not a rule")


def _write(value: Any) -> Any:  # noqa: PLR0911 - one line a kind
    if dataclasses.is_dataclass(value):
        return _write_fields(value)
    match value:
        case Enum():
            return {"is": type(value).__name__, "value": value.value}
        case tuple():
            return [_write(each) for each in value]
        case frozenset():
            return {"is": "frozenset", "of": sorted((_write(each) for each in value), key=str)}
        case date():
            return {"is": "date", "on": value.isoformat()}
        case timedelta():
            return {"is": "timedelta", "seconds": value.total_seconds()}
        case time():
            return {"is": "time", "at": value.isoformat()}
        case tzinfo():
            return {"is": "zone", "name": str(value)}
        case _:
            return value


def _write_fields(value: Any) -> dict[str, Any]:
    kind = type(value).__name__
    if kind not in _KINDS:
        raise TypeError(f"{kind} could not be read again: add its module to _KINDS")
    given = ((each, getattr(value, each.name)) for each in dataclasses.fields(value))
    kept = {
        field.name: _write(each)
        for field, each in given
        if field.name not in _LEFT_OUT and each != _default(field)
    }
    return {"is": kind, **kept}


def _default(field: Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default


def _read(value: Any) -> Any:  # noqa: PLR0911 - one line a kind
    if isinstance(value, list):
        return tuple(_read(each) for each in value)
    if not isinstance(value, Mapping):
        return value
    match kind := value["is"]:
        case "frozenset":
            return frozenset(_read(each) for each in value["of"])
        case "date":
            return date.fromisoformat(value["on"])
        case "timedelta":
            return timedelta(seconds=value["seconds"])
        case "time":
            return time.fromisoformat(value["at"])
        case "zone":
            return UTC if value["name"] == "UTC" else ZoneInfo(value["name"])
    made = _KINDS[kind]
    if issubclass(made, Enum):
        return made(value["value"])
    return made(**{name: _read(each) for name, each in value.items() if name != "is"})
