"""A condition as YAML of the rule language, which the loader reads back to an equal tree."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from monitor.config.values import NAME_LIMIT
from monitor.core.rules import (
    AllOf,
    AnyOf,
    Condition,
    Near,
    NoneOf,
    Scope,
    Term,
    Unit,
    Within,
)
from monitor.core.text import fold

WIDTH = 88  # characters of a line, beyond which lists are broken into lines

_Value = str | list["_Value"] | dict[str, "_Value"]

# Needs no quotes, whatever reads the YAML, inside of brackets as well.
_PLAIN = re.compile(r"(?:\d{1,3} |[=$])?[^\W\d_][\w-]*[*~]?(?: [^\W_][\w-]*[*~]?)*")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
# JSON leaves these as they are, and a file of YAML must not hold them.
_UNSEEN = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def printed(condition: Condition) -> str:
    """The condition under `when:`, behind the `lists:` that it needs.

    Understands whatever a query can say; raises ValueError for anything else. Terms of a list are
    printed as `$name`, so all of them must be there.
    """
    condition, lists = named(condition)
    lines: list[str] = []
    if lists:
        lines += _lines("lists", {name: list(written) for name, written in lists.items()})
    return "\n".join([*lines, *_lines("when", _value(condition))]) + "\n"


def named(condition: Condition) -> tuple[Condition, Mapping[str, tuple[str, ...]]]:
    """The condition with a list for each `(A OR B)` of a near, and these lists as written.

    In YAML, near takes terms and lists only.
    """
    names = _Names()
    return names.given(condition), names.lists


class _Names:
    """The lists that stand for several terms of a near."""

    def __init__(self) -> None:
        self.lists: dict[str, tuple[str, ...]] = {}

    def given(self, condition: Condition) -> Condition:
        match condition:
            case AllOf(parts=parts) | AnyOf(parts=parts) | NoneOf(parts=parts):
                return replace(condition, parts=tuple(self.given(part) for part in parts))
            case Within(part=part):
                return replace(condition, part=self.given(part))
            case Near(groups=groups):
                return replace(condition, groups=tuple(self._group(group) for group in groups))
        return condition

    def _group(self, group: tuple[Term, ...]) -> tuple[Term, ...]:
        if len(group) == 1 or _list_name(group):
            return group
        # As the loader reads a list: its own terms, then those of the lists it uses, each once.
        ordered = [term for term in group if not term.list_name]
        ordered += [term for term in group if term.list_name]
        terms = {term.written: term for term in ordered}
        uses = dict.fromkeys(
            f"${term.list_name}" if term.list_name else term.written for term in ordered
        )
        name = self._name(tuple(uses))
        return tuple(Term(term.words, term.written, name) for term in terms.values())

    def _name(self, uses: tuple[str, ...]) -> str:
        folded = "_or_".join(re.sub(r"[^a-z0-9]+", "_", fold(use)).strip("_") for use in uses)
        wish = folded[: NAME_LIMIT // 2].strip("_")
        wish = wish if wish[:1].isalpha() else f"words_{wish}".strip("_")
        used = {use[1:] for use in uses if use.startswith("$")}
        name, number = wish, 1
        while name in used or self.lists.get(name, uses) != uses:
            number += 1
            name = f"{wish}_{number}"
        self.lists[name] = uses
        return name


def _value(condition: Condition) -> _Value:
    """What stands for `condition` where a condition may stand."""
    if isinstance(condition, Term):
        return f"${condition.list_name}" if condition.list_name else condition.written
    if isinstance(condition, AnyOf) and (name := _list_name(condition.parts)):
        return f"${name}"
    return _keys(condition)


def _keys(condition: Condition) -> dict[str, _Value]:
    """The condition as keys; others may stand beside them."""
    match condition:
        case AllOf(parts=parts):
            return _beside(parts) or {"all": _values(parts)}
        case AnyOf(parts=parts) if not _list_name(parts):
            return {"any": _values(parts)}
        case NoneOf(parts=parts):
            return {"none": _values(parts)}
        case Near():
            return {"near": _near(condition)}
        case Within(scopes=scopes, part=part):
            inside = {"all": [_value(part)]} if isinstance(part, Within) else _keys(part)
            names: list[_Value] = [scope.value for scope in Scope if scope in scopes]
            return {"in": names[0] if len(names) == 1 else names, **inside}
        case Term() | AnyOf():
            return {"all": [_value(condition)]}
    raise ValueError(f"no query can say {type(condition).__name__}")


def _beside(parts: tuple[Condition, ...]) -> dict[str, _Value] | None:
    """`{any: […], none: […]}`: with a `none` among them, if no key would stand there twice."""
    if not any(isinstance(part, NoneOf) for part in parts):
        return None
    found: dict[str, _Value] = {}
    for part in parts:
        keys = _keys(part)
        if isinstance(part, Within) or len(keys) > 1 or found.keys() & keys.keys():
            return None
        found |= keys
    return found


def _values(parts: Iterable[Condition]) -> list[_Value]:
    return [_value(part) for part in parts]


def _near(near: Near) -> dict[str, _Value]:
    within = near.within
    if not isinstance(within, Unit):
        within_text = f"{within} {'word' if within == 1 else 'words'}"
    else:
        within_text = within.value
    terms: list[_Value] = []
    for group in near.groups:
        name = _list_name(group)
        terms.append(f"${name}" if name else group[0].written)
    found: dict[str, _Value] = {"terms": terms, "within": within_text}
    return found | ({"ordered": "true"} if near.ordered else {})


def _list_name(parts: tuple[Condition, ...]) -> str | None:
    """The list whose terms these are; None if they are not of one list."""
    names = {part.list_name if isinstance(part, Term) else None for part in parts}
    return names.pop() if len(names) == 1 else None


# --- YAML ---


def _lines(key: str, value: _Value) -> list[str]:
    """One key, on one line if it fits, else each of its values on lines of their own."""
    short = f"{key}: {_flow(value)}"
    if isinstance(value, str) or len(short) <= WIDTH:
        return [short]
    if isinstance(value, dict):
        inner = [line for each, its in value.items() for line in _lines(each, its)]
        return [f"{key}:", *(f"  {line}" for line in inner)]
    return [f"{key}:", *(f"  {line}" for each in value for line in _item(each))]


def _item(value: _Value) -> list[str]:
    short = f"- {_flow(value)}"
    if not isinstance(value, dict) or len(short) <= WIDTH:
        return [short]
    inner = [line for key, its in value.items() for line in _lines(key, its)]
    return [f"{'  ' if number else '- '}{line}" for number, line in enumerate(inner)]


def _flow(value: _Value) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(its)}" for key, its in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(text: str) -> str:
    if text == "true" or (_PLAIN.fullmatch(text) and text.lower() not in _WORDS):
        return text
    quoted = json.dumps(text, ensure_ascii=False)  # JSON is YAML, too
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
