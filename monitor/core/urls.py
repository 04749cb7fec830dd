"""Addresses: what makes two of them the same, and which host they belong to."""

import re
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

# Parameters that name a campaign or a click, never the article: the documented ones of the large
# analytics and mail services, and `at_*`/`ns_*` of two broadcasters' feeds.
_TRACKING = re.compile(
    r"^(utm_\w+|at_\w+|ns_\w+|fbclid|gclid|dclid|msclkid|mc_cid|mc_eid|igshid|ocid|cmpid|cmp|"
    r"smid|smtyp|partner|ref_src|referrer|xtor|taid|__twitter_impression)$",
    re.IGNORECASE,
)
_WRAPPING = ("url", "u", "q")  # parameters in which search services pass the address of a click
_SLASHES = re.compile(r"/{2,}")
LONGEST_NAME = 253  # characters of a host name, RFC 1035
_COUNTRY = 2  # letters of a country's top level; no other has so few
# What stands for a kind of owner under a country: the names of the public suffix list that many
# countries share. The whole list is far longer, and comes with a library (adapters/pages.py).
_SECOND_LEVEL = frozenset(
    {
        "ac", "co", "com", "edu", "go", "gob", "gouv", "gov", "gv", "info", "ltd", "mil", "ne",
        "net", "nhs", "nom", "or", "org", "plc", "sch", "web",
    }
)  # fmt: skip
_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_web(url: str | None) -> bool:
    """True for an absolute http or https address with a host."""
    if not url:
        return False
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and len(parts.hostname or "") <= LONGEST_NAME
        return parts.scheme.lower() in _DEFAULT_PORTS and named and parts.port != 0
    except ValueError:
        return False


def host(url: str) -> str:
    """The host and port that a request to this address goes to, the port only if unusual."""
    return _host(urlsplit(url))


def _host(parts: SplitResult) -> str:
    name = (parts.hostname or "").rstrip(".").lower()
    port = parts.port
    return name if port in (None, _DEFAULT_PORTS.get(parts.scheme.lower())) else f"{name}:{port}"


def same_address(url: str) -> str:
    """One spelling for all addresses of one page: http and https, `www.`, tracking, order."""
    parts = urlsplit(url.strip())
    name = _host(parts).removeprefix("www.")
    path = (_SLASHES.sub("/", parts.path) if "//" in parts.path else parts.path).rstrip("/") or "/"
    if not parts.query:  # most articles: a quarter of the time
        return name + path
    query = sorted(
        pair
        for pair in parse_qsl(parts.query, keep_blank_values=True)
        if not _TRACKING.match(pair[0])
    )
    return urlunsplit(("", name, path, urlencode(query), "")).removeprefix("//")


def same_site(one: str, other: str) -> bool:
    """True if two addresses are of one registered name, roughly one publisher.

    That is the last two labels of a host, or three where a country registers below `com.ar`.
    """
    return _registered(host(one)) == _registered(host(other))


def _registered(name: str) -> str:
    """The registered name of a host, with its port; of an address in figures all of it."""
    labels = name.split(".")
    country = labels[-1].partition(":")[0]
    if not country.isalpha():
        return name
    below = len(country) == _COUNTRY and _SECOND_LEVEL.intersection(labels[-2:-1])
    return ".".join(labels[-3 if below else -2 :])


def publisher_address(url: str) -> str | None:
    """The publisher's address that a search feed wraps in a parameter of its own; None for none.

    Google Alerts and Bing News do, so that a click passes by them.
    """
    if not is_web(url):
        return None
    parameters = dict(reversed(parse_qsl(urlsplit(url).query)))  # the first of each name
    for name in _WRAPPING:
        wrapped = parameters.get(name, "").strip()
        if is_web(wrapped) and _site(wrapped) != _site(url):
            return wrapped
    return None


def _site(url: str) -> str:
    return host(url).removeprefix("www.")
