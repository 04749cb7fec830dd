"""What a page shows around its article: menus left out, notices and forms kept."""

import re

from lxml.etree import iterwalk
from lxml.html import HtmlElement

from monitor.adapters import markup

AROUND_LIMIT = 5_000  # characters of a page that are looked at beside a short text

_UNREAD = {"script", "style", "template", "svg", "header", "nav", "footer", "aside", "select"}
_INLINE = {"a", "abbr", "b", "em", "font", "i", "mark", "small", "span", "strong", "sub", "u"}
_NOT_SHOWN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def around(tree: HtmlElement, *, dialogs: bool) -> str:
    """The first words of a page's body, menus, margins and hidden parts left out."""
    body, parts, length = tree.find(".//body"), [], 0
    walk = iterwalk(tree if body is None else body, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        if event == "start" and not _is_shown(element, dialogs=dialogs):
            walk.skip_subtree()
            continue
        piece = element.text if event == "start" else element.tail
        if event == "end" and element.tag not in _INLINE:
            parts.append("\n")
        parts.append(piece or "")
        length += len(parts[-1])
        if length > AROUND_LIMIT:
            break
    return markup.tidy("".join(parts))[:AROUND_LIMIT]


def _is_shown(element: HtmlElement, *, dialogs: bool) -> bool:
    if element.tag in _UNREAD or element.get("hidden") is not None:
        return False
    if element.get("aria-hidden") == "true" or _NOT_SHOWN.search(element.get("style", "")):
        return False
    return dialogs or (element.tag != "dialog" and element.get("role") != "dialog")
