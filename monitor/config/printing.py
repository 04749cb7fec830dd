"""A condition as YAML of the rule language, which the loader reads back to an equal tree."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from monitor.config.values import NAME_LIMIT
from monitor.core.rules import (
    AllOf,
    AnyOf,
    AtLeast,
    Condition,
    From,
    Happening,
    Ignoring,
    Near,
    NoneOf,
    Regex,
    Repeat,
    Scope,
    Scored,
    Term,
    Unit,
    Within,
)
from monitor.core.text import fold

WIDTH = 88  # characters of a line, beyond which lists are broken into lines
REGEX = "regex:"

Value = str | list["Value"] | dict[str, "Value"]

# Needs no quotes, whatever reads the YAML, inside of brackets as well.
_PLAIN = re.compile(r"(?:\d{1,3} |[=$])?[^\W\d_][\w.-]*[*~]?(?: [^\W_][\w-]*[*~]?)*")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
# JSON leaves these as they are, and a file of YAML must not hold them.
_UNSEEN = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def printed(condition: Condition) -> str:
    """The condition under `when:`, behind the `lists:` that it needs.

    Terms of a list are printed as `$name`, so all of them must be there.
    """
    condition, lists = named(condition)
    text: list[str] = []
    if lists:
        text += laid_out("lists", {name: list(written) for name, written in lists.items()})
    return "\n".join([*text, *laid_out("when", value(condition))]) + "\n"


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
            case AtLeast(parts=parts):
                return replace(condition, parts=tuple(self.given(part) for part in parts))
            case Within(part=part) | Ignoring(part=part):
                return replace(condition, part=self.given(part))
            case Scored(boosts=boosts):
                given = (replace(boost, part=self.given(boost.part)) for boost in boosts)
                return replace(condition, boosts=tuple(given))
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
        uses = dict.fromkeys(term.name for term in ordered)
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


def value(condition: Condition) -> Value:
    """What stands for `condition` where a condition may stand."""
    if isinstance(condition, Term):
        return condition.name
    if isinstance(condition, Regex):
        return f"{REGEX}{condition.pattern}"
    if isinstance(condition, AnyOf) and (name := _list_name(condition.parts)):
        return f"${name}"
    return _keys(condition)


def _keys(condition: Condition) -> dict[str, Value]:  # noqa: C901, PLR0911 - one line a condition
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
        case AtLeast(n=n, parts=parts):
            return {"at_least": {"n": str(n), "of": _each_once(parts)}}
        case Repeat(terms=terms, times=times):
            return {"repeat": {"term": terms[0].name, "times": str(times)}}
        case Ignoring(phrases=phrases, part=part):
            return {"ignore": _each_once(phrases), **_inside(part, Within, Ignoring)}
        case Scored(least=least, boosts=boosts):
            graded: list[Value] = [{**_keys(b.part), "points": str(b.points)} for b in boosts]
            return {"score_at_least": str(least), "boost": graded}
        case Within(scopes=scopes, part=part):
            names: list[Value] = [scope.value for scope in Scope if scope in scopes]
            return {"in": _one_or_several(names), **_inside(part, Within)}
        case From():
            return _sources(condition)
        case Happening():
            return {"event": _event(condition)}
        case Term() | Regex() | AnyOf():
            return {"all": [value(condition)]}


def _inside(part: Condition, *apart: type[Condition]) -> dict[str, Value]:
    """The keys of a part, unless one of them would stand there twice."""
    return {"all": [value(part)]} if isinstance(part, apart) else _keys(part)


def _sources(source: From) -> dict[str, Value]:
    found = {
        "outlet": source.outlets,
        "tier": source.tiers,
        "country": source.countries,
        "language": source.languages,
    }
    return {key: _one_or_several(list(names)) for key, names in found.items() if names}


def _event(wanted: Happening) -> Value:
    found = {
        "type": wanted.types,
        "family": wanted.families,
        "source": wanted.sources,
        "target": wanted.targets,
        "between": wanted.between,
        "status": wanted.statuses,
        "speaker": wanted.speakers,
    }
    return {key: _one_or_several(list(names)) for key, names in found.items() if names}


def _one_or_several(names: list[Value]) -> Value:
    return names[0] if len(names) == 1 else names


def _beside(parts: tuple[Condition, ...]) -> dict[str, Value] | None:
    """`{language: es, any: […], none: […]}`: with a `none` or a source among them.

    None if a key would stand there twice.
    """
    if not any(isinstance(part, NoneOf | From) for part in parts):
        return None
    found: dict[str, Value] = {}
    for part in parts:
        keys = _keys(part)
        alone = len(keys) == 1 or isinstance(part, From)
        if isinstance(part, Within) or not alone or found.keys() & keys.keys():
            return None
        found |= keys
    return found


def _values(parts: Iterable[Condition]) -> list[Value]:
    return [value(part) for part in parts]


def _each_once(parts: Iterable[Condition]) -> list[Value]:
    """Values where the terms of a list stand for it one by one: it is named once."""
    found: list[Value] = []
    for part in parts:
        if (each := value(part)) not in found:
            found.append(each)
    return found


def _near(near: Near) -> dict[str, Value]:
    within = near.within
    if not isinstance(within, Unit):
        within_text = f"{within} {'word' if within == 1 else 'words'}"
    else:
        within_text = within.value
    terms: list[Value] = [group[0].name for group in near.groups]
    found: dict[str, Value] = {"terms": terms, "within": within_text}
    return found | ({"ordered": "true"} if near.ordered else {})


def _list_name(parts: tuple[Condition, ...]) -> str | None:
    """The list whose terms these are; None if they are not of one list."""
    names = {part.list_name if isinstance(part, Term) else None for part in parts}
    return names.pop() if len(names) == 1 else None


# --- YAML ---


def laid_out(key: str, value: Value, *, width: int = WIDTH) -> list[str]:
    """One key, on one line if it fits, else each of its values on lines of their own."""
    short = f"{key}: {_flow(value)}"
    if isinstance(value, str) or len(short) <= width:
        return [short]
    if isinstance(value, dict):
        inner = [line for each, its in value.items() for line in laid_out(each, its, width=width)]
        return [f"{key}:", *(f"  {line}" for line in inner)]
    return [f"{key}:", *(f"  {line}" for each in value for line in _item(each, width=width))]


def _item(value: Value, *, width: int) -> list[str]:
    short = f"- {_flow(value)}"
    if not isinstance(value, dict) or len(short) <= width:
        return [short]
    inner = [line for key, its in value.items() for line in laid_out(key, its, width=width)]
    return [f"{'  ' if number else '- '}{line}" for number, line in enumerate(inner)]


def _flow(value: Value) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(its)}" for key, its in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(text: str) -> str:
    if text in ("true", "false") or (_PLAIN.fullmatch(text) and text.lower() not in _WORDS):
        return text
    if text.startswith(REGEX) and text.isprintable():  # as people write them: `\\` stays one sign
        return "'" + text.replace("'", "''") + "'"
    quoted = json.dumps(text, ensure_ascii=False)  # JSON is YAML, too
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
