"""What a page says of itself in JSON-LD; knows no library."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from monitor.adapters import markup

NAME_LIMIT = 200  # characters
AUTHOR_LIMIT = 20  # authors
LINKED_LIMIT = 200  # JSON-LD objects looked at in one page

_ARTICLES = re.compile(r"Article|Posting|Report|Review|WebPage")


def article(scripts: Iterable[str]) -> Mapping[str, Any]:
    """The JSON-LD object that describes the article: the first with a headline, else a date."""
    candidates = []
    for script in scripts:
        try:
            written = json.loads(script, strict=False)
        except (ValueError, RecursionError):
            continue
        candidates += [item for item in _objects(written) if _ARTICLES.search(_type(item))]
    candidates.sort(key=lambda item: ("headline" not in item, "datePublished" not in item))
    return candidates[0] if candidates else {}


def is_article(item: Mapping[str, Any]) -> bool:
    """Whether an object describes an article, and not just a page of any kind."""
    return "headline" in item and not _type(item).endswith("WebPage")


def _type(item: Mapping[str, Any]) -> str:
    return str(item.get("@type", ""))


def _objects(written: object) -> Iterator[Mapping[str, Any]]:
    """Every object in a JSON-LD value, from the outside in, `LINKED_LIMIT` at most."""
    queue, looked = [written], 0
    while queue and looked < LINKED_LIMIT:
        value = queue.pop(0)
        looked += 1
        if isinstance(value, dict):
            yield value
            queue += [value[key] for key in ("@graph", "mainEntity", "mainEntityOfPage")
                      if key in value]  # fmt: skip
        elif isinstance(value, list):
            queue += value[:LINKED_LIMIT]


def names(value: object) -> Iterator[str]:
    """Names in a JSON-LD value: a string, an object with a name, or a list of those."""
    if isinstance(value, list):
        for one in value[:AUTHOR_LIMIT]:
            yield from names(one)
    elif isinstance(value, dict):
        yield from names(value.get("name"))
    elif isinstance(value, str):
        name = markup.one_line(value, limit=NAME_LIMIT)
        if name and not name.startswith(("http://", "https://")):
            yield name


def promised(item: Mapping[str, Any]) -> int | None:
    """How many words the publisher says the article has."""
    try:
        words = int(item.get("wordCount") or 0)
    except (TypeError, ValueError):
        return None
    return words if words > 0 else None
