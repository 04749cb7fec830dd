"""`query:`, one boolean string, turned into the tree of core.rules."""

from collections.abc import Callable
from itertools import pairwise

from lark import Token, Tree

from monitor.config import values
from monitor.config.contradictions import only_negative
from monitor.config.grammar import MENDED, Mistakes, start, syntax
from monitor.config.problems import shown
from monitor.config.wording import DEFAULT_WITHIN
from monitor.core.proximity import GROUPS_LIMIT
from monitor.core.rules import AllOf, AnyOf, Condition, Near, NoneOf, Scope, Term, Within
from monitor.core.terms import is_regex

QUERY_LIMIT = 10_000  # characters
SHOWN_LIMIT = 24  # characters of a branch that a message repeats


class QueryError(ValueError):
    """What is wrong with a query: every mistake with its column, counted from 0, in order."""

    def __init__(self, mistakes: tuple[tuple[int, str], ...]) -> None:
        super().__init__("; ".join(f"column {column + 1}: {said}" for column, said in mistakes))
        self.mistakes = mistakes


def parse_query(
    text: str,
    *,
    term: Callable[[str], Term],
    terms_of_list: Callable[[str], tuple[Term, ...]],
) -> Condition:
    """The condition that `text` says. Raises QueryError with every mistake.

    `term` reads a word or phrase; `terms_of_list` takes a name without its `$`. Both may raise
    ValueError, whose words become a mistake. No terms: what is wrong with the list is told
    elsewhere, and QueryError holds the other mistakes, perhaps none.
    """
    if len(text) > QUERY_LIMIT:
        raise QueryError(((0, f"a query has at most {QUERY_LIMIT:,} characters; use lists"),))
    mistakes = Mistakes()
    tree = syntax(text, mistakes)
    condition = None
    if tree is not None:
        condition = _Builder(text, mistakes, term, terms_of_list).condition(tree)
    if mistakes.found or condition is None:
        raise QueryError(tuple(sorted(mistakes.found)))
    return condition


def line_and_column(text: str, position: int) -> tuple[int, int]:
    """Where a character of `text` stands, both counted from 1."""
    return text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)


def whereabouts(text: str, position: int) -> str:
    """The same in words; of one line, the column alone."""
    line, column = line_and_column(text, position)
    return f"line {line}, column {column}" if "\n" in text.strip() else f"column {column}"


class _Builder:
    """Turns the parser's tree into a condition; a None means that a mistake is told."""

    def __init__(
        self,
        text: str,
        mistakes: Mistakes,
        term: Callable[[str], Term],
        terms_of_list: Callable[[str], tuple[Term, ...]],
    ) -> None:
        self._text = text
        self._mistakes = mistakes
        self._term = term
        self._terms_of_list = terms_of_list

    def condition(self, tree: Tree[Token]) -> Condition | None:
        """The whole query, which must say what is to be there."""
        found = self._build(tree.children[0])
        if found is not None and only_negative(found):
            said = "only NOT stands here, so nearly every article would match; write A NOT B"
            self._mistakes.add(start(_first_not(tree)), said)
        return found

    def _build(self, tree: Tree[Token] | Token) -> Condition | None:
        assert isinstance(tree, Tree)  # noqa: S101 - the grammar has no token here
        match tree.data:
            case "chain":
                return self._chain(tree)
            case "negation":
                return self._negation(tree)
            case "nearby":
                return self._nearby(tree)
            case "group":
                return self._build(tree.children[1])
            case "field":
                return self._field(tree)
        return self._leaf(tree)

    # --- AND, OR, NOT ---

    def _chain(self, tree: Tree[Token]) -> Condition | None:
        operands, joiners = _operands(tree)
        read = [self._build(operand) for operand in operands]
        if self._mixes(operands, joiners) or None in read:
            return None
        parts = [part for part in read if part is not None]
        if any(joiner.type == "OR" for joiner in joiners):
            self._tell_negative(operands, parts)
            return AnyOf(tuple(parts))
        wanted = [part for part, of in zip(parts, operands, strict=True) if of.data != "negation"]
        kept_out = [
            inner
            for part, of in zip(parts, operands, strict=True)
            if of.data == "negation" and isinstance(part, NoneOf)
            for inner in part.parts
        ]
        joined = [AllOf(tuple(wanted)) if len(wanted) > 1 else wanted[0]] if wanted else []
        negative = [NoneOf(tuple(kept_out))] if kept_out else []
        both = (*joined, *negative)
        return both[0] if len(both) == 1 else AllOf(both)

    def _mixes(self, operands: list[Tree[Token]], joiners: list[Token]) -> bool:
        """Whether AND and OR stand side by side, which is then told."""
        real = [(n, each) for n, each in enumerate(joiners) if each != MENDED]
        for (_, one), (number, other) in pairwise(real):
            if (one.type == "OR") != (other.type == "OR"):
                a, b, c = (self._shown(each) for each in operands[number - 1 : number + 2])
                left, right = f"({a} {one} {b}) {other} {c}", f"{a} {one} ({b} {other} {c})"
                said = f"{one} and {other} stand side by side; write {left} or {right}"
                self._mistakes.add(start(other), said)
                return True
        return False

    def _shown(self, tree: Tree[Token]) -> str:
        """The branch as written, cut short; `…` for one that is missing."""
        written = " ".join(self._text[tree.meta.start_pos : tree.meta.end_pos].split())
        short = f"{written[:SHOWN_LIMIT]}…"
        return written if 0 < len(written) <= SHOWN_LIMIT else short

    def _tell_negative(self, operands: list[Tree[Token]], parts: list[Condition]) -> None:
        for operand, part in zip(operands, parts, strict=True):
            if only_negative(part) and _first_not(operand) != MENDED:
                said = "OR NOT lets nearly every article match; write A OR (B NOT C)"
                self._mistakes.add(start(operand), said)

    def _negation(self, tree: Tree[Token]) -> Condition | None:
        part = self._build(tree.children[1])
        if part is None:
            return None
        if only_negative(part):
            self._mistakes.add(start(tree), "two NOT undo each other; write neither")
            return None
        return NoneOf(part.parts if isinstance(part, AnyOf) and not _is_list(part) else (part,))

    # --- NEAR ---

    def _nearby(self, tree: Tree[Token]) -> Condition | None:
        groups = [self._alternatives(child) for child in tree.children[::2]]
        operators = [each for each in tree.children[1::2] if isinstance(each, Token)]
        real = [each for each in operators if each != MENDED]
        meanings = [_near(each) for each in real]
        for operator, meaning in zip(real, meanings, strict=True):
            if meaning != meanings[0]:
                said = f"write A {real[0]} B AND B {operator} C"
                self._mistakes.add(start(operator), f"{real[0]} and {operator} in a row; {said}")
                return None
            if meaning[0] > values.WORDS_LIMIT:
                said = f"{operator} is too far; allowed: NEAR/0 to NEAR/{values.WORDS_LIMIT}"
                self._mistakes.add(start(operator), said)
        if len(groups) > GROUPS_LIMIT:
            said = f"NEAR joins at most {GROUPS_LIMIT}; found {len(groups)}. Write AND between some"
            self._mistakes.add(start(tree), said)
        if None in groups or not meanings:
            return None
        within, ordered = meanings[0]
        return Near(tuple(group for group in groups if group), within, ordered)

    def _alternatives(self, tree: Tree[Token] | Token) -> tuple[Term, ...] | None:
        """The terms, one of which is to stand there."""
        found = self._build(tree)
        terms = _terms(found) if found is not None else None
        if found is not None and terms is None:
            said = f"NEAR joins words, phrases, lists and (A OR B); {_INSTEAD[type(found)]}"
            self._mistakes.add(start(tree), said)
        return terms

    # --- words ---

    def _field(self, tree: Tree[Token]) -> Condition | None:
        part = self._build(tree.children[1])
        scope = Scope(str(tree.children[0])[:-1])
        return Within(frozenset({scope}), part) if part is not None else None

    def _leaf(self, tree: Tree[Token]) -> Condition | None:
        (token,) = tree.children
        if not isinstance(token, Token) or token == MENDED:
            return None
        try:
            if token.type == "LIST":
                return _any_of(self._terms_of_list(token[1:]))
            return self._term(_written(token))
        except ValueError as error:
            self._mistakes.add(start(token), str(error))
            return None


_INSTEAD = {
    AllOf: "write A NEAR B AND A NEAR C",
    NoneOf: "write (A NEAR B) NOT C",
    Near: "write A NEAR B NEAR C",
    Within: "write title:(A NEAR B)",
    AnyOf: "write (A NEAR C) OR (B NEAR C)",
}


def _operands(tree: Tree[Token]) -> tuple[list[Tree[Token]], list[Token]]:
    """The branches of a chain, and what joins each to the one before: NOT by itself is AND NOT."""
    operands: list[Tree[Token]] = []
    joiners: list[Token] = []
    for child in tree.children:
        if isinstance(child, Token):
            joiners.append(child)
            continue
        if len(joiners) < len(operands):
            word = child.children[0]
            assert isinstance(word, Token)  # noqa: S101 - by the grammar a negation
            joiners.append(Token.new_borrow_pos("AND", "AND", word))
        operands.append(child)
    return operands, joiners


def _first_not(tree: Tree[Token]) -> Token:
    return next(tree.scan_values(_is_not))


def _is_not(leaf: Token | Tree[Token]) -> bool:
    return isinstance(leaf, Token) and leaf.type == "NOT"


def _near(operator: Token) -> tuple[int, bool]:
    """How many words may stand between, and whether in this order."""
    name, _, number = operator.partition("/")
    return int(number or DEFAULT_WITHIN), name == "ONEAR"


def _written(token: Token) -> str:
    """A term as a rule has it: a phrase without its quotes. Raises ValueError."""
    if token.type != "PHRASE":
        return str(token)
    exact, _, rest = token.partition('"')
    phrase = rest[:-1].strip()
    if phrase.startswith("$"):
        raise ValueError(f"{shown(phrase)} is a list; write it without quotes, by itself")
    if is_regex(phrase):
        raise ValueError('a regular expression is no phrase; write "regex:…" beside the query')
    return exact + phrase


def _any_of(terms: tuple[Term, ...]) -> Condition | None:
    if not terms:
        return None
    return terms[0] if len(terms) == 1 else AnyOf(terms)


def _is_list(condition: AnyOf) -> bool:
    return all(isinstance(part, Term) and part.list_name for part in condition.parts)


def _terms(condition: Condition) -> tuple[Term, ...] | None:
    """The terms of an OR; None if there is something else in it."""
    if isinstance(condition, Term):
        return (condition,)
    if not isinstance(condition, AnyOf):
        return None
    found = [_terms(part) for part in condition.parts]
    if None in found:
        return None
    return tuple(dict.fromkeys(term for terms in found if terms for term in terms))
