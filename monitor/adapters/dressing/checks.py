"""What is wrong with a template of the user's own, before any message depends on it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from difflib import get_close_matches
from types import TracebackType

from jinja2 import TemplateSyntaxError, nodes

from monitor.adapters.dressing.hands import PLAIN, Hand, hand_of
from monitor.adapters.dressing.sandbox import (
    BROKEN,
    FILTERS,
    NAMES,
    SECONDS,
    Budget,
    environment,
    parsed,
    rendered,
)
from monitor.core.contents import Content, Form
from monitor.core.model import Channel, Template
from monitor.core.samples import samples
from monitor.core.wording.languages import wording_of

ANY_TIME = datetime(2026, 11, 21, 3, 2, tzinfo=UTC)  # of the samples
_GIVEN = frozenset({"range", "namespace", "loop", "caller", "varargs", "kwargs"})
_ELSEWHERE = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)


def check_template(channel: Channel, template: Template) -> Sequence[tuple[int, str]]:
    """Lines and what is wrong there, for the person who wrote it; nothing if it serves.

    It is tried on a message of every kind, in the channel's language and form.
    """
    hand = hand_of(channel.url) or PLAIN
    try:
        tree = parsed(template.source, hand)
    except TemplateSyntaxError as error:
        return [(error.lineno, f"{_sentence(error.message or 'it is no template')}")]
    except RecursionError:
        return [(1, "it is nested too deeply")]
    wrong = sorted({*_elsewhere(tree), *_unknown_names(tree), *_unknown_filters(tree, hand)})
    return wrong or list(_tried(channel, template, hand))[:1]


def _elsewhere(tree: nodes.Template) -> Iterator[tuple[int, str]]:
    for node in tree.find_all(_ELSEWHERE):
        yield node.lineno, "a template stands alone: it cannot take in another file"


def _unknown_names(tree: nodes.Template) -> Iterator[tuple[int, str]]:
    own = {node.name for node in tree.find_all(nodes.Name) if node.ctx in ("store", "param")}
    own |= {node.name for node in tree.find_all(nodes.Macro)}
    own |= {node.name for node in tree.find_all(nodes.NSRef)}
    for node in tree.find_all(nodes.Name):
        if node.ctx == "load" and node.name not in own | _GIVEN | NAMES:
            yield node.lineno, _unknown("name", node.name, sorted(NAMES | own))


def _unknown_filters(tree: nodes.Template, hand: Hand) -> Iterator[tuple[int, str]]:
    known = environment(hand).filters
    for node in tree.find_all(nodes.Filter):
        if node.name in ("safe", "e", "escape"):
            told = "escaped by itself; strong, hits, address and line make markup"
            yield node.lineno, f'the filter "{node.name}" is not available: all is {told}'
        elif node.name not in known:
            own = sorted({*hand.filters, "join", *FILTERS})
            yield node.lineno, _unknown("filter", node.name, own)


def _unknown(what: str, name: str, allowed: Sequence[str]) -> str:
    near = get_close_matches(name, allowed, n=1)
    if near:
        return f'unknown {what} "{name}"; did you mean "{near[0]}"?'
    return f'unknown {what} "{name}". Allowed: {", ".join(allowed)}'


def _tried(channel: Channel, template: Template, hand: Hand) -> Iterator[tuple[int, str]]:
    budget = Budget(seconds=SECONDS * 5)
    for content in samples(now=ANY_TIME, words=wording_of(channel)):
        given = replace(content, reports=())
        try:
            shown = rendered(template.source, given, hand, name=template.name, budget=budget)
        except BROKEN as error:
            yield line_of(error, template), f"{_kind(content)}: {_sentence(str(error))}"
            return
        if missing := _missing(content, shown, hand):
            yield 1, f"{_kind(content)}: {missing}"


def _missing(content: Content, shown: str, hand: Hand) -> str:
    """What nobody would be told of this message; "" if the least of it is there."""
    if not shown.strip():
        return "it shows nothing"
    if content.form is Form.NOTICE:
        there = all(hand.escaped(line) in shown for line in content.lines)
        return "" if there else "it leaves out content.lines, which are all that a notice says"
    titled = hand.titled and content.form is not Form.DIGEST and content.headed
    told = [] if titled else [each.headline for each in content.items]
    there = all(hand.escaped(each) in shown for each in told)
    return "" if there else "it leaves out a headline"


def line_of(error: BaseException, template: Template) -> int:
    """Where in the template it broke."""
    if isinstance(error, TemplateSyntaxError):
        return error.lineno
    found, trace = 1, error.__traceback__
    while isinstance(trace, TracebackType):
        if trace.tb_frame.f_code.co_filename == template.name:
            found = trace.tb_lineno
        trace = trace.tb_next
    return found


def _kind(content: Content) -> str:
    return f"tried on {'an' if content.form.value[0] in 'au' else 'a'} {content.form.value}"


def _sentence(words: str) -> str:
    return " ".join(words.split()).rstrip(".")
