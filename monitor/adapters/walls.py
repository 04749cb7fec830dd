"""Anti-bot services, known by the pages they put in place of the site's own.

Only what such a page must hold to work counts: the script that runs the check, its settings, the
frame of the captcha. Words alone prove nothing, as newspapers write about these services too, and
the scripts alone prove little, as some services put them into every good page.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

START_LIMIT = 16_384  # bytes of a page; the checks known are shorter, but for pictures at the end
WORD_LIMIT = 120  # words a visitor sees; the longest check has 70, a short news item more

_HEAD = 1_000  # bytes in which a page says what it is
_TURNED_AWAY = frozenset({401, 403, 405, 406, 428, 429, 503})
_FEEDS = (b"<rss", b"<feed", b"<rdf:rdf", b"<urlset", b"<sitemapindex")
_PAGES = (b"<html", b"<head", b"<body", b"<script", b"<meta", b"<iframe")
# What is never closed reaches to the end of the page: so each letter is passed once.
_UNSEEN = re.compile(
    rb"<(script|style|noscript)\b.*?(?:</\1|\Z)|<!--.*?(?:-->|\Z)|<[^>]*(?:>|\Z)", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class _Service:
    """A service, and what its pages hold: all marks of any one group, in lower case."""

    name: str
    groups: tuple[tuple[bytes, ...], ...]


_SERVICES = (
    _Service(
        "Cloudflare",
        (
            (b"_cf_chl_opt",),
            (b"<title>just a moment", b"/cdn-cgi/challenge-platform/"),
            (b"<title>attention required! | cloudflare",),
            (b"used cloudflare to restrict access</title>",),
        ),
    ),
    _Service(
        "DataDome", ((b"captcha-delivery.com/", b"var dd="), (b"captcha-delivery.com/captcha",))
    ),
    _Service(
        "HUMAN",
        (
            (b"px-captcha", b"_pxappid"),
            (b'"blockscript"', b'"appid"', b'"px'),
        ),
    ),
    _Service(
        "Akamai",
        (
            (b"<title>access denied", b"errors.edgesuite.net"),
            (b"<title>access denied", b"reference&#32;&#35;"),
            (b"<title>access denied", b"reference #"),
            (b"sec-if-cpt-container",),
        ),
    ),
    _Service(
        "Imperva",
        (
            (b"incapsula incident id",),
            (b"_incapsula_resource", b"main-iframe"),
            (b"_incapsula_resource", b'content="noindex'),
        ),
    ),
    _Service("AWS WAF", ((b"window.gokuprops",),)),
    _Service(
        "Sucuri",
        ((b"sucuri_cloudproxy_js",), (b"sucuri website firewall", b"access denied")),
    ),
)
_WIDGETS = (b"recaptcha/api", b"g-recaptcha", b"hcaptcha.com/", b"h-captcha", b"cf-turnstile")
_QUESTIONS = (
    b"not a robot",
    b"are you a robot",
    b"you are human",
    b"you're human",
    b"you are a human",
    b"unusual traffic",
    b"security check",
    b"no eres un robot",
    b"no es un robot",
    b"eres humano",
    b"es humano",
)


def wall(status: int, headers: Mapping[str, str], body_start: bytes) -> str | None:
    """The anti-bot service whose page this is, "captcha" for an unknown one; None for no such page.

    `headers` have their names in lower case; `body_start` is unpacked and has at most
    `START_LIMIT` bytes. A good status needs more proof: a short page that shows few words.
    """
    turned_away = status in _TURNED_AWAY
    service = _announced(headers, turned_away=turned_away)
    if service is not None:
        return service
    if not turned_away and (len(body_start) >= START_LIMIT or not _is_page(body_start)):
        return None
    page = body_start.lower()
    service = _marked(page) or _captcha(page)
    few = service is not None and (turned_away or _words(page) <= WORD_LIMIT)
    return service if few else None


def _announced(headers: Mapping[str, str], *, turned_away: bool) -> str | None:
    if headers.get("cf-mitigated", "").lower() == "challenge":
        return "Cloudflare"
    if headers.get("x-amzn-waf-action", "").lower() in {"challenge", "captcha"}:
        return "AWS WAF"
    return "DataDome" if turned_away and "x-dd-b" in headers else None


def _is_page(start: bytes) -> bool:
    head = start[:_HEAD].lower()
    return any(tag in head for tag in _PAGES) and not any(tag in head for tag in _FEEDS)


def _marked(page: bytes) -> str | None:
    for service in _SERVICES:
        if any(all(mark in page for mark in group) for group in service.groups):
            return service.name
    return None


def _captcha(page: bytes) -> str | None:
    asked = any(question in page for question in _QUESTIONS)
    shown = any(widget in page for widget in _WIDGETS)
    return "captcha" if asked and shown and _words(page) <= WORD_LIMIT else None


def _words(page: bytes) -> int:
    return len(_UNSEEN.sub(b" ", page).split())
