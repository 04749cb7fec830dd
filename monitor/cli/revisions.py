"""The revisions of an article: what changed from each version to the next, as people read it."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from monitor.cli.output import BAD, FAINT, GOOD, STRONG, at, count, say
from monitor.core.notices import Notices
from monitor.core.revisions import Edit, Version, compare, shown

EDITS_SHOWN = 20  # of one revision; the rest are counted
_EVERY_WORD = Notices({})  # what was kept is shown, also that a page was touched


def fields(row: Any, kept: Sequence[Any]) -> list[dict[str, Any]]:
    """Every revision of an article, from its former versions, the oldest first, and its present.

    `kind` is null where the feed showed another headline, else `edit`, `correction` or
    `retraction`; `said` is the outlet's notice.
    """
    found = []
    for old, new in pairwise([*kept, row]):
        change = compare(Version(old.title, old.text), Version(new.title, new.text), _EVERY_WORD)
        found.append(
            {
                "at": old.recorded_at,
                "kind": old.kind,
                "said": old.said,
                "title": change.title,
                "edits": list(change.edits),
                "share": round(change.share, 3),
            }
        )
    return found


def show(revisions: Sequence[dict[str, Any]], *, indent: int = 0) -> None:
    """Print revisions as diffs."""
    for each in revisions:
        told = each["kind"] or "headline changed in the feed"
        share = f", {each['share']:.0%} of the text" if each["share"] else ""
        say(("revised   ", STRONG), f"{at(each['at'])}: {told}{share}", indent=indent)
        if each["said"]:
            say(f"it says: {each['said']}", indent=indent + 4)
        if each["title"]:
            _show_edit("headline ", each["title"], indent=indent + 4)
        for edit in each["edits"][:EDITS_SHOWN]:
            _show_edit("", edit, indent=indent + 4)
        if (more := len(each["edits"]) - EDITS_SHOWN) > 0:
            say((f"and {count(more, 'more change')}", FAINT), indent=indent + 4)


def _show_edit(what: str, edit: Edit, *, indent: int) -> None:
    cut = shown(edit)
    if cut.before is not None:
        say((f"- {what}{cut.before}", BAD), indent=indent)
    if cut.after is not None:
        say((f"+ {what}{cut.after}", GOOD), indent=indent)
