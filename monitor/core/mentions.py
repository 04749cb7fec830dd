"""Who is named in a sentence: names, and offices made out with their country.

"Chilean president", "presidenta de Chile" and "the US Navy" are put together from a
country and an office, so that knowledge lists each once. A person decides over the country or
office beside the name: "Chile's Soto" is whoever Soto is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, TypeVar

from monitor.core.knowledge import SPOKEN, Actor, ActorId, Binding, Name, Office
from monitor.core.lexicon import Hit
from monitor.core.text import Token

BETWEEN_LIMIT = 2  # words between "Chilean" and its office: "Chilean acting vice president"
OF_LIMIT = 4  # words between an office and its country: "minister of defence of Chile"
REACH = 2  # words between a small word and the actor it binds: "by the acting president"

_BARE = frozenset((Binding.TOPIC, Binding.PLACE, Binding.TOWARD))


@dataclass(frozen=True, slots=True)
class Named:
    """What a name in the lexicon stands for."""

    actor: Actor
    name: Name


@dataclass(frozen=True, slots=True)
class Whose:
    """An adjective of a country."""

    actor: Actor


@dataclass(frozen=True, slots=True)
class Held:
    """A word of an office; `alone`: it need not stand beside its country."""

    office: Office
    alone: bool = False


class Mention(NamedTuple):
    """An actor named at tokens `start` to `end`.

    `party`: who acts by this name in an exchange. `bound`: the small word before it. `aside`: a
    topic or place, no party. `adjective`: it only says whose something is.
    """

    start: int
    end: int
    actor: ActorId
    party: ActorId
    name: str  # as written
    bound: Binding | None = None
    aside: bool = False
    adjective: bool = False
    moves: bool = True


def mentions(
    text: str,
    tokens: Sequence[Token],
    hits: Sequence[Hit[Named | Whose | Held]],
    bindings: Mapping[int, Binding],
    *,
    day: date | None,
    context: Sequence[ActorId] = (),
) -> list[Mention]:
    """The actors named among the tokens, in order, none inside another.

    `hits` are those of names, adjectives and offices, in order; `bindings` says which small word
    ends right before a token; `context` are the countries that title and lead name.
    """
    found = list(_Reading(text, tokens, hits, bindings, day).all())
    if not any(mention.actor.startswith(_UNKNOWN) for mention in found):
        return found
    return list(_settled(found, context))


_Kind = TypeVar("_Kind")

_UNKNOWN = "?."  # the country of an office that nothing beside it names
_POSSESSIVES = frozenset(("'s", "’s"))
_JOINS = frozenset(" -'’“”\"«»‘.")  # signs that may stand inside a name and its office


def _settled(found: Sequence[Mention], context: Sequence[ActorId]) -> Iterator[Mention]:
    """Offices without a country get the one that the text names beside other parties."""
    parties = {whole(m.actor) for m in found if not m.aside}
    left = [country for country in dict.fromkeys(context) if country not in parties]
    for mention in found:
        if not mention.actor.startswith(_UNKNOWN):
            yield mention
        elif len(left) == 1:
            part = mention.actor.removeprefix(_UNKNOWN)
            actor = ActorId(f"{left[0]}.{part}")
            yield mention._replace(actor=actor, party=actor)


def _holds(actor: Actor, office: Office) -> bool:
    """Whether an office is one of those that an actor is a part of."""
    _, _, part = actor.id.partition(".")
    return part == office.part or part.startswith(f"{office.part}.")


def apart(one: ActorId, other: ActorId) -> bool:
    """Whether neither is a part of the other."""
    return not (one == other or one.startswith(f"{other}.") or other.startswith(f"{one}."))


def whole(actor: ActorId) -> ActorId:
    """The country or party that it is a part of."""
    return ActorId(actor.split(".", maxsplit=1)[0])


def _gap(text: str, start: int, end: int) -> str:
    """What stands between two tokens, without the possessive that belongs to the first."""
    gap = text[start:end].replace(" - ", "|")
    return gap[2:] if gap[1:2] in ("s", "S") else gap


class _Reading:
    def __init__(
        self,
        text: str,
        tokens: Sequence[Token],
        hits: Sequence[Hit[Named | Whose | Held]],
        bindings: Mapping[int, Binding],
        day: date | None,
    ) -> None:
        self._text, self._tokens, self._length = text, tokens, len(tokens)
        self._bindings = bindings
        self._taken: set[int] = set()
        self._end = 0  # of the last mention
        self._named: dict[int, Hit[Named]] = {}
        self._whose: dict[int, Hit[Whose]] = {}
        self._office: dict[int, Hit[Held]] = {}
        for hit in reversed(hits):  # the longest comes first and stays
            match hit.payload:
                case Named(name=name) as meaning:
                    if name.holds(day):
                        self._keep(self._named, Hit(hit.start, hit.end, meaning))
                case Whose() as meaning:
                    self._keep(self._whose, Hit(hit.start, hit.end, meaning))
                case Held() as meaning:
                    self._keep(self._office, Hit(hit.start, hit.end, meaning))

    @staticmethod
    def _keep(table: dict[int, Hit[_Kind]], hit: Hit[_Kind]) -> None:
        known = table.get(hit.start)
        if known is None or known.end <= hit.end:
            table[hit.start] = hit

    def all(self) -> Iterator[Mention]:
        for start in sorted({*self._named, *self._whose, *self._office}):
            found = self._at(start) if start >= self._end else None
            if found is not None:
                yield found
                self._end = found.end
                self._taken.add(found.end)  # "CIA director": the office belongs to the name

    def _at(self, start: int) -> Mention | None:
        named, whose = self._named.get(start), self._whose.get(start)
        office = self._office.get(start)
        made: Mention | None = None
        if named and (not whose or named.end > whose.end):
            made = self._from_name(named)
        elif whose:
            made = self._from_country(whose, named)
        elif office:
            made = self._from_office(office)
        return made

    def _from_name(self, hit: Hit[Named]) -> Mention:
        actor = hit.payload.actor
        if actor.adjectives:
            office = self._office_behind(hit.end, self._reach(hit))
            if office:
                return self._part(hit.start, office.end, actor, office.payload.office)
            person = self._joined(hit.end)
            if person and not person.payload.actor.adjectives and person.payload.actor.moves:
                return self._bare(hit.start, person.end, person.payload.actor)
        return self._bare(hit.start, hit.end, actor)

    def _from_country(self, hit: Hit[Whose], named: Hit[Named] | None) -> Mention:
        actor = hit.payload.actor
        office = self._office_behind(hit.end, self._reach(hit) if named else BETWEEN_LIMIT)
        if office:
            return self._part(hit.start, office.end, actor, office.payload.office)
        person = self._joined(hit.end)
        if person and not person.payload.actor.adjectives:
            return self._bare(hit.start, person.end, person.payload.actor)
        if named:
            return self._bare(hit.start, named.end, named.payload.actor)
        party = actor.acts_as or actor.id  # of an exchange: "Xlandic talks"
        return self._made(hit.start, hit.end, actor.id, country=True, party=party, adjective=True)

    def _reach(self, name: Hit[Any]) -> int:
        """How far the office may stand behind a name: right there, but for a possessive."""
        end = self._tokens[name.end - 1].end
        return BETWEEN_LIMIT if self._text[end : end + 2] in _POSSESSIVES else 0

    def _joined(self, end: int) -> Hit[Named] | None:
        person = self._named.get(end)
        return None if person and self._cut(end) else person

    def _cut(self, position: int) -> bool:
        """Whether a sign before this token parts it from a name or office before it."""
        start, end = self._tokens[position - 1].end, self._tokens[position].start
        return not _JOINS.issuperset(_gap(self._text, start, end))

    def _office_behind(self, end: int, limit: int = BETWEEN_LIMIT) -> Hit[Held] | None:
        for position in range(end, min(end + limit + 1, self._length)):
            if self._cut(position):
                return None
            office = self._office.get(position)
            if office:
                return office
            if position in self._named or position in self._whose:
                return None
            if position in self._bindings or position + 1 in self._bindings:
                return None
        return None

    def _from_office(self, hit: Hit[Held]) -> Mention | None:
        """An office whose country stands behind it, or for whom it is held: "aides of X"."""
        for position in range(hit.end, min(hit.end + OF_LIMIT + 1, self._length)):
            if self._cut(position) or self._bindings.get(position) in SPOKEN:
                break  # "the government denies a visit of X"
            whose = self._whose.get(position)
            if whose and position <= hit.end + 1 and position not in self._bindings:
                return self._part(hit.start, whose.end, whose.payload.actor, hit.payload.office)
            named = self._named.get(position)
            if named and named.payload.actor.adjectives and self._of(position):
                return self._part(hit.start, named.end, named.payload.actor, hit.payload.office)
            if named and self._of(position) and _holds(named.payload.actor, hit.payload.office):
                return self._bare(hit.start, named.end, named.payload.actor)
            if named or whose:
                break
        if hit.payload.alone and hit.start not in self._taken and hit.end not in self._named:
            actor = ActorId(f"{_UNKNOWN}{hit.payload.office.part}")
            return self._made(hit.start, hit.end, actor, country=False)
        if hit.payload.alone and hit.end in self._named:
            named = self._named[hit.end]
            return self._bare(hit.start, named.end, named.payload.actor)
        return None

    def _of(self, position: int) -> bool:
        near = self._bindings.get(position), self._bindings.get(position - 1)
        return Binding.OF in near or Binding.TOPIC in near

    def _part(self, start: int, end: int, country: Actor, office: Office) -> Mention:
        person = self._joined(end)
        if person and not person.payload.actor.adjectives and person.payload.actor.moves:
            return self._bare(start, person.end, person.payload.actor)
        actor = ActorId(f"{country.id}.{office.part}")
        return self._made(start, end, actor, country=False, moves=office.moves)

    def _bare(self, start: int, end: int, actor: Actor) -> Mention:
        bound = self._bound(start)
        party = actor.acts_as or actor.id
        place = bool(actor.adjectives) or not actor.moves
        id_ = actor.id if bound in _BARE else party
        return self._made(start, end, id_, party=party, country=place, moves=actor.moves)

    def _made(
        self,
        start: int,
        end: int,
        actor: ActorId,
        *,
        country: bool,
        party: ActorId | None = None,
        adjective: bool = False,
        moves: bool = True,
    ) -> Mention:
        """`country`: something can be in it, so that "in" before it tells a place."""
        bound = self._bound(start)
        aside = bound is Binding.TOPIC or (country and bound is Binding.PLACE)
        name = self._text[self._tokens[start].start : self._tokens[end - 1].end]
        return Mention(start, end, actor, party or actor, name, bound, aside, adjective, moves)

    def _bound(self, start: int) -> Binding | None:
        # "de X ataca Y" binds X alone; "contra X, Y" both.
        nearest = 0 if start == self._end else self._end
        for position in range(start, max(start - REACH - 1, nearest), -1):
            if position in self._bindings:
                return self._bindings[position]
        return None
