"""How close a term or a `near` that did not hold came to holding, in words; "" where not at all.

Whether something holds is decided by `core.parts` alone. What is said here is looked for where a
part has been tried and has failed, in the same tokens and the same scopes.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from itertools import pairwise

from monitor.core import proximity
from monitor.core.groups import Group
from monitor.core.indexed import IndexedDocument, Occurrence, View
from monitor.core.rules import Near, Scope, Term, Word
from monitor.core.text import fold, tokenise
from monitor.core.vocabulary import name_of

ALIKE = 0.8  # of difflib's ratio: tanker and tankers have .92, talk and tall .75
LETTERS_COMPARED = 4  # shorter words are alike by chance
LENGTHS_APART = 3  # letters between two words that are compared
TERMS_COMPARED = 300  # of one list; a longer one is compared in part
_SCOPE_OF = {"text": "body", "summary": "lead"}  # of fields that no scope is named after

Places = Sequence[proximity.Place[Occurrence]]


@dataclass(frozen=True, slots=True)
class _Close:
    """How alike something is that stands there, 0-1, and what it is."""

    alike: float
    said: str


def term_miss(
    group: Group,
    indexed: IndexedDocument,
    *,
    scopes: frozenset[Scope],
    ignored: tuple[Group, ...],
) -> str:
    """What comes nearest to a group of terms of which none was seen in the scopes."""
    views = indexed.views(scopes)
    return (
        _blanked(group, indexed, views, ignored)
        or _elsewhere(group, indexed, scopes, ignored)
        or _written_otherwise(group, indexed, views)
    )


def _blanked(
    group: Group,
    indexed: IndexedDocument,
    views: Sequence[View],
    ignored: tuple[Group, ...],
) -> str:
    for view in views:
        for found in view.shown(indexed.occurrences(group)):
            if phrase := _cover(found, indexed, ignored):
                stands = f"{_quoted(view, found)} stands in {_scope(view)}"
                return f'{stands}, but ignore: "{phrase.written}" blanks it'
    return ""


def _cover(found: Occurrence, indexed: IndexedDocument, ignored: tuple[Group, ...]) -> Term | None:
    """The phrase that takes away a word of the occurrence."""
    covers = (o for group in ignored for o in indexed.occurrences(group))
    return next((o.term for o in covers if o.first < found.end and found.first < o.end), None)


def _elsewhere(
    group: Group,
    indexed: IndexedDocument,
    scopes: frozenset[Scope],
    ignored: tuple[Group, ...],
) -> str:
    """Where the term stands outside of the scopes."""
    for view in indexed.views(frozenset(Scope)):
        for found in view.shown(indexed.occurrences(group)):
            if _cover(found, indexed, ignored) is None:
                seen = ", ".join(scope for scope in Scope if scope in scopes)
                return f"{_quoted(view, found)} stands only in {_scope(view)}; this looks at {seen}"
    return ""


def _written_otherwise(group: Group, indexed: IndexedDocument, views: Sequence[View]) -> str:
    """The written form that is most like one of the terms."""
    forms = _forms(views)
    by_letter: dict[str, list[str]] = {}
    for form in forms:
        by_letter.setdefault(form[:1], []).append(form)
    present = {
        name
        for name, numbers in indexed.places.items()
        if any(view.field.first <= n < view.field.end for view in views for n in numbers)
    }
    close = (_closest(term, forms, by_letter, present) for term in group.terms[:TERMS_COMPARED])
    found = [each for each in close if each is not None]
    return max(found, key=lambda each: each.alike).said if found else ""


def _forms(views: Iterable[View]) -> dict[str, str]:
    """The folded words that the views show, each with the first way in which it is written."""
    forms: dict[str, str] = {}
    for view in views:
        for token in tokenise(view.field.value[: view.until]):
            if token.folded not in forms:
                forms[token.folded] = view.field.value[token.start : token.end]
    return forms


def _closest(
    term: Term,
    forms: dict[str, str],
    by_letter: dict[str, list[str]],
    present: set[str],
) -> _Close | None:
    absent = [word for word in term.words if name_of(word) not in present]
    if not absent:
        return _Close(1.0, f'the words of "{term.written}" stand there, but not side by side')
    if len(absent) > 1:
        return None
    (word,) = absent
    if word.exact and fold(word.pattern) in forms:
        written = forms[fold(word.pattern)]
        return _Close(1.0, f'"{term.written}" minds capitals and accents; written is »{written}«')
    return _alike(term, word, forms, by_letter)


def _alike(
    term: Term, word: Word, forms: dict[str, str], by_letter: dict[str, list[str]]
) -> _Close | None:
    wanted = fold(word.pattern.rstrip("*"))
    if len(wanted) < LETTERS_COMPARED or "?" in wanted:
        return None
    candidates = [
        form
        for form in by_letter.get(wanted[0], ())
        if abs(len(form) - len(wanted)) <= LENGTHS_APART
    ]
    for form in get_close_matches(wanted, candidates, n=1, cutoff=ALIKE):
        alike = SequenceMatcher(None, form, wanted).ratio()
        said = f'"{term.written}" is missing; nearest written form: »{forms[form]}«'
        return _Close(alike, said)
    return None


# --- near ------------------------------------------------------------------------------------


def near_miss(near: Near, views: Sequence[View], places: Callable[[View], Places]) -> str:
    """Why words that all stand there are not near each other; "" if one of them does not stand.

    `places` gives the places of the groups that a view shows.
    """
    found = [(view, places(view)) for view in views]
    groups = len(near.groups)
    whole = [(view, there) for view, there in found if len({p[2] for p in there}) == groups]
    if not whole:
        return _in_several_fields(found, groups)
    misses = [_apart(near, view, there) for view, there in whole]
    return min(misses, key=lambda miss: miss[0])[1]


def _in_several_fields(found: Sequence[tuple[View, Places]], groups: int) -> str:
    first: dict[int, str] = {}
    for view, there in found:
        for place in there:
            first.setdefault(place[2], f"{_quoted(view, place[3])} in {_scope(view)}")
    if len(first) < groups:
        return ""
    return f"{', '.join(first[number] for number in sorted(first))}: near looks within one field"


def _apart(near: Near, view: View, places: Places) -> tuple[int, str]:
    """How many words lie between the two that are furthest apart, and that in words."""
    unbounded = view.field.end - view.field.first

    def chain(within: int, *, ordered: bool) -> list[Occurrence] | None:
        return proximity.together(
            places,
            groups=len(near.groups),
            within=within,
            ordered=ordered,
            unit_of=view.field.unit,
        )

    ordered = near.ordered
    if chain(unbounded, ordered=ordered) is None:
        if not ordered or chain(unbounded, ordered=False) is None:
            return unbounded, "they share words, and near takes no word twice"
        ordered = False
    low, high = 0, unbounded
    while low < high:  # the fewest words between neighbours with which it would hold
        middle = (low + high) // 2
        if chain(middle, ordered=ordered) is None:
            low = middle + 1
        else:
            high = middle
    row = chain(low, ordered=ordered) or []
    one, other = max(pairwise(row), key=lambda pair: pair[1].first - pair[0].end)
    told = f"{_quoted(view, one)} and {_quoted(view, other)} are {_words(low)} apart"
    return low, _with_limit(near, told, low, turned=near.ordered and not ordered)


def _with_limit(near: Near, told: str, gap: int, *, turned: bool) -> str:
    order = ", and they do not stand in the order of the rule" if turned else ""
    if isinstance(near.within, int):
        over = f", at most {near.within} allowed" if gap > near.within else ""
        return f"{told}{over}{order}"
    return f"{told}, not in one {near.within}{order}"


def _words(number: int) -> str:
    return "1 word" if number == 1 else f"{number} words"


def _quoted(view: View, found: Occurrence) -> str:
    start, _ = view.field.span(found.first)
    _, end = view.field.span(found.end - 1)
    return f"»{view.field.value[start:end]}«"


def _scope(view: View) -> str:
    return scope_of(view.field.name)


def scope_of(field: str) -> str:
    """What `in:` calls the part of an article that a field holds."""
    return _SCOPE_OF.get(field, field)
