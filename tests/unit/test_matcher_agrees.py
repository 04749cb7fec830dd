"""The matcher against its specification: an evaluator that is simple, slow and obviously right.

MATCHER_EXAMPLES sets how many random sets of 5 rules and 4 articles are tried, 25 by default. The
full proof, 50,000 pairs: `MATCHER_EXAMPLES=2500 pytest -s tests/unit/test_matcher_agrees.py`; it
prints how many it tried.
"""

import itertools
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.core.errors import Place
from monitor.core.evidence import Explanation, Kind
from monitor.core.indexed import ALIKE_LEAST, IndexedDocument
from monitor.core.matcher import Matcher
from monitor.core.model import Document, Match, RuleId, Strength
from monitor.core.rules import (
    AllOf,
    AnyOf,
    AtLeast,
    Boost,
    Condition,
    From,
    Ignoring,
    Near,
    NoneOf,
    Regex,
    Repeat,
    Rule,
    Scope,
    Scored,
    Term,
    Unit,
    Within,
    Word,
)
from monitor.core.terms import parse_term
from monitor.core.text import Token, fold, lead
from monitor.core.text import tokenise as tokenise_slowly
from monitor.core.vocabulary import Vocabulary, name_of

Stemmer = pytest.importorskip("Stemmer")

EXAMPLES = int(os.environ.get("MATCHER_EXAMPLES", "25"))
RULES, ARTICLES = 5, 4  # of one example
TITLE, LEAD, BODY, SECTION = Scope.TITLE, Scope.LEAD, Scope.BODY, Scope.SECTION
TOP = frozenset({TITLE, LEAD})
EVERYTHING = frozenset({TITLE, LEAD, BODY})
FIELDS = {TITLE: "title", BODY: "text", SECTION: "section"}
tokenise = lru_cache(1000)(tokenise_slowly)
STEMMERS = {"en": Stemmer.Stemmer("english"), "es": Stemmer.Stemmer("spanish")}

# ------------------------------------------------------------------ the specification

Spot = tuple[str, int, int]  # field, first character, end


@dataclass(frozen=True)
class Shown:
    """What one scope shows of a field."""

    field: str
    text: str
    tokens: list[Token]


@dataclass(frozen=True)
class Look:
    """Where a condition looks, whether an `in` chose it, and which phrases are not there."""

    document: Document
    scopes: frozenset[Scope]
    chosen: bool = False
    ignored: tuple[Term, ...] = ()

    def shown(self) -> Iterator[Shown]:
        for scope in Scope:
            if scope in self.scopes and scope in FIELDS:
                text = getattr(self.document, FIELDS[scope]) or ""
                yield Shown(FIELDS[scope], text, tokenise(text))
        span = lead(self.document)
        if span is None or LEAD not in self.scopes:
            return
        text = getattr(self.document, span.field)
        tokens = [token for token in tokenise(text) if token.end <= span.end]
        body = tokenise(self.document.text or "")
        opens = [t.folded for t in tokens] == [t.folded for t in body[: len(tokens)]]
        if not (BODY in self.scopes and opens):
            yield Shown(span.field, text[: span.end], tokens)

    def inside(self, **changes: Any) -> "Look":
        return replace(self, **changes)


def fits(word: Word, token: Token, language: str | None) -> bool:
    if not word.inflected:
        return fnmatchcase(token.exact if word.exact else token.folded, word.pattern)
    if token.folded == word.pattern:
        return True
    stemmers = [STEMMERS[language]] if language in STEMMERS else []
    for stemmer in STEMMERS.values() if language is None else stemmers:
        stems = {fold(stemmer.stemWord(form)) for form in (token.exact.lower(), token.folded)}
        if stemmer.stemWord(word.pattern) in stems:
            return True
    return False


def runs(term: Term, tokens: list[Token], look: Look) -> list[tuple[int, int]]:
    """Where the term stands, whatever is ignored."""
    length = len(term.words)
    found = []
    for first in range(len(tokens) - length + 1):
        run = tokens[first : first + length]
        pairs = zip(term.words, run, strict=True)
        if run[0].paragraph == run[-1].paragraph and all(
            fits(word, token, look.document.language) for word, token in pairs
        ):
            found.append((first, first + length))
    return found


def hidden(field: str, look: Look) -> set[int]:
    tokens = tokenise(getattr(look.document, field) or "")
    return {n for term in look.ignored for run in runs(term, tokens, look) for n in range(*run)}


def places(term: Term, shown: Shown, look: Look) -> list[tuple[int, int]]:
    gone = hidden(shown.field, look)
    return [run for run in runs(term, shown.tokens, look) if not gone & set(range(*run))]


def counted(term: Term, shown: Shown, look: Look) -> list[tuple[int, int]]:
    """Where the term stands, but for the words of a summary that open the text as well."""
    found = places(term, shown, look)
    if shown.field != "summary" or BODY not in look.scopes:
        return found
    ours = [token.folded for token in shown.tokens]
    body = [token.folded for token in tokenise(look.document.text or "")]
    alike = 0
    while alike < min(len(ours), len(body)) and ours[alike] == body[alike]:
        alike += 1
    rest = ours[alike:]
    if alike and len(rest) == 1 and "".join(body[alike : alike + 1]).startswith(rest[0]):
        alike, rest = alike + 1, []
    if rest and alike < ALIKE_LEAST:
        return found
    return [run for run in found if run[1] > alike]


def chains(near: Near, shown: Shown, look: Look) -> Iterator[tuple[tuple[int, int], ...]]:
    options = [[p for term in group for p in places(term, shown, look)] for group in near.groups]
    for choice in itertools.product(*options):
        line = sorted(choice)
        if near.ordered and list(choice) != line:
            continue
        gaps = [after[0] - before[1] for before, after in itertools.pairwise(line)]
        if min(gaps) < 0:
            continue
        if isinstance(near.within, int):
            close = max(gaps) <= near.within
        else:
            units = {
                getattr(shown.tokens[n], near.within.value) for a, b in choice for n in (a, b - 1)
            }
            close = len(units) == 1
        if close:
            yield choice


def pattern_spots(regex: Regex, shown: Shown, look: Look) -> list[tuple[int, int]]:
    """Python's own regexes, for patterns that mean the same in RE2."""
    characters = list(shown.text)
    for n in hidden(shown.field, look):
        token = tokenise(getattr(look.document, shown.field))[n]
        for place in range(token.start, min(token.end, len(characters))):
            characters[place] = " "
    found = re.finditer(regex.pattern, "".join(characters), re.IGNORECASE)
    return [m.span() for m in found if m.group()]


def score(boosts: tuple[Boost, ...], look: Look) -> int:
    return sum(boost.points for boost in boosts if truth(boost.part, look))


def different(parts: tuple[Condition, ...]) -> list[Condition]:
    return list({part.words if isinstance(part, Term) else part: part for part in parts}.values())


def truth(condition: Condition, look: Look) -> bool:  # noqa: C901, PLR0911  a case for each form
    match condition:
        case Term():
            return any(places(condition, shown, look) for shown in look.shown())
        case Near():
            return any(any(True for _ in chains(condition, s, look)) for s in look.shown())
        case Regex():
            return any(pattern_spots(condition, shown, look) for shown in look.shown())
        case AllOf(parts):
            return all(truth(part, look) for part in parts)
        case AnyOf(parts):
            return any(truth(part, look) for part in parts)
        case NoneOf(parts):
            own = look if look.chosen else look.inside(scopes=TOP)
            return not any(truth(part, own) for part in parts)
        case AtLeast(n, parts):
            return sum(truth(part, look) for part in different(parts)) >= n
        case Repeat(terms, times):
            return any(
                sum(len(counted(term, shown, look)) for shown in look.shown()) >= times
                for term in terms
            )
        case Ignoring(phrases, part):
            return truth(part, look.inside(ignored=(*look.ignored, *phrases)))
        case Scored(least, boosts):
            return score(boosts, look) >= least
        case Within(scopes, part):
            return truth(part, look.inside(scopes=scopes, chosen=True))
        case From(languages=languages):
            return not languages or look.document.language in languages


def spots(condition: Condition, look: Look) -> set[Spot]:
    """Every place that may be quoted for the condition."""
    match condition:
        case Term() | Near() | Regex() | Repeat():
            return set(_leaf_spots(condition, look))
        case AllOf(parts) | AnyOf(parts) | AtLeast(_, parts):
            inside = [spots(part, look) for part in parts if truth(part, look)]
        case Ignoring(phrases, part):
            inside = [spots(part, look.inside(ignored=(*look.ignored, *phrases)))]
        case Scored(_, boosts):
            inside = [spots(b.part, look) for b in boosts if b.points > 0 and truth(b.part, look)]
        case Within(scopes, part):
            inside = [spots(part, look.inside(scopes=scopes, chosen=True))]
        case NoneOf() | From():
            inside = []
    return set().union(*inside)


def _leaf_spots(condition: Term | Near | Regex | Repeat, look: Look) -> Iterator[Spot]:
    for shown in look.shown():
        match condition:
            case Regex():
                yield from ((shown.field, *spot) for spot in pattern_spots(condition, shown, look))
                continue
            case Term():
                found = places(condition, shown, look)
            case Near():
                found = [run for chain in chains(condition, shown, look) for run in chain]
            case Repeat(terms):
                found = [run for term in terms for run in counted(term, shown, look)]
        for first, end in found:
            yield shown.field, shown.tokens[first].start, shown.tokens[end - 1].end


def strength(condition: Condition, document: Document) -> Strength | None:
    if truth(condition, Look(document, TOP)):
        return Strength.STRONG
    return Strength.WEAK if truth(condition, Look(document, EVERYTHING)) else None


def look_of(match: Match, document: Document) -> Look:
    return Look(document, TOP if match.strength is Strength.STRONG else EVERYTHING)


# ------------------------------------------------------------------ random rules and articles

WORDS = (
    "ab",
    "abc",
    "abcd",
    "US",
    "us",
    "Él",
    "el",
    "x-y",
    "EE.UU.",
    "strikes",
    "negoció",
    "negociar",
)
TERMS = (
    "ab", "abc*", "ab?", "=US", "us", "el", "ab abc", "x y", "us abc*", "EEUU", "=Él", "strike*",
    "strikes", "negocio",
)  # fmt: skip
INFLECTED = ("strike", "negociar", "ab")
GAPS = (" ", " ", ", ", ". ", "\n")
PATTERNS = ("ab+", "us|el", r"\bab c?", "x.y", r"str[ií]kes?\W", r"e.?\s+a", "^us")

texts = st.lists(
    st.tuples(st.sampled_from(WORDS), st.sampled_from(GAPS)), min_size=1, max_size=10
).map(lambda parts: "".join(word + gap for word, gap in parts))
articles = st.tuples(texts, st.none() | texts, st.none() | texts).flatmap(
    lambda fields: st.builds(
        Document,
        title=st.just(fields[0]),
        summary=st.just(fields[1]),
        # one text in two opens with its summary, which may be cut, or have other last words
        text=st.sampled_from(
            [
                fields[2],
                fields[2],
                fields[2],
                (fields[1] or "") + (fields[2] or ""),
                (fields[1] or "").rstrip(",. \n") + "es " + (fields[2] or ""),
                (fields[1] or "").rstrip(",. \n").rpartition(" ")[0] + " " + (fields[2] or ""),
            ]
        ),
        section=st.none() | texts,
        language=st.sampled_from((None, "en", "es", "fr")),
    )
)
terms = st.sampled_from(
    [parse_term(term) for term in TERMS]
    + [Term((Word(stem, inflected=True),), f"{stem}~") for stem in INFLECTED]
    + [parse_term("ab", list_name="list"), parse_term("us", list_name="list")]
)
lists = st.lists(terms, min_size=1, max_size=3).map(tuple)
leaves = st.one_of(
    terms,
    st.builds(
        Near,
        st.lists(lists, min_size=2, max_size=3).map(tuple),
        st.sampled_from((0, 1, 3, Unit.SENTENCE, Unit.PARAGRAPH)),
        st.booleans(),
    ),
    st.builds(Regex, st.sampled_from(PATTERNS)),
    st.builds(Repeat, lists, st.integers(1, 4)),
    st.builds(From, languages=st.sampled_from(((), ("en",), ("es", "fr")))),
)


scopes = st.frozensets(st.sampled_from((TITLE, LEAD, BODY, SECTION)), min_size=1)


def _nested(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
    boosts = st.lists(st.builds(Boost, inner, st.integers(-2, 3)), min_size=1, max_size=3)
    return st.one_of(
        st.builds(AllOf, parts),
        st.builds(AnyOf, parts),
        st.builds(NoneOf, parts),
        st.builds(AtLeast, st.integers(1, 3), parts),
        st.builds(Ignoring, lists, inner),
        st.builds(Scored, st.integers(-1, 4), boosts.map(tuple)),
        st.builds(Within, scopes, inner),
    )


conditions = st.recursive(leaves, _nested, max_leaves=6)


def matcher_of(conditions: list[Condition]) -> Matcher:
    place = Place("rules/test.yaml")
    return Matcher(
        [Rule(RuleId(str(n)), "", condition, "1", place) for n, condition in enumerate(conditions)]
    )


def at_random(part: float = 1.0):  # type: ignore[no-untyped-def]
    return settings(
        max_examples=max(20, round(EXAMPLES * part)),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )


# ------------------------------------------------------------------ the comparisons


def test_the_matcher_finds_what_the_evaluator_finds():
    pairs = Counter[str]()

    @at_random()
    @given(
        st.lists(conditions, min_size=RULES, max_size=RULES),
        st.lists(articles, min_size=ARTICLES, max_size=ARTICLES),
    )
    def every_pair_agrees(conditions, articles):
        matcher = matcher_of(conditions)
        for article in articles:
            found = {match.rule: match for match in matcher.match(article)}
            for number, condition in enumerate(conditions):
                match = found.get(RuleId(str(number)))
                assert (match and match.strength) == strength(condition, article)
                _is_quoted_rightly(match, condition, article)
                pairs["tried"] += 1
                pairs["matched"] += match is not None

    every_pair_agrees()
    sys.stdout.write(f"{pairs['tried']:,} pairs tried, {pairs['matched']:,} matched\n")
    assert pairs["tried"] >= max(20, EXAMPLES) * RULES * ARTICLES


def _is_quoted_rightly(match: Match | None, condition: Condition, article: Document) -> None:
    for e in match.evidence if match else ():
        assert getattr(article, e.field)[e.start : e.end] == e.quote
        assert (e.field, e.start, e.end) in spots(condition, look_of(match, article))


@at_random(0.3)
@given(st.one_of(terms, st.builds(Regex, st.sampled_from(PATTERNS))), articles)
def test_a_term_or_pattern_is_quoted_where_it_first_stands_in_each_field(condition, article):
    for match in matcher_of([condition]).match(article):
        first: dict[str, Spot] = {}
        for spot in _leaf_spots(condition, look_of(match, article)):
            first.setdefault(spot[0], spot)
        assert {(e.field, e.start, e.end) for e in match.evidence} == set(first.values())


@at_random(0.3)
@given(lists, st.integers(1, 4), articles)
def test_what_repeats_is_quoted_as_often_as_the_rule_asks(several, times, article):
    for match in matcher_of([Repeat(several, times)]).match(article):
        assert len(match.evidence) == times
        look = look_of(match, article)
        assert any(
            {(e.field, e.start, e.end) for e in match.evidence} <= set(_leaf_spots(term, look))
            for term in several
        )


@at_random()
@given(
    st.builds(
        Near,
        st.lists(lists, min_size=2, max_size=4).map(tuple),
        st.sampled_from((0, 1, 2, 4, Unit.SENTENCE, Unit.PARAGRAPH)),
        st.booleans(),
    ),
    st.lists(st.sampled_from(("ab", "us", "abc", "z")), max_size=14).map(" ".join),
)
def test_near_finds_what_trying_every_choice_finds(near, text):
    matches = matcher_of([near]).match(Document(text))
    (shown,) = Look(Document(text), frozenset({TITLE})).shown()
    choices = [
        {("title", shown.tokens[a].start, shown.tokens[b - 1].end) for a, b in choice}
        for choice in chains(near, shown, Look(Document(text), TOP))
    ]
    quoted = [{(e.field, e.start, e.end) for e in match.evidence} for match in matches]
    assert len(quoted) == bool(choices)
    assert all(each in choices for each in quoted)


@at_random(0.3)
@given(conditions, articles)
def test_an_explanation_says_of_every_part_whether_it_holds(condition, article):
    matcher = matcher_of([condition])
    tree = matcher.explain(RuleId("0"), article)
    assert tree.held is bool(matcher.match(article))
    _agrees(tree)


def _agrees(tree: Explanation) -> None:
    """A part holds as its children say, and only one that does not hold misses something."""
    held = Counter(child.held for child in tree.children)[True]
    if tree.children and tree.kind is Kind.ALL:
        assert tree.held is (held == len(tree.children))
    if tree.children and tree.kind is Kind.ANY:
        assert tree.held is (held > 0)
    if tree.held:
        assert tree.missing == ""
    for child in tree.children:
        _agrees(child)


UNUSUAL = [
    "EE UU", "ee. uu.", "EE\u00a0UU.", "U. S.", "U.\u202fS.'s", "US$", "U$S5", "3.5m", "1,000.50",
    "o’Neil’s", "x-y", "e\u0301l", "a\u200bb", "…", "¿el", "\x1f", "\u2028", "\n", " ", "'s", "S.",
]  # fmt: skip
unusual = st.lists(
    st.sampled_from(UNUSUAL) | st.characters(codec="utf-8") | st.sampled_from(WORDS), max_size=12
).map("".join)


@at_random()
@given(unusual, unusual, st.sampled_from((None, "en", "es")), st.data())
def test_pieces_between_blanks_give_the_tokens_of_the_text(title, text, language, data):
    expected = [*tokenise_slowly(title), *tokenise_slowly(text)]
    words = [Word(token.folded) for token in expected]
    words += [Word(token.exact, exact=True) for token in expected]
    words += [Word(token.folded, inflected=True) for token in expected]
    wanted = data.draw(st.sets(st.sampled_from(words))) if words else set()
    document = Document(title, text=text, language=language)
    indexed = IndexedDocument(document, Vocabulary(wanted), ("title", "text"))
    for word in wanted:
        fitting = [n for n, token in enumerate(expected) if fits(word, token, language)]
        assert indexed.places[name_of(word)] == fitting
    for name in ("title", "text"):
        field = indexed.fields[name]
        value = getattr(document, name) or ""
        tokens = tokenise_slowly(value)
        numbers = range(field.first, field.end)
        assert [field.span(n) for n in numbers] == [(t.start, t.end) for t in tokens]
        for unit in Unit:
            units = [field.unit(n, unit) for n in numbers]
            plain = [getattr(token, unit.value) for token in tokens]
            assert [units.index(each) for each in units] == [plain.index(each) for each in plain]
        for blank in re.finditer("[ \n]", value):
            before = sum(token.end <= blank.start() for token in tokens)
            assert field.until(blank.start()) == field.first + before


def _positive(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    """Conditions that hold by what is found; a `none` only says what must not be there too."""
    parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
    boosts = st.lists(
        st.builds(Boost, inner, st.integers(1, 3)) | st.builds(Boost, leaves, st.integers(-2, 0)),
        min_size=1,
        max_size=3,
    )
    return st.one_of(
        st.builds(AllOf, parts),
        st.builds(AnyOf, parts),
        st.builds(AtLeast, st.integers(1, 3), parts),
        st.builds(Ignoring, lists, inner),
        st.builds(Scored, st.integers(-1, 4), boosts.map(tuple)),
        st.builds(Within, scopes, inner),
        st.builds(NoneOf, st.lists(leaves, min_size=1, max_size=2).map(tuple)),
    )


def _without_all_but(article: Document, match: Match) -> Document:
    """The article with every letter outside the evidence replaced by a q."""
    fields = {}
    for name in ("title", "summary", "text", "section"):
        kept = {n for e in match.evidence if e.field == name for n in range(e.start, e.end)}
        fields[name] = "".join(
            c if n in kept or not c.isalpha() else "Q" if c.isupper() else "q"
            for n, c in enumerate(getattr(article, name) or "")
        )
    return replace(article, **fields)


@at_random()
@given(st.recursive(leaves, _positive, max_leaves=5), articles)
def test_the_evidence_alone_gives_the_match_again(condition, article):
    matcher = matcher_of([condition])
    for match in matcher.match(article):
        rest = _without_all_but(article, match)
        if not re.search(r"Q\.Q", f"{rest.title} {rest.summary} {rest.text}"):
            # (a blanked EE.UU. is two words: distances would change)
            assert matcher.match(rest)
