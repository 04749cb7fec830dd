"""Rules counted over articles of the archive: what is too broad, silent, or of one language."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from monitor.core.groups import Groups
from monitor.core.indexed import DEFAULT_SCOPES, IndexedDocument, fields_of
from monitor.core.knowledge import Knowledge
from monitor.core.lint import Finding, Kind, Subject, shown
from monitor.core.matcher import Matcher
from monitor.core.model import Document, RuleId
from monitor.core.parts import AnyTerm, Sight
from monitor.core.rules import (
    AllOf,
    AnyOf,
    Condition,
    From,
    Ignoring,
    Near,
    Repeat,
    Rule,
    Scored,
    Term,
    Within,
)
from monitor.core.stems import primary
from monitor.core.vocabulary import Vocabulary

BROAD_SHARE = 0.05  # of the articles; what a rule, or a word that suffices for one, should not pass
COMMON_SHARE = 0.5  # of the articles; a word in so many hardly narrows what stands beside it
OPENING = 1_500  # characters of a text whose words are counted; all would take twice as long
LEAST_ARTICLES = 200  # below which shares say little
EXPECTED = 10  # hits in a language, if words were as common there; fewer may be chance

Terms = tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """One of several alternatives of a rule, and the groups of terms that it cannot do without."""

    part: Condition
    groups: tuple[Terms, ...]


@dataclass(slots=True)
class _Counts:
    articles: Counter[str] = field(default_factory=Counter)  # by language
    rules: Counter[RuleId] = field(default_factory=Counter)
    groups: Counter[tuple[int, str]] = field(default_factory=Counter)  # by language


class Census:
    """Counts the hits of rules and of their words, article by article.

    `languages`: what each rule claims to work in.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        knowledge: Knowledge,
        *,
        languages: Mapping[RuleId, frozenset[str]],
    ) -> None:
        self._rules = rules
        self._languages = languages
        self._matcher = Matcher(rules, knowledge)
        self._alone = {rule.id: tuple(alone(rule.condition)) for rule in rules}
        self._needed = {rule.id: tuple(needed(rule.condition)) for rule in rules}
        self._branches = {
            rule.id: tuple(alternatives(rule.condition))
            for rule in rules
            if len(languages.get(rule.id, ())) > 1
        }
        groups = dict.fromkeys(self._groups())
        self._numbers = {each: number for number, each in enumerate(groups)}
        self._looked_for = Groups()
        self._parts = [AnyTerm(self._looked_for.of(each)) for each in self._numbers]
        self._vocabulary = Vocabulary(w for each in groups for term in each for w in term.words)
        self._counts = _Counts()

    def _groups(self) -> Iterator[Terms]:
        for found in self._alone.values():
            yield from ((term,) for term in found)
        for groups in self._needed.values():
            yield from groups
        for several in self._branches.values():
            for branches in several:
                for branch in branches:
                    yield from branch.groups

    @property
    def articles(self) -> int:
        return self._counts.articles.total()

    def add(self, document: Document) -> None:
        language = primary(document.language) if document.language else ""
        counts = self._counts
        counts.articles[language] += 1
        for match in self._matcher.match(document):
            counts.rules[match.rule] += 1
        opening = replace(document, text=(document.text or "")[:OPENING])
        fields = fields_of(DEFAULT_SCOPES)
        indexed = IndexedDocument(opening, self._vocabulary, fields, groups=self._looked_for)
        sight = Sight(DEFAULT_SCOPES)
        for number in indexed.possible:
            if self._parts[number].holds(indexed, sight):
                counts.groups[number, language] += 1

    def findings(self) -> Iterator[Finding]:
        """What the counts say; nothing of too few articles."""
        if self.articles < LEAST_ARTICLES:
            return
        for rule in self._rules:
            if rule.volume is None:  # what is counted may be as broad as the desk likes
                yield from self._broad(rule)
            for branches in self._branches.get(rule.id, ()):
                yield from self._one_language(rule, branches)

    def silent(self, rule: RuleId) -> bool:
        """Whether none of the articles matched."""
        return not self._counts.rules[rule]

    def _share(self, terms: Terms) -> float:
        return sum(self._hits(terms, each) for each in self._counts.articles) / self.articles

    def _hits(self, terms: Terms, language: str) -> int:
        return self._counts.groups[self._numbers[terms], language]

    def _broad(self, rule: Rule) -> Iterator[Finding]:
        told = False
        for term in self._alone[rule.id]:
            if (share := self._share((term,))) > BROAD_SHARE:
                told = True
                said = (
                    f'"{term.written}" alone makes {rule.id} match, and stands in {share:.0%} of '
                    f"{self.articles:,} articles; say with all: or near: what stands beside it"
                )
                yield Finding(Kind.BROAD, Subject(rule=rule.id, part=term), said)
        for terms in self._needed[rule.id]:
            if (share := self._share(terms)) > COMMON_SHARE:
                said = (
                    f"{shown(_either(terms))} stands in {share:.0%} of {self.articles:,} articles, "
                    f"so it hardly narrows {rule.id}; narrow it, or take near: instead of all:"
                )
                yield Finding(Kind.BROAD, Subject(rule=rule.id, part=_either(terms)), said)
        share = self._counts.rules[rule.id] / self.articles
        if share > BROAD_SHARE and not told:
            said = (
                f"{rule.id} matches {share:.0%} of {self.articles:,} articles; narrow it with "
                "all:, near: or none:"
            )
            yield Finding(Kind.BROAD, Subject(rule=rule.id), said)

    def _one_language(self, rule: Rule, branches: Sequence[Branch]) -> Iterator[Finding]:
        """Branches that cannot hold in a language, where no branch is there for that language."""
        claimed = frozenset(self._languages[rule.id])
        lacks = [self._lacking(branch, sorted(claimed)) for branch in branches]
        told = set[tuple[Terms, str]]()
        for branch, missing in zip(branches, lacks, strict=True):
            own = claimed.difference(missing)
            if not own or any(own.intersection(each) for each in lacks):
                continue  # another branch is there for what this one lacks
            for language, terms in missing.items():
                if (terms, language) not in told and not self._wider(terms, branches, language):
                    told.add((terms, language))
                    said = self._said(rule.id, claimed, terms, language)
                    yield Finding(Kind.ONE_LANGUAGE, Subject(rule=rule.id, part=branch.part), said)

    def _wider(self, terms: Terms, branches: Sequence[Branch], language: str) -> bool:
        """Whether another branch takes these words and others, some of them of the language."""
        words = {term.words for term in terms}
        return any(
            words < {term.words for term in group} and self._hits(group, language)
            for branch in branches
            for group in branch.groups
        )

    def _said(self, rule: RuleId, claimed: frozenset[str], terms: Terms, language: str) -> str:
        return (
            f"{rule} is for {' and '.join(sorted(claimed))}, but {shown(_either(terms))} stands in "
            f"none of {self._counts.articles[language]:,} articles in {language}; add words of "
            "that language, or a branch for it"
        )

    def _lacking(self, branch: Branch, claimed: Sequence[str]) -> dict[str, Terms]:
        """The languages in which a group of the branch is never found though it should be."""
        counts, found = self._counts, dict[str, Terms]()
        for terms in branch.groups:
            rates = [
                self._hits(terms, each) / counts.articles[each]
                for each in claimed
                if counts.articles[each]
            ]
            for each in claimed:
                expected = max(rates, default=0.0) * counts.articles[each]
                if not self._hits(terms, each) and expected >= EXPECTED:
                    found.setdefault(each, terms)
        return found


def _either(terms: Terms) -> Condition:
    return terms[0] if len(terms) == 1 else AnyOf(terms)


def languages_of(condition: Condition) -> tuple[str, ...]:
    """The languages to which a condition narrows itself."""
    match condition:
        case From(languages=languages):
            return languages
        case AllOf(parts):
            return tuple(each for part in parts for each in languages_of(part))
        case _:
            return ()


def alone(condition: Condition) -> Iterator[Term]:
    """The terms each of which makes the condition hold by itself."""
    match condition:
        case Term():
            yield condition
        case AnyOf(parts):
            for part in parts:
                yield from alone(part)
        case Ignoring(_, part):
            yield from alone(part)
        case Scored(least, boosts):
            for boost in boosts:
                if boost.points >= least:
                    yield from alone(boost.part)


def needed(condition: Condition) -> Iterator[Terms]:
    """The groups of terms that stand by themselves beside others, one of each of which is needed.

    A `near` narrows by distance, however common its words are.
    """
    match condition:
        case AllOf(parts):
            for part in parts:
                group = _group(part)
                if group is None:
                    yield from needed(part)
                else:
                    yield group
        case AnyOf(parts):
            for part in parts:
                yield from needed(part)
        case Ignoring(_, part):
            yield from needed(part)


def _group(condition: Condition) -> Terms | None:
    """The terms of which a condition asks for any; None if it asks for anything else."""
    if isinstance(condition, Term):
        return (condition,)
    if not isinstance(condition, AnyOf):
        return None
    groups = [_group(part) for part in condition.parts]
    if None in groups:
        return None
    return tuple(term for group in groups if group for term in group)


def alternatives(condition: Condition) -> Iterator[tuple[Branch, ...]]:
    """The branches of every `any` without which the condition cannot hold."""
    match condition:
        case AllOf(parts):
            for part in parts:
                yield from alternatives(part)
        case Within(_, part) | Ignoring(_, part):
            yield from alternatives(part)
        case AnyOf(parts):
            terms = tuple(term for part in parts for term in _group(part) or ())
            words = [Branch(_either(terms), (terms,))] if terms else []
            others = [part for part in parts if _group(part) is None]
            yield (*words, *(Branch(part, tuple(_required(part))) for part in others))
        case Term() | Near():
            yield (Branch(condition, tuple(_required(condition))),)


def _required(condition: Condition) -> Iterator[Terms]:
    group = _group(condition)
    if group is not None:
        yield group
        return
    match condition:
        case AllOf(parts):
            for part in parts:
                yield from _required(part)
        case Near(groups):
            yield from groups
        case Repeat(terms):
            yield terms
        case Within(_, part) | Ignoring(_, part):
            yield from _required(part)
