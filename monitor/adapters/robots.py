"""What a site's robots.txt lets us read (RFC 9309), decided by protego on the part meant for us.

The groups for others are left out before protego sees them: its time grows with agents times
rules, and 14,000 of each, which fit into the size limit, kept it busy for minutes.
"""

from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import urlsplit

from protego import Protego

SIZE_LIMIT = 512_000  # bytes to fetch, characters to read; the least RFC 9309 asks crawlers to take
RULE_LIMIT = 2_000  # rules of our groups; large newspapers have under 500
LINE_LIMIT = 2_000  # characters; longer lines are left out

_KEPT_FILES = 32  # parsed files kept in memory: a reader asks for the pages of a few hosts
_ANYBODY = "*"
_SITE_WIDE = frozenset({"sitemap", "sitemaps", "site-map", "host"})  # end no group


def address(url: str) -> str:
    """Where the robots.txt for `url` lies. Raises ValueError for what is no address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/robots.txt"


def allows(robots: str, *, url: str, user_agent: str) -> bool:
    """Whether the text `robots` lets `user_agent` ask for `url`; False for what is no address."""
    token = _token(user_agent)
    try:
        return _parsed(robots[:SIZE_LIMIT], token).can_fetch(url, token)
    except ValueError:
        return False


def _token(user_agent: str) -> str:
    """The product token: "monitor" of "monitor/1.0 (+https://example.org)"."""
    words = user_agent.partition("/")[0].split()
    return words[0].lower() if words else _ANYBODY


@lru_cache(maxsize=_KEPT_FILES)
def _parsed(robots: str, token: str) -> Protego:
    groups = tuple(_groups(robots))
    ours = [rules for agents, rules in groups if token in agents]
    ours = ours or [rules for agents, rules in groups if _ANYBODY in agents]
    rules = [rule for group in ours for rule in group][:RULE_LIMIT]
    return Protego.parse("\n".join([f"User-agent: {token}", *rules]))


def _groups(robots: str) -> Iterator[tuple[frozenset[str], list[str]]]:
    """(agents, rules) of each group of the file, in its order."""
    agents: set[str] = set()
    rules: list[str] = []
    for line in robots.removeprefix("\ufeff").splitlines():
        name, _, value = line.partition("#")[0].partition(":")
        field = name.strip().lower()
        if field.replace("-", "").replace(" ", "") == "useragent":
            if rules:
                yield frozenset(agents), rules
                agents, rules = set(), []
            agents.add(value.partition("/")[0].strip().lower())
        elif agents and field and field not in _SITE_WIDE and len(line) <= LINE_LIMIT:
            rules.append(line)
    yield frozenset(agents), rules
