"""YAML as a tree of places: every scalar is text, and what YAML does behind one's back is told.

Only PyYAML's event stream is used. It neither builds objects nor recurses, so a bomb of anchors
or of brackets costs nothing, and 1,000 rules take its C parser 0.1 s (ruamel.yaml: 2.6 s).
"""

import re
from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from sys import intern

import yaml

from monitor.config.problems import PROBLEM_LIMIT, Problems, shown
from monitor.config.syntax import INDENTED, syntax_message
from monitor.core.errors import Place, Problem

SIZE_LIMIT = 2_000_000  # bytes of one file
DEPTH_LIMIT = 20  # mappings and lists inside each other
EVENT_LIMIT = 400_000  # of the parser, for one file: 2 MB of real rules make 300,000

CUT_OFF = (
    "the file ends in the middle of a line, as one that is cut off or half saved; if it is whole, "
    "end it with a line break"
)
_CLOSING = tuple("]}\"'")  # behind these a line may well end without a line break

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"
)
_CARRIED_BYTES = range(0xDC80, 0xDD00)  # how read_directory carries bytes that are no UTF-8
_INDENT = re.compile(r"^( *[\t\u00a0\u3000])", re.MULTILINE)
_COMMENT = re.compile(r"(?<![^\s,\[{])(#\w*)[^\n]*")  # group 1 is what may be a hashtag
_PLAIN = (None, "", ":")  # the style of a text without quotes, as the two parsers call it
_CURLY = "“”„‘’‚«»‹›"


@dataclass(frozen=True, slots=True)
class Scalar:
    """A piece of text, as YAML understood its quotes."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Items:
    """A YAML sequence."""

    place: Place
    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Map:
    """A YAML mapping, in the order written, each key once."""

    place: Place
    entries: tuple[tuple[Scalar, "Node"], ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """Something whose mistake is already told: readers pass over it in silence."""

    place: Place


Node = Scalar | Items | Map | Broken


def scan(file: str, text: str, problems: Problems) -> Node:
    """The tree of one file; Broken if it cannot be read. Mistakes go to `problems`."""
    start = Place(file)
    if _too_long(text):
        problems.add(start, f"the file is over {SIZE_LIMIT:,} bytes; split it")
        return Broken(start)
    text = text.removeprefix("\ufeff")
    if forbidden := _FORBIDDEN.search(text):
        problems.add(_place(file, text, forbidden.start()), _forbidden_message(forbidden[0]))
        return Broken(start)
    return _Scan(file, text, problems).tree()


def _too_long(text: str) -> bool:
    return len(text.encode(errors="surrogateescape")) > SIZE_LIMIT


def cut_off(file: str, text: str) -> Place | None:
    """Where a file ends in the middle of a word or a comment; None if it ends as whole ones do.

    `when: oil` may have been `when: oil deal`, and nobody could tell. What is cut off at the end
    of a line, or behind a bracket, only the version in force can tell. Of a file that is too long
    only the beginning was read.
    """
    if _too_long(text):
        return None
    end = text.rstrip(" ")
    if not end or end.endswith(("\n", "\r", *_CLOSING)):
        return None
    return _place(file, end, len(end))


def _place(file: str, text: str, index: int) -> Place:
    line = text.count("\n", 0, index)
    return Place(file, line + 1, index - text.rfind("\n", 0, index))


def _forbidden_message(character: str) -> str:
    code = ord(character)
    if code in _CARRIED_BYTES:
        return f"byte 0x{code - 0xDC00:02X} is not UTF-8; save the file as UTF-8"
    return f"the invisible character U+{code:04X} is not allowed; remove it"


class _Spans:
    """Where texts begin and end, in characters, in the order of the file."""

    def __init__(self) -> None:
        self.starts = array("L")
        self.ends = array("L")

    def add(self, event: yaml.ScalarEvent) -> None:
        self.starts.append(event.start_mark.index)
        self.ends.append(event.end_mark.index)


class _Refused(Exception):  # noqa: N818 - a limit, raised and caught here alone
    """A limit is passed: the rest is not even parsed."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place


class _Scan:
    """One file, event by event: the events of 10,000 feeds together would take 60 MB."""

    def __init__(self, file: str, text: str, problems: Problems) -> None:
        self._file = file
        self._text = text
        self._problems = problems
        self._found: dict[Problem, None] = {}  # told if the file can be parsed at all
        self._error: yaml.MarkedYAMLError | None = None
        self._texts = _Spans()
        self._marked = _Spans()  # texts that do not end by themselves: in quotes, or blocks
        self._swallowed: set[int] = set()  # lines whose hashtag became a comment

    def tree(self) -> Node:
        start = Place(self._file)
        refused: _Refused | None = None
        tree: Node = Broken(start)
        try:
            tree = self._document(self._events())
        except yaml.MarkedYAMLError as error:
            self._error = error
        except _Refused as limit:
            refused = limit
        told = self._told_traps()
        if refused:
            self._problems.add(refused.place, str(refused))
        elif self._error and not told:  # else the trap is the cause, this only its consequence
            self._syntax_problem(self._error)
        if self._error or refused:
            return Broken(start)
        if self._swallowed:  # known only now: what is empty on those lines is told already
            self._found.clear()
            tree = self._document(self._events())
        for problem in self._found:
            self._problems.add(problem.place, problem.message)
        return tree

    def _events(self) -> Iterator[yaml.Event]:
        """Raises MarkedYAMLError and _Refused."""
        depth = 0
        for count, event in enumerate(yaml.parse(self._text, Loader=_LOADER)):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            elif isinstance(event, yaml.ScalarEvent):
                self._texts.add(event)
                if event.style not in _PLAIN:
                    self._marked.add(event)
            if depth > DEPTH_LIMIT:
                said = f"more than {DEPTH_LIMIT} lists and mappings inside each other"
                said += "; name some under lists:"
                raise _Refused(self._at(event.start_mark), said)
            if count > EVENT_LIMIT:
                said = "too many values for one file; split it"
                raise _Refused(self._at(event.start_mark), said)
            yield event

    def _tell(self, place: Place, message: str) -> None:
        if len(self._found) < PROBLEM_LIMIT:
            self._found[Problem(place, message)] = None

    def _told_traps(self) -> bool:
        """Tells of tabs and of swallowed hashtags outside of texts; True if there were any."""
        # A plain text may well have swallowed the wide space of a line's indentation.
        tabs = list(self._outside(_INDENT, self._marked))
        hashtags = [
            found for found in self._outside(_COMMENT, self._texts) if self._is_hashtag(found)
        ]
        for found in tabs:
            self._problems.add(_place(self._file, self._text, found.end() - 1), INDENTED)
        for found in hashtags:
            place = _place(self._file, self._text, found.start())
            self._swallowed.add(place.line)
            self._problems.add(
                place,
                f"YAML takes {shown(found[1])} for a comment and drops it; write it in straight "
                'quotes, or put a space after "#" if it is a comment',
            )
        return bool(tabs or hashtags)

    def _outside(self, trap: re.Pattern[str], texts: _Spans) -> Iterator[re.Match[str]]:
        """Where `trap` stands outside of `texts`, as far as the parser came."""
        end, at = self._read_until(), 0
        while found := trap.search(self._text, at, end):
            before = bisect_right(texts.starts, found.end(1) - 1) - 1
            if before >= 0 and texts.ends[before] > found.start():
                at = max(texts.ends[before], found.start() + 1)
            else:
                at = found.end()
                yield found

    def _read_until(self) -> int:
        """Behind the mistake, and behind a quote left open, nobody can tell what is text."""
        if self._error is None:
            return len(self._text)
        quoted = "quoted" in (self._error.context or "")
        mark = self._error.context_mark if quoted else self._error.problem_mark
        return mark.index if mark else len(self._text)

    def _is_hashtag(self, comment: re.Match[str]) -> bool:
        """Not a whole line of comment: nobody takes that for a hashtag."""
        line = self._text.rfind("\n", 0, comment.start()) + 1
        return (
            bool(comment[1][1:])
            and not self._text[line : comment.start()].isspace()
            and (line < comment.start())
        )

    def _syntax_problem(self, error: yaml.MarkedYAMLError) -> None:
        mark, message = syntax_message(error, self._text)
        self._problems.add(self._at(mark), message)

    def _at(self, mark: yaml.Mark) -> Place:
        return Place(self._file, mark.line + 1, mark.column + 1)

    def _document(self, events: Iterator[yaml.Event]) -> Node:
        tree: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent) and tree is not None:
                self._tell(
                    self._at(event.start_mark), 'one file holds one document; remove this "---"'
                )
                deque(events, maxlen=0)  # only to know where the texts in the rest of it stand
            elif isinstance(event, yaml.NodeEvent):
                tree = self._node(event, events)
        if tree is None or (isinstance(tree, Scalar) and not tree.text):
            self._tell(Place(self._file), "the file is empty")
            return Broken(Place(self._file))
        return tree

    def _node(self, event: yaml.NodeEvent, events: Iterator[yaml.Event]) -> Node:
        place = self._at(event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            written = shown("*" + event.anchor)
            self._tell(
                place,
                f'{written} is a YAML alias, not a wildcard: the "*" goes behind the letters, '
                'as in "tanker*"',
            )
            return Broken(place)
        self._refuse_anchor(event, place)
        if isinstance(event, yaml.SequenceStartEvent):
            return Items(place, tuple(self._sequence(events)))
        if isinstance(event, yaml.MappingStartEvent):
            return Map(place, tuple(self._mapping(events)))
        return self._scalar(event, place)

    def _refuse_anchor(self, event: yaml.NodeEvent, place: Place) -> None:
        if event.anchor is not None:
            self._tell(
                place,
                f"{shown('&' + event.anchor)} is a YAML anchor, which is not allowed; "
                "name a list under lists: and use it as $name",
            )
        if event.tag is not None:
            self._tell(place, 'YAML tags ("!…") are not allowed; write the text in straight quotes')

    def _scalar(self, event: yaml.ScalarEvent, place: Place) -> Node:
        text = event.value
        if not text and place.line in self._swallowed:
            return Broken(place)
        if event.style in _PLAIN and text[:1] and text[0] in _CURLY:
            self._tell(
                place,
                f"a curly quote {shown(text[0])} opens this text, and to YAML it is a letter; "
                'write straight quotes (") around the text',
            )
            return Broken(place)
        return Scalar(place, intern(text))  # keys, and much else, stand there by the thousand

    def _sequence(self, events: Iterator[yaml.Event]) -> Iterator[Node]:
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                return
            yield self._node(event, events)

    def _mapping(self, events: Iterator[yaml.Event]) -> Iterator[tuple[Scalar, Node]]:
        first: dict[str, Place] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                return
            key = self._node(event, events)
            value = self._node(next(events), events)
            if not isinstance(key, Scalar):
                self._tell(key.place, "a key must be one word")
            elif key.text == "<<":
                self._tell(key.place, 'YAML merge keys ("<<") are not allowed')
            elif key.text in first:
                self._tell(
                    key.place,
                    f"the key {shown(key.text)} stands here a second time (first in line "
                    f"{first[key.text].line}); join the two",
                )
            else:
                first[key.text] = key.place
                yield key, value
