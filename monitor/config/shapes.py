"""The pieces that JSON Schemas of the configuration are made of.

The loader takes every scalar for text; an editor reads `2026` as a number and `true` as a boolean,
so that both are allowed wherever a text is. `patternErrorMessage` is the editors' own keyword: what
they say instead of showing the pattern. In draft-07 nothing counts beside `$ref`, hence `allOf`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any

from monitor.config import values
from monitor.config.codes import COUNTRIES
from monitor.config.escalation import KEYS as ESCALATION_KEYS
from monitor.core.terms import LETTERS_BEFORE_STAR
from monitor.core.timing import in_words

Shape = dict[str, Any]

SCALAR = ("string", "number", "boolean")  # not null: that is how an editor sees what is missing
_LIST = rf"^\$(?:{values.LIST_NAME.pattern}|actor:{values.ACTOR_ID.pattern})$"
_REGEX = r"^\s*[Rr][Ee][Gg][Ee][Xx]:"
_SHORT = rf"(?!(?:[\s\S]*\s)?=?\S{{0,{LETTERS_BEFORE_STAR - 1}}}\*)"  # `ab*`, anywhere
_INNER = r"(?![\s\S]*\*[A-Za-z0-9])"  # `a*b`
_WORDS = rf"^(?!\$)(?!{_REGEX}){_SHORT}{_INNER}[\s\S]*\S"

TERM = f"{_LIST}|{_WORDS}"


def text(description: str, **more: object) -> Shape:
    """Any text but none."""
    return {"description": description, "type": [*SCALAR], "pattern": r"\S", **more}


def matching(description: str, pattern: str, *, told: str, **more: object) -> Shape:
    """A text of some form; `told` is what an editor says about others."""
    wanted = {"pattern": pattern, "patternErrorMessage": told}
    return {"description": description, "type": "string", **wanted, **more}


def name(description: str) -> Shape:
    """The id of an outlet or a rule, or the name of a channel."""
    return matching(
        description,
        f"^{values.ID.pattern}$",
        told="Lower-case letters, digits, - and _.",
        type=[*SCALAR],
        maxLength=values.NAME_LIMIT,
        minimum=0,
    )


def term(description: str, *, regex: bool = False) -> Shape:
    """A word, a phrase or `$list`, or `regex:…` too; core.terms says more of wildcards."""
    return matching(
        description,
        f"{TERM}|{_REGEX}\\s*\\S" if regex else TERM,
        told="A term is words, a phrase, $list or $actor:id; * ends a word of "
        f"{LETTERS_BEFORE_STAR} letters or more; regex: is a condition of its own.",
        type=[*SCALAR],
    )


def flag(description: str, *, default: bool) -> Shape:
    """`true` or `false`, with quotes or without."""
    return {
        "description": description,
        "type": ["boolean", "string"],
        "pattern": "^(?:true|false)$",
        "patternErrorMessage": "true or false",
        "default": default,
    }


def whole(description: str, *, least: int, most: int, **more: object) -> Shape:
    """A whole number, with quotes or without."""
    digits = "^[0-9]{1,9}$" if least >= 0 else "^[+-]?[0-9]{1,9}$"
    shape = {"description": description, "type": ["integer", "string"], "pattern": digits}
    bounds = {"minimum": least, "maximum": most}
    told = f"a whole number from {least} to {most}"
    return {**shape, "patternErrorMessage": told, **bounds, **more}


def version() -> Shape:
    """`version: 1`."""
    return whole("The version of the file's format.", least=1, most=1, default=1) | {
        "pattern": "^1$"
    }


def duration(description: str, *, default: timedelta | None = None) -> Shape:
    """`5 minutes`, `5m`; above zero."""
    units = "|".join(values.UNITS)
    more = {} if default is None else {"default": in_words(default)}
    return matching(
        description,
        rf"^(?!0+ ?[a-z])[0-9]{{1,9}} ?(?:{units})$",
        told='A whole number and a unit, as in "5 minutes" or "5m".',
        **more,
    )


def choice(description: str, closed: type[StrEnum], **more: object) -> Shape:
    """One word out of a closed set."""
    return {"description": description, "enum": [member.value for member in closed], **more}


def country(description: str) -> Shape:
    """Two letters of ISO 3166."""
    return {"description": description, "enum": sorted(COUNTRIES)}


def language(description: str) -> Shape:
    """A BCP 47 tag."""
    return matching(
        description,
        f"^{values.LANGUAGE.pattern}$",
        told="A BCP 47 tag, as in en or es-VE.",
    )


def date(description: str) -> Shape:
    """A day of the calendar; an editor takes it for text, as we do."""
    return matching(
        description,
        "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        told="A day, as in 2026-12-31.",
    )


def several(description: str, item: Shape, *, least: int = 1, most: int | None = None) -> Shape:
    """A list that must not be empty."""
    bounds = {"minItems": least} | ({} if most is None else {"maxItems": most})
    return {"description": description, "type": "array", "items": item, **bounds}


def one_or_several(description: str, item: Shape) -> Shape:
    """An item, or a list of them."""
    return {"description": description, "anyOf": [item, several("Any of these.", item)]}


def known(keys: Iterable[str], shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    """The shapes of exactly these keys, which are the loader's; KeyError if it has one more."""
    return {key: shapes[key] for key in keys}


def mapping(
    description: str, properties: dict[str, Shape], *, required: Sequence[str] = ()
) -> Shape:
    """Keys with values, and no others."""
    shape: Shape = {"description": description, "type": "object", "properties": properties}
    if required:
        shape["required"] = list(required)
    return shape | {"additionalProperties": False}


def named(description: str, item: Shape, *, pattern: str) -> Shape:
    """A mapping whose keys the user chooses."""
    names = {"pattern": f"^{pattern}$", "maxLength": values.NAME_LIMIT}
    return {
        "description": description,
        "type": "object",
        "propertyNames": names,
        "additionalProperties": item,
    }


def escalation() -> Shape:
    """`escalate` of a rule or a channel."""
    keys = {
        "after": duration("How long after the message; at most 1 day."),
        "to": several("Who is called then.", name("A channel.")),
        "unless": {"enum": ["acknowledged"], "description": "What stops it; there is no other."},
    }
    step = mapping("One step.", known(ESCALATION_KEYS, keys), required=("after", "to"))
    told = "Who is called when nobody acknowledges a message: one step or several."
    return one_or_several(told, step)


def reference(description: str, definition: str) -> Shape:
    """What stands under `definitions`, with words of its own."""
    return {"description": description, "allOf": [{"$ref": f"#/definitions/{definition}"}]}
