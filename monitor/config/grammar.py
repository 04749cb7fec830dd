"""The grammar of `query:`, and how a text that does not fit it is read on.

lark cuts the text and holds the grammar. Where a piece does not fit, the mistake is noted, the
parser is fed what was probably meant, and reading goes on: so all mistakes are told at once.
"""

from collections.abc import Iterable, Iterator
from functools import cache

from lark import Lark, Token, Tree, UnexpectedToken
from lark.parsers.lalr_interactive_parser import InteractiveParser

from monitor.config import foreign
from monitor.config.problems import shown

PARENTHESES_LIMIT = 10  # inside each other; the YAML of a rule nests no deeper either
PLAIN_LIMIT = 24  # characters of a word that a message repeats inside a suggestion
MENDED = ""  # the text of a piece that stands in for what is missing or refused

# OTHER is whatever only other languages write; it is replaced before the parser sees it.
_GRAMMAR = r"""
start: chain
chain: _operand _joint*
_joint: (AND | OR) _operand | negation
_operand: negation | nearby
negation: NOT nearby
?nearby: place (NEAR place)*
?place: atom | FIELD atom -> field
?atom: term | LPAR chain RPAR -> group
term: WORD | PHRASE | LIST | OTHER

AND.3: /AND(?=[\s()"|]|\Z)/
OR.3: /OR(?=[\s()"|]|\Z)/
NOT.3: /NOT(?=[\s()"|]|\Z)/
NEAR.3: /O?NEAR(\/\d{1,3})?(?=[\s()"|]|\Z)/
FIELD.2: /[^\W\d]\w*:(?!\/\/)/
LIST.2: /\$[^\W\d][^\s()"|&]*/
PHRASE.2: /=?"[^"]*"/
OTHER.2: /&&|\|\|?|[-+!](?=[^\s)])|AROUND\s?\(\d+\)|=?"[^"]*\Z|[“„«‘][^“”„«»‘’"]*[”“»’]|[“”„‟«»‘]/
WORD: /([^\s()"|&“”„‟«»]|&(?!&))+/
LPAR: "("
RPAR: ")"
%ignore /\s+/
"""


class Mistakes:
    """The mistakes found so far."""

    def __init__(self) -> None:
        self.found: dict[tuple[int, str], None] = {}

    def add(self, column: int, said: str) -> None:
        self.found[column, said] = None

    def too_deep(self, tokens: list[Token]) -> bool:
        """True once the mistake is told."""
        depth = 0
        for token in tokens:
            depth += (token.type == "LPAR") - (token.type == "RPAR")
            if depth > PARENTHESES_LIMIT:
                said = f"more than {PARENTHESES_LIMIT} parentheses inside each other; use lists"
                self.add(start(token), said)
                return True
        return False


def syntax(text: str, mistakes: Mistakes) -> Tree[Token] | None:
    """The tree of the query, mended where that had to be; None if there is none to speak of."""
    tokens = list(_mended(_parser().lex(text), mistakes))
    if not tokens:
        mistakes.add(0, "the query is empty; write what to watch for, as in (A OR B) AND C")
    elif not mistakes.too_deep(tokens):
        return _Structure(mistakes).read(tokens)
    return None


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", lexer="basic", propagate_positions=True)


def start(piece: Token | Tree[Token]) -> int:
    """The column of its first character, counted from 0."""
    found = piece.start_pos if isinstance(piece, Token) else piece.meta.start_pos
    return found or 0


def _mended(tokens: Iterable[Token], mistakes: Mistakes) -> Iterator[Token]:
    """The tokens, those of other languages told and replaced by what they stand for."""
    for token in tokens:
        refused = None
        if token.type == "FIELD":
            refused = foreign.field_refusal(token[:-1])
        elif token.type in ("WORD", "OTHER"):
            refused = foreign.refusal(token)
        if refused is None:
            yield token
            continue
        mistakes.add(start(token), refused.said)
        if refused.stands_for and token.type == "FIELD":
            yield Token.new_borrow_pos("FIELD", f"{refused.stands_for}:", token)
        elif refused.stands_for:
            yield Token.new_borrow_pos(refused.stands_for, MENDED, token)


class _Structure:
    """Feeds the parser, and mends what does not fit."""

    def __init__(self, mistakes: Mistakes) -> None:
        self._mistakes = mistakes
        self._parser: InteractiveParser = _parser().parse_interactive("")
        self._before: Token | None = None
        self._open: list[Token] = []

    def read(self, tokens: list[Token]) -> Tree[Token]:
        """The tree of all tokens, whatever it took."""
        for token in tokens:
            self._place(token)
        end = Token("$END", "", start_pos=tokens[-1].end_pos)
        if self._operand_expected():
            if self._before is not None:
                said = f"nothing stands behind {shown(self._before)}; write a word there"
                self._mistakes.add(start(self._before), said)
            self._feed("WORD", end)
        for opened in self._open:
            self._mistakes.add(start(opened), 'this "(" is never closed; add a ")"')
            self._feed("RPAR", end)
        tree: Tree[Token] = self._parser.feed_token(end)
        return tree

    def _operand_expected(self) -> bool:
        accepted: set[str] = self._parser.accepts()  # type: ignore[no-untyped-call]
        return "WORD" in accepted

    def _place(self, token: Token) -> None:
        if token.type == "RPAR" and not self._open:
            self._tell(token, 'this ")" closes nothing; leave it out, or add the "(" before it')
            return
        try:
            self._parser.feed_token(token)
        except UnexpectedToken:
            expected = self._operand_expected()
            mend = self._operand_missing if expected else self._operator_missing
            if mend(token):
                self._place(token)
            return
        if token.type == "LPAR":
            self._open.append(token)
        elif token.type == "RPAR":
            self._open.pop()
        self._before = token

    def _operand_missing(self, token: Token) -> bool:
        """Tells it; True if `token` fits now, False if it is left out."""
        before = self._before or token
        if token.type == "RPAR":
            empty = before.type == "LPAR"
            said = f"nothing stands behind {shown(before)}"
            said = "these parentheses are empty" if empty else said
            self._mistakes.add(start(before), f"{said}; write a word there")
            self._feed("WORD", token)
            return True
        if token.type == "FIELD":
            said = f"two fields in front of one word; write {self._before}word OR {token}word"
        elif token.type == "NOT":
            said = f"NOT cannot follow {shown(before)}; write A NOT B"
        elif self._before is None or self._before.type == "LPAR":
            said = f"nothing stands before {shown(token)}; write a word there"
        else:
            said = f"{shown(token)} follows {shown(before)}; keep one of the two"
        self._tell(token, said)
        return False

    def _operator_missing(self, token: Token) -> bool:
        """Tells it, and puts one there: `token` fits now."""
        before = self._before or token
        if _is_plain(before) and _is_plain(token):
            two = f'"{before} {token}" for the phrase, or {before} AND {token}'
            self._tell(token, f"no operator stands before {shown(token)}; write {two}")
        else:
            self._tell(token, f"no operator stands before {shown(token)}; write AND or OR")
        self._feed("AND", token)
        return True

    def _tell(self, token: Token, said: str) -> None:
        """Unless the piece, or the one before it, is a mistake already."""
        if token != MENDED and (self._before is None or self._before != MENDED):
            self._mistakes.add(start(token), said)

    def _feed(self, kind: str, at: Token) -> None:
        column = start(at)
        self._parser.feed_token(Token(kind, MENDED, start_pos=column, end_pos=column))


def _is_plain(token: Token) -> bool:
    return token.type == "WORD" and len(token) <= PLAIN_LIMIT and not token.startswith("=")
