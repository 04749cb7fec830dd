"""What conditions say of words: terms, lists of them, and what stands under `near` and `repeat`."""

from collections.abc import Sequence

from monitor.config import values
from monitor.config.fields import Fields, describe, read_items, read_text
from monitor.config.lists import Lists
from monitor.config.plain import plain_term
from monitor.config.problems import Problems, shown
from monitor.config.source import Broken, Map, Node, Scalar
from monitor.core.errors import Place
from monitor.core.proximity import GROUPS_LIMIT
from monitor.core.rules import Near, Repeat, Term, Unit

NEAR_KEYS = ("terms", "within", "ordered")
NEAR_GROUPS_LEAST = 2  # one term is near nothing
DEFAULT_WITHIN = 10  # words
REPEAT_KEYS = ("term", "times")
COUNT_LIMIT = 100  # of `n` and `times`; what says a word more often is a table, not an article

count = values.number(least=1, most=COUNT_LIMIT)
_words = values.number(least=0, most=values.WORDS_LIMIT)


def keys_of(
    node: Node, problems: Problems, *, what: str, allowed: Sequence[str], form: str
) -> Fields | None:
    """The keys of `what`; None, and told with `form`, if it has none."""
    if isinstance(node, Map):
        return Fields(node, problems, what=what, allowed=allowed)
    if not isinstance(node, Broken):
        problems.add(node.place, f"{what} is {form}; found {describe(node)}")
    return None


class Wording:
    """Reads terms; empty or None means that the mistake is told."""

    def __init__(self, lists: Lists, problems: Problems) -> None:
        self._lists = lists
        self._problems = problems

    def terms(self, node: Scalar) -> tuple[Term, ...]:
        """One term, or those of a list."""
        if node.text.startswith("$"):
            name = self._lists.known(node)
            return self._lists.terms(name) if name else ()
        if not node.text.strip():
            self._problems.add(node.place, "a term is missing here")
            return ()
        term = read_text(node, plain_term, self._problems)
        return (term,) if term else ()

    def near(self, node: Node) -> Near | None:
        form = "{terms: [A, B], within: 12 words}"
        fields = keys_of(node, self._problems, what="near", allowed=NEAR_KEYS, form=form)
        if fields is None:
            return None
        groups = self._groups(fields.node("terms"), node.place)
        within_node = fields.node("within")
        within = read_text(within_node, _within, self._problems) if within_node else DEFAULT_WITHIN
        ordered = fields.optional("ordered", values.boolean, False)  # noqa: FBT003 - a value
        if within is None or len(groups) < NEAR_GROUPS_LEAST:
            return None
        return Near(groups, within, ordered)

    def _groups(self, node: Node | None, place: Place) -> tuple[tuple[Term, ...], ...]:
        if node is None:
            self._problems.add(place, 'near needs the key "terms"')
            return ()
        items = read_items(node, self._problems, what="at least 2 terms")
        if items and len(items) < NEAR_GROUPS_LEAST:
            self._problems.add(node.place, "near needs at least 2 terms; found 1")
        if len(items) > GROUPS_LIMIT:
            self._problems.add(
                node.place, f"near takes at most {GROUPS_LIMIT} terms; found {len(items)}"
            )
        groups = (self._group(item, what="near") for item in items)
        return tuple(group for group in groups if group)

    def _group(self, node: Node, *, what: str) -> tuple[Term, ...]:
        """The terms that may stand for one thing."""
        if isinstance(node, Scalar):
            return self.terms(node)
        if not isinstance(node, Broken):
            self._problems.add(
                node.place,
                f"{what} takes terms and lists ($name); found {describe(node)}; put several "
                "words for one thing under lists:",
            )
        return ()

    def repeat(self, node: Node) -> Repeat | None:
        form = "{term: A, times: 3}"
        fields = keys_of(node, self._problems, what="repeat", allowed=REPEAT_KEYS, form=form)
        if fields is None:
            return None
        times = fields.required("times", count)
        term = fields.node("term")
        if term is None:
            self._problems.add(node.place, 'repeat needs the key "term"')
            return None
        group = self._group(term, what="repeat")
        return Repeat(group, times) if group and times else None

    def phrases(self, node: Node) -> tuple[Term, ...]:
        """What stands under `ignore`: one, or a list of them."""
        is_one = isinstance(node, Scalar) and node.text
        items = (node,) if is_one else read_items(node, self._problems, what="words and phrases")
        return tuple(term for item in items for term in self._group(item, what="ignore"))


def _within(written: str) -> int | Unit:
    if written in tuple(Unit):
        return Unit(written)
    number, _, word = written.partition(" ")
    if word in ("words", "word"):
        return _words(number)
    raise ValueError(f'found {shown(written)}; allowed: "12 words", "sentence", "paragraph"')
