"""CPU time of rules against articles: `python bench/rules.py [--rules N] [--articles N]`.

`--growing N` does something else: N articles of a language that never stops making new words, and
the time an article and the memory at each tenth of them.

Generated rules of every form and generated articles of 5 kB in words as unevenly spread as those
of a language (Zipf), from a fixed seed. The matcher, evidence of what matches included, and
beside it each rule's expressions in turn: Python's regexes on the folded text, compiled before,
of each rule as many as it takes to know. `near`, `repeat` and scopes are free for them: they only
look whether the words are there. The two take turns on the same articles, after both have seen
others. Cutting the text into words counts; once more without the words that are new to the matcher.
"""

import argparse
import gc
import itertools
import os
import random
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from statistics import median, quantiles

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from parts import processes

from monitor import garbage
from monitor.core.errors import Place
from monitor.core.matcher import Matcher
from monitor.core.model import Document, RuleId
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
)
from monitor.core.terms import parse_term
from monitor.core.text import fold

SEED = 4
RULES, FEW = 10_000, 100
ARTICLES, IN_TURN = 300, 5
SAMPLE = 500  # rules that are tried in turn; their time stands for all
STOCK = 500  # articles that `--growing` takes turns with
WARMING = 1_000  # articles before anything is measured: word forms are resolved once
LETTERS = 5_000  # of an article
WORDS = 60_000  # forms of the language
RARE = 3_000  # from this rank on a word stands in at most one article in twenty
EXPONENT = 1.1  # of Zipf's law; a little above 1, as new words grow rarer in real text
FUNCTION_WORDS = 150  # the most frequent ones; rules seldom ask for them
LISTS, LIST_TERMS = 200, (5, 25)
PARAGRAPH = 70  # words
NEW_WORDS = 15  # that no article had before, in each of `--growing`
GOALS = {RULES: 1.0, FEW: 0.3}  # ms
GOAL_RATIO, GOAL_COMPILE, GOAL_MEMORY = 1_000, 2.0, 150.0  # times, s, MB

SYLLABLES = re.findall(
    r"\w+",
    "ba be ca co cri da de di do ez fa fo ga gra ha in ja ko la le lo lu ma men mi mo na ne no "
    "on pa per pla po que ra re ri ro sa se so sta ta te ti to tra un va ven vi za",
)


class Language:
    """Words by frequency, and what rules and articles are made of them."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        words: dict[str, None] = {}
        while len(words) < WORDS:
            shortest = 1 if len(words) < FUNCTION_WORDS else 2
            words["".join(chance.choices(SYLLABLES, k=chance.randint(shortest, 4)))] = None
        self.words = list(words)
        self._weights = list(accumulate((rank + 3) ** -EXPONENT for rank in range(WORDS)))
        self.lists = [
            tuple(self.term(list_name=f"list{n}") for _ in range(chance.randint(*LIST_TERMS)))
            for n in range(LISTS)
        ]

    def article(self) -> Document:
        text: list[str] = []
        size = 0
        while size < LETTERS:
            sentence = self.chance.choices(
                self.words, cum_weights=self._weights, k=self.chance.randint(6, 30)
            )
            sentence[0] = sentence[0].capitalize()
            text.append(" ".join(sentence) + (".\n" if self.chance.random() < 0.3 else ". "))
            size += len(text[-1])
        language = self.chance.choice(("en", "es"))
        return Document(text[0], text[1], "".join(text[2:]), section="News", language=language)

    def word(self) -> str:
        """A word of a rule: mostly names and special nouns, one in thirty a common word."""
        first, last = (FUNCTION_WORDS, RARE) if self.chance.random() < 0.03 else (RARE, WORDS)
        return self.words[self.chance.randrange(first, last)]

    def term(self, *, list_name: str | None = None) -> Term:
        form = self.chance.random()
        if form < 0.65:
            written = self.word()
        elif form < 0.82:
            written = f"{self.word()} {self.word()}"
        elif form < 0.92:
            written = f"{self.word()[:8]:a<4}*"
        elif form < 0.96:
            written = f"={self.word().capitalize()}"
        else:
            written = f"{self.word():a<4}~"
        return parse_term(written, list_name=list_name)

    def terms(self, least: int, most: int) -> tuple[Term, ...]:
        return tuple(self.term() for _ in range(self.chance.randint(least, most)))

    def group(self) -> tuple[Term, ...]:
        """Terms of one list, or a few of the rule's own."""
        return self.chance.choice(self.lists) if self.chance.random() < 0.4 else self.terms(1, 4)

    def either(self) -> Condition:
        return AnyOf(self.group())

    def rule(self, number: int) -> Rule:
        made: Sequence[tuple[int, Callable[[], Condition]]] = (
            (10, self.term),
            (25, lambda: AllOf((self.either(), self.either()))),
            (10, lambda: AllOf((self.term(), self.either(), self.either()))),
            (20, lambda: AllOf((self.either(), self._near()))),
            (10, lambda: AllOf((*self.terms(2, 3), NoneOf(self.terms(1, 3))))),
            (5, lambda: Within(frozenset({Scope.TITLE}), self.either())),
            (5, lambda: AnyOf((AllOf(self.terms(2, 3)), self._near(), AllOf(self.terms(2, 2))))),
            (4, lambda: AllOf((From(languages=("es",)), *self.terms(2, 2)))),
            (3, lambda: AtLeast(2, self.terms(3, 8))),
            (3, lambda: Repeat((self.term(),), 3)),
            (3, lambda: Ignoring(self.terms(1, 2), AllOf(self.terms(2, 2)))),
            (1, lambda: AllOf((self.term(), Regex(rf"{self.word()}\w*\s+{self.word()}")))),
            (1, lambda: Scored(5, tuple(Boost(self.either(), n) for n in (3, 2, 2, -2)))),
        )
        weights, makers = zip(*made, strict=True)
        (make,) = self.chance.choices(makers, weights)
        return Rule(RuleId(f"r{number}"), "", make(), "1", Place("rules/bench.yaml"))

    def _near(self) -> Near:
        within = self.chance.choice((3, 10, 10, 15, Unit.SENTENCE, Unit.PARAGRAPH))
        return Near((self.group(), self.group()), within, ordered=self.chance.random() < 0.2)


Trial = Callable[[str], object]


def expression(term: Term) -> Trial:
    """A regex for one term on folded text."""
    words = (re.escape(fold(word.pattern)).replace(r"\*", r"\w*") for word in term.words)
    ends = (r"\w*" if word.inflected else "" for word in term.words)
    pattern = r"\W+".join(word + end for word, end in zip(words, ends, strict=True))
    return re.compile(rf"\b{pattern}\b").search


def in_turn(condition: Condition) -> Trial:  # noqa: C901, PLR0911  a case for each form
    """The rule as expressions that are tried one after the other until it is known."""
    match condition:
        case Term():
            return expression(condition)
        case Regex(pattern):
            return re.compile(pattern).search
        case AllOf(parts):
            return _all(parts)
        case AnyOf(parts) | AtLeast(_, parts):
            return _any(parts)
        case NoneOf(parts):
            found = _any(parts)
            return lambda text: not found(text)
        case Near(groups):
            return _all([AnyOf(group) for group in groups])
        case Repeat(terms):
            return _any(terms)
        case Ignoring(_, part) | Within(_, part):
            return in_turn(part)
        case Scored(_, boosts):
            return _any([boost.part for boost in boosts])
        case From():
            return lambda _: True


def _all(parts: Sequence[Condition]) -> Trial:
    trials = list(map(in_turn, parts))
    return lambda text: all(trial(text) for trial in trials)


def _any(parts: Sequence[Condition]) -> Trial:
    trials = list(map(in_turn, parts))
    return lambda text: any(trial(text) for trial in trials)


def measured(work: Callable[[], object]) -> float:
    """Milliseconds of CPU."""
    started = time.thread_time()
    work()
    return (time.thread_time() - started) * 1_000


def verdict(*, met: bool) -> str:
    return "met" if met else "missed"


def run(language: Language, count: int, articles: Sequence[Document], turns: int) -> None:
    rules = [language.rule(number) for number in range(count)]
    gc.collect()
    before = processes.pss(os.getpid())
    started = time.thread_time()
    matcher = Matcher(rules)
    compiled = time.thread_time() - started
    gc.collect()
    alone = processes.pss(os.getpid()) - before
    warming, tried = articles[:WARMING], articles[WARMING:]
    cold = measured(lambda: matcher.match(warming[0]))
    for article in warming:
        matcher.match(article)
    garbage.settle()  # as the daemon does
    grown = processes.pss(os.getpid()) - before

    sample = rules[:: max(1, count // SAMPLE)]  # regexes compile slowly: the time is multiplied
    trials = [in_turn(rule.condition) for rule in sample]
    share = len(sample) / count
    slow: list[float] = []
    fast: list[float] = []
    hits = 0
    again: list[float] = []
    for number, article in enumerate(tried):
        if number < turns:
            slow.append(measured(lambda a=article: _each(trials, a)) / share)
        fast.append(measured(lambda a=article: matcher.match(a)))
        again.append(measured(lambda a=article: matcher.match(a)))
        hits += len(matcher.match(article))
    middle, ratio = median(fast), median(slow) / median(fast)
    print(f"{count:,} rules, {len(tried)} articles of {LETTERS / 1_000:.0f} kB")
    met = verdict(met=compiled < GOAL_COMPILE)
    print(f"  compiled in {compiled:.2f} s (goal {GOAL_COMPILE:g}: {met})")
    print(f"  memory: {alone:.0f} MB compiled, {grown:.0f} MB after {WARMING} articles ", end="")
    print(f"(goal {GOAL_MEMORY:g}: {verdict(met=grown < GOAL_MEMORY)})")
    print(f"  first article {cold:.1f} ms; then median {middle:.3f} ms ", end="")
    goal = GOALS.get(count)
    print(f"(goal {goal:g}: {verdict(met=middle < goal)}), " if goal else "", end="")
    print(f"p95 {quantiles(fast, n=20)[-1]:.3f} ms, {hits / len(tried):.1f} matches an article")
    print(f"  the same articles again, all their words known: median {median(again):.3f} ms")
    print(
        f"  in turn: median {median(slow):.1f} ms of {len(slow)} articles: {ratio:,.0f} times ",
        end="",
    )
    print(f"(goal at {RULES:,} rules {GOAL_RATIO:,}: {verdict(met=ratio >= GOAL_RATIO)})")


def grow(language: Language, count: int, number: int) -> None:
    """Tell whether time and memory stay flat over articles whose words never end."""
    matcher = Matcher([language.rule(each) for each in range(count)])
    stock = [language.article() for _ in range(STOCK)]
    letters = itertools.product(SYLLABLES, repeat=5)
    print(f"{count:,} rules, {number:,} articles, each with {NEW_WORDS} words never seen before")
    for tenth in range(10):
        took = 0.0
        for _ in range(number // 10):
            some = language.chance.choice(stock)
            new = " ".join("".join(next(letters)) for _ in range(NEW_WORDS))
            made = replace(some, text=f"{new}.\n{some.text}")
            took += measured(lambda made=made: matcher.match(made))
        memory = processes.pss(os.getpid())
        print(f"  {tenth + 1:2} tenths: {took / (number // 10):.3f} ms an article, {memory:.0f} MB")


def _each(trials: Sequence[Trial], article: Document) -> None:
    text = fold("\n".join((article.title, article.summary or "", article.text or "")))
    for trial in trials:
        trial(text)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rules", type=int, default=RULES)
    asked.add_argument("--articles", type=int, default=ARTICLES)
    asked.add_argument("--in-turn", type=int, default=IN_TURN, help="articles for the regexes")
    asked.add_argument("--growing", type=int, metavar="ARTICLES", help="see above")
    sizes = asked.parse_args()
    language = Language(random.Random(SEED))
    if sizes.growing:
        grow(language, sizes.rules, sizes.growing)
        return
    articles = [language.article() for _ in range(WARMING + sizes.articles)]
    for count in (FEW, sizes.rules):
        run(language, count, articles, sizes.in_turn)


if __name__ == "__main__":
    main()
