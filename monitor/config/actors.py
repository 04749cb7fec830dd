"""`actors` and `offices` of knowledge files: who acts and is acted on."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from monitor.config import values
from monitor.config.fields import Fields, flag
from monitor.config.phrases import Key, Phrase, Phrases, terms_of
from monitor.config.problems import Problems, shown, unknown
from monitor.config.source import Items, Map, Node, Scalar
from monitor.core.errors import Place
from monitor.core.knowledge import Actor, ActorId, Name, Office

ACTOR_KEYS = ("title", "country", "names", "adjectives", "acts_as", "moves", "reports")
NAMES_KEYS = ("names", "since", "until")
OFFICE_KEYS = ("words", "alone", "moves")
DEFAULT_PART = "government"  # who acts where a country with this office is a party by its bare name
_NAMES = "names"
_NAMELESS = ("title", "country", "acts_as", "moves", "reports")
_OFFICE = "words of an office"


@dataclass(frozen=True, slots=True)
class _Named:
    """A name as written, of which actor and when."""

    actor: str
    phrase: Phrase
    since: date | None
    until: date | None

    def meets(self, other: "_Named") -> bool:
        """Whether both hold on some day."""
        return not (_before(self.until, other.since) or _before(other.until, self.since))

    @property
    def days(self) -> str:
        said = [
            f"{word} {day}" for word, day in (("since", self.since), ("until", self.until)) if day
        ]
        return " ".join(said) or "at all times"


def _before(end: date | None, start: date | None) -> bool:
    return end is not None and start is not None and end < start


def written_names(node: Node) -> Iterator[Scalar]:
    """Every text under the `names` of an actor, whatever else is wrong with it."""
    fields = dict(_entries(node))
    groups = fields.get(_NAMES)
    for group in groups.nodes if isinstance(groups, Items) else ():
        inner = dict(_entries(group)).get(_NAMES, group)
        for item in inner.nodes if isinstance(inner, Items) else (inner,):
            if isinstance(item, Scalar):
                yield item


def _entries(node: Node) -> Iterator[tuple[str, Node]]:
    if isinstance(node, Map):
        yield from ((key.text, value) for key, value in node.entries)


def countries(actors: Collection[tuple[str, Node]]) -> Iterator[str]:
    """The ids of actors with adjectives, whose parts are made of offices."""
    for identifier, node in actors:
        if "adjectives" in dict(_entries(node)):
            yield identifier


def read_office(key: Scalar, node: Node, phrases: Phrases, problems: Problems) -> Office:
    """The words of an office: a list of them, or `{words: […], alone: […], moves: false}`."""
    if not isinstance(node, Map):
        return Office(key.text, terms_of(phrases.read(node, what=_OFFICE)))
    fields = Fields(node, problems, what="an office", allowed=OFFICE_KEYS)
    if "words" not in fields and "alone" not in fields:
        problems.add(key.place, f'the office {shown(key.text)} needs the key "words"')
    return Office(
        part=key.text,
        words=terms_of(phrases.read(fields.node("words"), what=_OFFICE)),
        alone=terms_of(phrases.read(fields.node("alone"), what=_OFFICE)),
        moves=flag(fields, "moves", default=True),
    )


def part_of_nothing(what: str, part: str, known: Collection[str]) -> str:
    """The message for a part whose whole nobody knows."""
    whole = part.rpartition(".")[0]
    names = [each for each in sorted(known) if not each.startswith(f"{whole}.")]
    return f"{shown(part)} is a part: {unknown(what, whole, names)}"


class Actors:
    """Reads actors one by one, and tells where two cannot be told apart."""

    def __init__(
        self, phrases: Phrases, known: Collection[str], problems: Problems, *, complete: bool
    ) -> None:
        """`known` are all ids, those that offices make too; not `complete`: there may be more."""
        self._phrases = phrases
        self._known = known
        self._problems = problems
        self._complete = complete
        self._names: dict[Key, list[_Named]] = {}
        self._adjectives: dict[Key, tuple[str, Place]] = {}
        self._codes: dict[str, tuple[str, Place]] = {}

    def read(self, key: Scalar, node: Node) -> Actor:
        """One actor, whose id is right."""
        fields = Fields(node, self._problems, what="an actor", allowed=ACTOR_KEYS)
        self._tell_whole(key)
        title = fields.required("title", values.text)
        names = tuple(
            name
            for group in fields.items(_NAMES, what="names")
            for name in self._group(key.text, group)
        )
        adjectives = self._phrases.read(fields.node("adjectives"), what="adjectives")
        self._tell_shared(key.text, adjectives)
        if isinstance(node, Map) and all(name in _NAMELESS for name, _ in _entries(node)):
            self._tell_nameless(key)
        return Actor(
            id=ActorId(key.text),
            title=title or key.text,
            names=tuple(Name(each.phrase.term, each.since, each.until) for each in names),
            adjectives=terms_of(adjectives),
            acts_as=self._acts_as(key.text, fields, country="adjectives" in fields),
            moves=flag(fields, "moves", default=True),
            reports=flag(fields, "reports"),
            country=self._country(key.text, fields),
        )

    def _country(self, identifier: str, fields: Fields) -> str | None:
        country = fields.optional("country", values.country, None)
        node = fields.node("country")
        if country is not None and node is not None:
            other, place = self._codes.setdefault(country, (identifier, node.place))
            if other != identifier:
                self._problems.add(
                    node.place,
                    f"the country {shown(country)} is already that of {other} ({place}); its "
                    "outlets have one country of their own",
                )
        return country

    def _tell_whole(self, key: Scalar) -> None:
        whole = key.text.rpartition(".")[0]
        if whole and whole not in self._known and self._complete:
            self._problems.add(key.place, part_of_nothing("actor", key.text, self._known))

    def _tell_nameless(self, key: Scalar) -> None:
        if not any(other.startswith(f"{key.text}.") for other in self._known):
            self._problems.add(
                key.place,
                f"no text can name the actor {shown(key.text)}: it has neither names nor "
                "adjectives, and no part",
            )

    def _acts_as(self, identifier: str, fields: Fields, *, country: bool) -> ActorId | None:
        usual = f"{identifier}.{DEFAULT_PART}"
        default = ActorId(usual) if country and usual in self._known else None
        return fields.optional("acts_as", self._actor, default)

    def _actor(self, written: str) -> ActorId:
        if written not in self._known and self._complete:
            raise ValueError(unknown("actor", written, sorted(self._known)))
        return ActorId(written)

    def _group(self, actor: str, node: Node) -> tuple[_Named, ...]:
        """A name, a list of them, or names with dates."""
        since = until = None
        if isinstance(node, Map):
            fields = Fields(node, self._problems, what="names with dates", allowed=NAMES_KEYS)
            since = fields.optional("since", values.day, None)
            until = fields.optional("until", values.day, None)
            self._tell_reversed(fields, since, until)
            if _NAMES not in fields and not fields.broken:
                self._problems.add(node.place, 'names with dates need the key "names"')
            found = self._phrases.read(fields.node(_NAMES), what=_NAMES)
        elif isinstance(node, Items):
            found = self._phrases.read(node, what=_NAMES)
        else:
            found = self._phrases.of(node, what=_NAMES)
        named = tuple(_Named(actor, phrase, since, until) for phrase in found)
        for each in named:
            self._tell_ambiguous(each)
        return named

    def _tell_reversed(self, fields: Fields, since: date | None, until: date | None) -> None:
        node = fields.node("since")
        if node is not None and _before(until, since):
            self._problems.add(
                node.place, f"since {since} is after until {until}; nobody is so named on any day"
            )

    def _tell_ambiguous(self, name: _Named) -> None:
        others = self._names.setdefault(name.phrase.key, [])
        for other in others:
            if other.actor != name.actor and other.meets(name):
                self._problems.add(
                    name.phrase.place,
                    f"{shown(name.phrase.term.written)} names {name.actor} {name.days}, and "
                    f"{other.actor} {other.days} ({other.phrase.place}); give one of them dates "
                    "that keep them apart, or a longer name",
                )
                break
        others.append(name)

    def _tell_shared(self, actor: str, adjectives: tuple[Phrase, ...]) -> None:
        for phrase in adjectives:
            other, place = self._adjectives.setdefault(phrase.key, (actor, phrase.place))
            if other != actor:
                self._problems.add(
                    phrase.place,
                    f"the adjective {shown(phrase.term.written)} is already that of {other} "
                    f"({place}); one adjective means one country",
                )
