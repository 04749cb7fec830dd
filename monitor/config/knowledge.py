"""knowledge/*.yaml: lists, and what the event coder knows. docs/knowledge.md explains the keys."""

import hashlib
import unicodedata
from collections.abc import Callable
from dataclasses import replace

from monitor.config import values
from monitor.config.actors import Actors, countries, part_of_nothing, read_office, written_names
from monitor.config.event_types import EventTypes, read_modifier
from monitor.config.fields import Fields, read_text
from monitor.config.lists import ACTOR, LISTS, Lists
from monitor.config.phrases import Key, Phrases, terms_of
from monitor.config.problems import Problems, shown
from monitor.config.source import Map, Node, Scalar
from monitor.core.knowledge import (
    Actor,
    Binding,
    EventType,
    Knowledge,
    Notice,
    NoticeWords,
    Office,
)
from monitor.core.rules import Term

KEYS = (
    "version", "lists", "actors", "offices", "bindings",
    "planned_endings", "hypothetical_endings", "suffered_endings", "own_endings",
    "modifiers", "types", "places", "another", "witnesses", "uncounted", "notices", "meanings",
)  # fmt: skip
NOTICE_KEYS = ("opening", "anywhere")
_ENDINGS = ("planned_endings", "hypothetical_endings", "suffered_endings", "own_endings")
_MARKS = {  # what tells one event of a kind from another
    "another": "words as in another strike",
    "witnesses": "words for those who saw it",
    "uncounted": "words beside figures that count nothing of an event",
}
VERSION_LENGTH = 12  # hexadecimal digits, as of a rule
_NAMED = {  # what each mapping of ids holds, and how an id is read
    "actors": ("actor", "actors (id: {title: …, names: […]})", values.actor_id),
    "offices": ("office", "offices (part: [word, …])", values.actor_id),
    "modifiers": ("modifier", "modifiers (id: {words: […]})", values.plain_id),
    "types": ("event type", "event types (id: {title: …, family: …, cues: […]})", values.plain_id),
    "places": ("place", "places (id: [name, …])", values.plain_id),
}


class Knowing:
    """What all knowledge files say. Read each with `add`, then `check` once, then ask."""

    def __init__(self, lists: Lists, problems: Problems, *, complete: bool = True) -> None:
        """`complete` is False if a file could not be read, so that an id may be in it."""
        self._lists = lists
        self._problems = problems
        self._complete = complete
        self._defined: dict[str, dict[str, tuple[Scalar, Node]]] = {key: {} for key in _NAMED}
        self._bindings: list[tuple[Scalar, Node]] = []
        self._notices: list[tuple[Scalar, Node]] = []
        self._endings: dict[str, list[Node]] = {key: [] for key in _ENDINGS}
        self._marks: dict[str, list[Node]] = {key: [] for key in _MARKS}
        self._meanings: list[Node] = []
        self._known = Knowledge()
        self.actor_ids: frozenset[str] = frozenset()
        self.event_types: frozenset[str] = frozenset()
        self.event_families: frozenset[str] = frozenset()

    @property
    def complete(self) -> bool:
        """Whether every id is known."""
        return self._complete

    def add(self, tree: Node) -> None:
        """One file, its lists too. Its ids are known from now on, whatever is wrong inside."""
        top = Fields(tree, self._problems, what="a knowledge file", allowed=KEYS)
        top.optional("version", values.version, 1)
        for key, node in top.mapping("lists", what=LISTS):
            self._lists.add(key, node)
        for section, (what, form, read) in _NAMED.items():
            if section in top and not isinstance(top.node(section), Map):
                self._complete = False
            for key, node in top.mapping(section, what=form):
                self._define(section, what, key, node, read)
        self._bindings += top.mapping("bindings", what="bindings (name: [word, …])")
        self._notices += top.mapping("notices", what=f"notices (kind: {_NOTICE})")
        self._meanings += top.items("meanings", what="groups of words that mean the same")
        for name in _ENDINGS:
            self._endings[name] += top.items(name, what="endings of words")
        for name, what in _MARKS.items():
            self._marks[name] += top.items(name, what=what)

    def _define(
        self, section: str, what: str, key: Scalar, node: Node, read: Callable[[str], str]
    ) -> None:
        name = read_text(key, read, self._problems)
        known = self._defined[section]
        if name is None:
            self._complete = False  # what is meant by it is known to somebody
            return
        if name in known:
            self._problems.add(
                key.place,
                f"the {what} {shown(name)} is already defined at {known[name][0].place}; join "
                "them or rename one",
            )
            return
        known[name] = key, node
        if section == "actors":
            self._lists.add_actor(name, key.place, tuple(written_names(node)))

    def check(self) -> None:
        """Reads all of it, telling every mistake; the lists are checked before."""
        actors, offices = self._defined["actors"], self._defined["offices"]
        whole = countries([(name, node) for name, (_, node) in actors.items()])
        made = {f"{name}.{part}" for name in whole for part in offices}
        self.actor_ids = frozenset(made.union(actors))
        self.event_types = frozenset(self._defined["types"])
        phrases = Phrases(self._lists, self._problems)
        self._known = Knowledge(
            actors=self._actors(phrases),
            offices=self._offices(phrases),
            modifiers=tuple(
                read_modifier(key, node, phrases, self._problems)
                for key, node in self._defined["modifiers"].values()
            ),
            types=self._types(phrases),
            bindings=self._bound(phrases),
            planned_endings=self._ends("planned_endings"),
            hypothetical_endings=self._ends("hypothetical_endings"),
            suffered_endings=self._ends("suffered_endings"),
            own_endings=self._ends("own_endings"),
            places=self._places(phrases),
            another=self._marking("another", phrases),
            witnesses=self._marking("witnesses", phrases),
            uncounted=self._marking("uncounted", phrases),
            notices=self._noticed(phrases),
            meanings=self._same(phrases),
        )
        self.event_families = frozenset(each.family for each in self._known.types)

    def knowledge(self) -> Knowledge:
        """What the event coder knows; empty before `check`."""
        return self._known

    @property
    def version(self) -> str:
        """A hash of what decides about events: all but titles, notices, comments and layout."""
        known = self._known
        decides = replace(
            known,
            actors=tuple(replace(actor, title="") for actor in known.actors),
            types=tuple(replace(each, title="") for each in known.types),
            notices={},
            meanings=(),
        )
        return hashlib.sha256(repr(decides).encode()).hexdigest()[:VERSION_LENGTH]

    def actor_terms(self, identifier: str) -> tuple[Term, ...]:
        """Every name of an actor and its parts, as `$actor:…` has them."""
        return self._lists.terms(f"{ACTOR}{identifier}")

    def _actors(self, phrases: Phrases) -> tuple[Actor, ...]:
        reader = Actors(phrases, self.actor_ids, self._problems, complete=self._complete)
        return tuple(reader.read(key, node) for key, node in self._defined["actors"].values())

    def _offices(self, phrases: Phrases) -> tuple[Office, ...]:
        offices = self._defined["offices"]
        for name, (key, _) in offices.items():
            whole = name.rpartition(".")[0]
            if whole and whole not in offices and self._complete:
                self._problems.add(key.place, part_of_nothing("office", name, offices))
        return tuple(
            read_office(key, node, phrases, self._problems) for key, node in offices.values()
        )

    def _types(self, phrases: Phrases) -> tuple[EventType, ...]:
        reader = EventTypes(
            phrases,
            self._problems,
            actors=self.actor_ids,
            types=self.event_types,
            modifiers=self._defined["modifiers"].keys(),
            complete=self._complete,
        )
        found = tuple(reader.read(key, node) for key, node in self._defined["types"].values())
        reader.check()
        return found

    def _bound(self, phrases: Phrases) -> dict[Binding, tuple[Term, ...]]:
        """The small words, those of several files added up, in the order of Binding."""
        found: dict[Binding, tuple[Term, ...]] = {}
        for key, node in self._bindings:
            binding = read_text(key, _binding, self._problems)
            words = terms_of(phrases.read(node, what="small words"))
            if binding is not None:
                found[binding] = tuple(dict.fromkeys((*found.get(binding, ()), *words)))
        return {binding: found[binding] for binding in Binding if binding in found}

    def _places(self, phrases: Phrases) -> dict[str, tuple[Term, ...]]:
        """The names of each place; one that two places share is told."""
        found: dict[str, tuple[Term, ...]] = {}
        taken: dict[Key, str] = {}
        for name, (_, node) in self._defined["places"].items():
            names = phrases.read(node, what="names of a place")
            for each in names:
                if (other := taken.setdefault(each.key, name)) != name:
                    self._problems.add(
                        each.place,
                        f"{shown(each.term.written)} is a name of {shown(other)} too: leave it to "
                        "one of them",
                    )
            found[name] = terms_of(names)
        return found

    def _marking(self, key: str, phrases: Phrases) -> tuple[Term, ...]:
        found = (each for node in self._marks[key] for each in phrases.of(node, what=_MARKS[key]))
        return terms_of(tuple(found))

    def _noticed(self, phrases: Phrases) -> dict[Notice, NoticeWords]:
        """The words of notices, those of several files added up, in the order of Notice."""
        found: dict[Notice, NoticeWords] = {}
        for key, node in self._notices:
            kind = read_text(key, _notice, self._problems)
            fields = Fields(node, self._problems, what="a notice", allowed=NOTICE_KEYS)
            if not fields.broken and not any(each in fields for each in NOTICE_KEYS):
                said = f"the notice {shown(key.text)} needs words: {_NOTICE}"
                self._problems.add(key.place, said)
            opening, anywhere = (
                terms_of(phrases.read(fields.node(each), what="words of a notice"))
                for each in NOTICE_KEYS
            )
            if kind is not None:
                before = found.get(kind, NoticeWords())
                found[kind] = NoticeWords(
                    tuple(dict.fromkeys((*before.opening, *opening))),
                    tuple(dict.fromkeys((*before.anywhere, *anywhere))),
                )
        return {kind: found[kind] for kind in Notice if kind in found}

    def _same(self, phrases: Phrases) -> tuple[tuple[Term, ...], ...]:
        """Groups of words that mean the same; of a word in two groups only one could count."""
        found: list[tuple[Term, ...]] = []
        taken: dict[Key, tuple[int, str]] = {}
        for number, node in enumerate(self._meanings):
            words = phrases.read(node, what="words that mean the same")
            for each in words:
                other, first = taken.setdefault(each.key, (number, words[0].term.written))
                if other != number:
                    self._problems.add(
                        each.place,
                        f"{shown(each.term.written)} stands in the group of {shown(first)} too: "
                        "leave it to one of them",
                    )
            if words:
                found.append(terms_of(words))
        return tuple(found)

    def _ends(self, key: str) -> tuple[str, ...]:
        read = (read_text(node, _ending, self._problems) for node in self._endings[key])
        return tuple(dict.fromkeys(each for each in read if each))


_NOTICE = "{opening: [word, …], anywhere: [word, …]}"
_binding = values.choice("kind of small word", Binding)
_notice = values.choice("kind of notice", Notice)


def _ending(written: str) -> str:
    """The last letters of a verb."""
    if not written.isalpha() or written != written.lower():
        raise ValueError(
            f"found {shown(written)}; an ending is lower-case letters alone, as in rá for reunirá"
        )
    return unicodedata.normalize("NFC", written)
