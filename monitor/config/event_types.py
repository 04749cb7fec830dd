"""`types` and `modifiers` of knowledge files: what happens, and what changes it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from monitor.config import values
from monitor.config.fields import Fields, describe, flag, read_text
from monitor.config.phrases import Key, Phrase, Phrases, terms_of
from monitor.config.problems import Problems, shown, unknown
from monitor.config.source import Broken, Items, Map, Node, Scalar
from monitor.core.errors import Place
from monitor.core.knowledge import (
    MODIFIER_REACH,
    ActorId,
    CueGroup,
    EventType,
    Modifier,
    ModifierId,
    Status,
    TypeId,
)
from monitor.core.model import Language
from monitor.core.rules import Term, Word
from monitor.core.text import fold

MODIFIER_KEYS = ("words", "status", "behind", "within", "first", "suffered")
TYPE_KEYS = (
    "title", "family", "cues", "traps", "becomes", "two_parties", "said", "concerns", "by",
    "arguable", "labels",
)  # fmt: skip
CUE_KEYS = ("words", "place", "of", "target", "needs", "joined", "status", "beside", "unless")
# Keys of a cue group that take one word only.
PLACE, OF, TARGET, NEEDS = ("counts",), ("target",), ("before",), ("source",)

_status = values.choice("status", Status)
_within = values.number(least=0, most=MODIFIER_REACH)
_language = values.choice("language", Language)
_place = values.one_of('value of "place"', PLACE)
_of = values.one_of('value of "of"', OF)
_target = values.one_of('value of "target"', TARGET)
_needs = values.one_of('value of "needs"', NEEDS)
_FORM = "[word, …] or {words: [word, …], place: counts}"


def read_modifier(key: Scalar, node: Node, phrases: Phrases, problems: Problems) -> Modifier:
    """One modifier, whose id is right."""
    fields = Fields(node, problems, what="a modifier", allowed=MODIFIER_KEYS)
    if not fields.broken and "words" not in fields:
        problems.add(key.place, f'the modifier {shown(key.text)} needs the key "words"')
    return Modifier(
        id=ModifierId(key.text),
        words=terms_of(phrases.read(fields.node("words"), what="words of a modifier")),
        status=fields.optional("status", _status, None),
        behind=flag(fields, "behind"),
        within=fields.optional("within", _within, MODIFIER_REACH),
        first=flag(fields, "first"),
        suffered=flag(fields, "suffered"),
    )


@dataclass(frozen=True, slots=True)
class _Edge:
    """`becomes`: the type that another one is under some modifier."""

    modifier: str
    type: str
    place: Place


@dataclass(frozen=True, slots=True)
class _Cue:
    """A cue as written, of which type and group."""

    type: str
    group: CueGroup
    phrase: Phrase

    def shadows(self, other: "_Cue") -> bool:
        """Whether one of the two, of equal words, holds wherever the other does.

        In one group only the same spelling is a slip: arribo and arribó are two words.
        """
        if self.phrase.place == other.phrase.place:  # both of one list
            return False
        if self.group is other.group:
            return self.phrase.term.written == other.phrase.term.written
        return not (self.asks_more and other.asks_more)

    @property
    def asks_more(self) -> bool:
        """Whether its words alone do not tell of the event."""
        group = self.group
        return bool(group.beside or group.unless or group.needs_source or group.joined)


class EventTypes:
    """Reads event types one by one; `check` then tells what only all of them show."""

    def __init__(
        self,
        phrases: Phrases,
        problems: Problems,
        *,
        actors: Collection[str],
        types: Collection[str],
        modifiers: Collection[str],
        complete: bool,
    ) -> None:
        self._phrases = phrases
        self._problems = problems
        self._actors = actors
        self._types = types
        self._modifiers = modifiers
        self._complete = complete
        self._cues: dict[tuple[str, Key], list[_Cue]] = {}  # by family
        self._becomes: dict[str, list[_Edge]] = {}
        self._empty: dict[str, Place] = {}

    def read(self, key: Scalar, node: Node) -> EventType:
        """One type, whose id is right."""
        fields = Fields(node, self._problems, what="an event type", allowed=TYPE_KEYS)
        title = fields.required("title", values.text) or key.text
        family = fields.required("family", values.identifier)
        written = self._groups(fields.node("cues"))
        groups, cues = (
            tuple(group for group, _ in written),
            tuple(cue for _, words in written for cue in words),
        )
        traps = self._phrases.read(fields.node("traps"), what="traps")
        if not fields.broken and "cues" not in fields:
            self._empty[key.text] = key.place
        for group, words in written:
            for cue in words:
                self._tell_shadowed(_Cue(key.text, group, cue), family)
        if cues:
            self._tell_idle_traps(traps, cues)
        return EventType(
            id=TypeId(key.text),
            title=title,
            family=family or "",
            cues=groups,
            traps=terms_of(traps),
            becomes=self._becoming(key.text, fields),
            two_parties=flag(fields, "two_parties"),
            said=flag(fields, "said"),
            concerns=flag(fields, "concerns"),
            by=self._by(fields),
            arguable=flag(fields, "arguable"),
            labels=self._labels(fields),
        )

    def _labels(self, fields: Fields) -> dict[str, str]:
        found: dict[str, str] = {}
        for key, node in fields.mapping("labels", what="names (language: name)"):
            language = read_text(key, _language, self._problems)
            name = read_text(node, values.text, self._problems)
            if language and name:
                found[language] = name
        return found

    def _by(self, fields: Fields) -> tuple[ActorId, ...]:
        found = []
        for node in fields.items("by", what="actors"):
            name = read_text(node, values.actor_id, self._problems)
            if name and isinstance(node, Scalar):
                self._known_name("actor", node, self._actors)
                found.append(ActorId(name))
        return tuple(dict.fromkeys(found))

    def _groups(self, node: Node | None) -> list[tuple[CueGroup, tuple[Phrase, ...]]]:
        """The cue groups, each with its cues and their places."""
        if not isinstance(node, Items) or not node.nodes:
            if node is not None and not isinstance(node, Broken):
                found = "an empty list" if isinstance(node, Items) else describe(node)
                self._problems.add(
                    node.place, f"cues is a list of groups, each {_FORM}; found {found}"
                )
            return []
        bare = [item for item in node.nodes if isinstance(item, Scalar)]
        if bare:
            self._problems.add(
                bare[0].place,
                f"cues is a list of groups, and {describe(bare[0])} stands in none; write "
                "cues: [[word, …]]",
            )
        return [self._group(item) for item in node.nodes if isinstance(item, Items | Map)]

    def _group(self, node: Items | Map) -> tuple[CueGroup, tuple[Phrase, ...]]:
        if isinstance(node, Items):
            words = self._phrases.read(node, what="cues")
            return CueGroup(terms_of(words)), words
        fields = Fields(node, self._problems, what="a group of cues", allowed=CUE_KEYS)
        if "words" not in fields:
            self._problems.add(node.place, 'a group of cues needs the key "words"')
        words = self._phrases.read(fields.node("words"), what="cues")
        group = CueGroup(
            words=terms_of(words),
            place=fields.optional("place", _place, None) is not None,
            of_target=fields.optional("of", _of, None) is not None,
            target_before=fields.optional("target", _target, None) is not None,
            needs_source=fields.optional("needs", _needs, None) is not None,
            joined=flag(fields, "joined"),
            status=fields.optional("status", _status, None),
            beside=self._beside(fields, "beside"),
            unless=self._beside(fields, "unless"),
        )
        self._tell_silent(group, words)
        return group, words

    def _beside(self, fields: Fields, key: str) -> tuple[Term, ...]:
        return terms_of(self._phrases.read(fields.node(key), what="words beside a cue"))

    def _tell_silent(self, group: CueGroup, words: tuple[Phrase, ...]) -> None:
        """Tell of cues that hold what must not stand beside them, and so never tell of anything."""
        unless = _Cues(group.unless)
        for cue in words:
            sure = not any(_is_open(word.pattern) for word in cue.term.words)
            if sure and unless.inside(cue.term):
                self._problems.add(
                    cue.place,
                    f"the cue {shown(cue.term.written)} holds words of its own `unless`, so it "
                    "tells of nothing; drop one of them",
                )

    def _tell_shadowed(self, cue: "_Cue", family: str | None) -> None:
        """Tell of equal words that would count twice, or never by themselves."""
        others = self._cues.setdefault((family or f" {cue.type}", cue.phrase.key), [])
        other = next((each for each in others if each.shadows(cue)), None)
        if other is not None:
            written, place = shown(cue.phrase.term.written), other.phrase.place
            if other.type == cue.type:
                said = f"the cue {written} stands in {cue.type} already ({place}); drop one"
            else:
                said = (
                    f"{written} is a cue of {other.type} too ({place}), which is of the same "
                    "family, so that both would be told; drop one, or write longer phrases"
                )
            self._problems.add(cue.phrase.place, said)
        others.append(cue)

    def _tell_idle_traps(self, traps: tuple[Phrase, ...], cues: tuple[Phrase, ...]) -> None:
        """A trap blanks the cues of its type inside it, and nothing else."""
        held = _Cues(cue.term for cue in cues)
        for trap in traps:
            if not held.inside(trap.term):
                self._problems.add(
                    trap.place,
                    f"the trap {shown(trap.term.written)} holds no cue of its type, so it keeps "
                    "nothing away; drop it, or write the whole phrase around the cue",
                )

    def _becoming(self, name: str, fields: Fields) -> dict[ModifierId, TypeId]:
        found: dict[ModifierId, TypeId] = {}
        for key, node in fields.mapping("becomes", what="types (modifier: type)"):
            self._known_name("modifier", key, self._modifiers)
            written = read_text(node, values.plain_id, self._problems)
            if written and isinstance(node, Scalar):
                self._known_name("event type", node, self._types)
                self._becomes.setdefault(name, []).append(_Edge(key.text, written, node.place))
                if key.text in self._modifiers and written in self._types:
                    found[ModifierId(key.text)] = TypeId(written)
        return found

    def _known_name(self, what: str, node: Scalar, known: Collection[str]) -> None:
        if node.text not in known and self._complete:
            self._problems.add(node.place, unknown(what, node.text, sorted(known)))

    def check(self) -> None:
        """Tells of types that nothing makes, and of types that become each other."""
        made = {edge.type for edges in self._becomes.values() for edge in edges}
        for name, place in self._empty.items():
            if name not in made and self._complete:
                self._problems.add(
                    place,
                    f"the event type {shown(name)} is empty: it has no cues, and no other type "
                    "becomes it",
                )
        self._tell_cycles()

    def _tell_cycles(self) -> None:
        done: set[str] = set()
        for name in self._becomes:
            path = _way_back(name, self._becomes, done)
            if path:
                written = " → ".join((name, *(f"{edge.type} ({edge.modifier})" for edge in path)))
                self._problems.add(
                    path[0].place, f"these types become each other: {written}; take out one"
                )
                done.update(edge.type for edge in path)


def _way_back(start: str, becomes: Mapping[str, list[_Edge]], done: Collection[str]) -> list[_Edge]:
    """The shortest way from a type back to itself; empty if there is none."""
    ways: dict[str, list[_Edge]] = {start: []}
    waiting = [start]
    for step in waiting:  # grows while we walk it
        for edge in becomes.get(step, ()):
            if edge.type == start:
                return [*ways[step], edge]
            if edge.type not in ways and edge.type not in done:
                ways[edge.type] = [*ways[step], edge]
                waiting.append(edge.type)
    return []


class _Cues:
    """Cues by their first words and first letters, to be found inside of a trap."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self._by_start: dict[str, list[tuple[Word, ...]]] = {}
        self._by_word: dict[str, list[tuple[Word, ...]]] = {}  # those that begin with a plain one
        self._open: dict[str, list[tuple[Word, ...]]] = {}  # the others, by their first letters
        for term in terms:
            start, first = _start(term.words[0]), fold(term.words[0].pattern)
            self._by_start.setdefault(start, []).append(term.words)
            table, key = (self._open, start) if _is_open(first) else (self._by_word, first)
            table.setdefault(key, []).append(term.words)

    def inside(self, trap: Term) -> bool:
        """Whether a text that the trap stands for may hold a cue."""
        return any(
            len(cue) <= len(trap.words) - start and all(map(_alike, cue, trap.words[start:]))
            for start, word in enumerate(trap.words)
            for cue in self._beginning(word)
        )

    def _beginning(self, word: Word) -> Iterable[tuple[Word, ...]]:
        start, pattern = _start(word), fold(word.pattern)
        if not start:
            return chain.from_iterable(self._by_start.values())
        if _is_open(pattern):
            return chain(self._by_start.get(start, ()), self._by_start.get("", ()))
        return chain(
            self._by_word.get(pattern, ()), self._open.get(start, ()), self._open.get("", ())
        )


def _is_open(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


def _start(word: Word) -> str:
    """The first letters, which `*` leaves alone; empty where `?` stands for one."""
    start = fold(word.pattern)[:2]
    return "" if "?" in start else start


def _alike(one: Word, other: Word) -> bool:
    """Whether some form of a word fits both patterns; with `?`, that is taken for granted."""
    ours, theirs = fold(one.pattern), fold(other.pattern)
    if "?" in ours or "?" in theirs:
        return True
    shorter, longer = sorted((ours, theirs), key=lambda each: len(each.removesuffix("*")))
    if shorter.endswith("*"):
        return longer.startswith(shorter[:-1])
    return shorter == longer.removesuffix("*")
