"""Who is named in a sentence: names, and offices made out with their country.

"Venezuelan president", "presidenta de Venezuela" and "the US Navy" are put together from a
country and an office, so that knowledge lists each once. A person decides over the country or
office beside the name: "Venezuela's Machado" is whoever Machado is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from monitor.core.knowledge import Actor, ActorId, Binding, Name, Office
from monitor.core.lexicon import Hit
from monitor.core.text import Token

BETWEEN_LIMIT = 2  # words between "Venezuelan" and its office: "Venezuelan acting vice president"
OF_LIMIT = 4  # words between an office and its country: "minister of defence of Venezuela"
REACH = 2  # words between a small word and the actor it binds: "by the acting president"

_ASIDE = frozenset((Binding.TOPIC, Binding.PLACE))
_BARE = _ASIDE | {Binding.TOWARD}


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
class Mention:
    """An actor named at tokens `start` to `end`.

    `bound`: the small word before it. `aside`: a topic or place, no party. `adjective`: it only
    says whose something is.
    """

    start: int
    end: int
    actor: ActorId
    bound: Binding | None = None
    aside: bool = False
    adjective: bool = False
    moves: bool = True


def mentions(
    tokens: Sequence[Token],
    hits: Sequence[Hit[Named | Whose | Office]],
    bindings: Mapping[int, Binding],
    *,
    day: date | None,
) -> list[Mention]:
    """The actors named among the tokens, in order, none inside another.

    `hits` are those of names, adjectives and offices, in order; `bindings` says which small word
    ends right before a token.
    """
    return list(_Reading(tokens, hits, bindings, day).all())


class _Reading:
    def __init__(
        self,
        tokens: Sequence[Token],
        hits: Sequence[Hit[Named | Whose | Office]],
        bindings: Mapping[int, Binding],
        day: date | None,
    ) -> None:
        self._length = len(tokens)
        self._bindings = bindings
        self._named: dict[int, Hit[Named]] = {}
        self._whose: dict[int, Hit[Whose]] = {}
        self._office: dict[int, Hit[Office]] = {}
        for hit in reversed(hits):  # the longest comes first and stays
            match hit.payload:
                case Named(name=name):
                    if name.holds(day):
                        self._keep(self._named, hit)
                case Whose():
                    self._keep(self._whose, hit)
                case Office():
                    self._keep(self._office, hit)

    @staticmethod
    def _keep(table: dict, hit: Hit) -> None:
        known = table.get(hit.start)
        if known is None or known.end <= hit.end:
            table[hit.start] = hit

    def all(self) -> Iterator[Mention]:
        position = 0
        while position < self._length:
            found = self._at(position)
            if found is None:
                position += 1
            else:
                yield found
                position = found.end

    def _at(self, start: int) -> Mention | None:
        named, whose, office = (
            table.get(start) for table in (self._named, self._whose, self._office)
        )
        if named and (not whose or named.end > whose.end):
            made = self._from_name(named)
        elif whose:
            made = self._from_country(whose, named)
        elif office:
            made = self._from_office(office)
        else:
            made = None
        return made

    def _from_name(self, hit: Hit[Named]) -> Mention:
        actor = hit.payload.actor
        if actor.adjectives:
            office = self._office_behind(hit.end)
            if office:
                return self._part(hit.start, office.end, actor, office.payload)
            person = self._named.get(hit.end)
            if person and not person.payload.actor.adjectives and person.payload.actor.moves:
                return self._bare(hit.start, person.end, person.payload.actor)
        return self._bare(hit.start, hit.end, actor)

    def _from_country(self, hit: Hit[Whose], named: Hit[Named] | None) -> Mention:
        actor = hit.payload.actor
        office = self._office_behind(hit.end)
        if office:
            return self._part(hit.start, office.end, actor, office.payload)
        person = self._named.get(hit.end)
        if person and not person.payload.actor.adjectives:
            return self._bare(hit.start, person.end, person.payload.actor)
        if named:
            return self._bare(hit.start, named.end, named.payload.actor)
        return self._made(hit.start, hit.end, actor, actor.id, adjective=True)

    def _office_behind(self, end: int) -> Hit[Office] | None:
        for position in range(end, min(end + BETWEEN_LIMIT + 1, self._length)):
            office = self._office.get(position)
            if office:
                return office
            if position in self._named or position in self._whose:
                return None
            if position in self._bindings or position + 1 in self._bindings:
                return None
        return None

    def _from_office(self, hit: Hit[Office]) -> Mention | None:
        """An office whose country stands behind it."""
        for position in range(hit.end, min(hit.end + OF_LIMIT + 1, self._length)):
            whose = self._whose.get(position)
            if whose and position <= hit.end + 1:
                return self._part(hit.start, whose.end, whose.payload.actor, hit.payload)
            named = self._named.get(position)
            if named and named.payload.actor.adjectives and self._of(position):
                return self._part(hit.start, named.end, named.payload.actor, hit.payload)
            if named or whose:
                return None
        return None

    def _of(self, position: int) -> bool:
        return any(
            self._bindings.get(position - step) in (Binding.OF, Binding.TOPIC) for step in (0, 1)
        )

    def _part(self, start: int, end: int, country: Actor, office: Office) -> Mention:
        person = self._named.get(end)
        if person and not person.payload.actor.adjectives and person.payload.actor.moves:
            return self._bare(start, person.end, person.payload.actor)
        actor = ActorId(f"{country.id}.{office.part}")
        return self._made(start, end, country, actor, moves=office.moves)

    def _bare(self, start: int, end: int, actor: Actor) -> Mention:
        bound = self._bound(start)
        acts_as = actor.acts_as if bound not in _BARE else None
        return self._made(start, end, actor, acts_as or actor.id, moves=actor.moves)

    def _made(
        self,
        start: int,
        end: int,
        actor: Actor,
        id: ActorId,
        *,
        adjective: bool = False,
        moves: bool = True,
    ) -> Mention:
        bound = self._bound(start)
        return Mention(start, end, id, bound, bound in _ASIDE, adjective, moves)

    def _bound(self, start: int) -> Binding | None:
        for position in range(start, max(start - REACH, 0) - 1, -1):
            if position in self._bindings:
                return self._bindings[position]
        return None
