"""`pages:` of an outlet and `page:` of a feed: which parts of a web page count."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from cssselect import HTMLTranslator, SelectorError
from cssselect.xpath import ExpressionError

from monitor.config import values
from monitor.config.fields import Fields, read_items, read_text
from monitor.config.problems import Problems, shown
from monitor.config.source import Node
from monitor.core.model import PageRules, Selectors

SELECTOR_LIMIT = 500  # characters; the parser recurses, and no sane selector comes near
DATE_FORMAT_LIMIT = 80  # characters

PAGE_RULE_KEYS = ("keep", "drop", "user_agent", "feed_text", "headline_only", "respect_robots")
SELECTOR_KEYS = ("items", "link", "title", "date", "date_format", "summary")

# Days that no two orders of day and month, and no two-digit year, can mix up.
_SAMPLES = (datetime(2026, 11, 23, tzinfo=UTC), datetime(1999, 1, 31, tzinfo=UTC))

T = TypeVar("T")


class _Translator(HTMLTranslator):
    """Refuses namespaces: cssselect passes them on, and in HTML they are never declared."""

    def xpath_element(self, selector: Any) -> Any:
        _refuse_namespace(selector.namespace)
        return super().xpath_element(selector)

    def xpath_attrib(self, selector: Any) -> Any:
        _refuse_namespace(selector.namespace)
        return super().xpath_attrib(selector)


def _refuse_namespace(namespace: str | None) -> None:
    if namespace:
        raise ExpressionError('a namespace ("|") means nothing in a web page')


_translator = _Translator()


def css(written: str) -> str:
    """A CSS selector as the readers of pages understand it."""
    if not written.strip():
        raise ValueError('a CSS selector is missing here, as in "article h2 a"')
    if len(written) > SELECTOR_LIMIT:
        raise ValueError(f"a CSS selector has at most {SELECTOR_LIMIT} characters")
    try:
        _translator.css_to_xpath(written)
    except SelectorError as error:
        said = str(error).rstrip(".")
        if "Pseudo-elements" in said:
            said = 'pseudo-elements ("::") select no element; name the element that holds it'
        raise ValueError(f"{shown(written)} is no CSS selector: {said}") from error
    return written.strip()


def date_format(written: str) -> str:
    """A format of strptime that says day, month and year."""
    if not written.strip() or len(written) > DATE_FORMAT_LIMIT:
        raise ValueError(f"a date format has 1 to {DATE_FORMAT_LIMIT} characters")
    if not all(_survives(sample, written) for sample in _SAMPLES):
        raise ValueError(
            f"found {shown(written)}; a date format is Python's strptime's and names day, month "
            'and year, as in "%d/%m/%Y" or "%B %d, %Y"'
        )
    return written


def _survives(day: datetime, written: str) -> bool:
    """Whether the format writes the day so that reading it gives the same day."""
    try:
        return datetime.strptime(day.strftime(written), written).date() == day.date()  # noqa: DTZ007 - a day is all that counts
    except ValueError:
        return False


def _feed_text(written: str) -> bool:
    return values.one_of("value of feed_text", ("full",))(written) == "full"


def read_page_rules(node: Node | None, problems: Problems) -> PageRules:
    """`pages:`; without it, the usual way to read."""
    if node is None:
        return PageRules()
    fields = Fields(node, problems, what="pages", allowed=PAGE_RULE_KEYS)
    rules = PageRules(
        keep=fields.optional("keep", css, None),
        drop=_several(fields.node("drop"), css, problems),
        user_agent=fields.optional("user_agent", values.user_agent, None),
        feed_text_full=fields.optional("feed_text", _feed_text, False),  # noqa: FBT003 - a value
        headline_only=fields.optional("headline_only", values.boolean, False),  # noqa: FBT003
        respect_robots=fields.optional("respect_robots", values.boolean, None),
    )
    if rules.feed_text_full and rules.headline_only:
        problems.add(
            fields.place,
            "these contradict each other: feed_text: full takes the text from the feed, "
            "headline_only: true takes none; remove one",
        )
    return rules


def _several(node: Node | None, parse: Callable[[str], T], problems: Problems) -> tuple[T, ...]:
    items = () if node is None else read_items(node, problems, what="CSS selectors")
    read = (read_text(item, parse, problems) for item in items)
    return tuple(value for value in read if value is not None)


def read_selectors(node: Node | None, problems: Problems) -> Selectors | None:
    """`page:`; None without it, and where its mistake is told."""
    if node is None:
        return None
    fields = Fields(node, problems, what="page", allowed=SELECTOR_KEYS)
    items = fields.required("items", css)
    read = {key: fields.optional(key, css, None) for key in ("link", "title", "date", "summary")}
    written = fields.optional("date_format", date_format, None)
    if "date_format" in fields and "date" not in fields:
        problems.add(
            fields.place, 'date_format says how a date is written; say where it stands: "date"'
        )
    if items is None:
        return None
    said = {key: selector for key, selector in read.items() if selector is not None}
    return Selectors(items=items, date_format=written, **said)
