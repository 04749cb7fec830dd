"""Templates of the user's own, in a sandbox that also bounds what they cost.

Jinja's immutable sandbox keeps a template away from Python; it bounds neither time nor memory
beside `range`. So every round of a loop and every call of a macro is counted, whatever makes a text
longer looks at its length, and only filters and methods stay that cannot make one much longer.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from functools import cache
from itertools import islice
from types import MethodType
from typing import Any, TypeVar

from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from monitor.adapters.dressing.hands import Hand, Safe
from monitor.core.contents import Content
from monitor.core.wording import Wording

ROUNDS = 10_000  # of loops and macros in one message
LENGTH = 200_000  # characters of any text or list that is made
RANGE = 1_000
FIGURES = 10**15  # the largest number
SECONDS = 1.0  # for one message, with all tries to make it fit

NAMES = frozenset({"content", "titled"})  # what a template is given
FILTERS = frozenset(
    {
        "abs", "capitalize", "d", "default", "dictsort", "first", "float", "groupby", "int",
        "items", "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr",
        "reverse", "round", "select", "selectattr", "sort", "string", "title", "trim", "truncate",
        "unique", "upper", "wordcount",
    }
)  # fmt: skip
METHODS = frozenset(
    {
        "capitalize", "count", "endswith", "find", "isdigit", "lower", "lstrip", "partition",
        "rstrip", "split", "splitlines", "startswith", "strip", "title", "upper",
    }
)  # fmt: skip
# What a template that breaks may raise; all of them end in the built-in layout.
BROKEN = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
_TICK, _JOIN = "_monitor_tick", "_monitor_join"


T = TypeVar("T")


class Budget:
    """How much one message may cost."""

    def __init__(self, *, seconds: float = SECONDS) -> None:
        self._until = time.monotonic() + seconds
        self._rounds = 0

    def begin(self) -> None:
        """Another try of the same message: rounds begin anew, the time goes on."""
        self._rounds = 0

    def tick(self) -> str:
        """One round more."""
        self._rounds += 1
        if self._rounds > ROUNDS:
            raise SecurityError(f"more than {ROUNDS:,} rounds of loops and macros")
        if time.monotonic() > self._until:
            raise SecurityError(f"it takes longer than {SECONDS:g} s")
        return ""


class Pieces(StrictUndefined):
    """What a template asked for and there is none of, with what was probably meant."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        name, owner = str(self._undefined_name), self._undefined_obj
        if not is_dataclass(owner):
            return str(super()._undefined_message)
        known = [each.name for each in fields(owner) if each.name != "reports"]
        near = get_close_matches(name, known, n=1)
        hint = f'; did you mean "{near[0]}"?' if near else f". Allowed: {', '.join(known)}"
        return f'there is no "{name}" in {type(owner).__name__.lower()}{hint}'


class Bounded(ImmutableSandboxedEnvironment):
    """The sandbox, with every way to a longer text bounded."""

    intercepted_binops = frozenset({"+", "*", "**", "%", "/", "//", "-"})

    def __init__(self, hand: Hand) -> None:
        super().__init__(
            autoescape=False,
            finalize=hand.escaped,
            undefined=Pieces,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._hand = hand
        self.globals = {"range": _range, "namespace": self.globals["namespace"]}
        self.globals |= {_JOIN: self._joined}
        self.filters = {name: made for name, made in self.filters.items() if name in FILTERS}
        self.filters |= {**hand.filters, "join": self._join}

    @staticmethod
    def concat(pieces: Iterable[str]) -> str:
        """What block sets, macros and filter blocks put together."""
        return _whole("".join(pieces))

    def _joined(self, *parts: object) -> str:
        """`~`: what is marked up stays so, and all else is escaped beside it."""
        if any(isinstance(part, Safe) for part in parts):
            return Safe(_whole("".join(map(self._hand.escaped, parts))))
        return _whole("".join(map(str, parts)))

    def _join(self, values: Iterable[object], d: str = "", attribute: str | None = None) -> str:
        found = list(islice(values, ROUNDS))
        if attribute is not None:
            found = [self.getattr(each, attribute) for each in found]
        parts: list[object] = []
        for each in found:
            parts += [d, each] if parts else [each]
        return self._joined(*parts)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic, and nothing that makes a long text of a short one."""
        if operator in {"*", "**", "%"} and not (_number(left) and _number(right)):
            raise SecurityError(f'"{operator}" is for numbers alone')
        if operator == "**":
            raise SecurityError('"**" is not available')
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return self._joined(left, right)
        found = super().call_binop(context, operator, left, right)
        if _number(found) and abs(found) > FIGURES:
            raise SecurityError(f"a number above {FIGURES:,}")
        return found if _number(found) else _whole(found)

    def call(self, context: Any, called: Any, *args: Any, **kwargs: Any) -> Any:
        """Call what is harmless: macros, words, a few methods of texts."""
        owner, name = getattr(called, "__self__", None), getattr(called, "__name__", "it")
        barred = isinstance(owner, str) and name not in METHODS
        if barred or not self.is_safe_callable(called):
            raise SecurityError(f"{name}() is not available")
        return super().call(context, called, *args, **kwargs)

    def is_safe_callable(self, obj: Any) -> bool:
        owner = getattr(obj, "__self__", None)
        own = isinstance(obj, MethodType) and isinstance(owner, Wording | Budget | Bounded)
        known = obj in (self.globals["range"], self.globals["namespace"])
        kinds = isinstance(obj, Macro | LoopContext)
        return own or known or kinds or isinstance(owner, str | dict | list | tuple | LoopContext)


class _Counted(NodeTransformer):
    """Puts a count into every loop and macro, and our own joining in place of `~`."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - as Jinja calls it
        self.generic_visit(node)
        node.body.insert(0, _called(_TICK, [], node.lineno, as_statement=True))
        return node

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.body.insert(0, _called(_TICK, [], node.lineno, as_statement=True))
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _called(_JOIN, node.nodes, node.lineno)


def _called(
    name: str, arguments: list[nodes.Expr], line: int, *, as_statement: bool = False
) -> nodes.Node:
    made: nodes.Node = nodes.Call(nodes.Name(name, "load"), arguments, [], None, None)
    return (nodes.ExprStmt(made) if as_statement else made).set_lineno(line)


def _range(*bounds: int) -> range:
    found = range(*bounds)
    if len(found) > RANGE:
        raise SecurityError(f"a range of more than {RANGE:,}")
    return found


def _number(value: object) -> bool:
    return isinstance(value, int | float)


def _whole(value: T) -> T:
    if isinstance(value, str | list | tuple) and len(value) > LENGTH:
        raise SecurityError(f"a text of more than {LENGTH:,} characters")
    return value


@cache
def environment(hand: Hand) -> Bounded:
    """Where the templates of one kind of channel live."""
    return Bounded(hand)


def parsed(source: str, hand: Hand) -> nodes.Template:
    """A template as Jinja understands it; raises TemplateSyntaxError."""
    return environment(hand).parse(source)


@cache
def _compiled(source: str, hand: Hand, name: str) -> Template:
    env = environment(hand)
    counted = _Counted().visit(env.parse(source))
    code = env.compile(counted, name, name)
    return Template.from_code(env, code, env.make_globals(None))


def rendered(source: str, content: Content, hand: Hand, *, name: str, budget: Budget) -> str:
    """What a template makes of a message. Raises one of BROKEN."""
    budget.begin()
    shown: dict[str, object] = {"content": content, "titled": hand.titled, _TICK: budget.tick}
    made = _compiled(source, hand, name).generate(**shown)
    return "".join(_limited(made))


def _limited(parts: Iterator[str]) -> Iterator[str]:
    length = 0
    for part in parts:
        length += len(part)
        if length > LENGTH:
            raise SecurityError(f"more than {LENGTH:,} characters")
        yield part
