"""`volume:` under a rule's `when`: what is counted, and how many of it are too many or too few."""

import re
from collections.abc import Iterable
from datetime import timedelta

from monitor.config import values
from monitor.config.conditions import Conditions
from monitor.config.contradictions import required_source
from monitor.config.fields import Fields, read_text
from monitor.config.problems import Problems, shown
from monitor.config.source import Node
from monitor.config.wording import keys_of
from monitor.core.rules import Condition, Counted, Rule, Volume
from monitor.core.timing import in_words
from monitor.core.volume import history

KEYS = ("of", "window", "at_least", "at_most", "ratio", "baseline")
SHORTEST_WINDOW, LONGEST_WINDOW = timedelta(minutes=10), timedelta(days=7)
SHORTEST_BASELINE, LONGEST_BASELINE = timedelta(days=14), timedelta(days=56)
DEFAULT_BASELINE = timedelta(days=28)  # the same hour of the week four times
NUMBER_LIMIT = 100_000  # of what is counted in one window
RATIO_LIMIT = 1_000  # times what is usual

_FORM = "{of: CONDITION, window: 1 hour, at_least: 8 stories}"
_AMOUNT = re.compile(r"([0-9]{1,9}) ([a-z]+)")
_RATIO = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,3})?")
_SINGULAR = {"article": Counted.ARTICLES, "story": Counted.STORIES, "outlet": Counted.OUTLETS}
UNITS = _SINGULAR | {each.value: each for each in Counted}


class Volumes:
    """Reads volumes; mistakes go to `problems`."""

    def __init__(self, conditions: Conditions, problems: Problems) -> None:
        self._conditions = conditions
        self._problems = problems

    def read(self, node: Node) -> tuple[Condition, Volume] | None:
        """What is counted, and how many; None once the mistake is told."""
        fields = keys_of(node, self._problems, what="volume", allowed=KEYS, form=_FORM)
        if fields is None:
            return None
        of = fields.node("of")
        if of is None:
            self._problems.add(node.place, 'volume needs the key "of": the condition to count')
        condition = self._conditions.read(of) if of is not None else None
        window = fields.required("window", _window)
        amount = self._amount(fields)
        ratio, baseline = self._usual(fields)
        if condition is None or window is None or amount is None:
            return None
        (number, unit), spike = amount, "at_least" in fields
        return condition, Volume(
            window=window,
            unit=unit,
            at_least=number if spike else None,
            at_most=None if spike else number,
            ratio=ratio,
            baseline=baseline,
            outlets=required_source(condition).outlets,
        )

    def _amount(self, fields: Fields) -> tuple[int, Counted] | None:
        """How many of what, whichever of the two keys says so."""
        least, most = fields.node("at_least"), fields.node("at_most")
        if (least is None) == (most is None):
            both = "takes one of the two, not both" if least else "needs one of the two"
            self._problems.add(
                fields.place,
                f"volume {both}: at_least for a spike, as in 8 stories; at_most for a silence, as "
                "in 0 stories",
            )
        found = [
            read_text(node, parse, self._problems)
            for node, parse in ((least, _at_least), (most, _at_most))
            if node is not None
        ]
        return found[0] if len(found) == 1 else None

    def _usual(self, fields: Fields) -> tuple[float | None, timedelta | None]:
        ratio = fields.optional("ratio", _ratio, None)
        baseline = fields.optional("baseline", _baseline, DEFAULT_BASELINE)
        if "ratio" in fields and "at_most" in fields:
            self._told(fields, "ratio", "a silence has no ratio: at_most alone says how few")
        if "baseline" in fields and "ratio" not in fields:
            self._told(fields, "baseline", "baseline needs ratio beside it, as in ratio: 3")
        return ratio, baseline if ratio is not None else None

    def _told(self, fields: Fields, key: str, message: str) -> None:
        node = fields.node(key)
        self._problems.add(fields.place if node is None else node.place, message)


def _amount_of(written: str, *, least: int) -> tuple[int, Counted]:
    found = _AMOUNT.fullmatch(written)
    unit = UNITS.get(found[2]) if found else None
    if not found or unit is None:
        raise ValueError(
            f"found {shown(written)}; write a number of {', '.join(Counted)}, as in 8 stories"
        )
    return values.number(least=least, most=NUMBER_LIMIT)(found[1]), unit


def _at_least(written: str) -> tuple[int, Counted]:
    return _amount_of(written, least=1)


def _at_most(written: str) -> tuple[int, Counted]:
    return _amount_of(written, least=0)


def _ratio(written: str) -> float:
    if not _RATIO.fullmatch(written) or not 1 < float(written) <= RATIO_LIMIT:
        raise ValueError(
            f"found {shown(written)}; allowed: how many times what is usual, above 1 and up to "
            f"{RATIO_LIMIT}, as in 3 or 2.5"
        )
    return float(written)


def _window(written: str) -> timedelta:
    span = values.duration(written)
    if not SHORTEST_WINDOW <= span <= LONGEST_WINDOW:
        raise ValueError(f"found {shown(written)}; a window is 10 minutes to 7 days long")
    return span


def _baseline(written: str) -> timedelta:
    span = values.duration(written)
    if not SHORTEST_BASELINE <= span <= LONGEST_BASELINE:
        raise ValueError(
            f"found {shown(written)}; a baseline is 14 to 56 days long: it compares with the same "
            "weekday and hour of the weeks before"
        )
    return span


def tell_forgotten(rules: Iterable[Rule], kept: timedelta, problems: Problems) -> None:
    """Tell rules that need a longer history than articles are `kept`."""
    for rule in rules:
        if rule.volume is not None and (needed := history(rule.volume)) > kept:
            problems.add(
                rule.place,
                f"the rule {shown(rule.id)} counts what came within {needed.days + 1} days, and "
                f"retention: articles keeps them for {in_words(kept)}",
            )
