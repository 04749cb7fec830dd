"""Outlets and feeds as YAML that `read_outlets` understands: what commands propose or write."""

import json
import re
from collections.abc import Iterable, Mapping

from monitor.core.model import Feed, Outlet, OutletId, PageRules, Selectors
from monitor.core.timing import in_words

_PLAIN = re.compile(r"[a-z][a-z0-9_-]*")  # needs no quotes, whatever reads the YAML
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})


def outlet_file(
    outlets: Iterable[Outlet],
    feeds: Iterable[Feed],
    *,
    opening: str,
    fill_in: Mapping[OutletId, tuple[str, ...]],
) -> str:
    """A file of `outlets/`: the opening as a comment, then each outlet with its feeds.

    `fill_in` names fields that are guesses; a comment beside them says so. Access is never written.
    """
    owned: dict[OutletId, list[Feed]] = {}
    for each in feeds:
        owned.setdefault(each.outlet, []).append(each)
    lines = [*(f"# {line}" for line in opening.splitlines()), "", "version: 1", "outlets:"]
    for outlet in outlets:
        lines += _outlet(outlet, guessed=fill_in.get(outlet.id, ()))
        if outlet.id in owned:
            lines.append("    feeds:")
            lines += [f"      {line}" for each in owned[outlet.id] for line in feed_lines(each)]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def feed_lines(feed: Feed) -> list[str]:
    """One feed as an item of a list, to stand under `feeds:`."""
    values = {
        "url": feed.url,
        "source": feed.source or None,
        "verified": feed.verified or None,
        "interval": in_words(feed.interval) if feed.interval else None,
        "aggregator": feed.aggregator or None,
    }
    lines = [f"{key}: {_value(value)}" for key, value in values.items() if value is not None]
    if feed.page is not None:
        lines += ["page:", *(f"  {line}" for line in _selectors(feed.page))]
    return [f"{'  ' if number else '- '}{line}" for number, line in enumerate(lines)]


def _outlet(outlet: Outlet, *, guessed: tuple[str, ...]) -> list[str]:
    values = {
        "id": outlet.id,
        "name": outlet.name,
        "country": outlet.country,
        "language": outlet.language,
        "tier": outlet.tier.value,
        "credits": list(outlet.credits) or None,
    }
    lines = [
        f"{key}: {_value(value)}" + ("  # a guess: fill in" if key in guessed else "")
        for key, value in values.items()
        if value is not None
    ]
    if outlet.pages != PageRules():
        lines += ["pages:", *(f"  {line}" for line in _pages(outlet.pages))]
    return [f"{'    ' if number else '  - '}{line}" for number, line in enumerate(lines)]


def _pages(pages: PageRules) -> list[str]:
    values = {
        "keep": pages.keep,
        "drop": list(pages.drop) or None,
        "user_agent": pages.user_agent,
        "feed_text": "full" if pages.feed_text_full else None,
        "headline_only": pages.headline_only or None,
        "respect_robots": pages.respect_robots,
    }
    return [f"{key}: {_value(value)}" for key, value in values.items() if value is not None]


def _selectors(page: Selectors) -> list[str]:
    names = ("items", "link", "title", "date", "date_format", "summary")
    values = {name: getattr(page, name) for name in names}
    return [f"{key}: {_value(value)}" for key, value in values.items() if value is not None]


def _value(value: str | bool | list[str]) -> str:  # noqa: FBT001 - a value of YAML
    """JSON is YAML, too: its quotes keep whatever stands in a text from meaning anything."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)
