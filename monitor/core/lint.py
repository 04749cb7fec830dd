"""What loads and yet is hardly meant so: branches that add nothing, unused lists, slow patterns.

All of it is told from the rules themselves; what only an archive can tell is in `core.census`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from monitor.core.implied import contains, implies, meaning, takes_place_of
from monitor.core.model import RuleId
from monitor.core.rules import (
    AllOf,
    AnyOf,
    AtLeast,
    Condition,
    Happening,
    Ignoring,
    Near,
    NoneOf,
    Regex,
    Repeat,
    Rule,
    Term,
    Within,
    Word,
    all_in,
    own_terms,
    parts_of,
    terms_of,
)
from monitor.core.terms import LETTERS_BEFORE_STAR, compile_regex
from monitor.core.text import fold

SLOW_PROGRAM = 1_000  # RE2 instructions; below them 5 kB took 40 µs at most, above up to 1 ms
TERMS_COMPARED = 500  # of each of two branches; more take seconds
SHOWN_PARTS = 2  # of an `all` or `any` in a message


class Kind(StrEnum):
    """What a finding is about; its name opens the message."""

    BROAD = "broad"
    SLOW = "slow pattern"
    DEAD = "dead branch"
    UNUSED = "unused list"
    NEVER_FIRED = "never fired"
    DUPLICATE = "duplicate rule"
    ONE_LANGUAGE = "one language only"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a finding points at: a rule or a list, and a branch or a term inside of it."""

    rule: RuleId | None = None
    listed: str | None = None  # the name of a list, without `$`
    part: Condition | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A warning: what is found, and what to do about it."""

    kind: Kind
    subject: Subject
    said: str

    @property
    def message(self) -> str:
        return f"{self.kind}: {self.said}"


@dataclass(frozen=True, slots=True)
class Listed:
    """A list as written: its own terms, and the lists that it uses."""

    name: str
    terms: tuple[Term, ...]
    uses: tuple[str, ...] = ()


def findings(
    rules: Sequence[Rule], lists: Sequence[Listed], *, used: Collection[str] = ()
) -> Iterator[Finding]:
    """Everything that the rules and lists themselves tell; `used` by others are these lists."""
    by_name = {each.name: each for each in lists}
    roles = _roles(rules, by_name)
    elsewhere = {reached for name in used for reached in _reached(name, by_name)}
    for each in lists:
        if each.name not in roles and each.name not in elsewhere:
            said = f"no rule uses ${each.name}, nor does a list that a rule uses; use it or drop it"
            yield Finding(Kind.UNUSED, Subject(listed=each.name), said)
        yield from _dead_terms(each, by_name, roles.get(each.name, set()))
    for rule in rules:
        for condition in conditions_of(rule):
            yield from _dead_branches(rule, condition)
            yield from _slow(rule, condition)
    yield from _duplicates(rules)


def conditions_of(rule: Rule) -> Iterator[Condition]:
    """The condition of a rule, and those of its cases."""
    yield rule.condition
    yield from (case.condition for case in rule.cases if case.condition is not None)


def shown(condition: Condition) -> str:
    """A part of a rule in the words of whoever wrote it, short."""
    match condition:
        case Term():
            told = f'"{condition.written}"'
        case Regex(pattern):
            told = f"regex:{pattern}"
        case Near(groups):
            told = f"near: {' + '.join(shown(AnyOf(group)) for group in groups)}"
        case AllOf(parts) | AnyOf(parts):
            word = "all" if isinstance(condition, AllOf) else "any"
            name = list_of(parts) if word == "any" else None
            told = f"${name}" if name else f"{word}: {', '.join(map(shown, parts[:SHOWN_PARTS]))}"
            told += ", …" if not name and len(parts) > SHOWN_PARTS else ""
        case Within(scopes, part):
            told = f"{shown(part)} in {', '.join(sorted(scopes))}"
        case Ignoring(_, part):
            told = shown(part)
        case Happening():
            told = f"event {' | '.join((*condition.types, *condition.families))}"
        case _:
            first = next(terms_of(condition), None)
            told = "this branch" if first is None else f'the branch of "{first.written}"'
    return told


def list_of(parts: Sequence[Condition]) -> str | None:
    """The list that the parts are, written as `$name`; None if they are anything else."""
    names = {part.list_name if isinstance(part, Term) else None for part in parts}
    return names.pop() if len(names) == 1 else None


# --- lists -----------------------------------------------------------------------------------


class _Role(StrEnum):
    """What a list is used for: a longer term beside a shorter one is not always idle."""

    FOUND = "found"
    NEAR = "near"  # where a longer term reaches further
    COUNTED = "counted"  # where each term counts by itself
    IGNORED = "ignored"  # where a longer one blanks more


_ROLES = {Near: _Role.NEAR, Repeat: _Role.COUNTED, Ignoring: _Role.IGNORED}


def _roles(rules: Iterable[Rule], lists: Mapping[str, Listed]) -> dict[str, set[_Role]]:
    """The lists that rules reach, and what for."""
    roles: dict[str, set[_Role]] = {}
    for rule in rules:
        for condition in conditions_of(rule):
            for name, role in _used(condition):
                for reached in _reached(name, lists):
                    roles.setdefault(reached, set()).add(role)
    return roles


def _used(condition: Condition) -> Iterator[tuple[str, _Role]]:
    role = _ROLES.get(type(condition), _Role.FOUND)
    for term in own_terms(condition):
        if term.list_name is not None:
            yield term.list_name, role
    for part in parts_of(condition):
        for name, inner in _used(part):
            yield name, _Role.COUNTED if isinstance(condition, AtLeast) else inner


def _reached(name: str, lists: Mapping[str, Listed]) -> list[str]:
    """A list and all that it uses; lists that use each other are refused by the loader."""
    reached = [name] if name in lists else []
    for step in reached:  # grows while we walk it
        reached += [use for use in lists[step].uses if use in lists and use not in reached]
    return reached


def _dead_terms(
    listed: Listed, lists: Mapping[str, Listed], roles: set[_Role]
) -> Iterator[Finding]:
    """Terms of a list that another term of it finds too, wherever they stand."""
    if _Role.COUNTED in roles:
        return
    alone = roles == {_Role.FOUND}
    others = _Beginnings(listed.name, lists)
    for number, term in enumerate(listed.terms):
        for place, name, other in others.that_may_cover(term):
            same = other.words == term.words
            if same and name == listed.name and place >= number:
                continue
            if takes_place_of(other, term) or (alone and contains(term, other)):
                where = "" if name == listed.name else f" of ${name}"
                said = f'"{other.written}"{where} finds all that "{term.written}" finds in '
                subject = Subject(listed=listed.name, part=term)
                yield Finding(Kind.DEAD, subject, f"{said}${listed.name}; drop the latter")
                break


class _Beginnings:
    """The terms that a list reaches, by how they begin: lists may have thousands."""

    def __init__(self, name: str, lists: Mapping[str, Listed]) -> None:
        self._terms: dict[str, list[tuple[int, str, Term]]] = {}
        for reached in _reached(name, lists):
            for place, term in enumerate(lists[reached].terms):
                key = _beginning(term.words[0])
                self._terms.setdefault(key, []).append((place, reached, term))

    def that_may_cover(self, term: Term) -> Iterator[tuple[int, str, Term]]:
        """Each with its place in its list, and the name of that."""
        for key in dict.fromkeys(map(_beginning, term.words)):
            yield from self._terms.get(key, ())


def _beginning(word: Word) -> str:
    """Equal for two words of which one covers the other: a wildcard has so many letters."""
    return fold(word.pattern)[:LETTERS_BEFORE_STAR]


# --- rules -----------------------------------------------------------------------------------


def _dead_branches(rule: Rule, condition: Condition, *, chosen: bool = False) -> Iterator[Finding]:
    if isinstance(condition, AnyOf | NoneOf) and list_of(condition.parts) is None:
        yield from _idle(rule, condition.parts, chosen=chosen)
    if isinstance(condition, AllOf):
        yield from _excluded(rule, condition.parts, chosen=chosen)
    for part in parts_of(condition):
        yield from _dead_branches(rule, part, chosen=chosen or isinstance(condition, Within))


def _idle(rule: Rule, parts: Sequence[Condition], *, chosen: bool) -> Iterator[Finding]:
    """The alternatives that hold only where another one does."""
    for number, part in enumerate(parts):
        for place, other in enumerate(parts):
            if place == number or (chosen and (_narrows(part) or _narrows(other))):
                continue
            if min(_terms_in(part), _terms_in(other)) > TERMS_COMPARED:
                continue
            if implies(part, other) and not (place > number and implies(other, part)):
                said = f"{shown(part)} holds only where {shown(other)} beside it does; drop it"
                yield Finding(Kind.DEAD, Subject(rule=rule.id, part=part), said)
                break


def _excluded(rule: Rule, parts: Sequence[Condition], *, chosen: bool) -> Iterator[Finding]:
    """The alternatives that a `none` beside them shuts out; the loader refuses to lose all."""
    shut = [out for part in parts if isinstance(part, NoneOf) for out in _parts_of_any(part.parts)]
    for part in _parts_of_any([part for part in parts if isinstance(part, AnyOf)]):
        for out in shut:
            if implies(part, out) and not (_narrows(part) or _narrows(out)):
                where = "" if chosen else " in title and lead"
                said = f"{shown(part)} cannot hold{where}, where none: excludes {shown(out)}"
                yield Finding(Kind.DEAD, Subject(rule=rule.id, part=part), f"{said}; drop one")
                break


def _parts_of_any(parts: Iterable[Condition]) -> list[Condition]:
    """The parts, and in place of an `any` what it is made of."""
    return [
        each
        for part in parts
        for each in (_parts_of_any(part.parts) if isinstance(part, AnyOf) else [part])
    ]


def _terms_in(condition: Condition) -> int:
    return sum(1 for _ in terms_of(condition))


def _narrows(condition: Condition) -> bool:
    """Whether an `in` stands somewhere inside."""
    return any(isinstance(each, Within) for each in all_in(condition))


def _slow(rule: Rule, condition: Condition) -> Iterator[Finding]:
    for regex in regexes_of(condition):
        steps = compile_regex(regex.pattern).programsize
        if steps > SLOW_PROGRAM:
            said = (
                f"regex:{regex.pattern} takes {steps:,} steps of RE2, over {SLOW_PROGRAM:,}; "
                "count less in braces, and say with near: how far apart words may stand"
            )
            yield Finding(Kind.SLOW, Subject(rule=rule.id, part=regex), said)


def regexes_of(condition: Condition) -> Iterator[Regex]:
    """Every regex of a condition."""
    return (each for each in all_in(condition) if isinstance(each, Regex))


def _duplicates(rules: Iterable[Rule]) -> Iterator[Finding]:
    first: dict[object, Rule] = {}
    for rule in [each for each in rules if each.enabled]:  # one kept aside may be a twin
        known = first.setdefault((meaning(rule.condition), rule.volume), rule)
        if known is not rule:
            said = (
                f"{rule.id} has the same condition as {known.id} ({known.place}); drop one, or "
                "tell them apart; severity may be a list of cases"
            )
            yield Finding(Kind.DUPLICATE, Subject(rule=rule.id), said)
