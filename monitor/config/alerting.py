"""`alert:` of a rule: what it tells once, which follow-ups it tells, what weak matches do."""

from dataclasses import dataclass
from datetime import timedelta

from monitor.config import calendars, values
from monitor.config.fields import Fields, describe, read_text
from monitor.config.problems import Problems, shown
from monitor.config.source import Broken, Items, Map, Node, Scalar
from monitor.core.incidents import LONGEST
from monitor.core.rules import USUAL_UPDATES, WINDOW, Gathering, OncePer, Update, WeakPolicy

KEYS = ("once_per", "window", "update_on", "sources", "weak", "digest")
DIGEST_KEYS = ("every", "max_items")
OF_INCIDENTS = (
    "once_per",
    "window",
    "update_on",
    "sources",
    "digest",
)  # a rule that counts has none
OUTLETS = "outlets"
MOST = 1_000  # outlets or sources

_once_per = values.choice("value of once_per", OncePer)
_weak = values.choice("value of weak", WeakPolicy)
_amount = values.number(least=2, most=MOST)


@dataclass(frozen=True, slots=True)
class Alerting:
    """What `alert:` says; the fields are those of a rule."""

    once_per: OncePer = OncePer.INCIDENT
    weak: WeakPolicy = WeakPolicy.DIGEST
    window: timedelta = WINDOW
    updates: frozenset[Update] = USUAL_UPDATES
    outlets: int | None = None
    sources: int = 1
    digest: Gathering | None = None


def read(node: Node | None, problems: Problems) -> Alerting:
    """What a node says; mistakes go to `problems`, and what is usual stands in their place."""
    if node is None:
        return Alerting()
    fields = Fields(node, problems, what="alert", allowed=KEYS)
    updates, outlets = _updates(fields.node("update_on"), problems)
    once_per = fields.optional("once_per", _once_per, OncePer.INCIDENT)
    if once_per is OncePer.ARTICLE:
        _refuse_beside_articles(fields, problems)
    return Alerting(
        once_per=once_per,
        weak=fields.optional("weak", _weak, WeakPolicy.DIGEST),
        window=fields.optional("window", _window, WINDOW),
        updates=updates,
        outlets=outlets,
        sources=fields.optional("sources", _amount, 1),
        digest=_digest(fields.node("digest"), problems),
    )


def _digest(node: Node | None, problems: Problems) -> Gathering | None:
    if node is None or isinstance(node, Broken):
        return None
    fields = Fields(node, problems, what="the digest of a rule", allowed=DIGEST_KEYS)
    most = values.number(least=1, most=calendars.MOST_ITEMS)
    every = fields.optional("every", calendars.every_so_long, None)
    max_items = fields.optional("max_items", most, None)
    if max_items is not None and every is None and (said := fields.node("max_items")) is not None:
        problems.add(
            said.place,
            "max_items belongs to a digest of the rule's own: add every: 30 minutes; that of a "
            "channel has a max_items in channels.yaml",
        )
    return Gathering(every, max_items)


def _refuse_beside_articles(fields: Fields, problems: Problems) -> None:
    for key in ("window", "update_on", "sources"):
        if (node := fields.node(key)) is not None:
            problems.add(
                node.place,
                f"{key} is about what follows on an incident; with once_per: article each article "
                "is told by itself, so drop one of them",
            )


def _window(written: str) -> timedelta:
    window = values.duration(written)
    if window > LONGEST:
        raise ValueError(
            f"found {shown(written)}; an incident is over after 48 hours at the latest"
        )
    return window


def _updates(node: Node | None, problems: Problems) -> tuple[frozenset[Update], int | None]:
    """The kinds of news that are told, and from how many outlets on."""
    if node is None or isinstance(node, Broken):
        return USUAL_UPDATES, None
    if not isinstance(node, Items):
        problems.add(
            node.place,
            "update_on is a list, as in [confirmation, denial, outlets: 3]; found "
            f"{describe(node)}",
        )
        return USUAL_UPDATES, None
    updates: list[Update] = []
    outlets: int | None = None
    for item in node.nodes:
        if isinstance(item, Map) and len(item.entries) == 1 and item.entries[0][0].text == OUTLETS:
            outlets = read_text(item.entries[0][1], _amount, problems)
        elif isinstance(item, Scalar) and item.text == OUTLETS:
            problems.add(item.place, "outlets needs their number, as in outlets: 3")
        else:
            read_update = read_text(item, _update, problems)
            updates += [read_update] if read_update else []
    return frozenset(updates), outlets


_known = values.choice("news in update_on", Update)


def _update(written: str) -> Update:
    try:
        return _known(written)
    except ValueError as error:
        raise ValueError(f"{error}, outlets: 3") from None
