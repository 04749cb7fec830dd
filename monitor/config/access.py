"""How a feed is asked for, beyond the usual: `headers`, `credentials`, `proxy`.

Values may hold secrets, so no message repeats one.
"""

import base64
import re
from urllib.parse import urlsplit

from monitor.config import values
from monitor.config.fields import Fields, read_text
from monitor.config.problems import Problems, shown
from monitor.config.secrets import REFERENCE, Secrets
from monitor.config.settings import refuse_written_password
from monitor.config.source import Node
from monitor.core.model import Access

ACCESS_KEYS = ("headers", "credentials", "proxy")
HEADERS_LIMIT = 20  # of one feed
HEADER_LIMIT = 4_096  # characters of one value; servers take 8 KB for all headers together

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,80}")  # RFC 9110, 5.6.2
_HOLDS_REFERENCE = re.compile(rf"(?<!\$){REFERENCE}")
_TWO_REFERENCES = re.compile(rf"({REFERENCE}):({REFERENCE})")
_SECRET_NAME = re.compile(r"auth|cookie|key|token|secret|passw|session", re.IGNORECASE)

_TRANSPORT = "it belongs to the connection, which the program keeps by itself"
_CONDITION = "the program asks by itself whether something is new"
_REFUSED = {
    "accept-encoding": "the program unpacks what it asked for, under limits",
    "connection": _TRANSPORT,
    "content-length": "a request for a feed has no content",
    "content-type": "a request for a feed has no content",
    "expect": _TRANSPORT,
    "host": "it is taken from the address",
    "if-match": _CONDITION,
    "if-modified-since": _CONDITION,
    "if-none-match": _CONDITION,
    "if-range": _CONDITION,
    "if-unmodified-since": _CONDITION,
    "keep-alive": _TRANSPORT,
    "proxy-authorization": "the key proxy holds the proxy's password",
    "proxy-connection": _TRANSPORT,
    "range": "a feed is fetched whole",
    "te": _TRANSPORT,
    "trailer": _TRANSPORT,
    "transfer-encoding": _TRANSPORT,
    "upgrade": _TRANSPORT,
}


def read_access(feed: Fields, secrets: Secrets, problems: Problems) -> Access:
    """What the keys of one feed say; the usual where they say nothing."""
    if not any(key in feed for key in ACCESS_KEYS):
        return Access()
    headers = _headers(feed, secrets, problems)
    user_agent = headers.pop("User-Agent", None)
    authorization = feed.optional("credentials", lambda text: _basic(text, secrets), None)
    node = feed.node("credentials")
    if node is not None and "Authorization" in headers:
        problems.add(node.place, "headers says Authorization as well; keep one of the two")
    if authorization:
        headers["Authorization"] = authorization
    proxy = feed.optional("proxy", lambda text: _proxy(text, secrets), None)
    return Access(headers, proxy, user_agent)


def _headers(feed: Fields, secrets: Secrets, problems: Problems) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, node in feed.mapping("headers", what='headers (Name: "value")'):
        name = read_text(key, _name, problems)
        if name is None:
            continue
        if name in found:
            problems.add(key.place, f"the header {shown(name)} stands here a second time")
        elif len(found) == HEADERS_LIMIT:
            problems.add(key.place, f"a feed has at most {HEADERS_LIMIT} headers")
            break
        found[name] = _value(name, node, secrets, problems)
    return {name: value for name, value in found.items() if value}


def _name(written: str) -> str:
    """The name as HTTP writes it, `x-api-key` as `X-Api-Key`: case means nothing there."""
    if not _TOKEN.fullmatch(written):
        raise ValueError(f"found {shown(written)}; a header's name is letters, digits and -")
    if reason := _REFUSED.get(written.lower()):
        raise ValueError(f"the header {shown(written)} cannot be set: {reason}")
    return "-".join(word.capitalize() for word in written.split("-"))


def _value(name: str, node: Node, secrets: Secrets, problems: Problems) -> str:
    def parse(written: str) -> str:
        if _SECRET_NAME.search(name) and not _HOLDS_REFERENCE.search(written):
            raise ValueError(
                f"the header {shown(name)} carries a secret, which is written out here; put it "
                "into the environment and write ${NAME} in its place (or ${file:/path}, "
                "${cred:name})"
            )
        value = secrets.text(written).strip()
        if not value or not value.isascii() or not value.isprintable():
            raise ValueError(
                f"the value of the header {shown(name)} must be printable ASCII on one line"
            )
        if len(value) > HEADER_LIMIT:
            raise ValueError(f"the value of a header has at most {HEADER_LIMIT:,} characters")
        return values.user_agent(value) if name == "User-Agent" else value

    return read_text(node, parse, problems) or ""


def _basic(written: str, secrets: Secrets) -> str:
    """HTTP Basic, RFC 7617: UTF-8, and no colon in the user's name."""
    found = _TWO_REFERENCES.fullmatch(written)
    if not found:
        raise ValueError(
            'credentials are two references, as in "${USER}:${PASSWORD}" (or ${file:/path}, '
            "${cred:name}); neither is written out here"
        )
    user, password = secrets.text(found[1]), secrets.text(found[2])
    if ":" in user:
        raise ValueError(f'the user name that {found[1]} stands for holds a ":"')
    if not f"{user}{password}".isprintable():
        raise ValueError("these credentials hold a control character")
    encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
    secrets.hide(encoded)
    return f"Basic {encoded}"


def _proxy(written: str, secrets: Secrets) -> str:
    refuse_written_password(written)
    address = secrets.address(written)
    try:
        parts = urlsplit(address)
        whole = parts.hostname and (parts.port or True) and not re.search(r"\s", address)
    except ValueError:  # a port that is no number
        whole = False
    if not whole or parts.scheme != "http" or parts.path.strip("/") or parts.query:
        raise ValueError(
            'a proxy is http://host:port, as in "http://${USER}:${PASSWORD}@proxy.example:3128"; '
            "pages of https:// go through it as well, proxies of other kinds are not spoken to"
        )
    return address
