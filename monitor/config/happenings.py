"""What stands under `event`: who did what to whom, in the names of config/knowledge/."""

import re
from collections.abc import Callable, Iterable

from monitor.config.fields import Fields, describe, read_items, read_text
from monitor.config.problems import Problems, choices, shown, unknown
from monitor.config.source import Broken, Items, Map, Node
from monitor.core.knowledge import Status
from monitor.core.rules import UNKNOWN, Happening

KEYS = ("type", "family", "source", "target", "between", "status", "speaker")
STATUSES = tuple(status.value for status in Status if status is not Status.PAST_REFERENCE)
FORM = "{type: TYPE, source: ACTOR, target: ACTOR}"
_PARTIES = 2  # of `between`
_LIKE_AN_ACTOR = re.compile(r"[a-z0-9_]+(?:[._][a-z0-9_]+)+")


class Happenings:
    """Reads `event` conditions; None means that the mistake is told."""

    def __init__(
        self,
        problems: Problems,
        *,
        types: Iterable[str],
        families: Iterable[str],
        actors: Iterable[str],
        complete: bool,
    ) -> None:
        """Not `complete`: a file of knowledge is unreadable, and a name may be in it."""
        self._types, self._families = sorted(types), sorted(families)
        self._actors = sorted(_with_wholes(actors))
        self._complete = complete
        self._problems = problems

    def read(self, node: Node) -> Happening | None:
        if not isinstance(node, Map):
            if not isinstance(node, Broken):
                said = f"event is {FORM}; found {describe(node)}"
                self._problems.add(node.place, said)
            return None
        fields = Fields(node, self._problems, what="event", allowed=KEYS)
        types = self._names(fields, "type", self._known("event type", self._types))
        families = self._names(fields, "family", self._known("family", self._families))
        between = self._between(fields)
        found = Happening(
            types=types,
            families=families,
            sources=self._names(fields, "source", self._party),
            targets=self._names(fields, "target", self._party),
            between=between,
            statuses=self._names(fields, "status", _status),
            speakers=self._names(fields, "speaker", self._speaker),
        )
        if "type" not in fields and "family" not in fields:
            said = 'event needs the key "type": what happened; or "family", for all types of one'
            self._problems.add(node.place, said)
        return found if types or families else None

    def _names(
        self, fields: Fields, key: str, parse: Callable[[str], str], *, what: str = "names"
    ) -> tuple[str, ...]:
        """One name or a list of them, each once."""
        node = fields.node(key)
        if node is None:
            return ()
        is_list = isinstance(node, Items)
        items = read_items(node, self._problems, what=what) if is_list else (node,)
        read = (read_text(item, parse, self._problems) for item in items)
        return tuple(dict.fromkeys(name for name in read if name is not None))

    def _between(self, fields: Fields) -> tuple[str, ...]:
        node = fields.node("between")
        if node is None:
            return ()
        for key in ("source", "target"):
            if (beside := fields.node(key)) is not None:
                said = f"between names source and target both, in either order; drop {key}"
                self._problems.add(beside.place, said)
        if not isinstance(node, Items):
            if not isinstance(node, Broken):
                said = f"between is two actors, as in [A, B]; found {describe(node)}"
                self._problems.add(node.place, said)
            return ()
        actors = self._names(fields, "between", self._actor, what="two actors")
        if node.nodes and len(actors) != _PARTIES and len(node.nodes) != _PARTIES:
            said = f"between is two actors, as in [A, B]; found {len(node.nodes)}"
            self._problems.add(node.place, said)
        elif len(node.nodes) == _PARTIES and len(actors) == 1 and self._same(node.nodes):
            self._problems.add(node.place, f"between names {shown(actors[0])} twice")
        return actors if len(actors) == _PARTIES else ()

    def _same(self, nodes: tuple[Node, ...]) -> bool:
        return len({getattr(node, "text", None) for node in nodes}) == 1

    def _known(self, what: str, names: list[str]) -> Callable[[str], str]:
        def parse(written: str) -> str:
            if not written.strip():
                raise ValueError(f"the name of {_a(what)} is missing here")
            if written not in names and self._complete:
                raise ValueError(unknown(what, written, names))
            return written

        return parse

    def _actor(self, written: str) -> str:
        return self._known("actor", self._actors)(written)

    def _party(self, written: str) -> str:
        return written if written == UNKNOWN else self._actor(written)

    def _speaker(self, written: str) -> str:
        """An actor, or a name as written; what looks like an actor must be one."""
        if written in (UNKNOWN, *self._actors) or not _LIKE_AN_ACTOR.fullmatch(written):
            if not written.strip():
                raise ValueError("the name of a speaker is missing here")
            return written
        return self._actor(written)


def _status(written: str) -> str:
    if written == Status.PAST_REFERENCE:
        raise ValueError(
            f"{shown(written)} is not news and never matches. Allowed: {choices(STATUSES)}"
        )
    if written not in STATUSES:
        raise ValueError(unknown("status of an event", written, STATUSES))
    return written


def _a(what: str) -> str:
    return f"{'an' if what[0] in 'aeiou' else 'a'} {what}"


def _with_wholes(names: Iterable[str]) -> set[str]:
    """Actors, and what each is a part of."""
    found = set(names)
    return found | {name[:end] for name in found for end, sign in enumerate(name) if sign == "."}
